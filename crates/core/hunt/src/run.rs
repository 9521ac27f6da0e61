//! Carries a question out: inner questions first, then one pass over the rows, then order and bounds.

use crate::Refusal;
use crate::aggregate::{Aggregate, Tally};
use crate::evaluate::value;
use crate::expression::{Expression, Set};
use crate::value::{Key, Kind, Value};
use firebreak_model::Time;
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::cmp::Ordering;
use std::ops::ControlFlow;

/// How much one question may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// Rows of the answer.
    pub rows: usize,
    /// Bytes in memory, about, over all that is kept while it is answered.
    pub bytes: usize,
}

/// Where events are.
pub trait Events {
    /// Shows `each` the named columns of every event in `window` (others may be shown too), until it breaks or time is up.
    ///
    /// # Errors
    /// If time is up, with what to do; or whatever keeps the events from being read at all.
    fn look(
        &mut self,
        columns: &[&'static str],
        window: (Time, Time),
        each: &mut dyn FnMut(&[Value<'_>]) -> ControlFlow<()>,
    ) -> Result<Looked, Refusal>;

    /// Whether time is up.
    ///
    /// # Errors
    /// If it is, with what to do.
    fn in_time(&self) -> Result<(), Refusal>;
}

/// What was looked at.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Looked {
    /// Events.
    pub events: u64,
    /// What could not be read: the answer says nothing of it.
    pub gaps: Vec<String>,
}

/// A column of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    #[serde(serialize_with = "word")]
    pub holds: Kind,
}

fn word<S: serde::Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

/// The answer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Answer {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows.
    pub rows: Vec<Vec<Value<'static>>>,
    /// Whether there are more rows than fit.
    pub more: bool,
    /// Events that were looked at.
    pub events: u64,
    /// What could not be read: the answer says nothing of it.
    pub gaps: Vec<String>,
}

/// From where rows come.
#[derive(Debug)]
pub(crate) enum Rows {
    /// Events: the columns that are needed, and the window of time outside of which none can matter.
    Events(Vec<&'static str>, (Time, Time)),
    /// The answer of another question.
    Answer(Box<Question>),
}

/// How groups are made.
#[derive(Debug)]
pub(crate) struct Grouping {
    pub(crate) by: Vec<Expression>,
    pub(crate) aggregates: Vec<Aggregate>,
    pub(crate) having: Option<Expression>,
}

/// One column to order by.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) by: Expression,
    pub(crate) down: bool,
    pub(crate) absent_first: bool,
}

/// A question that was read and checked.
#[derive(Debug)]
pub struct Question {
    pub(crate) rows: Rows,
    pub(crate) inner: Vec<Question>,
    pub(crate) condition: Option<Expression>,
    pub(crate) grouping: Option<Grouping>,
    /// What is shown, over rows or over groups.
    pub(crate) shown: Vec<(Column, Expression)>,
    pub(crate) distinct: bool,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

/// Rows are checked against time once in so many.
const EACH: u64 = 4_096;

/// What one question has taken so far.
struct Purse {
    bytes: usize,
    most: usize,
}

impl Purse {
    fn pay(&mut self, bytes: usize) -> ControlFlow<()> {
        self.bytes += bytes;
        if self.bytes > self.most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn check(&self) -> Result<(), Refusal> {
        if self.bytes <= self.most {
            return Ok(());
        }
        let reason = format!("the answer needs more than {} MB of memory", self.most >> 20);
        Err(Refusal::new(reason, "ask for a shorter window of time, fewer groups or fewer columns"))
    }
}

/// A row on its way into the answer: what it is ordered by, and what is shown.
type Ranked = (Vec<Value<'static>>, Vec<Value<'static>>);

impl Question {
    /// The columns of the answer.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.shown.iter().map(|(column, _)| column)
    }

    /// Answers it from `events` within `bounds`.
    ///
    /// # Errors
    /// If it takes too much time or memory, or the events cannot be read.
    pub fn answer(&self, events: &mut dyn Events, bounds: Bounds) -> Result<Answer, Refusal> {
        let mut purse = Purse { bytes: 0, most: bounds.bytes };
        self.answered(events, bounds.rows, &mut purse)
    }

