//! Signs a member of an Anthropic organisation out of all sessions. Keys that they made live on.

use crate::anthropic::open;
use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting, irreversible};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const SIGN_OUT: &str = "POST {api}/v1/organizations/users/{user_id}/sign_out";

static SPEC: ActionSpec = ActionSpec {
    name: "anthropic_user",
    verb: "sign_out",
    targets: &["identity:anthropic/"],
    title: "Sign an Anthropic user out",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::changes(SIGN_OUT)],
    permissions: &[Permission {
        action: "an admin key",
        resource: "the organisation: Anthropic has no narrower right",
        purpose: "sign members out",
    }],
    rate_class: RateClass::Anthropic,
    blast_radius: "the person must sign in again",
};

/// Signs users out.
#[derive(Debug)]
pub struct AnthropicUser;

/// The responder.
pub static RESPONDER: AnthropicUser = AnthropicUser;

#[async_trait]
impl Setting for AnthropicUser {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, _context: &Context<'_>, _action: &Action) -> Result<Reading, ActError> {
        Ok(Reading::none("Anthropic does not tell which sessions a user has"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        open(context)?.call(SIGN_OUT, &[parameter(action, "user")?], Body::None).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the person signs in again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(context.config.anthropic.own_user.as_deref() == Some(parameter(action, "user")?))
    }

    fn unseen(&self) -> &'static str {
        "keys that the person made live on; nobody tries the old sessions"
    }
}
