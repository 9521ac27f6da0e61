//! Guesses where a record of an array ends from how the records before it were joined. A guess costs one search for a
//! few bytes where finding out costs a look at every byte; the parser then says whether it was right: bytes that are one
//! whole JSON object are what the scan would have cut out, because brackets balance there for the first time.

use memchr::memmem::Finder;

/// What joins two records at most: a bracket, separators, a bracket and the first key.
const JOINT_BYTES_MAX: usize = 96;

/// Wrong guesses that are made at least before guessing is given up in an input.
const MISSES_MIN: u32 = 8;

/// How records are joined, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Guess {
    joint: Option<Finder<'static>>,
    /// How far to search: some times the length of the record from which the joint was learnt.
    within: usize,
    hits: u32,
    misses: u32,
}

impl Guess {
    /// The length of the record at the beginning of `rest`, if a joint follows soon. Counts as right unless
    /// [`Guess::was_wrong`].
    pub(super) fn length(&mut self, rest: &[u8]) -> Option<usize> {
        let within = rest.get(..self.within).unwrap_or(rest);
        let found = self.joint.as_ref()?.find(within)?;
        self.hits = self.hits.saturating_add(1);
        Some(found + 1)
    }

    /// The last guess was wrong.
    pub(super) fn was_wrong(&mut self) {
        self.joint = None;
        self.misses += 1;
    }

    /// Learns from a record of this length at the beginning of `rest`.
    pub(super) fn learn(&mut self, rest: &[u8], length: usize) {
        self.within = length.saturating_mul(4).saturating_add(1 << 10);
        if self.misses > MISSES_MIN && self.misses > self.hits / 4 {
            return;
        }
        let joint = joint(rest, length).unwrap_or_default();
        if !joint.is_empty() && self.joint.as_ref().is_none_or(|known| known.needle() != joint) {
            self.joint = Some(Finder::new(joint).into_owned());
        }
    }
}

/// The last byte of the record, the separators, and the next record as far as its first key.
fn joint(rest: &[u8], length: usize) -> Option<&[u8]> {
    let from = length.checked_sub(1)?;
    let joint = rest.get(from..(from + JOINT_BYTES_MAX).min(rest.len()))?;
    let gap = joint.get(1..)?.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
    let next = joint.get(1 + gap..)?.strip_prefix(b"{")?;
    let space = next.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let key = next.get(space..)?.strip_prefix(b"\"")?;
    let end = key.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    (key.get(end) == Some(&b'"') && gap > 0).then_some(joint.get(..gap + space + end + 4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_goes_from_a_record_to_the_first_key_of_the_next() {
        for (rest, length, expected) in [
            (r#"{"a":1},{"a":2}"#, 7, Some(r#"},{"a""#)),
            ("{\"a\":1} ,\n  { \"a\" : 2}", 7, Some("} ,\n  { \"a\"")),
            (r#"{"a":1}]"#, 7, None),
            (r#"{"a":1},{}"#, 7, None),
            (r#"{"a":1},{"a"#, 7, None),
            (r#"{"a":1},[1]"#, 7, None),
            (r#"{"a":1}{"a":2}"#, 7, None),
        ] {
            assert_eq!(joint(rest.as_bytes(), length), expected.map(str::as_bytes), "{rest}");
        }
    }

    #[test]
    fn guessing_stops_where_it_is_wrong_again_and_again() {
        let rest = br#"{"a":1},{"a":2},{"a":3}"#;
        let mut guess = Guess::default();
        for _ in 0..=MISSES_MIN {
            guess.learn(rest, 7);
            assert_eq!(guess.length(rest), Some(7));
            guess.was_wrong();
        }
        guess.learn(rest, 7);
        assert_eq!(guess.length(rest), None);
    }
}
