//! The guardrail: what passes between people, agents, models and tools is classified on its way, and the owner's policy
//! says whether it goes on, goes on masked, or goes no further.
//!
//! Gateways ask in their own protocols, one folder's file each in `protocols`. Nothing here listens, waits or remembers: a question
//! of bytes gives an answer and a record without values. What cannot be read is said to be so, and what cannot be decided is
//! refused.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod exchange;
mod judge;
mod mask;
pub mod protocols;
mod record;
mod strings;
mod tools;

pub use exchange::{Caller, Destination, Direction, Exchange, Piece, Place};
pub use judge::{Fate, Guardrail, Judgement, Outcome, SCHEMA, SHIPPED, Seen};
pub use mask::Masked;
pub use record::Record;
pub use tools::{Changed, Pins, Tool, definitions};
