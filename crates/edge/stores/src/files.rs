//! The documents of a file system: every regular file under a directory, in an order that a key decides.

use crate::scan::Gap;
use firebreak_model::Fingerprinter;
use firebreak_world::{EntryKind, Tree};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Folders in folders.
const MAX_DEPTH: usize = 200;

/// One document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct File {
    /// The fingerprint of its path: its name in the state, and its place in the order of samples.
    pub(crate) key: String,
    pub(crate) path: PathBuf,
    pub(crate) mark: (u64, i64, i64, u64),
}

/// Every file under `root`, in the order of their keys, which says nothing of their content: its beginning is a fair sample.
pub(crate) fn files(
    tree: &dyn Tree,
    root: &Path,
    fingerprinter: &Fingerprinter,
    most: usize,
    gaps: &mut Vec<Gap>,
) -> Vec<File> {
    let mut found = Vec::new();
    let mut waiting = vec![(root.to_path_buf(), 0)];
    while let Some((directory, depth)) = waiting.pop() {
        if depth > MAX_DEPTH {
            gaps.push(Gap::new("a folder lies too deep to be entered"));
            continue;
        }
        let listed = tree.entries(&directory, &mut |entry| {
            let Ok(entry) = entry else {
                gaps.push(Gap::new("an entry of a folder cannot be read"));
                return ControlFlow::Continue(());
            };
            let path = directory.join(&entry.name);
            match entry.kind {
                EntryKind::Directory => waiting.push((path, depth + 1)),
                EntryKind::File => found.extend(file(tree, root, path, fingerprinter, gaps)),
                // What a link leads to is read where it lies; devices are never opened.
                EntryKind::Link | EntryKind::Other => {}
            }
            if found.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if listed.is_err() {
            gaps.push(Gap::new("a folder cannot be listed"));
        }
        if found.len() >= most {
            gaps.push(Gap::new("there are more files than are listed"));
            break;
        }
    }
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    found
}

fn file(
    tree: &dyn Tree,
    root: &Path,
    path: PathBuf,
    fingerprinter: &Fingerprinter,
    gaps: &mut Vec<Gap>,
) -> Option<File> {
    let Ok(status) = tree.status(&path) else {
        gaps.push(Gap::new("a file cannot be looked at"));
        return None;
    };
    let inside = path.strip_prefix(root).unwrap_or(&path);
    let key = fingerprinter.fingerprint(inside.as_os_str().as_encoded_bytes());
    let mark = (status.size, status.modified.0, status.changed.0, status.inode);
    Some(File { key, path, mark })
}
