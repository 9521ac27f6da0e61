//! What changed between two states of knowledge, as changes that make the one into the other.

use super::statement::{Statement, same};
use firebreak_model::{Change, EdgeFact, Fact, Interval, Time};
use rustc_hash::FxHashMap;
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

/// Whether a running map that takes `changes` in becomes the map of what they lead to ([`crate::Graph::apply`]). A relation that was
/// never so ends before it began, and one that is said in other words since is another; but what was said of a thing, an
/// option that is offered no more and a use that was none stay in a running map: then it must be built anew.
pub fn streams(changes: &[Change]) -> bool {
    let mut stated: FxHashMap<_, Vec<&EdgeFact>> = FxHashMap::default();
    for change in changes {
        if let Change::State { fact: Fact::Edge(edge) } = change {
            stated.entry((&edge.from, &edge.to, edge.kind)).or_default().push(edge);
        }
    }
    let leaves_nothing = |edge: &EdgeFact| {
        let mut instead = stated.get(&(&edge.from, &edge.to, edge.kind)).into_iter().flatten();
        let plain = edge.cuts.is_empty() && edge.last_used.is_none();
        plain || instead.any(|new| new.cuts == edge.cuts && new.last_used >= edge.last_used)
    };
    changes.iter().all(|change| match change {
        Change::End { fact: Fact::Edge(edge), at: Time::MIN, .. } => leaves_nothing(edge),
        Change::End { fact: Fact::Node(_), at: Time::MIN, .. } => false,
        Change::End { .. } | Change::State { .. } => true,
    })
}

fn by_statement(facts: &[Fact]) -> BTreeMap<Statement, Vec<&Fact>> {
    let mut all: BTreeMap<Statement, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        all.entry(Statement::of(fact, 0)).or_default().push(fact);
    }
    all
}

/// Those of `old` that `new` lacks, and the other way round. Facts of one statement are few. What was said twice and is now said
/// once has not gone.
fn apart<'f>(old: &[&'f Fact], new: &[&'f Fact]) -> (Vec<&'f Fact>, Vec<&'f Fact>) {
    let mut fresh: Vec<&Fact> = new.to_vec();
    let mut gone = Vec::new();
    for fact in old {
        match fresh.iter().position(|one| same(one, fact)) {
            Some(place) => drop(fresh.remove(place)),
            None if new.iter().any(|one| same(one, fact)) => {}
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
