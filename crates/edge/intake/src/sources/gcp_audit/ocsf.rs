//! Google Cloud audit logs as OCSF: API Activity.

use crate::json;
use crate::ocsf::{Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;
use serde_json::json;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let method: [&[&str]; 2] = [&["protoPayload", "methodName"], &["methodName"]];
    let verb = json::text_of(&event.body, &method).and_then(|method| method.rsplit('.').next()).unwrap_or_default();
    let activity = if verb == "insert" { 1 } else { crud(verb) };
    let mut record = Record::new(event, Class::ApiActivity, activity, "Cloud Audit Logs", "Google Cloud");
    record.move_time(&["timestamp"]);
    for id in ["insertId", "insertid"] {
        record.move_text(&[id], "metadata.original_event_uid");
    }
    for log in ["logName", "logname"] {
        record.move_text(&[log], "metadata.log_name");
    }
    record.profile("cloud");
    record.put("cloud.provider", "GCP");
    record.move_text(&["resource", "labels", "project_id"], "cloud.project_uid");
    record.move_text(&["resource", "labels", "location"], "cloud.region");
    let payload = |field| ["protoPayload", field];
    match record.take_text(&payload("methodName")) {
        Some(method) => record.put("api.operation", method),
        None => record.put_operation("api.operation"),
    }
    record.move_text(&payload("serviceName"), "api.service.name");
    record.move_data(&payload("request"), "api.request.data");
    if record.has("api.request") {
        record.put("api.request.uid", event.native_id.as_str());
    }
    record.move_data(&payload("response"), "api.response.data");
    if let Some(code) = record.take_whole(&["protoPayload", "status", "code"]) {
        record.put("status_code", code.to_string());
    }
    record.move_text(&["protoPayload", "status", "message"], "status_detail");
    record.move_text(&["protoPayload", "requestMetadata", "callerSuppliedUserAgent"], "http_request.user_agent");
    who(&mut record);
    let written = |name| ["protoPayload", "requestMetadata", name];
    let name = if record.look(&written("callerIp")).is_some() { "callerIp" } else { "callerIP" };
    record.source_endpoint(&written(name));
    if let Some(name) = record.take_text(&payload("resourceName")) {
        record.put("resources", json!([{"name": name}]));
    }
    record.finish()
}

fn who(record: &mut Record<'_>) {
    let info = |field| ["protoPayload", "authenticationInfo", field];
    if let Some(email) = record.take_text(&info("principalEmail")) {
        record.put_email("actor.user.email_addr", &email);
        record.put("actor.user.name", email);
    }
    record.move_text(&info("principalSubject"), "actor.user.uid");
    record.move_text(&info("serviceAccountKeyName"), "actor.user.credential_uid");
    if record.has("actor.user") {
        record.put("actor.user.type_id", 0);
        if !record.has("actor.user.name") && !record.has("actor.user.uid") {
            record.put("actor.user.name", "unknown");
        }
    }
    record.need_actor();
}
