//! What a person needs to know of a cut: what each step stops, what it keeps away, and what is missing where none helps.

use super::derive::Derivation;
use super::outcome::{ChosenAction, Place, Uncuttable};
use super::request::{CutRequest, price};
use super::scene::Scene;
use super::side::Spot;
use super::solve::Solution;
use crate::arrive::Arrivals;
use crate::graph::{EdgeId, Graph, NodeId};
use crate::net::NONE;
use crate::reach::Hop;
use firebreak_model::{Action, CutPolicy, NodeKey, Time};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Above this many edge visits, what each step exposes is read from the proofs instead of searched.
const EXPOSURE_WORK_MAX: u64 = 200_000;

/// The steps of a solution, in the order of actions.
pub(super) fn steps(scene: &Scene<'_>, request: &CutRequest<'_>, solution: &Solution<'_>) -> Vec<ChosenAction> {
    let chosen = &solution.side.chosen;
    let small = scene.all.work.saturating_mul(solution.options.len() as u64) <= EXPOSURE_WORK_MAX;
    let mut broken: FxHashMap<u32, usize> = FxHashMap::default();
    if !small {
        for (number, proof) in solution.proofs.iter().enumerate() {
            proof.options.iter().filter(|option| chosen.contains(option)).for_each(|option| {
                broken.entry(*option).or_insert(number);
            });
        }
    }
    let step = |option: u32| {
        let stated = scene.graph.option_at(option)?;
        let (exposes, path, proof) = if small {
            exposed(scene, chosen, option)
        } else {
            let proof = broken.get(&option).and_then(|number| solution.proofs.get(*number)).cloned();
            let (exposes, path) = proof.as_ref().map_or((Vec::new(), Vec::new()), |proof| {
                let edges: Vec<(u32, Time)> =
                    proof.steps.iter().map(|edge| (*edge, scene.net.span(*edge).valid.from)).collect();
                (keys(scene.graph, &[proof.target]), crate::loss::hops_over(scene.graph, &edges))
            });
            (exposes, path, proof)
        };
        let mut spots: BTreeSet<Spot> = solution.side.spots(option).iter().copied().collect();
        if let Some(proof) = proof.filter(|_| spots.is_empty()) {
            // Where another action stops the same step first, this one is needed elsewhere only once that one fails.
            spots = spots_on(scene, &proof, option);
        }
        let bearing = request.preferences.iter().filter(|preference| preference.bears_on(&stated.action));
        Some(ChosenAction {
            action: stated.action.clone(),
            cost: price(request, &stated),
            delay_seconds: stated.delay_seconds,
            reversibility: stated.reversibility,
            policy: stated.policy,
            reasons: bearing.map(|preference| preference.reason.clone()).collect(),
            severs: places(scene.graph, spots),
            exposes,
            path,
        })
    };
    solution.options.iter().filter_map(|option| step(*option)).collect()
}

/// The targets that are reached if `option` alone fails, the way to the first in their order, and how the earliest is reached.
fn exposed(scene: &Scene<'_>, chosen: &FxHashSet<u32>, option: u32) -> (Vec<NodeKey>, Vec<Hop>, Option<Derivation>) {
    let others = chosen.iter().copied().filter(|other| *other != option).collect();
    let arrivals = scene.arrive(&others);
    let targets: Vec<u32> = scene.targets.iter().copied().filter(|target| arrivals.is_reached(*target)).collect();
    let path = targets.first().map(|target| way(scene.graph, &arrivals, *target));
    (keys(scene.graph, &targets), path.unwrap_or_default(), scene.witness(&arrivals))
}

/// Where an option breaks a proof.
fn spots_on(scene: &Scene<'_>, proof: &Derivation, option: u32) -> BTreeSet<Spot> {
    let needs = proof.steps.iter().flat_map(|edge| scene.net.needs(*edge)).chain([proof.target]);
    let nodes = needs.filter(|node| scene.on_node(*node).contains(&option));
    let nodes = nodes.map(|node| Spot::Node(node, NONE));
    let edges = proof.steps.iter().copied().filter(|edge| scene.on_edge(*edge).contains(&option)).map(Spot::Edge);
    nodes.chain(edges).collect()
}

fn keys(graph: &Graph, nodes: &[u32]) -> Vec<NodeKey> {
    nodes.iter().filter_map(|node| graph.key(NodeId(*node))).collect()
}

fn way(graph: &Graph, arrivals: &Arrivals, target: u32) -> Vec<Hop> {
    arrivals.first(target).map_or(Vec::new(), |(hold, _)| crate::reach::chain(graph, arrivals, hold))
}

fn places(graph: &Graph, spots: BTreeSet<Spot>) -> Vec<Place> {
    let place = |spot| match spot {
        Spot::Node(node, _) => graph.key(NodeId(node)).map(Place::Node),
        Spot::Edge(edge) => edge_place(graph, EdgeId(edge)),
    };
    let mut places: Vec<Place> = spots.into_iter().filter_map(place).collect();
    // A node may be entered over several edges.
    places.dedup();
    places
}

fn edge_place(graph: &Graph, edge: EdgeId) -> Option<Place> {
    let edge = graph.edge(edge)?;
    let (from, to) = (graph.key(edge.from)?, graph.key(edge.to)?);
    Some(Place::Edge { edge: edge.id, from, to, evidence: edge.evidence.clone() })
}

/// What there is to say of a target that `arrivals` reach though every permitted action is done.
pub(super) fn uncuttable(graph: &Graph, request: &CutRequest<'_>, arrivals: &Arrivals, target: u32) -> Uncuttable {
    let path = way(graph, arrivals, target);
    let key = graph.key(NodeId(target)).unwrap_or_else(|| NodeKey::resource("unknown", "unknown"));
    let missing = missing(graph, request, &key, &path);
    Uncuttable { target: key, path, missing }
}

/// Which options there are on the path, and why none of them is permitted.
fn missing(graph: &Graph, request: &CutRequest<'_>, target: &NodeKey, path: &[Hop]) -> String {
    let mut options: BTreeSet<Action> = BTreeSet::new();
    let mut why = Vec::new();
    let nodes = path.iter().flat_map(|hop| hop.premises.iter().chain([&hop.from])).chain([target]);
    let on_nodes = nodes.filter_map(|key| graph.id(key)).flat_map(|id| graph.node_cuts(id));
    let on_edges = path.iter().filter_map(|hop| graph.edge(hop.edge)).flat_map(|edge| edge.cuts);
    for option in on_nodes.chain(on_edges) {
        if options.insert(option.action.clone()) {
            let reason = if request.refused.contains(&option.action) {
                "was refused"
            } else if option.policy == CutPolicy::Never {
                "is never allowed"
            } else {
                "touches what must never be cut"
            };
            why.push(format!("`{}` on `{}` {reason}", option.action.name, option.action.target));
        }
    }
    if why.is_empty() {
        let way = path.first().map_or(format!("`{target}` itself"), |hop| format!("the way from `{}`", hop.from));
        return format!("no action is known that cuts {way}\nhint: add a way to cut one of its steps");
    }
    format!("no permitted action breaks this path: {}\nhint: allow one of them", why.join("; "))
}
