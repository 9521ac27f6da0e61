//! GitHub webhooks as OCSF: API Activity on the repository.

use crate::layout::Layout;
use crate::ocsf::crud;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "GitHub webhooks",
    vendor: "GitHub",
    service: "GitHub",
    time: &[],
    id: &[&["delivery"]],
    agent: &[],
    address: &[],
    session: &[],
    user_name: &[&["sender", "login"]],
    user_uid: &[&["sender", "id"]],
    credential: &[],
    status: &[],
    detail: &[],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let verb = event.keys.operation.rsplit('.').next().unwrap_or_default();
    let activity = if verb == "push" { 3 } else { crud(verb) };
    let mut record = LAYOUT.record(event, Class::ApiActivity, activity);
    if let Some(name) = record.take_text(&["repository", "full_name"]) {
        let mut resource = serde_json::json!({"name": name, "type": "repository"});
        if let (Some(id), Some(fields)) = (record.take_written(&["repository", "id"]), resource.as_object_mut()) {
            fields.insert("uid".to_owned(), id.into());
        }
        record.put("resources", serde_json::json!([resource]));
    }
    record.finish()
}
