//! A scan of one store: what is new or changed is read, up to a budget; the rest is remembered.

use crate::answer::{Scan, answer};
use crate::key::Key;
use crate::letters::Letters;
use crate::sample::sample;
use crate::state::State;
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use firebreak_classify::Classes;
use firebreak_document::Limits;
use firebreak_model::Fingerprinter;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

/// What a piece counts at least, where it is reckoned how much would be read again: asking for it costs more than its bytes.
const PIECE_BYTES: u64 = 4 << 10;

/// What is read, and how much of it.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Bytes of pieces that the sample may have, those that are remembered included.
    pub budget: u64,
    /// Pieces that are listed.
    pub pieces: usize,
    /// Bytes that are read between two savings of the state; a piece counts as 4 KiB at least.
    pub save_every: u64,
    /// Bytes that are read in a second at most: so long is waited after each reading.
    pub rate: Option<u64>,
    /// The bounds of one document.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options { budget: u64::MAX, pieces: 10_000_000, save_every: 256 << 20, rate: None, limits: Limits::default() }
    }
}

/// With what a scan works.
#[derive(Clone, Copy)]
pub struct Means<'a> {
    /// How much is read.
    pub options: &'a Options,
    /// What is looked for.
    pub classes: &'a Classes,
    /// What names documents in the state: the same from scan to scan.
    pub fingerprinter: &'a Fingerprinter,
    /// Who reads what is written in pictures; nobody where it is not said.
    pub letters: Option<&'a Letters<'a>>,
    /// How to wait.
    pub wait: &'a dyn Fn(Duration),
    /// Whether to stop: what was read until then is kept.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> Means<'a> {
    pub(crate) fn reader(&self) -> Reader<'a> {
        let Means { options, classes, fingerprinter, letters, stop, .. } = *self;
        Reader { classes, fingerprinter, limits: &options.limits, letters, stop }
    }
}

/// Why there is no scan.
#[derive(Debug)]
pub enum ScanError {
    /// Nothing can be listed, in words.
    Unlisted(String),
    /// The store stopped answering, in words. What was read is kept, and the next scan goes on.
    Lost(String),
    /// It was told to stop. What was read is kept, and the next scan goes on.
    Stopped,
    /// The state cannot be kept.
    Unsaved(io::Error),
}

/// Something that was not read, with how often.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Gap {
    /// What, in words that name no file.
    pub what: String,
    /// How often.
    pub count: u64,
}

impl Gap {
    pub(crate) fn new(what: &str) -> Gap {
        Gap { what: what.to_owned(), count: 1 }
    }
}

/// A store that can be scanned.
pub struct OpenStore<'a>(Box<dyn Scannable + 'a>);

impl<'a> OpenStore<'a> {
    pub(crate) fn new<S: Store + 'a>(store: S) -> OpenStore<'a> {
        OpenStore(Box::new(store))
    }

    /// Scans it. `state` is what is known; `save` keeps it, often enough that a scan that is killed goes on where it was.
    ///
    /// # Errors
    /// If nothing can be listed, the store stops answering, or the state cannot be kept.
    pub fn scan(
        &mut self,
        means: &Means<'_>,
        state: &mut State,
        save: &mut dyn FnMut(&State) -> io::Result<()>,
    ) -> Result<Scan, ScanError> {
        self.0.scan(means, state, save)
    }
}

trait Scannable {
    fn scan(
        &mut self,
        means: &Means<'_>,
        state: &mut State,
        save: &mut dyn FnMut(&State) -> io::Result<()>,
    ) -> Result<Scan, ScanError>;
}

impl<S: Store> Scannable for S {
    fn scan(
        &mut self,
        means: &Means<'_>,
        state: &mut State,
        save: &mut dyn FnMut(&State) -> io::Result<()>,
    ) -> Result<Scan, ScanError> {
        let listing = self.list(means.options.pieces, &means.reader()).map_err(|why| match (means.stop)() {
            true => ScanError::Stopped,
            false => ScanError::Unlisted(why),
        })?;
        let chosen = sample(&listing.parts, means.options.budget);
        forget(&listing, &chosen, state);
        let mut progress = Progress { means, state, save, unsaved: 0, read: BTreeMap::new(), gaps: BTreeMap::new() };
        for (at, part) in listing.parts.iter().enumerate() {
            let sample = part.pieces.get(..chosen.get(at).copied().unwrap_or_default()).unwrap_or_default();
            progress.part(self, part, sample)?;
        }
        (progress.save)(progress.state).map_err(ScanError::Unsaved)?;
        let Progress { read, gaps, state, .. } = progress;
        Ok(answer(listing, state, &read, gaps))
    }
}

