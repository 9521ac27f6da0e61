//! Google Cloud audit logs: log entries with an audit payload, bare, in arrays, as the API lists them, and as Pub/Sub
//! delivers them. Kubernetes audit of GKE is in here too, in the same form. Other log entries are refused.

mod actor;
mod entry;
mod ocsf;
mod target;

use crate::json;
use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use entry::Entry;
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, joined};

/// Google Cloud audit logs.
pub static SOURCE: GcpAudit = GcpAudit;

/// Google Cloud audit logs.
#[derive(Debug)]
pub struct GcpAudit;

impl Source for GcpAudit {
    fn name(&self) -> &'static str {
        "gcp_audit"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["entries"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "apphub",
            "insertId",
            "labels",
            "logName",
            "operation",
            "protoPayload",
            "receiveTimestamp",
            "resource",
            "severity",
            "spanId",
            "split",
            "timestamp",
            "trace",
            "traceSampled",
        ]
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let (entry, body) = entry::of(record.json)?;
        let entry = body.as_ref().unwrap_or(entry);
        let entry = Entry::of(entry).ok_or_else(|| {
            let hint = "check that the sink exports `cloudaudit.googleapis.com` logs";
            Refusal::new("not a Google Cloud audit log: no payload of it has a `methodName` or a `serviceName`", hint)
        })?;
        let time = match entry.time() {
            Some(time) => time,
            None => record.time(&[&["timestamp"], &["receiveTimestamp"], &["receivetimestamp"]])?,
        };
        Ok(Mapped {
            native_id: native_id(record, &entry),
            time,
            log_source: LogSource { product: "gcp", service: "gcp.audit" },
            keys: keys(&entry),
            body,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// An `insertId` is unique among the entries of one log with one time.
fn native_id(record: &RawRecord<'_>, entry: &Entry<'_>) -> Text {
    let id = json::text_of(entry.whole, &[&["insertId"], &["insertid"]]);
    let log = json::text_of(entry.whole, &[&["logName"], &["logname"]]);
    match (id, log, json::text(entry.whole, &["timestamp"])) {
        (Some(id), Some(log), Some(time)) => joined(&[log, "/", time, "/", id]),
        _ => record.native_id(None),
    }
}

fn keys(entry: &Entry<'_>) -> Keys {
    let outcome = outcome(entry);
    let done = outcome == Outcome::Success;
    let mut keys = Keys {
        actor: actor::actor(entry),
        credential: actor::credential(entry),
        user_agent: json::owned(json::text(entry.payload, &["requestMetadata", "callerSuppliedUserAgent"])),
        operation: operation(entry),
        target: target::target(entry),
        outcome,
        bytes: json::count(entry.payload, &["metadata", "requested_bytes"]).filter(|_| done),
        records: done.then(|| target::records(entry)).flatten(),
        minted: done.then(|| minted(entry)).flatten(),
        ..Keys::default()
    };
    let paths: [&[&str]; 2] = [&["requestMetadata", "callerIp"], &["requestMetadata", "callerIP"]];
    set_address(&mut keys, json::text_of(entry.payload, &paths));
    keys
}

/// The service before the method, since methods such as `SetIamPolicy` do not name theirs.
fn operation(entry: &Entry<'_>) -> Text {
    if entry.service.is_empty() { Text::new(entry.method) } else { joined(&[entry.service, ":", entry.method]) }
}

/// The public id of the key that the call made: of a service account, an API key, or an HMAC key of Cloud Storage.
fn minted(entry: &Entry<'_>) -> Option<NodeKey> {
    let named = |path: &[&str]| json::text(entry.payload, path);
    let name = match entry.verb() {
        "CreateServiceAccountKey" | "UploadServiceAccountKey" | "CreateKey" => named(&["response", "name"])?,
        "create" if entry.method.ends_with("hmacKeys.create") => named(&["resourceName"])?,
        _ => return None,
    };
    let (_, id) = name.rsplit_once("/keys/").or_else(|| name.rsplit_once("/hmacKeys/"))?;
    (!id.is_empty()).then(|| NodeKey::credential("gcp", id))
}

/// Codes of `google.rpc.Code`. Entries of calls that succeeded often have no status at all.
fn outcome(entry: &Entry<'_>) -> Outcome {
    const PERMISSION_DENIED: u64 = 7;
    const UNAUTHENTICATED: u64 = 16;
    match json::count(entry.payload, &["status", "code"]) {
        Some(PERMISSION_DENIED | UNAUTHENTICATED) => Outcome::Denied,
        Some(1..) => Outcome::Failure,
        _ if entry.is_refused() => Outcome::Denied,
        // Kubernetes answers with a status object of its own.
        _ if json::text(entry.payload, &["response", "status"]) == Some("Failure") => {
            let code = json::count(entry.payload, &["response", "code"]);
            if matches!(code, Some(401 | 403)) { Outcome::Denied } else { Outcome::Failure }
        }
        _ => Outcome::Success,
    }
}

/// The cluster that an entry of the Kubernetes API is about.
fn cluster(entry: &Json) -> &str {
    json::text(entry, &["resource", "labels", "cluster_name"]).unwrap_or("unnamed")
}
