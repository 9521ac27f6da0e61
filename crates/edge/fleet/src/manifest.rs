//! The manifest: which segments count, a line each with how many bytes it has, and since when they are kept.

use crate::StoreError;
use firebreak_fleet::Damaged;
use firebreak_model::Time;
use firebreak_world::Disk;
use std::io;
use std::path::{Path, PathBuf};

/// Its first line.
const HEAD: &str = "firebreak fleet 1";
/// Its name.
pub(crate) const NAME: &str = "manifest";

/// Before the time since when is kept: nobody who cannot read that may answer.
const SINCE: &str = "since ";

/// What counts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Manifest {
    /// What had ended before this may be forgotten.
    pub since: Option<Time>,
    /// The segments, from the oldest to the latest.
    pub listed: Vec<Listed>,
}

/// A segment that counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    pub number: u64,
    pub bytes: u64,
}

impl Listed {
    pub(crate) fn file(self, directory: &Path) -> PathBuf {
        file(directory, self.number)
    }
}

/// The file of the segment with this number.
pub(crate) fn file(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("segment-{number:08}.fleet"))
}

/// What the manifest in `directory` says; nothing where there is none yet.
pub(crate) fn read(disk: &dyn Disk, directory: &Path) -> Result<Manifest, StoreError> {
    let path = directory.join(NAME);
    let bytes = match disk.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Manifest::default()),
        Err(source) => return Err(StoreError::Disk { path, source }),
    };
    parse(&bytes).ok_or(StoreError::Damaged { path, fault: Damaged("the manifest is not one of this version") })
}

fn parse(bytes: &[u8]) -> Option<Manifest> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines().peekable();
    if lines.next() != Some(HEAD) {
        return None;
    }
    let since = match lines.next_if(|line| line.starts_with(SINCE)) {
        Some(line) => Some(Time::parse(line.strip_prefix(SINCE)?)?),
        None => None,
    };
    let listed = |line: &str| {
        let (number, bytes) = line.split_once(' ')?;
        Some(Listed { number: number.parse().ok()?, bytes: bytes.parse().ok()? })
    };
    Some(Manifest { since, listed: lines.map(listed).collect::<Option<_>>()? })
}

/// Puts `manifest` in place of what the manifest says.
pub(crate) fn write(disk: &dyn Disk, directory: &Path, manifest: &Manifest) -> Result<(), StoreError> {
    let path = directory.join(NAME);
    let since = manifest.since.map(|since| format!("{SINCE}{since}\n")).unwrap_or_default();
    let lines = manifest.listed.iter().map(|one| format!("{} {}\n", one.number, one.bytes));
    let text = format!("{HEAD}\n{since}{}", lines.collect::<String>());
    disk.write(&path, text.as_bytes()).map_err(StoreError::disk(&path))
}
