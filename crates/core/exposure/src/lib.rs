//! Exposure: which environments ran a bad thing, decided from what was seen in them and from incident profiles.
//!
//! Evidence comes in as events ([`observe()`]) and as inventories ([`EnvironmentEvidence`](firebreak_model::EnvironmentEvidence)),
//! is gathered in an [`EvidenceBook`], and is judged under a [`Profile`] by [`judge()`]. The order of a verdict:
//!
//! 1. A hash, commit or version that the profile names is **exposed**, whenever it was seen: caches and mirrors go on
//!    serving what was deleted.
//! 2. A run inside the union of the sourced windows that asks for the thing without fixing it, and whose log is there
//!    but records no version, is **suspect**.
//! 3. Complete evidence for every run, and no match, is **clear**.
//! 4. All else is **unknown**. Unknown is never clear.
//!
//! What counts as complete evidence is written down in [`coverage`].
//!
//! It is not a place for advisories' prose, for reading lockfiles or disks (that is inventory's), nor for what follows
//! from exposure (that is the graph's).
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod asked;
mod backend;
pub mod book;
pub mod coverage;
pub mod difference;
pub mod docket;
pub mod judge;
pub mod line;
pub mod observe;
pub mod posture;
pub mod profile;
pub mod report;
pub mod run;

pub use book::EvidenceBook;
pub use difference::{Change, difference};
pub use docket::Docket;
pub use judge::{judge, judge_file, judge_recipe, places};
pub use observe::{Mark, Seen, observe, observe_text};
pub use profile::Profile;
pub use report::{Answer, Counts, Place, Report};
