//! Disables a Keycloak client and refuses every token issued to it until now; undo enables it again.
//!
//! The client is named by its `client` (what it signs on as) or by its `id`, which is all that the realm's log says of one.
//!
//! It cannot reach access tokens that resource servers accept by their signature alone: those live until they expire.

use crate::context::Context;
use crate::error::ActError;
use crate::keycloak::{self, Keycloak, is_our_client, shape};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {server}/admin/realms/{realm}/clients/{client}";
const WRITE: &str = "PUT {server}/admin/realms/{realm}/clients/{client}";

static SPEC: ActionSpec = ActionSpec {
    name: "keycloak_client",
    verb: "disable",
    targets: &["identity:app/keycloak/", "identity:keycloak/"],
    title: "Disable a Keycloak client",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[
        Call::reads(shape::TOKEN),
        Call::reads(shape::CLIENTS),
        Call::reads(READ),
        Call::changes(WRITE),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[Permission {
        action: "realm-management: manage-clients",
        resource: "the realm",
        purpose: "read the client, disable and enable it",
    }],
    rate_class: RateClass::Keycloak,
    blast_radius: "nobody can sign in to the application, and the client gets no token for itself",
};

/// Disables clients.
#[derive(Debug)]
pub struct KeycloakClient;

/// The responder.
pub static RESPONDER: KeycloakClient = KeycloakClient;

/// The client with its own id, by what the action names it by.
async fn found(realm: &Keycloak<'_>, action: &Action) -> Result<(String, Value), ActError> {
    let Some(id) = action.parameters.get("id") else { return realm.client(parameter(action, "client")?).await };
    let answer = realm.call(READ, &[id], Body::None).await?;
    Ok((id.to_string(), answer.body))
}

/// The client's own id; looked up where the action does not say it.
async fn own_id(realm: &Keycloak<'_>, action: &Action) -> Result<String, ActError> {
    match action.parameters.get("id") {
        Some(id) => Ok(id.to_string()),
        None => found(realm, action).await.map(|(id, _)| id),
    }
}

#[async_trait]
impl Setting for KeycloakClient {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let (_, found) = found(&Keycloak::open(context, action).await?, action).await?;
        // Left out, it is enabled.
        let enabled = found.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        let words = if enabled { "the client is enabled" } else { "the client is disabled" };
        Ok(Reading::new(json!({"enabled": enabled}), !enabled, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let realm = Keycloak::open(context, action).await?;
        let id = own_id(&realm, action).await?;
        // Disabling refuses its tokens only as long as it lasts; the time refuses them for good. One second more, since
        // a token of the same second would escape.
        let body = json!({"enabled": false, "notBefore": context.now().seconds() + 1});
        realm.call(WRITE, &[&id], Body::Json(&body)).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let Value::Bool(enabled) = before["enabled"] else {
            return Err(ActError::unusable("the state before lacks `enabled`", "set the client by hand"));
        };
        let realm = Keycloak::open(context, action).await?;
        let id = own_id(&realm, action).await?;
        realm.call(WRITE, &[&id], Body::Json(&json!({"enabled": enabled}))).await.map(|_| ())
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        if let Some(client) = action.parameters.get("client") {
            return is_our_client(context, action, client);
        }
        let (_, found) = found(&Keycloak::open(context, action).await?, action).await?;
        let client = found.get("clientId").and_then(Value::as_str).unwrap_or_default();
        is_our_client(context, action, client)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        keycloak::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("Keycloak", "what the client had")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a secret or token of the client to try; resource servers that check only signatures accept its \
         access tokens until they expire"
    }
}
