//! Cases of a policy: a plan in brief with its circumstances, and what the gate is to say to it.
//!
//! A case asks the same gate by the same way as an incident does, lint included. It is how an owner knows what a policy
//! lets happen before it does.

use super::{Approval, Confidence, Decision, Gate, GateRequest, Pause};
use crate::lint::{LintContext, MAX_AGE_SECONDS};
use crate::plan::{IncidentId, Plan, PlanBody, Step, StepKey, UncuttablePath, make, order};
use firebreak_model::{Action, NodeKey, Reversibility, Severity, Signal, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What the gate may say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It may be carried out.
    Approved,
    /// It waits for people.
    NeedsApproval,
    /// It may not be carried out.
    Denied,
}

impl Answer {
    /// It in words.
    pub const fn word(self) -> &'static str {
        match self {
            Answer::Approved => "approved",
            Answer::NeedsApproval => "needs approval",
            Answer::Denied => "denied",
        }
    }
}

/// What the gate said to one plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Said {
    /// What.
    pub answer: Answer,
    /// How many people must approve, where some must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed: Option<u32>,
    /// How many steps go ahead without them, because they can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ahead: Option<usize>,
    /// Why.
    pub reasons: Vec<String>,
}

/// What a policy is to say to a plan.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in words.
    pub name: String,
    /// What the gate is to say.
    pub expect: Answer,
    /// How many people must approve.
    pub needed: Option<u32>,
    /// What one of the reasons must hold.
    pub because: Option<String>,
    /// What the plan does.
    pub steps: Vec<CaseStep>,
    /// What is left open or not known.
    #[serde(default)]
    pub plan: Rest,
    /// Under which circumstances.
    #[serde(default)]
    pub incident: Situation,
}

/// One step of a case's plan.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseStep {
    /// What to do, as `firebreak responders` names it.
    pub action: Text,
    /// To what: a key as in `credential:aws/AKIA…`.
    pub target: NodeKey,
    /// What it costs the business.
    #[serde(default = "usual_cost")]
    pub cost: u32,
    /// Whether it can be taken back.
    #[serde(default = "usual_reversibility")]
    pub reversibility: Reversibility,
    /// Whether the owner wants a person to approve it.
    #[serde(default)]
    pub needs_person: bool,
}

const fn usual_cost() -> u32 {
    20
}

const fn usual_reversibility() -> Reversibility {
    Reversibility::Reversible
}

/// The rest of a case's plan.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rest {
    /// Paths that nothing permitted cuts.
    pub uncuttable: usize,
    /// Things that are not known.
    pub gaps: usize,
    /// Whether no cheaper plan severs every path.
    pub certified: bool,
    /// The standing policy that asks for it.
    pub standing_policy: Option<Text>,
}

impl Default for Rest {
    fn default() -> Rest {
        Rest { uncuttable: 0, gaps: 0, certified: true, standing_policy: None }
    }
}

/// The circumstances of a case.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Situation {
    /// How sure.
    pub confidence: Confidence,
    /// How bad.
    pub severity: Severity,
    /// Which kinds of signals led here.
    pub signals: BTreeSet<Signal>,
    /// Records in reach of the intruder; none where that is not known.
    pub records: Option<u64>,
    /// Crown jewels in reach of the intruder; none where that is not known.
    pub crown_jewels: Option<u64>,
    /// Hour of day where the owner is, 0 to 23.
    pub hour: u8,
    /// Whether it is Saturday or Sunday there.
    pub weekend: bool,
    /// How many people have approved.
    pub approvals: u32,
    /// Whether automatic actions are paused.
    pub paused: bool,
    /// Whether the owner allows the standing policy what cannot be taken back.
    pub irreversible_allowed: bool,
}

impl Default for Situation {
    fn default() -> Situation {
        Situation {
            confidence: Confidence::Containable,
            severity: Severity::Critical,
            signals: BTreeSet::new(),
            records: Some(1_000),
            crown_jewels: Some(1),
            hour: 11,
            weekend: false,
            approvals: 0,
            paused: false,
            irreversible_allowed: false,
        }
    }
}

