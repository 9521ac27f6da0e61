//! The label-setting engine behind reach and cut: holds in the order in which they begin.
//!
//! A hold is "this node can be used from `from` up to `to`". Every step gives a hold that begins no earlier than the
//! holds it is made from, so taking them in the order of their beginnings is exact, as in Dijkstra's algorithm; a hold that
//! adds no instant to its node is dropped. The meaning of steps is defined in `reach`. This module knows numbers only.

use crate::flat::item;
use crate::net::{NONE, Net, Span};
use crate::paged::PagedColumn;
use firebreak_model::{Interval, Persistence, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Beyond this many sessions minted one from another at one instant, a session counts as renewable at will.
pub(crate) const RENEWALS_MAX: u8 = 64;

/// A level of this share of all nodes is worth sorting: its edges are then read one after the other.
const SORTED_FROM: usize = 64;

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
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) node: u32,
    /// The edge that gave it, or `NONE` for a start.
    pub(crate) via: u32,
    /// The hold of the edge's origin, or `NONE` for a start.
    pub(crate) parent: u32,
    /// The hold of the same node before this one, or `NONE`.
    pub(crate) earlier: u32,
    /// Where in `Arrivals::gate_holds` the holds of the edge's premises begin.
    premises: u32,
    made: Made,
}

/// In how many steps, and in how many sessions minted one from another at one instant, a hold was made.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Made(u32);

impl Made {
    /// Steps beyond this many are not told apart.
    const HOPS_MAX: u32 = (1 << 24) - 1;

    fn new(hops: u32, renewals: u8) -> Made {
        Made(hops.min(Made::HOPS_MAX) << 8 | u32::from(renewals))
    }

    fn hops(self) -> u32 {
        self.0 >> 8
    }

    fn renewals(self) -> u8 {
        self.0 as u8
    }
}

/// What is known of a node so far.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The end of its longest hold. Since holds come by beginning, one that ends no later adds nothing.
    to: Time,
    /// Its last hold, or `NONE`.
    last: u32,
}

const UNKNOWN: Known = Known { to: Time::MIN, last: NONE };

impl Default for Known {
    fn default() -> Self {
        UNKNOWN
    }
}

/// All holds, by beginning.
#[derive(Clone, Debug, Default)]
pub(crate) struct Arrivals {
    holds: Vec<Hold>,
    nodes: PagedColumn<Known>,
    gate_holds: Vec<u32>,
    /// Edges looked at: the work that was done.
    pub(crate) work: u64,
}

