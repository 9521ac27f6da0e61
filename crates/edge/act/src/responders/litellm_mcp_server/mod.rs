//! Takes an MCP server out of a LiteLLM gateway by rejecting its approval, and approves it again.
//!
//! It does not reach the server itself, nor those who call it without the gateway.

use crate::context::Context;
use crate::error::ActError;
use crate::litellm;
use crate::responder::parameter;
use crate::rest::{Answer, Body};
use crate::setting::{Reading, Setting};
use crate::spec::{ActionSpec, Call, Convergence, Idempotency, Level, Permission, RateClass, Terms};
use async_trait::async_trait;
use firebreak_model::{Action, Reversibility};
use serde_json::{Value, json};

const READ: &str = "GET {gateway}/v1/mcp/server/{server}";
const REJECT: &str = "PUT {gateway}/v1/mcp/server/{server}/reject";
const APPROVE: &str = "PUT {gateway}/v1/mcp/server/{server}/approve";

static SPEC: ActionSpec = ActionSpec {
    name: "litellm_mcp_server",
    verb: "reject",
    targets: &["resource:mcp/"],
    title: "Take an MCP server out of a LiteLLM gateway",
    level: Level::ContractTested,
    reversibility: Reversibility::Reversible,
    idempotency: Idempotency::StateSet,
    convergence: Convergence::Unknown,
    calls: &[Call::reads(READ), Call::changes(REJECT), Call::changes(APPROVE)],
    permissions: &[
        Permission {
            action: "allowed_routes: /v1/mcp/server/{server}, /v1/mcp/server/{server}/reject",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "read the approval, reject",
        },
        Permission {
            action: "allowed_routes: /v1/mcp/server/{server}/approve",
            resource: "the gateway; a key of a user whose role is proxy_admin, allowed these routes alone",
            purpose: "approve again",
        },
    ],
    rate_class: RateClass::Litellm,
    blast_radius: "agents lose the tools of this server at the next list or call through the gateway",
};

/// Approving serves undo alone.
const TERMS: Terms = Terms { conditions: &[], for_undo: &["allowed_routes: /v1/mcp/server/{server}/approve"] };

/// Rejects MCP servers.
#[derive(Debug)]
pub struct LitellmMcpServer;

/// The responder.
pub static RESPONDER: LitellmMcpServer = LitellmMcpServer;

/// The gateway refuses what is so already; that is as good as done.
fn settled(answer: Answer) -> Result<(), ActError> {
    let already = answer.status == 400 && answer.body.to_string().contains("already");
    if answer.status < 300 || already { Ok(()) } else { Err(answer.refusal()) }
}

#[async_trait]
impl Setting for LitellmMcpServer {
    fn spec(&self) -> &'static ActionSpec {
        &SPEC
    }

    fn terms(&self) -> Terms {
        TERMS
    }

    async fn read(&self, context: &Context<'_>, action: &Action) -> Result<Reading, ActError> {
        let answer =
            litellm::open(context, action)?.call(READ, &[parameter(action, "mcp_server")?], Body::None).await?;
        // Servers that are older than the approval have none, and count as active.
        let status = answer.body.get("approval_status").and_then(Value::as_str).unwrap_or("active");
        let words = format!("the server's approval is `{status}`");
        Ok(Reading::new(json!({"approval_status": status}), status == "rejected", words))
    }

    async fn cut(&self, context: &Context<'_>, action: &Action) -> Result<(), ActError> {
        let body = json!({"review_notes": "stopped by Firebreak"});
        let fill = [parameter(action, "mcp_server")?];
        let answer = litellm::open(context, action)?.ask(REJECT, &fill, Body::Json(&body)).await?;
        settled(answer)
    }

    async fn restore(&self, context: &Context<'_>, action: &Action, before: &Value) -> Result<(), ActError> {
        if before["approval_status"] != "active" {
            return Err(ActError::unusable(
                "the server was not approved before the step, and the gateway has no way back to that",
                "look at the server and decide on it there",
            ));
        }
        let fill = [parameter(action, "mcp_server")?];
        let answer = litellm::open(context, action)?.ask(APPROVE, &fill, Body::None).await?;
        settled(answer)
    }

    async fn is_ours(&self, _context: &Context<'_>, _action: &Action) -> Result<bool, ActError> {
        // We use no tool of the gateway.
        Ok(false)
    }

    fn unseen(&self) -> &'static str {
        "the gateway's approval is read back; whether each replica has dropped the server cannot be seen from here"
    }
}
