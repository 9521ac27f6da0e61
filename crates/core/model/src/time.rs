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
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Some(Time(stamp.as_microsecond()));
        }
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Time(zoned.timestamp().as_microsecond()))
    }
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
