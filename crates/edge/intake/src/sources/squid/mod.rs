//! Access logs of the Squid proxy in its native form, a line a request.

mod ocsf;

use crate::json;
use crate::mapping::{host, person, set_address};
use crate::names;
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use firebreak_model::{Event, Json, Keys, LogSource, Outcome, joined};
use sonic_rs::Object;

/// Squid.
pub static SOURCE: Squid = Squid;

/// Squid.
#[derive(Debug)]
pub struct Squid;

/// The fields of a line, in their order; `result` and `status` are the two sides of one, `hierarchy` and `peer` too.
const FIELDS: &[&str] =
    &["time", "elapsed", "client", "result", "status", "bytes", "method", "url", "user", "hierarchy", "peer", "mime"];

impl Source for Squid {
    fn name(&self) -> &'static str {
        "squid"
    }

    fn framing(&self) -> Framing {
        Framing::Lines { starts: |_| true }
    }

    fn fields(&self) -> &'static [&'static str] {
        FIELDS
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let body = body(record.text)?;
        let own = RawRecord { json: &body, ..*record };
        Ok(Mapped {
            // Requests have no id.
            native_id: record.native_id(None),
            time: own.time(&[&["time"]])?,
            log_source: LogSource { product: "squid", service: "access" },
            keys: keys(&body),
            body: Some(body),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The object that a line says.
fn body(line: &str) -> Result<Json, Refusal> {
    let hint = "give it Squid's access log in the native form (`logformat squid`)";
    let mut words = line.split_whitespace();
    let mut next = || {
        words.next().ok_or_else(|| Refusal::new("not a line of Squid's access log: it has less than ten fields", hint))
    };
    let (time, elapsed, client, code, bytes) = (next()?, next()?, next()?, next()?, next()?);
    let (method, url, user, peer, mime) = (next()?, next()?, next()?, next()?, next()?);
    let unlike = |what: &str| Refusal::new(format!("not a line of Squid's access log: its {what} is none"), hint);
    let seconds: f64 = time.parse().map_err(|_| unlike("first field, the time,"))?;
    let (result, status) = code.split_once('/').ok_or_else(|| unlike("fourth field, result and status,"))?;
    let mut body = Object::new();
    body.insert("time", sonic_rs::to_value(&seconds).map_err(|_| unlike("first field, the time,"))?);
    for (name, number) in [("elapsed", elapsed), ("status", status), ("bytes", bytes)] {
        body.insert(name, number.parse::<u64>().map_err(|_| unlike(name))?);
    }
    let (hierarchy, peer) = peer.split_once('/').unwrap_or((peer, "-"));
    let texts = [("client", client), ("result", result), ("method", method), ("url", url), ("user", user)];
    for (name, text) in texts.into_iter().chain([("hierarchy", hierarchy), ("peer", peer), ("mime", mime)]) {
        if text != "-" {
            body.insert(name, text);
        }
    }
    Ok(body.into())
}

fn keys(request: &Json) -> Keys {
    let text = |name: &str| json::text(request, &[name]);
    let user = text("user");
    let mut keys = Keys {
        actor: person(user).or_else(|| user.map(|name| names::identity("squid", name))),
        operation: joined(&["http:", text("method").unwrap_or("?")]),
        target: host(text("url").map(authority)),
        outcome: outcome(request),
        ..Keys::default()
    };
    set_address(&mut keys, text("client"));
    keys
}

/// Host and port of a URL; the whole of what `CONNECT` names.
fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn outcome(request: &Json) -> Outcome {
    let denied = json::text(request, &["result"]).is_some_and(|result| result.contains("DENIED"));
    match json::count(request, &["status"]) {
        _ if denied => Outcome::Denied,
        Some(100..=399) => Outcome::Success,
        Some(401 | 403 | 407) => Outcome::Denied,
        Some(400..) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}
