//! The history of what was known of the estate: snapshots in, facts as known at any time out.
//!
//! A snapshot says what a scope (an account, an organisation, a file) held at the time when it was **taken**, and has a time
//! at which it was **known**. The rules:
//!
//! - What is known at a time follows from the snapshots known by then, put in the order in which they were taken. Late and
//!   repeated ones give the same as if all had come in order.
//! - A complete snapshot that lacks a statement which one before it holds ends the statement at the time it was taken. A
//!   relation that first appears after a complete snapshot without it began after that one. A partial snapshot ends and
//!   begins nothing: what it does not hold it does not speak of.
//! - A statement that several scopes make lives until all of them have ended it. A thing lasts at least as long as
//!   the relations that speak of it, and when it began only the fact itself says: to be listed anew is not to be new.
//! - Of two different snapshots of a scope that say the same time of themselves the one that came later was taken when it
//!   came: somebody edited a file and left its date.
//! - A snapshot that says it was taken after it was known was taken when it was known.
//!
//! Nothing is forgotten unless that is asked for ([`History::forget`]), and nothing is merged or joined: the same statement from two scopes is two facts. What
//! a scope says beside facts (an owner's policies) travels along as notes.

mod difference;
mod forget;
#[cfg(test)]
mod oracle;
mod statement;
#[cfg(test)]
mod tests;
mod view;

pub use difference::{difference, streams};
pub use forget::Forgotten;

use firebreak_model::{Fact, Text, Time};
use serde::{Deserialize, Serialize};
use statement::{Statement, held, same};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// What a scope held.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Snapshot {
    /// Of what.
    pub scope: Text,
    /// Whether it holds everything in its scope.
    pub complete: bool,
    /// When it was taken, as far as its source says.
    pub taken: Time,
    /// When we learnt it.
    pub known: Time,
    /// What it says.
    pub facts: Vec<Fact>,
    /// What it says beside that, in a form that is not read here.
    pub notes: String,
}

/// A snapshot as the log keeps it: what is different from the one taken before it. The log, read in the order in which it
/// was written, gives the same history.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Logged {
    /// Of what.
    pub scope: Text,
    /// Whether it holds everything in its scope.
    pub complete: bool,
    /// When it says that it was taken.
    pub stated: Time,
    /// When it was taken, by the rules above.
    pub taken: Time,
    /// When we learnt it.
    pub known: Time,
    /// What it says beside its facts.
    pub notes: String,
    /// Statements that it holds otherwise than the one before it, and statements that it does not hold.
    pub rows: Vec<Row>,
}

/// One difference.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The statement: as it is made, or as it was made last.
    pub fact: Fact,
    /// Which of several that say the same but for how they can be cut; from 0.
    pub place: u32,
    /// Whether the snapshot holds it. What a complete one does not hold has ended; of a partial one this says nothing.
    pub held: bool,
}

/// A snapshot's place in the order in which they were taken.
type Taken = (Time, u32);

#[derive(Clone, Debug)]
struct Header {
    complete: bool,
    stated: Time,
    known: Time,
    notes: String,
    /// In which order it arrived.
    arrival: u64,
}

/// From a snapshot on a statement is held, in this form, or is not.
type Mark = (Taken, Option<Arc<Fact>>);

#[derive(Clone, Debug, Default)]
struct Scope {
    snapshots: BTreeMap<Taken, Header>,
    marks: BTreeMap<Statement, Vec<Mark>>,
}

/// All snapshots.
#[derive(Clone, Debug, Default)]
pub struct History {
    scopes: BTreeMap<Text, Scope>,
    arrivals: u64,
    latest: Time,
}

impl History {
    /// Takes a snapshot and gives what the log must keep of it; `None` for one that came before.
    ///
    /// Snapshots come in the order in which they are known; where the clock went back, at the latest known time.
    pub fn take(&mut self, snapshot: Snapshot) -> Option<Logged> {
        let Snapshot { scope, complete, taken: stated, known, facts, notes } = snapshot;
        let known = known.max(self.latest);
        let of_scope = self.scopes.entry(scope.clone()).or_default();
        let now_held = held(facts);
        let header = Header { complete, stated: stated.min(known), known, notes, arrival: 0 };
        let taken = of_scope.place(&header, &now_held)?;
        let rows = of_scope.rows(taken, &now_held);
        let Header { complete, stated, known, notes, .. } = header;
        let logged = Logged { scope, complete, stated, taken: taken.0, known, notes, rows };
        self.replay(logged.clone());
        Some(logged)
    }

