//! The ledger on disk: append, receipts, proofs, export.
//!
//! Files below its directory: `records.ndjson` and `checkpoints.ndjson` grow; `checkpoint` and `tile/` are the C2SP face.
//! A batch is written in this order: records, checkpoint, and then or later the C2SP face, which follows from both. What
//! stands under a checkpoint was promised to someone; what stands beyond it was not, and is carried on or cut off when the
//! ledger is opened again (`recovery`).
//!
//! It is not shared: one process holds a ledger open, and calls to append come one after the other.

use crate::bundle::{self, Fault};
use crate::canonical;
use crate::key::{LedgerKey, VerifierKey};
use crate::note::{self, Checkpoint};
use crate::record::{self, Line, Record};
use crate::tile::{self, TileFile};
use crate::tree::{Hash, Tree, leaf_hash};
use firebreak_world::World;
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

pub(crate) const RECORDS: &str = "records.ndjson";
pub(crate) const CHECKPOINTS: &str = "checkpoints.ndjson";
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// Why the ledger could not do what was asked.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The disk failed.
    #[error("the ledger's disk failed at `{path}`: {source}")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was promised is damaged.
    #[error("the ledger is damaged: {0}\nhint: keep this copy as it is and open the last good export")]
    Damaged(#[from] Fault),
    /// The id is there already and stands for something else.
    #[error("the id `{id}` is record {index} already, with other content\nhint: give each record an id of its own")]
    IdTaken {
        /// The id.
        id: String,
        /// The record that has it.
        index: u64,
    },
    /// An earlier write failed half-way, so that memory and disk may differ.
    #[error("the ledger stopped after a failed write\nhint: open it again")]
    Stopped,
    /// There is no such record or size.
    #[error("the ledger has {size} records, and {asked} was asked for")]
    Absent {
        /// How many there are.
        size: u64,
        /// What was asked for.
        asked: u64,
    },
}

/// A record to be.
#[derive(Clone, PartialEq, Debug)]
pub struct Draft {
    /// Its name: the same id always means the same record.
    pub id: String,
    /// What kind of thing it records.
    pub kind: String,
    /// What it says. Never a secret.
    pub body: Value,
}

/// A draft that is not there yet: its place, its body as canonical text, and the digest of what it says.
struct Fresh<'d> {
    draft: &'d Draft,
    index: u64,
    body: String,
    content: Hash,
}

/// Where a record stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// Its place, from 0.
    pub index: u64,
    /// The hash of its leaf, for proofs of inclusion.
    pub leaf_hash: Hash,
}

/// An open ledger.
pub struct Ledger {
    pub(crate) world: World,
    pub(crate) directory: PathBuf,
    pub(crate) key: LedgerKey,
    pub(crate) tree: Tree,
    pub(crate) commitments: Vec<Hash>,
    /// Where each record's line begins in its file, and where the next will.
    pub(crate) offsets: Vec<u64>,
    pub(crate) end: u64,
    pub(crate) ids: HashMap<String, (u64, Hash)>,
    /// The newest signed note; empty before the first record.
    pub(crate) head: String,
    pub(crate) stopped: bool,
    /// How many records the C2SP face shows.
    pub(crate) shown: u64,
}

/// What a ledger shows to readers of C2SP tiles: made while it is at rest, written while it may grow on.
#[derive(Debug)]
pub struct Face {
    directory: PathBuf,
    files: Vec<TileFile>,
    head: String,
    /// Partial tiles that larger ones replace.
    stale: Vec<String>,
    size: u64,
}

impl Face {
    /// Writes it: tiles first, then the note that promises them. One face of a ledger at a time.
    ///
    /// # Errors
    /// The disk fails.
    pub fn write(&self, world: &World) -> Result<(), LedgerError> {
        let disk = &world.disk;
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| LedgerError::Disk { path, source }
        };
        for file in &self.files {
            let path = self.directory.join(&file.path);
            if let Some(parent) = path.parent() {
                disk.make_directory(parent).map_err(failed(parent))?;
            }
            disk.write(&path, &file.bytes).map_err(failed(&path))?;
        }
        let path = self.directory.join(CHECKPOINT);
        disk.write(&path, self.head.as_bytes()).map_err(failed(&path))?;
        for path in self.stale.iter().map(|path| self.directory.join(path)) {
            disk.remove(&path).map_err(failed(&path))?;
        }
        Ok(())
    }
}

impl Ledger {
    /// Opens the ledger in `directory`, or begins one. A tail that a kill left behind is carried on or cut off.
    ///
    /// # Errors
    /// The disk fails, or what was promised under a signed checkpoint is damaged or was signed by another key.
    pub fn open(world: World, directory: &Path, key: LedgerKey) -> Result<Ledger, LedgerError> {
        crate::recovery::open(world, directory, key)
    }

