//! The events that we speak: CAEP 1.0 `session-revoked` and `credential-change`, RISC 1.0 `account-disabled` and
//! `credential-compromise`, and SSF's own `verification` and `stream-updated`.
//!
//! Other events are not refused where they are heard: they are put aside under their name.

use firebreak_model::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// CAEP session-revoked.
pub const SESSION_REVOKED: &str = "https://schemas.openid.net/secevent/caep/event-type/session-revoked";
/// CAEP credential-change.
pub const CREDENTIAL_CHANGE: &str = "https://schemas.openid.net/secevent/caep/event-type/credential-change";
/// RISC account-disabled.
pub const ACCOUNT_DISABLED: &str = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
/// RISC credential-compromise.
pub const CREDENTIAL_COMPROMISE: &str = "https://schemas.openid.net/secevent/risc/event-type/credential-compromise";
/// SSF verification.
pub const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";
/// SSF stream-updated.
pub const STREAM_UPDATED: &str = "https://schemas.openid.net/secevent/ssf/event-type/stream-updated";

/// What can be asked for in a stream.
pub const SUPPORTED: &[&str] = &[SESSION_REVOKED, CREDENTIAL_CHANGE, ACCOUNT_DISABLED, CREDENTIAL_COMPROMISE];

/// What a credential may be (CAEP 1.0, section 3.3.1).
const CREDENTIAL_TYPES: &[&str] = &[
    "password",
    "pin",
    "x509",
    "fido2-platform",
    "fido2-roaming",
    "fido-u2f",
    "verifiable-credential",
    "phone-voice",
    "phone-sms",
    "app",
];
const CHANGE_TYPES: &[&str] = &["create", "revoke", "update", "delete"];
const ENTITIES: &[&str] = &["admin", "user", "policy", "system"];
const WORDS_MAX: usize = 2_048;

/// One event: its type and what it says.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// The type's address.
    pub kind: String,
    /// What it says, as an object.
    pub body: Value,
}

impl Event {
    /// A session was ended by us.
    pub fn session_revoked(at: Time, reason: &str) -> Event {
        let body = json!({"event_timestamp": at.seconds(), "initiating_entity": "policy", "reason_admin": {"en": words(reason)}});
        Event { kind: SESSION_REVOKED.to_owned(), body }
    }

    /// A credential was revoked by us.
    pub fn credential_revoked(credential_type: &str, name: &str, at: Time, reason: &str) -> Event {
        let body = json!({
            "credential_type": credential_type, "change_type": "revoke", "friendly_name": words(name),
            "event_timestamp": at.seconds(), "initiating_entity": "policy", "reason_admin": {"en": words(reason)},
        });
        Event { kind: CREDENTIAL_CHANGE.to_owned(), body }
    }

    /// An account was disabled by us. RISC knows two reasons, of which this is the one for a single account.
    pub fn account_disabled() -> Event {
        Event { kind: ACCOUNT_DISABLED.to_owned(), body: json!({"reason": "hijacking"}) }
    }

    /// A credential is in an intruder's hands.
    pub fn credential_compromise(credential_type: &str, at: Time, reason: &str) -> Event {
        let body = json!({
            "credential_type": credential_type, "event_timestamp": at.seconds(), "reason_admin": words(reason),
        });
        Event { kind: CREDENTIAL_COMPROMISE.to_owned(), body }
    }

    /// The answer to a receiver that asks whether the stream is alive.
    pub fn verification(state: Option<&str>) -> Event {
        let body = state.map_or_else(|| json!({}), |state| json!({"state": state}));
        Event { kind: VERIFICATION.to_owned(), body }
    }

    /// A stream's status was changed by us.
    pub fn stream_updated(status: &str, reason: &str) -> Event {
        Event { kind: STREAM_UPDATED.to_owned(), body: json!({"status": status, "reason": reason}) }
    }

    /// The last part of the type's address: `session-revoked`.
    pub fn word(&self) -> &str {
        self.kind.rsplit('/').next().unwrap_or(&self.kind)
    }

