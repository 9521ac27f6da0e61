//! Arbitrary bytes as what a snapshot reads of others: an image's archive, a layer of it in any packing, and each kind of file
//! of an installed tree. It ends, panics at nothing, and shows no planted secret.
#![no_main]

use firebreak_model::{Fingerprinter, Time};
use firebreak_snapshot::{Doors, Limits, Options, Subject, bytes, take};
use firebreak_world::{Entry, EntryKind, Head, Status, SystemClock, Tree};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Files by their paths.
struct Files(BTreeMap<PathBuf, Vec<u8>>);

impl Files {
    fn is_directory(&self, path: &Path) -> bool {
        self.0.keys().any(|file| file != path && file.starts_with(path))
    }

    fn content(&self, path: &Path) -> io::Result<&[u8]> {
        self.0.get(path).map(Vec::as_slice).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Tree for Files {
    fn entries(&self, directory: &Path, visit: &mut dyn FnMut(io::Result<Entry>) -> ControlFlow<()>) -> io::Result<()> {
        let mut seen = Vec::new();
        for file in self.0.keys() {
            let name = file.strip_prefix(directory).ok().and_then(|rest| rest.iter().next());
            let Some(name) = name.filter(|name| !seen.contains(name)) else { continue };
            seen.push(name);
            let kind = if self.is_directory(&directory.join(name)) { EntryKind::Directory } else { EntryKind::File };
            if visit(Ok(Entry { name: name.to_owned(), kind })).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn status(&self, path: &Path) -> io::Result<Status> {
        let (kind, size) = match self.is_directory(path) {
            true => (EntryKind::Directory, 0),
            false => (EntryKind::File, self.content(path)?.len() as u64),
        };
        Ok(Status { kind, size, device: 1, inode: 1, modified: Time(0), changed: Time(0) })
    }

    fn link(&self, _: &Path) -> io::Result<PathBuf> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn head(&self, path: &Path, limit: u64) -> io::Result<Head> {
        let content = self.content(path)?;
        let end = usize::try_from(limit).unwrap_or(usize::MAX).min(content.len());
        Ok(Head { bytes: content[..end].to_vec().into(), status: self.status(path)? })
    }

    fn regular(&self, path: &Path, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let content = self.content(path)?;
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(content.len());
        Ok(Box::new(io::Cursor::new(content[from..].to_vec())))
    }
}

/// One place of each kind of file that is read.
const PLACES: &[&str] = &[
    "site-packages/a-1.0.dist-info/METADATA",
    "site-packages/a-1.0.dist-info/RECORD",
    "site-packages/a-1.0.dist-info/INSTALLER",
    "site-packages/a-1.0.dist-info/direct_url.json",
    "site-packages/a.egg-info",
    "site-packages/a.pth",
    "node_modules/a/package.json",
    "node_modules/.package-lock.json",
    "root/.vscode/extensions/a.b-1.0/package.json",
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d/a",
    "lib/apk/db/installed",
    "conda-meta/a.json",
    "specifications/a-1.0.gemspec",
    "root/.cargo/.crates2.json",
    "root/.aws/credentials",
    "root/.kube/config",
    "root/.docker/config.json",
    "root/.npmrc",
    "root/.netrc",
    "root/.ssh/id_ed25519",
    "root/.bash_history",
    "w/.env",
    "w/terraform.tfstate",
    "root/.m2/settings.xml",
];

/// A secret that stands beside what is fuzzed.
const PLANTED: &str = "ghp_plantedPlantedPlantedPlanted012345";

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn look(subject: Subject, files: Files) {
    let options = Options {
        subject,
        environment: None,
        cluster: "prod".to_owned(),
        hashed: Vec::new(),
        network_mounts: false,
        limits: Limits { entries: 10_000, unpacked: 16 << 20, bytes: 16 << 20, ..Limits::default() },
        variables: Vec::new(),
        blind: Vec::new(),
    };
    let doors = Doors { tree: &files, clock: &SystemClock, fingerprinter: &Fingerprinter::new([7; 32]) };
    if let Ok(snapshot) = take(doors, &options) {
        let written = bytes(&snapshot);
        assert!(!holds(&written, PLANTED));
        assert!(serde_json::from_slice::<serde_json::Value>(&written).is_ok());
    }
}

fn one(path: &str, content: Vec<u8>) -> BTreeMap<PathBuf, Vec<u8>> {
    BTreeMap::from([(Path::new("/x").join(path), content)])
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    // A fuzzer learns what it is compared with, and then it is a name among others.
    if holds(rest, PLANTED) {
        return;
    }
    match usize::from(*first) {
        0 => look(Subject::Image(PathBuf::from("/x/image.tar")), Files(one("image.tar", rest.to_vec()))),
        1 => {
            let mut files = one("l.tar", rest.to_vec());
            files.extend(one("c.json", b"{}".to_vec()));
            files.extend(one("manifest.json", br#"[{"Config":"c.json","Layers":["l.tar"]}]"#.to_vec()));
            look(Subject::Image(PathBuf::from("/x")), Files(files));
        }
        2 => look(Subject::Image(PathBuf::from("/x")), Files(one("index.json", rest.to_vec()))),
        place => {
            let mut files = one(PLACES[place % PLACES.len()], rest.to_vec());
            files.extend(one("v/.env", format!("GITHUB_TOKEN={PLANTED}\n").into_bytes()));
            look(Subject::Root(PathBuf::from("/x")), Files(files));
        }
    }
});
