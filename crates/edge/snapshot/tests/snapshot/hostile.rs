//! Trees that are made to hurt: each ends, and what was not looked at is told.

use crate::support::{is_blind, of_root, options, plant, with};
use firebreak_snapshot::{Limits, Options, Snapshot, Subject, take};
use firebreak_world::{Entry, EntryKind, Head, RealTree, Status, Tree};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

fn limited(root: &Path, limits: Limits) -> Snapshot {
    let options = Options { limits, ..options(Subject::Root(root.to_path_buf())) };
    with(&RealTree, |doors| take(doors, &options)).unwrap()
}

#[test]
fn links_are_followed_by_name_inside_the_tree_and_never_round_and_round() {
    let root = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    plant(outside.path(), &[("credentials", "[a]\naws_access_key_id = AKIAIOSFODNN7OUTSIDE\n")]);
    plant(root.path(), &[("data/aws/credentials", "[a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n"), ("a/b/c", "")]);
    let at = |path: &str| root.path().join(path);
    fs::create_dir_all(at("root")).unwrap();
    fs::create_dir_all(at("home/x")).unwrap();
    symlink("/data/aws", at("root/.aws")).unwrap();
    symlink(outside.path(), at("home/x/.aws")).unwrap();
    symlink("..", at("a/b/up")).unwrap();
    symlink("../..", at("a/b/.config")).unwrap();
    symlink("node_modules", at("a/node_modules")).unwrap();
    symlink(".env", at("a/.env")).unwrap();
    let snapshot = of_root(root.path());
    let keys: Vec<&str> = snapshot.credentials.iter().map(|one| one.credential.name()).collect();
    assert_eq!(keys, ["AKIAIOSFODNN7EXAMPLE"], "what lies outside is not of this tree");
    assert!(snapshot.credentials[0].place.starts_with("/root/.aws/credentials"));
    assert!(is_blind(&snapshot, "a link leads nowhere or out of the tree"));
}

#[test]
fn pipes_devices_and_huge_files_are_not_read() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    assert!(Command::new("mkfifo").arg(at(".env")).status().unwrap().success());
    symlink("/dev/zero", at(".npmrc")).unwrap();
    fs::File::create(at("huge.env")).unwrap().set_len(1 << 42).unwrap();
    fs::create_dir_all(at("x/site-packages")).unwrap();
    fs::File::create(at("x/site-packages/huge.pth")).unwrap().set_len(1 << 42).unwrap();
    let snapshot = of_root(root.path());
    assert!(snapshot.credentials.is_empty());
    assert!(is_blind(&snapshot, "only the beginning of a file was searched"));
    let hook = &snapshot.hooks[0];
    assert!(hook.executes && hook.sha256.is_none(), "what was not read may hold code");
}

