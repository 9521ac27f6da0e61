//! Containment, decided: what is compromised, which cuts sever it from what matters, in which order, and whether the
//! owner's policy lets them happen.
//!
//! Nothing is done here. This crate makes plans and decisions from data; `act` carries out what came through the gate.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod canonical;
pub mod derived;
pub mod gate;
pub mod lint;
pub mod plan;
pub mod rule;
pub mod scope;

pub use derived::Derivation;
pub use gate::{Approval, Approved, Decision, Gate, GateRequest};
pub use lint::{LintContext, lint};
pub use plan::Compromised;
pub use plan::{IncidentId, Plan, PlanBody, PlanId, Step, StepKey};
pub use scope::{Scope, ScopeEvidence, scope};
