//! What reading gives: events, what was quarantined, and how far each input was read.

use crate::Cursor;
use firebreak_model::{Event, Problem};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A record that is no event, kept aside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Quarantined {
    /// Which source, where, why, and what to do.
    pub problem: Problem,
    /// The record after redaction. Empty where it was longer than the limit: a secret cut in half is not recognised.
    pub raw: Arc<[u8]>,
    /// SHA-256 of the record after redaction, or as read where it was longer than the limit; hexadecimal.
    pub sha256: String,
}

impl Quarantined {
    /// A record with its reason.
    pub fn new(problem: Problem, raw: Arc<[u8]>) -> Quarantined {
        let sha256 = hex::encode(Sha256::digest(&raw));
        Quarantined { problem, raw, sha256 }
    }
}

/// Written as the problem's fields with `sha256` and the record as `raw`, or as `raw_hex` where it is not UTF-8.
impl Serialize for Quarantined {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            problem: &'a Problem,
            sha256: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            raw: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            raw_hex: Option<String>,
        }
        let raw = std::str::from_utf8(&self.raw).ok();
        let raw_hex = raw.is_none().then(|| hex::encode(&self.raw));
        Line { problem: &self.problem, sha256: &self.sha256, raw, raw_hex }.serialize(serializer)
    }
}

/// Some records of some inputs. The caller commits events, quarantine and cursors together.
#[derive(Debug, Default)]
pub struct Batch {
    /// What was read.
    pub events: Vec<Event>,
    /// What could not be.
    pub quarantined: Vec<Quarantined>,
    /// How far each input that was touched has been read. Replaces the cursor of the same path.
    pub cursors: Vec<Cursor>,
    /// Paths whose cursor is to be forgotten before those of this batch are taken: the file was moved, and its new path
    /// has a cursor here.
    pub moved: Vec<String>,
    /// Records that were read: always the number of events plus the number quarantined.
    pub read: u64,
}

impl Batch {
    /// Whether nothing was read and no cursor moved.
    pub fn is_empty(&self) -> bool {
        self.read == 0 && self.cursors.is_empty() && self.moved.is_empty()
    }

    /// Adds what `more` read after this.
    pub fn append(&mut self, mut more: Batch) {
        self.events.append(&mut more.events);
        self.quarantined.append(&mut more.quarantined);
        self.read += more.read;
        self.moved.append(&mut more.moved);
        for cursor in more.cursors {
            self.cursors.retain(|known| known.path != cursor.path);
            self.cursors.push(cursor);
        }
    }
}
