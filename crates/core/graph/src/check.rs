//! The second opinion on a cut: a small, slow closure of its own that says whether the targets are severed, and whether
//! the certificate proves the bound.
//!
//! It shares no code with the search: no label-setting, no extracted instance, no flow. It works through the public look-ups
//! of the graph and applies the rules of [`mod@crate::reach`] again and again until nothing changes. A mistake in the search
//! would have to be made here a second time, in another form, to pass.

use crate::cut::{Bound, Certificate, CutOutcome, CutRequest, PARTS, Proof};
use crate::graph::{Edge, EdgeId, Graph, NodeId};
use crate::reach::{Hop, hop_over};
use firebreak_model::{Action, CutOption, CutPolicy, Interval, Persistence, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// See `reach`: the next session minted at one instant is renewable.
const MINTED_AT_ONCE_MAX: u32 = 64;

/// A certificate deeper than this is refused: nothing honest is.
const DEPTH_MAX: usize = 1_000;

/// Whether no target of the request is held from `now` on once `actions` are done; otherwise a way that remains, which is
/// empty where a target is held to begin with.
pub fn severs(graph: &Graph, request: &CutRequest<'_>, actions: &[Action]) -> Result<(), Vec<Hop>> {
    let done: BTreeSet<&Action> = actions.iter().collect();
    let closure = Closure::of(graph, &held_now(graph, request), &done);
    let remains = request.targets.iter().find_map(|target| closure.pieces_of(*target).next());
    remains.map_or(Ok(()), |piece| Err(closure.way_to(piece)))
}

/// The bound from below that the certificate proves for the targets of the request, or what is wrong with it.
pub fn lower_bound(graph: &Graph, request: &CutRequest<'_>, certificate: &Certificate) -> Result<u64, String> {
    let permitted = permitted(graph, request);
    let mut held: BTreeMap<NodeId, Vec<Interval>> = BTreeMap::new();
    held_now(graph, request).into_iter().for_each(|(node, during)| held.entry(node).or_default().push(during));
    let mut rows: Vec<BTreeSet<Action>> = Vec::new();
    for (number, proof) in certificate.proofs.iter().enumerate() {
        if !request.targets.contains(&proof.target) {
            return Err(format!("proof {number} leads to what is no target"));
        }
        let breaking = replay(graph, &held, proof).map_err(|reason| format!("proof {number}: {reason}"))?;
        let row: BTreeSet<Action> = breaking.intersection(&permitted).cloned().collect();
        if row != proof.actions.iter().cloned().collect() {
            return Err(format!("proof {number} does not name exactly the permitted actions that break it"));
        }
        rows.push(row);
    }
    let cost = |action: &Action| graph.option(action).map_or(0, |option| u64::from((request.costs)(&option).max(1)));
    let bound = Adding { rows: &rows, cost: &cost, done: Vec::new(), spared: BTreeSet::new() }.up(&certificate.bound)?;
    if bound == u64::MAX { Err("the certificate says that nothing severs the targets".to_owned()) } else { Ok(bound) }
}

/// Whether all that `outcome` says of its cut is true: what it severs, what it costs, what is proven. Gives what is not.
pub fn outcome(graph: &Graph, request: &CutRequest<'_>, outcome: &CutOutcome) -> Result<(), String> {
    let stays =
        |target: &NodeId| graph.key(*target).is_some_and(|key| outcome.uncuttable.iter().any(|u| u.target == key));
    let targets = request.targets.iter().copied().filter(|target| !stays(target)).collect();
    let request = request.for_targets(targets);
    let actions: Vec<Action> = outcome.cut.actions.iter().map(|chosen| chosen.action.clone()).collect();
    let permitted = permitted(graph, &request);
    if let Some(action) = actions.iter().find(|action| !permitted.contains(action)) {
        return Err(format!("`{}` on `{}` is not permitted", action.name, action.target));
    }
    if let Err(way) = severs(graph, &request, &actions) {
        let steps: Vec<String> = way.iter().map(|hop| format!("`{}` -> `{}`", hop.from, hop.to)).collect();
        return Err(format!("a way remains: {}", steps.join(", ")));
    }
    let options = actions.iter().collect::<BTreeSet<_>>().into_iter().filter_map(|action| graph.option(action));
    let cost: u64 = options.map(|option| u64::from((request.costs)(&option).max(1))).sum();
    let bound = lower_bound(graph, &request, &outcome.cut.certificate)?;
    if cost != outcome.cut.cost || bound < outcome.cut.lower_bound {
        return Err(format!(
            "it claims cost {} and bound {}, but they are {cost} and {bound}",
            outcome.cut.cost, outcome.cut.lower_bound
        ));
    }
    let proven = cost == outcome.cut.lower_bound;
    if outcome.cut.proven && !proven { Err("it claims to be proven and is not".to_owned()) } else { Ok(()) }
}

/// The actions that the request permits.
fn permitted(graph: &Graph, request: &CutRequest<'_>) -> BTreeSet<Action> {
    let spares = |option: &CutOption| {
        let disables_never = request
            .never
            .iter()
            .filter_map(|key| graph.id(key))
            .any(|id| graph.node_cuts(id).iter().any(|on_node| on_node.action == option.action));
        !disables_never && !request.never.contains(&option.action.target)
    };
    let allowed = |option: &CutOption| {
        option.policy != CutPolicy::Never && !request.refused.contains(&option.action) && spares(option)
    };
    graph.options().filter(allowed).map(|option| option.action).collect()
}

/// A node is held for one stretch of time.
#[derive(Clone, Copy)]
struct Piece {
    node: NodeId,
    during: Interval,
    minted_at_once: u32,
    /// The edge, and the piece of its origin; `None` to begin with.
    by: Option<(EdgeId, usize)>,
}

struct Closure<'g> {
    graph: &'g Graph,
    pieces: Vec<Piece>,
    /// The pieces that no other contains.
    current: BTreeMap<NodeId, Vec<usize>>,
}

