//! The search for the cheapest cut of an instance: a safe plan first, then proofs until it is optimal or the budget ends.
//!
//! 1. Minimum cut by maximum flow over the reduced graph: a safe plan, and paths as first proofs.
//! 2. Implicit hitting set: the cheapest set that hits all known proofs is a bound from below. If it also severs the
//!    targets, exactly and in time, it is optimal; if not, what it leaves is a new proof. Proofs that are cheap at the
//!    prices of the linear program come first, since they raise the bound most.

use super::derive::Derivation;
use super::flow::{self, FlowCut};
use super::hitting::{self, Tree};
use super::packing::{self, Budget, PARTS};
use super::scope::Instance;
use crate::flat::{item, put};

/// A cut of an instance and why none is cheaper than `lower`.
#[derive(Clone, Debug)]
pub(crate) struct Solution {
    /// Sorted.
    pub(crate) actions: Vec<u32>,
    pub(crate) cost: u64,
    pub(crate) lower: u64,
    pub(crate) proofs: Vec<Derivation>,
    pub(crate) tree: Tree,
}

/// Proofs beyond this number make the dense linear program too slow to be worth it.
const ROWS_MAX: usize = 600;

/// How often prices are asked for more proofs before the search branches.
const PRICINGS_MAX: usize = 40;

/// The cheapest cut that the budget finds. Every target of `instance` must be severed by all its actions together.
pub(crate) fn solve(instance: &Instance, budget: &mut Budget) -> Solution {
    let mut solver = Solver::new(instance, budget);
    if instance.targets.is_empty() {
        return solver.done();
    }
    solver.seed();
    if solver.is_proven() || solver.proofs.len() > ROWS_MAX {
        return solver.done();
    }
    solver.price();
    solver.tighten();
    solver.done()
}

struct Solver<'i, 'b> {
    instance: &'i Instance,
    budget: &'b mut Budget,
    /// The cheapest cut so far.
    best: Vec<u32>,
    proofs: Vec<Derivation>,
    rows: Vec<Vec<u32>>,
    lower: u64,
    tree: Tree,
}

impl<'i, 'b> Solver<'i, 'b> {
    fn new(instance: &'i Instance, budget: &'b mut Budget) -> Self {
        let all = if instance.targets.is_empty() { 0 } else { instance.costs.len() as u32 };
        let best = (0..all).collect();
        let tree = Tree::Packing(Vec::new());
        Solver { instance, budget, best, proofs: Vec::new(), rows: Vec::new(), lower: 0, tree }
    }

    fn done(self) -> Solution {
        let cost = self.instance.cost(&self.best);
        Solution { actions: self.best, cost, lower: self.lower.min(cost), proofs: self.proofs, tree: self.tree }
    }

    fn is_proven(&self) -> bool {
        self.lower >= self.instance.cost(&self.best)
    }

    /// Adds a proof; false if its actions are known already.
    fn learn(&mut self, proof: Derivation) -> bool {
        let new = !self.rows.contains(&proof.actions);
        if new {
            self.rows.push(proof.actions.clone());
            self.proofs.push(proof);
        }
        new
    }

    /// The first safe plan, from flow where it gives one, and the bound that its paths give.
    fn seed(&mut self) {
        let found = flow::cut(self.instance);
        if let Some(found) = &found {
            self.budget.spend(found.work);
            self.best = found.actions.clone();
            self.bound_by_flow(found);
        }
        if !self.is_proven() {
            self.best = self.thin(self.best.clone());
        }
    }

    /// Turns the paths of a flow into proofs, and their flow into weights as far as they fit.
    fn bound_by_flow(&mut self, found: &FlowCut) {
        let arrivals = self.instance.arrive(&[]);
        self.budget.spend(arrivals.work);
        let mut weights: Vec<u64> = Vec::new();
        let direct = found.direct.iter().map(|(node, amount)| (self.instance.derivation(*node, Vec::new()), *amount));
        let direct: Vec<(Derivation, u64)> = direct.collect();
        let along =
            found.paths.iter().filter_map(|(path, amount)| Some((self.instance.complete(&arrivals, path)?, *amount)));
        let mut numbers: rustc_hash::FxHashMap<Vec<u32>, usize> = rustc_hash::FxHashMap::default();
        let proofs: Vec<(Derivation, u64)> = direct.into_iter().chain(along).collect();
        for (proof, amount) in proofs {
            let number = *numbers.entry(proof.actions.clone()).or_insert(self.rows.len());
            if number == self.rows.len() {
                self.rows.push(proof.actions.clone());
                self.proofs.push(proof);
                weights.push(0);
            }
            let weight = item(&weights, number).saturating_add(amount.saturating_mul(PARTS));
            put(&mut weights, number, weight);
        }
        let weights = packing::shave(&self.rows, &self.instance.costs, weights);
        self.lower = packing::bound(&weights);
        self.tree = Tree::Packing((0u32..).zip(weights).filter(|(_, weight)| *weight > 0).collect());
    }

