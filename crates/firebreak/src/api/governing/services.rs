//! AI services in use that logs, packages and found keys show, and extensions of editors: who has them, and whether anybody said so.

use super::{DAYS, made};
use crate::access::made::Made;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::api::read::map::aside;
use crate::api::{Api, Map};
use crate::commands::apps::services::packages;
use crate::fleeting;
use firebreak_assure::extensions::{Extension, extensions};
use firebreak_assure::services::{Provider, SHIPPED, Table, providers};
use firebreak_inventory::survey;
use firebreak_model::{Fact, Time};
use serde_json::{Value, json};
use std::sync::Arc;

/// So many users of one vendor are named, and so many environments and keys; `users` counts all.
const NAMED_MAX: usize = 100;

/// Extensions as the inventories listed them at this snapshot.
pub(in crate::api) type Editors = Option<(i64, Arc<Vec<Extension>>)>;

/// Hosts and packages of AI services, as shipped.
pub(super) fn table() -> Table {
    let mut table = Table::default();
    // A test of the core holds the shipped table to be without fault.
    table.read(SHIPPED, "services/ai-services.csv");
    table
}

/// `GET /apps/services`.
pub(in crate::api) async fn used(api: &Api, call: &Call) -> Answer {
    let (map, made, at) = (api.map().await?, made(api, call).await.ok(), call.now);
    let (world, data) = (api.world.clone(), api.data.clone());
    let (seen, since) = (made.clone(), made.as_ref().map(|made| made.since));
    let told = aside(map, move |map| -> anyhow::Result<(Vec<Provider>, Vec<String>)> {
        let table = table();
        let (installed, problems) = fleeting::installed(&world, &data, &packages(&table), Time::MAX)?;
        let found = found(&table, map, installed, seen.as_deref(), at);
        Ok((found, problems.into_iter().map(|problem| problem.reason).collect()))
    });
    let (found, mut gaps) = told.await?.map_err(|error| Problem::broken(&error))?;
    match &made {
        Some(made) => gaps.extend(made.services_gaps.iter().chain(&made.gaps).cloned()),
        None => gaps.push("records could not be read in time, so who used which service is not known".to_owned()),
    }
    let items: Vec<Value> = found.iter().map(item).collect();
    let told = json!({
        "kind": "ai_services", "at": at, "since": since, "days": DAYS, "use_known": made.is_some(), "providers": items,
        "gaps": gaps,
    });
    Ok(Reply::Object(200, told))
}

fn found(table: &Table, map: &Map, installed: Vec<Fact>, seen: Option<&Made>, at: Time) -> Vec<Provider> {
    let mut facts = map.estate.facts.clone();
    facts.extend(installed);
    providers(table, &facts, at, seen.map(|made| made.services.clone()).unwrap_or_default())
}

/// One vendor, as a list can hold it.
fn item(provider: &Provider) -> Value {
    let mut item = tagged("ai_provider", provider);
    item["users"] = json!(provider.used_by.len());
    for name in ["used_by", "packages", "keys", "hosts"] {
        if let Some(list) = item[name].as_array_mut() {
            list.truncate(NAMED_MAX);
        }
    }
    item
}

/// `GET /apps/extensions`.
pub(in crate::api) async fn editors(api: &Api, call: &Call) -> Answer {
    let all = listed(api, call.now).await?;
    let wanted = call.filter("q").map(str::to_lowercase);
    let met = |one: &&Extension| wanted.as_ref().is_none_or(|wanted| one.name.contains(wanted.as_str()));
    let items = all.iter().filter(met).map(|one| (one.name.to_string(), tagged("editor_extension", one)));
    page("editor_extensions", items.collect(), call)
}

/// What inventories list of extensions, read again when something was learnt.
async fn listed(api: &Api, now: Time) -> Result<Arc<Vec<Extension>>, Problem> {
    let mut kept = api.editors.lock().await;
    let snapshot = api.store.last_snapshot().await?;
    if let Some((_, known)) = kept.as_ref().filter(|(of, _)| *of == snapshot) {
        return Ok(Arc::clone(known));
    }
    let (world, directories) = (api.world.clone(), api.config.inventory.paths.clone());
    let reading = tokio::task::spawn_blocking(move || {
        Arc::new(extensions(&survey(&world, &directories, now, &|_| false).evidence))
    });
    let all = reading.await.map_err(|error| Problem::broken(&error.into()))?;
    *kept = Some((snapshot, Arc::clone(&all)));
    Ok(all)
}
