//! Slack's audit log, as the Audit Logs API lists it. It does not tell that messages were read; downloads it does.

mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Slack audit log.
pub static SOURCE: SlackAudit = SlackAudit;

/// Slack audit log.
#[derive(Debug)]
pub struct SlackAudit;

impl Source for SlackAudit {
    fn name(&self) -> &'static str {
        "slack_audit"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["entries"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["id", "date_create", "action", "actor", "entity", "context", "details"]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = record.json;
        // Deeds of Slack itself name no actor; one of the other fields tells the entry from other logs.
        let fields: [&[&str]; 3] = [&["actor", "type"], &["entity", "type"], &["context", "location"]];
        let known = |_: &&str| fields.iter().any(|field| json::at(event, field).is_some());
        let action = json::text(event, &["action"]).filter(known);
        let action = action.ok_or_else(|| {
            let hint = "check that the input is a Slack audit log";
            Refusal::new("not a Slack audit entry: it has no `action`, or neither `actor` nor `entity`", hint)
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["id"])),
            time: record.time(&[&["date_create"]])?,
            log_source: LogSource { product: "slack", service: "audit" },
            keys: keys(event, action),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(event: &Json, action: &str) -> Keys {
    let outcome = outcome(action);
    let token = ["token_id", "bot_token_id", "app_token_id"]
        .iter()
        .find_map(|field| json::text(event, &["details", field]).or_else(|| json::text(event, &["context", field])));
    let mut keys = Keys {
        actor: json::at(event, &["actor"]).and_then(someone),
        credential: token.map(|id| NodeKey::credential("slack", id)),
        session: json::id(event, &["context", "session_id"]).map(Text::from),
        user_agent: json::owned(json::text(event, &["context", "ua"])),
        operation: Text::new(action),
        target: target(event),
        outcome,
        records: (reads(action) && outcome == Outcome::Success).then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(event, &["context", "ip_address"]));
    keys
}

/// A person by e-mail address; bots and apps by Slack's own id.
fn someone(entity: &Json) -> Option<NodeKey> {
    let kind = json::text(entity, &["type"]).unwrap_or("user");
    let inner = json::at(entity, &[kind])?;
    person(json::text(inner, &["email"]))
        .or_else(|| json::text(inner, &["id"]).map(|id| NodeKey::identity("slack", id)))
}

/// The channel or message's channel; a file lies in the workspace; accounts and apps are identities.
fn target(event: &Json) -> Option<NodeKey> {
    let slack = |id: &str| NodeKey::resource("slack", id);
    let entity = json::at(event, &["entity"]);
    let field = |path: &[&str]| entity.and_then(|entity| json::text(entity, path));
    let workspace = || json::text(event, &["context", "location", "id"]).map(slack);
    match field(&["type"]) {
        Some("channel") => field(&["channel", "id"]).map(slack).or_else(workspace),
        Some("message") => field(&["message", "channel"]).map(slack).or_else(workspace),
        Some("workspace") => field(&["workspace", "id"]).map(slack).or_else(workspace),
        Some("enterprise") => field(&["enterprise", "id"]).map(slack).or_else(workspace),
        Some("user" | "app") => entity.and_then(someone).or_else(workspace),
        _ => workspace(),
    }
}

fn reads(action: &str) -> bool {
    matches!(action, "file_downloaded" | "canvas_downloaded" | "huddle_transcript_downloaded" | "list_downloaded")
}

fn outcome(action: &str) -> Outcome {
    let refused = action.ends_with("_blocked") || action.ends_with("_denied") || action == "user_login_failed";
    if refused { Outcome::Denied } else { Outcome::Success }
}
