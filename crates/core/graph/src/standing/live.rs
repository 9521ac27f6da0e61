//! The steps that are possible at one instant, as flat arrays. A copy: questions go over it many times.

use crate::flat::{item, run};
use crate::graph::{Graph, NodeId};
use firebreak_model::{NodeKind, Time};

/// One step out of a node.
#[derive(Clone, Copy, Default)]
pub(super) struct Arc {
    pub(super) to: u32,
    pub(super) edge: u32,
    /// Whether it needs more than the node that it is listed at.
    pub(super) gated: bool,
}

/// The topology of one instant.
pub(super) struct Live {
    exists: Vec<bool>,
    kinds: Vec<Option<NodeKind>>,
    /// Node -> its steps: over edges out of it, and over edges that need it beside their origin.
    first: Vec<u32>,
    arcs: Vec<Arc>,
}

impl Live {
    pub(super) fn new(graph: &Graph, at: Time) -> Live {
        let net = &graph.net;
        let nodes = net.node_count() as u32;
        let exists: Vec<bool> = (0..nodes).map(|node| net.life(node).contains(at)).collect();
        let kinds = (0..nodes).map(|node| graph.key(NodeId(node)).map(|key| key.kind())).collect();
        let mut live = Live { exists, kinds, first: vec![0], arcs: Vec::new() };
        for node in 0..nodes {
            if live.exists(node) {
                for edge in net.out(node) {
                    live.add(graph, at, edge, node);
                }
                for edge in net.uses(node) {
                    live.add(graph, at, edge, node);
                }
            }
            live.first.push(live.arcs.len() as u32);
        }
        live
    }

    fn add(&mut self, graph: &Graph, at: Time, edge: u32, node: u32) {
        let net = &graph.net;
        let to = net.to(edge);
        let possible = net.span(edge).valid.contains(at) && self.exists(to) && to != node;
        if possible && net.needs(edge).all(|need| self.exists(need)) {
            self.arcs.push(Arc { to, edge, gated: !net.premises(edge).is_empty() });
        }
    }

    pub(super) fn node_count(&self) -> usize {
        self.exists.len()
    }

    pub(super) fn arc_count(&self) -> usize {
        self.arcs.len()
    }

    pub(super) fn exists(&self, node: u32) -> bool {
        item(&self.exists, node as usize)
    }

    /// The kind of a node that exists.
    pub(super) fn kind(&self, node: u32) -> Option<NodeKind> {
        if self.exists(node) { item(&self.kinds, node as usize) } else { None }
    }

    /// The nodes that exist.
    pub(super) fn nodes(&self) -> impl Iterator<Item = u32> {
        (0u32..).zip(&self.exists).filter(|(_, exists)| **exists).map(|(node, _)| node)
    }

    /// All steps of a node.
    pub(super) fn arcs(&self, node: u32) -> &[Arc] {
        run(&self.arcs, item(&self.first, node as usize), item(&self.first, node as usize + 1))
    }

    /// The nodes one step on: with or without steps that need more.
    pub(super) fn next(&self, node: u32, helped: bool) -> impl Iterator<Item = u32> {
        self.arcs(node).iter().filter(move |arc| helped || !arc.gated).map(|arc| arc.to)
    }
}
