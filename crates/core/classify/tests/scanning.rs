//! Scanning from outside: what is found, what is not, and that nothing depends on how the bytes are cut.

use firebreak_classify::{Classes, Confidence, Finding, Hint, Scanner, providers, read_classes, scan};
use firebreak_model::Fingerprinter;
use proptest::prelude::*;

fn key() -> Fingerprinter {
    Fingerprinter::new([7; 32])
}

fn found(text: &str) -> Vec<(String, &str)> {
    hinted(text, Hint::default())
}

fn hinted<'t>(text: &'t str, hint: Hint<'_>) -> Vec<(String, &'t str)> {
    let said = scan(text.as_bytes(), &Classes::all(), &key(), hint).findings;
    said.into_iter()
        .map(|one| (one.class.word().to_owned(), &text[one.range.start as usize..one.range.end as usize]))
        .collect()
}

fn classes(text: &str) -> Vec<String> {
    found(text).into_iter().map(|(class, _)| class).collect()
}

#[test]
fn each_class_is_found_where_its_words_stand() {
    for (class, value, text) in [
        ("ssn", "536-90-4399", r#"{"id":7,"ssn":"536-90-4399"}"#),
        ("ssn", "536904399", "Social Security Number: 536904399"),
        ("itin", "912-70-1234", "ITIN 912-70-1234"),
        ("ein", "12-3456789", "Employer identification number 12-3456789"),
        ("payment_card", "4539 5787 6362 1486", "charge 4539 5787 6362 1486 now"),
        ("phone", "(415) 555-0132", "call (415) 555-0132."),
        ("phone", "+442079460958", "reach us: +442079460958"),
        ("email", "ana@mail.example.com", "mail ana@mail.example.com today"),
        ("iban", "GB82 WEST 1234 5698 7654 32", "pay GB82 WEST 1234 5698 7654 32 now"),
        ("bank_routing_number", "122105155", "routing number 122105155"),
        ("bank_account", "000123456789", "account number: 000123456789"),
        ("passport", "C01234567", "passport no. C01234567"),
        ("driving_licence", "D1234567", "California driver's license D1234567"),
        ("date_of_birth", "1985-03-03", "dob=1985-03-03"),
        ("date_of_birth", "March 3, 1985", "she was born on March 3, 1985 in"),
        ("npi", "1234567893", "NPI: 1234567893"),
        ("medical_record_number", "00123456", "MRN 00123456"),
        ("diagnosis_code", "E11.9", "ICD-10: E11.9"),
        ("health", "metformin", "the patient takes metformin daily"),
        ("postal_address", "123 Main Street, Springfield, IL 62704", "at 123 Main Street, Springfield, IL 62704."),
        ("uk_nino", "AB 12 34 56 C", "NI number AB 12 34 56 C"),
        ("canada_sin", "046 454 286", "SIN: 046 454 286"),
        ("india_aadhaar", "2341 2341 2346", "Aadhaar 2341 2341 2346"),
        ("brazil_cpf", "111.444.777-35", "CPF 111.444.777-35"),
        ("password", "hunter2x", "password = \"hunter2x\""),
        ("assigned_secret", "dXNlcjpwYXNzd29yZDEyMzQ1", "Authorization: Basic dXNlcjpwYXNzd29yZDEyMzQ1"),
        ("driving_licence", "D1234567", "DL: D1234567"),
        ("url_password", "s3cr3tpw", "postgres://app:s3cr3tpw@db.example:5432/users"),
        ("password", "9f3c1c2b7d", "machine api.example\n  login ann\n  password 9f3c1c2b7d\n"),
        ("password", "Tr0ub4dor3x", "curl -s -u admin:Tr0ub4dor3x https://api.corp.example/v1"),
        ("password", "S3cr3tPass", "mysql -u root -pS3cr3tPass db"),
        ("password", "Zx81kLmQ2", "sshpass -p 'Zx81kLmQ2' ssh root@h"),
        ("password", "Zx81kLmQ2!", "variable \"db_password\" {\n  default = \"Zx81kLmQ2!\"\n}"),
        ("password", "Zx81kLmQ2", "login: root / pass: Zx81kLmQ2"),
        ("password", "Zx81kLmQ2", "{\"user\":\"root\",\"pass\":\"Zx81kLmQ2\"}"),
        ("password", "hunter2x", "pw:hunter2x"),
        ("password", "Hunter2!2024", "hi, my password is Hunter2!2024, do not tell"),
        ("password", "Zx81kLmQ2!", "ConvertTo-SecureString \"Zx81kLmQ2!\" -AsPlainText -Force"),
        ("driving_licence", "W426-545-30-761-0", "FL DL: W426-545-30-761-0"),
        ("postal_address", "PO Box 1234, Denver, CO 80202", "PO Box 1234, Denver, CO 80202"),
        ("postal_address", "P.O. Box 99", "write to P.O. Box 99."),
        ("postal_address", "Hauptstra\u{df}e 5, 10115 Berlin", "Hauptstra\u{df}e 5, 10115 Berlin"),
        ("postal_address", "12 rue de la Paix, 75002 Paris", "12 rue de la Paix, 75002 Paris"),
        ("postal_address", "Calle Mayor 5, 28013 Madrid", "Calle Mayor 5, 28013 Madrid"),
        ("medical_record_number", "MRN-884422", "patient id: MRN-884422"),
        ("dea_number", "AB1234563", "DEA number: AB1234563"),
        ("us_medicare_id", "1EG4-TE5-MK73", "Medicare number 1EG4-TE5-MK73"),
        ("health_insurance_id", "XYZ123456789", "Health insurance ID: XYZ123456789"),
        ("bank_account", "1234567890", "Konto-Nr. 1234567890"),
    ] {
        assert_eq!(found(text), [(class.to_owned(), value)], "{text}");
    }
}

#[test]
fn what_only_looks_alike_is_not_told() {
    for text in [
        "order 4539578763621486 shipped",
        r#"{"order_id":"536-90-4399"}"#,
        "4111 1111 1111 1111 is the usual test card",
        "000-12-3456 666-12-3456 078-05-1120",
        "2026-03-24T10:58:41.123Z 10.0.0.1 v1.22.333 1774349921000",
        "commit e0198fd2b6e1679e36d32933941182d9afa82f6f",
        "\"integrity\": \"sha512-0rhP7SvLbhOQmFNA2zNbN1sXZ6vZPZ0UUIwZpGYDpDzNzTmPbUwOZMrQhGwjX3cYzGQm9IPG5IJ7pKFjXx0R8Q==\"",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18",
        "password: ${DB_PASSWORD}, secret_name = \"my-app-secret\", token = os.environ[\"TOKEN\"]",
        "tokenizer = AutoTokenizer.from_pretrained(\"gpt2\") max_tokens=4096 next_page_token: \"aB3xE5qG7hZ9jK1lW3nO\"",
        "uuid 4111a111-1111-4111-8111-111111111111",
        "postgres://postgres:postgres@localhost:5432/db redis://localhost:6379",
        "bypass: Enabled2 compass=North1234 passed = true, the password is required in 2024",
        "curl -u $USER:$PASSWORD https://a.example; mysql -u root -p database1",
        "5 Star Drive-in movies, 3 New Way to do it, String 5, 12 apples",
        "variable \"db_password\" {\n  description = \"Zx81kLmQ2!\"\n}",
        "npm_config_registry sk-learn-pipeline xoxo-hugs action@v4 logo@2x.png git@github.com:o/r",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn a_header_far_above_says_what_a_column_holds() {
    let mut text = "id,name,ssn,order_no,dob\n".to_owned();
    for row in 0..20_000 {
        text.push_str(&format!("{row},Ann,5369{:05},4539578763621486,1985-03-03\n", row + 10_101));
    }
    let said = classes(&text);
    assert!(said.iter().all(|class| class == "ssn" || class == "date_of_birth"));
    assert_eq!(said.iter().filter(|class| *class == "date_of_birth").count(), 20_000);
    let numbers = said.iter().filter(|class| *class == "ssn").count();
    assert!(numbers > 19_900, "{numbers}: all but those whose serial was never issued");
}

#[test]
fn the_caller_may_say_what_the_bytes_are() {
    let ssn = Hint { column: Some("Social Security No"), ..Hint::default() };
    assert_eq!(hinted("536904399", ssn), [("ssn".to_owned(), "536904399")]);
    assert_eq!(hinted("536904399", Hint::default()), []);
    let order = Hint { key: Some("orderNumber"), ..Hint::default() };
    assert_eq!(hinted("536-90-4399", order), []);
}

#[test]
fn no_finding_holds_its_value() {
    let text = "ssn 536-90-4399 password=\"hunter2x\" 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";
    let said =
        serde_json::to_string(&scan(text.as_bytes(), &Classes::all(), &key(), Hint::default()).findings).unwrap();
    for value in ["536", "4399", "hunter2x", "zQWB"] {
        assert!(!said.contains(value), "{said}");
    }
}

#[test]
fn one_value_has_one_fingerprint_under_one_key() {
    let prints = |text: &str, key: &Fingerprinter| {
        let said = scan(text.as_bytes(), &Classes::all(), key, Hint::default()).findings;
        said.into_iter().map(|one| one.fingerprint).collect::<Vec<_>>()
    };
    let both = prints("ssn 536-90-4399, ssn 536 90 4399", &key());
    assert_eq!(both[0], both[1]);
    assert_ne!(prints("ssn 536-90-4399", &Fingerprinter::new([8; 32]))[0], both[0]);
}

#[test]
fn documents_are_told_by_what_they_are() {
    let kinds = |bytes: &[u8], file: Option<&str>| {
        let said = scan(bytes, &Classes::all(), &key(), Hint { file, ..Hint::default() }).documents;
        said.into_iter().map(|one| format!("{} {}", one.class.word(), one.kind)).collect::<Vec<_>>()
    };
    let form =
        "Form W-9 (Rev. March 2024)\nRequest for Taxpayer Identification Number and Certification\nExempt payee code";
    assert_eq!(kinds(form.as_bytes(), None), ["tax_form W-9"]);
    let chat = "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}\n".repeat(3);
    assert_eq!(kinds(chat.as_bytes(), None), ["training_data chat"]);
    let captions = "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n<v Interviewer>Tell me about yourself.\n\n00:00:05.000 --> 00:00:09.000\n<v Candidate>I am an engineer.\n";
    assert_eq!(kinds(captions.as_bytes(), None), ["interview_transcript webvtt"]);
    let mut tensors = 60u64.to_le_bytes().to_vec();
    tensors.extend_from_slice(b"{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}    ");
    assert_eq!(kinds(&tensors, None), ["model_weights safetensors"]);
    assert_eq!(kinds(b"GGUF\x03\0\0\0", None), ["model_weights gguf"]);
    assert_eq!(kinds(b"fn main() {}", Some("src/main.rs")), ["source_code rs"]);
    assert_eq!(kinds(b"an ordinary letter about the weather", None), Vec::<String>::new());
}

#[test]
fn a_customers_class_is_found_beside_ours() {
    let file = "[[class]]\nname = \"employee_id\"\npatterns = ['\\bEMP-\\d{6}\\b']\ncase = [{ text = \"EMP-123456\", finds = [\"EMP-123456\"] }]\n";
    let classes = Classes::all().with(read_classes(file).unwrap());
    let said = scan(b"EMP-654321 has ssn 536-90-4399", &classes, &key(), Hint::default()).findings;
    assert_eq!(said.iter().map(|one| one.class.word()).collect::<Vec<_>>(), ["employee_id", "ssn"]);
    let only = Classes::only(["ssn"]);
    assert_eq!(scan(b"ssn 536-90-4399, a@b.example", &only, &key(), Hint::default()).findings.len(), 1);
    assert!(providers().len() >= 150);
}

/// Pieces that lead into every reader.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "ssn: 536-90-4399\n",
        "4539 5787 6362 1486 ",
        "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",
        "password=\"hunter2x\"\n",
        "a@b.example ",
        "-----BEGIN PRIVATE KEY-----",
        "eyJhbGciOiJIUzI1NiJ9.eyJ",
        "://u:p@h ",
        "AKIA",
        "xoxb-",
        "born on March 3, 1985 ",
        "123 Main Street ",
        "GB82 WEST 1234 5698 7654 32 ",
        "\"",
        "\\",
        "+",
        "(415) 555-0132",
        "P<UTO",
        "id,ssn\n1,536904399\n",
        "MRN ",
        "<ssn>",
        "1",
        " ",
        "\n",
        "=",
        "\u{e9}",
    ]);
    prop_oneof![4 => known.prop_map(|text| text.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..12)]
}

