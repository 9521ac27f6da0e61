//! IAM's wildcards: `*` for any text, `?` for one character, and gaps where a policy variable has a value that is not known.
//!
//! A pattern is bytes in which three values that UTF-8 never uses stand for the wildcards, so that a literal `*`
//! (`${*}`) is an ordinary byte.

const STAR: u8 = 0xFF;
const ANY: u8 = 0xFE;
const GAP: u8 = 0xFD;

/// How much comparing was done, in bytes compared: what bounds hostile patterns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work(pub u64);

/// A compiled pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Glob {
    bytes: Box<[u8]>,
    gaps: bool,
}

/// Puts a pattern together.
#[derive(Default)]
pub(crate) struct Builder {
    bytes: Vec<u8>,
    gaps: bool,
}

impl Builder {
    /// Text in which `*` and `?` are wildcards.
    pub(crate) fn pattern(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'*' if self.bytes.last() == Some(&STAR) => {}
                b'*' => self.bytes.push(STAR),
                b'?' => self.bytes.push(ANY),
                byte => self.bytes.push(byte),
            }
        }
    }

    /// Text that stands for itself.
    pub(crate) fn literal(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Text that is not known.
    pub(crate) fn gap(&mut self) {
        self.gaps = true;
        self.bytes.push(GAP);
    }

    pub(crate) fn build(self) -> Glob {
        Glob { bytes: self.bytes.into_boxed_slice(), gaps: self.gaps }
    }
}

impl Glob {
    /// A pattern in which `*` and `?` are wildcards.
    pub fn new(text: &str) -> Glob {
        let mut builder = Builder::default();
        builder.pattern(text);
        builder.build()
    }

    /// A pattern that matches `text` alone.
    pub fn literal(text: &str) -> Glob {
        Glob { bytes: text.as_bytes().into(), gaps: false }
    }

    /// Whether it holds text that is not known: then a match is a "may".
    pub fn has_gaps(&self) -> bool {
        self.gaps
    }

    /// Whether it matches more than one text.
    pub fn is_pattern(&self) -> bool {
        self.bytes.iter().any(|byte| wild(*byte))
    }

    /// Whether it matches every text.
    pub fn matches_all(&self) -> bool {
        matches!(*self.bytes, [STAR])
    }

    /// The text before the first wildcard.
    pub fn prefix(&self) -> &[u8] {
        let end = self.bytes.iter().position(|byte| wild(*byte)).unwrap_or(self.bytes.len());
        self.bytes.get(..end).unwrap_or_default()
    }

    /// Whether `text` matches. A gap matches any text here. At most the product of the lengths, without recursion.
    pub fn matches(&self, text: &str, work: &mut Work) -> bool {
        let text = text.as_bytes();
        run(&self.bytes, text, work, |own, byte, start| match own {
            ANY => start,
            own => own == byte,
        })
    }

    /// Whether every text that `inner` matches is matched by this one. Never wrongly yes; sometimes wrongly no.
    pub fn covers(&self, inner: &Glob, work: &mut Work) -> bool {
        if self.gaps {
            return false;
        }
        run(&self.bytes, &inner.bytes, work, |own, byte, start| match (own, byte) {
            (ANY, STAR | GAP) => false,
            (ANY, _) => start,
            (own, byte) => own == byte,
        })
    }

    /// Whether some text matches both.
    pub fn overlaps(&self, other: &Glob, work: &mut Work) -> bool {
        self.meet(other, work).is_some()
    }

    /// A pattern all of whose texts match both, `None` where no text matches both. It need not hold every such text
    /// unless one of the two covers the other.
    pub fn meet(&self, other: &Glob, work: &mut Work) -> Option<Glob> {
        let (one, two) = (self.prefix(), other.prefix());
        let common = one.len().min(two.len());
        if one.get(..common) != two.get(..common) {
            return None;
        }
        if self.covers(other, work) {
            return Some(other.clone());
        }
        if other.covers(self, work) {
            return Some(self.clone());
        }
        meet(&self.bytes, &other.bytes, work)
            .map(|bytes| Glob { gaps: bytes.contains(&GAP), bytes: bytes.into_boxed_slice() })
    }

