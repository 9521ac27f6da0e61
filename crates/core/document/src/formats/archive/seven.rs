//! 7z: one list of all files at the end, and folders of packed bytes in which many files stand one behind the other.

mod folder;
mod header;

use super::super::{Format, Head, also};
use crate::Fault;
use crate::bytes::{Bytes, stretch};
use crate::door::{At, Door};
use folder::Unpacked;
use header::{Archive, File, Folder, Next};
use std::io::{self, Read};

const MAGIC: &[u8] = b"7z\xbc\xaf\x27\x1c";

/// Bytes before what is packed.
const START: usize = 32;
/// Bytes of a list of files that is packed itself.
const LIST_BYTES: u64 = 64 << 20;
/// How often a list of files is packed in another.
const MAX_LISTS: usize = 4;

/// 7z.
pub(crate) static SEVEN_ZIP: Format = Format { name: "7z", knows: is_seven_zip, read };

fn is_seven_zip(head: &Head<'_>) -> bool {
    head.bytes.starts_with(MAGIC)
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        match list(door, at, whole) {
            Some(archive) => files(door, at, whole, &archive),
            // What stands in it openly all the same.
            None => super::super::text::texts(door, at, "7z", &mut &*whole),
        }
        also(door, at, whole, "7z");
    });
}

/// The list of files; none where it is not read, which is noted.
fn list(door: &mut Door<'_>, at: &At, whole: &[u8]) -> Option<Archive> {
    let Some(place) = place(whole) else {
        door.problem(
            at,
            Fault::Broken,
            "its beginning leads to no list of files: only bytes that stand in it openly were read",
        );
        return None;
    };
    let mut list = place.to_vec();
    for _ in 0..MAX_LISTS {
        match header::next(&list) {
            Some(Next::Files(archive)) => return Some(archive),
            Some(Next::Packed(folder)) => list = unpacked_list(door, at, whole, &folder)?,
            None => {
                door.problem(
                    at,
                    Fault::Broken,
                    "its list of files cannot be read: only bytes that stand in it openly were",
                );
                return None;
            }
        }
    }
    door.problem(at, Fault::Bound, "its list of files is packed in lists again and again: nothing of it was read");
    None
}

/// Where the list stands. An archive of nothing has an empty one.
fn place(whole: &[u8]) -> Option<&[u8]> {
    let mut bytes = Bytes::from(whole, 12);
    let (offset, size) = (bytes.le64()?, bytes.le64()?);
    let from = START.checked_add(usize::try_from(offset).ok()?)?;
    whole.get(from..from.checked_add(usize::try_from(size).ok()?)?)
}

fn unpacked_list(door: &mut Door<'_>, at: &At, whole: &[u8], folder: &Folder) -> Option<Vec<u8>> {
    let mut list = Vec::new();
    let read = within(door, whole, folder, &mut |door, unpacked| {
        let most = folder.unpacked.min(LIST_BYTES);
        door.within(at, &mut unpacked.take(most), |_, input| drop(input.read_to_end(&mut list)));
    });
    match read {
        Ok(()) if folder.unpacked > LIST_BYTES => {
            let what = format!("its list of files is longer than {LIST_BYTES} bytes: nothing of it was read");
            door.problem(at, Fault::Bound, what);
            None
        }
        Ok(()) => Some(list),
        Err((fault, why)) => {
            door.problem(at, fault, format!("its list of files {why}: neither names nor contents were read"));
            None
        }
    }
}

/// Gives what `folder` unpacks to to `reader`; an error says why it is not read.
fn within(
    door: &mut Door<'_>,
    whole: &[u8],
    folder: &Folder,
    reader: &mut dyn FnMut(&mut Door<'_>, &mut dyn Read),
) -> Result<(), (Fault, String)> {
    let from = folder.offset.and_then(|offset| START.checked_add(offset));
    let (Some(from), Some(packed)) = (from, folder.packed) else {
        return Err((Fault::Broken, "leads to no bytes of the archive".to_owned()));
    };
    let packed = stretch(whole, from, packed);
    let Unpacked { mut reader_of, held } = folder::unpacked(packed, folder, door.room())?;
    door.holding(held, |door| reader(door, &mut *reader_of));
    Ok(())
}

/// Reads every file, folder by folder.
fn files(door: &mut Door<'_>, at: &At, whole: &[u8], archive: &Archive) {
    let mut waiting = archive.files.as_slice();
    for folder in &archive.folders {
        let Some((own, rest)) = waiting.split_at_checked(folder.sizes.len()) else {
            return door.problem(at, Fault::Broken, "its list has fewer files than its folders hold");
        };
        waiting = rest;
        let mut read = 0;
        let unpacked = within(door, whole, folder, &mut |door, unpacked| {
            for (File { name }, size) in own.iter().zip(&folder.sizes) {
                if door.spent() {
                    return;
                }
                read += 1;
                one(door, &at.inner(name), unpacked, *size);
            }
        });
        if let Err((fault, why)) = unpacked {
            own.iter().for_each(|File { name }| door.problem(&at.inner(name), fault, format!("it {why}")));
        } else if read < own.len() {
            let what = format!("{} files of the archive were not read", own.len() - read + waiting.len());
            return door.problem(at, Fault::Bound, what);
        }
    }
    if !waiting.is_empty() {
        door.problem(at, Fault::Broken, format!("{} files of its list are in no folder", waiting.len()));
    }
}

/// Reads one file of a folder, and passes over what its reader leaves: the next one stands behind it.
fn one(door: &mut Door<'_>, at: &At, unpacked: &mut dyn Read, size: u64) {
    let mut content = unpacked.take(size);
    door.document(at, &mut content);
    if content.limit() > 0 {
        door.within(at, &mut content, |_, rest| drop(io::copy(rest, &mut io::sink())));
    }
    if content.limit() > 0 && !door.spent() {
        door.problem(at, Fault::Broken, format!("{} bytes of it are missing", content.limit()));
    }
}
