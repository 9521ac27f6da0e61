//! The second stage: drops what arrived before, keeps counts, orders and habits, raises findings, and notes which
//! credentials were made with which. Keyed state in shards, each with one writer; large batches have them in threads.

use super::matching::MatchedEvent;
use super::threads::Threads;
use super::{Luggage, Matched};
use firebreak_contain::derived::Derivation;
use firebreak_detect::{Arrival, Correlator, InTurn};
use firebreak_exposure::Seen;
use firebreak_model::{Catalogue, Event, Finding, NodeKey, NodeKind};
use sonic_rs::JsonValueTrait;
use std::sync::Arc;

/// How long a session lives whose record does not say, in seconds: the longest that a role can be given.
const SESSION_SECONDS_MAX: i64 = 12 * 3_600;

/// A batch after the second stage.
#[derive(Debug, Default)]
pub struct Correlated {
    /// What travels along.
    pub luggage: Luggage,
    /// The events that are new.
    pub events: Vec<Arc<Event>>,
    /// Events that were there already.
    pub duplicates: u64,
    /// Events so far that came too late to be put in order.
    pub late: u64,
    /// What the new events say of installs and runs.
    pub seen: Vec<Seen>,
    /// Which credentials they made.
    pub derived: Vec<Derivation>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// The stage's memory after this batch, where it is to be written.
    pub memory: Option<Vec<u8>>,
}

/// How many bytes of memory are written for each event at most, on average. What came after the last time is read again
/// from the lake at the next start.
const MEMORY_BYTES_AN_EVENT: u64 = 100;
/// Batches after which the memory is written however small they were.
const MEMORY_BATCHES: u64 = 256;

/// From so many events on a batch is worth starting threads.
const THREADS_FROM: usize = 500;

/// What happened since the memory was written last.
#[derive(Clone, Copy, Debug, Default)]
struct Unsaved {
    /// The bytes that it took then.
    bytes: u64,
    events: u64,
    batches: u64,
}

impl Unsaved {
    fn add(&mut self, events: usize) {
        self.events += events as u64;
        self.batches += 1;
    }

    /// Whether writing it again is worth its bytes.
    fn due(&self) -> bool {
        self.events.saturating_mul(MEMORY_BYTES_AN_EVENT) >= self.bytes || self.batches >= MEMORY_BATCHES
    }
}

/// The second stage.
pub struct CorrelateStage {
    correlator: Correlator,
    /// Whether the clock tells the time while nothing arrives and the memory is kept, as in live use and not in a
    /// replay.
    live: bool,
    unsaved: Unsaved,
}

impl CorrelateStage {
    /// A stage for a replay: time is what the events say, and nothing is saved.
    pub fn replaying(correlator: Correlator) -> CorrelateStage {
        CorrelateStage { correlator, live: false, unsaved: Unsaved::default() }
    }

    /// A stage for live use: the clock moves time on, and now and then a batch carries the memory after it. `bytes` is
    /// what the memory took that the correlator was made from, 0 where it is new.
    pub fn live(correlator: Correlator, bytes: usize) -> CorrelateStage {
        let unsaved = Unsaved { bytes: bytes as u64, ..Unsaved::default() };
        CorrelateStage { live: true, unsaved, ..CorrelateStage::replaying(correlator) }
    }

    /// Another catalogue, from the next event on.
    pub fn set_catalogue(&mut self, catalogue: Arc<Catalogue>) {
        self.correlator.set_catalogue(catalogue);
    }

    /// Takes one batch.
    pub fn step(&mut self, batch: Matched) -> Correlated {
        let last = batch.luggage.last;
        let mut out = self.absorb(batch);
        if last {
            out.findings.extend(self.correlator.close());
        } else if self.live && out.events.is_empty() {
            // Only where the inputs have nothing to say does the clock: while a backlog is read, time is the events'.
            out.findings.extend(self.correlator.advance(out.luggage.at));
        }
        out.late = self.correlator.counters().late;
        if self.live && !out.events.is_empty() && self.unsaved.due() {
            let memory = self.correlator.snapshot();
            self.unsaved = Unsaved { bytes: memory.len() as u64, ..Unsaved::default() };
            out.memory = Some(memory);
        }
        out
    }

