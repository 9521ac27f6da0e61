//! The second opinion on a cut: a small closure of its own that says whether the targets are severed, and whether
//! the certificate proves the bound.
//!
//! It shares no code with the search: no label-setting, no labels of what lies ahead, no flow. It looks things up in the
//! graph and applies the rules of [`mod@crate::reach`] again and again until nothing changes. A mistake in the search would
//! have to be made here a second time, in another form, to pass. Its work is in proportion to what is reached.

use crate::cut::{Bound, Certificate, CutOutcome, CutRequest, PARTS, Proof};
use crate::graph::{EdgeId, Graph, NodeId};
use crate::reach::{Hop, hop_over};
use firebreak_model::{Action, CutPolicy, Interval, Persistence, Time};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// See `reach`: the next session minted at one instant is renewable.
const MINTED_AT_ONCE_MAX: u32 = 64;

/// A certificate deeper than this is refused: nothing honest is.
const DEPTH_MAX: usize = 1_000;

/// Whether no target of the request is held from `now` on once `actions` are done; otherwise a way that remains, which is
/// empty where a target is held to begin with.
pub fn severs(graph: &Graph, request: &CutRequest<'_>, actions: &[Action]) -> Result<(), Vec<Hop>> {
    let done: FxHashSet<u32> = actions.iter().filter_map(|action| graph.option_index(action)).collect();
    let closure = Closure::of(graph, &held_now(graph, request), &done, Time::MAX);
    let remains = request.targets.iter().find_map(|target| closure.pieces_of(*target).next());
    remains.map_or(Ok(()), |piece| Err(closure.way_to(piece)))
}