/// When cases take place.
const NOW: Time = Time(0);

impl Case {
    /// What `gate` says to it, where `actions` exist.
    ///
    /// # Errors
    /// In words, where the case is none: its plan has no canonical form.
    pub fn ask(&self, gate: &Gate, actions: &BTreeSet<Text>) -> Result<Said, String> {
        let plan = Plan::new(self.body()).map_err(|error| error.to_string())?;
        let request = self.request(&plan);
        Ok(said(gate, plan, &request, actions))
    }

    /// What is wrong with what was said, in words.
    pub fn fault(&self, said: &Said) -> Option<String> {
        let reasons = said.reasons.join("; ");
        if said.answer != self.expect {
            return Some(format!("{} in place of {}: {reasons}", said.answer.word(), self.expect.word()));
        }
        if let Some(needed) = self.needed.filter(|needed| said.needed != Some(*needed)) {
            let have = said.needed.unwrap_or_default();
            return Some(format!("{have} people must approve in place of {needed}: {reasons}"));
        }
        let because = self.because.as_ref()?;
        let known = said.reasons.iter().any(|reason| reason.contains(because.as_str()));
        (!known).then(|| format!("`{because}` is none of the reasons: {reasons}"))
    }

    fn body(&self) -> PlanBody {
        let steps = order::order(self.steps.iter().map(CaseStep::step).collect());
        let target = NodeKey::resource("case", "what-must-not-be-lost");
        let path = UncuttablePath { path: vec![target.clone()], missing: "no action is known".to_owned() };
        let cost = steps.iter().map(|step| u64::from(step.cost)).sum();
        PlanBody {
            incident: IncidentId::of(&self.name),
            made_at: NOW,
            sources: Vec::new(),
            targets: vec![target],
            irreversible: make::permanent(&steps),
            steps,
            relies_on: Vec::new(),
            cost,
            lower_bound: if self.plan.certified { cost } else { 0 },
            severs: true,
            certified: self.plan.certified,
            part_of: None,
            standing_policy: self.plan.standing_policy.clone(),
            prepared: Vec::new(),
            residual: Vec::new(),
            breaks: Vec::new(),
            uncuttable: vec![path; self.plan.uncuttable],
            gaps: vec!["something is not known".to_owned(); self.plan.gaps],
        }
    }

    fn request(&self, plan: &Plan) -> GateRequest {
        let Situation { confidence, severity, records, crown_jewels, hour, weekend, .. } = self.incident;
        let person = |number: u32| NodeKey::identity("person", &format!("approver-{number}@example.com"));
        let approval = |number| Approval {
            by: person(number),
            plan_id: plan.id().clone(),
            at: NOW,
            expires: NOW.plus_seconds(3_600),
        };
        let paused = Pause { by: person(0), at: NOW, because: "the case says so".to_owned() };
        GateRequest {
            incident: plan.body().incident.clone(),
            severity,
            confidence,
            signals: self.incident.signals.clone(),
            blast_radius_records: records,
            crown_jewels,
            hour,
            weekend,
            approvals: (1..=self.incident.approvals).map(approval).collect(),
            compromised: BTreeSet::new(),
            paused: self.incident.paused.then_some(paused),
            held: None,
            irreversible_allowed: self.incident.irreversible_allowed,
            now: NOW,
        }
    }
}

impl CaseStep {
    fn step(&self) -> Step {
        let action = Action { name: self.action.clone(), target: self.target.clone(), parameters: BTreeMap::new() };
        Step {
            number: 0,
            key: StepKey::of(&action),
            cost: self.cost,
            delay_seconds: 0,
            reversibility: self.reversibility,
            phase: order::phase(&action),
            after: Vec::new(),
            undo_note: order::undo_note(&action, self.reversibility),
            needs_person: self.needs_person,
            action,
        }
    }
}

