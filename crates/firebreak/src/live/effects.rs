//! What the respond stage wants done, sorted by who does it: the state, the ledger, the executor, people.

use firebreak_act::{ExecutionReport, StepReport, StepState};
use firebreak_contain::change::{self, Refusal};
use firebreak_contain::incident::{Effect, IncidentView, Status, StepOutcome};
use firebreak_contain::plan::{PlanId, StepKey};
use firebreak_contain::{Approved, Plan};
use firebreak_model::{Finding, FindingId, NodeKey, Severity, Signal, Text, Time};
use firebreak_notify::Ask;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;

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
        /// About which incident.
        #[serde(default)]
        incident: Option<String>,
        /// How bad.
        #[serde(default)]
        severity: Option<Severity>,
        /// What people are asked to approve.
        #[serde(default)]
        ask: Option<Ask>,
    },
    /// For the executor: steps of a containment that has run out and may be lifted.
    Lift {
        /// The plan's id.
        plan: String,
        /// The steps.
        steps: Vec<StepKey>,
    },
    /// For the executor: a change that hurt is taken back.
    Restore {
        /// The plan's id.
        plan: String,
    },
}

/// Effects by who does them.
#[derive(Default)]
pub struct Sorted {
    /// (id, incident as JSON).
    pub incidents: Vec<(String, String)>,
    /// (id of an incident that is no more, the one that it has become part of).
    pub joined: Vec<(String, String)>,
    /// (incident, the plan of it that waits for people).
    pub pending: Vec<(String, Option<String>)>,
    /// (id, incident, status, plan as JSON).
    pub plans: Vec<(String, String, String, String)>,
    /// For the ledger and for people.
    pub outgoing: Vec<Outgoing>,
    /// To be carried out.
    pub approved: Vec<Box<Approved<Plan>>>,
    /// Findings that no detector made.
    pub findings: Vec<Finding>,
}

fn text<T: Serialize>(value: &T) -> String {
    // Plain data: there is nothing in it that JSON cannot hold.
    serde_json::to_string(value).unwrap_or_default()
}

fn plan_row(plan: &Plan, status: &str) -> (String, String, String, String) {
    (plan.id().to_string(), plan.body().incident.to_string(), status.to_owned(), text(plan))
}

impl Sorted {
    fn incident(&mut self, view: &IncidentView) {
        let id = view.id.to_string();
        let waits = view.status == Status::AwaitingApproval;
        self.incidents.push((id.clone(), text(view)));
        self.joined.extend(view.joined.iter().map(|other| (other.to_string(), id.clone())));
        self.pending.push((id, view.plan.as_ref().filter(|_| waits).map(PlanId::to_string)));
    }

    /// A plan passed the gate: mostly the one that was made last.
    fn passed(&mut self, plan: &Plan) {
        match self.plans.last_mut() {
            Some((id, _, status, _)) if id == plan.id().as_str() => "approved".clone_into(status),
            _ => self.plans.push(plan_row(plan, "approved")),
        }
    }
}

impl Sorted {
    /// Sorts what follows from changes, too.
    pub fn change(&mut self, effects: impl IntoIterator<Item = change::Effect>) {
        for effect in effects {
            match effect {
                change::Effect::Plan { plan, status } => self.plans.push(plan_row(&plan, status)),
                change::Effect::Ask { plan, title, needed, have, reasons } => {
                    let short = plan.short();
                    let text = format!(
                        "{title}: plan {short} waits for {needed} approvals and has {have} ({})\nnext: firebreak approve {short} --by <e-mail>",
                        reasons.join("; ")
                    );
                    let ask = Some(Ask { plan: plan.to_string(), needed, have });
                    self.outgoing.push(Outgoing::Notify { text, incident: None, severity: None, ask });
                }
                change::Effect::Execute(approved) => self.approved.push(approved),
                change::Effect::Restore { plan, .. } => {
                    self.outgoing.push(Outgoing::Restore { plan: plan.to_string() })
                }
                change::Effect::Found { title, subject, refusal, explanation } => {
                    self.findings.push(found(&title, subject, &refusal, explanation));
                }
                change::Effect::Record { id, kind, body } => {
                    self.outgoing.push(Outgoing::Record { id, kind: kind.to_owned(), body });
                }
                change::Effect::Notify { severity, text } => {
                    self.outgoing.push(Outgoing::Notify { text, incident: None, severity: Some(severity), ask: None });
                }
            }
        }
    }
}

/// The finding that a change hurt. It compromises nobody.
fn found(title: &str, subject: NodeKey, refusal: &Refusal, explanation: String) -> Finding {
    const DETECTOR: &str = "change_hurt";
    Finding {
        id: FindingId::of(DETECTOR, Some(&subject), refusal.event),
        detector: Text::new_static(DETECTOR),
        title: Text::new(title),
        severity: Severity::Medium,
        signal: Signal::Watch,
        subject: Some(subject),
        actor: Some(refusal.identity.clone()),
        class: None,
        first: refusal.at,
        at: refusal.at,
        events: vec![refusal.event],
        event_count: 1,
        explanation,
        techniques: Vec::new(),
    }
}

