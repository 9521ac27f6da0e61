//! `GET /now`: what burns, what waits, what is not seen, and what was done unasked.

use super::exposure::{counted, judged};
use super::map::{aside, drilled};
use super::settings::{known_sources, policy_name};
use super::{findings, incidents, plans};
use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::governing::changes;
use crate::api::problem::Problem;
use crate::live::changing::Kept;
use crate::store::StoredPlan;
use anyhow::Context;
use firebreak_contain::gate::{Approval, Pause};
use firebreak_contain::plan::PlanId;
use firebreak_graph::Standing;
use firebreak_model::{Time, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// So many of each are in the overview; the lists have all.
const SHOWN_MAX: usize = 20;

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
    // The gravest first; of those that are equally grave the last that changed.
    all.sort_by_key(|incident| std::cmp::Reverse(incident.severity));
    let open: Vec<Value> = all
        .iter()
        .filter(|incident| !incidents::is_closed(api, incident))
        .take(SHOWN_MAX)
        .map(|incident| incidents::shown(api, incident))
        .collect();
    let mut steps: BTreeMap<&str, u64> = BTreeMap::new();
    for step in api.store.steps().await? {
        *steps.entry(step.state.word()).or_default() += 1;
    }
    let stored = api.store.plans().await?;
    let kept = Kept::of(&api.store).await?;
    // Changes on a quiet day have no incident: they are told of beside.
    let of_incident = |plan: &&StoredPlan| kept.changes.get(&PlanId::from_text(&plan.id)).is_none();
    let waits = stored.iter().filter(|plan| plan.status == "waiting").filter(of_incident);
    let waiting: Vec<Value> = waits.map(plans::brief).collect();
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
        "breakers": breakers(api).await?,
        "unasked": unasked(api, &stored, &kept).await?,
        "steps": steps,
        "totals": {
            "batches": totals.batch, "events": totals.events, "quarantined": totals.quarantined,
            "duplicates": totals.duplicates, "findings": api.store.findings_count().await?, "incidents": all.len(),
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
    let coverage = aside(map, move |map| Standing::new(&map.graph, at).coverage(&drilled())).await?;
    Ok(json!(coverage))
}

async fn breakers(api: &Api) -> Result<Vec<Value>, Problem> {
    let bodies = api.store.breaker_findings(SHOWN_MAX as i64).await?;
    bodies.iter().map(|body| findings::shown(body)).collect()
}

/// Plans that the policy let pass without a person.
async fn unasked(api: &Api, stored: &[StoredPlan], kept: &Kept) -> Result<Vec<Value>, Problem> {
    let mut asked: BTreeSet<String> = BTreeSet::new();
    for (_, body) in api.store.remembered_of("approval").await? {
        let approval: Approval = serde_json::from_str(&body).context("the memory of an approval is damaged")?;
        asked.insert(approval.plan_id.to_string());
    }
    asked.extend(changes::approvals(kept).map(|approval| approval.plan_id.to_string()));
    let done = |status: &str| status == "approved" || status == "executed";
    let unasked = stored.iter().filter(|plan| done(&plan.status) && !asked.contains(&plan.id));
    Ok(unasked.take(SHOWN_MAX).map(plans::brief).collect())
}
