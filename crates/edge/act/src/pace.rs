//! Waiting: between two tries of one call, between two looks at one step, and between calls of one rate class.
//!
//! Waiting goes through [`Sleep`], so that a simulation waits an hour in no time. It decides nothing about what is
//! worth trying again: that is [`crate::context`].

use crate::spec::RateClass;
use async_trait::async_trait;
use firebreak_model::Time;
use firebreak_world::{Clock, FixedClock, Random};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
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
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            tries_max: 5,
            first_wait: Duration::from_millis(200),
            wait_max: Duration::from_secs(10),
            retry_after_max: Duration::from_secs(60),
            attempts_max: 3,
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

/// Spreads the calls of one rate class so that we never do to a platform what it would refuse, and lets through one at
/// a time what a platform cannot do side by side.
#[derive(Debug, Default)]
pub struct Pacer {
    /// By class: when the next call would be due if none were saved up.
    next: Mutex<BTreeMap<RateClass, Time>>,
    objects: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
}

impl Pacer {
    /// Waits for a turn in `class`.
    pub async fn turn(&self, class: RateClass, clock: &dyn Clock, sleep: &dyn Sleep) {
        let now = clock.now();
        let pace = class.pace();
        let saved = pace.spacing.saturating_mul(pace.burst.saturating_sub(1));
        let wait = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let slot = next.entry(class).or_insert(now);
            let due = (*slot).max(now);
            *slot = after(due, pace.spacing);
            Duration::from_micros(due.0.abs_diff(now.0)).saturating_sub(saved)
        };
        if !wait.is_zero() {
            sleep.sleep(wait).await;
        }
    }

    /// Waits until nobody else works on `object`, and keeps others away from it until the guard is dropped.
    pub async fn alone(&self, object: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            // Locks that nobody holds or waits for are forgotten.
            objects.retain(|_, lock| Arc::strong_count(lock) > 1);
            objects.entry(object.to_owned()).or_default().clone()
        };
        lock.lock_owned().await
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

    #[tokio::test(flavor = "current_thread")]
    async fn calls_of_one_class_are_spread_and_classes_do_not_wait_for_each_other() {
        let clock = Arc::new(FixedClock::default());
        let (pacer, sleep) = (Pacer::default(), SimulatedSleep(clock.clone()));
        for _ in 0..11 {
            pacer.turn(RateClass::AwsControlPlane, clock.as_ref(), &sleep).await;
        }
        assert_eq!(clock.now(), Time::from_seconds(1));
        pacer.turn(RateClass::Webhook, clock.as_ref(), &sleep).await;
        assert_eq!(clock.now(), Time::from_seconds(1));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_class_that_counts_by_the_hour_saves_up_for_a_burst() {
        let clock = Arc::new(FixedClock::default());
        let (pacer, sleep) = (Pacer::default(), SimulatedSleep(clock.clone()));
        for _ in 0..30 {
            pacer.turn(RateClass::GithubAnonymous, clock.as_ref(), &sleep).await;
        }
        assert_eq!(clock.now(), Time(0));
        pacer.turn(RateClass::GithubAnonymous, clock.as_ref(), &sleep).await;
        assert_eq!(clock.now(), Time::from_seconds(60));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn one_object_is_worked_on_by_one_step_at_a_time() {
        let pacer = Pacer::default();
        let first = pacer.alone("drive/1").await;
        let other = pacer.alone("drive/2").await;
        let second = pacer.alone("drive/1");
        tokio::pin!(second);
        tokio::select! {
            biased;
            _ = second.as_mut() => panic!("two at a time"),
            () = std::future::ready(()) => {}
        }
        drop((first, other));
        second.await;
    }
}
