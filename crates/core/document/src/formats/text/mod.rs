//! Text in its encodings, and bytes that no format knows, in which text may stand.

use super::{Format, Head};
use crate::Fault;
use crate::bytes::{latin1, utf16};
use crate::door::{At, CHUNK, Door};
use std::io::Read;

/// Text.
pub(crate) static FORMAT: Format = Format { name: "text", knows: |_| true, read };

/// How a text is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encoding {
    Utf8,
    Utf16 {
        big: bool,
    },
    Utf32 {
        big: bool,
    },
    Latin1,
    /// No text by its looks: given on as it is.
    Binary,
}

/// The encoding of a text that begins with `head`, whether a mark says so, and the length of that mark.
fn encoding(head: &[u8]) -> (Encoding, usize) {
    match head {
        [0xef, 0xbb, 0xbf, ..] => return (Encoding::Utf8, 3),
        [0xff, 0xfe, 0, 0, ..] => return (Encoding::Utf32 { big: false }, 4),
        [0, 0, 0xfe, 0xff, ..] => return (Encoding::Utf32 { big: true }, 4),
        [0xff, 0xfe, ..] => return (Encoding::Utf16 { big: false }, 2),
        [0xfe, 0xff, ..] => return (Encoding::Utf16 { big: true }, 2),
        _ => {}
    }
    let pairs = head.chunks_exact(2).len().max(1);
    let zeros = |odd: usize| head.chunks_exact(2).filter(|pair| pair.get(odd) == Some(&0)).count();
    let (even, odd) = (zeros(0), zeros(1));
    // Western text in UTF-16: nearly every other byte is zero, and no other one is.
    if head.len() >= 4 && odd * 10 >= pairs * 7 && even * 50 <= pairs {
        return (Encoding::Utf16 { big: false }, 0);
    }
    if head.len() >= 4 && even * 10 >= pairs * 7 && odd * 50 <= pairs {
        return (Encoding::Utf16 { big: true }, 0);
    }
    let control = head.iter().filter(|byte| **byte < 32 && !b"\t\n\r\x0c\x1b\x08".contains(byte)).count();
    if control * 50 > head.len() {
        return (Encoding::Binary, 0);
    }
    match std::str::from_utf8(head) {
        Ok(_) => (Encoding::Utf8, 0),
        // A character that the end of the head cuts in two.
        Err(error) if error.error_len().is_none() => (Encoding::Utf8, 0),
        Err(_) => (Encoding::Latin1, 0),
    }
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    texts(door, at, "text", input);
}

/// Gives out `input` as one text of `format`, in UTF-8.
pub(crate) fn texts(door: &mut Door<'_>, at: &At, format: &'static str, input: &mut dyn Read) {
    let mut decoder = Decoder::default();
    let mut chunk = vec![0; CHUNK];
    door.begin(at, format, false);
    while let Some(bytes) = next(input, &mut chunk) {
        if !door.feed(at, &decoder.decode(bytes)) {
            break;
        }
    }
    let rest = decoder.finish();
    door.feed(at, &rest);
    door.end();
    decoder.report(door, at);
}

/// The next bytes, as many as are there up to a chunk.
pub(crate) fn next<'c>(input: &mut dyn Read, chunk: &'c mut [u8]) -> Option<&'c [u8]> {
    let mut filled = 0;
    while let Some(room) = chunk.get_mut(filled..).filter(|room| !room.is_empty()) {
        match input.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    chunk.get(..filled).filter(|bytes| !bytes.is_empty())
}

/// Text in its own encoding to UTF-8, chunk by chunk.
#[derive(Default)]
pub(crate) struct Decoder {
    encoding: Option<Encoding>,
    /// Bytes of a character that the last chunk cut.
    carried: Vec<u8>,
    wrong: u64,
}

impl Decoder {
    /// What `bytes` say, as far as whole characters go.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes;
        let encoding = match self.encoding {
            Some(encoding) => encoding,
            None => {
                let (encoding, mark) = encoding(bytes);
                bytes = bytes.get(mark..).unwrap_or_default();
                *self.encoding.insert(encoding)
            }
        };
        let mut whole = std::mem::take(&mut self.carried);
        whole.extend_from_slice(bytes);
        let keep = match encoding {
            Encoding::Utf16 { big } => cut16(&whole, big),
            Encoding::Utf32 { .. } => whole.len() - whole.len() % 4,
            Encoding::Utf8 => self.checked(&whole),
            Encoding::Latin1 | Encoding::Binary => whole.len(),
        };
        self.carried = whole.split_off(keep.min(whole.len()));
        self.turned(encoding, whole)
    }

    fn turned(&mut self, encoding: Encoding, whole: Vec<u8>) -> Vec<u8> {
        let text = match encoding {
            Encoding::Utf8 | Encoding::Binary => return whole,
            Encoding::Latin1 => latin1(&whole),
            Encoding::Utf16 { big } => utf16(&whole, big),
            Encoding::Utf32 { big } => utf32(&whole, big),
        };
        if encoding != Encoding::Latin1 {
            self.wrong += text.matches(char::REPLACEMENT_CHARACTER).count() as u64;
        }
        text.into_bytes()
    }

    /// Counts what is no UTF-8, and says how far whole characters go.
    fn checked(&mut self, whole: &[u8]) -> usize {
        let mut at = 0;
        while let Some(Err(error)) = whole.get(at..).map(std::str::from_utf8) {
            let valid = at + error.valid_up_to();
            match error.error_len() {
                Some(length) => {
                    self.wrong += 1;
                    at = valid + length;
                }
                None => return valid,
            }
        }
        whole.len()
    }

    /// What the end cut off, as it is.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        if !self.carried.is_empty() {
            self.wrong += 1;
        }
        std::mem::take(&mut self.carried)
    }

    /// Says what was not as the encoding has it.
    pub(crate) fn report(&self, door: &mut Door<'_>, at: &At) {
        if self.encoding == Some(Encoding::Latin1) {
            door.problem(at, Fault::Encoding, "it is no UTF-8 and names no encoding: it was read as Latin-1");
        } else if self.wrong > 0 && self.encoding != Some(Encoding::Binary) {
            door.problem(at, Fault::Encoding, format!("{} places are not in its encoding", self.wrong));
        }
    }
}

/// Where UTF-16 may be cut: between pairs of bytes, and not behind the first half of a character.
fn cut16(bytes: &[u8], big: bool) -> usize {
    let even = bytes.len() - bytes.len() % 2;
    let high = even.checked_sub(if big { 2 } else { 1 }).and_then(|at| bytes.get(at));
    if high.is_some_and(|byte| (0xd8..0xdc).contains(byte)) { even - 2 } else { even }
}

fn utf32(bytes: &[u8], big: bool) -> String {
    let units = bytes.chunks_exact(4).filter_map(|four| four.try_into().ok());
    let units = units.map(|four| if big { u32::from_be_bytes(four) } else { u32::from_le_bytes(four) });
    units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A document that is known by `head` alone, in UTF-8 for those that look for words in it.
pub(crate) fn glance(head: &Head<'_>) -> String {
    let mut decoder = Decoder::default();
    let bytes = decoder.decode(crate::bytes::stretch(head.bytes, 0, 2_048));
    String::from_utf8_lossy(&bytes).into_owned()
}
