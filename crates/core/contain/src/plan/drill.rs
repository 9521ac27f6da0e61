//! Drills: a plan of one step on an identity of the owner's own that exists to be cut, and its way through the gate.
//!
//! Nothing is compromised in a drill, so there is nothing to sever. What cannot be taken back is never drilled.

use super::{IncidentId, Plan, PlanBody, Step, StepKey, order};
use crate::gate::{Approved, Confidence, Decision, GateRequest, shipped};
use crate::lint::LintContext;
use firebreak_model::{Action, Reversibility, Severity, Time};
use std::collections::BTreeSet;

/// The plan of a drill at `now`. Drills at different moments are different plans.
///
/// # Errors
/// None in practice: everything is plain data.
pub fn plan(action: &Action, reversibility: Reversibility, now: Time) -> Result<Plan, String> {
    let step = Step {
        number: 1,
        key: StepKey::of(action),
        action: action.clone(),
        cost: 0,
        delay_seconds: 0,
        reversibility,
        phase: order::phase(action),
        after: Vec::new(),
        undo_note: order::undo_note(action, reversibility),
        needs_person: false,
    };
    let irreversible = super::make::permanent(std::slice::from_ref(&step));
    Plan::new(PlanBody {
        incident: IncidentId::of(&format!("drill of {} on {}", action.name, action.target)),
        made_at: now,
        sources: Vec::new(),
        targets: Vec::new(),
        steps: vec![step],
        relies_on: Vec::new(),
        cost: 0,
        lower_bound: 0,
        severs: true,
        certified: false,
        part_of: None,
        standing_policy: None,
        prepared: Vec::new(),
        irreversible,
        residual: Vec::new(),
        breaks: Vec::new(),
        uncuttable: Vec::new(),
        gaps: Vec::new(),
    })
}

/// Puts the plan of a drill to the gate of drills. `context` says what may never be cut; its moment counts.
///
/// # Errors
/// Why it does not pass, in words.
pub fn approve(plan: Plan, context: &LintContext) -> Result<Approved<Plan>, Vec<String>> {
    let gate = shipped::drill_gate()
        .map_err(|problems| problems.into_iter().map(|problem| problem.reason).collect::<Vec<_>>())?;
    let request = GateRequest {
        incident: plan.body().incident.clone(),
        severity: Severity::Informational,
        confidence: Confidence::Watch,
        signals: BTreeSet::new(),
        blast_radius_records: Some(0),
        crown_jewels: Some(0),
        hour: 0,
        weekend: false,
        approvals: Vec::new(),
        compromised: BTreeSet::new(),
        paused: None,
        held: None,
        irreversible_allowed: false,
        now: context.now,
    };
    match gate.decide(plan, &request, context) {
        Decision::Approved(approved) => Ok(approved),
        Decision::NeedsApproval { reasons, .. } | Decision::Denied { reasons, .. } => Err(reasons),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::example;
    use firebreak_model::{NodeKey, Text};
    use std::collections::BTreeMap;

    fn drilled(name: &str, target: NodeKey, reversibility: Reversibility) -> Result<(), Vec<String>> {
        let action = Action { name: Text::new(name), target, parameters: BTreeMap::new() };
        let plan = plan(&action, reversibility, example::now()).expect("plain data");
        approve(plan, &example::lint_context()).map(|approved| assert!(approved.approvals().is_empty()))
    }

    #[test]
    fn what_can_be_taken_back_is_drilled_and_nothing_else() {
        let canary = || NodeKey::credential("aws", "AKIACANARY");
        let name = "aws_access_key/deactivate";
        assert_eq!(drilled(name, canary(), Reversibility::ReversibleReissuesAccess), Ok(()));
        for permanent in [Reversibility::Irreversible, Reversibility::RecreateOnly] {
            let refused = drilled(name, canary(), permanent).expect_err("it cannot be taken back");
            assert_eq!(refused, ["no policy permits it"]);
        }
    }

    #[test]
    fn no_drill_cuts_ourselves_or_does_what_nobody_can() {
        let mild = Reversibility::Reversible;
        let own = drilled("aws_access_key/deactivate", NodeKey::credential("aws", "AKIAFIREBREAK"), mild);
        assert!(own.expect_err("it is our own key")[0].contains("plan "));
        let unknown = drilled("aws_moon/close", NodeKey::credential("aws", "AKIACANARY"), mild);
        assert!(unknown.is_err());
    }

    #[test]
    fn two_drills_of_one_identity_are_two_plans_of_one_incident() {
        let action = &example::body().steps[0].action;
        let at = |seconds| plan(action, Reversibility::Reversible, example::now().plus_seconds(seconds));
        let (first, second) = (at(0).expect("plain data"), at(60).expect("plain data"));
        assert_eq!(first.body().incident, second.body().incident);
        assert_ne!(first.id(), second.id());
    }
}
