//! What is remembered between two scans: numbers by the fingerprint of a name.

use crate::counts::Known;
use crate::key::Key;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The format's name.
const FORMAT: &str = "firebreak.scan/2";

/// About what a piece takes in the file.
const PIECE_BYTES: usize = 96;

/// What a scan leaves for the next one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct State {
    format: String,
    /// What reads: another version, or other classes, read everything again.
    reader: String,
    /// The marks of whole resources whose sample was read to its end.
    #[serde(default)]
    pub(crate) parts: BTreeMap<String, String>,
    #[serde(rename = "documents")]
    pub(crate) pieces: BTreeMap<Key, Known>,
}

impl State {
    /// Nothing is known yet.
    pub fn new(reader: &str) -> State {
        let (format, reader) = (FORMAT.to_owned(), reader.to_owned());
        State { format, reader, parts: BTreeMap::new(), pieces: BTreeMap::new() }
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

    /// How many documents it knows, and how many bytes of them were read.
    pub fn known(&self) -> (u64, u64) {
        (self.pieces.len() as u64, self.pieces.values().map(|known| known.bytes).sum())
    }

    /// The state as a file holds it.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.pieces.len() * PIECE_BYTES);
        // Plain data: there is nothing in it that JSON cannot hold.
        let _ = serde_json::to_writer(&mut bytes, self);
        bytes
    }
}
