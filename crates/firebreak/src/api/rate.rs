//! How often one caller may call: a bucket each that fills at a steady pace.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Callers that are remembered at one time; more than there ever are, and a bound on what an attacker can make us keep.
const CALLERS_MAX: usize = 4_096;

/// Calls that a caller may make at once, and each second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Pace {
    /// At once.
    pub burst: f64,
    /// Each second from then on.
    pub each_second: f64,
}

/// The buckets of all callers.
#[derive(Debug)]
pub(crate) struct Buckets {
    pace: Pace,
    left: Mutex<HashMap<String, (f64, Instant)>>,
}

impl Buckets {
    /// Full buckets.
    pub(crate) fn new(pace: Pace) -> Buckets {
        Buckets { pace, left: Mutex::default() }
    }

    /// Takes one call of `caller` at `now`.
    ///
    /// # Errors
    /// After how many seconds there is one, where there is none.
    pub(crate) fn take(&self, caller: &str, now: Instant) -> Result<(), u32> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Pace { burst, each_second } = self.pace;
        if left.len() >= CALLERS_MAX && !left.contains_key(caller) {
            // Whoever has a full bucket by now is forgotten without loss.
            let full = |(tokens, at): &(f64, Instant)| tokens + (now - *at).as_secs_f64() * each_second >= burst;
            left.retain(|_, bucket| !full(bucket));
            if left.len() >= CALLERS_MAX {
                return Err(1);
            }
        }
        let (tokens, at) = left.entry(caller.to_owned()).or_insert((burst, now));
        *tokens = (*tokens + now.saturating_duration_since(*at).as_secs_f64() * each_second).min(burst);
        *at = now;
        if *tokens >= 1.0 {
            *tokens -= 1.0;
            return Ok(());
        }
        Err((((1.0 - *tokens) / each_second).ceil() as u32).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_caller_has_a_burst_then_a_pace_and_takes_nothing_from_others() {
        let (buckets, start) = (Buckets::new(Pace { burst: 3.0, each_second: 0.5 }), Instant::now());
        assert!((0..3).all(|_| buckets.take("a", start).is_ok()));
        assert_eq!(buckets.take("a", start), Err(2));
        assert_eq!(buckets.take("b", start), Ok(()));
        assert_eq!(buckets.take("a", start + Duration::from_secs(2)), Ok(()));
        assert!(buckets.take("a", start + Duration::from_secs(2)).is_err());
    }

    #[test]
    fn a_flood_of_names_is_bounded_and_refused() {
        let (buckets, start) = (Buckets::new(Pace { burst: 2.0, each_second: 1.0 }), Instant::now());
        let taken = (0..2 * CALLERS_MAX).filter(|name| buckets.take(&name.to_string(), start).is_ok()).count();
        assert_eq!(taken, CALLERS_MAX);
        assert_eq!(buckets.take("later", start + Duration::from_secs(5)), Ok(()));
    }
}
