//! The prefilter: one look at each byte finds every place that deserves a closer one.
//!
//! Every anchor has one stretch of four bytes that is rare in ordinary text. A table of bits says for each stretch whether it
//! may be one of those; only then is the anchor compared. Anchors of three bytes have a table of their own. The same look finds where numbers, capital letters and `@` begin.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What stands at a place that deserves a closer look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Sight {
    /// The anchor with this number begins here and is this long.
    Anchor(u16, u16),
    /// A number begins here.
    Digit,
    /// A word with a capital letter begins here.
    Capital,
    /// An `@`.
    At,
}

/// How an anchor is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Compare {
    /// Byte by byte.
    Exact,
    /// Without case; a space in it stands for nothing or one of ` _-.`.
    Loose,
}

/// An anchor to be found.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    /// Its bytes.
    pub(crate) text: Vec<u8>,
    /// How they are compared.
    pub(crate) compare: Compare,
}

const BITS: usize = 1 << 16;

struct Entry {
    gram: u32,
    anchor: u16,
    offset: u16,
    /// The bytes that follow the stretch and those before it, and which of them count: most places are dismissed by two comparisons.
    next: Beside,
    before: Beside,
    /// Whether it is a word of three letters, which counts only where it stands alone.
    alone: bool,
}

/// Up to four bytes beside a stretch, without case, and which of them count.
#[derive(Clone, Copy)]
struct Beside {
    bytes: u32,
    counted: u32,
}

impl Beside {
    fn new(bytes: [Option<u8>; 4]) -> Beside {
        let word = |byte: fn(u8) -> u8| u32::from_le_bytes(bytes.map(|one| one.map_or(0, byte)));
        let counted = word(|_| u8::MAX);
        Beside { bytes: (word(|byte| byte) | FOLD) & counted, counted }
    }

    #[inline(always)]
    fn allows(self, bytes: u32) -> bool {
        bytes & self.counted == self.bytes
    }
}

/// Stretches of one length, by a hash.
struct Grams {
    bits: Box<[u64; BITS / 64]>,
    index: Vec<u16>,
    buckets: Vec<Vec<Entry>>,
}

/// Anchors made ready for the search.
pub(crate) struct Filter {
    four: Grams,
    three: Grams,
    anchors: Vec<Anchor>,
}

const FOLD: u32 = 0x2020_2020;
const THREE: u32 = 0x00ff_ffff;

#[inline(always)]
fn place(gram: u32) -> usize {
    (gram.wrapping_mul(0x9e37_79b1) >> 16) as usize
}

const DIGIT: u8 = 1;
const CAPITAL: u8 = 2;
const AT: u8 = 4;
/// What may begin after a byte stands above what the byte itself is: after most, an `@` alone.
const LATER: u32 = 4;
const JOINED: u8 = AT << LATER;
/// After which a number or an identifier may begin.
const OPEN: u8 = (DIGIT | CAPITAL | AT) << LATER;

static KIND: LazyLock<[u8; 256]> = LazyLock::new(|| {
    std::array::from_fn(|byte| match byte as u8 {
        b'0'..=b'9' => DIGIT | JOINED,
        b'A'..=b'Z' => CAPITAL | JOINED,
        b'@' => AT | JOINED,
        b'a'..=b'z' | 128.. | b'_' | b'-' | b'.' | b'/' | b'\\' | b'%' | b'$' | b'&' | b'~' | b'^' => JOINED,
        _ => OPEN,
    })
});

impl Grams {
    fn new() -> Grams {
        Grams { bits: Box::new([0; BITS / 64]), index: vec![0; BITS], buckets: vec![Vec::new()] }
    }

    fn add(&mut self, entry: Entry) {
        let at = place(entry.gram);
        if let Some(word) = self.bits.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
        let fresh = self.buckets.len() as u16;
        let Some(slot) = self.index.get_mut(at) else { return };
        if *slot == 0 {
            *slot = fresh;
            self.buckets.push(Vec::new());
        }
        if let Some(bucket) = self.buckets.get_mut(usize::from(*slot)) {
            bucket.push(entry);
        }
    }