    /// Adds one record; see [`Ledger::append_batch`].
    ///
    /// # Errors
    /// As there.
    pub fn append(&mut self, id: &str, kind: &str, body: &Value) -> Result<Receipt, LedgerError> {
        let draft = Draft { id: id.to_owned(), kind: kind.to_owned(), body: body.clone() };
        let receipts = self.append_batch(std::slice::from_ref(&draft))?;
        receipts.first().copied().ok_or(LedgerError::Stopped)
    }

    /// Adds records, and returns when they, a signed checkpoint over them and its C2SP face are on disk. A record whose id
    /// is there already with the same kind and body is not added again: its receipt is the old one.
    ///
    /// # Errors
    /// An id stands for something else (then nothing was added), or the disk fails (then the ledger stops).
    pub fn append_batch(&mut self, drafts: &[Draft]) -> Result<Vec<Receipt>, LedgerError> {
        let receipts = self.promise(drafts)?;
        self.show()?;
        Ok(receipts)
    }

    /// The same without the face, which follows from the rest: it is written by [`Ledger::show`], or when the ledger is
    /// opened again. Records and checkpoint cost two syncs, the face five or more.
    ///
    /// # Errors
    /// As there.
    pub fn promise(&mut self, drafts: &[Draft]) -> Result<Vec<Receipt>, LedgerError> {
        if self.stopped {
            return Err(LedgerError::Stopped);
        }
        let from = self.tree.size();
        let mut fresh: Vec<Fresh<'_>> = Vec::new();
        let mut places: Vec<u64> = Vec::with_capacity(drafts.len());
        let mut taken: HashMap<&str, (u64, Hash)> = HashMap::new();
        for draft in drafts {
            // The canonical text is made once: for what tells records apart, and for the line.
            let body = canonical::text(&draft.body);
            let content = record::content(&draft.kind, &body);
            match taken.get(draft.id.as_str()).or_else(|| self.ids.get(&draft.id)) {
                Some((index, own)) if *own == content => places.push(*index),
                Some((index, _)) => return Err(LedgerError::IdTaken { id: draft.id.clone(), index: *index }),
                None => {
                    let index = from + fresh.len() as u64;
                    fresh.push(Fresh { draft, index, body, content });
                    taken.insert(&draft.id, (index, content));
                    places.push(index);
                }
            }
        }
        if !fresh.is_empty() {
            // Until the whole batch is on disk, what memory says may be wrong.
            self.stopped = true;
            self.write(&fresh)?;
            self.sign()?;
            self.stopped = false;
        }
        Ok(places.into_iter().filter_map(|index| self.receipt_at(index)).collect())
    }

    fn write(&mut self, fresh: &[Fresh<'_>]) -> Result<(), LedgerError> {
        let time = self.world.clock.now();
        let mut lines = String::new();
        for Fresh { draft, index, body, content } in fresh {
            let mut salt = [0; 32];
            self.world.random.fill(&mut salt);
            let text = record::text_of(*index, (&draft.id, &draft.kind), time, body);
            let (line, commitment) = record::line_of(&text, &salt);
            self.note((draft.id.clone(), *index), (*content, commitment), self.end + lines.len() as u64);
            lines.push_str(&line);
        }
        self.end += lines.len() as u64;
        let path = self.directory.join(RECORDS);
        self.world.disk.append(&path, lines.as_bytes()).map_err(|source| LedgerError::Disk { path, source })
    }

    /// Takes a record that is in the file into memory: its name and place, the digest of what it says and its commitment, and
    /// where its line begins.
    pub(crate) fn note(&mut self, (id, index): (String, u64), (content, commitment): (Hash, Hash), offset: u64) {
        self.ids.insert(id, (index, content));
        self.offsets.push(offset);
        self.commitments.push(commitment);
        self.tree.push(leaf_hash(&commitment));
    }

    /// Signs a checkpoint over everything.
    pub(crate) fn sign(&mut self) -> Result<(), LedgerError> {
        let (size, root) = (self.size(), self.root());
        let signed = note::sign(&Checkpoint { size, root }, &self.key);
        let path = self.directory.join(CHECKPOINTS);
        let written = self.world.disk.append(&path, bundle::checkpoint_line(&signed).as_bytes());
        written.map_err(|source| LedgerError::Disk { path, source })?;
        self.head = signed;
        Ok(())
    }

    /// What has to be written for the C2SP face to show everything; `None` where it does.
    pub fn face(&self) -> Option<Face> {
        (self.shown < self.size()).then(|| self.face_since(self.shown))
    }

    /// What has to be written where the face shows `shown` records.
    pub(crate) fn face_since(&self, shown: u64) -> Face {
        let size = self.size();
        let current = tile::partials(size);
        Face {
            directory: self.directory.clone(),
            files: tile::files(&self.tree, &self.commitments, shown),
            head: self.head.clone(),
            stale: tile::partials(shown).into_iter().filter(|path| !current.contains(path)).collect(),
            size,
        }
    }

    /// Notes that a face is on disk.
    pub fn shown(&mut self, face: &Face) {
        self.shown = self.shown.max(face.size);
    }

    /// Brings the C2SP face up to date.
    ///
    /// # Errors
    /// The disk fails.
    pub fn show(&mut self) -> Result<(), LedgerError> {
        let Some(face) = self.face() else { return Ok(()) };
        face.write(&self.world)?;
        self.shown(&face);
        Ok(())
    }

    /// Removes files below the directory.
    pub(crate) fn remove(&self, paths: impl Iterator<Item = String>) -> Result<(), LedgerError> {
        for path in paths.map(|path| self.directory.join(path)) {
            self.world.disk.remove(&path).map_err(|source| LedgerError::Disk { path, source })?;
        }
        Ok(())
    }

    /// How many records there are.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.tree.root(self.tree.size()).unwrap_or_default()
    }

