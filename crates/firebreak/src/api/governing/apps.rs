//! Apps, agents, tool servers, models and keys: what each is and does, what would take it out of use, and asking for that.

use super::access::change_of;
use super::{key, leave, made};
use crate::access::made::Made;
use crate::api::act::{ask_as, asked, by, reason};
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::api::read::map::aside;
use crate::api::{Api, Map};
use crate::live::Request;
use crate::live::changing::Kept;
use crate::wishes::leash::{self, Limits};
use crate::wishes::{self, quarantine};
use firebreak_assure::apps::{App, apps, usable};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct One {
    app: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Leashed {
    app: String,
    #[serde(default)]
    models: Vec<String>,
    #[serde(default)]
    mcp_servers: Vec<String>,
    max_budget: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Released {
    app: String,
    because: String,
}

/// What was seen, where that can be told.
type Seen = Option<Arc<Made>>;

/// All that are known now, with what was seen of them where that can be told.
async fn known(api: &Api, call: &Call) -> Result<(Arc<Map>, Vec<App>, Seen), Problem> {
    let (map, seen, at) = (api.map().await?, made(api, call).await.ok(), call.now);
    let made = seen.clone();
    let all = aside(Arc::clone(&map), move |map| {
        apps(&map.graph, &map.estate.facts, at, made.as_ref().map(|made| &made.doings))
    });
    Ok((map, all.await?, seen))
}

async fn named(api: &Api, call: &Call, text: &str) -> Result<(Arc<Map>, App, Seen), Problem> {
    let key = key(text)?;
    let (map, all, seen) = known(api, call).await?;
    let app = all.into_iter().find(|app| app.key == key);
    Ok((map, app.ok_or_else(|| Problem::not_found("app, agent, server, model or key of this name"))?, seen))
}

/// What is said of one beside what it is: `told` is whether anything is known of its use.
fn item(app: &App, told: bool, kept: &Kept) -> Value {
    let mut item = tagged("app", app);
    item["use_known"] = json!(told);
    item["change"] = change_of(&kept.changes, &app.key);
    item
}

/// `GET /apps`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let ((_, all, seen), kept) = (known(api, call).await?, Kept::of(&api.store).await?);
    let told = seen.is_some();
    let q = call.filter("q").map(str::to_lowercase);
    let met = |text: &str| q.as_ref().is_none_or(|wanted| text.to_lowercase().contains(wanted.as_str()));
    let mut items: Vec<(&App, Value)> = all.iter().map(|app| (app, item(app, told, &kept))).collect();
    items.retain(|(app, item)| {
        (met(app.key.as_str()) || met(&app.label)) && call.filter("sort").is_none_or(|sort| item["sort"] == sort)
    });
    // Those with most within reach come first.
    items.sort_by_key(|(app, _)| (std::cmp::Reverse((app.jewels, app.reach.values().sum::<u64>())), app.key.clone()));
    page("apps", items.into_iter().map(|(app, item)| (app.key.to_string(), item)).collect(), call)
}

/// `GET /apps/app`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let (map, app, seen) = named(api, call, call.filter("key").unwrap_or_default()).await?;
    let kept = Kept::of(&api.store).await?;
    let mut item = item(&app, seen.is_some(), &kept);
    item["leash"] = leashable(&app, &map, seen.as_deref(), call);
    match quarantine::wish(&app, &map.estate.facts, by(call), call.now) {
        Ok(wish) => {
            (item["steps"], item["gaps"], item["refused"]) = (json!(wish.actions), json!(wish.gaps), Value::Null)
        }
        Err(why) => (item["steps"], item["gaps"], item["refused"]) = (json!([]), json!([]), json!(why.reason)),
    }
    Ok(Reply::Object(200, item))
}

/// How it can be let do less, what it may use, and what of that it used.
fn leashable(app: &App, map: &Map, seen: Option<&Made>, call: &Call) -> Value {
    let facts = &map.estate.facts;
    let may_use = || usable(facts, &app.key, call.now, seen.map(|made| &made.doings));
    match leash::ways(app, facts, call.now) {
        Ok(leash::Ways::Named(actions)) => {
            json!({"actions": actions, "keys": 0, "may_use": [], "refused": null})
        }
        Ok(leash::Ways::Keys(keys)) => {
            json!({"actions": [], "keys": keys.len(), "may_use": may_use(), "refused": null})
        }
        Err(why) => json!({"actions": [], "keys": 0, "may_use": [], "refused": why.reason}),
    }
}

/// `POST /apps/quarantine`.
pub(in crate::api) async fn quarantined(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let One { app } = call.wanted()?;
    let (map, app, _) = named(api, call, &app).await?;
    leave(api, call, quarantine::wish(&app, &map.estate.facts, by(call), call.now)?).await
}

/// `POST /apps/leash`.
pub(in crate::api) async fn leashed(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Leashed { app, models, mcp_servers, max_budget } = call.wanted()?;
    let (map, app, _) = named(api, call, &app).await?;
    let limits = Limits { models, mcp_servers, max_budget };
    leave(api, call, leash::wish(&app, &map.estate.facts, &limits, by(call), call.now)?).await
}

/// `POST /apps/release`.
pub(in crate::api) async fn released(api: &Api, call: &Call) -> Answer {
    api.must_act()?;
    let Released { app, because } = call.wanted()?;
    let (app, because) = (key(&app)?, reason(&because)?);
    let plans = wishes::held(&Kept::of(&api.store).await?.changes, &app)?;
    for plan in &plans {
        let (plan, because) = (plan.to_string(), Some(because.clone()));
        let name = format!("{}/{plan}", call.name);
        let request = Request::Undo { plan, step: None, by: by(call), rotated: false, because };
        ask_as(api, call, &name, "undo", &request).await?;
    }
    asked("release", &json!({"app": app, "plans": plans, "by": by(call), "because": because}))
}
