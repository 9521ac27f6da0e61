//! Detection: Sigma rules, the matcher, correlations and behaviour, as pure stages.
//!
//! [`Rules::load`] reads rules, [`Matcher`] asks them about one event at a time without state, [`Correlator`] keeps the
//! state that several events share and raises findings, [`containable`] says which findings together may lead to
//! containment. No input, output, clock or randomness: events and time arrive as data.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod behaviour;
mod field;
mod places;
mod signal;
mod stamp;
mod text;

pub mod correlator;
pub mod explain;
pub mod matcher;
pub mod rules;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod corpus;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod trace;

pub use behaviour::set_budget::SetBudget;
pub use behaviour::{Card, Spending, behaviours};
pub use correlator::{Arrival, Correlator, Counters, InTurn, Observed, Settings, Shard, Turns, Workers};
pub use field::texts;
pub use matcher::{Matcher, Scratch};
pub use places::{NetworkKind, NetworkTable, Place};
pub use rules::{KnownSource, Lint, LoadOptions, RuleFile, RuleIndex, Rules};
pub use signal::containable;
