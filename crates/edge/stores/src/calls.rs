//! Calls of a platform with a token: put off as long as it asks, sent again where they were lost.

use firebreak_world::{HttpError, Request, Response, World};
use futures_util::future::join_all;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often one call is sent at most.
pub(crate) const TRIES: u32 = 6;
/// The longest that one `Retry-After` is followed.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(300);
/// How often a call is sent whose answer breaks off: one that is too long breaks off each time.
const BROKEN_TRIES: u32 = 3;
/// What stands in a path or a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// How to wait.
pub type Wait = Arc<dyn Fn(Duration) + Send + Sync>;

/// Why there is no answer. `status` is 0 where nobody answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) reason: String,
}

impl Refusal {
    /// No platform can be asked for this.
    pub(crate) fn unaskable(reason: &str) -> Refusal {
        Refusal { status: 400, code: "Unaskable".to_owned(), reason: reason.to_owned() }
    }
}

/// `text` as it may stand in a path or a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

/// The value of a header.
pub(crate) fn header<'r>(response: &'r Response, wanted: &str) -> Option<&'r str> {
    response.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

/// Whom we ask, and as whom.
pub(crate) struct Calls {
    runtime: Runtime,
    world: World,
    token: SecretString,
    wait: Wait,
}

impl Calls {
    pub(crate) fn new(world: &World, token: SecretString, wait: Wait) -> io::Result<Calls> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Calls { runtime, world: world.clone(), token, wait })
    }

    /// The answer of `url` as JSON.
    pub(crate) fn json(&self, url: &str) -> Result<Value, Refusal> {
        self.read(&get(url, None), false)
    }

    /// The answer to a form as JSON, of a platform that says in the body whether it is one.
    pub(crate) fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<Value, Refusal> {
        let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = Request {
            method: "POST".to_owned(),
            url: url.to_owned(),
            headers: vec![("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned())],
            body: fields.join("&").into_bytes(),
        };
        self.read(&request, true)
    }

    fn read(&self, request: &Request, by_body: bool) -> Result<Value, Refusal> {
        let response = self.runtime.block_on(self.sent(request, by_body))?;
        let unreadable =
            |_| Refusal { status: response.status, code: String::new(), reason: "its answer is not JSON".to_owned() };
        serde_json::from_slice(&response.body).map_err(unreadable)
    }

    /// The bytes behind several addresses, asked for at the same time; of each the range, where one is given.
    pub(crate) fn all_bytes(&self, wanted: &[(String, Option<Range<u64>>)]) -> Vec<Result<Vec<u8>, Refusal>> {
        let all = wanted.iter().map(|(url, range)| self.bytes(url, range.clone()));
        self.runtime.block_on(join_all(all))
    }

    /// A range of what is behind `url`.
    pub(crate) fn range(&self, url: &str, range: Range<u64>) -> Result<Vec<u8>, Refusal> {
        self.runtime.block_on(self.bytes(url, Some(range)))
    }

    async fn bytes(&self, url: &str, range: Option<Range<u64>>) -> Result<Vec<u8>, Refusal> {
        let start = range.as_ref().map_or(0, |range| range.start);
        let response = self.sent(&get(url, range), false).await?;
        match response.status {
            206 => Ok(response.body),
            // Whoever knows no ranges gives all of it.
            200 => {
                let start = usize::try_from(start).unwrap_or(usize::MAX);
                Ok(response.body.get(start..).unwrap_or_default().to_vec())
            }
            status => Err(Refusal { status, code: String::new(), reason: format!("it answered {status}") }),
        }
    }

    /// One call that changes nothing, sent again while the platform puts it off. `by_body`: a good status may be a refusal all the same.
    async fn sent(&self, request: &Request, by_body: bool) -> Result<Response, Refusal> {
        let mut tried = 0;
        loop {
            tried += 1;
            let (wait, refusal) = match self.world.http.send(self.authorized(request)).await {
                Ok(response) => match refused(&response, by_body) {
                    None => return Ok(response),
                    Some(refusal) => match later(&response, &refusal, tried) {
                        Some(wait) => (wait, refusal),
                        None => return Err(refusal),
                    },
                },
                Err(error) => {
                    let broken = matches!(error, HttpError::Ambiguous { .. });
                    let code = if broken { "Broken" } else { "" }.to_owned();
                    let refusal = Refusal { status: 0, code, reason: error.to_string() };
                    if broken && tried == BROKEN_TRIES {
                        return Err(refusal);
                    }
                    (Duration::from_secs(1 << tried), refusal)
                }
            };
            if tried == TRIES {
                return Err(Refusal { status: 0, reason: format!("{}, {tried} times", refusal.reason), ..refusal });
            }
            // All calls wait with it: that is what was asked for.
            (self.wait)(wait);
        }
    }

    fn authorized(&self, request: &Request) -> Request {
        let mut request = request.clone();
        request.headers.push(("authorization".to_owned(), format!("Bearer {}", self.token.expose_secret())));
        request
    }
}

fn get(url: &str, range: Option<Range<u64>>) -> Request {
    let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
    let headers = range.map(|range| ("range".to_owned(), range)).into_iter().collect();
    Request { method: "GET".to_owned(), url: url.to_owned(), headers, body: Vec::new() }
}

/// The refusal in an answer: by its status, or in a body that says that it is none.
fn refused(response: &Response, by_body: bool) -> Option<Refusal> {
    if response.status < 300 && !by_body {
        return None;
    }
    let said: Option<Value> = serde_json::from_slice(&response.body).ok();
    let denied = said.as_ref().and_then(|said| said.get("ok")).and_then(Value::as_bool) == Some(false);
    if response.status < 300 && !denied {
        return None;
    }
    let code = said.as_ref().map(code).unwrap_or_default();
    let shown = if code.is_empty() { String::new() } else { format!(" {code}") };
    let why = match (response.status, code.as_str()) {
        (401, _) | (_, "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive" | "not_authed") => {
            ": our token is not accepted"
        }
        (403, _) | (_, "missing_scope") => ": our token may not read this",
        _ => "",
    };
    let status = response.status;
    Some(Refusal { status, code, reason: format!("it answered {status}{shown}{why}") })
}

/// The code of an error: letters alone, whatever a server writes there.
fn code(said: &Value) -> String {
    let places = ["/error/errors/0/reason", "/error/status", "/error"];
    let code = places.iter().find_map(|place| said.pointer(place)?.as_str()).unwrap_or_default();
    code.chars().filter(|char| char.is_ascii_alphanumeric() || *char == '_').take(80).collect()
}

/// How long a call is put off, where asking again may help.
fn later(response: &Response, refusal: &Refusal, tried: u32) -> Option<Duration> {
    let busy = matches!(refusal.code.as_str(), "rateLimitExceeded" | "userRateLimitExceeded" | "ratelimited");
    (busy || response.status == 429 || response.status >= 500).then(|| {
        let asked = header(response, "retry-after").and_then(|text| text.trim().parse().ok());
        asked.map_or(Duration::from_secs(1 << tried), Duration::from_secs).min(WAIT_MAX)
    })
}

/// Whether `text` may be an id in an address.
pub(crate) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=200).contains(&text.len()) && text.bytes().all(plain)
}

/// `https://host`, or `http://` of this machine, and nothing behind it.
pub(crate) fn is_origin(endpoint: &str) -> bool {
    let host = endpoint.split_once("://").map_or("", |(_, host)| host);
    firebreak_world::is_private(endpoint) && !host.is_empty() && !host.contains(['/', '?', '#', '@', '\\'])
}
