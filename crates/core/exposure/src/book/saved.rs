//! The book written down and read back: lists in place of maps whose keys are no text.

use super::{Entry, EvidenceBook, Log, Placed};
use firebreak_model::{Interval, NodeKey, Observation, Time};
use serde::{Deserialize, Serialize};

/// One environment of the book.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedEntry {
    environment: NodeKey,
    runs: Vec<Interval>,
    observations: Vec<Observation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    printed: Vec<Observation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    shown: Vec<Observation>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rehearsals: Vec<Observation>,
    gaps: Vec<String>,
    log: Option<Log>,
    alive: Option<Time>,
}

impl From<EvidenceBook> for Vec<SavedEntry> {
    fn from(book: EvidenceBook) -> Vec<SavedEntry> {
        let saved = |(environment, entry): (NodeKey, Entry)| SavedEntry {
            environment,
            runs: entry.runs.into_iter().map(|(from, to)| Interval::new(from, to)).collect(),
            observations: entry.observations.into_iter().map(|observation| observation.0).collect(),
            printed: entry.printed.into_iter().map(|printed| printed.0).collect(),
            shown: entry.shown.into_iter().map(|shown| shown.0).collect(),
            rehearsals: entry.rehearsals.into_iter().map(|rehearsal| rehearsal.0).collect(),
            gaps: entry.gaps.into_iter().collect(),
            log: entry.log,
            alive: entry.alive,
        };
        book.entries.into_iter().map(saved).collect()
    }
}

impl From<Vec<SavedEntry>> for EvidenceBook {
    fn from(list: Vec<SavedEntry>) -> EvidenceBook {
        let mut book = EvidenceBook::new();
        for saved in list {
            let entry = book.entries.entry(saved.environment).or_default();
            entry.runs.extend(saved.runs.iter().map(|run| (run.from, run.to)));
            saved.observations.iter().for_each(|observation| entry.observe(observation));
            entry.printed.extend(saved.printed.into_iter().map(Placed));
            entry.shown.extend(saved.shown.into_iter().map(Placed));
            entry.rehearsals.extend(saved.rehearsals.into_iter().map(Placed));
            entry.gaps.extend(saved.gaps);
            entry.log = saved.log;
            entry.alive = saved.alive;
        }
        book
    }
}
