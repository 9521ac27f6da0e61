//! The second stage: drops what arrived before, keeps counts, orders and habits, raises findings, and notes which
//! credentials were made with which. Keyed state, one writer.

use super::{Luggage, Matched};
use firebreak_contain::derived::Derivation;
use firebreak_detect::{Correlator, Observed};
use firebreak_exposure::Seen;
use firebreak_model::{Event, EventUid, Finding, NodeKind};
use sonic_rs::JsonValueTrait;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// How many uids are remembered to recognise what arrives twice: 32 MB.
const REMEMBERED_UIDS: usize = 1 << 20;

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
    /// The stage's memory after this batch, where it is kept.
    pub memory: Option<Vec<u8>>,
}

/// The uids that arrived last.
#[derive(Debug, Default)]
struct Recent {
    known: HashSet<EventUid>,
    order: VecDeque<EventUid>,
}

impl Recent {
    /// Whether `uid` is new.
    fn add(&mut self, uid: EventUid) -> bool {
        if !self.known.insert(uid) {
            return false;
        }
        self.order.push_back(uid);
        if self.order.len() > REMEMBERED_UIDS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// The second stage.
pub struct CorrelateStage {
    correlator: Correlator,
    recent: Recent,
    /// Whether the clock tells the time while nothing arrives and the memory is kept, as in live use and not in a
    /// replay.
    live: bool,
}

impl CorrelateStage {
    /// A stage for a replay: time is what the events say, and nothing is saved.
    pub fn replaying(correlator: Correlator) -> CorrelateStage {
        CorrelateStage { correlator, recent: Recent::default(), live: false }
    }

    /// A stage for live use: the clock moves time on, and every batch with events carries the memory after it.
    pub fn live(correlator: Correlator) -> CorrelateStage {
        CorrelateStage { live: true, ..CorrelateStage::replaying(correlator) }
    }

    /// Remembers events that are in the lake already.
    pub fn remember(&mut self, uid: EventUid) {
        self.recent.add(uid);
    }

    /// Takes one batch.
    pub fn step(&mut self, batch: Matched) -> Correlated {
        let last = batch.luggage.last;
        let mut out = Correlated { luggage: batch.luggage, ..Correlated::default() };
        for matched in batch.events {
            if !self.recent.add(matched.event.uid) {
                out.duplicates += 1;
                continue;
            }
            out.derived.extend(derivation(&matched.event));
            out.seen.extend(matched.seen);
            out.events.push(Arc::clone(&matched.event));
            out.findings.extend(self.correlator.observe(Observed { event: matched.event, matches: matched.matches }));
        }
        if last {
            out.findings.extend(self.correlator.close());
        } else if self.live && out.events.is_empty() {
            // Only where the inputs have nothing to say does the clock: while a backlog is read, time is the events'.
            out.findings.extend(self.correlator.advance(out.luggage.at));
        }
        out.late = self.correlator.counters().late;
        if self.live && !out.events.is_empty() {
            out.memory = Some(self.correlator.snapshot());
        }
        out
    }
}

/// The credential that `event` made, if it made one and says with what.
fn derivation(event: &Event) -> Option<Derivation> {
    let keys = &event.keys;
    let (parent, child) = (keys.credential.clone()?, keys.minted.clone()?);
    let session = child.name().starts_with("ASIA");
    let stated = event.body.get("requestParameters").and_then(|parameters| parameters.get("durationSeconds"));
    let seconds = stated.and_then(|seconds| seconds.as_i64()).unwrap_or(SESSION_SECONDS_MAX);
    let becomes = keys.target.clone().filter(|target| target.kind() == NodeKind::Identity);
    Some(Derivation {
        parent,
        child,
        at: event.time,
        until: session.then(|| event.time.plus_seconds(seconds.clamp(0, 36 * 3_600))),
        actor: becomes.or_else(|| keys.actor.clone()),
    })
}
