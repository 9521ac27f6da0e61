//! The names under which gateways write the same thing, and the one under which rules find it.

use crate::json;
use crate::reshape::{put, unfold};
use crate::source::Refusal;
use firebreak_model::Json;

/// Where the time stands.
pub(super) const TIMES: &[&[&str]] =
    &[&["time"], &["timestamp"], &["@timestamp"], &["ts"], &["start_time"], &["startTime"], &["created_at"]];

/// Our name, and where it may stand: at the top, in the JSON-RPC message, or in OpenTelemetry's attributes. The first that
/// holds something counts. A name with dots is also read as one field.
const NAMES: &[(&str, &[&str])] = &[
    ("method", &["method", "mcp.method.name", "rpc.method", "mcp_method", "request.method", "message.method"]),
    (
        "tool",
        &[
            "tool",
            "tool_name",
            "toolName",
            "tool.name",
            "gen_ai.tool.name",
            "mcp.tool.name",
            "params.name",
            "request.params.name",
            "message.params.name",
        ],
    ),
    ("uri", &["uri", "resource_uri", "mcp.resource.uri", "params.uri", "request.params.uri", "message.params.uri"]),
    (
        "server",
        &[
            "server",
            "server_name",
            "serverName",
            "server.name",
            "mcp_server",
            "mcp.server.name",
            "target_server",
            "backend",
            "upstream",
            "server.address",
        ],
    ),
    (
        "agent",
        &[
            "agent",
            "agent_id",
            "agentId",
            "agent.id",
            "agent.name",
            "gen_ai.agent.id",
            "gen_ai.agent.name",
            "client_id",
            "clientId",
            "principal",
            "identity",
            "subject",
        ],
    ),
    ("user", &["user", "user.email", "user_email", "user.name", "user_id", "user.id", "enduser.id"]),
    (
        "client",
        &[
            "client",
            "client_name",
            "clientInfo.name",
            "client.name",
            "mcp.client.name",
            "params.clientInfo.name",
            "request.params.clientInfo.name",
        ],
    ),
    ("session", &["session", "session_id", "sessionId", "mcp.session.id", "mcp_session_id", "session.id"]),
    ("credential", &["credential", "credential_id", "token_id", "key_id", "jti"]),
    ("address", &["address", "client_ip", "clientIp", "source_ip", "remote_addr", "client.address", "ip"]),
    ("user_agent", &["user_agent", "userAgent", "user_agent.original"]),
    ("id", &["id", "event_id", "request_id", "requestId", "span_id", "jsonrpc.request.id", "mcp.request.id"]),
    (
        "arguments",
        &[
            "arguments",
            "args",
            "tool_arguments",
            "gen_ai.tool.call.arguments",
            "params.arguments",
            "request.params.arguments",
            "message.params.arguments",
        ],
    ),
    ("status", &["status", "result_status", "outcome", "result.status"]),
    ("status_code", &["status_code", "http.response.status_code", "rpc.response.status_code", "response.status_code"]),
    ("decision", &["decision", "policy.decision", "policy_decision", "action_taken", "verdict"]),
    ("error", &["error", "error.type", "error_message", "response.error"]),
    ("result", &["result", "response.result", "gen_ai.tool.call.result"]),
    (
        "result_bytes",
        &["result_bytes", "response_bytes", "response_size", "bytes_out", "result.bytes", "http.response.body.size"],
    ),
    ("result_count", &["result_count", "row_count", "rows"]),
    ("description", &["description", "tool_description", "gen_ai.tool.description", "tool.description"]),
    ("description_changed", &["description_changed", "tool_changed", "schema_changed"]),
    ("findings", &["findings", "guardrail.findings", "detections", "flags", "dlp.findings"]),
];

/// The record with our names beside its own.
pub(super) fn call(record: &Json) -> Result<Json, Refusal> {
    let mut call = record.clone();
    for (name, places) in NAMES {
        let found = places.iter().find_map(|place| at(record, place).or_else(|| inner(record, place)));
        if let Some(value) = found.filter(|value| is_usable(name, value)) {
            let value = value.clone();
            put(&mut call, name, value);
        }
    }
    unfold(&mut call, "arguments")?;
    Ok(call)
}

/// A field by its dotted name, read as one name or as a path.
fn at<'j>(record: &'j Json, name: &str) -> Option<&'j Json> {
    let path: Vec<&str> = name.split('.').collect();
    let found = json::at(record, &[name]).or_else(|| json::at(record, &path));
    found.filter(|value| !sonic_rs::JsonValueTrait::is_null(*value))
}

fn inner<'j>(record: &'j Json, name: &str) -> Option<&'j Json> {
    ["attributes", "request", "message"].iter().find_map(|holder| at(json::at(record, &[holder])?, name))
}

/// What must be text to be compared is taken only where it is; an object under the name stays what it is.
fn is_usable(name: &str, value: &Json) -> bool {
    let free = [
        "arguments",
        "error",
        "result",
        "findings",
        "description_changed",
        "result_bytes",
        "result_count",
        "status_code",
    ];
    free.contains(&name) || json::as_text(Some(value)).is_some()
}
