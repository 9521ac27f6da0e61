//! Ends all sessions of a Slack user on all devices.
//!
//! Tokens of apps that the user installed live on: restrict those apps.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::setting::{Reading, Setting, irreversible};
use crate::slack::{self, WHO};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::Value;

const RESET: &str = "POST {api}/admin.users.session.reset";

static SPEC: ActionSpec = ActionSpec {
    name: "slack_session",
    verb: "reset",
    targets: &["identity:slack/"],
    title: "End a Slack user's sessions",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(WHO), Call::changes(RESET)],
    permissions: &[Permission {
        action: "admin.users:write",
        resource: "the organisation",
        purpose: "end users' sessions",
    }],
    rate_class: RateClass::Slack,
    blast_radius: "the person must sign in again on every device",
};

/// Ends sessions.
#[derive(Debug)]
pub struct SlackSession;

/// The responder.
pub static RESPONDER: SlackSession = SlackSession;

#[async_trait]
impl Setting for SlackSession {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, _context: &Context<'_>, _action: &Action) -> Result<Reading, ActError> {
        Ok(Reading::none("Slack queues the reset and does not tell when it is done"))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        slack::call(context, RESET, &[("user_id", parameter(action, "user")?)]).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "the person signs in again"))
    }

    async fn is_ours(&self, context: &Context<'_>, action: &Action) -> Result<bool, ActError> {
        let who = slack::call(context, WHO, &[]).await?;
        Ok(who.text("/user_id")? == parameter(action, "user")?)
    }

    fn unseen(&self) -> &'static str {
        "tokens of apps live on; nobody tries the old sessions"
    }
}
