//! The scenario `borrowed-sand`: the estate of a fictional company, a month of its ordinary traffic, and the attack of March
//! 2026 as its logs would have recorded it, written as the platforms write them.
//!
//! It is modelled on tactics that were seen across victims; no public account exists of the path inside any one of them.
//! Nothing here is real but package names, versions, hashes and published indicators. It is not a detector, and it reads
//! nothing: the same specification gives the same bytes on every machine. The page beside this crate says how the
//! scenario is scaled.

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod attack;
mod batch;
mod clock;
mod decoy;
mod estate;
mod inventory;
mod json;
mod logs;
pub mod month;
mod people;
mod random;
mod spec;
mod traffic;
mod truth;
mod write;

pub use spec::{Addresses, File, Size, Spec};

use estate::Estate;

/// The folder of the scenario: the first part of every path.
pub const ROOT: &str = "borrowed-sand";

/// Writes the scenario, file by file, into `sink`, and stops as soon as `sink` answers `false`.
///
/// Only one file is held at a time. Inventories come first, then logs in the order of days, then `truth.json`, which is for
/// scoring alone.
///
/// ```
/// use firebreak_scenario::{Addresses, Size, Spec, generate};
///
/// let spec = Spec { seed: 7, size: Size::Small, addresses: Addresses::TestNet };
/// let mut first = None;
/// generate(&spec, &mut |file| {
///     first = Some(file.path);
///     false
/// });
/// assert_eq!(first.as_deref(), Some("borrowed-sand/inventory/aws/111122223333/authorization-details.json"));
/// ```
pub fn generate(spec: &Spec, sink: &mut dyn FnMut(File) -> bool) {
    let estate = Estate::new(*spec);
    let acts = attack::schedule(spec);
    for file in inventory::files(&estate) {
        if !sink(file) {
            return;
        }
    }
    for day in clock::days() {
        if !logs::day(&estate, &acts, day, sink) {
            return;
        }
    }
    sink(truth::file(&estate, &acts));
}
