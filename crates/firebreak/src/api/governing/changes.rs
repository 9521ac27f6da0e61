//! Changes that were asked for, and how far each has come.

use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::live::changing::Kept;
use crate::wishes::shown;
use firebreak_contain::change::Change;
use firebreak_contain::gate::Approval;
use serde_json::{Value, json};

/// `GET /changes`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let kept = Kept::of(&api.store).await?;
    let said = |name: &str, value: &Value| call.filter(name).is_none_or(|wanted| value.as_str() == Some(wanted));
    let mut all: Vec<&Change> = kept.changes.all().collect();
    // The newest first.
    all.sort_by_key(|change| (std::cmp::Reverse(change.wish.at), change.plan.id().clone()));
    let items = all.into_iter().map(|change| (change.plan.id().to_string(), tagged("change_made", &shown(change))));
    let items = items.filter(|(_, item)| {
        said("stage", &item["stage"]) && said("purpose", &item["purpose"]) && said("subject", &item["subject"])
    });
    page("changes", items.collect(), call)
}

/// `GET /changes/{id}`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let kept = Kept::of(&api.store).await?;
    let change = kept.changes.all().find(|change| change.plan.id().as_str() == call.at("id"));
    let change = change.ok_or_else(|| Problem::not_found("change with a plan of this id"))?;
    let mut told = tagged("change_made", &shown(change));
    told["actions"] = json!(change.wish.actions);
    told["gaps"] = json!(change.wish.gaps);
    told["watched"] = json!(change.watch().is_some());
    Ok(Reply::Object(200, told))
}

/// The plans of changes that wait for people, as the overview tells of them.
pub(in crate::api) fn waiting(kept: &Kept) -> Vec<Value> {
    let waits = kept.changes.all().filter(|change| change.stage == firebreak_contain::change::Stage::Waiting);
    waits.map(|change| tagged("change_made", &shown(change))).collect()
}

/// Who approved the plans of changes.
pub(in crate::api) fn approvals(kept: &Kept) -> impl Iterator<Item = &Approval> {
    kept.changes.all().flat_map(|change| &change.approvals)
}