impl<'g> Closure<'g> {
    /// Applies the rules until nothing changes.
    fn of(graph: &'g Graph, starts: &[(NodeId, Interval)], done: &BTreeSet<&Action>) -> Closure<'g> {
        let mut gated: BTreeMap<NodeId, Vec<EdgeId>> = BTreeMap::new();
        for edge in graph.edge_ids().filter_map(|id| graph.edge(id)) {
            edge.premises.iter().for_each(|node| gated.entry(*node).or_default().push(edge.id));
        }
        let stands = |cuts: &[CutOption]| !cuts.iter().any(|option| done.contains(&option.action));
        let mut closure = Closure { graph, pieces: Vec::new(), current: BTreeMap::new() };
        let mut changed: VecDeque<NodeId> = VecDeque::new();
        let mut waiting: BTreeSet<NodeId> = BTreeSet::new();
        for (node, during) in starts {
            let piece = Piece { node: *node, during: *during, minted_at_once: 0, by: None };
            if stands(&graph.node_cuts(*node)) && closure.add(piece) {
                changed.push_back(*node);
            }
        }
        while let Some(node) = changed.pop_front() {
            waiting.remove(&node);
            let needing = gated.get(&node).into_iter().flatten().filter_map(|id| graph.edge(*id));
            for edge in graph.edges_from(node).chain(needing) {
                if !stands(&edge.cuts) || !stands(&graph.node_cuts(edge.to)) {
                    continue;
                }
                for (window, origin, minted_at_once) in closure.windows(&edge) {
                    let piece = outcome_of(graph, &edge, window, minted_at_once);
                    let piece = Piece { by: Some((edge.id, origin)), ..piece };
                    if closure.add(piece) && waiting.insert(edge.to) {
                        changed.push_back(edge.to);
                    }
                }
            }
        }
        closure
    }

    fn pieces_of(&self, node: NodeId) -> impl Iterator<Item = usize> {
        self.current.get(&node).into_iter().flatten().copied()
    }

    /// Adds a piece unless one that is there contains it; true if it was added.
    fn add(&mut self, piece: Piece) -> bool {
        let Some(life) = self.graph.node(piece.node).map(|node| node.valid) else { return false };
        let Some(during) = piece.during.intersection(&life) else { return false };
        let current = self.current.entry(piece.node).or_default();
        let pieces = &self.pieces;
        let inside = |a: &Interval, b: &Interval| b.from <= a.from && a.to <= b.to;
        let at = |index: &usize| pieces.get(*index).map(|piece| piece.during);
        if current.iter().filter_map(at).any(|known| inside(&during, &known)) {
            return false;
        }
        current.retain(|index| !at(index).is_some_and(|known| inside(&known, &during)));
        current.push(self.pieces.len());
        self.pieces.push(Piece { during, ..piece });
        true
    }

    /// When the step over `edge` is possible, each with the piece of the origin and how many sessions were minted at once.
    fn windows(&self, edge: &Edge<'_>) -> Vec<(Interval, usize, u32)> {
        let Some(life) = self.graph.node(edge.to).map(|node| node.valid) else { return Vec::new() };
        let Some(window) = edge.valid.intersection(&life) else { return Vec::new() };
        let mut windows: Vec<(Interval, Vec<usize>)> = vec![(window, Vec::new())];
        for need in std::iter::once(edge.from).chain(edge.premises.iter().copied()) {
            let mut narrower = Vec::new();
            for (window, chosen) in &windows {
                for index in self.pieces_of(need) {
                    let held = self.pieces.get(index).and_then(|piece| window.intersection(&piece.during));
                    narrower.extend(held.map(|common| (common, chosen.iter().copied().chain([index]).collect())));
                }
            }
            windows = narrower;
        }
        let finish = |(window, chosen): (Interval, Vec<usize>)| {
            let at_once = chosen.iter().filter_map(|index| self.pieces.get(*index));
            let at_once = at_once.filter(|piece| piece.during.from == window.from).map(|piece| piece.minted_at_once);
            Some((window, *chosen.first()?, at_once.max().unwrap_or(0)))
        };
        windows.into_iter().filter_map(finish).collect()
    }

    fn way_to(&self, piece: usize) -> Vec<Hop> {
        let mut hops = Vec::new();
        let mut next = self.pieces.get(piece);
        while let Some((piece, (edge, origin))) = next.and_then(|piece| Some((piece, piece.by?))) {
            hops.extend(self.graph.edge(edge).map(|edge| hop_over(self.graph, &edge, piece.during.from)));
            next = self.pieces.get(origin);
        }
        hops.reverse();
        hops
    }
}

/// What a step over `edge` that is possible during `window` gives.
fn outcome_of(graph: &Graph, edge: &Edge<'_>, window: Interval, minted_at_once: u32) -> Piece {
    let end = |node: NodeId| graph.node(node).map_or(Time::MIN, |node| node.valid.to);
    let (to, minted_at_once) = match edge.persistence {
        Persistence::While => (window.to, minted_at_once),
        Persistence::Take => (end(edge.to), minted_at_once),
        Persistence::Mint { ttl_seconds } => {
            let ends = edge.premises.iter().map(|node| end(*node)).fold(edge.valid.to.min(end(edge.from)), Time::min);
            let renewable = minted_at_once >= MINTED_AT_ONCE_MAX;
            let last = if renewable { ends } else { window.to };
            let next = if renewable { minted_at_once } else { minted_at_once + 1 };
            (last.plus_seconds(i64::from(ttl_seconds)), next)
        }
    };
    Piece { node: edge.to, during: Interval::new(window.from, to), minted_at_once, by: None }
}

/// What is held from now on whatever is cut: sources, and what was taken or minted by now.
fn held_now(graph: &Graph, request: &CutRequest<'_>) -> Vec<(NodeId, Interval)> {
    let now = request.now;
    let sources: Vec<(NodeId, Interval)> =
        request.sources.iter().map(|source| (source.node, Interval::new(source.at, source.until))).collect();
    let before = Closure::of(graph, &sources, &BTreeSet::new());
    let mut held: Vec<(NodeId, Interval)> = sources
        .iter()
        .map(|(node, during)| (*node, Interval::new(during.from.max(now), during.to)))
        .filter(|(_, during)| during.from < during.to)
        .collect();
    for node in before.current.keys() {
        for edge in graph.edges_from(*node).filter(|edge| edge.persistence != Persistence::While) {
            for (window, _, _) in before.windows(&edge) {
                let last = Interval::new(window.from, window.to.min(now));
                if window.from <= now {
                    let given = outcome_of(graph, &edge, last, 0).during.to;
                    held.extend((now < given).then_some((edge.to, Interval::new(now, given))));
                }
            }
        }
    }
    held
}

/// Walks through a proof and gives every action that would break it; or what is wrong with the proof.
fn replay(graph: &Graph, held: &BTreeMap<NodeId, Vec<Interval>>, proof: &Proof) -> Result<BTreeSet<Action>, String> {
    let on_node = |node: NodeId| graph.node_cuts(node).into_iter().map(|option| option.action);
    let mut actions: BTreeSet<Action> = on_node(proof.target).collect();
    let mut closure = Closure { graph, pieces: Vec::new(), current: BTreeMap::new() };
    let begin = |closure: &mut Closure<'_>, node: NodeId| {
        for during in held.get(&node).into_iter().flatten() {
            closure.add(Piece { node, during: *during, minted_at_once: 0, by: None });
        }
    };
    begin(&mut closure, proof.target);
    for id in &proof.steps {
        let edge = graph.edge(*id).ok_or_else(|| "it names an edge that is not in the graph".to_owned())?;
        edge.premises.iter().chain([&edge.from]).for_each(|node| begin(&mut closure, *node));
        let windows = closure.windows(&edge);
        if windows.is_empty() {
            return Err(format!("the step into `{}` is not possible", graph.label(edge.to)));
        }
        for (window, _, minted_at_once) in windows {
            closure.add(outcome_of(graph, &edge, window, minted_at_once));
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
