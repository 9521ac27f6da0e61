//! A disk on which some files say something else: what would be if they did. Nothing is written through it.

use firebreak_world::{Disk, FileMeta, Walk};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files over those of another disk.
pub struct Overlay {
    under: Arc<dyn Disk>,
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Overlay {
    /// `files` in place of those that `under` has at the same paths.
    pub fn new(under: Arc<dyn Disk>, files: BTreeMap<PathBuf, Vec<u8>>) -> Overlay {
        Overlay { under, files }
    }

    fn sized(&self, mut meta: FileMeta) -> FileMeta {
        if let Some(bytes) = self.files.get(&meta.path) {
            meta.size = bytes.len() as u64;
        }
        meta
    }
}

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a supposition is not written"))
}

impl Disk for Overlay {
    fn open(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        match self.files.get(path) {
            Some(bytes) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                Ok(Box::new(Cursor::new(bytes[from..].to_vec())))
            }
            None => self.under.open(path, offset),
        }
    }

    fn meta(&self, path: &Path) -> io::Result<FileMeta> {
        self.under.meta(path).map(|meta| self.sized(meta))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<FileMeta>> {
        Ok(self.under.list(directory)?.into_iter().map(|meta| self.sized(meta)).collect())
    }

    fn walk(&self, directory: &Path) -> io::Result<Walk> {
        let walk = self.under.walk(directory)?;
        Ok(Walk { files: walk.files.into_iter().map(|meta| self.sized(meta)).collect(), ..walk })
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.under.is_directory(path)
    }

    fn write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        refused()
    }

    fn append(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        refused()
    }

    fn truncate(&self, _: &Path, _: u64) -> io::Result<()> {
        refused()
    }

    fn remove(&self, _: &Path) -> io::Result<()> {
        refused()
    }

    fn make_directory(&self, _: &Path) -> io::Result<()> {
        refused()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_world::MemoryDisk;

    #[test]
    fn what_is_supposed_is_read_and_the_disk_stays_as_it_is() {
        let under: Arc<dyn Disk> = Arc::new(MemoryDisk::default());
        let (one, two) = (Path::new("d/one"), Path::new("d/two"));
        under.write(one, b"old").unwrap();
        under.write(two, b"two").unwrap();
        let overlay = Overlay::new(Arc::clone(&under), BTreeMap::from([(one.to_owned(), b"other".to_vec())]));
        assert_eq!((overlay.read(one).unwrap(), overlay.read(two).unwrap()), (b"other".to_vec(), b"two".to_vec()));
        let sizes: Vec<u64> = overlay.walk(Path::new("d")).unwrap().files.iter().map(|file| file.size).collect();
        assert_eq!(sizes, [5, 3]);
        assert!(overlay.write(two, b"x").is_err() && under.read(one).unwrap() == b"old");
    }
}
