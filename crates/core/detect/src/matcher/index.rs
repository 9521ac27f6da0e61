//! The candidate index: for each rule a set of predicates of which one must hold if the rule does, and the marks that
//! record for one event which predicates hold and which rules are therefore worth evaluating. Which set is taken decides
//! how fast rules are matched, never which.

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

    /// Counts the predicates that hold.
    pub(super) fn count(&self, counts: &mut [u32]) {
        for (count, mark) in counts.iter_mut().zip(&self.predicates) {
            *count += u32::from(*mark == self.event);
        }
    }
}

/// For each predicate the rules to evaluate once it holds.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Where the rules of each predicate begin in `witnessed`, and at last where all end.
    begins: Vec<u32>,
    /// Rules by predicate.
    witnessed: Vec<u32>,
    /// Rules that may hold where no predicate does.
    pub(super) always: Vec<u32>,
}

impl Index {
    /// The index of `rules` over predicates of which each was seen to hold so many times.
    pub(super) fn new(rules: &[Expression], seen: &[u32]) -> Index {
        let mut uses = vec![0_u32; seen.len()];
        rules.iter().for_each(|rule| count_uses(rule, &mut uses));
        // Seldom is good; where nothing was seen, a predicate that many rules share is taken to be common.
        let costs: Vec<u64> =
            seen.iter().zip(&uses).map(|(seen, uses)| u64::from(*seen) << 16 | u64::from(*uses)).collect();
        let mut by_predicate = vec![Vec::new(); seen.len()];
        let mut index = Index::default();
        for (place, rule) in (0_u32..).zip(rules) {
            match witness(rule, &costs) {
                None => index.always.push(place),
                Some(mut witness) => {
                    witness.predicates.sort_unstable();
                    witness.predicates.dedup();
                    for predicate in witness.predicates {
                        if let Some(rules) = by_predicate.get_mut(predicate as usize) {
                            rules.push(place);
                        }
                    }
                }
            }
        }
        for rules in by_predicate {
            index.begins.push(index.witnessed.len() as u32);
            index.witnessed.extend(rules);
        }
        index.begins.push(index.witnessed.len() as u32);
        index
    }

    #[inline]
    fn witnessed_by(&self, predicate: u32) -> &[u32] {
        let at = predicate as usize;
        let (Some(from), Some(to)) = (self.begins.get(at), self.begins.get(at + 1)) else { return &[] };
        self.witnessed.get(*from as usize..*to as usize).unwrap_or_default()
    }
}

/// A necessary condition: the expression is false where none of these holds.
struct Witness {
    predicates: Vec<u32>,
    /// How often it is likely to hold.
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
fn witness(expression: &Expression, costs: &[u64]) -> Option<Witness> {
    match expression {
        Expression::Holds(predicate) => {
            let cost = costs.get(*predicate as usize).copied().unwrap_or(1);
            Some(Witness { predicates: vec![*predicate], cost })
        }
        // Dear to evaluate: anything else is a better witness.
        Expression::SameAs(same) => Some(Witness { predicates: vec![same.present], cost: u64::MAX / 4 }),
        // A true conjunction has every part true: any one part's witness is enough.
        Expression::All(parts) => parts.iter().filter_map(|part| witness(part, costs)).min_by_key(|found| found.cost),
        // Where `least` of `n` parts are true, at least one of any `n - least + 1` of them is.
        Expression::AtLeast(least, parts) => {
            let mut found: Vec<Witness> = parts.iter().filter_map(|part| witness(part, costs)).collect();
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
