//! What is known of a piece: records by class and by whose residence, and by column where there are columns.

use crate::key::Mark;
use crate::tally::Tallied;
use serde::{Deserialize, Serialize, Serializer};
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

/// What is known of one piece. There may be millions, and most hold nothing: what one holds stands beside it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Written")]
pub(crate) struct Known {
    /// What changes when it does.
    pub(crate) mark: Mark,
    /// Bytes that were read.
    pub(crate) bytes: u64,
    /// What it holds; `None` for nothing.
    #[serde(flatten, serialize_with = "as_written")]
    holds: Option<Box<Holds>>,
}

/// What a piece holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub(crate) struct Holds {
    /// Rows, in a table.
    #[serde(skip_serializing_if = "is_nothing")]
    pub(crate) rows: u64,
    pub(crate) records: Counts,
    /// Records by class, by the number of the column.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) columns: BTreeMap<u32, BTreeMap<String, u64>>,
    /// Problems by their word.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) problems: BTreeMap<String, u64>,
}

static NOTHING: Holds =
    Holds { rows: 0, records: Counts(BTreeMap::new()), columns: BTreeMap::new(), problems: BTreeMap::new() };

/// A piece as the state holds it.
#[derive(Deserialize)]
struct Written {
    mark: Mark,
    bytes: u64,
    #[serde(default)]
    rows: u64,
    records: Counts,
    #[serde(default)]
    columns: BTreeMap<u32, BTreeMap<String, u64>>,
    #[serde(default)]
    problems: BTreeMap<String, u64>,
}

impl From<Written> for Known {
    fn from(written: Written) -> Known {
        let Written { mark, bytes, rows, records, columns, problems } = written;
        Known { mark, ..Known::holding(bytes, Holds { rows, records, columns, problems }) }
    }
}

fn as_written<S: Serializer>(holds: &Option<Box<Holds>>, serializer: S) -> Result<S::Ok, S::Error> {
    holds.as_deref().unwrap_or(&NOTHING).serialize(serializer)
}

fn is_nothing(rows: &u64) -> bool {
    *rows == 0
}

impl Known {
    /// A piece of which `bytes` were read.
    pub(crate) fn holding(bytes: u64, holds: Holds) -> Known {
        Known { mark: Mark::default(), bytes, holds: (holds != NOTHING).then(|| Box::new(holds)) }
    }

    /// What a document came to, of which `bytes` were read.
    pub(crate) fn document(tallied: Tallied, bytes: u64) -> Known {
        let mut problems = BTreeMap::new();
        for problem in &tallied.reading.problems {
            *problems.entry(problem.fault.word().to_owned()).or_default() += 1;
        }
        // A map that never held anything takes no memory, and there may be millions.
        if tallied.reading.more_problems > 0 {
            *problems.entry("bound".to_owned()).or_default() += tallied.reading.more_problems;
        }
        Known::holding(bytes, Holds { records: tallied.records, problems, ..Holds::default() })
    }

    /// What it holds.
    pub(crate) fn holds(&self) -> &Holds {
        self.holds.as_deref().unwrap_or(&NOTHING)
    }

    /// Notes a problem by its word.
    pub(crate) fn problem(&mut self, word: &str) {
        *self.holds.get_or_insert_default().problems.entry(word.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_as_it_was_written() {
        let mut holds = Holds { rows: 3, ..Holds::default() };
        holds.records.add("ssn", NOWHERE, 2);
        let mut known = Known::holding(7, holds);
        known.problem("bound");
        for known in [known, Known::default()] {
            let written = serde_json::to_string(&known).unwrap();
            assert!(written.contains("\"records\""), "{written}");
            assert_eq!(serde_json::from_str::<Known>(&written).unwrap(), known, "{written}");
        }
        assert!(size_of::<Known>() <= 24, "there may be millions");
    }
}
