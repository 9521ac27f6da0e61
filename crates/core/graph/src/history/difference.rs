//! What changed between two states of knowledge, as changes that make the one into the other.

use super::statement::{Statement, same};
use firebreak_model::{Change, Fact, Interval, Time};
use std::collections::BTreeMap;

/// The changes that make `before` into `after`, learnt at `known`, in the order of statements. A statement whose end alone
/// is new and earlier ends; any other that differs was never so and is made again.
pub fn difference(before: &[Fact], after: &[Fact], known: Time) -> Vec<Change> {
    let (old, new) = (by_statement(before), by_statement(after));
    let mut changes = Vec::new();
    for (statement, facts) in &old {
        let now = new.get(statement).map_or(&[][..], Vec::as_slice);
        let (gone, fresh) = apart(facts, now);
        pair(gone, fresh, known, &mut changes);
    }
    for (_, facts) in new.iter().filter(|(statement, _)| !old.contains_key(statement)) {
        changes.extend(facts.iter().map(|fact| Change::State { fact: (*fact).clone() }));
    }
    changes
}

fn by_statement(facts: &[Fact]) -> BTreeMap<Statement, Vec<&Fact>> {
    let mut all: BTreeMap<Statement, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        all.entry(Statement::of(fact, 0)).or_default().push(fact);
    }
    all
}

/// Those of `old` that `new` lacks, and the other way round. Facts of one statement are few.
fn apart<'f>(old: &[&'f Fact], new: &[&'f Fact]) -> (Vec<&'f Fact>, Vec<&'f Fact>) {
    let mut fresh: Vec<&Fact> = new.to_vec();
    let mut gone = Vec::new();
    for fact in old {
        match fresh.iter().position(|one| same(one, fact)) {
            Some(place) => drop(fresh.remove(place)),
            None => gone.push(*fact),
        }
    }
    (gone, fresh)
}

fn pair(gone: Vec<&Fact>, mut fresh: Vec<&Fact>, known: Time, changes: &mut Vec<Change>) {
    for fact in gone {
        let cut_short = |one: &&Fact| same(&until(fact, valid(one).to), one) && valid(one).to < valid(fact).to;
        let at = match fresh.iter().position(cut_short) {
            Some(place) => valid(fresh.remove(place)).to,
            None => Time::MIN,
        };
        changes.push(Change::End { fact: fact.clone(), at, known });
    }
    changes.extend(fresh.into_iter().map(|fact| Change::State { fact: fact.clone() }));
}

fn valid(fact: &Fact) -> Interval {
    match fact {
        Fact::Node(node) => node.valid,
        Fact::Edge(edge) => edge.valid,
    }
}

/// `fact` as it is once it has ended at `to`.
fn until(fact: &Fact, to: Time) -> Fact {
    let mut fact = fact.clone();
    match &mut fact {
        Fact::Node(node) => node.valid.to = to,
        Fact::Edge(edge) => edge.valid.to = to,
    }
    fact
}