    /// One text that matches, with `filler` for each wildcard of many characters. `None` where it is not text.
    pub fn example(&self, filler: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + filler.len());
        for byte in &self.bytes {
            match *byte {
                STAR | GAP => bytes.extend_from_slice(filler.as_bytes()),
                ANY => bytes.push(b'x'),
                byte => bytes.push(byte),
            }
        }
        String::from_utf8(bytes).ok()
    }

    /// The pattern as a policy would write it, gaps as `${?}`.
    pub fn shown(&self) -> String {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for byte in &self.bytes {
            match *byte {
                STAR => bytes.push(b'*'),
                ANY => bytes.push(b'?'),
                GAP => bytes.extend_from_slice(b"${?}"),
                byte => bytes.push(byte),
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The six parts of an ARN pattern; `None` where there are fewer colons. A `*` may stand for several parts only in
    /// the last one.
    pub(crate) fn six_parts(&self) -> Option<[Glob; 6]> {
        let mut parts = self
            .bytes
            .splitn(6, |byte| *byte == b':')
            .map(|part| Glob { gaps: part.contains(&GAP), bytes: part.into() });
        let mut next = || parts.next();
        Some([next()?, next()?, next()?, next()?, next()?, next()?])
    }

    /// How long it is, in bytes.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it matches the empty text alone.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn wild(byte: u8) -> bool {
    byte >= GAP
}

fn many(byte: u8) -> bool {
    byte == STAR || byte == GAP
}

/// Whether a byte begins a character (or stands for a wildcard).
fn starts(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// The next character after `at`: `?` takes a whole one.
fn next_character(text: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while text.get(next).is_some_and(|byte| !starts(*byte)) {
        next += 1;
    }
    next
}

/// Greedy matching with one place to return to. `same(own, byte, whether byte begins a character)` compares all that
/// is no wildcard of many characters.
fn run(pattern: &[u8], text: &[u8], work: &mut Work, same: impl Fn(u8, u8, bool) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(t) {
        work.0 += 1;
        match pattern.get(p) {
            Some(own) if many(*own) => {
                star = Some((p + 1, t));
                p += 1;
                if p == pattern.len() {
                    return true;
                }
                continue;
            }
            Some(own) if same(*own, *byte, starts(*byte)) => {
                t = if *own == ANY { next_character(text, t) } else { t + 1 };
                p += 1;
                continue;
            }
            _ => {}
        }
        match &mut star {
            Some((place, from)) => {
                *from += 1;
                (p, t) = (*place, *from);
            }
            None => return false,
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| many(*byte)))
}

/// What a step of the walk writes: nothing, or what the first or the second pattern has there.
#[derive(Clone, Copy)]
enum Writes {
    Nothing = 0,
    First = 1,
    Second = 2,
}

/// A step of the walk: how far it goes in each pattern (a character at most), and what it writes. In one byte, since
/// there is one for each pair of places.
#[derive(Clone, Copy)]
struct Step(u8);

impl Step {
    const NONE: Step = Step(0);
    const START: Step = Step(0xFF);

    fn new(first: usize, second: usize, writes: Writes) -> Step {
        Step((first.min(4) | second.min(4) << 3 | (writes as usize) << 6) as u8)
    }

    fn lengths(self) -> (usize, usize) {
        (usize::from(self.0 & 7), usize::from(self.0 >> 3 & 7))
    }
}

/// A text that both match, as a pattern: a walk over pairs of places, depth first.
fn meet(one: &[u8], two: &[u8], work: &mut Work) -> Option<Vec<u8>> {
    let width = two.len() + 1;
    let states = (one.len() + 1).checked_mul(width)?;
    let mut came = vec![Step::NONE; states];
    let mut open = vec![0_usize];
    *came.first_mut()? = Step::START;
    while let Some(at) = open.pop() {
        work.0 += 1;
        let (i, j) = (at / width, at % width);
        if i == one.len() && j == two.len() {
            return Some(written(one, two, &came, at));
        }
        for step in steps(one, two, i, j).into_iter().flatten() {
            let (first, second) = step.lengths();
            let next = at + first * width + second;
            if let Some(slot) = came.get_mut(next).filter(|slot| slot.0 == 0) {
                *slot = step;
                open.push(next);
            }
        }
    }
    None
}

fn written(one: &[u8], two: &[u8], came: &[Step], end: usize) -> Vec<u8> {
    let width = two.len() + 1;
    let mut at = end;
    let mut out: Vec<u8> = Vec::new();
    while let Some(step) = came.get(at).filter(|_| at != 0) {
        let (first, second) = step.lengths();
        at = at.saturating_sub(first * width + second);
        let (source, from) = match step.0 >> 6 {
            1 => (one, at / width),
            2 => (two, at % width),
            _ => continue,
        };
        for byte in source.get(from..from + first.max(second)).unwrap_or_default().iter().rev() {
            if *byte != STAR || out.last() != Some(&STAR) {
                out.push(*byte);
            }
        }
    }
    out.reverse();
    out
}

/// Where two patterns may go on together from a pair of places; what is preferred comes last.
fn steps(one: &[u8], two: &[u8], i: usize, j: usize) -> [Option<Step>; 2] {
    use Writes::{First, Nothing, Second};
    match (one.get(i).copied(), two.get(j).copied()) {
        (Some(a), Some(b)) if many(a) && many(b) => {
            let writes = if b == GAP { Second } else { First };
            [Some(Step::new(0, 1, writes)), Some(Step::new(1, 0, writes))]
        }
        (Some(a), b) if many(a) => [b.map(|_| Step::new(0, 1, Second)), Some(Step::new(1, 0, Nothing))],
        (a, Some(b)) if many(b) => [a.map(|_| Step::new(1, 0, First)), Some(Step::new(0, 1, Nothing))],
        (Some(a), Some(b)) if a == b => [Some(Step::new(1, 1, First)), None],
        (Some(ANY), Some(b)) if starts(b) => [Some(Step::new(1, next_character(two, j) - j, Second)), None],
        (Some(a), Some(ANY)) if starts(a) => [Some(Step::new(next_character(one, i) - i, 1, First)), None],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests;
