//! The second opinion on a cut: a small closure of its own that says whether the targets are severed, and whether
//! the certificate proves the bound.
//!
//! It shares no code with the search: no label-setting, no labels of what lies ahead, no flow. It looks things up in the
//! graph and applies the rules of [`mod@crate::reach`] again and again until nothing changes. A mistake in the search would
//! have to be made here a second time, in another form, to pass. Its work is in proportion to what is reached.

mod closure;

use crate::cut::{Bound, Certificate, CutOutcome, CutRequest, PARTS, Proof};
use crate::graph::{Graph, NodeId};
use crate::reach::Hop;
use closure::{Closure, Piece};
use firebreak_model::{Action, CutPolicy, Interval, Persistence, Time};
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// A certificate deeper than this is refused: nothing honest is.
const DEPTH_MAX: usize = 1_000;

/// Whether no target of the request is held from `now` on once `actions` are done; otherwise a way that remains, which is
/// empty where a target is held to begin with.
pub fn severs(graph: &Graph, request: &CutRequest<'_>, actions: &[Action]) -> Result<(), Vec<Hop>> {
    severs_from(graph, request, &held_now(graph, request), actions)
}

fn severs_from(
    graph: &Graph,
    request: &CutRequest<'_>,
    held: &[(NodeId, Interval)],
    actions: &[Action],
) -> Result<(), Vec<Hop>> {
    let done: FxHashSet<u32> = actions.iter().filter_map(|action| graph.option_index(action)).collect();
    let closure = Closure::of(graph, held, &done, Time::MAX);
    let remains = request.targets.iter().find_map(|target| closure.pieces_of(*target).next());
    remains.map_or(Ok(()), |piece| Err(closure.way_to(piece)))
}

/// The bound from below that the certificate proves for the targets of the request, or what is wrong with it.
pub fn lower_bound(graph: &Graph, request: &CutRequest<'_>, certificate: &Certificate) -> Result<u64, String> {
    bound_from(graph, request, &held_now(graph, request), certificate)
}

fn bound_from(
    graph: &Graph,
    request: &CutRequest<'_>,
    held: &[(NodeId, Interval)],
    certificate: &Certificate,
) -> Result<u64, String> {
    let never = on_never(graph, request);
    let mut closure = Closure::new(graph);
    let mut rows: Vec<BTreeSet<Action>> = Vec::new();
    for (number, proof) in certificate.proofs.iter().enumerate() {
        if !request.targets.contains(&proof.target) {
            return Err(format!("proof {number} leads to what is no target"));
        }
        let breaking =
            replay(graph, held, &mut closure, proof).map_err(|reason| format!("proof {number}: {reason}"))?;
        let row: BTreeSet<Action> =
            breaking.into_iter().filter(|action| is_permitted(graph, request, &never, action)).collect();
        if row != proof.actions.iter().cloned().collect() {
            return Err(format!("proof {number} does not name exactly the permitted actions that break it"));
        }
        rows.push(row);
    }
    let price = |action: &Action| cost(graph, request, action);
    let bound =
        Adding { rows: &rows, cost: &price, done: Vec::new(), spared: BTreeSet::new() }.up(&certificate.bound)?;
    if bound == u64::MAX { Err("the certificate says that nothing severs the targets".to_owned()) } else { Ok(bound) }
}

