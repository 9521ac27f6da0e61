//! Many inputs one after the other, in batches, each file read once to its end.

use crate::batch::{Batch, Quarantined};
use crate::cursor::{Cursor, FirstBytes, Place};
use crate::file::{FileReader, Progress};
use crate::inputs::{Input, Inputs};
use crate::options::{Options, Redact};
use crate::parse::Parser;
use crate::source::{Refusal, Source};
use firebreak_world::{FileMeta, World};
use sha2::{Digest, Sha256};
use std::io::{self, Read};
use std::sync::Arc;

/// How many first bytes tell one file from another.
const FIRST_BYTES: u64 = 1024;

/// The file that is being read.
struct Open<'a> {
    file: FileReader<'a>,
    /// How it began, with its identity and size. Standard input cannot be looked at twice and has none.
    beginning: Option<Cursor>,
}

/// Reads many inputs.
pub struct Reader<'a> {
    world: World,
    parser: Parser<'a>,
    waiting: std::vec::IntoIter<Input>,
    current: Option<Open<'a>>,
    /// What was wrong with the patterns, and files that could not be opened.
    unreported: Batch,
}

impl<'a> Reader<'a> {
    /// Reads `inputs` in their order.
    pub fn new(world: &World, inputs: Inputs, source: &'a dyn Source, options: Options, redact: &'a Redact) -> Self {
        let mut unreported = Batch::default();
        for problem in inputs.problems {
            unreported.quarantined.push(Quarantined::new(problem, Arc::from(&[][..])));
            unreported.read += 1;
        }
        let parser = Parser { source, options, redact, received: world.clock.now() };
        Reader { world: world.clone(), parser, waiting: inputs.files.into_iter(), current: None, unreported }
    }

    /// Reads `bytes`, which the operator knows as `name`: plain or compressed, one record or many.
    pub fn of_bytes(
        world: &World,
        name: &str,
        bytes: impl AsRef<[u8]> + Send + 'static,
        source: &'a dyn Source,
        options: Options,
        redact: &'a Redact,
    ) -> Self {
        let mut reader = Reader::new(world, Inputs::default(), source, options, redact);
        match FileReader::of_bytes(reader.parser, name, bytes) {
            Ok(file) => reader.current = Some(Open { file, beginning: None }),
            Err(error) => {
                let input = Input { path: name.into(), name: name.to_owned() };
                refuse(&reader.parser, &input, &error, &mut reader.unreported);
            }
        }
        reader
    }

    /// The next records: at least `max`, unless the inputs end; a record that holds several events is not divided.
    /// Empty at the end.
    pub fn next_batch(&mut self, max: usize) -> Batch {
        let mut batch = std::mem::take(&mut self.unreported);
        while batch.read < max as u64 {
            let Some(mut open) = self.current.take().or_else(|| self.open_next(&mut batch)) else { break };
            let done = loop {
                match open.file.read_record(&mut batch) {
                    Progress::Record if batch.read < max as u64 => {}
                    Progress::Record => break false,
                    Progress::Finished | Progress::Waiting => break true,
                }
            };
            batch.cursors.extend(open.beginning.clone().map(|beginning| Cursor {
                place: open.file.place(),
                done,
                ..beginning
            }));
            if !done {
                self.current = Some(open);
            }
        }
        batch
    }

    fn open_next(&mut self, batch: &mut Batch) -> Option<Open<'a>> {
        for input in self.waiting.by_ref() {
            match FileReader::resume(&self.world, &input, self.parser, Place::default(), true) {
                Ok(file) => {
                    let beginning = (input.name != "-").then(|| beginning(&self.world, &input).ok()).flatten();
                    return Some(Open { file, beginning });
                }
                Err(error) => refuse(&self.parser, &input, &error, batch),
            }
        }
        None
    }
}

/// Counts an input that cannot be opened.
pub(crate) fn refuse(parser: &Parser<'_>, input: &Input, error: &io::Error, batch: &mut Batch) {
    let refusal = Refusal::new(format!("cannot be opened: {error}"), "check the path and who may read it");
    parser.quarantine(refusal, Arc::from(&[][..]), &input.name, Place::default(), batch);
}

/// The cursor of `input` before anything was read.
fn beginning(world: &World, input: &Input) -> io::Result<Cursor> {
    let meta = world.disk.meta(&input.path)?;
    let fingerprint = first_bytes(world, &meta, FIRST_BYTES)?;
    let path = input.name.clone();
    Ok(Cursor { path, identity: meta.identity, size: meta.size, fingerprint, ..Cursor::default() })
}

/// The digest of the first bytes of a file, at most `limit`.
pub(crate) fn first_bytes(world: &World, meta: &FileMeta, limit: u64) -> io::Result<FirstBytes> {
    let mut bytes = Vec::new();
    world.disk.open(&meta.path, 0)?.take(limit.min(FIRST_BYTES)).read_to_end(&mut bytes)?;
    let sha256 = hex::encode(Sha256::digest(&bytes));
    Ok(FirstBytes { length: bytes.len() as u64, sha256 })
}

/// Everything that `patterns` mean, at once.
pub fn read_all(world: &World, patterns: &[String], source: &dyn Source, options: Options, redact: &Redact) -> Batch {
    Reader::new(world, Inputs::open(world, patterns, source), source, options, redact).next_batch(usize::MAX)
}

/// Everything that [`Reader::of_bytes`] reads, at once.
pub fn read_bytes(
    world: &World,
    name: &str,
    bytes: &[u8],
    source: &dyn Source,
    options: Options,
    redact: &Redact,
) -> Batch {
    Reader::of_bytes(world, name, bytes.to_vec(), source, options, redact).next_batch(usize::MAX)
}
