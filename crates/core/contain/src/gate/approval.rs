//! Approvals: one person's yes to one plan, for a time.

use super::GateRequest;
use crate::plan::{Plan, PlanId};
use firebreak_model::{NodeKey, NodeKind, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest that an approval counts, whatever it says itself, in seconds: a day.
pub const MAX_APPROVAL_SECONDS: i64 = 86_400;

/// One person's yes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Approval {
    /// Who, as `identity:person/<e-mail>`: people are counted, not accounts.
    pub by: NodeKey,
    /// To which plan, to the letter.
    pub plan_id: PlanId,
    /// When it was given.
    pub at: Time,
    /// When it ends.
    pub expires: Time,
}

/// The approvals among `request.approvals` that count for `plan`, one a person and in the order of their names, and
/// why each other one does not.
pub fn valid_approvals(plan: &Plan, request: &GateRequest) -> (Vec<Approval>, Vec<String>) {
    let (mut counted, mut notes) = (BTreeMap::new(), Vec::new());
    for approval in &request.approvals {
        match objection(approval, plan, request) {
            None => {
                counted.entry(approval.by.clone()).or_insert_with(|| approval.clone());
            }
            Some(why) => notes.push(format!("the approval by `{}` does not count: {why}", approval.by.name())),
        }
    }
    notes.sort();
    notes.dedup();
    (counted.into_values().collect(), notes)
}

fn objection(approval: &Approval, plan: &Plan, request: &GateRequest) -> Option<&'static str> {
    let lasts_until = approval.expires.min(approval.at.plus_seconds(MAX_APPROVAL_SECONDS));
    if approval.plan_id != *plan.id() {
        Some("it is for another plan")
    } else if approval.by.kind() != NodeKind::Identity || approval.by.system() != "person" {
        Some("only a person approves, named by e-mail address")
    } else if request.compromised.contains(&approval.by) {
        Some("the approver is in the intruder's reach")
    } else if approval.at > request.now {
        Some("it was given in the future")
    } else if approval.at < plan.body().made_at {
        Some("it was given before the plan was made")
    } else if request.now >= lasts_until {
        Some("it has expired")
    } else {
        None
    }
}
