//! Minimum cut by maximum flow, where every step that needs several things is reduced to one of them.
//!
//! Keeping one need of each such step can only help the intruder, so a cut of the reduced graph is a cut of the real one;
//! and for an optimal cut there is a choice of needs under which it is a minimum cut: any need that the intruder does
//! not get. So: cut, see what is no longer derivable, choose needs there, cut again while that gets cheaper. Time
//! is ignored beyond what the outlook honours, and an action in several places is paid in each; both make the plan
//! dearer at worst, never unsafe.
//!
//! The flow itself is found by goal-directed augmentation ([`goal`]) and, where that takes too long, by push-relabel
//! ([`relabel`]), which goes on from what was found.

mod core;
pub(crate) mod goal;
mod nearest;
mod relabel;

use super::scene::{INFINITE, Scene};
use super::side::Side;
use goal::Flow;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{Cell, RefCell};

/// How often needs are chosen again at most.
const ROUNDS_MAX: usize = 6;

/// A cut and the flow that proves it minimal in the reduced graph.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowCut {
    /// The options, sorted, each once.
    pub(crate) options: Vec<u32>,
    /// Paths of edges from a start to a target, with the flow along each.
    pub(crate) paths: Vec<(Vec<u32>, u64)>,
    /// Targets that are starts themselves, with the flow into each.
    pub(crate) direct: Vec<(u32, u64)>,
    /// Targets that are not severed in the reduced graph: only time, or another choice of needs, could sever them.
    pub(crate) open: Vec<u32>,
    /// Edges looked at.
    pub(crate) work: u64,
}

/// What goal-directed search may spend on a first plan, which is there in any case.
const FIRST: u64 = 400_000;

/// What it may spend in all before push-relabel takes over.
const GOAL: u64 = 4_000_000;

/// The cheapest cut over a few rounds of choosing needs, within about `effort`, and a safe one in any case.
pub(crate) fn cut(scene: &Scene<'_>, effort: u64) -> FlowCut {
    let mut selection = Selection::new(scene, None);
    let mut best: Option<(bool, u64, FlowCut)> = None;
    let mut work = 0;
    let mut is_wide = false;
    for _ in 0..ROUNDS_MAX {
        let mut found = one(scene, &selection, effort.saturating_sub(work), &mut is_wide);
        work += found.work;
        let side = Side::new(scene, found.options.iter().copied().collect());
        found.work = work;
        let rank = (!found.open.is_empty(), scene.cost(&found.options));
        let better = best.as_ref().is_none_or(|(open, cost, _)| rank < (*open, *cost));
        let more = better && selection.chose.get() && work < effort;
        if better {
            best = Some((rank.0, rank.1, found));
        }
        if !more {
            break;
        }
        selection = Selection::new(scene, Some(side));
    }
    best.map(|(_, _, found)| found).unwrap_or_default()
}

/// The minimum cut under one selection. Where goal-directed search met too much once (`is_wide`), it does not try for long again.
fn one(scene: &Scene<'_>, selection: &Selection<'_>, effort: u64, is_wide: &mut bool) -> FlowCut {
    let most = if *is_wide { FIRST } else { GOAL };
    let (mut found, is_whole) = Flow::new(scene, selection).run(effort.clamp(FIRST, most));
    *is_wide |= !is_whole;
    if !is_whole && effort > FIRST {
        let spent = found.work;
        match relabel::run(scene, selection) {
            Ok(minimal) => found = FlowCut { work: minimal.work + spent, ..minimal },
            // The plan that goal-directed search left is safe too.
            Err(work) => found.work += work,
        }
    }
    found
}

/// Which of several needs stands for a step: one that is not derivable, the cheapest to deny of those.
pub(crate) struct Selection<'s> {
    scene: &'s Scene<'s>,
    /// What was derivable under the last cut; `None` to ask what is though everything permitted is done.
    side: Option<Side<'s>>,
    uncut: RefCell<Option<FxHashSet<u32>>>,
    known: RefCell<FxHashMap<u32, u32>>,
    /// Whether there was anything to choose.
    pub(crate) chose: Cell<bool>,
}

impl<'s> Selection<'s> {
    fn new(scene: &'s Scene<'s>, side: Option<Side<'s>>) -> Selection<'s> {
        let (uncut, known, chose) = (RefCell::default(), RefCell::default(), Cell::new(false));
        Selection { scene, side, uncut, known, chose }
    }

    /// Where an edge begins in the reduced graph.
    #[inline]
    pub(crate) fn tail(&self, edge: u32) -> u32 {
        if self.scene.net.premises(edge).is_empty() { self.scene.net.from(edge) } else { self.stand_in(edge) }
    }

    fn stand_in(&self, edge: u32) -> u32 {
        if let Some(known) = self.known.borrow().get(&edge) {
            return *known;
        }
        self.chose.set(true);
        let scene = self.scene;
        let rank = |node: u32| (self.is_derivable(node), scene.capacity(scene.on_node(node)), node);
        let node = scene.net.needs(edge).map(rank).min().map_or(crate::net::NONE, |(_, _, node)| node);
        self.known.borrow_mut().insert(edge, node);
        node
    }

    fn is_derivable(&self, node: u32) -> bool {
        match &self.side {
            Some(side) => side.holds(node),
            None => self.uncut.borrow_mut().get_or_insert_with(|| uncut(self.scene)).contains(&node),
        }
    }
}

/// What is derivable though every permitted option is done.
fn uncut(scene: &Scene<'_>) -> FxHashSet<u32> {
    let mut held: FxHashSet<u32> = FxHashSet::default();
    let mut queue: Vec<u32> = scene.starts.iter().map(|start| start.node).collect();
    while let Some(node) = queue.pop() {
        let stands = scene.capacity(scene.on_node(node)) == INFINITE && !scene.approach.is_blind(node);
        if !stands || !held.insert(node) {
            continue;
        }
        for edge in super::walk::onward(scene.net, node) {
            let fires = scene.net.needs(edge).all(|need| held.contains(&need));
            if fires && scene.leads_on(edge) && scene.capacity(scene.on_edge(edge)) == INFINITE {
                queue.push(scene.net.to(edge));
            }
        }
    }
    held
}

/// The flow that both engines find, each also the price of the places that it cuts; actions here are in one place each.
#[cfg(test)]
pub(super) fn both(scene: &Scene<'_>) -> (u64, u64) {
    let value = |cut: &FlowCut| {
        let sum: u64 =
            cut.paths.iter().map(|(_, amount)| amount).chain(cut.direct.iter().map(|(_, amount)| amount)).sum();
        if cut.open.is_empty() {
            assert_eq!(sum, scene.cost(&cut.options), "flow and cut are equal");
        }
        (sum, cut.open.is_empty())
    };
    let selection = Selection::new(scene, None);
    let (near, is_whole) = Flow::new(scene, &selection).run(u64::MAX);
    assert!(is_whole);
    let far = relabel::run(scene, &selection).expect("small");
    let ((a, closed), (b, also)) = (value(&near), value(&far));
    assert_eq!(closed, also);
    if closed { (a, b) } else { (0, 0) }
}
