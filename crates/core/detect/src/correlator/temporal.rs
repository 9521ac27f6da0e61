//! Several rules within one time span, in any order (temporal) or in theirs (temporal_ordered).
//!
//! Ordered: for each prefix of the list the chain of events that fulfils it with the latest start is kept. Events of one
//! instant may stand in either order: stamps of whole seconds do not say more.
//!
//! A condition over the rules is a list of alternatives: rules that must come, and rules that must not. Without the latter
//! the span slides. What must not come is only known when a span is over: such a span begins with a key's first event of
//! any of the rules and is judged when it ends.

use super::count::Seen;
use super::keyed::Footprint;
use super::moment::Parties;
use crate::rules::{Alternative, Awaited};
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
        self.latest.len() * size_of::<Option<Seen>>()
    }

    fn evidence(&self) -> u64 {
        self.latest.iter().flatten().count() as u64
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
        let links: usize = self.chains.iter().map(|chain| chain.len().next_power_of_two()).sum();
        links * size_of::<Seen>() + self.chains.len() * 24 + self.latest.len() * size_of::<Option<Seen>>()
    }

    fn evidence(&self) -> u64 {
        self.chains.iter().map(Vec::len).max().unwrap_or_default() as u64
    }
}

/// Alternatives in one span that slides: the first of them that is fulfilled speaks.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct AnyAlternative {
    latest: Vec<Option<Seen>>,
    /// One for each alternative, where their order counts.
    orders: Vec<InOrder>,
}

impl AnyAlternative {
    /// Nothing seen yet of what is `awaited`, by so many rules.
    pub(super) fn new(awaited: &Awaited, rules: usize) -> AnyAlternative {
        AnyAlternative { latest: vec![None; rules], orders: orders(awaited) }
    }

    /// Takes an event of the rules at `positions`; the events that fulfil an alternative in the span that ends with it.
    pub(super) fn take(&mut self, seen: Seen, positions: &[usize], awaited: &Awaited, span: i64) -> Option<Vec<Seen>> {
        if awaited.ordered {
            let fulfilled: Vec<Vec<Seen>> = awaited
                .alternatives
                .iter()
                .zip(&mut self.orders)
                .filter_map(|(alternative, order)| order.take(seen, &places(positions, alternative), span))
                .collect();
            return fulfilled.into_iter().next();
        }
        for position in positions {
            if let Some(latest) = self.latest.get_mut(*position) {
                *latest = Some(seen);
            }
        }
        let expired = seen.at.saturating_sub(span);
        let inside = |position: &usize| self.latest.get(*position).copied().flatten().filter(|seen| seen.at > expired);
        let fulfils = |alternative: &&Alternative| {
            alternative.present.iter().any(|position| positions.contains(position))
                && alternative.present.iter().all(|position| inside(position).is_some())
        };
        let alternative = awaited.alternatives.iter().find(fulfils)?;
        let mut events: Vec<Seen> = alternative.present.iter().filter_map(inside).collect();
        events.sort_unstable();
        events.dedup();
        Some(events)
    }
}

fn orders(awaited: &Awaited) -> Vec<InOrder> {
    let ordered = awaited.alternatives.iter().filter(|_| awaited.ordered);
    ordered.map(|alternative| InOrder::new(alternative.present.len())).collect()
}

/// Where in an alternative's own list the rules at `positions` stand.
fn places(positions: &[usize], alternative: &Alternative) -> Vec<usize> {
    (0..).zip(&alternative.present).filter(|(_, own)| positions.contains(own)).map(|(place, _)| place).collect()
}

impl Footprint for AnyAlternative {
    fn heap_bytes(&self) -> usize {
        self.latest.len() * size_of::<Option<Seen>>()
            + self.orders.iter().map(|order| size_of::<InOrder>() + order.heap_bytes()).sum::<usize>()
    }
}

/// What came within a span that is judged when it is over: only then is it known what did not come.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WholeAwaited {
    /// When it ends, in microseconds.
    pub(super) ends: i64,
    /// Whom its latest event is about.
    pub(super) parties: Parties,
    first: Vec<Option<Seen>>,
    orders: Vec<InOrder>,
    /// By alternative the events that came in its order.
    chains: Vec<Option<Vec<Seen>>>,
}

