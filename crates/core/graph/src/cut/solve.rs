//! The search for the cheapest cut of a scene: a safe plan first, then proofs until it is optimal or the budget ends.
//!
//! 1. Minimum cut by maximum flow over the reduced graph: a safe plan, and paths as first proofs. Flow may join steps that
//!    exclude each other in time: such paths prove nothing and are left out.
//! 2. Thinning: what is not needed is left out, dearest first.
//! 3. Filling (primal and dual): what the actions that carry their whole cost leave open is stopped, way by way, each with as much weight as
//!    its actions can still carry. That raises the bound, and what was chosen, thinned, is another plan.
//! 4. Implicit hitting set: the cheapest set that hits all known proofs is a bound from below. If it also severs the
//!    targets, exactly and in time, it is optimal; if not, what it leaves is a new proof. Proofs that are cheap at the
//!    prices of the linear program come first, since they raise the bound most.

use super::derive::Derivation;
use super::flow::{self, FlowCut};
use super::hitting::{self, Tree};
use super::leaks::Leaks;
use super::packing::{self, Budget, PARTS};
use super::scene::Scene;
use super::side::Side;
use crate::flat::{item, put};
use rustc_hash::{FxHashMap, FxHashSet};

/// A cut of a scene and why none is cheaper than `lower`.
pub(crate) struct Solution<'s> {
    /// Options, sorted.
    pub(crate) options: Vec<u32>,
    /// What stays derivable with them.
    pub(crate) side: Side<'s>,
    pub(crate) cost: u64,
    pub(crate) lower: u64,
    pub(crate) proofs: Vec<Derivation>,
    /// Actions are numbers in `actions`.
    pub(crate) tree: Tree,
    /// Action -> option.
    pub(crate) actions: Vec<u32>,
}

/// Proofs beyond this number make the dense linear program too slow to be worth it.
const ROWS_MAX: usize = 1_500;

/// How often prices are asked for more proofs before the search branches.
const PRICINGS_MAX: usize = 40;

/// The cheapest cut that is found with `plan_max` operations, made cheaper or proven with `proof_max` more. Every target of
/// the scene must be severed by all permitted options together.
pub(crate) fn solve<'s>(scene: &'s Scene<'s>, plan_max: u64, proof_max: u64) -> Solution<'s> {
    let mut solver = Solver::new(scene, Budget { left: plan_max });
    if scene.targets.is_empty() {
        return solver.done();
    }
    solver.seed();
    solver.budget = Budget { left: proof_max };
    if !solver.is_proven() {
        solver.fill();
    }
    if !solver.is_proven() && solver.proofs.len() <= ROWS_MAX {
        solver.price();
        solver.tighten();
    }
    solver.done()
}

struct Solver<'i> {
    scene: &'i Scene<'i>,
    budget: Budget,
    /// The cheapest cut so far, with what stays derivable.
    best: Side<'i>,
    proofs: Vec<Derivation>,
    /// The options of each proof as actions: numbers from 0 in the order in which they came up.
    rows: Vec<Vec<u32>>,
    known: FxHashMap<Vec<u32>, u32>,
    numbers: FxHashMap<u32, u32>,
    actions: Vec<u32>,
    costs: Vec<u64>,
    lower: u64,
    /// Of the proofs, in millionths: what `lower` rests on.
    weights: Vec<u64>,
    tree: Tree,
}

impl<'i> Solver<'i> {
    fn new(scene: &'i Scene<'i>, budget: Budget) -> Self {
        Solver {
            scene,
            budget,
            best: Side::nothing(scene, FxHashSet::default()),
            proofs: Vec::new(),
            rows: Vec::new(),
            known: FxHashMap::default(),
            numbers: FxHashMap::default(),
            actions: Vec::new(),
            costs: Vec::new(),
            lower: 0,
            weights: Vec::new(),
            tree: Tree::Packing(Vec::new()),
        }
    }