/// What `gate` says to a plan that is sound, and how much of it goes ahead where people must approve the rest: the question that
/// an incident asks, for a plan that was made and decided before too.
pub fn said(gate: &Gate, plan: Plan, request: &GateRequest, actions: &BTreeSet<Text>) -> Said {
    let context = LintContext {
        our_own: BTreeSet::new(),
        actions: actions.clone(),
        never_cut: BTreeSet::new(),
        now: request.now,
        max_age_seconds: MAX_AGE_SECONDS,
        severs_now: Some(true),
    };
    let of = |answer, needed, ahead, reasons| Said { answer, needed, ahead, reasons };
    match gate.decide(plan, request, &context) {
        Decision::Approved(approved) => of(Answer::Approved, None, None, approved.reasons().to_vec()),
        Decision::Denied { reasons, .. } => of(Answer::Denied, None, None, reasons),
        Decision::NeedsApproval { needed, plan, reasons, .. } => {
            let part = plan.reversible_part().map(|part| gate.decide(part, request, &context));
            let ahead = match part {
                Some(Decision::Approved(part)) => Some(part.plan().steps().len()),
                _ => None,
            };
            of(Answer::NeedsApproval, Some(needed), ahead, reasons)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::shipped::Mode;

    fn case(steps: Vec<CaseStep>, expect: Answer) -> Case {
        let (plan, incident) = (Rest::default(), Situation::default());
        Case { name: "a case".to_owned(), expect, needed: None, because: None, steps, plan, incident }
    }

    fn step(reversibility: Reversibility, target: &str) -> CaseStep {
        let target = NodeKey::credential("aws", target);
        CaseStep { action: "aws_access_key/deactivate".into(), target, cost: 20, reversibility, needs_person: false }
    }

    fn actions() -> BTreeSet<Text> {
        BTreeSet::from(["aws_access_key/deactivate".into()])
    }

    #[test]
    fn a_case_is_judged_as_an_incident_would_be() {
        let gate = Mode::Act.gate().expect("shipped");
        let cheap = case(vec![step(Reversibility::Reversible, "AKIA1")], Answer::Approved);
        let said = cheap.ask(&gate, &actions()).expect("a plan");
        assert_eq!((cheap.fault(&said), said.answer), (None, Answer::Approved));
        let mut paused = cheap.clone();
        paused.incident.paused = true;
        assert_eq!(paused.ask(&gate, &actions()).expect("a plan").answer, Answer::NeedsApproval);
        let mut unsure = cheap;
        unsure.incident.records = None;
        unsure.incident.confidence = Confidence::Watch;
        assert_eq!(unsure.ask(&gate, &actions()).expect("a plan").answer, Answer::Denied);
    }

    #[test]
    fn what_can_be_taken_back_goes_ahead_of_what_people_must_approve() {
        let gate = Mode::Act.gate().expect("shipped");
        let steps = vec![step(Reversibility::Reversible, "AKIA1"), step(Reversibility::Irreversible, "AKIA2")];
        let mut mixed = case(steps, Answer::NeedsApproval);
        mixed.needed = Some(2);
        let said = mixed.ask(&gate, &actions()).expect("a plan");
        assert_eq!((mixed.fault(&said), said.ahead), (None, Some(1)));
        mixed.needed = Some(1);
        let fault = mixed.fault(&said).expect("one person is not enough");
        assert!(fault.starts_with("2 people must approve in place of 1"), "{fault}");
    }

    /// Lint wants a plan to say of each step that it cannot be taken back; a case says it by itself.
    #[test]
    fn what_can_only_be_made_anew_waits_for_a_person() {
        let gate = Mode::Act.gate().expect("shipped");
        let anew = case(vec![step(Reversibility::RecreateOnly, "AKIA1")], Answer::NeedsApproval);
        assert_eq!(anew.fault(&anew.ask(&gate, &actions()).expect("a plan")), None);
    }

    #[test]
    fn an_action_that_no_responder_knows_is_denied() {
        let gate = Mode::Act.gate().expect("shipped");
        let mut unknown = case(vec![step(Reversibility::Reversible, "AKIA1")], Answer::Approved);
        unknown.steps[0].action = "aws_access_key/explode".into();
        let said = unknown.ask(&gate, &actions()).expect("a plan");
        let fault = unknown.fault(&said).expect("it was denied");
        assert!(fault.contains("denied in place of approved") && fault.contains("aws_access_key/explode"), "{fault}");
    }
}
