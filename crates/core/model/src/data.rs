//! Kinds of data and how much of each lies where.

use crate::Text;
use serde::{Deserialize, Serialize};

/// A kind of data, by a word in snake case: `ssn`, `tax_form`, `identity_document`, `interview_recording`,
/// `source_code`, `training_data`, `secret`, `message`, `contact`, `file`. Owners may add their own words.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataClass(Text);

impl DataClass {
    /// The class with this word.
    pub fn new(word: &str) -> DataClass {
        DataClass(Text::new(word))
    }

    /// Its word.
    pub fn word(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for DataClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the people whom the data is about live, as an ISO 3166 code (`US-CA`, `DE`), or `unknown`.
pub type Residency = Text;

/// So many records of one class about residents of one place, in one resource.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Holding {
    /// What kind of data.
    pub class: DataClass,
    /// Whose residence, as an ISO 3166 code, or `unknown`.
    pub residency: Residency,
    /// How many records.
    pub records: u64,
    /// How many bytes they take, where known.
    #[serde(default)]
    pub bytes: Option<u64>,
}
