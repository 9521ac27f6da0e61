//! The layers of an image, read as streams from the bottom up. What a later layer deletes or replaces stays readable in its
//! own, and is told so.

use super::archive::Archive;
use crate::blind::BlindSpots;
use crate::gather::{Content, Gather};
use crate::interest::Interest;
use crate::limits::Limits;
use crate::record::{Layer, Origin};
use crate::shown::{shown, split};
use firebreak_document::packing::unpacking;
use firebreak_document::tar::{Tar, TarEntry, TarKind};
use firebreak_model::Time;
use firebreak_world::Clock;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// What was read so far.
pub(super) struct Layers<'a> {
    clock: &'a dyn Clock,
    limits: Limits,
    started: Time,
    entries: u64,
    unpacked: u64,
    /// Files that said something and are still there, by path, with the layer that has them.
    live: BTreeMap<String, u32>,
    /// The layers that have a file and lost it to a later one.
    gone: HashMap<String, Vec<u32>>,
    layers: Vec<Layer>,
}

impl<'a> Layers<'a> {
    pub(super) fn new(clock: &'a dyn Clock, limits: Limits) -> Layers<'a> {
        Layers {
            clock,
            limits,
            started: clock.now(),
            entries: 0,
            unpacked: 0,
            live: BTreeMap::new(),
            gone: HashMap::new(),
            layers: Vec::new(),
        }
    }

    /// Reads the layer `number`, the file `name` of the archive.
    pub(super) fn layer(
        &mut self,
        archive: &Archive<'_>,
        name: &str,
        number: u32,
        gather: &mut Gather<'_>,
        blind: &mut BlindSpots,
    ) {
        let before = self.entries;
        let read = archive.reader(name).and_then(|reader| {
            let mut tar = Tar::new(unpacking(reader)?);
            let done = self.entries(&mut tar, number, gather, blind);
            self.unpacked += tar.position();
            done
        });
        if let Err(error) = &read {
            blind.harm("a layer could not be read to its end", format!("layer {number} ({error})"));
        }
        let digest = match name.strip_prefix("blobs/") {
            Some(blob) => blob.replacen('/', ":", 1),
            None => crate::shown::shown(name.as_bytes()),
        };
        let complete = matches!(read, Ok(true));
        self.layers.push(Layer { digest, entries: self.entries - before, complete });
    }

    /// Whether the layer was read to its end.
    fn entries(
        &mut self,
        tar: &mut Tar<impl Read>,
        number: u32,
        gather: &mut Gather<'_>,
        blind: &mut BlindSpots,
    ) -> io::Result<bool> {
        while let Some(entry) = tar.next_entry()? {
            self.entries += 1;
            if let Some(why) = self.over(tar.position(), entry.size) {
                blind.harm(why, format!("layer {number}"));
                return Ok(false);
            }
            let Some(path) = normal(&entry.path) else {
                blind.note("an entry of a layer leads out of it", format!("layer {number}: {}", shown(&entry.path)));
                continue;
            };
            let (directory, file) = split(&path);
            if file == OPAQUE {
                self.lose(directory, number, true);
            } else if let Some(lost) = file.strip_prefix(WHITEOUT) {
                self.lose(&crate::shown::joined(directory, lost), number, false);
            } else {
                self.entry(&path, &entry, number, tar, (gather, blind))?;
            }
        }
        Ok(true)
    }

    /// The bound that is reached, if one is.
    fn over(&self, position: u64, next: u64) -> Option<&'static str> {
        let unpacked = self.unpacked.saturating_add(position).saturating_add(next);
        if self.entries > self.limits.entries {
            Some("there are more files than are looked at")
        } else if unpacked > self.limits.unpacked {
            Some("layers unpack to more than is read")
        } else if self.clock.now().seconds_since(self.started) > self.limits.seconds {
            Some("the time for the layers was up")
        } else {
            None
        }
    }

