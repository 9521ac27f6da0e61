//! Levels: how much is usual, robustly and in few bytes. Amounts are kept as logarithms to base 2, so that a habit is a
//! factor and not a sum; one wild hour moves nothing.

use serde::{Deserialize, Serialize};

/// Half octaves from 1 to 2^32.
const BUCKETS: usize = 64;
/// When so many amounts were counted, all counts are halved: what is old weighs less.
const FULL: u32 = 240;

/// The logarithm of an amount, in octaves; of nothing it is 0.
pub(crate) fn octaves(amount: u64) -> f64 {
    (amount.saturating_add(1) as f64).log2()
}

/// A decaying histogram of amounts in half octaves.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Histogram(Vec<u8>);

impl Histogram {
    /// Counts one amount, given in octaves.
    pub(crate) fn add(&mut self, octaves: f64) {
        let bucket = ((octaves * 2.0) as usize).min(BUCKETS - 1);
        if self.0.len() <= bucket {
            self.0.reserve_exact(bucket + 1 - self.0.len());
            self.0.resize(bucket + 1, 0);
        }
        if let Some(count) = self.0.get_mut(bucket) {
            *count += 1;
        }
        if self.total() >= FULL {
            self.0.iter_mut().for_each(|count| *count /= 2);
        }
    }

    /// How many amounts it knows of.
    pub(crate) fn total(&self) -> u32 {
        self.0.iter().map(|count| u32::from(*count)).sum()
    }

    /// The amount in octaves below which this share of all amounts lies; `None` where there are none.
    pub(crate) fn quantile(&self, share: f64) -> Option<f64> {
        let total = self.total();
        let rank = (share * f64::from(total)).ceil().max(1.0);
        let mut below = 0.0;
        for (bucket, count) in self.0.iter().enumerate() {
            below += f64::from(*count);
            if below >= rank && total > 0 {
                return Some(bucket as f64 / 2.0 + 0.25);
            }
        }
        None
    }

    /// The median distance from the median, as the standard deviation that a normal distribution with it would have.
    pub(crate) fn spread(&self) -> Option<f64> {
        let median = self.quantile(0.5)?;
        let mut distances: Vec<(f64, u32)> = self
            .0
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(bucket, count)| ((bucket as f64 / 2.0 + 0.25 - median).abs(), u32::from(*count)))
            .collect();
        distances.sort_by(|a, b| a.0.total_cmp(&b.0));
        let half = self.total().div_ceil(2);
        let mut below = 0;
        let middle = distances.iter().find(|(_, count)| {
            below += count;
            below >= half
        });
        middle.map(|(distance, _)| distance * 1.4826)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }
}

/// The usual amount of each hour of the week, in quarters of an octave; how many weeks each is based on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Season {
    /// 168 levels and 168 weights, once there is one.
    cells: Vec<u8>,
}

const HOURS: usize = 168;
/// A week moves the level of its hour by at most so many quarters of an octave.
const STEP: u8 = 8;
/// So many weeks, or days, count as much as what they are shrunk to.
const SHRINK: f64 = 2.0;

impl Season {
    /// The hour of the week of an hour since 1970.
    fn place(hour: u32) -> usize {
        hour as usize % HOURS
    }

    pub(crate) fn add(&mut self, hour: u32, octaves: f64) {
        if self.cells.is_empty() {
            self.cells = vec![0; 2 * HOURS];
        }
        let place = Season::place(hour);
        let now = (octaves * 4.0).clamp(0.0, 255.0) as u8;
        let weeks = self.cells.get(HOURS + place).copied().unwrap_or_default();
        if let Some(level) = self.cells.get_mut(place) {
            // The first week says what is usual; later ones correct it, none by much.
            let bounded = now.clamp(level.saturating_sub(STEP), level.saturating_add(STEP));
            let half = bounded.abs_diff(*level) / 2;
            *level = match (weeks, bounded > *level) {
                (0, _) => now,
                (_, true) => level.saturating_add(half),
                (_, false) => level.saturating_sub(half),
            };
        }
        if let Some(weight) = self.cells.get_mut(HOURS + place) {
            *weight = weeks.saturating_add(1).min(8);
        }
    }

