//! What became of a plan, step by step: for people, for `--json` and for the board.

use crate::evidence::Evidence;
use crate::journal::{StepRow, StepState};
use firebreak_model::{Action, Reversibility, Time};
use serde::{Deserialize, Serialize};

/// Whether steps call the platforms.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing is called, not even to read. The report says so.
    #[default]
    DryRun,
    /// Steps are carried out.
    Live,
}

/// What became of one step.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct StepReport {
    /// Its place in the plan.
    pub number: u32,
    /// The step's key.
    pub key: String,
    /// What it does.
    pub action: Action,
    /// Whether it can be taken back.
    pub reversibility: Reversibility,
    /// Where it stands. In a dry run always `planned`.
    pub state: StepState,
    /// Why it stands there, for a person.
    pub detail: String,
    /// What the last look showed.
    pub evidence: Vec<Evidence>,
    /// How often its call was begun.
    pub attempts: u32,
    /// When its call was first begun.
    pub begun: Option<Time>,
    /// Whether it was begun after its deadline, or that has passed and it was not begun.
    #[serde(default)]
    pub late: bool,
    /// Seconds from there until the old authority was first seen refused; none where nobody saw it refused.
    pub seconds_to_effective_denial: Option<f64>,
}

impl StepReport {
    /// The report of a step with a row.
    pub(crate) fn of(row: &StepRow) -> StepReport {
        let seconds = row.begun.zip(row.denied).map(|(begun, denied)| denied.seconds_since(begun).max(0.0));
        StepReport {
            number: row.number,
            key: row.key.clone(),
            action: row.action.clone(),
            reversibility: row.reversibility,
            state: row.state,
            detail: row.detail.clone(),
            evidence: row.evidence.clone(),
            attempts: row.attempts,
            begun: row.begun,
            late: row.begun.zip(row.due).is_some_and(|(begun, due)| begun > due),
            seconds_to_effective_denial: seconds,
        }
    }
}

/// What became of a plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct ExecutionReport {
    /// The plan's id.
    pub plan: String,
    /// Whether anything was called.
    pub mode: Mode,
    /// When it began.
    pub began: Time,
    /// When the last step came to rest.
    pub ended: Time,
    /// Its steps, by number.
    pub steps: Vec<StepReport>,
}

impl ExecutionReport {
    /// How many steps stand at `state`.
    pub fn count(&self, state: StepState) -> usize {
        self.steps.iter().filter(|step| step.state == state).count()
    }

    /// Whether every step was seen to deny.
    pub fn all_contained(&self) -> bool {
        !self.steps.is_empty() && self.count(StepState::Contained) == self.steps.len()
    }
}
