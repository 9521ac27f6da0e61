//! Boxes of MP4 and QuickTime: the header of the film, and its titles.

use super::{Recording, bytes, skip};
use crate::bytes::{Bytes, stretch};
use std::io::Read;

/// The longest description of a film that is held, in bytes.
const MAX_MOOV: u64 = 64 << 20;
/// Boxes in boxes.
const MAX_DEPTH: usize = 8;

/// Reads the boxes of `input`.
pub(super) fn read(input: &mut dyn Read, recording: &mut Recording) {
    while let Some(head) = bytes(input, 8) {
        let mut fields = Bytes::new(&head);
        let size = u64::from(fields.be32().unwrap_or(0));
        let rest = match size {
            // To the end of the file.
            0 => return,
            1 => bytes(input, 8).and_then(|size| Bytes::new(&size).be64()).and_then(|size| size.checked_sub(16)),
            size => size.checked_sub(8),
        };
        let Some(rest) = rest else {
            recording.broken = Some("a box is shorter than its own header");
            return;
        };
        if fields.take(4) == Some(b"moov") && rest <= MAX_MOOV {
            let Some(body) = bytes(input, rest) else {
                recording.broken = Some("the container breaks off");
                return;
            };
            inner(&body, recording, 0);
        } else if !skip(input, rest) {
            recording.broken = Some("the container breaks off");
            return;
        }
    }
}

fn inner(body: &[u8], recording: &mut Recording, depth: usize) {
    let mut bytes = Bytes::new(body);
    while let (Some(size), Some(name)) = (bytes.be32(), bytes.take(4)) {
        let Some(content) = (size as usize).checked_sub(8).and_then(|length| bytes.take(length)) else { return };
        match name {
            b"mvhd" => recording.seconds = duration(content),
            _ if depth >= MAX_DEPTH => {}
            b"udta" | b"ilst" | b"trak" => inner(content, recording, depth + 1),
            // Four bytes of version stand before its boxes, but not in QuickTime.
            b"meta" => {
                let from = if stretch(content, 4, 4) == b"hdlr" { 0 } else { 4 };
                inner(content.get(from..).unwrap_or_default(), recording, depth + 1);
            }
            [0xa9, ..] | b"titl" | b"desc" | b"ldes" | b"auth" | b"perf" => title(name, content, recording),
            _ => {}
        }
    }
}

/// A title, as iTunes or as QuickTime writes it.
fn title(name: &[u8], content: &[u8], recording: &mut Recording) {
    let text = match stretch(content, 4, 4) == b"data" {
        true => content.get(16..),
        false => content.get(4..),
    };
    let name: String = name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| char::from(*byte)).collect();
    recording.line(&name, &String::from_utf8_lossy(text.unwrap_or_default()));
}

fn duration(header: &[u8]) -> Option<f64> {
    let long = header.first() == Some(&1);
    let mut fields = Bytes::from(header, if long { 20 } else { 12 });
    let scale = fields.be32().filter(|scale| *scale > 0)?;
    let length = if long { fields.be64()? as f64 } else { f64::from(fields.be32()?) };
    Some(length / f64::from(scale))
}
