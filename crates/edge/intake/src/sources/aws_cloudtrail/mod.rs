//! AWS CloudTrail: the files that a trail writes, bare arrays and one event a line. Digest files are no events.

mod actor;
mod arn;
mod ocsf;
mod target;

use crate::json;
use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use sonic_rs::JsonValueTrait;

/// AWS CloudTrail.
pub static SOURCE: Cloudtrail = Cloudtrail;

/// AWS CloudTrail.
#[derive(Debug)]
pub struct Cloudtrail;

impl Source for Cloudtrail {
    fn name(&self) -> &'static str {
        "aws_cloudtrail"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["Records"] }
    }

    fn wants(&self, path: &str) -> bool {
        !path.contains("CloudTrail-Digest")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = record.json;
        let name = json::text(event, &["eventName"])
            .or_else(|| json::text(event, &["insightDetails", "eventName"]))
            .ok_or_else(|| {
                Refusal::new(
                    "not a CloudTrail event: it has no `eventName`",
                    "check that the input is a CloudTrail log",
                )
            })?;
        Ok(Mapped {
            native_id: record.native_id(json::text(event, &["eventID"])),
            time: record.time(&[&["eventTime"]])?,
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys: keys(event, name),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(event: &Json, name: &str) -> Keys {
    let service = service(event);
    let outcome = outcome(event, name);
    let mut keys = Keys {
        actor: actor::actor(event),
        credential: json::text(event, &["userIdentity", "accessKeyId"]).map(|id| NodeKey::credential("aws", id)),
        session: actor::session(event),
        user_agent: json::owned(json::text(event, &["userAgent"])),
        operation: operation(service, name),
        target: target::target(event, service, name),
        outcome,
        bytes: json::count(event, &["additionalEventData", "bytesTransferredOut"]),
        records: (outcome == Outcome::Success).then(|| target::records(event, service, name)).flatten(),
        minted: minted(event),
        environment: actor::environment(event),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(event, &["sourceIPAddress"]));
    keys
}

/// `s3` of `s3.amazonaws.com`; empty where the event names no service.
fn service(event: &Json) -> &str {
    json::text(event, &["eventSource"]).and_then(|source| source.split('.').next()).unwrap_or_default()
}

fn operation(service: &str, name: &str) -> Text {
    if service.is_empty() { Text::new(name) } else { Text::from(format!("{service}:{name}")) }
}

/// The key that the call made: a session's, or a new access key.
fn minted(event: &Json) -> Option<NodeKey> {
    let elements = json::at(event, &["responseElements"])?;
    let id = json::text(elements, &["credentials", "accessKeyId"])
        .or_else(|| json::text(elements, &["accessKey", "accessKeyId"]))?;
    Some(NodeKey::credential("aws", id))
}

fn outcome(event: &Json, name: &str) -> Outcome {
    if let Some(code) = json::text(event, &["errorCode"]) {
        return if is_denial(code) { Outcome::Denied } else { Outcome::Failure };
    }
    // Sign-in says so in the answer instead, under the event's own name.
    match json::text(event, &["responseElements", name]) {
        Some("Failure") => Outcome::Denied,
        _ if json::at(event, &["errorMessage"]).is_some_and(|message| !message.is_null()) => Outcome::Failure,
        _ => Outcome::Success,
    }
}

/// Whether an error code says that the caller lacked authority.
fn is_denial(code: &str) -> bool {
    const DENIALS: [&str; 12] = [
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidToken",
        "Forbidden",
        "NotAuthorized",
        "NotAuthorizedException",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    ];
    let code = code.strip_prefix("Client.").unwrap_or(code);
    code.contains("AccessDenied") || code.contains("Unauthorized") || DENIALS.contains(&code)
}
