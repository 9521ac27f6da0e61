//! Times as the columns hold them: whole seconds in 32 bits.
//!
//! Beginnings are rounded down and ends up, so that an interval never loses a moment in which something was there.

use firebreak_model::{Time, time::MICROS_PER_SECOND};

/// Since always.
pub(crate) const ALWAYS: u32 = 0;
/// Without an end.
pub(crate) const NEVER: u32 = u32::MAX;

/// A beginning, or a moment.
pub(crate) fn beginning(time: Time) -> u32 {
    match time.seconds() {
        seconds if seconds <= 0 => ALWAYS,
        seconds => u32::try_from(seconds).map_or(NEVER - 1, |seconds| seconds.min(NEVER - 1)),
    }
}

/// An end.
pub(crate) fn end(time: Time) -> u32 {
    let up = time.0.saturating_add(MICROS_PER_SECOND - 1).div_euclid(MICROS_PER_SECOND);
    match up {
        _ if time == Time::MAX => NEVER,
        seconds if seconds <= 0 => ALWAYS,
        seconds => u32::try_from(seconds).unwrap_or(NEVER),
    }
}

/// The time that a beginning means.
pub(crate) fn time(seconds: u32) -> Time {
    match seconds {
        ALWAYS => Time::MIN,
        NEVER => Time::MAX,
        seconds => Time::from_seconds(i64::from(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_only_grow() {
        assert_eq!((beginning(Time(1_999_999)), end(Time(1_000_001))), (1, 2));
        assert_eq!((beginning(Time::MIN), end(Time::MAX), end(Time(2_000_000))), (ALWAYS, NEVER, 2));
        assert_eq!((time(ALWAYS), time(NEVER), time(7)), (Time::MIN, Time::MAX, Time::from_seconds(7)));
        assert!(beginning(Time::from_seconds(i64::from(u32::MAX) + 9)) < NEVER, "a far beginning is no end");
    }
}
