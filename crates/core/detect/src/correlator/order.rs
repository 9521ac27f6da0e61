//! Event time: duplicates are dropped, the rest wait in a buffer until nothing earlier can come any more.
//!
//! Each source has a frontier, the newest stamp of it that is believed. The watermark is the frontier of the slowest
//! source less the allowed lateness; what is earlier than the watermark is released, in order of time and then uid, so
//! that what comes out does not depend on the order in which it went in, as long as no record is later than allowed.
//!
//! A stamp that jumps ahead of its source by more than `future_seconds` moves the frontier only once three records have
//! done so with none between that continues from where the source was: one wild clock cannot make honest records late.
//! A source that falls behind the fastest by more than `idle_seconds` is not waited for, so that its silence does not
//! blind the rest; a source declared with `expect` is waited for until it is finished.

use super::settings::{Counters, Settings, micros};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A jump ahead is believed once so many stamps make it.
const JUMP_STAMPS: usize = 3;
/// Uids remembered in each of two generations.
const UIDS_MAX: usize = 1 << 20;
/// Milliseconds of event time for which a uid is remembered at least, as a multiple of the lateness.
const GENERATION_LATENESSES: i64 = 4;

/// How far one source has come.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Progress {
    frontier: Option<i64>,
    /// Stamps beyond a jump, not believed yet, in order.
    ahead: Vec<i64>,
    /// Waited for until finished.
    expected: bool,
}

/// What became of an event at the door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    /// Waits for its turn.
    Waits,
    /// Its turn has passed.
    Late,
    /// Seen before.
    Duplicate,
}

/// What waits, by time and uid.
type Buffer<P> = BTreeMap<(i64, u128), Waiting<P>>;

/// The buffer and what it knows about time. `P` is what waits.
#[derive(Debug, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Serialize", deserialize = "P: Deserialize<'de>"))]
pub(super) struct Order<P> {
    sources: BTreeMap<String, Progress>,
    /// Released up to here, this instant not included.
    watermark: i64,
    now: Option<i64>,
    #[serde(with = "waiting")]
    waiting: Buffer<P>,
    waiting_bytes: usize,
    recent: Uids,
    older: Uids,
}

#[derive(Debug, Serialize, Deserialize)]
struct Waiting<P> {
    bytes: usize,
    what: P,
}

/// Uids of events, and the newest time among them.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Uids {
    #[serde(with = "uids")]
    set: FxHashSet<u128>,
    since: i64,
}

impl<P> Order<P> {
    pub(super) fn new() -> Order<P> {
        Order {
            sources: BTreeMap::new(),
            watermark: i64::MIN,
            now: None,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            recent: Uids { set: FxHashSet::default(), since: i64::MIN },
            older: Uids { set: FxHashSet::default(), since: i64::MIN },
        }
    }

    /// What the event is: new, late or seen before. Moves its source's frontier.
    pub(super) fn arrive(
        &mut self,
        source: &str,
        at: i64,
        uid: u128,
        settings: &Settings,
        counters: &mut Counters,
    ) -> Arrival {
        if self.older.set.contains(&uid) || !self.recent.set.insert(uid) {
            counters.duplicates += 1;
            return Arrival::Duplicate;
        }
        self.turn_generations(settings);
        self.progress(source, at, settings, counters);
        if at < self.watermark {
            counters.late += 1;
            return Arrival::Late;
        }
        Arrival::Waits
    }

    /// Puts an event that waits into the buffer.
    pub(super) fn wait(&mut self, at: i64, uid: u128, bytes: usize, what: P) {
        self.waiting_bytes += bytes;
        self.waiting.insert((at, uid), Waiting { bytes, what });
    }

    /// The next event whose turn has come.
    pub(super) fn release(&mut self, settings: &Settings, counters: &mut Counters) -> Option<P> {
        let entry = self.waiting.first_entry()?;
        let at = entry.key().0;
        if at >= self.watermark {
            if self.waiting_bytes <= settings.buffer_bytes_max {
                return None;
            }
            // The buffer is full: time moves on without those that may still come.
            counters.released_early += 1;
            self.watermark = at;
        }
        let waiting = entry.remove();
        self.waiting_bytes = self.waiting_bytes.saturating_sub(waiting.bytes);
        Some(waiting.what)
    }

