//! Minimum cut by maximum flow, where every step that needs several things is reduced to one of them.
//!
//! Keeping one need of each such step can only help the intruder, so a cut of the reduced graph is a cut of the real one;
//! and for an optimal cut there is a choice of needs under which it is a minimum cut: any need that the intruder does
//! not get. So: cut, see what is no longer derivable, choose needs there, cut again while that gets cheaper. Time
//! is ignored beyond what the instance honours, and an action in several places is paid in each; both make the plan
//! dearer at worst, never unsafe. Flow by Dinic's algorithm.

use super::scope::Instance;
use crate::flat::{item, put};
use crate::net::NONE;
use std::collections::VecDeque;

/// More than any sum of costs.
const INFINITE: u64 = u64::MAX / 4;

/// How often needs are chosen again at most.
const ROUNDS_MAX: usize = 6;

/// A cut and the flow that proves it minimal in the reduced graph.
#[derive(Clone, Debug)]
pub(crate) struct FlowCut {
    /// The actions, sorted, each once.
    pub(crate) actions: Vec<u32>,
    /// Paths of edges from a start to a target, with the flow along each. A target that is held now has no path here.
    pub(crate) paths: Vec<(Vec<u32>, u64)>,
    /// Targets that are starts themselves, with the flow into each.
    pub(crate) direct: Vec<(u32, u64)>,
    /// Edges looked at.
    pub(crate) work: u64,
}

/// The cheapest cut over a few rounds of choosing needs, or `None` if only time or a whole choice of needs could sever
/// the targets.
pub(crate) fn cut(instance: &Instance) -> Option<FlowCut> {
    let gated: Vec<u32> =
        (0..instance.net.edge_count() as u32).filter(|edge| !instance.net.premises(*edge).is_empty()).collect();
    let mut out_of_reach = instance.closure(&vec![true; instance.costs.len()]);
    let mut best: Option<(u64, FlowCut)> = None;
    let mut work = 0;
    for _ in 0..ROUNDS_MAX {
        let Some(mut found) = cut_reduced(instance, &gated, &out_of_reach) else { break };
        work += found.work;
        found.work = work;
        let cost = instance.cost(&found.actions);
        let better = best.as_ref().is_none_or(|(known, _)| cost < *known);
        if better {
            out_of_reach = instance.closure(&instance.flags(&found.actions));
            best = Some((cost, found));
        }
        if !better || gated.is_empty() {
            break;
        }
    }
    best.map(|(_, found)| found)
}

/// The need that stands for a step: one that is not derivable, the cheapest to deny of those.
fn stand_in(instance: &Instance, edge: u32, derivable: &[bool]) -> u32 {
    let rank = |node: u32| (item(derivable, node as usize), cheapest(instance, instance.on_node.of(node)), node);
    instance.net.needs(edge).map(rank).min().map_or(NONE, |(_, _, node)| node)
}

fn cheapest(instance: &Instance, actions: &[u32]) -> u64 {
    actions.iter().map(|action| item(&instance.costs, *action as usize)).min().unwrap_or(INFINITE)
}

