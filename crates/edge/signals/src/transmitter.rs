//! The transmitter: its streams, who may change them, and what is put into them. State that is written down whole.
//!
//! It sends nothing: [`crate::push`] does, and [`crate::serve`] answers those who fetch.

use crate::event::Event;
use crate::metadata::Metadata;
use crate::set::Set;
use crate::stream::{Delivery, POLL, PUSH, Stream, StreamStatus};
use crate::subject::Subject;
use firebreak_model::Time;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use thiserror::Error;

/// Seconds between two verifications that a receiver may ask for.
pub const VERIFY_SECONDS_MIN: i64 = 60;
const FIRST_WAIT_SECONDS: i64 = 5;
const WAIT_SECONDS_MAX: i64 = 900;

/// A receiver that the operator named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Account {
    /// What the operator calls it.
    pub name: String,
    /// What its tokens call it.
    pub audience: String,
    /// The beginning of the addresses that we push to; without one it can only poll.
    pub push_below: Option<String>,
}

/// Why a receiver's wish is not done, as an HTTP status and words.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{status}: {reason}")]
pub struct TransmitterError {
    /// HTTP status.
    pub status: u16,
    /// In words.
    pub reason: String,
}

fn no(status: u16, reason: impl Into<String>) -> TransmitterError {
    TransmitterError { status, reason: reason.into() }
}

/// What of the transmitter outlives the process.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct State {
    /// Every stream.
    pub streams: Vec<Stream>,
}

/// The transmitter.
pub struct Transmitter {
    metadata: Metadata,
    accounts: Vec<Account>,
    state: State,
    /// Whether the state has changed since it was last written down.
    changed: bool,
}

/// One token that is to be pushed.
#[derive(Clone, PartialEq, Debug)]
pub struct Job {
    /// Of which stream.
    pub stream: String,
    /// Whose it is.
    pub receiver: String,
    /// Where.
    pub endpoint_url: String,
    /// What.
    pub set: Set,
}

/// What became of a push.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pushed {
    /// The receiver took it.
    Taken,
    /// The receiver refused it and would again.
    Refused(String),
    /// It is tried again.
    Later(String),
}

impl Transmitter {
    /// The transmitter `issuer` with the receivers of the configuration. Streams of receivers that are no more are dropped.
    pub fn new(issuer: &str, accounts: Vec<Account>, mut state: State) -> Transmitter {
        let before = state.streams.len();
        state.streams.retain(|stream| accounts.iter().any(|account| account.name == stream.receiver));
        let changed = before != state.streams.len();
        Transmitter { metadata: Metadata::of(issuer), accounts, state, changed }
    }

    /// What it says of itself.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Its streams.
    pub fn streams(&self) -> &[Stream] {
        &self.state.streams
    }

    /// The state, where it has changed since this was last asked.
    pub fn changed(&mut self) -> Option<&State> {
        std::mem::take(&mut self.changed).then_some(&self.state)
    }

    /// The state was not written down after all.
    pub fn unwritten(&mut self) {
        self.changed = true;
    }

    /// Tells every stream that wants it of `event`. `name` is the same whenever the same event is told, so that no receiver
    /// hears it twice under two names. Gives how many streams took it in.
    pub fn emit(&mut self, subject: &Subject, event: &Event, txn: &str, name: &str, now: Time) -> usize {
        let mut told = 0;
        let issuer = self.metadata.issuer.clone();
        for stream in self.state.streams.iter_mut().filter(|stream| stream.has(event) && stream.tells_of(subject)) {
            let set = set(&issuer, stream, subject, event, Some(txn), name, now);
            told += usize::from(stream.put(set, now));
        }
        self.changed |= told > 0;
        told
    }

    fn account(&self, receiver: &str) -> Result<&Account, TransmitterError> {
        self.accounts.iter().find(|account| account.name == receiver).ok_or_else(|| no(403, "no such receiver"))
    }

    fn poll_url(&self, id: &str) -> String {
        format!("{}/ssf/poll/{id}", self.metadata.issuer.trim_end_matches('/'))
    }

    fn shown(&self, stream: &Stream) -> Value {
        stream.json(&self.metadata.issuer, &self.poll_url(&stream.id))
    }

    fn at(&self, receiver: &str, id: &str) -> Result<usize, TransmitterError> {
        let found = self.state.streams.iter().position(|stream| stream.id == id && stream.receiver == receiver);
        found.ok_or_else(|| no(404, "there is no such stream of yours"))
    }

    fn stream(&mut self, receiver: &str, id: &str) -> Result<&mut Stream, TransmitterError> {
        let at = self.at(receiver, id)?;
        self.changed = true;
        self.state.streams.get_mut(at).ok_or_else(|| no(404, "there is no such stream of yours"))
    }

