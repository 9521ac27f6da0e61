//! Shared Signals: the claims of security event tokens (RFC 8417) that were heard from other systems, one a line, as
//! Firebreak's receiver writes them once signature, issuer and audience were found right.
//!
//! It checks no signature: a file of such claims is what somebody said, and so is each event made of it.

mod ocsf;

use crate::json;
use crate::mapping::person;
use crate::names;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Text, joined};
use sonic_rs::{JsonContainerTrait, Object};

/// Shared Signals.
pub static SOURCE: SharedSignals = SharedSignals;

/// Shared Signals.
#[derive(Debug)]
pub struct SharedSignals;

const HINT: &str = "check that the input holds the claims of security event tokens, one event in each";

impl Source for SharedSignals {
    fn name(&self) -> &'static str {
        "shared_signals"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &["iss", "aud", "jti", "iat", "txn", "sub_id", "event"]
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let given = record.json;
        let no_event = || Refusal::new("not a security event token: it has not exactly one member in `events`", HINT);
        let events = json::at(given, &["events"]).and_then(|events| events.as_object()).ok_or_else(no_event)?;
        let mut all = events.iter();
        let (Some((address, claims)), None) = (all.next(), all.next()) else { return Err(no_event()) };
        let issuer =
            json::text(given, &["iss"]).ok_or_else(|| Refusal::new("a security event token without `iss`", HINT))?;
        let own = record.native_id(json::text(given, &["jti"]));
        let time = RawRecord { json: claims, ..*record }
            .time(&[&["event_timestamp"]])
            .or_else(|_| record.time(&[&["iat"]]))?;
        let kind = address.rsplit('/').next().unwrap_or(address);
        let body = with_event(given, address, kind, claims);
        let subject = json::at(given, &["sub_id"]).or_else(|| json::at(claims, &["subject"]));
        let user = subject.and_then(|subject| json::at(subject, &["user"])).or(subject);
        let session = subject.and_then(|subject| json::text(subject, &["session", "id"]));
        let about = user.and_then(|user| identity(user, issuer));
        Ok(Mapped {
            native_id: joined(&[issuer, "/", &own]),
            time,
            log_source: LogSource { product: "shared_signals", service: family(address) },
            keys: Keys {
                actor: about.clone(),
                session: json::owned(session),
                operation: Text::new(kind),
                target: about,
                ..Keys::default()
            },
            body: Some(body),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The family that an event's address names.
fn family(address: &str) -> &'static str {
    let is = |family: &str| address.contains(&format!("/secevent/{family}/"));
    ["caep", "risc", "ssf"].into_iter().find(|family| is(family)).unwrap_or("other")
}

/// The record with `event` in place of `events`: an address with dots is no name of a field.
fn with_event(given: &Json, address: &str, kind: &str, claims: &Json) -> Json {
    let mut body = Object::new();
    for (name, value) in
        given.as_object().into_iter().flat_map(|object| object.iter()).filter(|(name, _)| *name != "events")
    {
        body.insert(&name, value.clone());
    }
    let mut event = Object::new();
    event.insert(&"type", Json::from(kind));
    event.insert(&"uri", Json::from(address));
    event.insert(&"claims", claims.clone());
    body.insert(&"event", Json::from(event));
    body.into()
}

/// Whom the subject names: a person by an e-mail address, or else by the issuer's own name for it. Where the issuer is a
/// platform that we have names for, by those.
fn identity(subject: &Json, issuer: &str) -> Option<NodeKey> {
    let text = |name: &str| json::text(subject, &[name]);
    if let Some(person) = person(text("email")) {
        return Some(person);
    }
    // `acct:alice@example.com`
    if let Some(person) = person(text("uri").and_then(|uri| uri.strip_prefix("acct:"))) {
        return Some(person);
    }
    let name = text("sub").or_else(|| text("id")).filter(|name| !name.is_empty())?;
    if let Some(person) = person(Some(name)) {
        return Some(person);
    }
    let whose = text("iss").unwrap_or(issuer);
    Some(names::identity(system(host(whose)), name))
}

fn host(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split(['/', ':', '?']).next().unwrap_or(rest)
}

/// The system by which keys know an issuer.
fn system(host: &str) -> &str {
    let below = |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    match host {
        _ if below("okta.com") || below("oktapreview.com") => "okta",
        _ if below("accounts.google.com") => "google",
        "" => "unknown",
        other => other,
    }
}
