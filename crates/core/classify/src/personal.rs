//! Personal data by its form: social security numbers, e-mail addresses, payment cards, telephone numbers.

use crate::checksum::luhn_holds;
use crate::run::slice;
use firebreak_model::DataClass;
use std::ops::Range;

/// One piece of personal data.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Personal {
    /// `ssn`, `email`, `payment_card` or `phone`.
    pub class: DataClass,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

/// The personal data in `input`, by where it begins. Forms that only look like it are left out: numbers that were never
/// issued, cards that fail their check digit, digits inside longer words.
pub fn personal(input: &[u8]) -> Vec<Personal> {
    let mut found: Vec<Personal> =
        memchr::memchr_iter(b'@', input).filter_map(|at| email(input, at)).map(|range| of("email", range)).collect();
    let mut at = 0;
    while let Some(start) = next_digit(input, at) {
        let hit = if fresh(input, start) { number(input, start) } else { None };
        at = match hit {
            Some(hit) => {
                let end = hit.range.end;
                found.push(hit);
                end
            }
            None => digits_end(input, start),
        };
    }
    found.sort_by_key(|personal| personal.range.start);
    found
}

fn of(class: &str, range: Range<usize>) -> Personal {
    Personal { class: DataClass::new(class), range }
}

fn next_digit(input: &[u8], from: usize) -> Option<usize> {
    let rest = input.get(from..)?;
    rest.iter().position(u8::is_ascii_digit).map(|place| from + place)
}

fn digits_end(input: &[u8], from: usize) -> usize {
    let rest = input.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn byte(input: &[u8], at: usize) -> Option<u8> {
    input.get(at).copied()
}

/// Whether a number can begin at `start`: nothing before it joins it to a longer word or number.
fn fresh(input: &[u8], start: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| byte(input, at));
    !before.is_some_and(|before| before.is_ascii_alphanumeric() || b"_-./\\%#".contains(&before))
}

/// Whether a number can end before `end`.
fn closed(input: &[u8], end: usize) -> bool {
    let joins = |next: u8| next.is_ascii_alphanumeric() || b"_-/%".contains(&next);
    let point = byte(input, end) == Some(b'.') && byte(input, end + 1).is_some_and(|next| next.is_ascii_digit());
    !byte(input, end).is_some_and(joins) && !point
}

fn number(input: &[u8], start: usize) -> Option<Personal> {
    if start.checked_sub(1).and_then(|at| byte(input, at)) == Some(b'+') {
        return phone(input, start).map(|range| of("phone", range));
    }
    ssn(input, start)
        .map(|range| of("ssn", range))
        .or_else(|| card(input, start).map(|range| of("payment_card", range)))
}

/// `+` and 8 to 15 digits (E.164). Time zones (`+0200`) begin with 0 and country codes do not.
fn phone(input: &[u8], start: usize) -> Option<Range<usize>> {
    let end = digits_end(input, start);
    let plus = start.checked_sub(1)?;
    let joined = plus
        .checked_sub(1)
        .and_then(|at| byte(input, at))
        .is_some_and(|before| before.is_ascii_alphanumeric() || b"+/=_-.".contains(&before));
    let formed = (8..=15).contains(&(end - start)) && byte(input, start) != Some(b'0');
    (formed && !joined && closed(input, end)).then_some(plus..end)
}

/// `ddd-dd-dddd` under the rules for areas, groups and serials that are issued.
fn ssn(input: &[u8], start: usize) -> Option<Range<usize>> {
    let text = input.get(start..start + 11)?;
    let [a, b, c, dash, d, e, second, f, g, h, i] = *text else { return None };
    let separated = dash == second && (dash == b'-' || dash == b' ');
    let decimal = [a, b, c, d, e, f, g, h, i].iter().all(u8::is_ascii_digit);
    if !separated || !decimal || !closed(input, start + 11) {
        return None;
    }
    let advertised = text == b"078-05-1120" || text == b"219-09-9999";
    let area = &[a, b, c];
    let issued = area != b"000" && area != b"666" && a != b'9' && [d, e] != *b"00" && [f, g, h, i] != *b"0000";
    (issued && !advertised).then_some(start..start + 11)
}

