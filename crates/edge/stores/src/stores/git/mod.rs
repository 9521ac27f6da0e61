//! A git repository with its history: every blob once, also those that no commit leads to any more.

mod history;
mod program;

use crate::counts::Known;
use crate::key::{Key, Mark};
use crate::places::{Place, look};
use crate::scan::{Gap, Means, OpenStore, ScanError};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use crate::tally::classified;
use firebreak_world::{Programs, Running};
use history::{Blobs, ObjectId};
use program::Git;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::Path;

/// How a pointer to a file that Git LFS keeps begins.
const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/";
/// Places of one blob that are told.
const PLACES_MAX: usize = 20;

/// The repository at `path`, which is `resource` on the map.
///
/// # Errors
/// In words, if it is no repository or there is no `git`.
pub fn git<'a>(programs: &'a dyn Programs, path: &Path, resource: &str) -> Result<OpenStore<'a>, String> {
    let git = Git::open(programs, path)?;
    Ok(OpenStore::new(Repository { git, resource: resource.to_owned(), reading: None, names: HashMap::new() }))
}

struct Repository<'a> {
    git: Git<'a>,
    resource: String,
    /// The process that gives out blobs.
    reading: Option<Box<dyn Running>>,
    /// What the blobs are called.
    names: HashMap<ObjectId, String>,
}

impl Store for Repository<'_> {
    type Place = ObjectId;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<ObjectId>, String> {
        let Blobs { all, paths, now, gaps } = history::blobs(&self.git)?;
        let mut part = Part::new(self.resource.clone(), reader.fingerprinter.fingerprint(self.resource.as_bytes()));
        part.gaps = gaps;
        if all.len() > most {
            part.gaps.push(Gap::new("there are more files than are listed"));
        }
        self.names = paths.into_iter().map(|(id, path)| (id, file_name(&path))).collect();
        let piece = |(id, size): (ObjectId, u64)| Piece {
            key: Key::of(reader.fingerprinter, id.as_bytes()),
            size,
            // Its name is what it holds.
            mark: Some(Mark::default()),
            past: !now.contains(&id),
            place: id,
        };
        part.pieces = all.into_iter().take(most).map(piece).collect();
        Ok(Listing { parts: vec![part.in_order()], gaps: Vec::new() })
    }

    fn read(
        &mut self,
        _: &Part<ObjectId>,
        pieces: &[&Piece<ObjectId>],
        reader: &Reader<'_>,
    ) -> Vec<Result<Known, Unread>> {
        pieces.iter().map(|piece| self.look(&piece.place, reader)).collect()
    }
}

impl Repository<'_> {
    fn look(&mut self, id: &ObjectId, reader: &Reader<'_>) -> Result<Known, Unread> {
        let name = self.names.get(id).cloned().unwrap_or_default();
        let (mut elsewhere, mut bytes) = (false, 0);
        let tallied = self.blob(id, |blob| {
            bytes = blob.left;
            elsewhere = blob.is_pointer()?;
            Ok(classified(&name, blob, reader))
        });
        match tallied {
            Ok(tallied) => {
                let mut known = Known::document(tallied, bytes);
                if elsewhere {
                    known.problem("elsewhere");
                }
                Ok(known)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(Unread::Gap(Gap::new("an object cannot be read: the repository is broken")))
            }
            Err(error) => Err(Unread::Lost(format!("`git` broke off: {error}"))),
        }
    }

    /// Gives the blob `id` to `with`; what it leaves is passed over.
    fn blob<T>(&mut self, id: &str, with: impl FnOnce(&mut Blob<'_>) -> io::Result<T>) -> io::Result<T> {
        let gone = || io::Error::from(io::ErrorKind::NotFound);
        // It is put back where it stands at the beginning of the next answer; otherwise the next blob is asked of a new one.
        let mut reading = match self.reading.take() {
            Some(reading) => reading,
            None => self.git.start(&["cat-file", "--batch"]).map_err(io::Error::other)?,
        };
        reading.tell(format!("{id}\n").as_bytes())?;
        let (mut head, mut byte) = (Vec::new(), [0]);
        while head.last() != Some(&b'\n') {
            if head.len() > 256 || reading.output().read(&mut byte)? == 0 {
                return Err(gone());
            }
            head.extend_from_slice(&byte);
        }
        let text = String::from_utf8_lossy(&head);
        let mut words = text.split_whitespace().skip(1);
        let Some(size) = words.next().filter(|kind| *kind == "blob").and_then(|_| words.next()?.parse().ok()) else {
            // One line says that it is missing, and nothing follows.
            self.reading = Some(reading);
            return Err(gone());
        };
        let mut blob = Blob { head: Vec::new(), left: size, output: reading.output() };
        let answer = with(&mut blob)?;
        io::copy(&mut blob, &mut io::sink())?;
        if blob.left > 0 || reading.output().read(&mut byte)? != 1 {
            return Err(gone());
        }
        self.reading = Some(reading);
        Ok(answer)
    }
}

