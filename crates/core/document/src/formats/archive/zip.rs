//! ZIP: by its directory, or by the headers of its files where that is broken.

use crate::Fault;
use crate::bytes::{Bytes, stretch};
use crate::door::{At, Door};
use crate::packing::unpacking;
use std::io::Read;

/// Entries of one archive that are looked at.
const MAX_ENTRIES: usize = 1_000_000;

/// One file of an archive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Its path as written.
    pub(crate) name: String,
    /// Where its header begins.
    offset: usize,
    packed: Option<usize>,
    method: u16,
    encrypted: bool,
}

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// Where the record of the archive's end stands.
fn end(whole: &[u8]) -> Option<usize> {
    // A comment follows it, of at most 64 KiB.
    let from = whole.len().saturating_sub((64 << 10) + 22);
    memchr::memmem::rfind(whole.get(from..)?, END).map(|at| at + from)
}

/// Whether whatever begins `whole`, an archive ends it.
pub(crate) fn ends_as_zip(whole: &[u8]) -> bool {
    end(whole).is_some() && !from_directory(whole).unwrap_or_default().is_empty()
}

/// The files of the archive `whole`; false if its directory could not be read and headers were looked for.
pub(crate) fn entries(whole: &[u8]) -> (Vec<Entry>, bool) {
    match from_directory(whole) {
        Some(entries) => (entries, true),
        None => (from_headers(whole), false),
    }
}

fn from_directory(whole: &[u8]) -> Option<Vec<Entry>> {
    let end = end(whole)?;
    let mut record = Bytes::from(whole, end + 10);
    let mut count = usize::from(record.le16()?);
    let mut size = u64::from(record.le32()?);
    let mut offset = u64::from(record.le32()?);
    let mut directory_end = end;
    // The record of archives with large numbers stands before it.
    if let Some(large) = end.checked_sub(20).filter(|at| stretch(whole, *at, 4) == b"PK\x06\x07") {
        let place = usize::try_from(Bytes::from(whole, large + 8).le64()?).ok()?;
        let mut record = Bytes::from(whole, place);
        if record.take(4)? == b"PK\x06\x06" {
            record.take(28)?;
            count = usize::try_from(record.le64()?).ok()?;
            size = record.le64()?;
            offset = record.le64()?;
            directory_end = place;
        }
    }
    let start = directory_end.checked_sub(usize::try_from(size).ok()?)?;
    // What stands before the archive moves all its offsets.
    let moved = start.checked_sub(usize::try_from(offset).ok()?)?;
    let mut bytes = Bytes::from(whole, start);
    let mut entries = Vec::new();
    while bytes.rest().starts_with(CENTRAL) && entries.len() < MAX_ENTRIES {
        entries.push(central(&mut bytes, moved)?);
    }
    (entries.len() == count || entries.len() % 65_536 == count).then_some(entries)
}

fn central(bytes: &mut Bytes<'_>, moved: usize) -> Option<Entry> {
    bytes.take(8)?;
    let (flags, method) = (bytes.le16()?, bytes.le16()?);
    bytes.take(8)?;
    let (packed, full) = (bytes.le32()?, bytes.le32()?);
    let (name, extra, comment) = (bytes.le16()?, bytes.le16()?, bytes.le16()?);
    bytes.take(8)?;
    let offset = bytes.le32()?;
    let name = String::from_utf8_lossy(bytes.take(usize::from(name))?).into_owned();
    let mut extra = Bytes::new(bytes.take(usize::from(extra))?);
    bytes.take(usize::from(comment))?;
    let (mut packed, mut offset) = (packed.into(), u64::from(offset));
    while let (Some(kind), Some(length)) = (extra.le16(), extra.le16()) {
        let mut field = Bytes::new(extra.take(usize::from(length))?);
        if kind == 1 {
            if full == u32::MAX {
                field.le64()?;
            }
            if packed == u64::from(u32::MAX) {
                packed = field.le64()?;
            }
            if offset == u64::from(u32::MAX) {
                offset = field.le64()?;
            }
        }
    }
    Some(Entry {
        name,
        offset: usize::try_from(offset).ok()?.checked_add(moved)?,
        packed: usize::try_from(packed).ok(),
        method,
        encrypted: flags & 1 != 0,
    })
}

