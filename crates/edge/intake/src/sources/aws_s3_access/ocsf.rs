//! Requests to S3 as OCSF: API Activity.

use crate::ocsf::{OTHER, Record};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;
use serde_json::json;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let verb = event.keys.operation.split('.').nth(1).unwrap_or_default();
    let activity = match verb {
        "GET" | "HEAD" | "OPTIONS" => 2,
        "PUT" | "POST" | "COPY" => 3,
        "DELETE" | "EXPIRE" => 4,
        _ => OTHER,
    };
    let mut record = Record::new(event, Class::ApiActivity, activity, "S3 server access log", "AWS");
    record.move_text(&["time"], "metadata.original_time");
    record.profile("cloud");
    record.put("cloud.provider", "AWS");
    match record.take_text(&["operation"]) {
        Some(operation) => record.put("api.operation", operation),
        None => record.put_operation("api.operation"),
    }
    record.put("api.service.name", "s3.amazonaws.com");
    record.move_text(&["requestid"], "api.request.uid");
    record.move_written(&["httpstatus"], "status_code");
    record.move_text(&["errorcode"], "status_detail");
    record.move_text(&["useragent"], "http_request.user_agent");
    record.source_endpoint(&["remoteip"]);
    if let Some(requester) = record.take_text(&["requester"]) {
        record.put("actor.user", json!({"uid": requester, "type_id": 0}));
    }
    record.need_actor();
    if let Some(bucket) = record.take_text(&["bucket"]) {
        record.put("resources", json!([{"name": bucket, "type": "bucket"}]));
    }
    record.finish()
}
