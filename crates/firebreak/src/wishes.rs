//! Wishes for changes on a quiet day, made of what proposals and the map say. The command line and the API leave the same ones for the
//! running process, which makes plans of them.

pub mod leash;
pub mod narrow;
pub mod quarantine;
pub mod unshare;

use firebreak_act::RESPONDERS;
use firebreak_act::responder::responder_for;
use firebreak_contain::change::{Asked, Change, Changes, Purpose};
use firebreak_contain::plan::PlanId;
use firebreak_model::{Action, CutOption, NodeKey, Time};
use serde_json::{Value, json};
use std::fmt;

/// Why something cannot be asked for, and what to do instead.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Why.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

impl Refused {
    fn new(reason: impl Into<String>, hint: impl Into<String>) -> Refused {
        Refused { reason: reason.into(), hint: hint.into() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nhint: {}", self.reason, self.hint)
    }
}

impl std::error::Error for Refused {}

/// How a target was used: how often, by how many, and when last; nothing where it was not.
type Used = Option<(u64, u64, Option<Time>)>;

/// An action with what its responder says of it.
fn asked(action: Action, used: Used) -> Result<Asked, Refused> {
    let Some(responder) = responder_for(RESPONDERS, &action) else {
        return Err(Refused::new(format!("no responder does `{}`", action.name), "do it on its platform"));
    };
    let spec = responder.spec();
    let delay_seconds = u32::try_from(spec.convergence.window().as_secs()).unwrap_or(u32::MAX);
    Ok(Asked { action, reversibility: spec.reversibility, delay_seconds, used })
}

/// A way to cut that an inventory names, with what its responder says of it.
fn asked_of(cut: CutOption, used: Used) -> Result<Asked, Refused> {
    let CutOption { action, delay_seconds, reversibility, .. } = cut;
    let known = asked(action, used)?;
    Ok(Asked { reversibility: reversibility.max(known.reversibility), delay_seconds, ..known })
}

/// The plans of what was done to `app` and stands: what a release takes back.
///
/// # Errors
/// Where nothing stands.
pub fn held(changes: &Changes, app: &NodeKey) -> Result<Vec<PlanId>, Refused> {
    let holds = |change: &&Change| {
        let purpose = matches!(change.wish.purpose, Purpose::Quarantine | Purpose::Leash);
        purpose && change.wish.subject == *app && change.stage.stands()
    };
    let plans: Vec<PlanId> = changes.all().filter(holds).map(|change| change.plan.id().clone()).collect();
    if plans.is_empty() {
        let reason = format!("nothing that was done to `{app}` stands");
        return Err(Refused::new(reason, "`firebreak access changes` lists what was done to what"));
    }
    Ok(plans)
}

/// A change without what only those who act and judge need.
pub fn shown(change: &Change) -> Value {
    let wish = &change.wish;
    let approved: Vec<_> = change.approvals.iter().map(|approval| &approval.by).collect();
    json!({
        "plan": change.plan.id(), "title": wish.title, "purpose": wish.purpose, "subject": wish.subject, "by": wish.by,
        "at": wish.at, "stage": change.stage, "approved_by": approved, "sent": change.sent,
        "watched_until": change.watched_until, "hurt": change.hurt,
    })
}
