//! Playbooks: steps in an order that people and other tools can read, written as CACAO 2.0 and read from it.
//!
//! A playbook is no permission and no plan: whatever is done of it goes through lint and gate as every step does. Text of
//! others is kept as text and is never carried out.

mod export;
mod import;
#[cfg(test)]
mod tests;

use crate::plan::{Phase, Plan, Step};
use firebreak_model::Time;
use serde::{Deserialize, Serialize};

pub use export::export;
pub use import::{Fault, import};

/// The form that is written and read: the value of `spec_version`.
pub const SPEC_VERSION: &str = "cacao-2.0";

/// The name under which our steps lie in `step_extensions`: the same in every playbook.
pub const EXTENSION: &str = "extension-definition--8f1d6c52-7a34-5b0e-9c61-2f0b8d4e7a15";

/// Who we are as the maker of a playbook.
pub const CREATED_BY: &str = "identity--3b9e0f6a-51c2-5d7e-8a44-6f2c1e9d0b73";

/// A playbook of more steps is refused.
pub const STEPS_MAX: usize = 2_000;

/// Steps in order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Playbook {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made, to the millisecond.
    pub at: Time,
    /// The steps, numbered from 1.
    pub steps: Vec<Entry>,
}

/// One step of a playbook.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A responder can do it.
    Cut(Box<Step>),
    /// A person does it.
    Guided(Guided),
}

/// What a person is to do, in the words of whoever wrote it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guided {
    /// Its place in the order, from 1.
    pub number: u32,
    /// What it is called.
    pub title: String,
    /// What to do, as text: of a command of another kind its kind and its text. Never carried out.
    pub text: String,
    /// Numbers of the steps that come before it.
    pub after: Vec<u32>,
}

impl Entry {
    /// Its place in the order, from 1.
    pub fn number(&self) -> u32 {
        match self {
            Entry::Cut(step) => step.number,
            Entry::Guided(guided) => guided.number,
        }
    }

    /// Its phase, where it is a cut.
    fn phase(&self) -> Option<Phase> {
        match self {
            Entry::Cut(step) => Some(step.phase),
            Entry::Guided(_) => None,
        }
    }
}

impl Playbook {
    /// The playbook that does what `plan` does.
    pub fn of_plan(plan: &Plan) -> Playbook {
        let body = plan.body();
        let asked = match &body.standing_policy {
            Some(policy) => format!("asked for by the standing policy {policy}"),
            None => format!(
                "the cut between {} compromised and {} protected things",
                body.sources.len(),
                body.targets.len()
            ),
        };
        Playbook {
            name: format!("Firebreak plan {}", plan.id().short()),
            description: format!("Plan {} for incident {}: {asked}.", plan.id(), body.incident),
            at: to_milliseconds(body.made_at),
            steps: body.steps.iter().map(|step| Entry::Cut(Box::new(step.clone()))).collect(),
        }
    }
}

/// `time` without what is finer than a millisecond.
pub fn to_milliseconds(time: Time) -> Time {
    Time(time.0.div_euclid(1_000).saturating_mul(1_000))
}