    /// Takes one batch that may have been committed before: its memory is not offered to be written.
    pub fn absorb(&mut self, batch: Matched) -> Correlated {
        let mut out = Correlated { luggage: batch.luggage, ..Correlated::default() };
        let events = batch.events.iter().map(|one| (one.event.as_ref(), one.matches.as_slice()));
        let arrivals = if self.correlator.shards() > 1 && batch.events.len() >= THREADS_FROM {
            self.correlator.take_all(events, &Threads, &mut out.findings)
        } else {
            self.correlator.take_all(events, &InTurn, &mut out.findings)
        };
        for (MatchedEvent { event, seen, .. }, arrival) in batch.events.into_iter().zip(arrivals) {
            if arrival == Arrival::Duplicate {
                out.duplicates += 1;
                continue;
            }
            out.derived.extend(derivations(&event));
            out.seen.extend(seen);
            out.events.push(event);
        }
        if !out.events.is_empty() {
            self.unsaved.add(out.events.len());
        }
        out
    }
}

/// The credential that `event` made, if it made one and says with what: one derivation for each thing that was used.
fn derivations(event: &Event) -> Vec<Derivation> {
    let keys = &event.keys;
    let Some(minted) = keys.minted.clone() else { return Vec::new() };
    let becomes = keys.target.clone().filter(|target| target.kind() == NodeKind::Identity);
    // Its log knows logins, and never which password let them in: who has the password has the login.
    let login = becomes.clone().filter(|_| minted.system() == "postgres");
    let (child, actor) = match login {
        Some(login) => (login, None),
        None => (minted, becomes.or_else(|| keys.actor.clone())),
    };
    // A key that lasts is answered as `accessKey`.
    let session = event.body.pointer(&["responseElements", "credentials"]).is_some();
    let stated = event.body.get("requestParameters").and_then(|parameters| parameters.get("durationSeconds"));
    let seconds = stated.and_then(|seconds| seconds.as_i64()).unwrap_or(SESSION_SECONDS_MAX);
    let made = |parent| Derivation {
        parent,
        child: child.clone(),
        at: event.time,
        until: session.then(|| event.time.plus_seconds(seconds.clamp(0, 36 * 3_600))),
        actor: actor.clone(),
    };
    makers(event).filter(|parent| *parent != child).map(made).collect()
}

/// What was used to make something: the credential; where the log names none, whoever acted, and the client for which they
/// did. A client's own account is known by the client alone until an inventory lists both.
fn makers(event: &Event) -> impl Iterator<Item = NodeKey> {
    let keys = &event.keys;
    let (mut maker, mut client) = (keys.credential.clone(), None);
    match (event.source, event.log_source.service) {
        ("postgres_log", _) => maker = keys.actor.clone(),
        ("keycloak", "admin_event") => {
            maker = keys.actor.clone();
            client = acting_client(event);
        }
        _ => {}
    }
    maker.into_iter().chain(client)
}

