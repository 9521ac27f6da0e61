//! Trees, archives and snapshots for the tests.

use firebreak_model::Fingerprinter;
use firebreak_snapshot::{Doors, Limits, Options, Snapshot, Subject, take};
use firebreak_world::{RealTree, SystemClock, Tree};
use std::fs;
use std::path::Path;

pub(crate) fn fingerprinter() -> Fingerprinter {
    Fingerprinter::new([7; 32])
}

pub(crate) fn options(subject: Subject) -> Options {
    Options {
        subject,
        environment: None,
        cluster: "prod".to_owned(),
        hashed: Vec::new(),
        network_mounts: false,
        limits: Limits::default(),
        variables: Vec::new(),
        blind: Vec::new(),
    }
}

pub(crate) fn with<T>(tree: &dyn Tree, act: impl FnOnce(Doors<'_>) -> T) -> T {
    act(Doors { tree, clock: &SystemClock, fingerprinter: &fingerprinter() })
}

pub(crate) fn of_root(root: &Path) -> Snapshot {
    with(&RealTree, |doors| take(doors, &options(Subject::Root(root.to_path_buf()))).unwrap())
}

/// Writes files below `root`, each with its directories.
pub(crate) fn plant(root: &Path, files: &[(&str, &str)]) {
    for (path, content) in files {
        let place = root.join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, content).unwrap();
    }
}

/// Whether one of the blind spots holds `text`.
pub(crate) fn is_blind(snapshot: &Snapshot, text: &str) -> bool {
    snapshot.blind_spots.iter().any(|line| line.contains(text))
}

/// An archive of `(path, content)`; a content of None is a directory.
pub(crate) fn tar(entries: &[(&str, Option<&[u8]>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, content) in entries {
        let mut header = [0_u8; 512];
        header[..path.len()].copy_from_slice(path.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        let size = content.map_or(0, <[u8]>::len);
        header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        header[136..147].copy_from_slice(format!("{:011o}", 1_774_349_921).as_bytes());
        header[156] = if content.is_some() { b'0' } else { b'5' };
        header[257..263].copy_from_slice(b"ustar\0");
        header[148..156].copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        bytes.extend(header);
        bytes.extend(content.unwrap_or_default());
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.extend([0; 1024]);
    bytes
}
