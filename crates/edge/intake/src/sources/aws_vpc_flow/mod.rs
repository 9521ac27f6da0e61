//! Flow logs of Amazon VPC: lines in the default order or in the order that the file's first line gives, and rows that
//! pipelines made of them, one JSON object a line. The body has the platform's names with underscores for hyphens.

mod line;
mod ocsf;

use crate::json;
use crate::mapping::{is_private, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};

/// Flow logs of Amazon VPC.
pub static SOURCE: AwsVpcFlow = AwsVpcFlow;

/// Flow logs of Amazon VPC.
#[derive(Debug)]
pub struct AwsVpcFlow;

impl Source for AwsVpcFlow {
    fn name(&self) -> &'static str {
        "aws_vpc_flow"
    }

    fn framing(&self) -> Framing {
        Framing::Lines { starts: |_| true }
    }

    fn headed(&self, line: Option<&str>) -> bool {
        line.is_none_or(line::is_header)
    }

    fn fields(&self) -> &'static [&'static str] {
        line::FIELDS
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let body = line::body(record.text, record.header)?;
        let own = RawRecord { json: &body, ..*record };
        Ok(Mapped {
            // Flows have no id; the same flow cannot end twice.
            native_id: record.native_id(None),
            time: own.time(&[&["start"], &["timestamp"], &["end"]])?,
            log_source: LogSource { product: "aws", service: "vpc_flow" },
            keys: keys(&body),
            body: Some(body),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(body: &Json) -> Keys {
    let text = |name: &str| json::text(body, &[name]);
    let (operation, outcome) = match text("action") {
        Some("ACCEPT") => ("flow:accept", Outcome::Success),
        Some("REJECT") => ("flow:reject", Outcome::Denied),
        _ => ("flow", Outcome::Unknown),
    };
    let leaves = leaves(body) && outcome != Outcome::Denied;
    let mut keys = Keys {
        operation: Text::new_static(operation),
        target: text("dstaddr").map(|address| NodeKey::resource("network", address)),
        outcome,
        bytes: json::count(body, &["bytes"]).filter(|_| leaves),
        environment: text("instance_id").map(|id| NodeKey::environment("host", id)),
        ..Keys::default()
    };
    set_address(&mut keys, text("srcaddr"));
    keys
}

/// Whether the flow is from a private address to a public one.
fn leaves(body: &Json) -> bool {
    let private = |name: &str| json::text(body, &[name]).and_then(|text| text.parse().ok()).map(is_private);
    private("srcaddr") == Some(true) && private("dstaddr") == Some(false)
}
