//! Lines of traces as OCSF: Base Event, since a line says nothing that a class has a field for.

use crate::ocsf::Record;
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

pub(super) fn record(event: &Event) -> serde_json::Value {
    let mut record = Record::new(event, Class::BaseEvent, 0, "GitLab CI", "GitLab");
    record.put("metadata.log_name", "job trace");
    record.move_text(&["line"], "message");
    record.finish()
}