    fn cell(&self, place: usize) -> (f64, f64) {
        let at = |place: usize| f64::from(self.cells.get(place).copied().unwrap_or_default());
        (at(place) / 4.0, at(HOURS + place))
    }

    /// The usual amount at this hour in octaves: of the same hour of the week, shrunk to the same hour of other days, and
    /// that to `median`, each by the weight of two weeks or days.
    pub(crate) fn level(&self, hour: u32, median: f64) -> f64 {
        let (level, weeks) = self.cell(Season::place(hour));
        let others = (0..7).map(|day| self.cell(Season::place(hour % 24 + day * 24))).filter(|(_, weeks)| *weeks > 0.0);
        let (sum, days) = others.fold((0.0, 0.0), |(sum, days), (level, _)| (sum + level, days + 1.0));
        let daily = (sum + median * SHRINK) / (days + SHRINK);
        (level * weeks + daily * SHRINK) / (weeks + SHRINK)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.cells.capacity()
    }
}

/// The largest amount of the last weeks: of this fortnight and of the one before.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Largest {
    fortnight: u16,
    current: u64,
    previous: u64,
}

impl Largest {
    pub(crate) fn note(&mut self, amount: u64, minute: u32) {
        self.turn(minute);
        self.current = self.current.max(amount);
    }

    pub(crate) fn get(&self) -> u64 {
        self.current.max(self.previous)
    }

    fn turn(&mut self, minute: u32) {
        let fortnight = (minute / (14 * 1_440)) as u16;
        if fortnight > self.fortnight {
            self.previous = if fortnight == self.fortnight + 1 { self.current } else { 0 };
            self.current = 0;
            self.fortnight = fortnight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_amount_moves_nothing() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.spread()), (None, None));
        for amount in [90, 100, 110, 120, 95, 105, 130, 80, 100] {
            histogram.add(octaves(amount));
        }
        let (median, spread) = (histogram.quantile(0.5).expect("some"), histogram.spread().expect("some"));
        assert!((median - octaves(100)).abs() < 0.5, "{median}");
        histogram.add(octaves(1 << 31));
        assert_eq!(histogram.quantile(0.5), Some(median));
        assert!(histogram.spread().expect("some") <= spread + 0.75);
        for _ in 0..10_000 {
            histogram.add(octaves(5_000));
        }
        assert!((histogram.quantile(0.5).expect("some") - octaves(5_000)).abs() < 0.5, "the old is forgotten");
        assert!(histogram.total() < FULL && histogram.heap_bytes() <= BUCKETS);
    }

    #[test]
    fn a_season_keeps_hours_apart() {
        let mut season = Season::default();
        for week in 0..4 {
            season.add(week * 168 + 9, 10.0);
            season.add(week * 168 + 33, 20.0);
        }
        assert_eq!((season.cell(9), season.cell(33), season.cell(50)), ((10.0, 4.0), (20.0, 4.0), (0.0, 0.0)));
        assert!((10.5..11.0).contains(&season.level(9, 10.0)), "{}", season.level(9, 10.0));
        assert!((16.0..18.0).contains(&season.level(168 * 5 + 33, 10.0)), "{}", season.level(33, 10.0));
        assert_eq!(season.level(50, 7.0), 7.0, "an hour that nobody knows is like any");
        season.add(168 * 4 + 9, 30.0);
        assert_eq!(season.cell(9).0, 11.0, "one wild week moves it by one octave");
        season.add(168 * 5 + 9, 2.0);
        assert_eq!(season.cell(9).0, 10.0);
    }

    #[test]
    fn the_largest_is_forgotten_after_two_fortnights() {
        let fortnight = 14 * 1_440;
        let mut largest = Largest::default();
        largest.note(50, 0);
        largest.note(7, fortnight);
        assert_eq!(largest.get(), 50);
        largest.note(6, 2 * fortnight);
        assert_eq!(largest.get(), 7);
        largest.note(5, 9 * fortnight);
        assert_eq!(largest.get(), 5);
    }
}
