//! Plans, and where each step stands.

use crate::api::Api;
use crate::api::call::{Answer, Call, Reply};
use crate::api::governing::changes;
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::live::changing::Kept;
use crate::store::StoredPlan;
use anyhow::Context;
use firebreak_act::Journal;
use firebreak_contain::Plan;
use firebreak_contain::gate::Approval;
use firebreak_model::Time;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// The plans of an incident.
pub(super) async fn of_incident(api: &Api, id: &str) -> Result<Vec<StoredPlan>, Problem> {
    Ok(api.store.plans_of(id).await?)
}

/// What a list says of a plan.
pub(super) fn brief(stored: &StoredPlan) -> Value {
    let head = Head::of(stored);
    let head = head.as_ref();
    json!({
        "id": stored.id, "incident": stored.incident, "status": stored.status,
        "made_at": head.map(|head| head.made_at), "steps": head.map(|head| head.steps.len()),
        "cost": head.map(|head| head.cost), "certified": head.map(|head| head.certified),
    })
}

/// What a list says of a plan: that it is whole is checked where it is shown as a whole.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) made_at: Time,
    pub(super) steps: Vec<IgnoredAny>,
    cost: u64,
    certified: bool,
}

impl Head {
    pub(super) fn of(stored: &StoredPlan) -> Option<Head> {
        serde_json::from_str(&stored.body).ok()
    }
}

fn shown(stored: &StoredPlan) -> Result<Value, Problem> {
    let plan: Plan = serde_json::from_str(&stored.body).context("a plan in the state is damaged")?;
    Ok(json!({"plan": plan, "incident": stored.incident, "status": stored.status, "kind": "plan"}))
}

/// `GET /plans`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let mut plans = match (call.filter("incident"), call.filter("status")) {
        (Some(incident), _) => api.store.plans_of(incident).await?,
        (None, Some(status)) => api.store.plans_that_are(status).await?,
        (None, None) => api.store.plans().await?,
    };
    plans.retain(|plan| call.filter("status").is_none_or(|status| plan.status == status));
    plans.retain(|plan| call.filter("incident").is_none_or(|incident| plan.incident == incident));
    let items = plans.iter().map(|plan| Ok((plan.id.clone(), shown(plan)?)));
    page("plans", items.collect::<Result<Vec<_>, Problem>>()?, call)
}

/// `GET /plans/{id}`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let stored = api.store.plan(call.at("id")).await?.ok_or_else(|| Problem::not_found("plan of this id"))?;
    Ok(Reply::Object(200, whole(api, &stored).await?))
}

/// A plan, where each step stands, and who approved it.
pub(super) async fn whole(api: &Api, stored: &StoredPlan) -> Result<Value, Problem> {
    let mut plan = shown(stored)?;
    let steps = api.store.list(&stored.id).await.map_err(|error| Problem::broken(&error.into()))?;
    // What was there before a step may hold what a platform says of people: it is for the undo, not for a page.
    let steps: Vec<Value> = steps
        .iter()
        .map(|step| {
            json!({
                "number": step.number, "key": step.key, "action": step.action, "state": step.state,
                "reversibility": step.reversibility, "attempts": step.attempts, "planned": step.planned, "due": step.due,
                "begun": step.begun, "denied": step.denied, "settled": step.settled, "detail": step.detail,
                "evidence": step.evidence,
            })
        })
        .collect();
    plan["steps"] = steps.into();
    let mut approvals = Vec::new();
    for (_, body) in api.store.remembered_of("approval").await? {
        if let Ok(approval) = serde_json::from_str::<Approval>(&body)
            && approval.plan_id.to_string() == stored.id
        {
            approvals.push(json!(approval));
        }
    }
    let kept = Kept::of(&api.store).await?;
    approvals.extend(changes::approvals(&kept).filter(|one| one.plan_id.as_str() == stored.id).map(|one| json!(one)));
    plan["approvals"] = approvals.into();
    Ok(plan)
}
