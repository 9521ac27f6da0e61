//! JSON and JSON lines: escapes read, and the key of a list written before each of its values, so that every value stands
//! beside its key.

use super::text::{Decoder, next};
use super::{Format, Head};
use crate::Fault;
use crate::door::{At, CHUNK, Door};
use std::io::Read;

/// JSON.
pub(crate) static FORMAT: Format = Format { name: "json", knows, read };

/// A notebook: JSON whose cells and outputs are lists of lines, written as the text that they are.
pub(crate) static NOTEBOOK: Format = Format { name: "notebook", knows: is_notebook, read: read_notebook };

/// The longest key that is kept, in bytes, and how deep keys are known.
const MAX_KEY: usize = 128;
const MAX_DEPTH: usize = 256;

fn knows(head: &Head<'_>) -> bool {
    let text = super::text::glance(head);
    let text = text.trim_start();
    let mut after = text.chars().skip(1).skip_while(|char| char.is_whitespace());
    match text.chars().next() {
        Some('{') => matches!(after.next(), Some('"' | '}')),
        Some('[') => {
            matches!(after.next(), Some('{' | '[' | '"' | '0'..='9' | '-' | ']'))
                && text.contains(['"', ','])
                && (head.named(&[".json", ".jsonl", ".ndjson"]) || text.contains("[{") || text.contains("[\""))
        }
        _ => false,
    }
}

fn is_notebook(head: &Head<'_>) -> bool {
    knows(head)
        && (head.named(&[".ipynb"]) || memchr::memmem::find(head.bytes, b"\"nbformat\"").is_some())
        && memchr::memmem::find(head.bytes, b"\"cells\"").is_some()
}

fn read_notebook(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    values(door, at, "notebook", input, Values { joins: true, ..Values::default() });
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    values(door, at, "json", input, Values::default());
}

fn values(door: &mut Door<'_>, at: &At, format: &'static str, input: &mut dyn Read, mut values: Values) {
    let (mut decoder, mut chunk) = (Decoder::default(), vec![0; CHUNK]);
    door.begin(at, format, false);
    while let Some(bytes) = next(input, &mut chunk) {
        let bytes = decoder.decode(bytes);
        let mut out = Vec::with_capacity(bytes.len() * 2);
        bytes.iter().for_each(|byte| values.byte(*byte, &mut out));
        if !door.feed(at, &out) {
            break;
        }
    }
    let rest = decoder.finish();
    door.feed(at, &rest);
    door.end();
    decoder.report(door, at);
    if values.too_deep {
        door.problem(at, Fault::Bound, format!("it is nested more than {MAX_DEPTH} deep: keys below are not known"));
    }
}

/// One level: a list or an object, and the key whose value it is.
struct Level {
    list: bool,
    key: Vec<u8>,
}

/// Where in a value the reader is.
#[derive(Default)]
struct Values {
    levels: Vec<Level>,
    /// Levels below the deepest that is known.
    below: usize,
    too_deep: bool,
    /// Inside of a string, with what an escape has said so far.
    string: bool,
    escape: Option<Vec<u8>>,
    /// The first half of a character that two escapes make.
    half: Option<u32>,
    /// The string that was read last, which may become a key.
    last: Vec<u8>,
    key: Vec<u8>,
    /// Whether a value is expected, so that what comes begins one.
    fresh: bool,
    /// Whether lists of lines are written as one text, and whether the reader is in one.
    joins: bool,
    lines: bool,
}

/// Keys of notebooks whose lists are lines.
const LINES: &[&[u8]] = &[b"source", b"text", b"text/plain", b"text/html", b"text/markdown", b"traceback"];

impl Values {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.string {
            return self.inside(byte, out);
        }
        if self.lines && byte != b']' {
            if byte == b'"' {
                (self.string, self.fresh) = (true, false);
                self.last.clear();
            }
            return;
        }
        match byte {
            b'"' => {
                self.named(out);
                self.string = true;
                self.last.clear();
            }
            b'{' | b'[' => {
                self.enter(byte == b'[');
                if self.lines {
                    out.push(b'\n');
                    return;
                }
            }
            b'}' | b']' => {
                if self.lines {
                    out.push(b'\n');
                }
                self.leave();
            }
            b':' => self.key.clone_from(&self.last),
            b',' => self.fresh = true,
            b'0'..=b'9' | b'-' => self.named(out),
            _ => {}
        }
        out.push(byte);
    }

    fn enter(&mut self, list: bool) {
        if self.levels.len() >= MAX_DEPTH {
            self.below += 1;
            self.too_deep = true;
            return;
        }
        let key = std::mem::take(&mut self.key);
        // A list in a list is its parent's.
        let key = match self.levels.last() {
            Some(parent) if parent.list && key.is_empty() => parent.key.clone(),
            _ => key,
        };
        self.lines = self.joins && list && LINES.contains(&key.as_slice());
        self.levels.push(Level { list, key });
        self.fresh = list;
    }

    fn leave(&mut self) {
        match self.below.checked_sub(1) {
            Some(below) => self.below = below,
            None => {
                self.levels.pop();
            }
        }
        (self.fresh, self.lines) = (false, false);
    }

    /// Writes the list's key before a value in it.
    fn named(&mut self, out: &mut Vec<u8>) {
        let fresh = std::mem::take(&mut self.fresh);
        if let Some(Level { list: true, key }) = self.levels.last()
            && fresh
            && self.below == 0
            && !key.is_empty()
        {
            out.push(b'"');
            out.extend_from_slice(key);
            out.extend_from_slice(b"\": ");
        }
    }

    fn inside(&mut self, byte: u8, out: &mut Vec<u8>) {
        if let Some(mut escape) = self.escape.take() {
            escape.push(byte);
            return self.escaped(escape, out);
        }
        match byte {
            b'\\' => self.escape = Some(Vec::new()),
            b'"' => {
                self.string = false;
                self.half = None;
                if !self.lines {
                    out.push(byte);
                }
            }
            byte => self.put(&[byte], out),
        }
    }

    fn put(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(bytes);
        if self.last.len() + bytes.len() <= MAX_KEY {
            self.last.extend_from_slice(bytes);
        }
    }

    fn escaped(&mut self, escape: Vec<u8>, out: &mut Vec<u8>) {
        match escape.as_slice() {
            [b'n'] => self.put(b"\n", out),
            [b't'] => self.put(b"\t", out),
            [b'r'] => self.put(b"\r", out),
            [b'b' | b'f'] => self.put(b" ", out),
            // A quote inside of a value stays what it is for whoever reads on.
            [b'"'] if self.lines => self.put(b"\"", out),
            [b'"'] => self.put(b"\\\"", out),
            [b'u', digits @ ..] if digits.len() == 4 => self.unit(digits, out),
            [b'u', ..] => self.escape = Some(escape),
            other => self.put(other, out),
        }
    }

    fn unit(&mut self, digits: &[u8], out: &mut Vec<u8>) {
        let unit = std::str::from_utf8(digits).ok().and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.unwrap_or(0xfffd);
        let char = match (self.half.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                self.half = Some(unit);
                return;
            }
            (Some(high), 0xdc00..=0xdfff) => char::from_u32(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00)),
            _ => char::from_u32(unit),
        };
        let char = char.unwrap_or(char::REPLACEMENT_CHARACTER);
        match char {
            '"' => self.put(b"\\\"", out),
            char => self.put(char.to_string().as_bytes(), out),
        }
    }
}
