//! RTF: text with its lines, notes, fields and properties, read as a stream. What only shapes it (fonts, colours, pictures) is passed over.

mod control;

use super::Format;
use super::text::next;
use crate::Fault;
use crate::door::{At, CHUNK, Door};
use control::{Does, does};
use std::io::Read;

/// RTF.
pub(crate) static FORMAT: Format = Format { name: "rtf", knows: |head| head.bytes.starts_with(b"{\\rtf"), read };

/// How deep groups are known.
const MAX_DEPTH: usize = 1_024;
/// The longest word of control, in letters, as RTF has it.
const MAX_WORD: usize = 32;

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    let (mut rtf, mut chunk) = (Rtf::default(), vec![0; CHUNK]);
    door.begin(at, "rtf", false);
    while let Some(bytes) = next(input, &mut chunk) {
        let mut out = Vec::with_capacity(bytes.len());
        bytes.iter().for_each(|byte| rtf.byte(*byte, &mut out));
        if !door.feed(at, &out) {
            break;
        }
    }
    door.end();
    if rtf.too_deep {
        door.problem(
            at,
            Fault::Bound,
            format!("its groups are nested more than {MAX_DEPTH} deep: those below were passed over"),
        );
    }
    if rtf.objects > 0 {
        door.problem(at, Fault::Unknown, format!("{} objects are embedded in it, which are not read", rtf.objects));
    }
    if !rtf.groups.is_empty() {
        door.problem(at, Fault::Broken, "it breaks off inside of a group");
    }
}

/// What holds in one group.
#[derive(Clone, Copy)]
struct Group {
    /// Whether nothing of it is text.
    passed: bool,
    /// How many characters stand for one in Unicode, for readers that do not know it.
    stands_for: u32,
}

/// Where in the text the reader is.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Text,
    /// Behind a backslash.
    Slash,
    Word,
    Number,
    /// A byte in hexadecimal: its first digit, once it is there.
    Hex(Option<u8>),
    /// Bytes that are no text.
    Raw(u64),
}

#[derive(Default)]
struct Rtf {
    groups: Vec<Group>,
    /// Groups below the deepest that is known.
    below: u64,
    too_deep: bool,
    objects: u64,
    place: Place,
    word: Vec<u8>,
    number: Option<i64>,
    minus: bool,
    /// Whether the group has just begun with `\*`: what is not known of it is passed over.
    starred: bool,
    /// Characters that stand for one that was already written.
    skip: u32,
    /// The first half of a character of two.
    half: Option<u32>,
}

impl Rtf {
    fn byte(&mut self, byte: u8, out: &mut Vec<u8>) {
        match self.place {
            Place::Text => self.text(byte, out),
            Place::Slash => self.slash(byte, out),
            Place::Word if byte.is_ascii_alphabetic() && self.word.len() < MAX_WORD => self.word.push(byte),
            Place::Word if byte == b'-' || byte.is_ascii_digit() => {
                (self.place, self.minus, self.number) = (Place::Number, byte == b'-', None);
                self.digit(byte);
            }
            Place::Number if byte.is_ascii_digit() => self.digit(byte),
            Place::Word | Place::Number => {
                self.place = Place::Text;
                self.done(out);
                // A blank ends the word and is no text.
                if byte != b' ' {
                    self.byte(byte, out);
                }
            }
            Place::Hex(first) => {
                let digit = char::from(byte).to_digit(16).map(|digit| digit as u8);
                match (first, digit) {
                    (None, Some(digit)) => self.place = Place::Hex(Some(digit)),
                    (Some(first), Some(digit)) => {
                        self.place = Place::Text;
                        self.put(windows(first << 4 | digit), out);
                    }
                    (_, None) => self.place = Place::Text,
                }
            }
            Place::Raw(left) => self.place = if left > 1 { Place::Raw(left - 1) } else { Place::Text },
        }
    }