    fn answered(&self, events: &mut dyn Events, rows_max: usize, purse: &mut Purse) -> Result<Answer, Refusal> {
        let (mut looked, mut sets) = (Looked::default(), Vec::new());
        for inner in &self.inner {
            // An inner answer that was cut would make the outer one wrong: only memory bounds it.
            let answer = inner.answered(events, usize::MAX, purse)?;
            looked.events += answer.events;
            looked.gaps.extend(answer.gaps);
            let mut set = Set::default();
            for value in answer.rows.into_iter().filter_map(|row| row.into_iter().next()) {
                set.absent |= value == Value::Absent;
                set.values.insert(Key::of(value));
            }
            set.values.remove(&Key(Value::Absent));
            sets.push(set);
        }
        let wanted = self.limit.unwrap_or(usize::MAX).min(rows_max);
        let mut answer = Collected::new(self, wanted);
        let seen = match &self.grouping {
            None => self.pass(events, &sets, purse, &mut |row, purse| answer.take(self, row, &sets, purse))?,
            Some(grouping) => {
                let mut groups = Groups::default();
                let seen =
                    self.pass(events, &sets, purse, &mut |row, purse| groups.take(grouping, row, &sets, purse))?;
                for row in groups.rows(grouping) {
                    let had = grouping.having.as_ref().is_none_or(|having| value(having, &row, &sets).holds());
                    if had && answer.take(self, &row, &sets, purse).is_break() {
                        break;
                    }
                }
                seen
            }
        };
        purse.check()?;
        events.in_time()?;
        looked.events += seen.events;
        looked.gaps.extend(seen.gaps);
        looked.gaps.sort_unstable();
        looked.gaps.dedup();
        let (rows, more) = answer.rows(self);
        let columns = self.columns().cloned().collect();
        Ok(Answer { columns, rows, more, events: looked.events, gaps: looked.gaps })
    }

