//! The evidence book: all that is known of each environment, from events and inventories together.
//!
//! Entries may arrive in any order and more than once: the book after them is the same. It is not a store on disk: whoever
//! keeps it writes it down whole, or makes it again from the lake and the inventories.

mod digest;
mod rehearsal;
mod saved;

use crate::docket::{Docket, asks};
use crate::observe::{Mark, Seen};
use crate::profile::Profile;
use firebreak_model::{EnvironmentEvidence, Interval, Judgement, NodeKey, Observation, ObservationKind, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Evidence by environment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<saved::SavedEntry>", into = "Vec<saved::SavedEntry>")]
pub struct EvidenceBook {
    entries: BTreeMap<NodeKey, Entry>,
}

/// An observation in its order in the evidence: by time, by where it was read, by what it is. Equal ones are one.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Placed(Observation);

impl Placed {
    fn key(&self) -> (Option<Time>, &Text, &ObservationKind) {
        (self.0.time, &self.0.evidence, &self.0.what)
    }
}

impl Ord for Placed {
    fn cmp(&self, other: &Placed) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Placed {
    fn partial_cmp(&self, other: &Placed) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Clone, Debug, Default)]
struct Entry {
    runs: BTreeSet<(Time, Time)>,
    observations: BTreeSet<Placed>,
    /// What commands print by themselves, as if it had been seen.
    printed: BTreeSet<Placed>,
    /// What of `observations` stands in lines that rehearsals print too.
    shown: BTreeSet<Placed>,
    /// Commands that rehearse an install, or only download.
    rehearsals: BTreeSet<Placed>,
    gaps: BTreeSet<String>,
    log: Option<Log>,
    alive: Option<Time>,
}

/// What is known of the log of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Log {
    first: Time,
    last: Time,
    started: bool,
    ended: Option<Time>,
    /// Numbers of the lines that were read: first to last of each stretch without a hole.
    numbers: BTreeMap<u64, u64>,
}

impl Log {
    fn at(time: Time) -> Log {
        Log { first: time, last: time, started: false, ended: None, numbers: BTreeMap::new() }
    }

    fn number(&mut self, number: u64) {
        let before = self.numbers.range(..=number).next_back().map(|(first, last)| (*first, *last));
        let (first, mut last) = match before {
            Some((_, last)) if number <= last => return,
            Some((first, last)) if last.checked_add(1) == Some(number) => (first, number),
            _ => (number, number),
        };
        if let Some(next) = number.checked_add(1).and_then(|next| self.numbers.remove(&next)) {
            last = next;
        }
        self.numbers.insert(first, last);
    }

    /// Whether it was read from its first line to its last, with no line missing where lines are numbered.
    fn whole(&self) -> Option<Time> {
        let unbroken = match self.numbers.len() {
            0 => true,
            1 => self.numbers.keys().all(|first| *first <= 1),
            _ => false,
        };
        self.ended.filter(|_| self.started && unbroken)
    }
}

impl EvidenceBook {
    /// An empty book.
    pub fn new() -> EvidenceBook {
        EvidenceBook::default()
    }

    /// Adds what an event said.
    pub fn add(&mut self, seen: &Seen) {
        if !self.entries.contains_key(&seen.environment) {
            self.entries.insert(seen.environment.clone(), Entry::default());
        }
        let Some(entry) = self.entries.get_mut(&seen.environment) else { return };
        match seen.mark {
            Some(Mark::Alive(time)) => entry.alive = Some(entry.alive.map_or(time, |alive| alive.min(time))),
            Some(Mark::LogStart(time)) => entry.log_at(time).started = true,
            Some(Mark::LogEnd(time)) => {
                let log = entry.log_at(time);
                log.ended = Some(log.ended.map_or(time, |ended| ended.max(time)));
            }
            Some(Mark::LogLine { time, number }) => {
                let log = entry.log_at(time);
                if let Some(number) = number {
                    log.number(number);
                }
            }
            None => {}
        }
        if let Some(observation) = &seen.observation {
            entry.observe(observation);
            if seen.shown {
                entry.shown.insert(Placed(observation.clone()));
            }
        }
        if let Some(rehearsal) = &seen.rehearsal {
            entry.rehearsals.insert(Placed(rehearsal.clone()));
        }
        if let Some(printed) = &seen.printed {
            entry.printed.insert(Placed(printed.clone()));
        }
    }

    /// Adds what an inventory says.
    pub fn add_evidence(&mut self, evidence: &EnvironmentEvidence) {
        let entry = self.entries.entry(evidence.environment.clone()).or_default();
        entry.runs.extend(evidence.runs.iter().map(|run| (run.from, run.to)));
        entry.gaps.extend(evidence.gaps.iter().cloned());
        for observation in &evidence.observations {
            entry.observe(observation);
        }
    }

