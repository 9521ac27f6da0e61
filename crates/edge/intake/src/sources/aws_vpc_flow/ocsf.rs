//! Flows as OCSF: Network Activity.

use crate::ocsf::Record;
use firebreak_model::ocsf::Class;
use firebreak_model::{Event, Outcome};

pub(super) fn record(event: &Event) -> serde_json::Value {
    let activity = if event.keys.outcome == Outcome::Denied { 5 } else { 6 };
    let mut record = Record::new(event, Class::NetworkActivity, activity, "VPC Flow Logs", "AWS");
    record.profile("cloud");
    record.put("cloud.provider", "AWS");
    record.move_text(&["account_id"], "cloud.account.uid");
    record.move_text(&["region"], "cloud.region");
    for (side, address, port) in [("src_endpoint", "srcaddr", "srcport"), ("dst_endpoint", "dstaddr", "dstport")] {
        let written = record.take_text(&[address]);
        // The schema asks for a name, also where nothing was recorded.
        record.put(&format!("{side}.name"), written.as_deref().unwrap_or("unknown"));
        record.put(&format!("{side}.ip"), written);
        if let Some(port) = record.take_whole(&[port]) {
            record.put(&format!("{side}.port"), port);
        }
    }
    for (from, to) in [("bytes", "traffic.bytes"), ("packets", "traffic.packets")] {
        if let Some(count) = record.take_whole(&[from]) {
            record.put(to, count);
        }
    }
    record.move_text(&["action"], "status_code");
    record.finish()
}
