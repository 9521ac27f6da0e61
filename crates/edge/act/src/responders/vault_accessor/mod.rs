//! Revokes the token behind an accessor on OpenBao or Vault, with its children and the leases that it took.
//!
//! Batch tokens have no accessor and cannot be revoked. Nothing brings the token back.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::{Answer, Body};
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use crate::vault;
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const LOOKUP: &str = "POST {server}/v1/auth/token/lookup-accessor";
const REVOKE: &str = "POST {server}/v1/auth/token/revoke-accessor";

static SPEC: ActionSpec = ActionSpec {
    name: "vault_accessor",
    verb: "revoke",
    targets: &["credential:"],
    title: "Revoke a Vault token by its accessor",
    level: Level::EffectTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Immediate,
    calls: &[Call::reads(vault::SELF), Call::reads(LOOKUP), Call::changes(REVOKE)],
    permissions: &[
        Permission {
            action: "update",
            resource: "auth/token/lookup-accessor",
            purpose: "see whether the token is there",
        },
        Permission { action: "update", resource: "auth/token/revoke-accessor", purpose: "revoke it" },
    ],
    rate_class: RateClass::Vault,
    blast_radius: "the token's owner, every token made from it, and whoever uses a secret that they leased",
};

/// Revokes tokens.
#[derive(Debug)]
pub struct VaultAccessor;

/// The responder.
pub static RESPONDER: VaultAccessor = VaultAccessor;

/// Whether the server knows no such accessor: it says so with a refusal, not with 404.
fn is_unknown(answer: &Answer) -> bool {
    answer.status == 404 || matches!(answer.status, 400 | 403) && answer.body.to_string().contains("invalid accessor")
}

#[async_trait]
impl Setting for VaultAccessor {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let body = json!({"accessor": parameter(action, "accessor")?});
        let answer = vault::open(context, action)?.ask(LOOKUP, &[], Body::Json(&body)).await?;
        if is_unknown(&answer) {
            let reason = "the server knows no such accessor".to_owned();
            return Err(ActError::NotFound { target: action.target.to_string(), reason });
        }
        if answer.status >= 300 {
            return Err(answer.refusal());
        }
        let path = answer.body.pointer("/data/path").and_then(Value::as_str).unwrap_or("unknown").to_owned();
        Ok(Reading::new(json!({"path": path}), false, "the accessor's token is there"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let body = json!({"accessor": parameter(action, "accessor")?});
        let answer = vault::open(context, action)?.ask(REVOKE, &[], Body::Json(&body)).await?;
        if answer.status < 300 || is_unknown(&answer) { Ok(()) } else { Err(answer.refusal()) }
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "let its owner log in again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(vault::own(context, action, "accessor").await? == parameter(action, "accessor")?)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        vault::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the server", "the old token")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured the old token to try"
    }
}
