//! The fleet's files: segments that are written once, and a manifest that says which of them count.
//!
//! A segment is written under a number that no file had before, renamed into place and synced; only then the manifest names
//! it, in one swap. Killed at any moment, the directory holds what the old manifest says or what the new one says; files that
//! neither names are removed when a writer opens it next. What is merged is merged beside the files that are in use: a
//! [`Compaction`] needs no writer and holds nobody up, and readers keep what they have mapped.
//!
//! There is one [`Writer`] at a time. [`View`] reads while another process writes. It is not where statements are made or
//! asked: that is `core/fleet`'s.

mod manifest;
mod view;
mod writer;

pub use view::View;
pub use writer::{Compacted, Compaction, Writer};

use firebreak_fleet::Damaged;
use std::path::PathBuf;

/// Why the fleet's files cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk refuses.
    #[error("`{path}`: {source}")]
    Disk {
        /// Which file.
        path: PathBuf,
        /// What it says.
        source: std::io::Error,
    },
    /// A file is not as it was written.
    #[error("`{path}`: {fault}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: Damaged,
    },
    /// What is to be written has no room in the format.
    #[error("{0}")]
    TooLarge(Damaged),
}

impl StoreError {
    fn disk(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
        move |source| StoreError::Disk { path: path.to_path_buf(), source }
    }
}
