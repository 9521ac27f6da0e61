//! The label-setting engine behind reach and cut: holds in the order in which they begin.
//!
//! A hold is "this node can be used from `from` up to `to`". Every step gives a hold that begins no earlier than the
//! holds it is made from, so taking them in the order of their beginnings is exact, as in Dijkstra's algorithm; a hold that
//! adds no instant to its node is dropped. The meaning of steps is defined in `reach`. This module knows numbers only.

use crate::flat::{item, put};
use crate::net::{NONE, Net};
use firebreak_model::{Interval, Persistence, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Beyond this many sessions minted one from another at one instant, a session counts as renewable at will.
pub(crate) const RENEWALS_MAX: u8 = 64;

/// A node that is held to begin with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Start {
    pub(crate) node: u32,
    pub(crate) from: Time,
    pub(crate) to: Time,
}

/// A node is held for some time, and by what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hold {
    pub(crate) node: u32,
    pub(crate) from: Time,
    pub(crate) to: Time,
    /// The edge that gave it, or `NONE` for a start.
    pub(crate) via: u32,
    /// The hold of the edge's origin, or `NONE` for a start.
    pub(crate) parent: u32,
    /// Where in `Arrivals::gate_holds` the holds of the edge's premises begin.
    premises: u32,
    /// The hold of the same node before this one, or `NONE`.
    earlier: u32,
    renewals: u8,
    hops: u32,
}

/// All holds, by beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals {
    holds: Vec<Hold>,
    /// Node -> its last hold.
    last: Vec<u32>,
    gate_holds: Vec<u32>,
    /// Edges looked at: the work that was done.
    pub(crate) work: u64,
}

impl Arrivals {
    /// The holds of `node`, latest first.
    pub(crate) fn holds(&self, node: u32) -> impl Iterator<Item = (u32, &Hold)> {
        let mut next = self.last.get(node as usize).copied().unwrap_or(NONE);
        std::iter::from_fn(move || {
            let hold = self.holds.get(next as usize)?;
            let index = std::mem::replace(&mut next, hold.earlier);
            Some((index, hold))
        })
    }

    /// The first hold of `node`.
    pub(crate) fn first(&self, node: u32) -> Option<(u32, &Hold)> {
        self.holds(node).last()
    }

    pub(crate) fn hold(&self, index: u32) -> Option<&Hold> {
        self.holds.get(index as usize)
    }

    pub(crate) fn is_reached(&self, node: u32) -> bool {
        self.last.get(node as usize).is_some_and(|hold| *hold != NONE)
    }

    /// The holds of the premises through which `hold` came, in the order of the edge's premises.
    pub(crate) fn premise_holds(&self, hold: &Hold, count: usize) -> &[u32] {
        let first = hold.premises as usize;
        self.gate_holds.get(first..first + count).unwrap_or(&[])
    }

    /// Every hold in the order of beginnings.
    pub(crate) fn all(&self) -> &[Hold] {
        &self.holds
    }

    /// When `node` is held: disjoint intervals in order.
    pub(crate) fn periods(&self, node: u32) -> Vec<Interval> {
        let mut holds: Vec<(Time, Time)> = self.holds(node).map(|(_, hold)| (hold.from, hold.to)).collect();
        holds.sort_unstable();
        let mut periods: Vec<Interval> = Vec::new();
        for (from, to) in holds {
            match periods.last_mut() {
                Some(period) if from <= period.to => period.to = period.to.max(to),
                _ => periods.push(Interval::new(from, to)),
            }
        }
        periods
    }
}

/// What cannot be used.
pub(crate) trait Blocked {
    fn node(&self, node: u32) -> bool;
    fn edge(&self, edge: u32) -> bool;
}

/// Nothing is blocked.
pub(crate) struct Free;

impl Blocked for Free {
    fn node(&self, _: u32) -> bool {
        false
    }
    fn edge(&self, _: u32) -> bool {
        false
    }
}

/// A hold that waits for its turn. The order of fields is the order of turns.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    from: Time,
    hops: u32,
    to: Reverse<Time>,
    node: u32,
    via: u32,
    parent: u32,
    premises: u32,
    renewals: u8,
}

/// Every hold that follows from `starts`, beginning at `horizon` at the latest.
pub(crate) fn arrive(net: &Net, starts: &[Start], horizon: Time, blocked: &impl Blocked) -> Arrivals {
    let nodes = net.node_count();
    let arrivals = Arrivals { last: vec![NONE; nodes], ..Arrivals::default() };
    let held_to = vec![Time::MIN; nodes];
    let mut sweep = Sweep {
        net,
        blocked,
        horizon,
        arrivals,
        held_to,
        later: BinaryHeap::new(),
        queue: VecDeque::new(),
        now: Time::MIN,
    };
    for start in starts {
        sweep.begin(start);
    }
    sweep.run();
    sweep.arrivals
}

struct Sweep<'n, B> {
    net: &'n Net,
    blocked: &'n B,
    horizon: Time,
    arrivals: Arrivals,
    /// Node -> the end of its longest hold so far. Since holds come by beginning, one that ends no later adds nothing.
    held_to: Vec<Time>,
    later: BinaryHeap<Reverse<Candidate>>,
    /// What begins at `now`, first come first served: at one instant, fewer steps come first.
    queue: VecDeque<Candidate>,
    now: Time,
}

