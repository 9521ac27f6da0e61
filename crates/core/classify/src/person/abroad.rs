//! Addresses that are not written as in English: boxes, and streets of Germany, France, Spain and Italy with their codes.

use crate::scan::{Around, Confidence, Cue, Raw, Why};
use std::ops::Range;

/// Ends of German streets' names, with the blank before the house number. The prefilter looks for them.
pub(crate) const GERMAN: &[&str] =
    &["straße ", "strasse ", "str. ", "allee ", "gasse ", "platz ", "weg ", "damm ", "ufer "];

/// Beginnings of streets' names that the number follows.
pub(crate) const LATIN: &[&str] =
    &["Calle ", "Avenida ", "Avda. ", "Paseo ", "Plaza ", "Rua ", "Via ", "Viale ", "Piazza ", "Corso ", "Largo "];

/// Kinds of French streets, which follow the number in small letters.
const FRENCH: &[&str] = &[
    "rue ",
    "avenue ",
    "av. ",
    "boulevard ",
    "bd ",
    "place ",
    "chemin ",
    "impasse ",
    "quai ",
    "allée ",
    "route ",
    "cours ",
];

/// How far an address goes on, in bytes.
const LONGEST: usize = 100;

/// `Hauptstraße 5, 10115 Berlin`, of which `kind` is the end of the street's name and the blank behind it.
pub(crate) fn german(text: &[u8], kind: Range<usize>, around: &mut Around<'_>) -> Option<Raw> {
    let head = text.get(kind.start.saturating_sub(40)..kind.start)?;
    let joined = head.iter().rev().take_while(|byte| is_letter(**byte) || **byte == b'-').count();
    let start = kind.start - joined;
    let named = text.get(start).is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 128) && joined >= 2;
    let end = house(text, kind.end)?;
    // Other ends are ends of other words too.
    let own = text.get(kind)?.starts_with(b"str");
    if named { said(text, start..end, around, own) } else { None }
}

/// `Calle Mayor 5, 28013 Madrid`, which begins with its kind at `kind`.
pub(crate) fn latin(text: &[u8], kind: Range<usize>, around: &mut Around<'_>) -> Option<Raw> {
    let before = kind.start.checked_sub(1).and_then(|at| text.get(at)).copied().unwrap_or(b' ');
    let line = text.get(kind.end..(kind.end + 60).min(text.len()))?;
    let name = line.iter().take_while(|byte| is_letter(**byte) || b" .'-".contains(byte)).count();
    let name = name + usize::from(line.get(name) == Some(&b',')) + usize::from(line.get(name..name + 2) == Some(b", "));
    let capital = line.iter().take(name).any(u8::is_ascii_uppercase);
    if is_letter(before) || !capital || !(3..=48).contains(&name) {
        return None;
    }
    let end = house(text, kind.end + name)?;
    said(text, kind.start..end, around, false)
}

/// `12 rue de la Paix, 75002 Paris`, whose number is at `at` and whose street begins at `street`.
pub(super) fn french(text: &[u8], at: usize, street: usize, around: &mut Around<'_>) -> Option<Raw> {
    let line = text.get(street..(street + 60).min(text.len()))?;
    let rest = line.strip_prefix(b"bis ").or(line.strip_prefix(b"ter ")).unwrap_or(line);
    let kind = FRENCH.iter().find(|kind| rest.starts_with(kind.as_bytes()))?;
    let before = line.len() - rest.len() + kind.len();
    let name = line.get(before..)?;
    let length = name.iter().take_while(|byte| is_letter(**byte) || b" .'-".contains(byte)).count();
    let name = name.get(..length)?.trim_ascii_end();
    if !name.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    said(text, at..street + before + name.len(), around, false)
}

/// A box at a post office, if the capital at `at` begins one: `PO Box 12`, `P.O. Box 12`, `Postfach 12`.
pub(super) fn post_box(text: &[u8], at: usize, around: &mut Around<'_>) -> Option<Raw> {
    const BOXES: &[&str] =
        &["PO Box ", "P.O. Box ", "P. O. Box ", "PO BOX ", "P.O. BOX ", "Post Office Box ", "Postfach "];
    let rest = text.get(at..(at + LONGEST).min(text.len()))?;
    let lead = BOXES.iter().find(|lead| rest.starts_with(lead.as_bytes()))?;
    let digits = rest.iter().skip(lead.len()).take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=6).contains(&digits) {
        return None;
    }
    let end = lead.len() + digits;
    let coded = super::contact::code_after(rest, end);
    found(at..at + coded.unwrap_or(end), around, coded.is_some(), true)
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 128
}

/// Where a house number ends that begins at `at`: `5`, `12a`, `12-14`.
fn house(text: &[u8], at: usize) -> Option<usize> {
    let rest = text.get(at..(at + 10).min(text.len()))?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let letter = rest.get(digits).is_some_and(u8::is_ascii_lowercase)
        && !rest.get(digits + 1).is_some_and(|byte| is_letter(*byte));
    let end = digits + usize::from(letter);
    let free = !rest.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric());
    ((1..=4).contains(&digits) && free).then_some(at + end)
}

/// The address whose street and number stand at `street`, with the code and the town that follow.
fn said(text: &[u8], street: Range<usize>, around: &mut Around<'_>, own: bool) -> Option<Raw> {
    let rest = text.get(street.end..(street.end + LONGEST).min(text.len()))?;
    let gap = rest.iter().take_while(|byte| b", \r\n".contains(byte)).count();
    let after = rest.get(gap..)?;
    let prefix = after.iter().take(2).take_while(|byte| byte.is_ascii_uppercase() || **byte == b'-').count();
    let digits = after.iter().skip(prefix).take_while(|byte| byte.is_ascii_digit()).count();
    let town = after.get(prefix + digits..)?.strip_prefix(b" ");
    let named = town.is_some_and(|town| town.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 128));
    let coded = (1..=4).contains(&gap) && matches!(digits, 4 | 5) && named;
    let length = town.map_or(0, |town| town.iter().take_while(|byte| is_letter(**byte) || **byte == b'-').count());
    let end = if coded { street.end + gap + prefix + digits + 1 + length } else { street.end };
    found(street.start..end, around, coded, own)
}

/// An address: sure with a code or a word that says so; without, only where its form is rare.
fn found(range: Range<usize>, around: &mut Around<'_>, coded: bool, own: bool) -> Option<Raw> {
    let support = around.of(&range).supports(&[Cue::Address]);
    let confidence = match (support.is_some() || coded, own) {
        (true, _) => Confidence::High,
        (false, true) => Confidence::Medium,
        (false, false) => return None,
    };
    let why = Why {
        form: "a street and a house number",
        cue: support.map(|support| support.cue.word()),
        place: support.map_or("", |support| support.place),
    };
    Some(Raw { class: "postal_address", provider: None, range, confidence, why, rank: 35 })
}
