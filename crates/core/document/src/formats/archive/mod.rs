//! Archives and packed files: ZIP, 7z, tar, gzip, Zstandard. Each file in them is a document of its own.

mod seven;
mod zip;

use super::{Format, Head};
use crate::Fault;
use crate::door::{At, Door};
use crate::packing::unpacking;
use crate::tar::{Tar, TarKind};
pub(crate) use seven::SEVEN_ZIP;
use std::io::Read;
pub(crate) use zip::{Entry, ends_as_zip, read_zip, unpacked};

/// gzip.
pub(crate) static GZIP: Format =
    Format { name: "gzip", knows: |head| head.bytes.starts_with(&[0x1f, 0x8b, 8]), read: packed };

/// Zstandard.
pub(crate) static ZSTANDARD: Format =
    Format { name: "zstandard", knows: |head| head.bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]), read: packed };

/// ZIP, and the Office files that are made of it.
pub(crate) static ZIP: Format = Format { name: "zip", knows: is_zip, read: zip };

/// tar.
pub(crate) static TAR: Format = Format { name: "tar", knows: is_tar, read: tar };

/// What is packed in a way that is not read.
pub(crate) static UNREAD: Format = Format { name: "unread", knows: |head| unread(head).is_some(), read: name_it };

fn packed(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    let lower = at.name.to_ascii_lowercase();
    let end = [".gz", ".zst", ".gzip", ".tgz", ".svgz"].iter().find(|end| lower.ends_with(*end));
    let name = end.and_then(|end| at.name.get(..at.name.len() - end.len())).unwrap_or(&at.name);
    match unpacking(Box::new(input)) {
        Ok(mut reader) => door.document(&at.renamed(name), &mut reader),
        Err(error) => door.problem(at, Fault::Broken, format!("it does not unpack: {error}")),
    }
}

fn is_zip(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"PK\x03\x04") || head.bytes.starts_with(b"PK\x05\x06")
}

fn zip(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        read_zip(door, at, whole);
        super::also(door, at, whole, "zip");
    });
}

fn is_tar(head: &Head<'_>) -> bool {
    head.bytes.get(257..262) == Some(b"ustar".as_slice())
        || (head.named(&[".tar"]) && matches!(Tar::new(head.bytes).next_entry(), Ok(Some(_))))
}

fn tar(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    let mut tar = Tar::new(input);
    loop {
        match tar.next_entry() {
            Ok(Some(entry)) if entry.kind == TarKind::File => {
                let inner = at.inner(&String::from_utf8_lossy(&entry.path));
                door.document(&inner, &mut tar);
            }
            Ok(Some(_)) => {}
            Ok(None) => return,
            Err(error) => return door.problem(at, Fault::Broken, format!("the archive: {error}")),
        }
        if door.spent() {
            return door.problem(at, Fault::Bound, "the rest of the archive was not read");
        }
    }
}

/// How it is packed, if nothing here reads that.
fn unread(head: &Head<'_>) -> Option<&'static str> {
    const KINDS: &[(&[u8], &str)] = &[
        (b"Rar!\x1a\x07", "RAR"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x04\x22\x4d\x18", "LZ4"),
        (b"!BDN", "a mailbox of Outlook (PST)"),
        (b"Obj\x01", "Avro"),
        (b"ORC", "ORC"),
        (b"ARROW1", "Arrow"),
        (b"MSCF", "a cabinet"),
    ];
    KINDS.iter().find(|(magic, _)| head.bytes.starts_with(magic)).map(|(_, kind)| *kind)
}

/// Says that it is not read; bytes that stand in it openly are given on.
fn name_it(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    let mut head = [0; 16];
    let bytes = super::text::next(input, &mut head).unwrap_or_default().to_vec();
    let kind = unread(&Head { bytes: &bytes, name: &at.name }).unwrap_or("packed");
    door.problem(
        at,
        Fault::Unknown,
        format!("it is {kind}, which is not read: only bytes that stand in it openly were"),
    );
    super::text::texts(door, at, "unread", &mut bytes.as_slice().chain(input));
}
