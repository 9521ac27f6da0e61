//! Instants and half-open intervals in UTC microseconds. There is no clock here: time always arrives as data.

use serde::{Deserialize, Serialize};

/// Microseconds since 1970-01-01T00:00:00Z. Serialised as an RFC 3339 string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub i64);

/// Microseconds in one second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;

impl Time {
    /// Before everything.
    pub const MIN: Time = Time(i64::MIN);
    /// After everything: an interval that has not ended.
    pub const MAX: Time = Time(i64::MAX);

    /// The instant `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Time {
        Time(seconds.saturating_mul(MICROS_PER_SECOND))
    }

    /// The instant `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: i64) -> Time {
        Time(millis.saturating_mul(1_000))
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(MICROS_PER_SECOND)
    }

    /// Whole milliseconds since the epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// This instant moved by `seconds` (negative moves back); saturates at the ends of time.
    pub const fn plus_seconds(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds.saturating_mul(MICROS_PER_SECOND)))
    }

    /// Seconds from `earlier` to `self`, as a fraction.
    pub fn seconds_since(self, earlier: Time) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / MICROS_PER_SECOND as f64
    }

    /// Reads RFC 3339 (`2026-03-24T10:58:41Z`), and the forms that platforms write instead: a space for the `T`,
    /// and no zone, which then means UTC. `None` where the text is not a time.
    pub fn parse(text: &str) -> Option<Time> {
        plain_utc(text.as_bytes()).or_else(|| Time::parse_any(text))
    }

    fn parse_any(text: &str) -> Option<Time> {
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Some(Time(stamp.as_microsecond()));
        }
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Time(zoned.timestamp().as_microsecond()))
    }
}

/// Reads the one form that nearly every record has, `YYYY-MM-DDTHH:MM:SS[.fraction]Z`, from 1970 to 9998. `None` for
/// everything else, leap seconds included: the general reader decides those.
fn plain_utc(text: &[u8]) -> Option<Time> {
    let number = |from: usize, digits: usize| {
        text.get(from..from + digits)?
            .iter()
            .try_fold(0_i64, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| text.get(*at) != Some(mark)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1970..=9998).contains(&year) || !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let micros = match text.get(19..)? {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let used = digits.len().min(6);
            digits.iter().all(u8::is_ascii_digit).then_some(())?;
            (used..6).try_fold(number(20, used)?, |number, _| Some(number * 10))?
        }
        _ => return None,
    };
    // Days since 1970, in years that begin in March, so that a leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(Time((((days * 24 + hour) * 60 + minute) * 60 + second) * MICROS_PER_SECOND + micros))
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (*self, jiff::Timestamp::from_microsecond(self.0)) {
            (Time::MIN, _) => f.write_str("the beginning"),
            (Time::MAX, _) => f.write_str("now on"),
            (_, Ok(stamp)) => write!(f, "{stamp}"),
            (_, Err(_)) => write!(f, "{} microseconds", self.0),
        }
    }
}

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Time::MIN | Time::MAX => serializer.serialize_none(),
            time => serializer.collect_str(&time),
        }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        Time::parse(&text).ok_or_else(|| {
            serde::de::Error::custom(format!("`{text}` is not a time; write it as 2026-03-24T10:58:41Z"))
        })
    }
}

/// The half-open interval `[from, to)`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Interval {
    /// The first instant inside.
    pub from: Time,
    /// The first instant after.
    pub to: Time,
}

impl Interval {
    /// All of time.
    pub const ALWAYS: Interval = Interval { from: Time::MIN, to: Time::MAX };

    /// From `from`, with no end known.
    pub const fn since(from: Time) -> Interval {
        Interval { from, to: Time::MAX }
    }

    /// `[from, to)`.
    pub const fn new(from: Time, to: Time) -> Interval {
        Interval { from, to }
    }

    /// Whether `time` is inside.
    pub fn contains(&self, time: Time) -> bool {
        self.from <= time && time < self.to
    }

    /// Whether the two share an instant.
    pub fn overlaps(&self, other: &Interval) -> bool {
        self.from < other.to && other.from < self.to
    }

    /// The instants in both, or `None` if there are none.
    pub fn intersection(&self, other: &Interval) -> Option<Interval> {
        let (from, to) = (self.from.max(other.from), self.to.min(other.to));
        (from < to).then_some(Interval { from, to })
    }
}

#[derive(Serialize, Deserialize)]
struct OpenInterval {
    from: Option<Time>,
    to: Option<Time>,
}

impl Serialize for Interval {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = |time: Time| (time != Time::MIN && time != Time::MAX).then_some(time);
        OpenInterval { from: known(self.from), to: known(self.to) }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Interval, D::Error> {
        let open = OpenInterval::deserialize(deserializer)?;
        Ok(Interval { from: open.from.unwrap_or(Time::MIN), to: open.to.unwrap_or(Time::MAX) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_platforms_write() {
        let t = Time::from_seconds(1_774_349_921);
        for text in
            ["2026-03-24T10:58:41Z", "2026-03-24T10:58:41.000Z", "2026-03-24 10:58:41", "2026-03-24T12:58:41+02:00"]
        {
            assert_eq!(Time::parse(text), Some(t), "{text}");
        }
        assert_eq!(t.to_string(), "2026-03-24T10:58:41Z");
        for text in ["", "yesterday", "2026-13-01T00:00:00Z", "NaN"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_plain_form_is_read_as_the_general_reader_reads_it() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59.999999999Z",
            "2100-02-29T00:00:00Z",
            "2024-02-29T00:00:00.5Z",
            "2024-04-31T00:00:00Z",
            "2016-12-31T23:59:60Z",
            "9998-12-31T23:59:59Z",
            "1969-12-31T23:59:59.5Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00.1234567890Z",
            "2024-01-01T24:00:00Z",
            "2024-01-00T00:00:00Z",
        ] {
            assert_eq!(Time::parse(text), Time::parse_any(text), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_read_otherwise_than_by_the_general_reader(
            text in "(19[67]|2[0-9]{2}|9[0-9]{2})[0-9]-[01][0-9]-[0-3][0-9][T t][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,10})?[Zz+]?"
        ) {
            proptest::prop_assert_eq!(Time::parse(&text), Time::parse_any(&text));
        }

        #[test]
        fn every_instant_that_is_written_is_read(micros in 0_i64..253_000_000_000_000_000) {
            let text = Time(micros).to_string();
            proptest::prop_assert_eq!(plain_utc(text.as_bytes()), Some(Time(micros)));
        }
    }

    #[test]
    fn intervals_are_half_open() {
        let (a, b, c) = (Time(1), Time(2), Time(3));
        assert!(Interval::new(a, b).contains(a) && !Interval::new(a, b).contains(b));
        assert!(!Interval::new(a, b).overlaps(&Interval::new(b, c)));
        assert_eq!(Interval::new(a, c).intersection(&Interval::since(b)), Some(Interval::new(b, c)));
    }

    #[test]
    fn intervals_survive_json() {
        let open = Interval::since(Time::from_seconds(7));
        let text = serde_json::to_string(&open).expect("plain data");
        assert_eq!(text, r#"{"from":"1970-01-01T00:00:07Z","to":null}"#);
        assert_eq!(serde_json::from_str::<Interval>(&text).expect("what we wrote"), open);
    }
}