    fn entry(
        &mut self,
        path: &str,
        entry: &TarEntry,
        number: u32,
        tar: &mut Tar<impl Read>,
        (gather, blind): (&mut Gather<'_>, &mut BlindSpots),
    ) -> io::Result<()> {
        if entry.kind != TarKind::Directory {
            self.lose(path, number, false);
        }
        let (directory, name) = split(path);
        let Some(interest) = Interest::of(directory, name) else { return Ok(()) };
        match entry.kind {
            TarKind::File => {
                let bytes = tar.head(interest.limit())?;
                let content = Content {
                    path,
                    bytes: &bytes,
                    size: entry.size,
                    modified: Some(Time::from_seconds(entry.modified)),
                    changed: None,
                    layer: Some(number),
                };
                gather.file(interest, &content, blind);
                self.live.insert(path.to_owned(), number);
            }
            TarKind::Link | TarKind::HardLink => {
                let place = format!("layer {number}: {path}");
                // A package's file under a second name was read under its first, if that is a package's file too.
                let read = || {
                    let target = normal(&entry.target).filter(|_| entry.kind == TarKind::HardLink);
                    target.is_some_and(|target| self.live.contains_key(&target))
                };
                match interest.package.is_some_and(|package| package.limit() > 0) && !read() {
                    true => blind.harm("a package's file in a layer is a link, which was not followed", place),
                    false => blind.note("a link in a layer was not followed", place),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// `path` and what lies below it in earlier layers is gone from here on. `below` spares the directory itself.
    fn lose(&mut self, path: &str, number: u32, below: bool) {
        if !below && let Some(layer) = self.live.get(path).copied().filter(|layer| *layer < number) {
            self.live.remove(path);
            self.gone.entry(path.to_owned()).or_default().push(layer);
        }
        let start = if path.ends_with('/') { path.to_owned() } else { format!("{path}/") };
        let within = self.live.range(start.clone()..).take_while(|(at, _)| at.starts_with(&start));
        let lost: Vec<(String, u32)> =
            within.filter(|(_, layer)| **layer < number).map(|(at, layer)| (at.clone(), *layer)).collect();
        for (at, layer) in lost {
            self.live.remove(&at);
            self.gone.entry(at).or_default().push(layer);
        }
    }

    /// Marks what is gone, and drops what a later layer only wrote again.
    pub(super) fn finish(self, gather: &mut Gather<'_>) -> Vec<Layer> {
        gather.settle();
        let gone = |path: &str, origin: &Origin| {
            let layers = self.gone.get(path);
            origin.layer.is_some_and(|layer| layers.is_some_and(|layers| layers.contains(&layer)))
        };
        for package in &mut gather.packages {
            package.origin.deleted = gone(&package.path, &package.origin);
        }
        for hook in &mut gather.hooks {
            hook.origin.deleted = gone(&hook.path, &hook.origin);
        }
        for credential in &mut gather.credentials {
            credential.origin.deleted = gone(&credential.path, &credential.origin);
        }
        for store in &mut gather.stores {
            store.origin.deleted = gone(&store.path, &store.origin);
        }
        once(
            &mut gather.packages,
            |one| &mut one.origin,
            |one| (one.path.clone(), one.name.clone(), one.version.clone()),
        );
        once(&mut gather.hooks, |one| &mut one.origin, |one| (one.path.clone(), one.sha256.clone(), one.runs.clone()));
        once(&mut gather.credentials, |one| &mut one.origin, |one| (one.path.clone(), one.credential.clone()));
        once(&mut gather.stores, |one| &mut one.origin, |one| (one.path.clone(), one.kind));
        self.layers
    }
}

/// Of things that are the same to `same`, keeps the one that is still there, else the one of the lowest layer.
fn once<T, K: std::hash::Hash + Eq>(
    items: &mut Vec<T>,
    origin: impl Fn(&mut T) -> &mut Origin,
    same: impl Fn(&T) -> K,
) {
    let mut order: Vec<(bool, Option<u32>, T)> = std::mem::take(items)
        .into_iter()
        .map(|mut item| {
            let at = origin(&mut item).clone();
            (at.deleted, at.layer, item)
        })
        .collect();
    order.sort_by_key(|(deleted, layer, _)| (*deleted, *layer));
    let mut seen = std::collections::HashSet::new();
    items.extend(order.into_iter().map(|(_, _, item)| item).filter(|item| seen.insert(same(item))));
}

/// `./a//b/` as `/a/b`. None where it leads upwards or is the root.
fn normal(path: &[u8]) -> Option<String> {
    let mut normal = String::new();
    for part in path.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => return None,
            part => {
                normal.push('/');
                normal.push_str(&shown(part));
            }
        }
    }
    (!normal.is_empty()).then_some(normal)
}
