//! Values with valid checksums, each computed by a method of its own.

use super::Random;

const WORD: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const HEX: &str = "0123456789abcdef";

fn numbers(text: &str) -> Vec<i64> {
    text.chars().filter_map(|c| c.to_digit(10)).map(i64::from).collect()
}

/// The digit that makes `head` satisfy Luhn, found by trying.
fn with_luhn(head: String) -> String {
    let good = |text: &str| {
        let mut sum = 0;
        for (place, digit) in text.chars().rev().enumerate() {
            let digit = digit.to_digit(10).unwrap();
            sum += if place % 2 == 1 { (digit * 2) / 10 + (digit * 2) % 10 } else { digit };
        }
        sum % 10 == 0
    };
    (0..10).map(|digit| format!("{head}{digit}")).find(|text| good(text)).unwrap()
}

/// CRC-32 by a table.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let table: Vec<u32> = (0..256u32)
        .map(|byte| (0..8).fold(byte, |crc, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 }))
        .collect();
    let mut crc = 0xffff_ffffu32;
    for byte in bytes {
        crc = table[((crc ^ u32::from(*byte)) & 0xff) as usize] ^ (crc >> 8);
    }
    crc ^ 0xffff_ffff
}

fn base62(mut value: u32) -> String {
    let digits: Vec<char> = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".chars().collect();
    let mut text = String::new();
    for _ in 0..6 {
        text.insert(0, digits[(value % 62) as usize]);
        value /= 62;
    }
    text
}

pub(crate) fn card(random: &mut Random) -> String {
    let (head, length) = random.of(&[
        ("4", 16),
        ("51", 16),
        ("55", 16),
        ("34", 15),
        ("37", 15),
        ("6011", 16),
        ("2221", 16),
        ("3528", 16),
    ]);
    let digits = with_luhn(format!("{head}{}", random.digits(length - 1 - head.len())));
    match (random.below(3), length) {
        (0, 16) => format!("{} {} {} {}", &digits[..4], &digits[4..8], &digits[8..12], &digits[12..]),
        (1, 16) => format!("{}-{}-{}-{}", &digits[..4], &digits[4..8], &digits[8..12], &digits[12..]),
        (0, 15) => format!("{} {} {}", &digits[..4], &digits[4..10], &digits[10..]),
        _ => digits,
    }
}

pub(crate) fn ssn(random: &mut Random, plain: bool) -> String {
    let area = loop {
        let area = random.within(1..900);
        if area != 666 {
            break area;
        }
    };
    let (group, serial) = (random.within(1..100), random.within(1..10_000));
    if plain { format!("{area:03}{group:02}{serial:04}") } else { format!("{area:03}-{group:02}-{serial:04}") }
}

pub(crate) fn itin(random: &mut Random) -> String {
    format!("9{:02}-{}-{:04}", random.below(100), random.within(70..88), random.below(10_000))
}

pub(crate) fn ein(random: &mut Random) -> String {
    format!("{}-{}", random.of(&["12", "20", "36", "45", "52", "75", "82", "94"]), random.digits(7))
}

