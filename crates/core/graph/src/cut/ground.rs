//! What is held though every permitted action is done, exactly in time, and where ways out of it can be cut first.
//!
//! The searches of a cut know time only as far as the outlook does: a step counts if there is an instant at which its needs
//! may be held at all. On ground that nothing permitted takes away that would be too much: two steps that no action
//! cuts may exclude each other in time. So the ground is found exactly, and the searches begin at its border. What
//! can be cut on the way from there is on the way of every proof, hence no way is without a permitted action.

use super::outlook::{Approach, is_possible};
use super::scene::{INFINITE, Prices, Spent};
use super::walk;
use crate::arrive::{Arrivals, Start, arrive};
use crate::graph::Graph;
use crate::net::NONE;
use firebreak_model::Time;

/// A way off the ground: over an edge into a node, of which at least one can be cut; or a start that itself can be cut.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Entry {
    /// The node that is entered.
    pub(crate) node: u32,
    /// Over which edge; `NONE` for a start.
    pub(crate) edge: u32,
}

/// What no permitted action takes away.
pub(crate) struct Ground {
    /// When each node of it is held.
    pub(crate) arrivals: Arrivals,
    /// Nearest to a target first.
    pub(crate) border: Vec<Entry>,
}

impl Ground {
    /// The ground of `starts`, and its border on the `approach` to the targets.
    pub(crate) fn new(graph: &Graph, starts: &[Start], prices: &Prices<'_>, approach: &Approach) -> Ground {
        let leads = |node: u32| !approach.is_blind(node);
        let arrivals = arrive(&graph.net, starts, Time::MAX, &Spent { graph, prices });
        let stands = |options: &[u32]| prices.least(options) == INFINITE;
        let cuttable = |start: &&Start| leads(start.node) && !stands(graph.node_option_ids(start.node));
        let mut border: Vec<Entry> =
            starts.iter().filter(cuttable).map(|start| Entry { node: start.node, edge: NONE }).collect();
        let mut nodes: Vec<u32> = arrivals.all().iter().map(|hold| hold.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        for from in nodes.into_iter().filter(|node| leads(*node)) {
            for edge in walk::out(&graph.net, from) {
                let node = graph.net.to(edge);
                let open = stands(graph.edge_option_ids(edge)) && stands(graph.node_option_ids(node));
                let held = || graph.net.premises(edge).iter().all(|need| arrivals.is_reached(*need));
                if leads(node) && !open && held() && is_possible(&graph.net, &arrivals, edge) {
                    border.push(Entry { node, edge });
                }
            }
        }
        border.sort_unstable_by_key(|entry| (approach.steps(entry.node), *entry));
        border.dedup();
        Ground { arrivals, border }
    }

    /// Whether the node is part of it.
    #[inline]
    pub(crate) fn holds(&self, node: u32) -> bool {
        self.arrivals.is_reached(node)
    }
}
