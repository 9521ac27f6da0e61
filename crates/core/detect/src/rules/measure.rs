//! The `condition` of a correlation that counts or measures: bounds on a count, on a sum, average or percentile.

use super::attributes::Refusals;
use super::condition::Refusal;
use crate::correlator::metric::Fixed;
use yaml_serde::{Mapping, Value};

/// A range of counts, both ends inside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// At least so many.
    pub least: u64,
    /// At most so many; `None` is no upper bound.
    pub most: Option<u64>,
}

impl Bounds {
    /// Whether `count` is inside.
    pub fn contain(self, count: u64) -> bool {
        self.least <= count && self.most.is_none_or(|most| count <= most)
    }
}

/// A range of numbers; each bound with whether it is itself inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Range {
    pub(crate) least: Option<(Fixed, bool)>,
    pub(crate) most: Option<(Fixed, bool)>,
}

/// A percentile by nearest rank, in millionths of all values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Percentile(u32);

impl Percentile {
    /// Of a number above 0 and up to 100.
    pub fn new(percent: f64) -> Option<Percentile> {
        let millionths = (percent * 10_000.0).round();
        (1.0..=1_000_000.0).contains(&millionths).then_some(Percentile(millionths as u32))
    }

    /// Which of so many values it is, from 1.
    pub fn rank(self, values: u64) -> u64 {
        let whole = u128::from(values) * u128::from(self.0);
        u64::try_from(whole.div_ceil(1_000_000)).unwrap_or(values).clamp(1, values.max(1))
    }

    /// As decimal text.
    pub(crate) fn spelled(self) -> String {
        (f64::from(self.0) / 10_000.0).to_string()
    }
}

/// Largest count that a condition may ask for.
const COUNT_MAX: u64 = 1_000_000;

fn push(refusals: &mut Refusals, reason: impl Into<String>, hint: impl Into<String>) {
    refusals.push(("condition".to_owned(), Refusal { reason: reason.into(), hint: hint.into() }));
}

/// Keys of a condition that are not bounds.
const OTHER_KEYS: [&str; 2] = ["field", "percentile"];

fn section<'a>(section: &'a Mapping, refusals: &mut Refusals) -> Option<&'a Mapping> {
    let condition = section.get("condition").and_then(Value::as_mapping);
    if condition.is_none() {
        push(refusals, "the correlation has no condition on a count", "write `condition: {gte: 10}`");
    }
    condition
}

/// The counts that `condition` allows.
pub(super) fn bounds(correlation: &Mapping, refusals: &mut Refusals) -> Option<Bounds> {
    let mut bounds = Bounds { least: 0, most: None };
    let mut bounded = false;
    for (key, value) in section(correlation, refusals)? {
        let word = key.as_str().unwrap_or_default();
        if OTHER_KEYS.contains(&word) {
            continue;
        }
        let Some(count) = value.as_u64().filter(|count| *count <= COUNT_MAX) else {
            let hint = format!("write a whole number from 0 to {COUNT_MAX}");
            push(refusals, format!("`{word}` is not compared with a count"), hint);
            return None;
        };
        let most = |most: u64| Some(bounds.most.map_or(most, |known| known.min(most)));
        match word {
            "gte" => bounds.least = bounds.least.max(count),
            "gt" => bounds.least = bounds.least.max(count + 1),
            "lte" => bounds.most = most(count),
            "lt" if count > 0 => bounds.most = most(count - 1),
            "eq" => bounds = Bounds { least: bounds.least.max(count), most: most(count) },
            _ => {
                push(
                    refusals,
                    format!("`{word}: {count}` is not a condition on a count"),
                    "use gt, gte, lt, lte or eq",
                );
                return None;
            }
        }
        bounded = true;
    }
    let possible = bounded && bounds.most.map_or(bounds.least > 0, |most| most >= bounds.least.max(1));
    if !possible {
        let hint = "a key has at least one event: write for instance `gte: 10`";
        push(refusals, "the condition on the count holds always or never", hint);
        return None;
    }
    Some(bounds)
}

