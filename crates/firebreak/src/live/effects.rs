//! What the respond stage wants done, sorted by who does it: the state, the ledger, the executor, people.

use firebreak_act::{ExecutionReport, StepState};
use firebreak_contain::incident::{Effect, IncidentView, StepOutcome};
use firebreak_contain::plan::PlanId;
use firebreak_contain::{Approved, Plan};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What leaves the process and must not be lost with it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outgoing")]
pub enum Outgoing {
    /// For the ledger.
    Record {
        /// Its name.
        id: String,
        /// What kind.
        kind: String,
        /// What it says.
        body: Value,
    },
    /// For people.
    Notify {
        /// In words.
        text: String,
    },
}

/// Effects by who does them.
#[derive(Default)]
pub struct Sorted {
    /// (id, incident as JSON).
    pub incidents: Vec<(String, String)>,
    /// (id, incident, status, plan as JSON).
    pub plans: Vec<(String, String, String, String)>,
    /// For the ledger and for people.
    pub outgoing: Vec<Outgoing>,
    /// To be carried out.
    pub approved: Vec<Box<Approved<Plan>>>,
    /// Containments that have run out unconfirmed.
    pub due: Vec<PlanId>,
}

fn text<T: Serialize>(value: &T) -> String {
    // Plain data: there is nothing in it that JSON cannot hold.
    serde_json::to_string(value).unwrap_or_default()
}

fn plan_row(plan: &Plan, status: &str) -> (String, String, String, String) {
    (plan.id().to_string(), plan.body().incident.to_string(), status.to_owned(), text(plan))
}

/// Sorts effects by who does them.
pub fn sort(effects: Vec<Effect>) -> Sorted {
    let mut sorted = Sorted::default();
    let incident = |view: &IncidentView| (view.id.to_string(), text(view));
    for effect in effects {
        match effect {
            Effect::OpenIncident(view) | Effect::UpdateIncident(view) => sorted.incidents.push(incident(&view)),
            Effect::PlanMade(plan) => sorted.plans.push(plan_row(&plan, "proposed")),
            Effect::AskApproval { incident, plan, needed, have, reasons } => {
                if let Some(row) = sorted.plans.iter_mut().find(|row| row.0 == plan.as_str()) {
                    row.2 = "waiting".to_owned();
                }
                let text = format!(
                    "{incident}: plan {} waits for {needed} approvals and has {have} ({})\nnext: firebreak approve {} --by <e-mail>",
                    plan.short(),
                    reasons.join("; "),
                    plan.short()
                );
                sorted.outgoing.push(Outgoing::Notify { text });
            }
            Effect::Execute(approved) => {
                sorted.plans.push(plan_row(approved.plan(), "approved"));
                sorted.approved.push(approved);
            }
            Effect::Record { id, kind, body } => {
                sorted.outgoing.push(Outgoing::Record { id, kind: kind.to_owned(), body });
            }
            Effect::Notify { incident, text, .. } => {
                sorted.outgoing.push(Outgoing::Notify { text: format!("{incident}: {text}") });
            }
            Effect::LeaseDue { incident, plan, expiry } => {
                let text = format!("{incident}: the lease of plan {} has run out: {expiry:?}", plan.short());
                sorted.outgoing.push(Outgoing::Notify { text });
                sorted.due.push(plan);
            }
        }
    }
    sorted
}

/// What a step's state means to the respond stage; nothing while it is under way.
pub fn outcome(state: StepState) -> Option<StepOutcome> {
    match state {
        StepState::Contained => Some(StepOutcome::Contained),
        StepState::NotContained => Some(StepOutcome::NotContained),
        StepState::Applied | StepState::AlreadyInState | StepState::Unobservable | StepState::Converging => {
            Some(StepOutcome::Applied)
        }
        StepState::Failed => Some(StepOutcome::Failed),
        StepState::Undone => Some(StepOutcome::Undone),
        StepState::Planned
        | StepState::Applying
        | StepState::Ambiguous
        | StepState::UndoPlanned
        | StepState::UndoFailed => None,
    }
}

fn lines(report: &ExecutionReport, head: &str) -> String {
    let steps = report.steps.iter().map(|step| {
        let state = step.state.word().replace('_', " ");
        format!("\n  {} {} {}: {state}; {}", step.number, step.action.name, step.action.target, step.detail)
    });
    format!("{head}{}", steps.collect::<String>())
}

/// What became of a plan, for people.
pub fn executed(report: &ExecutionReport) -> String {
    let how = match report.mode {
        firebreak_act::Mode::DryRun => "rehearsed; nothing was called",
        firebreak_act::Mode::Live => "carried out",
    };
    lines(report, &format!("plan {:.12} {how}", report.plan))
}

/// What became of an undo, for people.
pub fn undone(report: &ExecutionReport) -> String {
    lines(report, &format!("plan {:.12} taken back", report.plan))
}
