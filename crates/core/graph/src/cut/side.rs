//! The intruder's side of a cut: what stays derivable, exactly in time, once some options are done, and where these options
//! stop it.
//!
//! It grows from the border of the ground towards the targets, nearest first, and stops at the first target if asked to: so what
//! is left of a cut that leaks is found at the price of what lies on the way. Holds come in any order and each
//! that adds an instant is kept, so that time is honoured as by [`crate::arrive`]; only sessions that renew one another more
//! often than that allows count as renewable, whenever they began. So the side is never too small: a target outside it is severed.
//!
//! It also grows when an option is left out, from where that option stopped it, and can be taken back to what it was: the
//! question what happens without one step costs only what that step keeps away, up to the first target.

use super::ground::Entry;
use super::paged::Paged;
use super::scene::Scene;
use super::walk;
use crate::arrive::RENEWALS_MAX;
use crate::net::NONE;
use crate::reach::ancestry;
use firebreak_model::{Interval, Persistence};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Where an option stops the intruder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Spot {
    /// At a node that could otherwise be entered, and over which edge; `NONE` for a start.
    Node(u32, u32),
    /// At an edge all of whose needs are held.
    Edge(u32),
}

/// Of what a hold was made: a hold of the side, or, with this bit, one of the ground.
pub(super) const OF_GROUND: u32 = 1 << 31;

/// A node off the ground, or one of it at another time, is held.
#[derive(Clone, Copy)]
pub(super) struct Held {
    /// `NONE` once it was taken back.
    pub(super) node: u32,
    period: Interval,
    /// The edge that gave it, or `NONE` for a start.
    via: u32,
    /// Where the holds that it was made of begin in `Side::made_of`; they end where those of the next begin.
    made_of: u32,
    renewals: u8,
    /// The hold of the same node before this one and one, or 0.
    earlier: u32,
}

/// How a step may be taken: at any instant of a period, by these holds.
struct Chance {
    period: Interval,
    by: Vec<u32>,
    renewals: u8,
}

/// What stays derivable.
pub(crate) struct Side<'s> {
    scene: &'s Scene<'s>,
    pub(crate) chosen: FxHashSet<u32>,
    holds: Vec<Held>,
    made_of: Vec<u32>,
    /// Node -> its last hold and one, or 0.
    last: Paged<u32>,
    /// Option -> where it stops the intruder.
    spots: FxHashMap<u32, Vec<Spot>>,
    /// Edges looked at.
    pub(crate) work: u64,
}

/// Holds whose steps are to be taken, those nearest to a target first.
pub(super) type Queue = BinaryHeap<Reverse<(u8, u32)>>;

/// Steps to be taken.
pub(super) type Steps = Vec<Entry>;

