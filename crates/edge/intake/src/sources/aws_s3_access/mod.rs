//! Server access logs of Amazon S3: lines as S3 writes them, and rows that pipelines made of them, one JSON object a line.
//! The body has one shape for both: the fields' names in lower case, without what is absent.

mod line;
mod ocsf;

use crate::json;
use crate::mapping::set_address;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use crate::sources::aws_cloudtrail::arn;
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, joined};

/// Server access logs of Amazon S3.
pub static SOURCE: AwsS3Access = AwsS3Access;

/// Server access logs of Amazon S3.
#[derive(Debug)]
pub struct AwsS3Access;

impl Source for AwsS3Access {
    fn name(&self) -> &'static str {
        "aws_s3_access"
    }

    fn framing(&self) -> Framing {
        Framing::Lines { starts: |_| true }
    }

    /// `2026-03-24-11-32-16-E568B2907131C0C0`.
    fn knows(&self, name: &str) -> bool {
        let parts: Vec<&str> = name.split('-').collect();
        let digits = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
        let last = parts.last().is_some_and(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        parts.len() == 7 && last && parts.iter().take(6).all(digits)
    }

    fn fields(&self) -> &'static [&'static str] {
        line::FIELDS
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let body = line::body(record.text)?;
        let own = RawRecord { json: &body, ..*record };
        Ok(Mapped {
            // One request for many objects gives many lines with one request id.
            native_id: record.native_id(None),
            time: own.time(&[&["time"], &["requestdatetime"]])?,
            log_source: LogSource { product: "aws", service: "s3_access" },
            keys: keys(&body),
            body: Some(body),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(body: &Json) -> Keys {
    let operation = json::text(body, &["operation"]);
    let outcome = outcome(body);
    let reads = operation.is_some_and(|name| name.contains(".GET.OBJECT") || name == "REST.COPY.OBJECT_GET");
    let read = reads && outcome == Outcome::Success;
    let mut keys = Keys {
        actor: actor(body),
        user_agent: json::owned(json::text(body, &["useragent"])),
        operation: operation.map_or_else(|| Text::new_static("s3:access"), |name| joined(&["s3:", name])),
        target: json::text(body, &["bucket"]).map(|name| NodeKey::resource("aws", &format!("arn:aws:s3:::{name}"))),
        outcome,
        bytes: json::count(body, &["bytessent"]).filter(|_| read),
        records: read.then_some(1),
        ..Keys::default()
    };
    set_address(&mut keys, json::text(body, &["remoteip"]));
    keys
}

/// A user or role by ARN, an account by its canonical id; anyone where the request was not signed.
fn actor(body: &Json) -> Option<NodeKey> {
    match json::text(body, &["requester"]) {
        Some(requester) => arn::key(requester).or_else(|| Some(NodeKey::identity("aws", requester))),
        None => {
            let signed = json::at(body, &["authenticationtype"]).or_else(|| json::at(body, &["signatureversion"]));
            let request =
                json::text(body, &["operation"])?.starts_with("REST.") || json::at(body, &["requesturi"]).is_some();
            (signed.is_none() && request).then(|| NodeKey::identity("aws", "*"))
        }
    }
}

fn outcome(body: &Json) -> Outcome {
    match json::count(body, &["httpstatus"]) {
        Some(401 | 403) => Outcome::Denied,
        Some(100..=399) => Outcome::Success,
        Some(_) => Outcome::Failure,
        None => Outcome::Unknown,
    }
}
