//! The cut: the cheapest set of actions after which no target is within reach from now on, and the certificate.
//!
//! # What it means
//!
//! At `now` everything that may already be held counts as lost: the sources, and every node that a `Take` or `Mint` step may
//! have given by then. From there on, `reach` applies with the chosen actions done: an action disables every node and every edge
//! that offers it, from now on. A set of actions **severs** a target if the target is then never held. Undecided
//! edges count as usable: a plan must hold whatever they turn out to be.
//!
//! One action (name, target, parameters) is paid once wherever it is attached. An action that may never be done, that was refused,
//! that acts on a node that must never be cut or would disable one, is no option anywhere. Cost is what the request
//! says, and at least 1.
//!
//! A target that all permitted actions together do not sever is **uncuttable**: it is named with the path that stays and what
//! is missing, and the others are cut all the same.
//!
//! The plan is safe in any case. It is **proven** if its cost equals the bound that the certificate proves; whoever doubts
//! either asks [`crate::check`], which shares no code with this module. Order and delay of actions are the planner's.

mod derive;
mod flow;
mod hitting;
pub(crate) mod packing;
mod scope;
mod solve;

use crate::arrive::{Arrivals, Free, arrive};
use crate::flat::put;
use crate::graph::{EdgeId, Graph, NodeId};
use crate::loss::Losses;
use crate::reach::{Hop, Reach, Source, reach_of};
use derive::Derivation;
use firebreak_model::{Action, CutOption, CutPolicy, NodeKey, Reversibility, Time};
use hitting::Tree;
use packing::Budget;
pub use packing::PARTS;
use scope::{Disabled, Instance};
use serde::{Deserialize, Serialize};
use solve::Solution;
use std::collections::{BTreeMap, BTreeSet};

/// What to cut from what, and what may be done.
#[derive(Clone)]
pub struct CutRequest<'a> {
    /// What is compromised, and since when.
    pub sources: &'a [Source],
    /// From when on actions work.
    pub now: Time,
    /// What must not be reached.
    pub targets: Vec<NodeId>,
    /// Actions that were refused.
    pub refused: &'a [Action],
    /// Nodes that must never be cut.
    pub never: &'a BTreeSet<NodeKey>,
    /// What an option costs; [`stated_cost`] unless the planner knows better.
    pub costs: &'a dyn Fn(&CutOption) -> u32,
    /// How many elementary operations the search may take beyond a first safe plan. The same request always gives the
    /// same answer, on any machine.
    pub work_max: u64,
}

/// The cost that the fact states.
pub fn stated_cost(option: &CutOption) -> u32 {
    option.cost
}

static NOTHING: BTreeSet<NodeKey> = BTreeSet::new();

impl<'a> CutRequest<'a> {
    /// Cuts `targets` from `sources` at stated costs with every permitted action, within about a second of work.
    pub fn new(sources: &'a [Source], now: Time, targets: Vec<NodeId>) -> CutRequest<'a> {
        let work_max = 40_000_000;
        CutRequest { sources, now, targets, refused: &[], never: &NOTHING, costs: &stated_cost, work_max }
    }

    /// The same request for other targets: for instance those that a partial plan does sever.
    pub fn for_targets(&self, targets: Vec<NodeId>) -> CutRequest<'a> {
        CutRequest { targets, ..self.clone() }
    }
}

pub(crate) fn price(request: &CutRequest<'_>, option: &CutOption) -> u64 {
    u64::from((request.costs)(option).max(1))
}

/// Everything that a cut request comes to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct CutOutcome {
    /// The plan for all targets that can be severed.
    pub cut: Cut,
    /// The targets that cannot. While there are any, the plan is a partial one.
    pub uncuttable: Vec<Uncuttable>,
    /// What is treated as held already, by node.
    pub held: Vec<Held>,
}

impl CutOutcome {
    /// Whether every target is severed.
    pub fn is_complete(&self) -> bool {
        self.uncuttable.is_empty()
    }
}

/// A node that may be in the intruder's hands whatever is cut upstream of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub node: NodeKey,
    /// From when: `now`, or a source's own later time.
    pub from: Time,
    /// Until when: a session's last possible end, or the end of the node itself.
    pub until: Time,
    /// Whether it is a source of the request, or follows from one.
    pub source: bool,
}