/// Whether all that `outcome` says of its cut is true: what it severs, what it costs, what is proven. Gives what is not.
pub fn outcome(graph: &Graph, request: &CutRequest<'_>, outcome: &CutOutcome) -> Result<(), String> {
    let open: BTreeSet<NodeId> = outcome.uncuttable.iter().filter_map(|one| graph.id(&one.target)).collect();
    let targets = request.targets.iter().copied().filter(|target| !open.contains(target)).collect();
    let request = request.for_targets(targets);
    let actions: Vec<Action> = outcome.cut.actions.iter().map(|chosen| chosen.action.clone()).collect();
    let never = on_never(graph, &request);
    if let Some(action) = actions.iter().find(|action| !is_permitted(graph, &request, &never, action)) {
        return Err(format!("`{}` on `{}` is not permitted", action.name, action.target));
    }
    let held = held_now(graph, &request);
    if let Err(way) = severs_from(graph, &request, &held, &actions) {
        let steps: Vec<String> = way.iter().map(|hop| format!("`{}` -> `{}`", hop.from, hop.to)).collect();
        return Err(format!("a way remains: {}", steps.join(", ")));
    }
    let each: BTreeSet<&Action> = actions.iter().collect();
    let cost: u64 = each.into_iter().map(|action| cost(graph, &request, action)).sum();
    let bound = bound_from(graph, &request, &held, &outcome.cut.certificate)?;
    if cost != outcome.cut.cost || bound < outcome.cut.lower_bound {
        return Err(format!(
            "it claims cost {} and bound {}, but they are {cost} and {bound}",
            outcome.cut.cost, outcome.cut.lower_bound
        ));
    }
    let proven = cost == outcome.cut.lower_bound;
    if outcome.cut.proven && !proven { Err("it claims to be proven and is not".to_owned()) } else { Ok(()) }
}

/// Whether the request permits an action that the graph offers.
fn is_permitted(graph: &Graph, request: &CutRequest<'_>, never: &BTreeSet<Action>, action: &Action) -> bool {
    let Some(option) = graph.option(action) else { return false };
    let touches_never = never.contains(action) || request.never.contains(&action.target);
    option.policy != CutPolicy::Never && !request.refused.contains(action) && !touches_never
}

/// The actions that would disable what must never be cut.
fn on_never(graph: &Graph, request: &CutRequest<'_>) -> BTreeSet<Action> {
    let nodes = request.never.iter().filter_map(|key| graph.id(key));
    nodes.flat_map(|id| graph.node_cuts(id)).map(|option| option.action).collect()
}

/// What an action costs in the request: as stated, at least 1, and each preference that bears on it applied.
fn cost(graph: &Graph, request: &CutRequest<'_>, action: &Action) -> u64 {
    let Some(option) = graph.option(action) else { return 0 };
    let mut cost = u64::from((request.costs)(&option)).max(1);
    for preference in request.preferences {
        let named = preference.name.as_ref().is_none_or(|name| *name == action.name);
        if named && preference.target.as_ref().is_none_or(|target| *target == action.target) {
            cost = (cost * u64::from(preference.percent)).div_ceil(100).clamp(1, u64::from(u32::MAX));
        }
    }
    cost
}

/// What is held from now on whatever is cut: sources, and what was taken or minted by now.
fn held_now(graph: &Graph, request: &CutRequest<'_>) -> Vec<(NodeId, Interval)> {
    let now = request.now;
    let sources: Vec<(NodeId, Interval)> =
        request.sources.iter().map(|source| (source.node, Interval::new(source.at, source.until))).collect();
    let before = Closure::of(graph, &sources, &FxHashSet::default(), now);
    let mut held: Vec<(NodeId, Interval)> = sources
        .iter()
        .map(|(node, during)| (*node, Interval::new(during.from.max(now), during.to)))
        .filter(|(_, during)| during.from < during.to)
        .collect();
    for node in before.held() {
        let taken = graph.net.out(node.0).filter(|edge| graph.net.span(*edge).persistence != Persistence::While);
        for edge in taken {
            for chance in before.chances(edge).into_iter().filter_map(|chance| chance.by(now)) {
                let given = chance.outcome(graph, edge).during.to;
                let node = NodeId(graph.net.to(edge));
                held.extend((now < given).then(|| (node, Interval::new(now, given))));
            }
        }
    }
    held.sort_unstable_by_key(|(node, during)| (*node, during.from, during.to));
    held.dedup();
    held
}

