//! The second stage: drops what arrived before, keeps counts, orders and habits, raises findings, and notes which
//! credentials were made with which. Keyed state in shards, each with one writer; large batches have them in threads.

use super::matching::MatchedEvent;
use super::threads::Threads;
use super::{Luggage, Matched};
use firebreak_contain::derived::Derivation;
use firebreak_contain::standing_policy::Prepared;
use firebreak_detect::{Arrival, Correlator, InTurn, Spending};
use firebreak_exposure::Seen;
use firebreak_intake::{Making, makings};
use firebreak_model::{Catalogue, Event, Finding, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A batch after the second stage.
#[derive(Debug, Default)]
pub struct Correlated {
    /// What travels along.
    pub luggage: Luggage,
    /// The events that are new.
    pub events: Vec<Arc<Event>>,
    /// Events that were there already.
    pub duplicates: u64,
    /// Events so far that came too late to be put in order: rules matched them, counts and habits know nothing of them.
    pub late: u64,
    /// What the new events say of installs and runs.
    pub seen: Vec<Seen>,
    /// Which credentials they made.
    pub derived: Vec<Derivation>,
    /// What they fill in for standing policies.
    pub prepared: Vec<Prepared>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// Budgets that are nearly spent, where that was looked at anew and is other than before.
    pub nearly_spent: Option<NearlySpent>,
    /// The stage's memory after this batch, where it is to be written.
    pub memory: Option<Vec<u8>>,
}

/// Budgets that are nearly spent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct NearlySpent {
    /// The end of the hour that is counted.
    pub at: Time,
    /// From which part of a budget on it is named.
    pub share: f64,
    /// The budgets, those that are spent furthest first.
    pub budgets: Vec<Spending>,
}

/// From which part of a budget on people are shown it.
const NEAR: f64 = 0.5;
/// More are not kept.
const BUDGETS_MAX: usize = 100;
/// How often budgets are looked at, in seconds: it goes through all that is remembered of everyone.
const LOOK_SECONDS: i64 = 30;

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
    /// When budgets were looked at last, and what was told of them.
    looked: Option<Time>,
    told: Option<Vec<Spending>>,
}

impl CorrelateStage {
    /// A stage for a replay: time is what the events say, and nothing is saved.
    pub fn replaying(correlator: Correlator) -> CorrelateStage {
        CorrelateStage { correlator, live: false, unsaved: Unsaved::default(), looked: None, told: None }
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

    /// Holds time back until these sources have caught up with what lies in their inputs, which may be days apart.
    pub fn expect(&mut self, sources: &[&str]) {
        self.correlator.expect_only(sources);
    }

    /// Takes one batch.
    pub fn step(&mut self, batch: Matched) -> Correlated {
        let last = batch.luggage.last;
        let mut out = self.absorb(batch);
        for source in std::mem::take(&mut out.luggage.caught_up) {
            out.findings.extend(self.correlator.caught_up(source));
        }
        if last {
            out.findings.extend(self.correlator.close());
        } else if self.live && out.events.is_empty() {
            // Only where the inputs have nothing to say does the clock: while a backlog is read, time is the events'.
            out.findings.extend(self.correlator.advance(out.luggage.at));
        }
        out.late = self.correlator.counters().late;
        out.nearly_spent = self.nearly_spent(out.luggage.at, last);
        if self.live && !out.events.is_empty() && self.unsaved.due() {
            let memory = self.correlator.snapshot();
            self.unsaved = Unsaved { bytes: memory.len() as u64, ..Unsaved::default() };
            out.memory = Some(memory);
        }
        out
    }

    /// Budgets that are nearly spent, where it is time to look and they are other than when they were told last.
    fn nearly_spent(&mut self, now: Time, last: bool) -> Option<NearlySpent> {
        let due = self.looked.is_none_or(|looked| looked.plus_seconds(LOOK_SECONDS) <= now);
        if !self.live || !(due || last) {
            return None;
        }
        let (at, mut budgets) = self.correlator.spendings(NEAR);
        budgets.truncate(BUDGETS_MAX);
        self.looked = Some(now);
        // What was written before a stop says nothing of now: the first look always counts.
        (self.told.as_ref() != Some(&budgets)).then(|| {
            self.told = Some(budgets.clone());
            NearlySpent { at, share: NEAR, budgets }
        })
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
        for (MatchedEvent { event, seen, prepared, .. }, arrival) in batch.events.into_iter().zip(arrivals) {
            if arrival == Arrival::Duplicate {
                out.duplicates += 1;
                continue;
            }
            out.derived.extend(derivations(&event));
            out.seen.extend(seen);
            out.prepared.extend(prepared);
            out.events.push(event);
        }
        if !out.events.is_empty() {
            self.unsaved.add(out.events.len());
        }
        out
    }
}

/// What `event` shows to have been made with what.
fn derivations(event: &Event) -> impl Iterator<Item = Derivation> {
    let at = event.time;
    let derivation = move |Making { with, what, until, acts_as }| Derivation {
        parent: with,
        child: what,
        at,
        until,
        actor: acts_as,
    };
    makings(event).into_iter().map(derivation)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_detect::{Counters, Matcher, RuleFile, Rules, Scratch, Settings};
    use firebreak_model::{EventUid, Json, Keys, LogSource, NodeKey, Text, Time};

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
                MatchedEvent { event: Arc::new(event), matches, seen: Vec::new(), prepared: Vec::new() }
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
}
