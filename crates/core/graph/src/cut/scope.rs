//! What a cut is about: what may already be held now, and the part of the graph through which it leads to a target.
//!
//! The part is exact in time: a step that cannot happen from now on, whatever is left uncut, is not in it, and neither is
//! a step from which no target can be reached. It is numbered anew so that the solvers run over small dense arrays.

use super::CutRequest;
use crate::arrive::{Arrivals, Blocked, Free, Start, arrive};
use crate::flat::{item, put, run, starts};
use crate::graph::{Graph, NodeId};
use crate::net::{Net, Step};
use firebreak_model::{CutPolicy, Interval, Persistence, Time};
use rustc_hash::FxHashMap;

/// For each of a row of things, a few numbers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists {
    first: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    pub(crate) fn new<'a>(lists: impl Iterator<Item = &'a [u32]> + Clone) -> Lists {
        let first = starts(lists.clone().map(|list| list.len() as u32));
        Lists { first, items: lists.flatten().copied().collect() }
    }

    pub(crate) fn of(&self, index: u32) -> &[u32] {
        run(&self.items, item(&self.first, index as usize), item(&self.first, index as usize + 1))
    }
}

/// The part of the graph between what is held now and the targets.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) net: Net,
    pub(crate) starts: Vec<Start>,
    pub(crate) targets: Vec<u32>,
    /// Number here -> number in the graph.
    pub(crate) edges: Vec<u32>,
    pub(crate) nodes: Vec<u32>,
    /// Which actions disable a node, an edge; permitted ones only.
    pub(crate) on_node: Lists,
    pub(crate) on_edge: Lists,
    /// Action -> number in the graph's options.
    pub(crate) options: Vec<u32>,
    /// Action -> what it costs.
    pub(crate) costs: Vec<u64>,
}

/// Part of an instance is disabled.
pub(crate) struct Without<'i> {
    pub(crate) instance: &'i Instance,
    /// Action -> whether it is chosen.
    pub(crate) chosen: &'i [bool],
}

impl Blocked for Without<'_> {
    fn node(&self, node: u32) -> bool {
        self.instance.on_node.of(node).iter().any(|action| item(self.chosen, *action as usize))
    }
    fn edge(&self, edge: u32) -> bool {
        self.instance.on_edge.of(edge).iter().any(|action| item(self.chosen, *action as usize))
    }
}

/// Part of the whole graph is disabled.
pub(crate) struct Disabled<'g> {
    pub(crate) graph: &'g Graph,
    /// Option -> whether it is chosen.
    pub(crate) chosen: &'g [bool],
}

impl Blocked for Disabled<'_> {
    fn node(&self, node: u32) -> bool {
        self.graph.node_option_ids(node).iter().any(|option| item(self.chosen, *option as usize))
    }
    fn edge(&self, edge: u32) -> bool {
        self.graph.edge_option_ids(edge).iter().any(|option| item(self.chosen, *option as usize))
    }
}

/// Option -> whether it may be chosen at all.
pub(crate) fn permitted(graph: &Graph, request: &CutRequest<'_>) -> Vec<bool> {
    let mut permitted: Vec<bool> = graph
        .options()
        .map(|option| option.policy != CutPolicy::Never && !request.never.contains(&option.action.target))
        .collect();
    for action in request.refused {
        if let Some(index) = graph.option_index(action) {
            put(&mut permitted, index as usize, false);
        }
    }
    // An action that would also disable a node that must never be cut is not permitted anywhere.
    for node in request.never.iter().filter_map(|key| graph.id(key)) {
        graph.node_option_ids(node.0).iter().for_each(|option| put(&mut permitted, *option as usize, false));
    }
    permitted
}

/// The instants at which a step over `edge` is possible, given all holds.
fn possible(net: &Net, arrivals: &Arrivals, edge: u32) -> Vec<Interval> {
    let window = net.span(edge).valid.intersection(&net.life(net.to(edge)));
    let mut windows: Vec<Interval> = window.into_iter().collect();
    for need in net.needs(edge) {
        let periods = arrivals.periods(need);
        windows =
            windows.iter().flat_map(|window| periods.iter().filter_map(|held| window.intersection(held))).collect();
    }
    windows
}

/// Whether there is such an instant.
fn is_possible(net: &Net, arrivals: &Arrivals, edge: u32) -> bool {
    if !net.premises(edge).is_empty() {
        return !possible(net, arrivals, edge).is_empty();
    }
    let Some(window) = net.span(edge).valid.intersection(&net.life(net.to(edge))) else { return false };
    arrivals.holds(net.from(edge)).any(|(_, hold)| window.overlaps(&Interval::new(hold.from, hold.to)))
}