fn cut_reduced(instance: &Instance, gated: &[u32], derivable: &[bool]) -> Option<FlowCut> {
    let nodes = instance.net.node_count() as u32;
    let (source, sink) = (2 * nodes, 2 * nodes + 1);
    let mut network = Network::new(2 * nodes as usize + 2);
    for node in 0..nodes {
        network.add(2 * node, 2 * node + 1, cheapest(instance, instance.on_node.of(node)));
    }
    let mut edges = Vec::with_capacity(instance.net.edge_count());
    for edge in 0..instance.net.edge_count() as u32 {
        let gate = gated.binary_search(&edge).is_ok();
        let from = if gate { stand_in(instance, edge, derivable) } else { instance.net.from(edge) };
        edges.push(network.arcs());
        network.add(2 * from + 1, 2 * instance.net.to(edge), cheapest(instance, instance.on_edge.of(edge)));
    }
    let first_start = network.arcs();
    let mut starts: Vec<u32> = instance.starts.iter().map(|start| start.node).collect();
    starts.dedup();
    starts.iter().for_each(|node| network.add(source, 2 * node, INFINITE));
    instance.targets.iter().for_each(|node| network.add(2 * node + 1, sink, INFINITE));
    if network.push_all(source, sink) >= INFINITE {
        return None;
    }
    let reached = network.residual(source);
    let mut actions = Vec::new();
    let mut saturated = |tail: u32, head: u32, blockers: &[u32]| {
        if item(&reached, tail as usize) && !item(&reached, head as usize) {
            let price = |action: &u32| (item(&instance.costs, *action as usize), *action);
            actions.extend(blockers.iter().copied().min_by_key(|action| price(action)));
        }
    };
    (0..nodes).for_each(|node| saturated(2 * node, 2 * node + 1, instance.on_node.of(node)));
    for (edge, arc) in (0u32..).zip(&edges) {
        saturated(network.head(arc ^ 1), network.head(*arc), instance.on_edge.of(edge));
    }
    actions.sort_unstable();
    actions.dedup();
    let edge_of = |arc: u32| {
        let inside = arc >= 2 * nodes && arc < first_start;
        inside.then(|| (arc - 2 * nodes) / 2)
    };
    let (mut paths, mut direct) = (Vec::new(), Vec::new());
    for (arcs, amount) in network.paths(source, sink) {
        let path: Vec<u32> = arcs.iter().filter_map(|arc| edge_of(*arc)).collect();
        match (path.is_empty(), arcs.first()) {
            (true, Some(first)) => direct.push((network.head(*first) / 2, amount)),
            _ => paths.push((path, amount)),
        }
    }
    Some(FlowCut { actions, paths, direct, work: network.work })
}

/// A flow network. Arc `a` and its reverse `a ^ 1` lie side by side.
struct Network {
    first: Vec<u32>,
    next: Vec<u32>,
    head: Vec<u32>,
    left: Vec<u64>,
    level: Vec<u32>,
    current: Vec<u32>,
    work: u64,
}

impl Network {
    fn new(vertices: usize) -> Network {
        let none = vec![NONE; vertices];
        let (next, head, left) = (Vec::new(), Vec::new(), Vec::new());
        Network { first: none.clone(), next, head, left, level: none.clone(), current: none, work: 0 }
    }

    fn arcs(&self) -> u32 {
        self.head.len() as u32
    }

    fn head(&self, arc: u32) -> u32 {
        item(&self.head, arc as usize)
    }

    fn left(&self, arc: u32) -> u64 {
        item(&self.left, arc as usize)
    }

    fn add(&mut self, tail: u32, head: u32, capacity: u64) {
        for (from, to, left) in [(tail, head, capacity), (head, tail, 0)] {
            self.next.push(item(&self.first, from as usize));
            put(&mut self.first, from as usize, self.head.len() as u32);
            self.head.push(to);
            self.left.push(left);
        }
    }

    /// Moves `amount` over an arc.
    fn push(&mut self, arc: u32, amount: u64) {
        let (there, back) = (self.left(arc), self.left(arc ^ 1));
        put(&mut self.left, arc as usize, there.saturating_sub(amount));
        put(&mut self.left, (arc ^ 1) as usize, back.saturating_add(amount));
    }

    /// Distances from the source over arcs that have room; true if the sink is reached.
    fn layer(&mut self, source: u32, sink: u32) -> bool {
        self.level.fill(NONE);
        put(&mut self.level, source as usize, 0);
        let mut queue = VecDeque::from([source]);
        while let Some(vertex) = queue.pop_front() {
            let level = item(&self.level, vertex as usize) + 1;
            let mut arc = item(&self.first, vertex as usize);
            while arc != NONE {
                self.work += 1;
                let head = self.head(arc);
                if self.left(arc) > 0 && item(&self.level, head as usize) == NONE {
                    put(&mut self.level, head as usize, level);
                    queue.push_back(head);
                }
                arc = item(&self.next, arc as usize);
            }
        }
        item(&self.level, sink as usize) != NONE
    }

