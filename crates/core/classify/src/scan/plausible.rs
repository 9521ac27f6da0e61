//! Whether a value looks like a secret: drawn at random or chosen by a person, and not a name, a path, code or a placeholder.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How many bits a letter tells after another, in words of prose and of programs; row and column are letters. Counted over this
/// project's own text and the standard library of Python.
const BITS: [&[u8; 26]; 26] = [
    b"95449759596343959343667769",
    b"37563887449377469446399958",
    b"39683893594468289463599979",
    b"47752779289567479546489869",
    b"47436569798453757334967579",
    b"49774379299478379455499969",
    b"49782864399464579446479988",
    b"29872899399667299565599969",
    b"56455559998442469543959796",
    b"39772998596898269646286979",
    b"49761668399484669736595989",
    b"38752699398487379945589949",
    b"25862899398657339856599989",
    b"48433538496686479843669979",
    b"75447669696442549344465899",
    b"38763796498388349354597959",
    b"89969899789586998558097999",
    b"38552759396755379544578959",
    b"59582774396677549742497969",
    b"38672793399677479345597959",
    b"54564669599343749333999999",
    b"29891889399978579889978989",
    b"38753793399694388347997799",
    b"46363597399578639652888668",
    b"66564678499544539533865987",
    b"48781998399667499767799976",
];

/// Texts that stand where a secret will stand.
const PLACEHOLDERS: &[&[u8]] = &[
    b"example",
    b"changeme",
    b"change_me",
    b"change-me",
    b"placeholder",
    b"your",
    b"xxxx",
    b"redacted",
    b"replace",
    b"dummy",
    b"sample",
    b"insert",
    b"todo",
    b"fixme",
    b"notreal",
    b"not-real",
    b"not_real",
    b"fake",
    b"<",
    b"${",
    b"{{",
    b"}}",
    b"%(",
    b"$(",
    b"#{",
    b"...",
    b"****",
    b"hidden",
    b"masked",
    b"filtered",
    b"secret_here",
    b"token_here",
    b"key_here",
    b"here>",
    b"goes_here",
    b"goeshere",
    b"undefined",
    b"insert",
    b"enter_",
    b"enter-",
    b"my_secret",
    b"mysecret",
    b"my-secret",
    b"mypassword",
    b"my_password",
    b"my-password",
    b"my_token",
    b"mytoken",
    b"my_api_key",
    b"my-api-key",
    b"myapikey",
    b"secretkey",
    b"secret_key",
    b"secret-key",
    b"foobar",
    b"deadbeef",
    b"12345678",
    b"01234567",
    b"abcdefg",
    b"abcd1234",
    b"00000000",
    b"11111111",
    b"aaaaaaaa",
    b"firebreak:",
    b"nullptr",
    b"[object",
    b"test_key",
];

/// Values that are no secret as a whole.
const NOTHINGS: &[&[u8]] = &[
    b"null",
    b"none",
    b"nil",
    b"true",
    b"false",
    b"string",
    b"str",
    b"text",
    b"bytes",
    b"undefined",
    b"empty",
    b"password",
    b"passwd",
    b"secret",
    b"token",
    b"apikey",
    b"api_key",
    b"user",
    b"username",
    b"admin",
    b"default",
    b"required",
    b"optional",
    b"value",
    b"number",
    b"object",
    b"any",
    b"bearer",
    b"basic",
    b"oauth",
    b"oauth2",
    b"jwt",
    b"header",
    b"query",
    b"cookie",
    b"env",
    b"file",
    b"vault",
    b"aws",
    b"gcp",
    b"azure",
    b"self",
    b"this",
    b"input",
    b"output",
    b"enabled",
    b"disabled",
    b"hash",
    b"hashed",
    b"encrypted",
    b"plaintext",
    b"sha256",
    b"bcrypt",
    b"md5",
    b"auto",
    b"manual",
    b"unknown",
    b"never",
    b"always",
    b"yes",
    b"no",
    b"on",
    b"off",
    b"test",
    b"testing",
    b"localhost",
    b"utf-8",
    b"utf8",
    b"password1?",
];

