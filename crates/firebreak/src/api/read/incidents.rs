//! Incidents, and what belongs to each.

use super::{findings, plans};
use crate::api::Api;
use crate::api::call::{Answer, Call, Reply, tagged};
use crate::api::notes;
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::config::Mode;
use anyhow::Context;
use firebreak_act::Journal;
use firebreak_contain::incident::{IncidentView, Item, Status};
use firebreak_model::{Finding, Judgement, NodeKey, Text, Time};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What of a remembered incident says what belongs to it.
#[derive(Deserialize)]
struct Members {
    items: BTreeSet<Item>,
}

/// Every incident, those that changed last first.
pub(super) async fn all(api: &Api) -> Result<Vec<IncidentView>, Problem> {
    let bodies = api.store.incidents().await?;
    let read = |body: &String| serde_json::from_str(body).context("an incident in the state is damaged");
    let mut incidents = bodies.iter().map(read).collect::<anyhow::Result<Vec<IncidentView>>>()?;
    incidents.sort_by(|one, other| other.updated.cmp(&one.updated).then_with(|| one.id.cmp(&other.id)));
    Ok(incidents)
}

/// The incident that the path names.
pub(in crate::api) async fn named(api: &Api, call: &Call) -> Result<IncidentView, Problem> {
    let body = api.store.incident(call.at("id")).await?.ok_or_else(|| Problem::not_found("incident of this id"))?;
    Ok(serde_json::from_str(&body).context("an incident in the state is damaged")?)
}

/// An incident as it is shown. Where nothing is ever called, nothing is contained: its plan was rehearsed.
pub(super) fn shown(api: &Api, incident: &IncidentView) -> Value {
    let mut shown = tagged("incident", incident);
    if !is_closed(api, incident) && incident.status == Status::Contained {
        shown["status"] = "rehearsed".into();
    }
    shown
}

/// Whether nobody has to look after it any more.
pub(super) fn is_closed(api: &Api, incident: &IncidentView) -> bool {
    match incident.status {
        Status::Harmless => true,
        Status::Contained => api.config.act.mode == Mode::Live,
        _ => false,
    }
}

/// How many of these are only watched, and how many somebody has to look after.
pub(super) fn counts(api: &Api, incidents: &[IncidentView]) -> (usize, usize) {
    let open = incidents.iter().filter(|incident| !is_closed(api, incident));
    let (watched, burning): (Vec<&IncidentView>, Vec<&IncidentView>) =
        open.partition(|one| one.status == Status::Watching);
    (watched.len(), burning.len())
}

/// `GET /incidents`.
pub(in crate::api) async fn list(api: &Api, call: &Call) -> Answer {
    let mut items: Vec<(String, Value)> = Vec::new();
    for incident in all(api).await? {
        let item = shown(api, &incident);
        let fits = |name: &str| call.filter(name).is_none_or(|wanted| item[name] == wanted);
        if fits("status") && fits("severity") {
            items.push((incident.id.to_string(), item));
        }
    }
    page("incidents", items, call)
}

/// `GET /incidents/{id}`.
pub(in crate::api) async fn one(api: &Api, call: &Call) -> Answer {
    let mut shown = shown(api, &named(api, call).await?);
    let plans: Vec<Value> = plans::of_incident(api, call.at("id")).await?.iter().map(plans::brief).collect();
    shown["plans"] = plans.into();
    Ok(Reply::Object(200, shown))
}

/// What belongs to an incident: findings and judgements by name.
pub(super) async fn members(api: &Api, call: &Call) -> Result<BTreeSet<Item>, Problem> {
    let incident = named(api, call).await?;
    let Some(body) = api.store.remembered_one("incident", &incident.id.to_string()).await? else {
        return Ok(BTreeSet::new());
    };
    let members: Members = serde_json::from_str(&body).context("the memory of an incident is damaged")?;
    Ok(members.items)
}

pub(super) async fn findings_of(api: &Api, items: &BTreeSet<Item>) -> Result<Vec<Value>, Problem> {
    let named = items.iter().filter_map(|item| match item {
        Item::Finding(id) => Some(id.to_string()),
        Item::Judgement(..) => None,
    });
    let bodies = api.store.findings_named(&named.collect::<Vec<_>>()).await?;
    let mut found = bodies.iter().map(|body| findings::shown(body)).collect::<Result<Vec<_>, Problem>>()?;
    found.sort_by_key(|finding| finding["at"].as_str().map(str::to_owned));
    Ok(found)
}