/// A set of actions, its cost and the proof of both.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Cut {
    /// What to do, in the order of actions.
    pub actions: Vec<ChosenAction>,
    /// The sum of costs, each action once.
    pub cost: u64,
    /// No set of permitted actions that severs the same targets costs less.
    pub lower_bound: u64,
    /// Whether `cost` equals `lower_bound`.
    pub proven: bool,
    /// Why `lower_bound` holds.
    pub certificate: Certificate,
}

/// One action of a cut.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ChosenAction {
    /// What to do.
    pub action: Action,
    /// What it costs in this request.
    pub cost: u64,
    /// Seconds until it denies everywhere.
    pub delay_seconds: u32,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// What the owner allows.
    pub policy: CutPolicy,
    /// What it disables between what is held and the targets.
    pub severs: Vec<Place>,
    /// Targets that come within reach again if this step alone fails.
    pub exposes: Vec<NodeKey>,
    /// The way to the first of these, from what is held.
    pub path: Vec<Hop>,
}

/// Something that an action disables.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A whole node.
    Node(NodeKey),
    /// One relation.
    Edge {
        /// Which edge of the graph that was searched.
        edge: EdgeId,
        /// Its origin.
        from: NodeKey,
        /// Its target.
        to: NodeKey,
        /// What says that it exists.
        evidence: firebreak_model::Text,
    },
}

/// A target that no permitted set of actions severs.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Uncuttable {
    /// Which.
    pub target: NodeKey,
    /// A way that stays though every permitted action is done; empty if the target is itself held.
    pub path: Vec<Hop>,
    /// What is missing.
    pub missing: String,
}

/// Why no cheaper cut exists: proofs, each of which needs one of its actions done, and how they add up.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// Ways to reach a target.
    pub proofs: Vec<Proof>,
    /// How they add up to the bound.
    pub bound: Bound,
}

/// One way to reach a target from what is held.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Proof {
    /// Which target.
    pub target: NodeId,
    /// Steps, each after those that it needs, again where a session is renewed; none if the target is itself held.
    pub steps: Vec<EdgeId>,
    /// The permitted actions of which any breaks it.
    pub actions: Vec<Action>,
}

/// How proofs add up to a bound from below.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Weights in millionths of a unit of cost on proofs, by number, such that no action that is neither done nor ruled
    /// out carries more than it costs: the bound is what is done, and the sum of weights rounded up.
    Packing(Vec<(u32, u64)>),
    /// Every action of this proof was ruled out: nothing here severs it.
    Unbroken(u32),
    /// The action is done, or it is not.
    Branch {
        /// Which.
        action: Action,
        /// If it is done.
        done: Box<Bound>,
        /// If it is ruled out.
        spared: Box<Bound>,
    },
}

impl Default for Bound {
    fn default() -> Self {
        Bound::Packing(Vec::new())
    }
}

/// The cheapest set of actions that severs the targets, as far as that can be found and proven within `work_max`.
pub fn cut(graph: &Graph, request: &CutRequest<'_>) -> CutOutcome {
    let starts = scope::held(graph, request);
    let all = arrive(&graph.net, &starts, Time::MAX, &Free);
    let mut instance = scope::extract(graph, request, &starts, &all, &request.targets);
    let everything = instance.arrive(&vec![true; instance.costs.len()]);
    let (stay, go): (Vec<u32>, Vec<u32>) = instance.targets.iter().partition(|target| everything.is_reached(**target));
    let uncuttable = stay.iter().map(|target| uncuttable(graph, request, &instance, &everything, *target)).collect();
    if !stay.is_empty() {
        let global = |target: &u32| instance.nodes.get(*target as usize).copied().map(NodeId);
        let targets: Vec<NodeId> = go.iter().filter_map(global).collect();
        instance = scope::extract(graph, request, &starts, &all, &targets);
    }
    let mut budget = Budget { left: request.work_max };
    let solution = solve::solve(&instance, &mut budget);
    let mut places = places(graph, &instance, &solution.actions);
    let step = |action: &u32| chosen(graph, &instance, &solution, *action, places.remove(action).unwrap_or_default());
    let actions = solution.actions.iter().filter_map(step).collect();
    let is_source = |node: u32| request.sources.iter().any(|source| source.node.0 == node);
    let held = starts.iter().filter_map(|start| {
        let node = graph.key(NodeId(start.node))?;
        Some(Held { node, from: start.from, until: start.to, source: is_source(start.node) })
    });
    let cut = Cut {
        actions,
        cost: solution.cost,
        lower_bound: solution.lower,
        proven: solution.cost == solution.lower,
        certificate: certificate(graph, &instance, &solution),
    };
    CutOutcome { cut, uncuttable, held: held.collect() }
}