/// What is gone, or is in the sample no more, is forgotten.
fn forget<P>(listing: &Listing<P>, chosen: &[usize], state: &mut State) {
    let parts = listing.parts.iter().zip(chosen);
    let pieces = parts.flat_map(|(part, chosen)| part.pieces.iter().take(*chosen).map(|piece| piece.key));
    let mut present: Vec<Key> = pieces.collect();
    present.sort_unstable();
    state.pieces.retain(|key, _| present.binary_search(key).is_ok());
    let present: BTreeSet<&str> = listing.parts.iter().map(|part| part.key.as_str()).collect();
    state.parts.retain(|key, _| present.contains(key.as_str()));
}

/// Where a scan is.
struct Progress<'a> {
    means: &'a Means<'a>,
    state: &'a mut State,
    save: &'a mut dyn FnMut(&State) -> io::Result<()>,
    unsaved: u64,
    /// Pieces and bytes that were read now, and what could not be, by part.
    read: BTreeMap<String, (u64, u64)>,
    gaps: BTreeMap<String, Vec<Gap>>,
}

impl Progress<'_> {
    fn part<S: Store>(
        &mut self,
        store: &mut S,
        part: &Part<S::Place>,
        sample: &[Piece<S::Place>],
    ) -> Result<(), ScanError> {
        let same = part.mark.is_some() && self.state.parts.get(&part.key) == part.mark.as_ref();
        // What was not read the last time is tried again, whatever the whole says.
        let stale = |piece: &&Piece<S::Place>| match self.state.pieces.get(&piece.key) {
            None => true,
            Some(known) => !same && piece.mark != Some(known.mark),
        };
        let stale: Vec<&Piece<S::Place>> = sample.iter().filter(stale).collect();
        for pieces in stale.chunks(store.together().max(1)) {
            if (self.means.stop)() {
                (self.save)(self.state).map_err(ScanError::Unsaved)?;
                return Err(ScanError::Stopped);
            }
            self.pieces(store, part, pieces)?;
        }
        if let Some(mark) = &part.mark {
            self.state.parts.insert(part.key.clone(), mark.clone());
        }
        Ok(())
    }

    fn pieces<S: Store>(
        &mut self,
        store: &mut S,
        part: &Part<S::Place>,
        pieces: &[&Piece<S::Place>],
    ) -> Result<(), ScanError> {
        let mut changed = Vec::new();
        for (piece, mark) in pieces.iter().zip(store.marks(pieces, &self.means.reader())) {
            match mark {
                Ok(mark) if self.state.pieces.get(&piece.key).is_some_and(|known| known.mark == mark) => {}
                Ok(mark) => changed.push((*piece, mark)),
                Err(unread) => self.unread(part, piece, unread)?,
            }
        }
        let wanted: Vec<&Piece<S::Place>> = changed.iter().map(|(piece, _)| *piece).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let known = store.read(part, &wanted, &self.means.reader());
        let mut bytes = 0;
        for ((piece, mark), known) in changed.into_iter().zip(known) {
            match known {
                Ok(mut known) => {
                    bytes += known.bytes;
                    self.unsaved += known.bytes.max(PIECE_BYTES);
                    known.mark = mark;
                    let read = self.read.entry(part.key.clone()).or_default();
                    *read = (read.0 + 1, read.1 + known.bytes);
                    self.state.pieces.insert(piece.key, known);
                }
                Err(unread) => self.unread(part, piece, unread)?,
            }
        }
        if self.unsaved >= self.means.options.save_every {
            (self.save)(self.state).map_err(ScanError::Unsaved)?;
            self.unsaved = 0;
        }
        if let Some(rate) = self.means.options.rate {
            (self.means.wait)(Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64));
        }
        Ok(())
    }

    fn unread<P>(&mut self, part: &Part<P>, piece: &Piece<P>, unread: Unread) -> Result<(), ScanError> {
        match unread {
            Unread::Gap(gap) => {
                self.state.pieces.remove(&piece.key);
                self.gaps.entry(part.key.clone()).or_default().push(gap);
                Ok(())
            }
            Unread::Lost(why) => {
                (self.save)(self.state).map_err(ScanError::Unsaved)?;
                Err(ScanError::Lost(why))
            }
        }
    }
}
