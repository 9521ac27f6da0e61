//! GitHub audit events as OCSF: API Activity.

use crate::ocsf::{OTHER, Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let action = event.keys.operation.clone();
    let verb = action.rsplit('.').next().unwrap_or_default();
    let activity = match verb {
        "push" => 3,
        verb => crud(verb),
    };
    let activity = match (activity, operation_type(event)) {
        (OTHER, Some("create")) => 1,
        (OTHER, Some("access")) => 2,
        (OTHER, Some("modify")) => 3,
        (OTHER, Some("remove")) => 4,
        (activity, _) => activity,
    };
    let mut record = Record::new(event, Class::ApiActivity, activity, "GitHub audit log", "GitHub");
    for field in ["@timestamp", "created_at", "at_sign_timestamp"] {
        if !record.has("metadata.original_time") {
            record.move_time(&[field]);
        }
    }
    record.move_text(&["_document_id"], "metadata.original_event_uid");
    record.move_text(&["action"], "api.operation");
    record.put("api.service.name", "GitHub");
    record.move_text(&["request_id"], "api.request.uid");
    record.move_text(&["user_agent"], "http_request.user_agent");
    record.move_text(&["request_method"], "http_request.http_method");
    record.source_endpoint(&["actor_ip"]);
    record.move_text(&["actor"], "actor.user.name");
    record.move_written(&["actor_id"], "actor.user.uid");
    if record.has("actor.user") {
        record.move_text(&["hashed_token"], "actor.user.credential_uid");
        record.move_text(&["org"], "actor.user.org.name");
        if record.has("actor.user.org") {
            record.move_written(&["org_id"], "actor.user.org.uid");
        }
    }
    record.need_actor();
    if let Some(name) = record.take_text(&["repo"]).or_else(|| record.take_text(&["repository"])) {
        let mut resource = serde_json::json!({"name": name, "type": "repository"});
        if let (Some(id), Some(fields)) = (record.take_written(&["repo_id"]), resource.as_object_mut()) {
            fields.insert("uid".to_owned(), id.into());
        }
        record.put("resources", serde_json::json!([resource]));
    }
    record.finish()
}

fn operation_type(event: &Event) -> Option<&str> {
    crate::json::text(&event.body, &["operation_type"])
}
