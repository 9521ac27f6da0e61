//! Zeek's logs as OCSF: DNS Activity, HTTP Activity, Network Activity.

use crate::ocsf::{OTHER, Record};
use firebreak_model::ocsf::Class;
use firebreak_model::{Event, Outcome};
use serde_json::json;

/// An open or finished connection, a question with its answer.
const TRAFFIC: u32 = 6;

pub(super) fn record(event: &Event) -> serde_json::Value {
    match event.log_source.service {
        "dns" => dns(event),
        "http" => http(event),
        _ => network(event),
    }
}

fn new<'e>(event: &'e Event, class: Class, activity: u32) -> Record<'e> {
    let mut record = Record::new(event, class, activity, "Zeek", "Zeek");
    record.move_time(&["ts"]);
    for (side, address, port) in [("src_endpoint", "orig_h", "orig_p"), ("dst_endpoint", "resp_h", "resp_p")] {
        let (flat_address, flat_port) = (format!("id.{address}"), format!("id.{port}"));
        let written = record.take_text(&[&flat_address]).or_else(|| record.take_text(&["id", address]));
        // The schema asks for a name, also where nothing was recorded.
        record.put(&format!("{side}.name"), written.as_deref().unwrap_or("unknown"));
        record.put(&format!("{side}.ip"), written.filter(|text| text.parse::<std::net::IpAddr>().is_ok()));
        if let Some(port) = record.take_whole(&[&flat_port]).or_else(|| record.take_whole(&["id", port])) {
            record.put(&format!("{side}.port"), port);
        }
    }
    record
}

fn dns(event: &Event) -> serde_json::Value {
    let mut record = new(event, Class::DnsActivity, TRAFFIC);
    if let Some(name) = record.take_text(&["query"]) {
        record.put("query.hostname", name);
        record.move_text(&["qtype_name"], "query.type");
        record.move_text(&["qclass_name"], "query.class");
    }
    if let Some(answers) = record.take_data(&["answers"]) {
        let answers = answers.as_array().map(Vec::as_slice).unwrap_or_default().iter();
        record
            .put("answers", answers.map(|one| json!({"rdata": one.as_str().unwrap_or_default()})).collect::<Vec<_>>());
    }
    record.move_text(&["rcode_name"], "rcode");
    record.finish()
}

fn http(event: &Event) -> serde_json::Value {
    let method = event.keys.operation.strip_prefix("http:").unwrap_or_default().to_owned();
    let known = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"];
    let activity = known.iter().position(|one| *one == method).map_or(OTHER, |place| place as u32 + 1);
    let mut record = new(event, Class::HttpActivity, activity);
    record.move_text(&["method"], "http_request.http_method");
    record.move_text(&["user_agent"], "http_request.user_agent");
    record.move_text(&["version"], "http_request.version");
    let (host, uri) = (record.take_text(&["host"]), record.take_text(&["uri"]));
    record.put("http_request.url.path", uri.or_else(|| host.as_ref().map(|_| "/".to_owned())));
    record.put("http_request.url.hostname", host);
    if let Some(code) = record.take_whole(&["status_code"]) {
        record.put("http_response.code", code);
    }
    record.finish()
}

fn network(event: &Event) -> serde_json::Value {
    let activity = if event.keys.outcome == Outcome::Denied { 5 } else { TRAFFIC };
    let mut record = new(event, Class::NetworkActivity, activity);
    if let Some(version) = record.take_text(&["version"]) {
        record.put("tls.version", version);
        record.move_text(&["cipher"], "tls.cipher");
        record.move_text(&["server_name"], "tls.sni");
    }
    for (from, to) in [("orig_bytes", "traffic.bytes_out"), ("resp_bytes", "traffic.bytes_in")] {
        if let Some(count) = record.take_whole(&[from]) {
            record.put(to, count);
        }
    }
    record.move_text(&["conn_state"], "status_code");
    record.finish()
}
