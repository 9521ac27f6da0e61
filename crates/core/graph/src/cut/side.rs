//! The intruder's side of a cut: what stays derivable once some options are done, and where these options stop it.
//!
//! On the ground, time is honoured exactly; beyond it only as far as the outlook does (a step that cannot happen from now on is
//! not taken), so the side is never too small: a target outside it is severed. It grows when an option is left out, from
//! where that option stopped it, and can be taken back to what it was: so the question what happens without one step costs
//! only what that step keeps away, up to the first target.

use super::ground::Entry;
use super::paged::Paged;
use super::scene::Scene;
use super::walk;
use crate::net::NONE;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where an option stops the intruder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Spot {
    /// At a node that could otherwise be entered, and over which edge; `NONE` for a start.
    Node(u32, u32),
    /// At an edge all of whose needs are held.
    Edge(u32),
}

/// A start is held by no edge.
const BEGUN: u32 = NONE;

/// What stays derivable.
pub(crate) struct Side<'s> {
    scene: &'s Scene<'s>,
    pub(crate) chosen: FxHashSet<u32>,
    /// Node off the ground -> the edge by which it is held, and one; [`BEGUN`] for a start, 0 if it is not held.
    via: Paged<u32>,
    /// Option -> where it stops the intruder.
    spots: FxHashMap<u32, Vec<Spot>>,
    /// Edges looked at.
    pub(crate) work: u64,
}

/// What was added, so that it can be taken back.
#[derive(Default)]
struct Journal {
    held: Vec<u32>,
    stopped: Vec<u32>,
}

impl<'s> Side<'s> {
    /// The side with `chosen` done. Targets are part of it if they are derivable.
    pub(crate) fn new(scene: &'s Scene<'s>, chosen: FxHashSet<u32>) -> Side<'s> {
        let mut side = Side { scene, chosen, via: Paged::new(), spots: FxHashMap::default(), work: 0 };
        let mut journal = Journal::default();
        let mut first = Vec::new();
        for Entry { node, edge } in scene.ground.border.iter().copied() {
            if edge == NONE || !side.stops(scene.on_edge(edge), Spot::Edge(edge), &mut journal) {
                first.push((node, edge));
            }
        }
        side.grow(first, false, &mut journal);
        side
    }

    /// Whether the node is derivable off the ground.
    #[inline]
    pub(crate) fn holds(&self, node: u32) -> bool {
        self.via.get(node) > 0
    }

    /// The steps off the ground by which the node is held, each after those that it needs.
    pub(crate) fn steps_to(&self, node: u32) -> Vec<u32> {
        let mut steps = Vec::new();
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        let mut open = vec![(node, false)];
        while let Some((node, is_done)) = open.pop() {
            let via = self.via.get(node);
            if via == 0 || via == BEGUN {
                continue;
            }
            if is_done {
                steps.push(via - 1);
            } else if seen.insert(node) {
                open.push((node, true));
                open.extend(self.scene.net.needs(via - 1).map(|need| (need, false)));
            }
        }
        steps
    }

    /// Where an option stops the intruder; several times the same spot if it is tried several times.
    pub(crate) fn spots(&self, option: u32) -> &[Spot] {
        self.spots.get(&option).map_or(&[], Vec::as_slice)
    }

    /// Leaves `option` out if no target becomes derivable by that; false if one does, and then nothing changes.
    pub(crate) fn spare(&mut self, option: u32) -> bool {
        self.chosen.remove(&option);
        let mut journal = Journal::default();
        let first = self.reopened(option);
        let reached = self.grow(first, true, &mut journal);
        if reached.is_some() {
            self.undo(journal);
            self.chosen.insert(option);
        }
        reached.is_none()
    }

    /// The nodes that can be entered once `option` is no longer chosen.
    fn reopened(&self, option: u32) -> Vec<(u32, u32)> {
        let entered = |spot: &Spot| match *spot {
            Spot::Node(node, edge) => Some((node, edge)),
            Spot::Edge(edge) => {
                let stopped = self.scene.on_edge(edge).iter().any(|other| self.chosen.contains(other));
                (!stopped).then(|| (self.scene.net.to(edge), edge))
            }
        };
        self.spots(option).iter().filter_map(entered).collect()
    }

    /// Adds what follows from entering `first`; stops at the first target if asked to, and gives it.
    fn grow(&mut self, first: Vec<(u32, u32)>, stop: bool, journal: &mut Journal) -> Option<u32> {
        let scene = self.scene;
        let rank = |node: u32, edge: u32| Reverse((scene.approach.steps(node), node, edge));
        let mut queue: BinaryHeap<_> = first.into_iter().map(|(node, edge)| rank(node, edge)).collect();
        while let Some(Reverse((_, node, edge))) = queue.pop() {
            if self.holds(node) || self.stops(scene.on_node(node), Spot::Node(node, edge), journal) {
                continue;
            }
            self.via.set(node, if edge == NONE { BEGUN } else { edge + 1 });
            journal.held.push(node);
            if stop && scene.is_target(node) {
                return Some(node);
            }
            for edge in walk::onward(scene.net, node) {
                self.work += 1;
                let to = scene.net.to(edge);
                if scene.approach.is_blind(to) || self.holds(to) {
                    continue;
                }
                let gated = !scene.net.premises(edge).is_empty();
                if gated && !scene.net.needs(edge).all(|need| self.holds(need) || scene.ground.holds(need)) {
                    continue;
                }
                if scene.leads_on(edge) && !self.stops(scene.on_edge(edge), Spot::Edge(edge), journal) {
                    queue.push(rank(to, edge));
                }
            }
        }
        None
    }

    /// Whether a chosen option is among `options`; all of these are noted.
    fn stops(&mut self, options: &[u32], spot: Spot, journal: &mut Journal) -> bool {
        let mut stopped = false;
        for option in options.iter().filter(|option| self.chosen.contains(option)) {
            self.spots.entry(*option).or_default().push(spot);
            journal.stopped.push(*option);
            stopped = true;
        }
        stopped
    }

    fn undo(&mut self, journal: Journal) {
        for node in journal.held {
            self.via.set(node, 0);
        }
        for option in journal.stopped.into_iter().rev() {
            if let Some(spots) = self.spots.get_mut(&option) {
                spots.pop();
            }
        }
    }
}
