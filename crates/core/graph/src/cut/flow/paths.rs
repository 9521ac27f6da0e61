//! What a preflow comes to: the flow that arrived, as paths, and the minimum cut nearest to the starts.

use super::FlowPath;
use super::network::Network;
use crate::cut::scene::INFINITE;
use crate::net::NONE;
use rustc_hash::{FxHashMap, FxHashSet};

/// A path of arcs from an entry.
pub(super) struct Trace {
    entry: u32,
    arcs: Vec<u32>,
    amount: u64,
}

/// Takes the flow that arrived apart into paths.
pub(super) fn traces(network: &mut Network<'_>) -> Vec<Trace> {
    Tracing::new(network).all()
}

/// The paths over edges of the graph.
pub(super) fn along(network: &Network<'_>, traces: &[Trace]) -> Vec<FlowPath> {
    let path = |trace: &Trace| {
        let entry = network.scene.ground.border.get(trace.entry as usize).copied()?;
        let edges = trace.arcs.iter().map(|arc| network.arc(*arc).edge).collect();
        Some(FlowPath { entry, edges, amount: trace.amount })
    };
    traces.iter().filter_map(path).collect()
}

/// The minimum cut nearest to the starts, of a network whose flow that arrived are `traces`; all other flow is taken back.
pub(super) fn cut(network: &mut Network<'_>, traces: &[Trace]) -> Vec<u32> {
    leave_only(network, traces);
    border(network)
}

fn send(network: &mut Network<'_>, trace: &Trace) {
    let Some(supply) = network.supplies.get_mut(trace.entry as usize) else { return };
    supply.given += trace.amount;
    let first = supply.vertex;
    network.enter(first, trace.amount);
    for arc in &trace.arcs {
        network.push(*arc, trace.amount);
        network.enter(network.arc(*arc).head, trace.amount);
    }
}

/// Takes back all flow but that of `traces`.
fn leave_only(network: &mut Network<'_>, traces: &[Trace]) {
    for vertex in 0..network.vertices.len() as u32 {
        let through = network.at(vertex).map_or(0, |vertex| vertex.through);
        network.leave(vertex, through);
    }
    for arc in 0..network.arcs.len() as u32 {
        let flow = network.arc(arc).flow;
        network.pull(arc, flow);
    }
    network.vertices.iter_mut().for_each(|vertex| vertex.inflow.clear());
    network.supplies.iter_mut().for_each(|supply| supply.given = 0);
    traces.iter().for_each(|trace| send(network, trace));
}

/// The options on the border of what can still be entered: the cheapest of each place there.
fn border(network: &mut Network<'_>) -> Vec<u32> {
    let inside = inside(network);
    let (scene, mut options) = (network.scene, Vec::new());
    for (entry, supply) in scene.ground.border.iter().zip(&network.supplies) {
        if !inside.contains(&(2 * supply.vertex)) {
            options.extend(scene.cheapest_of(scene.on_edge(entry.edge)).map(|(_, option)| option));
        }
    }
    for half in &inside {
        let Some(vertex) = network.at(half / 2) else { continue };
        if half.is_multiple_of(2) {
            if !inside.contains(&(half + 1)) {
                options.extend(scene.cheapest_of(scene.on_node(vertex.node)).map(|(_, option)| option));
            }
            continue;
        }
        for arc in network.known_out(half / 2).unwrap_or_default() {
            let arc = network.arc(arc);
            if arc.head != NONE && !inside.contains(&(2 * arc.head)) {
                options.extend(scene.cheapest_of(scene.on_edge(arc.edge)).map(|(_, option)| option));
            }
        }
    }
    options.sort_unstable();
    options.dedup();
    options
}

