//! RPM's order: epoch, version, release; `~` comes before the end of the text, `^` right after it.
//!
//! It is not the way in which dependencies are matched, where a missing release means any.

use super::number::{Number, cut, digits, letters};
use std::cmp::Ordering;

/// A version as rpm orders it.
#[derive(Clone, Copy, Debug)]
pub struct Rpm<'a> {
    epoch: Number<'a>,
    version: &'a str,
    release: &'a str,
}

/// Pieces in their order: at one place, `~` is least and a number most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Piece<'a> {
    Tilde,
    End,
    Caret,
    Word(&'a str),
    Number(Number<'a>),
}

impl<'a> Rpm<'a> {
    /// Reads `[epoch:]version[-release]`. `None` where it is empty or holds white space.
    pub fn parse(text: &'a str) -> Option<Rpm<'a>> {
        let text = text.trim();
        let (epoch, rest) = match text.split_once(':') {
            Some(("(none)" | "", rest)) => (Number::ZERO, rest),
            Some((epoch, rest)) => (Number::parse(epoch)?, rest),
            None => (Number::ZERO, text),
        };
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, ""));
        let good =
            version.bytes().any(|byte| byte.is_ascii_digit()) && rest.bytes().all(|byte| byte.is_ascii_graphic());
        good.then_some(Rpm { epoch, version, release })
    }
}

/// The first piece of `text`, and what follows it. Separators only part pieces.
fn piece(text: &str) -> (Piece<'_>, &str) {
    let (_, text) = cut(text, |byte| !byte.is_ascii_alphanumeric() && byte != b'~' && byte != b'^');
    if let Some(rest) = text.strip_prefix('~') {
        return (Piece::Tilde, rest);
    }
    if let Some(rest) = text.strip_prefix('^') {
        return (Piece::Caret, rest);
    }
    let (number, rest) = digits(text);
    if let Some(number) = Number::parse(number) {
        return (Piece::Number(number), rest);
    }
    match letters(text) {
        ("", rest) => (Piece::End, rest),
        (word, rest) => (Piece::Word(word), rest),
    }
}

/// Compares two texts piece by piece.
pub(crate) fn compare_text(mut a: &str, mut b: &str) -> Ordering {
    loop {
        let ((left, rest_a), (right, rest_b)) = (piece(a), piece(b));
        let order = left.cmp(&right);
        if order.is_ne() || left == Piece::End {
            return order;
        }
        (a, b) = (rest_a, rest_b);
    }
}

impl Ord for Rpm<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.epoch.cmp(&other.epoch))
            .then_with(|| compare_text(self.version, other.version))
            .then_with(|| compare_text(self.release, other.release))
    }
}

impl PartialOrd for Rpm<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Rpm<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Rpm<'_> {}
