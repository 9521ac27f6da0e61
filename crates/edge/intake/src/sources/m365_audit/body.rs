//! One shape for rules: the platform's lists of names and values once more as objects, and the three fields by which
//! published rules know alerts and mail administration.

use crate::json;
use firebreak_model::Json;
use sonic_rs::{JsonValueMutTrait, Object};

/// The one alert that published rules look for under another service than all the others.
pub(super) const SUSPICIOUS_ADDRESSES: &str = "Activity from suspicious IP addresses";

/// The list, and the name of the object that repeats it. The platform's own fields begin in upper case.
const LISTS: [(&str, &str); 4] = [
    ("Parameters", "parameters"),
    ("ExtendedProperties", "extended"),
    ("ModifiedProperties", "modified"),
    ("DeviceProperties", "device"),
];

/// The record with lists repeated as objects, and `eventSource`, `eventName` and `status`.
pub(super) fn named(event: &Json, operation: &str) -> Json {
    let mut body = event.clone();
    let Some(object) = body.as_object_mut() else { return event.clone() };
    for (list, name) in LISTS {
        let entries = json::list(event, &[list]);
        if !entries.is_empty() && !object.contains_key(&name) {
            object.insert(name, by_name(entries));
        }
    }
    let status = match json::text(event, &["ResultStatus"]) {
        Some("Failed" | "Failure" | "False" | "failed" | "failure") => "failure",
        _ => "success",
    };
    let alert = alert(event).unwrap_or(operation);
    let stated =
        [("eventSource", json::text(event, &["Workload"])), ("eventName", Some(alert)), ("status", Some(status))];
    for (field, value) in stated {
        if let Some(value) = value.filter(|_| !object.contains_key(&field)) {
            object.insert(field, value);
        }
    }
    body
}

/// The name of the alert that a record is of.
pub(super) fn alert(event: &Json) -> Option<&str> {
    json::text(event, &["Name"])
        .filter(|_| json::text(event, &["Operation"]).is_some_and(|name| name.starts_with("Alert")))
}

/// `{"Name":…,"Value":…}` as a member; `{"Name":…,"NewValue":…,"OldValue":…}` as a member with both. A name that comes
/// twice has its values in an array.
fn by_name(entries: &[Json]) -> Json {
    let mut object = Object::new();
    for entry in entries {
        let Some(name) = json::text(entry, &["Name"]) else { continue };
        let value = match json::at(entry, &["Value"]) {
            Some(value) => value.clone(),
            None => changed(entry),
        };
        let both = object.get(&name).map(|other| Json::from(vec![other.clone(), value.clone()]));
        object.insert(name, both.unwrap_or(value));
    }
    object.into()
}

fn changed(entry: &Json) -> Json {
    let mut object = Object::new();
    for field in ["NewValue", "OldValue"] {
        if let Some(value) = json::at(entry, &[field]) {
            object.insert(field, value.clone());
        }
    }
    object.into()
}

/// The value of the entry called `name` in a list.
pub(super) fn value<'e>(event: &'e Json, list: &str, name: &str) -> Option<&'e str> {
    let entries = json::list(event, &[list]);
    entries
        .iter()
        .find(|entry| json::text(entry, &["Name"]) == Some(name))
        .and_then(|entry| json::text(entry, &["Value"]))
}
