//! Sets `accountEnabled` of an Entra user to false; its undo sets it as it was.
//!
//! Access tokens live on until they expire, 60 to 90 minutes.

use crate::context::Context;
use crate::entra;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {graph}/v1.0/users/{user-id}?$select";
const SET: &str = "PATCH {graph}/v1.0/users/{user-id}";
const SELECTED: &str = "accountEnabled";

static SPEC: ActionSpec = ActionSpec {
    name: "entra_user",
    verb: "disable",
    targets: &["identity:entra/"],
    title: "Disable an Entra user",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[entra::TOKEN, Call::reads(READ), Call::changes(SET)],
    permissions: &[Permission {
        action: "User.EnableDisableAccount.All",
        resource: "the tenant",
        purpose: "read and set whether a user is enabled",
    }],
    rate_class: RateClass::Graph,
    blast_radius: "the person: Microsoft 365 and everything that signs in with Entra",
};

/// Disables users.
#[derive(Debug)]
pub struct EntraUser;

/// The responder.
pub static RESPONDER: EntraUser = EntraUser;

async fn set(context: &Context<'_>, action: &Action, enabled: bool) -> Result<(), ActError> {
    let body = json!({"accountEnabled": enabled});
    entra::call(context, action, SET, &[parameter(action, "user")?], Body::Json(&body)).await.map(|_| ())
}

#[async_trait]
impl Setting for EntraUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let fill = [parameter(action, "user")?, SELECTED];
        let answer = entra::call(context, action, READ, &fill, Body::None).await?;
        let enabled = answer.body["accountEnabled"].as_bool().ok_or_else(|| answer.lacks("/accountEnabled"))?;
        let words = if enabled { "the user is enabled" } else { "the user is disabled" };
        Ok(Reading::new(json!(enabled), !enabled, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        set(context, action, false).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        set(context, action, *before == true).await
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We act as an application, never as a user.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "access tokens live on until they expire, and nobody tries one"
    }
}
