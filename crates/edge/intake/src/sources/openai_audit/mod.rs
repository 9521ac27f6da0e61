//! OpenAI's organisation audit log, as its API writes it. What an event is about stands in a field that is called like its
//! type; it is given the name `payload`.

mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::reshape::renamed;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// OpenAI audit log.
pub static SOURCE: OpenaiAudit = OpenaiAudit;

/// OpenAI audit log.
#[derive(Debug)]
pub struct OpenaiAudit;

impl Source for OpenaiAudit {
    fn name(&self) -> &'static str {
        "openai_audit"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["data"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["id", "object", "type", "effective_at", "project", "actor", "payload"]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let given = record.json;
        // The type's form, and one more field that only this log has together with it.
        let own = json::text(given, &["object"]) == Some("organization.audit_log");
        let known = |field: &&str| json::at(given, &[field]).is_some();
        let kind = json::text(given, &["type"])
            .filter(|kind| kind.contains('.') && (own || ["actor", "effective_at", "project"].iter().any(known)));
        let kind = kind.ok_or_else(|| {
            let hint = "check that the input is the audit log of an OpenAI organisation";
            Refusal::new("not an OpenAI audit event: it has no `type` of the form `thing.action`, or no `actor`", hint)
        })?;
        let plain = kind.replace('.', "_");
        let name = |field: &str| if field == kind || field == plain { "payload" } else { field }.to_owned();
        let event = renamed(given, &name);
        let id = json::text(given, &["id"]);
        Ok(Mapped {
            native_id: record.native_id(id),
            time: record.time(&[&["effective_at"]])?,
            log_source: LogSource { product: "openai", service: "audit" },
            keys: keys(&event, kind),
            body: Some(event),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(event: &Json, kind: &str) -> Keys {
    let session = |field: &str| json::text(event, &["actor", "session", field]);
    let made =
        json::text(event, &["payload", "id"]).filter(|_| kind == "api_key.created" || kind == "admin_api_key.created");
    let mut keys = Keys {
        actor: actor(event),
        credential: json::text(event, &["actor", "api_key", "id"]).map(|id| NodeKey::credential("openai", id)),
        user_agent: json::owned(session("user_agent")),
        operation: Text::new(kind),
        target: target(event, kind),
        outcome: if kind.ends_with(".failed") { Outcome::Denied } else { Outcome::Success },
        minted: made.map(|id| NodeKey::credential("openai", id)),
        ..Keys::default()
    };
    set_address(&mut keys, session("ip_address"));
    keys
}

/// The person of the session or key, else the service account or user by id.
fn actor(event: &Json) -> Option<NodeKey> {
    let users = [["actor", "session", "user"], ["actor", "api_key", "user"]];
    let at =
        |field: &'static str| users.iter().find_map(|[actor, by, user]| json::text(event, &[actor, by, user, field]));
    person(at("email")).or_else(|| {
        let account = json::text(event, &["actor", "api_key", "service_account", "id"]);
        account.or_else(|| at("id")).map(|id| NodeKey::identity("openai", id))
    })
}

/// The key, user or other thing that the payload names, else the project.
fn target(event: &Json, kind: &str) -> Option<NodeKey> {
    let id = json::text(event, &["payload", "id"]);
    let mail = person(json::text(event, &["payload", "data", "email"]))
        .or_else(|| person(json::text(event, &["payload", "email"])));
    let named = match (kind.split('.').next().unwrap_or_default(), id) {
        ("api_key" | "admin_api_key", Some(id)) => Some(NodeKey::credential("openai", id)),
        ("user" | "invite", id) => mail.or_else(|| id.map(|id| NodeKey::identity("openai", id))),
        ("service_account" | "project", Some(id)) => Some(NodeKey::identity("openai", id)),
        (_, Some(id)) => Some(NodeKey::resource("openai", id)),
        _ => None,
    };
    named.or_else(|| json::text(event, &["project", "id"]).map(|id| NodeKey::identity("openai", id)))
}
