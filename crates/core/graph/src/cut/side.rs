//! The intruder's side of a cut: what stays derivable once some options are done, and where these options stop it.
//!
//! Time is honoured only as far as the outlook does (a step that cannot happen from now on is not taken), so the side is
//! never too small: a target outside it is severed. It grows when an option is left out, from where that
//! option stopped it, and can be taken back to what it was: so the question what happens without one step costs
//! only what that step keeps away, up to the first target.

use super::scene::Scene;
use super::walk;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Where an option stops the intruder.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Spot {
    /// At a node that could otherwise be entered.
    Node(u32),
    /// At an edge all of whose needs are held.
    Edge(u32),
}

/// What stays derivable.
pub(crate) struct Side<'s> {
    scene: &'s Scene<'s>,
    pub(crate) chosen: FxHashSet<u32>,
    held: FxHashSet<u32>,
    /// Option -> where it stops the intruder.
    spots: FxHashMap<u32, Vec<Spot>>,
    /// Whether any step needs more than its origin.
    pub(crate) gated: bool,
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
        let mut side =
            Side { scene, chosen, held: FxHashSet::default(), spots: FxHashMap::default(), gated: false, work: 0 };
        let starts = scene.starts.iter().map(|start| start.node).filter(|node| !scene.approach.is_blind(*node));
        side.grow(starts.collect(), false, &mut Journal::default());
        side
    }

    pub(crate) fn holds(&self, node: u32) -> bool {
        self.held.contains(&node)
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
    fn reopened(&self, option: u32) -> Vec<u32> {
        let entered = |spot: &Spot| match *spot {
            Spot::Node(node) => Some(node),
            Spot::Edge(edge) => {
                let stopped = self.scene.on_edge(edge).iter().any(|other| self.chosen.contains(other));
                (!stopped).then(|| self.scene.net.to(edge))
            }
        };
        self.spots(option).iter().filter_map(entered).collect()
    }

    /// Adds what follows from entering `first`; stops at the first target if asked to, and gives it.
    fn grow(&mut self, first: Vec<u32>, stop: bool, journal: &mut Journal) -> Option<u32> {
        let scene = self.scene;
        let mut queue: BinaryHeap<Reverse<(u8, u32)>> =
            first.into_iter().map(|node| Reverse((scene.approach.steps(node), node))).collect();
        while let Some(Reverse((_, node))) = queue.pop() {
            if self.held.contains(&node) || self.stops(scene.on_node(node), Spot::Node(node), journal) {
                continue;
            }
            self.held.insert(node);
            journal.held.push(node);
            if stop && scene.is_target(node) {
                return Some(node);
            }
            for edge in walk::onward(scene.net, node) {
                self.work += 1;
                let to = scene.net.to(edge);
                if scene.approach.is_blind(to) || self.held.contains(&to) {
                    continue;
                }
                if !scene.net.premises(edge).is_empty() {
                    self.gated = true;
                    if !scene.net.needs(edge).all(|need| self.held.contains(&need)) {
                        continue;
                    }
                }
                if scene.leads_on(edge) && !self.stops(scene.on_edge(edge), Spot::Edge(edge), journal) {
                    queue.push(Reverse((scene.approach.steps(to), to)));
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
            self.held.remove(&node);
        }
        for option in journal.stopped.into_iter().rev() {
            if let Some(spots) = self.spots.get_mut(&option) {
                spots.pop();
            }
        }
    }
}
