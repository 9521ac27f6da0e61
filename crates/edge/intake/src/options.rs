//! What the operator may set for reading: limits, what to do with records without a time, and redaction.

use std::borrow::Cow;

/// Limits on everything that an input controls.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of one record. A longer one is quarantined by position and skipped without being held in memory.
    pub record_bytes_max: usize,
    /// Nested objects and arrays in one record.
    pub depth_max: u32,
    /// Bytes that one compressed file may expand to. What lies beyond is not read, and that is counted.
    pub expansion_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { record_bytes_max: 16 << 20, depth_max: 64, expansion_bytes_max: 8 << 30 }
    }
}

/// What becomes of a record that has no time of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MissingTime {
    /// It is quarantined: a record placed at the wrong time could hide or invent a sequence.
    #[default]
    Quarantine,
    /// It gets the time at which its input was opened. Only for samples: their order then means nothing.
    Received,
}

/// How inputs are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Limits on everything that an input controls.
    pub limits: Limits,
    /// What becomes of a record that has no time of its own.
    pub missing_time: MissingTime,
    /// After how many polls without growth a file that ends inside a record counts as closed.
    pub idle_polls: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options { limits: Limits::default(), missing_time: MissingTime::default(), idle_polls: 3 }
    }
}

/// Replaces secrets in a record's bytes before anything is parsed, kept or shown.
pub type Redact = dyn for<'r> Fn(&'r [u8]) -> Cow<'r, [u8]> + Send + Sync;

/// A redaction that changes nothing, for data known to hold no secrets.
pub fn keep(bytes: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(bytes)
}
