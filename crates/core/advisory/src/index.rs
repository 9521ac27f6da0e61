//! The index: every record, and which package it speaks of, as bytes that are read in place.
//!
//! It is a function of the set of records: built at once or merged from an older one, the bytes are the same. Nothing in it
//! is trusted when it is read: bytes that lie give an error, never a panic, and never work without end.

mod build;
mod bytes;
mod id;
mod layout;
mod look_up;
mod record;

pub use build::{Built, build, merge};
pub use look_up::{Advisory, LookUp, Match};

use crate::record::Record;
use bytes::Cursor;
use layout::{HEADER, MAGIC, SECTIONS, Section, VERSION};
use sha2::{Digest, Sha256};
use std::fmt;

/// Why bytes are not an index that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IndexError {
    /// They are something else.
    NotAnIndex,
    /// They were written in another version of the format.
    OtherVersion(u32),
    /// They changed since they were written, or were not written to the end.
    Changed,
    /// They say something that cannot be: what, and at which byte of its section.
    Broken(&'static str, usize),
    /// More than the format can hold: what.
    TooLarge(&'static str),
}

impl fmt::Display for IndexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IndexError::NotAnIndex => f.write_str("not an index of advisories"),
            IndexError::OtherVersion(version) => {
                write!(f, "an index of format {version}, where {VERSION} is the one that is read")
            }
            IndexError::Changed => f.write_str("the index changed since it was written, or is not whole"),
            IndexError::Broken(what, at) => write!(f, "the index is broken: {what} at byte {at}"),
            IndexError::TooLarge(what) => write!(f, "more {what} than an index can hold"),
        }
    }
}

impl std::error::Error for IndexError {}

/// An index over bytes that someone else holds.
#[derive(Clone, Copy, Debug)]
pub struct Index<'i> {
    sections: [&'i [u8]; SECTIONS],
    seed: u64,
    digest: [u8; 32],
}

impl<'i> Index<'i> {
    /// Opens an index: its format, its digest and its parts are checked, and nothing else is read.
    pub fn open(bytes: &'i [u8]) -> Result<Index<'i>, IndexError> {
        let header = bytes.get(..HEADER).ok_or(IndexError::NotAnIndex)?;
        if header.get(..8) != Some(&MAGIC[..]) {
            return Err(IndexError::NotAnIndex);
        }
        let mut cursor = Cursor::at(header, 8);
        let version = cursor.u32("a version")?;
        if version != VERSION {
            return Err(IndexError::OtherVersion(version));
        }
        cursor.u32("a reserve")?;
        let digest: [u8; 32] = cursor.take(32, "a digest")?.try_into().map_err(|_| IndexError::NotAnIndex)?;
        let checked = bytes.get(cursor.place()..).ok_or(IndexError::NotAnIndex)?;
        if Sha256::digest(checked).as_slice() != digest {
            return Err(IndexError::Changed);
        }
        let seed = cursor.u64("a seed")?;
        let mut sections: [&[u8]; SECTIONS] = [&[]; SECTIONS];
        for section in &mut sections {
            let (from, length) = (cursor.u64("a section")?, cursor.u64("a section")?);
            let range =
                usize::try_from(from).ok().zip(from.checked_add(length).and_then(|to| usize::try_from(to).ok()));
            let found = range.and_then(|(from, to)| bytes.get(from..to));
            *section = found.ok_or(IndexError::Broken("a section outside the file", 0))?;
        }
        Ok(Index { sections, seed, digest })
    }

    /// SHA-256 of all that the index says: two indexes with one digest answer alike.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// How many records it holds, those that were withdrawn included.
    pub fn records(&self) -> usize {
        self.table(Section::RecordPlaces)
    }

    /// How many names of packages it knows.
    pub fn names(&self) -> usize {
        self.section(Section::Entries).len() / layout::ENTRY
    }

    /// How many advisories were joined from more than one record.
    pub fn joined(&self) -> usize {
        self.table(Section::GroupPlaces)
    }

    /// The record at `place`, from 0, in order of ids.
    pub fn record(&self, place: usize) -> Result<Record, IndexError> {
        record::decode(self, place).map(|(record, _)| record)
    }

    fn section(&self, section: Section) -> &'i [u8] {
        self.sections.get(section as usize).copied().unwrap_or_default()
    }

    /// How many things a table of places has.
    fn table(&self, section: Section) -> usize {
        self.section(section).len() / 4
    }

    /// Where the thing number `at` begins, by a table of places.
    fn place(&self, section: Section, at: usize) -> Result<usize, IndexError> {
        let from = at.checked_mul(4).ok_or(IndexError::Broken("a number", at))?;
        Cursor::at(self.section(section), from).u32("a place").map(|place| place as usize)
    }

    /// The text number `at` of those that are kept once.
    fn symbol(&self, at: usize) -> Result<&'i str, IndexError> {
        let from = self.place(Section::SymbolPlaces, at)?;
        Cursor::at(self.section(Section::Symbols), from).text("a text")
    }
}

#[cfg(test)]
mod tests;