pub(super) async fn judgements_of(api: &Api, items: &BTreeSet<Item>) -> Result<Vec<Judgement>, Problem> {
    let mut judged: Vec<Judgement> = Vec::new();
    for item in items {
        if let Item::Judgement(environment, profile) = item
            && let Some(body) = api.store.remembered_one("judgement", environment.as_str()).await?
        {
            let mut told: BTreeMap<Text, Judgement> =
                serde_json::from_str(&body).context("the memory of a judgement is damaged")?;
            judged.extend(told.remove(profile));
        }
    }
    Ok(judged)
}

/// `GET /incidents/{id}/findings`.
pub(in crate::api) async fn findings(api: &Api, call: &Call) -> Answer {
    let found = findings_of(api, &members(api, call).await?).await?;
    let named = found.into_iter().map(|finding| (text(&finding, "id"), finding)).collect();
    page("findings", named, call)
}

/// `GET /incidents/{id}/judgements`.
pub(in crate::api) async fn judgements(api: &Api, call: &Call) -> Answer {
    let judged = judgements_of(api, &members(api, call).await?).await?;
    let named = judged.iter().map(|one| (format!("{}\n{}", one.environment, one.profile), tagged("judgement", one)));
    page("judgements", named.collect(), call)
}

/// `GET /incidents/{id}/timeline`: from the first event that shows something to the last that was done.
pub(in crate::api) async fn timeline(api: &Api, call: &Call) -> Answer {
    let moments = moments(api, call).await?;
    let named =
        moments.into_iter().enumerate().map(|(place, moment)| (format!("{} {place}", text(&moment, "at")), moment));
    page("timeline", named.collect(), call)
}

/// What happened, in order.
pub(super) async fn moments(api: &Api, call: &Call) -> Result<Vec<Value>, Problem> {
    let incident = named(api, call).await?;
    let items = members(api, call).await?;
    let mut moments: Vec<(Time, Value)> = Vec::new();
    let mut note = |at: Time, what: &str, text: &str, severity: Value, kind: &str, id: &str| {
        let moment = json!({
            "kind": "moment", "at": at, "what": what, "text": text, "severity": severity, "ref": {"kind": kind, "id": id},
        });
        moments.push((at, moment));
    };
    note(incident.opened, "opened", "the incident was opened", json!(incident.severity), "incident", call.at("id"));
    for finding in findings_of(api, &items).await? {
        let Ok(finding) = serde_json::from_value::<Finding>(finding) else { continue };
        let (id, said) = (finding.id.to_string(), format!("{}: {}", finding.title, finding.explanation));
        note(finding.first, "finding", &said, json!(finding.severity), "finding", &id);
    }
    for judged in judgements_of(api, &items).await? {
        let at = judged.interval.map(|interval| interval.from).or(judged.at).unwrap_or(incident.opened);
        let said = format!("{} is {} ({})", judged.environment, judged.verdict.word(), judged.profile);
        note(at, "judgement", &said, Value::Null, "judgement", judged.environment.as_str());
    }
    let plans = plans::of_incident(api, call.at("id")).await?;
    for stored in &plans {
        if let Some(plan) = plans::Head::of(stored) {
            let said = format!("a plan of {} steps, which is {}", plan.steps.len(), stored.status);
            note(plan.made_at, "plan_made", &said, Value::Null, "plan", &stored.id);
        }
    }
    let mut steps = Vec::new();
    for plan in &plans {
        steps.extend(api.store.list(&plan.id).await.map_err(|error| Problem::broken(&error.into()))?);
    }
    for step in steps {
        let (name, target) = (step.action.name.clone(), target(&step.action.target));
        let told = [
            (step.begun, "step_begun", format!("{name} of {target} was begun")),
            (step.denied, "step_denied", format!("{target} was seen refused")),
            (Some(step.settled), "step_settled", format!("{name} of {target} is {}", step.state.word())),
        ];
        for (at, what, said) in told {
            if let Some(at) = at {
                note(at, what, &said, Value::Null, "plan", &step.plan);
            }
        }
    }
    for written in notes::of(api, &incident).await? {
        note(written.at, "note", &format!("{}: {}", written.by, written.text), Value::Null, "note", &written.id);
    }
    moments.sort_by_key(|(at, _)| *at);
    Ok(moments.into_iter().map(|(_, moment)| moment).collect())
}

fn target(key: &NodeKey) -> String {
    key.to_string()
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
