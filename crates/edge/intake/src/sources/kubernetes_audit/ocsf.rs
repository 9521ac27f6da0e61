//! Kubernetes audit events as OCSF: API Activity.

use crate::ocsf::{OTHER, Record};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;
use serde_json::{Map, Value, json};

pub(super) fn record(event: &Event) -> Value {
    let verb = crate::json::text(&event.body, &["verb"]).unwrap_or_default();
    let activity = match verb {
        "create" => 1,
        "get" | "list" | "watch" => 2,
        "update" | "patch" => 3,
        "delete" | "deletecollection" => 4,
        _ => OTHER,
    };
    let mut record = Record::new(event, Class::ApiActivity, activity, "Kubernetes audit log", "Kubernetes");
    for field in ["requestReceivedTimestamp", "timestamp"] {
        record.move_time(&[field]);
    }
    record.move_text(&["auditID"], "metadata.original_event_uid");
    record.move_text(&["apiVersion"], "metadata.log_version");
    record.move_text(&["level"], "metadata.log_level");
    record.put("api.operation", if verb.is_empty() { "request" } else { verb });
    record.take_text(&["verb"]);
    if let Some(code) = record.take_whole(&["responseStatus", "code"]) {
        record.put("api.response.code", code);
        record.put("status_code", code.to_string());
    }
    record.move_text(&["responseStatus", "message"], "api.response.message");
    record.move_text(&["userAgent"], "http_request.user_agent");
    record.move_text(&["requestURI"], "http_request.url.path");
    record.move_text(&["user", "username"], "actor.user.name");
    record.move_text(&["user", "uid"], "actor.user.uid");
    if record.has("actor.user") {
        record.put("actor.user.type_id", if event.keys.credential.is_some() { 4 } else { 0 });
        if let Some(groups) = groups(&mut record) {
            record.put("actor.user.groups", groups);
        }
    }
    record.need_actor();
    record.source_endpoint(&["sourceIPs", "0"]);
    if let Some(resource) = resource(&mut record) {
        record.put("resources", json!([resource]));
    }
    record.finish()
}

fn groups(record: &mut Record<'_>) -> Option<Value> {
    let named = |value: &Value| value.as_array().is_some_and(|list| list.iter().all(|name| name.as_str().is_some()));
    let groups = record.take_where(&["user", "groups"], &named)?;
    let groups = groups.as_array()?.iter().map(|name| json!({"name": name}));
    Some(Value::Array(groups.collect()))
}

/// The object: the fields for which the schema has a place. It must have a name.
fn resource(record: &mut Record<'_>) -> Option<Value> {
    record.look(&["objectRef", "resource"])?;
    let mut resource = Map::new();
    let mut moved = |record: &mut Record<'_>, from: &str, to: &str| {
        if let Some(text) = record.take_text(&["objectRef", from]) {
            resource.insert(to.to_owned(), text.into());
        }
    };
    moved(record, "resource", "type");
    moved(record, "name", "name");
    moved(record, "namespace", "namespace");
    moved(record, "uid", "uid");
    moved(record, "apiVersion", "version");
    if !resource.contains_key("name") {
        resource.insert("name".to_owned(), "*".into());
    }
    Some(Value::Object(resource))
}