    #[inline(always)]
    fn may_hold(&self, gram: u32) -> bool {
        let slot = place(gram);
        self.bits.get(slot / 64).copied().unwrap_or_default() >> (slot % 64) & 1 == 1
    }

    fn entries(&self, gram: u32) -> impl Iterator<Item = &Entry> {
        let bucket = self.index.get(place(gram)).and_then(|number| self.buckets.get(usize::from(*number)));
        bucket.into_iter().flatten().filter(move |entry| entry.gram == gram)
    }
}

impl Filter {
    /// A filter for `anchors`, of which each has at least three bytes.
    pub(crate) fn new(anchors: Vec<Anchor>) -> Filter {
        let mut filter = Filter { four: Grams::new(), three: Grams::new(), anchors: Vec::new() };
        let mut shared: HashMap<(usize, u32), u32> = HashMap::new();
        for anchor in &anchors {
            parts(anchor, 4).chain(parts(anchor, 3)).for_each(|part| *shared.entry((part.1, part.2)).or_default() += 1);
        }
        for (number, anchor) in anchors.iter().enumerate() {
            let Some((offset, length, gram)) = rarest(anchor, &shared) else { continue };
            let table = if length == 4 { &mut filter.four } else { &mut filter.three };
            let (next, before) = (following(anchor, offset + 4), leading(anchor, offset));
            let alone = anchor.compare == Compare::Loose && anchor.text.len() == 3;
            table.add(Entry { gram, anchor: number as u16, offset: offset as u16, next, before, alone });
        }
        filter.anchors = anchors;
        filter
    }

    /// Tells `see` of every sight in `text` whose own look happens in `from..to`. An anchor may begin a little before.
    pub(crate) fn sights(&self, text: &[u8], from: usize, to: usize, mut see: impl FnMut(usize, Sight)) {
        let kinds = &*KIND;
        let kind = |byte: u8| kinds.get(usize::from(byte)).copied().unwrap_or_default();
        let mut before = from.checked_sub(1).and_then(|at| text.get(at)).map_or(OPEN, |byte| kind(*byte));
        let window = text.get(from..(to + 3).min(text.len())).unwrap_or_default();
        let (four, three) = (&self.four, &self.three);
        for (at, bytes) in window.array_windows::<4>().enumerate() {
            let gram = u32::from_le_bytes(*bytes) | FOLD;
            let now = kind(bytes[0]);
            let begins = before >> LATER & now;
            before = now;
            // One branch for all that is rare.
            if u8::from(four.may_hold(gram)) | u8::from(three.may_hold(gram & THREE)) | begins != 0 {
                if begins != 0 {
                    see(from + at, sight(begins));
                }
                self.look(text, from + at, gram, &mut see);
            }
        }
        // The last bytes of a text have no four to look at.
        let whole = window.len().saturating_sub(3);
        let rest = window.get(whole..).unwrap_or_default();
        for (at, byte) in rest.iter().enumerate().take((to - from).saturating_sub(whole)) {
            let mut four = [b' '; 4];
            four.iter_mut().zip(rest.get(at..).unwrap_or_default()).for_each(|(slot, byte)| *slot = *byte);
            let now = kind(*byte);
            let begins = before >> LATER & now;
            before = now;
            if begins != 0 {
                see(from + whole + at, sight(begins));
            }
            self.look(text, from + whole + at, u32::from_le_bytes(four) | FOLD, &mut see);
        }
    }

    /// Compares the anchors that may stand where the stretch `gram` does.
    fn look(&self, text: &[u8], at: usize, gram: u32, see: &mut impl FnMut(usize, Sight)) {
        if self.four.may_hold(gram) {
            self.compare(text, at, self.four.entries(gram), see);
        }
        if self.three.may_hold(gram & THREE) {
            self.compare(text, at, self.three.entries(gram & THREE), see);
        }
    }

