//! Lines of the gateway's access log: requests by method, path and status, as fields or as the server writes them into a
//! message (`10.0.0.9:51234 - "GET /key/list HTTP/1.1" 200`).

use crate::json;
use crate::mapping::set_address;
use crate::reshape::put;
use crate::source::{Mapped, RawRecord, Refusal};
use firebreak_model::{Json, Keys, LogSource, NodeKey, Outcome, Text};

/// One request.
struct Request<'a> {
    method: &'a str,
    path: &'a str,
    status: Option<u64>,
    address: Option<&'a str>,
}

/// The request, where the record is one.
pub(super) fn map(record: &RawRecord<'_>) -> Option<Result<Mapped, Refusal>> {
    let request = fields(record.json).or_else(|| json::text(record.json, &["message"]).and_then(message))?;
    Some(line(record, &request))
}

fn line(record: &RawRecord<'_>, request: &Request<'_>) -> Result<Mapped, Refusal> {
    let path = request.path.split(['?', '#']).next().unwrap_or_default();
    let mut body = record.json.clone();
    put(&mut body, "method", request.method);
    put(&mut body, "path", path);
    if let Some(status) = request.status {
        put(&mut body, "status", status);
    }
    let text = |name: &str| json::text(record.json, &[name]);
    let mut keys = Keys {
        actor: text("user").or_else(|| text("user_id")).map(|name| NodeKey::identity("litellm", name)),
        credential: text("api_key_hash")
            .or_else(|| text("hashed_key"))
            .map(|hash| NodeKey::credential("litellm", hash)),
        user_agent: json::owned(text("user_agent")),
        operation: Text::from(format!("{} {path}", request.method)),
        outcome: outcome(request.status),
        ..Keys::default()
    };
    set_address(&mut keys, request.address);
    Ok(Mapped {
        native_id: record.native_id(text("request_id")),
        time: record.time(&[&["timestamp"], &["time"], &["@timestamp"], &["asctime"]])?,
        log_source: LogSource { product: "litellm", service: "access" },
        keys,
        body: Some(body),
    })
}

fn fields(record: &Json) -> Option<Request<'_>> {
    let text = |names: &[&str]| names.iter().find_map(|name| json::text(record, &[name]));
    Some(Request {
        method: text(&["method", "http_method"])?,
        path: text(&["path", "route", "url"]).filter(|path| path.starts_with('/'))?,
        status: ["status", "status_code"].iter().find_map(|name| json::count(record, &[name])),
        address: text(&["client_ip", "remote_addr", "client_addr"]),
    })
}

fn message(text: &str) -> Option<Request<'_>> {
    let (address, rest) = text.split_once(" - \"")?;
    let (request, after) = rest.split_once('"')?;
    let mut words = request.split(' ');
    let (method, path) = (words.next()?, words.next().filter(|path| path.starts_with('/'))?);
    let status = after.split_whitespace().next().and_then(|status| status.parse().ok());
    Some(Request { method, path, status, address: Some(address.rsplit(' ').next().unwrap_or(address)) })
}

fn outcome(status: Option<u64>) -> Outcome {
    match status {
        Some(401 | 403) => Outcome::Denied,
        Some(200..=399) => Outcome::Success,
        Some(_) => Outcome::Failure,
        None => Outcome::Unknown,
    }
}
