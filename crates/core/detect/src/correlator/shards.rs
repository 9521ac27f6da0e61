//! Shards: parts of the state that work through the same turns without asking each other.
//!
//! One shard has all behaviours; each of the others has the keys of correlations that [`Routes`] lead to it. A shard
//! notes what it found in which turn, and what all of them found is settled in the order of turns by one writer, so that
//! findings do not depend on how many shards there are, nor on which of them was faster.
//!
//! This crate starts no threads: [`Workers`] are whoever runs the shards.

use super::correlations::{Candidate, Correlations};
use super::moment::Moment;
use super::routes::Routes;
use super::settings::{Counters, Settings};
use crate::behaviour::Behaviours;
use crate::rules::Rules;
use firebreak_model::{Catalogue, Finding};
use std::collections::VecDeque;
use std::sync::Arc;

/// Some of the events whose turn has come, in order. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Turns(Arc<Stretch>);

#[derive(Debug)]
struct Stretch {
    /// The number of the first turn.
    first: usize,
    moments: Vec<Moment>,
}

impl Turns {
    pub(super) fn new(first: usize, moments: Vec<Moment>) -> Turns {
        Turns(Arc::new(Stretch { first, moments }))
    }

    /// Each turn with its number.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &Moment)> {
        (self.0.first..).zip(&self.0.moments)
    }
}

/// Whoever runs shards: in this thread ([`InTurn`]), or each in a thread of its own.
pub trait Workers {
    /// Has every one of `shards` take all that `feed` gives, in that order, and gives the shards back.
    fn work<'s>(&self, shards: Vec<Shard<'s>>, feed: &mut dyn FnMut() -> Option<Turns>) -> Vec<Shard<'s>>;
}

/// One shard after the other, in this thread.
#[derive(Clone, Copy, Debug)]
pub struct InTurn;

impl Workers for InTurn {
    fn work<'s>(&self, mut shards: Vec<Shard<'s>>, feed: &mut dyn FnMut() -> Option<Turns>) -> Vec<Shard<'s>> {
        while let Some(turns) = feed() {
            shards.iter_mut().for_each(|shard| shard.take(&turns));
        }
        shards
    }
}

/// A part of the state with all that it needs to work alone.
#[derive(Debug)]
pub struct Shard<'a> {
    duty: Duty<'a>,
    rules: &'a Rules,
    pub(super) counters: Counters,
    pub(super) found: Found,
}

#[derive(Debug)]
enum Duty<'a> {
    Behaviours { behaviours: &'a mut Behaviours, catalogue: &'a Catalogue, settings: &'a Settings },
    Correlations { correlations: &'a mut Correlations, number: usize, routes: &'a Routes },
}

impl Shard<'_> {
    /// Takes turns that follow those that it took last.
    pub fn take(&mut self, turns: &Turns) {
        for (turn, moment) in turns.each() {
            match &mut self.duty {
                Duty::Behaviours { behaviours, catalogue, settings } => {
                    self.found.behave(turn, moment, behaviours, catalogue, settings, &mut self.counters);
                }
                Duty::Correlations { correlations, number, routes } => {
                    let place = (*number, *routes);
                    self.found.correlate(turn, moment, correlations, place, self.rules, &mut self.counters);
                }
            }
        }
    }
}

/// All shards of a correlator.
pub(super) struct Back<'a> {
    pub(super) rules: &'a Rules,
    pub(super) catalogue: &'a Catalogue,
    pub(super) settings: &'a Settings,
    pub(super) behaviours: &'a mut Behaviours,
    pub(super) correlations: &'a mut [Correlations],
    pub(super) routes: &'a Routes,
}

