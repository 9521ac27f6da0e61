//! Numbers within a time span: their sum (value_sum), average (value_avg) and percentile (value_percentile).
//!
//! A percentile is the nearest rank: of `n` values the one at place `n * percentile / 100`, rounded up. Whether it lies
//! within given bounds follows from how many values lie below and above them, so that two counters answer exactly and no
//! sketch is needed. Sums are kept as whole numbers of 2^-40, so that adding and taking away leaves no drift: whole
//! numbers are exact, fractions to about 1e-12.
//!
//! What is kept of a span is one slice for each instant at which something came. Beyond [`SLICES_MAX`] slices of one key
//! instants are rounded up to a grid, which doubles as often as needed: such a value leaves the span late, by less than
//! one step of the grid, which is less than a thousandth of the span unless the values of more than a thousand
//! different instants still do not fit. No value is ever left out.

use super::count::Seen;
use super::keyed::Footprint;
use super::moment::{EVENTS_MAX, Parties};
use crate::rules::{Kind, Range};
use firebreak_model::Text;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Slices that one key may have: 1 MiB.
const SLICES_MAX: usize = 16_384;
/// The coarsest grid cuts a span in so many steps; their slices always fit.
const STEPS_MIN: i64 = 1_024;

/// A number in steps of 2^-40.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct Fixed(i128);

/// Bits behind the point.
const FRACTION_BITS: u32 = 40;
/// Larger values count as this: sums of four million of them still fit.
const VALUE_MAX: i128 = 1 << 64;

impl Fixed {
    /// This number, or the nearest that can be held.
    pub(crate) fn new(number: f64) -> Fixed {
        let limit = VALUE_MAX as f64;
        // Multiplying by a power of two is exact; the cast cuts off what is below a step.
        Fixed((number.clamp(-limit, limit) * (1_u64 << FRACTION_BITS) as f64) as i128)
    }

    /// The number that `text` spells.
    pub(super) fn parse(text: &str) -> Option<Fixed> {
        match text.trim().parse::<i128>() {
            Ok(whole) => Some(Fixed(whole.clamp(-VALUE_MAX, VALUE_MAX) << FRACTION_BITS)),
            Err(_) => crate::text::number(text).map(Fixed::new),
        }
    }

    fn times(self, count: u64) -> Fixed {
        Fixed(self.0.saturating_mul(i128::from(count)))
    }

    /// As decimal text.
    fn spelled(self) -> String {
        let step = (1_u64 << FRACTION_BITS) as f64;
        if self.0 % (1 << FRACTION_BITS) == 0 {
            (self.0 >> FRACTION_BITS).to_string()
        } else {
            format!("{:.3}", self.0 as f64 / step)
        }
    }
}

impl From<Fixed> for String {
    fn from(number: Fixed) -> String {
        number.0.to_string()
    }
}

impl TryFrom<String> for Fixed {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Fixed, Self::Error> {
        text.parse().map(Fixed)
    }
}

/// Values taken together.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Totals {
    values: u64,
    sum: Fixed,
    /// How many lie below the lower bound, for a percentile.
    below: u64,
    /// How many lie above the upper bound, for a percentile.
    above: u64,
}

impl Totals {
    /// One value, seen from the bounds of `kind`.
    fn of(value: Fixed, kind: &Kind) -> Totals {
        let (below, above) = match kind {
            Kind::ValuePercentile(range, ..) => (range.is_above(value), range.is_below(value)),
            _ => (false, false),
        };
        Totals { values: 1, sum: value, below: u64::from(below), above: u64::from(above) }
    }

    fn add(&mut self, other: Totals) {
        self.values += other.values;
        self.sum.0 = self.sum.0.saturating_add(other.sum.0);
        self.below += other.below;
        self.above += other.above;
    }

    fn remove(&mut self, other: Totals) {
        self.values = self.values.saturating_sub(other.values);
        self.sum.0 = self.sum.0.saturating_sub(other.sum.0);
        self.below = self.below.saturating_sub(other.below);
        self.above = self.above.saturating_sub(other.above);
    }

