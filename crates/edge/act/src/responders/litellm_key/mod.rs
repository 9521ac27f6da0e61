//! Blocks a LiteLLM key, and unblocks it again.
//!
//! A replica that did not take the call goes on admitting the key until what it remembers of it is a minute old.

use crate::context::Context;
use crate::error::ActError;
use crate::litellm::{self, Switch};
use crate::responder::parameter;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const READ: &str = "GET {gateway}/key/info?key";
const BLOCK: &str = "POST {gateway}/key/block";
const UNBLOCK: &str = "POST {gateway}/key/unblock";

static SWITCH: Switch =
    Switch { thing: "key", field: "key", found: "/info", read: READ, block: BLOCK, unblock: UNBLOCK };

static SPEC: ActionSpec = ActionSpec {
    name: "litellm_key",
    verb: "block",
    targets: &["credential:litellm/"],
    title: "Block a LiteLLM key",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(70),
    calls: &[Call::reads(READ), Call::changes(BLOCK), Call::changes(UNBLOCK), Call::reads(litellm::MODELS)],
    permissions: &[
        Permission {
            action: "allowed_routes: /key/info, /key/block",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "read whether the key is blocked, block it",
        },
        Permission {
            action: "allowed_routes: /key/unblock",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "unblock it",
        },
    ],
    rate_class: RateClass::Litellm,
    blast_radius: "whatever calls models with this key is refused",
};

/// Unblocking serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["allowed_routes: /key/unblock"] };

/// Blocks keys.
#[derive(Debug)]
pub struct LitellmKey;

/// The responder.
pub static RESPONDER: LitellmKey = LitellmKey;

#[async_trait]
impl Setting for LitellmKey {
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
        Ok(litellm::own_hash(context, action)? == parameter(action, "key")?)
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        litellm::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the gateway", "the old key")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured the old key to try; a replica that did not take the call goes on admitting it for about a minute"
    }
}
