//! Questions about what happened, in SQL: one `SELECT` over the events, read, checked against what there is, and answered
//! within bounds.
//!
//! The language is a part of SQL that can only look: there is no word for a change, a file or another system in what a
//! question becomes. Whatever a question holds that is not read is an error that names it; nothing is passed over. It does
//! not know where events are kept: whoever asks brings an [`Events`], and says through it when time is up.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod aggregate;
mod evaluate;
mod expression;
mod functions;
mod read;
mod run;
mod schema;
mod value;

pub use functions::{FUNCTIONS, Function};
pub use read::question;
pub use run::{Answer, Bounds, Column, Events, Looked, Question};
pub use schema::{COLUMNS, ColumnOf};
pub use value::{Kind, Value};

use std::fmt;

/// Why a question is not answered, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>, hint: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), hint: hint.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.reason, self.hint)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests;