    fn done(self) -> Solution<'i> {
        let cost = self.cost();
        Solution {
            options: sorted(&self.best.chosen),
            side: self.best,
            cost,
            lower: self.lower.min(cost),
            proofs: self.proofs,
            tree: self.tree,
            actions: self.actions,
        }
    }

    /// What the cheapest cut so far costs.
    fn cost(&self) -> u64 {
        self.scene.cost(&self.best.chosen)
    }

    fn is_proven(&self) -> bool {
        self.lower >= self.cost()
    }

    fn action(&mut self, option: u32) -> u32 {
        if let Some(known) = self.numbers.get(&option) {
            return *known;
        }
        let number = self.actions.len() as u32;
        self.actions.push(option);
        self.costs.push(self.scene.prices.of(option));
        self.numbers.insert(option, number);
        number
    }

    /// Adds a proof unless its options are known already; its number, and whether it is new.
    fn learn(&mut self, proof: Derivation) -> (u32, bool) {
        if let Some(known) = self.known.get(&proof.options) {
            return (*known, false);
        }
        let number = self.rows.len() as u32;
        let mut row: Vec<u32> = proof.options.iter().map(|option| self.action(*option)).collect();
        row.sort_unstable();
        self.rows.push(row);
        self.known.insert(proof.options.clone(), number);
        self.proofs.push(proof);
        (number, true)
    }

    /// The first safe plan: from flow, and where flow leaves a target open, from the proofs that it leaves.
    fn seed(&mut self) {
        let found = flow::cut(self.scene, self.budget.left);
        self.budget.spend(found.work);
        self.best = Side::new(self.scene, found.options.iter().copied().collect());
        self.bound_by_flow(&found);
        if !self.is_proven() {
            let best = std::mem::replace(&mut self.best, Side::nothing(self.scene, FxHashSet::default()));
            self.best = self.thin(best);
        }
    }

    /// Puts weight on what no weighted proof shares an action with, until the actions that carry all that they cost sever
    /// the targets: the bound that flow gives is raised by the ways that flow mistook for others, and the plan gets rid of the steps
    /// that only such ways asked for.
    fn fill(&mut self) {
        let mut weights = std::mem::take(&mut self.weights);
        let mut room = packing::room(&self.rows, &self.costs, &weights);
        let is_full = |room: &[u64], action: u32| item(room, action as usize) == 0;
        let full = self
            .best
            .chosen
            .iter()
            .filter(|option| self.numbers.get(option).is_some_and(|action| is_full(&room, *action)));
        let severing = self.stop_leaks(full.copied().collect(), |solver, proof| {
            let (number, _) = solver.learn(proof);
            weights.resize(solver.rows.len(), 0);
            room.extend(solver.costs.iter().skip(room.len()).map(|cost| cost.saturating_mul(PARTS)));
            let row = solver.rows.get(number as usize).map_or(&[][..], Vec::as_slice);
            let fits = row.iter().map(|action| item(&room, *action as usize)).min().unwrap_or_default();
            let weight = item(&weights, number as usize).saturating_add(fits);
            put(&mut weights, number as usize, weight);
            let mut full = Vec::new();
            for action in row {
                let left = item(&room, *action as usize) - fits;
                put(&mut room, *action as usize, left);
                if left == 0 {
                    full.push(item(&solver.actions, *action as usize));
                }
            }
            full
        });
        self.lower = packing::bound(&weights).max(self.lower);
        self.tree = Tree::Packing((0u32..).zip(weights).filter(|(_, weight)| *weight > 0).collect());
        if let Some(severing) = severing {
            self.improve(severing);
        }
    }

    /// Turns the paths of a flow into proofs, and their flow into weights as far as they fit.
    fn bound_by_flow(&mut self, found: &FlowCut) {
        let mut weights: Vec<u64> = Vec::new();
        let scene = self.scene;
        for path in &found.paths {
            let Some(proof) = scene.complete(path, &self.best) else { continue };
            let amount = path.amount;
            let (number, _) = self.learn(proof);
            weights.resize(self.rows.len(), 0);
            let weight = item(&weights, number as usize).saturating_add(amount.saturating_mul(PARTS));
            put(&mut weights, number as usize, weight);
        }
        let weights = packing::shave(&self.rows, &self.costs, weights);
        self.lower = packing::bound(&weights);
        self.tree = Tree::Packing((0u32..).zip(weights.iter().copied()).filter(|(_, weight)| *weight > 0).collect());
        self.weights = weights;
    }

    /// Takes what severs the targets, thinned, for the best if it is cheaper. Whether it is.
    fn improve(&mut self, severing: FxHashSet<u32>) -> bool {
        let other = self.thin(Side::new(self.scene, severing));
        let is_cheaper = self.scene.cost(&other.chosen) < self.cost();
        if is_cheaper {
            self.best = other;
        }
        is_cheaper
    }

    /// Leaves out what is not needed, dearest first.
    fn thin(&mut self, mut side: Side<'i>) -> Side<'i> {
        let scene = self.scene;
        let mut order: Vec<u32> = side.chosen.iter().copied().collect();
        order.sort_unstable_by_key(|option| std::cmp::Reverse((scene.prices.of(*option), *option)));
        for option in &order {
            side.spare(*option);
            if !self.budget.spend(std::mem::take(&mut side.work) + 1) {
                break;
            }
        }
        side
    }

    /// Learns proofs that are too cheap at the prices of the linear program, until there is none.
    fn price(&mut self) {
        for _ in 0..PRICINGS_MAX {
            if self.rows.len() > ROWS_MAX || self.budget.left == 0 {
                break;
            }
            let packing = packing::pack(&self.rows, &self.costs, &mut self.budget);
            let mut prices: FxHashMap<u32, f64> = FxHashMap::default();
            for (price, option) in packing.prices.iter().zip(&self.actions).filter(|(price, _)| **price > 0.0) {
                prices.insert(*option, *price);
            }
            let mut learnt = false;
            // Several proofs for each solution: what was found becomes dear, so that the next differs.
            for _ in 0..8 {
                let mut work = 0;
                let proof = self.scene.cheapest(&prices, &FxHashSet::default(), &mut work);
                self.budget.spend(work);
                let Some(proof) = proof else { break };
                let total: f64 = proof.options.iter().filter_map(|option| prices.get(option)).sum();
                if total > 0.999 {
                    break;
                }
                proof.options.iter().for_each(|option| {
                    prices.insert(*option, 1.0);
                });
                // What does not work in time proves nothing, but the next one may.
                learnt |= self.scene.works(&proof) && self.learn(proof).1;
            }
            if !learnt {
                break;
            }
        }
    }

    /// Alternates between the cheapest set that hits all proofs and the proofs that it leaves.
    fn tighten(&mut self) {
        while !self.is_proven() && self.budget.left > 0 && self.rows.len() <= ROWS_MAX {
            let known: Vec<u32> = sorted(&self.best.chosen).into_iter().map(|option| self.action(option)).collect();
            let hitting = hitting::hit(&self.rows, &self.costs, &known, &mut self.budget);
            if hitting.lower > self.lower {
                (self.lower, self.tree) = (hitting.lower, hitting.tree);
            }
            let options: Vec<u32> =
                hitting.actions.iter().map(|action| item(&self.actions, *action as usize)).collect();
            if self.is_proven() || self.scene.cost(&options) >= self.cost() {
                break;
            }
            let known = self.rows.len();
            let Some(severing) = self.sever(options) else { break };
            if !self.improve(severing) && self.rows.len() == known {
                // Only ways that time forbids were in the way: the same again would come to the same.
                break;
            }
        }
    }

    /// Adds to `options` the cheapest one of each proof that they leave, and learns these proofs, until none is left; `None` if
    /// the budget ends before that.
    fn sever(&mut self, options: Vec<u32>) -> Option<FxHashSet<u32>> {
        self.stop_leaks(options.into_iter().collect(), |solver, proof| {
            let price = |option: &u32| (solver.scene.prices.of(*option), *option);
            let cheapest = proof.options.iter().copied().min_by_key(price);
            solver.learn(proof);
            cheapest.into_iter().collect()
        })
    }

    /// Adds to `chosen` what `stop` names because of each proof that they do not sever the targets, until there is none; `None`
    /// if the budget ends before that.
    fn stop_leaks(
        &mut self,
        chosen: FxHashSet<u32>,
        mut stop: impl FnMut(&mut Self, Derivation) -> Vec<u32>,
    ) -> Option<FxHashSet<u32>> {
        let (scene, mut chosen) = (self.scene, chosen);
        loop {
            let mut doubtful = false;
            let mut leaks = Leaks::new(scene, chosen);
            let is_whole = leaks.run(self.budget.left, |proof| {
                if proof.options.is_empty() || !scene.works(&proof) {
                    doubtful = true;
                    return Vec::new();
                }
                stop(self, proof)
            });
            self.budget.spend(leaks.work() + 1);
            chosen = leaks.chosen();
            if !is_whole {
                return None;
            }
            if !doubtful {
                return Some(chosen);
            }
            // Sessions that renew one another very often may be held for less long than the side says.
            let mut work = 1;
            let remains = scene.remains(&chosen, &mut work);
            let Some(proof) = remains else { return Some(chosen) };
            chosen.extend(stop(self, proof));
            if !self.budget.spend(work) {
                return None;
            }
        }
    }
}

fn sorted(options: &FxHashSet<u32>) -> Vec<u32> {
    let mut options: Vec<u32> = options.iter().copied().collect();
    options.sort_unstable();
    options
}
