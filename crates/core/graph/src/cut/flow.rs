//! Minimum cut by maximum flow, where every step that needs several things is reduced to one of them.
//!
//! Keeping one need of each such step can only help the intruder, so a cut of the reduced graph is a cut of the real one;
//! and for an optimal cut there is a choice of needs under which it is a minimum cut: any need that the intruder does
//! not get. So: cut, see what is no longer derivable, choose needs there, cut again while that gets cheaper. Beyond the
//! ground, time is honoured as far as the outlook does, and an action in several places is paid in each; both make the plan
//! dearer at worst, never unsafe.

mod network;
mod paths;
mod preflow;

use super::ground::Entry;
use super::scene::Scene;
use super::side::Side;
use crate::net::NONE;
use network::Network;
use preflow::Preflow;
use rustc_hash::FxHashMap;
use std::cell::{Cell, RefCell};

/// How often needs are chosen again at most.
const ROUNDS_MAX: usize = 6;

/// A round that took more than this part of the effort is the last: choosing needs again gains a percent or two at such a size.
const AGAIN_SHARE: u64 = 8;

/// A path of flow: off the ground by an entry, then over edges to a target.
#[derive(Clone, Debug)]
pub(crate) struct FlowPath {
    pub(crate) entry: Entry,
    pub(crate) edges: Vec<u32>,
    pub(crate) amount: u64,
}

/// A cut and the flow that proves it minimal in the reduced graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowCut {
    /// The options, sorted, each once.
    pub(crate) options: Vec<u32>,
    pub(crate) paths: Vec<FlowPath>,
    /// Edges looked at.
    pub(crate) work: u64,
}

/// The cheapest cut over a few rounds of choosing needs, within about `effort`, and a safe one in any case.
pub(crate) fn cut(scene: &Scene<'_>, effort: u64) -> FlowCut {
    let mut selection = Selection::new(scene, None);
    let mut best: Option<(u64, FlowCut)> = None;
    let mut work = 0;
    for _ in 0..ROUNDS_MAX {
        let (mut found, is_whole) = one(scene, &selection, effort.saturating_sub(work));
        let is_cheap = found.work < effort / AGAIN_SHARE;
        work += found.work;
        let cost = scene.cost(&found.options);
        if best.as_ref().is_some_and(|(known, _)| *known <= cost) {
            break;
        }
        let mut next = None;
        if is_whole && is_cheap && selection.chose.get() {
            let side = Side::new(scene, found.options.iter().copied().collect());
            work += side.work;
            next = Some(Selection::new(scene, Some(side))).filter(|next| selection.differs(next));
        }
        found.work = work;
        best = Some((cost, found));
        let Some(next) = next else { break };
        selection = next;
    }
    best.map(|(_, found)| found).unwrap_or_default()
}

/// The minimum cut under one selection, and whether it is that: a cut at the border of the ground where `effort` does not suffice.
fn one(scene: &Scene<'_>, selection: &Selection<'_>, effort: u64) -> (FlowCut, bool) {
    let mut flow = Preflow::new(Network::new(scene, selection));
    let is_whole = flow.run(effort);
    let mut network = flow.network;
    let traces = paths::traces(&mut network);
    let options = if is_whole { paths::cut(&mut network, &traces) } else { border(scene) };
    let found = FlowCut { options, paths: paths::along(&network, &traces), work: network.work };
    (found, is_whole)
}

/// The options that sever everything from the ground as near to it as can be: a plan that is there at once.
fn border(scene: &Scene<'_>) -> Vec<u32> {
    let cheapest = |entry: &Entry| {
        let over = if entry.edge == NONE { None } else { scene.cheapest_of(scene.on_edge(entry.edge)) };
        over.into_iter().chain(scene.cheapest_of(scene.on_node(entry.node))).min()
    };
    let mut options: Vec<u32> = scene.ground.border.iter().filter_map(cheapest).map(|(_, option)| option).collect();
    options.sort_unstable();
    options.dedup();
    options
}

/// Which of several needs stands for a step: one off the ground that is not derivable, the cheapest to deny of those.
pub(crate) struct Selection<'s> {
    scene: &'s Scene<'s>,
    /// What was derivable under the last cut.
    side: Option<Side<'s>>,
    known: RefCell<FxHashMap<u32, u32>>,
    /// Whether there was anything to choose.
    pub(crate) chose: Cell<bool>,
}

impl<'s> Selection<'s> {
    fn new(scene: &'s Scene<'s>, side: Option<Side<'s>>) -> Selection<'s> {
        Selection { scene, side, known: RefCell::default(), chose: Cell::new(false) }
    }

    /// Whether an edge that `node` is a need of leaves from there in the reduced graph. Where all needs are on the ground, off it
    /// any of them may come too late or too early on the ground itself, so each stands for the step.
    #[inline]
    pub(crate) fn leaves(&self, edge: u32, node: u32) -> bool {
        if self.scene.net.premises(edge).is_empty() {
            return true;
        }
        let chosen = self.stand_in(edge);
        chosen == node || chosen == NONE
    }

    /// Whether `next` chooses otherwise where this one has chosen.
    fn differs(&self, next: &Selection<'_>) -> bool {
        self.known.borrow().iter().any(|(edge, node)| next.stand_in(*edge) != *node)
    }

    fn stand_in(&self, edge: u32) -> u32 {
        if let Some(known) = self.known.borrow().get(&edge) {
            return *known;
        }
        let scene = self.scene;
        let derivable = |node: u32| self.side.as_ref().is_some_and(|side| side.holds(node));
        let rank = |node: u32| (derivable(node), scene.capacity(scene.on_node(node)), node);
        let off = || scene.net.needs(edge).filter(|need| !scene.ground.holds(*need));
        let node = off().map(rank).min().map_or(NONE, |(_, _, node)| node);
        self.chose.set(self.chose.get() || off().count() > 1);
        self.known.borrow_mut().insert(edge, node);
        node
    }
}

/// The flow, which is also the price of the places that are cut where each action is in one place, and the maximum flow as
/// the simplest way of finding one says it.
#[cfg(test)]
pub(super) fn both(scene: &Scene<'_>) -> (u64, u64) {
    let selection = Selection::new(scene, None);
    let (found, is_whole) = one(scene, &selection, u64::MAX);
    assert!(is_whole);
    let value: u64 = found.paths.iter().map(|path| path.amount).sum();
    assert!(value >= scene.cost(&found.options), "a step whose needs are all on the ground may be paid more than once");
    (value, plain::value(scene, &selection))
}

#[cfg(test)]
mod plain;
