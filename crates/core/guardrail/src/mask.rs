//! Texts with their values masked, and how much of a text that still grows may be shown.

use serde::Serialize;
use std::ops::Range;

/// Bytes after a value that may still change what it is taken for: the longest look ahead of what stands beside values, and as
/// much again.
const BESIDE: usize = 160;
/// The longest run of characters without a blank that is held back while it grows.
const RUN: usize = 16 << 10;

/// A text as it may go on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Masked {
    /// The text.
    pub text: String,
    /// How many of its last characters are to be held back while it still grows: what follows may make them a value.
    pub held: usize,
}

/// One value to mask: where it stands, in bytes, and what takes its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mark {
    pub(crate) range: Range<usize>,
    pub(crate) with: String,
}

/// `text` with each of `marks` in its place; what overlaps is masked as one. `found` are all values, masked or not.
pub(crate) fn masked(text: &str, mut marks: Vec<Mark>, found: &[Range<usize>]) -> Masked {
    marks.sort_by_key(|mark| (mark.range.start, std::cmp::Reverse(mark.range.end)));
    let settled = settled(text, found);
    let (mut out, mut at, mut held) = (String::with_capacity(text.len()), 0, None);
    for mark in marks {
        let range = whole(text, mark.range);
        if range.start >= at {
            push(&mut out, text, at..range.start, settled, &mut held);
            if range.start >= settled {
                held.get_or_insert(out.len());
            }
            out.push_str(&mark.with);
        }
        at = at.max(range.end);
    }
    push(&mut out, text, at..text.len(), settled, &mut held);
    let held = out.get(held.unwrap_or(out.len())..).map_or(0, |tail| tail.chars().count());
    Masked { text: out, held }
}

/// Adds a part of `text`, and notes where in `out` that which is not settled begins.
fn push(out: &mut String, text: &str, part: Range<usize>, settled: usize, held: &mut Option<usize>) {
    if held.is_none() && part.end > settled {
        *held = Some(out.len() + settled.saturating_sub(part.start));
    }
    out.push_str(text.get(part).unwrap_or_default());
}

/// Up to where nothing that follows can change what is said of `text`.
fn settled(text: &str, found: &[Range<usize>]) -> usize {
    let mut to = floor(text, text.len().saturating_sub(BESIDE));
    // A run that goes on may be one value.
    let run = text.get(..to).unwrap_or_default();
    let blank = run
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + run.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
    if to - blank <= RUN {
        to = blank;
    }
    if let Some(begin) = text.rfind("-----BEGIN ") {
        let ended = text.get(begin..).is_some_and(|rest| rest.contains("-----END "));
        to = if ended { to } else { to.min(begin) };
    }
    let through = found.iter().filter(|range| range.start < to && to < range.end);
    floor(text, through.map(|range| range.start).min().unwrap_or(to).min(to))
}

/// The range, widened to whole characters.
fn whole(text: &str, range: Range<usize>) -> Range<usize> {
    let start = floor(text, range.start);
    let mut end = range.end.min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    start..end.max(start)
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark(range: Range<usize>) -> Mark {
        Mark { range, with: "[x]".to_owned() }
    }

    #[test]
    fn values_give_way_and_nothing_else_does() {
        let masked = masked("a 12345 b", vec![mark(2..7)], &[Range { start: 2, end: 7 }]);
        assert_eq!(masked.text, "a [x] b");
        assert_eq!(masked.held, masked.text.chars().count(), "a short text may still become anything");
    }

    #[test]
    fn a_long_text_holds_back_only_its_end() {
        let text = format!("{} 123-45-6789", "word ".repeat(100));
        let masked = masked(&text, Vec::new(), &[]);
        assert_eq!(masked.text, text);
        assert!((BESIDE..BESIDE + 8).contains(&masked.held), "{}", masked.held);
    }

    #[test]
    fn what_still_grows_is_held_from_its_beginning() {
        let token = format!("say {}", "x".repeat(400));
        assert_eq!(masked(&token, Vec::new(), &[]).held, 400);
        let key = format!("see -----BEGIN PRIVATE KEY-----\n{}", "MIIE abc\n".repeat(80));
        let held = masked(&key, Vec::new(), &[]).held;
        assert_eq!(held, key.chars().count() - 4);
        let ended = format!("{key}-----END PRIVATE KEY-----\n{}", "word ".repeat(60));
        assert!(masked(&ended, Vec::new(), &[]).held < 200);
    }

    proptest! {
        #[test]
        fn any_text_and_any_ranges_are_masked_without_harm(text in "\\PC{0,400}", ranges in proptest::collection::vec((0usize..500, 0usize..60), 0..6)) {
            let ranges: Vec<_> = ranges.into_iter().map(|(start, length)| start..start + length).collect();
            let marks: Vec<_> = ranges.iter().cloned().map(mark).collect();
            let masked = masked(&text, marks, &ranges);
            prop_assert!(masked.held <= masked.text.chars().count());
            if ranges.is_empty() {
                prop_assert_eq!(masked.text, text);
            }
        }

        #[test]
        fn what_was_shown_of_a_growing_text_is_never_taken_back(words in proptest::collection::vec("[a-z0-9é-]{1,30}", 1..120)) {
            let (mut text, mut shown) = (String::new(), String::new());
            for word in words {
                text.push_str(&word);
                text.push(' ');
                let masked = masked(&text, Vec::new(), &[]);
                let now: String = masked.text.chars().take(masked.text.chars().count() - masked.held).collect();
                prop_assert!(now.starts_with(&shown));
                shown = now;
            }
        }
    }
}
