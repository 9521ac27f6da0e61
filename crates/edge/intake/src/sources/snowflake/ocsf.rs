//! Rows of Snowflake's views as OCSF: logins are Authentication, the rest API Activity.

use crate::layout::Layout;
use crate::ocsf::crud;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "Snowflake account usage",
    vendor: "Snowflake",
    service: "Snowflake",
    time: &[
        &["START_TIME"],
        &["EVENT_TIMESTAMP"],
        &["QUERY_START_TIME"],
        &["CREATED_ON"],
        &["CREATED"],
        &["p_event_time"],
    ],
    id: &[&["QUERY_ID"], &["EVENT_ID"]],
    agent: &[&["CLIENT_APPLICATION_ID"], &["REPORTED_CLIENT_TYPE"]],
    address: &[&["CLIENT_IP"]],
    session: &[&["SESSION_ID"]],
    user_name: &[&["USER_NAME"], &["GRANTED_BY"]],
    user_uid: &[&["USER_ID"]],
    credential: &[],
    status: &[&["ERROR_CODE"]],
    detail: &[&["ERROR_MESSAGE"]],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let word = event.keys.operation.rsplit('.').next().unwrap_or_default();
    let (class, activity) = match event.log_source.service {
        "login_history" => (Class::Authentication, 1),
        _ => (Class::ApiActivity, crud(word)),
    };
    LAYOUT.record(event, class, activity).finish()
}
