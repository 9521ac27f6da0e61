//! Proofs that a target is reached: from holds, from a path, or the cheapest under given prices; and which actions
//! would break them.
//!
//! A proof is a list of steps, each after all the steps that it needs. Every proof that leaves here works in time: it is
//! replayed first. The cheapest one counts a step that two premises share twice (Knuth's generalisation of Dijkstra's
//! algorithm), so it may miss a cheaper one, and never invents one.

use super::flow::FlowPath;
use super::ground::Entry;
use super::scene::Scene;
use super::side::Side;
use super::walk;
use crate::arrive::Arrivals;
use crate::net::NONE;
use crate::reach::ancestry;
use firebreak_model::{Interval, Persistence, Time};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// A proof and the options of which at least one must be chosen because of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Derivation {
    pub(crate) target: u32,
    /// Edges, each after those that it needs, again where a session is renewed; none if the target is itself held now.
    pub(crate) steps: Vec<u32>,
    /// Permitted ones, sorted.
    pub(crate) options: Vec<u32>,
}

impl Scene<'_> {
    /// The proof with these steps.
    pub(crate) fn derivation(&self, target: u32, steps: Vec<u32>) -> Derivation {
        let mut options: Vec<u32> = self.permitted(self.on_node(target)).collect();
        for edge in &steps {
            options.extend(self.permitted(self.on_edge(*edge)));
            for node in self.net.needs(*edge) {
                options.extend(self.permitted(self.on_node(node)));
            }
        }
        options.sort_unstable();
        options.dedup();
        Derivation { target, steps, options }
    }

    /// How `arrivals` reach the first of the targets that they reach.
    pub(crate) fn witness(&self, arrivals: &Arrivals) -> Option<Derivation> {
        let (_, hold, target) = self.targets.iter().filter_map(|target| first_of(arrivals, *target)).min()?;
        Some(self.derivation(target, self.steps_to(arrivals, hold)))
    }

    fn steps_to(&self, arrivals: &Arrivals, hold: u32) -> Vec<u32> {
        let holds = ancestry(self.net, arrivals, hold);
        // A session that renews itself takes the same step again: each hold is a step of its own.
        holds.into_iter().filter_map(|hold| arrivals.hold(hold)).map(|hold| hold.via).collect()
    }

    /// A path off the ground to a target, completed by how what else its steps need is reached: on the intruder's `side` of a cut
    /// where it is there, since such a proof has least to do with the cut, otherwise as if nothing is done. `None` if neither
    /// works in time.
    pub(crate) fn complete(&self, path: &FlowPath, side: &Side<'_>) -> Option<Derivation> {
        let first = self.completed(path, |need| side.holds(need).then(|| side.steps(need)));
        first.or_else(|| self.completed(path, |_| None))
    }

    fn completed(&self, path: &FlowPath, near: impl Fn(u32) -> Option<Vec<u32>>) -> Option<Derivation> {
        let target = path.edges.last().map_or(path.entry.node, |edge| self.net.to(*edge));
        let mut steps = Vec::new();
        if path.entry.edge != NONE {
            self.with_ground(path.entry.edge, &mut steps);
        }
        let mut came_from = path.entry.node;
        for edge in &path.edges {
            for need in self.net.needs(*edge).filter(|need| *need != came_from) {
                if self.ground.holds(need) {
                    steps.extend(self.on_ground(need, *edge));
                } else if let Some(near) = near(need) {
                    steps.extend(near);
                } else {
                    steps.extend(self.steps_to(self.all, self.all.first(need)?.0));
                }
            }
            steps.push(*edge);
            came_from = self.net.to(*edge);
        }
        let derivation = self.derivation(target, self.needed(target, once(steps.into_iter())));
        self.works(&derivation).then_some(derivation)
    }

    /// The steps on the ground to all that an edge needs, and the edge.
    fn with_ground(&self, edge: u32, steps: &mut Vec<u32>) {
        for need in self.net.needs(edge) {
            steps.extend(self.on_ground(need, edge));
        }
        steps.push(edge);
    }

    /// The steps on the ground to `node`, if there is a choice at a time at which `edge` is possible.
    fn on_ground(&self, node: u32, edge: u32) -> Vec<u32> {
        let arrivals = &self.ground.arrivals;
        let window = self.net.span(edge).valid;
        let fits = |hold: &crate::arrive::Hold| Interval::new(hold.from, hold.to).overlaps(&window);
        let fitting = arrivals.holds(node).filter(|(_, hold)| fits(hold)).last();
        let hold = fitting.or_else(|| arrivals.first(node));
        hold.map_or(Vec::new(), |(hold, _)| self.steps_to(arrivals, hold))
    }

    /// The steps up to the first into `target`, without those that lead to nothing it needs.
    fn needed(&self, target: u32, mut steps: Vec<u32>) -> Vec<u32> {
        let last = steps.iter().position(|edge| self.net.to(*edge) == target).map_or(0, |index| index + 1);
        steps.truncate(last);
        let mut wanted = BTreeSet::from([target]);
        let mut kept: Vec<u32> = Vec::new();
        for edge in steps.into_iter().rev() {
            if wanted.contains(&self.net.to(edge)) {
                wanted.extend(self.net.needs(edge));
                kept.push(edge);
            }
        }
        kept.reverse();
        kept
    }

    /// Whether the proof works in time: each step possible at some instant, given those before.
    pub(crate) fn works(&self, derivation: &Derivation) -> bool {
        let mut periods: FxHashMap<u32, Vec<Interval>> = FxHashMap::default();
        let needed = derivation.steps.iter().flat_map(|edge| self.net.needs(*edge)).chain([derivation.target]);
        for node in needed {
            periods.entry(node).or_insert_with(|| self.held_to_begin_with(node));
        }
        for edge in &derivation.steps {
            let to = self.net.to(*edge);
            let (span, life) = (self.net.span(*edge), self.net.life(to));
            let mut windows: Vec<Interval> = span.valid.intersection(&life).into_iter().collect();
            for need in self.net.needs(*edge) {
                let held = periods.get(&need).map_or(&[][..], Vec::as_slice);
                windows = windows
                    .iter()
                    .flat_map(|window| held.iter().filter_map(|held| window.intersection(held)))
                    .collect();
            }
            if windows.is_empty() {
                return false;
            }
            let lasting = windows.into_iter().map(|window| match span.persistence {
                Persistence::While => window,
                Persistence::Take => Interval::new(window.from, life.to),
                Persistence::Mint { ttl_seconds } => {
                    Interval::new(window.from, window.to.plus_seconds(i64::from(ttl_seconds)).min(life.to))
                }
            });
            let lasting: Vec<Interval> = lasting.collect();
            let held = periods.entry(to).or_default();
            held.extend(lasting);
            // Or what several needs share would multiply from step to step.
            *held = merged(std::mem::take(held));
        }
        periods.get(&derivation.target).is_some_and(|held| !held.is_empty())
    }

    /// When a node is held without any step. Starts are sorted by node.
    pub(crate) fn held_to_begin_with(&self, node: u32) -> Vec<Interval> {
        let first = self.starts.partition_point(|start| start.node < node);
        let own = self.starts.iter().skip(first).take_while(|start| start.node == node);
        let life = self.net.life(node);
        own.filter_map(|start| Interval::new(start.from, start.to).intersection(&life)).collect()
    }

    /// The proof of some target whose options cost least under `prices`, or nearly so, with `chosen` done. Where two
    /// cost the same, the one nearer to a target goes first: what costs nothing is not searched beyond the first target.
    pub(crate) fn cheapest(
        &self,
        prices: &FxHashMap<u32, f64>,
        chosen: &FxHashSet<u32>,
        work: &mut u64,
    ) -> Option<Derivation> {
        let price = |options: &[u32]| options.iter().filter_map(|option| prices.get(option)).sum::<f64>();
        let blocked = |options: &[u32]| options.iter().any(|option| chosen.contains(option));
        let mut best: FxHashMap<u32, (f64, u32)> = FxHashMap::default();
        let mut heap: BinaryHeap<Reverse<(Price, u8, u32, u32)>> = BinaryHeap::new();
        let rank = |total: f64, node: u32, via: u32| Reverse((Price(total), self.approach.steps(node), node, via));
        for Entry { node, edge } in self.ground.border.iter().copied() {
            let over = if edge == NONE { &[][..] } else { self.on_edge(edge) };
            if !blocked(over) && !blocked(self.on_node(node)) {
                heap.push(rank(price(over) + price(self.on_node(node)), node, edge));
            }
        }
        let mut order = Vec::new();
        let target = loop {
            let Reverse((total, _, node, via)) = heap.pop()?;
            if best.contains_key(&node) {
                continue;
            }
            best.insert(node, (total.0, via));
            order.push(node);
            if self.is_target(node) {
                break node;
            }
            for edge in walk::onward(self.net, node) {
                *work += 1;
                let to = self.net.to(edge);
                if self.approach.is_blind(to) || best.contains_key(&to) {
                    continue;
                }
                let free = |need: u32| self.ground.holds(need).then_some(0.0);
                let total = |need: u32| best.get(&need).map(|(total, _)| *total).or_else(|| free(need));
                let needed = self.net.needs(edge).map(total);
                let Some(needed) = needed.sum::<Option<f64>>() else { continue };
                let usable = self.leads_on(edge) && !blocked(self.on_edge(edge)) && !blocked(self.on_node(to));
                if usable {
                    heap.push(rank(needed + price(self.on_edge(edge)) + price(self.on_node(to)), to, edge));
                }
            }
        };
        Some(self.derivation(target, trace(self, &best, &order, target)))
    }

    /// How the first target is reached though `chosen` options are done, asked of everything that is held then.
    pub(crate) fn remains(&self, chosen: &FxHashSet<u32>, work: &mut u64) -> Option<Derivation> {
        let arrivals = self.arrive(chosen);
        *work += arrivals.work;
        self.witness(&arrivals)
    }
}