/// The numbers that `condition` allows.
pub(super) fn range(correlation: &Mapping, refusals: &mut Refusals) -> Option<Range> {
    let mut range = Range::default();
    for (key, value) in section(correlation, refusals)? {
        let word = key.as_str().unwrap_or_default();
        if OTHER_KEYS.contains(&word) {
            continue;
        }
        let Some(number) = value.as_f64().filter(|number| number.is_finite()).map(Fixed::new) else {
            push(refusals, format!("`{word}` is not compared with a number"), "write a number");
            return None;
        };
        let (least, most) = match word {
            "gte" => (Some((number, true)), None),
            "gt" => (Some((number, false)), None),
            "lte" => (None, Some((number, true))),
            "lt" => (None, Some((number, false))),
            "eq" => (Some((number, true)), Some((number, true))),
            _ => {
                push(refusals, format!("`{word}` is not a condition on a number"), "use gt, gte, lt, lte or eq");
                return None;
            }
        };
        range.narrow(least, most);
    }
    let possible = match (range.least, range.most) {
        (None, None) => false,
        (Some((least, own)), Some((most, other))) => least < most || (least == most && own && other),
        _ => true,
    };
    if !possible {
        push(refusals, "the condition on the number holds always or never", "write for instance `gte: 1000`");
        return None;
    }
    Some(range)
}

impl Range {
    fn narrow(&mut self, least: Option<(Fixed, bool)>, most: Option<(Fixed, bool)>) {
        // Of two equal bounds the one that leaves out the bound itself is narrower.
        let narrower = |(known, own): (Fixed, bool), (bound, inclusive): (Fixed, bool), above: bool| {
            let further = if above { bound > known } else { bound < known };
            if further || (bound == known && own) { (bound, inclusive) } else { (known, own) }
        };
        if let Some(bound) = least {
            self.least = Some(self.least.map_or(bound, |known| narrower(known, bound, true)));
        }
        if let Some(bound) = most {
            self.most = Some(self.most.map_or(bound, |known| narrower(known, bound, false)));
        }
    }
}

/// The `percentile` of a condition.
pub(super) fn percentile(correlation: &Mapping, refusals: &mut Refusals) -> Option<Percentile> {
    let given = correlation.get("condition").and_then(|condition| condition.get("percentile"));
    let read = given.and_then(Value::as_f64).and_then(Percentile::new);
    if read.is_none() {
        let reason = match given {
            None => "value_percentile has no percentile",
            Some(_) => "`percentile` is not a number above 0 and up to 100",
        };
        push(refusals, reason, "add for instance `percentile: 95` to `condition`");
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let rank = |percent: f64, values: u64| Percentile::new(percent).expect("a percentile").rank(values);
        assert_eq!([rank(50.0, 1), rank(50.0, 4), rank(50.0, 5), rank(95.0, 20), rank(100.0, 7)], [1, 2, 3, 19, 7]);
        assert_eq!([rank(99.9, 1_000), rank(0.1, 10)], [999, 1]);
        assert!(Percentile::new(0.0).is_none() && Percentile::new(101.0).is_none());
    }

    #[test]
    fn ranges_narrow() {
        let read = |text: &str| {
            let mut refusals = Vec::new();
            let correlation: Mapping = yaml_serde::from_str(&format!("condition: {{{text}}}")).expect("yaml");
            range(&correlation, &mut refusals).ok_or(refusals)
        };
        let found = read("gte: 2, gt: 2, lt: 7.5, lte: 9, field: x").expect("a range");
        assert_eq!((found.least, found.most), (Some((Fixed::new(2.0), false)), Some((Fixed::new(7.5), false))));
        for wrong in ["field: x", "gt: 2, lt: 2", "gte: x", "about: 3"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
