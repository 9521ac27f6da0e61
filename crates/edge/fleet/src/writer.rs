//! The one who writes: adds segments, and swaps merged ones in.

use crate::manifest::{self, Listed, Manifest};
use crate::{StoreError, View};
use firebreak_fleet::{Builder, Damaged, Segment, Sink, Statement, merge, merge_since};
use firebreak_model::{Interval, Time};
use firebreak_world::World;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// So many rows are one segment; a larger batch becomes several.
const ROWS_MAX: usize = 4_000_000;
/// So many segments of about one size are merged.
const ALIKE: usize = 4;
/// Segments below this are of about one size, in bytes.
const SMALL: u64 = 1 << 16;

/// Writes to a fleet's directory. There is one at a time.
pub struct Writer {
    world: World,
    directory: PathBuf,
    listed: Vec<Listed>,
    since: Option<Time>,
    next: u64,
}

/// Segments that are to be merged, and what becomes of them.
#[derive(Clone, Debug)]
pub struct Compaction {
    directory: PathBuf,
    of: Vec<Listed>,
    into: u64,
    since: Option<Time>,
}

/// A merge that is done, and not yet swapped in.
#[derive(Debug)]
pub struct Compacted {
    of: BTreeSet<u64>,
    into: Listed,
    since: Option<Time>,
}

impl Writer {
    /// Opens the fleet in `directory`, or begins one, and removes files that nothing names: what a kill left behind.
    ///
    /// # Errors
    /// If the disk refuses or the manifest is damaged.
    pub fn open(world: &World, directory: &Path) -> Result<Writer, StoreError> {
        let disk = world.disk.as_ref();
        disk.make_directory(directory).map_err(StoreError::disk(directory))?;
        let Manifest { since, listed } = manifest::read(disk, directory)?;
        let kept: BTreeSet<PathBuf> = listed.iter().map(|one| one.file(directory)).collect();
        let mut next = listed.iter().map(|one| one.number + 1).max().unwrap_or(1);
        for file in disk.list(directory).map_err(StoreError::disk(directory))? {
            let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let ours = name.starts_with("segment-") || name == format!("{}.part", manifest::NAME);
            if !ours || kept.contains(&file.path) {
                continue;
            }
            // Someone may have it mapped still: no number is given twice.
            let number = name.trim_start_matches("segment-").split('.').next().and_then(|number| number.parse().ok());
            next = number.map_or(next, |number: u64| next.max(number.saturating_add(1)));
            disk.remove(&file.path).map_err(StoreError::disk(&file.path))?;
        }
        Ok(Writer { world: world.clone(), directory: directory.to_path_buf(), listed, since, next })
    }

    /// Adds what was learnt at `known`. When it returns, all of it is on the disk; killed before, none of it counts that was
    /// not swapped in. Saying it again is harmless.
    ///
    /// # Errors
    /// If the disk refuses, or a batch has no room in the format.
    pub fn add(&mut self, statements: impl IntoIterator<Item = Statement>, known: Time) -> Result<(), StoreError> {
        let (mut builder, mut fresh) = (Builder::new(), self.listed.clone());
        for statement in statements {
            builder.add(&statement);
            if builder.len() >= ROWS_MAX {
                fresh.push(self.segment(std::mem::take(&mut builder), known)?);
            }
        }
        if !builder.is_empty() {
            fresh.push(self.segment(builder, known)?);
        }
        if fresh.len() > self.listed.len() {
            self.count(fresh, self.since)?;
        }
        Ok(())
    }

    /// Makes these the segments that count.
    fn count(&mut self, listed: Vec<Listed>, since: Option<Time>) -> Result<(), StoreError> {
        let manifest = Manifest { since, listed };
        manifest::write(self.world.disk.as_ref(), &self.directory, &manifest)?;
        (self.listed, self.since) = (manifest.listed, since);
        Ok(())
    }

    fn segment(&mut self, builder: Builder, known: Time) -> Result<Listed, StoreError> {
        let number = self.next;
        self.next += 1;
        let learnt = Interval { from: known, to: known };
        write(&self.world, &self.directory, number, |sink| builder.finish(learnt, sink))
    }

    /// What should be merged now, if anything: the latest segments of about one size, so that each row is merged a few times
    /// in all. A merged segment keeps only from when to when its statements were learnt.
    pub fn due(&mut self) -> Option<Compaction> {
        let class = |one: &Listed| one.bytes.max(SMALL).ilog(ALIKE as u64);
        let last = self.listed.last().map(class)?;
        let of: Vec<Listed> = self.listed.iter().rev().take_while(|one| class(one) <= last).copied().collect();
        (of.len() >= ALIKE).then(|| self.compaction(of, None))
    }

