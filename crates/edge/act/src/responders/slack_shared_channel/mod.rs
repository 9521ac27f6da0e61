//! Disconnects one other organisation from a channel that is shared with it. It cannot be taken back: they must be invited and
//! accept again.

use crate::context::Context;
use crate::error::ActError;
use crate::responder::parameter;
use crate::setting::{Reading, Setting, irreversible};
use crate::slack;
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "POST {api}/conversations.info";
const DISCONNECT: &str = "POST {api}/admin.conversations.disconnectShared";

static SPEC: ActionSpec = ActionSpec {
    name: "slack_shared_channel",
    verb: "disconnect",
    targets: &["resource:slack/"],
    title: "Disconnect an organisation from a shared Slack channel",
    level: Level::ContractTested,
    reversibility: Reversibility::Irreversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(DISCONNECT)],
    permissions: &[
        Permission { action: "channels:read", resource: "the channel", purpose: "read with whom it is shared" },
        Permission {
            action: "admin.conversations:write",
            resource: "the organisation",
            purpose: "disconnect others from shared channels",
        },
    ],
    rate_class: RateClass::Slack,
    blast_radius: "everyone of the other organisation in this channel",
};

/// Disconnects organisations.
#[derive(Debug)]
pub struct SlackSharedChannel;

/// The responder.
pub static RESPONDER: SlackSharedChannel = SlackSharedChannel;

#[async_trait]
impl Setting for SlackSharedChannel {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer = slack::call(context, READ, &[("channel", parameter(action, "channel")?)]).await?;
        let team = parameter(action, "team")?;
        let list = answer.list("/channel/connected_team_ids")?;
        let connected = list.iter().any(|one| one == team);
        let words =
            if connected { "the organisation is connected" } else { "the channel is not shared with the organisation" };
        Ok(Reading::new(json!({"connected": list}), !connected, words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let teams = json!([parameter(action, "team")?]).to_string();
        let fields = [("channel_id", parameter(action, "channel")?), ("leaving_team_ids", teams.as_str())];
        slack::call(context, DISCONNECT, &fields).await.map(|_| ())
    }

    async fn restore(&self, _context: &Context<'_>, action: &Action, _before: &Value) -> Result<(), ActError> {
        Err(irreversible(action, "invite the other organisation again"))
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // It is the others who are disconnected.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "what the other organisation has read stays with it"
    }
}
