//! Sheets of Excel before 2007: records one after the other; cells name shared strings by number.

use crate::bytes::{Bytes, latin1, stretch, utf16};
use crate::door::{At, CHUNK, Door};
use std::collections::BTreeMap;
use std::ops::Range;

/// Columns of a sheet of that time, and of those that came after.
const MAX_COLUMN: u16 = 16_383;

/// What is known while a workbook is read.
#[derive(Default)]
struct Book {
    /// Shared strings, one behind the other.
    text: String,
    strings: Vec<Range<usize>>,
    /// Names of sheets by where they begin.
    names: BTreeMap<usize, String>,
    /// The row and column of the next cell, and the row as far as it was written.
    row: Option<u16>,
    column: u16,
    line: Vec<u8>,
    open: bool,
    /// A formula whose result is the text that follows.
    pending: Option<(u16, u16)>,
}

/// Reads the stream of a workbook; false where it is encrypted.
pub(super) fn read(door: &mut Door<'_>, at: &At, stream: &[u8]) -> bool {
    let mut book = Book::default();
    let mut place = 0;
    while let Some((kind, body)) = record(stream, place) {
        let begins = place;
        place += 4 + body.len();
        match kind {
            0x2f => return false,
            0x85 => book.name(body),
            0xfc => {
                let mut parts = vec![body];
                // What is too long for one record goes on in the next.
                while let Some((0x3c, more)) = record(stream, place) {
                    parts.push(more);
                    place += 4 + more.len();
                }
                book.shared(&parts);
            }
            0x0809 => {
                book.finish(door, at);
                if let Some(name) = book.names.get(&begins).cloned() {
                    door.begin(&at.inner(&name), "xls", true);
                    book.open = true;
                }
            }
            _ if book.open && book.cells(door, at, kind, body).is_none() && door.spent() => break,
            _ => {}
        }
    }
    book.finish(door, at);
    true
}

fn record(stream: &[u8], at: usize) -> Option<(u16, &[u8])> {
    let mut head = Bytes::from(stream, at);
    let (kind, length) = (head.le16()?, head.le16()?);
    Some((kind, stretch(head.rest(), 0, usize::from(length))))
}

impl Book {
    fn name(&mut self, body: &[u8]) {
        let mut bytes = Bytes::new(body);
        let Some(start) = bytes.le32() else { return };
        let (length, wide) =
            (body.get(6).copied().unwrap_or_default(), body.get(7).is_some_and(|flags| flags & 1 == 1));
        let text = stretch(body, 8, usize::from(length) * if wide { 2 } else { 1 });
        self.names.insert(start as usize, if wide { utf16(text, false) } else { latin1(text) });
    }

    /// The shared strings, which may be cut anywhere by the next record: it begins by saying how it is written.
    fn shared(&mut self, parts: &[&[u8]]) {
        let mut parts = Parts { parts, at: 8 };
        while let Some(start) = self.string(&mut parts) {
            self.strings.push(start..self.text.len());
        }
    }

