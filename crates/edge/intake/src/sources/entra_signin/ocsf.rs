//! Entra records as OCSF: sign-ins are Authentication, risks Detection Finding, changes to users Account Change, other
//! changes API Activity.

use crate::json;
use crate::ocsf::{Record, crud};
use firebreak_model::ocsf::Class;
use firebreak_model::{Event, NodeKind};
use serde_json::json;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let (class, activity) = class(event);
    let mut record = Record::new(event, class, activity, "Microsoft Entra", "Microsoft");
    let nested = json::at(&event.body, &["properties"]).is_some_and(json::is_object);
    let base: &[&str] = if nested { &["properties"] } else { &[] };
    let path = |field| [base, &[field]].concat();
    for time in ["createdDateTime", "activityDateTime", "detectedDateTime"] {
        record.move_time(&path(time));
    }
    record.move_text(&path("id"), "metadata.original_event_uid");
    record.move_text(&["category"], "metadata.log_name");
    record.move_text(&["tenantId"], "metadata.tenant_uid");
    record.move_text(&path("correlationId"), "metadata.correlation_uid");
    record.move_written(&["resultType"], "status_code");
    let actor = event.keys.actor.as_ref().map_or("unknown", |actor| actor.name()).to_owned();
    match class {
        Class::DetectionFinding => {
            record.put("finding_info.title", event.keys.operation.as_str());
            record.put("finding_info.uid", event.native_id.as_str());
        }
        Class::Authentication => {
            record.move_text(&path("userAgent"), "http_request.user_agent");
            user(&mut record, "user", &actor);
            record.move_text(&path("resourceDisplayName"), "service.name");
            if !record.has("service.name") {
                record.put("service.name", "Microsoft Entra");
            }
            record.put("session.uid", event.keys.session.as_deref());
            record.source_endpoint(&path("ipAddress"));
        }
        _ => {
            user(&mut record, "actor.user", &actor);
            record.need_actor();
            record.source_endpoint(&["callerIpAddress"]);
            match class {
                Class::AccountChange => {
                    let changed = event.keys.target.as_ref().map_or("unknown", |target| target.name());
                    record.put("user.name", changed);
                }
                _ => {
                    record.put_operation("api.operation");
                    record.put("api.service.name", "Microsoft Entra");
                }
            }
        }
    }
    record.finish()
}

fn user(record: &mut Record<'_>, to: &str, name: &str) {
    record.put(to, json!({"name": name, "type_id": 0}));
    record.put_email(&format!("{to}.email_addr"), name);
}

fn class(event: &Event) -> (Class, u32) {
    let operation = event.keys.operation.as_str();
    let person = event.keys.target.as_ref().is_some_and(|target| target.kind() == NodeKind::Identity);
    match (event.log_source.service, operation) {
        ("signinlogs", _) => (Class::Authentication, 1),
        ("riskdetection" | "pim", _) => (Class::DetectionFinding, 1),
        (_, "Add user") if person => (Class::AccountChange, 1),
        (_, "Enable account") if person => (Class::AccountChange, 2),
        (_, "Change user password") if person => (Class::AccountChange, 3),
        (_, "Reset user password") if person => (Class::AccountChange, 4),
        (_, "Disable account") if person => (Class::AccountChange, 5),
        (_, "Delete user") if person => (Class::AccountChange, 6),
        (_, other) => (Class::ApiActivity, crud(other.split(' ').next().unwrap_or_default())),
    }
}
