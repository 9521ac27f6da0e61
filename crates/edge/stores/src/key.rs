//! Names and marks of pieces in few bytes: there may be millions of them, in memory and in the state.

use firebreak_model::Fingerprinter;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// A keyed fingerprint of a piece's name, in the order of its digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub(crate) struct Key(u128);

impl Key {
    pub(crate) fn of(fingerprinter: &Fingerprinter, name: &[u8]) -> Key {
        Key(number(&fingerprinter.fingerprint(name)).unwrap_or_default())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Key, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        number(&text).map(Key).ok_or_else(|| D::Error::custom("a document's name is no fingerprint"))
    }
}

/// What changes when a piece does, as the beginning of a keyed fingerprint: it is compared, and says nothing else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Mark(u64);

impl Mark {
    pub(crate) fn of(fingerprinter: &Fingerprinter, text: &str) -> Mark {
        Mark(number(&fingerprinter.fingerprint(text.as_bytes())).map(beginning).unwrap_or_default())
    }
}

fn beginning(number: u128) -> u64 {
    u64::try_from(number >> 64).unwrap_or_default()
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:016x}", self.0))
    }
}

impl<'de> Deserialize<'de> for Mark {
    /// A mark of another form is nobody's: its piece is read again.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Mark, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let digits = Some(&*text).filter(|text| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        Ok(Mark(digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()))
    }
}

/// The number that 32 digits write.
fn number(digits: &str) -> Option<u128> {
    let right = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| u128::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_marks_are_written_as_digits_and_read_again() {
        let fingerprinter = Fingerprinter::new([7; 32]);
        let (key, mark) = (Key::of(&fingerprinter, b"a.csv"), Mark::of(&fingerprinter, "7 bytes"));
        assert_eq!(key.to_string(), fingerprinter.fingerprint(b"a.csv"));
        let written = serde_json::to_string(&(key, mark)).unwrap();
        assert!(written.contains(fingerprinter.fingerprint(b"7 bytes").get(..16).unwrap()), "{written}");
        assert_eq!(serde_json::from_str::<(Key, Mark)>(&written).unwrap(), (key, mark));
        assert!(serde_json::from_str::<Key>("\"a.csv\"").is_err());
        assert_eq!(serde_json::from_str::<Mark>("\"7 bytes \\u0041\"").unwrap(), Mark::default(), "of another form");
    }
}
