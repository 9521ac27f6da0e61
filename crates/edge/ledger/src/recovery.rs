//! Opening a ledger after whatever happened to it, and checking every byte that it has on disk.
//!
//! It is not a repair: what stands under a signed checkpoint is never changed, and damage there is an error.

use crate::bundle::{self, Fault, Lines, Records, Verified};
use crate::key::LedgerKey;
use crate::record::Line;
use crate::store::{CHECKPOINT, CHECKPOINTS, Ledger, LedgerError, RECORDS};
use crate::tile;
use crate::tree::Tree;
use crate::{note, record};
use firebreak_world::World;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

pub(crate) fn open(world: World, directory: &Path, key: LedgerKey) -> Result<Ledger, LedgerError> {
    let disk = world.disk.clone();
    let failed = |name: &str| {
        let path = directory.join(name);
        |source| LedgerError::Disk { path, source }
    };
    disk.make_directory(directory).map_err(failed(""))?;
    let mut ledger = Ledger {
        world,
        directory: directory.to_owned(),
        key,
        tree: Tree::default(),
        commitments: Vec::new(),
        offsets: Vec::new(),
        end: 0,
        ids: HashMap::new(),
        head: String::new(),
        stopped: false,
        shown: 0,
    };
    // A note that was being added when the process died was never shown to anyone.
    let notes = ledger.read(CHECKPOINTS)?;
    let whole = notes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole < notes.len() {
        disk.truncate(&directory.join(CHECKPOINTS), whole as u64).map_err(failed(CHECKPOINTS))?;
    }
    let notes = notes.get(..whole).unwrap_or_default();
    let signed = signed_size(notes, &ledger)?;
    let cut = load(&mut ledger, signed)?;
    if let Some(size) = cut {
        disk.truncate(&directory.join(RECORDS), size).map_err(failed(RECORDS))?;
    }
    let mut before = 0;
    for line in Lines::new(notes) {
        let (offset, line) = line.map_err(|fault| fault.within(CHECKPOINTS))?;
        let read = bundle::read_checkpoint(offset, line, before, &ledger.tree, &ledger.verifier());
        (ledger.head, before) = read.map_err(|fault| fault.within(CHECKPOINTS))?;
    }
    let shown = ledger.read(CHECKPOINT)?;
    if ledger.size() > before || shown != ledger.head.as_bytes() {
        // The newest note and the tiles under it may not have been written.
        if !shown.is_empty() {
            let note = String::from_utf8_lossy(&shown);
            note::open(&note, &ledger.verifier()).map_err(|what| Fault::at(0, what).within(CHECKPOINT))?;
        }
        let known = String::from_utf8_lossy(&shown);
        let from = note::open(&known, &ledger.verifier()).map_or(0, |checkpoint| checkpoint.size);
        if ledger.size() > before {
            ledger.sign()?;
        }
        ledger.face_since(from.min(before)).write(&ledger.world)?;
    }
    ledger.shown = ledger.size();
    ledger.sweep()?;
    Ok(ledger)
}

/// The largest size that was signed.
fn signed_size(notes: &[u8], ledger: &Ledger) -> Result<u64, LedgerError> {
    let mut size = 0;
    for line in Lines::new(notes) {
        let (offset, line) = line.map_err(|fault| fault.within(CHECKPOINTS))?;
        let fault = |what: String| Fault::at(offset, what).within(CHECKPOINTS);
        let fields: serde_json::Value =
            serde_json::from_slice(line).map_err(|_| fault("a checkpoint's line is not JSON".to_owned()))?;
        let text = fields.get("checkpoint").and_then(serde_json::Value::as_str).unwrap_or_default();
        size = size.max(note::open(text, &ledger.verifier()).map_err(fault)?.size);
    }
    Ok(size)
}

/// Reads the records into memory. Beyond those that were signed, the first that is not whole ends them: the answer is
/// the size to which the file must then be cut.
fn load(ledger: &mut Ledger, signed: u64) -> Result<Option<u64>, LedgerError> {
    let bytes = ledger.read(RECORDS)?;
    for line in Lines::new(&bytes) {
        let index = ledger.size();
        let read = line.and_then(|(offset, line)| {
            let fault = |what: String| Fault { entry: Some(index), ..Fault::at(offset, what) };
            match record::read(line, index).map_err(fault)? {
                (Line::Whole(record), commitment) => Ok((offset, line.len(), record, commitment)),
                (Line::Withheld, _) => Err(fault("a ledger on disk withholds nothing".to_owned())),
            }
        });
        match read {
            Ok((offset, length, record, commitment)) => {
                let content = record.content();
                ledger.note((record.id, record.index), (content, commitment), offset as u64);
                ledger.end = (offset + length + 1) as u64;
            }
            Err(_) if index >= signed => return Ok(Some(ledger.end)),
            Err(fault) => return Err(Fault { entry: Some(index), ..fault }.within(RECORDS).into()),
        }
    }
    if ledger.size() < signed {
        let what = format!("{signed} records were signed and {} are there", ledger.size());
        return Err(Fault { entry: Some(ledger.size()), ..Fault::at(bytes.len(), what) }.within(RECORDS).into());
    }
    Ok(None)
}

