//! What could not be read: counted, kept aside and shown, never lost and never a panic.

use crate::Text;
use serde::{Deserialize, Serialize};

/// Where in an input something is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Position {
    /// The file, object or connection, as the operator knows it.
    pub input: String,
    /// Byte offset in the decompressed input, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub offset: Option<u64>,
    /// Number of the record in the input, from 0, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record: Option<u64>,
    /// Line, from 1, where the input has lines.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u64>,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.input)?;
        match (self.line, self.record, self.offset) {
            (Some(line), _, _) => write!(f, ":{line}"),
            (None, Some(record), _) => write!(f, ", record {record}"),
            (None, None, Some(offset)) => write!(f, ", byte {offset}"),
            (None, None, None) => Ok(()),
        }
    }
}

/// One thing that could not be read or is not as it should be, and what to do about it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// Which source, scanner, rule or profile met it.
    pub source: Text,
    /// Where.
    pub position: Position,
    /// What is wrong: lower case, no full stop, the user's own words in backticks. Never holds a secret.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {}", self.source, self.position, self.reason)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, "\nhint: {}", self.hint) }
    }
}
