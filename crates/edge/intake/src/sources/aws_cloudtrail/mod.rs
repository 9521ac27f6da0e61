//! AWS CloudTrail: the files that a trail writes, bare arrays and one event a line. Digest files are no events.

mod actor;
pub(super) mod arn;
mod ocsf;
mod target;

use crate::mapping::set_address;
use crate::source::{Framing, Making, Mapped, RawRecord, Refusal, Source};
use crate::{json, names};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, Time};
use sonic_rs::{JsonContainerTrait, JsonValueTrait};

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

    fn fields(&self) -> &'static [&'static str] {
        &[
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "errorCode",
            "errorMessage",
            "requestParameters",
            "responseElements",
            "additionalEventData",
            "requestID",
            "eventID",
            "eventType",
            "apiVersion",
            "managementEvent",
            "readOnly",
            "resources",
            "recipientAccountId",
            "serviceEventDetails",
            "sharedEventID",
            "vpcEndpointId",
            "vpcEndpointAccountId",
            "eventCategory",
            "addendum",
            "sessionCredentialFromConsole",
            "eventContext",
            "edgeDeviceDetails",
            "tlsDetails",
            "insightDetails",
        ]
    }

    fn taxonomy(&self) -> &'static str {
        include_str!("taxonomy.yml")
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let event = Fields::of(record.json);
        let insight = || event.insight.and_then(|insight| json::text(insight, &["eventName"]));
        let name = json::as_text(event.name).or_else(insight).ok_or_else(|| {
            Refusal::new("not a CloudTrail event: it has no `eventName`", "check that the input is a CloudTrail log")
        })?;
        Ok(Mapped {
            native_id: record.native_id(json::as_text(event.id)),
            time: record.time_in(event.time, "eventTime")?,
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys: keys(&event, name),
            body: None,
        })
    }

    fn makings(&self, event: &Event) -> Vec<Making> {
        let made = Making::by_credential(event);
        made.map(|made| Making { until: session_end(event), ..made }).into_iter().collect()
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// How long a session lives whose record does not say, in seconds: the longest that a role can be given.
const SESSION_SECONDS_MAX: i64 = 12 * 3_600;

/// When the session ends that `event` made. A key that lasts is answered as `accessKey`, a session as `credentials`.
fn session_end(event: &Event) -> Option<Time> {
    json::at(&event.body, &["responseElements", "credentials"])?;
    let stated = json::at(&event.body, &["requestParameters", "durationSeconds"]).and_then(|seconds| seconds.as_i64());
    Some(event.time.plus_seconds(stated.unwrap_or(SESSION_SECONDS_MAX).clamp(0, 36 * 3_600)))
}

/// The fields of an event that keys are made of, found in one walk: events have some twenty fields, and looking each up
/// by name would compare names some hundred times.
#[derive(Default)]
struct Fields<'e> {
    name: Option<&'e Json>,
    time: Option<&'e Json>,
    id: Option<&'e Json>,
    source: Option<&'e Json>,
    region: Option<&'e Json>,
    account: Option<&'e Json>,
    identity: Option<&'e Json>,
    address: Option<&'e Json>,
    agent: Option<&'e Json>,
    error_code: Option<&'e Json>,
    error_message: Option<&'e Json>,
    request: Option<&'e Json>,
    response: Option<&'e Json>,
    additional: Option<&'e Json>,
    resources: Option<&'e Json>,
    insight: Option<&'e Json>,
    /// `s3` of `s3.amazonaws.com`; empty where the event names no service.
    service: &'e str,
}

impl<'e> Fields<'e> {
    fn of(event: &'e Json) -> Fields<'e> {
        let mut fields = Fields::default();
        let Some(object) = event.as_object() else { return fields };
        for (name, value) in object.iter() {
            // By length first: most names differ in it.
            let field = match (name.len(), name) {
                (7, "eventID") => &mut fields.id,
                (9, "eventName") => &mut fields.name,
                (9, "eventTime") => &mut fields.time,
                (9, "awsRegion") => &mut fields.region,
                (9, "userAgent") => &mut fields.agent,
                (9, "errorCode") => &mut fields.error_code,
                (9, "resources") => &mut fields.resources,
                (11, "eventSource") => &mut fields.source,
                (12, "userIdentity") => &mut fields.identity,
                (12, "errorMessage") => &mut fields.error_message,
                (14, "insightDetails") => &mut fields.insight,
                (15, "sourceIPAddress") => &mut fields.address,
                (16, "responseElements") => &mut fields.response,
                (17, "requestParameters") => &mut fields.request,
                (18, "recipientAccountId") => &mut fields.account,
                (19, "additionalEventData") => &mut fields.additional,
                _ => continue,
            };
            *field = Some(value).filter(|value| !value.is_null());
        }
        fields.service = arn::before(json::as_text(fields.source).unwrap_or_default(), b'.');
        fields
    }
}

fn keys(event: &Fields<'_>, name: &str) -> Keys {
    let outcome = outcome(event, name);
    let identity = actor::Identity::of(event.identity);
    let bytes = event.additional.and_then(|additional| json::count(additional, &["bytesTransferredOut"]));
    let mut keys = Keys {
        actor: identity.actor(),
        credential: identity.access_key.map(|id| names::credential("aws", id)),
        session: identity.session(),
        user_agent: names::owned(json::as_text(event.agent)),
        operation: operation(event.service, name),
        target: target::target(event, &identity, name),
        outcome,
        bytes,
        records: (outcome == Outcome::Success).then(|| target::records(event, name)).flatten(),
        minted: event.response.and_then(minted),
        environment: identity.environment(),
        ..Keys::default()
    };
    set_address(&mut keys, json::as_text(event.address));
    keys
}

fn operation(service: &str, name: &str) -> Text {
    if service.is_empty() { names::text(&[name]) } else { names::text(&[service, ":", name]) }
}

/// The key that the call made: a session's, or a new access key.
fn minted(elements: &Json) -> Option<NodeKey> {
    let id = json::text(elements, &["credentials", "accessKeyId"])
        .or_else(|| json::text(elements, &["accessKey", "accessKeyId"]))?;
    Some(names::credential("aws", id))
}

fn outcome(event: &Fields<'_>, name: &str) -> Outcome {
    if let Some(code) = json::as_text(event.error_code) {
        return if is_denial(code) { Outcome::Denied } else { Outcome::Failure };
    }
    // Sign-in says so in the answer instead, under the event's own name.
    match event.response.and_then(|response| json::text(response, &[name])) {
        Some("Failure") => Outcome::Denied,
        _ if event.error_message.is_some() => Outcome::Failure,
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
