//! Many inputs at once, in the order of time: a k-way merge that opens a file only when its turn comes.
//!
//! The order is exact where each file is in order itself. Platforms do not promise that: what is out of order inside a
//! file stays so, and detection allows for it.

use crate::batch::{Batch, Quarantined};
use crate::file::FileReader;
use crate::inputs::{Input, Inputs};
use crate::options::{Options, Redact};
use crate::reader::{Reader, refuse};
use crate::source::Source;
use firebreak_model::Time;
use firebreak_world::World;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Reads many inputs in the order of time.
pub struct Merged<'a> {
    world: World,
    source: &'a dyn Source,
    options: Options,
    redact: &'a Redact,
    /// Files not open yet, the one with the earliest first event last. A file without events comes first of all.
    sleeping: Vec<(Option<Time>, Input)>,
    open: Vec<Option<FileReader<'a>>>,
    /// The time of the next event of each open file.
    next: BinaryHeap<Reverse<(Time, usize)>>,
    unreported: Batch,
}

impl<'a> Merged<'a> {
    /// Looks at the first event of every input, and opens none for good yet.
    pub fn new(world: &World, inputs: Inputs, source: &'a dyn Source, options: Options, redact: &'a Redact) -> Self {
        let (files, problems) = (inputs.files.clone(), inputs.problems);
        let mut sleeping: Vec<(Option<Time>, Input)> = files
            .into_iter()
            .map(|input| {
                // Standard input cannot be read twice: it counts as beginning first.
                let again = input.name != "-";
                let file = again.then(|| FileReader::open(world, &input, source, options, redact).ok()).flatten();
                (file.and_then(|mut file| file.peek_time()), input)
            })
            .collect();
        sleeping.sort_by(|a, b| b.cmp(a));
        let none = Inputs { problems, ..Inputs::default() };
        let unreported = Reader::new(world, none, source, options, redact).next_batch(usize::MAX);
        let (open, next) = (Vec::new(), BinaryHeap::new());
        Merged { world: world.clone(), source, options, redact, sleeping, open, next, unreported }
    }

    /// The next records in the order of time: `max` of them, unless the inputs end. Empty at the end.
    pub fn next_batch(&mut self, max: usize) -> Batch {
        let mut batch = std::mem::take(&mut self.unreported);
        while batch.read < max as u64 {
            self.wake(&mut batch);
            let Some(Reverse((_, slot))) = self.next.pop() else {
                if self.sleeping.is_empty() {
                    break;
                }
                continue;
            };
            self.take_one(slot, &mut batch);
        }
        batch
    }

    /// Opens every file whose first event may be the next of all.
    fn wake(&mut self, batch: &mut Batch) {
        while let Some((first, input)) = self.sleeping.last() {
            let due = match (self.next.peek(), first) {
                (None, _) | (_, None) => true,
                (Some(Reverse((next, _))), Some(first)) => first <= next,
            };
            if !due {
                return;
            }
            match FileReader::open(&self.world, input, self.source, self.options, self.redact) {
                Ok(file) => self.admit(file, batch),
                Err(error) => {
                    let parser = crate::parse::Parser {
                        source: self.source,
                        options: self.options,
                        redact: self.redact,
                        received: self.world.clock.now(),
                    };
                    refuse(&parser, input, &error, batch);
                }
            }
            self.sleeping.pop();
        }
    }

    fn admit(&mut self, mut file: FileReader<'a>, batch: &mut Batch) {
        if let Some(time) = file.peek_time() {
            self.next.push(Reverse((time, self.open.len())));
            self.open.push(Some(file));
        } else {
            file.for_each(|item| count(item, batch));
        }
    }

    /// Takes everything up to the next event of one file, and puts the file back in line.
    fn take_one(&mut self, slot: usize, batch: &mut Batch) {
        let Some(place) = self.open.get_mut(slot) else { return };
        let Some(mut file) = place.take() else { return };
        for item in file.by_ref() {
            let event = item.is_ok();
            count(item, batch);
            if event {
                break;
            }
        }
        if let Some(time) = file.peek_time() {
            self.next.push(Reverse((time, slot)));
            *place = Some(file);
        } else {
            file.for_each(|item| count(item, batch));
        }
    }
}

fn count(item: Result<firebreak_model::Event, Quarantined>, batch: &mut Batch) {
    batch.read += 1;
    match item {
        Ok(event) => batch.events.push(event),
        Err(quarantined) => batch.quarantined.push(quarantined),
    }
}
