//! HTML and XML as a stream of tags and text, tolerant of whatever stands there, bounded whatever its length.

use crate::door::{At, CHUNK, Door};
use crate::formats::text::{Decoder, next};
use std::io::Read;

/// The longest tag that is kept, in bytes. What is longer is given on as text.
const MAX_TAG: usize = 64 << 10;

/// Who takes what stands in markup.
pub(crate) trait Marked {
    /// A tag's name in lower case without its prefix, whether it closes, and its attributes.
    fn tag(&mut self, name: &str, closes: bool, attributes: &[(String, String)], out: &mut Vec<u8>);
    /// Text between tags, with its entities read.
    fn text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(text);
    }
    /// The name of the element whose content is read as it is, up to its closing tag.
    fn raw(&self, name: &str) -> bool {
        let _ = name;
        false
    }
}

#[derive(Clone, PartialEq, Eq)]
enum State {
    Text,
    /// After `<`, with the quote that is open.
    Tag(Option<u8>),
    /// Inside of `<!--`.
    Comment,
    /// Inside of `<![CDATA[`.
    Verbatim,
    /// Inside of an element whose content is no markup.
    Raw(String),
}

/// Reads markup chunk by chunk.
pub(crate) struct Reader<M> {
    marked: M,
    state: State,
    held: Vec<u8>,
    out: Vec<u8>,
    too_long: u64,
}

impl<M: Marked> Reader<M> {
    pub(crate) fn new(marked: M) -> Reader<M> {
        Reader { marked, state: State::Text, held: Vec::new(), out: Vec::new(), too_long: 0 }
    }

    /// Reads all of `input` into one text of `format`.
    pub(crate) fn read(mut self, door: &mut Door<'_>, at: &At, format: &'static str, rows: bool, input: &mut dyn Read) {
        let (mut decoder, mut chunk) = (Decoder::default(), vec![0; CHUNK]);
        door.begin(at, format, rows);
        let mut wanted = true;
        while let Some(bytes) = next(input, &mut chunk).filter(|_| wanted) {
            self.feed(&decoder.decode(bytes));
            wanted = door.feed(at, &std::mem::take(&mut self.out));
        }
        let rest = decoder.finish();
        let rest = self.finish(&rest);
        if wanted {
            door.feed(at, &rest);
        }
        door.end();
        decoder.report(door, at);
        if self.too_long > 0 {
            let what = format!("{} tags are longer than {MAX_TAG} bytes: they were read as text", self.too_long);
            door.problem(at, crate::Fault::Bound, what);
        }
    }

    fn finish(&mut self, rest: &[u8]) -> Vec<u8> {
        self.feed(rest);
        let held = std::mem::take(&mut self.held);
        // A tag that never ends is text that somebody may have hidden.
        self.marked.text(&held, &mut self.out);
        std::mem::take(&mut self.out)
    }