/// What stays within reach from `now` on once `actions` are done.
pub fn residual(graph: &Graph, request: &CutRequest<'_>, actions: &[Action]) -> Reach {
    let starts = scope::held(graph, request);
    let mut chosen = vec![false; graph.option_count()];
    for index in actions.iter().filter_map(|action| graph.option_index(action)) {
        put(&mut chosen, index as usize, true);
    }
    let blocked = Disabled { graph, chosen: &chosen };
    let possible = arrive(&graph.net, &starts, Time::MAX, &blocked);
    reach_of(graph, &starts, Time::MAX, possible, &blocked)
}

/// What is within reach from `now` on if every step of the cut works except `step`.
pub fn residual_if_fails(graph: &Graph, request: &CutRequest<'_>, cut: &Cut, step: &Action) -> Losses {
    let others = cut.actions.iter().map(|chosen| &chosen.action).filter(|action| *action != step);
    residual(graph, request, &others.cloned().collect::<Vec<Action>>()).losses(graph)
}

/// Above this many edge visits, what each step exposes is read from the proofs instead of searched.
const EXPOSURE_WORK_MAX: u64 = 10_000_000;

fn chosen(
    graph: &Graph,
    instance: &Instance,
    solution: &Solution,
    action: u32,
    severs: Vec<Place>,
) -> Option<ChosenAction> {
    let option = graph.option_at(*instance.options.get(action as usize)?)?;
    let size = (instance.net.edge_count() + instance.net.node_count()) as u64;
    let (exposes, path) = if size.saturating_mul(solution.actions.len() as u64) <= EXPOSURE_WORK_MAX {
        exposed(graph, instance, solution, action)
    } else {
        let broken = solution.proofs.iter().find(|proof| proof.actions.binary_search(&action).is_ok());
        broken.map_or((Vec::new(), Vec::new()), |proof| {
            let edges: Vec<(u32, Time)> = proof.steps.iter().filter_map(|edge| at_any_time(instance, *edge)).collect();
            (keys(graph, instance, &[proof.target]), crate::loss::hops_over(graph, &edges))
        })
    };
    Some(ChosenAction {
        action: option.action.clone(),
        cost: instance.costs.get(action as usize).copied().unwrap_or_default(),
        delay_seconds: option.delay_seconds,
        reversibility: option.reversibility,
        policy: option.policy,
        severs,
        exposes,
        path,
    })
}

fn at_any_time(instance: &Instance, edge: u32) -> Option<(u32, Time)> {
    Some((*instance.edges.get(edge as usize)?, instance.net.span(edge).valid.from))
}

/// The targets that are reached if `action` alone fails, and the way to the first.
fn exposed(graph: &Graph, instance: &Instance, solution: &Solution, action: u32) -> (Vec<NodeKey>, Vec<Hop>) {
    let mut others = instance.flags(&solution.actions);
    put(&mut others, action as usize, false);
    let arrivals = instance.arrive(&others);
    let targets: Vec<u32> = instance.targets.iter().copied().filter(|target| arrivals.is_reached(*target)).collect();
    let path = targets.first().map(|target| local_chain(graph, instance, &arrivals, *target));
    (keys(graph, instance, &targets), path.unwrap_or_default())
}

fn keys(graph: &Graph, instance: &Instance, nodes: &[u32]) -> Vec<NodeKey> {
    let global = nodes.iter().filter_map(|node| instance.nodes.get(*node as usize));
    global.filter_map(|node| graph.key(NodeId(*node))).collect()
}

/// The hops by which `arrivals` in the instance reach `target`.
fn local_chain(graph: &Graph, instance: &Instance, arrivals: &Arrivals, target: u32) -> Vec<Hop> {
    let mut edges = Vec::new();
    let mut next = arrivals.first(target).map(|(_, hold)| *hold);
    while let Some(hold) = next {
        edges.extend(instance.edges.get(hold.via as usize).map(|edge| (*edge, hold.from)));
        next = arrivals.hold(hold.parent).copied();
    }
    edges.reverse();
    crate::loss::hops_over(graph, &edges)
}

