//! Keycloak's user events and admin events: as the admin REST interface answers them, as webhook listeners send them, and
//! as its JSON log writes them (`type="LOGIN_ERROR", realmId="…", …` in the message). All get the names of the first.

mod line;
mod ocsf;

use crate::json;
use crate::mapping::{no_time, person, set_address};
use crate::reshape::{put, unfold};
use crate::secret_fields::without_values;
use crate::source::{Framing, Making, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use std::borrow::Cow;

/// Keycloak events.
pub static SOURCE: Keycloak = Keycloak;

/// Keycloak events.
#[derive(Debug)]
pub struct Keycloak;

impl Source for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["events"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "id",
            "time",
            "type",
            "realmId",
            "realmName",
            "clientId",
            "userId",
            "sessionId",
            "ipAddress",
            "error",
            "details",
            "authDetails",
            "operationType",
            "resourceType",
            "resourcePath",
            "representation",
            "uid",
            "timestamp",
            "sequence",
            "loggerClassName",
            "loggerName",
            "level",
            "threadName",
            "threadId",
            "mdc",
            "ndc",
            "hostName",
            "processName",
            "processId",
        ]
    }

    fn redact<'r>(&self, record: &'r [u8]) -> Cow<'r, [u8]> {
        without_values(
            record,
            &["secret", "clientSecret", "registrationAccessToken", "bindCredential", "privateKey", "value"],
        )
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = event(record.json)?;
        let admin = json::text(&event, &["operationType"]).is_some();
        if !admin && json::text(&event, &["type"]).is_none() {
            let hint =
                "check that the input is Keycloak's events: other lines of its log say nothing about who did what";
            return Err(Refusal::new("not a Keycloak event: it has no `type` and no `operationType`", hint));
        }
        let times: [&[&str]; 4] = [&["time"], &["timestamp"], &["@timestamp"], &["eventTime"]];
        Ok(Mapped {
            native_id: record.native_id(json::text(&event, &["id"]).or_else(|| json::text(&event, &["uid"]))),
            time: record.time(&times).map_err(|_| no_time(json::text(&event, &["timestamp"])))?,
            log_source: LogSource { product: "keycloak", service: if admin { "admin_event" } else { "event" } },
            keys: if admin { admin_keys(&event) } else { user_keys(&event) },
            body: Some(event),
        })
    }

    /// No event names the credential that was used. What an administrator makes comes from whoever acted and from the client
    /// for which they did: a client's own account is known by the client alone until an inventory lists both.
    fn makings(&self, event: &Event) -> Vec<Making> {
        let Some(what) = event.keys.minted.clone().filter(|_| event.log_source.service == "admin_event") else {
            return Vec::new();
        };
        let acts_as = Making::acts_as(event);
        let made = |with| Making { with, what: what.clone(), until: None, acts_as: acts_as.clone() };
        event.keys.actor.clone().into_iter().chain(acting_client(&event.body)).map(made).collect()
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The client for which an administrator of a realm acted, by its own id.
fn acting_client(event: &Json) -> Option<NodeKey> {
    let id = json::text_of(event, &[&["authDetails", "clientId"], &["clientId"]])?;
    Some(identity(event, id))
}

/// The event with the names of the REST interface, its representation unfolded.
fn event(record: &Json) -> Result<Json, Refusal> {
    let mut event = record.clone();
    for field in ["message", "log"] {
        if let Some(text) = json::text(record, &[field]).filter(|text| line::is_event(text)) {
            line::fields(text, &mut event)?;
        }
    }
    // Listeners write `access.LOGIN` and `admin.USER-CREATE`.
    let kind = json::text(&event, &["type"]).map(str::to_owned);
    if let Some(kind) = kind {
        if let Some(kind) = kind.strip_prefix("access.") {
            put(&mut event, "type", kind);
        } else if let Some((thing, operation)) = kind.strip_prefix("admin.").and_then(|rest| rest.rsplit_once('-')) {
            for (field, value) in [("operationType", operation), ("resourceType", thing)] {
                if json::text(&event, &[field]).is_none() {
                    put(&mut event, field, value);
                }
            }
        }
    }
    unfold(&mut event, "representation")?;
    Ok(event)
}

fn realm(event: &Json) -> &str {
    let names = ["realmName", "realm", "realmId"];
    names.iter().find_map(|field| json::text(event, &[field])).unwrap_or("unnamed")
}

fn identity(event: &Json, name: &str) -> NodeKey {
    NodeKey::identity("keycloak", &format!("{}/{name}", realm(event)))
}

fn user_keys(event: &Json) -> Keys {
    let text = |path: &[&str]| json::text(event, path).filter(|text| *text != "null");
    let kind = text(&["type"]).unwrap_or_default();
    let name = text(&["details", "username"]).or_else(|| text(&["authDetails", "username"]));
    let id = text(&["userId"]).or_else(|| text(&["authDetails", "userId"])).or(name);
    let client = text(&["clientId"]).or_else(|| text(&["authDetails", "clientId"]));
    let offline = text(&["details", "refresh_token_type"]).is_some_and(|kind| kind.eq_ignore_ascii_case("offline"));
    let token = text(&["details", "refresh_token_id"]).filter(|_| offline);
    let mut keys = Keys {
        actor: person(name).or_else(|| id.or(client).map(|id| identity(event, id))),
        session: json::owned(text(&["sessionId"])),
        user_agent: json::owned(text(&["details", "user_agent"])),
        operation: Text::new(kind),
        target: client.map(|client| identity(event, client)),
        outcome: outcome(event, kind),
        minted: token.map(|id| NodeKey::credential("keycloak", &format!("{}/{id}", realm(event)))),
        ..Keys::default()
    };
    set_address(&mut keys, text(&["ipAddress"]).or_else(|| text(&["authDetails", "ipAddress"])));
    keys
}

fn outcome(event: &Json, kind: &str) -> Outcome {
    let failed = kind.ends_with("_ERROR") || json::text(event, &["error"]).is_some_and(|error| error != "null");
    match (failed, kind.contains("LOGIN") || kind.contains("TOKEN") || kind.contains("PERMISSION")) {
        (false, _) => Outcome::Success,
        (true, true) => Outcome::Denied,
        (true, false) => Outcome::Failure,
    }
}

fn admin_keys(event: &Json) -> Keys {
    let by = |field: &str| {
        let here = || json::text(event, &[field]);
        json::text(event, &["authDetails", field]).or_else(here).filter(|text| *text != "null")
    };
    let operation = json::text(event, &["operationType"]).unwrap_or_default();
    let thing = json::text(event, &["resourceType"]);
    let failed = json::text(event, &["error"]).is_some();
    let path = json::text(event, &["resourcePath"]);
    let made = path.filter(|_| !failed && operation == "CREATE").and_then(made);
    let mut keys = Keys {
        actor: person(by("username")).or_else(|| by("userId").or_else(|| by("clientId")).map(|id| identity(event, id))),
        operation: thing.map_or_else(|| Text::new(operation), |thing| Text::from(format!("{thing}.{operation}"))),
        target: path.map(|path| target(event, path)),
        outcome: if failed { Outcome::Failure } else { Outcome::Success },
        minted: made.map(|made| NodeKey::credential("keycloak", &format!("{}/{made}", realm(event)))),
        ..Keys::default()
    };
    set_address(&mut keys, by("ipAddress"));
    keys
}

/// What the creation of `path` lets whoever made it sign on with: `client/<id>` or `user/<id>`, by the thing's own id.
fn made(path: &str) -> Option<String> {
    let (things, id) = path.split_once('/')?;
    let thing = match things {
        "clients" => "client",
        "users" => "user",
        _ => return None,
    };
    (!id.is_empty() && !id.contains('/')).then(|| format!("{thing}/{id}"))
}

/// `users/<id>` and `clients/<id>` are identities; the rest are things of the realm.
fn target(event: &Json, path: &str) -> NodeKey {
    let mut parts = path.split('/');
    match (parts.next(), parts.next()) {
        (Some("users" | "clients"), Some(id)) if !id.is_empty() => identity(event, id),
        _ => NodeKey::resource("keycloak", &format!("{}/{path}", realm(event))),
    }
}
