//! Sets an Anthropic API key inactive; its undo sets it active again. An archived key is left as it is.

use crate::anthropic::{looks_like_ours, open};
use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {api}/v1/organizations/api_keys/{api_key_id}";
const SET: &str = "POST {api}/v1/organizations/api_keys/{api_key_id}";

static SPEC: ActionSpec = ActionSpec {
    name: "anthropic_key",
    verb: "deactivate",
    targets: &["credential:anthropic/"],
    title: "Deactivate an Anthropic API key",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(SET)],
    permissions: &[Permission {
        action: "an admin key",
        resource: "the organisation: Anthropic has no narrower right",
        purpose: "read keys and set their status",
    }],
    rate_class: RateClass::Anthropic,
    blast_radius: "whatever calls Anthropic with the key",
};

/// Deactivates keys.
#[derive(Debug)]
pub struct AnthropicKey;

/// The responder.
pub static RESPONDER: AnthropicKey = AnthropicKey;

async fn set(context: &Context<'_>, action: &Action, status: &str) -> Result<(), ActError> {
    let body = json!({"status": status});
    open(context)?.call(SET, &[parameter(action, "key")?], Body::Json(&body)).await.map(|_| ())
}

#[async_trait]
impl Setting for AnthropicKey {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = open(context)?.call(READ, &[parameter(action, "key")?], Body::None).await?;
        let status = answer.text("/status")?;
        Ok(Reading::new(json!(status), status != "active", format!("the key is `{status}`")))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        set(context, action, "inactive").await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        match before.as_str() {
            Some("active") => set(context, action, "active").await,
            _ => Ok(()),
        }
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let answer = open(context)?.call(READ, &[parameter(action, "key")?], Body::None).await?;
        looks_like_ours(context, answer.body["partial_key_hint"].as_str().unwrap_or_default())
    }

    fn unseen(&self) -> &'static str {
        "the key is not at hand to try it"
    }
}
