//! Who may call a platform right now: so many calls at a time, the most urgent first, and nobody waits for ever.
//!
//! It counts calls, not steps: a step that sleeps between two calls takes nobody's place. How fast calls may follow one
//! another is not its business: that is [`crate::pacer`].

use firebreak_contain::plan::order::Phase;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Calls to one platform at one time.
pub const CALLS_MAX: usize = 16;
/// Of those, the calls that only the first revocations may make: so that they find a place however slow the rest is.
pub const CALLS_RESERVED: usize = 4;
/// One place in so many goes to whoever has waited longest, however urgent the others are.
const OLDEST_EVERY: u64 = 8;

/// What a call is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// To do the step, or to see whether its call arrived.
    Apply,
    /// To read the state before.
    Preflight,
    /// To look whether it denies.
    Look,
    /// To take it back.
    Undo,
}

/// How urgent a call is: the smaller goes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rank(u8);

impl Rank {
    /// The rank of a call for a step of `phase`: the plan's own order, what was begun before what was not, and every cut
    /// before any undo, any look and any new credential.
    pub const fn of(phase: Phase, purpose: Purpose) -> Rank {
        let place = match phase {
            Phase::Outer => 0,
            Phase::TokenTime => 2,
            Phase::Key => 4,
            Phase::Rest => 6,
            Phase::Sweep => 8,
            Phase::Reissue => 12,
        };
        Rank(match purpose {
            Purpose::Apply => place,
            Purpose::Preflight => place + 1,
            Purpose::Undo => 10,
            Purpose::Look => 11,
        })
    }

    /// Whether it is for what the intruder cannot outrun: a deny from above, a deny of sessions, a key.
    pub const fn is_urgent(self) -> bool {
        self.0 <= Rank::of(Phase::Key, Purpose::Preflight).0
    }
}

/// The calls of one platform.
#[derive(Debug, Default)]
struct Lane {
    /// Calls under way, and those of them that are not urgent.
    calls: usize,
    calm: usize,
    granted: u64,
    /// By urgency, then by arrival.
    waiting: BTreeMap<(Rank, u64), oneshot::Sender<Permit>>,
    /// By arrival.
    arrivals: BTreeMap<u64, Rank>,
}

impl Lane {
    fn has_room(&self, rank: Rank) -> bool {
        self.calls < CALLS_MAX && (rank.is_urgent() || self.calm < CALLS_MAX - CALLS_RESERVED)
    }

    /// Who is next, if anybody may go.
    fn next(&mut self) -> Option<(Rank, oneshot::Sender<Permit>)> {
        loop {
            let oldest = self.arrivals.iter().next().map(|(arrival, rank)| (*rank, *arrival));
            let first = self.waiting.keys().next().copied();
            let turn_of_the_oldest = self.granted % OLDEST_EVERY == OLDEST_EVERY - 1;
            let oldest = oldest.filter(|(rank, _)| turn_of_the_oldest && self.has_room(*rank));
            let key = oldest.or(first.filter(|(rank, _)| self.has_room(*rank)))?;
            self.arrivals.remove(&key.1);
            let Some(sender) = self.waiting.remove(&key) else { continue };
            // Whoever no longer waits takes no place.
            if sender.is_closed() {
                continue;
            }
            self.granted += 1;
            self.calls += 1;
            self.calm += usize::from(!key.0.is_urgent());
            return Some((key.0, sender));
        }
    }
}

#[derive(Debug, Default)]
struct State {
    arrivals: u64,
    lanes: BTreeMap<&'static str, Lane>,
}

/// The calls under way to every platform, and who waits for a place.
#[derive(Clone, Debug, Default)]
pub struct Lanes(Arc<Mutex<State>>);

impl Lanes {
    /// Waits for a place among the calls to `platform`, and keeps it until the permit is dropped.
    pub async fn admit(&self, platform: &'static str, rank: Rank) -> Permit {
        let (sender, receiver) = oneshot::channel();
        self.with(|state| {
            state.arrivals += 1;
            let (arrival, lane) = (state.arrivals, state.lanes.entry(platform).or_default());
            lane.waiting.insert((rank, arrival), sender);
            lane.arrivals.insert(arrival, rank);
        });
        self.pump(platform);
        match receiver.await {
            Ok(permit) => permit,
            // The sender is kept until it is used: this cannot be. Waiting for ever is what a lost place means.
            Err(_) => std::future::pending().await,
        }
    }

