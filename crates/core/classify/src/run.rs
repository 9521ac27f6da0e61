//! Runs of characters, read the same way in plain text and inside JSON strings, where `/` may be written `\/`.

use std::borrow::Cow;
use std::ops::Range;

/// ASCII letters, digits, `_` and `-`: the characters of most tokens.
pub(crate) fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// ASCII letters and digits.
pub(crate) fn alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

/// ASCII letters, digits and `_`.
pub(crate) fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Base 64 without padding.
pub(crate) fn base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// What RFC 6750 allows in a bearer token.
pub(crate) fn bearer(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

/// The bytes of `range`, or nothing where it is not inside `input`.
pub(crate) fn slice(input: &[u8], range: Range<usize>) -> &[u8] {
    input.get(range).unwrap_or_default()
}

/// Counts bytes that a reader looks at, in tests alone: work must grow with the input and no faster.
#[cfg(not(test))]
pub(crate) fn count(_: usize) {}

#[cfg(test)]
thread_local! {
    /// The bytes that readers looked at in this thread.
    pub(crate) static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
pub(crate) fn count(bytes: usize) {
    WORK.with(|work| work.set(work.get() + bytes));
}

/// The end of the run of `allowed` characters that begins at `from`. `\/` counts as `/`.
pub(crate) fn end(input: &[u8], from: usize, allowed: impl Fn(u8) -> bool) -> usize {
    let mut at = from;
    loop {
        match input.get(at) {
            Some(byte) if allowed(*byte) => at += 1,
            Some(b'\\') if allowed(b'/') && input.get(at + 1) == Some(&b'/') => at += 2,
            _ => {
                count(at - from);
                return at;
            }
        }
    }
}

/// Whether a token may begin at `at`: the character before is no part of a longer word. An escape such as `\n` before
/// it counts as a boundary.
pub(crate) fn begins(input: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|place| input.get(place)).copied();
    match before(1) {
        Some(byte) if token(byte) => is_escape(input, at, byte),
        _ => true,
    }
}

/// Whether `byte`, the last before `at`, ends an escape such as `\n` or `\u000a`.
fn is_escape(input: &[u8], at: usize, byte: u8) -> bool {
    let backslashes = |to: usize| {
        let head = slice(input, 0..to);
        head.iter().rev().take_while(|byte| **byte == b'\\').count()
    };
    let short = b"nrtbf".contains(&byte) && backslashes(at.saturating_sub(1)) % 2 == 1;
    let unicode = at >= 6
        && slice(input, at - 5..at - 4) == b"u"
        && slice(input, at - 4..at).iter().all(u8::is_ascii_hexdigit)
        && backslashes(at - 5) % 2 == 1;
    short || unicode
}

/// The place at which a replacement that should begin at `at` has to begin so that it splits no JSON escape.
pub(crate) fn escape_start(input: &[u8], at: usize) -> usize {
    for back in 1..=5usize {
        let Some(place) = at.checked_sub(back) else { return at };
        if input.get(place) != Some(&b'\\') {
            continue;
        }
        let run = slice(input, 0..place + 1).iter().rev().take_while(|byte| **byte == b'\\').count();
        let odd = run % 2 == 1;
        let unicode = input.get(place + 1) == Some(&b'u');
        return if odd && (back == 1 || unicode) { place } else { at };
    }
    at
}

/// `text` with `\/` read as `/`: the secret itself, however it was written down.
pub(crate) fn logical(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let escaped = |place: usize| text.get(place) == Some(&b'\\') && text.get(place + 1) == Some(&b'/');
    Cow::Owned(text.iter().enumerate().filter(|(place, _)| !escaped(*place)).map(|(_, byte)| *byte).collect())
}

/// How often the class of character (upper case, lower case, digit, other) changes along `text`. Random text of 64
/// symbols changes about 0.64 times a character; words and paths far less.
pub(crate) fn changes(text: &[u8]) -> usize {
    let class = |byte: &u8| match byte {
        b'A'..=b'Z' => 0,
        b'a'..=b'z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    text.iter().zip(text.iter().skip(1)).filter(|(a, b)| class(a) != class(b)).count()
}

/// Whether `text` was written in place of a secret: masked, a variable, or our own mark.
pub(crate) fn is_placeholder(text: &[u8]) -> bool {
    let masked = text.iter().all(|byte| b"*xX.-_".contains(byte));
    let variable = text.first().is_some_and(|byte| b"$<{%".contains(byte));
    masked || variable || text.starts_with(crate::redact::MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_never_split_an_escape() {
        assert_eq!(escape_start(br"a\nbc", 2), 1);
        assert_eq!(escape_start(br"a\\nbc", 3), 3);
        assert_eq!(escape_start(br"\u0041bc", 4), 0);
        assert_eq!(escape_start(br"\u0041bc", 6), 6);
        assert_eq!(escape_start(b"abc", 2), 2);
    }

    #[test]
    fn escapes_are_boundaries_and_letters_are_not() {
        assert!(begins(br"x\nghp_", 3) && begins(br"\u000aghp_", 6) && begins(b"=ghp_", 1));
        assert!(!begins(br"x\\nghp_", 4) && !begins(b"nghp_", 1) && !begins(b"-ghp_", 1));
    }
}
