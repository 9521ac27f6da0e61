//! Okta's System Log, as the API and log streams write it, and with field names in lower case as some pipelines do.

mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Okta System Log.
pub static SOURCE: OktaSystem = OktaSystem;

/// Okta System Log.
#[derive(Debug)]
pub struct OktaSystem;

impl Source for OktaSystem {
    fn name(&self) -> &'static str {
        "okta_system"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "actor",
            "authenticationContext",
            "client",
            "debugContext",
            "device",
            "displayMessage",
            "eventType",
            "legacyEventType",
            "outcome",
            "published",
            "request",
            "securityContext",
            "severity",
            "target",
            "transaction",
            "uuid",
            "version",
            "actors",
            "eventtype",
            "displaymessage",
            "debugcontext",
            "securitycontext",
            "authenticationcontext",
            "legacyeventtype",
        ]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = record.json;
        // The form of the type alone tells it from other logs: an event need not name its actor.
        let known = |kind: &&str| kind.contains('.') || json::at(event, &["actor"]).is_some();
        let kind = event_type(event).filter(known).ok_or_else(|| {
            let hint = "check that the input is an Okta System Log";
            Refusal::new("not an Okta System Log event: it has no `eventType` of the form `thing.action`", hint)
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["uuid"])),
            time: record.time(&[&["published"]])?,
            log_source: LogSource { product: "okta", service: "okta" },
            keys: keys(event, kind),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn event_type(event: &Json) -> Option<&str> {
    json::text(event, &["eventType"]).or_else(|| json::text(event, &["eventtype"]))
}

fn keys(event: &Json, kind: &str) -> Keys {
    let session = ["authenticationContext", "authenticationcontext"];
    let session = session.iter().find_map(|field| json::text(event, &[field, "externalSessionId"]));
    let mut keys = Keys {
        actor: json::at(event, &["actor"]).and_then(someone),
        credential: json::text(event, &["transaction", "detail", "requestApiTokenId"])
            .map(|id| NodeKey::credential("okta", id)),
        session: json::owned(session.filter(|session| *session != "unknown")),
        user_agent: json::owned(json::text(event, &["client", "userAgent", "rawUserAgent"])),
        operation: Text::new(kind),
        target: json::list(event, &["target"]).first().and_then(target),
        outcome: outcome(event, kind),
        minted: minted(event, kind),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(event, &["client", "ipAddress"]));
    keys
}

/// A person by e-mail address, else by Okta's own id.
fn someone(entity: &Json) -> Option<NodeKey> {
    person(json::text(entity, &["alternateId"])).or_else(|| {
        let id = json::text(entity, &["id"]).filter(|id| *id != "unknown")?;
        Some(NodeKey::identity("okta", id))
    })
}

fn target(entity: &Json) -> Option<NodeKey> {
    match json::text(entity, &["type"]) {
        Some("User" | "AppUser") => someone(entity),
        Some("UserGroup") => json::text(entity, &["id"]).map(|id| NodeKey::group("okta", id)),
        Some("Token") => json::text(entity, &["id"]).map(|id| NodeKey::credential("okta", id)),
        _ => json::text(entity, &["id"]).map(|id| NodeKey::resource("okta", id)),
    }
}

fn minted(event: &Json, kind: &str) -> Option<NodeKey> {
    let made = json::list(event, &["target"]).iter().find(|entity| json::text(entity, &["type"]) == Some("Token"));
    let id = json::text(made?, &["id"])?;
    (kind == "system.api_token.create").then(|| NodeKey::credential("okta", id))
}

fn outcome(event: &Json, kind: &str) -> Outcome {
    match json::text(event, &["outcome", "result"]) {
        Some("SUCCESS" | "ALLOW") => Outcome::Success,
        Some("DENY") => Outcome::Denied,
        Some("FAILURE") if is_sign_in(kind) || kind.contains("unauth") => Outcome::Denied,
        Some("FAILURE") => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

fn is_sign_in(kind: &str) -> bool {
    kind == "user.session.start" || kind.starts_with("user.authentication.")
}
