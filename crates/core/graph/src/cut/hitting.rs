//! The cheapest set of actions that hits every known proof, by branch and bound, and the tree that proves it.
//!
//! At each place of the tree the packing bound over the rows that are still open either closes the place or says on
//! which action to branch: it is done, or it is not. The tree is the certificate: each leaf is a packing or a row with
//! no action left.

use super::packing::{self, Budget};
use crate::flat::{item, put};
use std::collections::BTreeSet;

/// How deep the tree may grow.
const DEPTH_MAX: usize = 120;

/// Why no cheaper set exists. Rows are numbered as they were handed in.
#[derive(Clone, Debug)]
pub(crate) enum Tree {
    /// Weights in millionths on rows; what is spared no longer counts in a row.
    Packing(Vec<(u32, u64)>),
    /// Every action of this row is spared.
    Unbroken(u32),
    /// Either the action is done or it is not.
    Branch(u32, Box<Tree>, Box<Tree>),
}

/// The outcome of the search.
#[derive(Clone, Debug)]
pub(crate) struct Hitting {
    /// The cheapest set found that hits every row, sorted.
    pub(crate) actions: Vec<u32>,
    /// What no set can undercut.
    pub(crate) lower: u64,
    pub(crate) tree: Tree,
}

/// The cheapest set that hits all `rows`. `known` is a set that does.
pub(crate) fn hit(rows: &[Vec<u32>], costs: &[u64], known: &[u32], budget: &mut Budget) -> Hitting {
    let best = (cost_of(costs, known), known.to_vec());
    let mut search = Search { rows, costs, budget, best, state: vec![State::Open; costs.len()] };
    let (tree, lower) = search.explore(0, 0);
    let mut actions = search.best.1;
    actions.sort_unstable();
    Hitting { actions, lower, tree }
}

fn cost_of(costs: &[u64], actions: &[u32]) -> u64 {
    actions.iter().map(|action| item(costs, *action as usize)).fold(0, u64::saturating_add)
}

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum State {
    #[default]
    Open,
    Done,
    Spared,
}

struct Search<'r> {
    rows: &'r [Vec<u32>],
    costs: &'r [u64],
    budget: &'r mut Budget,
    best: (u64, Vec<u32>),
    state: Vec<State>,
}

impl Search<'_> {
    /// The tree below the present state, and the bound that it proves. `spent` is the cost of what is done.
    fn explore(&mut self, depth: usize, spent: u64) -> (Tree, u64) {
        let (numbers, open) = self.open_rows();
        if let Some(empty) = open.iter().position(Vec::is_empty) {
            return (Tree::Unbroken(item(&numbers, empty)), u64::MAX);
        }
        let packing = packing::pack(&open, self.costs, self.budget);
        let weights = packing::exact(&open, self.costs, &packing.weights);
        let lower = spent.saturating_add(packing::bound(&weights));
        self.try_rounding(&open, &packing.prices, spent);
        let leaf = numbers.iter().copied().zip(weights).filter(|(_, weight)| *weight > 0).collect();
        let branch = branch_on(&open, &packing.prices);
        let (Some(action), true) = (branch, lower < self.best.0 && depth < DEPTH_MAX && self.budget.left > 0) else {
            return (Tree::Packing(leaf), lower);
        };
        put(&mut self.state, action as usize, State::Done);
        let with = spent.saturating_add(item(self.costs, action as usize));
        let (taken, taken_lower) = self.explore(depth + 1, with);
        put(&mut self.state, action as usize, State::Spared);
        let (spared, spared_lower) = self.explore(depth + 1, spent);
        put(&mut self.state, action as usize, State::Open);
        let branched = taken_lower.min(spared_lower);
        if branched <= lower {
            return (Tree::Packing(leaf), lower);
        }
        (Tree::Branch(action, Box::new(taken), Box::new(spared)), branched)
    }

    /// The rows that nothing done hits, without what is spared, and their numbers.
    fn open_rows(&self) -> (Vec<u32>, Vec<Vec<u32>>) {
        let state = |action: &u32| item(&self.state, *action as usize);
        let open = (0u32..).zip(self.rows).filter(|(_, row)| !row.iter().any(|action| state(action) == State::Done));
        open.map(|(number, row)| {
            (number, row.iter().copied().filter(|action| state(action) == State::Open).collect::<Vec<u32>>())
        })
        .unzip()
    }

    /// Makes a whole set of the prices: for each row that is not hit, the action with the highest price for its cost.
    fn try_rounding(&mut self, open: &[Vec<u32>], prices: &[f64], spent: u64) {
        let price = |action: u32| item(prices, action as usize);
        let mut chosen: BTreeSet<u32> =
            open.iter().flatten().copied().filter(|action| price(*action) > 0.999).collect();
        for row in open {
            if !row.iter().any(|action| chosen.contains(action)) {
                let rank = |action: &&u32| (price(**action), u64::MAX - item(self.costs, **action as usize));
                let best = row.iter().max_by(|a, b| rank(a).partial_cmp(&rank(b)).unwrap_or(std::cmp::Ordering::Equal));
                chosen.extend(best);
            }
        }
        let mut order: Vec<u32> = chosen.iter().copied().collect();
        order.sort_unstable_by_key(|action| std::cmp::Reverse((item(self.costs, *action as usize), *action)));
        for action in order {
            let needed = open.iter().any(|row| {
                row.binary_search(&action).is_ok() && row.iter().filter(|other| chosen.contains(other)).count() == 1
            });
            if !needed {
                chosen.remove(&action);
            }
        }
        let chosen: Vec<u32> = chosen.into_iter().collect();
        let total = spent.saturating_add(cost_of(self.costs, &chosen));
        if total < self.best.0 {
            let done = (0u32..).zip(&self.state).filter(|(_, state)| **state == State::Done).map(|(action, _)| action);
            self.best = (total, done.chain(chosen).collect());
        }
    }
}

/// The action about which the prices are least decided; `None` if no row is open.
fn branch_on(open: &[Vec<u32>], prices: &[f64]) -> Option<u32> {
    let doubt = |action: &u32| (item(prices, *action as usize) - 0.5).abs();
    let actions: BTreeSet<u32> = open.iter().flatten().copied().collect();
    actions.into_iter().min_by(|a, b| doubt(a).total_cmp(&doubt(b)))
}