    /// Leaves out what is not needed, dearest first, exactly and in time.
    fn thin(&mut self, actions: Vec<u32>) -> Vec<u32> {
        let mut order = actions.clone();
        order.sort_unstable_by_key(|action| std::cmp::Reverse((item(&self.instance.costs, *action as usize), *action)));
        let mut chosen = self.instance.flags(&actions);
        for action in order {
            put(&mut chosen, action as usize, false);
            let arrivals = self.instance.arrive(&chosen);
            let severed = !self.instance.targets.iter().any(|target| arrivals.is_reached(*target));
            if !severed {
                put(&mut chosen, action as usize, true);
            }
            if !self.budget.spend(arrivals.work + self.instance.net.node_count() as u64) {
                break;
            }
        }
        (0u32..).zip(chosen).filter(|(_, chosen)| *chosen).map(|(action, _)| action).collect()
    }

    /// Learns proofs that are too cheap at the prices of the linear program, until there is none.
    fn price(&mut self) {
        for _ in 0..PRICINGS_MAX {
            if self.rows.len() > ROWS_MAX || self.budget.left == 0 {
                break;
            }
            let packing = packing::pack(&self.rows, &self.instance.costs, self.budget);
            let mut prices = packing.prices.clone();
            prices.resize(self.instance.costs.len(), 0.0);
            let mut learnt = false;
            // Several proofs for each solution: what was found becomes dear, so that the next differs.
            for _ in 0..8 {
                self.budget.spend(self.instance.net.edge_count() as u64);
                let Some(proof) = self.instance.cheapest(&prices) else { break };
                let total: f64 = proof.actions.iter().map(|action| item(&prices, *action as usize)).sum();
                if total > 0.999 || !self.instance.works(&proof) {
                    break;
                }
                proof.actions.iter().for_each(|action| put(&mut prices, *action as usize, 1.0));
                learnt |= self.learn(proof);
            }
            if !learnt {
                break;
            }
        }
    }

    /// Alternates between the cheapest set that hits all proofs and the proofs that it leaves.
    fn tighten(&mut self) {
        while !self.is_proven() && self.budget.left > 0 && self.rows.len() <= ROWS_MAX {
            let hitting = hitting::hit(&self.rows, &self.instance.costs, &self.best, self.budget);
            if hitting.lower > self.lower {
                (self.lower, self.tree) = (hitting.lower, hitting.tree);
            }
            if self.is_proven() || self.instance.cost(&hitting.actions) >= self.instance.cost(&self.best) {
                break;
            }
            let severing = self.sever(hitting.actions);
            let thinner = self.thin(severing);
            if self.instance.cost(&thinner) < self.instance.cost(&self.best) {
                self.best = thinner;
            }
        }
    }

    /// Adds to `actions` the cheapest one of each proof that they leave, and learns these proofs, until none is left.
    fn sever(&mut self, actions: Vec<u32>) -> Vec<u32> {
        let mut chosen = self.instance.flags(&actions);
        loop {
            let arrivals = self.instance.arrive(&chosen);
            self.budget.spend(arrivals.work + self.instance.net.node_count() as u64);
            let Some(proof) = self.instance.witness(&arrivals) else { break };
            let price = |action: &&u32| (item(&self.instance.costs, **action as usize), **action);
            // Every target is severed by all actions together, so that no proof is without one.
            let Some(cheapest) = proof.actions.iter().min_by_key(price).copied() else { break };
            put(&mut chosen, cheapest as usize, true);
            self.learn(proof);
        }
        (0u32..).zip(chosen).filter(|(_, chosen)| *chosen).map(|(action, _)| action).collect()
    }
}
