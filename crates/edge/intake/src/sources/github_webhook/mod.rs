//! GitHub's webhook deliveries: the body alone, or in an envelope with its headers, as receivers and GitHub's own list of
//! deliveries write them. The event type stands in the `X-GitHub-Event` header; without headers it is told from the shape.

mod ocsf;
mod shape;

use crate::json;
use crate::mapping::no_time;
use crate::parse;
use crate::reshape::put;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, Time};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};
use std::borrow::Cow;

/// GitHub webhooks.
pub static SOURCE: GithubWebhook = GithubWebhook;

/// GitHub webhooks.
#[derive(Debug)]
pub struct GithubWebhook;

impl Source for GithubWebhook {
    fn name(&self) -> &'static str {
        "github_webhook"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn fields(&self) -> &'static [&'static str] {
        shape::FIELDS
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let delivery = Delivery::of(record.json)?;
        let body = delivery.body.as_ref();
        let known = ["repository", "organization", "enterprise", "installation", "sender", "hook_id"];
        if !known.iter().any(|field| json::at(body, &[field]).is_some()) {
            let hint = "check that the input is a GitHub webhook body, or an envelope with `headers` and `payload`";
            return Err(Refusal::new(
                "not a GitHub webhook: it names no `repository`, `organization` or `sender`",
                hint,
            ));
        }
        let kind = delivery.kind.map_or_else(|| shape::kind(body), Some);
        let operation = operation(kind, json::text(body, &["action"]));
        let mut kept = body.clone();
        if let Some(kind) = kind {
            put(&mut kept, "event", kind);
        }
        if let Some(id) = delivery.id {
            put(&mut kept, "delivery", id);
        }
        Ok(Mapped {
            native_id: record.native_id(delivery.id),
            time: time(record, body)?,
            log_source: LogSource { product: "github", service: "webhook" },
            keys: keys(body, operation),
            body: Some(kept),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// A delivery: the body, and what its headers say about it.
struct Delivery<'a> {
    body: Cow<'a, Json>,
    kind: Option<&'a str>,
    id: Option<&'a str>,
}

impl<'a> Delivery<'a> {
    fn of(record: &'a Json) -> Result<Delivery<'a>, Refusal> {
        let request = json::at(record, &["request"]).filter(|request| json::at(request, &["payload"]).is_some());
        let holder = request.unwrap_or(record);
        let headers = json::at(holder, &["headers"]);
        let enveloped = headers.is_some() || request.is_some() || json::at(record, &["repository"]).is_none();
        let held = ["payload", "body"].iter().find(|field| enveloped && json::at(holder, &[field]).is_some());
        let body = match held {
            None => Cow::Borrowed(record),
            Some(field) => match json::text(holder, &[field]) {
                Some(text) => Cow::Owned(parse::inner(field, text)?),
                None => json::at(holder, &[field]).map_or(Cow::Borrowed(record), Cow::Borrowed),
            },
        };
        let header = |name: &str| headers.and_then(|headers| header(headers, name));
        let beside = |field: &str| held.and_then(|_| json::text(record, &[field]));
        Ok(Delivery {
            body,
            kind: header("x-github-event").or_else(|| beside("event")).or_else(|| beside("event_type")),
            id: header("x-github-delivery").or_else(|| beside("guid")).or_else(|| beside("delivery_id")),
        })
    }
}

/// A header, however its name is written. Some receivers give a list of values.
fn header<'a>(headers: &'a Json, name: &str) -> Option<&'a str> {
    let mut entries = headers.as_object()?.iter();
    let (_, value) = entries.find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let value = value.as_array().map_or(Some(value), |values| values.first())?;
    value.as_str().filter(|text| !text.is_empty())
}

/// `release.edited`, `push`; the action alone where the type cannot be told.
fn operation(kind: Option<&str>, action: Option<&str>) -> Text {
    match (kind, action) {
        (Some(kind), Some(action)) if kind != action => Text::from(format!("{kind}.{action}")),
        (Some(word), _) | (None, Some(word)) => Text::new(word),
        (None, None) => Text::new_static("webhook"),
    }
}

/// The delivery's own time, else the time of what the body is about.
fn time(record: &RawRecord<'_>, body: &Json) -> Result<Time, Refusal> {
    const ENVELOPE: [&[&str]; 4] = [&["delivered_at"], &["received_at"], &["timestamp"], &["time"]];
    if let Ok(time) = record.time(&ENVELOPE)
        && Some(time) != record.received
    {
        return Ok(time);
    }
    let mut times = shape::TIMES.iter().filter_map(|path| match json::clock(body, path) {
        json::Clock::At(time) => Some(time),
        _ => None,
    });
    times.next().or(record.received).ok_or_else(|| no_time(None))
}

fn keys(body: &Json, operation: Text) -> Keys {
    let login = json::text(body, &["sender", "login"])
        .or_else(|| json::text(body, &["pusher", "name"]))
        .or_else(|| json::text(body, &["pull_request", "user", "login"]));
    let place = json::text(body, &["repository", "full_name"])
        .or_else(|| json::text(body, &["organization", "login"]))
        .or_else(|| json::text(body, &["installation", "account", "login"]))
        .or_else(|| json::text(body, &["enterprise", "slug"]));
    let key = json::id(body, &["key", "id"]).filter(|_| operation == "deploy_key.created");
    Keys {
        actor: login.map(|login| NodeKey::identity("github", login)),
        target: place.map(|place| NodeKey::resource("github", place)),
        outcome: Outcome::Success,
        minted: key.map(|id| NodeKey::credential("github", &format!("deploy-key/{id}"))),
        environment: job(body),
        operation,
        ..Keys::default()
    }
}

/// The job that a `workflow_job` event is about.
fn job(body: &Json) -> Option<NodeKey> {
    let repository = json::text(body, &["repository", "full_name"])?;
    let run = json::id(body, &["workflow_job", "run_id"])?;
    let name = json::text(body, &["workflow_job", "name"])?;
    Some(NodeKey::environment("ci", &format!("{repository}/{run}/{name}")))
}
