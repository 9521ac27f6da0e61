//! Disables a Keycloak user and ends all of its sessions, offline ones too, in that order; undo enables the user again.
//!
//! It cannot reach access tokens that applications accept by their signature alone: those live until they expire.

use crate::context::Context;
use crate::error::ActError;
use crate::keycloak::{self, Keycloak, shape};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {server}/admin/realms/{realm}/users/{user}";
const WRITE: &str = "PUT {server}/admin/realms/{realm}/users/{user}";

static SPEC: ActionSpec = ActionSpec {
    name: "keycloak_user",
    verb: "disable",
    targets: &["identity:keycloak/"],
    title: "Disable a Keycloak user and end its sessions",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[
        Call::reads(shape::TOKEN),
        Call::reads(READ),
        Call::changes(WRITE),
        Call::changes(shape::LOGOUT),
        Call::reads(shape::SESSIONS),
        Call::reads(shape::CONSENTS),
        Call::reads(shape::OFFLINE),
        Call::changes(shape::END_OFFLINE),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[Permission {
        action: "realm-management: manage-users",
        resource: "the realm",
        purpose: "read users, their sessions and consents, disable and enable them, end sessions",
    }],
    rate_class: RateClass::Keycloak,
    blast_radius: "the user is signed out of every application of the realm and cannot sign in; a service account's \
                   client gets no token",
};

/// Disables users.
#[derive(Debug)]
pub struct KeycloakUser;

/// The responder.
pub static RESPONDER: KeycloakUser = KeycloakUser;

impl KeycloakUser {
    async fn set(context: &Context<'_>, action: &Action, enabled: bool) -> Result<(), ActError> {
        let (realm, user) = (Keycloak::open(context, action).await?, parameter(action, "user")?);
        realm.call(WRITE, &[user], Body::Json(&json!({"enabled": enabled}))).await?;
        // The other order would let the user come back between the two.
        if !enabled { realm.end_sessions(user).await } else { Ok(()) }
    }
}

#[async_trait]
impl Setting for KeycloakUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (realm, user) = (Keycloak::open(context, action).await?, parameter(action, "user")?);
        let answer = realm.call(READ, &[user], Body::None).await?;
        let enabled = answer.body.get("enabled").and_then(Value::as_bool).ok_or_else(|| answer.lacks("enabled"))?;
        let (online, offline) = realm.sessions(user).await?;
        let may = if enabled { "enabled" } else { "disabled" };
        let words = format!("the user is {may}, with {online} sessions and offline tokens of {offline} clients");
        Ok(Reading::new(json!({"enabled": enabled}), !enabled && online + offline == 0, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Self::set(context, action, false).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before["enabled"] {
            Value::Bool(true) => Self::set(context, action, true).await,
            Value::Bool(false) => Ok(()),
            _ => Err(ActError::unusable("the state before lacks `enabled`", "set the user by hand")),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(Keycloak::open(context, action).await?.is_us(parameter(action, "user")?))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        keycloak::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("Keycloak", "the user's old token")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the user to try; applications that check only signatures accept old access tokens \
         until they expire"
    }
}
