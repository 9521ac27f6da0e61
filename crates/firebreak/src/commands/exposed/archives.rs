//! Archives of logs, as a CI gives them for download: read in place, and never unpacked to disk.
//!
//! GitHub's archive of a run has one file for each job, and beside them the same lines step by step. What an archive holds is
//! as if it lay in its folder (or in one of the run's number, if it is called so: `8812.zip`). One that gives too much, or that
//! cannot be read whole, is a place of which nothing is known.

use firebreak_advisory_store::Limits;
use firebreak_advisory_store::archive::{Member, zip};
use firebreak_world::{FileMeta, MemoryDisk, World};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What one archive may give: a log of 256 MiB, 512 MiB in all, 100,000 files.
const LIMITS: Limits = Limits { document: 256 << 20, archive: 512 << 20, members: 100_000 };
/// Endings of logs in archives.
const LOGS: [&str; 3] = [".txt", ".log", ".json"];

/// Whether the file is an archive that may hold logs: any one below a folder of a source, or one called as downloads of logs
/// are.
pub(super) fn is_archive(file: &FileMeta, below_source: bool) -> bool {
    let name = file.path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    name.ends_with(".zip") && (below_source || name.starts_with("logs"))
}

/// Where the files of an archive would lie.
pub(super) fn folder(path: &Path, below_source: bool) -> PathBuf {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let number = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_digit());
    match (below_source, number, path.parent()) {
        // What lies alone is called after the archive.
        (false, _, _) | (_, _, None) => path.to_path_buf(),
        (true, true, Some(parent)) => parent.join(stem),
        (true, false, Some(parent)) => parent.to_path_buf(),
    }
}

/// A world with nothing on its disk but the files of the archive, as they would lie in `folder`.
///
/// # Errors
/// If not all of it can be read.
pub(super) fn opened(world: &World, path: &Path, folder: &Path) -> io::Result<World> {
    let within = World { disk: Arc::new(MemoryDisk::default()), ..world.clone() };
    let wanted = |name: &str| LOGS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending));
    zip(world.disk.as_ref(), path, LIMITS, &wanted, &mut |member| match member {
        Member::File(name, from) => {
            let Some(inner) = below(&name) else { return Ok(()) };
            let mut bytes = Vec::new();
            from.take(LIMITS.document + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > LIMITS.document {
                return Err(io::Error::other(format!("`{name}` has more bytes than are read of one log")));
            }
            within.disk.write(&folder.join(inner), &bytes)
        }
        Member::Problem(name, reason) => Err(io::Error::other(format!("`{name}` {reason}"))),
    })?;
    Ok(within)
}

/// A name in an archive as a path that stays below where it is put.
fn below(name: &str) -> Option<PathBuf> {
    let parts: Vec<&str> = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    (!parts.is_empty() && !parts.contains(&"..")).then(|| parts.iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zip archive whose `entries` all lie on the same stored `bytes`.
    fn overlaid(entries: u16, bytes: usize) -> Vec<u8> {
        let name = b"1_x.txt";
        let size = u32::try_from(bytes).unwrap().to_le_bytes();
        let mut all = [b"PK\x03\x04".as_slice(), &[0; 14], &size, &size, &[7, 0, 0, 0], name].concat();
        all.resize(all.len() + bytes, b'x');
        let table = u32::try_from(all.len()).unwrap();
        for _ in 0..entries {
            all.extend([b"PK\x01\x02".as_slice(), &[0; 16], &size, &size, &[7, 0], &[0; 16], name].concat());
        }
        let length = u32::try_from(all.len()).unwrap() - table;
        let counts = [entries.to_le_bytes(), entries.to_le_bytes()].concat();
        let end = [b"PK\x05\x06".as_slice(), &[0; 4], &counts, &length.to_le_bytes(), &table.to_le_bytes(), &[0; 2]];
        all.extend(end.concat());
        all
    }

    #[test]
    fn an_archive_that_gives_without_end_is_refused_and_names_stay_below() {
        let world = World::simulated(1);
        let path = Path::new("/in/logs.zip");
        world.disk.write(path, &overlaid(2, 64)).unwrap();
        let within = opened(&world, path, path).unwrap();
        assert_eq!(within.disk.read(&path.join("1_x.txt")).unwrap().len(), 64);
        world.disk.write(path, &overlaid(600, 1 << 20)).unwrap();
        let error = opened(&world, path, path).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("more bytes than are read"), "{error}");
        assert_eq!(below("../../etc/x.txt"), None);
        assert_eq!(below("/a/./b.txt"), Some(PathBuf::from("a/b.txt")));
    }

    #[test]
    fn the_files_of_an_archive_lie_where_their_run_does() {
        for (path, below_source, right) in [
            ("ci_log/o/r/8812/logs.zip", true, "ci_log/o/r/8812"),
            ("ci_log/o/r/8812.zip", true, "ci_log/o/r/8812"),
            ("logs_8812.zip", false, "logs_8812.zip"),
        ] {
            assert_eq!(folder(Path::new(path), below_source), Path::new(right));
        }
    }
}