    /// `POST` to the configuration endpoint. `id` is an unpredictable name for the stream.
    ///
    /// # Errors
    /// 400 for what cannot be done, 409 where the receiver has a stream.
    pub fn create(&mut self, receiver: &str, asked: &Value, id: &str) -> Result<Value, TransmitterError> {
        let account = self.account(receiver)?.clone();
        if self.state.streams.iter().any(|stream| stream.receiver == receiver) {
            return Err(no(409, "you have a stream: update or replace it"));
        }
        let asked = object(asked)?;
        let stream = Stream {
            id: id.to_owned(),
            receiver: receiver.to_owned(),
            aud: vec![account.audience.clone()],
            requested: requested(asked)?,
            delivery: delivery(&account, asked.get("delivery"))?,
            description: description(asked)?,
            status: StreamStatus::Enabled,
            reason: None,
            left_out: Vec::new(),
            waiting: Default::default(),
            names: Default::default(),
            verified: None,
            dropped: 0,
            refused: 0,
            refusal: None,
        };
        let shown = self.shown(&stream);
        self.state.streams.push(stream);
        self.changed = true;
        Ok(shown)
    }

    /// `GET` of the configuration endpoint: one stream, or without an id all of the receiver's.
    ///
    /// # Errors
    /// 404 where there is no such stream.
    pub fn read(&self, receiver: &str, id: Option<&str>) -> Result<Value, TransmitterError> {
        let own = self.state.streams.iter().filter(|stream| stream.receiver == receiver);
        match id {
            None => Ok(own.map(|stream| self.shown(stream)).collect()),
            Some(id) => {
                let found = own.into_iter().find(|stream| stream.id == id);
                found.map(|stream| self.shown(stream)).ok_or_else(|| no(404, "there is no such stream of yours"))
            }
        }
    }

    /// `PATCH` (what is missing stays) or `PUT` (what is missing goes) of the configuration endpoint.
    ///
    /// # Errors
    /// 400 for what cannot be done or is not ours to change, 404 where there is no such stream.
    pub fn change(&mut self, receiver: &str, asked: &Value, whole: bool) -> Result<Value, TransmitterError> {
        let asked = object(asked)?.clone();
        let account = self.account(receiver)?.clone();
        let id = asked.get("stream_id").and_then(Value::as_str).ok_or_else(|| no(400, "`stream_id` is missing"))?;
        let at = self.at(receiver, id)?;
        let mut stream =
            self.state.streams.get(at).cloned().ok_or_else(|| no(404, "there is no such stream of yours"))?;
        let now = self.shown(&stream);
        for name in ["iss", "aud", "events_supported", "events_delivered", "min_verification_interval"] {
            if asked.get(name).is_some_and(|value| *value != now[name]) {
                return Err(no(400, format!("`{name}` is not yours to change")));
            }
        }
        if whole || asked.contains_key("events_requested") {
            stream.requested = requested(&asked)?;
        }
        if whole || asked.contains_key("delivery") {
            stream.delivery = delivery(&account, asked.get("delivery"))?;
        }
        if whole || asked.contains_key("description") {
            stream.description = description(&asked)?;
        }
        let shown = self.shown(&stream);
        if let Some(place) = self.state.streams.get_mut(at) {
            *place = stream;
        }
        self.changed = true;
        Ok(shown)
    }

    /// `DELETE` of the configuration endpoint: what waits goes with the stream.
    ///
    /// # Errors
    /// 404 where there is no such stream.
    pub fn delete(&mut self, receiver: &str, id: &str) -> Result<(), TransmitterError> {
        let at = self.at(receiver, id)?;
        self.state.streams.remove(at);
        self.changed = true;
        Ok(())
    }

    /// `GET` of the status endpoint.
    ///
    /// # Errors
    /// 404 where there is no such stream.
    pub fn status(&self, receiver: &str, id: &str) -> Result<Value, TransmitterError> {
        let at = self.at(receiver, id)?;
        self.state.streams.get(at).map(Stream::status_json).ok_or_else(|| no(404, "there is no such stream of yours"))
    }

    /// `POST` to the status endpoint.
    ///
    /// # Errors
    /// 400 for a status that does not exist, 404 where there is no such stream.
    pub fn set_status(&mut self, receiver: &str, asked: &Value) -> Result<Value, TransmitterError> {
        let asked = object(asked)?;
        let word = |name: &str| asked.get(name).and_then(Value::as_str);
        let status = word("status").and_then(StreamStatus::of);
        let status = status.ok_or_else(|| no(400, "`status` is `enabled`, `paused` or `disabled`"))?;
        let reason = word("reason").map(|reason| reason.chars().take(300).collect());
        let stream = self.stream(receiver, word("stream_id").ok_or_else(|| no(400, "`stream_id` is missing"))?)?;
        (stream.status, stream.reason) = (status, reason);
        if status == StreamStatus::Disabled {
            stream.waiting.clear();
        }
        Ok(stream.status_json())
    }

