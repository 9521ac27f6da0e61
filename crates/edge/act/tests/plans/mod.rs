//! Approved plans for the tests, made the only way there is: by the gate.

use firebreak_contain::gate::{Approval, Confidence, shipped};
use firebreak_contain::lint::MAX_AGE_SECONDS;
use firebreak_contain::plan::order;
use firebreak_contain::{
    Approved, Decision, Gate, GateRequest, IncidentId, LintContext, Plan, PlanBody, Step, StepKey,
};
use firebreak_model::{Action, NodeKey, Reversibility, Severity, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// An action with parameters.
pub(crate) fn action(name: &str, target: NodeKey, parameters: &[(&str, &str)]) -> Action {
    let parameters = parameters.iter().map(|(name, value)| (Text::new(name), Text::new(value))).collect();
    Action { name: Text::new(name), target, parameters }
}

/// A step that does `action`, without a place in any order yet.
pub(crate) fn step(action: Action, reversibility: Reversibility, delay_seconds: u32) -> Step {
    Step {
        number: 1,
        key: StepKey::of(&action),
        cost: 10,
        delay_seconds,
        reversibility,
        phase: order::phase(&action),
        after: Vec::new(),
        undo_note: order::undo_note(&action, reversibility),
        needs_person: false,
        action,
    }
}

/// The steps as numbered, approved by a gate that permits everything.
pub(crate) fn approved(steps: Vec<Step>, now: Time) -> Approved<Plan> {
    approved_by(None, steps, now)
}

/// The same, approved by a person as well.
pub(crate) fn approved_by(person: Option<NodeKey>, steps: Vec<Step>, now: Time) -> Approved<Plan> {
    let permanent =
        |step: &&Step| matches!(step.reversibility, Reversibility::Irreversible | Reversibility::RecreateOnly);
    let irreversible = steps.iter().filter(permanent).map(|step| step.number).collect();
    let actions: BTreeSet<Text> = steps.iter().map(|step| step.action.name.clone()).collect();
    let incident = IncidentId::of("tests");
    let cost = steps.iter().map(|step| u64::from(step.cost)).sum();
    let body = PlanBody {
        incident: incident.clone(),
        made_at: now,
        sources: Vec::new(),
        targets: Vec::new(),
        steps,
        relies_on: Vec::new(),
        cost,
        lower_bound: cost,
        severs: true,
        certified: true,
        part_of: None,
        standing_policy: None,
        prepared: Vec::new(),
        irreversible,
        residual: Vec::new(),
        breaks: Vec::new(),
        uncuttable: Vec::new(),
        gaps: Vec::new(),
    };
    let plan = Plan::new(body).expect("plain data");
    let yes = |by| Approval { by, plan_id: plan.id().clone(), at: now, expires: now.plus_seconds(60) };
    let request = GateRequest {
        incident,
        severity: Severity::Critical,
        confidence: Confidence::Containable,
        signals: BTreeSet::new(),
        blast_radius_records: Some(1),
        crown_jewels: Some(1),
        hour: 12,
        weekend: false,
        approvals: person.map(yes).into_iter().collect(),
        compromised: BTreeSet::new(),
        paused: None,
        held: None,
        irreversible_allowed: false,
        now,
    };
    let lint = LintContext {
        our_own: BTreeSet::new(),
        actions,
        never_cut: BTreeSet::new(),
        now,
        max_age_seconds: MAX_AGE_SECONDS,
        severs_now: Some(true),
    };
    let gate =
        Gate::new(shipped::SCHEMA, &[("tests", "permit(principal, action, resource);")]).expect("a sound policy");
    match gate.decide(plan, &request, &lint) {
        Decision::Approved(approved) => approved,
        other => panic!("the gate of the tests permits everything: {other:?}"),
    }
}

/// One action, approved as a plan of one step.
pub(crate) fn approved_one(action: Action, reversibility: Reversibility, now: Time) -> Approved<Plan> {
    approved(vec![step(action, reversibility, 1)], now)
}

/// Secrets by reference, for the tests: `test:name`.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestSecrets(pub BTreeMap<String, String>);

impl firebreak_world::Secrets for TestSecrets {
    fn secret(&self, reference: &str) -> Result<secrecy::SecretString, firebreak_world::SecretsError> {
        let missing = || firebreak_world::SecretsError::Missing {
            reference: reference.to_owned(),
            reason: "the test has none".to_owned(),
        };
        self.0.get(reference).map(|value| value.as_str().into()).ok_or_else(missing)
    }
}
