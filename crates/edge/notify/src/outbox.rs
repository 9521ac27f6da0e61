//! What is still to be told, kept by the program so that a stop loses nothing.

use crate::notice::Notice;
use async_trait::async_trait;
use firebreak_model::Time;
use serde_json::Value;
use thiserror::Error;

/// The outbox cannot be read or written.
#[derive(Debug, Error)]
#[error("the outbox cannot be used: {0}")]
pub struct OutboxError(pub String);

/// A notice that a channel is still to be told.
#[derive(Clone, PartialEq, Debug)]
pub struct Waiting {
    /// Its number in the outbox.
    pub number: i64,
    /// The notice.
    pub notice: Notice,
    /// How often it was tried.
    pub tries: u32,
}

/// What became of a try.
#[derive(Clone, PartialEq, Debug)]
pub enum Settled {
    /// It was taken; what is to be remembered of the subject, where that changed.
    Sent {
        /// Where letters about the subject go.
        thread: Option<Value>,
    },
    /// It is tried again.
    Later {
        /// When.
        due: Time,
        /// Why.
        reason: String,
    },
    /// It is given up, and kept for people to see.
    Dead {
        /// Why.
        reason: String,
    },
}

/// A durable outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Letters of `channel` that are due, oldest first, at most `most`: of each subject only the oldest that is open, so
    /// that what is about one incident stays in order and makes one thread.
    async fn due(&self, channel: &str, now: Time, most: usize) -> Result<Vec<Waiting>, OutboxError>;

    /// Where letters of `channel` about `subject` go.
    async fn thread(&self, channel: &str, subject: &str) -> Result<Option<Value>, OutboxError>;

    /// Writes down what became of a letter.
    async fn settle(&self, channel: &str, letter: &Waiting, settled: &Settled) -> Result<(), OutboxError>;
}