/// The halves that can still be entered from the ground.
fn inside(network: &mut Network<'_>) -> FxHashSet<u32> {
    let open = network.supplies.iter().filter(|supply| supply.room >= INFINITE || supply.given < supply.room);
    let mut queue: Vec<u32> = open.map(|supply| 2 * supply.vertex).collect();
    let mut inside: FxHashSet<u32> = FxHashSet::default();
    while let Some(half) = queue.pop() {
        if !inside.insert(half) {
            continue;
        }
        network.work += 1;
        let Some(vertex) = network.at(half / 2) else { continue };
        if half.is_multiple_of(2) {
            if vertex.left > 0 {
                queue.push(half + 1);
            }
            let flowing = vertex.inflow.iter().map(|arc| network.arc(*arc)).filter(|arc| arc.flow > 0);
            queue.extend(flowing.map(|arc| 2 * arc.tail + 1));
        } else {
            if vertex.through > 0 {
                queue.push(half - 1);
            }
            for arc in network.out(half / 2) {
                let arc = network.look(arc);
                if arc.left > 0 {
                    queue.push(2 * arc.head);
                }
            }
        }
    }
    inside
}

/// Taking a flow apart, from the sink back to the entries.
struct Tracing<'t, 'n> {
    network: &'t mut Network<'n>,
    /// Vertex -> entries into it that gave something.
    given: FxHashMap<u32, Vec<u32>>,
    /// Vertices on the path.
    place: FxHashMap<u32, usize>,
}

impl<'t, 'n> Tracing<'t, 'n> {
    fn new(network: &'t mut Network<'n>) -> Tracing<'t, 'n> {
        let mut given: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (entry, supply) in (0u32..).zip(&network.supplies).filter(|(_, supply)| supply.given > 0) {
            given.entry(supply.vertex).or_default().push(entry);
        }
        Tracing { network, given, place: FxHashMap::default() }
    }

    fn all(mut self) -> Vec<Trace> {
        let mut traces = Vec::new();
        for goal in 0..self.network.vertices.len() as u32 {
            while let Some(ended) = self.network.at(goal).map(|vertex| vertex.ended).filter(|ended| *ended > 0) {
                let Some(trace) = self.trace(goal, ended) else { break };
                if let Some(vertex) = self.network.vertices.get_mut(goal as usize) {
                    vertex.ended -= trace.amount;
                }
                traces.push(trace);
            }
        }
        traces
    }

    /// One path to `goal`, with at most `most` of flow.
    fn trace(&mut self, goal: u32, most: u64) -> Option<Trace> {
        let mut arcs: Vec<u32> = Vec::new();
        self.place.clear();
        let mut vertex = goal;
        loop {
            if let Some((entry, given)) = self.supply(vertex) {
                let carried = arcs.iter().map(|arc| self.network.arc(*arc).flow).min().unwrap_or(u64::MAX);
                let amount = carried.min(given).min(most);
                self.take(&arcs, amount);
                if let Some(supply) = self.network.supplies.get_mut(entry as usize) {
                    supply.given -= amount;
                }
                arcs.reverse();
                return Some(Trace { entry, arcs, amount });
            }
            self.place.insert(vertex, arcs.len());
            let arc = self.flowing(vertex)?;
            arcs.push(arc);
            vertex = self.network.arc(arc).tail;
            if let Some(known) = self.place.get(&vertex).copied() {
                let circle = arcs.split_off(known);
                let amount = circle.iter().map(|arc| self.network.arc(*arc).flow).min().unwrap_or_default();
                self.take(&circle, amount);
                self.place.retain(|_, place| *place <= known);
            }
        }
    }

    /// An entry into `vertex` that gave something that is not traced yet.
    fn supply(&mut self, vertex: u32) -> Option<(u32, u64)> {
        let entries = self.given.get_mut(&vertex)?;
        while let Some(entry) = entries.last().copied() {
            let given = self.network.supplies.get(entry as usize).map_or(0, |supply| supply.given);
            if given > 0 {
                return Some((entry, given));
            }
            entries.pop();
        }
        None
    }

    /// An arc into `vertex` that carries flow.
    fn flowing(&mut self, vertex: u32) -> Option<u32> {
        let Network { vertices, arcs, work, .. } = &mut *self.network;
        let inflow = &mut vertices.get_mut(vertex as usize)?.inflow;
        while let Some(arc) = inflow.last() {
            *work += 1;
            if arcs.get(*arc as usize).is_some_and(|arc| arc.flow > 0) {
                return Some(*arc);
            }
            inflow.pop();
        }
        None
    }

    fn take(&mut self, arcs: &[u32], amount: u64) {
        arcs.iter().for_each(|arc| self.network.pull(*arc, amount));
    }
}