impl<'s> Side<'s> {
    /// The side with `chosen` done. Targets are part of it if they are derivable.
    pub(crate) fn new(scene: &'s Scene<'s>, chosen: FxHashSet<u32>) -> Side<'s> {
        let mut side = Side::nothing(scene, chosen);
        side.grow(&scene.ground.border, &mut Vec::new(), &mut |_, _| true);
        side
    }

    /// The side before anything is entered.
    pub(super) fn nothing(scene: &'s Scene<'s>, chosen: FxHashSet<u32>) -> Side<'s> {
        let (holds, made_of, last) = (Vec::new(), Vec::new(), Paged::new());
        Side { scene, chosen, holds, made_of, last, spots: FxHashMap::default(), work: 0 }
    }

    pub(super) fn held(&self, hold: u32) -> Option<&Held> {
        self.holds.get(hold as usize)
    }

    /// Whether the node is derivable off the ground.
    #[inline]
    pub(crate) fn holds(&self, node: u32) -> bool {
        self.last.get(node) > 0
    }

    /// The holds of `node`, latest first.
    fn holds_of(&self, node: u32) -> impl Iterator<Item = (u32, &Held)> {
        let mut next = self.last.get(node);
        std::iter::from_fn(move || {
            let hold = next.checked_sub(1)?;
            let held = self.held(hold)?;
            next = held.earlier;
            Some((hold, held))
        })
    }

    /// The steps by which the node is held off the ground, each after those that it needs, with those on the ground.
    pub(crate) fn steps(&self, node: u32) -> Vec<u32> {
        self.last.get(node).checked_sub(1).map_or(Vec::new(), |hold| self.steps_to(hold))
    }

    /// The steps by which a hold was made.
    pub(super) fn steps_to(&self, hold: u32) -> Vec<u32> {
        let (mut own, mut ground, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![hold]);
        while let Some(hold) = open.pop() {
            if hold & OF_GROUND != 0 {
                let arrivals = &self.scene.ground.arrivals;
                ground.extend(ancestry(self.scene.net, arrivals, hold & !OF_GROUND));
            } else if own.insert(hold) {
                open.extend(self.made_of(hold));
            }
        }
        let arrivals = &self.scene.ground.arrivals;
        let ground = ground.into_iter().filter_map(|hold| arrivals.hold(hold)).map(|hold| hold.via);
        let own = own.into_iter().filter_map(|hold| self.held(hold)).map(|held| held.via);
        ground.chain(own).filter(|via| *via != NONE).collect()
    }

    /// The holds that a hold was made of; those of the ground with [`OF_GROUND`].
    pub(super) fn made_of(&self, hold: u32) -> &[u32] {
        let first = |hold: u32| self.held(hold).map_or(self.made_of.len(), |held| held.made_of as usize);
        self.made_of.get(first(hold)..first(hold + 1)).unwrap_or(&[])
    }

    /// Leaves `option` out if no target becomes derivable by that; false if one does, and then nothing changes.
    pub(crate) fn spare(&mut self, option: u32) -> bool {
        self.chosen.remove(&option);
        let again = self.reopened(option);
        let (before, mut stopped) = (self.holds.len(), Vec::new());
        let severed = self.grow(&again, &mut stopped, &mut |_, _| false);
        if !severed {
            self.undo(before, &stopped);
            self.chosen.insert(option);
        }
        severed
    }

    /// The steps that can be taken once `option` is no longer chosen, unless another stops them.
    fn reopened(&self, option: u32) -> Vec<Entry> {
        let entry = |spot: &Spot| match *spot {
            Spot::Node(node, edge) => Entry { node, edge },
            Spot::Edge(edge) => Entry { node: self.scene.net.to(edge), edge },
        };
        let mut entries: Vec<Entry> = self.spots(option).iter().map(entry).collect();
        entries.sort_unstable_by_key(|entry| (self.scene.approach.steps(entry.node), *entry));
        entries.dedup();
        entries
    }

    /// Where an option stops the intruder; several times the same spot if it is tried several times.
    pub(crate) fn spots(&self, option: u32) -> &[Spot] {
        self.spots.get(&option).map_or(&[], Vec::as_slice)
    }

    /// Adds what follows from `entries`, which come nearest to a target first, and notes each option that stops a step in
    /// `stopped`. Shows `met` each hold of a target, and ends, saying false, where that says so.
    fn grow(
        &mut self,
        entries: &[Entry],
        stopped: &mut Vec<u32>,
        met: &mut impl FnMut(&mut Side<'s>, u32) -> bool,
    ) -> bool {
        let mut queue: Queue = BinaryHeap::new();
        let mut entries = entries.iter().peekable();
        let mut steps = Steps::default();
        loop {
            let next = queue.peek().map_or(u8::MAX, |Reverse((steps, _))| *steps);
            if let Some(entry) = entries.next_if(|entry| self.scene.approach.steps(entry.node) <= next) {
                if !self.enter(*entry, None, &mut queue, stopped).is_none_or(|target| met(self, target)) {
                    return false;
                }
                continue;
            }
            let Some(Reverse((_, hold))) = queue.pop() else { return true };
            if !self.steps_from(hold, &mut steps) {
                continue;
            }
            for entry in steps.drain(..) {
                let entered = self.enter(entry, Some(hold), &mut queue, stopped);
                if !entered.is_none_or(|target| met(self, target)) {
                    return false;
                }
            }
        }
    }

    /// The steps that a hold makes possible; false where it gives nothing that a longer one of the same node does not give too.
    pub(super) fn steps_from(&self, hold: u32, steps: &mut Steps) -> bool {
        steps.clear();
        let Some(held) = self.held(hold) else { return false };
        let mut longer = self.holds_of(held.node).filter(|(other, _)| *other > hold);
        if longer.any(|(_, longer)| covers(&longer.period, &held.period)) {
            return false;
        }
        let edges = walk::onward(self.scene.net, held.node);
        let entries = edges.map(|edge| Entry { node: self.scene.net.to(edge), edge });
        steps.extend(entries.filter(|entry| !self.scene.approach.is_blind(entry.node)));
        true
    }

    /// When what is held to begin with is held.
    fn starts(&self, node: u32) -> Vec<Chance> {
        let periods = self.scene.held_to_begin_with(node).into_iter();
        periods.map(|period| Chance { period, by: Vec::new(), renewals: 0 }).collect()
    }

    /// When and by what a step over `edge` can be taken; by the hold `with` of one of its needs, if only that is new.
    fn chances(&self, edge: u32, with: Option<(u32, Held)>) -> Vec<Chance> {
        let net = self.scene.net;
        let Some(window) = net.span(edge).valid.intersection(&net.life(net.to(edge))) else { return Vec::new() };
        let mut chances = vec![Chance { period: window, by: Vec::new(), renewals: 0 }];
        for need in net.needs(edge) {
            let mut narrower: Vec<Chance> = Vec::new();
            for chance in &chances {
                let mut narrow = |hold: u32, period: Interval, renewals: u8| {
                    if let Some(period) = chance.period.intersection(&period) {
                        let by = chance.by.iter().copied().chain([hold]).collect();
                        narrower.push(Chance { period, by, renewals: renewals.max(chance.renewals) });
                    }
                };
                if let Some((hold, held)) = with.as_ref().filter(|(_, held)| held.node == need) {
                    let hold = *hold;
                    narrow(hold, held.period, held.renewals);
                    continue;
                }
                for (hold, held) in self.scene.ground.arrivals.holds(need) {
                    narrow(hold | OF_GROUND, Interval::new(held.from, held.to), held.made.renewals());
                }
                self.holds_of(need).for_each(|(hold, held)| narrow(hold, held.period, held.renewals));
            }
            chances = narrower;
        }
        chances
    }

    /// Takes a step, by the hold `by` of one of its needs if only that is new, unless a chosen option stops it. Gives a hold of
    /// a target that it leads to.
    pub(super) fn enter(
        &mut self,
        entry: Entry,
        by: Option<u32>,
        queue: &mut Queue,
        stopped: &mut Vec<u32>,
    ) -> Option<u32> {
        self.work += 1;
        let Entry { node, edge } = entry;
        let net = self.scene.net;
        let with = by.and_then(|hold| Some((hold, *self.held(hold)?)));
        if let Some((hold, held)) = with.filter(|_| edge != NONE && net.premises(edge).is_empty()) {
            let window = net.span(edge).valid.intersection(&net.life(node))?.intersection(&held.period)?;
            let chance = self.lasting(entry, window, held.renewals)?;
            return if self.is_stopped(entry, stopped) { None } else { self.hold(entry, chance, &[hold], queue) };
        }
        let mut chances = if edge == NONE { self.starts(node) } else { self.chances(edge, with) };
        chances.retain(|chance| self.lasting(entry, chance.period, chance.renewals).is_some());
        if chances.is_empty() || self.is_stopped(entry, stopped) {
            return None;
        }
        let mut target = None;
        for chance in chances {
            if let Some(lasting) = self.lasting(entry, chance.period, chance.renewals) {
                target = self.hold(entry, lasting, &chance.by, queue).or(target);
            }
        }
        target
    }

    /// Adds a hold, and gives it if it is one of a target.
    fn hold(&mut self, entry: Entry, lasting: (Interval, u8), by: &[u32], queue: &mut Queue) -> Option<u32> {
        let (period, renewals) = lasting;
        let hold = self.holds.len() as u32;
        let (made_of, earlier) = (self.made_of.len() as u32, self.last.get(entry.node));
        self.made_of.extend(by);
        self.holds.push(Held { node: entry.node, period, via: entry.edge, made_of, renewals, earlier });
        self.last.set(entry.node, hold + 1);
        if self.scene.is_target(entry.node) {
            return Some(hold);
        }
        queue.push(Reverse((self.scene.approach.steps(entry.node), hold)));
        None
    }

    /// How long what a step at any instant of `window` gives is held, unless it is held for as long already.
    fn lasting(&self, entry: Entry, window: Interval, renewals: u8) -> Option<(Interval, u8)> {
        let life = self.scene.net.life(entry.node);
        let span = (entry.edge != NONE).then(|| self.scene.net.span(entry.edge));
        let (to, renewals) = match span.map(|span| (span.persistence, span.valid)) {
            None | Some((Persistence::While, _)) => (window.to, renewals),
            Some((Persistence::Take, _)) => (life.to, renewals),
            Some((Persistence::Mint { ttl_seconds }, valid)) => {
                let last = if renewals >= RENEWALS_MAX { valid.to } else { window.to };
                (last.plus_seconds(i64::from(ttl_seconds)).min(life.to), renewals.saturating_add(1).min(RENEWALS_MAX))
            }
        };
        let period = Interval::new(window.from, to);
        let is_new = period.from < to && !self.holds_of(entry.node).any(|(_, known)| covers(&known.period, &period));
        is_new.then_some((period, renewals))
    }

    /// Whether a chosen option stops a step; each one that does is noted.
    fn is_stopped(&mut self, entry: Entry, stopped: &mut Vec<u32>) -> bool {
        let scene = self.scene;
        let over = entry.edge != NONE && self.stops(scene.on_edge(entry.edge), Spot::Edge(entry.edge), stopped);
        over || self.stops(scene.on_node(entry.node), Spot::Node(entry.node, entry.edge), stopped)
    }

    /// Whether a chosen option is among `options`; all of these are noted.
    fn stops(&mut self, options: &[u32], spot: Spot, journal: &mut Vec<u32>) -> bool {
        let mut stopped = false;
        for option in options.iter().filter(|option| self.chosen.contains(option)) {
            self.spots.entry(*option).or_default().push(spot);
            journal.push(*option);
            stopped = true;
        }
        stopped
    }

    /// How many holds were made.
    pub(super) fn count(&self) -> u32 {
        self.holds.len() as u32
    }

    /// Takes back holds anywhere; gives the nodes that they were of, each once.
    pub(super) fn take_back(&mut self, holds: &[u32]) -> Vec<u32> {
        let mut nodes = Vec::new();
        for hold in holds {
            if let Some(held) = self.holds.get_mut(*hold as usize) {
                nodes.push(std::mem::replace(&mut held.node, NONE));
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        for node in &nodes {
            let mut left: Vec<u32> =
                self.holds_of(*node).filter(|(_, held)| held.node == *node).map(|(hold, _)| hold).collect();
            self.last.set(*node, 0);
            while let Some(hold) = left.pop() {
                let earlier = self.last.get(*node);
                self.holds.get_mut(hold as usize).into_iter().for_each(|held| held.earlier = earlier);
                self.last.set(*node, hold + 1);
            }
        }
        nodes
    }

    /// Puts the holds of a node on the queue again: a longer one, which gave all that they give, was taken back.
    pub(super) fn queue_again(&self, node: u32, queue: &mut Queue) {
        queue.extend(self.holds_of(node).map(|(hold, _)| Reverse((self.scene.approach.steps(node), hold))));
    }

    /// Takes back the holds from the one with number `before` on, and what stopped others.
    fn undo(&mut self, before: usize, stopped: &[u32]) {
        let made_of = self.held(before as u32).map(|held| held.made_of as usize);
        self.made_of.truncate(made_of.unwrap_or(self.made_of.len()));
        while self.holds.len() > before {
            let Some(held) = self.holds.pop() else { break };
            self.last.set(held.node, held.earlier);
        }
        for option in stopped.iter().rev() {
            if let Some(spots) = self.spots.get_mut(option) {
                spots.pop();
            }
        }
    }
}

fn covers(longer: &Interval, period: &Interval) -> bool {
    longer.from <= period.from && period.to <= longer.to
}
