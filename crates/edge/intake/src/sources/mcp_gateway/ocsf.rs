//! MCP messages as OCSF: API Activity on the server.

use crate::layout::{Layout, request_data};
use crate::ocsf::{OTHER, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "MCP gateway",
    vendor: "Model Context Protocol",
    service: "MCP",
    time: &[&["time"], &["timestamp"], &["@timestamp"], &["ts"]],
    id: &[&["id"]],
    agent: &[&["user_agent"]],
    address: &[&["address"]],
    session: &[&["session"]],
    user_name: &[&["user"], &["agent"], &["client"]],
    user_uid: &[],
    credential: &[&["credential"]],
    status: &[&["status"]],
    detail: &[&["decision"]],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let verb = event.keys.operation.rsplit('/').next().unwrap_or_default();
    let activity = if event.keys.operation.starts_with("tools/call") { OTHER } else { crud(verb) };
    let mut record = LAYOUT.record(event, Class::ApiActivity, activity);
    request_data(&mut record, event, &["arguments"]);
    record.finish()
}
