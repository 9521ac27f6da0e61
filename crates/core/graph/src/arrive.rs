//! The label-setting engine behind reach and cut: holds in the order in which they begin.
//!
//! A hold is "this node can be used from `from` up to `to`". Every step gives a hold that begins no earlier than the
//! holds it is made from, so taking them in the order of their beginnings is exact, as in Dijkstra's algorithm; a hold that
//! adds no instant to its node is dropped. The meaning of steps is defined in `reach`. This module knows numbers only.
//!
//! Of what begins at one instant, what lasts longest goes first, so that nearly every node is held as long as it can be when
//! its steps are taken, and they are taken once. What lasts as long as its node needs no order, and neither do holds that
//! end at the same instant because one step on the way to all of them does: they are taken together, level by level,
//! each large level in the order of nodes.

use crate::bits::Bits;
use crate::flat::item;
use crate::holds::Made;
pub(crate) use crate::holds::{Arrivals, Hold, Start};
use crate::net::{NONE, Net, Span};
use crate::scan::{Batch, Facts, Step};
use firebreak_model::{Interval, Persistence, Time};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Beyond this many sessions minted one from another at one instant, a session counts as renewable at will.
pub(crate) const RENEWALS_MAX: u8 = 64;

/// A level of this share of all nodes is worth taking in the order of numbers: edges are then read one after the other.
const SORTED_FROM: usize = 64;

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
    let mut sweep = Sweep {
        net,
        blocked,
        horizon,
        arrivals: Arrivals::below(nodes),
        level: Vec::new(),
        passing: BinaryHeap::new(),
        full: Bits::below(nodes),
        bound: Time::MAX,
        bounded: Bits::below(nodes),
        bounded_nodes: Vec::new(),
        batch: Batch::new(),
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
    /// The holds that begin at `now` and whose steps are to be taken next: those that last as long as their node, or up to
    /// `bound`.
    level: Vec<u32>,
    /// The others that begin at `now`, which last longest first.
    passing: BinaryHeap<(Time, Reverse<u32>)>,
    /// The nodes that are held until their own end: nothing can add to that.
    full: Bits,
    /// No step that is taken now comes from a hold of `passing` that lasts longer.
    bound: Time,
    /// Nodes that are held from now up to `bound` or longer, also as a list.
    bounded: Bits,
    bounded_nodes: Vec<u32>,
    batch: Batch,
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
                    self.hold(&candidate, self.net.life(candidate.node).to);
                }
            }
            self.exhaust();
            let mut waiting = std::mem::take(&mut self.waiting);
            for (edge, index) in waiting.drain(..) {
                self.batch.push(self.net, edge, index, &self.full);
                if self.batch.is_full() {
                    self.take(false);
                }
            }
            self.take(false);
            self.waiting = waiting;
            self.bound = Time::MAX;
            self.bounded_nodes.drain(..).for_each(|node| self.bounded.remove(node));
        }
    }

    /// Takes every step from what begins now.
    fn exhaust(&mut self) {
        loop {
            let level = std::mem::take(&mut self.level);
            if !level.is_empty() {
                self.expand(&level);
                continue;
            }
            let Some((to, first)) = self.passing.pop() else { return };
            self.bound = to;
            self.bind(first.0);
            while self.passing.peek().is_some_and(|(other, _)| *other == to) {
                if let Some((_, Reverse(index))) = self.passing.pop() {
                    self.bind(index);
                }
            }
        }
    }

    /// Puts a hold that lasts up to the bound or longer on the next level.
    fn bind(&mut self, index: u32) {
        if let Some(hold) = self.arrivals.hold(index)
            && self.bounded.add(hold.node)
        {
            self.bounded_nodes.push(hold.node);
        }
        self.level.push(index);
    }

    /// Takes all steps that the holds of a level make possible.
    fn expand(&mut self, level: &[u32]) {
        if level.len() * SORTED_FROM > self.net.node_count() {
            let mut nodes = Bits::below(self.net.node_count());
            for hold in level.iter().filter_map(|index| self.arrivals.hold(*index)) {
                nodes.add(hold.node);
            }
            // The last hold of a node lasts longest: whatever another of now gives, that one gives.
            nodes.members().for_each(|node| self.scan(node, self.arrivals.last(node)));
        } else {
            for index in level {
                let Some(node) = self.arrivals.hold(*index).map(|hold| hold.node) else { continue };
                if self.arrivals.last(node) == *index {
                    self.scan(node, *index);
                }
            }
        }
        self.take(true);
    }

    /// Looks along all edges that follow from `node`, of which `index` is a hold.
    fn scan(&mut self, node: u32, index: u32) {
        let net = self.net;
        let mut run = net.laid_out(node);
        self.arrivals.work += run.len() as u64;
        while !run.is_empty() {
            run = self.batch.sift(net, run, index, &self.full);
            if self.batch.is_full() {
                self.take(true);
            }
        }
        for edge in net.beyond(node) {
            self.arrivals.work += 1;
            self.batch.push(net, edge, index, &self.full);
            if self.batch.is_full() {
                self.take(true);
            }
        }
    }

    /// Takes the steps that were found. They wait, if they may, until all that begins now is known.
    fn take(&mut self, may_wait: bool) {
        let mut batch = std::mem::take(&mut self.batch);
        for (step, facts) in batch.look_up(self.net) {
            self.fire(step, facts, may_wait);
        }
        batch.clear();
        self.batch = batch;
    }

    /// Adds a hold that begins now, unless it adds no instant. `end` is that of its node.
    fn hold(&mut self, candidate: &Candidate, end: Time) {
        let (node, to) = (candidate.node, candidate.to.0);
        let added = self.arrivals.add(Hold {
            from: candidate.from,
            to,
            node,
            via: candidate.via,
            parent: candidate.parent,
            earlier: NONE,
            premises: candidate.premises,
            made: candidate.made,
        });
        let Some(index) = added else { return };
        if to >= end {
            self.full.add(node);
            self.level.push(index);
        } else if to >= self.bound {
            self.bind(index);
        } else {
            self.passing.push((to, Reverse(index)));
        }
    }

    /// Takes a step as far as the hold by which it was found makes it possible.
    #[inline]
    fn fire(&mut self, step: &Step, facts: &Facts, may_wait: bool) {
        let Some(held) = self.arrivals.hold(step.by).copied() else { return };
        if self.full.contains(step.to) {
            return;
        }
        let Facts { valid, life, code } = *facts;
        let from = held.from.max(valid.from).max(life.from);
        let end = held.to.min(valid.to).min(life.to);
        if from >= end {
            return;
        }
        let persistence = self.net.spans().persistence(code);
        if self.is_bounded(step.to, &held, persistence) {
            return;
        }
        if self.blocked.edge(step.edge) || self.blocked.node(step.to) {
            return;
        }
        let way = Way { edge: step.edge, to: step.to, span: Span { valid, persistence }, life };
        if self.net.premises(step.edge).is_empty() {
            if may_wait && from > self.now {
                return self.waiting.push((step.edge, step.by));
            }
            let renewals = if held.from == from { held.made.renewals() } else { 0 };
            let until = self.lasts(&held, from);
            self.give(&way, Interval::new(from, end), Made::new(held.made.hops(), renewals), until, (step.by, 0));
        } else {
            self.fire_gate(&way, step.by, &held, Interval::new(from, end));
        }
    }

    /// Whether a step from `held` to `node` can add nothing, because the node is held now for as long.
    #[inline]
    fn is_bounded(&self, node: u32, held: &Hold, persistence: Persistence) -> bool {
        persistence == Persistence::While && held.to <= self.bound && self.bounded.contains(node)
    }

    /// A step that needs several nodes: every common instant of the new hold and a choice of holds of the others.
    fn fire_gate(&mut self, way: &Way, index: u32, held: &Hold, window: Interval) {
        if self.net.premises(way.edge).iter().any(|need| !self.arrivals.is_reached(*need)) {
            return;
        }
        let mut choices: Vec<(Interval, Vec<u32>)> = vec![(window, Vec::new())];
        for need in self.net.needs(way.edge) {
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
            let premises = self.arrivals.next_premises();
            if self.give(way, window, made, until, (item(&chosen, 0), premises)) {
                self.arrivals.add_premises(chosen.iter().skip(1).copied());
            }
        }
    }

    /// Until when what begins at `from` can be had of `hold`: where it counts as renewable, as long as its node exists.
    fn lasts(&self, hold: &Hold, from: Time) -> Time {
        let is_renewable = hold.from == from && hold.made.renewals() >= RENEWALS_MAX;
        if is_renewable { self.net.life(hold.node).to } else { hold.to }
    }

    /// Proposes the hold that a step at any instant of `window` gives; false if it adds nothing. `made` is how what it
    /// needs was made, `until` how long it can be had, `by` the hold of the origin and where those of the premises are.
    fn give(&mut self, way: &Way, window: Interval, made: Made, until: Time, by: (u32, u32)) -> bool {
        let (to, renewals) = match way.span.persistence {
            Persistence::While => (window.to, made.renewals()),
            Persistence::Take => (way.life.to, made.renewals()),
            Persistence::Mint { ttl_seconds } if made.renewals() >= RENEWALS_MAX => {
                let last = way.span.valid.to.min(until);
                (last.plus_seconds(i64::from(ttl_seconds)).min(way.life.to), RENEWALS_MAX)
            }
            Persistence::Mint { ttl_seconds } => {
                (window.to.plus_seconds(i64::from(ttl_seconds)).min(way.life.to), made.renewals() + 1)
            }
        };
        if window.from > self.horizon || self.arrivals.adds_nothing(way.to, to) {
            return false;
        }
        let hops = made.hops().saturating_add(1).min(Made::HOPS_MAX);
        let candidate = Candidate {
            from: window.from,
            hops,
            to: Reverse(to),
            node: way.to,
            via: way.edge,
            parent: by.0,
            premises: by.1,
            made: Made::new(hops, renewals),
        };
        if window.from == self.now {
            self.hold(&candidate, way.life.to)
        } else {
            self.later.push(Reverse(candidate))
        }
        true
    }
}

/// What a step over one edge leads to, and when.
struct Way {
    edge: u32,
    to: u32,
    span: Span,
    life: Interval,
}
