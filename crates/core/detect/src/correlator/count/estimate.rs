//! An estimate of how many distinct values a sliding span holds, in bounded memory: HyperLogLog in slices of time.
//!
//! The span is cut into slices with a sketch each, and one more for the slice that is just leaving, so that what is
//! counted is the span and up to a slice more, never less. The standard error is 1.04 / sqrt(4096): 1.6 in a hundred.
//! The sum that the estimate needs is kept in whole numbers, so that it is the same after a restart.

use rustc_hash::FxHasher;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::hash::Hasher;

const REGISTER_BITS: u32 = 12;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Slices that a span has.
pub(super) const SLICES: i64 = 32;
/// No rank is larger: the sum is kept in units of 2^-40.
const RANK_MAX: u32 = 40;

/// How many distinct values a span holds, about.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Estimate {
    slice_micros: i64,
    /// Slice number and registers, oldest first.
    slices: VecDeque<(i64, Vec<u8>)>,
    /// For each register the largest of all slices.
    merged: Vec<u8>,
    /// The sum of 2^-rank over `merged`, in units of 2^-40, and how many of its registers are still 0.
    sum: u64,
    empty: u32,
}

fn scattered(value: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(value.as_bytes());
    // The hasher is made for tables: its bits are not independent enough for counting.
    let mut bits = hasher.finish();
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// 2^-rank, in units of 2^-40.
fn share(rank: u8) -> u64 {
    1 << RANK_MAX.saturating_sub(u32::from(rank))
}

impl Estimate {
    pub(super) fn new(span: i64) -> Estimate {
        let slice_micros = (span / SLICES).max(1);
        let (sum, empty) = ((REGISTERS as u64) << RANK_MAX, REGISTERS as u32);
        Estimate { slice_micros, slices: VecDeque::new(), merged: vec![0; REGISTERS], sum, empty }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        (self.slices.len() + 1) * (REGISTERS + 64)
    }

    /// Takes a value seen then. Times do not go back.
    pub(super) fn see(&mut self, at: i64, value: &str) {
        let slice = at.div_euclid(self.slice_micros);
        if self.slices.back().is_none_or(|(last, _)| *last != slice) {
            self.slices.push_back((slice, vec![0; REGISTERS]));
            self.forget(slice - SLICES);
        }
        let bits = scattered(value);
        let register = (bits >> (64 - REGISTER_BITS)) as usize;
        let rank = ((bits << REGISTER_BITS).leading_zeros() + 1).min(RANK_MAX) as u8;
        if let Some(newest) = self.slices.back_mut().and_then(|(_, registers)| registers.get_mut(register)) {
            *newest = rank.max(*newest);
        }
        if let Some(merged) = self.merged.get_mut(register).filter(|merged| **merged < rank) {
            self.sum = self.sum - share(*merged) + share(rank);
            self.empty -= u32::from(*merged == 0);
            *merged = rank;
        }
    }

    /// Forgets slices before `first`.
    fn forget(&mut self, first: i64) {
        let before = self.slices.len();
        while self.slices.front().is_some_and(|(slice, _)| *slice < first) {
            self.slices.pop_front();
        }
        if self.slices.len() == before {
            return;
        }
        self.merged.fill(0);
        for (_, registers) in &self.slices {
            for (merged, register) in self.merged.iter_mut().zip(registers) {
                *merged = (*register).max(*merged);
            }
        }
        self.sum = self.merged.iter().copied().map(share).sum();
        self.empty = self.merged.iter().filter(|rank| **rank == 0).count() as u32;
    }

    /// How many, about.
    pub(super) fn distinct(&self) -> u64 {
        let registers = REGISTERS as f64;
        let mean = self.sum as f64 / (1_u64 << RANK_MAX) as f64;
        let estimate = 0.7213 / (1.0 + 1.079 / registers) * registers * registers / mean;
        if self.empty > 0 && estimate <= 2.5 * registers {
            return (registers * (registers / f64::from(self.empty)).ln()) as u64;
        }
        estimate as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_within_five_standard_errors() {
        for count in [100_u64, 5_000, 40_000, 1_000_000] {
            let mut estimate = Estimate::new(1_000_000);
            for value in 0..count {
                estimate.see(0, &format!("value {value}"));
            }
            let error = estimate.distinct() as f64 / count as f64 - 1.0;
            assert!(error.abs() < 0.08, "{count}: {error}");
        }
    }

    #[test]
    fn what_is_older_than_the_span_and_a_slice_is_forgotten() {
        let mut estimate = Estimate::new(3_200);
        for value in 0..50_000 {
            estimate.see(0, &format!("value {value}"));
        }
        estimate.see(3_200, "one");
        assert!(estimate.distinct() > 40_000, "still in the slice that leaves");
        estimate.see(3_300, "another");
        assert!(estimate.distinct() <= 2);
    }
}
