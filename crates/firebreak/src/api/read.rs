//! What is shown, a module each.

pub(super) mod blast;
pub(super) mod detectors;
pub(super) mod export;
pub(super) mod exposure;
pub(super) mod findings;
pub(super) mod incidents;
pub(super) mod ledger;
pub(super) mod map;
pub(super) mod now;
pub(super) mod plans;
pub(super) mod settings;
