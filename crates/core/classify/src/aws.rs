//! The secret half of AWS keys: 40 characters with no mark of their own, known only by what stands beside them.

use crate::SecretKind;
use crate::anchor::Candidate;
use crate::run::{self, slice};
use std::ops::Range;

/// How far from a key id its secret is looked for, in bytes.
const BEHIND: usize = 160;
const AHEAD: usize = 320;

/// How long a secret is, in characters.
const SECRET: usize = 40;
/// The longest run that is read to its end: a run of base 64 that goes further is no secret.
const LONGEST: usize = 4096;

/// Whether `text` is 40 characters of base 64 that look drawn at random: all three classes of character, and changes of
/// class as often as chance gives them (25 on average; paths and names stay below 14).
fn is_secret(text: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| text.iter().any(class);
    text.len() == SECRET
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && run::changes(text) >= 14
}

/// The first secret among the runs of base 64 in `window`. Escapes such as `\n` end a run and are no part of one.
fn secret_in(input: &[u8], window: Range<usize>) -> Option<Range<usize>> {
    // Every CloudTrail record holds a key id and hardly one a secret: a stretch as long as a secret that cannot be one
    // is passed over at once. A backslash may be part of a run, or may hide where one begins, so it stops nothing here.
    let stops = |byte: &u8| !run::base64(*byte) && *byte != b'\\';
    let mut at = window.start;
    while at < window.end {
        if let Some(stop) = slice(input, at..(at + SECRET).min(input.len())).iter().rposition(stops) {
            at += stop + 1;
            continue;
        }
        // What is longer than a secret with every `/` escaped is none, however far it goes.
        let end = run::end(slice(input, 0..input.len().min(at + LONGEST)), at, run::base64);
        let text = run::logical(slice(input, at..end));
        if is_secret(&text) && input.get(end) != Some(&b'=') {
            return Some(at..end);
        }
        at = match slice(input, end..end + 2) {
            [b'\\', b'u'] => end + 6,
            [b'\\', _] => end + 2,
            _ => end + 1,
        };
    }
    None
}

/// The key id that begins at `at`, if one does.
fn key_id(input: &[u8], at: usize) -> Option<&str> {
    if !run::begins(input, at) {
        return None;
    }
    let end = run::end(slice(input, 0..input.len().min(at + 21)), at, run::alphanumeric);
    let text = slice(input, at..end);
    let formed = text.len() == 20 && text.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if formed { std::str::from_utf8(text).ok() } else { None }
}

/// The secret that stands near a key id: after it, as most files write it, or before.
pub(crate) fn near_key_id(input: &[u8], at: usize) -> Option<Candidate> {
    let id = key_id(input, at)?;
    let after = at + 20..(at + 20 + AHEAD).min(input.len());
    let range = secret_in(input, after).or_else(|| {
        let mut start = at.saturating_sub(BEHIND);
        // Never begin inside a run: half of a longer one might look like a secret.
        let lowest = start.saturating_sub(LONGEST);
        while start > lowest && input.get(start - 1).is_some_and(|byte| run::base64(*byte) || *byte == b'\\') {
            start -= 1;
        }
        secret_in(input, start..at)
    })?;
    Some(Candidate { kind: SecretKind::AwsSecretKey, range, validated: true, public: Some(id.to_owned()) })
}

/// The secret after a label such as `aws_secret_access_key =` or `"SecretAccessKey": "`.
pub(crate) fn after_label(input: &[u8], at: usize) -> Option<Candidate> {
    let label = run::end(input, at, run::word);
    let gap = slice(input, label..label + 12).iter().take_while(|byte| b" \t\"'\\:=>".contains(byte)).count();
    let start = label + gap;
    let end = run::end(input, start, run::base64);
    let text = run::logical(slice(input, start..end));
    let shown = text.len() == SECRET && gap > 0 && input.get(end) != Some(&b'=');
    shown.then(|| Candidate {
        kind: SecretKind::AwsSecretKey,
        range: start..end,
        validated: is_secret(&text),
        public: None,
    })
}

/// A session token: long base 64 with one of the beginnings that AWS gives them.
pub(crate) fn session_token(input: &[u8], at: usize) -> Option<Candidate> {
    let end = run::end(input, at, run::bearer);
    (run::begins(input, at) && end - at >= 100).then_some(Candidate {
        kind: SecretKind::AwsSessionToken,
        range: at..end,
        validated: true,
        public: None,
    })
}
