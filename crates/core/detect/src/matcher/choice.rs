//! The choice of witnesses: what every record is asked so that few conditions have to be evaluated.
//!
//! A witness of a rule is a set of predicates of which one holds wherever the rule does. A good one is seldom seen, and
//! decided by a table that many rules' witnesses share: looking up one field more in every record costs more than
//! evaluating a condition in vain now and then. Costs are guesses in nanoseconds: a wrong one makes matching slower, never
//! wrong.

use super::plan::{Expression, Plan, Seen};

/// What it costs to evaluate a candidate.
const EVALUATION: u64 = 40;
/// What it costs to search a record for a field that no walk looked at.
const SEARCH: u64 = 100;
/// Comparing two fields costs so many times as much as evaluating a candidate.
const COMPARISON: u64 = 8;

/// Witnesses and the tables that decide them.
pub(super) struct Choice {
    /// Of each rule; `None` where it may hold though no predicate does.
    pub(super) witnesses: Vec<Option<Witness>>,
    /// Whether each table is looked up in every record.
    pub(super) standing: Vec<bool>,
}

/// A necessary condition: the rule is not met where none of these predicates holds.
pub(super) struct Witness {
    pub(super) predicates: Vec<u32>,
    cost: u64,
}

impl Choice {
    /// The choice while nothing is known of the records: every table stands, and a predicate that many rules share is taken
    /// to be common.
    pub(super) fn unlearnt(plan: &Plan) -> Choice {
        let mut uses = vec![0_u64; plan.table_of.len()];
        for rule in &plan.expressions {
            predicates(rule, &mut |predicate| add(&mut uses, predicate, 1));
        }
        let cost = |predicate: u32| uses.get(predicate as usize).copied();
        Choice {
            witnesses: plan.expressions.iter().map(|rule| witness(rule, &cost)).collect(),
            standing: vec![true; plan.tables.len()],
        }
    }

    /// The choice for records like those that were seen.
    pub(super) fn learnt(plan: &Plan, seen: &Seen) -> Choice {
        let mut choosing = Choosing::elect(plan, seen);
        choosing.dismiss();
        choosing.admit();
        choosing.choice
    }
}

/// A choice that is being made.
struct Choosing<'p> {
    plan: &'p Plan,
    seen: &'p Seen,
    choice: Choice,
}