/// Sorts effects by who does them.
pub fn sort(effects: Vec<Effect>) -> Sorted {
    let mut sorted = Sorted::default();
    for effect in effects {
        match effect {
            Effect::OpenIncident(view) | Effect::UpdateIncident(view) => sorted.incident(&view),
            Effect::PlanMade(plan) => sorted.plans.push(plan_row(&plan, "proposed")),
            Effect::AskApproval { incident, plan, needed, have, reasons } => {
                if let Some(row) = sorted.plans.iter_mut().rev().find(|row| row.0 == plan.as_str()) {
                    row.2 = "waiting".to_owned();
                }
                let text = format!(
                    "{incident}: plan {} waits for {needed} {} and has {have} ({})\nnext: firebreak approve {} --by <e-mail>",
                    plan.short(),
                    if needed == 1 { "approval" } else { "approvals" },
                    reasons.join("; "),
                    plan.short()
                );
                let (incident, ask) = (Some(incident.to_string()), Some(Ask { plan: plan.to_string(), needed, have }));
                sorted.outgoing.push(Outgoing::Notify { text, incident, severity: None, ask });
            }
            Effect::Execute(approved) => {
                sorted.passed(approved.plan());
                sorted.approved.push(approved);
            }
            Effect::Record { id, kind, body } => {
                sorted.outgoing.push(Outgoing::Record { id, kind: kind.to_owned(), body });
            }
            Effect::Notify { incident, severity, text } => {
                let (text, incident) = (format!("{incident}: {text}"), Some(incident.to_string()));
                sorted.outgoing.push(Outgoing::Notify { text, incident, severity: Some(severity), ask: None });
            }
            Effect::LeaseDue { incident, plan, expiry } => {
                let (lift, keep) = (expiry.lift.len(), expiry.keep.len());
                let why: BTreeSet<&str> = expiry.keep.iter().map(|(_, why)| why.as_str()).collect();
                let why = why.into_iter().collect::<Vec<_>>().join("; ");
                let text = format!(
                    "{incident}: the lease of plan {} has run out: {lift} steps are lifted, {keep} stand ({why})",
                    plan.short()
                );
                let incident = Some(incident.to_string());
                sorted.outgoing.push(Outgoing::Notify { text, incident, severity: None, ask: None });
                if !expiry.lift.is_empty() {
                    sorted.outgoing.push(Outgoing::Lift { plan: plan.to_string(), steps: expiry.lift });
                }
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
        StepState::Cancelled => Some(StepOutcome::Cancelled),
        StepState::Planned
        | StepState::Applying
        | StepState::Ambiguous
        | StepState::UndoPlanned
        | StepState::UndoFailed => None,
    }
}

fn lines(steps: &[StepReport], head: &str) -> String {
    let steps = steps.iter().map(|step| {
        let state = step.state.word().replace('_', " ");
        let after =
            step.seconds_to_effective_denial.map(|seconds| format!(" after {seconds:.1} s")).unwrap_or_default();
        let late = if step.late { ", late" } else { "" };
        let StepReport { number, action, detail, .. } = step;
        format!("\n  {number} {} {}: {state}{after}{late}; {detail}", action.name, action.target)
    });
    format!("{head}{}", steps.collect::<String>())
}

/// What became of a plan, for people.
pub fn executed(report: &ExecutionReport) -> String {
    let how = match report.mode {
        firebreak_act::Mode::DryRun => "rehearsed; nothing was called",
        firebreak_act::Mode::Live => "carried out",
    };
    lines(&report.steps, &format!("plan {:.12} {how}", report.plan))
}

/// What became of an undo, for people.
pub fn undone(report: &ExecutionReport) -> String {
    lines(&report.steps, &format!("plan {:.12} taken back", report.plan))
}

/// What became of a cancellation, for people.
pub fn cancelled(plan: &str, steps: &[StepReport]) -> String {
    lines(steps, &format!("plan {plan:.12} cancelled"))
}

/// Steps that were to have begun, for people.
pub fn late(plan: &str, steps: &[u32]) -> String {
    let numbers: Vec<String> = steps.iter().map(u32::to_string).collect();
    format!("plan {plan:.12}: past its deadline and not begun: step {}; it still waits", numbers.join(", "))
}

/// The same, for the ledger.
pub fn lateness(plan: &str, steps: &[u32], at: Time) -> Outgoing {
    let body = serde_json::json!({"plan": plan, "steps": steps, "at": at});
    Outgoing::Record { id: format!("late/{plan}"), kind: "act.late".to_owned(), body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_contain::lease::Expiry;
    use firebreak_contain::plan::IncidentId;
    use firebreak_model::{Action, NodeKey, Text};

    fn due(lift: Vec<StepKey>, keep: Vec<(StepKey, String)>) -> Vec<Outgoing> {
        let expiry = Expiry { lift, keep };
        let (incident, plan) = (IncidentId::of("first"), PlanId::from_text("plan"));
        sort(vec![Effect::LeaseDue { incident, plan, expiry }]).outgoing
    }

    #[test]
    fn a_lease_that_has_run_out_lifts_what_it_names_and_nothing_else() {
        let step = |name: &str| {
            let target = NodeKey::credential("aws", name);
            StepKey::of(&Action {
                name: Text::new("aws_access_key/deactivate"),
                target,
                parameters: Default::default(),
            })
        };
        let kept = vec![(step("AKIA2"), "lifting it would open a path to what matters".to_owned())];
        let lifts = |outgoing: &[Outgoing]| {
            let steps = outgoing
                .iter()
                .filter_map(|one| if let Outgoing::Lift { steps, .. } = one { Some(steps) } else { None });
            steps.flatten().cloned().collect::<Vec<StepKey>>()
        };
        assert_eq!(lifts(&due(vec![step("AKIA1")], kept.clone())), [step("AKIA1")]);
        let outgoing = due(Vec::new(), kept);
        assert_eq!(outgoing.len(), 1, "nothing is lifted, and people are told: {outgoing:?}");
    }
}
