//! Queries as OCSF: DNS Activity.

use crate::ocsf::Record;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;
use serde_json::{Value, json};

/// A question with its answer.
const TRAFFIC: u32 = 6;

pub(super) fn record(event: &Event) -> Value {
    let mut record = Record::new(event, Class::DnsActivity, TRAFFIC, "Route 53 Resolver", "AWS");
    record.profile("cloud");
    record.put("cloud.provider", "AWS");
    record.move_text(&["account_id"], "cloud.account.uid");
    record.move_text(&["region"], "cloud.region");
    record.move_time(&["query_timestamp"]);
    record.source_endpoint(&["srcaddr"]);
    record.move_text(&["srcids", "instance"], "src_endpoint.instance_uid");
    record.move_text(&["vpc_id"], "src_endpoint.vpc_uid");
    if let Some(name) = record.take_text(&["query_name"]) {
        record.put("query.hostname", name);
        record.move_text(&["query_type"], "query.type");
        record.move_text(&["query_class"], "query.class");
    }
    if let Some(Value::Array(answers)) = record.take_data(&["answers"]) {
        let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let answer =
            |one: &Value| json!({"rdata": text(one, "Rdata"), "type": text(one, "Type"), "class": text(one, "Class")});
        record.put("answers", answers.iter().map(answer).collect::<Vec<_>>());
    }
    record.move_text(&["rcode"], "rcode");
    record.finish()
}
