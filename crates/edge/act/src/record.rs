//! What is written where outsiders can check it: intents before they are carried out, outcomes after.
//!
//! It is not the journal: nothing here is ever read back to decide what to do.

use async_trait::async_trait;
use firebreak_ledger::Ledger;
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

/// An append-only, durable record. The same id always comes with the same content, and writing it twice is one entry or
/// two, as the record likes: an intent is written again when execution resumes before its call.
#[async_trait]
pub trait Record: Send + Sync {
    /// Writes an entry and returns its index once it is durable.
    async fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError>;
}

#[async_trait]
impl Record for Mutex<Ledger> {
    async fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError> {
        let mut ledger = self.lock().unwrap_or_else(PoisonError::into_inner);
        let written = ledger.append(id, kind, body);
        let refused = |reason: String| RecordError { id: id.to_owned(), reason };
        written.map(|receipt| receipt.index).map_err(|error| refused(error.to_string()))
    }
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

#[async_trait]
impl Record for MemoryRecord {
    async fn record(&self, id: &str, kind: &str, body: &Value) -> Result<u64, RecordError> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push((id.to_owned(), kind.to_owned(), body.clone()));
        Ok(entries.len() as u64 - 1)
    }
}
