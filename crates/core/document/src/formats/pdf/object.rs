//! Objects of a PDF: their syntax, and where they stand.

use crate::bytes::{latin1, utf16};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::rc::Rc;

/// Values of one file that are kept.
const MAX_VALUES: usize = 4_000_000;
/// Lists in lists.
const MAX_DEPTH: usize = 64;

/// One value.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Null,
    Number(f64),
    String(Vec<u8>),
    Name(String),
    List(Vec<Value>),
    Dict(Dict),
    /// Another object by its number.
    Reference(u32),
    /// A word that is none of these: an operator of a drawing.
    Word(String),
}

/// A dictionary. A copy is the same one.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Dict(Rc<BTreeMap<String, Value>>);

impl std::ops::Deref for Dict {
    type Target = BTreeMap<String, Value>;

    fn deref(&self) -> &BTreeMap<String, Value> {
        &self.0
    }
}

impl Dict {
    pub(super) fn is(&self, key: &str, name: &str) -> bool {
        self.get(key).and_then(Value::name) == Some(name)
    }

    pub(super) fn number(&self, key: &str) -> Option<usize> {
        match self.get(key) {
            Some(Value::Number(number)) if *number >= 0.0 => Some(*number as usize),
            _ => None,
        }
    }

    fn parameters(&self) -> Option<&Dict> {
        self.get("DecodeParms").and_then(|value| match value {
            Value::List(all) => all.first().and_then(Value::dict),
            value => value.dict(),
        })
    }

    /// Whether codes of LZW become wider one code early: unless it says otherwise.
    pub(super) fn early_change(&self) -> bool {
        self.parameters().and_then(|parameters| parameters.number("EarlyChange")) != Some(0)
    }

    /// The columns of a predictor, where one was used.
    pub(super) fn predictor(&self) -> Option<usize> {
        let parameters = self.parameters()?;
        let used = parameters.number("Predictor").is_some_and(|number| number >= 10);
        used.then(|| parameters.number("Columns").unwrap_or(1))
    }
}

