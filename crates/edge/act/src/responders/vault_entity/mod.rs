//! Disables an entity of OpenBao or Vault: none of its tokens may be used while it lasts, and none is revoked.
//!
//! Tokens without an entity (root tokens, those made by hand) are not reached, nor are leases that were taken already.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Condition, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use crate::vault;
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {server}/v1/identity/entity/id/{entity}";
const WRITE: &str = "POST {server}/v1/identity/entity/id/{entity}";

static SPEC: ActionSpec = ActionSpec {
    name: "vault_entity",
    verb: "disable",
    targets: &["identity:"],
    title: "Disable a Vault entity",
    level: Level::EffectTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Immediate,
    calls: &[Call::reads(vault::SELF), Call::reads(READ), Call::changes(WRITE)],
    permissions: &[Permission {
        action: "read, update",
        resource: "identity/entity/id/*",
        purpose: "read whether the entity is disabled, disable and enable it",
    }],
    rate_class: RateClass::Vault,
    blast_radius: "whoever logs in as this entity, by any way that is an alias of it",
};

/// No other parameter may be set: an update could give an entity any policies.
const TERMS: Terms = Terms {
    conditions: &[Condition { action: "read, update", operator: "allowed_parameters", key: "disabled", value: "[]" }],
    for_undo: &[],
};

/// Disables entities.
#[derive(Debug)]
pub struct VaultEntity;

/// The responder.
pub static RESPONDER: VaultEntity = VaultEntity;

#[async_trait]
impl Setting for VaultEntity {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = vault::open(context, action)?.call(READ, &[parameter(action, "entity")?], Body::None).await?;
        let disabled = answer.body.pointer("/data/disabled").and_then(Value::as_bool);
        let disabled = disabled.ok_or_else(|| answer.lacks("data/disabled"))?;
        let words = if disabled { "the entity is disabled" } else { "the entity is not disabled" };
        Ok(Reading::new(json!({"disabled": disabled}), disabled, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let body = json!({"disabled": true});
        let fill = [parameter(action, "entity")?];
        vault::open(context, action)?.call(WRITE, &fill, Body::Json(&body)).await.map(|_| ())
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        let Value::Bool(disabled) = before["disabled"] else {
            return Err(ActError::unusable("the state before lacks `disabled`", "set the entity by hand"));
        };
        let fill = [parameter(action, "entity")?];
        let body = json!({"disabled": disabled});
        vault::open(context, action)?.call(WRITE, &fill, Body::Json(&body)).await.map(|_| ())
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        Ok(vault::own(context, action, "entity_id").await? == parameter(action, "entity")?)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        vault::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the server", "a token of the entity")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a token of the entity to try"
    }
}