/// The content of one blob, and nothing of the next.
struct Blob<'r> {
    /// What was looked at ahead.
    head: Vec<u8>,
    left: u64,
    output: &'r mut dyn Read,
}

impl Blob<'_> {
    /// Whether it is a pointer to what is kept elsewhere.
    fn is_pointer(&mut self) -> io::Result<bool> {
        let length = u64::min(self.left, POINTER.len() as u64);
        let mut head = Vec::new();
        self.by_ref().take(length).read_to_end(&mut head)?;
        self.left += head.len() as u64;
        self.head = head;
        Ok(self.head == POINTER)
    }
}

impl Read for Blob<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..room).unwrap_or_default();
        let read = match self.head.len().min(buffer.len()) {
            0 => self.output.read(buffer)?,
            ahead => {
                let head: Vec<u8> = self.head.drain(..ahead).collect();
                buffer.iter_mut().zip(head).for_each(|(slot, byte)| *slot = byte);
                ahead
            }
        };
        self.left -= read as u64;
        Ok(read)
    }
}

fn file_name(path: &[u8]) -> String {
    String::from_utf8_lossy(path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()).into_owned()
}

/// Where in a repository something was found. The value is in none of its fields.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GitPlace {
    /// The blob.
    pub blob: String,
    /// Its path; `None` where no commit leads to it.
    pub file: Option<String>,
    /// The commit that brought it there.
    pub commit: Option<String>,
    /// A commit that took it away again; it can still be read in the history.
    pub removed: Option<String>,
    /// Whether a branch, or what is checked out, holds the blob now.
    pub now: bool,
    /// What was found in it.
    #[serde(flatten)]
    pub place: Place,
}

/// Gives `each` what is found in every blob of the repository at `path`, at every path where it stood, and says at the end what was not read.
///
/// # Errors
/// If it is no repository, or `git` breaks off.
pub fn git_places(
    programs: &dyn Programs,
    path: &Path,
    means: &Means<'_>,
    each: &mut dyn FnMut(&GitPlace),
) -> Result<Vec<Gap>, ScanError> {
    let git = Git::open(programs, path).map_err(ScanError::Unlisted)?;
    let Blobs { mut all, paths, now, mut gaps } = history::blobs(&git).map_err(ScanError::Unlisted)?;
    all.sort_unstable();
    let mut repository = Repository { git, resource: String::new(), reading: None, names: HashMap::new() };
    let mut found: Vec<(ObjectId, Place)> = Vec::new();
    for (id, _) in &all {
        let name = paths.get(id).map(|path| file_name(path)).unwrap_or_default();
        let read = repository
            .blob(id, |blob| Ok(look(&name, blob, &means.reader(), &mut |place| found.push((id.clone(), place)))));
        gaps.extend(read.unwrap_or_else(|_| vec![Gap::new("an object cannot be read: the repository is broken")]));
    }
    let wanted: HashSet<ObjectId> = found.iter().map(|(id, _)| id.clone()).collect();
    let stood = history::places(&repository.git, &wanted).map_err(ScanError::Lost)?;
    for (id, place) in found {
        let mut place = GitPlace { now: now.contains(&id), blob: id, file: None, commit: None, removed: None, place };
        let Some(places) = stood.get(&place.blob) else {
            each(&place);
            continue;
        };
        for stood in places.iter().take(PLACES_MAX) {
            place.file = Some(stood.path.clone());
            place.commit = Some(stood.commit.clone());
            place.removed.clone_from(&stood.removed);
            each(&place);
        }
        if places.len() > PLACES_MAX {
            let count = (places.len() - PLACES_MAX) as u64;
            gaps.push(Gap { what: "a finding stood at more paths than are told".to_owned(), count });
        }
    }
    Ok(crate::answer::joined(gaps))
}
