//! One walk over a tree on disk: every directory once, no link followed but a few by name, bounded in time and memory.

use crate::blind::BlindSpots;
use crate::interest::Interest;
use crate::limits::Limits;
use crate::mounts::Mounts;
use crate::shown::{joined, shown_path, split};
use firebreak_model::Time;
use firebreak_world::{Clock, EntryKind, Status, Tree};
use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};

/// Links to directories that are entered: people keep these elsewhere and link to them.
const ENTERED: &[&str] = &[
    ".aws",
    ".ssh",
    ".kube",
    ".docker",
    ".azure",
    ".config",
    "gcloud",
    "site-packages",
    "dist-packages",
    "node_modules",
];

/// Links on the way to one target.
const MAX_LINKS: usize = 40;

/// A file that says something.
pub(crate) struct Seen<'a> {
    /// Its path in the tree, as text.
    pub(crate) path: &'a str,
    /// Where it is opened.
    pub(crate) place: &'a Path,
    /// What it may say.
    pub(crate) interest: Interest,
    /// What the disk says of it.
    pub(crate) status: Status,
}

/// One walk.
pub(crate) struct Walk<'a> {
    /// The disk.
    pub(crate) tree: &'a dyn Tree,
    /// For the bound of time.
    pub(crate) clock: &'a dyn Clock,
    /// The root of the tree.
    pub(crate) root: &'a Path,
    /// Mounts to stay out of, by path in the tree.
    pub(crate) mounts: &'a Mounts,
    /// Paths in the tree that are looked at whatever their names are.
    pub(crate) chosen: &'a HashSet<String>,
    /// Bounds.
    pub(crate) limits: Limits,
}

struct Waiting {
    path: String,
    place: PathBuf,
    depth: usize,
}

/// What one walk remembers.
struct State<'s> {
    waiting: Vec<Waiting>,
    entered: HashSet<(u64, u64)>,
    entries: u64,
    blind: &'s mut BlindSpots,
    started: Time,
    stopped: bool,
}

