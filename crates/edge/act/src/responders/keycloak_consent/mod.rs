//! Takes back what a Keycloak user consented to for a client, with the client's sessions and offline tokens of that user.
//!
//! The user may consent again; access tokens that are accepted by their signature alone live until they expire.

use crate::context::Context;
use crate::error::ActError;
use crate::keycloak::{self, Keycloak, is_our_client, shape};
use crate::responder::parameter;
use crate::rest::{Body, gone_is_done};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const REVOKE: &str = "DELETE {server}/admin/realms/{realm}/users/{user}/consents/{client}";

static SPEC: ActionSpec = ActionSpec {
    name: "keycloak_consent",
    verb: "revoke",
    targets: &["identity:app/keycloak/"],
    title: "Take back a Keycloak user's consent to a client",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[
        Call::reads(shape::TOKEN),
        Call::reads(shape::CONSENTS),
        Call::changes(REVOKE),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[Permission {
        action: "realm-management: manage-users",
        resource: "the realm",
        purpose: "read what a user consented to and take it back",
    }],
    rate_class: RateClass::Keycloak,
    blast_radius: "the user is signed out of the application and asked for consent at the next sign-in",
};

/// Takes back consents.
#[derive(Debug)]
pub struct KeycloakConsent;

/// The responder.
pub static RESPONDER: KeycloakConsent = KeycloakConsent;

#[async_trait]
impl Setting for KeycloakConsent {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (user, client) = (parameter(action, "user")?, parameter(action, "client")?);
        let consents = Keycloak::open(context, action).await?.consents(user).await?;
        let ours = |one: &&Value| one.get("clientId").and_then(Value::as_str) == Some(client);
        let Some(consent) = consents.as_array().into_iter().flatten().find(ours) else {
            return Ok(Reading::new(json!({"scopes": null}), true, "the user has consented to nothing for the client"));
        };
        let scopes = consent.get("grantedClientScopes").cloned().unwrap_or(Value::Null);
        let words = format!("the user lets the client have {scopes}");
        Ok(Reading::new(json!({"scopes": scopes}), false, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let (user, client) = (parameter(action, "user")?, parameter(action, "client")?);
        gone_is_done(Keycloak::open(context, action).await?.call(REVOKE, &[user, client], Body::None).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the user consents again at the next sign-in"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        is_our_client(context, action, parameter(action, "client")?)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        keycloak::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("Keycloak", "the client's token for the user")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the client for the user to try; resource servers that check only signatures accept \
         old access tokens until they expire"
    }
}
