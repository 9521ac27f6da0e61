//! Keycloak events as OCSF: logins and logouts are Authentication, the rest API Activity.

use crate::layout::{Layout, request_data};
use crate::ocsf::{OTHER, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "Keycloak",
    vendor: "Keycloak",
    service: "Keycloak",
    time: &[&["time"], &["timestamp"], &["@timestamp"], &["eventTime"]],
    id: &[&["id"], &["uid"]],
    agent: &[&["details", "user_agent"]],
    address: &[&["ipAddress"], &["authDetails", "ipAddress"]],
    session: &[&["sessionId"]],
    user_name: &[&["details", "username"], &["authDetails", "username"]],
    user_uid: &[&["authDetails", "userId"], &["userId"]],
    credential: &[],
    status: &[],
    detail: &[&["error"]],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let operation = event.keys.operation.as_str();
    let admin = event.log_source.service == "admin_event";
    let (class, activity) = match operation {
        operation if admin => match operation.rsplit('.').next() {
            Some("ACTION") | None => (Class::ApiActivity, OTHER),
            Some(verb) => (Class::ApiActivity, crud(verb)),
        },
        "LOGIN" | "LOGIN_ERROR" => (Class::Authentication, 1),
        "LOGOUT" | "LOGOUT_ERROR" => (Class::Authentication, 2),
        operation => (Class::ApiActivity, crud(operation)),
    };
    let mut record = LAYOUT.record(event, class, activity);
    if admin {
        request_data(&mut record, event, &["representation"]);
    }
    record.finish()
}
