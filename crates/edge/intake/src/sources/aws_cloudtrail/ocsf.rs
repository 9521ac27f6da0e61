//! CloudTrail events as OCSF: sign-ins are Authentication, changes to users are Account Change, the rest API Activity.

use crate::ocsf::{Record, crud};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let (_, name) = event.keys.operation.split_once(':').unwrap_or(("", &event.keys.operation));
    let name = name.to_owned();
    let (class, activity) = class(event, &name);
    let mut record = Record::new(event, class, activity, "CloudTrail", "AWS");
    record.move_time(&["eventTime"]);
    record.move_text(&["eventVersion"], "metadata.log_version");
    record.move_text(&["eventType"], "metadata.event_code");
    record.take_text(&["eventID"]).into_iter().for_each(|id| record.put("metadata.original_event_uid", id));
    record.profile("cloud");
    record.put("cloud.provider", "AWS");
    record.move_text(&["awsRegion"], "cloud.region");
    record.move_text(&["recipientAccountId"], "cloud.account.uid");
    record.move_text(&["userAgent"], "http_request.user_agent");
    record.move_text(&["errorCode"], "status_code");
    record.move_text(&["errorMessage"], "status_detail");
    record.source_endpoint(&["sourceIPAddress"]);
    api(&mut record);
    let person = if class == Class::Authentication { "user" } else { "actor.user" };
    who(&mut record, person);
    match class {
        Class::Authentication => {
            let mfa = record.look(&["additionalEventData", "MFAUsed"]).map(|used| used == "Yes");
            mfa.into_iter().for_each(|mfa| record.put("is_mfa", mfa));
            if !record.has("user") {
                record.put("user.name", "unknown");
            }
            let service = record.take_text(&["eventSource"]);
            record.put("service.name", service.unwrap_or_else(|| "signin.amazonaws.com".to_owned()));
        }
        Class::AccountChange => {
            let user = event.keys.target.as_ref().map_or("unknown", |target| target.name());
            record.put("user.name", user.rsplit('/').next().unwrap_or(user));
            record.put("user.uid", user);
            record.need_actor();
        }
        _ => record.need_actor(),
    }
    record.finish()
}

fn class(event: &Event, name: &str) -> (Class, u32) {
    let iam = event.keys.operation.starts_with("iam:") && event.keys.target.is_some();
    match name {
        "ConsoleLogin" => (Class::Authentication, 1),
        "SwitchRole" => (Class::Authentication, 7),
        "CreateUser" if iam => (Class::AccountChange, 1),
        "ChangePassword" | "UpdateLoginProfile" if iam => (Class::AccountChange, 3),
        "DeleteUser" if iam => (Class::AccountChange, 6),
        "AttachUserPolicy" if iam => (Class::AccountChange, 7),
        "DetachUserPolicy" if iam => (Class::AccountChange, 8),
        "EnableMFADevice" if iam => (Class::AccountChange, 10),
        "DeactivateMFADevice" if iam => (Class::AccountChange, 11),
        name => (Class::ApiActivity, crud(name)),
    }
}

/// The call itself. Only API Activity has a field for it; elsewhere it stays with what is unmapped.
fn api(record: &mut Record<'_>) {
    if !record.is(Class::ApiActivity) {
        return;
    }
    match record.take_text(&["eventName"]) {
        Some(name) => record.put("api.operation", name),
        None => record.put_operation("api.operation"),
    }
    record.move_text(&["eventSource"], "api.service.name");
    if let Some(id) = record.take_text(&["requestID"]) {
        record.put("api.request.uid", id);
        record.move_data(&["requestParameters"], "api.request.data");
    }
    record.move_data(&["responseElements"], "api.response.data");
}

fn who(record: &mut Record<'_>, person: &str) {
    let at = |field: &str| format!("{person}.{field}");
    record.move_text(&["userIdentity", "arn"], &at("uid"));
    record.move_text(&["userIdentity", "principalId"], &at("uid_alt"));
    record.move_text(&["userIdentity", "type"], &at("type"));
    record.move_text(&["userIdentity", "userName"], &at("name"));
    if record.has(person) {
        record.put(&at("type_id"), 99);
        record.move_text(&["userIdentity", "accountId"], &at("account.uid"));
        record.move_text(&["userIdentity", "accessKeyId"], &at("credential_uid"));
        if !record.has(&at("uid")) && !record.has(&at("name")) {
            record.put(&at("name"), "unknown");
        }
    }
    if person != "user" {
        record.move_text(&["userIdentity", "invokedBy"], "actor.invoked_by");
        record.move_text(&["userIdentity", "sessionContext", "sessionIssuer", "arn"], "actor.session.issuer");
        record.profile("host");
    }
}
