//! Files that grow: polled, and read from where the last committed cursor stands, every record exactly once.
//!
//! A file is followed by its identity on the disk and its first bytes, so that rotation by renaming goes on in the
//! renamed file, and a file cut short or written anew is read from its beginning. What was compressed after it had been
//! read is read again: its records have the same uids, and the stage behind drops them.

use crate::batch::Batch;
use crate::cursor::Cursor;
use crate::file::{FileReader, Progress};
use crate::inputs::{Input, Inputs};
use crate::options::{Options, Redact};
use crate::parse::Parser;
use crate::reader::{first_bytes, refuse};
use crate::source::Source;
use firebreak_world::{FileMeta, World};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A file that is open between two records.
struct Interrupted<'a> {
    path: String,
    file: FileReader<'a>,
    /// Its size when it was opened: what was added since may not be seen through this reader.
    size: u64,
}

/// Follows the files that some patterns mean.
pub struct Watcher<'a> {
    world: World,
    parser: Parser<'a>,
    patterns: Vec<String>,
    cursors: BTreeMap<String, Cursor>,
    /// Files that end inside a record: their size and for how many polls it has stood.
    idle: BTreeMap<String, (u64, u32)>,
    /// A file whose reading was interrupted by the end of a batch.
    current: Option<Interrupted<'a>>,
    /// Inputs that could not be read, each reported once.
    reported: BTreeSet<String>,
}

