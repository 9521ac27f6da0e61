//! Events that are OCSF already, of any class of version 1. They stay as they are: their own record is their OCSF record.

mod class;

use crate::json;
use crate::mapping::{host, person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use crate::sources::aws_cloudtrail::arn;
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, joined};

/// Mapped events.
pub static SOURCE: Ocsf = Ocsf;

/// Mapped events.
#[derive(Debug)]
pub struct Ocsf;

impl Source for Ocsf {
    fn name(&self) -> &'static str {
        "ocsf"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["events"] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = record.json;
        let service = service(event)?;
        let ids: [&[&str]; 3] = [&["metadata", "uid"], &["finding_info", "uid"], &["metadata", "original_event_uid"]];
        Ok(Mapped {
            native_id: record.native_id(json::text_of(event, &ids)),
            time: record.time(&[&["time"], &["time_dt"], &["metadata", "original_time"]])?,
            log_source: LogSource { product: "ocsf", service },
            keys: keys(event, service),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        let text = sonic_rs::to_string(&event.body).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }
}

/// The class's name.
fn service(event: &Json) -> Result<&'static str, Refusal> {
    let hint = "check that the input holds events of OCSF 1.x";
    if let Some(uid) = json::count(event, &["class_uid"]) {
        let reason = || Refusal::new(format!("no class of OCSF 1.x has the `class_uid` {uid}"), hint);
        return class::named(uid).ok_or_else(reason);
    }
    let log_type = json::text(event, &["p_log_type"]).and_then(|kind| kind.strip_prefix("OCSF."));
    let named = log_type.or_else(|| json::text(event, &["class_name"])).map(|name| name.replace(' ', ""));
    named.and_then(|name| class::written(&name)).ok_or_else(|| Refusal::new("not OCSF: it has no `class_uid`", hint))
}

fn keys(event: &Json, service: &str) -> Keys {
    let users: [&[&str]; 2] = [&["actor", "user"], &["user"]];
    let user = users.iter().find_map(|path| json::at(event, path));
    let sessions: [&[&str]; 3] = [&["actor", "session", "uid"], &["session", "uid"], &["actor", "user", "session_uid"]];
    let mut keys = Keys {
        actor: user.and_then(someone),
        credential: user.and_then(credential),
        session: json::owned(json::text_of(event, &sessions)),
        user_agent: json::owned(json::text(event, &["http_request", "user_agent"])),
        operation: operation(event, service),
        target: target(event),
        outcome: outcome(event),
        bytes: json::count(event, &["traffic", "bytes_out"]),
        ..Keys::default()
    };
    set_address(&mut keys, json::text_of(event, &[&["src_endpoint", "ip"], &["src_endpoint", "name"]]));
    keys
}

/// A person by e-mail address, an ARN as AWS's own logs have it, else the platform's id.
fn someone(user: &Json) -> Option<NodeKey> {
    let field = |name: &str| json::text(user, &[name]);
    person(field("email_addr")).or_else(|| person(field("name"))).or_else(|| {
        let id = field("uid").or_else(|| field("name"))?;
        arn::key(id).or_else(|| Some(NodeKey::identity("ocsf", id)))
    })
}

/// The credential's public id. AWS numbers its keys in a way that tells them from others'.
fn credential(user: &Json) -> Option<NodeKey> {
    let id = json::text(user, &["credential_uid"])?;
    let aws = id.len() >= 16 && (id.starts_with("AKIA") || id.starts_with("ASIA"));
    Some(NodeKey::credential(if aws { "aws" } else { "ocsf" }, id))
}

/// The operation of an API with its service; else what the event calls its activity.
fn operation(event: &Json, service: &str) -> Text {
    if let Some(operation) = json::text(event, &["api", "operation"]) {
        let api = json::text(event, &["api", "service", "name"]).unwrap_or_default();
        let api = api.strip_suffix(".amazonaws.com").unwrap_or(api);
        return if api.is_empty() { Text::new(operation) } else { joined(&[api, ":", operation]) };
    }
    let names: [&[&str]; 2] = [&["activity_name"], &["activity"]];
    match json::text_of(event, &names) {
        Some(activity) => joined(&[service, ":", activity]),
        None => {
            let number = json::count(event, &["activity_id"]).unwrap_or_default().to_string();
            joined(&[service, ":", &number])
        }
    }
}

fn target(event: &Json) -> Option<NodeKey> {
    let resource = json::list(event, &["resources"]).first().or_else(|| json::at(event, &["resource"]));
    let named: [&[&str]; 2] = [&["uid"], &["name"]];
    let resource = resource.and_then(|resource| json::text_of(resource, &named));
    let others: [&[&str]; 4] =
        [&["file", "path"], &["database", "name"], &["dst_endpoint", "ip"], &["dst_endpoint", "hostname"]];
    // A name that was asked for says more than the address that it had.
    let asked: [&[&str]; 3] = [&["query", "hostname"], &["http_request", "url", "hostname"], &["tls", "sni"]];
    if resource.is_none()
        && let Some(key) = host(json::text_of(event, &asked))
    {
        return Some(key);
    }
    let name = resource.or_else(|| json::text_of(event, &others))?;
    arn::key(name).or_else(|| Some(NodeKey::resource("ocsf", name)))
}

/// Findings have a status too, which says how far people are with them.
fn outcome(event: &Json) -> Outcome {
    let finding = json::count(event, &["category_uid"]) == Some(2) || json::at(event, &["finding_info"]).is_some();
    let code = json::id(event, &["status_code"]).unwrap_or_default();
    match json::count(event, &["status_id"]) {
        _ if finding => Outcome::Unknown,
        Some(1) => Outcome::Success,
        Some(2) if is_denial(&code) => Outcome::Denied,
        Some(2) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

fn is_denial(code: &str) -> bool {
    let code = code.to_ascii_lowercase();
    ["401", "403"].contains(&code.as_str()) || code.contains("denied") || code.contains("unauthorized")
}
