//! Secrets that only their label gives away: `password = "…"`, `"api_key": "…"`, `--token …`, `<secret>…</secret>`.

use super::finding::{Confidence, Raw, Why};
use super::plausible::{is_basic, is_key, is_password};
use crate::provider::{Row, Said};
use crate::run::slice;
use std::ops::Range;

/// What a label says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Secret {
    /// A password, chosen by a person or drawn.
    Password,
    /// A key, a secret or a token, drawn at random.
    Key,
}

/// Labels, and what they say. A space stands for nothing or a separator.
pub(crate) const LABELS: &[(&str, Secret)] = &[
    ("password", Secret::Password),
    ("passwd", Secret::Password),
    ("passphrase", Secret::Password),
    ("passcode", Secret::Password),
    ("pwd", Secret::Password),
    ("userpass", Secret::Password),
    ("_pass", Secret::Password),
    ("pass :", Secret::Password),
    ("pass =", Secret::Password),
    ("pass\"", Secret::Password),
    ("pw:", Secret::Password),
    ("pw=", Secret::Password),
    ("psk", Secret::Password),
    ("securestring", Secret::Password),
    ("contraseña", Secret::Password),
    ("passwort", Secret::Password),
    ("kennwort", Secret::Password),
    ("mot de passe", Secret::Password),
    ("senha", Secret::Password),
    ("secret", Secret::Key),
    ("token", Secret::Key),
    ("api key", Secret::Key),
    ("app key", Secret::Key),
    ("access key", Secret::Key),
    ("auth key", Secret::Key),
    ("private key", Secret::Key),
    ("signing key", Secret::Key),
    ("encryption key", Secret::Key),
    ("account key", Secret::Key),
    ("shared key", Secret::Key),
    ("master key", Secret::Key),
    ("service key", Secret::Key),
    ("admin key", Secret::Key),
    ("license key", Secret::Key),
    ("session key", Secret::Key),
    ("deploy key", Secret::Key),
    ("hmac key", Secret::Key),
    ("aes key", Secret::Key),
    ("jwt key", Secret::Key),
    ("salt key", Secret::Key),
    ("webhook key", Secret::Key),
    ("credential", Secret::Key),
    ("_auth", Secret::Key),
    ("\"auth\"", Secret::Key),
    ("authorization", Secret::Key),
    ("auth code", Secret::Key),
    ("client key", Secret::Key),
    ("consumer key", Secret::Key),
    ("rest key", Secret::Key),
    ("storage key", Secret::Key),
    ("subscription key", Secret::Key),
];

/// What at the end of a label says that the value is not the secret itself.
const NOT_ITSELF: &[&[u8]] = &[
    b"file",
    b"path",
    b"name",
    b"id",
    b"ids",
    b"url",
    b"uri",
    b"type",
    b"length",
    b"len",
    b"size",
    b"field",
    b"label",
    b"hint",
    b"expiry",
    b"expires",
    b"expiration",
    b"expired",
    b"expires_in",
    b"ttl",
    b"count",
    b"policy",
    b"reset",
    b"regex",
    b"pattern",
    b"min",
    b"max",
    b"format",
    b"algorithm",
    b"alg",
    b"header",
    b"prompt",
    b"env",
    b"arn",
    b"ref",
    b"version",
    b"enabled",
    b"required",
    b"dir",
    b"location",
    b"endpoint",
    b"limit",
    b"index",
    b"placeholder",
    b"description",
    b"error",
    b"message",
    b"title",
    b"text",
    b"class",
    b"selector",
    b"input",
    b"form",
    b"page",
    b"link",
    b"date",
    b"time",
    b"at",
    b"by",
    b"provider",
    b"manager",
    b"store",
    b"service",
    b"status",
    b"state",
    b"kind",
    b"host",
    b"issuer",
    b"audience",
    b"scope",
    b"scopes",
    b"strategy",
    b"sha256",
    b"sha1",
    b"md5",
    b"hash",
    b"digest",
    b"checksum",
    b"fingerprint",
    b"thumbprint",
    b"types",
    b"usage",
    b"uses",
    b"budget",
    b"price",
    b"cost",
    b"rate",
    b"sort",
    b"resource",
    b"param",
    b"parameter",
    b"variable",
    b"var",
    b"column",
    b"table",
    b"mount",
    b"volume",
    b"cap",
    b"bucket",
    b"region",
    b"tokens",
    b"window",
    b"ized",
    b"izer",
    b"ize",
    b"izers",
    b"izing",
];

