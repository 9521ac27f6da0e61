//! What all steps of the process share so that no platform is asked for more than it bears: the pace of each rate class,
//! the places of [`crate::lanes`], and one at a time on what a platform cannot change side by side.
//!
//! It decides nothing about what is worth trying again: that is [`crate::context`].

use crate::lanes::{Lanes, Rank};
use crate::pace::{Sleep, after};
use crate::spec::RateClass;
use firebreak_model::Time;
use firebreak_world::Clock;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Spreads the calls of one rate class so that we never do to a platform what it would refuse, and lets through one at
/// a time what a platform cannot do side by side. One serves all plans of a process.
#[derive(Debug, Default)]
pub struct Pacer {
    classes: Mutex<Classes>,
    objects: Mutex<Objects>,
    /// Until when a server asked us to wait.
    held: Mutex<BTreeMap<(RateClass, String), Time>>,
    lanes: Lanes,
    without_pace: bool,
}

#[derive(Debug, Default)]
struct Classes {
    tickets: u64,
    by_class: BTreeMap<RateClass, Class>,
}

#[derive(Debug, Default)]
struct Class {
    /// When the next call would be due if none were saved up.
    next: Option<Time>,
    waiting: BTreeSet<(Rank, u64)>,
    changed: Arc<Notify>,
}

/// Locks by name. Those that nobody holds or waits for are forgotten whenever there are twice as many as last time.
#[derive(Debug, Default)]
struct Objects {
    locks: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    forget_at: usize,
}

/// What one who waits for a turn is to do.
enum Look {
    Go,
    In(Duration),
    Behind,
}

impl Pacer {
    /// One that keeps no pace, to measure what we ourselves take: places, objects and what servers ask for stay as they are.
    pub fn without_pace() -> Pacer {
        Pacer { without_pace: true, ..Pacer::default() }
    }

    /// The places among the calls to each platform.
    pub fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Waits for a turn in `class`; the most urgent has it first.
    pub async fn turn(&self, class: RateClass, rank: Rank, clock: &dyn Clock, sleep: &dyn Sleep) {
        if self.without_pace {
            return;
        }
        let (place, changed) = self.line_up(class, rank);
        loop {
            let notified = changed.notified();
            tokio::pin!(notified);
            // What changes from here on is noticed.
            notified.as_mut().enable();
            match self.look(&place, clock.now()) {
                Look::Go => return,
                Look::In(wait) => sleep.sleep(wait).await,
                Look::Behind => notified.await,
            }
        }
    }

    fn line_up(&self, class: RateClass, rank: Rank) -> (Place<'_>, Arc<Notify>) {
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        classes.tickets += 1;
        let ticket = (rank, classes.tickets);
        let of_class = classes.by_class.entry(class).or_default();
        of_class.waiting.insert(ticket);
        (Place { pacer: self, class, ticket }, Arc::clone(&of_class.changed))
    }

    fn look(&self, place: &Place<'_>, now: Time) -> Look {
        let pace = place.class.pace();
        let saved = pace.spacing.saturating_mul(pace.burst.saturating_sub(1));
        let mut classes = self.classes.lock().unwrap_or_else(PoisonError::into_inner);
        let class = classes.by_class.entry(place.class).or_default();
        if class.waiting.first().is_some_and(|first| *first != place.ticket) {
            return Look::Behind;
        }
        let due = class.next.unwrap_or(now).max(now);
        let wait = Duration::from_micros(due.0.abs_diff(now.0)).saturating_sub(saved);
        if wait.is_zero() {
            class.next = Some(after(due, pace.spacing));
            return Look::Go;
        }
        Look::In(wait)
    }

