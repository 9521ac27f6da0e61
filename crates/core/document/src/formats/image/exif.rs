//! EXIF: the fields of a TIFF header that hold text, and whether a place is written down.

use super::Picture;
use crate::bytes::{Bytes, stretch, utf16};

/// Directories that are looked at: each once, whatever leads to it.
const MAX_DIRECTORIES: usize = 16;

/// Adds what the header `tiff` says.
pub(super) fn read(tiff: &[u8], picture: &mut Picture) {
    let little = tiff.starts_with(b"II");
    let mut waiting: Vec<usize> = number(tiff, 4, 4, little).into_iter().collect();
    let mut seen = Vec::new();
    while let Some(at) = waiting.pop().filter(|_| seen.len() < MAX_DIRECTORIES) {
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        let count = number(tiff, at, 2, little).unwrap_or(0);
        for field in 0..count.min(1_000) {
            self::field(tiff, at + 2 + field * 12, little, picture, &mut waiting);
        }
        waiting.extend(number(tiff, at + 2 + count * 12, 4, little).filter(|next| *next != 0));
    }
}

fn number(tiff: &[u8], at: usize, length: usize, little: bool) -> Option<usize> {
    let mut bytes = Bytes::from(tiff, at);
    match (length, little) {
        (2, true) => bytes.le16().map(usize::from),
        (2, false) => bytes.be16().map(usize::from),
        (_, true) => bytes.le32().map(|number| number as usize),
        (_, false) => bytes.be32().map(|number| number as usize),
    }
}

fn field(tiff: &[u8], at: usize, little: bool, picture: &mut Picture, waiting: &mut Vec<usize>) {
    let read = |place: usize, length: usize| number(tiff, at + place, length, little).unwrap_or(0);
    let (tag, kind, count) = (read(0, 2), read(2, 2), read(4, 4));
    let size = count.saturating_mul(if matches!(kind, 3 | 8) { 2 } else { 1 });
    let value = stretch(tiff, if size > 4 { read(8, 4) } else { at + 8 }, size.min(1 << 16));
    let name = match tag {
        0x8769 | 0xa005 => return waiting.push(read(8, 4)),
        // The place itself is no text: that there is one is what matters.
        0x8825 => return picture.line("gps position", "present"),
        0x100 | 0x101 => {
            let size = read(8, if kind == 3 { 2 } else { 4 }) as u32;
            let side = if tag == 0x100 { &mut picture.width } else { &mut picture.height };
            *side = size.max(*side);
            return;
        }
        0x10d => "document name",
        0x10e => "description",
        0x10f => "make",
        0x110 => "model",
        0x131 => "software",
        0x132 => "date",
        0x13b => "artist",
        0x8298 => "copyright",
        0x9286 => return picture.line("comment", &String::from_utf8_lossy(value.get(8..).unwrap_or_default())),
        0x9c9b => return picture.line("title", &utf16(value, false)),
        0x9c9c => return picture.line("comment", &utf16(value, false)),
        0x9c9d => return picture.line("author", &utf16(value, false)),
        0x9c9e => return picture.line("keywords", &utf16(value, false)),
        0x9c9f => return picture.line("subject", &utf16(value, false)),
        0xa430 => "owner",
        0xa431 => "serial number",
        _ => return,
    };
    if kind == 2 {
        picture.line(name, &String::from_utf8_lossy(value));
    }
}