    /// Every environment, ordered.
    pub fn environments(&self) -> impl Iterator<Item = &NodeKey> {
        self.entries.keys()
    }

    /// All that is known of one environment.
    pub fn evidence(&self, environment: &NodeKey) -> Option<EnvironmentEvidence> {
        self.entries.get(environment).map(|entry| entry.evidence(environment, |_| true))
    }

    /// The verdict on one environment under each profile of `docket`, in their order; none where nothing is known of it.
    pub fn judge(&self, environment: &NodeKey, docket: &Docket<'_>) -> Vec<Judgement> {
        self.entries.get(environment).map(|entry| entry.judge(environment, docket)).unwrap_or_default()
    }

    /// The verdict on every environment under every profile, ordered by environment and then as `profiles` are.
    pub fn judge_all(&self, profiles: &[Profile]) -> Vec<Judgement> {
        let docket = Docket::new(profiles);
        self.entries.iter().flat_map(|(environment, entry)| entry.judge(environment, &docket)).collect()
    }
}

impl Entry {
    fn log_at(&mut self, time: Time) -> &mut Log {
        let log = self.log.get_or_insert_with(|| Log::at(time));
        log.first = log.first.min(time);
        log.last = log.last.max(time);
        log
    }

    fn observe(&mut self, observation: &Observation) {
        self.observations.insert(Placed(observation.clone()));
    }

    fn judge(&self, environment: &NodeKey, docket: &Docket<'_>) -> Vec<Judgement> {
        let asks = self.observations.iter().any(|observation| asks(&observation.0.what));
        docket.judge_kept(&self.evidence(environment, |what| docket.matters(what, asks)))
    }

    /// What was seen no more often than commands printed it, and not before they did. A step's header and its script name one
    /// command twice at one moment: that counts once, so that no true line is ever taken for a printed one.
    fn hollow(&self) -> BTreeSet<&ObservationKind> {
        let kinds: BTreeSet<&ObservationKind> = self.printed.iter().map(|printed| &printed.0.what).collect();
        let only_printed = |what: &&ObservationKind| {
            let times = |of: &BTreeSet<Placed>| -> Vec<Option<Time>> {
                of.iter().filter(|one| one.0.what == **what).map(|one| one.0.time).collect()
            };
            let (mut commands, lines) = (times(&self.printed), times(&self.observations));
            commands.dedup_by(|later, before| match (&before, &later) {
                (Some(before), Some(later)) => *later <= before.plus_seconds(1),
                _ => true,
            });
            lines.len() <= commands.len() && commands.first() <= lines.first()
        };
        kinds.into_iter().filter(only_printed).collect()
    }

    /// What is known, with the observations that are wanted.
    fn evidence(&self, environment: &NodeKey, wanted: impl Fn(&ObservationKind) -> bool) -> EnvironmentEvidence {
        let is_ci = environment.system() == "ci";
        let hollow = self.hollow();
        let rehearsed = self.rehearsed();
        let proves = |what: &ObservationKind| wanted(what) && !hollow.contains(what);
        let observations = self.observations.iter().filter(|observation| proves(&observation.0.what));
        let mut observations: Vec<Observation> =
            observations.filter_map(|placed| rehearsal::left_of(placed, &rehearsed)).collect();
        digest::joined(&mut observations);
        let mut gaps: Vec<String> = self.gaps.iter().cloned().collect();
        let mut runs: Vec<Interval> = self.runs.iter().map(|(from, to)| Interval::new(*from, *to)).collect();
        match &self.log {
            Some(log) => {
                runs.push(Interval::new(log.first, Time(log.last.0.saturating_add(1))));
                match log.whole() {
                    Some(end) => observations.push(Observation {
                        time: Some(end),
                        what: ObservationKind::LogComplete { run: Text::new(environment.name()) },
                        evidence: Text::new("the log was read from its first line to its last"),
                    }),
                    None => gaps.push(format!("the log of {} was not read to its end", environment.name())),
                }
            }
            None if is_ci => gaps.push(format!("no log of {} was read", environment.name())),
            None => {}
        }
        if let (true, Some(alive)) = (runs.is_empty(), self.alive) {
            runs.push(Interval::since(alive));
        }
        EnvironmentEvidence { environment: environment.clone(), runs: joined(runs), observations, gaps }
    }
}

/// Runs that share an instant are one run, told twice.
fn joined(mut runs: Vec<Interval>) -> Vec<Interval> {
    runs.sort_by_key(|run| (run.from, run.to));
    let mut joined: Vec<Interval> = Vec::with_capacity(runs.len());
    for run in runs {
        match joined.last_mut() {
            Some(last) if run.overlaps(last) => last.to = last.to.max(run.to),
            _ => joined.push(run),
        }
    }
    joined
}