/// 13 to 19 digits, in groups or not, that begin as an issuer's do, have its length and satisfy Luhn's check.
fn card(input: &[u8], start: usize) -> Option<Range<usize>> {
    let mut digits = [0u8; 20];
    let (mut count, mut end, mut separator) = (0, start, None);
    while let Some(next) = byte(input, end) {
        match next {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = next - b'0';
                count += 1;
            }
            b' ' | b'-' if separator.is_none_or(|seen| seen == next) => {
                if !byte(input, end + 1).is_some_and(|after| after.is_ascii_digit()) {
                    break;
                }
                separator = Some(next);
            }
            _ => break,
        }
        end += 1;
    }
    let digits = slice(&digits, 0..count);
    (issuer_allows(digits) && luhn_holds(digits) && closed(input, end)).then_some(start..end)
}

/// Whether digits begin as an issuer of cards begins its numbers, and have its length.
pub(crate) fn issuer_allows(digits: &[u8]) -> bool {
    let prefix = |length: usize| digits.iter().take(length).fold(0u32, |value, digit| value * 10 + u32::from(*digit));
    let varied = digits.iter().any(|digit| Some(digit) != digits.first());
    let (two, three, four) = (prefix(2), prefix(3), prefix(4));
    varied
        && match digits.len() {
            13 => prefix(1) == 4,
            14 => (300..=305).contains(&three) || two == 36 || two == 38,
            15 => two == 34 || two == 37,
            16 => {
                prefix(1) == 4
                    || (51..=55).contains(&two)
                    || (2221..=2720).contains(&four)
                    || four == 6011
                    || two == 65
                    || (644..=649).contains(&three)
                    || (3528..=3589).contains(&four)
            }
            19 => prefix(1) == 4 || two == 62,
            _ => false,
        }
}

/// `local@domain.tld` around the sign at `at`.
pub(crate) fn email(input: &[u8], at: usize) -> Option<Range<usize>> {
    let local = |byte: &u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(byte);
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
    let head = slice(input, at.saturating_sub(64)..at);
    let start = at - head.iter().rev().take_while(|byte| local(byte)).count();
    let tail = slice(input, at + 1..(at + 254).min(input.len()));
    let length = tail.iter().take_while(|byte| name(byte)).count();
    let mut domain = slice(tail, 0..length);
    while let Some((b'.' | b'-', rest)) = domain.split_last() {
        domain = rest;
    }
    let top = domain.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let labels = domain.split(|byte| *byte == b'.').count();
    let sound = domain.split(|byte| *byte == b'.').all(|label| !label.is_empty() && label.first() != Some(&b'-'));
    // `user:password@host` in a URL is not an address.
    let in_url =
        start.checked_sub(1).and_then(|before| byte(input, before)).is_some_and(|before| b":/".contains(&before));
    let formed = start < at && labels >= 2 && sound && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic);
    let mailto = slice(input, start.saturating_sub(7)..start) == b"mailto:";
    (formed && (!in_url || mailto)).then_some(start..at + 1 + domain.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<(String, &str)> {
        let found = personal(text.as_bytes());
        found.into_iter().map(|hit| (hit.class.word().to_owned(), &text[hit.range])).collect()
    }

    #[test]
    fn finds_what_is_personal() {
        let text = r#"{"ssn":"536-90-4399","mail":"Ana.B+x@mail.example.com.","card":"4111 1111 1111 1111","tel":"+14155550123"}"#;
        assert_eq!(
            words(text),
            [
                ("ssn".to_owned(), "536-90-4399"),
                ("email".to_owned(), "Ana.B+x@mail.example.com"),
                ("payment_card".to_owned(), "4111 1111 1111 1111"),
                ("phone".to_owned(), "+14155550123"),
            ]
        );
    }

    #[test]
    fn leaves_what_only_looks_personal() {
        for text in [
            "000-12-3456 666-12-3456 901-12-3456 123-00-4567 123-45-0000 078-05-1120",
            "4111 1111 1111 1112",
            "1774349921000 123456789012 0000000000000000",
            "2026-03-24T10:58:41+0200 +00000000000",
            "uuid 4111a111-1111-1111-1111-111111111111 x4111111111111111 4111111111111111x",
            "postgres://user:pw@db.example.com action@v4 a@b @example.com x@y.9",
            "v536-90-4399 536-90-43990 10.536-90-4399",
        ] {
            assert_eq!(words(text), [], "{text}");
        }
    }
}
