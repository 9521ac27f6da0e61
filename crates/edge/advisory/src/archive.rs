//! Archives, read member by member while counting what they give. Nothing is unpacked to disk, so that names in them
//! are only names.

mod tar;
mod zip;

pub(crate) use tar::{is_tar, tar};
pub use zip::zip;

use std::io::{self, Read};

/// What an archive has.
pub enum Member<'a> {
    /// A document: its name, and its bytes.
    File(String, &'a mut dyn Read),
    /// Something that cannot be read, and why.
    Problem(String, String),
}

/// What is done with each member. An error of it ends the archive.
pub type Each<'e> = dyn FnMut(Member<'_>) -> io::Result<()> + 'e;

/// Bytes with an end: reading past it is an error, and not the end of the file.
pub(crate) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R> Bounded<R> {
    pub(crate) fn new(inner: R, left: u64) -> Bounded<R> {
        Bounded { inner, left }
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(too_much)?;
        Ok(read)
    }
}

fn too_much() -> io::Error {
    io::Error::other("the archive gives more bytes than are read")
}

pub(crate) fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
