//! Files. The real disk syncs what it says it has written; the one in memory can forget what was not synced.

use crate::Mapped;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a directory listing says of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileMeta {
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
    /// Names the file across renames and growth (device and inode); 0 where the disk has no such thing.
    pub identity: u64,
}

/// What is below a directory, and what of it could not be listed.
#[derive(Debug, Default)]
pub struct Walk {
    /// All files that were found, ordered by path.
    pub files: Vec<FileMeta>,
    /// Folders and entries that could not be read: what they hold is not known.
    pub unread: Vec<(PathBuf, io::Error)>,
}

/// A disk.
pub trait Disk: Send + Sync {
    /// Opens a file for reading from `offset`.
    fn open(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>>;
    /// What is known of one file.
    fn meta(&self, path: &Path) -> io::Result<FileMeta>;
    /// All files below `directory`, at any depth, ordered by path. Symbolic links are not followed.
    ///
    /// # Errors
    /// If anything of it cannot be listed: what we keep ourselves is whole or it is not.
    fn list(&self, directory: &Path) -> io::Result<Vec<FileMeta>>;
    /// The same of a directory that others made: what of it cannot be listed is told, and the rest goes on.
    ///
    /// # Errors
    /// If `directory` itself cannot be listed.
    fn walk(&self, directory: &Path) -> io::Result<Walk> {
        Ok(Walk { files: self.list(directory)?, unread: Vec::new() })
    }
    /// Whether `path` is a directory.
    fn is_directory(&self, path: &Path) -> bool;
    /// Writes a whole file so that a crash leaves the old one or the new one: temporary name, sync, rename, sync.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Writes a whole file as [`Disk::write`] does, from what `fill` writes piece by piece. A `fill` that fails leaves what was
    /// there before.
    fn write_with(&self, path: &Path, fill: Fill<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        self.write(path, &bytes)
    }
    /// Writes a file that counts only once something else names it: a crash before that may leave a part of it. It takes half
    /// of the syncs of [`Disk::write`], which it falls back to where there is a file of that name.
    fn write_unnamed(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write(path, bytes)
    }
    /// Adds to the end of a file and syncs it.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Cuts a file to `size` bytes and syncs it.
    fn truncate(&self, path: &Path, size: u64) -> io::Result<()>;
    /// Removes a file; a file that is not there is no error.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes a directory and its parents.
    fn make_directory(&self, path: &Path) -> io::Result<()>;

    /// The whole of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(path, 0)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The whole of a file that is written once, as it is now, without reading it where the disk can do that ([`Mapped`]).
    fn map(&self, path: &Path) -> io::Result<Mapped> {
        self.read(path).map(Mapped::bytes)
    }
}

/// What writes the content of a file, piece by piece.
pub type Fill<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// The machine's disk.
#[derive(Debug)]
pub struct RealDisk;

impl RealDisk {
    fn sync_parent(path: &Path) -> io::Result<()> {
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => fs::File::open(parent)?.sync_all(),
            _ => Ok(()),
        }
    }

    /// What we keep is nobody else's to read: files are made for their owner alone.
    fn private() -> fs::OpenOptions {
        use std::os::unix::fs::OpenOptionsExt;
        let mut options = fs::OpenOptions::new();
        options.mode(0o600);
        options
    }

    fn describe(path: PathBuf, meta: &fs::Metadata) -> FileMeta {
        use std::os::unix::fs::MetadataExt;
        FileMeta { path, size: meta.len(), identity: meta.dev().rotate_left(40) ^ meta.ino() }
    }

    /// Everything below `directory`, in the disk's order; each folder's own path stands beside what it could not show.
    fn below(directory: &Path) -> io::Result<Walk> {
        let mut walk = Walk::default();
        let mut folders = vec![directory.to_path_buf()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if folder == directory => return Err(error),
                Err(error) => {
                    walk.unread.push((folder, error));
                    continue;
                }
            };
            for entry in entries {
                // A directory that fails once would fail for ever.
                let Ok(entry) = entry.map_err(|error| walk.unread.push((folder.clone(), error))) else { break };
                let path = entry.path();
                if let Err(error) = Self::entry(&entry, &path, &mut walk.files, &mut folders) {
                    walk.unread.push((path, error));
                }
            }
        }
        walk.files.sort_by(|a, b| a.path.cmp(&b.path));
        walk.unread.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(walk)
    }

    fn entry(
        entry: &fs::DirEntry,
        path: &Path,
        files: &mut Vec<FileMeta>,
        folders: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            folders.push(path.to_path_buf());
        } else if kind.is_file() {
            files.push(Self::describe(path.to_path_buf(), &entry.metadata()?));
        }
        Ok(())
    }
}

