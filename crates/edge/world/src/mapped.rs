//! Files as bytes without reading them: a read-only view that the operating system fills as it is touched.
//!
//! This is the one module of Firebreak with `unsafe` in it. A mapping is a promise that nobody changes the file while it is
//! looked at; what holds it here:
//!
//! - Only files that are written once are mapped: [`Disk::write`](crate::Disk::write) and
//!   [`Disk::write_with`](crate::Disk::write_with) fill a file under another name and rename it into place, and nothing of ours
//!   writes to it again. A removed or replaced file stays whole for those who have it mapped.
//! - The file is of the kind that only its owner may write. One that a group or everybody may write is read into memory instead.
//! - Readers take the bytes as hostile: every length and offset is checked, and text is checked each time it is read. Bytes that
//!   change all the same are wrong answers and errors, not wild reads; a file that is cut short stops the process.
//!
//! It is not for logs and other files that someone is still writing: [`Disk::open`](crate::Disk::open) reads those.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

/// The bytes of one file, shared by all who hold it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mapped(View);

#[derive(Clone, Debug)]
enum View {
    Map(Arc<memmap2::Mmap>),
    Bytes(Arc<[u8]>),
}

impl Mapped {
    /// Bytes that are in memory anyway.
    pub fn bytes(bytes: Vec<u8>) -> Mapped {
        Mapped(View::Bytes(bytes.into()))
    }

    /// Whether the operating system holds the bytes, so that they need no memory of ours.
    pub fn is_mapped(&self) -> bool {
        matches!(self.0, View::Map(_))
    }

    /// A view of a file that is written once; the others are read.
    pub(crate) fn file(mut file: File) -> io::Result<Mapped> {
        let meta = file.metadata()?;
        let others_write = meta.permissions().mode() & 0o022 != 0;
        if meta.len() == 0 || !meta.is_file() || others_write {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes)?;
            return Ok(Mapped::bytes(bytes));
        }
        Ok(Mapped(View::Map(Arc::new(map(&file)?))))
    }
}

#[expect(
    unsafe_code,
    reason = "a mapping is sound while nobody changes the file: the head of this module says why nobody does"
)]
fn map(file: &File) -> io::Result<memmap2::Mmap> {
    // SAFETY: a regular file of ours, written once and renamed into place, that nobody but its owner may write.
    unsafe { memmap2::Mmap::map(file) }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            View::Map(map) => map,
            View::Bytes(bytes) => bytes,
        }
    }
}

impl AsRef<[u8]> for Mapped {
    fn as_ref(&self) -> &[u8] {
        self
    }
}
