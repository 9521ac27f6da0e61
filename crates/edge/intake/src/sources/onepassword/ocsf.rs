//! 1Password events as OCSF: sign-in attempts are Authentication, the rest API Activity.

use crate::layout::Layout;
use crate::ocsf::{OTHER, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "1Password Events API",
    vendor: "1Password",
    service: "1Password",
    time: &[&["timestamp"]],
    id: &[&["uuid"]],
    agent: &[&["client", "app_name"]],
    address: &[&["client", "ip_address"], &["session", "ip"]],
    session: &[&["session_uuid"], &["session", "uuid"]],
    user_name: &[&["user", "email"], &["target_user", "email"], &["actor_details", "email"]],
    user_uid: &[&["user", "uuid"], &["target_user", "uuid"], &["actor_uuid"]],
    credential: &[],
    status: &[&["category"]],
    detail: &[&["type"]],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let verb = event.keys.operation.rsplit('.').next().unwrap_or_default();
    let (class, activity) = match event.log_source.service {
        "signin" => (Class::Authentication, 1),
        "item_usage" => (Class::ApiActivity, 2),
        _ if verb == "join" => (Class::ApiActivity, OTHER),
        _ => (Class::ApiActivity, crud(verb)),
    };
    LAYOUT.record(event, class, activity).finish()
}
