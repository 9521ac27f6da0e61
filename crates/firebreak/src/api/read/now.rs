//! `GET /now`: what burns, what waits, what is not seen, and what was done unasked.

use super::exposure::{counted, judged};
use super::map::{aside, drilled};
use super::settings::{known_sources, policy_name};
use super::{findings, incidents, plans};
use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::governing::changes;
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::live::NEARLY_SPENT;
use crate::live::changing::Kept;
use crate::muting::lasting;
use crate::pipeline::NearlySpent;
use crate::store::StoredPlan;
use anyhow::Context;
use firebreak_contain::gate::Pause;
use firebreak_contain::incident::Status;
use firebreak_contain::plan::PlanId;
use firebreak_detect::Spending;
use firebreak_graph::Standing;
use firebreak_model::{DataClass, NodeKey, Time, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// So many of each are in the overview; the lists have all.
const SHOWN_MAX: usize = 20;

/// How long what is said of the ways to jewels holds, in seconds.
const COVERAGE_SECONDS: i64 = 60;

/// What was said of the ways to jewels, of which map and when.
pub(in crate::api) struct Covered {
    snapshot: i64,
    at: Time,
    told: Value,
}

/// `GET /now`.
pub(in crate::api) async fn now(api: &Api, call: &Call) -> Answer {
    Ok(Reply::Object(200, overview(api, call.now).await?))
}

/// What there is to say of this moment.
pub(in crate::api) async fn overview(api: &Api, at: Time) -> Result<Value, Problem> {
    let judged = judged(api).await?;
    let exposed: Vec<Value> = judged
        .iter()
        .filter(|one| one.verdict == Verdict::Exposed)
        .take(SHOWN_MAX)
        .map(|one| tagged("judgement", one))
        .collect();
    let mut all = incidents::all(api).await?;
    // What is only watched comes last, else the gravest first; of those that are equally grave the last that changed.
    all.sort_by_key(|incident| (incident.status == Status::Watching, std::cmp::Reverse(incident.severity)));
    let open: Vec<Value> = all
        .iter()
        .filter(|incident| !incidents::is_closed(api, incident))
        .take(SHOWN_MAX)
        .map(|incident| incidents::shown(api, incident))
        .collect();
    let (watched, burning) = incidents::counts(api, &all);
    let kept = Kept::of(&api.store).await?;
    // Changes on a quiet day have no incident: they are told of beside.
    let of_incident = |plan: &StoredPlan| kept.changes.get(&PlanId::from_text(&plan.id)).is_none();
    let mut waiting = api.store.plans_that_are("waiting").await?;
    waiting.retain(of_incident);
    // As their incidents: the gravest first.
    let place = |plan: &StoredPlan| all.iter().position(|one| plan.incident == one.id.as_str()).unwrap_or(usize::MAX);
    waiting.sort_by_cached_key(place);
    let waiting: Vec<Value> = waiting.iter().map(plans::brief).collect();
    let totals = api.store.totals().await?;
    let sources: Vec<Value> = known_sources(api, at).await?.into_iter().map(|(_, shown)| shown).collect();
    Ok(json!({
        "kind": "now",
        "at": at,
        "mode": api.config.act.mode,
        "policy": policy_name(api),
        "running": api.acting,
        "paused": paused(api).await?,
        "incidents": open,
        "waiting": waiting,
        "changes": changes::waiting(&kept),
        "verdicts": counted(judged.iter()),
        "exposed": exposed,
        "sources": sources,
        "coverage": coverage(api, at).await?,
        "mutes": mutes(api, at).await?,
        "breakers": breakers(api).await?,
        "budgets": budgets(api).await?.budgets.iter().take(SHOWN_MAX).map(|one| tagged("budget", one)).collect::<Vec<_>>(),
        "unasked": unasked(api, &kept).await?,
        "steps": api.store.steps_by_state().await?,
        "totals": {
            "batches": totals.batch, "events": totals.events, "quarantined": totals.quarantined,
            "duplicates": totals.duplicates, "findings": api.store.findings_count().await?, "incidents": all.len(),
            "burning": burning, "watched": watched,
        },
    }))
}

#[derive(Deserialize)]
struct Head {
    paused: Option<Pause>,
}

async fn paused(api: &Api) -> Result<Option<Pause>, Problem> {
    let Some(head) = api.store.remembered_one("head", "").await? else { return Ok(None) };
    let head: Head = serde_json::from_str(&head).context("the memory of the pause is damaged")?;
    Ok(head.paused)
}

/// How many keys to what must not be lost an automated step could revoke; nothing where no map names a jewel.
async fn coverage(api: &Api, at: Time) -> Result<Value, Problem> {
    let map = api.map().await?;
    if map.graph.crown_jewels().is_empty() {
        return Ok(Value::Null);
    }
    // It goes through the whole map. What it says changes with the map, and with time only where something ends.
    let mut kept = api.coverage.lock().await;
    let is_fresh = |kept: &Covered| kept.snapshot == map.snapshot && at < kept.at.plus_seconds(COVERAGE_SECONDS);
    if let Some(kept) = kept.as_ref().filter(|kept| is_fresh(kept)) {
        return Ok(kept.told.clone());
    }
    let snapshot = map.snapshot;
    let told = json!(aside(map, move |map| Standing::new(&map.graph, at).coverage(&drilled())).await?);
    *kept = Some(Covered { snapshot, at, told: told.clone() });
    Ok(told)
}

/// What needs nobody for a while because somebody said so; what trips on its own is named first.
async fn mutes(api: &Api, at: Time) -> Result<Vec<Value>, Problem> {
    let mutes = lasting(&api.store, at).await?;
    Ok(mutes.iter().take(SHOWN_MAX).map(|one| tagged("mute", one)).collect())
}

async fn breakers(api: &Api) -> Result<Vec<Value>, Problem> {
    let bodies = api.store.breaker_findings(SHOWN_MAX as i64).await?;
    bodies.iter().map(|body| findings::shown(body)).collect()
}

/// Plans that the policy let pass without a person.
async fn unasked(api: &Api, kept: &Kept) -> Result<Vec<Value>, Problem> {
    let asked: BTreeSet<String> = changes::approvals(kept).map(|approval| approval.plan_id.to_string()).collect();
    let most = i64::try_from(SHOWN_MAX + asked.len()).unwrap_or(i64::MAX);
    let stored = api.store.plans_unasked(most).await?;
    let unasked = stored.iter().filter(|plan| !asked.contains(&plan.id));
    Ok(unasked.take(SHOWN_MAX).map(plans::brief).collect())
}

/// Budgets that are nearly spent, as they were last looked at. What was counted before a stop says nothing of now.
async fn budgets(api: &Api) -> Result<NearlySpent, Problem> {
    let Some(body) = api.store.state(NEARLY_SPENT).await? else {
        return Ok(NearlySpent { at: Time(0), share: 0.0, budgets: Vec::new() });
    };
    Ok(serde_json::from_slice(&body).context("what is known of budgets is damaged")?)
}

/// `GET /budgets`.
pub(in crate::api) async fn near(api: &Api, call: &Call) -> Answer {
    let NearlySpent { at, budgets, .. } = budgets(api).await?;
    let item = |one: &Spending| {
        let name = format!(
            "{}\n{}",
            one.identity.as_ref().map_or("", NodeKey::as_str),
            one.class.as_ref().map_or("", DataClass::word)
        );
        let mut shown = tagged("budget", one);
        shown["until"] = json!(at);
        (name, shown)
    };
    page("budgets", budgets.iter().map(item).collect(), call)
}