/// Average bits of a letter after another, and over how many pairs; letters that stand apart do not count.
fn surprise(text: &[u8]) -> (f32, usize) {
    let letter = |byte: &u8| byte.is_ascii_alphabetic().then(|| usize::from(byte.to_ascii_lowercase() - b'a'));
    let pairs = text.iter().zip(text.iter().skip(1)).filter_map(|(a, b)| {
        // A capital after a small letter begins a new word.
        let fresh = a.is_ascii_lowercase() && b.is_ascii_uppercase() && text.len() < 64;
        let bits = BITS.get(letter(a)?)?.get(letter(b)?)? - b'0';
        Some(if fresh { bits.min(5) } else { bits })
    });
    let (sum, count) = pairs.fold((0u32, 0usize), |(sum, count), bits| (sum + u32::from(bits), count + 1));
    (if count == 0 { 0.0 } else { sum as f32 / count as f32 }, count)
}

/// Shannon's entropy of the characters, in bits each.
fn entropy(text: &[u8]) -> f32 {
    let mut counts = [0u16; 256];
    for byte in text {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = text.len() as f32;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f32::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Whether it was written in place of a secret.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut seen = [false; 128];
    for byte in &lower {
        if let Some(slot) = seen.get_mut(usize::from(byte & 127)) {
            *slot = true;
        }
    }
    let distinct = seen.iter().filter(|seen| **seen).count();
    let few = distinct < 4 || (text.len() >= 20 && distinct < 7);
    few || crate::run::is_placeholder(text)
        || NOTHINGS.contains(&lower.as_slice())
        || PLACEHOLDERS.iter().any(|part| contains(&lower, part))
}

/// Whether the body of a token with a mark of its own can be one: the marks already say what it is.
pub(crate) fn is_token_body(text: &[u8]) -> bool {
    const WRITTEN: &[&[u8]] = &[
        b"example",
        b"xxxx",
        b"your",
        b"placeholder",
        b"redacted",
        b"1234567890",
        b"abcdefghij",
        b"0000000000",
        b"....",
    ];
    let lower = text.to_ascii_lowercase();
    entropy(text) >= if text.len() >= 16 { 2.8 } else { 2.0 } && !WRITTEN.iter().any(|part| contains(&lower, part))
}

/// Whether it is a name, a path or an expression of a program and no value.
fn is_code(text: &[u8]) -> bool {
    let has = |set: &[u8]| text.iter().any(|byte| set.contains(byte));
    let first = text.first().copied().unwrap_or_default();
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
    let dotted = text.iter().all(name) && contains(text, b".") && surprise(text).0 < 4.6 && first.is_ascii_alphabetic();
    let path = (first == b'/' || text.starts_with(b"./") || text.starts_with(b"~/") || text.starts_with(b"../"))
        && text.iter().filter(|byte| **byte == b'/').count() > 1
        && surprise(text).0 < 4.8;
    let address = contains(text, b"://")
        || [b"arn:".as_slice(), b"env:", b"vault:", b"file:", b"ref:", b"op:", b"cpe:"]
            .iter()
            .any(|start| text.starts_with(start))
        || contains(text, b":*")
        || text.starts_with(b"projects/");
    let file = [b".json".as_slice(), b".pem", b".key", b".txt", b".yml", b".yaml", b".crt", b".env", b".js", b".py"]
        .iter()
        .any(|end| text.ends_with(end));
    // Keys are drawn from signs too: what has many of them is no call.
    let signs = text.iter().filter(|byte| b"!@#$%^&*=+?~".contains(byte)).count();
    let call = (has(b"()") && signs < 4)
        || contains(text, b"[\"")
        || contains(text, b"['")
        || contains(text, b"->")
        || contains(text, b"::");
    dotted || path || address || file || call || has(b" \t")
}

fn classes(text: &[u8]) -> usize {
    let kinds: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, |byte| !byte.is_ascii_alphanumeric()];
    kinds.iter().filter(|kind| text.iter().any(kind)).count()
}

