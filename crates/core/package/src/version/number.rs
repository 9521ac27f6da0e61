//! Numbers of versions as they are written: of any length, compared without a conversion that could overflow.
//!
//! It is not arithmetic: a number here is only ever compared, and parts of text are cut at its digits.

use std::cmp::Ordering;

/// Decimal digits without leading zeros; zero is the empty text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// The number zero.
    pub(crate) const ZERO: Number<'static> = Number("");

    /// Reads text that is digits and nothing else.
    pub(crate) fn parse(text: &'a str) -> Option<Number<'a>> {
        (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| Number(text.trim_start_matches('0')))
    }

    /// Whether it is zero.
    pub(crate) fn is_zero(&self) -> bool {
        self.0.is_empty()
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(other.0))
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Cuts `text` where its first byte that `fits` not stands.
pub(crate) fn cut(text: &str, fits: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !fits(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Cuts `text` after the digits that it begins with.
pub(crate) fn digits(text: &str) -> (&str, &str) {
    cut(text, |byte| byte.is_ascii_digit())
}

/// Cuts `text` after the ASCII letters that it begins with.
pub(crate) fn letters(text: &str) -> (&str, &str) {
    cut(text, |byte| byte.is_ascii_alphabetic())
}

/// The dotted numbers at the start, and what follows them. `None` where there is none.
pub(crate) fn dotted(text: &str) -> Option<(Vec<Number<'_>>, &str)> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let (number, after) = digits(rest);
        found.push(Number::parse(number)?);
        match after.strip_prefix('.') {
            Some(next) if next.starts_with(|letter: char| letter.is_ascii_digit()) => rest = next,
            _ => return Some((found, after)),
        }
    }
}

/// Removes zeros from the end: `1.0` is `1`.
pub(crate) fn without_zeros(numbers: &mut Vec<Number<'_>>) {
    while numbers.len() > 1 && numbers.last().is_some_and(Number::is_zero) {
        numbers.pop();
    }
}

/// Compares words without regard to the case of ASCII letters.
pub(crate) fn caseless(a: &str, b: &str) -> Ordering {
    let lower = |text: &str| text.bytes().map(|byte| byte.to_ascii_lowercase()).collect::<Vec<u8>>();
    if a.eq_ignore_ascii_case(b) { Ordering::Equal } else { lower(a).cmp(&lower(b)) }
}
