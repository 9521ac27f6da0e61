//! How many different things: exact while they are few, then an estimate in 256 bytes (HyperLogLog with 256 registers,
//! standard error 6.5%). What was seen cannot be read back, only counted.

use crate::correlator::keyed::Footprint;
use serde::{Deserialize, Serialize};

/// So many are counted exactly.
const EXACT_MAX: usize = 32;
const REGISTER_BITS: u32 = 8;
const REGISTERS: usize = 1 << REGISTER_BITS;

/// A count of different things, each given as a well-mixed digest (see [`super::digest`]).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Distinct {
    /// All of them.
    Exact(Vec<u64>),
    /// For each register the longest run of zeros, plus one.
    Registers(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Distinct {
        Distinct::Exact(Vec::new())
    }
}

impl Distinct {
    /// Counts `thing`. Says whether that may have changed the count.
    pub(crate) fn add(&mut self, thing: u64) -> bool {
        match self {
            Distinct::Exact(things) if things.contains(&thing) => return false,
            Distinct::Exact(things) if things.len() < EXACT_MAX => {
                if things.len() == things.capacity() {
                    things.reserve_exact(if things.len() < 4 { 2 } else { things.len() / 2 });
                }
                things.push(thing);
            }
            Distinct::Exact(things) => {
                let mut registers = vec![0; REGISTERS];
                for thing in things.iter() {
                    note(&mut registers, *thing);
                }
                note(&mut registers, thing);
                *self = Distinct::Registers(registers);
            }
            Distinct::Registers(registers) => return note(registers, thing),
        }
        true
    }

    /// Counts what `other` counted.
    pub(crate) fn merge(&mut self, other: &Distinct) {
        match (&mut *self, other) {
            (_, Distinct::Exact(things)) => {
                for thing in things {
                    self.add(*thing);
                }
            }
            (Distinct::Registers(mine), Distinct::Registers(theirs)) => {
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
            }
            (Distinct::Exact(things), Distinct::Registers(theirs)) => {
                let mut registers = theirs.clone();
                for thing in things.iter() {
                    note(&mut registers, *thing);
                }
                *self = Distinct::Registers(registers);
            }
        }
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Distinct::Exact(things) => things.len() as u64,
            Distinct::Registers(registers) => estimate(registers),
        }
    }
}

impl Footprint for Distinct {
    fn heap_bytes(&self) -> usize {
        match self {
            Distinct::Exact(things) => things.capacity() * size_of::<u64>(),
            Distinct::Registers(registers) => registers.capacity(),
        }
    }
}

/// Whether the register grew.
fn note(registers: &mut [u8], thing: u64) -> bool {
    let rank = (thing << REGISTER_BITS).leading_zeros().min(64 - REGISTER_BITS) as u8 + 1;
    match registers.get_mut((thing >> (64 - REGISTER_BITS)) as usize) {
        Some(register) if *register < rank => {
            *register = rank;
            true
        }
        _ => false,
    }
}

fn estimate(registers: &[u8]) -> u64 {
    let size = REGISTERS as f64;
    let sum: f64 = registers.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
    let empty = registers.iter().filter(|rank| **rank == 0).count();
    let raw = 0.7213 / (1.0 + 1.079 / size) * size * size / sum;
    // With many empty registers counting those is the better estimate.
    let count = if raw <= 2.5 * size && empty > 0 { size * (size / empty as f64).ln() } else { raw };
    count.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::digest;

    fn of(things: std::ops::Range<u64>) -> Distinct {
        let mut distinct = Distinct::default();
        for thing in things {
            let thing = digest(&[&thing.to_be_bytes()]);
            distinct.add(thing);
            distinct.add(thing);
        }
        distinct
    }

    #[test]
    fn few_are_exact_and_many_are_within_the_error() {
        for count in 0..=32 {
            assert_eq!(of(0..count).count(), count);
        }
        let mut squares = 0.0;
        let trials: Vec<f64> = (1..=40_u64)
            .flat_map(|trial| [100, 1_000, 20_000].map(|count| (trial * 1_000_000, count)))
            .map(|(from, count)| of(from..from + count).count() as f64 / count as f64 - 1.0)
            .collect();
        trials.iter().for_each(|error| squares += error * error);
        let error = (squares / trials.len() as f64).sqrt();
        assert!(error < 0.075, "standard error {error}");
        assert!(trials.iter().all(|error| error.abs() < 0.26), "{trials:?}");
    }

    #[test]
    fn a_union_counts_once_whatever_the_order() {
        let (few, many, more) = (of(0..10), of(5..500), of(400..900));
        let union = |parts: &[&Distinct]| {
            let mut union = Distinct::default();
            parts.iter().for_each(|part| union.merge(part));
            union.count()
        };
        assert_eq!(union(&[&few, &of(5..12)]), 12);
        let count = union(&[&few, &many, &more]);
        assert_eq!(count, union(&[&more, &few, &many]));
        assert_eq!(count, of(0..900).count());
        assert!(of(0..1_000_000).heap_bytes() <= 256);
    }
}