/// The bound from below that the certificate proves for the targets of the request, or what is wrong with it.
pub fn lower_bound(graph: &Graph, request: &CutRequest<'_>, certificate: &Certificate) -> Result<u64, String> {
    let never = on_never(graph, request);
    let mut held: BTreeMap<NodeId, Vec<Interval>> = BTreeMap::new();
    held_now(graph, request).into_iter().for_each(|(node, during)| held.entry(node).or_default().push(during));
    let mut rows: Vec<BTreeSet<Action>> = Vec::new();
    for (number, proof) in certificate.proofs.iter().enumerate() {
        if !request.targets.contains(&proof.target) {
            return Err(format!("proof {number} leads to what is no target"));
        }
        let breaking = replay(graph, &held, proof).map_err(|reason| format!("proof {number}: {reason}"))?;
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
    if let Err(way) = severs(graph, &request, &actions) {
        let steps: Vec<String> = way.iter().map(|hop| format!("`{}` -> `{}`", hop.from, hop.to)).collect();
        return Err(format!("a way remains: {}", steps.join(", ")));
    }
    let each: BTreeSet<&Action> = actions.iter().collect();
    let cost: u64 = each.into_iter().map(|action| cost(graph, &request, action)).sum();
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

/// A node is held for one stretch of time.
#[derive(Clone, Copy)]
struct Piece {
    node: NodeId,
    during: Interval,
    minted_at_once: u32,
    /// The edge, and the piece of its origin; `None` to begin with.
    by: Option<(EdgeId, usize)>,
}

/// A stretch of time in which a step is possible.
struct Chance {
    window: Interval,
    /// The piece of the origin.
    origin: usize,
    minted_at_once: u32,
    /// How long what it needs can be had: where that counts as renewable, as long as its node exists.
    until: Time,
}

struct Closure<'g> {
    graph: &'g Graph,
    pieces: Vec<Piece>,
    /// The pieces that no other contains.
    current: FxHashMap<NodeId, Vec<usize>>,
}

impl<'g> Closure<'g> {
    /// Applies the rules until nothing changes. What begins after `horizon` is left out.
    fn of(graph: &'g Graph, starts: &[(NodeId, Interval)], done: &FxHashSet<u32>, horizon: Time) -> Closure<'g> {
        let stands = |options: &[u32]| !options.iter().any(|option| done.contains(option));
        let mut closure = Closure { graph, pieces: Vec::new(), current: FxHashMap::default() };
        let mut changed: VecDeque<NodeId> = VecDeque::new();
        let mut waiting: FxHashSet<NodeId> = FxHashSet::default();
        for (node, during) in starts {
            let piece = Piece { node: *node, during: *during, minted_at_once: 0, by: None };
            if stands(graph.node_option_ids(node.0)) && closure.add(piece) {
                changed.push_back(*node);
            }
        }
        while let Some(node) = changed.pop_front() {
            waiting.remove(&node);
            for edge in graph.net.out(node.0).chain(graph.net.uses(node.0)) {
                let to = NodeId(graph.net.to(edge));
                if !stands(graph.edge_option_ids(edge)) || !stands(graph.node_option_ids(to.0)) {
                    continue;
                }
                for chance in closure.chances(edge) {
                    let piece = outcome_of(graph, edge, &chance);
                    let piece = Piece { by: Some((EdgeId(edge), chance.origin)), ..piece };
                    if chance.window.from <= horizon && closure.add(piece) && waiting.insert(to) {
                        changed.push_back(to);
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
        let Some(during) = piece.during.intersection(&self.graph.net.life(piece.node.0)) else { return false };
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

    /// When the step over `edge` is possible.
    fn chances(&self, edge: u32) -> Vec<Chance> {
        let net = &self.graph.net;
        let Some(window) = net.span(edge).valid.intersection(&net.life(net.to(edge))) else { return Vec::new() };
        let chance = |window: Interval, chosen: &[usize]| {
            let pieces = || chosen.iter().filter_map(|index| self.pieces.get(*index));
            let at_once = |piece: &Piece| if piece.during.from == window.from { piece.minted_at_once } else { 0 };
            let lasts = |piece: &Piece| {
                let is_renewable = at_once(piece) >= MINTED_AT_ONCE_MAX;
                if is_renewable { net.life(piece.node.0).to } else { piece.during.to }
            };
            let minted_at_once = pieces().map(at_once).max().unwrap_or(0);
            Some(Chance { window, origin: *chosen.first()?, minted_at_once, until: pieces().map(lasts).min()? })
        };
        let during = |index: usize, window: &Interval| window.intersection(&self.pieces.get(index)?.during);
        if net.premises(edge).is_empty() {
            let held = self.pieces_of(NodeId(net.from(edge)));
            return held.filter_map(|index| chance(during(index, &window)?, &[index])).collect();
        }
        let mut windows: Vec<(Interval, Vec<usize>)> = vec![(window, Vec::new())];
        for need in net.needs(edge).map(NodeId) {
            let mut narrower = Vec::new();
            for (window, chosen) in &windows {
                for index in self.pieces_of(need) {
                    let with = || chosen.iter().copied().chain([index]).collect();
                    narrower.extend(during(index, window).map(|common| (common, with())));
                }
            }
            windows = narrower;
        }
        windows.into_iter().filter_map(|(window, chosen)| chance(window, &chosen)).collect()
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

/// What a step over `edge` gives.
fn outcome_of(graph: &Graph, edge: u32, chance: &Chance) -> Piece {
    let (span, node) = (graph.net.span(edge), graph.net.to(edge));
    let &Chance { window, minted_at_once, until, .. } = chance;
    let (to, minted_at_once) = match span.persistence {
        Persistence::While => (window.to, minted_at_once),
        Persistence::Take => (graph.net.life(node).to, minted_at_once),
        Persistence::Mint { ttl_seconds } => {
            let renewable = minted_at_once >= MINTED_AT_ONCE_MAX;
            let last = if renewable { until.min(span.valid.to) } else { window.to };
            let next = if renewable { minted_at_once } else { minted_at_once + 1 };
            (last.plus_seconds(i64::from(ttl_seconds)), next)
        }
    };
    Piece { node: NodeId(node), during: Interval::new(window.from, to), minted_at_once, by: None }
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
    for node in before.current.keys() {
        let taken = graph.net.out(node.0).filter(|edge| graph.net.span(*edge).persistence != Persistence::While);
        for edge in taken {
            for chance in before.chances(edge) {
                let window = Interval::new(chance.window.from, chance.window.to.min(now));
                if window.from <= now {
                    let given = outcome_of(graph, edge, &Chance { window, minted_at_once: 0, ..chance }).during.to;
                    let node = NodeId(graph.net.to(edge));
                    held.extend((now < given).then(|| (node, Interval::new(now, given))));
                }
            }
        }
    }
    held.sort_unstable_by_key(|(node, during)| (*node, during.from, during.to));
    held.dedup();
    held
}

/// Walks through a proof and gives every action that would break it; or what is wrong with the proof.
fn replay(graph: &Graph, held: &BTreeMap<NodeId, Vec<Interval>>, proof: &Proof) -> Result<BTreeSet<Action>, String> {
    let on_node = |node: NodeId| graph.node_cuts(node).into_iter().map(|option| option.action);
    let mut actions: BTreeSet<Action> = on_node(proof.target).collect();
    let mut closure = Closure { graph, pieces: Vec::new(), current: FxHashMap::default() };
    let begin = |closure: &mut Closure<'_>, node: NodeId| {
        for during in held.get(&node).into_iter().flatten() {
            closure.add(Piece { node, during: *during, minted_at_once: 0, by: None });
        }
    };
    begin(&mut closure, proof.target);
    for id in &proof.steps {
        let edge = graph.edge(*id).ok_or_else(|| "it names an edge that is not in the graph".to_owned())?;
        edge.premises.iter().chain([&edge.from]).for_each(|node| begin(&mut closure, *node));
        let chances = closure.chances(id.0);
        if chances.is_empty() {
            return Err(format!("the step into `{}` is not possible", graph.label(edge.to)));
        }
        for chance in chances {
            closure.add(outcome_of(graph, id.0, &chance));
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
