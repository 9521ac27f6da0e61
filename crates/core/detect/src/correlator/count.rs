//! Counting within a time span: events (event_count) and distinct values (value_count).
//!
//! A condition without an upper bound slides: it is met by an event with which the span that ends there holds enough, and
//! only as much is kept as decides that. For values these are the most recent distinct ones, as many as the condition
//! asks for: they all lie within the span exactly where the span holds that many, so that the work for an event is
//! constant however many values an attacker sends.
//!
//! A condition with an upper bound can only be judged of a span that is over: such a span begins with a key's first event
//! and is judged when it ends.

use super::keyed::{Footprint, text_bytes};
use super::moment::{EVENTS_MAX, Parties};
use firebreak_model::{EventUid, Text};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// An event in evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    /// When, in microseconds.
    pub(crate) at: i64,
    /// Which.
    pub(crate) uid: EventUid,
}

/// The latest events of one key, as many as decide.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct LatestEvents {
    latest: VecDeque<Seen>,
}

impl LatestEvents {
    /// Takes an event; whether the span that ends with it holds `least`.
    pub(super) fn take(&mut self, seen: Seen, least: u64, span: i64) -> bool {
        self.latest.push_back(seen);
        while self.latest.len() as u64 > least {
            self.latest.pop_front();
        }
        while self.latest.front().is_some_and(|first| first.at <= seen.at.saturating_sub(span)) {
            self.latest.pop_front();
        }
        self.latest.len() as u64 >= least
    }

    /// The events that decided, oldest first.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        self.latest.iter().copied().collect()
    }
}

impl Footprint for LatestEvents {
    fn heap_bytes(&self) -> usize {
        self.latest.capacity() * size_of::<Seen>()
    }
}

/// The latest distinct values of one key, as many as decide.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct LatestValues {
    /// When each value was seen last.
    last: FxHashMap<Text, Seen>,
    /// Values in the order in which they were seen; an entry whose value was seen again since means nothing.
    order: VecDeque<(Seen, Text)>,
    bytes: usize,
}

impl LatestValues {
    /// Takes an event with one value; whether the span that ends with it holds `least` distinct ones.
    pub(super) fn take(&mut self, seen: Seen, value: &Text, least: u64, span: i64) -> bool {
        if self.last.insert(value.clone(), seen).is_none() {
            self.bytes += text_bytes(value);
        }
        self.order.push_back((seen, value.clone()));
        let expired = seen.at.saturating_sub(span);
        while let Some((first, value)) = self.order.front() {
            let current = self.last.get(value) == Some(first);
            if current && first.at > expired && self.last.len() as u64 <= least {
                break;
            }
            if current {
                self.bytes = self.bytes.saturating_sub(text_bytes(value));
                self.last.remove(value);
            }
            self.order.pop_front();
        }
        // The same few values again and again leave only dead entries behind the first.
        if self.order.len() > 2 * self.last.len() + 16 {
            let last = &self.last;
            self.order.retain(|(seen, value)| last.get(value) == Some(seen));
        }
        self.last.len() as u64 >= least
    }

    /// The last event of each value, oldest first.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        let mut events: Vec<Seen> = self.last.values().copied().collect();
        events.sort_unstable();
        events.dedup();
        events
    }
}

impl Footprint for LatestValues {
    fn heap_bytes(&self) -> usize {
        self.last.capacity() * (size_of::<(Text, Seen)>() + 1)
            + self.order.capacity() * size_of::<(Seen, Text)>()
            + self.bytes
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

/// Distinct values kept of a span that is over later; more than any condition may allow.
const VALUES_MAX: usize = 1_000_001;

impl WholeSpan {
    /// A span that ends then.
    pub(super) fn new(ends: i64) -> WholeSpan {
        let values = FxHashSet::default();
        WholeSpan { ends, parties: Parties::default(), events: 0, evidence: Vec::new(), values, bytes: 0 }
    }

    /// Takes an event with its values.
    pub(super) fn take(&mut self, seen: Seen, parties: &Parties, values: &[Text]) {
        self.events += 1;
        self.parties = parties.clone();
        if self.evidence.len() < EVENTS_MAX {
            self.evidence.push(seen);
        }
        for value in values {
            if self.values.len() < VALUES_MAX && self.values.insert(value.clone()) {
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
        self.evidence.capacity() * size_of::<Seen>()
            + self.values.capacity() * (size_of::<Text>() + 1)
            + self.bytes
            + 200
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
        let mut events = LatestEvents::default();
        let fires: Vec<bool> = [0, 5, 10, 11, 30].into_iter().map(|at| events.take(seen(at), 3, 10)).collect();
        // At 10 the event at 0 is exactly a span old, and out.
        assert_eq!(fires, [false, false, false, true, false]);
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
            assert!(latest.last.len() <= 4 && latest.order.len() <= 2 * 4 + 17);
        }
    }
}
