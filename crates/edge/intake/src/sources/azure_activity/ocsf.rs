//! Azure Monitor records as OCSF: API Activity.

use crate::ocsf::{OTHER, Record};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;
use serde_json::json;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let operation = event.keys.operation.clone();
    let mut record = Record::new(event, Class::ApiActivity, activity(&operation), "Azure Monitor", "Microsoft");
    for time in ["time", "eventTimestamp", "TimeGenerated"] {
        record.move_time(&[time]);
    }
    record.move_text(&["eventDataId"], "metadata.original_event_uid");
    record.move_text(&["category"], "metadata.log_name");
    record.move_text(&["tenantId"], "metadata.tenant_uid");
    for correlation in ["correlationId", "CorrelationId"] {
        record.move_text(&[correlation], "metadata.correlation_uid");
    }
    record.profile("cloud");
    record.put("cloud.provider", "Azure");
    record.move_text(&["location"], "cloud.region");
    record.move_text(&["subscriptionId"], "cloud.account.uid");
    for name in ["operationName", "OperationNameValue"] {
        record.move_text(&[name], "api.operation");
    }
    if !record.has("api.operation") {
        record.put_operation("api.operation");
    }
    record.move_text(&["operationVersion"], "api.version");
    record.move_written(&["resultType"], "status_code");
    record.move_text(&["resultDescription"], "status_detail");
    record.move_text(&["properties", "userAgentHeader"], "http_request.user_agent");
    if let Some(actor) = &event.keys.actor {
        record.put_email("actor.user.email_addr", actor.name());
        record.put("actor.user.uid", actor.name());
        record.put("actor.user.type_id", 0);
    }
    record.need_actor();
    record.source_endpoint(&["callerIpAddress"]);
    if let Some(id) = record.take_text(&["resourceId"]) {
        record.put("resources", json!([{"uid": id}]));
    }
    record.finish()
}

/// Activity-log operations end in what is done; storage operations begin with it.
fn activity(operation: &str) -> u32 {
    match operation.rsplit('/').next().unwrap_or_default() {
        "read" => 2,
        "write" => 3,
        "delete" => 4,
        "action" => OTHER,
        verb => crate::ocsf::crud(verb),
    }
}
