//! Findings.

use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::{cursor, limit, listed, seen};
use crate::api::problem::Problem;
use crate::store::looking::{FindingsWanted, StoredFinding};
use anyhow::Context;
use firebreak_model::Finding;
use serde_json::Value;

/// `GET /findings`: the store pages, since there may be very many.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let after = match seen(call)? {
        None => None,
        Some(text) => {
            let parts = text.split_once(' ').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
            Some(parts.ok_or_else(|| {
                Problem::conflict("`cursor` is none that was given".to_owned(), "leave it out to begin anew")
            })?)
        }
    };
    let text = |name: &str| call.filter(name).map(str::to_owned);
    let wanted = FindingsWanted {
        detector: text("detector"),
        severity: text("severity"),
        subject: text("subject"),
        since: call.time("since")?.map(|time| time.0),
        until: call.time("until")?.map(|time| time.0),
        muted: call.filter("muted").map(|text| text == "true"),
        after,
    };
    let limit = limit(call)?;
    let mut rows = api.store.findings_page(&wanted, i64::try_from(limit + 1).unwrap_or(i64::MAX)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| cursor(&format!("{} {}", last.at, last.id)));
    let items = rows.iter().map(kept).collect::<Result<Vec<Value>, Problem>>()?;
    let unfiltered = FindingsWanted { after: None, ..wanted } == FindingsWanted::default();
    let total = if unfiltered { Some(api.store.findings_count().await? as usize) } else { None };
    Ok(listed("findings", items, next, total))
}

/// `GET /findings/{id}`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let stored = api.store.finding(call.at("id")).await?.ok_or_else(|| Problem::not_found("finding of this id"))?;
    Ok(Reply::Object(200, kept(&stored)?))
}

/// A finding, and whether a mute holds it back.
fn kept(stored: &StoredFinding) -> Result<Value, Problem> {
    let mut shown = shown(&stored.body)?;
    shown["muted"] = stored.muted.as_deref().into();
    Ok(shown)
}

/// A finding as the command line prints it.
pub(super) fn shown(body: &str) -> Result<Value, Problem> {
    let finding: Finding = serde_json::from_str(body).context("a finding in the state is damaged")?;
    Ok(tagged("finding", &finding))
}
