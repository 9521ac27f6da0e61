//! Okta's System Log, as the API and log streams write it, and with field names in lower case as some pipelines do.

mod ocsf;

use crate::mapping::{person, set_address};
use crate::reshape::renamed;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use crate::{json, names};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, NodeKind, Outcome};
use sonic_rs::JsonContainerTrait;

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
        ]
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = Fields::of(record.json);
        let kind = json::as_text(event.kind).or_else(|| json::as_text(event.kind_in_lower_case));
        // The form of the type alone tells it from other logs: an event need not name its actor.
        let kind = kind.filter(|kind| kind.contains('.') || event.actor.is_some()).ok_or_else(|| {
            let hint = "check that the input is an Okta System Log";
            Refusal::new("not an Okta System Log event: it has no `eventType` of the form `thing.action`", hint)
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::as_text(event.uuid)),
            time: record.time_in(event.published, "published")?,
            log_source: LogSource { product: "okta", service: "okta" },
            keys: keys(&event, kind),
            body: event.kind.is_none().then(|| renamed(record.json, &as_okta_writes)),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The fields that keys are made of, found in one walk over the event.
#[derive(Default)]
struct Fields<'e> {
    kind: Option<&'e Json>,
    kind_in_lower_case: Option<&'e Json>,
    uuid: Option<&'e Json>,
    published: Option<&'e Json>,
    actor: Option<&'e Json>,
    client: Option<&'e Json>,
    outcome: Option<&'e Json>,
    targets: Option<&'e Json>,
    transaction: Option<&'e Json>,
    /// Under its two names.
    authentication: [Option<&'e Json>; 2],
}

/// A field's name as Okta writes it, for a name in lower case: rules see one shape.
fn as_okta_writes(name: &str) -> String {
    const NAMES: [&str; 6] =
        ["authenticationContext", "debugContext", "displayMessage", "eventType", "legacyEventType", "securityContext"];
    let known = NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
    known.map_or(name, |known| known).to_owned()
}

impl<'e> Fields<'e> {
    fn of(event: &'e Json) -> Fields<'e> {
        let mut fields = Fields::default();
        let [authentication, in_lower_case] = &mut fields.authentication;
        for (name, value) in event.as_object().into_iter().flat_map(|object| object.iter()) {
            let field = match name {
                "eventType" => &mut fields.kind,
                "eventtype" => &mut fields.kind_in_lower_case,
                "uuid" => &mut fields.uuid,
                "published" => &mut fields.published,
                "actor" => &mut fields.actor,
                "client" => &mut fields.client,
                "outcome" => &mut fields.outcome,
                "target" => &mut fields.targets,
                "transaction" => &mut fields.transaction,
                "authenticationContext" => &mut *authentication,
                "authenticationcontext" => &mut *in_lower_case,
                _ => continue,
            };
            *field = Some(value);
        }
        fields
    }

    /// The text at `path` inside one of the fields.
    fn text(field: Option<&'e Json>, path: &[&str]) -> Option<&'e str> {
        json::text(field?, path)
    }

    fn targets(&self) -> &'e [Json] {
        self.targets.map_or(&[], |targets| json::list(targets, &[]))
    }
}

fn keys(event: &Fields<'_>, kind: &str) -> Keys {
    let mut sessions = event.authentication.iter().map(|context| Fields::text(*context, &["externalSessionId"]));
    let session = sessions.find_map(|session| session).filter(|session| *session != "unknown");
    let mut keys = Keys {
        actor: event.actor.and_then(someone),
        credential: Fields::text(event.transaction, &["detail", "requestApiTokenId"])
            .map(|id| names::credential("okta", id)),
        session: names::owned(session),
        user_agent: names::owned(Fields::text(event.client, &["userAgent", "rawUserAgent"])),
        operation: names::text(&[kind]),
        target: event.targets().first().and_then(target),
        outcome: outcome(event, kind),
        minted: minted(event, kind),
        ..Keys::default()
    };
    set_address(&mut keys, Fields::text(event.client, &["ipAddress"]));
    keys
}

/// A person by e-mail address, else by Okta's own id.
fn someone(entity: &Json) -> Option<NodeKey> {
    person(json::text(entity, &["alternateId"])).or_else(|| {
        let id = json::text(entity, &["id"]).filter(|id| *id != "unknown")?;
        Some(names::identity("okta", id))
    })
}

fn target(entity: &Json) -> Option<NodeKey> {
    match json::text(entity, &["type"]) {
        Some("User" | "AppUser") => someone(entity),
        Some("UserGroup") => json::text(entity, &["id"]).map(|id| names::key(NodeKind::Group, "okta", &[id])),
        Some("Token") => json::text(entity, &["id"]).map(|id| names::credential("okta", id)),
        _ => json::text(entity, &["id"]).map(|id| names::resource("okta", id)),
    }
}

fn minted(event: &Fields<'_>, kind: &str) -> Option<NodeKey> {
    if kind != "system.api_token.create" {
        return None;
    }
    let made = event.targets().iter().find(|entity| json::text(entity, &["type"]) == Some("Token"));
    json::text(made?, &["id"]).map(|id| names::credential("okta", id))
}

fn outcome(event: &Fields<'_>, kind: &str) -> Outcome {
    match Fields::text(event.outcome, &["result"]) {
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
