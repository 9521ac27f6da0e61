//! Revokes what an Okta user consented to: one grant of one application.
//!
//! The user may consent again: deactivate the application too.

use crate::context::Context;
use crate::error::ActError;
use crate::okta;
use crate::rest::gone_is_done;
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {okta}/api/v1/users/{userId}/grants/{grantId}";
const REVOKE: &str = "DELETE {okta}/api/v1/users/{userId}/grants/{grantId}";

static SPEC: ActionSpec = ActionSpec {
    name: "okta_grant",
    verb: "revoke",
    targets: &["credential:okta/"],
    title: "Revoke an Okta user's consent",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[Call::reads(READ), Call::changes(REVOKE)],
    permissions: &[Permission {
        action: "okta.users.manage",
        resource: "users",
        purpose: "read and revoke their grants",
    }],
    rate_class: RateClass::Okta,
    blast_radius: "the application loses what the user let it do",
};

/// Revokes grants.
#[derive(Debug)]
pub struct OktaGrant;

/// The responder.
pub static RESPONDER: OktaGrant = OktaGrant;

#[async_trait]
impl Setting for OktaGrant {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = okta::call(context, action, READ, &["user", "grant"], &[]).await?;
        let state = json!({"client": answer.body["clientId"], "scope": answer.body["scopeId"], "status": answer.body["status"]});
        let denies = answer.body["status"] == "REVOKED";
        Ok(Reading::new(state, denies, if denies { "the grant is revoked" } else { "the grant is there" }))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        gone_is_done(okta::call(context, action, REVOKE, &["user", "grant"], &[]).await)
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the user consents again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        okta::is_ours(context, action, "user")
    }

    fn unseen(&self) -> &'static str {
        "access tokens that the application got live on until they expire"
    }
}