/// Walks through a proof and gives every action that would break it; or what is wrong with the proof. `held` is sorted;
/// what `closure` holds is forgotten.
fn replay(
    graph: &Graph,
    held: &[(NodeId, Interval)],
    closure: &mut Closure<'_>,
    proof: &Proof,
) -> Result<BTreeSet<Action>, String> {
    let on_node = |node: NodeId| graph.node_cuts(node).into_iter().map(|option| option.action);
    let mut actions: BTreeSet<Action> = on_node(proof.target).collect();
    closure.clear();
    let begin = |closure: &mut Closure<'_>, node: NodeId| {
        let first = held.partition_point(|(other, _)| *other < node);
        for (node, during) in held.iter().skip(first).take_while(|(other, _)| *other == node) {
            closure.add(Piece::given(*node, *during));
        }
    };
    begin(closure, proof.target);
    for id in &proof.steps {
        let edge = graph.edge(*id).ok_or_else(|| "it names an edge that is not in the graph".to_owned())?;
        edge.premises.iter().chain([&edge.from]).for_each(|node| begin(closure, *node));
        let chances = closure.chances(id.0);
        if chances.is_empty() {
            return Err(format!("the step into `{}` is not possible", graph.label(edge.to)));
        }
        for chance in chances {
            closure.add(chance.outcome(graph, id.0));
        }
        actions.extend(edge.cuts.iter().map(|option| option.action.clone()));
        edge.premises.iter().chain([&edge.from]).for_each(|node| actions.extend(on_node(*node)));
    }
    if closure.pieces_of(proof.target).next().is_none() {
        return Err(format!("it does not lead to `{}`", graph.label(proof.target)));
    }
    Ok(actions)
}

/// Adds proofs up to a bound, under what is done and what is ruled out.
struct Adding<'c> {
    rows: &'c [BTreeSet<Action>],
    cost: &'c dyn Fn(&Action) -> u64,
    done: Vec<&'c Action>,
    spared: BTreeSet<Action>,
}

impl<'c> Adding<'c> {
    fn up(&mut self, bound: &'c Bound) -> Result<u64, String> {
        if self.done.len() + self.spared.len() > DEPTH_MAX {
            return Err("the certificate branches too deep".to_owned());
        }
        match bound {
            Bound::Packing(weights) => self.packing(weights),
            Bound::Unbroken(row) => {
                let row = self.row(*row)?;
                let unbroken = row.iter().all(|action| self.spared.contains(action));
                if unbroken { Ok(u64::MAX) } else { Err("a proof that is called unbroken is not".to_owned()) }
            }
            Bound::Branch { action, done, spared } => {
                self.done.push(action);
                let with = self.up(done)?;
                self.done.pop();
                let new = self.spared.insert(action.clone());
                let without = self.up(spared)?;
                if new {
                    self.spared.remove(action);
                }
                Ok(with.min(without))
            }
        }
    }

    fn row(&self, number: u32) -> Result<&'c BTreeSet<Action>, String> {
        self.rows.get(number as usize).ok_or_else(|| format!("there is no proof {number}"))
    }

    fn packing(&self, weights: &[(u32, u64)]) -> Result<u64, String> {
        let mut carried: BTreeMap<&Action, u64> = BTreeMap::new();
        let mut sum = 0u64;
        for (number, weight) in weights {
            let row = self.row(*number)?;
            if self.done.iter().any(|action| row.contains(*action)) {
                return Err(format!("proof {number} counts though one of its actions is done"));
            }
            sum = sum.saturating_add(*weight);
            for action in row.difference(&self.spared) {
                let load = carried.entry(action).or_default();
                *load = load.saturating_add(*weight);
            }
        }
        if let Some((action, _)) =
            carried.iter().find(|(action, load)| **load > (self.cost)(action).saturating_mul(PARTS))
        {
            return Err(format!("`{}` on `{}` carries more than it costs", action.name, action.target));
        }
        let paid: BTreeSet<&&Action> = self.done.iter().collect();
        let paid = paid.into_iter().map(|action| (self.cost)(action)).fold(0, u64::saturating_add);
        Ok(paid.saturating_add(sum.div_ceil(PARTS)))
    }
}