/// Files by their own headers, wherever they stand.
fn from_headers(whole: &[u8]) -> Vec<Entry> {
    let found = memchr::memmem::find_iter(whole, LOCAL).take(MAX_ENTRIES);
    let read = found.filter_map(|offset| {
        let mut bytes = Bytes::from(whole, offset + 6);
        let (flags, method) = (bytes.le16()?, bytes.le16()?);
        bytes.take(8)?;
        let packed = bytes.le32()?;
        bytes.le32()?;
        let length = bytes.le16()?;
        bytes.le16()?;
        let name = String::from_utf8_lossy(bytes.take(usize::from(length))?).into_owned();
        // With bit 3 its length stands behind it.
        let packed = if flags & 8 != 0 || packed == u32::MAX { None } else { usize::try_from(packed).ok() };
        Some(Entry { name, offset, packed, method, encrypted: flags & 1 != 0 })
    });
    read.collect()
}

/// The content of `entry`; none where it is not read, which is noted.
pub(crate) fn unpacked<'w>(door: &mut Door<'_>, at: &At, whole: &'w [u8], entry: &Entry) -> Option<Box<dyn Read + 'w>> {
    if entry.encrypted {
        door.problem(at, Fault::Encrypted, "it is encrypted");
        return None;
    }
    let content = content(whole, entry);
    let Some(content) = content else {
        door.problem(at, Fault::Broken, "the directory leads to no file");
        return None;
    };
    match entry.method {
        0 => Some(Box::new(content)),
        8 => Some(Box::new(flate2::read::DeflateDecoder::new(content))),
        93 => unpacking(Box::new(content)).ok(),
        method => {
            door.problem(at, Fault::Unknown, format!("it is packed by method {method}, which is not read"));
            None
        }
    }
}

fn content<'w>(whole: &'w [u8], entry: &Entry) -> Option<&'w [u8]> {
    let mut bytes = Bytes::from(whole, entry.offset);
    if bytes.take(4)? != LOCAL {
        return None;
    }
    bytes.take(22)?;
    let (name, extra) = (bytes.le16()?, bytes.le16()?);
    bytes.take(usize::from(name) + usize::from(extra))?;
    let rest = bytes.rest();
    Some(entry.packed.map_or(rest, |packed| stretch(rest, 0, packed)))
}

/// Reads every file of the archive `whole`; an Office file as what it is.
pub(crate) fn read_zip(door: &mut Door<'_>, at: &At, whole: &[u8]) {
    let (entries, listed) = entries(whole);
    if !listed {
        let what = format!("its directory cannot be read: {} files were found by their own headers", entries.len());
        door.problem(at, Fault::Broken, what);
    }
    if crate::formats::office::read(door, at, whole, &entries) {
        return;
    }
    weights(door, at, &entries);
    for (number, entry) in entries.iter().enumerate() {
        let inner = at.inner(&entry.name);
        if entry.name.ends_with('/') {
            continue;
        }
        if let Some(mut reader) = unpacked(door, &inner, whole, entry) {
            door.document(&inner, &mut reader);
        }
        if door.spent() && number + 1 < entries.len() {
            let what = format!("{} files of the archive were not read", entries.len() - number - 1);
            return door.problem(at, Fault::Bound, what);
        }
    }
}

/// Archives that are the weights of a model.
fn weights(door: &mut Door<'_>, at: &At, entries: &[Entry]) {
    let any = |end: &str| entries.iter().any(|entry| entry.name.ends_with(end));
    if any("/data.pkl") {
        door.sign(at, "model_weights", "pytorch", true, "an archive with a pickle of tensors".to_owned());
    } else if any(".npy") {
        door.sign(at, "model_weights", "numpy", false, "an archive of arrays".to_owned());
    }
}
