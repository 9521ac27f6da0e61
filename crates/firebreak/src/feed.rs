//! Logs of several sources read once, merged in the order of time, as batches for the pipeline.

use crate::pipeline::{Incoming, Luggage};
use firebreak_intake::{Inputs, Merged, Options, Redact, Source};
use firebreak_model::{Event, Time};
use firebreak_world::World;
use std::collections::VecDeque;

/// Events held ready for each source: few, so that they are still in the cache when their turn comes.
const READY: usize = 250;

/// Reads the inputs of several sources in the order of time.
pub struct Feed<'a> {
    lanes: Vec<Lane<'a>>,
    batches: u64,
    newest: Time,
    /// Records read so far, quarantined ones included.
    pub read: u64,
}

struct Lane<'a> {
    merged: Merged<'a>,
    ready: VecDeque<Event>,
    ended: bool,
}

impl<'a> Feed<'a> {
    /// A feed over these sources, each with the files, directories and globs that it wrote.
    pub fn new(
        world: &World,
        sources: &[(&'static dyn Source, Vec<String>)],
        options: Options,
        redact: &'a Redact,
    ) -> Feed<'a> {
        let lane = |(source, patterns): &(&'static dyn Source, Vec<String>)| {
            let inputs = Inputs::open(world, patterns, *source);
            let merged = Merged::new(world, inputs, *source, options, redact);
            Lane { merged, ready: VecDeque::new(), ended: false }
        };
        Feed { lanes: sources.iter().map(lane).collect(), batches: 0, newest: Time::MIN, read: 0 }
    }

    /// The next `max` events in the order of time. The batch that ends the inputs is marked as the last.
    pub fn next_batch(&mut self, max: usize) -> Incoming {
        self.next_slice(max, i64::MAX)
    }

    /// The same, ending also where the next event is `seconds` or more after the first.
    pub fn next_slice(&mut self, max: usize, seconds: i64) -> Incoming {
        self.batches += 1;
        let mut luggage = Luggage { number: self.batches, ..Luggage::default() };
        let mut events = Vec::with_capacity(max);
        while events.len() < max {
            for lane in self.lanes.iter_mut().filter(|lane| lane.ready.is_empty() && !lane.ended) {
                let batch = lane.merged.next_batch(READY);
                lane.ended = batch.is_empty();
                self.read += batch.read;
                lane.ready.extend(batch.events);
                luggage.quarantined.extend(batch.quarantined);
            }
            if self.lanes.iter().any(|lane| lane.ready.is_empty() && !lane.ended) {
                // A stretch of nothing but quarantined records: look further.
                continue;
            }
            let next = self.lanes.iter_mut().filter(|lane| !lane.ready.is_empty());
            let Some(lane) = next.min_by_key(|lane| lane.ready.front().map(|event| event.time)) else {
                luggage.last = true;
                break;
            };
            let first = events.first().map(|event: &Event| event.time.plus_seconds(seconds));
            if first.is_some_and(|end| lane.ready.front().is_some_and(|event| event.time >= end)) {
                break;
            }
            events.extend(lane.ready.pop_front());
        }
        // Only an honest clock moves time on: the batch's newest event may be a stamp from the future.
        self.newest = self.newest.max(events.last().map_or(Time::MIN, |event| event.time));
        luggage.at = self.newest;
        Incoming { luggage, events }
    }
}
