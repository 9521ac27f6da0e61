//! Requests as OCSF: HTTP Activity.

use crate::ocsf::{OTHER, Record};
use firebreak_model::Event;
use firebreak_model::ocsf::Class;

const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"];

pub(super) fn record(event: &Event) -> serde_json::Value {
    let method = event.keys.operation.strip_prefix("http:").unwrap_or_default().to_owned();
    let activity = METHODS.iter().position(|one| *one == method).map_or(OTHER, |place| place as u32 + 1);
    let mut record = Record::new(event, Class::HttpActivity, activity, "Squid", "Squid");
    record.source_endpoint(&["client"]);
    record.move_text(&["method"], "http_request.http_method");
    record.move_text(&["url"], "http_request.url.url_string");
    if let Some(host) = event.keys.target.as_ref() {
        record.put("http_request.url.hostname", host.name());
    }
    if let Some(code) = record.take_whole(&["status"]) {
        record.put("http_response.code", code);
    }
    if let Some(bytes) = record.take_whole(&["bytes"]) {
        record.put("traffic.bytes_in", bytes);
    }
    if let Some(user) = record.take_text(&["user"]) {
        record.profile("host");
        record.put("actor.user.name", user);
    }
    record.move_text(&["result"], "status_code");
    record.finish()
}