    /// Shows `each` every row that meets the condition.
    fn pass(
        &self,
        events: &mut dyn Events,
        sets: &[Set],
        purse: &mut Purse,
        each: &mut dyn FnMut(&[Value<'_>], &mut Purse) -> ControlFlow<()>,
    ) -> Result<Looked, Refusal> {
        let mut meet = |row: &[Value<'_>], purse: &mut Purse| match &self.condition {
            Some(condition) if !value(condition, row, sets).holds() => ControlFlow::Continue(()),
            _ => each(row, purse),
        };
        match &self.rows {
            Rows::Events(columns, window) => events.look(columns, *window, &mut |row| meet(row, purse)),
            Rows::Answer(question) => {
                let answer = question.answered(events, usize::MAX, purse)?;
                for (row, number) in answer.rows.iter().zip(0_u64..) {
                    if number % EACH == 0 {
                        events.in_time()?;
                    }
                    if meet(row, purse).is_break() {
                        break;
                    }
                }
                Ok(Looked { events: answer.events, gaps: answer.gaps })
            }
        }
    }
}

/// Groups, in the order in which each was first seen.
#[derive(Default)]
struct Groups {
    places: FxHashMap<Vec<Key>, usize>,
    tallies: Vec<(Vec<Value<'static>>, Vec<Tally>)>,
}

impl Groups {
    fn take(&mut self, grouping: &Grouping, row: &[Value<'_>], sets: &[Set], purse: &mut Purse) -> ControlFlow<()> {
        let by: Vec<Key> = grouping.by.iter().map(|by| Key::of(value(by, row, sets))).collect();
        let mut grown = 0;
        let at = match self.places.get(&by) {
            Some(at) => *at,
            None => {
                let values: Vec<Value<'static>> = by.iter().map(|key| key.0.clone()).collect();
                grown += 2 * values.iter().map(Value::size).sum::<usize>();
                grown += grouping.aggregates.len() * size_of::<Tally>() + 2 * size_of::<Vec<Key>>();
                let tallies = grouping.aggregates.iter().map(|_| Tally::new()).collect();
                self.tallies.push((values, tallies));
                self.places.insert(by, self.tallies.len() - 1);
                self.tallies.len() - 1
            }
        };
        if let Some((_, tallies)) = self.tallies.get_mut(at) {
            for (tally, aggregate) in tallies.iter_mut().zip(&grouping.aggregates) {
                grown += tally.take(aggregate, row, sets);
            }
        }
        purse.pay(grown)
    }

    fn rows(mut self, grouping: &Grouping) -> impl Iterator<Item = Vec<Value<'static>>> {
        // A question without groups has one answer, also over nothing.
        if grouping.by.is_empty() && self.tallies.is_empty() {
            self.tallies.push((Vec::new(), grouping.aggregates.iter().map(|_| Tally::new()).collect()));
        }
        self.tallies.into_iter().map(|(mut row, tallies)| {
            row.extend(tallies.into_iter().zip(&grouping.aggregates).map(|(tally, one)| tally.came_to(one.how)));
            row
        })
    }
}

/// Rows of the answer: no more are kept than can still be among it.
struct Collected {
    rows: Vec<Ranked>,
    seen: rustc_hash::FxHashSet<Vec<Key>>,
    /// How many are needed: those asked for, those before them, and one that says that there are more.
    needed: usize,
    wanted: usize,
}

impl Collected {
    fn new(question: &Question, wanted: usize) -> Collected {
        let needed = wanted.saturating_add(question.offset).saturating_add(1);
        Collected { rows: Vec::new(), seen: Default::default(), needed, wanted }
    }

    fn take(&mut self, question: &Question, row: &[Value<'_>], sets: &[Set], purse: &mut Purse) -> ControlFlow<()> {
        let shown: Vec<Value<'_>> = question.shown.iter().map(|(_, shown)| value(shown, row, sets)).collect();
        let mut grown = 0;
        if question.distinct {
            let key: Vec<Key> = shown.iter().map(|value| Key::of(value.lent())).collect();
            let size = key.iter().map(|key| key.0.size()).sum::<usize>();
            if !self.seen.insert(key) {
                return ControlFlow::Continue(());
            }
            grown += size;
        }
        let by: Vec<Value<'static>> = question.order.iter().map(|order| value(&order.by, row, sets).owned()).collect();
        let shown: Vec<Value<'static>> = shown.into_iter().map(Value::owned).collect();
        grown += by.iter().chain(&shown).map(Value::size).sum::<usize>() + size_of::<Ranked>();
        self.rows.push((by, shown));
        if question.order.is_empty() && self.rows.len() >= self.needed {
            return ControlFlow::Break(());
        }
        if self.rows.len() >= self.needed.saturating_mul(2).max(4_096) {
            let before = self.size();
            self.sort(question);
            self.rows.truncate(self.needed);
            purse.bytes = purse.bytes.saturating_sub(before - self.size());
        }
        purse.pay(grown)
    }

    fn size(&self) -> usize {
        let values = self.rows.iter().flat_map(|(by, shown)| by.iter().chain(shown));
        values.map(Value::size).sum::<usize>() + self.rows.len() * size_of::<Ranked>()
    }

    /// Rows that are ordered alike stay as they came.
    fn sort(&mut self, question: &Question) {
        self.rows.sort_by(|(one, _), (other, _)| {
            let each = question.order.iter().zip(one.iter().zip(other));
            each.map(|(order, (one, other))| compared(order, one, other))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
    }

    fn rows(mut self, question: &Question) -> (Vec<Vec<Value<'static>>>, bool) {
        self.sort(question);
        let limited = question.limit.is_some_and(|limit| limit <= self.wanted);
        let more = !limited && self.rows.len().saturating_sub(question.offset) > self.wanted;
        let rows = self.rows.into_iter().skip(question.offset).take(self.wanted);
        (rows.map(|(_, shown)| shown).collect(), more)
    }
}

fn compared(order: &Order, one: &Value<'_>, other: &Value<'_>) -> Ordering {
    let absent = (*one == Value::Absent, *other == Value::Absent);
    match absent {
        (true, true) => Ordering::Equal,
        (true, false) if order.absent_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if order.absent_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if order.down => other.ordered(one),
        (false, false) => one.ordered(other),
    }
}
