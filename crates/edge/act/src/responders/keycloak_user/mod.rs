//! Disables a Keycloak user and ends all of its sessions, offline ones too, in that order; undo enables the user again. Its
//! sweep does the same to what the user has made since ([`newcomers`]).
//!
//! It cannot reach access tokens that applications accept by their signature alone: those live until they expire.

use crate::context::Context;
use crate::error::ActError;
use crate::keycloak::newcomers::{self, Maker, Sweep};
use crate::keycloak::{self, Keycloak, shape};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

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
        Call::reads(shape::USER),
        Call::changes(shape::SET_USER),
        Call::reads(newcomers::SETTINGS),
        Call::reads(newcomers::EVENTS),
        Call::reads(newcomers::LIST),
        Call::reads(shape::CLIENT),
        Call::changes(shape::SET_CLIENT),
        Call::changes(shape::LOGOUT),
        Call::reads(shape::SESSIONS),
        Call::reads(shape::CONSENTS),
        Call::reads(shape::OFFLINE),
        Call::changes(shape::END_OFFLINE),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[
        Permission {
            action: "realm-management: manage-users",
            resource: "the realm",
            purpose: "read users, their sessions and consents, disable and enable them, end sessions",
        },
        newcomers::PERMISSION,
        Permission {
            action: "realm-management: manage-clients",
            resource: "the realm",
            purpose: "for the sweep: read, disable and enable the clients that the user made",
        },
    ],
    rate_class: RateClass::Keycloak,
    blast_radius: "the user is signed out of every application of the realm and cannot sign in; a service account's \
                   client gets no token; the sweep does so to every client and user that it made since",
};

/// Disables users.
#[derive(Debug)]
pub struct KeycloakUser;

/// The responder.
pub static RESPONDER: KeycloakUser = KeycloakUser;

#[async_trait]
impl Setting for KeycloakUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (realm, user) = (Keycloak::open(context, action).await?, parameter(action, "user")?);
        if let Some(since) = newcomers::since(action)? {
            let sweep = Sweep::of(context, action, realm);
            return sweep.read(Maker::User(user), since).await.map_err(newcomers::never_gone);
        }
        let answer = realm.call(shape::USER, &[user], Body::None).await?;
        let enabled = answer.body.get("enabled").and_then(Value::as_bool).ok_or_else(|| answer.lacks("enabled"))?;
        let (online, offline) = realm.sessions(user).await?;
        let may = if enabled { "enabled" } else { "disabled" };
        let words = format!("the user is {may}, with {online} sessions and offline tokens of {offline} clients");
        Ok(Reading::new(json!({"enabled": enabled}), !enabled && online + offline == 0, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let (realm, user) = (Keycloak::open(context, action).await?, parameter(action, "user")?);
        match newcomers::since(action)? {
            Some(since) => Sweep::of(context, action, realm).shut(Maker::User(user), since).await,
            None => realm.set_user(user, false).await,
        }
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        if newcomers::is_sweep(action) {
            let realm = Keycloak::open(context, action).await?;
            return Sweep::of(context, action, realm).restore(before).await;
        }
        match before["enabled"] {
            Value::Bool(true) => {
                Keycloak::open(context, action).await?.set_user(parameter(action, "user")?, true).await
            }
            Value::Bool(false) => Ok(()),
            _ => Err(ActError::unusable("the state before lacks `enabled`", "set the user by hand")),
        }
    }

    fn is_made_anyway(&self, action: &Action) -> bool {
        newcomers::is_sweep(action)
    }

    async fn is_back(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<bool, ActError> {
        if newcomers::is_sweep(action) {
            let realm = Keycloak::open(context, action).await?;
            return Sweep::of(context, action, realm).is_back(before).await;
        }
        Ok(self.read(context, action).await?.state == *before)
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(Keycloak::open(context, action).await?.is_us(parameter(action, "user")?))
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        // The old authority is the target's; what it made has others.
        if newcomers::is_sweep(action) { Ok(None) } else { keycloak::tried(context, action).await }
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("Keycloak", "the user's old token")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the user to try; applications that check only signatures accept old access tokens \
         until they expire"
    }
}
