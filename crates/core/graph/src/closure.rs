//! The blast radius: everything that follows from a set of nodes, whenever.
//!
//! # What it means
//!
//! A step is **open** if its edge and its target exist at or after the instant that is asked about. The closure is the least
//! set with the sources (those that exist at or after the instant), and the target of every open step whose origin and premises
//! are all in the set. When in the future a step opens, how long a hold lasts and whether two holds overlap is not looked at: that
//! is [`crate::reach`]. So every node that `reach` gives for sources that are held from the instant on is in
//! the closure, and the closure may hold more. An undecided edge counts as open.
//!
//! Work is proportional to what is reached; nothing is done for the rest of the graph.

use crate::arrive::{Blocked, Free};
use crate::flat::item;
use crate::graph::{EdgeId, Graph, NodeId};
use crate::net::{NONE, Net};
use crate::reach::{Hop, hop_over};
use firebreak_model::Time;
use rustc_hash::{FxHashMap, FxHashSet};

/// A gate with more needs than this counts those that it has, instead of looking at all of them again.
const NEEDS_MAX: usize = 8;

/// A level of this share of all nodes is worth sorting: its edges are then read one after the other.
const SORTED_FROM: usize = 64;

/// A set of nodes. A bit for each of a million nodes is less than what any search touches.
#[derive(Clone, Debug)]
struct Bits(Vec<u64>);

impl Bits {
    fn below(bound: usize) -> Bits {
        Bits(vec![0; bound.div_ceil(64)])
    }

    #[inline]
    fn contains(&self, number: u32) -> bool {
        item(&self.0, number as usize / 64) >> (number % 64) & 1 != 0
    }

    /// Adds a number; true if it was not there.
    #[inline]
    fn add(&mut self, number: u32) -> bool {
        let Some(word) = self.0.get_mut(number as usize / 64) else { return false };
        let new = *word >> (number % 64) & 1 == 0;
        *word |= 1 << (number % 64);
        new
    }
}

/// Everything that follows from some nodes.
#[derive(Clone, Debug)]
pub struct Closure {
    inside: Bits,
    /// In the order in which they were reached, each after all that its step needs.
    order: Vec<u32>,
    /// The edge to each of `order`; `NONE` for a source.
    via: Vec<u32>,
    at: Time,
}

/// Everything that follows from `sources` over what exists at or after `at`.
pub fn closure(graph: &Graph, sources: &[NodeId], at: Time) -> Closure {
    close(&graph.net, sources.iter().map(|source| source.0), at, &Free)
}

/// The same, without what is blocked.
pub(crate) fn close(net: &Net, sources: impl Iterator<Item = u32>, at: Time, blocked: &impl Blocked) -> Closure {
    let nodes = net.node_count();
    let closure = Closure { inside: Bits::below(nodes), order: Vec::new(), via: Vec::new(), at };
    let mut sweep = Sweep { net, blocked, closure, have: FxHashMap::default(), ready: Bits::below(nodes) };
    for source in sources {
        sweep.enter(source, NONE);
    }
    let mut first = 0;
    while first < sweep.closure.order.len() {
        let end = sweep.closure.order.len();
        sweep.level(first, end);
        first = end;
    }
    sweep.closure
}

struct Sweep<'n, B> {
    net: &'n Net,
    blocked: &'n B,
    closure: Closure,
    /// Gate -> how many of its needs are in the set, for gates with many.
    have: FxHashMap<u32, usize>,
    /// The nodes whose steps are taken or being taken.
    ready: Bits,
}

impl<B: Blocked> Sweep<'_, B> {
    /// Takes every step from the nodes of one level, which lie from `first` to `end` in the order.
    fn level(&mut self, first: usize, end: usize) {
        let net = self.net;
        if (end - first) * SORTED_FROM > net.node_count() {
            self.sort(first, end);
        }
        let level = self.closure.order.get(first..end).unwrap_or_default();
        level.iter().for_each(|node| _ = self.ready.add(*node));
        for index in first..end {
            let Some(node) = self.closure.order.get(index).copied() else { return };
            net.out(node).for_each(|edge| self.step(edge));
            net.uses(node).for_each(|edge| self.step(edge));
        }
    }

    /// Sorts a level by number: neighbours in number are neighbours in memory.
    fn sort(&mut self, first: usize, end: usize) {
        let (order, via) = (self.closure.order.get_mut(first..end), self.closure.via.get_mut(first..end));
        let Some((order, via)) = order.zip(via) else { return };
        let mut pairs: Vec<u64> =
            order.iter().zip(via.iter()).map(|(node, via)| u64::from(*node) << 32 | u64::from(*via)).collect();
        pairs.sort_unstable();
        for ((node, via), pair) in order.iter_mut().zip(via).zip(pairs) {
            (*node, *via) = ((pair >> 32) as u32, pair as u32);
        }
    }

    #[inline]
    fn step(&mut self, edge: u32) {
        let to = self.net.to(edge);
        if !self.closure.inside.contains(to) && self.is_open(edge) {
            self.enter(to, edge);
        }
    }

    fn is_open(&mut self, edge: u32) -> bool {
        let valid = self.net.span(edge).valid;
        if valid.to <= self.closure.at || valid.from >= valid.to || self.blocked.edge(edge) {
            return false;
        }
        let premises = self.net.premises(edge);
        if premises.is_empty() {
            return true;
        }
        if premises.len() > NEEDS_MAX {
            // Each need comes here once, when its own steps are taken.
            let have = self.have.entry(edge).or_default();
            *have += 1;
            return *have > premises.len();
        }
        // What was reached on this level comes here again on its own.
        self.net.needs(edge).all(|need| self.ready.contains(need))
    }

    fn enter(&mut self, node: u32, via: u32) {
        let life = self.net.life(node);
        if life.to <= self.closure.at || life.from >= life.to || self.blocked.node(node) {
            return;
        }
        if self.closure.inside.add(node) {
            self.closure.order.push(node);
            self.closure.via.push(via);
        }
    }
}

impl Closure {
    /// Whether the node is in it.
    pub fn contains(&self, node: NodeId) -> bool {
        self.inside.contains(node.0)
    }

    /// How many nodes are in it, sources included.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing is in it: no source exists at or after the instant.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The nodes in it, sources first.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.order.iter().copied().map(NodeId)
    }

    /// The steps from a source to `node`, in order; empty for a source, and for a node that is not in it. `graph` must be the
    /// one that was searched. The time of a step is the first at which its edge exists.
    pub fn witness(&self, graph: &Graph, node: NodeId) -> Vec<Hop> {
        self.steps(graph, node, false)
    }

    /// [`Closure::witness`] with the steps to every premise, each step once and after all that it needs.
    pub fn proof(&self, graph: &Graph, node: NodeId) -> Vec<Hop> {
        self.steps(graph, node, true)
    }

    fn steps(&self, graph: &Graph, node: NodeId, whole: bool) -> Vec<Hop> {
        let mut hops = Vec::new();
        if !self.contains(node) {
            return hops;
        }
        // What a step needs was reached before it, so that one pass backwards meets all of it.
        let mut wanted = FxHashSet::from_iter([node.0]);
        for (reached, via) in self.order.iter().zip(&self.via).rev() {
            if !wanted.remove(reached) {
                continue;
            }
            let Some(edge) = graph.edge(EdgeId(*via)) else { continue };
            wanted.insert(edge.from.0);
            if whole {
                wanted.extend(edge.premises.iter().map(|premise| premise.0));
            }
            hops.push(hop_over(graph, &edge, edge.valid.from.max(self.at)));
        }
        hops.reverse();
        hops
    }
}
