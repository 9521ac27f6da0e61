//! LiteLLM calls as OCSF: API Activity with the model and its tokens. Rows of the audit log and lines of the access log are
//! API Activity without one.

use crate::layout::Layout;
use crate::ocsf::{OTHER, Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const LAYOUT: Layout = Layout {
    product: "LiteLLM",
    vendor: "BerriAI",
    service: "LiteLLM",
    time: &[&["updated_at"], &["timestamp"], &["time"]],
    id: &[&["id"], &["request_id"]],
    agent: &[&["user_agent"]],
    address: &[&["client_ip"], &["remote_addr"]],
    session: &[],
    user_name: &[&["changed_by"], &["user"]],
    user_uid: &[&["user_id"]],
    credential: &[&["changed_by_api_key"], &["api_key_hash"]],
    status: &[&["status"]],
    detail: &[],
    operation: &[],
    request: &[],
};

pub(super) fn record(event: &Event) -> serde_json::Value {
    match event.log_source.service {
        "audit" => {
            let verb = event.keys.operation.rsplit('.').next().unwrap_or_default();
            LAYOUT.record(event, Class::ApiActivity, crud(verb)).finish()
        }
        "access" => {
            let activity = match event.keys.operation.split(' ').next() {
                Some("GET" | "HEAD") => 2,
                Some("DELETE") => 4,
                _ => OTHER,
            };
            LAYOUT.record(event, Class::ApiActivity, activity).finish()
        }
        _ => call(event),
    }
}

fn call(event: &Event) -> serde_json::Value {
    let mut record = Record::new(event, Class::ApiActivity, OTHER, "LiteLLM", "BerriAI");
    record.move_time(&["startTime"]);
    record.move_text(&["request_id"], "metadata.original_event_uid");
    record.move_text(&["status"], "status_code");
    record.move_text(&["call_type"], "api.operation");
    record.put("api.service.name", "LiteLLM");
    record.profile("ai_operation");
    let model = record.take_text(&["model"]).unwrap_or_else(|| "unknown".to_owned());
    record.put("ai_model.name", model);
    record.move_text(&["model_id"], "ai_model.uid");
    let provider = record.take_text(&["custom_llm_provider"]).unwrap_or_else(|| "unknown".to_owned());
    record.put("ai_model.ai_provider", provider);
    for tokens in ["prompt_tokens", "completion_tokens", "total_tokens"] {
        if let Some(count) = record.take_whole(&[tokens]) {
            record.put(&format!("message_context.{tokens}"), count);
        }
    }
    if record.has("message_context") {
        record.put("message_context.ai_role_id", 1);
        record.put("message_context.uid", event.native_id.as_str());
    }
    record.move_text(&["metadata", "user_agent"], "http_request.user_agent");
    record.source_endpoint(&["requester_ip_address"]);
    record.move_text(&["metadata", "user_api_key_alias"], "actor.user.name");
    record.move_text(&["user"], "actor.user.uid");
    if record.has("actor.user") {
        record.put("actor.user.type_id", 4);
        record.move_text(&["api_key"], "actor.user.credential_uid");
    }
    record.move_text(&["session_id"], "actor.session.uid");
    record.need_actor();
    record.finish()
}
