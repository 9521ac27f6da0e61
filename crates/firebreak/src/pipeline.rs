//! The three stages joined: match (stateless), correlate (keyed state), respond (single writer).
//!
//! Each stage is a value with one `step` that takes a batch and gives a batch; none of them knows a channel, a file or a
//! clock. This module joins them with bounded channels and a thread each, so that something else can.

pub mod correlating;
pub mod matching;
pub mod responding;
pub mod sessions;
pub mod uses;
pub mod verdicts;

pub use correlating::{CorrelateStage, Correlated};
pub use matching::{MatchStage, Matched};
pub use responding::{RespondStage, Responded};

use firebreak_intake::{Cursor, Quarantined};
use firebreak_model::{Event, Time};
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
/// the order of the batches. The third stage is the caller, who is the single writer.
pub fn start<'scope>(
    scope: &'scope Scope<'scope, '_>,
    incoming: Receiver<Incoming>,
    mut matching: MatchStage,
    mut correlating: CorrelateStage,
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
            if correlated.send(correlating.step(batch)).is_err() {
                return;
            }
        }
    });
    (to_respond, first, second)
}
