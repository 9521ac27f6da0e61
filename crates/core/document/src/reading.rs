//! How much is read, and what was not.

use std::collections::BTreeMap;
use std::fmt;

/// The bounds of one reading. Each that is reached is a [`Problem`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Bytes of text that are given out.
    pub text: u64,
    /// Bytes that may come out of packed documents, all together.
    pub unpacked: u64,
    /// Bytes of documents that must be held as a whole (PDF, SQLite, ZIP), all together.
    pub held: usize,
    /// How deep documents lie in documents.
    pub depth: usize,
    /// Documents that are looked at: files of archives, parts of mails.
    pub documents: u64,
    /// Pictures whose letters are read.
    pub pictures: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { text: 16 << 30, unpacked: 16 << 30, held: 256 << 20, depth: 8, documents: 1_000_000, pictures: 1_000 }
    }
}

/// Why something was not read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fault {
    /// A bound was reached.
    Bound,
    /// It is not what its format says, or breaks off.
    Broken,
    /// A password protects it.
    Encrypted,
    /// Its encoding is not the one that it claims, or none.
    Encoding,
    /// A form that is not read.
    Unknown,
    /// It is more than one format at once; all were read.
    Polyglot,
    /// What is written in a picture was not read, though somebody reads letters.
    Letters,
}

impl Fault {
    /// One word.
    pub fn word(self) -> &'static str {
        match self {
            Fault::Bound => "bound",
            Fault::Broken => "broken",
            Fault::Encrypted => "encrypted",
            Fault::Encoding => "encoding",
            Fault::Unknown => "unknown",
            Fault::Polyglot => "polyglot",
            Fault::Letters => "letters",
        }
    }
}

/// What was not read, or not as it says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    /// Where, as in [`crate::Text::place`].
    pub place: String,
    /// Why.
    pub fault: Fault,
    /// What, in words that hold nothing of the content.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.is_empty() {
            true => f.write_str(&self.what),
            false => write!(f, "{}: {}", self.place, self.what),
        }
    }
}

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// How many documents of each format.
    pub formats: BTreeMap<&'static str, u64>,
    /// What was not read: the first thousand.
    pub problems: Vec<Problem>,
    /// How many more there were.
    pub more_problems: u64,
    /// Bytes of text that were given out.
    pub text: u64,
    /// Bytes that came out of packed documents.
    pub unpacked: u64,
}

impl Reading {
    /// Whether everything was read.
    pub fn complete(&self) -> bool {
        self.more_problems == 0 && self.problems.iter().all(|problem| problem.fault == Fault::Polyglot)
    }
}
