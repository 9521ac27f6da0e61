//! The guardrail's records as OCSF: API Activity on the model, tool or site.

use crate::layout::Layout;
use crate::ocsf::OTHER;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "Firebreak guardrail",
    vendor: "Firebreak",
    service: "guardrail",
    time: &[&["time"]],
    id: &[&["id"]],
    agent: &[],
    address: &[],
    session: &[],
    user_name: &[&["caller", "user"]],
    user_uid: &[],
    credential: &[&["caller", "key"]],
    status: &[&["outcome"]],
    detail: &[],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    LAYOUT.record(event, Class::ApiActivity, OTHER).finish()
}
