//! The index on disk: written whole and renamed into place, looked at through a map.

use crate::gather::{Gathered, Limits, gather};
use firebreak_advisory::{Index, IndexError, build, merge};
use firebreak_model::Problem;
use firebreak_world::{Disk, Mapped};
use std::io;
use std::path::{Path, PathBuf};

/// An index file that is open. [`Store::index`] looks into it.
#[derive(Clone, Debug)]
pub struct Store {
    bytes: Mapped,
}

impl Store {
    /// Opens an index and checks it. The bytes stay where they are.
    pub fn open(disk: &dyn Disk, path: &Path) -> io::Result<Store> {
        let store = Store { bytes: disk.map(path)? };
        store.index().map_err(io::Error::other)?;
        Ok(store)
    }

    /// The index, checked anew.
    pub fn index(&self) -> Result<Index<'_>, IndexError> {
        Index::open(&self.bytes)
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// What an update did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Updated {
    /// How many documents were read.
    pub documents: u64,
    /// How many records they held.
    pub read: u64,
    /// How many records the index holds now.
    pub records: u64,
    /// How many names of packages.
    pub names: u64,
    /// How many advisories were joined from more than one record.
    pub joined: u64,
    /// Bytes of the index.
    pub bytes: u64,
    /// Whether it says anything that it did not say before.
    pub changed: bool,
    /// What could not be read, or stands for two things.
    pub problems: Vec<Problem>,
}

/// Reads `paths` into the index at `index`: the newest of each id stands, whether it was there or came now. With `anew`, what
/// was there is not looked at.
pub fn update(
    disk: &dyn Disk,
    paths: &[PathBuf],
    index: &Path,
    anew: bool,
    limits: Limits,
    tell: &mut dyn FnMut(u64),
) -> io::Result<Updated> {
    let Gathered { records, documents, mut problems } = gather(disk, paths, limits, tell);
    let read = records.len() as u64;
    let base = match disk.map(index) {
        Ok(bytes) if !anew => Some(bytes),
        Err(error) if error.kind() != io::ErrorKind::NotFound && !anew => return Err(error),
        _ => None,
    };
    let before = base.as_deref().map(Index::open).transpose().map_err(io::Error::other)?;
    let built = match &before {
        Some(before) => merge(before, records),
        None => build(records),
    };
    let built = built.map_err(io::Error::other)?;
    problems.extend(built.problems);
    let now = Index::open(&built.bytes).map_err(io::Error::other)?;
    let changed = before.is_none_or(|before| before.digest() != now.digest());
    if changed {
        disk.write(index, &built.bytes)?;
    }
    Ok(Updated {
        documents,
        read,
        records: now.records() as u64,
        names: now.names() as u64,
        joined: now.joined() as u64,
        bytes: built.bytes.len() as u64,
        changed,
        problems,
    })
}
