//! What stands beside a value: its own label, the header of its column, and cues near it.

use super::columns::Table;
use super::cue::{self, Cue, CueSet, Label, Placed};
use crate::run::slice;
use std::ops::Range;

/// How far before a value a cue may stand, in bytes, and how far after it.
pub(crate) const BEFORE: usize = 80;
pub(crate) const AFTER: usize = 28;

/// What a label, a header or the caller says of a value.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Own {
    /// Its cues.
    pub(crate) cues: CueSet,
    /// What else it says.
    pub(crate) label: Label,
}

impl Own {
    fn is_silent(self) -> bool {
        self.cues.is_empty() && self.label == Label::Open
    }
}

/// What stands beside one value.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    /// By its label, its column or the caller.
    own: Own,
    /// Where that stands, in words.
    place: &'static str,
    /// Cues near it with their distance.
    near: Vec<(Cue, usize)>,
    /// How far away a word stands that says it is something else.
    other: Option<usize>,
}

/// Where a cue stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Support {
    /// Which.
    pub(crate) cue: Cue,
    /// How far, in bytes; nothing for a label or a header.
    pub(crate) distance: usize,
    /// Where, in words.
    pub(crate) place: &'static str,
}

impl Context {
    /// What supports that this is one of `cues`.
    pub(crate) fn supports(&self, cues: &[Cue]) -> Option<Support> {
        let own = cues.iter().find(|cue| self.own.cues.has(**cue));
        if let Some(cue) = own {
            return Some(Support { cue: *cue, distance: 0, place: self.place });
        }
        let near = self.near.iter().filter(|(cue, _)| cues.contains(cue)).min_by_key(|(_, distance)| *distance);
        let (cue, distance) = near?;
        // What stands nearer and says that it is something else wins.
        let outweighed = self.other.is_some_and(|other| other < *distance);
        (!outweighed).then_some(Support { cue: *cue, distance: *distance + 1, place: "near it" })
    }

    /// Whether a label, a header or the word before says that it is something else.
    pub(crate) fn is_other(&self) -> bool {
        self.own.label == Label::Other || self.other.is_some()
    }

    /// Whether its own label names it, and holds no cue.
    pub(crate) fn is_named_otherwise(&self) -> bool {
        self.own.cues.is_empty() && self.own.label != Label::Open
    }
}

/// What stands beside the values of one place, asked for only where it decides something.
pub(crate) struct Around<'a> {
    surroundings: &'a Surroundings<'a>,
    table: Option<&'a mut Table>,
    base: u64,
    at: usize,
    column: Option<Option<Own>>,
    cues: Option<CueSet>,
}

/// The longest value for which cues are looked for at once, in bytes.
const LONGEST: usize = 64;

impl<'a> Around<'a> {
    /// Around the place `at` of a window that begins at `base` of the stream.
    pub(crate) fn new(
        surroundings: &'a Surroundings<'a>,
        table: Option<&'a mut Table>,
        base: u64,
        at: usize,
    ) -> Around<'a> {
        Around { surroundings, table, base, at, column: None, cues: None }
    }

    fn column(&mut self) -> Option<Own> {
        if let Some(column) = self.column {
            return column;
        }
        let (text, base, at) = (self.surroundings.text, self.base, self.at);
        let column = self.table.as_mut().and_then(|table| table.column_at(text, base, at));
        *self.column.insert(column)
    }

    /// The cues that may count for whatever begins here, and perhaps more: a quick look before a close one.
    pub(crate) fn cues(&mut self) -> CueSet {
        if let Some(cues) = self.cues {
            return cues;
        }
        let cues = self.seen();
        *self.cues.insert(cues)
    }

    fn seen(&mut self) -> CueSet {
        let given = self.column().map_or(self.surroundings.hint, |own| own).cues;
        if !given.is_empty() {
            return given;
        }
        let (cues, at) = (self.surroundings.cues, self.at);
        let first = cues.partition_point(|placed| placed.at.start + BEFORE + 1 < at);
        let near = cues.get(first..).unwrap_or_default().iter();
        let mut set = CueSet::default();
        near.take_while(|placed| placed.at.start < at + LONGEST + AFTER).for_each(|placed| set.add(placed.cue));
        let head = slice(self.surroundings.text, at.saturating_sub(6)..at);
        if head.iter().any(|byte| b":=".contains(byte))
            && let Some(cue) =
                label(self.surroundings.text, at).and_then(|at| cue::short(slice(self.surroundings.text, at)))
        {
            set.add(cue);
        }
        set
    }

    /// Whether any cue may count for what begins here.
    pub(crate) fn is_cued(&mut self) -> bool {
        !self.cues().is_empty()
    }

    /// Whether the column or the caller says that a number here is something else.
    pub(crate) fn is_given_otherwise(&mut self) -> bool {
        let given = self.column().map_or(self.surroundings.hint, |own| own);
        given.cues.is_empty() && given.label == Label::Other
    }

    /// What stands beside the value at `range`.
    pub(crate) fn of(&mut self, range: &Range<usize>) -> Context {
        let column = self.column();
        self.surroundings.of(range, column)
    }
}