/// What in a label says that the value is public or belongs to a page.
const NOT_SECRET: &[&[u8]] = &[
    b"public",
    b"hash",
    b"pubkey",
    b"next",
    b"page",
    b"continuation",
    b"sync",
    b"csrf",
    b"xsrf",
    b"cancel",
    b"tokenizer",
    b"pad_token",
    b"eos_token",
    b"bos_token",
    b"unk_token",
    b"sep_token",
    b"cls_token",
    b"mask_token",
    b"max_token",
    b"maxtoken",
    b"num_token",
    b"foreign",
    b"primary",
    b"partition",
    b"cache",
    b"stoptoken",
    b"design_token",
    b"designtoken",
    b"invalid",
    b"forgot",
    b"no_secret",
    b"showpassword",
    b"resume",
    b"marker",
    b"cursor",
    b"publishable",
    b"site_key",
    b"sitekey",
    b"integrity",
    b"asset",
    b"color",
    b"syntax",
    b"token_type",
    b"id_token_signed",
];

/// A label, and the value that is assigned to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Assigned {
    /// The whole identifier.
    pub(crate) label: Range<usize>,
    /// The value.
    pub(crate) value: Range<usize>,
    /// Whether it stands in quotes or in an element.
    pub(crate) quoted: bool,
}

fn identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-.$".contains(&byte) || byte >= 128
}

/// What is assigned to the label of which `word` is a part.
pub(crate) fn assigned(text: &[u8], word: &Range<usize>) -> Option<Assigned> {
    let head = slice(text, word.start.saturating_sub(48)..word.start);
    let start = word.start - head.iter().rev().take_while(|byte| identifier(**byte)).count();
    let tail = slice(text, word.end..(word.end + 48).min(text.len()));
    let end = word.end + tail.iter().take_while(|byte| identifier(**byte)).count();
    // `AWS::ApiGateway::ApiKey` is the name of a type.
    if slice(text, start.saturating_sub(2)..start) == b"::" {
        return None;
    }
    let label = start..end;
    if let Some(value) = default_of(text, &label) {
        return Some(Assigned { label, value, quoted: true });
    }
    let found = separator(text, end, is_argument(text, &label)).and_then(|(from, sign)| value(text, from, sign));
    if let Some((value, quoted)) = found {
        return Some(Assigned { label, value, quoted });
    }
    let value = if label == *word { told(text, end)? } else { return None };
    Some(Assigned { label, value, quoted: false })
}

/// Whether a blank alone leads to the value: `--password x`, and `login name password x` as `.netrc` has it.
fn is_argument(text: &[u8], label: &Range<usize>) -> bool {
    let before = slice(text, label.start.saturating_sub(100)..label.start);
    slice(text, label.clone()).starts_with(b"--")
        || (slice(text, label.clone()) == b"password" && memchr::memmem::find(before, b"login ").is_some())
}

/// The value that a variable of Terraform has unless it is given one: `variable "password" { default = "…" }`.
fn default_of(text: &[u8], label: &Range<usize>) -> Option<Range<usize>> {
    if !slice(text, 0..label.start).ends_with(b"variable \"") {
        return None;
    }
    let rest = slice(text, label.end..(label.end + 200).min(text.len()));
    let body = rest.get(..memchr::memchr(b'}', rest).unwrap_or(rest.len()))?;
    let word = memchr::memmem::find(body, b"default")? + 7;
    let gap = body.get(word..)?.iter().take_while(|byte| b" \t=".contains(byte)).count();
    let start = word + gap + 1;
    let opened = body.get(word + gap) == Some(&b'"');
    let length = memchr::memchr2(b'"', b'\n', body.get(start..)?).filter(|length| opened && *length > 0)?;
    Some(label.end + start..label.end + start + length)
}

