//! A survey: what every file of an inventory says, scope by scope, and the last step that makes one map of it.
//!
//! Between the two stands whoever remembers and joins: facts of scopes go into a history one by one, and what is known at
//! a time comes back to be settled. This module remembers nothing and joins nothing.

use crate::merge::{self, Merged};
use crate::scan::scan_each;
use crate::scanner::{Found, OwnersJoins, Setting};
use firebreak_model::{CutPolicy, EnvironmentEvidence, Fact, NodeKey, Problem, Text, Time};
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is said beside facts, and counts over all of them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    /// What the owner says of cuts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<(NodeKey, CutPolicy)>,
    /// The AWS accounts that own resources whose names do not tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<(NodeKey, Text)>,
    /// The AWS accounts of which this is an inventory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aws_accounts: Vec<Text>,
    /// What the owner says of joins.
    #[serde(default)]
    pub joins: OwnersJoins,
}

impl Notes {
    /// Adds everything that `other` says.
    pub fn extend(&mut self, other: Notes) {
        self.policies.extend(other.policies);
        self.owners.extend(other.owners);
        self.aws_accounts.extend(other.aws_accounts);
        self.joins.extend(other.joins);
    }
}

/// What one scope says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Part {
    /// Of what: `aws/123456789012`, `github/meridian`.
    pub scope: String,
    /// Whether this is everything in its scope.
    pub complete: bool,
    /// When it was taken: what its files say, else when they were read.
    pub taken: Time,
    /// Statements about the estate, each once.
    pub facts: Vec<Fact>,
    /// What it says beside them.
    pub notes: Notes,
}

/// What every file below some directories says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Survey {
    /// By scope.
    pub parts: Vec<Part>,
    /// What is known of what ran where.
    pub evidence: Vec<EnvironmentEvidence>,
    /// Settings of platforms, each once.
    pub settings: Vec<Setting>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Reads every file below `directories`. `known` is when. Several files of one scope are one part, complete only if all of
/// them are. Of the packages that evidence shows, those that are `wanted` become relations of the map; the evidence has all.
pub fn survey(world: &World, directories: &[PathBuf], known: Time, wanted: &dyn Fn(&NodeKey) -> bool) -> Survey {
    let mut survey = Survey::default();
    let mut scopes: BTreeMap<String, Vec<Found>> = BTreeMap::new();
    let mut evidence = BTreeMap::new();
    for directory in directories {
        for mut found in scan_each(world, directory, known) {
            survey.problems.append(&mut found.problems);
            survey.settings.append(&mut found.settings);
            let dated = taken(&found, known);
            let installed = found.evidence.iter().flat_map(|item| crate::installed::facts(item, dated, wanted));
            found.facts.extend(installed.collect::<Vec<Fact>>());
            std::mem::take(&mut found.evidence).into_iter().for_each(|item| merge::add_evidence(&mut evidence, item));
            // What nobody could read has no scope to speak of.
            if !found.scope.is_empty() {
                scopes.entry(found.scope.clone()).or_default().push(found);
            }
        }
    }
    survey.settings.sort();
    survey.settings.dedup();
    survey.evidence = evidence.into_values().collect();
    for (scope, found) in scopes {
        let part = part(scope, found, known, &mut survey.problems);
        survey.parts.push(part);
    }
    survey
}

fn part(scope: String, found: Vec<Found>, known: Time, problems: &mut Vec<Problem>) -> Part {
    let taken = found.iter().map(|one| taken(one, known)).min().unwrap_or(known);
    let mut part = Part { scope, complete: true, taken, ..Part::default() };
    part.notes.aws_accounts.extend(account_in(&part.scope));
    let mut merged = Merged::default();
    for one in found {
        let Found { facts, policies, owners, joins, complete, .. } = one;
        part.complete &= complete;
        part.notes.extend(Notes { policies, owners, joins, ..Notes::default() });
        merged.add(facts);
    }
    part.facts = merged.facts(problems);
    part
}

/// The account in a scope `aws/…/<account>/…`.
fn account_in(scope: &str) -> Option<Text> {
    let number = |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    scope.strip_prefix("aws/")?.split('/').find(number).map(Text::new)
}

/// A file that says when it was taken dates its facts; where none is dated it was taken when it was read.
fn taken(found: &Found, known: Time) -> Time {
    let dated = found.facts.iter().map(|fact| match fact {
        Fact::Node(node) => node.known,
        Fact::Edge(edge) => edge.known,
    });
    dated.max().unwrap_or(known).min(known)
}

/// One map of facts from all scopes: one fact a node and an edge, every node named, usual cuts added, the owner's policies
/// over all.
pub fn settle(facts: Vec<Fact>, notes: &Notes) -> (Vec<Fact>, Vec<Problem>) {
    let (mut merged, mut problems) = (Merged::default(), Vec::new());
    let mut accounts = notes.aws_accounts.clone();
    accounts.sort_unstable();
    accounts.dedup();
    merged.add(facts);
    let facts = merged.settled(&notes.policies, &notes.owners, &accounts, &mut problems);
    (facts, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{EdgeFact, EdgeKind, Interval};

    fn found(scope: &str, complete: bool, known: i64, to: &str) -> Found {
        let (from, to) = (NodeKey::resource("t", "a"), NodeKey::resource("t", to));
        let edge = EdgeFact::new(EdgeKind::MayAct, from, to, Interval::ALWAYS, Time(known), "test");
        Found { facts: vec![Fact::Edge(edge)], scope: scope.to_owned(), complete, ..Found::default() }
    }

    #[test]
    fn files_of_one_scope_are_one_part_and_retire_nothing_of_each_other() {
        let mut problems = Vec::new();
        let files = vec![found("aws/aws/111122223333/a.json", true, 7, "b"), found("x", false, 5, "c")];
        let part = part("aws/aws/111122223333".to_owned(), files, Time(9), &mut problems);
        assert_eq!((part.facts.len(), part.complete, part.taken), (2, false, Time(5)));
        assert_eq!(part.notes.aws_accounts, [Text::new("111122223333")]);
        assert_eq!(taken(&found("x", true, 70, "b"), Time(9)), Time(9), "nothing was taken after it was read");
    }
}
