//! Counting within a time span: events (event_count) and distinct values (value_count).
//!
//! A condition without an upper bound slides: it is met by an event with which the span that ends there holds enough, and
//! only as much is kept as decides that. For values these are the most recent distinct ones, as many as the condition
//! asks for: they all lie within the span exactly where the span holds that many, so that the work for an event is
//! constant however many values an attacker sends.
//!
//! What is kept of one key is bounded. Up to [`EVENTS_EXACT`] events and [`VALUES_EXACT`] values are kept one by one. A
//! condition that asks for more events counts them in slots of a thousandth of the span; more values are estimated
//! ([`estimate`]). Both count the span and a little before it, never less, and the finding says `about`.
//!
//! A condition with an upper bound can only be judged of a span that is over: such a span begins with a key's first event
//! and is judged when it ends.

mod estimate;
mod values;

use super::keyed::{Footprint, text_bytes};
use super::moment::{EVENTS_MAX, Parties};
use estimate::Estimate;
use firebreak_model::{EventUid, Text};
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use values::Values;

/// An event in evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// When, in microseconds.
    pub(crate) at: i64,
    /// Which.
    pub(crate) uid: EventUid,
}

/// The first of `events`, as many as a finding names, each once.
fn evidence_of(events: impl Iterator<Item = Seen>) -> Vec<Seen> {
    let mut evidence: Vec<Seen> = events.take(EVENTS_MAX).collect();
    evidence.dedup();
    evidence
}

/// Most events of a key that are kept one by one.
pub(super) const EVENTS_EXACT: u64 = 1_024;
/// Slots of a span whose events are counted.
const SLOTS: i64 = 1_024;

/// An event that is kept, its uid in halves: a whole one would be aligned and cost eight bytes more.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    at: i64,
    uid: [u64; 2],
}

impl From<Seen> for Kept {
    fn from(seen: Seen) -> Kept {
        Kept { at: seen.at, uid: [(seen.uid.0 >> 64) as u64, seen.uid.0 as u64] }
    }
}

impl Kept {
    fn seen(&self) -> Seen {
        Seen { at: self.at, uid: EventUid(u128::from(self.uid[0]) << 64 | u128::from(self.uid[1])) }
    }
}

/// Events of a slot of time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Slot {
    first: Kept,
    /// When the last of them was.
    last: i64,
    count: u64,
}

/// Slots, and the events in all of them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Slots {
    slots: VecDeque<Slot>,
    count: u64,
}

impl Slots {
    fn take(&mut self, seen: Seen, span: i64) {
        let end = |slot: &Slot| slot.first.at.saturating_add(span / SLOTS);
        match self.slots.back_mut().filter(|slot| seen.at < end(slot)) {
            Some(slot) => (slot.last, slot.count) = (seen.at, slot.count + 1),
            None => self.slots.push_back(Slot { first: seen.into(), last: seen.at, count: 1 }),
        }
        self.count += 1;
        let expired = seen.at.saturating_sub(span);
        while let Some(oldest) = self.slots.front().filter(|oldest| oldest.last <= expired) {
            self.count = self.count.saturating_sub(oldest.count);
            self.slots.pop_front();
        }
    }
}

/// The latest events of one key, as many as decide.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum LatestEvents {
    /// Kept one by one.
    Exact(VecDeque<Kept>),
    /// Counted.
    Counted(Box<Slots>),
}

impl LatestEvents {
    /// None, for a condition that asks for `least`.
    pub(super) fn new(least: u64) -> LatestEvents {
        if least <= EVENTS_EXACT { LatestEvents::Exact(VecDeque::new()) } else { LatestEvents::Counted(Box::default()) }
    }

    /// Takes an event; whether the span that ends with it holds `least`.
    pub(super) fn take(&mut self, seen: Seen, least: u64, span: i64) -> bool {
        match self {
            LatestEvents::Exact(latest) => {
                let expired = seen.at.saturating_sub(span);
                while latest.front().is_some_and(|first| first.at <= expired) || latest.len() as u64 >= least.max(1) {
                    latest.pop_front();
                }
                // Most keys have an event or two: room for four would be wasted on them.
                if latest.len() == latest.capacity() {
                    latest.reserve_exact(latest.len().clamp(1, EVENTS_EXACT as usize));
                }
                latest.push_back(seen.into());
            }
            LatestEvents::Counted(slots) => slots.take(seen, span),
        }
        self.count() >= least
    }

    /// How many events decided.
    pub(super) fn count(&self) -> u64 {
        match self {
            LatestEvents::Exact(latest) => latest.len() as u64,
            LatestEvents::Counted(slots) => slots.count,
        }
    }

    /// The events that decided, oldest first.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        match self {
            LatestEvents::Exact(latest) => evidence_of(latest.iter().map(Kept::seen)),
            LatestEvents::Counted(slots) => evidence_of(slots.slots.iter().map(|slot| slot.first.seen())),
        }
    }
}

impl Footprint for LatestEvents {
    fn heap_bytes(&self) -> usize {
        match self {
            LatestEvents::Exact(latest) => latest.len().next_power_of_two() * size_of::<Kept>() + 16,
            LatestEvents::Counted(slots) => (slots.slots.len().next_power_of_two() + 1) * size_of::<Slot>() + 32,
        }
    }

    fn evidence(&self) -> u64 {
        self.count()
    }
}

/// Most distinct values of a key that are kept one by one.
pub(super) const VALUES_EXACT: u64 = 32_768;

/// The latest distinct values of one key, as many as decide.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum LatestValues {
    /// Kept one by one.
    Exact(Values),
    /// Estimated, with the latest of those that were kept before.
    About(Box<Estimate>, Vec<Seen>),
}

