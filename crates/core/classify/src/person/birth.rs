//! Dates of birth: a date in any notation, beside a word that says that somebody was born.

use super::national::{is_day, value};
use super::number::Number;
use crate::scan::{Around, Confidence, Context, Cue, Raw, Why};
use std::ops::Range;

/// A date in digits, if its label or a word close by says that it is a day of birth.
pub(super) fn dated(text: &[u8], whole: &Number, around: &mut Around<'_>) -> Option<Raw> {
    if !around.cues().has(Cue::Birth) {
        return None;
    }
    let groups = whole.group_count().min(3);
    let number = if groups >= 3 { first_three(whole, text) } else { whole.first(text, 1)? };
    if !is_date(&number) {
        return None;
    }
    let range = number.range();
    said(range.clone(), &around.of(&range), 32)
}

/// The first three groups, whatever follows: a time may.
fn first_three(whole: &Number, text: &[u8]) -> Number {
    whole.first(text, 3).unwrap_or_else(|| {
        let mut three = whole.clone();
        three.shorten(3);
        three
    })
}

fn is_date(number: &Number) -> bool {
    let digits = number.digits();
    let year = |year: u64| (1900..=2035).contains(&year);
    let even = number.is_even();
    let either = |a: u64, b: u64| is_day(a, b) || is_day(b, a);
    match number.groups() {
        [4, m @ (1 | 2), d @ (1 | 2)] => {
            let (month, day) = (4 + usize::from(*m), 4 + usize::from(*m) + usize::from(*d));
            even && year(value(digits, 0, 4)) && is_day(value(digits, 4, month), value(digits, month, day))
        }
        [a @ (1 | 2), b @ (1 | 2), last @ (2 | 4)] => {
            let (first, second) = (usize::from(*a), usize::from(*a) + usize::from(*b));
            let good = *last == 2 || year(value(digits, second, second + 4));
            even && good && either(value(digits, 0, first), value(digits, first, second))
        }
        [8] => {
            (year(value(digits, 0, 4)) && is_day(value(digits, 4, 6), value(digits, 6, 8)))
                || (year(value(digits, 4, 8)) && either(value(digits, 0, 2), value(digits, 2, 4)))
        }
        _ => false,
    }
}

const MONTHS: &[&[u8]] =
    &[b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// Whether a month's name begins at `at`.
pub(super) fn is_month(text: &[u8], at: usize) -> bool {
    text.get(at..at + 3).is_some_and(|head| MONTHS.iter().any(|month| head.eq_ignore_ascii_case(month)))
}

/// Whether a written date may go on with this byte after its day.
pub(super) fn may_go_on(next: u8) -> bool {
    next.is_ascii_lowercase() || b" -./".contains(&next)
}

/// A date with the name of a month, of which the digit or the capital at `at` is the beginning: `March 3, 1985`, `3 Mar 1985`.
pub(super) fn written_date(text: &[u8], at: usize, around: &mut Around<'_>) -> Option<Raw> {
    if !around.cues().has(Cue::Birth) {
        return None;
    }
    let rest = text.get(at..(at + 32).min(text.len()))?;
    let (mut day, mut month, mut year, mut end) = (false, false, false, 0);
    let mut place = 0;
    for _ in 0..3 {
        let length = rest.get(place..)?.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let word = rest.get(place..place + length)?;
        match (word.first()?, length) {
            (b'0'..=b'9', 1..=4)
                if !day
                    && (length <= 2
                        || word.ends_with(b"th")
                        || word.ends_with(b"st")
                        || word.ends_with(b"nd")
                        || word.ends_with(b"rd")) =>
            {
                day = true
            }
            (b'1' | b'2', 4) if !year => year = word.iter().all(u8::is_ascii_digit),
            (b'A'..=b'Z' | b'a'..=b'z', 3..=9) if !month => {
                let head = word.get(..3)?.to_ascii_lowercase();
                month = MONTHS.contains(&head.as_slice());
                if !month {
                    return None;
                }
            }
            _ => return None,
        }
        place += length;
        end = place;
        place += rest.get(place..)?.iter().take_while(|byte| b" ,.-/".contains(byte)).count();
    }
    let range = at..at + end;
    if day && month && year { said(range.clone(), &around.of(&range), 32) } else { None }
}

fn said(range: Range<usize>, context: &Context, furthest: usize) -> Option<Raw> {
    let support = context.supports(&[Cue::Birth]).filter(|support| support.distance <= furthest)?;
    let why = Why { form: "a date", cue: Some(support.cue.word()), place: support.place };
    Some(Raw { class: "date_of_birth", provider: None, range, confidence: Confidence::High, why, rank: 60 })
}
