//! Sheets as rows: cells at their columns, separated by tabs, so that the first row heads the columns.

use super::Prose;
use crate::Fault;
use crate::door::{At, CHUNK, Door};
use crate::formats::text::next;
use crate::markup::{Marked, Reader};
use std::io::Read;
use std::ops::Range;

/// Bytes of shared strings that are kept.
const MAX_SHARED: usize = 64 << 20;
/// Columns of a sheet.
const MAX_COLUMNS: usize = 16_384;

/// The strings that the cells of a workbook name by number.
#[derive(Default)]
pub(super) struct Shared {
    text: Vec<u8>,
    strings: Vec<Range<usize>>,
}

impl Shared {
    pub(super) fn read(&mut self, door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
        let mut reader = Reader::new(Strings::default());
        let mut chunk = vec![0; CHUNK];
        while let Some(bytes) = next(input, &mut chunk) {
            reader.feed(bytes);
            reader.take();
            if reader.marked().text.len() > MAX_SHARED {
                door.problem(at, Fault::Bound, format!("its strings are more than {MAX_SHARED} bytes"));
                break;
            }
        }
        let Strings { text, strings, .. } = reader.into_marked();
        (self.text, self.strings) = (text, strings);
    }

    fn get(&self, number: usize) -> &[u8] {
        self.strings.get(number).and_then(|range| self.text.get(range.clone())).unwrap_or_default()
    }
}

/// Reads shared strings.
#[derive(Default)]
struct Strings {
    text: Vec<u8>,
    strings: Vec<Range<usize>>,
    start: usize,
    inside: bool,
}

impl Marked for Strings {
    fn tag(&mut self, name: &str, closes: bool, _: &[(String, String)], _: &mut Vec<u8>) {
        match (name, closes) {
            ("si", false) => self.start = self.text.len(),
            ("si", true) => self.strings.push(self.start..self.text.len()),
            ("t", closes) => self.inside = !closes,
            _ => {}
        }
    }

    fn text(&mut self, text: &[u8], _: &mut Vec<u8>) {
        if self.inside {
            self.text.extend_from_slice(text);
        }
    }
}

/// `text` as one cell: what would end it becomes a blank.
fn cell(text: &[u8], out: &mut Vec<u8>) {
    out.extend(text.iter().map(|byte| if b"\t\n\r".contains(byte) { b' ' } else { *byte }));
}

/// The column that `BC12` names, from 0.
fn column(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).take(4);
    let number =
        letters.fold(0_usize, |number, letter| number * 26 + usize::from(letter.to_ascii_uppercase() - b'A' + 1));
    number.checked_sub(1)
}

/// A sheet of Office Open XML.
pub(super) struct Sheet<'s> {
    shared: &'s Shared,
    column: usize,
    kind: String,
    value: Vec<u8>,
    inside: bool,
    outside: bool,
}

impl<'s> Sheet<'s> {
    pub(super) fn new(shared: &'s Shared) -> Sheet<'s> {
        Sheet { shared, column: 0, kind: String::new(), value: Vec::new(), inside: false, outside: false }
    }

    fn cell(&mut self, out: &mut Vec<u8>) {
        let value = std::mem::take(&mut self.value);
        match (self.kind.as_str(), std::str::from_utf8(&value).ok().and_then(|text| text.trim().parse::<usize>().ok()))
        {
            ("s", Some(number)) => cell(self.shared.get(number), out),
            _ => cell(&value, out),
        }
    }
}

impl Marked for Sheet<'_> {
    fn tag(&mut self, name: &str, closes: bool, attributes: &[(String, String)], out: &mut Vec<u8>) {
        let field = |wanted: &str| attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        match (name, closes) {
            ("row", false) => self.column = 0,
            ("row", true) => out.push(b'\n'),
            ("c", false) => {
                let wanted = field("r").and_then(column).unwrap_or(self.column).min(MAX_COLUMNS);
                out.extend(std::iter::repeat_n(b'\t', wanted.saturating_sub(self.column)));
                self.column = wanted.max(self.column);
                self.kind = field("t").unwrap_or_default().to_owned();
                self.value.clear();
            }
            ("c", true) => {
                self.cell(out);
                self.column += 1;
                out.push(b'\t');
            }
            ("v" | "t", closes) => self.inside = !closes,
            ("oddheader" | "oddfooter" | "firstheader" | "firstfooter", closes) => {
                self.outside = !closes;
                out.push(b'\n');
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        if self.inside {
            self.value.extend_from_slice(text);
        } else if self.outside {
            out.extend_from_slice(text);
        }
    }
}

/// The content of an OpenDocument file: prose, and tables as rows.
#[derive(Default)]
pub(super) struct OpenSheet {
    cell: bool,
}

impl Marked for OpenSheet {
    fn tag(&mut self, name: &str, closes: bool, attributes: &[(String, String)], out: &mut Vec<u8>) {
        match (name, closes) {
            ("table-cell", false) => self.cell = true,
            ("table-cell", true) => {
                self.cell = false;
                out.push(b'\t');
            }
            ("p" | "h", true) if self.cell => out.push(b' '),
            _ => Prose.tag(name, closes, attributes, out),
        }
    }
}