    /// All segments into one.
    pub fn everything(&mut self) -> Option<Compaction> {
        (self.listed.len() > 1).then(|| self.compaction(self.listed.clone(), None))
    }

    /// Since when is kept; `None` where nothing was forgotten.
    pub fn since(&self) -> Option<Time> {
        self.since
    }

    /// All segments into one, without what had ended at `since` or before. `None` where nothing is kept, or that was forgotten
    /// already. From the swap on no question that reaches before `since` is answered with no.
    pub fn forgetting(&mut self, since: Time) -> Option<Compaction> {
        let fresh = self.since.is_none_or(|kept| kept < since) && !self.listed.is_empty();
        fresh.then(|| self.compaction(self.listed.clone(), Some(since)))
    }

    fn compaction(&mut self, of: Vec<Listed>, since: Option<Time>) -> Compaction {
        let into = self.next;
        self.next += 1;
        Compaction { directory: self.directory.clone(), of, into, since }
    }

    /// Swaps a merged segment in for those that it was made of, and removes them.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn swap(&mut self, done: Compacted) -> Result<(), StoreError> {
        let (old, mut fresh): (Vec<Listed>, Vec<Listed>) =
            self.listed.iter().partition(|one| done.of.contains(&one.number));
        // What came meanwhile stays behind it: sizes fall from the oldest to the latest.
        let place = self.listed.iter().position(|one| done.of.contains(&one.number)).unwrap_or(0);
        fresh.insert(place.min(fresh.len()), done.into);
        self.count(fresh, self.since.max(done.since))?;
        for one in old {
            let path = one.file(&self.directory);
            self.world.disk.remove(&path).map_err(StoreError::disk(&path))?;
        }
        Ok(())
    }

    /// Merges whatever is due, here and now.
    ///
    /// # Errors
    /// If the disk refuses or a segment is damaged.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        while let Some(compaction) = self.due() {
            let done = compaction.run(&self.world)?;
            self.swap(done)?;
        }
        Ok(())
    }

    /// What counts now.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn view(&self) -> Result<View, StoreError> {
        View::open(&self.world, &self.directory)
    }
}

impl Compaction {
    /// Merges, beside whatever else goes on.
    ///
    /// # Errors
    /// If the disk refuses or a segment is damaged.
    pub fn run(&self, world: &World) -> Result<Compacted, StoreError> {
        let mut mapped = Vec::new();
        for one in &self.of {
            let path = one.file(&self.directory);
            mapped.push((world.disk.map(&path).map_err(StoreError::disk(&path))?, path));
        }
        let mut segments = Vec::new();
        for (bytes, path) in &mapped {
            let damaged = |fault| StoreError::Damaged { path: path.clone(), fault };
            segments.push(Segment::open(bytes).map_err(damaged)?);
        }
        let into = write(world, &self.directory, self.into, |sink| match self.since {
            Some(since) => merge_since(&segments, since, sink),
            None => merge(&segments, sink),
        })?;
        Ok(Compacted { of: self.of.iter().map(|one| one.number).collect(), into, since: self.since })
    }
}

/// Hands a segment's bytes to a file, and remembers what went wrong.
struct ToFile<'w> {
    file: &'w mut dyn Write,
    bytes: u64,
    failed: io::Result<()>,
}

impl Sink for ToFile<'_> {
    fn put(&mut self, bytes: &[u8]) {
        if self.failed.is_ok() {
            self.failed = self.file.write_all(bytes);
            self.bytes += bytes.len() as u64;
        }
    }
}

fn write(
    world: &World,
    directory: &Path,
    number: u64,
    fill: impl FnOnce(&mut dyn Sink) -> Result<(), Damaged>,
) -> Result<Listed, StoreError> {
    let path = manifest::file(directory, number);
    let (mut fill, mut bytes, mut fault) = (Some(fill), 0, None);
    let written = world.disk.write_with(&path, &mut |file| {
        let mut sink = ToFile { file, bytes: 0, failed: Ok(()) };
        if let Some(Err(damaged)) = fill.take().map(|fill| fill(&mut sink)) {
            fault = Some(damaged);
            return Err(io::Error::other(damaged));
        }
        bytes = sink.bytes;
        sink.failed
    });
    match (written, fault) {
        (Ok(()), _) => Ok(Listed { number, bytes }),
        (Err(_), Some(fault)) => Err(StoreError::TooLarge(fault)),
        (Err(source), None) => Err(StoreError::Disk { path, source }),
    }
}
