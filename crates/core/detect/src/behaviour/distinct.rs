//! How many different things: exact while they are few, then an estimate in 256 bytes (HyperLogLog with 256 registers,
//! standard error 6.5%). What was seen cannot be read back, only counted.

use super::few::Few;
use crate::correlator::keyed::Footprint;
use serde::{Deserialize, Serialize};

/// So many are counted exactly.
const EXACT_MAX: usize = 32;
const REGISTER_BITS: u32 = 8;
const REGISTERS: usize = 1 << REGISTER_BITS;
/// Words of four registers each, and one with the estimate.
const WORDS: usize = REGISTERS / 4;

/// A count of different things, each given as a well-mixed digest (see [`super::digest`]), of which half is kept: of a
/// billion that would be felt, of what one identity does in an hour it is not.
///
/// Up to [`EXACT_MAX`] words are the things themselves. More words are registers: for each the longest run of zeros, plus
/// one.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Distinct(Few<u32>);

impl Distinct {
    /// Counts `thing`.
    pub(crate) fn add(&mut self, thing: u64) {
        self.add_half((thing >> 32) as u32);
    }

    fn add_half(&mut self, thing: u32) {
        if self.is_estimate() {
            if note(&mut self.0, thing) {
                estimate(&mut self.0);
            }
        } else if self.0.contains(&thing) {
        } else if self.0.len() < EXACT_MAX {
            self.0.push(thing);
        } else {
            let mut words: Few<u32> = [0; WORDS + 1].into_iter().collect();
            for thing in self.0.iter().chain([&thing]) {
                note(&mut words, *thing);
            }
            estimate(&mut words);
            self.0 = words;
        }
    }

    fn is_estimate(&self) -> bool {
        self.0.len() > EXACT_MAX
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        if self.is_estimate() { self.0.last().copied().map_or(0, u64::from) } else { self.0.len() as u64 }
    }

    /// How many there are here and in `other` together.
    pub(crate) fn count_with(&self, other: &Distinct) -> u64 {
        let (few, many) = if self.is_estimate() { (other, self) } else { (self, other) };
        if few.0.is_empty() {
            return many.count();
        }
        let mut union = many.clone();
        if few.is_estimate() {
            union.0.iter_mut().zip(few.0.iter()).take(WORDS).for_each(|(mine, theirs)| *mine = larger(*mine, *theirs));
            estimate(&mut union.0);
        } else {
            few.0.iter().for_each(|thing| union.add_half(*thing));
        }
        union.count()
    }
}

impl Footprint for Distinct {
    fn heap_bytes(&self) -> usize {
        self.0.list_bytes()
    }
}

/// The larger of each of four registers.
fn larger(mine: u32, theirs: u32) -> u32 {
    let (mine, theirs) = (mine.to_le_bytes(), theirs.to_le_bytes());
    let mut both = mine;
    both.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine = (*mine).max(theirs));
    u32::from_le_bytes(both)
}

/// Whether the register grew.
fn note(words: &mut [u32], thing: u32) -> bool {
    let rank = (thing << REGISTER_BITS).leading_zeros().min(32 - REGISTER_BITS) + 1;
    let register = thing >> (32 - REGISTER_BITS);
    let shift = register % 4 * 8;
    match words.get_mut((register / 4) as usize) {
        Some(word) if *word >> shift & 0xff < rank => {
            *word = *word & !(0xff << shift) | rank << shift;
            true
        }
        _ => false,
    }
}

/// Puts the estimate into the last word.
fn estimate(words: &mut [u32]) {
    let size = REGISTERS as f64;
    let (mut sum, mut empty) = (0.0, 0);
    for rank in words.iter().take(WORDS).flat_map(|word| word.to_le_bytes()) {
        sum += 1.0 / f64::from(1_u32 << rank.min(31));
        empty += usize::from(rank == 0);
    }
    let raw = 0.7213 / (1.0 + 1.079 / size) * size * size / sum;
    // With many empty registers counting those is the better estimate.
    let count = if raw <= 2.5 * size && empty > 0 { size * (size / empty as f64).ln() } else { raw };
    if let Some(last) = words.last_mut() {
        *last = count.round() as u32;
    }
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
        assert_eq!((few.count_with(&of(5..12)), of(0..0).count_with(&few)), (12, 10));
        assert_eq!((few.count_with(&many), many.count_with(&few)), (of(0..500).count(), of(0..500).count()));
        assert_eq!((many.count_with(&more), more.count_with(&many)), (of(5..900).count(), of(5..900).count()));
        assert_eq!(of(0..20).count_with(&of(15..40)), of(0..40).count(), "few and few may be many");
        assert!(of(0..1_000_000).heap_bytes() <= 256 + 4 + 16);
    }
}
