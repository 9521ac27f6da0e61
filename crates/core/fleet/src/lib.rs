//! The fleet: which package was in which environment from when to when, as columns that are read in place.
//!
//! What evidence says becomes [`Statement`]s. A [`Builder`] writes a batch of them as a segment: bytes that never change,
//! that a [`Segment`] reads where they lie and that [`merge`] makes one of; [`merge_since`] leaves out what is to be forgotten. A [`Fleet`] asks any number of segments as if
//! they were one: its answers are a function of the set of statements, not of their order, of how often one came, or of
//! which segment holds it.
//!
//! An answer names who had a thing in a window, and beside them **who cannot be told**: environments that ran then and of
//! which no complete evidence speaks. Unknown is never clear.
//!
//! It is not where verdicts are made (that is `exposure`'s), and it touches no disk (that is `edge/fleet`'s).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod block;
mod builder;
mod bytes;
mod emit;
mod ending;
pub mod evidence;
mod fleet;
mod forgetting;
mod merging;
pub mod owners;
mod segment;
mod statement;
mod thing;
mod when;

pub use builder::Builder;
pub use bytes::Sink;
pub use evidence::statements;
pub use fleet::{Answer, Fleet, Presence, Query};
pub use forgetting::merge_since;
pub use merging::merge;
pub use segment::{Damaged, Segment};
pub use statement::{Complete, Had, Statement, Sure};
pub use thing::{Thing, Wanted};

#[cfg(test)]
mod tests;