impl Disk for RealDisk {
    fn open(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = fs::File::open(path)?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))?;
        }
        Ok(Box::new(file))
    }

    fn meta(&self, path: &Path) -> io::Result<FileMeta> {
        Ok(Self::describe(path.to_path_buf(), &fs::metadata(path)?))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<FileMeta>> {
        let Walk { files, unread } = Self::below(directory)?;
        match unread.into_iter().next() {
            Some((path, error)) => Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
            None => Ok(files),
        }
    }

    fn walk(&self, directory: &Path) -> io::Result<Walk> {
        Self::below(directory)
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.write_with(path, &mut |file| file.write_all(bytes))
    }

    fn write_with(&self, path: &Path, fill: Fill<'_>) -> io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".part");
        let file = Self::private().create(true).truncate(true).write(true).open(&temporary)?;
        let mut writer = io::BufWriter::with_capacity(1 << 20, file);
        fill(&mut writer)?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        fs::rename(&temporary, path)?;
        Self::sync_parent(path)
    }

    fn write_unnamed(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = match Self::private().create_new(true).write(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return self.write(path, bytes),
            opened => opened?,
        };
        file.write_all(bytes)?;
        file.sync_all()?;
        Self::sync_parent(path)
    }

    fn map(&self, path: &Path) -> io::Result<Mapped> {
        Mapped::file(fs::File::open(path)?)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let fresh = !path.exists();
        let mut file = Self::private().create(true).append(true).open(path)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        if fresh { Self::sync_parent(path) } else { Ok(()) }
    }

    fn truncate(&self, path: &Path, size: u64) -> io::Result<()> {
        let file = fs::OpenOptions::new().write(true).open(path)?;
        file.set_len(size)?;
        file.sync_all()
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn make_directory(&self, path: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
    }
}

/// A disk in memory, for simulation.
#[derive(Debug, Default)]
pub struct MemoryDisk {
    files: Mutex<BTreeMap<PathBuf, Vec<u8>>>,
}

impl MemoryDisk {
    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<PathBuf, Vec<u8>>) -> T) -> T {
        act(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn missing(path: &Path) -> io::Error {
        io::Error::new(io::ErrorKind::NotFound, format!("no file `{}`", path.display()))
    }
}

impl Disk for MemoryDisk {
    fn open(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let bytes = self.with(|files| files.get(path).cloned()).ok_or_else(|| Self::missing(path))?;
        let mut cursor = io::Cursor::new(bytes);
        cursor.set_position(offset);
        Ok(Box::new(cursor))
    }

    fn meta(&self, path: &Path) -> io::Result<FileMeta> {
        let size = self.with(|files| files.get(path).map(Vec::len)).ok_or_else(|| Self::missing(path))?;
        Ok(FileMeta { path: path.to_path_buf(), size: size as u64, identity: 0 })
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<FileMeta>> {
        Ok(self.with(|files| {
            let below = files.iter().filter(|(path, _)| path.starts_with(directory));
            below.map(|(path, bytes)| FileMeta { path: path.clone(), size: bytes.len() as u64, identity: 0 }).collect()
        }))
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.with(|files| files.keys().any(|file| file != path && file.starts_with(path)))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.with(|files| files.insert(path.to_path_buf(), bytes.to_vec()));
        Ok(())
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.with(|files| files.entry(path.to_path_buf()).or_default().extend_from_slice(bytes));
        Ok(())
    }

    fn truncate(&self, path: &Path, size: u64) -> io::Result<()> {
        self.with(|files| {
            let file = files.get_mut(path).ok_or_else(|| Self::missing(path))?;
            file.truncate(usize::try_from(size).unwrap_or(usize::MAX));
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.with(|files| files.remove(path));
        Ok(())
    }

    fn make_directory(&self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behaves(disk: &dyn Disk, root: &Path) {
        let file = root.join("a/b");
        disk.make_directory(&root.join("a")).unwrap();
        disk.write(&file, b"one").unwrap();
        disk.append(&file, b" two").unwrap();
        assert_eq!(disk.read(&file).unwrap(), b"one two");
        for text in [b"new", b"old"] {
            let fresh = root.join("a/c");
            disk.write_unnamed(&fresh, text).unwrap();
            assert_eq!(disk.read(&fresh).unwrap(), text);
        }
        disk.remove(&root.join("a/c")).unwrap();
        disk.truncate(&file, 3).unwrap();
        let mut rest = String::new();
        disk.open(&file, 1).unwrap().read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "ne");
        assert_eq!(
            disk.list(root).unwrap().iter().map(|meta| (meta.path.clone(), meta.size)).collect::<Vec<_>>(),
            [(file.clone(), 3)]
        );
        assert!(disk.is_directory(&root.join("a")) && !disk.is_directory(&file));
        disk.remove(&file).unwrap();
        disk.remove(&file).unwrap();
        assert!(disk.read(&file).is_err());
    }

    #[test]
    fn what_is_kept_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let real = tempfile::tempdir().unwrap();
        let (directory, file) = (real.path().join("data"), real.path().join("data/key"));
        RealDisk.make_directory(&directory).unwrap();
        RealDisk.write(&file, b"secret").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&directory), mode(&file)), (0o700, 0o600));
    }

    fn maps(disk: &dyn Disk, root: &Path) {
        let file = root.join("segment");
        disk.make_directory(root).unwrap();
        disk.write_with(&file, &mut |file| file.write_all(b"old").and_then(|()| file.write_all(b" bytes"))).unwrap();
        let view = disk.map(&file).unwrap();
        let failed = disk.write_with(&file, &mut |file| {
            file.write_all(b"ha")?;
            Err(io::Error::other("no more"))
        });
        assert!(failed.is_err());
        assert_eq!(disk.read(&file).unwrap(), b"old bytes", "a write that fails changes nothing");
        disk.write(&file, b"").unwrap();
        assert!(disk.map(&file).unwrap().is_empty());
        disk.remove(&file).unwrap();
        assert_eq!(&*view, b"old bytes", "who has a view keeps it");
        assert!(disk.map(&file).is_err());
    }

    #[test]
    fn a_view_is_of_the_file_as_it_was() {
        let real = tempfile::tempdir().unwrap();
        maps(&RealDisk, &real.path().join("data"));
        maps(&MemoryDisk::default(), Path::new("/m"));
    }

    #[test]
    fn a_folder_that_cannot_be_listed_is_told_and_the_rest_goes_on() {
        let real = tempfile::tempdir().unwrap();
        let root = real.path();
        // A path longer than the system takes cannot be listed by anyone, whoever runs this.
        let script = "d=$(printf 'd%.0s' $(seq 200)); for i in $(seq 24); do mkdir $d && cd $d || exit 1; done";
        let made = std::process::Command::new("bash").args(["-c", script]).current_dir(root).status().unwrap();
        assert!(made.success());
        fs::write(root.join("a"), b"one").unwrap();
        let walk = RealDisk.walk(root).unwrap();
        assert_eq!(walk.files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(), [root.join("a")]);
        assert!(walk.unread.len() == 1 && walk.unread[0].0.starts_with(root), "{walk:?}");
        assert!(RealDisk.list(root).is_err(), "what is our own is whole or it is not");
        assert!(RealDisk.walk(&root.join("none")).is_err());
    }

    #[test]
    fn only_what_nobody_else_may_write_is_mapped() {
        use std::os::unix::fs::PermissionsExt;
        let real = tempfile::tempdir().unwrap();
        let file = real.path().join("index");
        RealDisk.write(&file, b"bytes").unwrap();
        assert!(RealDisk.map(&file).unwrap().is_mapped());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        let open = RealDisk.map(&file).unwrap();
        assert!(!open.is_mapped());
        assert_eq!(&*open, b"bytes");
    }

    #[test]
    fn both_disks_behave_alike() {
        let real = tempfile::tempdir().unwrap();
        behaves(&RealDisk, real.path());
        behaves(&MemoryDisk::default(), Path::new("/m"));
    }
}
