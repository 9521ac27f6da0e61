//! The form of a token: fixed text and stretches of one alphabet, read from left to right without going back.

use std::ops::Range;

/// A set of ASCII bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Alphabet(u128);

impl Alphabet {
    fn of(allowed: impl Fn(u8) -> bool) -> Alphabet {
        Alphabet((0..128u8).filter(|byte| allowed(*byte)).fold(0, |set, byte| set | 1 << byte))
    }

    /// The alphabet that the table of providers calls by this letter.
    fn named(letter: u8) -> Option<Alphabet> {
        let also = |more: &'static [u8]| Alphabet::of(move |byte| byte.is_ascii_alphanumeric() || more.contains(&byte));
        Some(match letter {
            b'w' => also(b""),
            b't' => also(b"_-"),
            b'v' => also(b"_"),
            b'D' => also(b"._-"),
            b'b' => also(b"+/"),
            b'e' => also(b"+/=_-"),
            b'h' => Alphabet::of(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
            b'H' => Alphabet::of(|byte| byte.is_ascii_hexdigit()),
            b'd' => Alphabet::of(|byte| byte.is_ascii_digit()),
            b'l' => Alphabet::of(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()),
            b'u' => Alphabet::of(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()),
            b'B' => Alphabet::of(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)),
            b'q' => Alphabet::of(|byte| crate::checksum::BECH32.contains(&byte)),
            b's' => Alphabet::of(|byte| byte.is_ascii_graphic() && !b"\"'`<>".contains(&byte)),
            _ => return None,
        })
    }

    /// Whether `byte` belongs to it.
    pub(crate) fn has(self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }
}

/// A part of a form.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(Vec<u8>),
    Run { of: Alphabet, least: usize, most: usize },
}

/// The form of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Form {
    /// What stands before the anchor, last part first.
    before: Vec<Part>,
    /// The anchor and what follows it.
    after: Vec<Part>,
}

impl Form {
    /// Reads `text` of the table; `anchor` says where in it the search begins. `None` where it is not well formed.
    pub(crate) fn read(text: &str, anchor: Option<&str>) -> Option<Form> {
        let (before, after) = match anchor {
            Some(anchor) => text.split_at_checked(text.find(anchor)?)?,
            None => ("", text),
        };
        let mut before = parts(before)?;
        before.reverse();
        Some(Form { before, after: parts(after)? })
    }

    /// Where a token of this form stands whose anchor is at `at`. What continues it in its own alphabet is no token.
    pub(crate) fn around(&self, input: &[u8], at: usize) -> Option<Range<usize>> {
        let start = backwards(&self.before, input, at)?;
        let end = forwards(&self.after, input, at)?;
        let joined = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        let continued = match self.after.last() {
            Some(Part::Run { of, .. }) => input.get(end).is_some_and(|byte| of.has(*byte) && !b".-/".contains(byte)),
            _ => false,
        };
        (!joined(input.get(end)) && !continued && crate::run::begins(input, start)).then_some(start..end)
    }

    /// Whether `value` as a whole has this form.
    pub(crate) fn is(&self, value: &[u8]) -> bool {
        forwards(&self.after, value, 0) == Some(value.len())
    }
}

/// Where `parts` end that begin at `at`. A run takes all it can; it gives back only where the text that follows it is of its alphabet.
fn forwards(parts: &[Part], input: &[u8], at: usize) -> Option<usize> {
    let Some((part, later)) = parts.split_first() else { return Some(at) };
    let rest = input.get(at..)?;
    match part {
        Part::Text(text) => rest.starts_with(text).then_some(()).and_then(|()| forwards(later, input, at + text.len())),
        Part::Run { of, least, most } => {
            let length = rest.iter().take(*most).take_while(|byte| of.has(**byte)).count();
            crate::run::count(length);
            let gives =
                matches!(later.first(), Some(Part::Text(text)) if text.first().is_some_and(|byte| of.has(*byte)));
            lengths(length, *least, gives).find_map(|length| forwards(later, input, at + length))
        }
    }
}

/// Where `parts`, the last first, begin that end at `at`.
fn backwards(parts: &[Part], input: &[u8], at: usize) -> Option<usize> {
    let Some((part, earlier)) = parts.split_first() else { return Some(at) };
    let head = input.get(..at)?;
    match part {
        Part::Text(text) => {
            head.ends_with(text).then_some(()).and_then(|()| backwards(earlier, input, at - text.len()))
        }
        Part::Run { of, least, most } => {
            let length = head.iter().rev().take(*most).take_while(|byte| of.has(**byte)).count();
            crate::run::count(length);
            let gives =
                matches!(earlier.first(), Some(Part::Text(text)) if text.last().is_some_and(|byte| of.has(*byte)));
            lengths(length, *least, gives).find_map(|length| backwards(earlier, input, at - length))
        }
    }
}

/// The lengths that a run may take: the longest, and shorter ones where it may give back.
fn lengths(length: usize, least: usize, gives: bool) -> impl Iterator<Item = usize> {
    let lowest = if gives { least } else { length.max(least) };
    (lowest..=length).rev()
}

const UUID: &str = "<H8>-<H4>-<H4>-<H4>-<H12>";

fn parts(text: &str) -> Option<Vec<Part>> {
    let text = text.replace("<uuid>", UUID);
    let mut rest = text.as_str();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (fixed, more) = rest.split_once('<').unwrap_or((rest, ""));
        if !fixed.is_empty() {
            parts.push(Part::Text(fixed.as_bytes().to_vec()));
        }
        if more.is_empty() {
            break;
        }
        let (class, tail) = more.split_once('>')?;
        let (letter, lengths) = class.split_at_checked(1)?;
        let (least, most) = lengths.split_once('-').unwrap_or((lengths, lengths));
        let of = Alphabet::named(*letter.as_bytes().first()?)?;
        parts.push(Part::Run { of, least: least.parse().ok()?, most: most.parse().ok()? });
        rest = tail;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_around_its_anchor_and_ends_at_its_boundary() {
        let form = Form::read("<d3-5>:AA<t4>", Some(":AA")).unwrap();
        assert_eq!(form.around(b"x 12345:AAab-c y", 7), Some(2..14));
        assert_eq!(form.around(b"x 12345:AAab-cd", 7), None, "longer than the form");
        assert_eq!(form.around(b"x 12:AAab-c", 4), None, "shorter before the anchor");
        assert_eq!(form.around(b"x123456:AAab-c", 7), None, "part of a longer word");
        let form = Form::read("sk-<t4-30>T3<t4-9>", Some("T3")).unwrap();
        assert_eq!(
            form.around(b"=sk-abcdT3efgh ", 8),
            Some(1..14),
            "a run gives back what belongs to the text before it"
        );
        let form = Form::read("a_<v2-30>_<d4>", Some("a_")).unwrap();
        assert_eq!(form.around(b"a_xyz_1234 ", 0), Some(0..10), "and to the text after it");
        let form = Form::read("<uuid>", None).unwrap();
        assert!(form.is(b"0f1e2d3c-1111-4222-8333-444455556666") && !form.is(b"0f1e2d3c-1111-4222-8333-44445555666"));
        assert_eq!(Form::read("<z3>", None), None);
    }
}
