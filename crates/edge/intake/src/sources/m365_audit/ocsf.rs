//! Microsoft 365 records as OCSF: files are File Hosting, sign-ins Authentication, the rest API Activity.

use crate::ocsf::{OTHER, Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;
use serde_json::json;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let operation = event.keys.operation.clone();
    let (class, activity) = class(event, &operation);
    let mut record = Record::new(event, class, activity, "Microsoft 365", "Microsoft");
    record.move_time(&["CreationTime"]);
    record.move_text(&["Id"], "metadata.original_event_uid");
    record.move_text(&["OrganizationId"], "metadata.tenant_uid");
    record.move_text(&["Workload"], "metadata.log_name");
    record.move_text(&["ResultStatus"], "status_code");
    record.move_text(&["UserAgent"], "http_request.user_agent");
    let user = record.take_text(&["UserId"]).unwrap_or_else(|| "unknown".to_owned());
    let to = if class == Class::Authentication { "user" } else { "actor.user" };
    record.put(to, json!({"name": user, "type_id": 0}));
    record.put_email(&format!("{to}.email_addr"), &user);
    record.source_endpoint(&["ClientIP"]);
    match class {
        Class::Authentication => record.put("service.name", "Microsoft 365"),
        Class::FileHosting => {
            record.need_actor();
            record.move_text(&["SourceFileName"], "file.name");
            record.move_text(&["ObjectId"], "file.path");
            record.put("file.type_id", 0);
            if !record.has("file.name") {
                record.put("file.name", "unknown");
            }
        }
        _ => {
            record.need_actor();
            record.move_text(&["Operation"], "api.operation");
            record.put("api.service.name", "Microsoft 365");
        }
    }
    record.finish()
}

fn class(event: &Event, operation: &str) -> (Class, u32) {
    let activity = match operation {
        "UserLoggedIn" | "UserLoginFailed" => return (Class::Authentication, 1),
        "FileUploaded" => 1,
        "FileDownloaded" | "FileSyncDownloadedFull" => 2,
        "FileModified" => 3,
        "FileDeleted" | "FileRecycled" => 4,
        "FileRenamed" => 5,
        "FileCopied" => 6,
        "FileMoved" => 7,
        "FileRestored" => 8,
        "FilePreviewed" => 9,
        "SharingSet" | "AnonymousLinkCreated" | "SharingInvitationCreated" => 12,
        "FileAccessed" => 14,
        _ => return (Class::ApiActivity, api(operation)),
    };
    let file = crate::json::text(&event.body, &["SourceFileName"]).is_some();
    if file { (Class::FileHosting, activity) } else { (Class::ApiActivity, api(operation)) }
}

fn api(operation: &str) -> u32 {
    let found = crud(operation);
    if found == OTHER && operation.starts_with("New-") { 1 } else { found }
}
