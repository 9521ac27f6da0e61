//! RubyGems' order: numbers and words by turns; a word makes a pre-release and comes before any number.
//!
//! It is not Bundler's choice among platforms: a gem's platform is no part of its version here.

use super::number::{Number, digits, letters};
use std::cmp::Ordering;

/// A version as RubyGems orders it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RubyGems<'a>(Vec<Segment<'a>>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Segment<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

const ZERO: Segment<'static> = Segment::Number(Number::ZERO);

impl<'a> RubyGems<'a> {
    /// Reads dotted numbers and words; a hyphen opens a pre-release.
    pub fn parse(text: &'a str) -> Option<RubyGems<'a>> {
        let text = text.trim();
        let good = text.starts_with(|letter: char| letter.is_ascii_digit())
            && text.split('.').all(|part| !part.is_empty())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-');
        if !good {
            return None;
        }
        let mut segments = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (number, after) = digits(rest);
            if let Some(number) = Number::parse(number) {
                segments.push(Segment::Number(number));
                rest = after;
                continue;
            }
            let (word, after) = letters(rest);
            if !word.is_empty() {
                segments.push(Segment::Word(word));
                rest = after;
                continue;
            }
            if rest.starts_with('-') {
                segments.push(Segment::Word("pre"));
            }
            rest = rest.get(1..)?;
        }
        Some(RubyGems(canonical(segments)))
    }

    /// Whether a word makes it a pre-release.
    pub fn is_pre_release(&self) -> bool {
        self.0.iter().any(|segment| matches!(segment, Segment::Word(_)))
    }
}

/// Without the zeros before the first word and at the end.
fn canonical(segments: Vec<Segment<'_>>) -> Vec<Segment<'_>> {
    let first = segments.iter().position(|segment| matches!(segment, Segment::Word(_))).unwrap_or(segments.len());
    let mut kept = Vec::with_capacity(segments.len());
    let drop_zeros = |kept: &mut Vec<Segment<'_>>| {
        while kept.last() == Some(&ZERO) {
            kept.pop();
        }
    };
    for (place, segment) in segments.into_iter().enumerate() {
        if place == first {
            drop_zeros(&mut kept);
        }
        kept.push(segment);
    }
    drop_zeros(&mut kept);
    kept
}

impl Ord for RubyGems<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let most = self.0.len().max(other.0.len());
        let order = |place: usize| {
            // Beyond its end a version goes on with zeros.
            let (a, b) = (self.0.get(place), other.0.get(place));
            a.unwrap_or(&ZERO).cmp(b.unwrap_or(&ZERO))
        };
        (0..most).map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for RubyGems<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
