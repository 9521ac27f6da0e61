//! Shared Signals as OCSF: what another system says it did, as API Activity.

use crate::layout::{Layout, request_data};
use crate::ocsf::OTHER;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "Shared Signals",
    vendor: "OpenID",
    service: "Shared Signals",
    time: &[&["event", "claims", "event_timestamp"], &["iat"]],
    id: &[&["jti"]],
    agent: &[],
    address: &[],
    session: &[&["sub_id", "session", "id"]],
    user_name: &[&["sub_id", "email"], &["sub_id", "user", "email"], &["sub_id", "sub"], &["sub_id", "user", "sub"]],
    user_uid: &[&["sub_id", "id"]],
    credential: &[],
    status: &[],
    detail: &[],
    operation: &[&["event", "type"]],
    request: &[&["txn"]],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let mut record = LAYOUT.record(event, Class::ApiActivity, OTHER);
    request_data(&mut record, event, &["event", "claims"]);
    record.finish()
}
