//! OpenAI audit events as OCSF: sign-in and sign-out are Authentication, the rest API Activity.

use crate::layout::{Layout, request_data};
use crate::ocsf::crud;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "OpenAI audit log",
    vendor: "OpenAI",
    service: "OpenAI",
    time: &[&["effective_at"]],
    id: &[&["id"]],
    agent: &[&["actor", "session", "user_agent"]],
    address: &[&["actor", "session", "ip_address"]],
    session: &[],
    user_name: &[&["actor", "session", "user", "email"], &["actor", "api_key", "user", "email"]],
    user_uid: &[
        &["actor", "session", "user", "id"],
        &["actor", "api_key", "user", "id"],
        &["actor", "api_key", "service_account", "id"],
    ],
    credential: &[&["actor", "api_key", "id"]],
    status: &[&["payload", "error_code"]],
    detail: &[&["payload", "error_message"]],
    operation: &[&["type"]],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let (thing, action) = event.keys.operation.rsplit_once('.').unwrap_or_default();
    let (class, activity) = match thing {
        "login" => (Class::Authentication, 1),
        "logout" => (Class::Authentication, 2),
        _ => (Class::ApiActivity, crud(action)),
    };
    let mut record = LAYOUT.record(event, class, activity);
    if class == Class::ApiActivity {
        request_data(&mut record, event, &["payload"]);
    }
    record.finish()
}
