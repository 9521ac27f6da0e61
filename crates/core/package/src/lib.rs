//! Packages: the ecosystems that they belong to, how each spells names and orders versions, and the files that list them.
//!
//! It is not a resolver, and it never asks a registry: everything here is a function of bytes.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod affected;
pub mod cool_down;
pub mod ecosystem;
pub mod formats;
pub mod requirement;
pub mod resolve;
pub mod version;

pub use affected::{Affected, affected};
pub use cool_down::CoolDown;
pub use ecosystem::Ecosystem;
pub use requirement::{Admission, Language, Requirement};
pub use resolve::would_admit;
