//! Event time: duplicates are dropped, the rest wait in a buffer until nothing earlier can come any more.
//!
//! What is earlier than the watermark (see [`progress`]) is released in order of time and then uid, so that what comes
//! out does not depend on the order in which it went in, as long as no record is later than allowed. The buffer has a
//! bucket for each second; a bucket is put in order once, when its second is over. That costs an event the same however
//! many wait, where a sorted map would cost it the more the more do.

mod places;
mod progress;
mod uids;

use super::settings::{Counters, Settings};
use firebreak_model::EventUid;
use firebreak_model::time::MICROS_PER_SECOND;
use places::Places;
use progress::Progress;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use uids::Uids;

/// What became of an event at the door.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    /// New. It waits for its turn.
    Waits,
    /// New, but its turn has passed.
    Late,
    /// Seen before.
    Duplicate,
}

/// The second that a stamp lies in.
fn second_of(at: i64) -> i64 {
    at.div_euclid(MICROS_PER_SECOND)
}

/// Where something that waits lies, with what orders it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Ticket {
    at: i64,
    uid: u128,
    place: usize,
}

#[derive(Debug)]
struct Waiting<P> {
    bytes: usize,
    what: P,
}

/// Buckets kept for later use, so that a second costs no allocation.
const SPARE_BUCKETS: usize = 64;

/// The buffer and what it knows about time. `P` is what waits.
#[derive(Debug)]
pub(super) struct Order<P> {
    progress: Progress,
    seen: Uids,
    buckets: BTreeMap<i64, Vec<Ticket>>,
    /// The first of the buckets.
    first: i64,
    spare: Vec<Vec<Ticket>>,
    /// The bucket that is being released, last first.
    due: Vec<Ticket>,
    /// What waits lies here; a ticket says where.
    places: Places<Waiting<P>>,
    waiting_bytes: usize,
}

impl<P> Order<P> {
    pub(super) fn new() -> Order<P> {
        Order {
            progress: Progress::new(),
            seen: Uids::default(),
            buckets: BTreeMap::new(),
            first: i64::MAX,
            spare: Vec::new(),
            due: Vec::new(),
            places: Places::default(),
            waiting_bytes: 0,
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
        if !self.seen.add(uid) {
            counters.duplicates += 1;
            return Arrival::Duplicate;
        }
        self.progress.stamp(source, at, settings, counters);
        if second_of(at) < self.progress.watermark() {
            counters.late += 1;
            return Arrival::Late;
        }
        Arrival::Waits
    }

    /// Puts an event that waits into the buffer.
    pub(super) fn wait(&mut self, at: i64, uid: u128, bytes: usize, what: P) {
        self.waiting_bytes += bytes;
        let place = self.places.put(Waiting { bytes, what });
        let second = second_of(at);
        self.first = self.first.min(second);
        let bucket = self.buckets.entry(second).or_insert_with(|| self.spare.pop().unwrap_or_default());
        bucket.push(Ticket { at, uid, place });
    }

    /// The next event whose turn has come.
    pub(super) fn release(&mut self, settings: &Settings, counters: &mut Counters) -> Option<P> {
        if self.due.is_empty() && !self.next_bucket(settings, counters) {
            return None;
        }
        self.take_due()
    }

    /// The next event, whether its turn has come or not.
    pub(super) fn flush(&mut self) -> Option<P> {
        if self.due.is_empty() && !self.buckets.is_empty() {
            self.progress.skip_to(self.first.saturating_add(1));
            self.open_bucket();
        }
        self.take_due()
    }

    /// Makes the next bucket due whose second is over; whether there is one.
    fn next_bucket(&mut self, settings: &Settings, counters: &mut Counters) -> bool {
        if self.first >= self.progress.watermark() {
            if self.waiting_bytes <= settings.buffer_bytes_max || self.buckets.is_empty() {
                return false;
            }
            // The buffer is full: time moves on without those that may still come.
            counters.released_early += self.buckets.first_key_value().map_or(0, |(_, bucket)| bucket.len() as u64);
            self.progress.skip_to(self.first.saturating_add(1));
        }
        self.open_bucket()
    }

    fn open_bucket(&mut self) -> bool {
        let Some((_, mut bucket)) = self.buckets.pop_first() else { return false };
        self.first = self.buckets.first_key_value().map_or(i64::MAX, |(second, _)| *second);
        bucket.sort_unstable();
        bucket.reverse();
        let emptied = std::mem::replace(&mut self.due, bucket);
        if self.spare.len() < SPARE_BUCKETS {
            self.spare.push(emptied);
        }
        true
    }

    fn take_due(&mut self) -> Option<P> {
        let ticket = self.due.pop()?;
        let waiting = self.places.take(ticket.place)?;
        self.waiting_bytes = self.waiting_bytes.saturating_sub(waiting.bytes);
        Some(waiting.what)
    }

    /// Changes everything that waits.
    pub(super) fn each_waiting(&mut self, mut change: impl FnMut(&mut P)) {
        self.places.each().for_each(|waiting| change(&mut waiting.what));
    }

    /// Released up to here, in microseconds, this instant not included.
    pub(super) fn watermark(&self) -> i64 {
        self.progress.watermark().saturating_mul(MICROS_PER_SECOND)
    }

    /// The clock says `now`.
    pub(super) fn tell(&mut self, now: i64, settings: &Settings) {
        self.progress.tell(now, settings);
    }

    /// Waits for this source until it is finished.
    pub(super) fn expect(&mut self, source: &str) {
        self.progress.expect(source);
    }

    /// Waits for these sources, and for no others, until they have caught up.
    pub(super) fn expect_only(&mut self, sources: &[&str]) {
        self.progress.expect_only(sources);
    }

    /// This source has caught up with its input.
    pub(super) fn caught_up(&mut self, source: &str, settings: &Settings) {
        self.progress.caught_up(source, settings);
    }

    /// Nothing more comes from this source.
    pub(super) fn finish(&mut self, source: &str, settings: &Settings) {
        self.progress.finish(source, settings);
    }
}

/// What is written: what waits, in order.
impl<P: Serialize> Serialize for Order<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tickets: Vec<&Ticket> = self.buckets.values().flatten().chain(&self.due).collect();
        tickets.sort_unstable();
        let waiting: Vec<(i64, EventUid, usize, &P)> = tickets
            .into_iter()
            .filter_map(|ticket| {
                let waiting = self.places.get(ticket.place)?;
                Some((ticket.at, EventUid(ticket.uid), waiting.bytes, &waiting.what))
            })
            .collect();
        (&self.progress, &self.seen, waiting).serialize(serializer)
    }
}

