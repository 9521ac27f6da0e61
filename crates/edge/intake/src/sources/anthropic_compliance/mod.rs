//! Anthropic's Compliance API activities, and the older audit log export of the same events (`event`, `actor_info`).

mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Anthropic Compliance API.
pub static SOURCE: AnthropicCompliance = AnthropicCompliance;

/// Anthropic Compliance API.
#[derive(Debug)]
pub struct AnthropicCompliance;

impl Source for AnthropicCompliance {
    fn name(&self) -> &'static str {
        "anthropic_compliance"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["data"] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = record.json;
        // Who did it can be missing; whose organisation it was, or the form of its id, tells it from other logs too.
        let own_id = || json::text(event, &["id"]).is_some_and(|id| id.starts_with("activity_"));
        let fields = ["actor", "actor_info", "organization_id", "organization_uuid"];
        let known = |_: &&str| fields.iter().any(|field| json::at(event, &[field]).is_some()) || own_id();
        let kind = json::text(event, &["type"]).or_else(|| json::text(event, &["event"]));
        let kind = kind.filter(known).ok_or_else(|| {
            let hint = "check that the input is what the activities of Anthropic's Compliance API answer";
            Refusal::new("not an Anthropic activity: it has no `type` or no `actor`", hint)
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["id"])),
            time: record.time(&[&["created_at"], &["timestamp"]])?,
            log_source: LogSource { product: "anthropic", service: "compliance" },
            keys: keys(event, kind),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(event: &Json, kind: &str) -> Keys {
    let actor = |field: &str| json::text(event, &["actor", field]);
    let made = kind.ends_with("_key_created").then(|| made_key(event, kind)).flatten();
    let credential = ["api_key_id", "admin_api_key_id", "service_key_id"].iter().find_map(|field| actor(field));
    let mut keys = Keys {
        actor: someone(event, credential),
        credential: credential.map(|id| NodeKey::credential("anthropic", id)),
        session: json::owned(actor("session_id")),
        user_agent: json::owned(actor("user_agent").or_else(|| json::text(event, &["user_agent"]))),
        operation: Text::new(kind),
        target: target(event),
        outcome: outcome(kind),
        records: reads(kind).then_some(1),
        minted: made.map(|id| NodeKey::credential("anthropic", id)),
        ..Keys::default()
    };
    set_address(&mut keys, actor("ip_address").or_else(|| json::text(event, &["ip_address"])));
    keys
}

/// The person, else the user by id, else the key that acted by itself.
fn someone(event: &Json, credential: Option<&str>) -> Option<NodeKey> {
    let mail = [&["actor", "email_address"][..], &["actor", "email"], &["actor_info", "metadata", "email_address"]];
    let ids = [
        &["actor", "user_id"][..],
        &["actor_info", "uuid"],
        &["actor", "service_account_id"],
        &["actor", "directory_id"],
    ];
    let at = |paths: &[&[&str]]| paths.iter().find_map(|path| json::text(event, path));
    let by_id = |id: &str| NodeKey::identity("anthropic", id);
    person(at(&mail)).or_else(|| at(&ids).map(by_id)).or_else(|| credential.map(by_id))
}

fn made_key<'j>(event: &'j Json, kind: &str) -> Option<&'j str> {
    let own = format!("{}_id", kind.trim_end_matches("_created"));
    let known = [own.as_str(), "api_key_id", "key_id", "service_key_id", "admin_api_key_id"];
    known.iter().find_map(|field| json::text(event, &[field]))
}

/// What the activity is about: a key, a user, a workspace, a conversation; else the organisation.
fn target(event: &Json) -> Option<NodeKey> {
    const KEYS: [&str; 3] = ["api_key_id", "admin_api_key_id", "service_key_id"];
    const USERS: [&str; 6] = [
        "target_user_email",
        "deleted_user_email",
        "updated_user_email",
        "invited_email",
        "user_email",
        "email_address",
    ];
    const USER_IDS: [&str; 4] = ["target_user_id", "deleted_user_id", "updated_user_id", "user_id"];
    const THINGS: [&str; 10] = [
        "workspace_id",
        "claude_project_id",
        "claude_chat_id",
        "claude_file_id",
        "claude_artifact_id",
        "integration_id",
        "mcp_server_id",
        "organization_id",
        "organization_uuid",
        "workspace_uuid",
    ];
    let text = |names: &[&str]| names.iter().find_map(|field| json::text(event, &[field]));
    text(&KEYS)
        .map(|id| NodeKey::credential("anthropic", id))
        .or_else(|| person(text(&USERS)))
        .or_else(|| text(&USER_IDS).map(|id| NodeKey::identity("anthropic", id)))
        .or_else(|| text(&THINGS).map(|id| NodeKey::resource("anthropic", id)))
}

fn outcome(kind: &str) -> Outcome {
    let refused =
        kind.contains("login") || kind.contains("access") || kind.contains("sign_in") || kind.contains("denied");
    match kind.ends_with("_failed") || kind.ends_with("_denied") {
        true if refused => Outcome::Denied,
        true => Outcome::Failure,
        false => Outcome::Success,
    }
}

/// Whether the activity hands out what people wrote or stored.
fn reads(kind: &str) -> bool {
    ["_viewed", "_downloaded", "_exported", "_export_completed", "_content_retrieved"]
        .iter()
        .any(|end| kind.ends_with(end))
}
