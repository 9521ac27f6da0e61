//! What a folder of a 7z archive unpacks to.

use super::header::{Coder, Folder};
use crate::Fault;
use crate::packing::unpacking;
use lzma_rust2::{Lzma2Reader, LzmaReader};
use std::io::Read;

/// The largest window that a folder may ask for, whatever else is held.
const WINDOW_MAX: u64 = 1 << 30;
/// The smallest that the format has.
const WINDOW_MIN: u64 = 4 << 10;

/// A folder's bytes as they come, and how much is held for that.
pub(super) struct Unpacked<'w> {
    pub(super) reader_of: Box<dyn Read + 'w>,
    pub(super) held: usize,
}

/// Unpacks `packed`; an error says why that is not done. No more than `room` bytes are held for it.
pub(super) fn unpacked<'w>(packed: &'w [u8], folder: &Folder, room: usize) -> Result<Unpacked<'w>, (Fault, String)> {
    let unread = |what: String| (Fault::Unknown, format!("is packed {what}, which is not read"));
    let coders = folder.coders.as_ref().ok_or_else(|| unread("in branches (BCJ2)".to_owned()))?;
    if coders.iter().any(|coder| coder.method.starts_with(&[6, 0xf1, 7])) {
        return Err((Fault::Encrypted, "is encrypted".to_owned()));
    }
    let mut all = Unpacked { reader_of: Box::new(packed), held: 0 };
    for coder in coders {
        all = step(all, coder, room)?;
    }
    Ok(all)
}

fn step<'w>(before: Unpacked<'w>, coder: &Coder, room: usize) -> Result<Unpacked<'w>, (Fault, String)> {
    let Unpacked { reader_of: reader, held } = before;
    let broken = || (Fault::Broken, "does not say how it is packed".to_owned());
    let (reader_of, window): (Box<dyn Read + 'w>, usize) = match (coder.method.as_slice(), coder.properties.as_slice())
    {
        ([0], _) => (reader, 0),
        ([3, 1, 1], [form, window @ ..]) => {
            let window = u32::from_le_bytes(window.try_into().map_err(|_| broken())?);
            let window = fitting(window.into(), coder.size, room.saturating_sub(held))?;
            let reader = LzmaReader::new_with_props(reader, coder.size, *form, window, None).map_err(|_| broken())?;
            (Box::new(reader), window as usize)
        }
        ([0x21], [size]) => {
            let window = fitting(window(*size).ok_or_else(broken)?, coder.size, room.saturating_sub(held))?;
            (Box::new(Lzma2Reader::new(reader, window, None)), window as usize)
        }
        ([3, 1, 1] | [0x21], _) => return Err(broken()),
        ([4, 1, 8], _) => (Box::new(flate2::read::DeflateDecoder::new(reader)), 0),
        ([4, 0xf7, 0x11, 1], _) => (unpacking(reader).map_err(|_| broken())?, 0),
        (method, _) => {
            return Err((Fault::Unknown, format!("is packed with {}, which is not read", called(method))));
        }
    };
    Ok(Unpacked { reader_of, held: held + window })
}

/// The window that LZMA2 says in one byte.
fn window(size: u8) -> Option<u64> {
    match size {
        40 => Some(u64::from(u32::MAX)),
        41.. => None,
        size => Some((2 | u64::from(size & 1)) << (size / 2 + 11)),
    }
}

/// The window that is needed: no larger than what comes out, and only as large as may be held.
fn fitting(asked: u64, comes: u64, room: usize) -> Result<u32, (Fault, String)> {
    let needed = asked.min(comes.next_multiple_of(16)).max(WINDOW_MIN);
    let most = WINDOW_MAX.min(room as u64);
    match u32::try_from(needed) {
        Ok(window) if needed <= most => Ok(window),
        _ => Err((Fault::Bound, format!("needs {needed} bytes to be unpacked, of {most} that may be held"))),
    }
}

fn called(method: &[u8]) -> String {
    match method {
        [3, 4, 1] => "PPMd".to_owned(),
        [4, 2, 2] => "bzip2".to_owned(),
        [3] => "a delta filter".to_owned(),
        [3, 3, ..] | [4..=10] => "a filter for programs".to_owned(),
        method => format!("method {}", method.iter().map(|byte| format!("{byte:02x}")).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_large_as_what_comes_out_and_no_larger_than_may_be_held() {
        assert_eq!((window(0), window(24), window(41)), (Some(4 << 10), Some(16 << 20), None));
        assert_eq!(fitting(4 << 30, 100_000, 1 << 20), Ok(100_000));
        assert_eq!(fitting(0, 0, 1 << 20), Ok(4 << 10));
        let (fault, why) = fitting(u64::from(u32::MAX), 8 << 30, 256 << 20).unwrap_err();
        assert!(fault == Fault::Bound && why.contains("4294967295"), "{why}");
        assert!(fitting(1 << 20, 1 << 20, 1 << 10).is_err());
    }
}
