//! Which letters the codes of a font are.

use super::object::{Lexer, Value};
use crate::bytes::utf16;
use std::collections::HashMap;

/// Codes of one font that are known.
const MAX_CODES: usize = 65_536;

/// One font.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Font {
    /// Whether a code has two bytes.
    wide: bool,
    letters: HashMap<u32, String>,
}

impl Font {
    /// A font whose letters `map` (its `ToUnicode`) tells.
    pub(super) fn new(wide: bool, map: Option<&[u8]>) -> Font {
        Font { wide, letters: map.map(letters).unwrap_or_default() }
    }

    /// The text of the codes `bytes`, and how many of them are no known letters.
    pub(super) fn text(&self, bytes: &[u8], out: &mut Vec<u8>) -> u64 {
        let mut lost = 0;
        for code in bytes.chunks(if self.wide { 2 } else { 1 }) {
            let code = code.iter().fold(0_u32, |code, byte| code << 8 | u32::from(*byte));
            match self.letters.get(&code) {
                Some(text) => out.extend_from_slice(text.as_bytes()),
                None if self.wide => lost += 1,
                None => {
                    let char = char::from((code & 0xff) as u8);
                    out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
                }
            }
        }
        lost
    }
}

/// What a `ToUnicode` says.
fn letters(map: &[u8]) -> HashMap<u32, String> {
    let mut found = HashMap::new();
    let mut lexer = Lexer::new(map, 0, 1_000_000);
    let mut operands: Vec<Value> = Vec::new();
    while let Some(value) = lexer.value(0) {
        match value {
            Value::Word(word) => {
                match word.as_str() {
                    "endbfchar" => chars(&operands, &mut found),
                    "endbfrange" => ranges(&operands, &mut found),
                    _ => {}
                }
                operands.clear();
            }
            value => operands.push(value),
        }
    }
    found
}

fn code(value: &Value) -> Option<u32> {
    let Value::String(bytes) = value else { return None };
    Some(bytes.iter().take(4).fold(0, |code, byte| code << 8 | u32::from(*byte)))
}

fn letter(value: &Value) -> Option<String> {
    if let Value::String(bytes) = value { Some(utf16(bytes, true)) } else { None }
}

fn chars(operands: &[Value], found: &mut HashMap<u32, String>) {
    for pair in operands.chunks_exact(2) {
        if let [from, to] = pair
            && let (Some(code), Some(text)) = (code(from), letter(to))
            && found.len() < MAX_CODES
        {
            found.insert(code, text);
        }
    }
}

fn ranges(operands: &[Value], found: &mut HashMap<u32, String>) {
    for range in operands.chunks_exact(3) {
        let [first, last, to] = range else { continue };
        let (Some(first), Some(last)) = (code(first), code(last)) else { continue };
        let last = last.min(first.saturating_add(65_535));
        for (at, code) in (first..=last).enumerate() {
            let text = match to {
                Value::List(all) => all.get(at).and_then(letter),
                to => letter(to).and_then(|text| moved(&text, at as u32)),
            };
            let Some(text) = text.filter(|_| found.len() < MAX_CODES) else { break };
            found.insert(code, text);
        }
    }
}

/// `text` with its last character moved on.
fn moved(text: &str, by: u32) -> Option<String> {
    let mut chars: Vec<char> = text.chars().take(8).collect();
    let last = chars.pop()?;
    chars.push(char::from_u32(u32::from(last).checked_add(by)?)?);
    Some(chars.into_iter().collect())
}