impl Default for LatestValues {
    fn default() -> LatestValues {
        LatestValues::Exact(Values::default())
    }
}

impl LatestValues {
    /// Takes an event with one value; whether the span that ends with it holds `least` distinct ones.
    pub(super) fn take(&mut self, seen: Seen, value: &Text, least: u64, span: i64) -> bool {
        match self {
            LatestValues::Exact(values) => {
                values.see(seen, value);
                let expired = seen.at.saturating_sub(span);
                while values.drop_first(|at| at <= expired) {}
                while values.len() as u64 > least && values.drop_first(|_| true) {}
                if values.len() as u64 > VALUES_EXACT {
                    *self = about(values, span);
                }
            }
            LatestValues::About(estimate, evidence) => {
                estimate.see(seen.at, value);
                if evidence.len() >= EVENTS_MAX {
                    evidence.remove(0);
                }
                evidence.push(seen);
            }
        }
        self.count() >= least
    }

    /// How many values.
    pub(super) fn count(&self) -> u64 {
        match self {
            LatestValues::Exact(values) => values.len() as u64,
            LatestValues::About(estimate, _) => estimate.distinct(),
        }
    }

    /// Whether the count is an estimate.
    pub(super) fn is_estimate(&self) -> bool {
        matches!(self, LatestValues::About(..))
    }

    /// Events that showed the values, oldest first.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        match self {
            LatestValues::Exact(values) => values.evidence(),
            LatestValues::About(_, evidence) => evidence.clone(),
        }
    }
}

/// The values from now on estimated.
fn about(values: &Values, span: i64) -> LatestValues {
    let mut estimate = Estimate::new(span);
    values.in_order().for_each(|(value, seen)| estimate.see(seen.at, value));
    let old = values.len().saturating_sub(EVENTS_MAX);
    LatestValues::About(Box::new(estimate), values.in_order().skip(old).map(|(_, seen)| seen).collect())
}

impl Footprint for LatestValues {
    fn heap_bytes(&self) -> usize {
        match self {
            LatestValues::Exact(values) => values.heap_bytes(),
            LatestValues::About(estimate, _) => estimate.heap_bytes() + EVENTS_MAX * size_of::<Seen>(),
        }
    }

    fn evidence(&self) -> u64 {
        self.count()
    }
}

/// A span that is judged when it is over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WholeSpan {
    /// When it ends, in microseconds.
    pub(super) ends: i64,
    /// Whom its latest event is about.
    pub(super) parties: Parties,
    /// Its events.
    pub(super) events: u64,
    evidence: Vec<Seen>,
    values: FxHashSet<Text>,
    bytes: usize,
}

impl WholeSpan {
    /// A span that ends then.
    pub(super) fn new(ends: i64) -> WholeSpan {
        let values = FxHashSet::default();
        WholeSpan { ends, parties: Parties::default(), events: 0, evidence: Vec::new(), values, bytes: 0 }
    }

    /// Takes an event with its values, of which one more than `most` are enough.
    pub(super) fn take(&mut self, seen: Seen, parties: &Parties, values: &[Text], most: u64) {
        self.events += 1;
        self.parties = parties.clone();
        if self.evidence.len() < EVENTS_MAX {
            self.evidence.push(seen);
        }
        for value in values {
            if self.values.len() as u64 <= most && self.values.insert(value.clone()) {
                self.bytes += text_bytes(value);
            }
        }
    }

    /// Distinct values.
    pub(super) fn distinct(&self) -> u64 {
        self.values.len() as u64
    }

    /// The first events.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        self.evidence.clone()
    }
}

impl Footprint for WholeSpan {
    fn heap_bytes(&self) -> usize {
        self.evidence.len().next_power_of_two().max(4) * size_of::<Seen>()
            + self.values.len().next_power_of_two() * 2 * (size_of::<Text>() + 1)
            + self.bytes
            + 200
    }

    fn evidence(&self) -> u64 {
        self.events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(at: i64) -> Seen {
        Seen { at, uid: EventUid(at as u128) }
    }

    #[test]
    fn events_slide() {
        let mut events = LatestEvents::new(3);
        let fires: Vec<bool> = [0, 5, 10, 11, 30].into_iter().map(|at| events.take(seen(at), 3, 10)).collect();
        // At 10 the event at 0 is exactly a span old, and out.
        assert_eq!(fires, [false, false, false, true, false]);
    }

    #[test]
    fn many_events_are_counted_in_bounded_memory() {
        let (least, span) = (50_000, 1_024_000);
        let mut events = LatestEvents::new(least);
        let fires = (0..200_000).find(|number| events.take(seen(number * 10), least, span));
        assert_eq!(fires, Some(49_999));
        for number in 50_000..200_000 {
            events.take(seen(number * 10), least, span);
        }
        // The span holds 102,400 of them, and the slot that is just leaving a hundred more at most.
        assert!((102_400..=102_500).contains(&events.count()), "{}", events.count());
        assert!(events.heap_bytes() < 256 << 10);
        assert!(!events.take(seen(10_000_000), least, span), "all have left");
    }

    #[test]
    fn values_agree_with_counting_them_all() {
        let (least, span) = (4, 50);
        let mut latest = LatestValues::default();
        let mut all: Vec<(i64, i64)> = Vec::new();
        let mut state = 7_i64;
        for at in 0..3_000 {
            state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
            let value = (state >> 8) % 9 * i64::from(at % 400 < 200);
            all.push((at, value));
            let window: std::collections::BTreeSet<i64> =
                all.iter().filter(|(seen, _)| *seen > at - span).map(|(_, value)| *value).collect();
            let fires = latest.take(seen(at), &Text::new(value.to_string()), least, span);
            assert_eq!(fires, window.len() as u64 >= least, "at {at}");
            assert!(latest.count() <= least);
        }
    }
}
