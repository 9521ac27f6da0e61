//! Threads for the shards of the correlate stage: the core says what each shard does, the program where.

use firebreak_detect::{Shard, Turns, Workers};
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::scope;

/// Each shard in a thread of its own, while this thread lets further events in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Threads;

impl Workers for Threads {
    fn work<'s>(&self, shards: Vec<Shard<'s>>, feed: &mut dyn FnMut() -> Option<Turns>) -> Vec<Shard<'s>> {
        scope(|scope| {
            let start = |shard| {
                let (give, take) = channel();
                (give, scope.spawn(move || worked(shard, &take)))
            };
            let (givers, threads): (Vec<Sender<Turns>>, Vec<_>) = shards.into_iter().map(start).unzip();
            while let Some(turns) = feed() {
                // Whoever no longer listens has panicked, and is asked below.
                givers.iter().for_each(|give| drop(give.send(turns.clone())));
            }
            drop(givers);
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
        })
    }
}

fn worked<'s>(mut shard: Shard<'s>, turns: &Receiver<Turns>) -> Shard<'s> {
    turns.iter().for_each(|turns| shard.take(&turns));
    shard
}