/// A German, British or French account with its two check digits, by decimal text.
pub(crate) fn iban(random: &mut Random) -> String {
    let (country, body) = match random.below(3) {
        0 => ("DE", random.digits(18)),
        1 => ("GB", format!("{}{}", random.text(UPPER, 4), random.digits(14))),
        _ => ("NL", format!("{}{}", random.text(UPPER, 4), random.digits(10))),
    };
    let spelled: String = format!("{body}{country}00").chars().map(|c| c.to_digit(36).unwrap().to_string()).collect();
    let rest = spelled.chars().fold(0u64, |rest, digit| (rest * 10 + u64::from(digit.to_digit(10).unwrap())) % 97);
    let plain = format!("{country}{:02}{body}", 98 - rest);
    if random.below(2) == 0 {
        return plain;
    }
    plain.as_bytes().chunks(4).map(|four| String::from_utf8_lossy(four).into_owned()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn aba(random: &mut Random) -> String {
    let head = format!("{:02}{}", random.of(&[1, 2, 5, 11, 12, 21, 26, 31, 61, 71]), random.digits(6));
    let d = numbers(&head);
    let sum = 3 * (d[0] + d[3] + d[6]) + 7 * (d[1] + d[4] + d[7]) + d[2] + d[5];
    format!("{head}{}", (10 - sum % 10) % 10)
}

pub(crate) fn npi(random: &mut Random) -> String {
    with_luhn(format!("808401{}", random.digits(8)))[5..].to_owned()
}

/// Verhoeff by its published tables.
pub(crate) fn aadhaar(random: &mut Random) -> String {
    const D: [&str; 10] = [
        "0123456789",
        "1234067895",
        "2340178956",
        "3401289567",
        "4012395678",
        "5987604321",
        "6598710432",
        "7659821043",
        "8765932104",
        "9876543210",
    ];
    const P: [&str; 8] = [
        "0123456789",
        "1576283094",
        "5803796142",
        "8916043527",
        "9453126870",
        "4286573901",
        "2793806415",
        "7046913258",
    ];
    let at = |row: &str, place: usize| row[place..=place].parse::<usize>().unwrap();
    let head = format!("{}{}", random.within(2..10), random.digits(10));
    let digits = numbers(&head);
    let good = (0..10usize).find(|check| {
        let mut state = 0;
        for (place, digit) in std::iter::once(*check).chain(digits.iter().rev().map(|d| *d as usize)).enumerate() {
            state = at(D[state], at(P[place % 8], digit));
        }
        state == 0
    });
    let whole = format!("{head}{}", good.unwrap());
    format!("{} {} {}", &whole[..4], &whole[4..8], &whole[8..])
}

pub(crate) fn sin(random: &mut Random) -> String {
    let digits = with_luhn(format!("{}{}", random.within(1..8), random.digits(7)));
    format!("{} {} {}", &digits[..3], &digits[3..6], &digits[6..])
}

pub(crate) fn cpf(random: &mut Random) -> String {
    let mut d = numbers(&random.digits(9));
    for length in [9, 10] {
        let sum: i64 = (0..length).map(|at| d[at] * (length as i64 + 1 - at as i64)).sum();
        let rest = sum % 11;
        d.push(if rest < 2 { 0 } else { 11 - rest });
    }
    let text: String = d.iter().map(i64::to_string).collect();
    format!("{}.{}.{}-{}", &text[..3], &text[3..6], &text[6..9], &text[9..])
}

pub(crate) fn dni(random: &mut Random) -> String {
    let number = random.below(100_000_000);
    format!("{number:08}{}", "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23).unwrap())
}

pub(crate) fn nino(random: &mut Random) -> String {
    let head = random.of(&["AB", "CE", "HJ", "LM", "PW", "SX", "WK", "YZ"]);
    format!("{head}{}{}", random.digits(6), random.text("ABCD", 1))
}

pub(crate) fn nric(random: &mut Random) -> String {
    let digits = random.digits(7);
    let sum: i64 = numbers(&digits).iter().zip([2, 7, 6, 5, 4, 3, 2]).map(|(d, w)| d * w).sum();
    format!("S{digits}{}", "JZIHGFEDCBA".chars().nth((sum % 11) as usize).unwrap())
}

pub(crate) fn pesel(random: &mut Random) -> String {
    let head = format!(
        "{:02}{:02}{:02}{}",
        random.within(40..99),
        random.within(1..13),
        random.within(1..29),
        random.digits(4)
    );
    let weights = [1, 3, 7, 9];
    let sum: i64 = numbers(&head).iter().enumerate().map(|(at, d)| d * weights[at % 4]).sum();
    format!("{head}{}", (10 - sum % 10) % 10)
}

pub(crate) fn bsn(random: &mut Random) -> String {
    loop {
        let digits = random.digits(9);
        let d = numbers(&digits);
        let sum: i64 = (0..8).map(|at| d[at] * (9 - at as i64)).sum::<i64>() - d[8];
        if sum.rem_euclid(11) == 0 && d[0] != 0 {
            return digits;
        }
    }
}

pub(crate) fn nir(random: &mut Random) -> String {
    let head = format!(
        "{}{:02}{:02}{:02}{}",
        random.within(1..3),
        random.within(40..99),
        random.within(1..13),
        random.within(1..95),
        random.digits(6)
    );
    let value: u64 = head.parse().unwrap();
    format!("{head}{:02}", 97 - value % 97)
}

pub(crate) fn german_tax(random: &mut Random) -> String {
    loop {
        // One digit twice, one not at all, eight once.
        let mut pool: Vec<usize> = (0..10).collect();
        let out = random.below(10);
        let twice = (out + 1 + random.below(9)) % 10;
        pool[out] = twice;
        for at in (1..10).rev() {
            pool.swap(at, random.below(at + 1));
        }
        if pool[0] == 0 {
            continue;
        }
        let mut carry = 10usize;
        for digit in &pool {
            let sum = (carry + digit) % 10;
            carry = if sum == 0 { 10 } else { sum } * 2 % 11;
        }
        let check = (11 - carry) % 10;
        return format!("{}{check}", pool.iter().map(usize::to_string).collect::<String>());
    }
}

pub(crate) fn phone(random: &mut Random) -> String {
    let (area, exchange, line) =
        (random.of(&["212", "312", "415", "503", "617", "718"]), random.within(200..990), random.below(10_000));
    let exchange = if exchange % 100 == 11 { exchange + 1 } else { exchange };
    match random.below(6) {
        0 => format!("({area}) {exchange}-{line:04}"),
        1 => format!("{area}-{exchange}-{line:04}"),
        2 => format!("+1{area}{exchange}{line:04}"),
        3 => format!("+1 {area} {exchange} {line:04}"),
        4 => format!("+44 20 7946 {line:04}"),
        _ => format!("{area}.{exchange}.{line:04}"),
    }
}

pub(crate) fn email(random: &mut Random) -> String {
    let name = random.of(&["ann", "bob.miller", "chen_li", "dora-k", "e.rossi"]);
    format!("{name}{}@{}", random.below(1000), random.of(&["mail.example.com", "corp.example", "gmx.example.org"]))
}

pub(crate) fn birth(random: &mut Random) -> String {
    let (year, month, day) = (random.within(1940..2006), random.within(1..13), random.within(1..29));
    match random.below(3) {
        0 => format!("{year}-{month:02}-{day:02}"),
        1 => format!("{month:02}/{day:02}/{year}"),
        _ => format!("{} {day}, {year}", random.of(&["January", "March", "June", "October"])),
    }
}

pub(crate) fn address(random: &mut Random) -> String {
    let street = random.of(&["Oak Street", "Maple Avenue", "Hill Road", "Sunset Blvd", "River Drive", "Cedar Ln"]);
    format!(
        "{} {street}, {}, {} {}",
        random.within(1..9999),
        random.of(&["Springfield", "Salem", "Dover"]),
        random.of(&["IL", "CA", "NY"]),
        random.digits(5)
    )
}

/// A token of an issuer with its name; `None` where it has no mark and must be labelled.
pub(crate) fn token(random: &mut Random) -> (String, &'static str) {
    let crc = |random: &mut Random, head: &str| {
        let body = random.text(WORD, 30);
        format!("{head}{body}{}", base62(crc32(body.as_bytes())))
    };
    match random.below(22) {
        0 => (crc(random, "ghp_"), "github"),
        1 => (crc(random, "gho_"), "github"),
        2 => (crc(random, "npm_"), "npm"),
        3 => (format!("github_pat_{}_{}", random.text(WORD, 22), random.text(WORD, 59)), "github"),
        4 => (format!("glpat-{}", random.text(WORD, 20)), "gitlab"),
        5 => (format!("xoxb-{}-{}-{}", random.digits(12), random.digits(12), random.text(WORD, 24)), "slack"),
        6 => (format!("sk_live_{}", random.text(WORD, 24)), "stripe"),
        7 => (format!("SG.{}.{}", random.text(WORD, 22), random.text(WORD, 43)), "sendgrid"),
        8 => (format!("AIza{}", random.text(WORD, 35)), "google"),
        9 => (format!("sk-ant-api03-{}AA", random.text(WORD, 93)), "anthropic"),
        10 => (format!("sk-{}T3BlbkFJ{}", random.text(WORD, 20), random.text(WORD, 20)), "openai"),
        11 => {
            (format!("hf_{}", random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34)), "huggingface")
        }
        12 => (format!("dop_v1_{}", random.text(HEX, 64)), "digitalocean"),
        13 => (format!("shpat_{}", random.text(HEX, 32)), "shopify"),
        14 => (format!("dapi{}", random.text(HEX, 32)), "databricks"),
        15 => (format!("PMAK-{}-{}", random.text(HEX, 24), random.text(HEX, 34)), "postman"),
        16 => (format!("lin_api_{}", random.text(WORD, 40)), "linear"),
        17 => (format!("NRAK-{}", random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 27)), "new relic"),
        18 => (format!("hvs.{}", random.text(WORD, 95)), "vault"),
        19 => (format!("{}.atlasv1.{}", random.text(WORD, 14), random.text(WORD, 67)), "terraform"),
        20 => {
            let head = format!("glsa_{}", random.text(WORD, 32));
            let check: String = crc32(head.as_bytes()).to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            (format!("{head}_{check}"), "grafana")
        }
        _ => (format!("AKIA{}", random.text("ABCDEFGHIJKLMNOP234567", 16)), "aws"),
    }
}

pub(crate) fn password(random: &mut Random) -> String {
    match random.below(4) {
        0 => format!("{}{}!", random.of(&["Summer", "Dragon", "Welcome", "Tiger"]), random.within(10..9999)),
        1 => format!("{}_{}", random.text(WORD, 5), random.text(WORD, 7)),
        2 => format!("{}@{}", random.of(&["p4ss", "s3cr3t", "qw3rty"]), random.within(100..99999)),
        _ => random.text(WORD, 16),
    }
}

pub(crate) fn key(random: &mut Random) -> String {
    match random.below(3) {
        0 => random.text(HEX, 32),
        1 => random.text(WORD, 40),
        _ => random.text(&format!("{WORD}+/"), 44),
    }
}

pub(crate) fn private_key(random: &mut Random) -> String {
    let kind = random.of(&["RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY"]);
    let lines: Vec<String> = (0..8).map(|_| random.text(&format!("{WORD}+/"), 64)).collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----", lines.join("\n"))
}

pub(crate) fn jwt(random: &mut Random) -> String {
    format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ{}.{}", "hbm4ifQ", random.text(WORD, 43))
}

pub(crate) fn hex(random: &mut Random, length: usize) -> String {
    random.text(HEX, length)
}

pub(crate) fn base64(random: &mut Random, length: usize) -> String {
    random.text(&format!("{WORD}+/"), length)
}