/// What a sentence says the secret is: `the password of the server is …`. Only what mixes letters, digits and more is one.
fn told(text: &[u8], end: usize) -> Option<Range<usize>> {
    let rest = slice(text, end..(end + 160).min(text.len()));
    let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
    let (mut at, mut said) = (0, false);
    while !said && at < 64 {
        let word = line.get(at..)?.strip_prefix(b" ")?;
        let length = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        at += 1 + length;
        if matches!(word.get(..length)?, b"is" | b"was") {
            at += usize::from(line.get(at) == Some(&b':'));
            said = true;
        }
        if length == 0 || length > 12 {
            return None;
        }
    }
    let value = line.get(at..)?.strip_prefix(b" ")?;
    let quote = value.iter().take_while(|byte| b"\"'`".contains(byte)).count();
    let length =
        value.iter().skip(quote).take_while(|byte| !(byte.is_ascii_whitespace() || b"\"'`".contains(byte))).count();
    let bare = value.get(quote..quote + length)?;
    let length = bare.iter().rposition(|byte| !b".,;:)".contains(byte))? + 1;
    let bare = bare.get(..length)?;
    let mixed = bare.iter().any(u8::is_ascii_digit)
        && bare.iter().any(u8::is_ascii_alphabetic)
        && bare.iter().any(|byte| !byte.is_ascii_digit() && !byte.is_ascii_lowercase());
    let start = end + at + 1 + quote;
    (said && mixed && length >= 7).then_some(start..start + length)
}

/// Where the value begins, and the sign that assigns it.
fn separator(text: &[u8], end: usize, flag: bool) -> Option<(usize, u8)> {
    let rest = slice(text, end..(end + 40).min(text.len()));
    let blank = |from: usize| rest.iter().skip(from).take_while(|byte| b" \t".contains(byte)).count();
    let mut at = rest.iter().take_while(|byte| b"\"'`\\]".contains(byte)).count();
    let closed = at > 0;
    at += blank(at);
    // `<add key="Password" value="…"/>`.
    let attribute =
        rest.get(at..).is_some_and(|rest| closed && (rest.starts_with(b"value=") || rest.starts_with(b"Value=")));
    at += if attribute { 5 } else { 0 };
    // `password: str = "…"`: the type of a variable stands between.
    let sign = match rest.get(at..)? {
        [b':', b'=', ..] | [b'=', b'>', ..] | [b'=', b'=', ..] | [b'?', b'=', ..] | [b'|', b'|', ..] => {
            at += 2;
            at += usize::from(rest.get(at) == Some(&b'='));
            b'='
        }
        [sign @ (b'=' | b':' | b'>'), ..] => {
            at += 1;
            *sign
        }
        [b',', ..] if closed => {
            at += 1;
            b','
        }
        [b'(', b'"' | b'\'', ..] => {
            at += 1;
            b'('
        }
        [b'"' | b'\'', ..] if at > 0 => b'"',
        _ if flag && at > 0 => b' ',
        _ => return None,
    };
    let typed = rest.get(at + blank(at)..).and_then(|rest| {
        let types: [&[u8]; 5] = [b"str =", b"string =", b"String =", b"str | None =", b"Optional[str] ="];
        types.iter().find(|kind| rest.starts_with(kind)).map(|kind| kind.len())
    });
    at += blank(at) + typed.unwrap_or_default();
    at += blank(at);
    Some((end + at, sign))
}