    /// Whether what `kind` asks of these values is within its bounds.
    pub(super) fn fulfil(&self, kind: &Kind) -> bool {
        if self.values == 0 {
            return false;
        }
        match kind {
            Kind::ValueSum(range, _) => !range.is_above(self.sum) && !range.is_below(self.sum),
            // Compared with the bound times the number of values: dividing would round.
            Kind::ValueAverage(range, _) => {
                let outside = |bound: Fixed, inclusive: bool, order: std::cmp::Ordering| {
                    let found = self.sum.cmp(&bound.times(self.values));
                    found == order || (found.is_eq() && !inclusive)
                };
                !range.least.is_some_and(|(bound, inclusive)| outside(bound, inclusive, std::cmp::Ordering::Less))
                    && !range
                        .most
                        .is_some_and(|(bound, inclusive)| outside(bound, inclusive, std::cmp::Ordering::Greater))
            }
            Kind::ValuePercentile(_, percentile, _) => {
                let rank = percentile.rank(self.values);
                self.below < rank && self.values - self.above >= rank
            }
            _ => false,
        }
    }

    /// What these values come to, in words.
    pub(super) fn spelled(&self, kind: &Kind) -> String {
        let values = self.values;
        match kind {
            Kind::ValueAverage(..) => {
                let average = Fixed(self.sum.0 / i128::from(values.max(1)));
                format!("an average of {} over {values} values", average.spelled())
            }
            Kind::ValuePercentile(_, percentile, _) => {
                let within = values.saturating_sub(self.below + self.above);
                format!("percentile {} within bounds, with {within} of {values} values", percentile.spelled())
            }
            _ => format!("a sum of {} over {values} values", self.sum.spelled()),
        }
    }
}

impl Range {
    /// Whether the whole range lies above `value`.
    fn is_above(&self, value: Fixed) -> bool {
        self.least.is_some_and(|(bound, inclusive)| value < bound || (value == bound && !inclusive))
    }

    /// Whether the whole range lies below `value`.
    fn is_below(&self, value: Fixed) -> bool {
        self.most.is_some_and(|(bound, inclusive)| value > bound || (value == bound && !inclusive))
    }
}

/// The numbers among `values`, together.
fn totals(values: &[Text], kind: &Kind) -> Totals {
    let mut all = Totals::default();
    values.iter().filter_map(|text| Fixed::parse(text)).for_each(|value| all.add(Totals::of(value, kind)));
    all
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Slice {
    at: i64,
    totals: Totals,
}

/// The values of one key within a span that slides.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct SlidingValues {
    slices: VecDeque<Slice>,
    all: Totals,
    /// Instants are rounded up to multiples of this; 0 and 1 leave them as they are.
    grid: i64,
    evidence: VecDeque<Seen>,
}

impl SlidingValues {
    /// Takes an event with its values; whether the span that ends with it fulfils `kind`.
    pub(super) fn take(&mut self, seen: Seen, values: &[Text], kind: &Kind, span: i64) -> bool {
        let expired = seen.at.saturating_sub(span);
        while let Some(first) = self.slices.front().filter(|first| first.at <= expired) {
            self.all.remove(first.totals);
            self.slices.pop_front();
        }
        if self.slices.is_empty() {
            self.grid = 0;
        }
        while self.evidence.front().is_some_and(|first| first.at <= expired) || self.evidence.len() >= EVENTS_MAX {
            self.evidence.pop_front();
        }
        let totals = totals(values, kind);
        if totals.values == 0 {
            return false;
        }
        self.evidence.push_back(seen);
        self.all.add(totals);
        let at = rounded_up(seen.at, self.grid);
        match self.slices.back_mut() {
            Some(last) if last.at == at => last.totals.add(totals),
            _ => self.slices.push_back(Slice { at, totals }),
        }
        if self.slices.len() > SLICES_MAX {
            self.coarsen(span);
        }
        self.all.fulfil(kind)
    }

