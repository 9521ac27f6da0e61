//! Shards in threads, and how long the busiest of the threads worked.

use crate::machine::cpu;
use firebreak_detect::{Shard, Turns, Workers};
use std::cell::Cell;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Each shard in a thread of its own.
#[derive(Default)]
pub(crate) struct Threads {
    /// The CPU time of the busiest shard.
    pub(crate) busiest: Cell<Duration>,
}

impl Workers for Threads {
    fn work<'s>(&self, shards: Vec<Shard<'s>>, feed: &mut dyn FnMut() -> Option<Turns>) -> Vec<Shard<'s>> {
        let worked: Vec<(Shard<'s>, Duration)> = std::thread::scope(|scope| {
            let start = |shard| {
                let (give, take) = channel();
                (give, scope.spawn(move || worked(shard, &take)))
            };
            let (givers, threads): (Vec<_>, Vec<_>) = shards.into_iter().map(start).unzip();
            while let Some(turns) = feed() {
                givers.iter().for_each(|give| give.send(turns.clone()).expect("it listens"));
            }
            drop(givers);
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let busiest = worked.iter().map(|(_, spent)| *spent).max().unwrap_or_default();
        self.busiest.set(self.busiest.get() + busiest);
        worked.into_iter().map(|(shard, _)| shard).collect()
    }
}

fn worked<'s>(mut shard: Shard<'s>, turns: &Receiver<Turns>) -> (Shard<'s>, Duration) {
    turns.iter().for_each(|turns| shard.take(&turns));
    (shard, cpu())
}