impl Walk<'_> {
    /// Shows `see` every file that may say something. Breaks when `see` does.
    pub(crate) fn run(
        &self,
        blind: &mut BlindSpots,
        see: &mut dyn FnMut(Seen<'_>, &mut BlindSpots) -> ControlFlow<()>,
    ) {
        let waiting = vec![Waiting { path: "/".to_owned(), place: self.root.to_path_buf(), depth: 0 }];
        let started = self.clock.now();
        let mut state = State { waiting, entered: HashSet::new(), entries: 0, blind, started, stopped: false };
        while let Some(directory) = state.waiting.pop() {
            if state.stopped || self.late(&mut state) {
                break;
            }
            self.enter(&directory, &mut state, see);
        }
    }

    fn late(&self, state: &mut State<'_>) -> bool {
        let late = self.clock.now().seconds_since(state.started) > self.limits.seconds;
        if late {
            state.blind.harm("the time for the walk was up", format!("after {} entries", state.entries));
        }
        late
    }

    fn enter(
        &self,
        directory: &Waiting,
        state: &mut State<'_>,
        see: &mut dyn FnMut(Seen<'_>, &mut BlindSpots) -> ControlFlow<()>,
    ) {
        let mut visit = |entry: io::Result<firebreak_world::Entry>| {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    state.blind.harm("a directory could not be read to its end", told(&directory.path, &error));
                    return ControlFlow::Break(());
                }
            };
            state.entries += 1;
            if state.entries > self.limits.entries {
                state.blind.harm("there are more files than are looked at", format!("{}", self.limits.entries));
                state.stopped = true;
                return ControlFlow::Break(());
            }
            // A directory of a million files is a long time too.
            if state.entries.is_multiple_of(8_192) && self.late(state) {
                state.stopped = true;
                return ControlFlow::Break(());
            }
            let path = joined(&directory.path, &shown_path(&entry.name));
            let at = At { path, place: directory.place.join(&entry.name), depth: directory.depth };
            let done = match entry.kind {
                EntryKind::Directory => {
                    self.push(at, state);
                    ControlFlow::Continue(())
                }
                EntryKind::File => self.file(&at.path, &at.place, state, see),
                EntryKind::Link => self.link(at, state, see),
                EntryKind::Other => ControlFlow::Continue(()),
            };
            state.stopped |= done.is_break();
            done
        };
        if let Err(error) = self.tree.entries(&directory.place, &mut visit) {
            // What went away while we looked was not there.
            if error.kind() != io::ErrorKind::NotFound {
                state.blind.harm("a directory could not be read", told(&directory.path, &error));
            }
        }
    }

    fn push(&self, at: At, state: &mut State<'_>) {
        if let Some(kind) = self.mounts.skips(&at.path) {
            if Mounts::is_network(kind) {
                state.blind.harm("a mount was skipped", format!("{} ({kind})", at.path));
            } else {
                state.blind.note("a mount of the kernel was skipped", format!("{} ({kind})", at.path));
            }
        } else if at.depth >= self.limits.depth {
            state.blind.harm("directories are nested deeper than is looked at", at.path);
        } else if state.waiting.len() >= self.limits.waiting {
            state.blind.harm("there are more directories beside each other than are looked at", at.path);
        } else {
            state.waiting.push(Waiting { path: at.path, place: at.place, depth: at.depth + 1 });
        }
    }

    fn file(
        &self,
        path: &str,
        place: &Path,
        state: &mut State<'_>,
        see: &mut dyn FnMut(Seen<'_>, &mut BlindSpots) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let Some(interest) = self.interest(path) else { return ControlFlow::Continue(()) };
        match self.tree.status(place) {
            Ok(status) if status.kind == EntryKind::File => see(Seen { path, place, interest, status }, state.blind),
            Ok(_) => ControlFlow::Continue(()),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    state.blind.harm("a file could not be looked at", told(path, &error));
                }
                ControlFlow::Continue(())
            }
        }
    }

    fn interest(&self, path: &str) -> Option<Interest> {
        let (directory, name) = split(path);
        let found = Interest::of(directory, name);
        match self.chosen.contains(path) {
            true => Some(Interest { chosen: true, ..found.unwrap_or_default() }),
            false => found,
        }
    }

    /// A link by a name that matters: its target, if it lies in the tree, is looked at under the link's own path.
    fn link(
        &self,
        at: At,
        state: &mut State<'_>,
        see: &mut dyn FnMut(Seen<'_>, &mut BlindSpots) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (_, name) = split(&at.path);
        let enters = ENTERED.contains(&name);
        if !enters && self.interest(&at.path).is_none() {
            return ControlFlow::Continue(());
        }
        let Some(target) = self.resolve(&at.place) else {
            state.blind.note("a link leads nowhere or out of the tree", at.path);
            return ControlFlow::Continue(());
        };
        match self.tree.status(&target) {
            Ok(status) if status.kind == EntryKind::File => self.file(&at.path, &target, state, see),
            Ok(status) if status.kind == EntryKind::Directory && enters => {
                // What the link itself lies in is being walked already, and each target once is enough: loops end.
                if !at.place.starts_with(&target) && state.entered.insert((status.device, status.inode)) {
                    self.push(At { place: target, ..at }, state);
                }
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }

    /// Where a link ends, every component of the way resolved inside the tree. None outside it, in a loop or nowhere.
    fn resolve(&self, link: &Path) -> Option<PathBuf> {
        let mut links = 0;
        let mut done = self.root.to_path_buf();
        let mut todo: Vec<PathBuf> = parts(link.strip_prefix(self.root).ok()?);
        while let Some(part) = todo.pop() {
            if part.as_os_str() == ".." {
                // Above the root there is nothing, as in a chroot.
                if done != self.root {
                    done.pop();
                }
                continue;
            }
            done.push(&part);
            let status = self.tree.status(&done).ok()?;
            if status.kind == EntryKind::Link {
                links += 1;
                let target = self.tree.link(&done).ok()?;
                done.pop();
                if target.is_absolute() {
                    done = self.root.to_path_buf();
                }
                todo.extend(parts(&target));
                if links > MAX_LINKS || todo.len() > 4_096 {
                    return None;
                }
            }
        }
        Some(done)
    }
}

struct At {
    path: String,
    place: PathBuf,
    depth: usize,
}

/// The components of `path`, the first one last.
fn parts(path: &Path) -> Vec<PathBuf> {
    let named = path.components().filter(|part| matches!(part, Component::Normal(_) | Component::ParentDir));
    named.rev().map(|part| PathBuf::from(part.as_os_str())).collect()
}

/// A path with what the system says of it; never with any content.
pub(crate) fn told(path: &str, error: &io::Error) -> String {
    format!("{path} ({})", error.kind())
}
