//! The candidate index: for each rule a set of predicates of which one must hold if the rule does, and the marks that
//! record for one event which predicates hold and which rules are therefore worth evaluating.

use super::plan::Expression;

/// Marks of one event. A mark is the event's number, so that nothing is cleared between events.
#[derive(Debug, Default)]
pub(super) struct Marks {
    event: u32,
    predicates: Vec<u32>,
    rules: Vec<u32>,
    /// Rules to evaluate for this event, by place in the plan.
    pub(super) candidates: Vec<u32>,
}

impl Marks {
    /// Forgets the event before.
    pub(super) fn begin(&mut self, predicates: usize, rules: usize) {
        self.candidates.clear();
        if self.predicates.len() < predicates {
            self.predicates.resize(predicates, 0);
        }
        if self.rules.len() < rules {
            self.rules.resize(rules, 0);
        }
        self.event = self.event.wrapping_add(1);
        if self.event == 0 {
            self.predicates.fill(0);
            self.rules.fill(0);
            self.event = 1;
        }
    }

    /// Whether the predicate holds.
    #[inline]
    pub(super) fn holds(&self, predicate: u32) -> bool {
        self.predicates.get(predicate as usize) == Some(&self.event)
    }

    /// The predicate holds.
    #[inline]
    pub(super) fn set(&mut self, predicate: u32, index: &Index) {
        let Some(mark) = self.predicates.get_mut(predicate as usize) else { return };
        if std::mem::replace(mark, self.event) == self.event {
            return;
        }
        for rule in index.witnessed_by(predicate) {
            if let Some(mark) = self.rules.get_mut(*rule as usize)
                && std::mem::replace(mark, self.event) != self.event
            {
                self.candidates.push(*rule);
            }
        }
    }
}

/// For each predicate the rules to evaluate once it holds.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Rules by predicate.
    witnessed: Vec<Vec<u32>>,
    /// Rules that may hold where no predicate does.
    pub(super) always: Vec<u32>,
}

impl Index {
    /// The index of `rules`, over so many predicates.
    pub(super) fn new(rules: &[Expression], predicates: usize) -> Index {
        let mut uses = vec![0_u32; predicates];
        rules.iter().for_each(|rule| count_uses(rule, &mut uses));
        let mut index = Index { witnessed: vec![Vec::new(); predicates], always: Vec::new() };
        for (place, rule) in (0_u32..).zip(rules) {
            match witness(rule, &uses) {
                None => index.always.push(place),
                Some(mut witness) => {
                    witness.predicates.sort_unstable();
                    witness.predicates.dedup();
                    for predicate in witness.predicates {
                        if let Some(rules) = index.witnessed.get_mut(predicate as usize) {
                            rules.push(place);
                        }
                    }
                }
            }
        }
        index
    }

    #[inline]
    fn witnessed_by(&self, predicate: u32) -> &[u32] {
        self.witnessed.get(predicate as usize).map_or(&[], Vec::as_slice)
    }
}

/// A necessary condition: the expression is false where none of these holds.
struct Witness {
    predicates: Vec<u32>,
    /// How often it is likely to hold: a predicate that many rules share is common among records.
    cost: u64,
}

/// How many rules use each predicate.
fn count_uses(expression: &Expression, uses: &mut [u32]) {
    match expression {
        Expression::Holds(predicate) => {
            if let Some(count) = uses.get_mut(*predicate as usize) {
                *count += 1;
            }
        }
        Expression::SameAs(_) => {}
        Expression::All(parts) | Expression::AtLeast(_, parts) => parts.iter().for_each(|part| count_uses(part, uses)),
        Expression::Not(part) => count_uses(part, uses),
    }
}

/// The cheapest witness of `expression`; `None` where it may hold though nothing does.
fn witness(expression: &Expression, uses: &[u32]) -> Option<Witness> {
    match expression {
        Expression::Holds(predicate) => {
            let cost = uses.get(*predicate as usize).map_or(1, |count| u64::from(*count));
            Some(Witness { predicates: vec![*predicate], cost })
        }
        Expression::SameAs(same) => Some(Witness { predicates: vec![same.present], cost: u64::MAX / 4 }),
        // A true conjunction has every part true: any one part's witness is enough.
        Expression::All(parts) => parts.iter().filter_map(|part| witness(part, uses)).min_by_key(|found| found.cost),
        // Where `least` of `n` parts are true, at least one of any `n - least + 1` of them is.
        Expression::AtLeast(least, parts) => {
            let mut found: Vec<Witness> = parts.iter().filter_map(|part| witness(part, uses)).collect();
            let needed = (parts.len() + 1).checked_sub(*least).filter(|_| *least > 0)?;
            found.sort_by_key(|witness| witness.cost);
            if found.len() < needed {
                return None;
            }
            found.truncate(needed);
            let cost = found.iter().fold(0_u64, |sum, witness| sum.saturating_add(witness.cost));
            Some(Witness { predicates: found.into_iter().flat_map(|witness| witness.predicates).collect(), cost })
        }
        // Absence leaves no trace to witness.
        Expression::Not(_) => None,
    }
}