    #[inline(never)]
    fn compare<'f>(
        &'f self,
        text: &[u8],
        at: usize,
        entries: impl Iterator<Item = &'f Entry>,
        see: &mut impl FnMut(usize, Sight),
    ) {
        let (next, before) = (after(text, at + 4), ahead(text, at));
        for entry in entries {
            if !entry.next.allows(next) || !entry.before.allows(before) || (entry.alone && is_inside_word(text, at)) {
                continue;
            }
            let Some(anchor) = self.anchors.get(usize::from(entry.anchor)) else { continue };
            if let Some((start, length)) = compared(text, at, usize::from(entry.offset), anchor) {
                see(start, Sight::Anchor(entry.anchor, length as u16));
            }
        }
    }
}

/// The four bytes from `at` on, as far as there are any, without case.
fn after(text: &[u8], at: usize) -> u32 {
    let rest = text.get(at..).unwrap_or_default();
    let four = rest.first_chunk::<4>().copied().unwrap_or_else(|| {
        let mut four = [0; 4];
        four.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
        four
    });
    u32::from_le_bytes(four) | FOLD
}

/// The four bytes before `at`, the nearest last.
fn ahead(text: &[u8], at: usize) -> u32 {
    let rest = text.get(..at).unwrap_or_default();
    let four = rest.last_chunk::<4>().copied().unwrap_or_else(|| {
        let mut four = [0; 4];
        four.iter_mut().rev().zip(rest.iter().rev()).for_each(|(slot, byte)| *slot = *byte);
        four
    });
    u32::from_le_bytes(four) | FOLD
}

/// Whether the three bytes at `at` are part of a longer word in small letters. A plural is not.
fn is_inside_word(text: &[u8], at: usize) -> bool {
    let small = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(u8::is_ascii_lowercase);
    let letter = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphabetic);
    let before = small(at.checked_sub(1)) && small(Some(at));
    before || (letter(at + 2) && small(Some(at + 3)) && text.get(at + 3) != Some(&b's'))
}

fn sight(kind: u8) -> Sight {
    match kind {
        DIGIT => Sight::Digit,
        CAPITAL => Sight::Capital,
        _ => Sight::At,
    }
}

/// Where the anchor begins and how long it is, if the stretch at `at` is part of it.
fn compared(text: &[u8], at: usize, offset: usize, anchor: &Anchor) -> Option<(usize, usize)> {
    if anchor.compare == Compare::Exact {
        let start = at.checked_sub(offset)?;
        return text.get(start..)?.starts_with(&anchor.text).then_some((start, anchor.text.len()));
    }
    let (head, tail) = anchor.text.split_at_checked(offset)?;
    let end = tail.iter().try_fold(at, |at, want| loose(text, at, *want))?;
    let start = head.iter().rev().try_fold(at, |at, want| loose_back(text, at, *want))?;
    Some((start, end - start))
}

fn joint(byte: u8) -> bool {
    b" _-.".contains(&byte)
}

fn loose(text: &[u8], at: usize, want: u8) -> Option<usize> {
    let have = text.get(at).copied().unwrap_or(b'\n');
    match want {
        b' ' => Some(at + usize::from(joint(have))),
        _ => have.eq_ignore_ascii_case(&want).then_some(at + 1),
    }
}

fn loose_back(text: &[u8], at: usize, want: u8) -> Option<usize> {
    let have = at.checked_sub(1).and_then(|before| text.get(before)).copied().unwrap_or(b'\n');
    match want {
        b' ' => Some(at - usize::from(joint(have))),
        _ => have.eq_ignore_ascii_case(&want).then(|| at - 1),
    }
}

/// The bytes of `anchor` from `from` on, as far as they are fixed.
fn following(anchor: &Anchor, from: usize) -> Beside {
    let mut bytes = [None; 4];
    let fixed = anchor.text.iter().skip(from).take_while(|byte| is_fixed(anchor, **byte));
    bytes.iter_mut().zip(fixed).for_each(|(slot, byte)| *slot = Some(*byte));
    Beside::new(bytes)
}

/// The bytes of `anchor` before `to`, as far back as they are fixed.
fn leading(anchor: &Anchor, to: usize) -> Beside {
    let mut bytes = [None; 4];
    let fixed = anchor.text.iter().take(to).rev().take_while(|byte| is_fixed(anchor, **byte));
    bytes.iter_mut().rev().zip(fixed).for_each(|(slot, byte)| *slot = Some(*byte));
    Beside::new(bytes)
}

