//! Tokens by the mark of their issuer, and secrets with a form of their own.

use super::engine::Form;
use super::finding::{Confidence, Raw, Why};
use super::plausible::{is_placeholder, is_token_body};
use crate::anchor::Candidate;
use crate::person::machine_readable;
use crate::provider::{Row, Said};
use crate::run::slice;
use crate::{aws, generic};

/// The token of `row` whose anchor is at `at`.
pub(super) fn marked(text: &[u8], at: usize, row: &'static Row) -> Option<Raw> {
    let range = row.form.around(text, at)?;
    let token = slice(text, range.clone());
    let body = token.get(row.anchor.len().min(token.len() / 2)..).unwrap_or_default();
    if !is_token_body(body) {
        return None;
    }
    let confidence = match row.check.of(token) {
        Said::Holds => Confidence::High,
        Said::Fails => Confidence::Low,
        // Short marks stand in ordinary names too: what follows must look drawn at random.
        Said::Nothing if row.anchor.len() < 4 && !super::plausible::is_random(body) => return None,
        Said::Nothing => Confidence::High,
    };
    let why = Why::form(row.what);
    Some(Raw { class: "provider_token", provider: Some(row.provider), range, confidence, why, rank: 90 })
}

/// The secret with a form of its own at `at`.
pub(super) fn formed(text: &[u8], at: usize, form: Form) -> Option<Raw> {
    let (class, provider, what, rank) = match form {
        Form::Jwt => ("web_token", None, "a signed web token", 70),
        Form::PrivateKey | Form::PuttyKey => ("private_key", None, "a private key", 95),
        Form::UrlPassword => ("url_password", None, "a password in a URL", 65),
        Form::Bearer => ("bearer_token", None, "what follows Bearer", 62),
        Form::AwsNear | Form::AwsLabelled => ("provider_token", Some("aws"), "secret access key", 88),
        Form::AwsSession => ("provider_token", Some("aws"), "session token", 88),
        Form::Zone => return zone(text, at),
        Form::UserAndPassword | Form::CommandPassword => return given(text, at, form),
    };
    let candidate = match form {
        Form::Jwt => generic::jwt(text, at)?,
        Form::PrivateKey => generic::private_key(text, at).filter(|key| is_whole(slice(text, key.range.clone())))?,
        Form::UrlPassword => generic::url_password(text, at).filter(|url| is_used(slice(text, url.range.clone())))?,
        Form::Bearer => {
            generic::bearer(text, at).filter(|token| super::plausible::is_key(slice(text, token.range.clone())))?
        }
        Form::AwsNear => aws::near_key_id(text, at)?,
        Form::AwsLabelled => aws::after_label(text, at).filter(|secret| secret.validated)?,
        Form::AwsSession => aws::session_token(text, at)?,
        Form::PuttyKey => return putty(text, at),
        Form::Zone | Form::UserAndPassword | Form::CommandPassword => return None,
    };
    let Candidate { range, validated, .. } = candidate;
    let value = slice(text, range.clone());
    let free = matches!(form, Form::PrivateKey | Form::UrlPassword);
    if !free && !is_token_body(value) {
        return None;
    }
    let confidence = if validated || form == Form::UrlPassword { Confidence::High } else { Confidence::Medium };
    Some(Raw { class, provider, range, confidence, why: Why::form(what), rank })
}

/// The password that the command at `at`, or the one that leads to it, is given.
fn given(text: &[u8], at: usize, form: Form) -> Option<Raw> {
    let rest = slice(text, at..(at + 240).min(text.len()));
    let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
    let from = match form {
        Form::UserAndPassword => {
            let before = slice(text, at.saturating_sub(160)..at);
            memchr::memmem::rfind(before, b"curl")?;
            memchr::memchr(b' ', line.get(1..)?)? + 2
        }
        // `mysql -p name` asks for the password, and `name` is a database: it must be joined. `sshpass` takes it either way.
        _ => {
            let option = memchr::memmem::find(line, b" -p")? + 3;
            option + usize::from(line.starts_with(b"sshpass") && line.get(option) == Some(&b' '))
        }
    };
    let quote = usize::from(line.get(from).is_some_and(|byte| b"\"'".contains(byte)));
    let word = line.get(from + quote..)?;
    let length =
        word.iter().position(|byte| byte.is_ascii_whitespace() || b"\"'`;|&".contains(byte)).unwrap_or(word.len());
    let word = word.get(..length)?;
    let name = if form == Form::UserAndPassword { memchr::memchr(b':', word)? + 1 } else { 0 };
    let password = word.get(name..)?;
    let start = at + from + quote + name;
    let free = !password.starts_with(b"$") && super::plausible::is_password(password, true);
    let why = Why::form("a password that a command is given");
    let range = start..start + password.len();
    free.then_some(Raw { class: "password", provider: None, range, confidence: Confidence::Medium, why, rank: 58 })
}

/// Whether a PEM block holds a key and no mark in its place.
fn is_whole(block: &[u8]) -> bool {
    let body: Vec<u8> =
        block.iter().copied().filter(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(byte)).collect();
    let written = [b"...".as_slice(), b"xxxx", b"XXXX", b"YOUR", b"<"]
        .iter()
        .any(|part| memchr::memmem::find(block, part).is_some());
    body.len() >= 100 && !written
}

/// Whether the password of a URL is one that is used.
fn is_used(password: &[u8]) -> bool {
    password.len() >= 3 && !is_placeholder(password) && !password.ends_with(b"}")
}

fn putty(text: &[u8], at: usize) -> Option<Raw> {
    let rest = slice(text, at..(at + 4096).min(text.len()));
    let lines = memchr::memmem::find(rest, b"Private-Lines: ")?;
    let end = memchr::memmem::find(rest, b"Private-MAC: ").unwrap_or(rest.len());
    let why = Why::form("a private key");
    (end > lines).then_some(Raw {
        class: "private_key",
        provider: Some("putty"),
        range: at..at + end,
        confidence: Confidence::High,
        why,
        rank: 95,
    })
}

/// A passport's machine-readable zone whose first line begins at `at`: the line below it has the checks.
fn zone(text: &[u8], at: usize) -> Option<Raw> {
    let line = |from: usize| {
        let rest = slice(text, from..(from + 45).min(text.len()));
        let length =
            rest.iter().take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'<').count();
        slice(text, from..from + length)
    };
    let first = line(at);
    if first.len() != 44 {
        return None;
    }
    let gap =
        slice(text, at + 44..(at + 48).min(text.len())).iter().take_while(|byte| b"\r\n\\".contains(byte)).count();
    let gap = gap + usize::from(slice(text, at + 44..at + 46) == b"\\n");
    let second = line(at + 44 + gap);
    let kind = machine_readable(second)?;
    Some(Raw {
        class: "identity_document",
        provider: Some(kind),
        range: at..at + 44 + gap + 44,
        confidence: Confidence::High,
        why: Why::form("the check digits of its machine-readable zone hold"),
        rank: 85,
    })
}
