//! Waiting: between two tries of one call and between two looks at one step.
//!
//! Waiting goes through [`Sleep`], so that a simulation waits an hour in no time. It decides nothing about what is
//! worth trying again: that is [`crate::context`].

use async_trait::async_trait;
use firebreak_model::Time;
use firebreak_world::{Clock as _, FixedClock, Random};
use std::sync::Arc;
use std::time::Duration;

/// A way to wait.
#[async_trait]
pub trait Sleep: Send + Sync {
    /// Returns once `duration` has passed.
    async fn sleep(&self, duration: Duration);
}

/// Waits by the machine's clock.
#[derive(Debug)]
pub struct RealSleep;

#[async_trait]
impl Sleep for RealSleep {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Moves a standing clock forward instead of waiting.
#[derive(Clone, Debug)]
pub struct SimulatedSleep(pub Arc<FixedClock>);

#[async_trait]
impl Sleep for SimulatedSleep {
    async fn sleep(&self, duration: Duration) {
        self.0.set(after(self.0.now(), duration));
        // Others whose turn it is run now, as they would while a real clock ticks.
        tokio::task::yield_now().await;
    }
}

/// `time`, moved on by `duration`.
pub(crate) fn after(time: Time, duration: Duration) -> Time {
    Time(time.0.saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)))
}

/// How often one call is tried, and how long is waited in between.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Tries of one call, the first included.
    pub tries_max: u32,
    /// The wait after the first try; it doubles with each further one.
    pub first_wait: Duration,
    /// No wait of ours is longer.
    pub wait_max: Duration,
    /// A server that asks for a longer wait than this is taken at its word: the step fails for now and the others go on.
    pub retry_after_max: Duration,
    /// Times one step is applied, the first included, where reading back shows that it did not take effect.
    pub attempts_max: u32,
    /// From when a step's turn has come: a step that has not begun by then is late, and people are told. It is done all the
    /// same.
    pub begin_within: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            tries_max: 5,
            first_wait: Duration::from_millis(200),
            wait_max: Duration::from_secs(10),
            retry_after_max: Duration::from_secs(60),
            attempts_max: 3,
            begin_within: Duration::from_secs(60),
        }
    }
}

impl Patience {
    /// How long to wait after try `tries` (from 1): doubled each time, and up to a half less by chance, so that many
    /// steps that failed together do not come back together.
    pub fn wait(&self, tries: u32, random: &dyn Random) -> Duration {
        let full = self.first_wait.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(self.wait_max);
        let mut byte = [0];
        random.fill(&mut byte);
        full.mul_f64(1.0 - f64::from(byte[0]) / 512.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_world::SeededRandom;

    #[test]
    fn waits_double_up_to_a_limit_and_never_vanish() {
        let (patience, random) = (Patience::default(), SeededRandom::new(7));
        for (tries, full) in [(1, 200), (2, 400), (3, 800), (20, 10_000)] {
            let wait = patience.wait(tries, &random).as_millis();
            assert!(full / 2 <= wait && wait <= full, "try {tries}: {wait} ms");
        }
    }
}