/// What is held from now on though everything else is cut: sources, and whatever was taken or minted by now.
/// A session that may have been minted up to now lives for its time to live from now.
pub(crate) fn held(graph: &Graph, request: &CutRequest<'_>) -> Vec<Start> {
    let net = &graph.net;
    let until_now = arrive(net, &crate::reach::starts(request.sources), request.now, &Free);
    let mut held: FxHashMap<(u32, Time), Time> = FxHashMap::default();
    let mut hold = |node: u32, from: Time, to: Time| {
        let (from, to) = (from.max(net.life(node).from), to.min(net.life(node).to));
        if from < to {
            let known = held.entry((node, from)).or_insert(to);
            *known = to.max(*known);
        }
    };
    for source in request.sources {
        hold(source.node.0, source.at.max(request.now), source.until);
    }
    for node in (0..net.node_count() as u32).filter(|node| until_now.is_reached(*node)) {
        for edge in net.out(node) {
            let persistence = net.span(edge).persistence;
            if persistence == Persistence::While {
                continue;
            }
            for window in possible(net, &until_now, edge).iter().filter(|window| window.from <= request.now) {
                let to = match persistence {
                    Persistence::Mint { ttl_seconds } => {
                        window.to.min(request.now).plus_seconds(i64::from(ttl_seconds))
                    }
                    _ => Time::MAX,
                };
                hold(net.to(edge), request.now, to);
            }
        }
    }
    let mut starts: Vec<Start> = held.into_iter().map(|((node, from), to)| Start { node, from, to }).collect();
    starts.sort_unstable();
    starts
}

/// The part of the graph through which `starts` reach `targets` from now on. Targets out of reach are left out.
pub(crate) fn extract(
    graph: &Graph,
    request: &CutRequest<'_>,
    starts: &[Start],
    all: &Arrivals,
    targets: &[NodeId],
) -> Instance {
    let net = &graph.net;
    let mut wanted: Vec<u32> = targets.iter().map(|target| target.0).filter(|node| all.is_reached(*node)).collect();
    wanted.sort_unstable();
    wanted.dedup();
    let goals = wanted.clone();
    let mut relevant = vec![false; net.node_count()];
    wanted.iter().for_each(|node| put(&mut relevant, *node as usize, true));
    let mut edges: Vec<u32> = Vec::new();
    while let Some(node) = wanted.pop() {
        for edge in net.incoming(node) {
            if !is_possible(net, all, edge) {
                continue;
            }
            edges.push(edge);
            for need in net.needs(edge) {
                if !item(&relevant, need as usize) {
                    put(&mut relevant, need as usize, true);
                    wanted.push(need);
                }
            }
        }
    }
    // Edges that changes added have numbers beyond all others, wherever they begin.
    edges.sort_unstable_by_key(|edge| (net.from(*edge), *edge));
    let nodes: Vec<u32> = (0..net.node_count() as u32).filter(|node| item(&relevant, *node as usize)).collect();
    number(graph, request, starts, goals, nodes, edges)
}

fn number(
    graph: &Graph,
    request: &CutRequest<'_>,
    starts: &[Start],
    goals: Vec<u32>,
    nodes: Vec<u32>,
    edges: Vec<u32>,
) -> Instance {
    let net = &graph.net;
    // `nodes` is sorted, so that the order of numbers is kept and edges stay sorted by origin.
    let here = |node: &u32| nodes.binary_search(node).ok().map(|index| index as u32);
    let steps: Vec<Step> = edges
        .iter()
        .map(|edge| Step {
            from: here(&net.from(*edge)).unwrap_or_default(),
            to: here(&net.to(*edge)).unwrap_or_default(),
            span: net.span(*edge),
            premises: net.premises(*edge).iter().filter_map(here).collect(),
        })
        .collect();
    let permitted = permitted(graph, request);
    let allowed = |options: &[u32]| -> Vec<u32> {
        options.iter().copied().filter(|option| item(&permitted, *option as usize)).collect()
    };
    let node_options: Vec<Vec<u32>> = nodes.iter().map(|node| allowed(graph.node_option_ids(*node))).collect();
    let edge_options: Vec<Vec<u32>> = edges.iter().map(|edge| allowed(graph.edge_option_ids(*edge))).collect();
    let mut options: Vec<u32> = node_options.iter().chain(&edge_options).flatten().copied().collect();
    options.sort_unstable();
    options.dedup();
    let renumber = |lists: Vec<Vec<u32>>| {
        let action = |option: &u32| options.binary_search(option).ok().map(|index| index as u32);
        let lists: Vec<Vec<u32>> = lists.iter().map(|list| list.iter().filter_map(action).collect()).collect();
        Lists::new(lists.iter().map(Vec::as_slice))
    };
    let cost = |option: &u32| graph.option_at(*option).map_or(1, |option| super::price(request, &option));
    Instance {
        starts: starts.iter().filter_map(|start| Some(Start { node: here(&start.node)?, ..*start })).collect(),
        targets: goals.iter().filter_map(here).collect(),
        on_node: renumber(node_options),
        on_edge: renumber(edge_options),
        costs: options.iter().map(cost).collect(),
        net: Net::new(nodes.iter().map(|node| net.life(*node)).collect(), &steps),
        options,
        nodes,
        edges,
    }
}

impl Instance {
    /// Everything held from now on if the actions in `chosen` are done.
    pub(crate) fn arrive(&self, chosen: &[bool]) -> Arrivals {
        arrive(&self.net, &self.starts, Time::MAX, &Without { instance: self, chosen })
    }

    /// The sum of the costs of `actions`.
    pub(crate) fn cost(&self, actions: &[u32]) -> u64 {
        actions.iter().map(|action| item(&self.costs, *action as usize)).fold(0, u64::saturating_add)
    }

    /// Action -> whether it is among `actions`.
    pub(crate) fn flags(&self, actions: &[u32]) -> Vec<bool> {
        let mut flags = vec![false; self.costs.len()];
        actions.iter().for_each(|action| put(&mut flags, *action as usize, true));
        flags
    }
}