impl Value {
    pub(super) fn name(&self) -> Option<&str> {
        if let Value::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn dict(&self) -> Option<&Dict> {
        if let Value::Dict(dict) = self { Some(dict) } else { None }
    }

    pub(super) fn reference(&self) -> Option<u32> {
        if let Value::Reference(number) = self { Some(*number) } else { None }
    }

    /// A string of text: UTF-16 or UTF-8 with their marks, otherwise Latin-1.
    pub(super) fn string(&self) -> Option<String> {
        let Value::String(bytes) = self else { return None };
        Some(match bytes.as_slice() {
            [0xfe, 0xff, rest @ ..] => utf16(rest, true),
            [0xff, 0xfe, rest @ ..] => utf16(rest, false),
            [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
            bytes => latin1(bytes),
        })
    }
}

/// Reads values along bytes.
pub(super) struct Lexer<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    /// How many values may still be made.
    pub(super) left: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_end(byte: u8) -> bool {
    is_space(byte) || b"()<>[]{}/%".contains(&byte)
}

impl<'a> Lexer<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, left: usize) -> Lexer<'a> {
        Lexer { bytes, at, left }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn spaces(&mut self) {
        while let Some(byte) = self.peek(0) {
            if byte == b'%' {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                self.at += memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            } else if is_space(byte) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// The next value; none at the end, or where a list ends.
    pub(super) fn value(&mut self, depth: usize) -> Option<Value> {
        self.spaces();
        self.left = self.left.checked_sub(1)?;
        match (self.peek(0)?, self.peek(1)) {
            (b'(', _) => Some(Value::String(self.literal())),
            (b'<', Some(b'<')) => self.dict(depth),
            (b'<', _) => {
                let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
                let end = memchr::memchr(b'>', rest).unwrap_or(rest.len());
                self.at += end + 2;
                Some(Value::String(hex(rest.get(..end).unwrap_or_default())))
            }
            (b'/', _) => Some(Value::Name(self.name())),
            (b'[', _) if depth < MAX_DEPTH => {
                self.at += 1;
                let mut all = Vec::new();
                while let Some(value) = self.value(depth + 1) {
                    joined(&mut all, value);
                }
                self.spaces();
                self.at += usize::from(self.peek(0) == Some(b']'));
                Some(Value::List(all))
            }
            (b']', _) | (b'>', Some(b'>')) if depth > 0 => None,
            (byte, _) if is_end(byte) => {
                self.at += 1;
                Some(Value::Null)
            }
            _ => Some(self.word()),
        }
    }

    fn dict(&mut self, depth: usize) -> Option<Value> {
        self.at += 2;
        if depth >= MAX_DEPTH {
            return Some(Value::Null);
        }
        let mut all = Vec::new();
        while let Some(value) = self.value(depth + 1) {
            joined(&mut all, value);
        }
        self.spaces();
        self.at += if self.peek(0) == Some(b'>') && self.peek(1) == Some(b'>') {
            2
        } else {
            usize::from(self.peek(0).is_some())
        };
        let mut dict = BTreeMap::new();
        let mut all = all.into_iter();
        while let Some(key) = all.next() {
            if let Value::Name(key) = key
                && let Some(value) = all.next()
            {
                dict.insert(key, value);
            }
        }
        Some(Value::Dict(Dict(Rc::new(dict))))
    }

    /// A name after its slash.
    fn name(&mut self) -> String {
        self.at += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek(0).filter(|byte| !is_end(*byte)) {
            let digits = self.bytes.get(self.at + 1..self.at + 3).and_then(|two| std::str::from_utf8(two).ok());
            match digits.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| byte == b'#') {
                Some(coded) => {
                    name.push(coded);
                    self.at += 3;
                }
                None => {
                    name.push(byte);
                    self.at += 1;
                }
            }
        }
        latin1(&name)
    }

    fn word(&mut self) -> Value {
        let start = self.at;
        while self.peek(0).is_some_and(|byte| !is_end(byte)) {
            self.at += 1;
        }
        let word = self.bytes.get(start..self.at).unwrap_or_default();
        let text = String::from_utf8_lossy(crate::bytes::stretch(word, 0, 64)).into_owned();
        match text.parse::<f64>() {
            Ok(number) if word.iter().all(|byte| b"+-.0123456789".contains(byte)) => Value::Number(number),
            _ => Value::Word(text),
        }
    }

    /// A string in round brackets.
    fn literal(&mut self) -> Vec<u8> {
        let (mut out, mut depth) = (Vec::new(), 0_usize);
        while let Some(byte) = self.peek(0) {
            self.at += 1;
            match byte {
                b'(' => {
                    depth += 1;
                    if depth > 1 {
                        out.push(byte);
                    }
                }
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                    out.push(byte);
                }
                b'\\' => self.escape(&mut out),
                byte => out.push(byte),
            }
        }
        out
    }

    fn escape(&mut self, out: &mut Vec<u8>) {
        let Some(byte) = self.peek(0) else { return };
        self.at += 1;
        match byte {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'b' | b'f' | b'\n' => {}
            b'\r' => self.at += usize::from(self.peek(0) == Some(b'\n')),
            b'0'..=b'7' => {
                let mut code = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek(0).filter(|byte| (b'0'..=b'7').contains(byte)) else { break };
                    code = code * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                out.push((code & 0xff) as u8);
            }
            byte => out.push(byte),
        }
    }
}

/// Adds `value` to a list, in which `12 0 R` is one value.
fn joined(all: &mut Vec<Value>, value: Value) {
    if value == Value::Word("R".to_owned())
        && let [.., Value::Number(number), Value::Number(_)] = all.as_slice()
    {
        let number = *number as u32;
        all.truncate(all.len() - 2);
        return all.push(Value::Reference(number));
    }
    all.push(value);
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(text: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> =
        text.iter().filter_map(|byte| char::from(*byte).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair.first().unwrap_or(&0) << 4 | pair.get(1).unwrap_or(&0)).collect()
}

/// Bytes in Adobe's base 85.
pub(super) fn ascii85(text: &[u8]) -> Vec<u8> {
    let (mut out, mut group) = (Vec::new(), Vec::new());
    for byte in text {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => out.extend([0; 4]),
            b'!'..=b'u' => group.push(u32::from(byte - b'!')),
            _ => {}
        }
        if group.len() == 5 {
            out.extend(base85(&group));
            group.clear();
        }
    }
    if group.len() > 1 {
        let kept = group.len() - 1;
        group.resize(5, 84);
        out.extend(base85(&group).into_iter().take(kept));
    }
    out
}

fn base85(group: &[u32]) -> [u8; 4] {
    group.iter().fold(0_u32, |number, digit| number.wrapping_mul(85).wrapping_add(*digit)).to_be_bytes()
}

/// Rows of `columns` bytes, each after a byte that says how it was predicted.
pub(super) fn unpredicted(bytes: &[u8], columns: usize) -> Vec<u8> {
    let columns = columns.clamp(1, 1 << 20);
    let mut out = Vec::with_capacity(bytes.len());
    let mut above = vec![0_u8; columns];
    for row in bytes.chunks(columns + 1) {
        let Some((kind, row)) = row.split_first() else { break };
        let mut now = Vec::with_capacity(columns);
        for (at, byte) in row.iter().enumerate() {
            let left = at.checked_sub(1).and_then(|at| now.get(at)).copied().unwrap_or(0_u8);
            let up = above.get(at).copied().unwrap_or(0);
            now.push(match kind {
                1 => byte.wrapping_add(left),
                2 => byte.wrapping_add(up),
                3 => byte.wrapping_add(((u16::from(left) + u16::from(up)) / 2) as u8),
                _ => *byte,
            });
        }
        out.extend_from_slice(&now);
        now.resize(columns, 0);
        above = now;
    }
    out
}

/// One object where it stands.
struct Placed {
    number: u32,
    value: Value,
    stream: Option<Range<usize>>,
}

/// Every object of a file, older states of one included, in their order.
pub(super) struct Objects {
    all: Vec<Placed>,
    /// The last object of each number.
    last: HashMap<u32, usize>,
    left: usize,
    /// Whether there were more than are kept.
    pub(super) full: bool,
}

impl Objects {
    /// Finds the objects of `whole`, and its trailers.
    pub(super) fn find(whole: &[u8]) -> Objects {
        let mut objects = Objects { all: Vec::new(), last: HashMap::new(), left: MAX_VALUES, full: false };
        let mut at = 0;
        while let Some(found) = whole.get(at..).and_then(next_keyword) {
            let (place, length) = (at + found.0, found.1);
            at = place + length;
            let number = if length == 3 { number_before(whole, place) } else { Some(0) };
            let Some(number) = number else { continue };
            let mut lexer = Lexer::new(whole, at, objects.left);
            let value = lexer.value(0).unwrap_or(Value::Null);
            objects.left = lexer.left;
            at = lexer.at.max(at);
            let stream = stream_after(whole, at, &value);
            let end = stream.as_ref().map(|range| range.end);
            objects.add(number, value, stream);
            at = end.unwrap_or(at);
            if objects.left == 0 {
                objects.full = true;
                break;
            }
        }
        objects
    }

    fn add(&mut self, number: u32, value: Value, stream: Option<Range<usize>>) {
        self.last.insert(number, self.all.len());
        self.all.push(Placed { number, value, stream });
    }

    /// Adds the objects of a stream of objects, whose values begin at `first`.
    pub(super) fn unfold(&mut self, bytes: &[u8], first: usize) {
        let mut heads = Lexer::new(crate::bytes::stretch(bytes, 0, first), 0, self.left);
        while let (Some(Value::Number(number)), Some(Value::Number(offset))) = (heads.value(0), heads.value(0)) {
            let mut lexer = Lexer::new(bytes, first.saturating_add(offset as usize), self.left);
            let Some(value) = lexer.value(0) else { break };
            self.left = lexer.left;
            self.add(number as u32, value, None);
        }
        self.full |= self.left == 0;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The dictionaries of all objects.
    pub(super) fn dicts(&self) -> impl Iterator<Item = &Dict> {
        self.all.iter().filter_map(|placed| placed.value.dict())
    }

    pub(super) fn dict(&self, place: usize) -> Option<&Dict> {
        self.all.get(place)?.value.dict()
    }

    pub(super) fn stream(&self, place: usize) -> Option<Range<usize>> {
        self.all.get(place)?.stream.clone()
    }

    pub(super) fn number(&self, place: usize) -> u32 {
        self.all.get(place).map_or(0, |placed| placed.number)
    }

    /// Where the object `number` stands.
    pub(super) fn at(&self, number: u32) -> Option<usize> {
        self.last.get(&number).copied()
    }

    /// Where the object stands that `value` names.
    pub(super) fn place(&self, value: &Value) -> Option<usize> {
        self.at(value.reference()?)
    }

    /// `value`, or what it refers to.
    pub(super) fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let place = self.place(value);
        place.and_then(|place| self.all.get(place)).map_or(value, |placed| &placed.value)
    }

    /// What a page says of `key`, or the nearest of those above it.
    pub(super) fn inherited(&self, place: usize, key: &str) -> Value {
        let mut dict = self.dict(place);
        for _ in 0..32 {
            let Some(here) = dict else { break };
            if let Some(value) = here.get(key) {
                return self.resolved(value).clone();
            }
            dict = here.get("Parent").and_then(|parent| self.resolved(parent).dict());
        }
        Value::Null
    }
}

/// The next `obj` or `trailer`, and its length.
fn next_keyword(rest: &[u8]) -> Option<(usize, usize)> {
    let mut from = 0;
    loop {
        // `obj` is the rarer end: every trailer is looked for from the same place once.
        let left = rest.get(from..)?;
        let Some(at) = memchr::memmem::find(left, b"obj").map(|at| from + at) else {
            return memchr::memmem::find(left, b"trailer").map(|at| (from + at, 7));
        };
        let ends = at >= 3 && rest.get(at - 3..at) == Some(b"end");
        let before = rest.get(from..at).unwrap_or_default();
        if let Some(trailer) = memchr::memmem::find(before, b"trailer") {
            return Some((from + trailer, 7));
        }
        if !ends {
            return Some((at, 3));
        }
        from = at + 3;
    }
}

/// The number in `12 0 obj`, of which `obj` begins at `place`.
fn number_before(whole: &[u8], place: usize) -> Option<u32> {
    let before = whole.get(place.saturating_sub(32)..place)?;
    let mut words = before.rsplit(|byte| is_space(*byte)).filter(|word| !word.is_empty());
    let digits = |word: Option<&[u8]>| {
        let word = std::str::from_utf8(word?).ok()?;
        let start = word.rfind(|char: char| !char.is_ascii_digit()).map_or(0, |at| at + 1);
        word.get(start..)?.parse::<u32>().ok()
    };
    digits(words.next())?;
    digits(words.next())
}

/// Where the content lies of the stream whose dictionary ends at `at`.
fn stream_after(whole: &[u8], at: usize, value: &Value) -> Option<Range<usize>> {
    let dict = value.dict()?;
    let mut lexer = Lexer::new(whole, at, 1);
    lexer.spaces();
    let rest = whole.get(lexer.at..)?.strip_prefix(b"stream")?;
    let rest = rest.strip_prefix(b"\r\n").or(rest.strip_prefix(b"\n")).or(rest.strip_prefix(b"\r")).unwrap_or(rest);
    let start = whole.len() - rest.len();
    let said = dict.number("Length").filter(|length| {
        let after = rest.get(*length..).unwrap_or_default();
        crate::bytes::stretch(after, 0, 16).trim_ascii_start().starts_with(b"endstream")
    });
    // One that does not end goes to the end of the file, and nothing is looked for behind it.
    let length = said.or_else(|| memchr::memmem::find(rest, b"endstream")).unwrap_or(rest.len());
    Some(start..start + length)
}
