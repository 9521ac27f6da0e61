//! The three stages joined: match (stateless), correlate (keyed state), respond (single writer).
//!
//! Each stage is a value with one `step` that takes a batch and gives a batch; none of them knows a channel, a file or a
//! clock. This module joins them with bounded channels and a thread each, so that something else can. Only the
//! shards of the second stage have further threads, and only while it takes a large batch.

pub mod correlating;
pub mod matching;
pub mod preparing;
pub mod responding;
pub mod sessions;
mod threads;
pub mod uses;
pub mod verdicts;

pub use correlating::{CorrelateStage, Correlated, NearlySpent};
pub use matching::{MatchStage, Matched};
pub use responding::{RespondStage, Responded};

use firebreak_intake::{Cursor, Quarantined};
use firebreak_model::{Catalogue, Event, Time};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// Batches that may wait between two stages.
const WAITING_BATCHES: usize = 2;

/// What travels with a batch from the inputs to the disk, untouched by the stages.
#[derive(Debug, Default)]
pub struct Luggage {
    /// The batch's number, from 1; 0 for one that carries nothing and only lets time pass.
    pub number: u64,
    /// When it arrived: the clock's time, or in a replay the newest event's.
    pub at: Time,
    /// Records put aside.
    pub quarantined: Vec<Quarantined>,
    /// (source, cursor) of each input that was touched.
    pub cursors: Vec<(&'static str, Cursor)>,
    /// (source, path) of cursors to forget.
    pub moved: Vec<(&'static str, String)>,
    /// Sources that have caught up with what lay in their inputs at the start: time waits for them no longer.
    pub caught_up: Vec<&'static str>,
    /// Whether the inputs have ended, so that nothing needs to be waited for.
    pub last: bool,
}

/// What intake hands to the first stage.
#[derive(Debug, Default)]
pub struct Incoming {
    /// What travels along.
    pub luggage: Luggage,
    /// The events.
    pub events: Vec<Event>,
}

/// Starts the first two stages on threads of `scope`, fed by `incoming`; what they give comes out of the receiver in
/// the order of the batches. The third stage is the caller, who is the single writer and may send another catalogue.
pub fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    incoming: Receiver<Incoming>,
    mut matching: MatchStage,
    mut correlating: CorrelateStage,
    catalogues: Option<Receiver<Arc<Catalogue>>>,
) -> (Receiver<Correlated>, ScopedJoinHandle<'scope, ()>, ScopedJoinHandle<'scope, ()>) {
    let (matched, to_correlate) = sync_channel(WAITING_BATCHES);
    let (correlated, to_respond) = sync_channel(WAITING_BATCHES);
    // A stage ends when its input ends or nobody listens any more.
    let first = scope.spawn(move || {
        while let Ok(batch) = incoming.recv() {
            if matched.send(matching.step(batch)).is_err() {
                return;
            }
        }
    });
    let second = scope.spawn(move || {
        while let Ok(batch) = to_correlate.recv() {
            if let Some(newest) = catalogues.as_ref().and_then(|catalogues| catalogues.try_iter().last()) {
                correlating.set_catalogue(newest);
            }
            if correlated.send(correlating.step(batch)).is_err() {
                return;
            }
        }
    });
    (to_respond, first, second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_detect::{Correlator, Rules, Settings};
    use firebreak_model::{
        DataClass, EdgeFact, EdgeKind, EventUid, Fact, Holding, Interval, Json, Keys, LogSource, NodeKey, Text,
    };

    /// Someone reads a thousand records of the payroll, at so many seconds.
    fn theft(at: i64) -> Event {
        let keys = Keys {
            actor: Some(NodeKey::identity("aws", "role/etl")),
            target: Some(NodeKey::resource("aws", "payroll")),
            records: Some(1_000),
            ..Keys::default()
        };
        Event {
            uid: EventUid(at as u128),
            source: "aws_cloudtrail",
            native_id: Text::default(),
            time: Time::from_seconds(at),
            log_source: LogSource { product: "aws", service: "cloudtrail" },
            keys,
            body: Json::default(),
            raw: Arc::from(&b"{}"[..]),
        }
    }

    fn catalogue() -> Catalogue {
        let class = DataClass::new("ssn");
        let (from, to) = (NodeKey::resource("aws", "payroll"), NodeKey::data_class(&class));
        let mut edge = EdgeFact::new(EdgeKind::Holds, from, to, Interval::ALWAYS, Time(0), "inventory");
        edge.holding = Some(Holding { class, residency: Text::new("US-CA"), records: 40_000, bytes: None });
        Catalogue::of(&[Fact::Edge(edge)])
    }

    #[test]
    fn a_catalogue_that_comes_while_the_stages_run_counts_from_then_on() {
        let rules = Arc::new(Rules::default());
        let settings = Settings { learning_seconds: 0, floor_records: 10, ..Settings::default() };
        let correlator = Correlator::new(Arc::clone(&rules), Arc::default(), settings);
        std::thread::scope(|scope| {
            let (feed, incoming) = sync_channel(1);
            let (catalogues, received) = std::sync::mpsc::channel();
            let stages = (MatchStage::new(rules), CorrelateStage::replaying(correlator));
            let (out, ..) = start(scope, incoming, stages.0, stages.1, Some(received));
            let classes = |at: i64| {
                feed.send(Incoming { luggage: Luggage::default(), events: vec![theft(at)] }).expect("they listen");
                feed.send(Incoming { luggage: Luggage { last: true, ..Luggage::default() }, events: Vec::new() })
                    .expect("they listen");
                let found = [out.recv().expect("they answer"), out.recv().expect("they answer")];
                let findings = found.into_iter().flat_map(|batch| batch.findings);
                findings.filter_map(|finding| finding.class).collect::<Vec<_>>()
            };
            assert_eq!(classes(0), []);
            catalogues.send(Arc::new(catalogue())).expect("they listen");
            let known = classes(100_000);
            assert!(!known.is_empty() && known.iter().all(|class| class.word() == "ssn"), "{known:?}");
            drop(feed);
        });
    }
}
