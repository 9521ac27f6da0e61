//! What Firebreak was told: sources, responders, the policy.

use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use anyhow::Context;
use firebreak_act::RESPONDERS;
use firebreak_act::spec::catalogue;
use firebreak_lake::DataFile;
use firebreak_model::Time;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A configured source of which nothing came for so long is silent: a day.
const SILENT_SECONDS: i64 = 86_400;

/// `GET /responders`.
pub(in crate::api) async fn responders(_: &Api, call: &Call) -> Answer {
    let listed = catalogue::list(RESPONDERS);
    page("responders", listed.iter().map(|one| (one.action.clone(), tagged("responder", one))).collect(), call)
}

#[derive(Default)]
struct Known {
    configured: bool,
    inputs: u64,
    events: u64,
    last: Option<Time>,
}

/// Every source that is configured or was read.
pub(super) async fn known_sources(api: &Api, now: Time) -> Result<Vec<(String, Value)>, Problem> {
    let mut sources: BTreeMap<String, Known> = BTreeMap::new();
    for configured in &api.config.source {
        sources.entry(configured.name.clone()).or_default().configured = true;
    }
    for (source, _) in api.store.inputs().await? {
        sources.entry(source).or_default().inputs += 1;
    }
    for body in api.store.lake_files().await? {
        let file: DataFile = serde_json::from_str(&body).context("the list of the lake's files is damaged")?;
        for (source, events) in &file.sources {
            let known = sources.entry(source.to_string()).or_default();
            known.events += events;
            known.last = known.last.max(Some(file.to));
        }
    }
    let shown = sources.into_iter().map(|(source, known)| {
        let silent = known.configured && known.last.is_none_or(|last| last.plus_seconds(SILENT_SECONDS) < now);
        let shown = json!({
            "kind": "source", "source": source, "configured": known.configured, "inputs": known.inputs,
            "events": known.events, "last_event": known.last, "silent": silent,
        });
        (source, shown)
    });
    Ok(shown.collect())
}

/// `GET /sources`.
pub(in crate::api) async fn sources(api: &Api, call: &Call) -> Answer {
    page("sources", known_sources(api, call.now).await?, call)
}

/// The name of the set of policies that decides.
pub(super) fn policy_name(api: &Api) -> &'static str {
    if api.config.contain.policies.is_empty() { api.config.contain.policy.word() } else { "own" }
}

/// `GET /policy`.
pub(in crate::api) async fn policy(api: &Api, _: &Call) -> Answer {
    let contain = &api.config.contain;
    let mut files = Vec::new();
    for path in &contain.policies {
        let bytes = api.world.disk.read(path).with_context(|| format!("reading `{}`", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.push(json!({"path": name, "text": String::from_utf8_lossy(&bytes)}));
    }
    if files.is_empty() {
        let name = format!("{}.cedar", contain.policy.word());
        files.push(json!({"path": name, "text": contain.policy.policies()}));
    }
    let shown = json!({
        "kind": "policy", "policy": policy_name(api), "mode": api.config.act.mode, "lease_hours": contain.lease_hours,
        "files": files,
    });
    Ok(Reply::Object(200, shown))
}