    /// Reads more; the result is in `out`.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.byte(*byte);
        }
        if self.state == State::Text && self.held.first() != Some(&b'&') {
            let held = std::mem::take(&mut self.held);
            self.marked.text(&held, &mut self.out);
        }
    }

    /// Who takes what is read.
    pub(crate) fn marked(&self) -> &M {
        &self.marked
    }

    /// The same, at the end.
    pub(crate) fn into_marked(self) -> M {
        self.marked
    }

    /// What is ready by now.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    fn byte(&mut self, byte: u8) {
        match &mut self.state {
            State::Text => self.plain(byte),
            State::Tag(quote) => {
                self.held.push(byte);
                let begins = self.held.starts_with(b"!--") && self.held.len() == 3;
                match (*quote, byte) {
                    _ if begins => self.enter(State::Comment),
                    _ if self.held == b"![CDATA[" => self.enter(State::Verbatim),
                    (Some(open), byte) if open == byte => *quote = None,
                    (Some(_), _) => {}
                    (None, b'"' | b'\'') if self.held.contains(&b'=') => *quote = Some(byte),
                    (None, b'>') => self.tag(),
                    _ => {}
                }
                self.bounded();
            }
            State::Comment => self.until(byte, b"-->"),
            State::Verbatim => self.until(byte, b"]]>"),
            State::Raw(name) => {
                let name = name.clone();
                self.raw(byte, &name);
            }
        }
    }

    fn enter(&mut self, state: State) {
        self.held.clear();
        self.state = state;
    }

    fn plain(&mut self, byte: u8) {
        let entity = self.held.first() == Some(&b'&');
        match byte {
            b'<' => {
                let held = std::mem::take(&mut self.held);
                self.marked.text(&held, &mut self.out);
                self.state = State::Tag(None);
            }
            b';' if entity => {
                let held = std::mem::take(&mut self.held);
                self.marked.text(&resolved(&held), &mut self.out);
            }
            b'&' => {
                let held = std::mem::replace(&mut self.held, vec![byte]);
                self.marked.text(&held, &mut self.out);
            }
            _ => {
                self.held.push(byte);
                // No entity is longer.
                if (entity && self.held.len() > 32) || self.held.len() >= 8 << 10 {
                    let held = std::mem::take(&mut self.held);
                    self.marked.text(&held, &mut self.out);
                }
            }
        }
    }

    /// Text up to `end`: comments hold what somebody took out, and are read.
    fn until(&mut self, byte: u8, end: &[u8]) {
        self.held.push(byte);
        if self.held.ends_with(end) {
            let length = self.held.len() - end.len();
            self.held.truncate(length);
            let held = std::mem::take(&mut self.held);
            self.marked.text(&held, &mut self.out);
            self.state = State::Text;
        } else if self.held.len() > 8 << 10 {
            let rest = self.held.split_off(self.held.len() - end.len());
            let held = std::mem::replace(&mut self.held, rest);
            self.marked.text(&held, &mut self.out);
        }
    }

    fn raw(&mut self, byte: u8, name: &str) {
        self.held.push(byte);
        let tail = name.len() + 2;
        let ends = byte == b'>' || byte.is_ascii_whitespace() || byte == b'/';
        if ends && self.held.len() > tail {
            let from = self.held.len() - 1 - tail;
            let last = self.held.get(from..from + tail).unwrap_or_default();
            if last.starts_with(b"</") && last.get(2..).is_some_and(|last| last.eq_ignore_ascii_case(name.as_bytes())) {
                self.held.truncate(from);
                let held = std::mem::take(&mut self.held);
                self.marked.text(&held, &mut self.out);
                self.state = if byte == b'>' { State::Text } else { State::Tag(None) };
                return;
            }
        }
        if self.held.len() > 8 << 10 {
            let rest = self.held.split_off(self.held.len() - tail - 1);
            let held = std::mem::replace(&mut self.held, rest);
            self.marked.text(&held, &mut self.out);
        }
    }

    fn bounded(&mut self) {
        if self.held.len() > MAX_TAG && matches!(self.state, State::Tag(_)) {
            self.too_long += 1;
            let held = std::mem::take(&mut self.held);
            self.marked.text(&held, &mut self.out);
            self.state = State::Text;
        }
    }

    fn tag(&mut self) {
        let held = std::mem::take(&mut self.held);
        let held = held.strip_suffix(b">").unwrap_or(&held);
        self.state = State::Text;
        if !held.first().is_some_and(|byte| byte.is_ascii_alphabetic() || b"/!?".contains(byte)) {
            // `a < b > c` is no tag.
            self.marked.text(b"<", &mut self.out);
            self.marked.text(held, &mut self.out);
            return self.marked.text(b">", &mut self.out);
        }
        let closes = held.first() == Some(&b'/');
        let body = if closes { held.get(1..).unwrap_or_default() } else { held };
        let end = body.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b'/').unwrap_or(body.len());
        let (name, rest) = body.split_at(end);
        let local = name.rsplit(|byte| *byte == b':').next().unwrap_or(name);
        let name = String::from_utf8_lossy(local).to_ascii_lowercase();
        self.marked.tag(&name, closes, &attributes(rest), &mut self.out);
        if rest.ends_with(b"/") {
            self.marked.tag(&name, true, &[], &mut self.out);
        } else if !closes && self.marked.raw(&name) {
            self.state = State::Raw(name);
        }
    }
}

/// Names, without prefixes, and values of a tag's attributes.
fn attributes(mut rest: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let Some(equals) = memchr::memchr(b'=', rest) {
        let (name, value) = rest.split_at(equals);
        let value = value.get(1..).unwrap_or_default().trim_ascii_start();
        let name = name.trim_ascii().rsplit(|byte| byte.is_ascii_whitespace() || *byte == b':').next();
        let (value, after) = match value.first() {
            Some(quote @ (b'"' | b'\'')) => {
                let body = value.get(1..).unwrap_or_default();
                let end = memchr::memchr(*quote, body).unwrap_or(body.len());
                (body.get(..end).unwrap_or_default(), body.get(end + 1..).unwrap_or_default())
            }
            _ => value.split_at(value.iter().position(u8::is_ascii_whitespace).unwrap_or(value.len())),
        };
        let name = String::from_utf8_lossy(name.unwrap_or_default()).to_ascii_lowercase();
        found.push((name, String::from_utf8_lossy(&entities(value)).into_owned()));
        rest = after;
    }
    found
}

/// `text` with its entities read.
fn entities(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = memchr::memchr(b'&', rest) {
        let (before, after) = rest.split_at(begin);
        out.extend_from_slice(before);
        match memchr::memchr(b';', crate::bytes::stretch(after, 0, 32)) {
            Some(end) => {
                let (entity, later) = after.split_at(end);
                out.extend(resolved(entity));
                rest = later.get(1..).unwrap_or_default();
            }
            None => {
                out.push(b'&');
                rest = after.get(1..).unwrap_or_default();
            }
        }
    }
    out.extend_from_slice(rest);
    out
}

/// What `&name` without its semicolon stands for; itself where nobody knows it.
fn resolved(entity: &[u8]) -> Vec<u8> {
    let name = String::from_utf8_lossy(entity.get(1..).unwrap_or_default()).into_owned();
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => None,
    };
    let char = number.and_then(char::from_u32).or(match name.as_str() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        "commat" => Some('@'),
        "period" => Some('.'),
        "hyphen" | "dash" => Some('-'),
        "sol" => Some('/'),
        "equals" => Some('='),
        "colon" => Some(':'),
        _ => None,
    });
    match char {
        Some(char) => char.to_string().into_bytes(),
        None => [entity, b";"].concat(),
    }
}
