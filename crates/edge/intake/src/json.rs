//! Reading fields out of a parsed record: by path, absent where the type is another or the text is empty.

use firebreak_model::{Json, Text, Time};
use rustc_hash::FxHashSet;
use sonic_rs::{JsonContainerTrait, JsonType, JsonValueTrait};
use std::borrow::Cow;

/// The value at `path`.
pub(crate) fn at<'j>(json: &'j Json, path: &[&str]) -> Option<&'j Json> {
    path.iter().try_fold(json, |value, key| value.as_object()?.get(key))
}

/// The text at `path`, unless it is empty.
pub(crate) fn text<'j>(json: &'j Json, path: &[&str]) -> Option<&'j str> {
    at(json, path)?.as_str().filter(|text| !text.is_empty())
}

/// The text at the first of `paths` that has one: platforms write one field under several names.
pub(crate) fn text_of<'j>(json: &'j Json, paths: &[&[&str]]) -> Option<&'j str> {
    paths.iter().find_map(|path| text(json, path))
}

/// The text that a value is, unless it is empty.
pub(crate) fn as_text(value: Option<&Json>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}

/// The text at `path`, or the number there in digits: platforms write ids as both.
pub(crate) fn id<'j>(json: &'j Json, path: &[&str]) -> Option<Cow<'j, str>> {
    let value = at(json, path)?;
    match value.as_str() {
        Some(text) => (!text.is_empty()).then_some(Cow::Borrowed(text)),
        None => value.as_i64().map(|number| Cow::Owned(number.to_string())),
    }
}

/// The count at `path`: a whole number that is not negative, written as a number or as text.
pub(crate) fn count(json: &Json, path: &[&str]) -> Option<u64> {
    as_count(at(json, path))
}

/// The count that a value is.
pub(crate) fn as_count(value: Option<&Json>) -> Option<u64> {
    let value = value?;
    if let Some(whole) = value.as_u64() {
        return Some(whole);
    }
    match value.as_f64() {
        Some(number) => (number >= 0.0 && number.fract() == 0.0 && number <= 9e15).then_some(number as u64),
        None => value.as_str()?.parse().ok(),
    }
}

/// The array at `path`.
pub(crate) fn list<'j>(json: &'j Json, path: &[&str]) -> &'j [Json] {
    at(json, path).and_then(|value| value.as_array()).map_or(&[], |array| array.as_slice())
}

/// The first text in the array at `path`, or the text at `path` itself.
pub(crate) fn first<'j>(json: &'j Json, path: &[&str]) -> Option<&'j str> {
    as_first(at(json, path))
}

/// The first text in the array that a value is, or the text that it is itself.
pub(crate) fn as_first(value: Option<&Json>) -> Option<&str> {
    let value = value?;
    let text = if value.is_array() { value.as_array()?.first()?.as_str() } else { value.as_str() };
    text.filter(|text| !text.is_empty())
}

/// Owned text, where there is some.
pub(crate) fn owned(text: Option<&str>) -> Option<Text> {
    text.map(Text::new)
}

/// Whether the value is an object.
pub(crate) fn is_object(json: &Json) -> bool {
    json.is_object()
}

/// What a time field says: text in any form that platforms write, or a number since 1970 whose unit its size tells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Clock<'j> {
    /// This instant.
    At(Time),
    /// Text that is no time.
    Unreadable(&'j str),
    /// Nothing is there.
    Absent,
}

/// The time at `path`.
pub(crate) fn clock<'j>(json: &'j Json, path: &[&str]) -> Clock<'j> {
    at(json, path).map_or(Clock::Absent, clock_of)
}

/// The time that a value is.
pub(crate) fn clock_of(value: &Json) -> Clock<'_> {
    if let Some(text) = value.as_str().filter(|text| !text.is_empty()) {
        return Time::parse(text).map_or(Clock::Unreadable(text), Clock::At);
    }
    value.as_f64().filter(|number| *number > 0.0).map_or(Clock::Absent, |number| Clock::At(since_1970(number)))
}

/// Seconds until the year 5138, then milliseconds, microseconds and nanoseconds until the same year.
fn since_1970(number: f64) -> Time {
    let micros = match number {
        number if number < 1e11 => number * 1e6,
        number if number < 1e14 => number * 1e3,
        number if number < 1e17 => number,
        number => number / 1e3,
    };
    Time(micros as i64)
}

