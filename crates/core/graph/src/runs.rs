//! Runs of small things, each different run once, one after the other in one place. Nothing here knows what it stores.

use crate::pool::{Slots, hash_of, slack};
use std::hash::Hash;

/// Where each of several runs ends, in four bytes each: how often these ran over is counted apart.
#[derive(Clone, Debug, Default)]
struct Ends {
    low: Vec<u32>,
    /// The runs at whose ends the four bytes ran over, in order.
    over: Vec<u32>,
}

impl Ends {
    fn with_room(runs: usize) -> Ends {
        Ends { low: Vec::with_capacity(runs), over: Vec::new() }
    }

    fn len(&self) -> usize {
        self.low.len()
    }

    fn push(&mut self, end: usize) {
        let run = self.low.len() as u32;
        for _ in self.over.len() as u64..(end as u64) >> 32 {
            self.over.push(run);
        }
        self.low.push(end as u32);
    }

    #[inline]
    fn get(&self, run: u32) -> Option<usize> {
        let low = self.low.get(run as usize).copied()?;
        if self.over.is_empty() {
            return Some(low as usize);
        }
        let over = self.over.partition_point(|first| *first <= run) as u64;
        Some((over << 32 | u64::from(low)) as usize)
    }

    /// Where the run lies; empty where there is none.
    #[inline]
    fn run(&self, run: u32) -> std::ops::Range<usize> {
        let first = run.checked_sub(1).map_or(Some(0), |before| self.get(before));
        first.zip(self.get(run)).map_or(0..0, |(first, end)| first..end)
    }
}

/// Different runs of small things (texts as bytes, lists of numbers), one after the other in one place.
#[derive(Clone, Debug)]
pub(crate) struct Runs<T> {
    all: Vec<T>,
    ends: Ends,
    /// How many of the first runs are sorted, and found by that.
    sorted: u32,
    /// The others.
    slots: Slots,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Runs { all: Vec::new(), ends: Ends::default(), sorted: 0, slots: Slots::default() }
    }
}

fn run_of<'a, T>(all: &'a [T], ends: &Ends, number: u32) -> &'a [T] {
    all.get(ends.run(number)).unwrap_or(&[])
}

impl<T: Copy + Ord + Hash> Runs<T> {
    pub(crate) fn number(&mut self, run: &[T]) -> u32 {
        let hash = hash_of(run);
        if let Some(number) = self.find_hashed(hash, run) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.all.extend_from_slice(run);
        self.ends.push(self.all.len());
        self.slots.add(hash, number, |number| hash_of(run_of(&self.all, &self.ends, number)));
        number
    }

    pub(crate) fn find(&self, run: &[T]) -> Option<u32> {
        self.find_hashed(hash_of(run), run)
    }

    fn find_hashed(&self, hash: u64, run: &[T]) -> Option<u32> {
        let place = self.place_of(run);
        if place < self.sorted && self.get(place) == run {
            return Some(place);
        }
        self.slots.find(hash, |number| self.get(number) == run)
    }

    /// How many of the sorted runs are before `run`.
    pub(crate) fn place_of(&self, run: &[T]) -> u32 {
        let (mut low, mut high) = (0, self.sorted);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.get(middle) < run { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The run with this number; empty where there is none.
    #[inline]
    pub(crate) fn get(&self, number: u32) -> &[T] {
        run_of(&self.all, &self.ends, number)
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The runs of `order`, which sorts them: the new number of each is its place there.
    pub(crate) fn sorted(&self, order: &[u32]) -> Runs<T> {
        let length: usize = order.iter().map(|number| self.get(*number).len()).sum();
        let mut all = Vec::with_capacity(length + slack(order.len()) * 32);
        let mut ends = Ends::with_room(order.len() + slack(order.len()));
        for number in order {
            all.extend_from_slice(self.get(*number));
            ends.push(all.len());
        }
        Runs { all, ends, sorted: order.len() as u32, slots: Slots::default() }
    }
}

impl Runs<u8> {
    /// The text with this number.
    #[inline]
    pub(crate) fn text(&self, number: u32) -> &str {
        std::str::from_utf8(self.get(number)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_seen_again_keeps_its_number() {
        let mut runs: Runs<u32> = Runs::default();
        for round in 0..3u64 {
            for n in 0..1000u64 {
                let list: Vec<u32> = (0..n as u32 % 7).chain([n as u32]).collect();
                assert_eq!(runs.number(&list), n as u32, "round {round}");
                assert_eq!(runs.get(n as u32), list);
            }
        }
        assert_eq!(runs.find(&[0, 1, 5]), None);
        let mut order: Vec<u32> = (0..1000).collect();
        order.sort_by_key(|number| runs.get(*number));
        let mut sorted = runs.sorted(&order);
        assert!((0..).zip(&order).all(|(place, old)| sorted.find(runs.get(*old)) == Some(place)));
        assert_eq!((sorted.find(&[9, 9]), sorted.number(&[9, 9]), sorted.find(&[9, 9])), (None, 1000, Some(1000)));
    }

    #[test]
    fn ends_beyond_four_bytes_come_back_as_they_were() {
        let over = 1u64 << 32;
        let places = [0, 7, over - 1, over, over + 1, 3 * over - 2, 3 * over - 2, 3 * over, 5 * over + 9];
        let mut ends = Ends::default();
        places.iter().for_each(|place| ends.push(*place as usize));
        let found: Vec<u64> = (0..places.len() as u32).filter_map(|run| ends.get(run)).map(|end| end as u64).collect();
        assert_eq!((found.as_slice(), ends.get(9)), (&places[..], None));
        assert_eq!((ends.run(0), ends.run(3), ends.run(9)), (0..0, over as usize - 1..over as usize, 0..0));
    }
}
