//! Looking at a directory tree that others made: nothing is followed, no device or pipe is opened, a listing is never held
//! whole.
//!
//! It is not the door to our own files: those go through [`crate::Disk`], which may follow links.

use firebreak_model::Time;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What an entry of a directory is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a pipe, a socket: never opened.
    Other,
}

impl EntryKind {
    fn of(kind: fs::FileType) -> EntryKind {
        match kind {
            kind if kind.is_symlink() => EntryKind::Link,
            kind if kind.is_dir() => EntryKind::Directory,
            kind if kind.is_file() => EntryKind::File,
            _ => EntryKind::Other,
        }
    }
}

/// One entry of a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name, in whatever bytes the disk has.
    pub name: OsString,
    /// What it is.
    pub kind: EntryKind,
}

/// What the disk says of one path, which is not followed where it is a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Status {
    /// What it is.
    pub kind: EntryKind,
    /// Bytes.
    pub size: u64,
    /// The mount that it is on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
    /// When its content last changed, by its own word: whoever wrote it may set it.
    pub modified: Time,
    /// When the disk last changed its record. Only the system sets it.
    pub changed: Time,
}

/// The beginning of a file.
pub struct Head {
    /// The bytes, wiped when they are dropped.
    pub bytes: Zeroizing<Vec<u8>>,
    /// What the disk says of the file that was opened, after it was read.
    pub status: Status,
}

/// A tree that others made.
pub trait Tree: Send + Sync {
    /// Shows each entry of `directory` to `visit`, in the disk's order, until it breaks. What cannot be read is shown as
    /// the error.
    fn entries(&self, directory: &Path, visit: &mut dyn FnMut(io::Result<Entry>) -> ControlFlow<()>) -> io::Result<()>;
    /// What is known of `path` itself.
    fn status(&self, path: &Path) -> io::Result<Status>;
    /// Where the link `path` leads, as written.
    fn link(&self, path: &Path) -> io::Result<PathBuf>;
    /// At most `limit` bytes of a regular file.
    ///
    /// # Errors
    /// If it cannot be read, or is a link or no regular file when it is opened.
    fn head(&self, path: &Path, limit: u64) -> io::Result<Head>;
    /// Where `path` leads when every link is followed: for what the operator names, never for what a tree says.
    fn resolved(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_path_buf())
    }
    /// Opens a regular file for reading from `offset`, with the same care.
    ///
    /// # Errors
    /// As [`Tree::head`].
    fn regular(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>>;
}

/// The machine's trees.
#[derive(Debug)]
pub struct RealTree;

impl RealTree {
    fn describe(meta: &fs::Metadata) -> Status {
        use std::os::unix::fs::MetadataExt;
        let time = |seconds: i64, nanos: i64| Time(Time::from_seconds(seconds).0.saturating_add(nanos / 1_000));
        Status {
            kind: EntryKind::of(meta.file_type()),
            size: meta.len(),
            device: meta.dev(),
            inode: meta.ino(),
            modified: time(meta.mtime(), meta.mtime_nsec()),
            changed: time(meta.ctime(), meta.ctime_nsec()),
        }
    }

    /// Opened without following a link and without waiting for a pipe's other end; then it is known what it is.
    fn open(path: &Path) -> io::Result<fs::File> {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::new(io::ErrorKind::InvalidInput, "no regular file")),
        }
    }
}

impl Tree for RealTree {
    fn entries(&self, directory: &Path, visit: &mut dyn FnMut(io::Result<Entry>) -> ControlFlow<()>) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry.and_then(|entry| {
                let kind = EntryKind::of(entry.file_type()?);
                Ok(Entry { name: entry.file_name(), kind })
            });
            let failed = entry.is_err();
            // A directory that fails once would fail for ever.
            if visit(entry).is_break() || failed {
                break;
            }
        }
        Ok(())
    }

    fn status(&self, path: &Path) -> io::Result<Status> {
        Ok(Self::describe(&fs::symlink_metadata(path)?))
    }

    fn link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(path)
    }

    fn head(&self, path: &Path, limit: u64) -> io::Result<Head> {
        let file = Self::open(path)?;
        let size = file.metadata()?.len();
        // No growth while reading leaves a copy behind that nobody wipes; files of `/proc` say that they are empty.
        let room = usize::try_from(size.max(4_096).min(limit)).unwrap_or(0);
        let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1));
        (&file).take(limit).read_to_end(&mut bytes)?;
        Ok(Head { bytes, status: Self::describe(&file.metadata()?) })
    }

    fn resolved(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn regular(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        use std::io::{Seek, SeekFrom};
        let mut file = Self::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_followed_and_no_pipe_is_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::write(at("file"), "content").unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let head = RealTree.head(&at("file"), 4).unwrap();
        assert_eq!((head.bytes.as_slice(), head.status.size), (b"cont".as_slice(), 7));
        assert!(RealTree.head(&at("link"), 4).is_err() && RealTree.head(&at("pipe"), 4).is_err());
        assert!(RealTree.regular(&at("pipe"), 0).is_err());
        assert_eq!(RealTree.link(&at("link")).unwrap(), Path::new("file"));
        assert_eq!(RealTree.status(&at("link")).unwrap().kind, EntryKind::Link);
        let mut seen = Vec::new();
        let mut visit = |entry: io::Result<Entry>| {
            seen.push(entry.unwrap().kind);
            ControlFlow::Continue(())
        };
        RealTree.entries(root.path(), &mut visit).unwrap();
        seen.sort_by_key(|kind| *kind as u8);
        assert_eq!(seen, [EntryKind::File, EntryKind::Link, EntryKind::Other]);
    }
}
