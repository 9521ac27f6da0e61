//! The words of Firebreak as plain data: events, facts, verdicts, findings, actions, and the time and keys they share.
//!
//! It is not a place for behaviour: no matching, no graph search, no policy, no input or output. Every other crate
//! depends on this one and this one depends on none of them.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod action;
pub mod catalogue;
pub mod change;
pub mod data;
pub mod event;
pub mod evidence;
pub mod fact;
pub mod finding;
pub mod fingerprint;
pub mod identifier;
pub mod key;
pub mod ocsf;
pub mod party;
pub mod problem;
pub mod time;
pub mod verdict;

pub use action::{Action, CutOption, CutPolicy, Reversibility};
pub use catalogue::Catalogue;
pub use change::Change;
pub use data::{DataClass, Holding, Residency};
pub use event::{Event, EventUid, Keys, LogSource, Outcome};
pub use evidence::{EnvironmentEvidence, Observation, ObservationKind};
pub use fact::{EdgeFact, EdgeKind, Fact, NodeFact, Persistence};
pub use finding::{Finding, FindingId, Severity, Signal};
pub use fingerprint::Fingerprinter;
pub use identifier::{Identifier, IdentifierScheme};
pub use key::{NodeKey, NodeKind, joined};
pub use party::Party;
pub use problem::{Position, Problem};
pub use time::{Interval, Time};
pub use verdict::{Judgement, Verdict};

/// A short immutable string: at most 23 bytes inline, cheap to clone beyond that.
pub type Text = smol_str::SmolStr;

/// A parsed JSON document, shared and read-only.
pub type Json = sonic_rs::Value;
