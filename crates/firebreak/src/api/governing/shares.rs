//! What is shared, whom the end of a share touches, and asking for that.

use super::access::change_of;
use super::{DAYS, key, leave, made};
use crate::api::Api;
use crate::api::act::by;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::api::read::map::aside;
use crate::live::changing::Kept;
use crate::wishes::unshare;
use firebreak_assure::shared::shared;
use firebreak_assure::unshare::{Unshare, unshare as end};
use firebreak_model::NodeKey;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ended {
    resource: String,
    from: Option<String>,
}

/// What ends shares of what, and what is not known of it.
async fn found(
    api: &Api,
    call: &Call,
    resource: &str,
    from: Option<&str>,
) -> Result<(NodeKey, Unshare, Vec<String>), Problem> {
    let (resource, from) = (key(resource)?, from.map(key).transpose()?);
    let (map, made, at) = (api.map().await?, made(api, call).await.ok(), call.now);
    if [Some(&resource), from.as_ref()].into_iter().flatten().any(|key| map.graph.id(key).is_none()) {
        return Err(Problem::not_found("such thing on the map: who has it is unknown, not nobody"));
    }
    let mut gaps = match &made {
        Some(made) => made.gaps.clone(),
        None => vec!["records could not be read in time, so who used it is not known".to_owned()],
    };
    let about = resource.clone();
    let found = aside(map, move |map| {
        let doings = made.as_ref().map(|made| &made.doings);
        end(&map.graph, &map.estate.facts, (&about, from.as_ref()), doings, at)
    });
    let found = found.await?;
    gaps.extend(unshare::gaps(&found));
    Ok((resource, found, gaps))
}

/// `GET /shares`.
pub(in crate::api) async fn preview(api: &Api, call: &Call) -> Answer {
    let (resource, found, gaps) =
        found(api, call, call.filter("resource").unwrap_or_default(), call.filter("from")).await?;
    let told = json!({
        "kind": "share", "resource": resource, "days": DAYS, "cuts": found.cuts, "loses": found.loses,
        "keep": found.keep, "gaps": gaps,
    });
    Ok(Reply::Object(200, told))
}

/// `GET /shares/all`.
pub(in crate::api) async fn all(api: &Api, call: &Call) -> Answer {
    let (map, kept, at) = (api.map().await?, Kept::of(&api.store).await?, call.now);
    let wanted = call.filter("q").map(str::to_lowercase);
    let items = aside(map, move |map| {
        let met = |text: &str| wanted.as_ref().is_none_or(|wanted| text.to_lowercase().contains(wanted.as_str()));
        let told = shared(&map.estate.facts, at).into_iter().filter_map(|one| {
            let id = map.graph.id(&one.resource)?;
            let (label, holdings) = (map.graph.label(id), map.graph.holdings(id));
            let fits = met(one.resource.as_str()) || met(label);
            let mut item = tagged("shared", &one);
            item["label"] = label.into();
            item["crown_jewel"] = map.graph.is_crown_jewel(id).into();
            item["change"] = change_of(&kept.changes, &one.resource);
            let records: u64 = holdings.iter().map(|holding| holding.records).sum();
            item["holdings"] = json!(holdings);
            fits.then(|| (records, one.resource.to_string(), item))
        });
        let mut told: Vec<(u64, String, Value)> = told.collect();
        told.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        told.into_iter().map(|(_, name, item)| (name, item)).collect()
    });
    page("shares", items.await?, call)
}

/// `POST /shares/end`.
pub(in crate::api) async fn ended(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Ended { resource, from } = call.wanted()?;
    let (resource, found, gaps) = found(api, call, &resource, from.as_deref()).await?;
    leave(api, call, unshare::wish(&resource, found, gaps, (by(call), call.now))?).await
}