    /// The newest signed checkpoint, as a C2SP note; empty before the first record.
    pub fn checkpoint(&self) -> &str {
        &self.head
    }

    /// What a reader needs to check this ledger's bundles.
    pub fn verifier(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Where the record with this id stands, if it is there.
    pub fn receipt(&self, id: &str) -> Option<Receipt> {
        self.receipt_at(self.ids.get(id)?.0)
    }

    fn receipt_at(&self, index: u64) -> Option<Receipt> {
        Some(Receipt { index, leaf_hash: *self.tree.complete(0, index)? })
    }

    /// The record at `index`, read from disk and checked.
    ///
    /// # Errors
    /// There is none, the disk fails, or it is damaged.
    pub fn record(&self, index: u64) -> Result<Record, LedgerError> {
        let absent = || LedgerError::Absent { size: self.size(), asked: index };
        let place = usize::try_from(index).map_err(|_| absent())?;
        let from = *self.offsets.get(place).ok_or_else(absent)?;
        let to = self.offsets.get(place + 1).copied().unwrap_or(self.end);
        let path = self.directory.join(RECORDS);
        let mut line = vec![0; usize::try_from(to - from).unwrap_or(0)];
        let read = self.world.disk.open(&path, from).and_then(|mut file| file.read_exact(&mut line));
        read.map_err(|source| LedgerError::Disk { path, source })?;
        let fault = |what: String| {
            let fault = Fault { file: Some(RECORDS.to_owned()), entry: Some(index), offset: Some(from), what };
            LedgerError::Damaged(fault)
        };
        match record::read(line.strip_suffix(b"\n").unwrap_or(&line), index).map_err(fault)? {
            (Line::Whole(record), commitment) if self.commitments.get(place) == Some(&commitment) => Ok(*record),
            _ => Err(fault("the record is not the one that was signed".to_owned())),
        }
    }

    /// The hashes that lead from the record at `index` to the root over `size` records.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        self.tree.inclusion(index, size)
    }

    /// The hashes that show that the ledger over `size` records begins with the one over `old`.
    pub fn consistency_proof(&self, old: u64, size: u64) -> Option<Vec<Hash>> {
        self.tree.consistency(old, size)
    }

    /// The whole ledger as one file of lines, for [`crate::verify_bundle`].
    ///
    /// # Errors
    /// The disk fails.
    pub fn export_bundle(&self) -> Result<Vec<u8>, LedgerError> {
        self.export_withholding(&BTreeSet::new())
    }

    /// The same with these records reduced to their commitments: the rest can still be checked.
    ///
    /// # Errors
    /// The disk fails.
    pub fn export_withholding(&self, withheld: &BTreeSet<u64>) -> Result<Vec<u8>, LedgerError> {
        let mut out = bundle::header(&self.verifier(), self.size(), &self.root()).into_bytes();
        let read = |name: &str| match self.world.disk.read(&self.directory.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(LedgerError::Disk { path: self.directory.join(name), source }),
            Ok(bytes) => Ok(bytes),
        };
        let records = read(RECORDS)?;
        for (place, commitment) in self.commitments.iter().enumerate() {
            if withheld.contains(&(place as u64)) {
                out.extend_from_slice(record::withheld_line(commitment).as_bytes());
                continue;
            }
            let from = self.offsets.get(place).copied().unwrap_or(self.end);
            let to = self.offsets.get(place + 1).copied().unwrap_or(self.end);
            let span = usize::try_from(from).unwrap_or(usize::MAX)..usize::try_from(to).unwrap_or(usize::MAX);
            out.extend_from_slice(records.get(span).unwrap_or_default());
        }
        out.extend_from_slice(&read(CHECKPOINTS)?);
        Ok(out)
    }
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ledger {{ {} records in {} }}", self.size(), self.directory.display())
    }
}
