//! Numbers as they are written: groups of digits, and what separates them.

use std::ops::Range;

/// The most digits that a number of any class has.
const DIGITS: usize = 24;
const GROUPS: usize = 8;

/// A number, or the first groups of one.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    digits: [u8; DIGITS],
    count: usize,
    groups: [u8; GROUPS],
    separators: [u8; GROUPS],
    ends: [usize; GROUPS],
    group_count: usize,
    /// Where its first digit stands (or the `(` before it).
    pub(crate) start: usize,
    /// Whether a `+` stands before it.
    pub(crate) plus: bool,
}

impl Number {
    /// The number whose first digit is at `at`.
    pub(crate) fn read(text: &[u8], at: usize) -> Number {
        let before = at.checked_sub(1).and_then(|before| text.get(before)).copied();
        let mut number = Number {
            digits: [0; DIGITS],
            count: 0,
            groups: [0; GROUPS],
            separators: [0; GROUPS],
            ends: [0; GROUPS],
            group_count: 0,
            start: at,
            plus: before == Some(b'+'),
        };
        if before == Some(b'(') || number.plus {
            number.start = at - 1;
        }
        let mut next = at;
        while number.group_count < GROUPS {
            let rest = text.get(next..(next + DIGITS + 1).min(text.len())).unwrap_or_default();
            let length = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
            if length == 0 || number.count + length > DIGITS {
                // A run that is too long belongs to no number, and neither does what leads to it.
                if length > 0 && number.group_count == 0 {
                    number.count = 0;
                }
                break;
            }
            let group = text.get(next..next + length).unwrap_or_default();
            let slots = number.digits.iter_mut().skip(number.count);
            slots.zip(group).for_each(|(slot, byte)| *slot = byte - b'0');
            number.count += length;
            next += length;
            let place = number.group_count;
            number.group_count += 1;
            if let (Some(size), Some(end)) = (number.groups.get_mut(place), number.ends.get_mut(place)) {
                (*size, *end) = (length as u8, next);
            }
            let rest = text.get(next..).unwrap_or_default();
            let (separator, width) = match rest {
                [b')', b' ' | b'-', digit, ..] if digit.is_ascii_digit() => (b')', 2),
                [b')', digit, ..] if digit.is_ascii_digit() => (b')', 1),
                [b' ', b'(', digit, ..] if digit.is_ascii_digit() => (b'(', 2),
                [sign @ (b' ' | b'-' | b'.' | b'/'), digit, ..] if digit.is_ascii_digit() => (*sign, 1),
                [b' ', b'-' | b'/', b' ', digit, ..] if digit.is_ascii_digit() => (b'-', 3),
                _ => break,
            };
            if let Some(slot) = number.separators.get_mut(place) {
                *slot = separator;
            }
            next += width;
        }
        number
    }

    /// Where its first group ends.
    pub(crate) fn first_end(&self) -> usize {
        self.ends.first().copied().unwrap_or(self.start)
    }

    /// Where its last group ends.
    pub(crate) fn end(&self) -> usize {
        let end = self.group_count.checked_sub(1).and_then(|last| self.ends.get(last));
        end.copied().unwrap_or(self.start)
    }

    /// How many digits its first `groups` groups have.
    pub(crate) fn count_of(&self, groups: usize) -> usize {
        self.groups.iter().take(groups).map(|size| usize::from(*size)).sum()
    }

    /// How many groups it has.
    pub(crate) fn group_count(&self) -> usize {
        self.group_count
    }

    /// The number of its first `groups` groups, if it can end there.
    pub(crate) fn first(&self, text: &[u8], groups: usize) -> Option<Number> {
        let count = self.count_of(groups);
        let end = *self.ends.get(groups.checked_sub(1)?)?;
        let next = text.get(end).copied().unwrap_or(b' ');
        let after = text.get(end + 1).copied().unwrap_or(b' ');
        let joined = next.is_ascii_alphabetic() || b"_%\\@".contains(&next) && next != b'\\';
        let goes_on = b"-/.,:".contains(&next) && after.is_ascii_digit() && !(b",:".contains(&next) && count > 6);
        (!joined && !goes_on).then(|| Number { count, group_count: groups, ..self.clone() })
    }

    /// Keeps the first `groups` groups.
    pub(crate) fn shorten(&mut self, groups: usize) {
        self.group_count = groups.min(self.group_count);
        self.count = self.count_of(self.group_count);
    }

    /// Its digits as values.
    pub(crate) fn digits(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }

    /// The lengths of its groups.
    pub(crate) fn groups(&self) -> &[u8] {
        self.groups.get(..self.group_count).unwrap_or_default()
    }

    /// What separates its groups, in order.
    pub(crate) fn separators(&self) -> &[u8] {
        self.separators.get(..self.group_count.saturating_sub(1)).unwrap_or_default()
    }

    /// Whether it has exactly these groups, all separated by one of `separators` and always the same.
    pub(crate) fn is_written(&self, groups: &[u8], separators: &[u8]) -> bool {
        let same =
            self.separators().iter().all(|sign| self.separators().first() == Some(sign) && separators.contains(sign));
        self.groups() == groups && same
    }

    /// Whether its separators are all the same, or it has none.
    pub(crate) fn is_even(&self) -> bool {
        self.separators().iter().all(|sign| self.separators().first() == Some(sign))
    }

    /// Where it stands.
    pub(crate) fn range(&self) -> Range<usize> {
        // A bracket that opens must close inside.
        let lone = !self.plus && !self.separators().contains(&b')');
        self.start + usize::from(lone && self.is_bracketed())..self.end()
    }

    fn is_bracketed(&self) -> bool {
        let first = self.ends.first().copied().unwrap_or_default();
        first.saturating_sub(usize::from(self.groups.first().copied().unwrap_or_default())) > self.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(text: &str, at: usize) -> (Vec<u8>, Vec<u8>) {
        let number = Number::read(text.as_bytes(), at);
        (number.groups().to_vec(), number.separators().to_vec())
    }

    #[test]
    fn numbers_are_read_in_groups() {
        assert_eq!(groups("(415) 555-0100", 1), (vec![3, 3, 4], b")-".to_vec()));
        assert_eq!(groups("4111 1111 1111 1111 12/27", 0).0, [4, 4, 4, 4, 2, 2]);
        assert_eq!(groups(&"1".repeat(30), 0).0, Vec::<u8>::new());
        let text = b"(123-45-6789)";
        let number = Number::read(text, 1).first(text, 3).unwrap();
        assert_eq!(number.range(), 1..12);
        assert!(number.is_written(&[3, 2, 4], b"- "));
        assert!(Number::read(b"1.2.3.4x", 0).first(b"1.2.3.4x", 4).is_none());
    }
}
