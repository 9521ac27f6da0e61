//! Anthropic activities as OCSF: sign-ins are Authentication, the rest API Activity.

use crate::layout::Layout;
use crate::ocsf::crud;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "Anthropic Compliance API",
    vendor: "Anthropic",
    service: "Anthropic",
    time: &[&["created_at"]],
    id: &[&["id"]],
    agent: &[&["actor", "user_agent"], &["user_agent"]],
    address: &[&["actor", "ip_address"], &["ip_address"]],
    session: &[&["actor", "session_id"]],
    user_name: &[&["actor", "email_address"], &["actor_info", "metadata", "email_address"]],
    user_uid: &[&["actor", "user_id"], &["actor_info", "uuid"]],
    credential: &[&["actor", "api_key_id"], &["actor", "admin_api_key_id"]],
    status: &[],
    detail: &[],
    operation: &[&["type"], &["event"]],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let kind = event.keys.operation.as_str();
    let verb = kind.rsplit('_').next().unwrap_or_default();
    let (class, activity) = match kind {
        kind if kind.contains("login") || kind.contains("signed_in") => (Class::Authentication, 1),
        kind if kind.contains("logout") || kind.contains("signed_out") => (Class::Authentication, 2),
        _ => (Class::ApiActivity, crud(verb)),
    };
    LAYOUT.record(event, class, activity).finish()
}
