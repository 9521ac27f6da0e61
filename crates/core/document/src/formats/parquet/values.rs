//! The values of a page in each of its encodings, written as text one after the other.

use super::cell;
use super::footer::Leaf;
use super::runs::{Deltas, Runs};

/// The values that pages of a column name by number.
#[derive(Default)]
pub(super) struct Dictionary {
    page: Vec<u8>,
    /// Where each begins and ends, where they have different lengths.
    places: Vec<(u32, u32)>,
}

/// Bytes of one value, where all values of the column have as many.
fn width(leaf: &Leaf) -> Option<usize> {
    match leaf.kind {
        1 | 4 => Some(4),
        2 | 5 => Some(8),
        3 => Some(12),
        7 => Some(leaf.length),
        _ => None,
    }
}

impl Dictionary {
    /// At most `count` values of the page.
    pub(super) fn read(leaf: &Leaf, page: Vec<u8>, count: usize) -> Dictionary {
        let mut places = Vec::new();
        if width(leaf).is_none() {
            let mut at = 0;
            while places.len() < count
                && let Some((start, end)) = prefixed(&page, at)
            {
                at = end;
                places.push((start as u32, end as u32));
            }
        }
        Dictionary { page, places }
    }

    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.page.len() + self.places.len() * size_of::<(u32, u32)>()
    }

    fn get(&self, leaf: &Leaf, number: u32) -> Option<&[u8]> {
        let number = number as usize;
        match width(leaf) {
            Some(width) => self.page.get(number.checked_mul(width)?..number.checked_add(1)?.checked_mul(width)?),
            None => self.places.get(number).and_then(|(start, end)| self.page.get(*start as usize..*end as usize)),
        }
    }
}

/// Where the value with its length before it stands.
fn prefixed(page: &[u8], at: usize) -> Option<(usize, usize)> {
    let start = at.checked_add(4)?;
    let length = u32::from_le_bytes(page.get(at..start)?.try_into().ok()?);
    let end = start.checked_add(length as usize)?;
    (end <= page.len()).then_some((start, end))
}

/// How far the values of a page were read.
pub(super) enum Values {
    Plain { at: usize },
    Bits { at: usize, bit: u32 },
    Flags(Runs),
    Named(Runs),
    Numbers(Deltas),
    Lengths { lengths: Deltas, at: usize },
    Prefixes { prefixes: Deltas, suffixes: Deltas, at: usize, last: Vec<u8> },
    Split { at: usize, count: usize, next: usize },
}

/// Encodings that are read, by their numbers.
const PLAIN: i64 = 0;
const NAMED: [i64; 2] = [2, 8];
const RUNS: i64 = 3;
const NUMBERS: i64 = 5;
const LENGTHS: i64 = 6;
const PREFIXES: i64 = 7;
const SPLIT: i64 = 9;

impl Values {
    /// The values of `page` from `at` on; nothing where the encoding is not read or does not fit.
    pub(super) fn new(leaf: &Leaf, encoding: i64, page: &[u8], at: usize) -> Option<Values> {
        let truth = leaf.kind == 0;
        Some(match encoding {
            PLAIN if truth => Values::Bits { at, bit: 0 },
            PLAIN => Values::Plain { at },
            RUNS if truth => Values::Flags(Runs::new(at.checked_add(4)?, page.len(), 1)?),
            NUMBERS if matches!(leaf.kind, 1 | 2) => Values::Numbers(Deltas::new(page, at)?),
            LENGTHS if leaf.kind == 6 => {
                let lengths = Deltas::new(page, at)?;
                Values::Lengths { at: lengths.end(page)?, lengths }
            }
            PREFIXES if matches!(leaf.kind, 6 | 7) => {
                let prefixes = Deltas::new(page, at)?;
                let suffixes = Deltas::new(page, prefixes.end(page)?)?;
                Values::Prefixes { at: suffixes.end(page)?, prefixes, suffixes, last: Vec::new() }
            }
            SPLIT => {
                let width = width(leaf).filter(|width| *width > 0)?;
                Values::Split { at, count: page.len().checked_sub(at)? / width, next: 0 }
            }
            encoding if NAMED.contains(&encoding) => {
                let width = u32::from(*page.get(at)?);
                Values::Named(Runs::new(at + 1, page.len(), width)?)
            }
            _ => return None,
        })
    }

    /// Writes the next value as text.
    pub(super) fn write(&mut self, leaf: &Leaf, page: &[u8], dictionary: &Dictionary, out: &mut Vec<u8>) -> Option<()> {
        match self {
            Values::Plain { at } => {
                let (start, end) = match width(leaf) {
                    Some(width) => (*at, at.checked_add(width)?),
                    None => prefixed(page, *at)?,
                };
                cell::write(leaf, page.get(start..end)?, out);
                *at = end;
            }
            Values::Bits { at, bit } => {
                let truth = page.get(*at)? >> *bit & 1;
                (*at, *bit) = if *bit == 7 { (*at + 1, 0) } else { (*at, *bit + 1) };
                cell::write(leaf, &[truth], out);
            }
            Values::Flags(runs) => cell::write(leaf, &[u8::from(runs.next(page)? != 0)], out),
            Values::Named(runs) => cell::write(leaf, dictionary.get(leaf, runs.next(page)?)?, out),
            Values::Numbers(deltas) => {
                let number = deltas.next(page)?;
                cell::number(leaf, if leaf.kind == 1 { i64::from(number as i32) } else { number }, out);
            }
            Values::Lengths { lengths, at } => {
                let end = at.checked_add(usize::try_from(lengths.next(page)?).ok()?)?;
                cell::write(leaf, page.get(*at..end)?, out);
                *at = end;
            }
            Values::Prefixes { prefixes, suffixes, at, last } => {
                let kept = usize::try_from(prefixes.next(page)?).ok().filter(|kept| *kept <= last.len())?;
                let end = at.checked_add(usize::try_from(suffixes.next(page)?).ok()?)?;
                last.truncate(kept);
                last.extend_from_slice(page.get(*at..end)?);
                *at = end;
                cell::write(leaf, last, out);
            }
            Values::Split { at, count, next } => {
                let width = width(leaf)?;
                let place = |byte: usize| at.checked_add(byte.checked_mul(*count)?)?.checked_add(*next);
                let raw: Option<Vec<u8>> = (0..width).map(|byte| page.get(place(byte)?).copied()).collect();
                cell::write(leaf, &raw.filter(|_| *next < *count)?, out);
                *next += 1;
            }
        }
        Some(())
    }
}
