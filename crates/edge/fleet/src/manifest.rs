//! The manifest: which segments count, a line each with how many bytes it has.

use crate::StoreError;
use firebreak_fleet::Damaged;
use firebreak_world::Disk;
use std::io;
use std::path::{Path, PathBuf};

/// Its first line.
const HEAD: &str = "firebreak fleet 1";
/// Its name.
pub(crate) const NAME: &str = "manifest";

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
pub(crate) fn read(disk: &dyn Disk, directory: &Path) -> Result<Vec<Listed>, StoreError> {
    let path = directory.join(NAME);
    let bytes = match disk.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StoreError::Disk { path, source }),
    };
    parse(&bytes).ok_or(StoreError::Damaged { path, fault: Damaged("the manifest is not one of this version") })
}

fn parse(bytes: &[u8]) -> Option<Vec<Listed>> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    if lines.next() != Some(HEAD) {
        return None;
    }
    let listed = |line: &str| {
        let (number, bytes) = line.split_once(' ')?;
        Some(Listed { number: number.parse().ok()?, bytes: bytes.parse().ok()? })
    };
    lines.map(listed).collect()
}

/// Puts `listed` in place of what the manifest says.
pub(crate) fn write(disk: &dyn Disk, directory: &Path, listed: &[Listed]) -> Result<(), StoreError> {
    let path = directory.join(NAME);
    let lines = listed.iter().map(|one| format!("{} {}\n", one.number, one.bytes));
    let text = format!("{HEAD}\n{}", lines.collect::<String>());
    disk.write(&path, text.as_bytes()).map_err(StoreError::disk(&path))
}
