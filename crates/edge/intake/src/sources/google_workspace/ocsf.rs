//! Google Workspace events as OCSF: Drive is File Hosting, sign-in is Authentication, the rest API Activity.

use crate::ocsf::{OTHER, Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let operation = event.keys.operation.clone();
    let (application, name) = operation.split_once('.').unwrap_or(("", &operation));
    let file = crate::json::text(&event.body, &["parameters", "doc_id"]).is_some();
    let (class, activity) = match (application, name) {
        ("drive", name) if file => (Class::FileHosting, drive(name)),
        ("login", "logout") => (Class::Authentication, 2),
        ("login", name) => (Class::Authentication, if name.starts_with("login_") { 1 } else { OTHER }),
        (_, name) => (Class::ApiActivity, crud(&name.to_lowercase())),
    };
    let mut record = Record::new(event, class, activity, application, "Google Workspace");
    record.put("metadata.product", serde_json::json!({"name": "Google Workspace", "vendor_name": "Google"}));
    record.move_time(&["id", "time"]);
    record.move_text(&["id", "applicationName"], "metadata.log_name");
    record.move_written(&["id", "customerId"], "metadata.tenant_uid");
    record.move_written(&["id", "uniqueQualifier"], "metadata.original_event_uid");
    record.move_text(&["type"], "metadata.event_code");
    record.source_endpoint(&["ipAddress"]);
    let person = if class == Class::Authentication { "user" } else { "actor.user" };
    who(&mut record, person);
    match class {
        Class::FileHosting => {
            record.move_written(&["parameters", "doc_title"], "file.name");
            record.move_text(&["parameters", "doc_id"], "file.uid");
            record.move_text(&["parameters", "doc_type"], "file.type");
            record.put("file.type_id", if record.has("file.type") { 99 } else { 0 });
            if !record.has("file.name") {
                record.put("file.name", "unknown");
            }
            if let Some(owner) = record.take_text(&["parameters", "owner"]) {
                record.put("file.owner.name", owner);
            }
            record.need_actor();
        }
        Class::Authentication => record.put("service.name", "Google"),
        _ => {
            record.put_operation("api.operation");
            record.put("api.service.name", application);
            record.need_actor();
        }
    }
    record.finish()
}

/// `activity_id` of File Hosting.
fn drive(name: &str) -> u32 {
    match name {
        "upload" | "create" => 1,
        "download" => 2,
        "edit" => 3,
        "delete" | "trash" => 4,
        "rename" => 5,
        "copy" | "source_copy" => 6,
        "move" => 7,
        "untrash" => 8,
        "preview" => 9,
        "view" => 14,
        name if name.starts_with("change_") && name.contains("access") => 12,
        _ => OTHER,
    }
}

fn who(record: &mut Record<'_>, to: &str) {
    let at = |field: &str| format!("{to}.{field}");
    if let Some(email) = record.take_text(&["actor", "email"]) {
        record.put_email(&at("email_addr"), &email);
        record.put(&at("name"), email);
    }
    record.move_written(&["actor", "profileId"], &at("uid"));
    record.move_text(&["actor", "callerType"], &at("type"));
    record.put(&at("type_id"), if record.has(&at("type")) { 99 } else { 0 });
    if !record.has(&at("name")) && !record.has(&at("uid")) {
        record.put(&at("name"), "unknown");
    }
}
