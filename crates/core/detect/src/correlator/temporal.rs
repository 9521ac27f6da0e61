//! Several rules within one time span, in any order (temporal) or in theirs (temporal_ordered).
//!
//! Ordered: for each prefix of the list the chain of events that fulfils it with the latest start is kept. Events of one
//! instant may stand in either order: stamps of whole seconds do not say more.

use super::count::Seen;
use super::keyed::Footprint;
use serde::{Deserialize, Serialize};

/// The latest event of each rule.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnyOrder {
    latest: Vec<Option<Seen>>,
}

impl AnyOrder {
    /// So many rules, none seen.
    pub(super) fn new(rules: usize) -> AnyOrder {
        AnyOrder { latest: vec![None; rules] }
    }

    /// Takes an event of the rule at `position`; the events that fulfil all rules in the span that ends with it.
    pub(super) fn take(&mut self, seen: Seen, position: usize, span: i64) -> Option<Vec<Seen>> {
        *self.latest.get_mut(position)? = Some(seen);
        let inside = |latest: &Option<Seen>| latest.filter(|latest| latest.at > seen.at.saturating_sub(span));
        let mut events = self.latest.iter().map(inside).collect::<Option<Vec<Seen>>>()?;
        events.sort_unstable();
        events.dedup();
        Some(events)
    }
}

impl Footprint for AnyOrder {
    fn heap_bytes(&self) -> usize {
        self.latest.capacity() * size_of::<Option<Seen>>()
    }
}

/// For each position the chain up to it that started latest.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InOrder {
    chains: Vec<Vec<Seen>>,
    latest: Vec<Option<Seen>>,
}

impl InOrder {
    /// So many rules, none seen.
    pub(super) fn new(rules: usize) -> InOrder {
        InOrder { chains: vec![Vec::new(); rules], latest: vec![None; rules] }
    }

    /// Takes an event of the rules at `positions`; the events that fulfil the list in the span that ends with it.
    pub(super) fn take(&mut self, seen: Seen, positions: &[usize], span: i64) -> Option<Vec<Seen>> {
        let mut completed = false;
        // From the back, so that one event is not two links of a chain.
        for position in positions.iter().rev() {
            if let Some(latest) = self.latest.get_mut(*position) {
                *latest = Some(seen);
            }
            completed |= self.extend(*position, seen, span);
        }
        let chain = self.chains.last().filter(|_| completed)?;
        Some(chain.clone())
    }

    /// Puts `seen` at the end of the chain before `position`; whether that completes the list.
    fn extend(&mut self, position: usize, seen: Seen, span: i64) -> bool {
        let mut chain = match position.checked_sub(1) {
            None => Vec::new(),
            Some(before) => match self.chains.get(before) {
                Some(chain) if chain.first().is_some_and(|first| first.at > seen.at.saturating_sub(span)) => {
                    chain.clone()
                }
                _ => return false,
            },
        };
        if chain.iter().any(|link| link.uid == seen.uid) {
            return false;
        }
        chain.push(seen);
        let starts = chain.first().map(|first| first.at);
        if let Some(kept) = self.chains.get_mut(position) {
            if kept.first().map(|first| first.at) > starts {
                return false;
            }
            *kept = chain;
        }
        if position + 1 == self.chains.len() {
            return true;
        }
        // An event of the next rule in this very instant may have come first.
        match self.latest.get(position + 1).copied().flatten() {
            Some(next) if next.at == seen.at && next.uid != seen.uid => self.extend(position + 1, next, span),
            _ => false,
        }
    }
}

impl Footprint for InOrder {
    fn heap_bytes(&self) -> usize {
        let links: usize = self.chains.iter().map(Vec::capacity).sum();
        links * size_of::<Seen>() + self.chains.capacity() * 24 + self.latest.capacity() * size_of::<Option<Seen>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::EventUid;

    fn seen(at: i64, uid: u128) -> Seen {
        Seen { at, uid: EventUid(uid) }
    }

    #[test]
    fn any_order_needs_all_within_the_span() {
        let mut state = AnyOrder::new(2);
        assert_eq!(state.take(seen(0, 1), 1, 10), None);
        assert_eq!(state.take(seen(10, 2), 0, 10), None);
        assert_eq!(state.take(seen(15, 3), 1, 10), Some(vec![seen(10, 2), seen(15, 3)]));
    }

    #[test]
    fn order_matters_where_it_is_asked_for() {
        let mut state = InOrder::new(3);
        for (at, position) in [(0, 1), (1, 0), (2, 2), (3, 1)] {
            assert_eq!(state.take(seen(at, at as u128), &[position], 10), None);
        }
        assert_eq!(state.take(seen(4, 4), &[2], 10), Some(vec![seen(1, 1), seen(3, 3), seen(4, 4)]));
        assert_eq!(state.take(seen(11, 5), &[2], 10), None, "the start is a span old");
    }

    #[test]
    fn a_later_start_replaces_an_earlier_one() {
        let mut state = InOrder::new(2);
        state.take(seen(0, 0), &[0], 10);
        state.take(seen(8, 1), &[0], 10);
        assert_eq!(state.take(seen(15, 2), &[1], 10), Some(vec![seen(8, 1), seen(15, 2)]));
    }

    #[test]
    fn one_event_is_not_two_links() {
        let mut state = InOrder::new(2);
        assert_eq!(state.take(seen(0, 1), &[0, 1], 10), None);
        assert!(state.take(seen(1, 2), &[0, 1], 10).is_some());
    }

    #[test]
    fn one_instant_has_no_order() {
        let mut state = InOrder::new(2);
        assert_eq!(state.take(seen(5, 1), &[1], 10), None);
        assert!(state.take(seen(5, 2), &[0], 10).is_some());
    }
}
