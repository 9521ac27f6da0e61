//! What was known at a time: for each statement of each scope when it held, and of all scopes together the facts.

use super::{History, Mark, Scope, Statement, Taken};
use firebreak_model::{EdgeFact, Fact, Interval, NodeFact, NodeKey, Text, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A time in which a statement was held without a break.
struct Run {
    fact: Arc<Fact>,
    known: Time,
    /// It began after this, where anything says so.
    after: Option<Time>,
    /// When it ended, where anything says so.
    end: Option<Time>,
}

impl Run {
    /// When it held, as the fact says and as far as the snapshots let it.
    fn interval(&self) -> Interval {
        let stated = match &*self.fact {
            Fact::Node(node) => node.valid,
            Fact::Edge(edge) => edge.valid,
        };
        let began = self.after.map_or(Time::MIN, |after| Time(after.0.saturating_add(1)));
        Interval::new(stated.from.max(began), stated.to.min(self.end.unwrap_or(Time::MAX)))
    }
}

/// The snapshots that were known at a time.
struct Known<'a> {
    scope: &'a Scope,
    all: Vec<Taken>,
    complete: Vec<Taken>,
}

impl Known<'_> {
    fn of(scope: &Scope, at: Time) -> Known<'_> {
        let known = || scope.snapshots.iter().filter(move |(_, header)| header.known <= at);
        let all = known().map(|(taken, _)| *taken).collect();
        let complete = known().filter(|(_, header)| header.complete).map(|(taken, _)| *taken).collect();
        Known { scope, all, complete }
    }

    fn runs(&self, marks: &[Mark]) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        let mut open = false;
        let mut absent = marks.first().and_then(|(first, _)| before(&self.complete, *first)).map(|(time, _)| time);
        for (number, (from, state)) in marks.iter().enumerate() {
            let to = marks.get(number + 1).map(|(next, _)| *next);
            let Some(fact) = state else {
                let missing = between(&self.complete, *from, to);
                if let (Some((first, _)), Some((last, _))) = (missing.first(), missing.last()) {
                    if let Some(run) = runs.last_mut().filter(|_| open) {
                        run.end = Some(*first);
                    }
                    (open, absent) = (false, Some(*last));
                }
                continue;
            };
            let Some(first) = between(&self.all, *from, to).first() else { continue };
            match runs.last_mut().filter(|_| open) {
                Some(run) => run.fact = Arc::clone(fact),
                None => {
                    let known = self.scope.snapshots.get(first).map_or(Time::MIN, |header| header.known);
                    runs.push(Run { fact: Arc::clone(fact), known, after: absent, end: None });
                    open = true;
                }
            }
        }
        runs
    }
}

/// Those of `sorted` from `from` up to, not including, `to`.
fn between(sorted: &[Taken], from: Taken, to: Option<Taken>) -> &[Taken] {
    let first = sorted.partition_point(|taken| *taken < from);
    let end = to.map_or(sorted.len(), |to| sorted.partition_point(|taken| *taken < to));
    sorted.get(first..end).unwrap_or(&[])
}

fn before(sorted: &[Taken], place: Taken) -> Option<Taken> {
    let next = sorted.partition_point(|taken| *taken < place);
    sorted.get(next.checked_sub(1)?).copied()
}

impl History {
    /// The facts as they were known at `at`, those that have ended with the time at which they did. [`Time::MAX`] gives
    /// all that is known.
    pub fn facts(&self, at: Time) -> Vec<Fact> {
        self.facts_of(at, |_| true)
    }

    /// The same of the scopes that `wanted` names.
    pub fn facts_of(&self, at: Time, wanted: impl Fn(&str) -> bool) -> Vec<Fact> {
        let scopes: Vec<Known<'_>> =
            self.scopes.iter().filter(|(name, _)| wanted(name)).map(|(_, scope)| Known::of(scope, at)).collect();
        let mut nodes: BTreeMap<&NodeKey, Vec<Run>> = BTreeMap::new();
        for known in &scopes {
            for (statement, marks) in &known.scope.marks {
                if let Statement::Node(key, _) = statement {
                    nodes.entry(key).or_default().extend(known.runs(marks));
                }
            }
        }
        let retired = |runs: &[Run]| living(runs).next().is_none();
        let ended = nodes.iter().filter(|(_, runs)| retired(runs)).map(|(key, _)| (*key, Time::MIN));
        let mut spoken_of: BTreeMap<&NodeKey, Time> = ended.collect();
        let mut facts = Vec::new();
        for known in &scopes {
            for marks in known.scope.marks.iter().filter(|(one, _)| matches!(one, Statement::Edge(..))).map(|(_, m)| m)
            {
                for edge in known.runs(marks).iter().filter_map(edge) {
                    for key in [&edge.from, &edge.to].into_iter().chain(&edge.premises) {
                        spoken_of.get_mut(key).into_iter().for_each(|until| *until = edge.valid.to.max(*until));
                    }
                    facts.push(Fact::Edge(edge));
                }
            }
        }
        facts.extend(nodes.iter().flat_map(|(key, runs)| lives(runs, spoken_of.get(key).copied())));
        facts
    }

    /// What each scope said last beside its facts, of what was known at `at`.
    pub fn notes(&self, at: Time) -> impl Iterator<Item = (&Text, &str)> {
        self.scopes.iter().filter_map(move |(name, scope)| {
            let known = scope.snapshots.values().rev().find(|header| header.known <= at)?;
            Some((name, known.notes.as_str()))
        })
    }
}

/// `None` where it ended before it began.
fn edge(run: &Run) -> Option<EdgeFact> {
    let valid = run.interval();
    let Fact::Edge(edge) = &*run.fact else { return None };
    let mut edge = edge.clone();
    (edge.valid, edge.known) = (valid, run.known);
    (valid.from < valid.to).then_some(edge)
}

/// Those that no snapshot has ended, unless by their own word they ended before others were.
fn living(runs: &[Run]) -> impl Iterator<Item = &Run> {
    let ended = runs.iter().filter(|run| run.end.is_some()).map(|run| run.interval().to).max();
    runs.iter().filter(move |run| run.end.is_none() && ended.is_none_or(|ended| run.interval().to > ended))
}

/// A thing has one life. While any scope says that it exists, those that no longer do are not heard; when all of them have
/// ended it, it has ended, though not before the last relation that speaks of it. What ended before it was to begin never was.
fn lives(runs: &[Run], spoken_of: Option<Time>) -> Vec<Fact> {
    let node = |run: &Run, to: Time| match &*run.fact {
        Fact::Node(node) => {
            let valid = Interval::new(node.valid.from, node.valid.to.min(to));
            Some(Fact::Node(NodeFact { valid, known: run.known, ..node.clone() }))
        }
        Fact::Edge(_) => None,
    };
    if living(runs).next().is_some() {
        return living(runs).filter_map(|run| node(run, Time::MAX)).collect();
    }
    // Of several that ended last the scope with the last name counts, whichever came first.
    let ended = runs.iter().filter(|run| run.end.is_some());
    let Some(last) = ended.max_by_key(|run| run.interval().to) else { return Vec::new() };
    let ended = node(last, last.end.max(spoken_of).unwrap_or(Time::MAX));
    ended.into_iter().filter(|fact| matches!(fact, Fact::Node(node) if node.valid.from < node.valid.to)).collect()
}
