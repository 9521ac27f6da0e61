//! Elements of WebM and Matroska: duration, titles and tags.

use super::{MAX_FIELD, Recording, bytes, skip};
use crate::bytes::{Bytes, stretch};
use std::io::Read;

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_a966;
const TAGS: u64 = 0x1254_c367;
const CLUSTER: u64 = 0x1f43_b675;

/// Reads the elements of `input`: segments are entered, clusters passed over.
pub(super) fn read(input: &mut dyn Read, recording: &mut Recording) {
    while let Some((id, length)) = element(input) {
        match (id, length) {
            // Where a live recording does not know its length, its elements follow.
            (SEGMENT, _) | (CLUSTER, None) => {}
            (INFO | TAGS, Some(length)) if length <= MAX_FIELD => {
                fields(&bytes(input, length).unwrap_or_default(), recording, 0);
            }
            (_, Some(length)) => {
                if !skip(input, length) {
                    recording.broken = Some("the container breaks off");
                    return;
                }
            }
            (_, None) => {
                recording.broken = Some("an element does not say how long it is");
                return;
            }
        }
    }
}

/// The id of the next element and its length; none where it is not known.
fn element(input: &mut dyn Read) -> Option<(u64, Option<u64>)> {
    let id = variable(input, false)?;
    let length = variable(input, true)?;
    Some((id.0, (length.0 != (1_u64 << (7 * length.1)) - 1).then_some(length.0)))
}

/// A number whose first bits say how many bytes it has; with those bits or without.
fn variable(input: &mut dyn Read, bare: bool) -> Option<(u64, u32)> {
    let first = *bytes(input, 1)?.first()?;
    let length = first.leading_zeros() + 1;
    if length > 8 {
        return None;
    }
    let start = if bare { u64::from(first) & ((1_u64 << (8 - length)) - 1) } else { u64::from(first) };
    let rest = bytes(input, u64::from(length - 1))?;
    Some((rest.iter().fold(start, |number, byte| number << 8 | u64::from(*byte)), length))
}

fn fields(body: &[u8], recording: &mut Recording, depth: usize) {
    let mut rest = body;
    let (mut scale, mut length) = (1_000_000.0, None);
    while let Some((id, size)) = element(&mut rest) {
        let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(rest.len()).min(rest.len());
        let content = stretch(rest, 0, size);
        rest = rest.get(size..).unwrap_or_default();
        match id {
            0x2a_d7b1 => scale = content.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte)) as f64,
            0x4489 => {
                let mut float = Bytes::new(content);
                length = match content.len() {
                    4 => float.be32().map(|bits| f64::from(f32::from_bits(bits))),
                    _ => float.be64().map(f64::from_bits),
                };
            }
            0x7ba9 => recording.line("title", &String::from_utf8_lossy(content)),
            0x45a3 | 0x4487 => recording.line("tag", &String::from_utf8_lossy(content)),
            // A tag, and the pair in it.
            0x7373 | 0x67c8 if depth < 4 => fields(content, recording, depth + 1),
            _ => {}
        }
    }
    if let Some(length) = length {
        recording.seconds = Some(length * scale / 1e9).filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
    }
}
