//! Proofs that a target is reached: from holds, from a path, or the cheapest under given prices; and which actions
//! would break them.
//!
//! A proof is a list of steps, each after all the steps that it needs. Every proof that leaves here works in time: it is
//! replayed first. The cheapest one counts a step that two premises share twice (Knuth's generalisation of Dijkstra's
//! algorithm), so it may miss a cheaper one, and never invents one.

use super::scope::{Instance, Without};
use crate::arrive::{Arrivals, Blocked};
use crate::flat::{item, put};
use crate::net::NONE;
use crate::reach::ancestry;
use firebreak_model::{Interval, Persistence};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// A proof and the actions of which at least one must be chosen because of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Derivation {
    pub(crate) target: u32,
    /// Edges, each after those that it needs, again where a session is renewed; none if the target is itself held now.
    pub(crate) steps: Vec<u32>,
    /// Sorted.
    pub(crate) actions: Vec<u32>,
}

impl Instance {
    /// The proof with these steps.
    pub(crate) fn derivation(&self, target: u32, steps: Vec<u32>) -> Derivation {
        let mut actions: BTreeSet<u32> = self.on_node.of(target).iter().copied().collect();
        for edge in &steps {
            actions.extend(self.on_edge.of(*edge));
            for node in self.net.needs(*edge) {
                actions.extend(self.on_node.of(node));
            }
        }
        Derivation { target, steps, actions: actions.into_iter().collect() }
    }

    /// How `arrivals` reach the first of the targets that they reach.
    pub(crate) fn witness(&self, arrivals: &Arrivals) -> Option<Derivation> {
        let first = |target: &u32| arrivals.first(*target).map(|(index, hold)| (hold.from, index, *target));
        let (_, hold, target) = self.targets.iter().filter_map(first).min()?;
        Some(self.derivation(target, self.steps_to(arrivals, hold)))
    }

    fn steps_to(&self, arrivals: &Arrivals, hold: u32) -> Vec<u32> {
        let holds = ancestry(&self.net, arrivals, hold);
        // A session that renews itself takes the same step again: each hold is a step of its own.
        holds.into_iter().filter_map(|hold| arrivals.hold(hold)).map(|hold| hold.via).collect()
    }

    /// A path of edges from a start to a target, completed by how `arrivals` reach what else its steps need. `None` if
    /// that does not work in time.
    pub(crate) fn complete(&self, arrivals: &Arrivals, path: &[u32]) -> Option<Derivation> {
        let target = path.last().map(|edge| self.net.to(*edge))?;
        let mut steps = Vec::new();
        let mut came_from = NONE;
        for edge in path {
            let gated = !self.net.premises(*edge).is_empty();
            for need in self.net.needs(*edge).filter(|need| gated && *need != came_from) {
                steps.extend(self.steps_to(arrivals, arrivals.first(need)?.0));
            }
            steps.push(*edge);
            came_from = self.net.to(*edge);
        }
        let derivation = self.derivation(target, self.needed(target, once(steps.into_iter())));
        self.works(&derivation).then_some(derivation)
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
            periods.entry(to).or_default().extend(lasting);
        }
        periods.get(&derivation.target).is_some_and(|held| !held.is_empty())
    }

    /// When a node is held without any step. Starts are sorted by node.
    fn held_to_begin_with(&self, node: u32) -> Vec<Interval> {
        let first = self.starts.partition_point(|start| start.node < node);
        let own = self.starts.iter().skip(first).take_while(|start| start.node == node);
        let life = self.net.life(node);
        own.filter_map(|start| Interval::new(start.from, start.to).intersection(&life)).collect()
    }

    /// The static closure: which nodes are derivable if time did not matter beyond what the instance already honours.
    pub(crate) fn closure(&self, chosen: &[bool]) -> Vec<bool> {
        let without = Without { instance: self, chosen };
        let mut missing: FxHashMap<u32, usize> = FxHashMap::default();
        let mut derivable = vec![false; self.net.node_count()];
        let mut queue: Vec<u32> = self.starts.iter().map(|start| start.node).collect();
        while let Some(node) = queue.pop() {
            if item(&derivable, node as usize) || without.node(node) {
                continue;
            }
            put(&mut derivable, node as usize, true);
            for edge in self.net.out(node).chain(self.net.uses(node)) {
                let needs = self.net.premises(edge).len();
                if needs > 0 {
                    let missing = missing.entry(edge).or_insert(needs + 1);
                    *missing -= 1;
                    if *missing > 0 {
                        continue;
                    }
                }
                if !without.edge(edge) {
                    queue.push(self.net.to(edge));
                }
            }
        }
        derivable
    }

    /// The proof of some target whose actions cost least under `prices`, or nearly so.
    pub(crate) fn cheapest(&self, prices: &[f64]) -> Option<Derivation> {
        let price = |actions: &[u32]| actions.iter().map(|action| item(prices, *action as usize)).sum::<f64>();
        let mut best: Vec<Option<(f64, u32)>> = vec![None; self.net.node_count()];
        let mut missing: FxHashMap<u32, usize> = FxHashMap::default();
        let mut heap: BinaryHeap<Reverse<(Price, u32, u32)>> = BinaryHeap::new();
        for start in &self.starts {
            heap.push(Reverse((Price(price(self.on_node.of(start.node))), start.node, NONE)));
        }
        let mut order = Vec::new();
        let target = loop {
            let Reverse((total, node, via)) = heap.pop()?;
            if item(&best, node as usize).is_some() {
                continue;
            }
            put(&mut best, node as usize, Some((total.0, via)));
            order.push(node);
            if self.targets.binary_search(&node).is_ok() {
                break node;
            }
            for edge in self.net.out(node).chain(self.net.uses(node)) {
                let needs = self.net.premises(edge).len();
                if needs > 0 {
                    let missing = missing.entry(edge).or_insert(needs + 1);
                    *missing -= 1;
                    if *missing > 0 {
                        continue;
                    }
                }
                let to = self.net.to(edge);
                let needed = self.net.needs(edge).filter_map(|need| item(&best, need as usize));
                let own = price(self.on_edge.of(edge)) + price(self.on_node.of(to));
                let total = needed.map(|(total, _)| total).sum::<f64>() + own;
                heap.push(Reverse((Price(total), to, edge)));
            }
        };
        Some(self.derivation(target, trace(self, &best, &order, target)))
    }
}

/// The steps behind `target`, where `order` is the order in which nodes were settled.
fn trace(instance: &Instance, best: &[Option<(f64, u32)>], order: &[u32], target: u32) -> Vec<u32> {
    let mut wanted = BTreeSet::from([target]);
    let mut steps = Vec::new();
    for node in order.iter().rev() {
        let via = item(best, *node as usize).map_or(NONE, |(_, via)| via);
        if wanted.contains(node) && via != NONE {
            steps.push(via);
            wanted.extend(instance.net.needs(via));
        }
    }
    steps.reverse();
    steps
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