    /// `POST` to the endpoints for subjects: all subjects are in a stream until they are removed.
    ///
    /// # Errors
    /// 400 for what is no subject, 403 where too many are left out, 404 where there is no such stream.
    pub fn subject(&mut self, receiver: &str, asked: &Value, add: bool) -> Result<(), TransmitterError> {
        let asked = object(asked)?;
        let id = asked.get("stream_id").and_then(Value::as_str).ok_or_else(|| no(400, "`stream_id` is missing"))?;
        let subject = asked.get("subject").ok_or_else(|| no(400, "`subject` is missing"))?;
        let subject = Subject::parse(subject).map_err(|reason| no(400, reason))?;
        match self.stream(receiver, id)?.leave_out(&subject, !add) {
            true => Ok(()),
            false => Err(no(403, "too many subjects are left out")),
        }
    }

    /// `POST` to the verification endpoint.
    ///
    /// # Errors
    /// 429 where it was asked too lately, 404 where there is no such stream.
    pub fn verify(&mut self, receiver: &str, asked: &Value, now: Time) -> Result<(), TransmitterError> {
        let asked = object(asked)?;
        let id = asked.get("stream_id").and_then(Value::as_str).ok_or_else(|| no(400, "`stream_id` is missing"))?;
        let state = match asked.get("state") {
            None => None,
            Some(Value::String(state)) if state.len() <= 1_024 => Some(state.as_str()),
            Some(_) => return Err(no(400, "`state` is a short text")),
        };
        let issuer = self.metadata.issuer.clone();
        let stream = self.stream(receiver, id)?;
        if stream.verified.is_some_and(|last| now < last.plus_seconds(VERIFY_SECONDS_MIN)) {
            return Err(no(429, format!("once in {VERIFY_SECONDS_MIN} seconds")));
        }
        stream.verified = Some(now);
        let name = format!("verification {}", now.0);
        let subject = Subject::opaque(&stream.id);
        let set = set(&issuer, stream, &subject, &Event::verification(state), None, &name, now);
        stream.put(set, now);
        Ok(())
    }

    /// `POST` to the poll endpoint of stream `id`: what the receiver took and refused, and what is next for it. Gives the
    /// tokens' contents, to be signed, and whether there are more.
    ///
    /// # Errors
    /// 400 for what is no such request, 404 where there is no such stream.
    pub fn poll(&mut self, receiver: &str, id: &str, asked: &Value) -> Result<(Vec<Set>, bool), TransmitterError> {
        const AT_ONCE: usize = 100;
        let asked = object(asked)?;
        let most = match asked.get("maxEvents") {
            None => AT_ONCE,
            Some(most) => most
                .as_u64()
                .and_then(|most| usize::try_from(most).ok())
                .ok_or_else(|| no(400, "`maxEvents` is a number"))?,
        };
        let acknowledged: BTreeSet<String> = match asked.get("ack") {
            None => BTreeSet::new(),
            Some(ack) => {
                let names =
                    ack.as_array().and_then(|ack| ack.iter().map(|one| one.as_str().map(str::to_owned)).collect());
                names.ok_or_else(|| no(400, "`ack` is a list of names"))?
            }
        };
        let refused = refusals(asked)?;
        if asked.get("returnImmediately").is_some_and(|at_once| !at_once.is_boolean()) {
            return Err(no(400, "`returnImmediately` is true or false"));
        }
        let stream = self.stream(receiver, id)?;
        if stream.delivery != Delivery::Poll {
            return Err(no(404, "this stream is pushed"));
        }
        stream.taken(&acknowledged);
        refused.iter().for_each(|(name, why)| stream.refuse(name, why));
        if stream.status != StreamStatus::Enabled {
            return Ok((Vec::new(), false));
        }
        let most = most.min(AT_ONCE);
        let next: Vec<Set> = stream.waiting.iter().take(most).map(|queued| queued.set.clone()).collect();
        Ok((next, stream.waiting.len() > most))
    }

    /// What is to be pushed now: of each stream the oldest that waits, for order is part of what is told.
    pub fn jobs(&self, now: Time) -> Vec<Job> {
        let flowing = self.state.streams.iter().filter(|stream| stream.status == StreamStatus::Enabled);
        let due = flowing.filter_map(|stream| {
            let Delivery::Push { endpoint_url } = &stream.delivery else { return None };
            let queued = stream.waiting.front().filter(|queued| queued.due <= now)?;
            let (stream, receiver) = (stream.id.clone(), stream.receiver.clone());
            Some(Job { stream, receiver, endpoint_url: endpoint_url.clone(), set: queued.set.clone() })
        });
        due.collect()
    }

