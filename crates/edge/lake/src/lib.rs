//! The lake: what happened, append-only, in Parquet files that any engine can read.
//!
//! Files lie at `date=YYYY-MM-DD/<digest>.parquet` below the lake's directory: partitioned in Hive's way by the UTC date of
//! the events, and by date alone, since a partition by source too would make many small files of quiet sources; inside
//! a file rows are ordered by source and time, so that a reader skips by statistics. A file's name is a digest of the
//! events in it: a batch that is written again after a kill gives the same files.
//!
//! A file counts only once it is in the manifest. That is not kept here: the caller commits the names of the files and the
//! cursor of the input in one transaction of its own store, and [`Lake::discard_orphans`] removes what a kill left between
//! the two. It is not a query engine, and nothing outside this crate knows Arrow.

mod columns;
mod row;

pub use row::Row;

use firebreak_model::{Text, Time};
use firebreak_world::World;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Counts up when the columns change: part of each file's name.
const LAYOUT: u8 = 1;

/// Why the lake could not do what was asked.
#[derive(Debug, Error)]
pub enum LakeError {
    /// The disk failed.
    #[error("the lake's disk failed at `{path}`: {source}")]
    Disk {
        /// Which file or directory.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not what was written.
    #[error("lake file `{name}` is damaged: {reason}\nhint: put a good copy in its place, or replay its source")]
    Damaged {
        /// Which file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Rows could not be turned into a file.
    #[error("could not write a batch of {rows} rows: {reason}")]
    Encode {
        /// How many.
        rows: usize,
        /// Why.
        reason: String,
    },
}

/// One file of the lake, as a manifest keeps it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DataFile {
    /// Its path below the lake's directory: `date=2026-03-24/….parquet`.
    pub name: String,
    /// How many rows it holds.
    pub rows: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file, in hexadecimal.
    pub sha256: String,
    /// The time of its earliest event.
    pub from: Time,
    /// The time of its latest event.
    pub to: Time,
    /// How many rows of each source it holds.
    pub sources: BTreeMap<Text, u64>,
}

/// What one column of one row holds, while it is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell<'a> {
    /// Nothing.
    Absent,
    /// Text; of raw bytes what is text in them.
    Text(Cow<'a, str>),
    /// A number.
    Number(i64),
    /// A moment.
    Time(Time),
}

/// A lake in one directory.
#[derive(Clone)]
pub struct Lake {
    world: World,
    directory: PathBuf,
}

impl Lake {
    /// The lake below `directory`, which is made if it is not there.
    ///
    /// # Errors
    /// The disk fails.
    pub fn open(world: World, directory: &Path) -> Result<Lake, LakeError> {
        let disk = |source| LakeError::Disk { path: directory.to_owned(), source };
        world.disk.make_directory(directory).map_err(disk)?;
        Ok(Lake { world, directory: directory.to_owned() })
    }

    /// Writes rows, one file for each UTC date among them, and returns when they are on disk. An event that is in `rows`
    /// twice is written once; the order of `rows` does not matter.
    ///
    /// # Errors
    /// The disk fails; then files may be left that no manifest names.
    pub fn write(&self, rows: &[Row]) -> Result<Vec<DataFile>, LakeError> {
        let mut days: BTreeMap<i64, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            days.entry(row.time.seconds().div_euclid(86_400)).or_default().push(row);
        }
        days.into_iter().map(|(day, rows)| self.write_day(day, rows)).collect()
    }