impl<'p> Choosing<'p> {
    /// Gives every rule its best witness, where the rules that use a table share the cost of looking it up.
    fn elect(plan: &'p Plan, seen: &'p Seen) -> Choosing<'p> {
        let mut users = vec![0_u64; plan.tables.len()];
        for rule in &plan.expressions {
            plan.tables_of(rule).into_iter().for_each(|table| add(&mut users, table, 1));
        }
        let shares: Vec<u64> =
            (0_u32..).zip(&users).map(|(table, users)| looking_up(plan, seen, table) / (*users).max(1)).collect();
        let cost = |predicate: u32| {
            let share = plan.table_of.get(predicate as usize).and_then(|table| shares.get(*table as usize))?;
            Some(evaluating(seen, predicate) + share)
        };
        let witnesses: Vec<Option<Witness>> = plan.expressions.iter().map(|rule| witness(rule, &cost)).collect();
        let mut standing = vec![false; plan.tables.len()];
        let elected = witnesses.iter().flatten().flat_map(|witness| &witness.predicates);
        elected
            .filter_map(|predicate| plan.table_of.get(*predicate as usize))
            .for_each(|table| set(&mut standing, *table));
        Choosing { plan, seen, choice: Choice { witnesses, standing } }
    }

    /// Dismisses each table, the least used first, whose rules have witnesses elsewhere that cost less than looking it up.
    fn dismiss(&mut self) {
        let mut rules: Vec<Vec<usize>> = vec![Vec::new(); self.plan.tables.len()];
        let file = |rules: &mut Vec<Vec<usize>>, rule: usize, witness: &Witness| {
            for table in self.plan.tables_with(&witness.predicates) {
                if let Some(rules) = rules.get_mut(table as usize) {
                    rules.push(rule);
                }
            }
        };
        for (rule, witness) in self.choice.witnesses.iter().enumerate() {
            witness.iter().for_each(|witness| file(&mut rules, rule, witness));
        }
        let mut order: Vec<u32> = (0..self.plan.tables.len() as u32).collect();
        order.sort_by_key(|table| rules.get(*table as usize).map(Vec::len));
        for table in order {
            let own = rules.get_mut(table as usize).map(std::mem::take).unwrap_or_default();
            let Some(others) = self.without(table, &own) else { continue };
            set_to(&mut self.choice.standing, table, false);
            for (rule, witness) in others {
                file(&mut rules, rule, &witness);
                if let Some(own) = self.choice.witnesses.get_mut(rule) {
                    *own = Some(witness);
                }
            }
        }
    }

    /// Other witnesses for these rules, if there are such without `table`, and cost less than it does.
    fn without(&self, table: u32, rules: &[usize]) -> Option<Vec<(usize, Witness)>> {
        let cost = |predicate: u32| {
            let own = self.plan.table_of.get(predicate as usize).copied().filter(|own| *own != table)?;
            self.stands(own).then(|| evaluating(self.seen, predicate))
        };
        let mut others = Vec::with_capacity(rules.len());
        let mut more = 0_u64;
        for rule in rules {
            let own = self.choice.witnesses.get(*rule)?.as_ref()?;
            let other = witness(self.plan.expressions.get(*rule)?, &cost)?;
            let known: u64 = own.predicates.iter().map(|predicate| evaluating(self.seen, *predicate)).sum();
            more += other.cost.saturating_sub(known);
            others.push((*rule, other));
        }
        (more <= looking_up(self.plan, self.seen, table)).then_some(others)
    }

    /// Admits tables that candidates ask so often that a search for their field each time would cost more.
    fn admit(&mut self) {
        let events = u64::from(self.seen.events);
        let mut asked = vec![0_u64; self.plan.tables.len()];
        for (rule, witness) in self.plan.expressions.iter().zip(&self.choice.witnesses) {
            let times = witness.as_ref().map_or(events, |witness| {
                witness.predicates.iter().map(|predicate| self.seen.times(*predicate)).sum::<u64>().min(events)
            });
            self.plan.tables_of(rule).into_iter().for_each(|table| add(&mut asked, table, times));
        }
        for (table, asked) in (0_u32..).zip(asked) {
            let late = asked * (SEARCH + self.plan.table_effort(table));
            if late > looking_up(self.plan, self.seen, table) {
                set(&mut self.choice.standing, table);
            }
        }
    }

    fn stands(&self, table: u32) -> bool {
        self.choice.standing.get(table as usize).copied().unwrap_or(false)
    }
}

fn add(counts: &mut [u64], at: u32, count: u64) {
    if let Some(own) = counts.get_mut(at as usize) {
        *own += count;
    }
}

fn set(flags: &mut [bool], at: u32) {
    set_to(flags, at, true);
}

fn set_to(flags: &mut [bool], at: u32, to: bool) {
    if let Some(flag) = flags.get_mut(at as usize) {
        *flag = to;
    }
}

/// What the candidates of a predicate cost, over all events that were seen.
fn evaluating(seen: &Seen, predicate: u32) -> u64 {
    seen.times(predicate) * EVALUATION
}

/// What looking up a table costs, over all events that were seen.
fn looking_up(plan: &Plan, seen: &Seen, table: u32) -> u64 {
    plan.table_effort(table) * u64::from(seen.events)
}

/// Every predicate in `expression`.
pub(super) fn predicates(expression: &Expression, visit: &mut dyn FnMut(u32)) {
    match expression {
        Expression::Holds(predicate) => visit(*predicate),
        Expression::SameAs(same) => visit(same.present),
        Expression::All(parts) | Expression::AtLeast(_, parts) => parts.iter().for_each(|part| predicates(part, visit)),
        Expression::Not(part) => predicates(part, visit),
    }
}

/// The cheapest witness of `expression`, of predicates that have a cost; `None` where it may hold though none of them does.
fn witness(expression: &Expression, cost: &dyn Fn(u32) -> Option<u64>) -> Option<Witness> {
    match expression {
        Expression::Holds(predicate) => Some(Witness { predicates: vec![*predicate], cost: cost(*predicate)? }),
        Expression::SameAs(same) => {
            Some(Witness { predicates: vec![same.present], cost: cost(same.present)?.saturating_mul(COMPARISON) })
        }
        // A true conjunction has every part true: any one part's witness is enough.
        Expression::All(parts) => parts.iter().filter_map(|part| witness(part, cost)).min_by_key(|found| found.cost),
        // Where `least` of `n` parts are true, at least one of any `n - least + 1` of them is.
        Expression::AtLeast(least, parts) => {
            let mut found: Vec<Witness> = parts.iter().filter_map(|part| witness(part, cost)).collect();
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