    /// Notes that `server` asked us to make no call of `class` for so long.
    pub fn hold_off(&self, class: RateClass, server: &str, until: Time) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let known = held.entry((class, server.to_owned())).or_insert(until);
        *known = (*known).max(until);
    }

    /// How long `server` still wants us to wait.
    pub fn held_off(&self, class: RateClass, server: &str, now: Time) -> Option<Duration> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_empty() {
            return None;
        }
        held.retain(|_, until| *until > now);
        let until = held.get(&(class, server.to_owned()))?;
        Some(Duration::from_micros(until.0.abs_diff(now.0)))
    }

    /// Waits until nobody else works on `object`, and keeps others away from it until the guard is dropped.
    pub async fn alone(&self, object: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let lock = {
            let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
            if objects.locks.len() >= objects.forget_at {
                objects.locks.retain(|_, lock| Arc::strong_count(lock) > 1);
                objects.forget_at = (objects.locks.len() * 2).max(64);
            }
            objects.locks.entry(object.to_owned()).or_default().clone()
        };
        lock.lock_owned().await
    }
}

/// A place in the line for a turn, left when it is dropped.
struct Place<'a> {
    pacer: &'a Pacer,
    class: RateClass,
    ticket: (Rank, u64),
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut classes = self.pacer.classes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(class) = classes.by_class.get_mut(&self.class) {
            class.waiting.remove(&self.ticket);
            class.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::Purpose;
    use crate::pace::SimulatedSleep;
    use firebreak_contain::plan::order::Phase;
    use firebreak_world::FixedClock;

    const CUT: Rank = Rank::of(Phase::Key, Purpose::Apply);
    const LOOK: Rank = Rank::of(Phase::Key, Purpose::Look);

    #[tokio::test(flavor = "current_thread")]
    async fn calls_of_one_class_are_spread_and_classes_do_not_wait_for_each_other() {
        let clock = Arc::new(FixedClock::default());
        let (pacer, sleep) = (Pacer::default(), SimulatedSleep(clock.clone()));
        for _ in 0..5 {
            pacer.turn(RateClass::AwsControlPlane, CUT, clock.as_ref(), &sleep).await;
        }
        assert_eq!(clock.now(), Time(0), "the first calls need not wait");
        for _ in 0..10 {
            pacer.turn(RateClass::AwsControlPlane, CUT, clock.as_ref(), &sleep).await;
        }
        assert_eq!(clock.now(), Time::from_seconds(1));
        pacer.turn(RateClass::Webhook, CUT, clock.as_ref(), &sleep).await;
        assert_eq!(clock.now(), Time::from_seconds(1));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_class_that_counts_by_the_hour_saves_up_for_a_burst() {
        let clock = Arc::new(FixedClock::default());
        let (pacer, sleep) = (Pacer::default(), SimulatedSleep(clock.clone()));
        for _ in 0..30 {
            pacer.turn(RateClass::GithubAnonymous, CUT, clock.as_ref(), &sleep).await;
        }
        assert_eq!(clock.now(), Time(0));
        pacer.turn(RateClass::GithubAnonymous, CUT, clock.as_ref(), &sleep).await;
        assert_eq!(clock.now(), Time::from_seconds(60));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_cut_that_comes_late_has_the_next_turn() {
        let clock = Arc::new(FixedClock::default());
        let (pacer, sleep) = (Pacer::default(), SimulatedSleep(clock.clone()));
        let order = Mutex::new(Vec::new());
        let call = async |rank: Rank, name: &'static str| {
            pacer.turn(RateClass::Webhook, rank, clock.as_ref(), &sleep).await;
            order.lock().unwrap().push(name);
        };
        tokio::join!(call(LOOK, "1"), call(LOOK, "2"), call(LOOK, "3"), call(CUT, "cut"), call(LOOK, "4"));
        assert_eq!(*order.lock().unwrap(), ["1", "2", "cut", "3", "4"], "two were saved up");
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

    #[test]
    fn a_server_that_asks_to_wait_is_left_alone_and_the_others_are_not() {
        let pacer = Pacer::default();
        pacer.hold_off(RateClass::Okta, "one.example", Time::from_seconds(9));
        pacer.hold_off(RateClass::Okta, "one.example", Time::from_seconds(7));
        let held = |server, at| pacer.held_off(RateClass::Okta, server, Time::from_seconds(at));
        assert_eq!(held("one.example", 4), Some(Duration::from_secs(5)));
        assert_eq!(held("two.example", 4), None);
        assert_eq!(held("one.example", 9), None);
    }
}
