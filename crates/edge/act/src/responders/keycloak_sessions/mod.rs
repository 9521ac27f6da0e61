//! Ends the sessions of a Keycloak user, offline ones too, or only one of them. Nothing brings them back.
//!
//! It does not stop the user from signing in again, nor an application from accepting an access token by its signature
//! until it expires.

use crate::context::Context;
use crate::error::ActError;
use crate::keycloak::{self, Keycloak, offline_clients, shape};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const END: &str = "DELETE {server}/admin/realms/{realm}/sessions/{session}";

static SPEC: ActionSpec = ActionSpec {
    name: "keycloak_sessions",
    verb: "end",
    targets: &["identity:keycloak/"],
    title: "End a Keycloak user's sessions",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[
        Call::reads(shape::TOKEN),
        Call::changes(shape::LOGOUT),
        Call::reads(shape::SESSIONS),
        Call::reads(shape::CONSENTS),
        Call::reads(shape::OFFLINE),
        Call::changes(END),
        Call::changes(shape::END_OFFLINE),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[Permission {
        action: "realm-management: manage-users",
        resource: "the realm",
        purpose: "read a user's sessions and consents, end sessions",
    }],
    rate_class: RateClass::Keycloak,
    blast_radius: "the user must sign in again at every application, or at those of the one session",
};

/// Ends sessions.
#[derive(Debug)]
pub struct KeycloakSessions;

/// The responder.
pub static RESPONDER: KeycloakSessions = KeycloakSessions;

/// The one session that is meant, where it is only one.
fn session(action: &Action) -> Option<&str> {
    action.parameters.get("session").map(|session| session.as_str()).filter(|session| !session.is_empty())
}

/// Whether `user` still has this session, online or offline.
async fn is_open(realm: &Keycloak<'_>, user: &str, session: &str) -> Result<bool, ActError> {
    let among = |list: &[Value]| list.iter().any(|one| one.get("id").and_then(Value::as_str) == Some(session));
    if among(realm.call(shape::SESSIONS, &[user], Body::None).await?.list("")?) {
        return Ok(true);
    }
    for client in offline_clients(&realm.consents(user).await?) {
        if among(realm.call(shape::OFFLINE, &[user, &client], Body::None).await?.list("")?) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[async_trait]
impl Setting for KeycloakSessions {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (realm, user) = (Keycloak::open(context, action).await?, parameter(action, "user")?);
        if let Some(session) = session(action) {
            let open = is_open(&realm, user, session).await?;
            let words = if open { "the session is open" } else { "the session is not there" };
            return Ok(Reading::new(json!({"open": open}), !open, words));
        }
        let (online, offline) = realm.sessions(user).await?;
        let words = format!("the user has {online} sessions and offline tokens of {offline} clients");
        Ok(Reading::new(json!({"sessions": online, "offline_clients": offline}), online + offline == 0, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let (realm, user) = (Keycloak::open(context, action).await?, parameter(action, "user")?);
        let Some(session) = session(action) else { return realm.end_sessions(user).await };
        // A session with an offline token is two of one id, and ending one leaves the other.
        gone_is_done(realm.call(END, &[session], Body::None).await)?;
        gone_is_done(realm.call(shape::END_OFFLINE, &[session, "true"], Body::None).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "let the user sign in again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // Our own account has no session: its tokens are asked for one by one. Ending none would be harmless, but a plan
        // that names us is wrong.
        Ok(Keycloak::open(context, action).await?.is_us(parameter(action, "user")?))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        keycloak::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("Keycloak", "a token of the old session")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the old session to try; applications that check only signatures accept old access \
         tokens until they expire"
    }
}
