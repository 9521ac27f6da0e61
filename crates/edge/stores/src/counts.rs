//! What is known of a piece: records by class and by whose residence, and by column where there are columns.

use crate::tally::Tallied;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where nothing says where people live.
pub(crate) const NOWHERE: &str = "unknown";

/// Records by class, and in it by the residence of the people whom they are about (ISO 3166, or `unknown`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<String, BTreeMap<String, u64>>);

impl Counts {
    /// Adds `records` of `class` about residents of `residency`.
    pub(crate) fn add(&mut self, class: &str, residency: &str, records: u64) {
        if records == 0 {
            return;
        }
        let of = self.0.entry(class.to_owned()).or_default();
        *of.entry(residency.to_owned()).or_default() += records;
    }

    /// Records of `class`, wherever people live.
    pub fn of(&self, class: &str) -> u64 {
        self.0.get(class).map_or(0, |by| by.values().sum())
    }
}

/// What is known of one piece.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Known {
    /// What changes when it does.
    pub(crate) mark: String,
    /// Bytes that were read.
    pub(crate) bytes: u64,
    /// Rows, in a table.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) rows: u64,
    pub(crate) records: Counts,
    /// Records by class, by the number of the column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) columns: BTreeMap<u32, BTreeMap<String, u64>>,
    /// Problems by their word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) problems: BTreeMap<String, u64>,
}

fn is_nothing(rows: &u64) -> bool {
    *rows == 0
}

impl Known {
    /// What a document of `bytes` came to.
    pub(crate) fn document(tallied: Tallied, mark: &str, bytes: u64) -> Known {
        let mut problems = BTreeMap::new();
        for problem in &tallied.reading.problems {
            *problems.entry(problem.fault.word().to_owned()).or_default() += 1;
        }
        // A map that never held anything takes no memory, and there may be millions.
        if tallied.reading.more_problems > 0 {
            *problems.entry("bound".to_owned()).or_default() += tallied.reading.more_problems;
        }
        Known { mark: mark.to_owned(), bytes, records: tallied.records, problems, ..Known::default() }
    }
}