    /// The maximum flow; it stops where that is infinite.
    fn push_all(&mut self, source: u32, sink: u32) -> u64 {
        let mut total = 0u64;
        while total < INFINITE && self.layer(source, sink) {
            self.current.clone_from(&self.first);
            while total < INFINITE {
                let Some(path) = self.advance(source, sink) else { break };
                let amount = path.iter().map(|arc| self.left(*arc)).min().unwrap_or_default();
                path.iter().for_each(|arc| self.push(*arc, amount));
                total = total.saturating_add(amount);
            }
        }
        total
    }

    /// One shortest path with room, by depth-first search that never tries an arc twice in a layering.
    fn advance(&mut self, source: u32, sink: u32) -> Option<Vec<u32>> {
        let mut path: Vec<u32> = Vec::new();
        let mut vertex = source;
        while vertex != sink {
            self.work += 1;
            let arc = item(&self.current, vertex as usize);
            if arc == NONE {
                let back = path.pop()?;
                vertex = self.head(back ^ 1);
                let skipped = item(&self.current, vertex as usize);
                put(&mut self.current, vertex as usize, item(&self.next, skipped as usize));
                continue;
            }
            let head = self.head(arc);
            let onward = item(&self.level, head as usize) == item(&self.level, vertex as usize) + 1;
            if self.left(arc) > 0 && onward {
                path.push(arc);
                vertex = head;
            } else {
                put(&mut self.current, vertex as usize, item(&self.next, arc as usize));
            }
        }
        Some(path)
    }

    /// Which vertices still have room from the source.
    fn residual(&mut self, source: u32) -> Vec<bool> {
        self.layer(source, source);
        self.level.iter().map(|level| *level != NONE).collect()
    }

    /// The flow as simple paths of arcs from the source to the sink; circles of flow are dropped.
    fn paths(&mut self, source: u32, sink: u32) -> Vec<(Vec<u32>, u64)> {
        let mut paths = Vec::new();
        self.current.clone_from(&self.first);
        let mut place = vec![NONE; self.first.len()];
        loop {
            let mut path: Vec<u32> = Vec::new();
            let mut vertex = source;
            while vertex != sink {
                put(&mut place, vertex as usize, path.len() as u32);
                let Some(arc) = self.flowing(vertex) else { return paths };
                path.push(arc);
                vertex = self.head(arc);
                let again = item(&place, vertex as usize);
                if vertex != sink && again != NONE {
                    let circle = path.split_off(again as usize);
                    self.take_back(&circle);
                    circle.iter().for_each(|arc| put(&mut place, self.head(arc ^ 1) as usize, NONE));
                }
            }
            path.iter().for_each(|arc| put(&mut place, self.head(arc ^ 1) as usize, NONE));
            let amount = self.take_back(&path);
            paths.push((path, amount));
        }
    }

    /// The next arc out of `vertex` that carries flow: a forward arc whose reverse has room.
    fn flowing(&mut self, vertex: u32) -> Option<u32> {
        let mut arc = item(&self.current, vertex as usize);
        while arc != NONE && (arc % 2 == 1 || self.left(arc ^ 1) == 0) {
            arc = item(&self.next, arc as usize);
        }
        put(&mut self.current, vertex as usize, arc);
        (arc != NONE).then_some(arc)
    }

    fn take_back(&mut self, arcs: &[u32]) -> u64 {
        let amount = arcs.iter().map(|arc| self.left(arc ^ 1)).min().unwrap_or_default();
        arcs.iter().for_each(|arc| self.push(arc ^ 1, amount));
        amount
    }
}