#[inline]
fn is_fixed(anchor: &Anchor, byte: u8) -> bool {
    anchor.compare == Compare::Exact || byte != b' '
}

/// Every stretch of `length` fixed bytes of `anchor`: where it stands, its length, itself without case, and how rare it is.
fn parts(anchor: &Anchor, length: usize) -> impl Iterator<Item = (usize, usize, u32, u32)> {
    let folded = move |part: &[u8]| {
        let gram = part.iter().rev().fold(0, |gram, byte| gram << 8 | u32::from(*byte)) | FOLD;
        if length == 3 { gram & THREE } else { gram }
    };
    let rare = |part: &[u8]| part.iter().map(|byte| rarity(*byte)).sum::<u32>();
    let parts = anchor.text.windows(length).enumerate();
    let fixed = parts.filter(|(_, part)| part.iter().all(|byte| is_fixed(anchor, *byte)));
    fixed.map(move |(offset, part)| (offset, length, folded(part), rare(part)))
}

/// The stretch of `anchor` that is rarest in text and in other anchors: where in it that stands, and whether it has four bytes or three.
/// What many anchors share (`number`) would have all of them compared wherever it stands.
fn rarest(anchor: &Anchor, shared: &HashMap<(usize, u32), u32>) -> Option<(usize, usize, u32)> {
    let best = |length: usize| {
        let count = |gram: u32| shared.get(&(length, gram)).copied().unwrap_or(1);
        let weight =
            |(.., gram, rare): &(usize, usize, u32, u32)| (rare + 64) as i64 - 2 * i64::from(count(*gram).ilog2());
        parts(anchor, length).max_by_key(weight).map(|(offset, length, gram, _)| (offset, length, gram))
    };
    best(4).or_else(|| best(3))
}

/// About how rare a byte is in text, in halves of bits.
fn rarity(byte: u8) -> u32 {
    match byte.to_ascii_lowercase() {
        b'e' | b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' | b' ' => 7,
        b'h' | b'l' | b'd' | b'c' | b'u' | b'm' => 9,
        b'p' | b'f' | b'g' | b'w' | b'y' | b'b' | b'v' => 12,
        b'0'..=b'9' | b'-' | b'_' | b'.' | b':' | b'/' => 12,
        _ => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anchors(words: &[(&str, Compare)]) -> Vec<Anchor> {
        words.iter().map(|(text, compare)| Anchor { text: text.as_bytes().to_vec(), compare: *compare }).collect()
    }

    fn seen(filter: &Filter, text: &str) -> Vec<(usize, Sight)> {
        let mut seen = Vec::new();
        filter.sights(text.as_bytes(), 0, text.len(), |at, sight| seen.push((at, sight)));
        seen
    }

    #[test]
    fn anchors_are_seen_wherever_they_stand() {
        let filter = Filter::new(anchors(&[
            ("ghp_", Compare::Exact),
            ("date of birth", Compare::Loose),
            ("ssn", Compare::Loose),
        ]));
        let only = |text| seen(&filter, text).into_iter().filter(|(_, sight)| matches!(sight, Sight::Anchor(..)));
        let found = |text| only(text).map(|(at, _)| at).collect::<Vec<_>>();
        assert_eq!(found("ghp_x aghp_ Ghp_"), [0, 7]);
        assert_eq!(found("x Date_of_Birth dateofbirth date  of birth"), [2, 16]);
        assert_eq!(only("ssn").collect::<Vec<_>>(), [(0, Sight::Anchor(2, 3))]);
        assert_eq!(found("an SSN, ssname, assn, SSNs, ssnNumber"), [3, 22, 28]);
    }

    #[test]
    fn numbers_and_words_are_seen_where_they_begin() {
        let filter = Filter::new(Vec::new());
        assert_eq!(seen(&filter, "a 12 x3 B7"), [(2, Sight::Digit), (8, Sight::Capital)]);
        assert_eq!(seen(&filter, "9"), [(0, Sight::Digit)]);
        assert_eq!(seen(&filter, "a@b.c"), [(1, Sight::At)]);
    }
}
