//! What a choice of options leaves: proofs that a target is still within reach, one after the other, while further options are
//! chosen to stop them.
//!
//! The search goes on where it stands: what a newly chosen option takes away is taken back with all that was made of it, and what
//! can be had of it otherwise is had otherwise. So stopping a thousand leaks costs little more than finding that there are none.

use super::derive::Derivation;
use super::ground::Entry;
use super::scene::{INFINITE, Scene};
use super::side::{OF_GROUND, Queue, Side, Steps};
use super::walk;
use crate::net::NONE;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;

/// No further child of a hold.
const END: u32 = u32::MAX;

/// The search for what a choice leaves.
pub(crate) struct Leaks<'s> {
    scene: &'s Scene<'s>,
    side: Side<'s>,
    queue: Queue,
    /// Option -> the holds that are made by something it disables.
    users: FxHashMap<u32, Vec<u32>>,
    /// Hold -> the last link to what was made of it.
    first_child: Vec<u32>,
    /// A hold that was made of another, and the next such link.
    links: Vec<(u32, u32)>,
    stopped: Vec<u32>,
}

impl<'s> Leaks<'s> {
    pub(crate) fn new(scene: &'s Scene<'s>, chosen: FxHashSet<u32>) -> Leaks<'s> {
        let (side, queue, users) = (Side::nothing(scene, chosen), Queue::new(), FxHashMap::default());
        Leaks { scene, side, queue, users, first_child: Vec::new(), links: Vec::new(), stopped: Vec::new() }
    }

    /// What was chosen, to begin with and since.
    pub(crate) fn chosen(self) -> FxHashSet<u32> {
        self.side.chosen
    }

    /// Edges looked at.
    pub(crate) fn work(&self) -> u64 {
        self.side.work
    }

    /// Shows `stop` each proof of a target, which names further options to choose because of it, or none to let it stand. False if
    /// more than `work_max` edges were looked at before all was seen.
    pub(crate) fn run(&mut self, work_max: u64, mut stop: impl FnMut(Derivation) -> Vec<u32>) -> bool {
        let scene = self.scene;
        let mut entries = scene.ground.border.iter().peekable();
        let mut steps = Steps::new();
        while self.side.work <= work_max {
            let next = self.queue.peek().map_or(u8::MAX, |Reverse((steps, _))| *steps);
            if let Some(entry) = entries.next_if(|entry| scene.approach.steps(entry.node) <= next) {
                self.enter(*entry, None, &mut stop);
                continue;
            }
            let Some(Reverse((_, hold))) = self.queue.pop() else { return true };
            if self.is_gone(hold) || !self.side.steps_from(hold, &mut steps) {
                continue;
            }
            for entry in steps.drain(..) {
                self.enter(entry, Some(hold), &mut stop);
                if self.is_gone(hold) {
                    break;
                }
            }
        }
        false
    }

    fn is_gone(&self, hold: u32) -> bool {
        self.side.held(hold).is_none_or(|held| held.node == NONE)
    }

    /// Takes a step; shows the proofs that it completes, if any, and chooses what is named because of each.
    fn enter(&mut self, entry: Entry, by: Option<u32>, stop: &mut impl FnMut(Derivation) -> Vec<u32>) {
        loop {
            let before = self.side.count();
            let target = self.side.enter(entry, by, &mut self.queue, &mut self.stopped);
            self.stopped.clear();
            (before..self.side.count()).for_each(|hold| self.note(hold, entry));
            let Some(target) = target else { return };
            let options = stop(self.scene.derivation(entry.node, self.side.steps_to(target)));
            // A target is never held here, or another way to it would seem to add nothing.
            let met: Vec<u32> = (before..self.side.count()).collect();
            self.side.take_back(&met);
            let stands = options.is_empty();
            self.choose(options);
            if stands || by.is_some_and(|hold| self.is_gone(hold)) {
                return;
            }
        }
    }

    /// Notes what a new hold was made of and by.
    fn note(&mut self, hold: u32, entry: Entry) {
        self.first_child.push(END);
        for parent in self.side.made_of(hold).iter().filter(|parent| **parent & OF_GROUND == 0) {
            if let Some(first) = self.first_child.get_mut(*parent as usize) {
                let link = std::mem::replace(first, self.links.len() as u32);
                self.links.push((hold, link));
            }
        }
        let over = if entry.edge == NONE { &[][..] } else { self.scene.on_edge(entry.edge) };
        for option in over.iter().chain(self.scene.on_node(entry.node)) {
            if self.scene.prices.of(*option) < INFINITE {
                self.users.entry(*option).or_default().push(hold);
            }
        }
    }

    fn choose(&mut self, options: Vec<u32>) {
        let users: Vec<u32> = options.iter().filter_map(|option| self.users.remove(option)).flatten().collect();
        self.side.chosen.extend(options);
        let gone = self.made_of(users);
        for node in self.side.take_back(&gone) {
            self.side.queue_again(node, &mut self.queue);
            self.have_otherwise(node);
        }
    }

    /// Those of `holds` that are still there, and all that was made of them.
    fn made_of(&self, holds: Vec<u32>) -> Vec<u32> {
        let (mut open, mut all, mut seen) = (holds, Vec::new(), FxHashSet::default());
        while let Some(hold) = open.pop() {
            if self.is_gone(hold) || !seen.insert(hold) {
                continue;
            }
            all.push(hold);
            let mut next = self.first_child.get(hold as usize).copied().unwrap_or(END);
            while let Some((child, further)) = self.links.get(next as usize) {
                open.push(*child);
                next = *further;
            }
        }
        all
    }

    /// Takes every step into a node that was taken back. A target needs none: whatever led there was shown as it came.
    fn have_otherwise(&mut self, node: u32) {
        if self.scene.is_target(node) {
            return;
        }
        let scene = self.scene;
        let held = |side: &Side<'_>, need: u32| side.holds(need) || scene.ground.holds(need);
        let edges =
            walk::into(scene.net, node).filter(|edge| scene.net.needs(*edge).all(|need| held(&self.side, need)));
        let entries: Vec<Entry> = std::iter::once(NONE).chain(edges).map(|edge| Entry { node, edge }).collect();
        for entry in entries.into_iter().filter(|entry| !scene.is_on_ground(entry)) {
            self.enter(entry, None, &mut |_| Vec::new());
        }
    }
}
