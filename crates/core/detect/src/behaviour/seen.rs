//! A decaying first-seen set: what an identity was seen with, since when, and until when.
//!
//! Bounded: when it is full the item that was used longest ago goes. Times are whole minutes. An item that was raised
//! when it was new is on probation for the learning time: not raised again, but not at home either.

use serde::{Deserialize, Serialize};

/// Minutes since 1970 of an event time in microseconds; earlier is 0.
pub(crate) fn minute(at: i64) -> u32 {
    u32::try_from(at.div_euclid(60_000_000).max(0)).map_or(LATEST, |minute| minute.min(LATEST))
}

const RAISED: u32 = 1 << 31;
/// The latest minute that there is, in the year 6053.
const LATEST: u32 = RAISED - 1;

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Item {
    what: u64,
    /// With [`RAISED`], where it was raised.
    first: u32,
    last: u32,
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

/// The set.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Seen(Vec<Item>);

impl Seen {
    /// How `what` stands, before this use. A use of what is known renews it.
    pub(crate) fn touch(&mut self, what: u64, span: Span) -> Standing {
        let Some(place) = self.0.iter().position(|item| item.what == what) else { return Standing::New };
        // What is used now is used again soon: it is looked for first.
        self.0.swap(0, place);
        let Some(item) = self.0.first_mut() else { return Standing::New };
        if item.last < span.horizon {
            return Standing::New;
        }
        let today = item.last / 1_440 == span.now / 1_440;
        item.last = item.last.max(span.now);
        if item.first & RAISED != 0 && span.now < (item.first & LATEST).saturating_add(span.probation) {
            Standing::Probation
        } else if today {
            Standing::Known
        } else {
            Standing::KnownAgain
        }
    }

    /// Puts in what [`Seen::touch`] called new.
    pub(crate) fn insert(&mut self, what: u64, now: u32, raised: bool, max: usize) {
        let item = Item { what, first: now | if raised { RAISED } else { 0 }, last: now };
        if let Some(old) = self.0.iter_mut().find(|old| old.what == what) {
            *old = item;
            return;
        }
        if self.0.len() >= max
            && let Some((oldest, _)) = self.0.iter().enumerate().min_by_key(|(_, item)| (item.last, item.what))
        {
            self.0.swap_remove(oldest);
        }
        // Vectors grow by doubling, which is much where most sets are tiny.
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact(if self.0.len() < 4 { 2 } else { self.0.len() / 2 });
        }
        self.0.push(item);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = u64> {
        self.0.iter().map(|item| item.what)
    }

    /// How many items came first after `since`.
    pub(crate) fn newer_than(&self, since: u32) -> usize {
        self.0.iter().filter(|item| item.first & LATEST > since).count()
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Item>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(now: u32) -> Span {
        Span { now, horizon: now.saturating_sub(100), probation: 50 }
    }

    #[test]
    fn what_is_raised_is_on_probation_and_what_is_unused_is_forgotten() {
        let mut seen = Seen::default();
        assert_eq!(seen.touch(7, span(1_000)), Standing::New);
        seen.insert(7, 1_000, true, 4);
        assert_eq!(seen.touch(7, span(1_049)), Standing::Probation);
        assert_eq!(seen.touch(7, span(1_050)), Standing::Known);
        assert_eq!(seen.touch(7, span(1_150)), Standing::Known);
        assert_eq!(seen.touch(7, span(1_251)), Standing::New, "forgotten");
        seen.insert(7, 1_251, false, 4);
        assert_eq!(seen.touch(7, span(1_300)), Standing::Known);
        assert_eq!(seen.touch(7, Span { now: 1_441, horizon: 0, probation: 0 }), Standing::KnownAgain, "another day");
    }

    #[test]
    fn a_full_set_drops_what_was_used_longest_ago() {
        let mut seen = Seen::default();
        for what in 0..10 {
            seen.insert(what, 1_000 + what as u32, false, 4);
        }
        assert_eq!(seen.len(), 4);
        assert_eq!(seen.touch(9, span(1_020)), Standing::Known);
        assert_eq!(seen.touch(0, span(1_020)), Standing::New);
        assert_eq!((seen.newer_than(1_008), seen.items().count()), (1, 4));
    }
}