    /// Takes what the log kept.
    pub fn replay(&mut self, logged: Logged) {
        let Logged { scope, complete, stated, taken, known, notes, rows } = logged;
        self.arrivals += 1;
        self.latest = self.latest.max(known);
        let of_scope = self.scopes.entry(scope).or_default();
        let header = Header { complete, stated, known, notes, arrival: self.arrivals };
        of_scope.insert(of_scope.free(taken), header, rows);
    }

    /// When the latest snapshot was known; [`Time::MIN`] where there is none.
    pub fn latest(&self) -> Time {
        self.latest
    }

    /// The scopes.
    pub fn scopes(&self) -> impl Iterator<Item = &Text> {
        self.scopes.keys()
    }

    /// The times at which anything became known after `since`, each once, in order.
    pub fn known_since(&self, since: Time) -> Vec<Time> {
        let headers = self.scopes.values().flat_map(|scope| scope.snapshots.values());
        let mut times: Vec<Time> = headers.map(|header| header.known).filter(|known| *known > since).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

impl Scope {
    /// Where a snapshot belongs among those that were taken; `None` for one that came before.
    fn place(&self, new: &Header, now_held: &BTreeMap<Statement, Arc<Fact>>) -> Option<Taken> {
        let twins = self.snapshots.iter().filter(|(_, one)| one.stated == new.stated);
        let Some((place, last)) = twins.max_by_key(|(_, one)| one.arrival) else { return Some(self.free(new.stated)) };
        let repeats = last.complete == new.complete && last.notes == new.notes && self.holds(*place, now_held);
        (!repeats).then(|| self.free(new.known))
    }

    /// The last place at `taken`.
    fn free(&self, taken: Time) -> Taken {
        let last = self.snapshots.range((taken, 0)..=(taken, u32::MAX)).next_back();
        (taken, last.map_or(0, |((_, place), _)| place + 1))
    }

    /// Whether the snapshot at `place` holds exactly this.
    fn holds(&self, place: Taken, now_held: &BTreeMap<Statement, Arc<Fact>>) -> bool {
        let there = self.marks.iter().filter_map(|(statement, marks)| Some((statement, state(marks, place)?)));
        let mut count = 0;
        for (statement, fact) in there {
            count += 1;
            if now_held.get(statement).is_none_or(|new| !same(new, fact)) {
                return false;
            }
        }
        count == now_held.len()
    }

    /// What a snapshot at `place` says otherwise than the one before it.
    fn rows(&self, place: Taken, now_held: &BTreeMap<Statement, Arc<Fact>>) -> Vec<Row> {
        let mut rows = Vec::new();
        for (statement, marks) in &self.marks {
            if let Some(before) = state(marks, place)
                && !now_held.contains_key(statement)
            {
                rows.push(Row { fact: (**before).clone(), place: statement.place(), held: false });
            }
        }
        for (statement, fact) in now_held {
            let before = self.marks.get(statement).and_then(|marks| state(marks, place));
            if before.is_none_or(|before| !same(before, fact)) {
                rows.push(Row { fact: (**fact).clone(), place: statement.place(), held: true });
            }
        }
        rows
    }

    /// Adds a snapshot: the one after it still says what it said.
    fn insert(&mut self, place: Taken, header: Header, rows: Vec<Row>) {
        let after = self.snapshots.range((Bound::Excluded(place), Bound::Unbounded)).next().map(|(after, _)| *after);
        for row in rows {
            let statement = Statement::of(&row.fact, row.place);
            let marks = self.marks.entry(statement).or_default();
            let before = state(marks, place).cloned();
            if let Some(after) = after {
                set(marks, after, before, false);
            }
            set(marks, place, row.held.then(|| Arc::new(row.fact)), true);
        }
        self.snapshots.insert(place, header);
    }
}

/// In which form a statement is held at `place`.
fn state(marks: &[Mark], place: Taken) -> Option<&Arc<Fact>> {
    let next = marks.partition_point(|(at, _)| *at <= place);
    marks.get(next.checked_sub(1)?)?.1.as_ref()
}

fn set(marks: &mut Vec<Mark>, place: Taken, state: Option<Arc<Fact>>, replace: bool) {
    let next = marks.partition_point(|(at, _)| *at < place);
    match marks.get_mut(next) {
        Some(mark) if mark.0 == place && replace => mark.1 = state,
        Some(mark) if mark.0 == place => {}
        _ => marks.insert(next, (place, state)),
    }
}