/// The steps behind `target`, where `order` is the order in which nodes off the ground were settled.
fn trace(scene: &Scene<'_>, best: &FxHashMap<u32, (f64, u32)>, order: &[u32], target: u32) -> Vec<u32> {
    let mut wanted = BTreeSet::from([target]);
    let mut taken = Vec::new();
    for node in order.iter().rev() {
        let via = best.get(node).map_or(NONE, |(_, via)| *via);
        if wanted.contains(node) && via != NONE {
            taken.push(via);
            wanted.extend(scene.net.needs(via).filter(|need| best.contains_key(need)));
        }
    }
    let mut steps = Vec::new();
    for edge in taken.into_iter().rev() {
        for need in scene.net.needs(edge).filter(|need| scene.ground.holds(*need)) {
            steps.extend(scene.on_ground(need, edge));
        }
        steps.push(edge);
    }
    once(steps.into_iter())
}

/// When a target is first held, by which hold.
fn first_of(arrivals: &Arrivals, target: u32) -> Option<(Time, u32, u32)> {
    arrivals.first(target).map(|(index, hold)| (hold.from, index, target))
}

/// Periods with the same instants, each instant once.
fn merged(mut periods: Vec<Interval>) -> Vec<Interval> {
    periods.sort_unstable_by_key(|period| (period.from, period.to));
    periods.dedup_by(|next, period| {
        let touches = next.from <= period.to;
        if touches {
            period.to = period.to.max(next.to);
        }
        touches
    });
    periods
}

/// Each edge once, where it comes first.
fn once(edges: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    edges.filter(|edge| seen.insert(*edge)).collect()
}

/// A price in the order of numbers.
#[derive(Clone, Copy, PartialEq)]
struct Price(f64);

impl Eq for Price {}

impl PartialOrd for Price {
    fn partial_cmp(&self, other: &Price) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Price {
    fn cmp(&self, other: &Price) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