    /// The next event, whether its turn has come or not.
    pub(super) fn flush(&mut self) -> Option<P> {
        let ((at, _), waiting) = self.waiting.pop_first()?;
        self.watermark = self.watermark.max(at);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(waiting.bytes);
        Some(waiting.what)
    }

    /// Changes everything that waits.
    pub(super) fn each_waiting(&mut self, mut change: impl FnMut(&mut P)) {
        self.waiting.values_mut().for_each(|waiting| change(&mut waiting.what));
    }

    /// Released up to here.
    pub(super) fn watermark(&self) -> i64 {
        self.watermark
    }

    /// The clock says `now`.
    pub(super) fn tell(&mut self, now: i64, settings: &Settings) {
        self.now = Some(self.now.map_or(now, |known| known.max(now)));
        self.raise_watermark(settings);
    }

    /// Waits for this source until it is finished.
    pub(super) fn expect(&mut self, source: &str) {
        self.sources.entry(source.to_owned()).or_default().expected = true;
    }

    /// Nothing more comes from this source.
    pub(super) fn finish(&mut self, source: &str, settings: &Settings) {
        self.sources.remove(source);
        self.raise_watermark(settings);
    }

    fn progress(&mut self, source: &str, at: i64, settings: &Settings, counters: &mut Counters) {
        let future = micros(settings.future_seconds);
        if self.now.is_some_and(|now| at > now.saturating_add(future)) {
            counters.future += 1;
            return;
        }
        let progress = match self.sources.get_mut(source) {
            Some(progress) => progress,
            None => self.sources.entry(source.to_owned()).or_default(),
        };
        match progress.frontier {
            Some(frontier) if at <= frontier => return,
            Some(frontier) if at <= frontier.saturating_add(future) => {
                progress.frontier = Some(at);
                progress.ahead.clear();
            }
            known => {
                if known.is_some() {
                    counters.future += 1;
                }
                let place = progress.ahead.partition_point(|other| *other <= at);
                progress.ahead.insert(place, at);
                if progress.ahead.len() < JUMP_STAMPS {
                    return;
                }
                progress.believe(future);
            }
        }
        self.raise_watermark(settings);
    }

    fn raise_watermark(&mut self, settings: &Settings) {
        let Some(lead) = self.sources.values().filter_map(|progress| progress.frontier).chain(self.now).max() else {
            return;
        };
        let patience = lead.saturating_sub(micros(settings.idle_seconds));
        let slowest = self.sources.values().filter_map(|progress| match (progress.expected, progress.frontier) {
            (true, frontier) => Some(frontier.unwrap_or(i64::MIN)),
            (false, Some(frontier)) => Some(frontier.max(patience)),
            // A source with a stamp or two has no frontier yet; it holds nobody up.
            (false, None) => None,
        });
        let reached = slowest.min().unwrap_or(patience);
        self.watermark = self.watermark.max(reached.saturating_sub(micros(settings.lateness_seconds)));
    }

    /// Forgets uids that are too old to arrive as anything but late.
    fn turn_generations(&mut self, settings: &Settings) {
        let span = micros(settings.lateness_seconds.max(900)).saturating_mul(GENERATION_LATENESSES);
        let due = self.recent.since == i64::MIN || self.watermark.saturating_sub(self.recent.since) > span;
        if self.watermark == i64::MIN && self.recent.set.len() < UIDS_MAX {
            return;
        }
        if due || self.recent.set.len() >= UIDS_MAX {
            self.older = std::mem::replace(&mut self.recent, Uids { set: FxHashSet::default(), since: self.watermark });
        }
    }
}

impl Progress {
    /// Enough stamps have jumped: the earliest of them is where the source is now, and what follows from it.
    fn believe(&mut self, future: i64) {
        let mut taken = 0;
        for at in &self.ahead {
            match self.frontier {
                Some(frontier) if taken > 0 && *at > frontier.saturating_add(future) => break,
                _ => self.frontier = Some(*at),
            }
            taken += 1;
        }
        self.ahead.drain(..taken);
    }
}