    /// What became of `job`.
    pub fn pushed(&mut self, job: &Job, outcome: &Pushed, now: Time) {
        let Some(stream) = self.state.streams.iter_mut().find(|stream| stream.id == job.stream) else { return };
        self.changed = true;
        match outcome {
            Pushed::Taken => stream.taken(&BTreeSet::from([job.set.jti.clone()])),
            Pushed::Refused(why) => stream.refuse(&job.set.jti, why),
            Pushed::Later(why) => {
                stream.refusal = Some(why.chars().take(300).collect());
                if let Some(queued) = stream.waiting.iter_mut().find(|queued| queued.set.jti == job.set.jti) {
                    let wait =
                        FIRST_WAIT_SECONDS.saturating_mul(2_i64.saturating_pow(queued.tries)).min(WAIT_SECONDS_MAX);
                    queued.tries = queued.tries.saturating_add(1);
                    queued.due = now.plus_seconds(wait);
                }
            }
        }
    }
}

fn set(
    issuer: &str,
    stream: &Stream,
    subject: &Subject,
    event: &Event,
    txn: Option<&str>,
    name: &str,
    now: Time,
) -> Set {
    let mut digest = Sha256::new();
    for part in [issuer, &stream.id, &event.kind, name] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let jti = hex::encode(&digest.finalize()[..16]);
    Set {
        iss: issuer.to_owned(),
        aud: stream.aud.clone(),
        jti,
        iat: Time::from_seconds(now.seconds()),
        txn: txn.map(str::to_owned),
        sub_id: subject.clone(),
        event: event.clone(),
    }
}

fn object(asked: &Value) -> Result<&Map<String, Value>, TransmitterError> {
    asked.as_object().ok_or_else(|| no(400, "the body is a JSON object"))
}

/// What the receiver refused (RFC 8936, section 2.6): names of tokens, each with why.
fn refusals(asked: &Map<String, Value>) -> Result<Vec<(String, String)>, TransmitterError> {
    let wrong = || no(400, "`setErrs` has an object with `err` for each name");
    let Some(given) = asked.get("setErrs") else { return Ok(Vec::new()) };
    let one = |(name, error): (&String, &Value)| {
        let code = error["err"].as_str()?;
        Some((name.clone(), format!("{code}: {}", error["description"].as_str().unwrap_or_default())))
    };
    given.as_object().ok_or_else(wrong)?.iter().map(one).collect::<Option<_>>().ok_or_else(wrong)
}

fn requested(asked: &Map<String, Value>) -> Result<Option<Vec<String>>, TransmitterError> {
    let Some(given) = asked.get("events_requested") else { return Ok(None) };
    let wrong = || no(400, "`events_requested` is a list of at most 100 names");
    let given = given.as_array().filter(|given| given.len() <= 100).ok_or_else(wrong)?;
    let names: Option<Vec<String>> =
        given.iter().map(|one| one.as_str().filter(|one| one.len() <= 512).map(str::to_owned)).collect();
    names.map(Some).ok_or_else(wrong)
}

fn description(asked: &Map<String, Value>) -> Result<Option<String>, TransmitterError> {
    match asked.get("description") {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.chars().take(500).collect())),
        Some(_) => Err(no(400, "`description` is text")),
    }
}

fn delivery(account: &Account, asked: Option<&Value>) -> Result<Delivery, TransmitterError> {
    let Some(asked) = asked else { return Ok(Delivery::Poll) };
    let word = |name: &str| asked[name].as_str();
    if asked.get("authorization_header").is_some() {
        // We would have to keep somebody's secret.
        return Err(no(
            400,
            "`authorization_header` is not taken here: give it to our operator, who keeps it as a reference",
        ));
    }
    match word("method") {
        Some(POLL) => Ok(Delivery::Poll),
        Some(PUSH) => {
            let url = word("endpoint_url").ok_or_else(|| no(400, "`endpoint_url` is missing"))?;
            let allowed = account
                .push_below
                .as_deref()
                .ok_or_else(|| no(400, "we push to no address of yours: poll, or ask our operator"))?;
            if !is_below(url, allowed) {
                return Err(no(400, "this is no address of yours that we push to"));
            }
            Ok(Delivery::Push { endpoint_url: url.to_owned() })
        }
        _ => Err(no(400, format!("`method` is {}", json!([PUSH, POLL])))),
    }
}

/// Whether `url` begins as `allowed` does, whole parts of the path apart, and leads nowhere else.
fn is_below(url: &str, allowed: &str) -> bool {
    let rest = url.strip_prefix(allowed.trim_end_matches('/'));
    let plain =
        url.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'@' | b'\\' | b'#')) && !url.contains("..");
    plain && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}
