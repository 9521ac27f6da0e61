//! From candidates to findings: one for each place, in order, without the value.

use super::finding::Raw;
use std::borrow::Cow;

/// One candidate for each place: of two that overlap, the one that says it better, and then the longer.
pub(super) fn distinct(mut raw: Vec<Raw>) -> Vec<Raw> {
    raw.sort_by_key(|one| (one.range.start, std::cmp::Reverse(one.range.end)));
    let mut kept: Vec<Raw> = Vec::with_capacity(raw.len());
    for one in raw {
        match kept.last_mut() {
            Some(last) if one.range.start < last.range.end => {
                if weight(&one) > weight(last) {
                    *last = one;
                }
            }
            _ => kept.push(one),
        }
    }
    kept
}

fn weight(raw: &Raw) -> (u8, super::Confidence, usize) {
    (raw.rank, raw.confidence, raw.range.len())
}

/// Whether values of a class are secrets: keys, tokens, passwords.
pub fn is_secret(class: &str) -> bool {
    matches!(
        class,
        "provider_token"
            | "password"
            | "assigned_secret"
            | "web_token"
            | "private_key"
            | "url_password"
            | "bearer_token"
    )
}

/// A value as it is fingerprinted: numbers without what separates them, so that one number is one however it is written.
pub(super) fn plain<'a>(class: &str, value: &'a [u8]) -> Cow<'a, [u8]> {
    match class {
        secret if is_secret(secret) => crate::run::logical(value),
        "email" | "postal_address" | "health" if value.iter().any(u8::is_ascii_uppercase) => {
            Cow::Owned(value.to_ascii_lowercase())
        }
        "email" | "postal_address" | "health" => Cow::Borrowed(value),
        _ if value.iter().all(u8::is_ascii_alphanumeric) => Cow::Borrowed(value),
        _ => {
            let mut plain = value.to_vec();
            plain.retain(u8::is_ascii_alphanumeric);
            Cow::Owned(plain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Confidence, Why};

    fn raw(range: std::ops::Range<usize>, rank: u8) -> Raw {
        Raw { class: "x", provider: None, range, confidence: Confidence::High, why: Why::default(), rank }
    }

    #[test]
    fn one_finding_a_place_and_the_best_one() {
        let kept = distinct(vec![raw(5..9, 1), raw(0..4, 1), raw(1..3, 2), raw(2..8, 0)]);
        assert_eq!(kept.iter().map(|one| one.range.clone()).collect::<Vec<_>>(), [1..3, 5..9]);
    }

    #[test]
    fn one_number_has_one_fingerprint() {
        assert_eq!(plain("ssn", b"536-90-4399"), plain("ssn", b"536 90 4399"));
        assert_ne!(plain("password", b"a-b"), plain("password", b"ab"));
    }
}
