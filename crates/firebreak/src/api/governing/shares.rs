//! The end of a share: whom it touches, and asking for it.

use super::{DAYS, key, leave, made};
use crate::api::Api;
use crate::api::act::by;
use crate::api::call::{Answer, Call, Reply};
use crate::api::problem::Problem;
use crate::api::read::map::aside;
use crate::wishes::unshare;
use firebreak_assure::unshare::{Unshare, unshare as end};
use firebreak_model::NodeKey;
use serde::Deserialize;
use serde_json::json;

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

/// `POST /shares/end`.
pub(in crate::api) async fn ended(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Ended { resource, from } = call.wanted()?;
    let (resource, found, gaps) = found(api, call, &resource, from.as_deref()).await?;
    leave(api, call, unshare::wish(&resource, found, gaps, (by(call), call.now))?).await
}
