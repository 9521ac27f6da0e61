//! Facts under the keys that things have after joining.

use super::Join;
use super::claims::{Claims, own_name};
use firebreak_model::{
    EdgeFact, EdgeKind, Fact, Identifier, IdentifierScheme, Interval, NodeFact, NodeKey, Text, Time,
};
use std::collections::{BTreeMap, BTreeSet};

/// `facts` with every alias replaced, and with what says so of the nodes that have aliases.
pub(super) fn renamed(
    facts: &[Fact],
    claims: &Claims,
    aliases: &BTreeMap<NodeKey, NodeKey>,
    joins: &[Join],
) -> Vec<Fact> {
    if aliases.is_empty() {
        return facts.to_vec();
    }
    let mut rewritten: Vec<Fact> = facts.iter().filter_map(|fact| under_one_key(fact, aliases)).collect();
    let carried: BTreeSet<(&NodeKey, &str)> = rewritten.iter().flat_map(carried).collect();
    let new = aliases.iter().filter(|(alias, key)| !carried.contains(&(*key, alias.as_str())));
    let named: Vec<Fact> = new.map(|(alias, key)| Fact::Node(naming(alias, key, claims, joins))).collect();
    rewritten.extend(named);
    rewritten
}

/// Adds edges to `facts`, but for those that some fact states already.
pub(super) fn add(facts: &mut Vec<Fact>, added: Vec<EdgeFact>) {
    let wanted: BTreeSet<(EdgeKind, &NodeKey, &NodeKey)> =
        added.iter().map(|edge| (edge.kind, &edge.from, &edge.to)).collect();
    let plain = facts.iter().filter_map(|fact| match fact {
        Fact::Edge(edge) if edge.premises.is_empty() && edge.may.is_empty() => Some((edge.kind, &edge.from, &edge.to)),
        _ => None,
    });
    let known: BTreeSet<(EdgeKind, NodeKey, NodeKey)> =
        plain.filter(|edge| wanted.contains(edge)).map(|(kind, from, to)| (kind, from.clone(), to.clone())).collect();
    let new = added.into_iter().filter(|edge| !known.contains(&(edge.kind, edge.from.clone(), edge.to.clone())));
    facts.extend(new.map(Fact::Edge));
}

/// The keys that a fact says its node has too.
fn carried(fact: &Fact) -> impl Iterator<Item = (&NodeKey, &str)> {
    let node = if let Fact::Node(node) = fact { Some(node) } else { None };
    node.into_iter().flat_map(|node| {
        let keys = node.identifiers.iter().filter(|one| one.scheme == IdentifierScheme::Alias);
        keys.map(|one| (&node.key, one.value.as_str()))
    })
}

/// `None` for a step from a thing to itself.
fn under_one_key(fact: &Fact, aliases: &BTreeMap<NodeKey, NodeKey>) -> Option<Fact> {
    let name = |key: &NodeKey| aliases.get(key).unwrap_or(key).clone();
    match fact {
        Fact::Node(node) => {
            let mut node = node.clone();
            let key = name(&node.key);
            if key != node.key && node.label == node.key.name() {
                node.label = Text::new(key.name());
            }
            node.key = key;
            Some(Fact::Node(node))
        }
        Fact::Edge(edge) => {
            let (from, to) = (name(&edge.from), name(&edge.to));
            if from == to && edge.from != edge.to {
                return None;
            }
            let mut edge = edge.clone();
            (edge.from, edge.to) = (from, to);
            edge.premises.iter_mut().for_each(|premise| *premise = name(premise));
            Some(Fact::Edge(edge))
        }
    }
}

/// What says of the node of `key` that it is `alias` too.
fn naming(alias: &NodeKey, key: &NodeKey, claims: &Claims, joins: &[Join]) -> NodeFact {
    let of_both = |join: &&Join| join.is_made() && join.keys.contains(alias);
    let reasons = joins.iter().find(of_both).map(|join| join.reasons.join("; ")).unwrap_or_default();
    let names = |key: &NodeKey| claims.names.get(key).into_iter().flatten().map(|(_, claim)| claim.known).max();
    let known = names(alias).max(names(key)).unwrap_or(Time::MIN);
    let mut fact = NodeFact::new(key.clone(), Interval::ALWAYS, known, &reasons);
    fact.identifiers.push(Identifier::verified(IdentifierScheme::Alias, alias.as_str()));
    fact.identifiers.extend(own_name(alias));
    fact
}
