//! Findings of Security Hub, in its own format.

use crate::json;
use crate::mapping::set_address;
use crate::source::{Mapped, RawRecord, Refusal};
use crate::sources::aws_cloudtrail::arn;
use firebreak_model::{Json, Keys, LogSource, NodeKey, NodeKind, Text};

/// Whether a record is a finding in Security Hub's format.
pub(super) fn is_finding(record: &Json) -> bool {
    json::at(record, &["AwsAccountId"]).is_some() && json::at(record, &["GeneratorId"]).is_some()
}

/// What it says.
pub(super) fn map(record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
    let finding = record.json;
    let updated = json::text(finding, &["UpdatedAt"]);
    Ok(Mapped {
        native_id: super::native_id(record, json::text(finding, &["Id"]), updated),
        time: record.time(&[&["UpdatedAt"], &["LastObservedAt"], &["CreatedAt"]])?,
        log_source: LogSource { product: "aws", service: "securityhub" },
        keys: keys(finding),
        body: None,
    })
}

fn keys(finding: &Json) -> Keys {
    let kind = json::first(finding, &["Types"])
        .or_else(|| json::first(finding, &["FindingProviderFields", "Types"]))
        .or_else(|| json::text(finding, &["Title"]));
    let resources = json::list(finding, &["Resources"]);
    let mut named = resources.iter().filter_map(|resource| json::text(resource, &["Id"])).filter_map(arn::key);
    let key = |resource: &Json| {
        let id = json::text(resource, &["Details", "AwsIamAccessKey", "AccessKeyId"])?;
        Some(NodeKey::credential("aws", id))
    };
    let mut keys = Keys {
        actor: named.clone().find(|key| key.kind() == NodeKind::Identity),
        credential: resources.iter().find_map(key),
        operation: Text::new(kind.unwrap_or("finding")),
        target: named.find(|key| key.kind() != NodeKind::Identity),
        ..Keys::default()
    };
    let paths: [&[&str]; 2] = [
        &["Action", "AwsApiCallAction", "RemoteIpDetails", "IpAddressV4"],
        &["Action", "NetworkConnectionAction", "RemoteIpDetails", "IpAddressV4"],
    ];
    set_address(&mut keys, json::text_of(finding, &paths));
    keys
}
