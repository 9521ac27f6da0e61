//! The documents of a file system: every regular file under a directory, in an order that a key decides.

use crate::counts::Known;
use crate::key::{Key, Mark};
use crate::scan::{Gap, OpenStore};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use crate::tally::classified;
use firebreak_model::Fingerprinter;
use firebreak_world::{EntryKind, Tree};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Folders in folders.
const MAX_DEPTH: usize = 200;

/// The files under `root`, which are `resource` on the map.
pub fn files<'a>(tree: &'a dyn Tree, root: &Path, resource: &str) -> OpenStore<'a> {
    OpenStore::new(Files { tree, root: root.to_path_buf(), resource: resource.to_owned() })
}

struct Files<'a> {
    tree: &'a dyn Tree,
    root: PathBuf,
    resource: String,
}

impl Store for Files<'_> {
    type Place = PathBuf;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<PathBuf>, String> {
        let listed = self.tree.entries(&self.root, &mut |_| ControlFlow::Break(()));
        listed.map_err(|error| format!("`{}` cannot be listed: {error}", self.root.display()))?;
        let mut part = Part::new(self.resource.clone(), reader.fingerprinter.fingerprint(self.resource.as_bytes()));
        part.pieces = found(self.tree, &self.root, reader.fingerprinter, most, &mut part.gaps);
        Ok(Listing { parts: vec![part.in_order()], gaps: Vec::new() })
    }

    fn read(
        &mut self,
        _: &Part<PathBuf>,
        pieces: &[&Piece<PathBuf>],
        reader: &Reader<'_>,
    ) -> Vec<Result<Known, Unread>> {
        pieces.iter().map(|piece| self.look(piece, reader)).collect()
    }
}

impl Files<'_> {
    fn look(&self, piece: &Piece<PathBuf>, reader: &Reader<'_>) -> Result<Known, Unread> {
        let opened = self.tree.regular(&piece.place, 0);
        let mut input = opened.map_err(|_| Unread::Gap(Gap::new("a file cannot be opened")))?;
        let tallied = classified(&named(&piece.place), &mut input, reader);
        Ok(Known::document(tallied, piece.size))
    }
}

/// The name of a file, without its folders.
pub(crate) fn named(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Every file under `root`, in the disk's order.
pub(crate) fn found(
    tree: &dyn Tree,
    root: &Path,
    fingerprinter: &Fingerprinter,
    most: usize,
    gaps: &mut Vec<Gap>,
) -> Vec<Piece<PathBuf>> {
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
    found
}

fn file(
    tree: &dyn Tree,
    root: &Path,
    path: PathBuf,
    fingerprinter: &Fingerprinter,
    gaps: &mut Vec<Gap>,
) -> Option<Piece<PathBuf>> {
    let Ok(status) = tree.status(&path) else {
        gaps.push(Gap::new("a file cannot be looked at"));
        return None;
    };
    let inside = path.strip_prefix(root).unwrap_or(&path);
    let key = Key::of(fingerprinter, inside.as_os_str().as_encoded_bytes());
    let mark = Mark::of(
        fingerprinter,
        &format!("{} {} {} {}", status.size, status.modified.0, status.changed.0, status.inode),
    );
    Some(Piece { key, size: status.size, mark: Some(mark), past: false, place: path })
}
