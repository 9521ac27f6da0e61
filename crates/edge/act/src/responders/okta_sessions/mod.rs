//! Ends all sessions of an Okta user, and with them the refresh and access tokens that Okta issued.
//!
//! Without `oauthTokens=true` the tokens would survive. Okta does not tell which sessions there are.

use crate::context::Context;
use crate::error::ActError;
use crate::okta;
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const READ: &str = "GET {okta}/api/v1/users/{userId}";
const END: &str = "DELETE {okta}/api/v1/users/{userId}/sessions?oauthTokens";

static SPEC: ActionSpec = ActionSpec {
    name: "okta_sessions",
    verb: "end",
    targets: &["identity:okta/", "identity:person/"],
    title: "End an Okta user's sessions",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(END)],
    permissions: &[
        Permission { action: "okta.sessions.manage", resource: "users", purpose: "end their sessions" },
        Permission { action: "okta.users.read", resource: "users", purpose: "see that the user is there" },
    ],
    rate_class: RateClass::Okta,
    blast_radius: "the person must sign in again everywhere",
};

/// Ends sessions.
#[derive(Debug)]
pub struct OktaSessions;

/// The responder.
pub static RESPONDER: OktaSessions = OktaSessions;

#[async_trait]
impl Setting for OktaSessions {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        okta::call(context, action, READ, &["user"], &[]).await?;
        Ok(Reading::none("Okta does not tell which sessions and tokens a user has"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        okta::call(context, action, END, &["user"], &["true"]).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the person signs in again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        // An API token is not a session, but an OAuth token that we act with would end.
        okta::is_ours(context, action, "user")
    }

    fn unseen(&self) -> &'static str {
        "sessions at applications behind Okta live on unless those applications end them"
    }
}