/// Uids as hexadecimal text: JSON has no 128-bit numbers.
mod uids {
    use super::FxHashSet;
    use firebreak_model::EventUid;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(set: &FxHashSet<u128>, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list: Vec<EventUid> = set.iter().copied().map(EventUid).collect();
        list.sort_unstable();
        list.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FxHashSet<u128>, D::Error> {
        Ok(Vec::<EventUid>::deserialize(deserializer)?.into_iter().map(|uid| uid.0).collect())
    }
}

/// The buffer as a list of pairs: JSON has no compound keys.
mod waiting {
    use super::{Buffer, Waiting};
    use firebreak_model::EventUid;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer, P: Serialize>(map: &Buffer<P>, serializer: S) -> Result<S::Ok, S::Error> {
        let list: Vec<(i64, EventUid, &Waiting<P>)> =
            map.iter().map(|((at, uid), waiting)| (*at, EventUid(*uid), waiting)).collect();
        list.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>, P: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Buffer<P>, D::Error> {
        let list = Vec::<(i64, EventUid, Waiting<P>)>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|(at, uid, waiting)| ((at, uid.0), waiting)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    struct Run {
        order: Order<i64>,
        settings: Settings,
        counters: Counters,
    }

    impl Run {
        fn new() -> Run {
            Run { order: Order::new(), settings: Settings::default(), counters: Counters::default() }
        }

        fn arrive(&mut self, source: &str, seconds: i64, uid: u128) -> (Arrival, Vec<i64>) {
            let at = seconds * SECOND;
            let arrival = self.order.arrive(source, at, uid, &self.settings, &mut self.counters);
            if arrival == Arrival::Waits {
                self.order.wait(at, uid, 100, seconds);
            }
            let mut released = Vec::new();
            while let Some(seconds) = self.order.release(&self.settings, &mut self.counters) {
                released.push(seconds);
            }
            (arrival, released)
        }
    }

    #[test]
    fn what_comes_out_is_in_order() {
        let mut run = Run::new();
        let mut out = Vec::new();
        for (uid, seconds) in [100, 50, 350, 200, 300, 660, 700, 800, 1_100, 1_500].into_iter().enumerate() {
            out.extend(run.arrive("a", seconds, uid as u128).1);
        }
        assert_eq!(out, [50, 100, 200, 300, 350, 660, 700, 800, 1_100].as_slice()[..out.len()].to_vec());
        assert!(out.len() >= 8, "{out:?}");
        assert_eq!(run.arrive("a", 40, 99).0, Arrival::Late);
        assert_eq!(run.arrive("a", 1_100, 8).0, Arrival::Duplicate);
    }

    #[test]
    fn a_wild_clock_makes_nobody_late() {
        let mut run = Run::new();
        for at in 0..10 {
            run.arrive("a", at, at as u128);
        }
        for (uid, at) in (1_000..).zip([9_999_999, 8_888_888]) {
            run.arrive("a", at, uid);
        }
        assert_eq!(run.counters.future, 2);
        for at in 10..2_000 {
            assert_eq!(run.arrive("a", at, 5_000 + at as u128).0, Arrival::Waits);
        }
    }

    #[test]
    fn a_quiet_week_is_believed() {
        let mut run = Run::new();
        for at in (0..10).chain(604_800..604_810) {
            run.arrive("a", at, at as u128);
        }
        assert!(run.order.watermark() > 604_000 * SECOND);
    }

    #[test]
    fn a_silent_source_is_not_waited_for_and_an_expected_one_is() {
        let mut run = Run::new();
        run.order.expect("c");
        for at in 0..3 {
            run.arrive("b", at, 90_000 + at as u128);
        }
        let released: usize = (0..5_000).map(|at| run.arrive("a", at, at as u128).1.len()).sum();
        assert_eq!(released, 0, "c has not begun");
        run.order.finish("c", &run.settings.clone());
        let released = run.arrive("a", 5_000, 5_000).1;
        assert!(released.len() > 3_000, "b fell silent: {}", released.len());
    }

    #[test]
    fn the_clock_moves_time_where_no_record_does() {
        let mut run = Run::new();
        run.arrive("a", 100, 1);
        run.order.tell(10_000 * SECOND, &run.settings.clone());
        assert_eq!(run.order.release(&run.settings, &mut run.counters), Some(100));
    }

    #[test]
    fn a_full_buffer_lets_the_oldest_go() {
        let mut run = Run::new();
        run.settings.buffer_bytes_max = 1_000;
        let released: usize = (0..100).map(|at| run.arrive("a", at, at as u128).1.len()).sum();
        assert_eq!((released, run.counters.released_early > 0), (90, true));
    }
}
