//! Databricks events as OCSF: sign-ins are Authentication, the rest API Activity.

use super::is_sign_in;
use crate::layout::{Layout, request_data};
use crate::ocsf::crud;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "Databricks audit log",
    vendor: "Databricks",
    service: "Databricks",
    time: &[&["timestamp"], &["eventTime"]],
    id: &[&["eventId"]],
    agent: &[&["userAgent"]],
    address: &[&["sourceIPAddress"]],
    session: &[&["sessionId"]],
    user_name: &[&["userIdentity", "email"]],
    user_uid: &[&["userIdentity", "subjectName"]],
    credential: &[],
    status: &[&["response", "statusCode"]],
    detail: &[&["response", "errorMessage"]],
    operation: &[&["actionName"]],
    request: &[&["requestId"]],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let action = event.keys.operation.split_once('.').map_or("", |(_, action)| action);
    let (class, activity) = match action {
        "logout" => (Class::Authentication, 2),
        action if is_sign_in(action) => (Class::Authentication, 1),
        action => (Class::ApiActivity, crud(action)),
    };
    let mut record = LAYOUT.record(event, class, activity);
    record.move_written(&["version"], "metadata.log_version");
    if class == Class::ApiActivity {
        request_data(&mut record, event, &["requestParams"]);
    }
    record.finish()
}
