//! Signs everyone out of a Keycloak realm and refuses every token issued until now.
//!
//! It is the widest cut that Keycloak has. It does not stop anyone from signing in again, and nothing brings sessions back.

use crate::context::Context;
use crate::error::ActError;
use crate::evidence::Evidence;
use crate::keycloak::{self, Keycloak, shape};
use crate::responder::{Responder, StateBefore};
use crate::rest::Body;
use crate::setting::irreversible;
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};
use std::time::Duration;

const READ: &str = "GET {server}/admin/realms/{realm}";
const LOGOUT_ALL: &str = "POST {server}/admin/realms/{realm}/logout-all";

static SPEC: ActionSpec = ActionSpec {
    name: "keycloak_realm",
    verb: "not_before",
    targets: &["resource:keycloak/"],
    title: "Refuse every older token of a Keycloak realm",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[
        Call::reads(shape::TOKEN),
        Call::reads(READ),
        Call::changes(LOGOUT_ALL),
        Call::reads(shape::REFRESH),
        Call::reads(shape::USERINFO),
    ],
    permissions: &[
        Permission {
            action: "realm-management: manage-users",
            resource: "the realm",
            purpose: "end all sessions and set the time",
        },
        Permission { action: "realm-management: view-realm", resource: "the realm", purpose: "read the time back" },
    ],
    rate_class: RateClass::Keycloak,
    blast_radius: "everyone in the realm is signed out of every application at once, and every service must ask for a \
                   new token",
};

/// Sets the time before which a realm's tokens count no more.
#[derive(Debug)]
pub struct KeycloakRealm;

/// The responder.
pub static RESPONDER: KeycloakRealm = KeycloakRealm;

impl KeycloakRealm {
    /// The time before which tokens count no more, in seconds; 0 where there is none.
    async fn not_before(context: &Context<'_>, action: &Action) -> Result<i64, ActError> {
        let answer = Keycloak::open(context, action).await?.call(READ, &[], Body::None).await?;
        // Who may not view the realm is shown its name alone, and no refusal.
        answer.body.get("notBefore").and_then(Value::as_i64).ok_or_else(|| answer.lacks("notBefore"))
    }
}

#[async_trait]
impl Responder for KeycloakRealm {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn preflight(&self, context: &Context<'_>, action: &Action) -> Result<StateBefore, ActError> {
        let state = json!({"not_before": Self::not_before(context, action).await?});
        let admitted = keycloak::tried(context, action).await.unwrap_or(None);
        // An earlier time does not cover tokens issued since.
        Ok(StateBefore { state, denied_already: false, admitted })
    }

    async fn apply(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        Keycloak::open(context, action).await?.call(LOGOUT_ALL, &[], Body::None).await?;
        // The time is in whole seconds, and an offline token of the same second escapes it: once more in the next.
        context.sleep.sleep(Duration::from_millis(1_100)).await;
        Keycloak::open(context, action).await?.call(LOGOUT_ALL, &[], Body::None).await.map(|_| ())
    }

    async fn verify(&self, context: &Context<'_>, action: &Action, before: &StateBefore) -> Vec<Evidence> {
        let now = context.now();
        let declared = match Self::not_before(context, action).await {
            Ok(time) => {
                let since = before.state["not_before"].as_i64().unwrap_or(0);
                let later = time > since || time >= context.since.seconds();
                Evidence::declared(later, now, format!("the realm refuses tokens issued before {time} (seconds)"))
            }
            Err(error) => Evidence::unobservable(now, error.to_string()),
        };
        let tried = keycloak::tried(context, action).await;
        vec![declared, Evidence::tried(now, "Keycloak", "an old token of the realm", tried, before.admitted)]
    }

    async fn undo(&self, _context: &Context<'_>, action: &Action, _before: &StateBefore) -> Result<(), ActError> {
        Err(irreversible(action, "everyone signs in again"))
    }

    async fn would_cut_ourselves(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We ask for a token anew in every phase, so that ours of before are not missed.
        Ok(false)
    }
}