impl<'a> Watcher<'a> {
    /// Goes on where `cursors` stand: those of the last batch that was committed, one for each path.
    pub fn new(
        world: &World,
        source: &'a dyn Source,
        patterns: Vec<String>,
        cursors: Vec<Cursor>,
        options: Options,
        redact: &'a Redact,
    ) -> Watcher<'a> {
        let cursors = cursors.into_iter().map(|cursor| (cursor.path.clone(), cursor)).collect();
        let parser = Parser { source, options, redact, received: world.clock.now() };
        Watcher {
            world: world.clone(),
            parser,
            patterns,
            cursors,
            idle: BTreeMap::new(),
            current: None,
            reported: BTreeSet::new(),
        }
    }

    /// All cursors, as after the last poll.
    pub fn cursors(&self) -> impl Iterator<Item = &Cursor> {
        self.cursors.values()
    }

    /// What is new, about `max` records of it. Empty where nothing is.
    pub fn poll(&mut self, max: usize) -> Batch {
        self.parser.received = self.world.clock.now();
        let mut batch = Batch::default();
        let inputs = Inputs::open(&self.world, &self.patterns, self.parser.source);
        // A pattern that means nothing yet is no fault here: its files may come.
        let found: Vec<(Input, FileMeta)> = inputs
            .files
            .into_iter()
            .filter_map(|input| {
                let meta = self.world.disk.meta(&input.path).ok()?;
                Some((input, meta))
            })
            .collect();
        self.follow_renames(&found, &mut batch);
        for (input, meta) in &found {
            if batch.read >= max as u64 {
                break;
            }
            if let Err(error) = self.read(input, meta, max, &mut batch) {
                self.report(input, &error, &mut batch);
            }
        }
        batch
    }

    fn report(&mut self, input: &Input, error: &io::Error, batch: &mut Batch) {
        if self.reported.insert(input.name.clone()) {
            refuse(&self.parser, input, error, batch);
        }
    }

    /// A file whose path changed keeps its cursor.
    fn follow_renames(&mut self, found: &[(Input, FileMeta)], batch: &mut Batch) {
        let here: BTreeMap<&str, &FileMeta> = found.iter().map(|(input, meta)| (input.name.as_str(), meta)).collect();
        let lost: Vec<Cursor> = self
            .cursors
            .values()
            .filter(|cursor| cursor.identity != 0)
            .filter(|cursor| here.get(cursor.path.as_str()).is_none_or(|meta| meta.identity != cursor.identity))
            .cloned()
            .collect();
        let moved: Vec<(Cursor, &str)> = lost
            .into_iter()
            .filter_map(|cursor| {
                let (input, _) = found.iter().find(|(input, meta)| {
                    meta.identity == cursor.identity
                        && meta.size >= cursor.size
                        && self.cursors.get(&input.name).is_none_or(|known| known.identity != meta.identity)
                        && self.begins_alike(meta, &cursor)
                })?;
                Some((cursor, input.name.as_str()))
            })
            .collect();
        // All old paths first: one rotation renames a whole row of files, each to the path of the one before it.
        for (cursor, _) in &moved {
            self.forget(&cursor.path);
            // Also where another file has taken the path: it may be renamed as well before it is read for the first time.
            batch.moved.push(cursor.path.clone());
        }
        for (cursor, path) in moved {
            let cursor = Cursor { path: path.to_owned(), ..cursor };
            batch.cursors.push(cursor.clone());
            self.cursors.insert(cursor.path.clone(), cursor);
        }
    }

    fn forget(&mut self, path: &str) {
        self.cursors.remove(path);
        self.idle.remove(path);
        if self.current.as_ref().is_some_and(|current| current.path == path) {
            self.current = None;
        }
    }

    fn begins_alike(&self, meta: &FileMeta, cursor: &Cursor) -> bool {
        first_bytes(&self.world, meta, cursor.fingerprint.length).is_ok_and(|now| now == cursor.fingerprint)
    }

    /// Reads what is new in one file.
    fn read(&mut self, input: &Input, meta: &FileMeta, max: usize, batch: &mut Batch) -> io::Result<()> {
        let known = self.cursors.get(&input.name).cloned();
        if known
            .as_ref()
            .is_some_and(|cursor| cursor.done && cursor.size == meta.size && cursor.identity == meta.identity)
        {
            return Ok(());
        }
        let known = known.filter(|cursor| {
            cursor.identity == meta.identity && cursor.size <= meta.size && self.begins_alike(meta, cursor)
        });
        let polls = match self.idle.get(&input.name) {
            Some((size, polls)) if *size == meta.size && known.is_some() => *polls + 1,
            _ => 0,
        };
        let closed = polls >= self.parser.options.idle_polls.max(1);
        if polls > 0 && !closed {
            self.idle.insert(input.name.clone(), (meta.size, polls));
            return Ok(());
        }
        let place = known.map(|cursor| cursor.place).unwrap_or_default();
        let interrupted = self.current.take_if(|current| current.path == input.name);
        let (mut file, size) = match interrupted.filter(|current| current.file.place() == place && !closed) {
            Some(Interrupted { file, size, .. }) => (file, size),
            None => match FileReader::resume(&self.world, input, self.parser, place, closed) {
                // It was renamed a moment ago: the next poll finds it where it is now.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                file => (file?, meta.size),
            },
        };
        let mut own = Batch::default();
        let progress = loop {
            match file.read_record(&mut own) {
                Progress::Record if batch.read + own.read < max as u64 => {}
                other => break other,
            }
        };
        let meta = FileMeta { size, ..meta.clone() };
        let fingerprint = match first_bytes(&self.world, &meta, meta.size) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            fingerprint => fingerprint?,
        };
        // The path may have come to name another file while it was read. Then nothing of this counts: neither which file
        // was read is certain, nor whose first bytes these are.
        if !self.world.disk.meta(&input.path).is_ok_and(|now| now.identity == meta.identity) {
            return Ok(());
        }
        batch.append(own);
        let cursor = Cursor {
            path: input.name.clone(),
            identity: meta.identity,
            // The size was taken before reading. What was added meanwhile makes the size differ at the next poll.
            size: meta.size,
            fingerprint,
            place: file.place(),
            done: progress == Progress::Finished,
        };
        self.leave(cursor, file, progress, batch);
        Ok(())
    }

    /// Notes how far a file was read.
    fn leave(&mut self, cursor: Cursor, file: FileReader<'a>, progress: Progress, batch: &mut Batch) {
        self.reported.remove(&cursor.path);
        self.idle.remove(&cursor.path);
        match progress {
            Progress::Record => {
                self.current = Some(Interrupted { path: cursor.path.clone(), file, size: cursor.size });
            }
            Progress::Finished => {}
            Progress::Waiting => {
                self.idle.insert(cursor.path.clone(), (cursor.size, 0));
            }
        }
        if self.cursors.get(&cursor.path) != Some(&cursor) {
            batch.cursors.retain(|known| known.path != cursor.path);
            batch.cursors.push(cursor.clone());
            self.cursors.insert(cursor.path.clone(), cursor);
        }
    }
}
