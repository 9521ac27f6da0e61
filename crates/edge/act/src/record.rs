//! What is written where outsiders can check it: intents before they are carried out, outcomes after.
//!
//! It is not the journal: nothing here is ever read back to decide what to do.

use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use thiserror::Error;

/// An entry could not be written. Execution stops: no step runs that is not on record.
#[derive(Debug, Error)]
#[error("the ledger refused entry `{id}`: {reason}\nhint: nothing more is done until the ledger can be written")]
pub struct RecordError {
    /// Which entry.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// An append-only, durable record. Writing the same id twice with the same content is one entry or two, as it likes: an
/// intent is written again when execution resumes before its call.
pub trait Record: Send + Sync {
    /// Writes an entry and returns its index once it is durable.
    fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError>;
}

/// A record in memory, for tests.
#[derive(Debug, Default)]
pub struct MemoryRecord {
    entries: Mutex<Vec<(String, String, Value)>>,
}

impl MemoryRecord {
    /// All entries so far: id, kind, body.
    pub fn entries(&self) -> Vec<(String, String, Value)> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Record for MemoryRecord {
    fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push((id.to_owned(), kind.to_owned(), body.clone()));
        Ok(entries.len() as u64 - 1)
    }
}
