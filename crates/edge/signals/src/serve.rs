//! The transmitter's and the receiver's doors as functions of a request: whoever listens brings the request and carries the
//! answer.

use crate::access::{Access, Denied, Purpose};
use crate::jose::Signer;
use crate::metadata::Metadata;
use crate::receiver::{Heard, Receiver, Refused};
use crate::transmitter::{Transmitter, TransmitterError};
use firebreak_model::Time;
use firebreak_world::{Request, Response};
use serde_json::{Map, Value, json};

/// A JSON answer.
pub fn json_answer(status: u16, body: &Value) -> Response {
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("cache-control".to_owned(), "no-store".to_owned()),
    ];
    Response { status, headers, body: body.to_string().into_bytes() }
}

fn empty(status: u16) -> Response {
    Response { status, headers: vec![("cache-control".to_owned(), "no-store".to_owned())], body: Vec::new() }
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    let mut all = request.headers.iter().filter(|(one, _)| one.eq_ignore_ascii_case(name));
    let first = all.next().map(|(_, value)| value.as_str());
    // Two of them could mean two things.
    first.filter(|_| all.next().is_none())
}

fn denied(denied: Denied) -> Response {
    let (status, challenge) = match denied {
        Denied::Unknown => (401, "Bearer error=\"invalid_token\""),
        Denied::Scope => (403, "Bearer error=\"insufficient_scope\""),
    };
    let mut answer = empty(status);
    answer.headers.push(("www-authenticate".to_owned(), challenge.to_owned()));
    answer
}

fn failed(error: &TransmitterError) -> Response {
    let mut answer = json_answer(error.status, &json!({"err": "invalid_request", "description": error.reason}));
    if error.status == 429 {
        answer.headers.push(("retry-after".to_owned(), crate::transmitter::VERIFY_SECONDS_MIN.to_string()));
    }
    answer
}

/// The transmitter's doors.
pub struct Doors<'d> {
    /// Streams.
    pub transmitter: &'d mut Transmitter,
    /// The key that we sign with first, then those that went before it: their public halves stay in the key set.
    pub signers: &'d [Signer],
    /// Who may call.
    pub access: &'d Access,
    /// An unpredictable name, should a stream be made.
    pub fresh: String,
}

impl Doors<'_> {
    /// Answers `request`; nothing where it is for somebody else.
    pub fn answer(&mut self, request: &Request, now: Time) -> Option<Response> {
        let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
        let issuer = self.transmitter.metadata().issuer.clone();
        let metadata = Metadata::url(&issuer)?;
        if path == path_of(&metadata) {
            let shown = serde_json::to_value(self.transmitter.metadata()).unwrap_or_default();
            return Some(self.open(request, &shown));
        }
        let own = path.strip_prefix(path_of(&issuer).trim_end_matches('/'))?.strip_prefix("/ssf/")?;
        if own == "jwks.json" {
            let keys: Vec<Value> = self.signers.iter().map(Signer::jwk).collect();
            return Some(self.open(request, &json!({"keys": keys})));
        }
        let known = ["streams", "status", "subjects:add", "subjects:remove", "verify"];
        if !known.contains(&own) && !own.starts_with("poll/") {
            return None;
        }
        let purpose = if request.method == "GET" { Purpose::Read } else { Purpose::Manage };
        let receiver = match self.access.receiver(header(request, "authorization"), purpose, now) {
            Ok(receiver) => receiver,
            Err(why) => return Some(denied(why)),
        };
        Some(self.managed(&receiver, own, query, request, now).unwrap_or_else(|error| failed(&error)))
    }

    fn open(&self, request: &Request, shown: &Value) -> Response {
        if request.method == "GET" { json_answer(200, shown) } else { empty(405) }
    }

    fn managed(
        &mut self,
        receiver: &str,
        own: &str,
        query: &str,
        request: &Request,
        now: Time,
    ) -> Result<Response, TransmitterError> {
        let id = query_value(query, "stream_id");
        let missing = || TransmitterError { status: 400, reason: "`stream_id` is missing".to_owned() };
        let body = || {
            let wrong = |_| TransmitterError { status: 400, reason: "the body is not JSON".to_owned() };
            serde_json::from_slice::<Value>(&request.body).map_err(wrong)
        };
        let transmitter = &mut *self.transmitter;
        Ok(match (request.method.as_str(), own) {
            ("POST", "streams") => {
                let asked = if request.body.is_empty() { json!({}) } else { body()? };
                json_answer(201, &transmitter.create(receiver, &asked, &self.fresh)?)
            }
            ("GET", "streams") => json_answer(200, &transmitter.read(receiver, id.as_deref())?),
            ("PATCH", "streams") => json_answer(200, &transmitter.change(receiver, &body()?, false)?),
            ("PUT", "streams") => json_answer(200, &transmitter.change(receiver, &body()?, true)?),
            ("DELETE", "streams") => {
                transmitter.delete(receiver, &id.ok_or_else(missing)?)?;
                empty(204)
            }
            ("GET", "status") => json_answer(200, &transmitter.status(receiver, &id.ok_or_else(missing)?)?),
            ("POST", "status") => json_answer(200, &transmitter.set_status(receiver, &body()?)?),
            ("POST", "subjects:add") => {
                transmitter.subject(receiver, &body()?, true)?;
                empty(200)
            }
            ("POST", "subjects:remove") => {
                transmitter.subject(receiver, &body()?, false)?;
                empty(204)
            }
            ("POST", "verify") => {
                transmitter.verify(receiver, &body()?, now)?;
                empty(204)
            }
            ("POST", poll) if poll.starts_with("poll/") => {
                let (sets, more) = transmitter.poll(receiver, poll.trim_start_matches("poll/"), &body()?)?;
                return self.signed(&sets, more);
            }
            _ => empty(405),
        })
    }

    fn signed(&self, sets: &[crate::set::Set], more: bool) -> Result<Response, TransmitterError> {
        let broken = |reason: String| TransmitterError { status: 503, reason };
        let signer = self.signers.first().ok_or_else(|| broken("there is no key".to_owned()))?;
        let mut tokens = Map::new();
        for set in sets {
            tokens.insert(set.jti.clone(), json!(set.signed(signer).map_err(broken)?));
        }
        Ok(json_answer(200, &json!({"sets": tokens, "moreAvailable": more})))
    }
}

/// The path of an address.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("")
}

fn query_value(query: &str, name: &str) -> Option<String> {
    let found = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    percent_encoding::percent_decode_str(found).decode_utf8().ok().map(|text| text.into_owned())
}

/// What a push comes to: what is to be kept before the answer goes out, and the answer.
pub struct Taken {
    /// What was heard; to be written down first.
    pub heard: Option<Heard>,
    /// The answer.
    pub answer: Response,
}

/// Takes a token that is pushed to us (RFC 8935) by whoever speaks for `issuer`.
pub fn receive(receiver: &mut Receiver, request: &Request, issuer: &str, now: Time) -> Taken {
    let refused = |refused: &Refused| Taken { heard: None, answer: json_answer(400, &refused.json()) };
    if request.method != "POST" {
        return Taken { heard: None, answer: empty(405) };
    }
    let kind = header(request, "content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/secevent+jwt") {
        return refused(&Refused::new("invalid_request", "the content is `application/secevent+jwt`"));
    }
    match receiver.hear(&request.body, Some(issuer), now) {
        Ok(heard) => Taken { heard: Some(heard), answer: empty(202) },
        Err(why) => refused(&why),
    }
}
