//! Levels: how much is usual, robustly and in few bytes. Amounts are kept as logarithms to base 2, so that a habit is a
//! factor and not a sum; one wild hour moves nothing.

use super::few::Few;
use serde::{Deserialize, Serialize};

/// Half octaves from 1 to 2^32.
const BUCKETS: usize = 64;
/// When so many amounts were counted, all counts are halved: what is old weighs less.
const FULL: u32 = 240;

/// The logarithm of an amount, in octaves; of nothing it is 0.
pub(crate) fn octaves(amount: u64) -> f64 {
    (amount.saturating_add(1) as f64).log2()
}

/// Decaying histograms of amounts in half octaves, one for each of up to four measures. Only buckets that hold something
/// are kept: a habit is in few of them.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Histograms(Few<Bucket>);

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Bucket {
    /// The measure times [`BUCKETS`], plus the bucket.
    place: u8,
    count: u8,
}

impl Histograms {
    /// Counts one amount of a measure, given in octaves.
    pub(crate) fn add(&mut self, measure: usize, octaves: f64) {
        let place = ((octaves * 2.0) as usize).min(BUCKETS - 1) + measure % 4 * BUCKETS;
        let place = place.min(usize::from(u8::MAX)) as u8;
        match self.0.binary_search_by_key(&place, |bucket| bucket.place) {
            Ok(known) => {
                if let Some(bucket) = self.0.get_mut(known) {
                    bucket.count += 1;
                }
            }
            Err(new) => self.0.insert(new, Bucket { place, count: 1 }),
        }
        if self.total(measure) >= FULL {
            let of_measure = |bucket: &Bucket| usize::from(bucket.place) / BUCKETS == measure;
            self.0.iter_mut().filter(|bucket| of_measure(bucket)).for_each(|bucket| bucket.count /= 2);
            self.0.retain(|bucket| bucket.count > 0);
        }
    }

    /// The buckets of a measure, the smallest amounts first: the middle of each in octaves, and its count.
    fn buckets(&self, measure: usize) -> impl Iterator<Item = (f64, u32)> {
        let mine = self.0.iter().filter(move |bucket| usize::from(bucket.place) / BUCKETS == measure);
        mine.map(|bucket| (f64::from(bucket.place % BUCKETS as u8) / 2.0 + 0.25, u32::from(bucket.count)))
    }

    /// How many amounts of a measure it knows of.
    pub(crate) fn total(&self, measure: usize) -> u32 {
        self.buckets(measure).map(|(_, count)| count).sum()
    }

    /// The amount in octaves below which this share of all amounts lies; `None` where there are none.
    pub(crate) fn quantile(&self, measure: usize, share: f64) -> Option<f64> {
        let rank = (share * f64::from(self.total(measure))).ceil().max(1.0);
        let mut below = 0.0;
        self.buckets(measure).find_map(|(octaves, count)| {
            below += f64::from(count);
            (below >= rank).then_some(octaves)
        })
    }

    /// The median distance from the median, as the standard deviation that a normal distribution with it would have.
    pub(crate) fn spread(&self, measure: usize) -> Option<f64> {
        let median = self.quantile(measure, 0.5)?;
        let mut distances: Vec<(f64, u32)> =
            self.buckets(measure).map(|(octaves, count)| ((octaves - median).abs(), count)).collect();
        distances.sort_by(|a, b| a.0.total_cmp(&b.0));
        let half = self.total(measure).div_ceil(2);
        let mut below = 0;
        let middle = distances.iter().find(|(_, count)| {
            below += count;
            below >= half
        });
        middle.map(|(distance, _)| distance * 1.4826)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.list_bytes()
    }
}

/// The usual amounts of each hour of the week, in quarters of an octave; and on how many weeks each is based. Only hours
/// in which something was taken are kept.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Season(Few<Cell>);

/// One hour of the week.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
struct Cell {
    hour: u8,
    weeks: u8,
    levels: [u8; 2],
}

const HOURS: u32 = 168;
/// A week moves the level of its hour by at most so many quarters of an octave.
const STEP: u8 = 8;
/// So many weeks, or days, count as much as what they are shrunk to.
const SHRINK: f64 = 2.0;

impl Season {
    /// Learns two amounts of an hour since 1970.
    pub(crate) fn add(&mut self, hour: u32, octaves: [f64; 2]) {
        let now = octaves.map(|octaves| (octaves * 4.0).clamp(0.0, 255.0) as u8);
        let hour = (hour % HOURS) as u8;
        match self.0.binary_search_by_key(&hour, |cell| cell.hour) {
            Err(new) => self.0.insert(new, Cell { hour, weeks: 1, levels: now }),
            Ok(known) => {
                let Some(cell) = self.0.get_mut(known) else { return };
                cell.levels.iter_mut().zip(now).for_each(|(level, now)| *level = corrected(*level, now));
                cell.weeks = cell.weeks.saturating_add(1).min(8);
            }
        }
    }