    fn text(&mut self, byte: u8, out: &mut Vec<u8>) {
        match byte {
            b'\\' => self.place = Place::Slash,
            b'{' => self.enter(),
            b'}' => self.leave(),
            b'\r' | b'\n' => {}
            byte => self.put(windows(byte), out),
        }
    }

    fn slash(&mut self, byte: u8, out: &mut Vec<u8>) {
        self.place = Place::Text;
        match byte {
            byte if byte.is_ascii_alphabetic() => {
                self.place = Place::Word;
                self.number = None;
                self.minus = false;
                self.word.clear();
                self.word.push(byte);
            }
            b'\'' => self.place = Place::Hex(None),
            b'*' => self.starred = true,
            b'\\' | b'{' | b'}' => self.put(char::from(byte), out),
            b'~' => self.put(' ', out),
            b'_' => self.put('-', out),
            b'\r' | b'\n' => self.put('\n', out),
            _ => {}
        }
    }

    fn digit(&mut self, byte: u8) {
        if byte.is_ascii_digit() {
            let number = self.number.unwrap_or_default();
            self.number = Some(number.saturating_mul(10).saturating_add(i64::from(byte - b'0')));
        }
    }

    fn enter(&mut self) {
        if self.groups.len() >= MAX_DEPTH {
            self.below += 1;
            self.too_deep = true;
            return;
        }
        let outer = self.groups.last().copied().unwrap_or(Group { passed: false, stands_for: 1 });
        self.groups.push(outer);
        (self.starred, self.skip) = (false, 0);
    }

    fn leave(&mut self) {
        match self.below.checked_sub(1) {
            Some(below) => self.below = below,
            None => {
                self.groups.pop();
            }
        }
        (self.starred, self.skip) = (false, 0);
    }

    /// A word of control with its number, at its end.
    fn done(&mut self, out: &mut Vec<u8>) {
        let number = self.number.map(|number| if self.minus { -number } else { number });
        let does = does(&self.word);
        let starred = std::mem::take(&mut self.starred);
        let Some(group) = self.groups.last_mut() else { return };
        match does {
            Does::Object => {
                self.objects += u64::from(!group.passed);
                group.passed = true;
            }
            Does::Pass => group.passed = true,
            Does::Keep => {}
            _ if starred => group.passed = true,
            Does::Raw => {
                let length = u64::try_from(number.unwrap_or_default()).unwrap_or_default();
                self.place = if length > 0 { Place::Raw(length) } else { Place::Text };
            }
            Does::StandFor => group.stands_for = u32::try_from(number.unwrap_or(1)).unwrap_or(1).min(16),
            Does::Unicode => self.unicode(number.unwrap_or_default(), out),
            Does::Write(char) => self.put(char, out),
            Does::Nothing => {}
        }
    }

    fn unicode(&mut self, number: i64, out: &mut Vec<u8>) {
        // Numbers above 32767 are written as negative ones.
        let unit = u32::try_from(if number < 0 { number + 65_536 } else { number }).unwrap_or(0xfffd);
        let char = match (self.half.take(), unit) {
            (_, 0xd800..=0xdbff) => {
                self.half = Some(unit);
                None
            }
            (Some(high), 0xdc00..=0xdfff) => char::from_u32(0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00)),
            _ => Some(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)),
        };
        self.skip = 0;
        if let Some(char) = char {
            self.put(char, out);
        }
        self.skip = self.groups.last().map_or(1, |group| group.stands_for);
    }

    fn put(&mut self, char: char, out: &mut Vec<u8>) {
        if self.skip > 0 {
            self.skip -= 1;
            return;
        }
        if self.below == 0 && self.groups.last().is_some_and(|group| !group.passed) {
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// A character of Windows-1252, which RTF is written in unless it says otherwise; where that has none, Latin-1's.
fn windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    let high = byte.checked_sub(0x80).and_then(|place| HIGH.get(usize::from(place)));
    high.copied().unwrap_or(char::from(byte))
}