impl WholeAwaited {
    /// A span that ends then.
    pub(super) fn new(ends: i64, awaited: &Awaited, rules: usize) -> WholeAwaited {
        let chains = vec![None; awaited.alternatives.len()];
        WholeAwaited { ends, parties: Parties::default(), first: vec![None; rules], orders: orders(awaited), chains }
    }

    /// Takes an event of the rules at `positions`.
    pub(super) fn take(&mut self, seen: Seen, parties: &Parties, positions: &[usize], awaited: &Awaited) {
        self.parties = parties.clone();
        for position in positions {
            if let Some(first) = self.first.get_mut(*position) {
                first.get_or_insert(seen);
            }
        }
        let steps = awaited.alternatives.iter().zip(&mut self.orders).zip(&mut self.chains);
        for ((alternative, order), chain) in steps {
            // The span bounds what is taken, so that no chain need be cut.
            let found = order.take(seen, &places(positions, alternative), i64::MAX);
            if chain.is_none() {
                *chain = found;
            }
        }
    }

    /// The events that fulfil an alternative of which nothing unwanted came.
    pub(super) fn judged(&self, awaited: &Awaited) -> Option<Vec<Seen>> {
        let came = |position: &usize| self.first.get(*position).copied().flatten();
        awaited.alternatives.iter().zip(&self.chains).find_map(|(alternative, chain)| {
            if alternative.absent.iter().any(|position| came(position).is_some()) {
                return None;
            }
            if awaited.ordered {
                return chain.clone();
            }
            let mut events = alternative.present.iter().map(came).collect::<Option<Vec<Seen>>>()?;
            events.sort_unstable();
            events.dedup();
            Some(events)
        })
    }
}

impl Footprint for WholeAwaited {
    fn heap_bytes(&self) -> usize {
        let chains: usize = self.chains.iter().flatten().map(|chain| chain.len() * size_of::<Seen>()).sum();
        self.first.len() * size_of::<Option<Seen>>()
            + self.orders.iter().map(|order| size_of::<InOrder>() + order.heap_bytes()).sum::<usize>()
            + self.chains.len() * size_of::<Option<Vec<Seen>>>()
            + chains
            + 200
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

    fn awaited(ordered: bool, alternatives: &[(&[usize], &[usize])]) -> Awaited {
        let alternative = |(present, absent): &(&[usize], &[usize])| Alternative {
            present: present.to_vec(),
            absent: absent.to_vec(),
        };
        Awaited { ordered, alternatives: alternatives.iter().map(alternative).collect() }
    }

    #[test]
    fn alternatives_slide() {
        let either = awaited(false, &[(&[0, 1], &[]), (&[0, 2], &[])]);
        let mut state = AnyAlternative::new(&either, 3);
        assert_eq!(state.take(seen(0, 1), &[0], &either, 10), None);
        assert_eq!(state.take(seen(1, 2), &[1], &either, 10), Some(vec![seen(0, 1), seen(1, 2)]));
        assert_eq!(state.take(seen(11, 3), &[2], &either, 10), None, "the first has left the span");
        let then = awaited(true, &[(&[0, 1], &[]), (&[0, 2], &[])]);
        let mut state = AnyAlternative::new(&then, 3);
        for (at, position) in [(0, 2), (1, 0)] {
            assert_eq!(state.take(seen(at, at as u128), &[position], &then, 10), None);
        }
        assert_eq!(state.take(seen(2, 2), &[2], &then, 10), Some(vec![seen(1, 1), seen(2, 2)]));
    }

    #[test]
    fn what_must_not_come_is_judged_at_the_end() {
        let judge = |awaited: &Awaited, events: &[(i64, usize)]| {
            let mut state = WholeAwaited::new(10, awaited, 3);
            for (at, position) in events {
                state.take(seen(*at, *at as u128), &Parties::default(), &[*position], awaited);
            }
            state.judged(awaited).is_some()
        };
        let without = awaited(false, &[(&[0, 1], &[2])]);
        assert!(judge(&without, &[(1, 1), (2, 0)]));
        assert!(!judge(&without, &[(1, 1), (2, 0), (3, 2)]) && !judge(&without, &[(1, 1)]));
        let then = awaited(true, &[(&[0, 1], &[2])]);
        assert!(judge(&then, &[(1, 0), (2, 1)]));
        assert!(!judge(&then, &[(1, 1), (2, 0)]) && !judge(&then, &[(0, 2), (1, 0), (2, 1)]));
    }
}
