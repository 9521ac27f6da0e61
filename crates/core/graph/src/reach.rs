//! Reach: what follows from a set of compromised nodes, from when, and by which steps.
//!
//! # What it means
//!
//! A node is **held** at an instant if whoever broke in could use it then. The instants at which a node is held are the
//! least sets that satisfy these rules; a node may be held, lost and held again.
//!
//! 1. A source is held from its time until its own end, and as long as its node exists.
//! 2. A step over an edge is **possible** at an instant if its origin and all its premises are held at that instant, the instant is
//!    inside the edge's interval, and the target exists. Waiting is allowed: what is held now and still held next
//!    month can be used next month. With premises, the first possible instant is therefore the latest of their
//!    arrivals, or later if one of them was lost in between.
//! 3. What a possible step gives depends on the edge's persistence:
//!    - `While`: the target is held at exactly the instants at which the step is possible.
//!    - `Take`: the target is held from the first such instant until the target's own node ends.
//!    - `Mint`: from each such instant on for the session's time to live, whatever becomes of the parent, and at
//!      most until the session's own node ends. While the parent is held the session can be minted again.
//! 4. No node is held outside its own interval. So a key that was rotated before the theft leads nowhere, and a session
//!    outlives its key.
//!
//! One bound keeps chains of sessions finite: where more than 64 sessions are minted one from another at one instant
//! (role chaining in a circle), the next counts as renewable for as long as the edge and its ends exist, and what else the
//! step needs is held. That can only add reach.
//!
//! The **arrival** of a node is the first instant at which it is held; its **periods** are all of them. Reach is
//! **certain** where a proof uses no edge with an undecided condition, and otherwise **possible**.

use crate::arrive::{Arrivals, Blocked, Free, Hold, Start, arrive};
use crate::graph::{EdgeId, Graph, NodeId};
use crate::net::NONE;
use firebreak_model::{EdgeKind, Interval, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};

/// A compromised node.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Source {
    /// Which.
    pub node: NodeId,
    /// From when: the earliest time at which it may have been compromised, not the time at which that was seen.
    pub at: Time,
    /// Until when, not included: when it was cleaned; `Time::MAX` if it was not.
    pub until: Time,
}

impl Source {
    /// A node that is compromised from `at` on and was not cleaned.
    pub const fn new(node: NodeId, at: Time) -> Source {
        Source { node, at, until: Time::MAX }
    }
}

/// One step of a witness.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Hop {
    /// From where.
    pub from: NodeKey,
    /// By what relation.
    pub kind: EdgeKind,
    /// To where.
    pub to: NodeKey,
    /// The first instant at which this step is possible on this path.
    pub at: Time,
    /// What says that the relation holds.
    pub evidence: Text,
    /// What had to be held beside `from`. [`Reach::proof`] has the steps to these.
    pub premises: Vec<NodeKey>,
    /// Whether the relation has no undecided condition.
    pub certain: bool,
    /// The edge in the graph that was searched.
    pub edge: EdgeId,
}

/// What a set of sources reaches.
#[derive(Clone, Debug)]
pub struct Reach {
    pub(crate) possible: Arrivals,
    /// What is reached by certain edges alone; `None` where no other edge was usable, so that all of it is certain.
    certain: Option<Arrivals>,
}

/// Everything that `sources` reach by `horizon`, which is included; `Time::MAX` for no limit.
pub fn reach(graph: &Graph, sources: &[Source], horizon: Time) -> Reach {
    let starts = starts(sources);
    let possible = arrive(&graph.net, &starts, horizon, &Free);
    reach_of(graph, &starts, horizon, possible, &Free)
}

/// Completes reach with what of it is certain.
pub(crate) fn reach_of(
    graph: &Graph,
    starts: &[Start],
    horizon: Time,
    possible: Arrivals,
    blocked: &impl Blocked,
) -> Reach {
    let uncertain =
        graph.has_undecided() && possible.all().iter().any(|hold| hold.via != NONE && !graph.is_certain(hold.via));
    let certain = uncertain.then(|| arrive(&graph.net, starts, horizon, &CertainOnly { graph, blocked }));
    Reach { possible, certain }
}

/// Sources as the engine takes them, in an order of their own.
pub(crate) fn starts(sources: &[Source]) -> Vec<Start> {
    let mut starts: Vec<Start> =
        sources.iter().map(|source| Start { node: source.node.0, from: source.at, to: source.until }).collect();
    starts.sort_unstable();
    starts
}

struct CertainOnly<'g, B> {
    graph: &'g Graph,
    blocked: &'g B,
}

