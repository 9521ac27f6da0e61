//! What a cut is asked from, made once and used for many cuts: what is held from now on, what follows from it if nothing
//! is done, and how far each node is from a target.

use super::paged::Paged;
use super::walk;
use crate::arrive::{Arrivals, Free, Start, arrive};
use crate::graph::{Graph, NodeId};
use crate::net::Net;
use crate::reach::Source;
use firebreak_model::{Interval, Persistence, Time};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many steps each node is from the nearest of some targets, whatever the time: which nodes lead there at all, and
/// in which direction. It is a standing label: made once for a set of targets, it serves every cut until the graph changes,
/// and is made anew by itself where it is asked after that.
#[derive(Clone, Debug, Default)]
pub struct Approach {
    /// Sorted.
    targets: Vec<u32>,
    /// Node -> steps and one, 0 for a node that leads to no target.
    steps: Paged<u8>,
    /// Steps and one -> how many nodes.
    rings: Vec<u32>,
    revision: u64,
}

impl Approach {
    /// The approach to `targets` from everywhere in the graph.
    pub fn new(graph: &Graph, targets: &[NodeId]) -> Approach {
        Approach::over(graph, targets, |_| true)
    }

    fn over(graph: &Graph, targets: &[NodeId], counts: impl Fn(u32) -> bool) -> Approach {
        let mut numbers: Vec<u32> = targets.iter().map(|target| target.0).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut steps: Paged<u8> = Paged::new();
        let mut ring: Vec<u32> = numbers.iter().copied().filter(|node| counts(*node)).collect();
        ring.iter().for_each(|node| steps.set(*node, 1));
        let mut distance = 1u8;
        let mut rings = vec![0, ring.len() as u32];
        while !ring.is_empty() {
            distance = distance.saturating_add(1);
            let mut next = Vec::new();
            for node in ring {
                for edge in walk::into(&graph.net, node) {
                    for need in graph.net.needs(edge) {
                        if steps.get(need) == 0 && counts(need) {
                            steps.set(need, distance);
                            next.push(need);
                        }
                    }
                }
            }
            rings.resize(usize::from(distance) + 1, 0);
            if let Some(count) = rings.get_mut(usize::from(distance)) {
                *count += next.len() as u32;
            }
            ring = next;
        }
        Approach { targets: numbers, steps, rings, revision: graph.revision() }
    }

    /// Whether it was made for the graph as it is and covers all of `targets`.
    pub(crate) fn covers(&self, graph: &Graph, targets: &[NodeId]) -> bool {
        let known = |target: &NodeId| self.targets.binary_search(&target.0).is_ok();
        self.revision == graph.revision() && targets.iter().all(known)
    }

    /// Whether no target can be reached from `node`.
    #[inline]
    pub(crate) fn is_blind(&self, node: u32) -> bool {
        self.steps.get(node) == 0
    }

    /// How many nodes there are with so many steps and one.
    pub(crate) fn rings(&self) -> &[u32] {
        &self.rings
    }

    /// Steps to the nearest target, and one; only for nodes that lead to one.
    #[inline]
    pub(crate) fn steps(&self, node: u32) -> u8 {
        self.steps.get(node)
    }
}

/// What is held at a time and what follows from it: the blast radius from now on, which a cut is asked from. Made once, it
/// serves every cut of the same sources at the same time: another set of targets, a refusal, an alternative.
#[derive(Clone, Debug)]
pub struct Outlook {
    pub(crate) starts: Vec<Start>,
    pub(crate) all: Arrivals,
    pub(crate) approach: Arc<Approach>,
}

impl Outlook {
    /// The outlook at `now` of what is compromised, towards the targets of a standing `approach`.
    pub fn new(graph: &Graph, sources: &[Source], now: Time, approach: Arc<Approach>) -> Outlook {
        let starts = held(&graph.net, sources, now);
        let all = arrive(&graph.net, &starts, Time::MAX, &Free);
        Outlook { starts, all, approach }
    }

