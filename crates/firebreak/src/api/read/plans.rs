//! Plans, and where each step stands.

use crate::api::Api;
use crate::api::call::{Answer, Call, Reply};
use crate::api::governing::changes;
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::live::changing::Kept;
use crate::store::StoredPlan;
use anyhow::Context;
use firebreak_contain::Plan;
use firebreak_contain::gate::Approval;
use serde_json::{Value, json};

/// The plans of an incident.
pub(super) async fn of_incident(api: &Api, id: &str) -> Result<Vec<StoredPlan>, Problem> {
    let mut plans = api.store.plans().await?;
    plans.retain(|plan| plan.incident == id);
    Ok(plans)
}

/// What a list says of a plan.
pub(super) fn brief(stored: &StoredPlan) -> Value {
    let plan: Option<Plan> = serde_json::from_str(&stored.body).ok();
    let body = plan.as_ref().map(Plan::body);
    json!({
        "id": stored.id, "incident": stored.incident, "status": stored.status,
        "made_at": body.map(|body| body.made_at), "steps": body.map(|body| body.steps.len()),
        "cost": body.map(|body| body.cost), "certified": body.map(|body| body.certified),
    })
}

fn shown(stored: &StoredPlan) -> Result<Value, Problem> {
    let plan: Plan = serde_json::from_str(&stored.body).context("a plan in the state is damaged")?;
    Ok(json!({"plan": plan, "incident": stored.incident, "status": stored.status, "kind": "plan"}))
}

/// `GET /plans`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let mut plans = api.store.plans().await?;
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
    let mut steps = api.store.steps().await?;
    steps.retain(|step| step.plan == stored.id);
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