impl<B: Blocked> Blocked for CertainOnly<'_, B> {
    fn node(&self, node: u32) -> bool {
        self.blocked.node(node)
    }
    fn edge(&self, edge: u32) -> bool {
        !self.graph.is_certain(edge) || self.blocked.edge(edge)
    }
}

impl Reach {
    /// The first instant at which the node is held, or `None` if it never is.
    pub fn arrival(&self, node: NodeId) -> Option<Time> {
        self.possible.first(node.0).map(|(_, hold)| hold.from)
    }

    /// The first instant at which the node is held if every undecided condition turns out against the intruder.
    pub fn certain_arrival(&self, node: NodeId) -> Option<Time> {
        self.sure().first(node.0).map(|(_, hold)| hold.from)
    }

    /// When the node is held: disjoint intervals in order.
    pub fn periods(&self, node: NodeId) -> Vec<Interval> {
        self.possible.periods(node.0)
    }

    /// Every node that is reached, sources included, by arrival and then by number.
    pub fn nodes(&self) -> Vec<(NodeId, Time)> {
        let first = self.possible.all().iter().filter(|hold| hold.earlier == NONE);
        let mut nodes: Vec<(NodeId, Time)> = first.map(|hold| (NodeId(hold.node), hold.from)).collect();
        nodes.sort_unstable_by_key(|(node, at)| (*at, *node));
        nodes
    }

    /// The steps from a source to the node's arrival, in order; empty for a source and for a node that is not
    /// reached. Where the node is certain at the same instant, the steps are certain ones.
    pub fn witness(&self, graph: &Graph, node: NodeId) -> Vec<Hop> {
        let arrivals = self.best(node);
        arrivals.first(node.0).map_or(Vec::new(), |(hold, _)| chain(graph, arrivals, hold))
    }

    /// The whole proof of the node's arrival: [`Reach::witness`] with the steps to every premise, each step once and after
    /// all the steps that it needs.
    pub fn proof(&self, graph: &Graph, node: NodeId) -> Vec<Hop> {
        let arrivals = self.best(node);
        let Some((hold, _)) = arrivals.first(node.0) else { return Vec::new() };
        let holds = ancestry(&graph.net, arrivals, hold);
        holds.into_iter().filter_map(|hold| hop(graph, arrivals.hold(hold)?)).collect()
    }

    /// How many edges were looked at.
    pub fn work(&self) -> u64 {
        self.possible.work + self.certain.as_ref().map_or(0, |certain| certain.work)
    }

    /// What is reached by certain edges alone.
    pub(crate) fn sure(&self) -> &Arrivals {
        self.certain.as_ref().unwrap_or(&self.possible)
    }

    fn best(&self, node: NodeId) -> &Arrivals {
        let certain = self.certain_arrival(node);
        if certain.is_some() && certain == self.arrival(node) { self.sure() } else { &self.possible }
    }
}

/// The hops from a start to `hold`.
pub(crate) fn chain(graph: &Graph, arrivals: &Arrivals, hold: u32) -> Vec<Hop> {
    let mut hops = Vec::new();
    let mut next = hold;
    while let Some(hold) = arrivals.hold(next) {
        hops.extend(hop(graph, hold));
        next = hold.parent;
    }
    hops.reverse();
    hops
}

/// The holds from which `hold` was made and itself, starts left out, in the order in which they were made.
pub(crate) fn ancestry(net: &crate::net::Net, arrivals: &Arrivals, hold: u32) -> Vec<u32> {
    let mut wanted = std::collections::BTreeSet::from([hold]);
    let mut made = Vec::new();
    // Every hold is made from holds with smaller numbers.
    while let Some(index) = wanted.pop_last() {
        let Some(hold) = arrivals.hold(index).filter(|hold| hold.via != NONE) else { continue };
        made.push(index);
        wanted.insert(hold.parent);
        wanted.extend(arrivals.premise_holds(hold, net.premises(hold.via).len()));
    }
    made.reverse();
    made
}

fn hop(graph: &Graph, hold: &Hold) -> Option<Hop> {
    let edge = graph.edge(EdgeId(hold.via))?;
    Some(hop_over(graph, &edge, hold.from))
}

/// The step over `edge` at `at`.
pub(crate) fn hop_over(graph: &Graph, edge: &crate::Edge<'_>, at: Time) -> Hop {
    let key = |node: NodeId| graph.key(node).unwrap_or_else(|| NodeKey::resource("unknown", "unknown"));
    Hop {
        from: key(edge.from),
        kind: edge.kind,
        to: key(edge.to),
        at,
        evidence: edge.evidence.clone(),
        premises: edge.premises.iter().map(|node| key(*node)).collect(),
        certain: edge.may.is_empty(),
        edge: edge.id,
    }
}
