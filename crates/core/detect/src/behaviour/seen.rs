//! Decaying first-seen sets: what an identity was seen with, since when, and until when.
//!
//! Bounded: when a set is full the item that was used longest ago goes. Times are whole minutes. An item that was raised
//! when it was new is on probation for the learning time: not raised again, but not at home either.

use super::Behaviour;
use super::few::Few;
use serde::{Deserialize, Serialize};

/// Minutes since 1970 of an event time in microseconds; earlier is 0.
pub(crate) fn minute(at: i64) -> u32 {
    u32::try_from(at.div_euclid(60_000_000).max(0)).map_or(LATEST, |minute| minute.min(LATEST))
}

const RAISED: u32 = 1 << 31;
/// Above the minutes of `last` stands the set.
const SET_SHIFT: u32 = 29;
/// The latest minute that there is, in the year 2990.
pub(crate) const LATEST: u32 = (1 << SET_SHIFT) - 1;

/// What something was seen as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Set {
    Networks,
    Agents,
    Operations,
    Classes,
    /// What behaviours said of it.
    Told,
}

impl Set {
    /// Items remembered.
    const fn max(self) -> usize {
        match self {
            Set::Networks | Set::Operations => 48,
            Set::Agents | Set::Classes => 24,
            Set::Told => Behaviour::COUNT,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Item {
    what: u64,
    /// With [`RAISED`], where it was raised.
    first: u32,
    /// With the set.
    last: u32,
}

impl Item {
    fn new(set: Set, what: u64, now: u32, raised: bool) -> Item {
        let now = now.min(LATEST);
        Item { what, first: now | if raised { RAISED } else { 0 }, last: now | (set as u32) << SET_SHIFT }
    }

    fn is(&self, set: Set, what: u64) -> bool {
        self.what == what && self.is_in(set)
    }

    fn is_in(&self, set: Set) -> bool {
        self.last >> SET_SHIFT == set as u32
    }

    fn first(&self) -> u32 {
        self.first & LATEST
    }

    fn last(&self) -> u32 {
        self.last & LATEST
    }
}

/// How an item stands to a set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// Used in peace, and today before.
    Known,
    /// Used in peace, for the first time today: the day when others may be told.
    KnownAgain,
    /// Raised not long ago.
    Probation,
    /// Never seen, or forgotten.
    New,
}

/// When, and how long things are remembered, in minutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) now: u32,
    /// What was used last before this is forgotten.
    pub(crate) horizon: u32,
    /// How long what was raised stays on probation.
    pub(crate) probation: u32,
}

/// All sets of one identity in one list: each is short, and five lists cost more than what is in them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen(Few<Item>);

impl Seen {
    /// How `what` stands, before this use. A use of what is known renews it.
    pub(crate) fn touch(&mut self, set: Set, what: u64, span: Span) -> Standing {
        let Some(place) = self.0.iter().position(|item| item.is(set, what)) else { return Standing::New };
        // What is used now is used again soon: it is looked for first.
        self.0.swap(0, place);
        let Some(item) = self.0.first_mut() else { return Standing::New };
        let last = item.last();
        if last < span.horizon {
            return Standing::New;
        }
        let today = last / 1_440 == span.now / 1_440;
        item.last = last.max(span.now.min(LATEST)) | (set as u32) << SET_SHIFT;
        if item.first & RAISED != 0 && span.now < item.first().saturating_add(span.probation) {
            Standing::Probation
        } else if today {
            Standing::Known
        } else {
            Standing::KnownAgain
        }
    }

    /// Puts in what [`Seen::touch`] called new.
    pub(crate) fn insert(&mut self, set: Set, what: u64, now: u32, raised: bool) {
        let item = Item::new(set, what, now, raised);
        if let Some(old) = self.0.iter_mut().find(|old| old.is(set, what)) {
            *old = item;
            return;
        }
        if self.len(set) < set.max() {
            self.0.push(item);
        } else if let Some(oldest) =
            self.0.iter_mut().filter(|old| old.is_in(set)).min_by_key(|old| (old.last(), old.what))
        {
            *oldest = item;
        }
    }

    /// When `what` was used last.
    pub(crate) fn last(&self, set: Set, what: u64) -> Option<u32> {
        self.0.iter().find(|item| item.is(set, what)).map(Item::last)
    }

    pub(crate) fn len(&self, set: Set) -> usize {
        self.0.iter().filter(|item| item.is_in(set)).count()
    }

    pub(crate) fn items(&self, set: Set) -> impl Iterator<Item = u64> {
        self.0.iter().filter(move |item| item.is_in(set)).map(|item| item.what)
    }

    /// How many items came first after `since`.
    pub(crate) fn newer_than(&self, set: Set, since: u32) -> usize {
        self.0.iter().filter(|item| item.is_in(set) && item.first() > since).count()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.list_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AGENTS: Set = Set::Agents;

    fn span(now: u32) -> Span {
        Span { now, horizon: now.saturating_sub(100), probation: 50 }
    }

    #[test]
    fn what_is_raised_is_on_probation_and_what_is_unused_is_forgotten() {
        let mut seen = Seen::default();
        assert_eq!(seen.touch(AGENTS, 7, span(1_000)), Standing::New);
        seen.insert(AGENTS, 7, 1_000, true);
        assert_eq!(seen.touch(AGENTS, 7, span(1_049)), Standing::Probation);
        assert_eq!(seen.touch(AGENTS, 7, span(1_050)), Standing::Known);
        assert_eq!(seen.touch(AGENTS, 7, span(1_150)), Standing::Known);
        assert_eq!(seen.touch(AGENTS, 7, span(1_251)), Standing::New, "forgotten");
        seen.insert(AGENTS, 7, 1_251, false);
        assert_eq!(seen.touch(AGENTS, 7, span(1_300)), Standing::Known);
        assert_eq!(
            seen.touch(AGENTS, 7, Span { now: 1_441, horizon: 0, probation: 0 }),
            Standing::KnownAgain,
            "another day"
        );
    }

    #[test]
    fn a_full_set_drops_what_was_used_longest_ago_and_touches_no_other() {
        let mut seen = Seen::default();
        (0..9).for_each(|what| seen.insert(Set::Networks, what, 1, false));
        for what in 0..30 {
            seen.insert(AGENTS, what, 1_000 + what as u32, false);
        }
        assert_eq!((seen.len(AGENTS), seen.len(Set::Networks)), (24, 9));
        assert_eq!(seen.touch(AGENTS, 9, span(1_040)), Standing::Known);
        assert_eq!(seen.touch(AGENTS, 5, span(1_040)), Standing::New, "dropped, and known only as a network");
        assert_eq!((seen.newer_than(AGENTS, 1_028), seen.items(AGENTS).count()), (1, 24));
        assert_eq!((seen.last(AGENTS, 29), seen.last(AGENTS, 1)), (Some(1_029), None));
    }
}
