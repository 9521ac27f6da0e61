//! The map in forms that other programs read: GraphML, JSON, Graphviz and OpenGraph (BloodHound).
//!
//! Everything is written piece by piece, so that a large map needs no second copy in memory. What comes out depends on the
//! graph alone. Nothing is read back: facts are the form in which a map is kept.

mod graphml;
mod graphviz;
mod json;
mod opengraph;

use crate::graph::{Edge, Graph, Node, NodeId};
use firebreak_model::{NodeKind, Time};
use std::collections::BTreeSet;
use std::fmt::{Result, Write};

/// A form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// GraphML 1.0: yEd, Gephi, igraph, networkx.
    GraphMl,
    /// One JSON object with `nodes` and `edges`.
    Json,
    /// The DOT language of Graphviz.
    Graphviz,
    /// BloodHound's OpenGraph.
    OpenGraph,
}

impl Format {
    /// Every form, with its word.
    pub const ALL: [(Format, &str); 4] = [
        (Format::GraphMl, "graphml"),
        (Format::Json, "json"),
        (Format::Graphviz, "graphviz"),
        (Format::OpenGraph, "opengraph"),
    ];
}

/// What of a graph is written.
#[derive(Clone, Copy, Debug)]
pub struct Part<'g> {
    /// The graph.
    pub graph: &'g Graph,
    /// Only these nodes and the edges between them; `None` for everything.
    pub only: Option<&'g BTreeSet<NodeId>>,
}

impl<'g> Part<'g> {
    fn nodes(&self) -> impl Iterator<Item = (NodeId, Node)> {
        let wanted = |id: &NodeId| self.only.is_none_or(|only| only.contains(id));
        self.graph.node_ids().filter(wanted).filter_map(|id| Some((id, self.graph.node(id)?)))
    }

    fn edges(&self) -> impl Iterator<Item = Edge<'g>> {
        let within =
            |edge: &Edge<'_>| self.only.is_none_or(|only| only.contains(&edge.from) && only.contains(&edge.to));
        self.graph.edge_ids().filter_map(|id| self.graph.edge(id)).filter(within)
    }

    fn text_of(&self, id: NodeId) -> String {
        self.graph.key(id).map_or_else(String::new, |key| key.as_str().to_owned())
    }

    fn premises(&self, edge: &Edge<'_>) -> Vec<String> {
        edge.premises.iter().map(|node| self.text_of(*node)).collect()
    }
}

/// Writes `part` in `format`.
///
/// # Errors
/// What `out` says where it takes no more.
pub fn export(part: &Part<'_>, format: Format, out: &mut dyn Write) -> Result {
    match format {
        Format::GraphMl => graphml::write(part, out),
        Format::Json => json::write(part, out),
        Format::Graphviz => graphviz::write(part, out),
        Format::OpenGraph => opengraph::write(part, out),
    }
}

/// A relation or a kind of node as a name in camel case: `MayAct`.
fn camel(word: &str) -> String {
    word.split('_')
        .flat_map(|part| part.chars().take(1).flat_map(char::to_uppercase).chain(part.chars().skip(1)))
        .collect()
}

/// A bound of an interval; nothing where it is open.
fn bound(time: Time) -> Option<String> {
    (time != Time::MIN && time != Time::MAX).then(|| time.to_string())
}

/// The colour of a kind of node where one is drawn: distinct for those who see colours differently too.
fn colour(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Package => "#999999",
        NodeKind::Environment => "#56B4E9",
        NodeKind::Credential => "#E69F00",
        NodeKind::Identity => "#009E73",
        NodeKind::Group => "#CCECDD",
        NodeKind::Resource => "#F0E442",
        NodeKind::DataClass => "#D55E00",
        NodeKind::Vendor => "#CC79A7",
    }
}

#[cfg(test)]
mod tests;
