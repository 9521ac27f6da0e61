//! The graph: topology, and for each node and edge what a person or a planner needs to know of it.
//!
//! It answers look-ups only. How it is made from facts and changes is in `build`, how it is laid flat in `compact`, what
//! follows from it in `reach`, `closure` and `cut`. Everything is a column of numbers or is stored once and numbered; what is
//! looked up is spelled out anew.

use crate::alias::Aliases;
use crate::net::{NONE, Net, Span};
use crate::options::{Options, spelled};
use crate::pool::{Narrow, Pool, Sparse};
use crate::runs::Runs;
use firebreak_model::{
    Action, CutOption, DataClass, EdgeKind, Holding, Interval, NodeKey, Persistence, Problem, Text, Time,
};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// A node of one graph. In a compact graph numbers follow the order of keys; changes add numbers and leave those that
/// are there; [`Graph::compact`] numbers anew.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct NodeId(pub(crate) u32);

/// An edge of one graph. In a compact graph the same facts in any order give the same numbers; changes add numbers and
/// leave those that are there; [`Graph::compact`] numbers anew.
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
}

/// What facts say of a node beside its life; shared by all nodes of which they say the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct About {
    pub(crate) evidence: u32,
    pub(crate) evidence_known: Time,
    pub(crate) label_known: Time,
    pub(crate) valid_known: Time,
    pub(crate) crown_jewel: bool,
    pub(crate) stated: bool,
}

/// What an edge says beside when; shared by all edges that say the same.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Saying {
    pub(crate) kind: EdgeKind,
    pub(crate) actions: Vec<Text>,
    pub(crate) may: Vec<Text>,
    pub(crate) holding: Option<(Text, Text, u64, Option<u64>)>,
}

/// When a statement was learnt, and what says so.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Occasion {
    pub(crate) evidence: u32,
    /// When it was learnt first.
    pub(crate) known: Time,
}

/// The news that something ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Ended<T> {
    /// When; `Time::MIN` if it was never true.
    pub(crate) at: Time,
    /// What was stated before: the life of a node, the span of an edge.
    pub(crate) stated: T,
}

/// What is left of an interval that ended.
pub(crate) fn until(interval: Interval, at: Time) -> Interval {
    Interval::new(interval.from, interval.to.min(at))
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

/// Set in the number of a list of options; without it, the number is of one option.
pub(crate) const LIST: u32 = 1 << 31;

/// The temporal graph of one estate.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) net: Net,
    /// Node -> its key. Those that were laid are sorted.
    pub(crate) keys: Runs<u8>,
    pub(crate) laid_nodes: u32,
    pub(crate) about: Narrow,
    pub(crate) abouts: Pool<About>,
    /// Node -> its label, or `NONE` where it is called by its own name.
    pub(crate) label: Vec<u32>,
    pub(crate) labels: Runs<u8>,
    /// Node -> an option, a list of options, or `NONE`.
    pub(crate) node_cuts: Vec<u32>,
    pub(crate) texts: Pool<Text>,
    /// Edge -> what it says.
    pub(crate) saying: Narrow,
    pub(crate) sayings: Pool<Saying>,
    /// Edge -> when that was learnt.
    pub(crate) occasion: Narrow,
    pub(crate) occasions: Pool<Occasion>,
    /// Edge -> an option or a list of options.
    pub(crate) edge_cuts: Sparse<u32>,
    pub(crate) cut_lists: Runs<u32>,
    pub(crate) last_used: Sparse<Time>,
    pub(crate) options: Options,
    pub(crate) ended_nodes: FxHashMap<u32, Ended<Interval>>,
    pub(crate) ended_edges: FxHashMap<u32, Ended<Span>>,
    /// Origin and target -> the edges that were added since the graph was laid.
    pub(crate) added: FxHashMap<(u32, u32), Vec<u32>>,
    pub(crate) changed: usize,
    pub(crate) revision: u64,
    pub(crate) problems: Vec<Problem>,
    pub(crate) aliases: Aliases,
}

