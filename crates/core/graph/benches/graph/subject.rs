//! The map under test: built from an estate, with the numbers that the estate's nodes have in it.
//!
//! This is the one place of the benchmark that knows how the map is made and asked.

use crate::clock::timed;
use crate::estate::Estate;
use crate::shape::COMPROMISED;
use firebreak_graph::{Graph, NodeId, Source};
use firebreak_model::{Fact, Time};

/// An estate and its map.
pub(crate) struct Subject {
    pub(crate) estate: Estate,
    pub(crate) graph: Graph,
    ids: Vec<Option<NodeId>>,
    /// How long it took to make the map, without drawing the estate.
    pub(crate) built_in: f64,
}

/// The map alone.
pub(crate) fn graph(estate: &Estate) -> (Graph, f64) {
    let mut facts: Vec<Fact> = Vec::new();
    estate.facts(|fact| facts.push(fact));
    let ((graph, problems), took) = timed(|| Graph::build(&facts));
    assert!(problems.is_empty(), "the estate is not sound: {:?}", problems.first());
    (graph, took)
}

impl Subject {
    pub(crate) fn new(estate: Estate) -> Subject {
        let (graph, built_in) = graph(&estate);
        let ids = (0..estate.node_count()).map(|node| graph.id(&estate.key(node))).collect();
        Subject { estate, graph, ids, built_in }
    }

    /// The node's number in the map.
    pub(crate) fn id(&self, node: u32) -> Option<NodeId> {
        self.ids.get(node as usize).copied().flatten()
    }

    /// Nodes of the estate as sources, compromised at the day of the compromise.
    pub(crate) fn sources(&self, nodes: &[u32], at: Time) -> Vec<Source> {
        nodes.iter().filter_map(|node| self.id(*node)).map(|node| Source::new(node, at)).collect()
    }

    /// The crown jewels.
    pub(crate) fn jewels(&self) -> Vec<NodeId> {
        self.estate.jewels().into_iter().filter_map(|node| self.id(node)).collect()
    }

    /// One environment, compromised.
    pub(crate) fn environment(&self, purpose: u64) -> Vec<Source> {
        self.sources(&self.estate.environments(1, purpose), COMPROMISED)
    }
}