    fn write_day(&self, day: i64, mut rows: Vec<&Row>) -> Result<DataFile, LakeError> {
        rows.sort_by(|a, b| (&a.source, a.time, a.uid).cmp(&(&b.source, b.time, b.uid)));
        rows.dedup_by_key(|row| row.uid);
        let mut digest = Sha256::new().chain_update([LAYOUT]);
        let mut sources: BTreeMap<Text, u64> = BTreeMap::new();
        for row in &rows {
            digest.update(row.uid.0.to_be_bytes());
            *sources.entry(row.source.clone()).or_default() += 1;
        }
        let date = Time::from_seconds(day.saturating_mul(86_400)).to_string();
        let date = date.split('T').next().unwrap_or_default();
        let name = format!("date={date}/{}.parquet", hex::encode(&digest.finalize()[..16]));
        let bytes = columns::encode(&rows)
            .map_err(|error| LakeError::Encode { rows: rows.len(), reason: error.to_string() })?;
        let path = self.directory.join(&name);
        let failed = |source| LakeError::Disk { path: path.clone(), source };
        if let Some(parent) = path.parent() {
            self.world.disk.make_directory(parent).map_err(failed)?;
        }
        // Nobody reads a file that no transaction names, and the next start removes it.
        self.world.disk.write_unnamed(&path, &bytes).map_err(failed)?;
        let times = || rows.iter().map(|row| row.time);
        Ok(DataFile {
            name,
            rows: rows.len() as u64,
            bytes: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(&bytes)),
            from: times().min().unwrap_or(Time::MIN),
            to: times().max().unwrap_or(Time::MAX),
            sources,
        })
    }

    /// Reads a whole file, ordered by source and time, after it was found to be what was written.
    ///
    /// # Errors
    /// The disk fails, or the file is damaged.
    pub fn read(&self, file: &DataFile) -> Result<Vec<Row>, LakeError> {
        let damaged = |reason: String| LakeError::Damaged { name: file.name.clone(), reason };
        let rows = columns::decode(self.bytes(file)?).map_err(damaged)?;
        if rows.len() as u64 != file.rows {
            return Err(damaged(format!("it holds {} rows and should hold {}", rows.len(), file.rows)));
        }
        Ok(rows)
    }

    /// Shows `each` the columns `names` of every row of a file that is what was written, until it breaks. Only those columns are
    /// decoded. Gives how many rows were shown.
    ///
    /// # Errors
    /// As [`Lake::read`], or a column does not exist.
    pub fn look(
        &self,
        file: &DataFile,
        names: &[&str],
        each: &mut dyn FnMut(&[Cell<'_>]) -> ControlFlow<()>,
    ) -> Result<(u64, ControlFlow<()>), LakeError> {
        let damaged = |reason: String| LakeError::Damaged { name: file.name.clone(), reason };
        let looked = columns::look(self.bytes(file)?, names, each).map_err(damaged)?;
        if looked.1.is_continue() && looked.0 != file.rows {
            return Err(damaged(format!("it holds {} rows and should hold {}", looked.0, file.rows)));
        }
        Ok(looked)
    }

    /// The bytes of a file, after they were found to be what was written.
    fn bytes(&self, file: &DataFile) -> Result<Vec<u8>, LakeError> {
        let damaged = |reason: String| LakeError::Damaged { name: file.name.clone(), reason };
        let path = self.directory.join(&file.name);
        let bytes = match self.world.disk.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged("it is not there".to_owned())),
            Err(source) => return Err(LakeError::Disk { path, source }),
        };
        let found = hex::encode(Sha256::digest(&bytes));
        if found != file.sha256 {
            let sizes = format!("{} bytes where {} were written", bytes.len(), file.bytes);
            return Err(damaged(format!("its SHA-256 is {found} and was {}, {sizes}", file.sha256)));
        }
        Ok(bytes)
    }

    /// Removes every file that the manifest does not name: a kill between writing and committing leaves such. Gives their
    /// names. No write may be under way.
    ///
    /// # Errors
    /// The disk fails.
    pub fn discard_orphans(&self, known: &BTreeSet<String>) -> Result<Vec<String>, LakeError> {
        let disk = |path: &Path| {
            let path = path.to_owned();
            |source| LakeError::Disk { path, source }
        };
        let mut removed = Vec::new();
        for file in self.world.disk.list(&self.directory).map_err(disk(&self.directory))? {
            let below = file.path.strip_prefix(&self.directory).ok().and_then(Path::to_str);
            // Only what this crate wrote is removed: another file in the directory is somebody's.
            let Some(name) = below.filter(|name| name.starts_with("date=")) else { continue };
            let ours = name.ends_with(".parquet") || name.ends_with(".parquet.part");
            if ours && !known.contains(name) {
                self.world.disk.remove(&file.path).map_err(disk(&file.path))?;
                removed.push(name.to_owned());
            }
        }
        Ok(removed)
    }
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lake {{ {} }}", self.directory.display())
    }
}

#[cfg(test)]
mod tests;
