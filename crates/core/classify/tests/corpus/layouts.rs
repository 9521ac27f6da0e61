//! Layouts: the same values in tables, JSON, settings, source, prose and logs; and files that hold nothing but what looks alike.

use super::values::{self, password};
use super::{File, Random};

/// A class of personal data: what a column or a key calls it, how prose leads to it, and what makes one.
type Kind = (&'static str, &'static [&'static str], &'static str, fn(&mut Random) -> String);

const PERSON: &[Kind] = &[
    ("ssn", &["ssn", "SSN", "social_security_number", "Social Security No"], "His social security number is", |r| {
        values::ssn(r, false)
    }),
    ("itin", &["itin", "ITIN"], "The ITIN on file is", values::itin),
    ("ein", &["ein", "employer_identification_number", "EIN"], "The employer identification number is", values::ein),
    ("payment_card", &["card_number", "credit_card", "cardNumber"], "Please charge the card", values::card),
    ("iban", &["iban", "IBAN"], "Transfer to IBAN", values::iban),
    ("bank_routing_number", &["routing_number", "aba", "RoutingNo"], "with routing number", values::aba),
    ("bank_account", &["account_number", "bank_account", "acct_no"], "to bank account number", |r| r.digits(11)),
    ("phone", &["phone", "mobile", "phoneNumber"], "She can be reached by phone at", values::phone),
    ("email", &["email", "e_mail", "contact"], "Write to", values::email),
    ("date_of_birth", &["dob", "date_of_birth", "birthDate"], "She was born on", values::birth),
    ("postal_address", &["address", "home_address", "street_address"], "He lives at", values::address),
    ("npi", &["npi", "NPI"], "The provider's NPI is", values::npi),
    ("medical_record_number", &["mrn", "medical_record_number"], "See medical record number", |r| r.digits(8)),
    ("passport", &["passport_no", "passportNumber"], "travels with passport number", |r| format!("C{}", r.digits(8))),
    ("driving_licence", &["drivers_license", "driver_license_no"], "with driver's license", |r| {
        format!("D{}", r.digits(7))
    }),
    ("india_aadhaar", &["aadhaar", "aadhaar_no"], "Aadhaar number", values::aadhaar),
    ("canada_sin", &["sin", "social_insurance_number"], "Her social insurance number is", values::sin),
    ("brazil_cpf", &["cpf"], "CPF", values::cpf),
    ("spain_dni", &["dni"], "con DNI", values::dni),
    ("uk_nino", &["nino", "national_insurance_number"], "National Insurance number", values::nino),
    ("singapore_nric", &["nric"], "NRIC", values::nric),
    ("poland_pesel", &["pesel"], "PESEL", values::pesel),
    ("netherlands_bsn", &["bsn", "burgerservicenummer"], "BSN", values::bsn),
    ("france_nir", &["nir", "numero_securite_sociale"], "NIR", values::nir),
    ("germany_tax_id", &["steuer_id", "steueridentifikationsnummer"], "Steuer-ID", values::german_tax),
];

fn names(random: &mut Random) -> (&'static str, &'static str) {
    (
        random.of(&["Ann", "Bob", "Chen", "Dora", "Emil"]),
        random.of(&["Miller", "Rossi", "Kowalska", "Okafor", "Tanaka"]),
    )
}

/// Personal data in every layout, `rows` values of each class in each.
pub(crate) fn people(random: &mut Random, rows: usize) -> Vec<File> {
    vec![
        tables(random, rows, ','),
        tables(random, rows, '\t'),
        records(random, rows),
        prose(random, rows),
        logs(random, rows),
    ]
}

/// One table over all classes, its header at the top only, with columns of numbers that concern nobody.
fn tables(random: &mut Random, rows: usize, delimiter: char) -> File {
    let mut file = File::new(if delimiter == ',' { "people.csv" } else { "people.tsv" });
    let join = |fields: &[String]| {
        let quoted = |field: &String| if field.contains(delimiter) { format!("\"{field}\"") } else { field.clone() };
        fields.iter().map(quoted).collect::<Vec<_>>().join(&delimiter.to_string())
    };
    let mut header = vec!["id".to_owned(), "name".to_owned()];
    header.extend(PERSON.iter().map(|(_, names, ..)| random.of(names).to_owned()));
    header.extend(["order_id", "created_ts", "build_number"].map(str::to_owned));
    file.line(&join(&header), &[]);
    for row in 0..rows {
        let (first, last) = names(random);
        let values: Vec<String> = PERSON.iter().map(|(.., make)| make(random)).collect();
        let mut fields = vec![row.to_string(), format!("{first} {last}")];
        fields.extend(values.iter().cloned());
        fields.extend([values::card(random).replace([' ', '-'], ""), random.digits(10), values::aba(random)]);
        let planted: Vec<(&'static str, &str)> =
            PERSON.iter().zip(&values).map(|((class, ..), value)| (*class, value.as_str())).collect();
        file.line(&join(&fields), &planted);
    }
    file
}

fn records(random: &mut Random, rows: usize) -> File {
    let mut file = File::new("people.jsonl");
    for row in 0..rows {
        for (class, names, _, make) in PERSON {
            let value = make(random);
            let (order, key) = (values::ssn(random, true), random.of(names));
            file.line(
                &format!("{{\"id\": {row}, \"order_no\": \"{order}\", \"{key}\": \"{value}\", \"ok\": true}}"),
                &[(*class, &value)],
            );
        }
    }
    file
}

fn prose(random: &mut Random, rows: usize) -> File {
    let mut file = File::new("letters.txt");
    for _ in 0..rows {
        for (class, _, lead, make) in PERSON {
            let (value, (first, last)) = (make(random), names(random));
            file.line(
                &format!("About {first} {last}: thank you for the call. {lead} {value}, as agreed last week."),
                &[(*class, &value)],
            );
            file.line(
                "The meeting of 2026-03-24 had 14 guests, and chapter 12.4.1 of the report was 83 pages long.",
                &[],
            );
        }
    }
    file
}

fn logs(random: &mut Random, rows: usize) -> File {
    let mut file = File::new("service.log");
    for row in 0..rows {
        for (class, names, _, make) in PERSON {
            let (value, key, request) = (make(random), random.of(names), values::hex(random, 32));
            let text = format!(
                "2026-03-24T10:58:{:02}.123Z INFO [{request}] update profile {key}=\"{value}\" took 12ms",
                row % 60
            );
            file.line(&text, &[(*class, &value)]);
            file.line(
                &format!(
                    "2026-03-24T10:58:41Z DEBUG span={} pid=4711 bytes={} ok",
                    values::hex(random, 16),
                    random.digits(9)
                ),
                &[],
            );
        }
    }
    file
}

/// Secrets in settings, source, JSON and logs.
pub(crate) fn secrets(random: &mut Random, rows: usize) -> Vec<File> {
    let mut env = File::new("settings.env");
    let mut code = File::new("client.py");
    let mut yaml = File::new("values.yaml");
    let mut json = File::new("config.json");
    let mut log = File::new("deploy.log");
    for row in 0..rows {
        let (token, provider) = values::token(random);
        let name = provider.replace(' ', "_");
        env.line(&format!("{}_VALUE_{row}={token}", name.to_uppercase()), &[("provider_token", &token)]);
        let (token, _) = values::token(random);
        code.line(&format!("client_{row} = Client(\"{token}\", retries=3)"), &[("provider_token", &token)]);
        let (token, _) = values::token(random);
        log.line(
            &format!("2026-03-24 10:58:{:02} curl -H 'X-Auth: {token}' https://api.example.com/v1", row % 60),
            &[("provider_token", &token)],
        );
        let value = password(random);
        yaml.line(&format!("  db_password: {value}"), &[("password", &value)]);
        let value = password(random);
        json.line(&format!("  \"password\": \"{value}\","), &[("password", &value)]);
        let value = values::key(random);
        code.line(&format!("API_KEY = \"{value}\""), &[("assigned_secret", &value)]);
        let value = values::key(random);
        env.line(&format!("CLIENT_SECRET={value}"), &[("assigned_secret", &value)]);
        let value = format!("{}{}", random.text("abcdefghijkmnopqrstuvwxyz", 6), random.digits(4));
        env.line(
            &format!("DATABASE_URL=postgres://app:{value}@db{row}.example.com:5432/users"),
            &[("url_password", &value)],
        );
        let value = values::jwt(random);
        log.line(&format!("session {value} opened"), &[("web_token", &value)]);
        if row % 4 == 0 {
            let value = values::private_key(random);
            yaml.line(&value, &[("private_key", &value)]);
        }
    }
    vec![env, code, yaml, json, log]
}

/// Nothing but what looks alike.
pub(crate) fn decoys(random: &mut Random, rows: usize) -> Vec<File> {
    let mut lock = File::new("package-lock.json");
    let mut code = File::new("app.ts");
    let mut docs = File::new("README.md");
    let mut data = File::new("orders.csv");
    data.line("order_id,sku,tracking_number,created,weight,invoice", &[]);
    for row in 0..rows {
        locked(random, row, &mut lock);
        programmed(random, row, &mut code);
        documented(random, &mut docs);
        let text = format!(
            "{},{},{},2026-03-{:02},{}.{},{}",
            random.digits(9),
            random.digits(12),
            random.digits(12),
            random.within(1..29),
            random.below(99),
            random.below(99),
            values::ssn(random, true)
        );
        data.line(&text, &[]);
    }
    vec![lock, code, docs, data]
}

fn locked(random: &mut Random, row: usize, lock: &mut File) {
    for text in [
        format!("      \"integrity\": \"sha512-{}==\",", values::base64(random, 86)),
        format!("      \"resolved\": \"https://registry.example.org/p{row}/-/p{row}-1.{row}.0.tgz\","),
        format!("      \"version\": \"{}.{}.{}\",", random.below(30), random.below(400), random.below(9)),
    ] {
        lock.line(&text, &[]);
    }
}

fn programmed(random: &mut Random, row: usize, code: &mut File) {
    let mut near = values::token(random).0.replace("ghp_", "ghp-").into_bytes();
    near.truncate(near.len() / 3);
    let near = String::from_utf8(near).unwrap();
    for text in [
        format!(
            "const id{row} = \"{}-{}-4{}-8{}-{}\";",
            values::hex(random, 8),
            values::hex(random, 4),
            values::hex(random, 3),
            values::hex(random, 3),
            values::hex(random, 12)
        ),
        format!("const commit{row} = \"{}\"; // {}", values::hex(random, 40), values::hex(random, 7)),
        format!("const icon{row} = \"data:image/png;base64,{}\";", values::base64(random, 200)),
        "const password = process.env.DB_PASSWORD; const token = await getToken(user.id);".to_owned(),
        format!("const passwordField{row} = \"user_password\"; const secretName = \"my-app-secret\"; // {near}"),
        format!(
            "!function(e,t){{var n{row}=e.apiKey||t.apiKey,r=n.token;for(var i=0;i<{};i++)r+=n[i]}}(a,b);",
            random.digits(6)
        ),
        format!(
            "if (token === expectedToken) max_tokens = {}; // build {}",
            random.digits(4),
            values::card(random).replace([' ', '-'], "")
        ),
        format!("const etag{row} = '\"{}\"'; const sha256 = \"{}\";", values::hex(random, 32), values::hex(random, 64)),
        "setLabel('password', 'Please enter your password'); const API_KEY = 'YOUR_API_KEY_HERE';".to_owned(),
    ] {
        code.line(&text, &[]);
    }
}

fn documented(random: &mut Random, docs: &mut File) {
    for text in [
        "Use the test card 4242 4242 4242 4242 or 4111111111111111 in the sandbox.".to_owned(),
        "    aws_access_key_id = AKIAIOSFODNN7EXAMPLE".to_owned(),
        "    export API_KEY=<your-api-key> PASSWORD=changeme TOKEN=xxxxxxxxxxxxxxxxxxxx".to_owned(),
        format!(
            "Since version {}.{}.{} the timeout is {} ms, see issue #{}.",
            random.below(9),
            random.below(99),
            random.below(99),
            random.digits(5),
            random.digits(5)
        ),
        format!(
            "Order {} was shipped, tracking 1Z{}, ISBN 978-3-16-148410-0.",
            values::card(random).replace([' ', '-'], ""),
            random.digits(16)
        ),
        "The numbers 000-12-3456, 666-45-6789 and 078-05-1120 were never issued.".to_owned(),
        format!(
            "Run took 2026-03-24T10:58:41+0200, {} bytes, from 10.1.{}.7 to [2001:db8::{}].",
            random.digits(10),
            random.below(255),
            random.below(9999)
        ),
    ] {
        docs.line(&text, &[]);
    }
}

/// Makes a line out of words and its number.
type Maker = fn(&mut Random, &[&str], usize) -> String;

/// Text of all kinds for measuring speed: about `bytes` of it, with values as rare as in ordinary stores.
pub(crate) fn ordinary(random: &mut Random, bytes: usize) -> Vec<File> {
    let part = bytes / 5;
    let words = [
        "the", "report", "was", "sent", "to", "every", "member", "of", "our", "team", "before", "noon", "and",
        "account", "details", "were", "checked", "again", "number", "by", "name",
    ];
    let mut files: Vec<File> =
        ["prose.txt", "code.rs", "service.log", "events.json", "people.csv"].map(File::new).to_vec();
    files[4].text.push_str("id,name,email,phone,city,amount,created\n");
    let makers: [Maker; 5] = [prose_line, code_line, log_line, event_line, person_line];
    for (file, make) in files.iter_mut().zip(makers) {
        let mut row = 0;
        while file.text.len() < part {
            row += 1;
            file.text.push_str(&make(random, &words, row));
            if row % 400 == 0 {
                let value = if row % 800 == 0 {
                    values::token(random).0
                } else {
                    format!("ssn: {}", values::ssn(random, false))
                };
                file.text.push_str(&format!("note {value}\n"));
            }
        }
    }
    files
}

fn prose_line(random: &mut Random, words: &[&str], _: usize) -> String {
    let said: Vec<&str> = (0..14).map(|_| random.of(words)).collect();
    format!(
        "{} {}. Then {} people left at {}.\n",
        random.of(&["Yesterday", "However", "In May", "She said"]),
        said.join(" "),
        random.below(90),
        random.below(24)
    )
}

fn code_line(random: &mut Random, words: &[&str], row: usize) -> String {
    let (a, b) = (random.of(words), random.of(words));
    format!(
        "    let {a}_{b} = self.{b}.iter().map(|item| item.{a}({row})).filter(Option::is_some).count(); // {a} {b}\n"
    )
}

fn log_line(random: &mut Random, words: &[&str], row: usize) -> String {
    format!(
        "2026-03-24T10:{:02}:{:02}.{:03}Z INFO worker-{} {} {} id={} status=200 bytes={} ip=10.{}.{}.7\n",
        row / 60 % 60,
        row % 60,
        row % 1000,
        row % 16,
        random.of(words),
        random.of(words),
        values::hex(random, 32),
        random.below(1_000_000),
        random.below(255),
        random.below(255)
    )
}

fn event_line(random: &mut Random, words: &[&str], row: usize) -> String {
    format!(
        "{{\"eventVersion\":\"1.08\",\"id\":{row},\"userIdentity\":{{\"type\":\"IAMUser\",\"arn\":\"arn:aws:iam::123456789012:user/{}\"}},\"eventName\":\"GetObject\",\"key\":\"2026/03/24/{}.mp4\",\"bytes\":{},\"note\":\"{}\"}}\n",
        random.of(words),
        values::hex(random, 8),
        random.below(9_999_999),
        random.of(words)
    )
}

fn person_line(random: &mut Random, words: &[&str], row: usize) -> String {
    let (first, last) = names(random);
    format!(
        "{row},{first} {last},{},{},{},{}.{:02},2026-03-{:02}\n",
        values::email(random),
        values::phone(random),
        random.of(words),
        random.below(9999),
        random.below(99),
        random.within(1..29)
    )
}
