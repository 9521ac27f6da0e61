//! Okta events as OCSF: sign-in and sign-out are Authentication, what happens to accounts is Account Change, the rest
//! API Activity.

use super::is_sign_in;
use crate::ocsf::{OTHER, Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let kind = event.keys.operation.clone();
    let (class, activity) = class(&kind);
    let mut record = Record::new(event, class, activity, "Okta System Log", "Okta");
    record.move_time(&["published"]);
    record.move_text(&["uuid"], "metadata.original_event_uid");
    record.move_text(&["version"], "metadata.log_version");
    record.move_text(&["client", "userAgent", "rawUserAgent"], "http_request.user_agent");
    record.move_text(&["outcome", "result"], "status_code");
    record.move_text(&["outcome", "reason"], "status_detail");
    record.source_endpoint(&["client", "ipAddress"]);
    for field in ["displayMessage", "displaymessage"] {
        record.move_text(&[field], "message");
    }
    match class {
        Class::Authentication => {
            someone(&mut record, &["actor"], "user");
            record.put("service.name", "Okta");
            session(&mut record, "session.uid");
        }
        _ => {
            someone(&mut record, &["actor"], "actor.user");
            session(&mut record, "actor.session.uid");
            record.need_actor();
        }
    }
    match class {
        Class::AccountChange => {
            let user = event.keys.target.as_ref().map_or("unknown", |target| target.name());
            record.put("user.name", user);
        }
        Class::ApiActivity => {
            for field in ["eventType", "eventtype"] {
                record.move_text(&[field], "api.operation");
            }
            record.put("api.service.name", "Okta");
            record.move_text(&["transaction", "id"], "api.request.uid");
        }
        _ => {}
    }
    record.finish()
}

fn class(kind: &str) -> (Class, u32) {
    let account = |activity| (Class::AccountChange, activity);
    match kind {
        "user.session.start" => (Class::Authentication, 1),
        "user.session.end" | "user.session.clear" => (Class::Authentication, 2),
        "user.lifecycle.create" => account(1),
        "user.lifecycle.activate" | "user.lifecycle.reactivate" | "user.lifecycle.unsuspend" => account(2),
        "user.account.update_password" => account(3),
        "user.account.reset_password" => account(4),
        "user.lifecycle.suspend" | "user.lifecycle.deactivate" => account(5),
        "user.lifecycle.delete.initiated" | "user.lifecycle.delete.completed" => account(6),
        "user.account.lock" => account(9),
        "user.mfa.factor.activate" => account(10),
        "user.mfa.factor.deactivate" | "user.mfa.factor.reset_all" => account(11),
        "user.account.unlock" => account(12),
        kind if is_sign_in(kind) => (Class::Authentication, OTHER),
        kind => (Class::ApiActivity, crud(kind.rsplit('.').next().unwrap_or_default())),
    }
}

fn session(record: &mut Record<'_>, to: &str) {
    for field in ["authenticationContext", "authenticationcontext"] {
        record.move_text(&[field, "externalSessionId"], to);
    }
}

fn someone(record: &mut Record<'_>, from: &[&str], to: &str) {
    let at = |field: &str| format!("{to}.{field}");
    let path = |field| [from, &[field]].concat();
    record.move_text(&path("alternateId"), &at("name"));
    record.move_text(&path("id"), &at("uid"));
    record.move_text(&path("displayName"), &at("display_name"));
    record.move_text(&path("type"), &at("type"));
    record.put(&at("type_id"), if record.has(&at("type")) { 99 } else { 0 });
    if !record.has(&at("name")) && !record.has(&at("uid")) {
        record.put(&at("name"), "unknown");
    }
}
