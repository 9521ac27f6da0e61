//! A log entry and its audit payload, taken out of what delivered it.

use crate::json;
use crate::parse;
use crate::source::Refusal;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use firebreak_model::{Json, Time};
use sonic_rs::{JsonValueMutTrait, JsonValueTrait};

/// A log entry with its payload found.
pub(super) struct Entry<'e> {
    /// The whole entry.
    pub(super) whole: &'e Json,
    /// Its audit payload.
    pub(super) payload: &'e Json,
    /// `google.iam.admin.v1.CreateServiceAccountKey`, `storage.objects.get`, `SetIamPolicy`.
    pub(super) method: &'e str,
    /// `iam` of `iam.googleapis.com`; empty where the payload names none.
    pub(super) service: &'e str,
}

impl<'e> Entry<'e> {
    /// The entry, if it has an audit payload. Some exports hold the payload alone.
    pub(super) fn of(whole: &'e Json) -> Option<Entry<'e>> {
        let payload = json::at(whole, &["protoPayload"]).unwrap_or(whole);
        let service = json::text(payload, &["serviceName"]).unwrap_or_default();
        // A policy's refusal names the service, and can name no method.
        let method = json::text(payload, &["methodName"]).or(Some(service).filter(|service| !service.is_empty()))?;
        let service = service.strip_suffix(".googleapis.com").unwrap_or(service);
        Some(Entry { whole, payload, method, service })
    }

    /// When the call was made, by the entry; else by its payload.
    pub(super) fn time(&self) -> Option<Time> {
        let paths: [&[&str]; 2] = [&["timestamp"], &["receiveTimestamp"]];
        let entry = json::text_of(self.whole, &paths);
        let inner: [&[&str]; 2] = [&["timestamp"], &["requestMetadata", "requestAttributes", "time"]];
        entry.or_else(|| json::text_of(self.payload, &inner)).and_then(Time::parse)
    }

    /// The method without the names before it: `get` of `storage.objects.get`.
    pub(super) fn verb(&self) -> &'e str {
        self.method.rsplit('.').next().unwrap_or(self.method)
    }

    /// Whether the entry is of the Kubernetes API.
    pub(super) fn is_kubernetes(&self) -> bool {
        self.service == "k8s.io" || self.method.starts_with("io.k8s.")
    }

    /// Whether it says that a permission was asked for and not granted.
    pub(super) fn is_refused(&self) -> bool {
        let asked = json::list(self.payload, &["authorizationInfo"]);
        asked.iter().any(|one| json::at(one, &["granted"]).and_then(|granted| granted.as_bool()) == Some(false))
    }
}

/// The entry in a record, and the body to keep where that is not the record itself.
pub(super) fn of(record: &Json) -> Result<(&Json, Option<Json>), Refusal> {
    if let Some(data) = json::text(record, &["message", "data"]) {
        return Ok((record, Some(delivered(data)?)));
    }
    if json::at(record, &["data", "protoPayload"]).is_some() {
        return Ok((record, json::at(record, &["data"]).cloned()));
    }
    Ok((record, renamed(record)))
}

/// The entry that a Pub/Sub message carries.
fn delivered(data: &str) -> Result<Json, Refusal> {
    let hint = "`message.data` of a Pub/Sub message holds the entry as base64: check what wrote it";
    let bytes = BASE64_STANDARD.decode(data).map_err(|_| Refusal::new("`message.data` is not base64", hint))?;
    let text = String::from_utf8(bytes).map_err(|_| Refusal::new("`message.data` is not UTF-8", hint))?;
    let entry = parse::inner("message.data", &text)?;
    if json::is_object(&entry) {
        return Ok(entry);
    }
    Err(Refusal::new("`message.data` holds no object", hint))
}

/// Some pipelines write the payload's name in lower case: rules and keys see it as the platform writes it.
fn renamed(record: &Json) -> Option<Json> {
    let payload = json::at(record, &["protopayload"])?;
    if json::at(record, &["protoPayload"]).is_some() {
        return None;
    }
    let mut body = record.clone();
    let object = body.as_object_mut()?;
    object.insert("protoPayload", payload.clone());
    object.remove(&"protopayload");
    Some(body)
}
