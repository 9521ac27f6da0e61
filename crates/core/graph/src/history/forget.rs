//! Forgetting: what had ended, and what was said otherwise since, before a time from which on history is kept.
//!
//! Whatever is asked of knowledge from that time on, and of what held after it, is answered as before; what had ended by then is
//! no longer named. What comes in late and was taken before that time still counts, but when it ended may be told later than
//! it did, and a thing that had ended is then known by its key alone. A snapshot that comes once more after it was forgotten counts
//! as a late one.

use super::statement::Statement;
use super::{Header, History, Logged, Mark, Row, Scope, Taken};
use firebreak_model::{Fact, NodeKey, Time};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was forgotten, and what is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Forgotten {
    /// Forms of statements that were forgotten.
    pub forms: usize,
    /// Snapshots that were forgotten; what they said that still holds is kept.
    pub snapshots: usize,
    /// Forms that are left.
    pub left: usize,
}

impl History {
    /// Forgets what questions of `before` and later do not need.
    pub fn forget(&mut self, before: Time) -> Forgotten {
        let had = self.size();
        let mut last = had;
        // What one pass forgets of a thing may leave another scope alone with it.
        loop {
            self.forget_once(before);
            let left = self.size();
            if left == last {
                return Forgotten { forms: had.0 - left.0, snapshots: had.1 - left.1, left: left.0 };
            }
            last = left;
        }
    }

    /// How many forms and how many snapshots it has.
    fn size(&self) -> (usize, usize) {
        let forms = self.scopes.values().flat_map(|scope| scope.marks.values()).map(Vec::len).sum();
        (forms, self.scopes.values().map(|scope| scope.snapshots.len()).sum())
    }

    fn forget_once(&mut self, before: Time) {
        let olds: Vec<Old> = self.scopes.values().map(|scope| Old::of(scope, before)).collect();
        for (scope, old) in self.scopes.values_mut().zip(&olds) {
            scope.marks.retain(|statement, marks| {
                if matches!(statement, Statement::Edge(..)) {
                    old.shorten(marks, true);
                }
                !marks.is_empty()
            });
        }
        // A thing that has ended lives on as long as a relation speaks of it.
        let mut spoken_of: FxHashSet<NodeKey> = FxHashSet::default();
        for mark in self.scopes.values().flat_map(|scope| scope.marks.values().flatten()) {
            if let Some(Fact::Edge(edge)) = mark.1.as_deref() {
                spoken_of.extend([&edge.from, &edge.to].into_iter().chain(&edge.premises).cloned());
            }
        }
        let mut stated: FxHashMap<NodeKey, usize> = FxHashMap::default();
        for statement in self.scopes.values().flat_map(|scope| scope.marks.keys()) {
            if let Statement::Node(key, _) = statement {
                *stated.entry(key.clone()).or_default() += 1;
            }
        }
        for (scope, old) in self.scopes.values_mut().zip(&olds) {
            scope.marks.retain(|statement, marks| {
                if let Statement::Node(key, _) = statement
                    && !spoken_of.contains(key)
                {
                    old.shorten(marks, stated.get(key) == Some(&1));
                }
                !marks.is_empty()
            });
            old.thin_out(scope);
        }
    }

    /// The log that gives this history when it is read: shorter than what was written of it, where something was forgotten.
    pub fn log(&self) -> Vec<Logged> {
        self.scopes
            .iter()
            .flat_map(|(name, scope)| {
                let mut rows = scope.rows_by_snapshot();
                scope
                    .snapshots
                    .iter()
                    .map(move |(place, header)| {
                        let Header { complete, stated, known, notes, .. } = header.clone();
                        let rows = rows.remove(place).unwrap_or_default();
                        Logged { scope: name.clone(), complete, stated, taken: place.0, known, notes, rows }
                    })
                    .collect::<Vec<Logged>>()
            })
            .collect()
    }
}

