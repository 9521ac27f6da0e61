//! A small sound plan for the tests of this crate.

use super::{Compromised, IncidentId, Plan, PlanBody, Step, StepKey, order};
use crate::lint::{LintContext, MAX_AGE_SECONDS};
use firebreak_model::{Action, NodeKey, Reversibility, Text, Time};
use std::collections::{BTreeMap, BTreeSet};

/// When the example was made.
pub(crate) fn now() -> Time {
    Time::from_seconds(1_774_349_921)
}

/// A step with this action and permanence.
pub(crate) fn step(name: &str, target: NodeKey, reversibility: Reversibility) -> Step {
    let action = Action { name: Text::new(name), target, parameters: BTreeMap::new() };
    Step {
        number: 0,
        key: StepKey::of(&action),
        cost: 20,
        delay_seconds: 60,
        reversibility,
        phase: order::phase(&action),
        after: Vec::new(),
        undo_note: order::undo_note(&action, reversibility),
        needs_person: false,
        action,
    }
}

/// Two keys deactivated.
pub(crate) fn body() -> PlanBody {
    let credential = |id: &str| NodeKey::credential("aws", id);
    let revocable = Reversibility::ReversibleReissuesAccess;
    PlanBody {
        incident: IncidentId::of("example"),
        made_at: now(),
        sources: vec![Compromised {
            key: NodeKey::environment("ci", "meridian/eval/1/nightly"),
            since: Time::MIN,
            until: Time::MAX,
            reason: "litellm 1.82.8 ran there".into(),
        }],
        targets: vec![NodeKey::resource("aws", "arn:aws:s3:::interviews")],
        steps: order::order(vec![
            step("aws_access_key/deactivate", credential("AKIA1"), revocable),
            step("aws_access_key/deactivate", credential("AKIA2"), revocable),
        ]),
        relies_on: Vec::new(),
        cost: 40,
        lower_bound: 40,
        severs: true,
        certified: true,
        part_of: None,
        standing_policy: None,
        prepared: Vec::new(),
        irreversible: Vec::new(),
        residual: Vec::new(),
        breaks: Vec::new(),
        uncuttable: Vec::new(),
        gaps: Vec::new(),
    }
}

/// The plan with that content.
pub(crate) fn plan() -> Plan {
    Plan::new(body()).expect("plain data")
}

/// A context in which the plan is sound.
pub(crate) fn lint_context() -> LintContext {
    LintContext {
        our_own: BTreeSet::from([NodeKey::credential("aws", "AKIAFIREBREAK")]),
        actions: BTreeSet::from([Text::new("aws_access_key/deactivate"), Text::new("oauth_token/revoke")]),
        never_cut: BTreeSet::new(),
        now: now(),
        max_age_seconds: MAX_AGE_SECONDS,
        severs_now: Some(true),
    }
}
