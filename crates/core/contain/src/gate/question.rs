//! How a plan and its circumstances are put to the policies: as the entities and the context of the schema.

use super::{Approval, Pause};
use crate::plan::{IncidentId, Plan};
use firebreak_model::{NodeKey, Reversibility, Severity, Signal, Time};
use firebreak_policy::{Entity, Question, long};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How sure we are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Sure enough to look.
    Watch,
    /// Sure enough to act: a tripwire, novelty and volume together, or an exposed environment with secrets to lose.
    Containable,
}

/// The circumstances under which a plan is judged. What is not known is `None` and, since every policy may depend on it,
/// denies.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct GateRequest {
    /// The incident that the plan must be for.
    pub incident: IncidentId,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Which kinds of signals led here.
    pub signals: BTreeSet<Signal>,
    /// Records in reach of the intruder, over all classes.
    pub blast_radius_records: Option<u64>,
    /// Crown jewels in reach of the intruder.
    pub crown_jewels: Option<u64>,
    /// Hour of day where the owner is, 0 to 23.
    pub hour: u8,
    /// Whether it is Saturday or Sunday there.
    pub weekend: bool,
    /// The approvals given so far.
    pub approvals: Vec<Approval>,
    /// Who is compromised or in reach of the intruder: their approvals do not count.
    pub compromised: BTreeSet<NodeKey>,
    /// Whether automatic actions are paused: then what the policy lets pass needs a person's approval all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<Pause>,
    /// Why what the policy lets pass needs a person's approval all the same: what led here was long over when it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Whether the owner allows the standing policy that asks for the plan to do what cannot be taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub irreversible_allowed: bool,
    /// The present moment.
    pub now: Time,
}

/// The question for the policies.
pub(super) fn put(plan: &Plan, request: &GateRequest, approvals: u32) -> Question {
    let engine = Entity { kind: "Firebreak::Engine", id: "firebreak".to_owned(), attributes: serde_json::json!({}) };
    let plan = Entity { kind: "Firebreak::Plan", id: plan.id().short().to_owned(), attributes: attributes(plan) };
    Question {
        principal: engine,
        action: r#"Firebreak::Action::"contain""#,
        resource: plan,
        context: circumstances(request, approvals),
    }
}

fn attributes(plan: &Plan) -> serde_json::Value {
    let body = plan.body();
    let of = |kind: Reversibility| body.steps.iter().filter(|step| step.reversibility == kind).count();
    let responders: BTreeSet<&str> = body.steps.iter().map(|step| step.action.responder()).collect();
    let systems: BTreeSet<&str> = body.steps.iter().map(|step| step.action.target.system()).collect();
    serde_json::json!({
        "cost": long(body.cost),
        "steps": body.steps.len(),
        "irreversible": of(Reversibility::Irreversible),
        "recreate_only": of(Reversibility::RecreateOnly),
        "needs_person": body.steps.iter().filter(|step| step.needs_person).count(),
        "uncuttable": body.uncuttable.len(),
        "gaps": body.gaps.len(),
        "certified": body.certified,
        "partial": body.part_of.is_some(),
        "prepared": body.prepared.len(),
        "standing_policy": body.standing_policy.as_deref().unwrap_or_default(),
        "responders": responders,
        "systems": systems,
    })
}

fn circumstances(request: &GateRequest, approvals: u32) -> serde_json::Value {
    let mut context = serde_json::json!({
        "severity": request.severity as u8,
        "confidence": request.confidence,
        "signals": request.signals,
        "hour": request.hour,
        "weekend": request.weekend,
        "approvals": approvals,
        "irreversible_allowed": request.irreversible_allowed,
    });
    if let Some(fields) = context.as_object_mut() {
        let known = [("blast_radius_records", request.blast_radius_records), ("crown_jewels", request.crown_jewels)];
        fields.extend(known.into_iter().filter_map(|(name, value)| Some((name.to_string(), long(value?).into()))));
    }
    context
}
