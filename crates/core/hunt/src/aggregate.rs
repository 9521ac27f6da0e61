//! What a group of rows comes to.

use crate::evaluate::value;
use crate::expression::{Expression, Set};
use crate::value::{Key, Value};
use rustc_hash::FxHashSet;

/// What is made of the values of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// How many rows, or values that are there.
    Count,
    Sum,
    Mean,
    Least,
    Most,
}

/// One aggregate of a question.
#[derive(Clone, Debug)]
pub(crate) struct Aggregate {
    pub(crate) how: How,
    /// Of what; of rows where there is none.
    pub(crate) of: Option<Expression>,
    /// Each value once.
    pub(crate) distinct: bool,
    /// Only rows for which this holds.
    pub(crate) filter: Option<Expression>,
}

/// How far one aggregate of one group has come.
#[derive(Debug)]
pub(crate) struct Tally {
    count: u64,
    /// Whole numbers exactly, as long as there are only such.
    whole: i128,
    real: f64,
    only_whole: bool,
    outermost: Value<'static>,
    seen: FxHashSet<Key>,
}

impl Tally {
    pub(crate) fn new() -> Tally {
        Tally { count: 0, whole: 0, real: 0.0, only_whole: true, outermost: Value::Absent, seen: FxHashSet::default() }
    }

    /// Takes one row in; gives the bytes that it now takes more.
    pub(crate) fn take(&mut self, aggregate: &Aggregate, row: &[Value<'_>], sets: &[Set]) -> usize {
        if aggregate.filter.as_ref().is_some_and(|filter| !value(filter, row, sets).holds()) {
            return 0;
        }
        let Some(of) = &aggregate.of else {
            self.count += 1;
            return 0;
        };
        let taken = value(of, row, sets);
        if taken == Value::Absent {
            return 0;
        }
        let mut grown = 0;
        if aggregate.distinct {
            let key = Key::of(taken.lent());
            let size = key.0.size() + size_of::<Key>();
            if !self.seen.insert(key) {
                return 0;
            }
            grown += size;
        }
        self.count += 1;
        match aggregate.how {
            How::Count => {}
            How::Sum | How::Mean => self.add(&taken),
            How::Least if self.outermost == Value::Absent || taken.ordered(&self.outermost).is_lt() => {
                self.outermost = taken.owned();
            }
            How::Most if self.outermost == Value::Absent || taken.ordered(&self.outermost).is_gt() => {
                self.outermost = taken.owned();
            }
            How::Least | How::Most => {}
        }
        grown
    }

    fn add(&mut self, taken: &Value<'_>) {
        match taken {
            Value::Whole(number) | Value::Span(number) => {
                self.whole += i128::from(*number);
                self.real += *number as f64;
            }
            Value::Real(number) => {
                self.real += number;
                self.only_whole = false;
            }
            _ => {}
        }
        if matches!(taken, Value::Span(_)) {
            self.outermost = Value::Span(0);
        }
    }

    /// What it came to: a count of nothing is 0, everything else over nothing is absent.
    pub(crate) fn came_to(self, how: How) -> Value<'static> {
        let spans = matches!(self.outermost, Value::Span(_));
        match how {
            How::Count => Value::Whole(i64::try_from(self.count).unwrap_or(i64::MAX)),
            _ if self.count == 0 => Value::Absent,
            How::Sum if spans => Value::Span(i64::try_from(self.whole).unwrap_or(i64::MAX)),
            How::Sum if self.only_whole => {
                i64::try_from(self.whole).map_or(Value::Real(self.whole as f64), Value::Whole)
            }
            How::Sum => finite(self.real),
            How::Mean if spans => Value::Span((self.whole / i128::from(self.count)) as i64),
            How::Mean => finite(self.real / self.count as f64),
            How::Least | How::Most => self.outermost,
        }
    }
}

fn finite(real: f64) -> Value<'static> {
    if real.is_finite() { Value::Real(real) } else { Value::Absent }
}