/// A key that some object in the record has twice. Parsers disagree on which of the two values counts, so an intruder
/// could show one identity to us and another to everyone else.
///
/// This looks at every value of every record, most of which hold no others: what each is, is asked once and in place.
#[inline]
pub(crate) fn doubled_key(json: &Json) -> Option<&str> {
    match json.get_type() {
        JsonType::Object => doubled_in(json.as_object()?),
        JsonType::Array => json.as_array()?.as_slice().iter().find_map(doubled_key),
        _ => None,
    }
}

fn doubled_in(object: &sonic_rs::Object) -> Option<&str> {
    const SMALL: usize = 32;
    let mut entries = object.iter();
    if entries.len() > SMALL {
        let mut seen = FxHashSet::default();
        return entries.find_map(|(key, value)| (!seen.insert(key)).then_some(key).or_else(|| doubled_key(value)));
    }
    // Keys are compared only where their prints are the same, and prints only where one of 256 bits says that they may be.
    let (mut prints, mut marks) = ([0_u64; SMALL], [0_u64; 4]);
    for (at, (key, value)) in entries.enumerate() {
        let print = print(key);
        let (word, bit) = ((print >> 62) as usize, 1_u64 << (print >> 56 & 63));
        let marked = marks.get_mut(word)?;
        if *marked & bit != 0
            && prints.iter().take(at).any(|earlier| *earlier == print)
            && object.iter().take(at).any(|(earlier, _)| earlier == key)
        {
            return Some(key);
        }
        *marked |= bit;
        *prints.get_mut(at)? = print;
        if let Some(key) = doubled_key(value) {
            return Some(key);
        }
    }
    None
}

/// A few bytes of a text that tell most keys of one object apart: its length, its first and its last.
fn print(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last))),
            _ => (bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0),
        },
    };
    // The high bits of the product depend on all of them.
    (first ^ last.rotate_left(23) ^ (bytes.len() as u64).rotate_left(47)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A value, and the first key in it that an object has twice.
    fn nested(depth: u32) -> BoxedStrategy<(String, Option<String>)> {
        let plain = prop_oneof![Just("1"), Just("null"), Just("\"\""), Just("{}"), Just("[]")];
        let plain = plain.prop_map(|text| (text.to_owned(), None)).boxed();
        if depth == 0 {
            return plain;
        }
        // Keys as they are written and as they are read.
        let key = prop_oneof![
            Just(("a", "a")),
            Just(("\\u0061", "a")),
            Just(("b\\u0000", "b\0")),
            Just(("", "")),
            Just(("\\\"", "\""))
        ];
        let members = prop::collection::vec((key, nested(depth - 1)), 0..4).prop_map(|members| {
            let (mut seen, mut doubled, mut written) = (Vec::new(), None, Vec::new());
            for ((key, read), (value, within)) in members {
                let again = seen.contains(&read).then(|| read.to_owned());
                doubled = doubled.or(again).or(within);
                seen.push(read);
                written.push(format!("\"{key}\":{value}"));
            }
            (format!("{{{}}}", written.join(",")), doubled)
        });
        let items = prop::collection::vec(nested(depth - 1), 0..4).prop_map(|items| {
            let doubled = items.iter().find_map(|(_, doubled)| doubled.clone());
            let written: Vec<String> = items.into_iter().map(|(text, _)| text).collect();
            (format!("[{}]", written.join(",")), doubled)
        });
        prop_oneof![1 => plain, 2 => members, 1 => items].boxed()
    }

    fn object(keys: &[String]) -> Json {
        let members: Vec<String> = keys.iter().map(|key| format!("\"{key}\":1")).collect();
        sonic_rs::from_str(&format!("{{{}}}", members.join(","))).expect("json")
    }

    proptest! {
        #[test]
        fn a_doubled_key_is_found_and_nothing_else(keys in prop::collection::vec("[ab]{0,3}(event|parameters)?[ab]{0,2}", 0..40)) {
            let doubled = keys.iter().enumerate().find(|(at, key)| keys[..*at].contains(key)).map(|(_, key)| key.as_str());
            let json = object(&keys);
            prop_assert_eq!(doubled_key(&json), doubled);
        }
    }

    proptest! {
        #[test]
        fn a_doubled_key_is_found_at_every_depth_and_however_it_is_written((text, doubled) in nested(4)) {
            let json: Json = sonic_rs::from_str(&text).expect("json");
            prop_assert_eq!(doubled_key(&json), doubled.as_deref(), "{}", text);
        }
    }

    #[test]
    fn keys_of_one_print_are_not_taken_for_the_same() {
        let keys = ["aaaaaaaaXaaaaaaaa", "aaaaaaaaYaaaaaaaa"].map(str::to_owned);
        assert_eq!(print(&keys[0]), print(&keys[1]));
        assert_eq!(doubled_key(&object(&keys)), None);
    }
}