    /// Whether it is of a type that we understand.
    pub fn is_known(&self) -> bool {
        SUPPORTED.contains(&self.kind.as_str()) || self.kind == VERIFICATION || self.kind == STREAM_UPDATED
    }

    /// Reads an event of `kind`. One of a type that we know must say what its specification asks for; of others only the
    /// form is asked.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(kind: &str, body: &Value) -> Result<Event, String> {
        let object = body.as_object().ok_or("an event is an object")?;
        let text = |name: &str| object.get(name).and_then(Value::as_str);
        let one_of = |name: &str, allowed: &[&str], needed: bool| match text(name) {
            Some(word) if allowed.contains(&word) => Ok(()),
            None if !needed && !object.contains_key(name) => Ok(()),
            _ => Err(format!("`{name}` is not one of {}", allowed.join(", "))),
        };
        if object.get("event_timestamp").is_some_and(|at| !at.is_number()) {
            return Err("`event_timestamp` is a number".to_owned());
        }
        match kind {
            SESSION_REVOKED => one_of("initiating_entity", ENTITIES, false)?,
            CREDENTIAL_CHANGE => {
                one_of("initiating_entity", ENTITIES, false)?;
                one_of("change_type", CHANGE_TYPES, true)?;
                // The list is open: profiles add to it.
                text("credential_type").filter(|word| !word.is_empty()).ok_or("it has a `credential_type`")?;
            }
            ACCOUNT_DISABLED => one_of("reason", &["hijacking", "bulk-account"], false)?,
            CREDENTIAL_COMPROMISE => {
                text("credential_type").filter(|word| !word.is_empty()).ok_or("it has a `credential_type`")?;
            }
            VERIFICATION if object.contains_key("state") => {
                text("state").ok_or("`state` is text")?;
            }
            STREAM_UPDATED => one_of("status", &["enabled", "paused", "disabled"], true)?,
            _ => {}
        }
        Ok(Event { kind: kind.to_owned(), body: body.clone() })
    }
}

/// Text for people, not endless.
fn words(text: &str) -> String {
    text.chars().take(WORDS_MAX).collect()
}

/// The CAEP word for a credential, as we call its system: all of ours are credentials of apps.
pub fn credential_type(word: &str) -> &'static str {
    CREDENTIAL_TYPES.iter().find(|known| **known == word).copied().unwrap_or("app")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_we_say_is_what_we_would_take() {
        let at = Time::from_seconds(1_774_350_000);
        for event in [
            Event::session_revoked(at, "cut"),
            Event::credential_revoked("app", "AKIA1", at, "cut"),
            Event::account_disabled(),
            Event::credential_compromise("app", at, "lost"),
            Event::verification(None),
            Event::verification(Some("s")),
            Event::stream_updated("paused", "r"),
        ] {
            assert_eq!(Event::parse(&event.kind, &event.body), Ok(event.clone()));
            assert!(event.is_known());
        }
        assert_eq!(Event::account_disabled().word(), "account-disabled");
    }

    #[test]
    fn an_event_that_lacks_what_its_type_asks_for_is_refused_and_an_unknown_type_is_not() {
        for (kind, body) in [
            (CREDENTIAL_CHANGE, json!({"credential_type": "password"})),
            (CREDENTIAL_CHANGE, json!({"change_type": "revoke"})),
            (CREDENTIAL_CHANGE, json!({"change_type": "explode", "credential_type": "password"})),
            (CREDENTIAL_COMPROMISE, json!({})),
            (ACCOUNT_DISABLED, json!({"reason": "boredom"})),
            (SESSION_REVOKED, json!({"event_timestamp": "now"})),
            (SESSION_REVOKED, json!([])),
            (VERIFICATION, json!({"state": 1})),
        ] {
            assert!(Event::parse(kind, &body).is_err(), "{kind} {body}");
        }
        let other =
            Event::parse("https://schemas.openid.net/secevent/caep/event-type/risk-level-change", &json!({"x": 1}));
        assert!(!other.unwrap().is_known());
    }
}