impl<B: Blocked> Sweep<'_, B> {
    fn begin(&mut self, start: &Start) {
        let life = self.net.life(start.node);
        let (from, to) = (start.from.max(life.from), start.to.min(life.to));
        if from < to && from <= self.horizon && !self.blocked.node(start.node) {
            let (via, parent, premises) = (NONE, NONE, 0);
            let to = Reverse(to);
            self.later.push(Reverse(Candidate {
                from,
                hops: 0,
                to,
                node: start.node,
                via,
                parent,
                premises,
                renewals: 0,
            }));
        }
    }

    fn run(&mut self) {
        while let Some(Reverse(next)) = self.later.pop() {
            self.now = next.from;
            self.queue.push_back(next);
            while self.later.peek().is_some_and(|waiting| waiting.0.from == next.from) {
                self.queue.extend(self.later.pop().map(|waiting| waiting.0));
            }
            while let Some(candidate) = self.queue.pop_front() {
                self.settle(candidate);
            }
        }
    }

    fn settle(&mut self, candidate: Candidate) {
        let node = candidate.node as usize;
        let known = self.arrivals.last.get(node).copied().unwrap_or(NONE);
        if known != NONE && candidate.to.0 <= self.held_to.get(node).copied().unwrap_or(Time::MAX) {
            return;
        }
        let index = self.arrivals.holds.len() as u32;
        self.arrivals.holds.push(Hold {
            node: candidate.node,
            from: candidate.from,
            to: candidate.to.0,
            via: candidate.via,
            parent: candidate.parent,
            premises: candidate.premises,
            earlier: known,
            renewals: candidate.renewals,
            hops: candidate.hops,
        });
        put(&mut self.arrivals.last, node, index);
        put(&mut self.held_to, node, candidate.to.0);
        let net = self.net;
        for edge in net.out(candidate.node) {
            self.fire(edge, index, &candidate);
        }
        for edge in net.uses(candidate.node) {
            self.fire(edge, index, &candidate);
        }
    }

    /// Takes the step over `edge` as far as the new hold `index` makes it possible.
    fn fire(&mut self, edge: u32, index: u32, held: &Candidate) {
        self.arrivals.work += 1;
        let to = self.net.to(edge);
        let (span, life) = (self.net.span(edge), self.net.life(to));
        let from = held.from.max(span.valid.from).max(life.from);
        let end = held.to.0.min(span.valid.to).min(life.to);
        if from >= end || self.blocked.edge(edge) || self.blocked.node(to) {
            return;
        }
        if self.net.premises(edge).is_empty() {
            let renewals = if held.from == from { held.renewals } else { 0 };
            self.give(edge, from, end, Made { parent: index, premises: 0, renewals, hops: held.hops });
        } else {
            self.fire_gate(edge, index, held, Interval::new(from, end));
        }
    }

    /// A step that needs several nodes: every common instant of the new hold and a choice of holds of the others.
    fn fire_gate(&mut self, edge: u32, index: u32, held: &Candidate, window: Interval) {
        let mut choices: Vec<(Interval, Vec<u32>)> = vec![(window, Vec::new())];
        for need in self.net.needs(edge) {
            let mut narrower = Vec::new();
            for (window, chosen) in &choices {
                let mut with = |hold: u32, from: Time, to: Time| {
                    if let Some(common) = window.intersection(&Interval::new(from, to)) {
                        narrower.push((common, chosen.iter().copied().chain([hold]).collect()));
                    }
                };
                if need == held.node {
                    with(index, held.from, held.to.0);
                } else {
                    self.arrivals.holds(need).for_each(|(other, hold)| with(other, hold.from, hold.to));
                }
            }
            choices = narrower;
        }
        for (window, chosen) in choices {
            let holds = || chosen.iter().filter_map(|hold| self.arrivals.hold(*hold));
            let renewals = holds().filter(|hold| hold.from == window.from).map(|hold| hold.renewals).max().unwrap_or(0);
            let hops = holds().map(|hold| hold.hops).max().unwrap_or(0);
            let parent = item(&chosen, 0);
            let premises = self.arrivals.gate_holds.len() as u32;
            let before = self.waiting();
            self.give(edge, window.from, window.to, Made { parent, premises, renewals, hops });
            if self.waiting() > before {
                self.arrivals.gate_holds.extend(chosen.iter().skip(1));
            }
        }
    }

    fn waiting(&self) -> usize {
        self.later.len() + self.queue.len()
    }

    /// Proposes the hold that a step at any instant of `[from, end)` gives.
    fn give(&mut self, edge: u32, from: Time, end: Time, made: Made) {
        let (node, span) = (self.net.to(edge), self.net.span(edge));
        let life = self.net.life(node);
        let (to, renewals) = match span.persistence {
            Persistence::While => (end, made.renewals),
            Persistence::Take => (life.to, made.renewals),
            Persistence::Mint { ttl_seconds } if made.renewals >= RENEWALS_MAX => {
                let parents_end = self.net.needs(edge).map(|need| self.net.life(need).to).min().unwrap_or(end);
                let last = span.valid.to.min(parents_end);
                (last.plus_seconds(i64::from(ttl_seconds)).min(life.to), RENEWALS_MAX)
            }
            Persistence::Mint { ttl_seconds } => {
                (end.plus_seconds(i64::from(ttl_seconds)).min(life.to), made.renewals + 1)
            }
        };
        let index = node as usize;
        let adds =
            item(&self.arrivals.last, index) == NONE || to > self.held_to.get(index).copied().unwrap_or(Time::MAX);
        if !adds || from > self.horizon {
            return;
        }
        let (to, hops) = (Reverse(to), made.hops + 1);
        let Made { parent, premises, .. } = made;
        let candidate = Candidate { from, hops, to, node, via: edge, parent, premises, renewals };
        if from == self.now { self.queue.push_back(candidate) } else { self.later.push(Reverse(candidate)) }
    }
}

/// By what a hold was made.
struct Made {
    parent: u32,
    premises: u32,
    renewals: u8,
    hops: u32,
}
