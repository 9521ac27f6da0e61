//! What identities reach on a map, and what of it goes.

use firebreak_graph::{Graph, NodeId, Standing};
use firebreak_model::{EdgeKind, Fact, NodeKey, NodeKind, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Who reaches what: by identity, what it reaches, whatever else the way needs being there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pairs(BTreeMap<NodeKey, BTreeSet<NodeKey>>);

/// How many ways there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Ways {
    /// An identity becomes an administrator of an account.
    pub administrators: u64,
    /// An identity becomes another identity of a cloud account.
    pub identities: u64,
    /// An identity gets to a place that holds data, or must not be lost.
    pub data: u64,
}

/// What an identity reaches no more.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Gone {
    /// Accounts of which it becomes no administrator any more, identities that it does not become, places that it does not get to.
    pub ways: Ways,
    /// Which.
    pub targets: Vec<NodeKey>,
}

impl Pairs {
    /// Who reaches administrators, identities of AWS and places with data, at `at`.
    pub fn of(graph: &Graph, facts: &[Fact], at: Time) -> Pairs {
        let mut wanted: BTreeSet<NodeKey> = BTreeSet::new();
        for fact in facts {
            match fact {
                Fact::Edge(edge) if edge.kind == EdgeKind::Holds => {
                    wanted.insert(edge.from.clone());
                }
                Fact::Node(node) if node.crown_jewel || is_aws_identity(&node.key) || is_administrators(&node.key) => {
                    wanted.insert(node.key.clone());
                }
                _ => {}
            }
        }
        let targets: Vec<(NodeKey, NodeId)> =
            wanted.into_iter().filter_map(|key| Some((graph.id(&key)?, key))).map(|(id, key)| (key, id)).collect();
        let nodes: Vec<NodeId> = targets.iter().map(|(_, node)| *node).collect();
        let mut pairs = Pairs::default();
        Standing::new(graph, at).reaching(&nodes, |found| {
            let (Some(identity), Some((target, _))) = (graph.key(found.identity), targets.get(found.target)) else {
                return;
            };
            pairs.0.entry(identity).or_default().insert(target.clone());
        });
        pairs
    }

    /// How many there are.
    pub fn ways(&self) -> Ways {
        let mut ways = Ways::default();
        self.0.values().flatten().for_each(|target| ways.add(target));
        ways
    }

    /// What `identity` reaches here and does not in `after`.
    pub fn gone(&self, after: &Pairs, identity: &NodeKey) -> Gone {
        let none = BTreeSet::new();
        let (own, then) = (self.0.get(identity).unwrap_or(&none), after.0.get(identity).unwrap_or(&none));
        let targets: Vec<NodeKey> = own.difference(then).cloned().collect();
        let mut ways = Ways::default();
        targets.iter().for_each(|target| ways.add(target));
        Gone { ways, targets }
    }

    /// Pairs that are here and not in `before`: taking rights away must make none.
    pub fn new_since(&self, before: &Pairs) -> u64 {
        let of = |(identity, targets): (&NodeKey, &BTreeSet<NodeKey>)| match before.0.get(identity) {
            Some(had) => targets.difference(had).count() as u64,
            None => targets.len() as u64,
        };
        self.0.iter().map(of).sum()
    }
}

impl Ways {
    fn add(&mut self, target: &NodeKey) {
        match target.kind() {
            NodeKind::Group => self.administrators += 1,
            NodeKind::Identity => self.identities += 1,
            _ => self.data += 1,
        }
    }
}

fn is_aws_identity(key: &NodeKey) -> bool {
    key.kind() == NodeKind::Identity && key.system() == "aws" && key.name().starts_with("arn:")
}

fn is_administrators(key: &NodeKey) -> bool {
    key.kind() == NodeKind::Group && key.system() == "aws" && key.name().ends_with("/administrators")
}