#[test]
fn names_that_are_no_text_are_kept_apart() {
    let root = tempfile::tempdir().unwrap();
    for name in [b"\xff".as_slice(), b"\xfe", b"a\nb"] {
        let directory = root.path().join(OsStr::from_bytes(name));
        plant(&directory, &[(".env", "A_TOKEN=planted-value-1\n")]);
    }
    let snapshot = of_root(root.path());
    let mut places: Vec<&str> = snapshot.credentials.iter().map(|one| one.place.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/\\xfe/.env A_TOKEN", "/\\xff/.env A_TOKEN", "/a\\x0ab/.env A_TOKEN"]);
}

#[test]
fn deep_wide_and_many_are_bounded_and_told() {
    let root = tempfile::tempdir().unwrap();
    let mut deep = root.path().to_path_buf();
    for _ in 0..40 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    (0..50).for_each(|at| plant(root.path(), &[(&format!("w{at}/.env"), "A_TOKEN=planted-value-1\n")]));
    let told = |limits: Limits, text: &str| {
        let snapshot = limited(root.path(), limits);
        assert!(is_blind(&snapshot, text), "{text}: {:?}", snapshot.blind_spots);
        assert!(snapshot.complete_ecosystems.is_empty(), "{text}");
    };
    told(Limits { depth: 20, ..Limits::default() }, "nested deeper");
    told(Limits { waiting: 10, ..Limits::default() }, "more directories beside each other");
    told(Limits { entries: 30, ..Limits::default() }, "more files than are looked at");
    told(Limits { files: 10, ..Limits::default() }, "more files to read");
    told(Limits { bytes: 100, ..Limits::default() }, "more to read than is read");
    told(Limits { kept: 10, ..Limits::default() }, "more than is kept");
    told(Limits { seconds: 0.0, ..Limits::default() }, "the time for the walk was up");
    let all = limited(root.path(), Limits::default());
    assert_eq!((all.credentials.len(), all.complete_ecosystems.len()), (50, 2));
}

/// A tree that no disk could hold in a test.
struct Endless;

const FILES: u64 = 1_000_000;

fn status(kind: EntryKind) -> Status {
    let time = firebreak_model::Time::from_seconds(1_774_349_921);
    Status { kind, size: 30, device: 1, inode: 1, modified: time, changed: time }
}

impl Tree for Endless {
    fn entries(&self, directory: &Path, visit: &mut dyn FnMut(io::Result<Entry>) -> ControlFlow<()>) -> io::Result<()> {
        let mut show = |name: String, kind| visit(Ok(Entry { name: OsString::from(name), kind }));
        match directory.to_str() {
            Some("/endless") => {
                for name in ["many", "closed", "breaking", "a-1.0.dist-info"] {
                    let _ = show(name.to_owned(), EntryKind::Directory);
                }
                Ok(())
            }
            Some("/endless/many") => (0..FILES).try_for_each(|at| match show(format!("file-{at}"), EntryKind::File) {
                ControlFlow::Continue(()) => Ok(()),
                ControlFlow::Break(()) => Err(io::Error::other("stopped")),
            }),
            Some("/endless/closed") => Err(io::ErrorKind::PermissionDenied.into()),
            Some("/endless/breaking") => {
                let _ = visit(Err(io::Error::other("bad block")));
                Ok(())
            }
            Some("/endless/a-1.0.dist-info") => {
                let _ = show("METADATA".to_owned(), EntryKind::File);
                let _ = show("RECORD".to_owned(), EntryKind::File);
                Ok(())
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn status(&self, path: &Path) -> io::Result<Status> {
        Ok(status(if path == Path::new("/endless") { EntryKind::Directory } else { EntryKind::File }))
    }

    fn link(&self, _: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn head(&self, path: &Path, limit: u64) -> io::Result<Head> {
        match path.file_name().and_then(OsStr::to_str) {
            // It grew since it was listed.
            Some("METADATA") => {
                let bytes = b"Name: a\nVersion: 1.0\n".to_vec();
                assert!(limit > 100);
                Ok(Head { bytes: bytes.into(), status: Status { size: 21, ..status(EntryKind::File) } })
            }
            Some("RECORD") => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn regular(&self, _: &Path, _: u64) -> io::Result<Box<dyn Read + Send>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn a_million_files_closed_directories_and_files_that_change_are_told_apart() {
    let options = options(Subject::Root(PathBuf::from("/endless")));
    let snapshot = with(&Endless, |doors| take(doors, &options)).unwrap();
    assert!(!is_blind(&snapshot, "more files than are looked at"), "a million is no limit");
    assert!(is_blind(&snapshot, "a directory could not be read: /closed (permission denied)"));
    assert!(is_blind(&snapshot, "a directory could not be read to its end: /breaking"));
    assert!(is_blind(&snapshot, "a file changed while it was looked at: /a-1.0.dist-info/METADATA"));
    assert!(is_blind(&snapshot, "a file could not be read: /a-1.0.dist-info/RECORD (permission denied)"));
    assert_eq!(snapshot.packages.len(), 1);
    assert!(snapshot.complete_ecosystems.is_empty());
}
