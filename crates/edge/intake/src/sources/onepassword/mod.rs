//! 1Password's Events API: sign-in attempts, item usages and audit events. Which of the three a record is, its fields tell.

mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// 1Password Events API.
pub static SOURCE: Onepassword = Onepassword;

/// 1Password Events API.
#[derive(Debug)]
pub struct Onepassword;

impl Source for Onepassword {
    fn name(&self) -> &'static str {
        "onepassword"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["items"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "uuid",
            "session_uuid",
            "timestamp",
            "country",
            "category",
            "type",
            "details",
            "target_user",
            "client",
            "location",
            "used_version",
            "vault_uuid",
            "item_uuid",
            "action",
            "user",
            "actor_uuid",
            "actor_details",
            "actor_type",
            "actor_account_uuid",
            "object_type",
            "object_uuid",
            "object_details",
            "aux_id",
            "aux_uuid",
            "aux_details",
            "aux_info",
            "session",
            "account_uuid",
        ]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = record.json;
        let service = service(event).ok_or_else(|| {
            let hint = "check that the input is what 1Password's Events API answers";
            Refusal::new("not a 1Password event: no sign-in attempt, item usage or audit event has these fields", hint)
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["uuid"])),
            time: record.time(&[&["timestamp"]])?,
            log_source: LogSource { product: "onepassword", service },
            keys: keys(event, service),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn service(event: &Json) -> Option<&'static str> {
    let has = |field: &str| json::at(event, &[field]).is_some();
    if has("actor_uuid") && has("object_type") {
        return Some("audit");
    }
    if has("item_uuid") || has("vault_uuid") {
        return Some("item_usage");
    }
    (has("target_user") || (has("category") && has("type"))).then_some("signin")
}

fn keys(event: &Json, service: &str) -> Keys {
    let text = |path: &[&str]| json::text(event, path);
    let app = text(&["client", "app_name"]);
    let version = text(&["client", "app_version"]);
    let agent = app.map(|app| version.map_or_else(|| app.to_owned(), |version| format!("{app}/{version}")));
    let word = match service {
        "signin" => text(&["category"]),
        "audit" => text(&["action"]),
        _ => text(&["action"]).or(Some("use")),
    };
    let word = word.unwrap_or_default();
    let thing = text(&["object_type"]).filter(|_| service == "audit");
    let operation = thing.map_or_else(|| format!("{service}.{word}"), |thing| format!("{service}.{thing}.{word}"));
    let mut keys = Keys {
        actor: actor(event),
        session: json::owned(text(&["session_uuid"]).or_else(|| text(&["session", "uuid"]))),
        user_agent: agent.map(Text::from),
        operation: Text::from(operation),
        target: target(event, service),
        outcome: outcome(service, word),
        records: (service == "item_usage").then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, text(&["client", "ip_address"]).or_else(|| text(&["session", "ip"])));
    keys
}

fn actor(event: &Json) -> Option<NodeKey> {
    let people = ["user", "target_user", "actor_details"];
    let at = |field: &str| people.iter().find_map(|who| json::text(event, &[who, field]));
    let id = || at("uuid").or_else(|| json::text(event, &["actor_uuid"]));
    person(at("email")).or_else(|| id().map(|id| NodeKey::identity("onepassword", id)))
}

fn target(event: &Json, service: &str) -> Option<NodeKey> {
    let vault = |id: &str| NodeKey::resource("onepassword", id);
    if service != "audit" {
        return json::text(event, &["vault_uuid"]).map(vault);
    }
    let object = person(json::text(event, &["object_details", "email"]));
    object.or_else(|| json::text(event, &["object_uuid"]).map(vault))
}

fn outcome(service: &str, category: &str) -> Outcome {
    match (service, category) {
        ("signin", "success" | "firewall_reported_success") => Outcome::Success,
        ("signin", _) => Outcome::Denied,
        _ => Outcome::Success,
    }
}
