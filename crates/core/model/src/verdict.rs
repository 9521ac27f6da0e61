//! Verdicts: whether an environment ran the bad thing, and what decided that.

use crate::{Interval, NodeKey, Text, Time};
use serde::{Deserialize, Serialize};

/// Exposed, suspect, clear or unknown. Unknown is never clear.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Complete evidence, and no match.
    Clear,
    /// The evidence has a gap.
    Unknown,
    /// Ran inside a window with an unpinned reference, and no version is recorded.
    Suspect,
    /// A hash, commit or version matches.
    Exposed,
}

impl Verdict {
    /// The word for it in text and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Clear => "clear",
            Verdict::Unknown => "unknown",
            Verdict::Suspect => "suspect",
            Verdict::Exposed => "exposed",
        }
    }
}

/// The verdict on one environment under one incident profile.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Judgement {
    /// Which environment.
    pub environment: NodeKey,
    /// Which incident profile, and its revision.
    pub profile: Text,
    /// The profile's revision: verdicts are recomputed when it changes.
    pub revision: u32,
    /// The verdict.
    pub verdict: Verdict,
    /// From when it was exposed to when it was cleaned, where exposed or suspect.
    pub interval: Option<Interval>,
    /// What decided it, in one sentence each.
    pub decided_by: Vec<String>,
    /// What is missing behind it.
    pub gaps: Vec<String>,
    /// Time of the evidence that decided it, where there is one.
    pub at: Option<Time>,
}
