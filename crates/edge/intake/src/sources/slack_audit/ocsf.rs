//! Slack entries as OCSF: files are File Hosting, sign-in and sign-out are Authentication, the rest API Activity.

use crate::ocsf::{OTHER, Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let action = event.keys.operation.clone();
    let file = crate::json::text(&event.body, &["entity", "file", "id"]).is_some();
    let (class, activity) = class(&action, file);
    let mut record = Record::new(event, class, activity, "Slack audit log", "Slack");
    record.move_time(&["date_create"]);
    record.move_text(&["id"], "metadata.original_event_uid");
    record.move_text(&["context", "ua"], "http_request.user_agent");
    record.move_text(&["context", "location", "id"], "metadata.tenant_uid");
    record.source_endpoint(&["context", "ip_address"]);
    if class == Class::Authentication {
        who(&mut record, "user");
        record.move_written(&["context", "session_id"], "session.uid");
        record.put("service.name", "Slack");
    } else {
        who(&mut record, "actor.user");
        record.move_written(&["context", "session_id"], "actor.session.uid");
        record.need_actor();
    }
    match class {
        Class::FileHosting => {
            record.move_text(&["entity", "file", "id"], "file.uid");
            record.move_text(&["entity", "file", "name"], "file.name");
            record.move_text(&["entity", "file", "filetype"], "file.type");
            record.put("file.type_id", if record.has("file.type") { 99 } else { 0 });
            if !record.has("file.name") {
                record.put("file.name", "unknown");
            }
        }
        Class::ApiActivity => {
            record.move_text(&["action"], "api.operation");
            record.put("api.service.name", "Slack");
        }
        _ => {}
    }
    record.finish()
}

fn class(action: &str, file: bool) -> (Class, u32) {
    match action {
        "user_login" | "user_login_failed" => (Class::Authentication, 1),
        "user_logout" | "user_logout_compromised" => (Class::Authentication, 2),
        "file_uploaded" if file => (Class::FileHosting, 1),
        action if file && action.starts_with("file_downloaded") => (Class::FileHosting, 2),
        "file_deleted" if file => (Class::FileHosting, 4),
        "file_shared" | "file_public_link_created" if file => (Class::FileHosting, 12),
        "file_public_link_revoked" if file => (Class::FileHosting, 13),
        _ if file => (Class::FileHosting, OTHER),
        action => (Class::ApiActivity, past(action)),
    }
}

/// Slack names actions by what was done: `app_installed`, `user_created`.
fn past(action: &str) -> u32 {
    let verb = action.rsplit('_').next().unwrap_or_default();
    match verb {
        "installed" | "invited" => 1,
        "uninstalled" => 4,
        verb => crud(verb),
    }
}

fn who(record: &mut Record<'_>, to: &str) {
    let at = |field: &str| format!("{to}.{field}");
    record.move_text(&["actor", "type"], &at("type"));
    record.put(&at("type_id"), if record.has(&at("type")) { 99 } else { 0 });
    for kind in ["user", "app", "bot"] {
        record.move_text(&["actor", kind, "id"], &at("uid"));
        record.move_text(&["actor", kind, "name"], &at("name"));
    }
    if let Some(email) = record.take_text(&["actor", "user", "email"]) {
        if crate::mapping::is_email(&email) {
            record.put(&at("email_addr"), email);
        } else {
            record.put(&at("display_name"), email);
        }
    }
    if !record.has(&at("name")) && !record.has(&at("uid")) {
        record.put(&at("name"), "unknown");
    }
}