/// All that is known around the values of one window.
pub(crate) struct Surroundings<'a> {
    /// The window.
    pub(crate) text: &'a [u8],
    /// Cues in it, in order.
    pub(crate) cues: &'a [Placed],
    /// What the caller said of everything.
    pub(crate) hint: Own,
}

impl Surroundings<'_> {
    /// What stands beside the value at `at`, whose column says `column` if it is in a table.
    pub(crate) fn of(&self, at: &Range<usize>, column: Option<Own>) -> Context {
        let given = column.map_or((self.hint, "as the caller said"), |own| (own, "heads its column"));
        if !given.0.cues.is_empty() || given.0.label == Label::Other {
            return Context { own: given.0, place: given.1, ..Context::default() };
        }
        let label = label(self.text, at.start);
        let own = label.clone().map_or(Own::default(), |range| {
            let mut cues = self.cues_in(&range);
            if let Some(cue) = cue::short(slice(self.text, range.clone())) {
                cues.add(cue);
            }
            Own { cues, label: if cues.is_empty() { Label::of(slice(self.text, range)) } else { Label::Else } }
        });
        if !own.is_silent() {
            return Context { own, place: "in its label", ..Context::default() };
        }
        // A header that names something else does not hide what stands inside its cells.
        Context { own: given.0, place: "", near: self.near(at), other: other_before(self.text, at.start) }
    }

    /// The cues that stand wholly in `range`.
    pub(crate) fn cues_in(&self, range: &Range<usize>) -> CueSet {
        let first = self.cues.partition_point(|placed| placed.at.start < range.start);
        let inside = self.cues.iter().skip(first).take_while(|placed| placed.at.start < range.end);
        inside.filter(|placed| placed.at.end <= range.end).fold(CueSet::default(), |mut set, placed| {
            set.add(placed.cue);
            set
        })
    }

    /// From where in `before` cues count: the line of the value, and the line above where that only leads to it.
    fn floor(&self, lowest: usize, before: &[u8]) -> usize {
        let mut lines = memchr::memrchr_iter(b'\n', before);
        let Some(line) = lines.next() else { return 0 };
        let above = before.get(..line).unwrap_or_default().trim_ascii_end();
        let start = memchr::memrchr(b'\n', above).map_or(0, |start| start + 1);
        let last = self.cues.partition_point(|placed| placed.at.start < lowest + above.len());
        let ended = last.checked_sub(1).and_then(|last| self.cues.get(last)).map_or(0, |placed| placed.at.end);
        // Prose breaks its lines anywhere; a label stands at the end of its own.
        let leads = above.len() + lowest <= ended + 12 && !above.last().is_some_and(|byte| b".;}\"".contains(byte));
        if leads { start } else { line }
    }

    fn near(&self, at: &Range<usize>) -> Vec<(Cue, usize)> {
        let lowest = at.start.saturating_sub(BEFORE);
        let before = slice(self.text, lowest..at.start);
        let floor = lowest + self.floor(lowest, before);
        let after = slice(self.text, at.end..(at.end + AFTER).min(self.text.len()));
        let ceiling = at.end + memchr::memchr2(b'\n', b'"', after).unwrap_or(after.len());
        let first = self.cues.partition_point(|placed| placed.at.start < floor);
        let inside = self.cues.iter().skip(first).take_while(|placed| placed.at.start < ceiling);
        inside
            .filter_map(|placed| {
                let distance = match placed.at.end <= at.start {
                    true => at.start - placed.at.end,
                    // What follows a value says less of it than what leads to it.
                    false if placed.at.start >= at.end => placed.at.start - at.end + BEFORE / 2,
                    false => return None,
                };
                Some((placed.cue, distance))
            })
            .collect()
    }
}