    /// Puts neighbouring slices together until half the room is free.
    fn coarsen(&mut self, span: i64) {
        let coarsest = (span / STEPS_MIN).max(1);
        while self.slices.len() > SLICES_MAX / 2 && self.grid < coarsest {
            self.grid = (self.grid * 2).max(1).min(coarsest);
            let mut coarse: VecDeque<Slice> = VecDeque::new();
            for slice in &self.slices {
                let at = rounded_up(slice.at, self.grid);
                match coarse.back_mut() {
                    Some(last) if last.at == at => last.totals.add(slice.totals),
                    _ => coarse.push_back(Slice { at, totals: slice.totals }),
                }
            }
            self.slices = coarse;
        }
    }

    /// What the span holds, in words.
    pub(super) fn spelled(&self, kind: &Kind) -> String {
        self.all.spelled(kind)
    }

    /// How many values it holds.
    pub(super) fn values(&self) -> u64 {
        self.all.values
    }

    /// The latest events, oldest first.
    pub(super) fn evidence(&self) -> Vec<Seen> {
        self.evidence.iter().copied().collect()
    }
}

/// `at`, or the next multiple of `grid`.
fn rounded_up(at: i64, grid: i64) -> i64 {
    if grid <= 1 {
        return at;
    }
    match at.rem_euclid(grid) {
        0 => at,
        rest => at.saturating_add(grid - rest),
    }
}

impl Footprint for SlidingValues {
    fn heap_bytes(&self) -> usize {
        self.slices.len().next_power_of_two() * size_of::<Slice>()
            + self.evidence.len().next_power_of_two() * size_of::<Seen>()
    }

    fn evidence(&self) -> u64 {
        self.all.values
    }
}

/// The values of a span that is judged when it is over.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WholeValues {
    /// When it ends, in microseconds.
    pub(super) ends: i64,
    /// Whom its latest event is about.
    pub(super) parties: Parties,
    all: Totals,
    evidence: Vec<Seen>,
}

impl WholeValues {
    /// A span that ends then.
    pub(super) fn new(ends: i64) -> WholeValues {
        WholeValues { ends, parties: Parties::default(), all: Totals::default(), evidence: Vec::new() }
    }

    /// Takes an event with its values.
    pub(super) fn take(&mut self, seen: Seen, parties: &Parties, values: &[Text], kind: &Kind) {
        let totals = totals(values, kind);
        if totals.values > 0 {
            self.all.add(totals);
            self.parties = parties.clone();
            if self.evidence.len() < EVENTS_MAX {
                self.evidence.push(seen);
            }
        }
    }

    /// Whether it fulfils `kind`, what it holds in words, how many values, and its first events.
    pub(super) fn judged(&self, kind: &Kind) -> Option<(String, u64, Vec<Seen>)> {
        self.all.fulfil(kind).then(|| (self.all.spelled(kind), self.all.values, self.evidence.clone()))
    }
}

impl Footprint for WholeValues {
    fn heap_bytes(&self) -> usize {
        self.evidence.len().next_power_of_two() * size_of::<Seen>() + 200
    }

