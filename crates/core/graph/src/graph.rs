//! The graph: topology, and for each node and edge what a person or a planner needs to know of it.
//!
//! It answers look-ups only. How it is made from facts is in `build`, what follows from it in `reach` and `cut`.

use crate::alias::Aliases;
use crate::net::{NONE, Net};
use firebreak_model::{Action, CutOption, EdgeKind, Holding, Interval, NodeKey, Persistence, Problem, Text, Time};
use serde::{Deserialize, Serialize};

/// A node of one built graph. Numbers follow the order of keys; extending the graph renumbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NodeId(pub(crate) u32);

/// An edge of one built graph. The same facts in any order give the same numbers; extending the graph renumbers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct EdgeId(pub(crate) u32);

/// What all facts about one node come to.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    /// Its name.
    pub key: NodeKey,
    /// What a person calls it.
    pub label: Text,
    /// When it exists: from the earliest start that any fact states, to the end that the latest fact states.
    pub valid: Interval,
    /// What says so; empty for a node that only edges mention.
    pub evidence: Text,
    /// Whether the owner says that it must not be lost.
    pub crown_jewel: bool,
    /// Whether a fact of its own states it, or only edges mention it.
    pub stated: bool,
    pub(crate) cuts: Vec<u32>,
    pub(crate) valid_known: Time,
    pub(crate) label_known: Time,
    pub(crate) evidence_known: Time,
}

/// What is known of an edge beside its topology; shared by all edges that say the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Detail {
    pub(crate) known: Time,
    pub(crate) actions: Vec<Text>,
    pub(crate) may: Vec<Text>,
    pub(crate) last_used: Option<Time>,
    pub(crate) holding: Option<(Text, Text, u64, Option<u64>)>,
    pub(crate) cuts: Vec<u32>,
}

/// One edge, looked up.
#[derive(Clone, PartialEq, Debug)]
pub struct Edge<'g> {
    /// Which.
    pub id: EdgeId,
    /// What relation.
    pub kind: EdgeKind,
    /// From where an intruder comes.
    pub from: NodeId,
    /// To where.
    pub to: NodeId,
    /// What must be held beside `from`.
    pub premises: Vec<NodeId>,
    /// When the step is possible.
    pub valid: Interval,
    /// How long its result stays.
    pub persistence: Persistence,
    /// When we learnt it first.
    pub known: Time,
    /// What says so.
    pub evidence: &'g Text,
    /// What may be done, for `may_act`.
    pub actions: &'g [Text],
    /// Undecided conditions; empty means certain.
    pub may: &'g [Text],
    /// When it was last used, where known.
    pub last_used: Option<Time>,
    /// What is held, for `holds`.
    pub holding: Option<Holding>,
    /// How it can be cut.
    pub cuts: Vec<CutOption>,
}

/// The temporal graph of one estate.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// Sorted by key.
    pub(crate) nodes: Vec<Node>,
    pub(crate) net: Net,
    pub(crate) kinds: Vec<EdgeKind>,
    pub(crate) evidence: Vec<u32>,
    pub(crate) texts: Vec<Text>,
    pub(crate) detail: Vec<u32>,
    pub(crate) details: Vec<Detail>,
    /// One for each action, sorted by action, wherever it is attached.
    pub(crate) options: Vec<CutOption>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) aliases: Aliases,
}

impl Graph {
    /// How many nodes there are, with those that only edges mention.
    pub fn node_count(&self) -> usize {
        self.net.node_count()
    }

    /// How many edges there are; several intervals of one relation are several edges.
    pub fn edge_count(&self) -> usize {
        self.net.edge_count()
    }

    /// Every node, in the order of keys.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// Every edge.
    pub fn edge_ids(&self) -> impl Iterator<Item = EdgeId> + use<> {
        (0..self.net.edge_count() as u32).map(EdgeId)
    }

    /// The node with this key, or with this key as an alias; `None` if no fact mentions it.
    pub fn id(&self, key: &NodeKey) -> Option<NodeId> {
        self.find(key).or_else(|| self.aliases.of(key).and_then(|key| self.find(key)))
    }

    fn find(&self, key: &NodeKey) -> Option<NodeId> {
        self.nodes.binary_search_by(|node| node.key.cmp(key)).ok().map(|index| NodeId(index as u32))
    }

    /// What is known of a node, or `None` for a number of another graph.
    pub fn node(&self, id: NodeId) -> Option<Node> {
        self.nodes.get(id.0 as usize).cloned()
    }

    /// The key of a node, or `None` for a number of another graph.
    pub fn key(&self, id: NodeId) -> Option<NodeKey> {
        self.nodes.get(id.0 as usize).map(|node| node.key.clone())
    }

    /// What a person calls a node; empty for a number of another graph.
    pub fn label(&self, id: NodeId) -> &str {
        self.nodes.get(id.0 as usize).map_or("", |node| node.label.as_str())
    }

