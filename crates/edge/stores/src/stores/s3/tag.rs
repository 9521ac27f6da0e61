//! An ETag in few bytes.

use std::fmt;

/// What a server calls a version of an object: as a rule the MD5 of its bytes in quotes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Tag {
    /// 32 small digits in quotes.
    Digits(u64, u64),
    /// Any other.
    Other(Box<str>),
}

impl Tag {
    pub(super) fn of(written: String) -> Tag {
        digits(&written).unwrap_or_else(|| Tag::Other(written.into_boxed_str()))
    }
}

fn digits(written: &str) -> Option<Tag> {
    let digits = written.strip_prefix('"')?.strip_suffix('"').filter(|digits| digits.len() == 32)?;
    let plain = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let half = |range| u64::from_str_radix(digits.get(range)?, 16).ok();
    plain.then_some(Tag::Digits(half(0..16)?, half(16..32)?))
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tag::Digits(high, low) => write!(f, "\"{high:016x}{low:016x}\""),
            Tag::Other(written) => f.write_str(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_sent_as_it_came() {
        let sum = "\"00e15d1f0b6a8f2c9e4d3b2a19087f6e\"";
        assert!(matches!(Tag::of(sum.to_owned()), Tag::Digits(..)));
        for written in [sum, &sum.to_uppercase(), "\"0-2\"", "00e15d1f0b6a8f2c9e4d3b2a19087f6e", "W/\"x\"", ""] {
            assert_eq!(Tag::of(written.to_owned()).to_string(), written);
        }
    }
}