    /// The level of a measure in this hour of the week, and its weeks.
    fn cell(&self, hour: u32, measure: usize) -> (f64, f64) {
        let place = self.0.binary_search_by_key(&((hour % HOURS) as u8), |cell| cell.hour);
        let Some(cell) = place.ok().and_then(|place| self.0.get(place)) else { return (0.0, 0.0) };
        let level = cell.levels.get(measure).copied().unwrap_or_default();
        (f64::from(level) / 4.0, f64::from(cell.weeks))
    }

    /// The usual amount at this hour in octaves: of the same hour of the week, shrunk to the same hour of other days, and
    /// that to `median`, each by the weight of two weeks or days.
    pub(crate) fn level(&self, measure: usize, hour: u32, median: f64) -> f64 {
        let (level, weeks) = self.cell(hour, measure);
        let others = (0..7).map(|day| self.cell(hour % 24 + day * 24, measure)).filter(|(_, weeks)| *weeks > 0.0);
        let (sum, days) = others.fold((0.0, 0.0), |(sum, days), (level, _)| (sum + level, days + 1.0));
        let daily = (sum + median * SHRINK) / (days + SHRINK);
        (level * weeks + daily * SHRINK) / (weeks + SHRINK)
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.list_bytes()
    }
}

/// The first week says what is usual; later ones correct it, none by much.
fn corrected(level: u8, now: u8) -> u8 {
    let bounded = now.clamp(level.saturating_sub(STEP), level.saturating_add(STEP));
    let half = bounded.abs_diff(level) / 2;
    if bounded > level { level.saturating_add(half) } else { level.saturating_sub(half) }
}

/// The largest amount of the last weeks: of this fortnight and of the one before. Exact to one in sixteen million.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Largest {
    current: f32,
    previous: f32,
    fortnight: u16,
}

impl Largest {
    pub(crate) fn note(&mut self, amount: u64, minute: u32) {
        self.turn(minute);
        self.current = self.current.max(amount as f32);
    }

    pub(crate) fn get(&self) -> u64 {
        self.current.max(self.previous) as u64
    }

    fn turn(&mut self, minute: u32) {
        let fortnight = (minute / (14 * 1_440)) as u16;
        if fortnight > self.fortnight {
            self.previous = if fortnight == self.fortnight + 1 { self.current } else { 0.0 };
            self.current = 0.0;
            self.fortnight = fortnight;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_amount_moves_nothing() {
        let mut histogram = Histograms::default();
        assert_eq!((histogram.quantile(1, 0.5), histogram.spread(1)), (None, None));
        for amount in [90, 100, 110, 120, 95, 105, 130, 80, 100] {
            histogram.add(1, octaves(amount));
        }
        let (median, spread) = (histogram.quantile(1, 0.5).expect("some"), histogram.spread(1).expect("some"));
        assert!((median - octaves(100)).abs() < 0.5, "{median}");
        histogram.add(1, octaves(1 << 31));
        assert_eq!(histogram.quantile(1, 0.5), Some(median));
        assert!(histogram.spread(1).expect("some") <= spread + 0.75);
        histogram.add(3, octaves(u64::MAX));
        for _ in 0..10_000 {
            histogram.add(1, octaves(5_000));
        }
        assert!((histogram.quantile(1, 0.5).expect("some") - octaves(5_000)).abs() < 0.5, "the old is forgotten");
        assert!(histogram.total(1) < FULL && histogram.heap_bytes() <= 16 + 2 * 2);
        assert_eq!((histogram.total(0), histogram.total(2), histogram.total(3)), (0, 0, 1), "measures are apart");
        assert_eq!(histogram.quantile(3, 0.5), Some(31.75));
    }

    #[test]
    fn a_season_keeps_hours_and_measures_apart() {
        let mut season = Season::default();
        for week in 0..4 {
            season.add(week * 168 + 9, [10.0, 3.0]);
            season.add(week * 168 + 33, [20.0, 3.0]);
        }
        let cells = (season.cell(9, 0), season.cell(33, 0), season.cell(33, 1), season.cell(50, 0));
        assert_eq!(cells, ((10.0, 4.0), (20.0, 4.0), (3.0, 4.0), (0.0, 0.0)));
        assert!((10.5..11.0).contains(&season.level(0, 9, 10.0)), "{}", season.level(0, 9, 10.0));
        assert!((16.0..18.0).contains(&season.level(0, 168 * 5 + 33, 10.0)), "{}", season.level(0, 33, 10.0));
        assert_eq!(season.level(0, 50, 7.0), 7.0, "an hour that nobody knows is like any");
        season.add(168 * 4 + 9, [30.0, 3.0]);
        assert_eq!(season.cell(9, 0).0, 11.0, "one wild week moves it by one octave");
        season.add(168 * 5 + 9, [2.0, 3.0]);
        assert_eq!((season.cell(9, 0).0, season.cell(9, 1).0), (10.0, 3.0));
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
