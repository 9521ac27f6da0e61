//! Disables a Keycloak client and refuses every token issued to it until now; undo enables it again. Its sweep does the same to
//! what the client has made since ([`newcomers`]).
//!
//! The client is named by its `client` (what it signs on as) or by its `id`, which is all that the realm's log says of one.
//!
//! It cannot reach access tokens that resource servers accept by their signature alone: those live until they expire.

use crate::context::Context;
use crate::error::ActError;
use crate::keycloak::newcomers::{self, Maker, Sweep};
use crate::keycloak::{self, Keycloak, is_our_client, shape};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

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
        Call::reads(shape::CLIENT),
        Call::changes(shape::SET_CLIENT),
        Call::reads(newcomers::SETTINGS),
        Call::reads(newcomers::EVENTS),
        Call::reads(newcomers::LIST),
        Call::reads(shape::USER),
        Call::changes(shape::SET_USER),
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
            action: "realm-management: manage-clients",
            resource: "the realm",
            purpose: "read the client, disable and enable it and the clients that it made",
        },
        newcomers::PERMISSION,
        Permission {
            action: "realm-management: manage-users",
            resource: "the realm",
            purpose: "for the sweep: read, disable and enable the users that the client made, end their sessions",
        },
    ],
    rate_class: RateClass::Keycloak,
    blast_radius: "nobody can sign in to the application, and the client gets no token for itself; the sweep does so to every \
                   client and user that it made since",
};

/// Disables clients.
#[derive(Debug)]
pub struct KeycloakClient;

/// The responder.
pub static RESPONDER: KeycloakClient = KeycloakClient;

/// The client with its own id, by what the action names it by.
async fn found(realm: &Keycloak<'_>, action: &Action) -> Result<(String, Value), ActError> {
    let Some(id) = action.parameters.get("id") else { return realm.client(parameter(action, "client")?).await };
    let answer = realm.call(shape::CLIENT, &[id], Body::None).await?;
    Ok((id.to_string(), answer.body))
}

/// The client's own id; looked up where the action does not say it.
async fn own_id(realm: &Keycloak<'_>, action: &Action) -> Result<String, ActError> {
    match action.parameters.get("id") {
        Some(id) => Ok(id.to_string()),
        None => found(realm, action).await.map(|(id, _)| id),
    }
}

/// The sweep of what the client made, with the client's own id.
async fn sweep<'a>(context: &'a Context<'a>, action: &'a Action) -> Result<(String, Sweep<'a>), ActError> {
    let realm = Keycloak::open(context, action).await?;
    let id = own_id(&realm, action).await.map_err(newcomers::never_gone)?;
    Ok((id, Sweep::of(context, action, realm)))
}

#[async_trait]
impl Setting for KeycloakClient {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        if let Some(since) = newcomers::since(action)? {
            let (id, sweep) = sweep(context, action).await?;
            return sweep.read(Maker::Client(&id), since).await.map_err(newcomers::never_gone);
        }
        let (_, found) = found(&Keycloak::open(context, action).await?, action).await?;
        // Left out, it is enabled.
        let enabled = found.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        let words = if enabled { "the client is enabled" } else { "the client is disabled" };
        Ok(Reading::new(json!({"enabled": enabled}), !enabled, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        if let Some(since) = newcomers::since(action)? {
            let (id, sweep) = sweep(context, action).await?;
            return sweep.shut(Maker::Client(&id), since).await;
        }
        let realm = Keycloak::open(context, action).await?;
        let (id, found) = found(&realm, action).await?;
        realm.set_client(&id, &found, false, context.now()).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        if newcomers::is_sweep(action) {
            let realm = Keycloak::open(context, action).await?;
            return Sweep::of(context, action, realm).restore(before).await;
        }
        let Value::Bool(enabled) = before["enabled"] else {
            return Err(ActError::unusable("the state before lacks `enabled`", "set the client by hand"));
        };
        let realm = Keycloak::open(context, action).await?;
        let (id, found) = found(&realm, action).await?;
        realm.set_client(&id, &found, enabled, context.now()).await
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
        if let Some(client) = action.parameters.get("client") {
            return is_our_client(context, action, client);
        }
        let (_, found) = found(&Keycloak::open(context, action).await?, action).await?;
        let client = found.get("clientId").and_then(Value::as_str).unwrap_or_default();
        is_our_client(context, action, client)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        // The old authority is the target's; what it made has others.
        if newcomers::is_sweep(action) { Ok(None) } else { keycloak::tried(context, action).await }
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("Keycloak", "what the client had")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a secret or token of the client to try; resource servers that check only signatures accept its \
         access tokens until they expire"
    }
}
