//! Lists of requirements and limits that another list includes: one install follows them all.
//!
//! Only files below the root are read. What is not found, or lies outside, stays the gap that the list itself tells.

use super::shown;
use crate::scan::MAX_FILE_BYTES;
use firebreak_package::formats::listing::{IncludeKind, Listing};
use firebreak_package::formats::{Input, recognise};
use firebreak_world::World;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// How many files one list may bring in, itself included.
const MOST: usize = 64;

/// What `listing`, the file at `path`, includes, and what that includes in turn, each with its path. The gaps that these
/// would have left are taken out.
pub(super) fn read(world: &World, base: &Path, path: &Path, listing: &mut Listing) -> Vec<(String, Listing)> {
    let mut seen = BTreeSet::from([path.to_path_buf()]);
    let mut all: Vec<(PathBuf, Listing)> = follow(world, base, path, listing, &mut seen);
    let mut at = 0;
    while at < all.len() {
        let Some((path, listing)) = all.get_mut(at) else { break };
        let path = path.clone();
        let more = follow(world, base, &path, listing, &mut seen);
        all.extend(more);
        at += 1;
    }
    for (_, listing) in &mut all {
        // Beside the list that includes it, it is not all that is installed.
        listing.complete.clear();
        listing.free_conditional();
        if listing.packages.is_empty() && listing.requirements.is_empty() && listing.problems.is_empty() {
            listing.gaps.clear();
        }
    }
    all.into_iter().map(|(path, listing)| (shown(&path), listing)).collect()
}

/// The files that `listing` names itself.
fn follow(
    world: &World,
    base: &Path,
    path: &Path,
    listing: &mut Listing,
    seen: &mut BTreeSet<PathBuf>,
) -> Vec<(PathBuf, Listing)> {
    let mut found = Vec::new();
    let wanted = listing.includes.iter().filter(|include| include.kind != IncludeKind::Project);
    let wanted: Vec<_> = wanted.map(|include| (include.path.clone(), include.kind, include.line)).collect();
    for (written, kind, line) in wanted {
        let Some(target) = below(base, path, &written) else { continue };
        if !seen.contains(&target) {
            if seen.len() >= MOST {
                continue;
            }
            let Some(included) = one(world, &target, kind) else { continue };
            seen.insert(target.clone());
            found.push((target, included));
        }
        if let Some(line) = line {
            let own = format!("line {line} includes ");
            listing.gaps.retain(|gap| !gap.starts_with(&own));
        }
    }
    found
}

/// The path that is meant, where it stays below `base`.
fn below(base: &Path, path: &Path, written: &str) -> Option<PathBuf> {
    if written.contains("://") || written.is_empty() {
        return None;
    }
    let mut target = path.parent().unwrap_or(Path::new("")).to_path_buf();
    for part in Path::new(written).components() {
        match part {
            Component::Normal(name) => target.push(name),
            Component::CurDir => {}
            Component::ParentDir if target != base && target.pop() => {}
            _ => return None,
        }
    }
    target.starts_with(base).then_some(target)
}

fn one(world: &World, path: &Path, kind: IncludeKind) -> Option<Listing> {
    let size = world.disk.meta(path).ok()?.size;
    let bytes = (size <= MAX_FILE_BYTES).then(|| world.disk.read(path).ok()).flatten()?;
    let bytes = firebreak_classify::hide(&bytes);
    let limits = kind == IncludeKind::Constraints;
    let format = recognise(if limits { "constraints.txt" } else { "requirements.txt" }, &[])?;
    let mut listing = format.read(&Input { path: &shown(path), bytes: &bytes });
    // What limits is no more than that, however much of it cannot be read.
    listing.requirements.retain(|required| required.constraint == limits);
    if limits {
        listing.gaps.clear();
    }
    Some(listing)
}
