//! Records of any program as OCSF: Base Event, since nothing is known of what they mean.

use crate::ocsf::Record;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let mut record = Record::new(event, Class::BaseEvent, 0, event.log_source.product, "unknown");
    record.put("metadata.log_name", event.source);
    record.put("message", event.keys.operation.as_str());
    record.finish()
}
