//! One line of a flow log, as an object.

use crate::parse;
use crate::source::Refusal;
use firebreak_model::Json;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Object};

/// Every field that a flow log may have, the default ones first and in their order.
pub(super) const FIELDS: &[&str] = &[
    "version",
    "account_id",
    "interface_id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log_status",
    "vpc_id",
    "subnet_id",
    "instance_id",
    "tcp_flags",
    "type",
    "pkt_srcaddr",
    "pkt_dstaddr",
    "region",
    "az_id",
    "sublocation_type",
    "sublocation_id",
    "pkt_src_aws_service",
    "pkt_dst_aws_service",
    "flow_direction",
    "traffic_path",
    "ecs_cluster_arn",
    "ecs_cluster_name",
    "ecs_container_instance_arn",
    "ecs_container_instance_id",
    "ecs_container_id",
    "ecs_second_container_id",
    "ecs_service_name",
    "ecs_task_definition_arn",
    "ecs_task_arn",
    "ecs_task_id",
    "reject_reason",
    "resource_id",
    "encryption_status",
    "timestamp",
];

/// How many fields a line has where nobody chose others.
const DEFAULT: usize = 14;

/// Fields that are numbers.
const NUMBERS: [&str; 10] =
    ["version", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "tcp_flags", "traffic_path"];

/// The platform's name for a field, however a pipeline writes it: `src-addr`, `srcAddr`.
fn field(name: &str) -> Option<&'static str> {
    let bare = |text: &str| -> String {
        text.chars().filter(|letter| !matches!(letter, '-' | '_')).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    let wanted = bare(name);
    let wanted = match wanted.as_str() {
        "sourceaddress" => "srcaddr",
        "destinationaddress" => "dstaddr",
        "sourceport" => "srcport",
        "destinationport" => "dstport",
        "status" => "logstatus",
        "account" => "accountid",
        other => other,
    };
    FIELDS.iter().copied().find(|known| bare(known) == wanted)
}

/// Whether a line names columns: all its words are fields, and there are at least two.
pub(super) fn is_header(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let count = line.split_whitespace().count();
    count >= 2 && words.all(|word| field(word).is_some())
}

/// The object that a line says, its columns named by `header`.
pub(super) fn body(text: &str, header: Option<&str>) -> Result<Json, Refusal> {
    if text.trim_start().starts_with('{') {
        return row(&parse::inner("the line", text.trim())?);
    }
    let columns: Vec<&str> = match header {
        Some(header) => header.split_whitespace().filter_map(field).collect(),
        None => FIELDS.iter().copied().take(DEFAULT).collect(),
    };
    let values: Vec<&str> = text.split_whitespace().collect();
    if values.len() != columns.len() {
        let reason = format!("{} fields in a flow log of {} columns", values.len(), columns.len());
        let hint = "a flow log in a format of your own needs its first line, which names the columns";
        return Err(Refusal::new(reason, hint));
    }
    let mut body = Object::new();
    for (column, value) in columns.into_iter().zip(values).filter(|(_, value)| *value != "-") {
        match value.parse::<u64>() {
            Ok(number) if NUMBERS.contains(&column) => body.insert(column, number),
            _ => body.insert(column, value),
        };
    }
    whole(body)
}

/// A row in JSON, with the platform's names.
fn row(json: &Json) -> Result<Json, Refusal> {
    let mut body = Object::new();
    for (name, value) in json.as_object().into_iter().flat_map(|object| object.iter()) {
        let name = field(name).unwrap_or(name);
        if body.get(&name).is_none() && !value.is_null() {
            body.insert(name, value.clone());
        }
    }
    whole(body)
}

/// A flow has an address, unless it says that nothing was recorded.
fn whole(body: Object) -> Result<Json, Refusal> {
    let status = body.get(&"log_status").and_then(|status| status.as_str());
    let empty = matches!(status, Some("NODATA" | "SKIPDATA"));
    if !empty && body.get(&"srcaddr").is_none() && body.get(&"dstaddr").is_none() {
        let hint = "check that the input is a VPC flow log";
        return Err(Refusal::new("not a line of a flow log: it has no `srcaddr` and no `dstaddr`", hint));
    }
    Ok(body.into())
}
