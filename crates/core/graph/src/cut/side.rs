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

use super::derive::Derivation;
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
const OF_GROUND: u32 = 1 << 31;

/// A node off the ground, or one of it at another time, is held.
#[derive(Clone, Copy)]
struct Held {
    node: u32,
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
type Queue = BinaryHeap<Reverse<(u8, u32)>>;

impl<'s> Side<'s> {
    /// The side with `chosen` done. Targets are part of it if they are derivable.
    pub(crate) fn new(scene: &'s Scene<'s>, chosen: FxHashSet<u32>) -> Side<'s> {
        let mut side = Side::nothing(scene, chosen);
        side.grow(&scene.ground.border, &mut Vec::new(), &mut |_, _| true);
        side
    }

    /// Shows `visit` proofs that `chosen` leave a target within reach, nearest first, as long as it says to go on: one at least
    /// if there is any. Gives the work that it took to find them.
    pub(crate) fn leaks(
        scene: &'s Scene<'s>,
        chosen: FxHashSet<u32>,
        mut visit: impl FnMut(Derivation) -> bool,
    ) -> u64 {
        let mut side = Side::nothing(scene, chosen);
        side.grow(&scene.ground.border, &mut Vec::new(), &mut |side: &mut Side<'_>, hold| {
            let Some(held) = side.held(hold).copied() else { return true };
            let goes_on = visit(scene.derivation(held.node, side.steps_to(hold)));
            // Every other way to the target is one more proof.
            side.undo(hold as usize, &[]);
            goes_on
        });
        side.work
    }

    fn nothing(scene: &'s Scene<'s>, chosen: FxHashSet<u32>) -> Side<'s> {
        let (holds, made_of, last) = (Vec::new(), Vec::new(), Paged::new());
        Side { scene, chosen, holds, made_of, last, spots: FxHashMap::default(), work: 0 }
    }

    fn held(&self, hold: u32) -> Option<&Held> {
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

    fn steps_to(&self, hold: u32) -> Vec<u32> {
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

    fn made_of(&self, hold: u32) -> &[u32] {
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
        loop {
            let next = queue.peek().map_or(u8::MAX, |Reverse((steps, _))| *steps);
            if let Some(entry) = entries.next_if(|entry| self.scene.approach.steps(entry.node) <= next) {
                self.work += 1;
                let chances = if entry.edge == NONE { self.starts(entry.node) } else { self.chances(entry.edge, None) };
                if !self.enter(*entry, chances, &mut queue, stopped).is_none_or(|target| met(self, target)) {
                    return false;
                }
                continue;
            }
            let Some(Reverse((_, hold))) = queue.pop() else { return true };
            let Some(held) = self.held(hold).copied() else { continue };
            // What a longer hold of the same node gives, it gives too.
            if self.holds_of(held.node).any(|(other, longer)| other > hold && covers(&longer.period, &held.period)) {
                continue;
            }
            for edge in walk::onward(self.scene.net, held.node) {
                self.work += 1;
                let node = self.scene.net.to(edge);
                if self.scene.approach.is_blind(node) {
                    continue;
                }
                let chances = self.chances(edge, Some((hold, &held)));
                let entered = self.enter(Entry { node, edge }, chances, &mut queue, stopped);
                if !entered.is_none_or(|target| met(self, target)) {
                    return false;
                }
            }
        }
    }

    /// When what is held to begin with is held.
    fn starts(&self, node: u32) -> Vec<Chance> {
        let periods = self.scene.held_to_begin_with(node).into_iter();
        periods.map(|period| Chance { period, by: Vec::new(), renewals: 0 }).collect()
    }

    /// When and by what a step over `edge` can be taken; by the hold `with` of one of its needs, if only that is new.
    fn chances(&self, edge: u32, with: Option<(u32, &Held)>) -> Vec<Chance> {
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
                if let Some((hold, held)) = with.filter(|(_, held)| held.node == need) {
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

    /// Takes a step by each of its chances unless a chosen option stops it; gives a hold of a target that it leads to.
    fn enter(&mut self, entry: Entry, chances: Vec<Chance>, queue: &mut Queue, stopped: &mut Vec<u32>) -> Option<u32> {
        let scene = self.scene;
        let holds: Vec<_> = chances.into_iter().filter_map(|chance| self.lasting(entry, chance)).collect();
        if holds.is_empty() {
            return None;
        }
        let at = Spot::Node(entry.node, entry.edge);
        let over = entry.edge != NONE && self.stops(scene.on_edge(entry.edge), Spot::Edge(entry.edge), stopped);
        if over || self.stops(scene.on_node(entry.node), at, stopped) {
            return None;
        }
        let mut target = None;
        for (period, renewals, by) in holds {
            if self.holds_of(entry.node).any(|(_, known)| covers(&known.period, &period)) {
                continue;
            }
            let hold = self.holds.len() as u32;
            let (made_of, earlier) = (self.made_of.len() as u32, self.last.get(entry.node));
            self.made_of.extend(by);
            self.holds.push(Held { node: entry.node, period, via: entry.edge, made_of, renewals, earlier });
            self.last.set(entry.node, hold + 1);
            if scene.is_target(entry.node) {
                target = Some(hold);
            } else {
                queue.push(Reverse((scene.approach.steps(entry.node), hold)));
            }
        }
        target
    }

    /// How long what a step gives is held, unless it is held for as long already.
    fn lasting(&self, entry: Entry, chance: Chance) -> Option<(Interval, u8, Vec<u32>)> {
        let Chance { period, by, renewals } = chance;
        let life = self.scene.net.life(entry.node);
        let span = (entry.edge != NONE).then(|| self.scene.net.span(entry.edge));
        let (to, renewals) = match span.map(|span| (span.persistence, span.valid)) {
            None | Some((Persistence::While, _)) => (period.to, renewals),
            Some((Persistence::Take, _)) => (life.to, renewals),
            Some((Persistence::Mint { ttl_seconds }, valid)) => {
                let last = if renewals >= RENEWALS_MAX { valid.to } else { period.to };
                (last.plus_seconds(i64::from(ttl_seconds)).min(life.to), renewals.saturating_add(1).min(RENEWALS_MAX))
            }
        };
        let period = Interval::new(period.from, to);
        let is_new = period.from < to && !self.holds_of(entry.node).any(|(_, known)| covers(&known.period, &period));
        is_new.then_some((period, renewals, by))
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
