//! Audit lines of a gateway in front of MCP servers. There is no standard for them: this reads one line for each JSON-RPC
//! message, with the message beside who sent it to which server, under the names that gateways commonly use or under those
//! of OpenTelemetry's semantic conventions for MCP and GenAI (`mcp.method.name`, `gen_ai.tool.name`).

mod names;
mod ocsf;

use crate::json;
use crate::mapping::{person, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

/// MCP gateway.
pub static SOURCE: McpGateway = McpGateway;

/// MCP gateway.
#[derive(Debug)]
pub struct McpGateway;

impl Source for McpGateway {
    fn name(&self) -> &'static str {
        "mcp_gateway"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["events"] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let call = names::call(record.json)?;
        let method = json::text(&call, &["method"]).ok_or_else(|| {
            let hint = "have the gateway log one line for each message, with `method`, `tool`, `server` and `agent`";
            Refusal::new("not a line of an MCP gateway: it names no `method`", hint)
        })?;
        let id = json::text(&call, &["id"]);
        Ok(Mapped {
            native_id: record.native_id(id),
            time: record.time(names::TIMES)?,
            log_source: LogSource { product: "mcp", service: "gateway" },
            keys: keys(&call, method),
            body: Some(call),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(call: &Json, method: &str) -> Keys {
    let text = |name: &str| json::text(call, &[name]);
    let agent = text("agent").or_else(|| text("client"));
    let tool = text("tool").filter(|_| method == "tools/call");
    let mut keys = Keys {
        actor: person(text("user")).or_else(|| agent.map(|agent| NodeKey::identity("mcp", agent))),
        credential: text("credential").map(|id| NodeKey::credential("mcp", id)),
        session: json::owned(text("session")),
        user_agent: json::owned(text("user_agent").or_else(|| text("client"))),
        operation: tool.map_or_else(|| Text::new(method), |tool| Text::from(format!("{method} {tool}"))),
        target: text("server").map(|server| NodeKey::resource("mcp", server)),
        outcome: outcome(call),
        bytes: json::count(call, &["result_bytes"]),
        records: json::count(call, &["result_count"]),
        ..Keys::default()
    };
    set_address(&mut keys, text("address"));
    keys
}

/// The gateway's decision, else its status, else whether the answer was an error.
fn outcome(call: &Json) -> Outcome {
    let word = |name: &str| json::text(call, &[name]).map(str::to_ascii_lowercase);
    let denied = ["deny", "denied", "block", "blocked", "forbidden", "unauthorized", "rejected", "refused"];
    let failed = ["error", "failure", "failed", "timeout", "cancelled"];
    let good = ["ok", "success", "succeeded", "allow", "allowed", "completed", "200"];
    let words = [word("decision"), word("status")];
    let any = |of: &[&str]| words.iter().flatten().any(|word| of.contains(&word.as_str()));
    let code = json::count(call, &["status_code"]);
    let error = json::at(call, &["error"]).filter(|error| !error.is_null() && error.as_str() != Some(""));
    let is_error = json::at(call, &["result", "isError"]).is_some_and(|flag| flag.is_true());
    match code {
        _ if any(&denied) => Outcome::Denied,
        Some(401 | 403) => Outcome::Denied,
        _ if any(&failed) || is_error => Outcome::Failure,
        Some(400..) => Outcome::Failure,
        _ if error.is_some_and(|error| error.as_object().is_none_or(|error| !error.is_empty())) => Outcome::Failure,
        _ if any(&good) || json::at(call, &["result"]).is_some() => Outcome::Success,
        Some(_) => Outcome::Success,
        None => Outcome::Unknown,
    }
}
