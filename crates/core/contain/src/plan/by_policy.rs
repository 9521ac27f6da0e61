//! The plan that a standing policy asks for: its steps, put in order and priced by use, and nothing beside them.
//!
//! Nothing is severed by it and nothing is said to be compromised: it has no sources and no targets.

use super::make::{breaks, permanent};
use super::order::{order_after, phase, undo_note};
use super::{IncidentId, NoPlan, Plan, PlanBody, Step, StepKey, UncuttablePath};
use crate::cost::Uses;
use firebreak_model::{Action, CutOption, CutPolicy, NodeKey, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What a policy asks for.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) incident: &'a IncidentId,
    pub(crate) policy: &'a Text,
    /// Whom or what its incident is about.
    pub(crate) about: &'a NodeKey,
    pub(crate) now: Time,
    pub(crate) cuts: &'a [CutOption],
    /// Actions that must not be used: they failed, or a person took them back.
    pub(crate) refused: &'a BTreeSet<Action>,
    /// Steps that are done or under way, for whomever.
    pub(crate) done: &'a BTreeMap<StepKey, Action>,
    pub(crate) uses: &'a Uses,
    pub(crate) gaps: Vec<String>,
}

/// The plan.
///
/// # Errors
/// [`NoPlan::NothingMore`] where all is done, [`NoPlan::NothingPermitted`] where there is nothing that may be done.
pub(crate) fn plan(asked: Asked<'_>) -> Result<Plan, NoPlan> {
    let Asked { cuts, refused, done, uses, now, .. } = asked;
    let (stands, open): (Vec<_>, Vec<_>) = cuts.iter().partition(|cut| done.contains_key(&StepKey::of(&cut.action)));
    let steps: BTreeMap<StepKey, Step> = open
        .into_iter()
        .filter(|cut| !refused.contains(&cut.action))
        .map(|cut| (StepKey::of(&cut.action), step_of(cut, uses, now)))
        .collect();
    if steps.is_empty() {
        let why =
            asked.gaps.first().map_or("nothing that its events name can be cut, or cutting it failed", String::as_str);
        let missing = format!("the standing policy `{}` has no step left: {why}", asked.policy);
        return Err(match stands.is_empty() {
            true => NoPlan::NothingPermitted(vec![UncuttablePath { path: vec![asked.about.clone()], missing }]),
            false => NoPlan::NothingMore,
        });
    }
    let steps = order_after(steps.into_values().collect(), Vec::new(), done);
    let cost = steps.iter().map(|step| u64::from(step.cost)).sum();
    let body = PlanBody {
        incident: asked.incident.clone(),
        made_at: now,
        sources: Vec::new(),
        targets: Vec::new(),
        relies_on: stands.iter().map(|cut| StepKey::of(&cut.action)).collect::<BTreeSet<_>>().into_iter().collect(),
        cost,
        lower_bound: cost,
        severs: true,
        certified: false,
        part_of: None,
        standing_policy: Some(asked.policy.clone()),
        prepared: Vec::new(),
        irreversible: permanent(&steps),
        residual: Vec::new(),
        breaks: breaks(&steps, uses, now),
        uncuttable: Vec::new(),
        gaps: asked.gaps,
        steps,
    };
    Plan::new(body).map_err(NoPlan::Unsound)
}

/// One prepared cut as a step, at what it costs by real use.
pub(super) fn step_of(cut: &CutOption, uses: &Uses, now: Time) -> Step {
    Step {
        number: 0,
        key: StepKey::of(&cut.action),
        action: cut.action.clone(),
        cost: uses.cost(&cut.action.target, cut.cost, now),
        delay_seconds: cut.delay_seconds,
        reversibility: cut.reversibility,
        phase: phase(&cut.action),
        after: Vec::new(),
        undo_note: undo_note(&cut.action, cut.reversibility),
        needs_person: cut.policy == CutPolicy::NeedsPerson,
    }
}
