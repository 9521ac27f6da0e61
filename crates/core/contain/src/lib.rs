//! Containment, decided: what is compromised, which cuts sever it from what matters, in which order, and whether the
//! owner's policy lets them happen.
//!
//! Nothing is done here. This crate makes plans and decisions from data; `act` carries out what came through the gate.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod canonical;
pub mod change;
pub mod cost;
pub mod derived;
pub mod gate;
pub mod incident;
pub mod lease;
pub mod lint;
pub mod mute;
pub mod plan;
pub mod playbook;
pub mod prepared;
pub mod rule;
pub mod scope;
pub mod standing_policy;

pub use cost::{Use, Uses};
pub use derived::Derivation;
pub use gate::{Approval, Approved, Decision, Gate, GateRequest};
pub use incident::{Effect, Estate, IncidentView, Message, Respond, Settings, State, Status, StepOutcome};
pub use lease::Lease;
pub use lint::{LintContext, lint};
pub use mute::{Mute, MuteId};
pub use plan::{Compromised, IncidentId, NoPlan, Plan, PlanBody, PlanId, PlanRequest, Step, StepKey, plan};
pub use scope::{Scope, ScopeEvidence, scope};
pub use standing_policy::StandingPolicy;
