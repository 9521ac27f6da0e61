//! Gives a Keycloak client another secret, which only Keycloak knows; the old one is refused at once.
//!
//! It does not end what was issued with the old secret: sessions and access tokens live on. Nothing brings the old secret
//! back.

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::keycloak::{self, Keycloak, is_our_client, shape};
use crate::responder::{Responder, StateBefore, parameter};
use crate::rest::{Body, gone_is_done};
use crate::setting::irreversible;
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const ROTATE: &str = "POST {server}/admin/realms/{realm}/clients/{client}/client-secret";
const DROP_ROTATED: &str = "DELETE {server}/admin/realms/{realm}/clients/{client}/client-secret/rotated";

static SPEC: ActionSpec = ActionSpec {
    name: "keycloak_client_secret",
    verb: "rotate",
    targets: &["credential:keycloak/"],
    title: "Rotate a Keycloak client's secret",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::ReadBackGuard,
    convergence: Convergence::Immediate,
    calls: &[
        Call::reads(shape::TOKEN),
        Call::reads(shape::CLIENTS),
        Call::changes(ROTATE),
        Call::changes(DROP_ROTATED),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[Permission {
        action: "realm-management: manage-clients",
        resource: "the realm",
        purpose: "see when the secret was made, make another, drop the one before",
    }],
    rate_class: RateClass::Keycloak,
    blast_radius: "whatever uses the secret fails until it is given the new one",
};

/// Rotates secrets of clients.
#[derive(Debug)]
pub struct KeycloakClientSecret;

/// The responder.
pub static RESPONDER: KeycloakClientSecret = KeycloakClientSecret;

impl KeycloakClientSecret {
    /// When the secret was made, as the realm says; null for one that was there from the beginning.
    async fn made(context: &Context<'_>, action: &Action) -> Result<Value, ActError> {
        let (_, client) = Keycloak::open(context, action).await?.client(parameter(action, "client")?).await?;
        let made = client.pointer("/attributes/client.secret.creation.time").and_then(Value::as_str);
        Ok(made.map_or(Value::Null, |made| json!(made)))
    }
}

#[async_trait]
impl Responder for KeycloakClientSecret {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let made = Self::made(context, action).await?;
        let admitted = keycloak::tried(context, action).await.unwrap_or(None);
        // A secret that is young may all the same be the one that leaked.
        Ok(StateBefore { state: json!({"made": made}), denied_already: false, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let realm = Keycloak::open(context, action).await?;
        let (id, _) = realm.client(parameter(action, "client")?).await?;
        // The answer holds the new secret; it is dropped unread.
        realm.call(ROTATE, &[&id], Body::None).await.map(drop)?;
        // A rotation policy lets the old secret live on beside the new one.
        gone_is_done(realm.call(DROP_ROTATED, &[&id], Body::None).await)
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::made(context, action).await {
            Ok(made) if made == before.state["made"] => {
                Evidence::declared(false, now, "the client's secret is the one from before")
            }
            Ok(_) => Evidence::declared(true, now, "the client's secret was made anew"),
            Err(ActError::NotFound { reason, .. }) => Evidence::declared(true, now, reason),
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let tried = keycloak::tried(context, action).await;
        vec![declared, Evidence::tried(now, "Keycloak", "the old secret", tried, before.admitted)]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        Err(irreversible(action, "give the application the new secret, which Keycloak shows its administrators"))
    }

    async fn would_cut_ourselves(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        is_our_client(context, action, parameter(action, "client")?)
    }
}
