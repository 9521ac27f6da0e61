//! What a principal may do: each platform's own policies, evaluated as the platform evaluates them, with three answers.
//!
//! It is not the map (that is `graph`) and does not read exports (that is `inventory`): it is told documents and answers
//! yes, no or may, and why.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod aws;
