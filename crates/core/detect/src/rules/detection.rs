//! From a section as it is written to the condition that the matcher evaluates.

use super::condition::Formula;
use super::modifier;
use super::predicate::Condition;
use super::section::{Fault, Search, Section};
use std::collections::BTreeMap;

/// Searches and conditions that expand to more predicates than this are refused.
const PREDICATES_MAX: usize = 200_000;

/// Compiles the section; `None` where that is not possible, and why is among the faults.
pub(crate) fn compile(section: &Section, faults: &mut Vec<Fault>) -> Option<Condition> {
    let mut searches = BTreeMap::new();
    for (name, search) in &section.searches {
        match compile_search(search) {
            Ok(condition) => {
                searches.insert(name.as_str(), condition);
            }
            Err(fault) => faults.push(fault),
        }
    }
    let mut budget = PREDICATES_MAX;
    let parts: Option<Vec<Condition>> =
        section.conditions.iter().map(|formula| substitute(formula, &searches, &mut budget)).collect();
    if budget == 0 {
        faults.push(Fault::new(section.line, "the condition expands to too many tests", "split the rule"));
    }
    parts.filter(|parts| !parts.is_empty()).map(Condition::any)
}

pub(crate) fn compile_search(search: &Search) -> Result<Condition, Fault> {
    let all = |parts: &[Search]| parts.iter().map(compile_search).collect::<Result<Vec<Condition>, Fault>>();
    match search {
        Search::Item(item) => modifier::item(item).map_err(|refusal| Fault { line: item.line, refusal }),
        Search::All(parts) => all(parts).map(Condition::all),
        Search::Any(parts) => all(parts).map(Condition::any),
    }
}

/// The formula with each name replaced by its search; `None` where a search could not be read or it grows too large.
fn substitute(formula: &Formula, searches: &BTreeMap<&str, Condition>, budget: &mut usize) -> Option<Condition> {
    let mut all = |parts: &[Formula]| {
        parts.iter().map(|part| substitute(part, searches, budget)).collect::<Option<Vec<Condition>>>()
    };
    match formula {
        Formula::Name(name) => {
            let search = searches.get(name.as_str())?;
            *budget = budget.saturating_sub(size(search));
            (*budget > 0).then(|| search.clone())
        }
        Formula::All(parts) => all(parts).map(Condition::all),
        Formula::AtLeast(least, parts) => all(parts).map(|parts| Condition::AtLeast(*least, parts)),
        Formula::Not(part) => substitute(part, searches, budget).map(|part| Condition::Not(Box::new(part))),
    }
}

fn size(condition: &Condition) -> usize {
    match condition {
        Condition::Holds(_) => 1,
        Condition::All(parts) | Condition::AtLeast(_, parts) => parts.iter().map(size).sum(),
        Condition::Not(part) => size(part),
    }
}
