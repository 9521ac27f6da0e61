//! Findings as OCSF: Detection Finding.

use crate::ocsf::Record;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let hub = event.log_source.service == "securityhub";
    let product = if hub { "Security Hub" } else { "GuardDuty" };
    let mut record = Record::new(event, Class::DetectionFinding, 1, product, "AWS");
    let name = |lower: &'static str, upper: &'static str| if hub { upper } else { lower };
    record.move_time(&[name("updatedAt", "UpdatedAt")]);
    let title = record.take_text(&[name("title", "Title")]);
    record.put("finding_info.title", title.unwrap_or_else(|| event.keys.operation.to_string()));
    let id = record.take_text(&[name("id", "Id")]);
    record.put("finding_info.uid", id.unwrap_or_else(|| event.native_id.to_string()));
    record.move_text(&[name("description", "Description")], "finding_info.desc");
    record.profile("cloud");
    record.put("cloud.provider", "AWS");
    record.move_text(&[name("region", "Region")], "cloud.region");
    record.move_text(&[name("accountId", "AwsAccountId")], "cloud.account.uid");
    record.finish()
}
