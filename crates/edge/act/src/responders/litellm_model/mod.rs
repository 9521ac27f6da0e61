//! Blocks a LiteLLM model, and unblocks it again.
//!
//! It works only for models that the gateway keeps in its database. Other replicas go on serving the model until they read their models again.

use crate::context::Context;
use crate::error::ActError;
use crate::litellm::{self, Switch};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const READ: &str = "GET {gateway}/v1/model/info?litellm_model_id";
const BLOCK: &str = "POST {gateway}/model/block";
const UNBLOCK: &str = "POST {gateway}/model/unblock";

static SWITCH: Switch = Switch {
    thing: "model",
    field: "model_id",
    found: "/data/0/model_info",
    read: READ,
    block: BLOCK,
    unblock: UNBLOCK,
};

static SPEC: ActionSpec = ActionSpec {
    name: "litellm_model",
    verb: "block",
    targets: &["resource:litellm/"],
    title: "Block a model of a LiteLLM gateway",
    level: Level::ContractTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(70),
    calls: &[Call::reads(READ), Call::changes(BLOCK), Call::changes(UNBLOCK), Call::reads(litellm::MODELS)],
    permissions: &[
        Permission {
            action: "allowed_routes: /v1/model/info, /model/block",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "read whether the model is blocked, block it",
        },
        Permission {
            action: "allowed_routes: /model/unblock",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "unblock it",
        },
    ],
    rate_class: RateClass::Litellm,
    blast_radius: "nobody can call the model through the gateway until another deployment of its name takes over",
};

/// Unblocking serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["allowed_routes: /model/unblock"] };

/// Blocks models.
#[derive(Debug)]
pub struct LitellmModel;

/// The responder.
pub static RESPONDER: LitellmModel = LitellmModel;

#[async_trait]
impl Setting for LitellmModel {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        SWITCH.read(context, action).await
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        SWITCH.cut(context, action).await
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        SWITCH.restore(context, action, before).await
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let _ = (context, action);
        // We call no model.
        Ok(false)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        litellm::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the gateway", "the old key")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a key that may use this model alone; other replicas go on serving it until they read their models again"
    }
}