/// Whether a value looks drawn at random, as keys and tokens are.
pub(crate) fn is_random(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = text.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if text.len() < 10 || letters == 0 {
        return false;
    }
    let (bits, pairs) = surprise(text);
    let wordy = pairs >= 5 && bits < if digits * 6 >= text.len() { 4.2 } else { 4.7 };
    let hexadecimal = text.iter().all(u8::is_ascii_hexdigit);
    let least = match text.len() {
        0..=15 => 2.7,
        16..=23 => 3.0,
        _ => 3.2,
    };
    let mixed = digits > 0 || (text.len() >= 20 && crate::run::changes(text) * 4 >= text.len()) || bits > 5.4;
    entropy(text) >= least && mixed && (hexadecimal && digits * 4 >= letters || !wordy)
}

/// Whether a value can be a password that a person chose: not a word of a program, and more than letters of one case.
pub(crate) fn is_password(text: &[u8], quoted: bool) -> bool {
    if text.len() < 5 || text.len() > 128 || is_placeholder(text) || is_code(text) {
        return false;
    }
    let kinds = classes(text);
    let digits = text.iter().any(u8::is_ascii_digit);
    let words = text.iter().all(|byte| byte.is_ascii_alphabetic() || b"_-".contains(byte));
    let camel = words && surprise(text).0 < 4.7;
    match (quoted, kinds) {
        (_, 1) if digits => text.len() >= 6,
        (_, 1) => false,
        _ if camel => false,
        (true, _) => true,
        (false, _) => digits || kinds >= 3,
    }
}

/// Whether it is base 64 of a name, a colon and a password, as HTTP's basic scheme writes them.
pub(crate) fn is_basic(text: &[u8]) -> bool {
    let whole = text.get(..text.len().min(400)).unwrap_or_default();
    let Some(plain) = STANDARD.decode(whole).ok().filter(|_| text.len() >= 8) else { return false };
    let Some(colon) = memchr::memchr(b':', &plain) else { return false };
    let password = plain.get(colon + 1..).unwrap_or_default();
    plain.iter().all(u8::is_ascii_graphic) && colon > 0 && password.len() >= 3 && !is_placeholder(password)
}

/// Whether a value can be a key or a token.
pub(crate) fn is_key(text: &[u8]) -> bool {
    text.len() >= 10 && text.len() <= 1024 && !is_placeholder(text) && !is_code(text) && is_random(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_random_and_names_are_not() {
        for key in [
            "aB3xE5qG7hZ9jK1lW3nO",
            "e0198fd2b6e1679e36d32933941182d9afa82f6f",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzz",
            "q7Zk-2mXw_91bTfR",
        ] {
            assert!(is_key(key.as_bytes()), "{key}");
        }
        for name in [
            "my-kubernetes-secret",
            "csrfmiddlewaretoken",
            "getAccessTokenFromStorage",
            "process.env.TOKEN",
            "/run/secrets/db-password",
            "your-api-key-1234",
            "xxxxxxxxxxxxxxxx",
            "config.get('x')",
            "kubernetes.io/service-account-token",
            "1234567890123",
        ] {
            assert!(!is_key(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn passwords_are_chosen_and_placeholders_are_not() {
        for password in ["hunter2", "P@ssw0rd!", "s3cr3t-Pa55", "Tr0ub4dor&3"] {
            assert!(is_password(password.as_bytes(), true), "{password}");
        }
        assert!(is_basic(b"dXNlcjpwYXNzd29yZDEyMzQ1") && !is_basic(b"bm90IGEgcGFzc3dvcmQ=") && !is_basic(b"getToken"));
        for other in [
            "password",
            "${DB_PASSWORD}",
            "changeme123",
            "required",
            "passwordField",
            "user_password",
            "None",
            "********",
        ] {
            assert!(!is_password(other.as_bytes(), true), "{other}");
        }
    }
}
