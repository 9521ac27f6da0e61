//! Blocks a LiteLLM team, and unblocks it again.
//!
//! Every replica, the one that took the call too, goes on admitting the team's keys until what it remembers of the team is a minute old.

use crate::context::Context;
use crate::error::ActError;
use crate::litellm::{self, Switch};
use crate::responder::parameter;
use crate::rest::Body;
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const READ: &str = "GET {gateway}/team/info?team_id";
const OWN: &str = "GET {gateway}/key/info?key";
const BLOCK: &str = "POST {gateway}/team/block";
const UNBLOCK: &str = "POST {gateway}/team/unblock";

static SWITCH: Switch =
    Switch { thing: "team", field: "team_id", found: "/team_info", read: READ, block: BLOCK, unblock: UNBLOCK };

static SPEC: ActionSpec = ActionSpec {
    name: "litellm_team",
    verb: "block",
    targets: &["group:litellm/"],
    title: "Block a LiteLLM team",
    level: Level::ContractTested,
    reversibility: Reversibility::ReversibleReissuesAccess,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Bounded(70),
    calls: &[
        Call::reads(READ),
        Call::changes(BLOCK),
        Call::changes(UNBLOCK),
        Call::reads(OWN),
        Call::reads(litellm::MODELS),
    ],
    permissions: &[
        Permission {
            action: "allowed_routes: /team/info, /team/block, /key/info",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "read whether the team is blocked, block it; see which team our own key is of",
        },
        Permission {
            action: "allowed_routes: /team/unblock",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "unblock it",
        },
    ],
    rate_class: RateClass::Litellm,
    blast_radius: "every key of the team is refused",
};

/// Unblocking serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["allowed_routes: /team/unblock"] };

/// Blocks teams.
#[derive(Debug)]
pub struct LitellmTeam;

/// The responder.
pub static RESPONDER: LitellmTeam = LitellmTeam;

#[async_trait]
impl Setting for LitellmTeam {
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
        // Our own key is known by its hash; the master key is none of the keys and of no team.
        let own = litellm::own_hash(context, action)?;
        match litellm::open(context, action)?.call(OWN, &[&own], Body::None).await {
            Ok(answer) => {
                let team = answer.body.pointer("/info/team_id").and_then(Value::as_str);
                Ok(team == Some(parameter(action, "team")?))
            }
            Err(ActError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn tried(&self, context: &Context<'_>, action: &Action) -> Result<Option<bool>, ActError> {
        litellm::tried(context, action).await
    }

    fn door(&self) -> (&'static str, &'static str) {
        ("the gateway", "the old key")
    }

    fn unseen(&self) -> &'static str {
        "nobody configured a key of the team to try; every replica goes on admitting its keys for about a minute"
    }
}
