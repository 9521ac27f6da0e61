//! Ids of records in few bytes: most are a database's word, a year and a number, or GitHub's twelve letters.
//!
//! An id that reads differently when it is unpacked is kept as it is: packing never changes one.

use super::bytes::{Cursor, Writer};
use super::record::{Symbols, read_text, write_text};
use super::{Index, IndexError};
use firebreak_model::Text;
use std::fmt::Write;

/// What ids begin with. The place in this list is written, so that it only grows at its end.
const WORDS: [&str; 22] = [
    "CVE",
    "MAL",
    "PYSEC",
    "DEBIAN-CVE",
    "ALPINE-CVE",
    "UBUNTU-CVE",
    "OSV",
    "RUSTSEC",
    "GO",
    "DSA",
    "DLA",
    "USN",
    "RHSA",
    "RHBA",
    "RHEA",
    "ALSA",
    "RLSA",
    "SUSE-SU",
    "openSUSE-SU",
    "EEF-CVE",
    "PSF",
    "CGA",
];
/// The letters of GitHub's ids.
const LETTERS: &[u8; 20] = b"23456789cfghjmpqrvwx";
const GHSA_BYTES: usize = 7;
const FIRST_YEAR: u64 = 1970;
/// No number that is read has more digits.
const WIDTH_MAX: usize = 20;

/// How an id begins: with the length of a text as it is, with GitHub's mark, or with the place of a word.
const RAW: u64 = 0;
const GHSA: u64 = 1;
const WORD: u64 = 2;

/// Whether an id is packed, and so needs no symbol.
pub(super) fn is_packed(id: &str) -> bool {
    pack(id).is_some()
}

enum Packed {
    Ghsa(u64),
    Numbered { word: u64, year: u64, number: u64, width: u64 },
}

fn pack(id: &str) -> Option<Packed> {
    let packed = match id.strip_prefix("GHSA-") {
        Some(letters) => Packed::Ghsa(letters_in(letters)?),
        None => {
            let (rest, number) = id.rsplit_once('-')?;
            let (word, year) = rest.rsplit_once('-')?;
            let word = WORDS.iter().position(|known| *known == word)? as u64;
            let year: u64 = year.parse().ok()?;
            if number.len() > WIDTH_MAX {
                return None;
            }
            Packed::Numbered {
                word,
                year: year.checked_sub(FIRST_YEAR)?,
                number: number.parse().ok()?,
                width: number.len() as u64,
            }
        }
    };
    (packed.text() == id).then_some(packed)
}

fn letters_in(text: &str) -> Option<u64> {
    let mut number = 0_u64;
    for (at, letter) in text.bytes().enumerate() {
        match (at, letter) {
            (4 | 9, b'-') => {}
            (4 | 9 | 14.., _) => return None,
            _ => number = number * 20 + LETTERS.iter().position(|own| *own == letter)? as u64,
        }
    }
    (text.len() == 14).then_some(number)
}

impl Packed {
    fn text(&self) -> Text {
        let mut text = String::with_capacity(24);
        match self {
            Packed::Ghsa(number) => {
                let mut letters = [b'-'; 14];
                let mut left = *number;
                for at in (0..14).rev().filter(|at| !matches!(at, 4 | 9)) {
                    if let (Some(place), Some(letter)) = (letters.get_mut(at), LETTERS.get((left % 20) as usize)) {
                        *place = *letter;
                    }
                    left /= 20;
                }
                text.push_str("GHSA-");
                text.extend(letters.iter().map(|letter| char::from(*letter)));
            }
            Packed::Numbered { word, year, number, width } => {
                let word = WORDS.get(*word as usize).copied().unwrap_or_default();
                let year = year.saturating_add(FIRST_YEAR);
                let _ = write!(text, "{word}-{year}-{number:0width$}", width = *width as usize);
            }
        }
        Text::new(text)
    }
}

pub(super) fn write_id(out: &mut Writer, id: &str) {
    match pack(id) {
        Some(Packed::Ghsa(number)) => {
            out.number(GHSA);
            out.bytes.extend_from_slice(number.to_le_bytes().get(..GHSA_BYTES).unwrap_or_default());
        }
        Some(Packed::Numbered { word, year, number, width }) => {
            out.number(word << 2 | WORD);
            // A number that is as wide as its digits says so by a zero.
            let usual = width == digits(number);
            out.number(year << 1 | u64::from(!usual));
            if !usual {
                out.number(width);
            }
            out.number(number);
        }
        None => {
            out.number((id.len() as u64) << 2 | RAW);
            out.bytes.extend_from_slice(id.as_bytes());
        }
    }
}

