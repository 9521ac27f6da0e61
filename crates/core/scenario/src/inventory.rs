//! Inventories: what the scanners read. Each writer shows one part of the estate in the form of its platform.

mod aws;
mod environments;
mod estate;
mod github;
mod kubernetes;
mod lockfiles;

use crate::File;
use crate::estate::Estate;

/// When the inventories were taken: the morning of the last day.
pub(crate) const TAKEN: &str = "2026-04-02T06:00:00Z";

/// A file below `inventory/`.
fn file(path: &str, bytes: Vec<u8>) -> File {
    File { path: format!("{}/inventory/{path}", crate::ROOT), bytes }
}

/// A JSON document as a file below `inventory/`.
fn document(path: &str, value: &serde_json::Value) -> File {
    let mut bytes = format!("{value:#}").into_bytes();
    bytes.push(b'\n');
    file(path, bytes)
}

/// Every inventory file.
pub(crate) fn files(estate: &Estate) -> Vec<File> {
    let mut files = aws::files(estate);
    files.extend(github::files(estate));
    files.push(kubernetes::file(estate));
    files.push(estate::file(estate));
    files.extend(environments::files(estate));
    files.extend(lockfiles::files(estate));
    files
}
