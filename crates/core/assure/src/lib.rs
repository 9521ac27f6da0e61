//! Assurance: what was lost, as far as it can be known, and which duties may follow.
//!
//! It states and counts; it does not judge law, and nothing is sent from here. Where something is not known, the statement says so:
//! a short number with its gaps is worth more than a long one without.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod apps;
mod csv;
pub mod custody;
pub mod data_map;
pub mod doing;
pub mod draft;
pub mod duty;
pub mod extensions;
pub mod grants;
pub mod loss;
pub mod review;
#[cfg(test)]
mod seen;
pub mod services;
pub mod shared;
pub mod unshare;

pub use data_map::{ClassMap, DataChange, DataPlace, Reachers, Touched, Touches, data_drift, data_map};
pub use doing::{Doings, Done};
pub use draft::{Draft, drafts};
pub use duty::{Coverage, Deadline, Duty, Notice, Rule, duties, rules};
pub use loss::{Line, Place, Statement, Tally, statement};
