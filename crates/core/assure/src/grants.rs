//! Grants of every platform against what was seen of their use, and how each that nobody used is taken back.
//!
//! A grant counts as unused only where the logs of the window tell of the very thing that it is on: where no record names that
//! thing, whoever may use it, nothing is known. (What AWS grants is judged statement by statement elsewhere.)

mod remedy;

pub use remedy::{Form, Remedy};

use crate::doing::{Doings, Done};
use firebreak_model::{EdgeFact, EdgeKind, Fact, NodeKey, NodeKind, Text, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a grant's use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// It was used.
    Used,
    /// Others used the same thing, or this one did something else to it; this was not used.
    Unused,
    /// No record names what it is on.
    Untold,
}

/// A right on one thing, or membership of what has rights.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Grant {
    /// Who has it.
    pub holder: NodeKey,
    /// On what; for a membership the group.
    pub on: NodeKey,
    /// How many things the group leads to; 1 for a right of its own.
    pub things: u64,
    /// What may be done.
    pub actions: Vec<Text>,
    /// Of these, what was not used though the rest was: only where records name rights as grants do.
    pub unused_actions: Vec<Text>,
    /// What is known of its use.
    #[serde(rename = "use")]
    pub uses: Use,
    /// Events.
    pub events: u64,
    /// The last.
    pub last: Option<Time>,
    /// How it is taken back, where it or a part of it was not used.
    pub remedy: Option<Remedy>,
}

/// Every grant of other platforms than AWS that stands at `at`, ordered by holder.
pub fn grants(facts: &[Fact], at: Time, doings: &Doings) -> Vec<Grant> {
    let live = || {
        facts.iter().filter_map(|fact| match fact {
            Fact::Edge(edge) if edge.valid.contains(at) && edge.from.system() != "aws" => Some(edge),
            _ => None,
        })
    };
    let reached = Reached::of(live());
    let mut all: Vec<Grant> = live()
        .filter(|edge| edge.from.kind() == NodeKind::Identity)
        .filter_map(|edge| match (edge.kind, edge.to.kind()) {
            (EdgeKind::MayAct, NodeKind::Resource) => Some(direct(edge, doings)),
            (EdgeKind::MemberOf, NodeKind::Group) => membership(edge, &reached, doings),
            _ => None,
        })
        .collect();
    all.sort_by(|a, b| (&a.holder, &a.on).cmp(&(&b.holder, &b.on)));
    all
}

fn direct(edge: &EdgeFact, doings: &Doings) -> Grant {
    let done = doings.of(&edge.from, &edge.to);
    let uses = match done {
        Some(_) => Use::Used,
        None if doings.targets.contains_key(&edge.to) => Use::Unused,
        None => Use::Untold,
    };
    let unused_actions = done.map(|done| unused(edge, done)).unwrap_or_default();
    let remedy = remedy::of_right(edge, uses, &unused_actions);
    Grant {
        holder: edge.from.clone(),
        on: edge.to.clone(),
        things: 1,
        actions: edge.actions.clone(),
        unused_actions,
        uses,
        events: done.map_or(0, |done| done.events),
        last: done.and_then(|done| done.last),
        remedy,
    }
}

fn membership(edge: &EdgeFact, reached: &Reached<'_>, doings: &Doings) -> Option<Grant> {
    let things = reached.from(&edge.to);
    if things.is_empty() {
        return None;
    }
    let done: Vec<&Done> = things.iter().filter_map(|thing| doings.of(&edge.from, thing)).collect();
    // Some of what the group leads to may be in no record: then the whole is not known.
    let uses = if !done.is_empty() {
        Use::Used
    } else if things.iter().all(|thing| doings.targets.contains_key(*thing)) {
        Use::Unused
    } else {
        Use::Untold
    };
    Some(Grant {
        holder: edge.from.clone(),
        on: edge.to.clone(),
        things: things.len() as u64,
        actions: edge.actions.clone(),
        unused_actions: Vec::new(),
        uses,
        events: done.iter().map(|done| done.events).sum(),
        last: done.iter().filter_map(|done| done.last).max(),
        remedy: remedy::of_membership(edge, uses),
    })
}

/// Rights that the records of a system name as its grants do, and that were not among what was done.
fn unused(edge: &EdgeFact, done: &Done) -> Vec<Text> {
    let used = |action: &str| {
        done.operations.keys().any(|operation| match edge.to.system() {
            "k8s" => action.split_once(':').is_some_and(|(what, verb)| **operation == *format!("k8s:{verb} {what}")),
            _ => operation.rsplit('.').next().is_some_and(|word| word.eq_ignore_ascii_case(action)),
        })
    };
    // Kubernetes audits every request; of PostgreSQL only pgaudit names each command.
    let named = match edge.to.system() {
        "k8s" => true,
        "postgres" => done.operations.keys().all(|operation| operation.starts_with("audit.")),
        _ => false,
    };
    if !named {
        return Vec::new();
    }
    edge.actions.iter().filter(|action| !action.contains('*') && !used(action)).cloned().collect()
}

/// What groups lead to, over groups that they are in.
struct Reached<'f> {
    out: BTreeMap<&'f NodeKey, Vec<&'f NodeKey>>,
}

impl<'f> Reached<'f> {
    fn of(edges: impl Iterator<Item = &'f EdgeFact>) -> Reached<'f> {
        let mut out: BTreeMap<&NodeKey, Vec<&NodeKey>> = BTreeMap::new();
        for edge in edges {
            let leads = matches!(edge.kind, EdgeKind::MayAct | EdgeKind::MemberOf);
            if leads && edge.from.kind() == NodeKind::Group {
                out.entry(&edge.from).or_default().push(&edge.to);
            }
        }
        Reached { out }
    }

    fn from(&self, group: &NodeKey) -> BTreeSet<&'f NodeKey> {
        let mut found: BTreeSet<&NodeKey> = BTreeSet::new();
        let mut open: Vec<&NodeKey> = self.out.get(group).into_iter().flatten().copied().collect();
        while let Some(key) = open.pop() {
            if found.insert(key) {
                open.extend(self.out.get(key).into_iter().flatten());
            }
        }
        found.into_iter().filter(|key| key.kind() == NodeKind::Resource).collect()
    }
}

/// Credentials and identities of which no record tells, though records of their system tell of others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Silent {
    /// Which.
    pub key: NodeKey,
    /// What people call it.
    pub label: Text,
    /// Since when it exists, where that is known.
    pub since: Option<Time>,
}

/// Credentials that stand at `at` and that no record of the window names, of systems whose records name credentials. A key that reads
/// data where data events are not recorded is silent, too.
pub fn silent_credentials(facts: &[Fact], at: Time, doings: &Doings) -> Vec<Silent> {
    let told = doings.systems_with_credentials();
    let nodes = facts.iter().filter_map(|fact| match fact {
        Fact::Node(node) if node.key.kind() == NodeKind::Credential && node.valid.contains(at) => Some(node),
        _ => None,
    });
    let silent = nodes.filter(|node| told.contains(node.key.system()) && !doings.credentials.contains_key(&node.key));
    let mut silent: Vec<Silent> = silent
        .map(|node| Silent {
            key: node.key.clone(),
            label: node.label.clone(),
            since: Some(node.valid.from).filter(|start| *start > Time::MIN),
        })
        .collect();
    silent.sort_by(|a, b| a.key.cmp(&b.key));
    silent
}

#[cfg(test)]
mod tests;