impl<'a> Back<'a> {
    /// The shards as values of their own.
    pub(super) fn shards(self) -> Vec<Shard<'a>> {
        let Back { rules, catalogue, settings, behaviours, correlations, routes } = self;
        let shard = |duty| Shard { duty, rules, counters: Counters::default(), found: Found::default() };
        let behaviours = shard(Duty::Behaviours { behaviours, catalogue, settings });
        // Where no rule correlates there is nothing to do.
        let correlations = correlations.iter_mut().filter(|_| !rules.correlations().is_empty()).enumerate();
        let correlations =
            correlations.map(|(number, correlations)| shard(Duty::Correlations { correlations, number, routes }));
        std::iter::once(behaviours).chain(correlations).collect()
    }

    /// Takes one turn in every shard.
    pub(super) fn take(self, turn: usize, moment: &Moment, found: &mut Found, counters: &mut Counters) {
        found.behave(turn, moment, self.behaviours, self.catalogue, self.settings, counters);
        for (number, correlations) in self.correlations.iter_mut().enumerate() {
            found.correlate(turn, moment, correlations, (number, self.routes), self.rules, counters);
        }
    }

    /// Judges in every shard the spans that are over by `now`.
    pub(super) fn judge(self, turn: usize, now: i64, found: &mut Found) {
        for correlations in self.correlations {
            correlations.judge(now, self.rules, |candidate| found.judged.push_back((turn, candidate)));
        }
    }
}

/// What was found in which turn.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Spans that were over when the turn began.
    judged: VecDeque<(usize, Candidate)>,
    behaved: VecDeque<Behaved>,
    /// Findings of behaviours, one turn's after another's.
    findings: VecDeque<Finding>,
    /// Room for those of one turn.
    room: Vec<Finding>,
    /// Correlations that fired on the turn's event.
    fired: VecDeque<(usize, Candidate)>,
}

/// What behaviours said in one turn.
#[derive(Debug)]
struct Behaved {
    turn: usize,
    findings: usize,
    /// Whether it was novel in a way that arms tripwires.
    novel: bool,
}

impl Found {
    fn behave(
        &mut self,
        turn: usize,
        moment: &Moment,
        behaviours: &mut Behaviours,
        catalogue: &Catalogue,
        settings: &Settings,
        counters: &mut Counters,
    ) {
        let novel = behaviours.take(moment, catalogue, settings, counters, &mut self.room);
        if novel || !self.room.is_empty() {
            self.behaved.push_back(Behaved { turn, findings: self.room.len(), novel });
            self.findings.extend(self.room.drain(..));
        }
    }

    fn correlate(
        &mut self,
        turn: usize,
        moment: &Moment,
        correlations: &mut Correlations,
        (number, routes): (usize, &Routes),
        rules: &Rules,
        counters: &mut Counters,
    ) {
        correlations.judge(moment.at, rules, |candidate| self.judged.push_back((turn, candidate)));
        let own = |hit: &_| routes.lead(hit, number);
        correlations.take(moment, rules, own, counters, |candidate| self.fired.push_back((turn, candidate)));
    }

    /// What several shards found, in order of turns.
    pub(super) fn together(all: impl IntoIterator<Item = Found>) -> Found {
        let mut together = Found::default();
        for found in all {
            together.judged.extend(found.judged);
            together.behaved.extend(found.behaved);
            together.findings.extend(found.findings);
            together.fired.extend(found.fired);
        }
        together.judged.make_contiguous().sort_by_key(|(turn, _)| *turn);
        together.fired.make_contiguous().sort_by_key(|(turn, _)| *turn);
        together
    }

    /// The next span that was over when this turn began.
    pub(super) fn next_judged(&mut self, turn: usize) -> Option<Candidate> {
        next(&mut self.judged, turn)
    }

    /// The next correlation that fired in this turn.
    pub(super) fn next_fired(&mut self, turn: usize) -> Option<Candidate> {
        next(&mut self.fired, turn)
    }

    /// Puts what behaviours found in this turn behind `out`; whether they saw a novelty.
    pub(super) fn next_behaved(&mut self, turn: usize, out: &mut Vec<Finding>) -> bool {
        let Some(behaved) = self.behaved.pop_front_if(|behaved| behaved.turn == turn) else { return false };
        out.extend(self.findings.drain(..behaved.findings));
        behaved.novel
    }
}

fn next(found: &mut VecDeque<(usize, Candidate)>, turn: usize) -> Option<Candidate> {
    found.pop_front_if(|(own, _)| *own == turn).map(|(_, candidate)| candidate)
}