impl Arrivals {
    /// The holds of `node`, latest first.
    pub(crate) fn holds(&self, node: u32) -> impl Iterator<Item = (u32, &Hold)> {
        let mut next = self.nodes.get(node).last;
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
        self.nodes.get(node).last != NONE
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
    made: Made,
}

/// Every hold that follows from `starts`, beginning at `horizon` at the latest.
pub(crate) fn arrive(net: &Net, starts: &[Start], horizon: Time, blocked: &impl Blocked) -> Arrivals {
    let nodes = net.node_count();
    let arrivals = Arrivals { nodes: PagedColumn::below(nodes, UNKNOWN), ..Arrivals::default() };
    let mut sweep = Sweep {
        net,
        blocked,
        horizon,
        arrivals,
        lasting: Vec::new(),
        passing: BinaryHeap::new(),
        full: vec![0; nodes.div_ceil(64)],
        waiting: Vec::new(),
        later: BinaryHeap::new(),
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
    /// The holds that begin at `now` and whose steps are still to be taken: those that last as long as their node, and the
    /// others, which last longest first.
    lasting: Vec<u32>,
    passing: BinaryHeap<(Time, Reverse<u32>)>,
    /// The nodes that are held until their own end, as bits: nothing can add to that.
    full: Vec<u64>,
    /// Steps that become possible after now, with the hold of their origin: most lead to what is reached now by other
    /// ways, so that they are looked at when all that begins now is known.
    waiting: Vec<(u32, u32)>,
    later: BinaryHeap<Reverse<Candidate>>,
    now: Time,
}

impl<B: Blocked> Sweep<'_, B> {
    fn begin(&mut self, start: &Start) {
        let life = self.net.life(start.node);
        let (from, to) = (start.from.max(life.from), start.to.min(life.to));
        if from < to && from <= self.horizon && !self.blocked.node(start.node) {
            self.later.push(Reverse(Candidate {
                from,
                hops: 0,
                to: Reverse(to),
                node: start.node,
                via: NONE,
                parent: NONE,
                premises: 0,
                made: Made::new(0, 0),
            }));
        }
    }

    fn run(&mut self) {
        while let Some(first) = self.later.peek().map(|waiting| waiting.0.from) {
            self.now = first;
            while self.later.peek().is_some_and(|waiting| waiting.0.from == first) {
                if let Some(Reverse(candidate)) = self.later.pop() {
                    self.hold(&candidate);
                }
            }
            self.exhaust();
            let mut waiting = std::mem::take(&mut self.waiting);
            for (edge, index) in waiting.drain(..) {
                if let Some(hold) = self.arrivals.hold(index).copied() {
                    self.fire(edge, index, &hold, false);
                }
            }
            self.waiting = waiting;
        }
    }

    /// Takes every step from what begins now: first from what lasts as long as its node, then from what lasts longest. So
    /// nearly every node is held as long as it can be when its steps are taken, and they are taken once.
    fn exhaust(&mut self) {
        loop {
            let mut level = std::mem::take(&mut self.lasting);
            if level.is_empty() {
                let Some((_, Reverse(index))) = self.passing.pop() else { return };
                level.push(index);
            }
            self.sort(&mut level);
            for index in level {
                if let Some(hold) = self.arrivals.hold(index).copied() {
                    self.expand(index, &hold);
                }
            }
        }
    }

    /// Sorts a large level by node: neighbours in number are neighbours in memory.
    fn sort(&self, level: &mut [u32]) {
        if level.len() * SORTED_FROM > self.net.node_count() {
            level.sort_by_cached_key(|index| self.arrivals.hold(*index).map_or(NONE, |hold| hold.node));
        }
    }

    #[inline]
    fn is_full(&self, node: u32) -> bool {
        item(&self.full, node as usize / 64) >> (node % 64) & 1 != 0
    }

    /// Adds a hold that begins now, unless it adds no instant.
    fn hold(&mut self, candidate: &Candidate) {
        let known = self.arrivals.nodes.get(candidate.node);
        let (earlier, to) = (known.last, candidate.to.0);
        if earlier != NONE && to <= known.to {
            return;
        }
        let index = self.arrivals.holds.len() as u32;
        self.arrivals.nodes.set(candidate.node, Known { to, last: index });
        self.arrivals.holds.push(Hold {
            from: candidate.from,
            to,
            node: candidate.node,
            via: candidate.via,
            parent: candidate.parent,
            earlier,
            premises: candidate.premises,
            made: candidate.made,
        });
        if to < self.net.life(candidate.node).to {
            return self.passing.push((to, Reverse(index)));
        }
        self.lasting.push(index);
        if let Some(word) = self.full.get_mut(candidate.node as usize / 64) {
            *word |= 1 << (candidate.node % 64);
        }
    }

    /// Takes all steps that the hold with this number makes possible.
    fn expand(&mut self, index: u32, hold: &Hold) {
        // One that begins now too lasts longer: whatever this one gives, that one gives.
        if self.arrivals.nodes.get(hold.node).to > hold.to {
            return;
        }
        let net = self.net;
        net.out(hold.node).for_each(|edge| self.fire(edge, index, hold, true));
        net.uses(hold.node).for_each(|edge| self.fire(edge, index, hold, true));
    }

    /// Takes the step over `edge` as far as the new hold `index` makes it possible. It waits, if it may, until all that
    /// begins now is known.
    #[inline]
    fn fire(&mut self, edge: u32, index: u32, held: &Hold, may_wait: bool) {
        self.arrivals.work += 1;
        let to = self.net.to(edge);
        if self.is_full(to) {
            return;
        }
        let (span, life) = (self.net.span(edge), self.net.life(to));
        let from = held.from.max(span.valid.from).max(life.from);
        let end = held.to.min(span.valid.to).min(life.to);
        if from >= end || self.blocked.edge(edge) || self.blocked.node(to) {
            return;
        }
        let step = Step { edge, to, span, life };
        if self.net.premises(edge).is_empty() {
            if may_wait && from > self.now {
                return self.waiting.push((edge, index));
            }
            let renewals = if held.from == from { held.made.renewals() } else { 0 };
            let until = self.lasts(held, from);
            self.give(&step, Interval::new(from, end), Made::new(held.made.hops(), renewals), until, (index, 0));
        } else {
            self.fire_gate(&step, index, held, Interval::new(from, end));
        }
    }

    /// A step that needs several nodes: every common instant of the new hold and a choice of holds of the others.
    fn fire_gate(&mut self, step: &Step, index: u32, held: &Hold, window: Interval) {
        let mut choices: Vec<(Interval, Vec<u32>)> = vec![(window, Vec::new())];
        for need in self.net.needs(step.edge) {
            let mut narrower = Vec::new();
            for (window, chosen) in &choices {
                let mut with = |hold: u32, from: Time, to: Time| {
                    if let Some(common) = window.intersection(&Interval::new(from, to)) {
                        narrower.push((common, chosen.iter().copied().chain([hold]).collect()));
                    }
                };
                if need == held.node {
                    with(index, held.from, held.to);
                } else {
                    self.arrivals.holds(need).for_each(|(other, hold)| with(other, hold.from, hold.to));
                }
            }
            choices = narrower;
            if choices.is_empty() {
                return;
            }
        }
        for (window, chosen) in choices {
            let holds = || chosen.iter().filter_map(|hold| self.arrivals.hold(*hold));
            let at_once = holds().filter(|hold| hold.from == window.from).map(|hold| hold.made.renewals()).max();
            let hops = holds().map(|hold| hold.made.hops()).max().unwrap_or(0);
            let made = Made::new(hops, at_once.unwrap_or(0));
            let until = holds().map(|hold| self.lasts(hold, window.from)).min().unwrap_or(window.to);
            let premises = self.arrivals.gate_holds.len() as u32;
            if self.give(step, window, made, until, (item(&chosen, 0), premises)) {
                self.arrivals.gate_holds.extend(chosen.iter().skip(1));
            }
        }
    }

    /// Until when what begins at `from` can be had of `hold`: where it counts as renewable, as long as its node exists.
    fn lasts(&self, hold: &Hold, from: Time) -> Time {
        let is_renewable = hold.from == from && hold.made.renewals() >= RENEWALS_MAX;
        if is_renewable { self.net.life(hold.node).to } else { hold.to }
    }

    /// Whether a hold of `node` up to `to` is inside one that is there.
    fn adds_nothing(&self, node: u32, to: Time) -> bool {
        let known = self.arrivals.nodes.get(node);
        known.last != NONE && to <= known.to
    }

    /// Proposes the hold that a step at any instant of `window` gives; false if it adds nothing. `made` is how what it
    /// needs was made, `until` how long it can be had, `by` the hold of the origin and where those of the premises are.
    fn give(&mut self, step: &Step, window: Interval, made: Made, until: Time, by: (u32, u32)) -> bool {
        let (to, renewals) = match step.span.persistence {
            Persistence::While => (window.to, made.renewals()),
            Persistence::Take => (step.life.to, made.renewals()),
            Persistence::Mint { ttl_seconds } if made.renewals() >= RENEWALS_MAX => {
                let last = step.span.valid.to.min(until);
                (last.plus_seconds(i64::from(ttl_seconds)).min(step.life.to), RENEWALS_MAX)
            }
            Persistence::Mint { ttl_seconds } => {
                (window.to.plus_seconds(i64::from(ttl_seconds)).min(step.life.to), made.renewals() + 1)
            }
        };
        if window.from > self.horizon || self.adds_nothing(step.to, to) {
            return false;
        }
        let hops = made.hops().saturating_add(1).min(Made::HOPS_MAX);
        let candidate = Candidate {
            from: window.from,
            hops,
            to: Reverse(to),
            node: step.to,
            via: step.edge,
            parent: by.0,
            premises: by.1,
            made: Made::new(hops, renewals),
        };
        if window.from == self.now {
            self.hold(&candidate)
        } else {
            self.later.push(Reverse(candidate))
        }
        true
    }
}

/// A step over one edge.
struct Step {
    edge: u32,
    to: u32,
    span: Span,
    life: Interval,
}
