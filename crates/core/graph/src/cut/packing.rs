//! The bound from below: weights on proofs such that no action carries more than it costs.
//!
//! Every proof needs one of its actions, so the sum of such weights is at most the cost of any cut. The best weights are
//! the optimum of a linear program, found here by the primal simplex method on a dense table (meant for some
//! hundreds of proofs; it may stop at any pivot, and what it has is a bound). Floating point only guides: [`exact`] makes
//! whole numbers of millionths that satisfy every inequality.

use crate::flat::{item, put};

/// Parts of one unit of cost in which weights are counted.
pub const PARTS: u64 = 1_000_000;

/// What may still be spent on search, in elementary operations: a bound that does not depend on a clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) left: u64,
}

impl Budget {
    /// Spends `amount`; false once nothing is left.
    pub(crate) fn spend(&mut self, amount: u64) -> bool {
        self.left = self.left.saturating_sub(amount);
        self.left > 0
    }
}

/// Weights on rows and, dual to them, prices of actions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Packing {
    pub(crate) weights: Vec<f64>,
    pub(crate) prices: Vec<f64>,
}

/// A number this small is zero.
const EPSILON: f64 = 1e-9;

/// The best weights on `rows`, as far as the budget allows. `costs` has one entry for each action.
pub(crate) fn pack(rows: &[Vec<u32>], costs: &[u64], budget: &mut Budget) -> Packing {
    let mut actions: Vec<u32> = rows.iter().flatten().copied().collect();
    actions.sort_unstable();
    actions.dedup();
    let mut table = Table::new(rows, &actions, costs);
    let pivots_max = 50 * (rows.len() + actions.len()) as u64 + 100;
    for pivot in 0..pivots_max {
        // After many pivots, Bland's rule: slow, but it cannot go in a circle.
        let Some(column) = table.entering(pivot > pivots_max / 2) else { break };
        let Some(row) = table.leaving(column) else { break };
        if !budget.spend(table.pivot(row, column)) {
            break;
        }
    }
    let mut packing = Packing { weights: vec![0.0; rows.len()], prices: vec![0.0; costs.len()] };
    for (row, variable) in table.basis.iter().enumerate() {
        put(&mut packing.weights, *variable, table.at(row, table.width - 1).max(0.0));
    }
    let objective = table.basis.len();
    for (slack, action) in actions.iter().enumerate() {
        put(&mut packing.prices, *action as usize, table.at(objective, rows.len() + slack).clamp(0.0, 1.0));
    }
    packing
}

/// The simplex table: one row for each action, then the objective; one column for each proof, each slack, the right side.
struct Table {
    cells: Vec<f64>,
    width: usize,
    /// Table row -> the variable that is basic in it.
    basis: Vec<usize>,
}

impl Table {
    fn new(rows: &[Vec<u32>], actions: &[u32], costs: &[u64]) -> Table {
        let (proofs, slacks) = (rows.len(), actions.len());
        let width = proofs + slacks + 1;
        let basis = (proofs..proofs + slacks).collect();
        let mut table = Table { cells: vec![0.0; width * (slacks + 1)], width, basis };
        for (proof, row) in rows.iter().enumerate() {
            for action in row {
                if let Ok(line) = actions.binary_search(action) {
                    table.set(line, proof, 1.0);
                }
            }
            table.set(slacks, proof, -1.0);
        }
        for (line, action) in actions.iter().enumerate() {
            table.set(line, proofs + line, 1.0);
            table.set(line, width - 1, item(costs, *action as usize) as f64);
        }
        table
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        item(&self.cells, row * self.width + column)
    }

    fn set(&mut self, row: usize, column: usize, value: f64) {
        put(&mut self.cells, row * self.width + column, value);
    }

    fn entering(&self, bland: bool) -> Option<usize> {
        let objective = self.basis.len();
        let mut improving =
            (0..self.width - 1).map(|column| (self.at(objective, column), column)).filter(|(cost, _)| *cost < -EPSILON);
        let best = if bland { improving.next() } else { improving.min_by(|a, b| a.0.total_cmp(&b.0)) };
        best.map(|(_, column)| column)
    }

    fn leaving(&self, column: usize) -> Option<usize> {
        let ratio = |row: usize| {
            let cell = self.at(row, column);
            (cell > EPSILON).then(|| (self.at(row, self.width - 1) / cell, item(&self.basis, row), row))
        };
        let rows = (0..self.basis.len()).filter_map(ratio);
        rows.min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1))).map(|(_, _, row)| row)
    }

    /// Gives how many cells it looked at, eight at a time: that many are changed at once.
    fn pivot(&mut self, row: usize, column: usize) -> u64 {
        let mut lines = 1;
        let divisor = self.at(row, column);
        let range = row * self.width..(row + 1) * self.width;
        let pivot: Vec<f64> = self.cells.get(range).unwrap_or(&[]).iter().map(|cell| cell / divisor).collect();
        for (line, cells) in self.cells.chunks_mut(self.width).enumerate() {
            if line == row {
                cells.copy_from_slice(&pivot);
                continue;
            }
            let factor = item(cells, column);
            if factor.abs() > EPSILON {
                cells.iter_mut().zip(&pivot).for_each(|(cell, by)| *cell -= factor * by);
                lines += 1;
            }
        }
        put(&mut self.basis, row, column);
        (lines * self.width / 8 + self.basis.len()) as u64
    }
}

/// Whole weights in millionths, near `weights`, under which no action carries more than it costs.
pub(crate) fn exact(rows: &[Vec<u32>], costs: &[u64], weights: &[f64]) -> Vec<u64> {
    let whole = weights.iter().map(|weight| (weight.max(0.0) * PARTS as f64 + 0.5) as u64).collect();
    shave(rows, costs, whole)
}

/// Lowers weights until no action carries more than it costs.
pub(crate) fn shave(rows: &[Vec<u32>], costs: &[u64], mut weights: Vec<u64>) -> Vec<u64> {
    let mut room: Vec<u64> = costs.iter().map(|cost| cost.saturating_mul(PARTS)).collect();
    for (row, weight) in rows.iter().zip(&mut weights) {
        let fits = row.iter().map(|action| item(&room, *action as usize)).min().unwrap_or_default();
        *weight = fits.min(*weight);
        for action in row {
            let left = item(&room, *action as usize).saturating_sub(*weight);
            put(&mut room, *action as usize, left);
        }
    }
    weights
}

/// What each action can carry beside `weights` on `rows`, in millionths.
pub(crate) fn room(rows: &[Vec<u32>], costs: &[u64], weights: &[u64]) -> Vec<u64> {
    let mut room: Vec<u64> = costs.iter().map(|cost| cost.saturating_mul(PARTS)).collect();
    for (row, weight) in rows.iter().zip(weights) {
        for action in row {
            let left = item(&room, *action as usize).saturating_sub(*weight);
            put(&mut room, *action as usize, left);
        }
    }
    room
}

/// The bound that whole weights give: costs are whole, so a fraction rounds up.
pub(crate) fn bound(weights: &[u64]) -> u64 {
    weights.iter().fold(0u64, |sum, weight| sum.saturating_add(*weight)).div_ceil(PARTS)
}