    /// How many calls wait for a place, over all platforms.
    pub fn waiting(&self) -> usize {
        self.with(|state| state.lanes.values().map(|lane| lane.waiting.len()).sum())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives out places while there are any.
    fn pump(&self, platform: &'static str) {
        // A permit that nobody takes is dropped, which locks again: so it is sent outside the lock.
        while let Some((rank, sender)) = self.with(|state| state.lanes.get_mut(platform).and_then(Lane::next)) {
            let _ = sender.send(Permit { lanes: self.clone(), platform, calm: !rank.is_urgent() });
        }
    }
}

/// A place among the calls to a platform.
#[derive(Debug)]
pub struct Permit {
    lanes: Lanes,
    platform: &'static str,
    calm: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.lanes.with(|state| {
            if let Some(lane) = state.lanes.get_mut(self.platform) {
                lane.calls = lane.calls.saturating_sub(1);
                lane.calm = lane.calm.saturating_sub(usize::from(self.calm));
            }
        });
        self.lanes.pump(self.platform);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    const KEY: Rank = Rank::of(Phase::Key, Purpose::Apply);
    const LOOK: Rank = Rank::of(Phase::Key, Purpose::Look);

    #[tokio::test(flavor = "current_thread")]
    async fn a_revocation_finds_a_place_however_many_others_hold_and_want_one() {
        let lanes = Lanes::default();
        let mut looks: Vec<_> = (0..1_000).map(|_| Box::pin(lanes.admit("AWS", LOOK))).collect();
        let held: Vec<Permit> = looks.iter_mut().filter_map(|look| look.now_or_never()).collect();
        assert_eq!((held.len(), lanes.waiting()), (CALLS_MAX - CALLS_RESERVED, 1_000 - held.len()));
        let cuts: Vec<Permit> = (0..CALLS_RESERVED).filter_map(|_| lanes.admit("AWS", KEY).now_or_never()).collect();
        assert_eq!(cuts.len(), CALLS_RESERVED);
        assert!(lanes.admit("AWS", KEY).now_or_never().is_none(), "no more calls than the platform is to bear");
        assert!(lanes.admit("GitHub", LOOK).now_or_never().is_some(), "platforms do not wait for each other");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_most_urgent_goes_first_and_the_oldest_is_not_forgotten() {
        let lanes = Lanes::default();
        let held: Vec<Permit> = (0..CALLS_MAX).filter_map(|_| lanes.admit("AWS", KEY).now_or_never()).collect();
        let mut look = Box::pin(lanes.admit("AWS", LOOK));
        assert!(look.as_mut().now_or_never().is_none());
        let mut cuts: Vec<_> = (0..100).map(|_| Box::pin(lanes.admit("AWS", KEY))).collect();
        cuts.iter_mut().for_each(|cut| assert!(cut.now_or_never().is_none()));
        let (mut before, mut looked) = (0, None);
        for permit in held {
            drop(permit);
            looked = looked.or_else(|| look.as_mut().now_or_never());
            before += usize::from(looked.is_none());
        }
        assert!(looked.is_some() && before >= 1, "after {before} cuts");
        assert!(before < OLDEST_EVERY as usize, "{before}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn who_no_longer_waits_takes_no_place() {
        let lanes = Lanes::default();
        let held: Vec<Permit> = (0..CALLS_MAX).filter_map(|_| lanes.admit("AWS", KEY).now_or_never()).collect();
        for _ in 0..50 {
            assert!(lanes.admit("AWS", KEY).now_or_never().is_none());
        }
        let mut last = Box::pin(lanes.admit("AWS", LOOK));
        assert!(last.as_mut().now_or_never().is_none());
        drop(held);
        assert!(last.now_or_never().is_some());
        assert_eq!(lanes.waiting(), 0);
    }
}
