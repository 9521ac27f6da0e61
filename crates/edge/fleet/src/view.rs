//! The segments that count at one moment, mapped: they stay readable whatever a writer does to the files.

use crate::manifest::Manifest;
use crate::{StoreError, manifest};
use firebreak_fleet::{Damaged, Fleet, Segment};
use firebreak_model::Time;
use firebreak_world::{Mapped, World};
use std::io;
use std::path::{Path, PathBuf};

/// How often a manifest is read again because a writer has just removed what it named.
const TRIES: usize = 16;

/// Mapped segments.
#[derive(Clone, Debug)]
pub struct View {
    segments: Vec<(PathBuf, Mapped)>,
    since: Option<Time>,
}

impl View {
    /// What counts in `directory` now; nothing where there is no fleet yet.
    ///
    /// # Errors
    /// If the disk refuses, or a file is not as long as it was written.
    pub fn open(world: &World, directory: &Path) -> Result<View, StoreError> {
        let mut tries = 0;
        loop {
            match View::once(world, directory) {
                Err(StoreError::Disk { source, .. }) if source.kind() == io::ErrorKind::NotFound && tries < TRIES => {
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    fn once(world: &World, directory: &Path) -> Result<View, StoreError> {
        let mut segments = Vec::new();
        let Manifest { since, listed } = manifest::read(world.disk.as_ref(), directory)?;
        for listed in listed {
            let path = listed.file(directory);
            let mapped = world.disk.map(&path).map_err(StoreError::disk(&path))?;
            if mapped.len() as u64 != listed.bytes {
                return Err(StoreError::Damaged { path, fault: Damaged("it is not as long as it was written") });
            }
            segments.push((path, mapped));
        }
        Ok(View { segments, since })
    }

    /// A view of bytes that are on no disk.
    pub fn of_bytes(bytes: Vec<u8>) -> View {
        View { segments: vec![(PathBuf::from("memory"), Mapped::bytes(bytes))], since: None }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Since when it is kept: what had ended before may be forgotten. `None` where nothing was.
    pub fn since(&self) -> Option<Time> {
        self.since
    }

    /// How many segments, and how many bytes.
    pub fn size(&self) -> (usize, u64) {
        (self.segments.len(), self.segments.iter().map(|(_, mapped)| mapped.len() as u64).sum())
    }

    /// The segments one by one.
    ///
    /// # Errors
    /// If one is damaged.
    pub fn segments(&self) -> Result<Vec<Segment<'_>>, StoreError> {
        let mut segments = Vec::with_capacity(self.segments.len());
        for (path, mapped) in &self.segments {
            let damaged = |fault| StoreError::Damaged { path: path.clone(), fault };
            segments.push(Segment::open(mapped).map_err(damaged)?);
        }
        Ok(segments)
    }

    /// All of it, to be asked.
    ///
    /// # Errors
    /// If a segment is damaged.
    pub fn fleet(&self) -> Result<Fleet<'_>, StoreError> {
        let segments = self.segments()?;
        let path = self.segments.first().map(|(path, _)| path.clone()).unwrap_or_default();
        let fleet = Fleet::new(segments).map_err(|fault| StoreError::Damaged { path, fault })?;
        Ok(fleet.kept_since(self.since))
    }
}
