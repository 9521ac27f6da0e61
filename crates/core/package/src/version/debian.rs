//! Debian's order: epoch, upstream version, revision; `~` comes before everything, the end of the text included.
//!
//! It is not a list of Debian's releases: a version says nothing of which release it is for.

use super::number::{Number, cut, digits};
use std::cmp::Ordering;

/// A version as dpkg orders it.
#[derive(Clone, Copy, Debug)]
pub struct Debian<'a> {
    epoch: Number<'a>,
    upstream: &'a str,
    revision: &'a str,
}

impl<'a> Debian<'a> {
    /// Reads `[epoch:]upstream[-revision]`. `None` where a letter has no place in a version.
    pub fn parse(text: &'a str) -> Option<Debian<'a>> {
        let text = text.trim();
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => (Number::parse(epoch)?, rest),
            None => (Number::ZERO, text),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let fits = |byte: u8, more: &[u8]| byte.is_ascii_alphanumeric() || more.contains(&byte);
        let good = upstream.starts_with(|letter: char| letter.is_ascii_digit())
            && upstream.bytes().all(|byte| fits(byte, b".+-~:"))
            && revision.bytes().all(|byte| fits(byte, b".+~"));
        good.then_some(Debian { epoch, upstream, revision })
    }
}

/// Compares by turns what is no digit and what is one.
pub(crate) fn compare_text(mut a: &str, mut b: &str) -> Ordering {
    while !a.is_empty() || !b.is_empty() {
        let ((words_a, rest_a), (words_b, rest_b)) = (words(a), words(b));
        let ((number_a, after_a), (number_b, after_b)) = (digits(rest_a), digits(rest_b));
        let number = |text| Number::parse(text).unwrap_or_default();
        let order = compare_words(words_a, words_b).then_with(|| number(number_a).cmp(&number(number_b)));
        if order.is_ne() {
            return order;
        }
        (a, b) = (after_a, after_b);
    }
    Ordering::Equal
}

fn words(text: &str) -> (&str, &str) {
    cut(text, |byte| !byte.is_ascii_digit())
}

/// Letter by letter: `~`, the end, letters, all else.
fn compare_words(a: &str, b: &str) -> Ordering {
    let weight = |byte: Option<u8>| match byte {
        Some(b'~') => 0,
        None => 1,
        Some(byte) if byte.is_ascii_alphabetic() => 2 + u16::from(byte),
        Some(byte) => 300 + u16::from(byte),
    };
    let (mut a, mut b) = (a.bytes(), b.bytes());
    loop {
        let (left, right) = (a.next(), b.next());
        let order = weight(left).cmp(&weight(right));
        if order.is_ne() || (left.is_none() && right.is_none()) {
            return order;
        }
    }
}

impl Ord for Debian<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.epoch.cmp(&other.epoch))
            .then_with(|| compare_text(self.upstream, other.upstream))
            .then_with(|| compare_text(self.revision, other.revision))
    }
}

impl PartialOrd for Debian<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Debian<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Debian<'_> {}
