//! Secrets without an issuer's mark: web tokens, private keys, passwords in URLs, bearer tokens.

use crate::SecretKind;
use crate::anchor::Candidate;
use crate::run::{self, slice};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

/// The longest web token whose parts are decoded; longer ones are redacted undecoded.
const MAX_JWT: usize = 64 << 10;

/// Base 64 for URLs, padded or not.
pub(crate) const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

#[derive(Deserialize)]
struct Header {
    alg: Option<String>,
    typ: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    jti: Option<String>,
}

fn decode<T: serde::de::DeserializeOwned>(part: &[u8]) -> Option<T> {
    let json = BASE64_URL.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Three parts of base 64 joined by dots, of which the first is a header that names an algorithm.
pub(crate) fn jwt(input: &[u8], at: usize) -> Option<Candidate> {
    let head = run::end(input, at, run::token);
    let body = if input.get(head) == Some(&b'.') { run::end(input, head + 1, run::token) } else { return None };
    let end = if input.get(body) == Some(&b'.') { run::end(input, body + 1, run::token) } else { return None };
    if !run::begins(input, at) || body == head + 1 {
        return None;
    }
    let mut public = None;
    if end - at <= MAX_JWT {
        let header: Header = decode(slice(input, at..head))?;
        header.alg.or(header.typ)?;
        let claims: Option<Claims> = decode(slice(input, head + 1..body));
        public = claims.and_then(|claims| {
            let issuer = claims.iss?;
            let host = issuer.split("://").last().and_then(|rest| rest.split('/').next()).unwrap_or_default();
            claims.jti.map(|jti| format!("{host}/{jti}"))
        });
    }
    Some(Candidate { kind: SecretKind::Jwt, range: at..end, validated: end - at <= MAX_JWT, public })
}

/// A PEM block whose label says that it is a private key, to its end mark or as far as it goes.
pub(crate) fn private_key(input: &[u8], at: usize) -> Option<Candidate> {
    let label = slice(input, at..(at + 48).min(input.len()));
    let label_end = memchr::memmem::find(label, b"PRIVATE KEY")?;
    if label.iter().take(label_end).any(|byte| !(byte.is_ascii_alphanumeric() || b" -".contains(byte))) {
        return None;
    }
    let start = at + label_end + 11;
    let mut end = start;
    while let Some(byte) = input.get(end) {
        let rest = slice(input, end..(end + 64).min(input.len()));
        if rest.starts_with(b"-----END ") {
            end += memchr::memmem::find(rest, b"PRIVATE KEY").map_or(9, |place| place + 11);
            end += slice(input, end..end + 5).iter().take_while(|byte| **byte == b'-').count();
            return Some(Candidate { kind: SecretKind::PrivateKey, range: at..end, validated: true, public: None });
        }
        // A key holds no beginning of another: what follows is read at its own mark.
        if rest.starts_with(b"-----BEGIN ") {
            break;
        }
        run::count(1);
        end += match (byte, rest.get(1)) {
            (b'\\', Some(b'n' | b'r' | b't' | b'/' | b'\\')) => 2,
            (byte, _) if byte.is_ascii_alphanumeric() || b"+/=-:, \t\r\n".contains(byte) => 1,
            _ => break,
        };
    }
    (end > start + 16).then_some(Candidate {
        kind: SecretKind::PrivateKey,
        range: at..end,
        validated: false,
        public: None,
    })
}

/// The password in `scheme://user:password@host`.
pub(crate) fn url_password(input: &[u8], at: usize) -> Option<Candidate> {
    let start = at + 3;
    let authority = slice(input, start..(start + 512).min(input.len()));
    let length = authority.iter().position(|byte| byte.is_ascii_whitespace() || b"/?#\"'<>`\\".contains(byte));
    let authority = slice(authority, 0..length.unwrap_or(authority.len()));
    let sign = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', slice(authority, 0..sign))?;
    let password = slice(authority, colon + 1..sign);
    // Samples have the same word for both.
    if password == slice(authority, 0..colon) {
        return None;
    }
    let schemed = at.checked_sub(1).and_then(|before| input.get(before)).is_some_and(u8::is_ascii_alphanumeric);
    (schemed && !password.is_empty() && !run::is_placeholder(password)).then_some(Candidate {
        kind: SecretKind::UrlPassword,
        range: start + colon + 1..start + sign,
        validated: false,
        public: None,
    })
}

/// The token after `Bearer `: 16 characters or more, with a digit, so that prose does not count.
pub(crate) fn bearer(input: &[u8], at: usize) -> Option<Candidate> {
    let capital = at.checked_sub(1).and_then(|before| input.get(before)).is_some_and(|byte| b"Bb".contains(byte));
    let start = at + 6;
    let end = run::end(input, start, run::bearer);
    let text = run::logical(slice(input, start..end));
    let digit = text.iter().any(u8::is_ascii_digit);
    (capital && text.len() >= 16 && digit && !run::is_placeholder(&text)).then_some(Candidate {
        kind: SecretKind::BearerToken,
        range: start..end,
        validated: false,
        public: None,
    })
}