/// How far before `at` a word stands that says that a number is something else (`order 12345`, `build #7`).
fn other_before(text: &[u8], at: usize) -> Option<usize> {
    let head = slice(text, at.saturating_sub(24)..at);
    let mut end = head.len();
    for _ in 0..2 {
        let word_end = head.get(..end)?.iter().rposition(u8::is_ascii_alphanumeric)? + 1;
        if head.get(word_end..end)?.iter().any(|byte| b"\n.;,\"".contains(byte)) {
            return None;
        }
        let start = head.get(..word_end)?.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
        match Label::of(head.get(start..word_end)?) {
            Label::Other => return Some(head.len() - word_end),
            _ => end = start,
        }
    }
    None
}

/// The text that labels the value at `at`: `"ssn": "…`, `ssn=…`, `<ssn>…`, `SSN: …`.
pub(crate) fn label(text: &[u8], at: usize) -> Option<Range<usize>> {
    let lowest = at.saturating_sub(72);
    let head = slice(text, lowest..at);
    let skip = |end: usize, set: &[u8]| head.iter().take(end).rposition(|byte| !set.contains(byte)).map(|at| at + 1);
    let end = skip(head.len(), b" \t\"'`([{#\\+*")?;
    match head.get(end - 1)? {
        sign @ (b':' | b'=') => {
            let end = skip(end - 1, b" \t\"'`])=:>\\*|")?;
            let spaced = *sign == b':';
            let stops = |byte: &u8| {
                b"\"'`\n\r,;{}<>|&?\t[]()=!".contains(byte) || (*byte == b':') || (!spaced && *byte == b' ')
            };
            let start = head.iter().take(end).rposition(stops).map_or(0, |at| at + 1);
            Some(lowest + start..lowest + end)
        }
        b'>' if head.get(end.checked_sub(2)?) == Some(&b'=') => {
            let end = skip(end - 2, b" \t\"'`:")?;
            let start = head.iter().take(end).rposition(|byte| !byte.is_ascii_alphanumeric() && !b"_- ".contains(byte));
            Some(lowest + start.map_or(0, |at| at + 1)..lowest + end)
        }
        b'>' => {
            let start = memchr::memrchr(b'<', head.get(..end)?)? + 1;
            // A closing tag labels nothing that follows.
            (head.get(start) != Some(&b'/')).then_some(lowest + start..lowest + end - 1)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labelled(text: &str) -> Option<&str> {
        let at = text.find('9').unwrap();
        label(text.as_bytes(), at).map(|range| &text[range])
    }

    #[test]
    fn labels_are_found_in_every_notation() {
        assert_eq!(labelled(r#"{"a":1,"ssn": "9"#), Some("ssn"));
        assert_eq!(labelled("x user_ssn=9"), Some("user_ssn"));
        assert_eq!(labelled("Social Security Number: 9"), Some("Social Security Number"));
        assert_eq!(labelled("<ssn>9"), Some("ssn"));
        assert_eq!(labelled("</b>9"), None);
        assert_eq!(labelled(":ssn => '9"), Some("ssn"));
        assert_eq!(labelled("his number is 9"), None);
        assert_eq!(labelled(r#"{\"ssn\": \"9"#), Some("ssn"));
    }

    #[test]
    fn what_a_number_is_called_counts_before_what_stands_near() {
        assert!(other_before(b"order no. 9", 10).is_none() || other_before(b"order 9", 6).is_some());
        assert_eq!(other_before(b"build #9", 7), Some(2));
        assert_eq!(other_before(b"the 9", 4), None);
    }
}
