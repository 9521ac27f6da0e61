//! How far one input has been read, precisely enough to go on in another process with every record exactly once.

use serde::{Deserialize, Serialize};

/// How far one file has been read. Always stands between two records.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Cursor {
    /// The file.
    pub path: String,
    /// Names the file across renames; 0 where the disk has no such thing.
    pub identity: u64,
    /// Its size in bytes when it was last looked at.
    pub size: u64,
    /// What its first bytes were: a file that begins otherwise is another file.
    pub fingerprint: FirstBytes,
    /// How far it was read.
    pub place: Place,
    /// Whether all of it was read, as it was then.
    pub done: bool,
}

/// A digest of the first bytes of a file, as they lie on the disk.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct FirstBytes {
    /// How many.
    pub length: u64,
    /// Their SHA-256, hexadecimal.
    pub sha256: String,
}

/// A place between two records of a decompressed input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Decompressed bytes before it.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
    /// Records before it.
    pub record: u64,
    /// What encloses it.
    pub within: Within,
    /// Whether the input has shown itself to hold one record a line, so that a line break ends a damaged record.
    pub one_a_line: bool,
}

impl Default for Place {
    fn default() -> Place {
        Place { offset: 0, line: 1, record: 0, within: Within::Top, one_a_line: false }
    }
}

/// What encloses a place in a JSON input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Within {
    /// Nothing.
    Top,
    /// An array of records.
    Array,
    /// The array of records in an envelope object.
    Envelope,
    /// An envelope object, after its array.
    AfterEnvelope,
}