impl<'de, P: Deserialize<'de>> Deserialize<'de> for Order<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Order<P>, D::Error> {
        type Read<P> = (Progress, Uids, Vec<(i64, EventUid, usize, P)>);
        let (progress, seen, waiting) = Read::<P>::deserialize(deserializer)?;
        let mut order = Order { progress, seen, ..Order::new() };
        for (at, uid, bytes, what) in waiting {
            order.wait(at, uid.0, bytes, what);
        }
        Ok(order)
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
    fn backlogs_that_lie_days_apart_make_nobody_late_until_they_have_been_read() {
        let mut run = Run::new();
        let settings = run.settings.clone();
        run.order.expect_only(&["sparse", "dense"]);
        // Five records are five days of one log, and two minutes of the other.
        for day in 0..5 {
            run.arrive("sparse", day * 86_400, day as u128);
        }
        let mut released = Vec::new();
        for at in 0..120 {
            let (arrival, out) = run.arrive("dense", at, 1_000 + at as u128);
            assert_eq!(arrival, Arrival::Waits, "at {at}");
            released.extend(out);
        }
        assert_eq!(run.counters.late, 0);
        run.order.caught_up("sparse", &settings);
        run.order.caught_up("dense", &settings);
        released.extend(std::iter::from_fn(|| run.order.release(&settings, &mut run.counters)));
        let count = released.len();
        assert!(count > 120 && released.is_sorted(), "{count}");
        // Nobody is waited for who was expected once and is not any longer.
        run.order.expect_only(&["gone"]);
        run.order.expect_only(&[]);
        assert!((5 * 86_400..6 * 86_400).any(|at| !run.arrive("sparse", at, 9_000 + at as u128).1.is_empty()));
    }

    #[test]
    fn the_clock_moves_time_where_no_record_does() {
        let mut run = Run::new();
        run.arrive("a", 100, 1);
        run.order.tell(10_000 * SECOND, &run.settings.clone());
        assert_eq!(run.order.release(&run.settings, &mut run.counters), Some(100));
    }

    #[test]
    fn time_goes_on_after_a_flush() {
        let mut run = Run::new();
        run.arrive("a", 100, 1);
        assert_eq!((run.order.flush(), run.order.flush()), (Some(100), None));
        assert_eq!(run.arrive("a", 100, 2).0, Arrival::Late);
        assert_eq!(run.arrive("a", 101, 3).0, Arrival::Waits);
    }

    #[test]
    fn a_full_buffer_lets_the_oldest_go() {
        let mut run = Run::new();
        run.settings.buffer_bytes_max = 1_000;
        let released: usize = (0..100).map(|at| run.arrive("a", at, at as u128).1.len()).sum();
        assert_eq!((released, run.counters.released_early > 0), (90, true));
    }
}