/// The value that begins at `from`, without its quotes.
fn value(text: &[u8], from: usize, sign: u8) -> Option<(Range<usize>, bool)> {
    const LONGEST: usize = 1100;
    let rest = slice(text, from..(from + LONGEST).min(text.len()));
    // `r"…"`, `b'…'`, `@"…"`, `\"…\"`.
    let prefix = rest.iter().take(2).take_while(|byte| b"rbufL@$\\".contains(byte)).count();
    let quote = rest.get(prefix).copied().filter(|byte| b"\"'`".contains(byte));
    if let Some(quote) = quote {
        let inner = rest.get(prefix + 1..)?;
        let length = inner.iter().position(|byte| *byte == quote || *byte == b'\n')?;
        if inner.get(length) == Some(&b'\n') {
            return None;
        }
        // A line break that is written out ends the value; quotes inside a JSON text are escaped, and the backslash is no part of it.
        let length = memchr::memmem::find(inner.get(..length)?, b"\\n").unwrap_or(length);
        let escaped = prefix > 0 && inner.get(..length)?.ends_with(b"\\");
        let start = from + prefix + 1;
        return (length > 0).then_some((start..start + length - usize::from(escaped), true));
    }
    if b"(,\"".contains(&sign) {
        return None;
    }
    // `Authorization: Basic …`.
    let scheme = [b"Basic ".as_slice(), b"basic ", b"token ", b"Token "]
        .iter()
        .find(|scheme| rest.starts_with(scheme))
        .map_or(0, |scheme| scheme.len());
    let rest = rest.get(scheme..)?;
    let stops = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`<>,;&|".contains(byte);
    let length = rest.iter().position(stops).unwrap_or(rest.len());
    let bare = rest.get(..length)?;
    let called = bare.iter().any(|byte| b"({[".contains(byte)) || (sign == b'>' && rest.get(length) != Some(&b'<'));
    let end = bare.iter().rposition(|byte| !b")]}.\\".contains(byte))? + 1;
    let start = from + scheme;
    // What goes on for longer is read no further, and is no key.
    (!called).then_some((start..start + end, sign == b'>'))
}

/// Whether the label may name a secret, and not something about one.
fn names_secret(label: &[u8]) -> bool {
    let lower = label.to_ascii_lowercase();
    let trimmed = lower.iter().rposition(|byte| byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let lower = lower.get(..trimmed).unwrap_or_default();
    let about = NOT_ITSELF.iter().any(|end| {
        let at = lower.len().wrapping_sub(end.len());
        // The end must be a word of its own: `password_id`, `passwordId`, not `paid`.
        let fresh = label.get(at).is_some_and(u8::is_ascii_uppercase)
            || at.checked_sub(1).and_then(|before| lower.get(before)).is_some_and(|byte| !byte.is_ascii_alphabetic());
        lower.ends_with(end) && (fresh || end.starts_with(b"iz") || *end == b"tokens")
    });
    !about && !NOT_SECRET.iter().any(|part| memchr::memmem::find(lower, part).is_some())
}

/// The secret that is assigned to the label of which `word` is a part. `rows` are the forms of providers that the label or what
/// leads to it names.
pub(crate) fn secret(
    text: &[u8],
    word: &Range<usize>,
    kind: Secret,
    rows: &[&'static Row],
    until: &mut usize,
) -> Option<Raw> {
    let word = whole_word(text, word)?;
    let found = assigned(text, &word)?;
    // A label inside a value is no label, and a value is read once.
    *until = (*until).max(found.value.end);
    crate::run::count(found.value.len());
    let label = slice(text, found.label.clone());
    let value = slice(text, found.value.clone());
    if value.len() < 4 || !names_secret(label) || is_repeated(label, value) {
        return None;
    }
    if let Some(raw) = of_provider(value, &found, rows) {
        return Some(raw);
    }
    let (fits, confidence) = match kind {
        Secret::Password if is_key(value) => (true, Confidence::High),
        Secret::Password => (is_password(value, found.quoted), Confidence::Medium),
        Secret::Key => (
            (is_key(value) && !is_public(value)) || is_basic(value),
            if found.quoted { Confidence::High } else { Confidence::Medium },
        ),
    };
    let class = if kind == Secret::Password { "password" } else { "assigned_secret" };
    let why = Why { form: "a value under a label of secrets", ..Why::default() };
    fits.then_some(Raw { class, provider: None, range: found.value, confidence, why, rank: 60 })
}

/// The word of a label without the sign that may be part of its anchor; nothing where a short word only ends a longer one (`bypass`).
fn whole_word(text: &[u8], anchor: &Range<usize>) -> Option<Range<usize>> {
    const SHORT: [&[u8]; 3] = [b"pass", b"pw", b"psk"];
    let anchored = slice(text, anchor.clone());
    let length = anchored.iter().rposition(|byte| byte.is_ascii_alphanumeric() || *byte >= 128)? + 1;
    let word = anchor.start..anchor.start + length;
    let before = anchor.start.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    let short = SHORT.iter().any(|short| slice(text, word.clone()).eq_ignore_ascii_case(short));
    let joined = before.is_ascii_alphabetic()
        && !(before.is_ascii_lowercase() && anchored.first().is_some_and(u8::is_ascii_uppercase));
    (!short || !joined).then_some(word)
}

/// `token: token`, `password=$password`: a variable of the same name.
fn is_repeated(label: &[u8], value: &[u8]) -> bool {
    let plain = |text: &[u8]| -> Vec<u8> {
        text.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect()
    };
    let (label, value) = (plain(label), plain(value));
    value.is_empty()
        || label == value
        || (value.len() > 3 && label.ends_with(&value))
        || (label.len() > 3 && value.ends_with(&label))
}

/// Identifiers that are made public: UUIDs of versions that count time, and image digests.
fn is_public(value: &[u8]) -> bool {
    value.starts_with(b"sha256:")
        || value.starts_with(b"sha512-")
        || value.starts_with(b"pk_")
        || value.starts_with(b"urn:")
}

/// The value by the form of a provider that its label names.
fn of_provider(value: &[u8], found: &Assigned, rows: &[&'static Row]) -> Option<Raw> {
    let row = rows.iter().find(|row| row.form.is(value))?;
    let fails = row.check.of(value) == Said::Fails;
    let plain = super::plausible::is_placeholder(value) || !super::plausible::is_token_body(value);
    (!fails && !plain).then_some(Raw {
        class: "provider_token",
        provider: Some(row.provider),
        range: found.value.clone(),
        confidence: Confidence::High,
        why: Why { form: row.what, cue: Some(row.anchor), place: "in its label" },
        rank: 80,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value_of<'a>(text: &'a str, word: &str) -> Option<&'a str> {
        let at = text.find(word).unwrap();
        assigned(text.as_bytes(), &(at..at + word.len())).map(|found| &text[found.value])
    }

    #[test]
    fn values_are_found_in_every_notation() {
        for text in [
            "password = \"hunter2\"",
            "\"db_password\": \"hunter2\",",
            "password: hunter2\n",
            "DB_PASSWORD=hunter2 next",
            "<password>hunter2</password>",
            "--password hunter2",
            "password := 'hunter2'",
            ":password => 'hunter2'",
            "password: str = \"hunter2\"",
            "set(\"password\", \"hunter2\")",
            "?password=hunter2&x=1",
            "{\\\"password\\\": \\\"hunter2\\\"}",
            "setpassword(\"hunter2\")",
            "<add key=\"password\" value=\"hunter2\" />",
            "variable \"password\" {\n  type = string\n  default = \"hunter2\"\n}",
            "machine a.example login ann password hunter2\n",
        ] {
            assert_eq!(
                value_of(text, if text.starts_with("DB") { "PASSWORD" } else { "password" }),
                Some("hunter2"),
                "{text}"
            );
        }
        assert_eq!(value_of("password = getpass()", "password"), None);
        assert_eq!(value_of("the password is long", "password"), None);
        assert_eq!(value_of("my password for the box is Hunter2!x.", "password"), Some("Hunter2!x"));
        assert_eq!(value_of("the password must be 8 Characters2 long", "password"), None);
    }

    #[test]
    fn labels_about_a_secret_are_no_secret() {
        for label in [
            "password_file",
            "secretName",
            "tokenType",
            "nextPageToken",
            "max_tokens",
            "tokenizer",
            "password_hash",
            "public_key_token",
        ] {
            assert!(!names_secret(label.as_bytes()), "{label}");
        }
        for label in ["DB_PASSWORD", "clientSecret", "api_key", "token", "spring.datasource.password"] {
            assert!(names_secret(label.as_bytes()), "{label}");
        }
    }
}
