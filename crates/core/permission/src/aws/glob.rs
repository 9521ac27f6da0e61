//! IAM's wildcards: `*` for any text, `?` for one character, and gaps where a policy variable has a value that is not known.
//!
//! A pattern is bytes in which values that UTF-8 never uses stand for the wildcards, so that a literal `*`
//! (`${*}`) is an ordinary byte.

const STAR: u8 = 0xFF;
const ANY: u8 = 0xFE;
const GAP: u8 = 0xFD;
const NAME: u8 = 0xFC;

mod meet;

/// How much comparing was done, in bytes compared: what bounds hostile patterns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work(pub u64);

/// A compiled pattern.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Glob {
    bytes: Box<[u8]>,
    /// How many bytes stand before the first wildcard.
    fixed: usize,
    gaps: bool,
}

/// Puts a pattern together.
#[derive(Default)]
pub(crate) struct Builder {
    bytes: Vec<u8>,
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
        self.bytes.push(GAP);
    }

    pub(crate) fn build(self) -> Glob {
        Glob::of(self.bytes)
    }
}

impl Glob {
    fn of(bytes: Vec<u8>) -> Glob {
        let fixed = bytes.iter().position(|byte| wild(*byte)).unwrap_or(bytes.len());
        let gaps = bytes.contains(&GAP);
        Glob { bytes: bytes.into_boxed_slice(), fixed, gaps }
    }

    /// A pattern in which `*` and `?` are wildcards.
    pub fn new(text: &str) -> Glob {
        let mut builder = Builder::default();
        builder.pattern(text);
        builder.build()
    }

    /// A pattern that matches `text` alone.
    pub fn literal(text: &str) -> Glob {
        Glob::of(text.as_bytes().to_vec())
    }

    /// A pattern in which `*` stands for text without a colon, as names in ARNs are. It can be met, not matched.
    pub(crate) fn of_names(text: &str) -> Glob {
        let mut glob = Glob::new(text);
        glob.bytes.iter_mut().filter(|byte| **byte == STAR).for_each(|byte| *byte = NAME);
        glob
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
        self.bytes.get(..self.fixed).unwrap_or_default()
    }

    /// Whether `text` matches. A gap matches any text here. At most the product of the lengths, without recursion.
    pub fn matches(&self, text: &str, work: &mut Work) -> bool {
        // What has no wildcard is compared at once: most patterns share the beginning of most ARNs, and then differ.
        work.0 += 1 + self.fixed as u64 / 16;
        let Some(rest) = text.as_bytes().strip_prefix(self.prefix()) else { return false };
        let pattern = self.bytes.get(self.fixed..).unwrap_or_default();
        run(pattern, rest, work, |own, byte, start| match own {
            ANY => start,
            own => own == byte,
        })
    }

    /// Whether every text that `inner` matches is matched by this one. Never wrongly yes; sometimes wrongly no.
    pub fn covers(&self, inner: &Glob, work: &mut Work) -> bool {
        if self.gaps || self.bytes.contains(&NAME) {
            return !self.gaps && self == inner;
        }
        run(&self.bytes, &inner.bytes, work, |own, byte, start| match (own, byte) {
            (ANY, byte) if many(byte) => false,
            (ANY, _) => start,
            (own, byte) => own == byte,
        })
    }

    /// Whether some text matches both.
    pub fn overlaps(&self, other: &Glob, work: &mut Work) -> bool {
        !self.meets(other, 1, work).0.is_empty()
    }

    /// Patterns that together match what matches both, at most `most` of them, and whether they are all. Empty where
    /// no text matches both.
    pub fn meets(&self, other: &Glob, most: usize, work: &mut Work) -> (Vec<Glob>, bool) {
        let (one, two) = (self.prefix(), other.prefix());
        let common = one.len().min(two.len());
        if one.get(..common) != two.get(..common) {
            return (Vec::new(), true);
        }
        if self.covers(other, work) {
            return (vec![other.clone()], true);
        }
        if other.covers(self, work) {
            return (vec![self.clone()], true);
        }
        let (found, all) = meet::meets(&self.bytes, &other.bytes, most, work);
        (found.into_iter().map(Glob::of).collect(), all)
    }

    /// One text that matches, with `filler` for each wildcard of many characters. `None` where it is not text.
    pub fn example(&self, filler: &str) -> Option<String> {
        let mut bytes = Vec::with_capacity(self.bytes.len() + filler.len());
        for byte in &self.bytes {
            match *byte {
                STAR | GAP | NAME => bytes.extend_from_slice(filler.as_bytes()),
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
                STAR | NAME => bytes.push(b'*'),
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
        let mut parts = self.bytes.splitn(6, |byte| *byte == b':').map(|part| Glob::of(part.to_vec()));
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
    byte >= NAME
}

fn many(byte: u8) -> bool {
    matches!(byte, STAR | GAP | NAME)
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

#[cfg(test)]
mod tests;
