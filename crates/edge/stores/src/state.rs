//! What is remembered between two scans: numbers by the fingerprint of a path.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format's name.
const FORMAT: &str = "firebreak.scan/1";

/// What a scan leaves for the next one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct State {
    format: String,
    /// What reads: another version, or other classes, read everything again.
    reader: String,
    pub(crate) documents: BTreeMap<String, Known>,
}

/// What is known of one document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Known {
    /// Size, when its content changed, when its record changed, and its number on the disk.
    pub(crate) mark: (u64, i64, i64, u64),
    /// Records by class.
    pub(crate) records: BTreeMap<String, u64>,
    /// Problems by their word.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) problems: BTreeMap<String, u64>,
}

impl State {
    /// Nothing is known yet.
    pub fn new(reader: &str) -> State {
        State { format: FORMAT.to_owned(), reader: reader.to_owned(), documents: BTreeMap::new() }
    }

    /// What `bytes` remember for the same reader; an error says why they remember nothing.
    ///
    /// # Errors
    /// If they are no state, or one of another format.
    pub fn read(bytes: &[u8], reader: &str) -> Result<State, String> {
        let state: State =
            serde_json::from_slice(bytes).map_err(|error| format!("it is no state of a scan: {error}"))?;
        match state.format == FORMAT {
            true if state.reader == reader => Ok(state),
            true => Ok(State::new(reader)),
            false => Err(format!("it is written as `{}`, not `{FORMAT}`", state.format)),
        }
    }

    /// The state as a file holds it.
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}
