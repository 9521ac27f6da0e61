//! The files of an image by name, whether they lie in a directory or in one archive.

use firebreak_document::tar::{Tar, TarKind};
use firebreak_world::{EntryKind, Tree};
use std::collections::HashMap;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

/// Entries of the outer archive. Images have one a layer and a few more.
const MAX_ENTRIES: usize = 100_000;

/// An image's files.
pub(super) struct Archive<'a> {
    tree: &'a dyn Tree,
    path: PathBuf,
    /// Offset and size of each file of an archive; none for a directory.
    index: Option<HashMap<String, (u64, u64)>>,
}

impl<'a> Archive<'a> {
    /// Opens a directory, or reads an archive's headers.
    pub(super) fn open(tree: &'a dyn Tree, path: &Path) -> io::Result<Archive<'a>> {
        let path = path.to_path_buf();
        if tree.status(&path)?.kind == EntryKind::Directory {
            return Ok(Archive { tree, path, index: None });
        }
        let mut index = HashMap::new();
        let mut at = 0_u64;
        // Opened anew at each entry: layers are not read to find what stands behind them.
        while let Some(entry) = Tar::new(BufReader::new(tree.regular(&path, at)?)).next_entry()? {
            if index.len() >= MAX_ENTRIES {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it has too many entries"));
            }
            let end = entry.size.checked_next_multiple_of(512).and_then(|size| size.checked_add(entry.offset));
            at = end.and_then(|end| end.checked_add(at)).ok_or(io::ErrorKind::InvalidData)?;
            if entry.kind == TarKind::File {
                let name = String::from_utf8_lossy(&entry.path).trim_start_matches("./").to_owned();
                index.insert(name, (at - entry.size.next_multiple_of(512), entry.size));
            }
        }
        Ok(Archive { tree, path, index: Some(index) })
    }

    /// The file `name`, from its beginning.
    pub(super) fn reader(&self, name: &str) -> io::Result<Box<dyn Read + Send + 'a>> {
        match &self.index {
            None => {
                let safe = Path::new(name).components().all(|part| matches!(part, std::path::Component::Normal(_)));
                match safe {
                    true => self.tree.regular(&self.path.join(name), 0),
                    false => Err(io::Error::new(io::ErrorKind::InvalidInput, "a path out of the image")),
                }
            }
            Some(index) => {
                let (offset, size) = index.get(name).ok_or(io::ErrorKind::NotFound)?;
                Ok(Box::new(self.tree.regular(&self.path, *offset)?.take(*size)))
            }
        }
    }

    /// The document `name`, if it is there and no longer than `limit`.
    pub(super) fn document(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader(name).ok()?.take(limit + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() as u64 <= limit).then_some(bytes)
    }
}