/// The client for which an administrator of a realm acted, by its own id.
fn acting_client(event: &Event) -> Option<NodeKey> {
    let text = |path: &[&str]| event.body.pointer(path).and_then(|id| id.as_str()).map(str::to_owned);
    let id = text(&["authDetails", "clientId"]).or_else(|| text(&["clientId"]))?;
    let (realm, _) = event.keys.minted.as_ref()?.name().split_once('/')?;
    Some(NodeKey::identity("keycloak", &format!("{realm}/{id}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_detect::{Counters, Matcher, RuleFile, Rules, Scratch, Settings};
    use firebreak_model::{EventUid, Json, Keys, LogSource, Text, Time};

    const RULES: &str = "
title: Read
name: read
logsource: {product: aws}
detection: {s: {firebreak.operation: read}, condition: s}
firebreak: {signal: watch}
---
title: Many reads
correlation: {type: event_count, rules: [read], generate: true, group-by: [firebreak.actor], timespan: 10m, condition: {gte: 5}}
";

    fn read(number: i64) -> Event {
        let keys = Keys {
            actor: Some(NodeKey::identity("aws", &format!("role/{}", number % 90))),
            operation: Text::new("read"),
            ..Keys::default()
        };
        Event {
            uid: EventUid(number as u128),
            source: "aws_cloudtrail",
            native_id: Text::default(),
            time: Time::from_seconds(number),
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys,
            body: Json::default(),
            raw: Arc::from(&b"{}"[..]),
        }
    }

    /// The findings of so many shards, with so many events a batch.
    fn found(shards: usize, batch: usize) -> (Vec<Finding>, u64, Counters) {
        let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: RULES.to_owned() }]);
        assert_eq!(problems, []);
        let (rules, mut scratch) = (Arc::new(rules), Scratch::default());
        let matcher = Matcher::new(Arc::clone(&rules));
        let settings = Settings { shards, ..Settings::default() };
        let mut stage = CorrelateStage::replaying(Correlator::new(rules, Arc::default(), settings));
        let numbers: Vec<i64> = (0..2_000).chain(1_990..2_000).collect();
        let (mut findings, mut duplicates) = (Vec::new(), 0);
        for (at, batch) in numbers.chunks(batch).enumerate() {
            let matched = |number: &i64| {
                let event = read(*number);
                let matches = matcher.matches(&event, &mut scratch).to_vec();
                MatchedEvent { event: Arc::new(event), matches, seen: Vec::new() }
            };
            let last = (at + 1) * batch.len() >= numbers.len();
            let luggage = Luggage { last, ..Luggage::default() };
            let out = stage.step(Matched { luggage, events: batch.iter().map(matched).collect() });
            findings.extend(out.findings);
            duplicates += out.duplicates;
        }
        findings.extend(stage.correlator.close());
        findings.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        (findings, duplicates, stage.correlator.counters())
    }

    #[test]
    fn threads_find_what_one_thread_finds() {
        let expected = found(1, 100);
        assert!(expected.0.len() > 90 && expected.1 == 10);
        assert!(expected.0.iter().any(|finding| finding.title == "Many reads"));
        assert_eq!(found(4, 100), expected, "small batches");
        assert_eq!(found(4, 1_000), expected, "batches in threads");
    }

    /// An event of `source` in which `actor` made `minted`, which stands for `target`.
    fn making(source: &'static str, actor: NodeKey, minted: NodeKey, target: NodeKey, body: &str) -> Event {
        let service = if source == "keycloak" { "admin_event" } else { "log" };
        let keys = Keys { actor: Some(actor), minted: Some(minted), target: Some(target), ..Keys::default() };
        let body = sonic_rs::from_str(body).expect("the test writes JSON");
        Event { source, keys, body, log_source: LogSource { product: source, service }, ..read(1) }
    }

    fn told(event: &Event) -> Vec<(String, String, Option<String>)> {
        let of =
            |one: Derivation| (one.parent.to_string(), one.child.to_string(), one.actor.map(|key| key.to_string()));
        derivations(event).into_iter().map(of).collect()
    }

    #[test]
    fn a_login_comes_from_the_login_that_made_it_and_from_no_other_way() {
        let login = |name: &str| NodeKey::identity("postgres", name);
        let password = NodeKey::credential("postgres", "db/svc");
        let made = making("postgres_log", login("db/warehouse"), password.clone(), login("db/svc"), "{}");
        let expected = ("identity:postgres/db/warehouse".to_owned(), "identity:postgres/db/svc".to_owned(), None);
        assert_eq!(told(&made), [expected]);
        let own = making("postgres_log", login("db/svc"), password, login("db/svc"), "{}");
        assert_eq!(told(&own), [], "its own password, changed");
    }

    #[test]
    fn a_client_comes_from_the_account_and_from_the_client_that_made_it() {
        let account = |id: &str| NodeKey::identity("keycloak", &format!("staff/{id}"));
        let secret = NodeKey::credential("keycloak", "staff/client/c1");
        let made = making("keycloak", account("a0"), secret, account("c1"), r#"{"clientId": "c0"}"#);
        let (child, actor) = ("credential:keycloak/staff/client/c1", Some("identity:keycloak/staff/c1".to_owned()));
        let expected = ["identity:keycloak/staff/a0", "identity:keycloak/staff/c0"]
            .map(|parent| (parent.to_owned(), child.to_owned(), actor.clone()));
        assert_eq!(told(&made), expected);
    }

    #[test]
    fn other_systems_without_a_credential_tell_of_nothing_made() {
        let person = NodeKey::identity("person", "ada@meridian.example");
        let made = making("openai_audit", person.clone(), NodeKey::credential("openai", "key"), person, "{}");
        assert_eq!(told(&made), []);
    }
}