    fn evidence(&self) -> u64 {
        self.all.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Field;
    use crate::rules::Percentile;
    use firebreak_model::EventUid;

    fn field() -> Field {
        Field::Body(Text::new("x"))
    }

    fn at_least(bound: f64) -> Range {
        Range { least: Some((Fixed::new(bound), true)), most: None }
    }

    fn seen(at: i64) -> Seen {
        Seen { at, uid: EventUid(at as u128) }
    }

    fn text(value: i64) -> [Text; 1] {
        [Text::new(value.to_string())]
    }

    fn random(state: &mut i64) -> i64 {
        *state = (*state * 1_103_515_245 + 12_345) % 2_147_483_648;
        *state >> 8
    }

    /// What the definition says, from every value there was.
    fn plainly(all: &[(i64, i64)], at: i64, span: i64, kind: &Kind) -> bool {
        let mut values: Vec<i64> = all.iter().filter(|(seen, _)| *seen > at - span).map(|(_, value)| *value).collect();
        values.sort_unstable();
        let (sum, number) = (values.iter().sum::<i64>(), values.len() as u64);
        match kind {
            Kind::ValueSum(..) => sum >= 200,
            Kind::ValueAverage(..) => sum as f64 / number as f64 >= 5.5,
            Kind::ValuePercentile(_, percentile, _) => values[percentile.rank(number) as usize - 1] >= 12,
            _ => false,
        }
    }

    #[test]
    fn sliding_values_agree_with_the_definition() {
        for kind in [
            Kind::ValueSum(at_least(200.0), field()),
            Kind::ValueAverage(at_least(5.5), field()),
            Kind::ValuePercentile(at_least(12.0), Percentile::new(90.0).expect("a percentile"), field()),
        ] {
            let (span, mut state, mut fired) = (50, 11, 0);
            let (mut sliding, mut all) = (SlidingValues::default(), Vec::new());
            let mut at = 0;
            for _ in 0..3_000 {
                at += random(&mut state) % 3;
                let value = random(&mut state) % 16 - 3;
                all.push((at, value));
                let fires = sliding.take(seen(at), &text(value), &kind, span);
                assert_eq!(fires, plainly(&all, at, span, &kind), "{kind:?} at {at}");
                fired += u32::from(fires);
            }
            assert!((100..2_900).contains(&fired), "{kind:?}: {fired}");
        }
    }

    #[test]
    fn fractions_leave_no_drift() {
        let kind = Kind::ValueSum(at_least(0.35), field());
        let mut sliding = SlidingValues::default();
        for at in 0..100_000 {
            assert!(!sliding.take(seen(at), &[Text::new("0.1")], &kind, 3), "at {at}: {:?}", sliding.all);
        }
        assert!(sliding.take(seen(100_000), &[Text::new("0.16")], &kind, 3));
        let odd = Kind::ValueSum(at_least(9_007_199_254_740_996.0), field());
        assert!(!SlidingValues::default().take(seen(0), &[Text::new("9007199254740995")], &odd, 3));
    }

    #[test]
    fn what_is_not_a_number_is_not_a_value() {
        let kind = Kind::ValueAverage(at_least(1.0), field());
        let mut sliding = SlidingValues::default();
        assert!(!sliding.take(seen(0), &[Text::new("many")], &kind, 10));
        assert!(sliding.take(seen(1), &[Text::new("2"), Text::new("x")], &kind, 10));
        assert_eq!(sliding.values(), 1);
    }

    #[test]
    fn memory_is_bounded_and_no_value_is_lost() {
        let span = 86_400_000_000;
        let kind = Kind::ValueSum(at_least(150_000.0), field());
        let mut sliding = SlidingValues::default();
        let mut first = None;
        for number in 0..200_000_i64 {
            if sliding.take(seen(number * 400_003), &text(1), &kind, span) && first.is_none() {
                first = Some(number);
            }
            assert!(sliding.slices.len() <= SLICES_MAX);
        }
        assert_eq!(first, Some(149_999));
        // 216,000 events fit a span: late by less than a thousandth of it.
        let later = 200_000 * 400_003 + span;
        sliding.take(seen(later - span / 2), &text(1), &kind, span);
        let expected = 200_000 - (later - span / 2 - span) / 400_003;
        let held = sliding.values() as i64;
        assert!((expected - 1..=expected + 220).contains(&held), "{held} of {expected}");
    }

    #[test]
    fn a_span_that_is_over_is_judged_by_both_bounds() {
        let few = Range { least: Some((Fixed::new(2.0), false)), most: Some((Fixed::new(4.0), true)) };
        let kind = Kind::ValueAverage(few, field());
        let judge = |values: &[i64]| {
            let mut whole = WholeValues::new(10);
            values.iter().for_each(|value| whole.take(seen(*value), &Parties::default(), &text(*value), &kind));
            whole.judged(&kind).is_some()
        };
        assert!(judge(&[3, 5]) && judge(&[2, 3]));
        assert!(!judge(&[2, 2]) && !judge(&[4, 5]) && !judge(&[]));
    }
}