    fn string(&mut self, parts: &mut Parts<'_>) -> Option<usize> {
        let start = self.text.len();
        let mut left = usize::from(u16::from_le_bytes([parts.byte()?, parts.byte()?]));
        let mut flags = parts.byte()?;
        let number = |parts: &mut Parts<'_>, bytes: u32| {
            (0..bytes).try_fold(0_usize, |number, place| Some(number | usize::from(parts.byte()?) << (8 * place)))
        };
        let runs = if flags & 8 != 0 { number(parts, 2)? } else { 0 };
        let more = if flags & 4 != 0 { number(parts, 4)? } else { 0 };
        while left > 0 {
            let width = if flags & 1 == 1 { 2 } else { 1 };
            let piece = parts.piece(left * width);
            let piece = stretch(piece, 0, piece.len() / width * width);
            self.text.push_str(&if width == 2 { utf16(piece, false) } else { latin1(piece) });
            left -= piece.len() / width;
            if left > 0 {
                flags = parts.turn()?;
            }
        }
        parts.pass(runs * 4 + more);
        Some(start)
    }

    /// The cells of one record.
    fn cells(&mut self, door: &mut Door<'_>, at: &At, kind: u16, body: &[u8]) -> Option<()> {
        let mut bytes = Bytes::new(body);
        if kind == 0x207 {
            let (row, column) = self.pending.take()?;
            return self.put(door, at, (row, column), text(body, 0)?.as_bytes());
        }
        if !matches!(kind, 0x06 | 0x203 | 0x204 | 0x27e | 0xbd | 0xfd) {
            return Some(());
        }
        let (row, column) = (bytes.le16()?, bytes.le16()?);
        if kind == 0xbd {
            let (mut rest, mut column) = (Bytes::new(bytes.rest()), column);
            while rest.rest().len() >= 8 {
                rest.le16()?;
                let number = packed(rest.le32()?);
                self.put(door, at, (row, column), number.to_string().as_bytes())?;
                column = column.checked_add(1)?;
            }
            return Some(());
        }
        bytes.le16()?;
        let cell = match kind {
            0xfd => {
                let range = self.strings.get(bytes.le32()? as usize)?.clone();
                self.text.get(range)?.to_owned()
            }
            0x204 => text(body, 6)?,
            0x27e => packed(bytes.le32()?).to_string(),
            _ => {
                let bits = bytes.le64()?;
                // The result of a formula may be no number.
                if kind == 0x06 && bits >> 48 == 0xffff {
                    self.pending = (bits & 0xff == 0).then_some((row, column));
                    return Some(());
                }
                f64::from_bits(bits).to_string()
            }
        };
        self.put(door, at, (row, column), cell.as_bytes())
    }

    fn put(&mut self, door: &mut Door<'_>, at: &At, (row, column): (u16, u16), cell: &[u8]) -> Option<()> {
        if self.row != Some(row) {
            self.end_row(door, at)?;
            (self.row, self.column) = (Some(row), 0);
        }
        let column = column.min(MAX_COLUMN);
        self.line.extend(std::iter::repeat_n(b'\t', usize::from(column.saturating_sub(self.column))));
        self.column = column.max(self.column);
        self.line.extend(cell.iter().map(|byte| if b"\t\n\r".contains(byte) { b' ' } else { *byte }));
        // Cells of a row may stand in any number of records.
        if self.line.len() > CHUNK {
            let fed = door.feed(at, &self.line);
            self.line.clear();
            return fed.then_some(());
        }
        Some(())
    }

    fn end_row(&mut self, door: &mut Door<'_>, at: &At) -> Option<()> {
        if self.row.is_none() {
            return Some(());
        }
        self.line.push(b'\n');
        let fed = door.feed(at, &self.line);
        self.line.clear();
        fed.then_some(())
    }

    fn finish(&mut self, door: &mut Door<'_>, at: &At) {
        if std::mem::take(&mut self.open) {
            self.end_row(door, at);
            door.end();
        }
        (self.row, self.pending) = (None, None);
    }
}

/// A text with its length in characters before it.
fn text(body: &[u8], at: usize) -> Option<String> {
    let length = usize::from(Bytes::from(body, at).le16()?);
    let wide = body.get(at + 2).is_some_and(|flags| flags & 1 == 1);
    let bytes = stretch(body, at + 3, if wide { length * 2 } else { length });
    Some(if wide { utf16(bytes, false) } else { latin1(bytes) })
}

/// A number in 30 bits: a whole one, or the upper half of a real one; perhaps a hundred times too large.
fn packed(bits: u32) -> f64 {
    let number = match bits & 2 {
        0 => f64::from_bits(u64::from(bits & !3) << 32),
        _ => f64::from(bits.cast_signed() >> 2),
    };
    if bits & 1 == 1 { number / 100.0 } else { number }
}

/// Records that go on one in the other.
struct Parts<'p> {
    parts: &'p [&'p [u8]],
    at: usize,
}

impl<'p> Parts<'p> {
    fn byte(&mut self) -> Option<u8> {
        while self.parts.first()?.len() <= self.at {
            (self.parts, self.at) = (self.parts.get(1..)?, 0);
        }
        self.at += 1;
        self.parts.first()?.get(self.at - 1).copied()
    }

    /// At most `length` bytes of this record.
    fn piece(&mut self, length: usize) -> &'p [u8] {
        let piece = self.parts.first().map_or(&[][..], |part| stretch(part, self.at, length));
        self.at += piece.len();
        piece
    }

    /// The first byte of the next record.
    fn turn(&mut self) -> Option<u8> {
        (self.parts, self.at) = (self.parts.get(1..)?, 0);
        self.byte()
    }

    fn pass(&mut self, mut length: usize) {
        while length > 0 && !self.parts.is_empty() {
            length -= self.piece(length).len();
            if length > 0 {
                (self.parts, self.at) = (self.parts.get(1..).unwrap_or_default(), 0);
            }
        }
    }
}