impl Graph {
    /// How many nodes there are, with those that only edges mention.
    pub fn node_count(&self) -> usize {
        self.net.node_count()
    }

    /// How many edges there are; several intervals of one relation are several edges, and so are those that ended.
    pub fn edge_count(&self) -> usize {
        self.net.edge_count()
    }

    /// Grows with everything that changes the graph: what was derived from another revision may be out of date.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Every node; in a compact graph in the order of keys.
    pub fn node_ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.net.node_count() as u32).map(NodeId)
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
        self.keys.find(key.as_str().as_bytes()).map(NodeId)
    }

    /// What is known of a node, or `None` for a number of another graph.
    pub fn node(&self, id: NodeId) -> Option<Node> {
        let about = self.about(id.0)?;
        Some(Node {
            key: self.key(id)?,
            label: Text::new(self.label(id)),
            valid: self.net.life(id.0),
            evidence: self.texts.get(about.evidence).cloned().unwrap_or_default(),
            crown_jewel: about.crown_jewel,
            stated: about.stated,
        })
    }

    /// The key of a node, or `None` for a number of another graph.
    pub fn key(&self, id: NodeId) -> Option<NodeKey> {
        ((id.0 as usize) < self.node_count()).then(|| spelled(self.keys.text(id.0)))
    }

    /// What a person calls a node; empty for a number of another graph.
    pub fn label(&self, id: NodeId) -> &str {
        match self.label.get(id.0 as usize) {
            None => "",
            Some(&NONE) => {
                let key = self.keys.text(id.0);
                let rest = key.split_once(':').map_or("", |(_, rest)| rest);
                rest.split_once('/').map_or(rest, |(_, name)| name)
            }
            Some(label) => self.labels.text(*label),
        }
    }

    /// Whether the owner says that the node must not be lost.
    pub fn is_crown_jewel(&self, id: NodeId) -> bool {
        self.about(id.0).is_some_and(|about| about.crown_jewel)
    }

    /// All crown jewels; in a compact graph in the order of keys.
    pub fn crown_jewels(&self) -> Vec<NodeId> {
        self.node_ids().filter(|id| self.is_crown_jewel(*id)).collect()
    }

    /// The nodes that are classes of data.
    pub(crate) fn class_ids(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.node_ids().filter(|id| self.keys.get(id.0).starts_with(b"data_class:"))
    }

    /// What a resource holds at any time: the largest count that is stated for each class and residency, by class.
    pub fn holdings(&self, resource: NodeId) -> Vec<Holding> {
        let ever = |edge: &u32| !is_empty(self.net.span(*edge).valid);
        crate::loss::largest(self.net.out(resource.0).filter(ever).filter_map(|edge| self.holding(edge)))
    }

    /// How a node can be cut: each option disables the whole node.
    pub fn node_cuts(&self, id: NodeId) -> Vec<CutOption> {
        self.options_of(self.node_option_ids(id.0))
    }

    /// Every action that any fact offers, once; in a compact graph by name, target (what is no node last) and parameters.
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
        self.options.get(option, &self.keys)
    }

    /// The edges out of a node, with those of which the node is a further premise left out, and those that were never
    /// true.
    pub fn edges_from(&self, id: NodeId) -> impl Iterator<Item = Edge<'_>> {
        self.net.out(id.0).filter_map(|edge| self.edge(EdgeId(edge))).filter(|edge| !is_empty(edge.valid))
    }

    /// The edges into a node, with those left out that were never true.
    pub fn edges_into(&self, id: NodeId) -> impl Iterator<Item = Edge<'_>> {
        self.net.incoming(id.0).filter_map(|edge| self.edge(EdgeId(edge))).filter(|edge| !is_empty(edge.valid))
    }

    /// An edge, or `None` for a number of another graph. One that was never true has an empty interval.
    pub fn edge(&self, id: EdgeId) -> Option<Edge<'_>> {
        let (saying, occasion) = self.saying(id.0).zip(self.occasion(id.0))?;
        let span = self.net.span(id.0);
        Some(Edge {
            id,
            kind: saying.kind,
            from: NodeId(self.net.from(id.0)),
            to: NodeId(self.net.to(id.0)),
            premises: self.net.premises(id.0).iter().copied().map(NodeId).collect(),
            valid: span.valid,
            persistence: span.persistence,
            known: occasion.known,
            evidence: self.texts.get(occasion.evidence)?,
            actions: &saying.actions,
            may: &saying.may,
            last_used: self.last_used.get(id.0),
            holding: self.holding(id.0),
            cuts: self.options_of(self.edge_option_ids(id.0)),
        })
    }

    pub(crate) fn about(&self, node: u32) -> Option<&About> {
        self.about.get(node).and_then(|about| self.abouts.get(about))
    }

    pub(crate) fn occasion(&self, edge: u32) -> Option<&Occasion> {
        self.occasion.get(edge).and_then(|occasion| self.occasions.get(occasion))
    }

    pub(crate) fn saying(&self, edge: u32) -> Option<&Saying> {
        self.saying.get(edge).and_then(|saying| self.sayings.get(saying))
    }

    /// The span that was stated of the edge, whether or not that ended since.
    pub(crate) fn stated_span(&self, edge: u32) -> Span {
        self.ended_edges.get(&edge).map_or_else(|| self.net.span(edge), |ended| ended.stated)
    }

    /// Whether the edge has no undecided condition.
    pub(crate) fn is_certain(&self, edge: u32) -> bool {
        self.saying(edge).is_some_and(|saying| saying.may.is_empty())
    }

    /// Whether any edge has an undecided condition.
    pub(crate) fn has_undecided(&self) -> bool {
        self.sayings.items().iter().any(|saying| !saying.may.is_empty())
    }

    pub(crate) fn kind(&self, edge: u32) -> Option<EdgeKind> {
        self.saying(edge).map(|saying| saying.kind)
    }

    pub(crate) fn holding(&self, edge: u32) -> Option<Holding> {
        let saying = self.saying(edge).filter(|saying| saying.kind == EdgeKind::Holds)?;
        let (class, residency, records, bytes) = saying.holding.as_ref()?;
        Some(Holding { class: DataClass::new(class), residency: residency.clone(), records: *records, bytes: *bytes })
    }

    /// Numbers in `options` of what cuts the node.
    pub(crate) fn node_option_ids(&self, node: u32) -> &[u32] {
        self.node_cuts.get(node as usize).map_or(&[], |cuts| self.option_list(cuts))
    }

    /// Numbers in `options` of what cuts the edge.
    pub(crate) fn edge_option_ids(&self, edge: u32) -> &[u32] {
        self.edge_cuts.get_ref(edge).map_or(&[], |cuts| self.option_list(cuts))
    }

    pub(crate) fn option_index(&self, action: &Action) -> Option<u32> {
        self.options.find(action, &self.keys)
    }

    /// The list that `cuts` stands for.
    pub(crate) fn option_list<'g>(&'g self, cuts: &'g u32) -> &'g [u32] {
        match *cuts {
            NONE => &[],
            list if list & LIST != 0 => self.cut_lists.get(list & !LIST),
            _ => std::slice::from_ref(cuts),
        }
    }

    /// What stands for a list, which must be sorted.
    pub(crate) fn list_number(&mut self, options: &[u32]) -> u32 {
        match options {
            [] => NONE,
            [option] => *option,
            options => LIST | self.cut_lists.number(options),
        }
    }

    fn options_of(&self, ids: &[u32]) -> Vec<CutOption> {
        ids.iter().filter_map(|id| self.option_at(*id)).collect()
    }
}

/// Whether there is no instant inside.
pub(crate) fn is_empty(interval: Interval) -> bool {
    interval.from >= interval.to
}
