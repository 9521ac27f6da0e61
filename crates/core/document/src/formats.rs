//! Every format: how it is known by its first bytes, and how it is read.
//!
//! Each is a folder with its code, its page and its cases.

mod archive;
mod compound;
mod html;
mod image;
mod json;
mod mail;
mod media;
mod office;
mod parquet;
mod pdf;
mod rtf;
mod sqlite;
pub(crate) mod text;

use crate::door::{At, Door};
use std::io::Read;

/// What a format is known by.
pub(crate) struct Head<'a> {
    /// The first bytes.
    pub(crate) bytes: &'a [u8],
    /// The name of the file.
    pub(crate) name: &'a str,
}

impl Head<'_> {
    /// Whether the name ends so, in any case.
    fn named(&self, ends: &[&str]) -> bool {
        let name = self.name.to_ascii_lowercase();
        ends.iter().any(|end| name.ends_with(end))
    }
}

/// One format.
pub(crate) struct Format {
    /// Its name, as reports say it.
    pub(crate) name: &'static str,
    /// Whether a document begins so.
    pub(crate) knows: fn(&Head<'_>) -> bool,
    /// Reads it.
    pub(crate) read: fn(&mut Door<'_>, &At, &mut dyn Read),
}

/// Every format but text. The first one that knows a document reads it.
static FORMATS: &[&Format] = &[
    &archive::GZIP,
    &archive::ZSTANDARD,
    &archive::ZIP,
    &archive::TAR,
    &archive::SEVEN_ZIP,
    &sqlite::FORMAT,
    &parquet::FORMAT,
    &pdf::FORMAT,
    &rtf::FORMAT,
    &compound::FORMAT,
    &image::FORMAT,
    &media::FORMAT,
    &archive::UNREAD,
    &mail::MAILBOX,
    &mail::FORMAT,
    &html::FORMAT,
    &json::NOTEBOOK,
    &json::FORMAT,
];

/// The format of a document. What no other format knows is text, or bytes in which text may stand.
pub(crate) fn of(head: &Head<'_>) -> &'static Format {
    FORMATS.iter().copied().find(|format| (format.knows)(head)).unwrap_or(&text::FORMAT)
}

/// A document that is held and begins as one format, read as whatever else it is.
pub(crate) fn also(door: &mut Door<'_>, at: &At, whole: &[u8], known: &'static str) {
    if known != "zip" && archive::ends_as_zip(whole) {
        door.problem(at, crate::Fault::Polyglot, format!("it is {known} and an archive at once: both were read"));
        archive::read_zip(door, at, whole);
    }
    let marker = memchr::memmem::find(crate::bytes::stretch(whole, 0, 1_024), b"%PDF-");
    if known != "pdf" && marker.is_some_and(|place| place > 0) {
        door.problem(at, crate::Fault::Polyglot, format!("it is {known} and a PDF at once: both were read"));
        pdf::read_whole(door, at, whole);
    }
}
