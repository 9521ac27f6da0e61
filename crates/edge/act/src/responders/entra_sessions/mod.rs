//! Ends the sign-in sessions of an Entra user: refresh tokens and browser cookies from before are refused.
//!
//! Access tokens live on until they expire, 60 to 90 minutes; services that evaluate access continuously stop sooner. It does
//! nothing to users who are guests from elsewhere.

use crate::context::Context;
use crate::entra;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::Time;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {graph}/v1.0/users/{user-id}?$select";
const REVOKE: &str = "POST {graph}/v1.0/users/{user-id}/revokeSignInSessions";

static SPEC: ActionSpec = ActionSpec {
    name: "entra_sessions",
    verb: "revoke",
    targets: &["identity:entra/"],
    title: "Revoke an Entra user's sessions",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::UntilTokenExpiry,
    calls: &[entra::TOKEN, Call::reads(READ), Call::changes(REVOKE)],
    permissions: &[
        Permission { action: "User.RevokeSessions.All", resource: "the tenant", purpose: "end sessions" },
        Permission { action: "User.Read.All", resource: "the tenant", purpose: "read since when sessions are valid" },
    ],
    rate_class: RateClass::Graph,
    blast_radius: "the person must sign in again everywhere",
};

/// Ends sessions.
#[derive(Debug)]
pub struct EntraSessions;

/// The responder.
pub static RESPONDER: EntraSessions = EntraSessions;

#[async_trait]
impl Setting for EntraSessions {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let fill = [parameter(action, "user")?, "signInSessionsValidFromDateTime"];
        let answer = entra::call(context, action, READ, &fill, Body::None).await?;
        let text = answer.text("/signInSessionsValidFromDateTime")?;
        let valid_from = Time::parse(text).ok_or_else(|| answer.lacks("a time in /signInSessionsValidFromDateTime"))?;
        // Whole seconds on their side: who is let in from the second of the step on is let in from the step on.
        let denies = valid_from.seconds() >= context.since.seconds();
        Ok(Reading::new(json!(text), denies, format!("sessions are valid from {text} on")))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        entra::call(context, action, REVOKE, &[parameter(action, "user")?], Body::None).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the person signs in again"))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We act as an application, which has no sign-in session.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "access tokens live on until they expire, and nobody tries one"
    }
}