impl Scope {
    fn rows_by_snapshot(&self) -> BTreeMap<Taken, Vec<Row>> {
        let mut rows: BTreeMap<Taken, Vec<Row>> = BTreeMap::new();
        for (statement, marks) in &self.marks {
            let mut last: Option<&Arc<Fact>> = None;
            for (place, state) in marks {
                // What was never held needs no word that it is not.
                let Some(fact) = state.as_ref().or(last) else { continue };
                let row = Row { fact: (**fact).clone(), place: statement.place(), held: state.is_some() };
                rows.entry(*place).or_default().push(row);
                last = Some(fact);
            }
        }
        rows
    }
}

/// The old part of a scope: the snapshots, in the order in which they were taken, before the first that was not known in time.
struct Old {
    before: Time,
    end: Option<Taken>,
    complete: Vec<Taken>,
}

impl Old {
    fn of(scope: &Scope, before: Time) -> Old {
        let old = scope.snapshots.iter().take_while(|(_, header)| header.known <= before);
        let (mut end, mut complete) = (None, Vec::new());
        for (place, header) in old {
            end = Some(*place);
            if header.complete {
                complete.push(*place);
            }
        }
        Old { before, end, complete }
    }

    fn holds(&self, place: Taken) -> bool {
        self.end.is_some_and(|end| place <= end)
    }

    /// Whether a complete snapshot of the old part lies in `from..to`.
    fn is_ended(&self, from: Taken, to: Option<Taken>) -> bool {
        let next = self.complete.partition_point(|place| *place < from);
        self.complete.get(next).is_some_and(|place| to.is_none_or(|to| *place < to))
    }

    /// Leaves of the old marks of a statement what still holds, in its last form, from when it began to hold.
    /// `alone` where nothing else makes the statement.
    fn shorten(&self, marks: &mut Vec<Mark>, alone: bool) {
        let count = marks.partition_point(|(place, _)| self.holds(*place));
        let (old, later) = marks.split_at(count);
        let mut open: Option<Mark> = None;
        let mut absent: Option<Taken> = None;
        for (number, (place, state)) in old.iter().enumerate() {
            let next = marks.get(number + 1).map(|(next, _)| *next);
            match state {
                Some(fact) => {
                    let began = open.as_ref().map_or(*place, |(began, _)| *began);
                    (open, absent) = (Some((began, Some(Arc::clone(fact)))), None);
                }
                None if self.is_ended(*place, next) => (open, absent) = (None, None),
                None => absent = absent.or(Some(*place)),
            }
        }
        // Where no snapshot was ever complete, things end by their own word alone.
        let past = |mark: &Mark| mark.1.as_deref().is_some_and(|fact| ends(fact) <= self.before);
        if alone && self.complete.is_empty() && later.is_empty() {
            open = open.filter(|mark| !past(mark));
        }
        let silent = absent.filter(|_| open.is_some()).map(|place| (place, None));
        let ended = open.is_none();
        let later = later.iter().skip_while(|(_, state)| ended && state.is_none()).cloned();
        *marks = open.into_iter().chain(silent).chain(later).collect();
    }

    /// Forgets the old snapshots that no answer depends on.
    fn thin_out(&self, scope: &mut Scope) {
        let mut kept: BTreeSet<Taken> = self.end.into_iter().chain(self.complete.last().copied()).collect();
        for marks in scope.marks.values() {
            for (number, (place, state)) in marks.iter().enumerate().take_while(|(_, (place, _))| self.holds(*place)) {
                let at = self.complete.partition_point(|complete| complete < place);
                kept.insert(*place);
                kept.extend(at.checked_sub(1).and_then(|before| self.complete.get(before)));
                if state.is_none() {
                    let next = marks.get(number + 1).map(|(next, _)| *next);
                    let end = next.map_or(self.complete.len(), |next| self.complete.partition_point(|one| *one < next));
                    let missing = self.complete.get(at..end).unwrap_or_default();
                    kept.extend(missing.first().into_iter().chain(missing.last()));
                }
            }
        }
        scope.snapshots.retain(|place, _| !self.holds(*place) || kept.contains(place));
    }
}

fn ends(fact: &Fact) -> Time {
    match fact {
        Fact::Node(node) => node.valid.to,
        Fact::Edge(edge) => edge.valid.to,
    }
}