    /// The same without a standing approach: the way to `targets` is looked for among what is within reach.
    pub fn towards(graph: &Graph, sources: &[Source], now: Time, targets: &[NodeId]) -> Outlook {
        let mut outlook = Outlook::new(graph, sources, now, Arc::default());
        outlook.turn(graph, targets);
        outlook
    }

    /// How many times something comes to be held: in proportion to what a question about what remains costs at most.
    pub fn held_count(&self) -> usize {
        self.all.all().len()
    }

    /// What comes to be held, each once, in the order of numbers.
    pub fn reached(&self) -> impl Iterator<Item = NodeId> + use<> {
        let nodes: BTreeSet<u32> = self.all.all().iter().map(|hold| hold.node).collect();
        nodes.into_iter().map(NodeId)
    }

    /// Looks towards other targets, unless the approach covers them already.
    pub fn turn(&mut self, graph: &Graph, targets: &[NodeId]) {
        if !self.approach.covers(graph, targets) {
            self.approach = Arc::new(Approach::over(graph, targets, |node| self.all.is_reached(node)));
        }
    }
}

/// What is held from now on though everything else is cut: sources, and whatever was taken or minted by now.
/// A session that may have been minted up to now lives for its time to live from now.
pub(crate) fn held(net: &Net, sources: &[Source], now: Time) -> Vec<Start> {
    let until_now = arrive(net, &crate::reach::starts(sources), now, &Free);
    let mut held: FxHashMap<(u32, Time), Time> = FxHashMap::default();
    let mut hold = |node: u32, from: Time, to: Time| {
        let (from, to) = (from.max(net.life(node).from), to.min(net.life(node).to));
        if from < to {
            let known = held.entry((node, from)).or_insert(to);
            *known = to.max(*known);
        }
    };
    for source in sources {
        hold(source.node.0, source.at.max(now), source.until);
    }
    let mut windows = Vec::new();
    let mut seen: Paged<bool> = Paged::new();
    for node in until_now.all().iter().map(|hold| hold.node) {
        if seen.get(node) {
            continue;
        }
        seen.set(node, true);
        for edge in net.out(node) {
            let persistence = net.span(edge).persistence;
            if persistence == Persistence::While {
                continue;
            }
            possible(net, &until_now, edge, &mut windows);
            for window in windows.iter().filter(|window| window.from <= now) {
                let to = match persistence {
                    Persistence::Mint { ttl_seconds } => window.to.min(now).plus_seconds(i64::from(ttl_seconds)),
                    _ => Time::MAX,
                };
                hold(net.to(edge), now, to);
            }
        }
    }
    let mut starts: Vec<Start> = held.into_iter().map(|((node, from), to)| Start { node, from, to }).collect();
    starts.sort_unstable();
    starts
}

/// The instants at which a step over `edge` is possible, given all holds.
fn possible(net: &Net, arrivals: &Arrivals, edge: u32, windows: &mut Vec<Interval>) {
    windows.clear();
    windows.extend(net.span(edge).valid.intersection(&net.life(net.to(edge))));
    if net.premises(edge).is_empty() {
        let Some(window) = windows.pop() else { return };
        let holds = arrivals.holds(net.from(edge));
        windows.extend(holds.filter_map(|(_, hold)| window.intersection(&Interval::new(hold.from, hold.to))));
        return;
    }
    for need in net.needs(edge) {
        let periods = arrivals.periods(need);
        *windows =
            windows.iter().flat_map(|window| periods.iter().filter_map(|held| window.intersection(held))).collect();
    }
}

/// Whether there is an instant at which a step over `edge` is possible, given all holds.
pub(crate) fn is_possible(net: &Net, arrivals: &Arrivals, edge: u32) -> bool {
    if !net.premises(edge).is_empty() {
        let mut windows = Vec::new();
        possible(net, arrivals, edge, &mut windows);
        return !windows.is_empty();
    }
    let Some(window) = net.span(edge).valid.intersection(&net.life(net.to(edge))) else { return false };
    arrivals.holds(net.from(edge)).any(|(_, hold)| window.overlaps(&Interval::new(hold.from, hold.to)))
}
