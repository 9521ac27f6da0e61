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
use crate::bits::Bits;
use crate::graph::{EdgeId, Graph, NodeId};
use crate::net::{NONE, Net};
use crate::reach::{Hop, hop_over};
use crate::scan::Batch;
use firebreak_model::{Interval, Time};
use rustc_hash::{FxHashMap, FxHashSet};

/// A gate with more needs than this counts those that it has, instead of looking at all of them again.
const NEEDS_MAX: usize = 8;

/// A level of this share of all nodes is worth taking in the order of numbers: edges are then read one after the other.
const SORTED_FROM: usize = 64;

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
    let (have, ready) = (FxHashMap::default(), Bits::below(nodes));
    let mut sweep = Sweep { net, blocked, closure, have, ready, batch: Batch::new() };
    for source in sources {
        sweep.enter(source, NONE, net.life(source));
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
    batch: Batch,
}

impl<B: Blocked> Sweep<'_, B> {
    /// Takes every step from the nodes of one level, which lie from `first` to `end` in the order.
    fn level(&mut self, first: usize, end: usize) {
        if (end - first) * SORTED_FROM > self.net.node_count() {
            // What is inside and was not ready is this level.
            let level = self.closure.inside.without(&self.ready);
            self.ready.clone_from(&self.closure.inside);
            level.members().for_each(|node| self.scan(node));
        } else {
            let level = self.closure.order.get(first..end).unwrap_or_default();
            level.iter().for_each(|node| _ = self.ready.add(*node));
            for index in first..end {
                let Some(node) = self.closure.order.get(index).copied() else { return };
                self.scan(node);
            }
        }
        self.take();
    }

    /// Looks along all edges that follow from `node`.
    fn scan(&mut self, node: u32) {
        let net = self.net;
        let mut run = net.laid_out(node);
        while !run.is_empty() {
            run = self.batch.sift(net, run, NONE, &self.closure.inside);
            if self.batch.is_full() {
                self.take();
            }
        }
        for edge in net.beyond(node) {
            self.batch.push(net, edge, NONE, &self.closure.inside);
            if self.batch.is_full() {
                self.take();
            }
        }
    }

    /// Takes the steps that were found.
    fn take(&mut self) {
        let mut batch = std::mem::take(&mut self.batch);
        for (step, facts) in batch.look_up(self.net) {
            if !self.closure.inside.contains(step.to) && self.is_open(step.edge, facts.valid) {
                self.enter(step.to, step.edge, facts.life);
            }
        }
        batch.clear();
        self.batch = batch;
    }

    fn is_open(&mut self, edge: u32, valid: Interval) -> bool {
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

    fn enter(&mut self, node: u32, via: u32, life: Interval) {
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
