//! Query logs of the Route 53 Resolver: which names the hosts of a VPC asked for.

mod ocsf;

use crate::json;
use crate::mapping::{host, set_address};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, joined};

/// Query logs of the Route 53 Resolver.
pub static SOURCE: Route53Resolver = Route53Resolver;

/// Query logs of the Route 53 Resolver.
#[derive(Debug)]
pub struct Route53Resolver;

impl Source for Route53Resolver {
    fn name(&self) -> &'static str {
        "route53_resolver"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &[] }
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        if json::text(record.json, &["query_name"]).is_none() {
            let hint = "check that the input holds query logs of the Route 53 Resolver";
            return Err(Refusal::new("not a query of the Route 53 Resolver: it has no `query_name`", hint));
        }
        Ok(Mapped {
            // Queries have no id.
            native_id: record.native_id(None),
            time: record.time(&[&["query_timestamp"]])?,
            log_source: LogSource { product: "aws", service: "route53_resolver" },
            keys: keys(record.json),
            body: None,
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

fn keys(query: &Json) -> Keys {
    let text = |name: &str| json::text(query, &[name]);
    let mut keys = Keys {
        operation: joined(&["dns:", text("query_type").unwrap_or("?")]),
        target: host(text("query_name")),
        outcome: match (text("firewall_rule_action"), text("rcode")) {
            (Some("BLOCK"), _) | (_, Some("REFUSED")) => Outcome::Denied,
            (_, Some("NOERROR")) => Outcome::Success,
            (_, Some(_)) => Outcome::Failure,
            (_, None) => Outcome::Unknown,
        },
        environment: json::text(query, &["srcids", "instance"]).map(|id| NodeKey::environment("host", id)),
        ..Keys::default()
    };
    set_address(&mut keys, text("srcaddr"));
    keys
}