impl Ledger {
    /// Removes every partial tile that is not of the present size: a kill may have left some behind.
    fn sweep(&self) -> Result<(), LedgerError> {
        let tiles = self.directory.join("tile");
        if !self.world.disk.is_directory(&tiles) {
            return Ok(());
        }
        let current = tile::partials(self.size());
        let listed = self.world.disk.list(&tiles).map_err(|source| LedgerError::Disk { path: tiles, source })?;
        let below = listed.iter().filter_map(|file| file.path.strip_prefix(&self.directory).ok()?.to_str());
        let stale = below.filter(|path| path.contains(".p") && !current.iter().any(|own| own == path));
        self.remove(stale.map(str::to_owned))
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, LedgerError> {
        let path = self.directory.join(name);
        match self.world.disk.read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(source) => Err(LedgerError::Disk { path, source }),
            Ok(bytes) => Ok(bytes),
        }
    }

    /// Checks every byte of every file of the ledger against the signed checkpoints.
    ///
    /// # Errors
    /// The disk fails, or the first fault that was found.
    pub fn check(&self) -> Result<Verified, LedgerError> {
        let mut records = Records::default();
        for line in Lines::new(&self.read(RECORDS)?) {
            let (offset, line) = line.map_err(|fault| fault.within(RECORDS))?;
            records.read(offset, line).map_err(|fault| fault.within(RECORDS))?;
        }
        let (mut last, mut checkpoints, mut head) = (0, 0, String::new());
        for line in Lines::new(&self.read(CHECKPOINTS)?) {
            let (offset, line) = line.map_err(|fault| fault.within(CHECKPOINTS))?;
            let read = bundle::read_checkpoint(offset, line, last, &records.tree, &self.verifier());
            (head, last) = read.map_err(|fault| fault.within(CHECKPOINTS))?;
            checkpoints += 1;
        }
        let size = records.tree.size();
        if last != size {
            let what = format!("no signed checkpoint covers the records from {last} on");
            return Err(Fault { file: Some(RECORDS.to_owned()), entry: Some(last), offset: None, what }.into());
        }
        if let Some(offset) = difference(&self.read(CHECKPOINT)?, head.as_bytes()) {
            return Err(Fault::at(offset, "it is not the newest signed checkpoint").within(CHECKPOINT).into());
        }
        self.check_tiles(&records)?;
        let root = records.tree.root(size).unwrap_or_default();
        let origin = self.verifier().name().to_owned();
        Ok(Verified { origin, entries: size, withheld: records.withheld, root, checkpoints })
    }

    fn check_tiles(&self, records: &Records) -> Result<(), LedgerError> {
        let wanted = tile::files(&records.tree, &records.commitments, 0);
        let wanted: BTreeMap<_, _> = wanted.into_iter().map(|file| (self.directory.join(&file.path), file)).collect();
        for file in wanted.values() {
            let bytes = self.read(&file.path)?;
            if let Some(offset) = difference(&bytes, &file.bytes) {
                let fault = Fault::at(offset, "a tile does not fit the records").within(&file.path);
                return Err(Fault { entry: tile::entry(&file.path, offset), ..fault }.into());
            }
        }
        let tiles = self.directory.join("tile");
        let listed = match self.world.disk.is_directory(&tiles) {
            true => self.world.disk.list(&tiles).map_err(|source| LedgerError::Disk { path: tiles, source })?,
            false => Vec::new(),
        };
        match listed.into_iter().find(|file| !wanted.contains_key(&file.path)) {
            Some(extra) => {
                let what = "a tile is there that no record needs".to_owned();
                Err(Fault { file: Some(extra.path.display().to_string()), entry: None, offset: None, what }.into())
            }
            None => Ok(()),
        }
    }
}

/// Where two texts first differ.
fn difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let shared = a.iter().zip(b).position(|(a, b)| a != b);
    shared.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))
}
