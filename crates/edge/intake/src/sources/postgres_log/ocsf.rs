//! Entries of the PostgreSQL log as OCSF: connections are Authentication, the rest API Activity.

use crate::layout::Layout;
use crate::ocsf::crud;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "PostgreSQL",
    vendor: "PostgreSQL Global Development Group",
    service: "PostgreSQL",
    time: &[&["timestamp"]],
    id: &[],
    agent: &[&["application_name"]],
    address: &[&["remote_host"]],
    session: &[&["session_id"]],
    user_name: &[&["user"]],
    user_uid: &[],
    credential: &[],
    status: &[&["state_code"]],
    detail: &[&["detail"]],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let operation = event.keys.operation.as_str();
    let (class, activity) = match operation {
        "connection.authenticated" | "connection.authorized" | "authentication.failed" => (Class::Authentication, 1),
        "connection.ended" => (Class::Authentication, 2),
        operation => (Class::ApiActivity, crud(operation.rsplit('.').next().unwrap_or_default())),
    };
    let mut record = LAYOUT.record(event, class, activity);
    record.move_text(&["message"], "message");
    record.finish()
}
