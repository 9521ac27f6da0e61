//! What people ask for: each leaves the same request as the command line does, for the single writer. Nothing here
//! decides, and nothing goes around the gate. Who asks is whoever calls, never what a body says.

use super::Api;
use super::call::{Answer, Call, Reply, tagged};
use super::field::{self, REASON_CHARACTERS_MAX};
use super::problem::Problem;
use crate::config::Mode;
use crate::live::{Request, approval, person};
use crate::store::{CANCEL, DRILL, PAUSE, RESUME, StoredPlan};
use firebreak_contain::gate::Pause;
use firebreak_model::NodeKey;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancelled {
    step: Option<u32>,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TakenBack {
    step: Option<u32>,
    #[serde(default)]
    rotated: bool,
    because: Option<String>,
}

/// `POST /plans/{id}/approve`.
pub(crate) async fn approve(api: &Api, call: &Call) -> Answer {
    let Nothing {} = call.wanted()?;
    let plan = waiting(api, call).await?;
    let given = approval(&plan.id, &call.caller.person, call.now);
    ask(api, call, "approve", &Request::Approve(given.clone())).await?;
    asked("approve", &given)
}

/// `POST /plans/{id}/decline`.
pub(crate) async fn decline(api: &Api, call: &Call) -> Answer {
    let Nothing {} = call.wanted()?;
    let plan = waiting(api, call).await?;
    let request = Request::Decline { plan: plan.id, by: by(call), at: call.now };
    ask(api, call, "decline", &request).await?;
    asked("decline", &request)
}

/// `POST /plans/{id}/cancel`.
pub(crate) async fn cancel(api: &Api, call: &Call) -> Answer {
    let Cancelled { step, because } = call.wanted()?;
    let (plan, because) = (plan(api, call).await?, reason(&because)?);
    if plan.status != "approved" && plan.status != "executed" {
        let detail = format!("the plan is {}: nothing of it is to be done", plan.status);
        return Err(Problem::conflict(detail, "a plan that waits can be declined"));
    }
    let request = Request::Cancel { plan: plan.id, step, by: by(call), because };
    ask(api, call, CANCEL, &request).await?;
    asked("cancel", &request)
}

/// `POST /plans/{id}/undo`.
pub(crate) async fn undo(api: &Api, call: &Call) -> Answer {
    let TakenBack { step, rotated, because } = call.wanted()?;
    let plan = plan(api, call).await?;
    let because = because.map(|because| reason(&because)).transpose()?;
    if rotated && because.is_some() {
        return Err(Problem::unfit("`rotated` and `because` exclude each other".to_owned(), "say one of them"));
    }
    let request = Request::Undo { plan: plan.id, step, by: by(call), rotated, because };
    ask(api, call, "undo", &request).await?;
    asked("undo", &request)
}

/// `POST /pause`.
pub(crate) async fn pause(api: &Api, call: &Call) -> Answer {
    let Reason { because } = call.wanted()?;
    let pause = Pause { by: by(call), at: call.now, because: reason(&because)? };
    ask(api, call, PAUSE, &Request::Pause(pause.clone())).await?;
    asked("pause", &pause)
}

/// `POST /resume`.
pub(crate) async fn resume(api: &Api, call: &Call) -> Answer {
    let Nothing {} = call.wanted()?;
    let request = Request::Resume { by: by(call) };
    ask(api, call, RESUME, &request).await?;
    asked("resume", &request)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drilled {
    action: Option<String>,
}

/// `POST /drills`.
pub(crate) async fn drill(api: &Api, call: &Call) -> Answer {
    let Drilled { action } = call.wanted()?;
    api.must_act()?;
    let named = api.config.drill.canary.iter().filter(|one| action.as_ref().is_none_or(|wanted| one.action == *wanted));
    let canaries = named.count();
    if canaries == 0 {
        let hint = "write `[[drill.canary]]` with `action`, `target` and `parameters` into the configuration";
        return Err(Problem::conflict("no such canary is configured".to_owned(), hint));
    }
    if api.config.act.mode != Mode::Live {
        let hint = "a drill makes real calls; set `act.mode = \"live\"`";
        return Err(Problem::conflict("`act.mode` is `dry_run`, so nothing may be called".to_owned(), hint));
    }
    api.store.ask_once(&call.name, call.now, DRILL, action.as_deref().unwrap_or_default()).await?;
    asked("drill_asked", &json!({"by": by(call), "at": call.now, "action": action, "canaries": canaries}))
}

/// Whoever calls, as whoever asks.
pub(in crate::api) fn by(call: &Call) -> NodeKey {
    person(&call.caller.person)
}

/// A reason as it is kept.
pub(in crate::api) fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if !field::says(text) || text.chars().count() > REASON_CHARACTERS_MAX {
        let hint = format!("say why in 1 to {REASON_CHARACTERS_MAX} characters; the ledger keeps it");
        return Err(Problem::bad("it needs a reason", &hint));
    }
    Ok(text.to_owned())
}

/// The plan that the path names by its whole id: what is acted on must not be guessed.
async fn plan(api: &Api, call: &Call) -> Result<StoredPlan, Problem> {
    api.store.plan(call.at("id")).await?.ok_or_else(|| Problem::not_found("plan of this id"))
}

async fn waiting(api: &Api, call: &Call) -> Result<StoredPlan, Problem> {
    let plan = plan(api, call).await?;
    if plan.status == "waiting" {
        return Ok(plan);
    }
    let detail = format!("the plan is {} and waits for nobody", plan.status);
    Err(Problem::conflict(detail, "look at its incident again: there may be a newer plan"))
}

/// Leaves `request` for the writer under the name of the call.
pub(in crate::api) async fn ask(api: &Api, call: &Call, kind: &str, request: &Request) -> Result<(), Problem> {
    ask_as(api, call, &call.name, kind, request).await
}

/// The same under a name of its own, where one call leaves several.
pub(in crate::api) async fn ask_as(
    api: &Api,
    call: &Call,
    name: &str,
    kind: &str,
    request: &Request,
) -> Result<(), Problem> {
    api.must_act()?;
    // Under its name it is taken up once, even where an answer got lost.
    api.store.ask_once(name, call.now, kind, &serde_json::to_string(request)?).await?;
    Ok(())
}

/// What was asked for, as an answer.
pub(in crate::api) fn asked<T: Serialize>(kind: &str, body: &T) -> Answer {
    Ok(Reply::Object(202, tagged(kind, body)))
}
