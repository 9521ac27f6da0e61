//! The map under test: built from an estate, with the numbers that the estate's nodes have in it.
//!
//! This is the one place of the benchmark that knows how the map is made and asked.

use crate::clock::timed;
use crate::estate::Estate;
use crate::shape::COMPROMISED;
use firebreak_graph::{Graph, GraphBuilder, NodeId, Source};
use firebreak_model::Time;

/// An estate and its map.
pub(crate) struct Subject {
    pub(crate) estate: Estate,
    pub(crate) graph: Graph,
    ids: Vec<Option<NodeId>>,
    /// How long it took to draw the estate and make the map, fact by fact.
    pub(crate) built_in: f64,
}

/// The map alone.
pub(crate) fn graph(estate: &Estate) -> (Graph, f64) {
    let ((graph, problems), took) = timed(|| {
        let mut builder = GraphBuilder::new();
        estate.facts(|fact| builder.state(&fact));
        builder.finish()
    });
    assert!(problems.is_empty(), "the estate is not sound: {:?}", problems.first());
    (graph, took)
}

impl Subject {
    pub(crate) fn new(estate: Estate) -> Subject {
        let (graph, built_in) = graph(&estate);
        let mut subject = Subject { estate, graph, ids: Vec::new(), built_in };
        subject.number_nodes();
        subject
    }

    /// Asks the map for the numbers of all nodes: laying it flat may change them.
    pub(crate) fn number_nodes(&mut self) {
        self.ids = (0..self.estate.node_count()).map(|node| self.graph.id(&self.estate.key(node))).collect();
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