fn cut(bytes: &[u8], sizes: &[usize]) -> Vec<Finding> {
    let (classes, key) = (Classes::all().at_least(Confidence::Low), key());
    let mut scanner = Scanner::new(&classes, &key);
    let (mut found, mut rest, mut sizes) = (Vec::new(), bytes, sizes.iter().cycle());
    while !rest.is_empty() {
        let (now, later) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
        found.extend(scanner.feed(now));
        rest = later;
    }
    found.extend(scanner.finish().findings);
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn findings_are_inside_ordered_apart_and_the_same_however_cut(
        parts in prop::collection::vec(pieces(), 0..60),
        padding in prop_oneof![3 => Just(0usize), 1 => 125_000usize..135_000],
        sizes in prop::collection::vec(1usize..5000, 1..6),
    ) {
        let mut bytes = b"lorem ipsum dolor ".repeat(padding / 18);
        bytes.extend(parts.concat());
        let whole = cut(&bytes, &[usize::MAX]);
        prop_assert_eq!(&cut(&bytes, &sizes), &whole);
        let mut before = 0;
        for finding in &whole {
            prop_assert!(before <= finding.range.start && finding.range.start < finding.range.end);
            prop_assert!(finding.range.end <= bytes.len() as u64);
            before = finding.range.end;
        }
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        cut(&bytes, &[7]);
    }
}