/// What each chosen action disables in the instance.
fn places(graph: &Graph, instance: &Instance, actions: &[u32]) -> BTreeMap<u32, Vec<Place>> {
    let mut places: BTreeMap<u32, Vec<Place>> = BTreeMap::new();
    for (node, global) in (0u32..).zip(&instance.nodes) {
        for action in instance.on_node.of(node).iter().filter(|action| actions.binary_search(action).is_ok()) {
            let key = graph.key(NodeId(*global));
            places.entry(*action).or_default().extend(key.map(Place::Node));
        }
    }
    for (edge, global) in (0u32..).zip(&instance.edges) {
        for action in instance.on_edge.of(edge).iter().filter(|action| actions.binary_search(action).is_ok()) {
            places.entry(*action).or_default().extend(edge_place(graph, EdgeId(*global)));
        }
    }
    places
}

fn edge_place(graph: &Graph, edge: EdgeId) -> Option<Place> {
    let edge = graph.edge(edge)?;
    let (from, to) = (graph.key(edge.from)?, graph.key(edge.to)?);
    Some(Place::Edge { edge: edge.id, from, to, evidence: edge.evidence.clone() })
}

fn uncuttable(
    graph: &Graph,
    request: &CutRequest<'_>,
    instance: &Instance,
    arrivals: &Arrivals,
    target: u32,
) -> Uncuttable {
    let path = local_chain(graph, instance, arrivals, target);
    let node = instance.nodes.get(target as usize).copied().map_or(NodeId(crate::net::NONE), NodeId);
    let key = graph.key(node).unwrap_or_else(|| NodeKey::resource("unknown", "unknown"));
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

fn certificate(graph: &Graph, instance: &Instance, solution: &Solution) -> Certificate {
    let mut used = BTreeSet::new();
    rows_of(&solution.tree, &mut used);
    let numbers: Vec<u32> = used.into_iter().collect();
    let proofs = numbers.iter().filter_map(|row| solution.proofs.get(*row as usize));
    let proofs = proofs.map(|proof| stated(graph, instance, proof)).collect();
    Certificate { proofs, bound: bound_of(graph, instance, &numbers, &solution.tree) }
}

fn rows_of(tree: &Tree, used: &mut BTreeSet<u32>) {
    match tree {
        Tree::Packing(weights) => used.extend(weights.iter().map(|(row, _)| *row)),
        Tree::Unbroken(row) => used.extend([*row]),
        Tree::Branch(_, done, spared) => {
            rows_of(done, used);
            rows_of(spared, used);
        }
    }
}

fn bound_of(graph: &Graph, instance: &Instance, numbers: &[u32], tree: &Tree) -> Bound {
    let number = |row: &u32| numbers.binary_search(row).map_or(crate::net::NONE, |index| index as u32);
    match tree {
        Tree::Packing(weights) => Bound::Packing(weights.iter().map(|(row, weight)| (number(row), *weight)).collect()),
        Tree::Unbroken(row) => Bound::Unbroken(number(row)),
        Tree::Branch(action, done, spared) => match action_of(graph, instance, *action) {
            Some(action) => Bound::Branch {
                action,
                done: Box::new(bound_of(graph, instance, numbers, done)),
                spared: Box::new(bound_of(graph, instance, numbers, spared)),
            },
            None => Bound::default(),
        },
    }
}

fn action_of(graph: &Graph, instance: &Instance, action: u32) -> Option<Action> {
    let option = instance.options.get(action as usize)?;
    graph.option_at(*option).map(|option| option.action)
}

fn stated(graph: &Graph, instance: &Instance, proof: &Derivation) -> Proof {
    let node = |node: u32| instance.nodes.get(node as usize).copied().map_or(NodeId(crate::net::NONE), NodeId);
    let edges = proof.steps.iter().filter_map(|edge| instance.edges.get(*edge as usize));
    Proof {
        target: node(proof.target),
        steps: edges.copied().map(EdgeId).collect(),
        actions: proof.actions.iter().filter_map(|action| action_of(graph, instance, *action)).collect(),
    }
}