    /// Whether the owner says that the node must not be lost.
    pub fn is_crown_jewel(&self, id: NodeId) -> bool {
        self.nodes.get(id.0 as usize).is_some_and(|node| node.crown_jewel)
    }

    /// All crown jewels, in the order of keys.
    pub fn crown_jewels(&self) -> Vec<NodeId> {
        self.node_ids().filter(|id| self.is_crown_jewel(*id)).collect()
    }

    /// What a resource holds at any time: the largest count that is stated for each class and residency, by class.
    pub fn holdings(&self, resource: NodeId) -> Vec<Holding> {
        crate::loss::largest(self.net.out(resource.0).filter_map(|edge| self.holding(edge)))
    }

    /// How a node can be cut: each option disables the whole node.
    pub fn node_cuts(&self, id: NodeId) -> Vec<CutOption> {
        self.options_of(self.node_option_ids(id.0))
    }

    /// Every action that any fact offers, once, in the order of actions.
    pub fn options(&self) -> impl Iterator<Item = CutOption> {
        (0..self.option_count() as u32).filter_map(|option| self.option_at(option))
    }

    /// The option whose action is `action`.
    pub fn option(&self, action: &Action) -> Option<CutOption> {
        self.option_index(action).and_then(|option| self.option_at(option))
    }

    /// How many actions are offered; their numbers are below this.
    pub(crate) fn option_count(&self) -> usize {
        self.options.len()
    }

    /// The option with this number.
    pub(crate) fn option_at(&self, option: u32) -> Option<CutOption> {
        self.options.get(option as usize).cloned()
    }

    /// The edges out of a node, with those of which the node is a further premise left out.
    pub fn edges_from(&self, id: NodeId) -> impl Iterator<Item = Edge<'_>> {
        self.net.out(id.0).filter_map(|edge| self.edge(EdgeId(edge)))
    }

    /// The edges into a node.
    pub fn edges_into(&self, id: NodeId) -> impl Iterator<Item = Edge<'_>> {
        self.net.incoming(id.0).filter_map(|edge| self.edge(EdgeId(edge)))
    }

    /// An edge, or `None` for a number of another graph.
    pub fn edge(&self, id: EdgeId) -> Option<Edge<'_>> {
        let detail = self.detail(id.0)?;
        let span = self.net.span(id.0);
        Some(Edge {
            id,
            kind: *self.kinds.get(id.0 as usize)?,
            from: NodeId(self.net.from(id.0)),
            to: NodeId(self.net.to(id.0)),
            premises: self.net.premises(id.0).iter().copied().map(NodeId).collect(),
            valid: span.valid,
            persistence: span.persistence,
            known: detail.known,
            evidence: self.texts.get(*self.evidence.get(id.0 as usize)? as usize)?,
            actions: &detail.actions,
            may: &detail.may,
            last_used: detail.last_used,
            holding: self.holding(id.0),
            cuts: self.options_of(&detail.cuts),
        })
    }

    pub(crate) fn detail(&self, edge: u32) -> Option<&Detail> {
        let index = self.detail.get(edge as usize).copied().unwrap_or(NONE);
        self.details.get(index as usize)
    }

    /// Whether the edge has no undecided condition.
    pub(crate) fn is_certain(&self, edge: u32) -> bool {
        self.detail(edge).is_some_and(|detail| detail.may.is_empty())
    }

    pub(crate) fn kind(&self, edge: u32) -> Option<EdgeKind> {
        self.kinds.get(edge as usize).copied()
    }

    pub(crate) fn holding(&self, edge: u32) -> Option<Holding> {
        if self.kind(edge) != Some(EdgeKind::Holds) {
            return None;
        }
        let (class, residency, records, bytes) = self.detail(edge)?.holding.as_ref()?;
        Some(Holding {
            class: firebreak_model::DataClass::new(class),
            residency: residency.clone(),
            records: *records,
            bytes: *bytes,
        })
    }

    /// Numbers in `options` of what cuts the node.
    pub(crate) fn node_option_ids(&self, node: u32) -> &[u32] {
        self.nodes.get(node as usize).map_or(&[], |node| &node.cuts)
    }

    /// Numbers in `options` of what cuts the edge.
    pub(crate) fn edge_option_ids(&self, edge: u32) -> &[u32] {
        self.detail(edge).map_or(&[], |detail| &detail.cuts)
    }

    pub(crate) fn option_index(&self, action: &Action) -> Option<u32> {
        self.options.binary_search_by(|option| option.action.cmp(action)).ok().map(|index| index as u32)
    }

    fn options_of(&self, ids: &[u32]) -> Vec<CutOption> {
        ids.iter().filter_map(|id| self.option_at(*id)).collect()
    }
}