fn digits(number: u64) -> u64 {
    u64::from(number.checked_ilog10().unwrap_or(0)) + 1
}

pub(super) fn read_id(cursor: &mut Cursor<'_>) -> Result<Text, IndexError> {
    let first = cursor.number("an id")?;
    match first & 3 {
        GHSA => {
            let mut number = [0; 8];
            let bytes = cursor.take(GHSA_BYTES, "an id")?;
            number.iter_mut().zip(bytes).for_each(|(own, byte)| *own = *byte);
            Ok(Packed::Ghsa(u64::from_le_bytes(number)).text())
        }
        WORD => {
            let year = cursor.number("an id")?;
            let width = if year & 1 == 1 { Some(cursor.number("an id")?) } else { None };
            let number = cursor.number("an id")?;
            let width = width.unwrap_or_else(|| digits(number));
            let word = first >> 2;
            if width > WIDTH_MAX as u64 || word >= WORDS.len() as u64 {
                return Err(IndexError::Broken("an id", cursor.place()));
            }
            Ok(Packed::Numbered { word, year: year >> 1, number, width }.text())
        }
        RAW => {
            let length = usize::try_from(first >> 2).map_err(|_| IndexError::Broken("an id", cursor.place()))?;
            let text = std::str::from_utf8(cursor.take(length, "an id")?);
            text.map(Text::new).map_err(|_| IndexError::Broken("an id", cursor.place()))
        }
        _ => Err(IndexError::Broken("an id", cursor.place())),
    }
}

/// A list of ids, some of which are texts of their own kind and may be symbols.
pub(super) fn write_ids(out: &mut Writer, symbols: &Symbols<'_>, list: &[Text]) {
    out.size(list.len());
    for id in list {
        let packed = is_packed(id);
        out.bytes.push(u8::from(packed));
        if packed { write_id(out, id) } else { write_text(out, symbols, id) }
    }
}

pub(super) fn read_ids<'i>(index: &Index<'i>, cursor: &mut Cursor<'i>) -> Result<Vec<Text>, IndexError> {
    let mut ids = Vec::new();
    for _ in 0..cursor.count("ids")? {
        ids.push(match cursor.byte("an id")? {
            1 => read_id(cursor)?,
            0 => Text::new(read_text(index, cursor)?),
            _ => return Err(IndexError::Broken("an id", cursor.place())),
        });
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_letter_by_letter_and_usual_ones_are_short() {
        for (id, most) in [
            ("CVE-2026-33634", 6),
            ("CVE-2024-0001", 6),
            ("MAL-2026-2144", 5),
            ("DEBIAN-CVE-2024-1234567", 7),
            ("GHSA-5mg7-485q-xm76", 8),
            ("GHSA-5mg7-485q-xm7a", 20),
            ("GHSA-5mg7-485q-xm766", 21),
            ("PYSEC-2026-2", 4),
            ("MAL-0000-ghsa-5mg7", 19),
            ("CVE-1969-1", 11),
            ("CVE-2024-+12", 13),
            ("CVE-02024-12", 13),
            ("CVE-2024-18446744073709551616", 30),
            ("CVE-2024-00000000000000000000001", 34),
            ("", 1),
            ("é", 3),
        ] {
            let mut out = Writer::default();
            write_id(&mut out, id);
            let mut cursor = Cursor::at(&out.bytes, 0);
            assert_eq!(read_id(&mut cursor).unwrap(), id);
            assert_eq!(cursor.place(), out.bytes.len(), "{id}");
            assert!(out.bytes.len() <= most, "{id}: {} bytes", out.bytes.len());
        }
    }

    #[test]
    fn bytes_that_are_no_id_are_an_error() {
        for bytes in [&[3][..], &[2, 0xff], &[0xfe, 0x7f, 0, 1], &[2, 1, 99, 1], &[1, 0], &[8, 0xff, 0xfe], &[]] {
            assert!(read_id(&mut Cursor::at(bytes, 0)).is_err(), "{bytes:?}");
        }
    }
}
