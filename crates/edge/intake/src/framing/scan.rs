//! Finds the end of one JSON value by its brackets and quotes, byte by byte and restartable. It accepts more than JSON:
//! what it passes on is parsed afterwards.

/// What a scan came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// The value ends here.
    End,
    /// The record was broken off: a line break inside a string, or a new record at the beginning of a line.
    Broken,
    /// The object is an envelope, and its array of records begins here.
    Envelope,
    /// The bytes ended first.
    More,
}

/// The state of a scan, kept while more bytes are read.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Whether the value stands alone, so that a line break may show that it was broken off.
    top: bool,
    depth: u32,
    /// How many brackets were open at most.
    pub(crate) deepest: u32,
    in_string: bool,
    escaped: bool,
    string_start: usize,
    /// The last string directly inside the outermost object, where the bytes are still there.
    key: Option<(usize, usize)>,
    /// Whether a colon followed it.
    colon: bool,
    /// The last byte that is not white space, and whether a line break followed it.
    last: u8,
    line_begins: bool,
}

impl Scan {
    /// A scan that begins with `depth` brackets open.
    pub(crate) fn new(top: bool, depth: u32) -> Scan {
        Scan {
            top,
            depth,
            deepest: depth,
            in_string: false,
            escaped: false,
            string_start: 0,
            key: None,
            colon: false,
            last: 0,
            line_begins: false,
        }
    }

    /// The bytes scanned so far are gone.
    pub(crate) fn forget(&mut self) {
        self.key = None;
        self.string_start = 0;
    }

    /// Scans `bytes` from `*at` on; `*at` is then the first byte that does not belong to the value.
    pub(crate) fn run(&mut self, bytes: &[u8], at: &mut usize, envelopes: &[&str]) -> Step {
        while *at < bytes.len() {
            let step = if self.in_string { self.string(bytes, at) } else { self.structure(bytes, at, envelopes) };
            if let Some(step) = step {
                return step;
            }
        }
        Step::More
    }

    fn string(&mut self, bytes: &[u8], at: &mut usize) -> Option<Step> {
        if self.escaped {
            self.escaped = false;
            *at += 1;
            return None;
        }
        let rest = bytes.get(*at..).unwrap_or_default();
        let Some(found) = mark_in_string(rest) else {
            *at = bytes.len();
            return None;
        };
        *at += found + 1;
        match rest.get(found) {
            Some(b'"') => {
                self.in_string = false;
                if self.depth == 1 {
                    self.key = Some((self.string_start, *at - 1));
                }
            }
            Some(b'\\') => self.escaped = true,
            _ if self.top => return Some(Step::Broken),
            _ => {}
        }
        None
    }

    fn structure(&mut self, bytes: &[u8], at: &mut usize, envelopes: &[&str]) -> Option<Step> {
        let from = *at;
        let rest = bytes.get(from..).unwrap_or_default();
        for (passed, byte) in rest.iter().enumerate() {
            let begins = std::mem::replace(&mut self.line_begins, *byte == b'\n');
            if byte.is_ascii_whitespace() {
                continue;
            }
            let before = std::mem::replace(&mut self.last, *byte);
            let next = from + passed + 1;
            match byte {
                b'"' => {
                    *at = next;
                    self.in_string = true;
                    self.string_start = next;
                    return None;
                }
                b'{' if begins && self.top && self.depth > 0 && !matches!(before, b'[' | b',' | b':') => {
                    *at = next - 1;
                    return Some(Step::Broken);
                }
                b'[' if self.depth == 1 && self.colon && self.opens(bytes, envelopes) => {
                    *at = next;
                    return Some(Step::Envelope);
                }
                b'{' | b'[' => {
                    self.depth += 1;
                    self.deepest = self.deepest.max(self.depth);
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        *at = next;
                        return Some(Step::End);
                    }
                }
                b':' => self.colon = true,
                b',' => self.colon = false,
                _ => {}
            }
        }
        *at = bytes.len();
        None
    }

    /// Whether the last key is one whose array holds records.
    fn opens(&self, bytes: &[u8], envelopes: &[&str]) -> bool {
        let key = self.key.and_then(|(start, end)| bytes.get(start..end)).unwrap_or_default();
        self.top && envelopes.iter().any(|envelope| envelope.as_bytes() == key)
    }
}

/// The first quote, backslash or line break. Most strings in a log are short: the first bytes are looked at eight at a
/// time, before a search that is faster over a long way but slower to start.
fn mark_in_string(bytes: &[u8]) -> Option<usize> {
    const NEAR: usize = 6;
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    // The lowest bit of this stands in the first byte of `word` that is `mark`; those above it may mean nothing.
    let marked = |word: u64, mark: u8| {
        let zero = word ^ (EACH * u64::from(mark));
        zero.wrapping_sub(EACH) & !zero & (EACH << 7)
    };
    let (words, _) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().take(NEAR).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = marked(word, b'"') | marked(word, b'\\') | marked(word, b'\n');
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let from = words.len().min(NEAR) * 8;
    let rest = bytes.get(from..).unwrap_or_default();
    memchr::memchr3(b'"', b'\\', b'\n', rest).map(|found| from + found)
}

/// Whether `bytes` are one object with all brackets and quotes closed.
pub(crate) fn is_balanced(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    let mut at = 0;
    bytes.starts_with(b"{") && Scan::new(false, 0).run(bytes, &mut at, &[]) == Step::End && at == bytes.len()
}

/// Whether `bytes` nest deeper than `limit`.
pub(crate) fn is_deeper(bytes: &[u8], limit: u32) -> bool {
    // Brackets inside strings count here too, so this can only send too much to the exact scan below.
    // `[` and `{` differ in one bit; counting in bytes, a chunk of whole registers at a time, is what the compiler can make
    // fast. A chunk holds fewer than a byte can count.
    let in_chunk = |chunk: &[u8]| u32::from(chunk.iter().map(|byte| u8::from(byte | 0x20 == b'{')).sum::<u8>());
    let (chunks, rest) = bytes.as_chunks::<128>();
    let brackets = chunks.iter().map(|chunk| in_chunk(chunk)).sum::<u32>() + in_chunk(rest);
    if brackets <= limit {
        return false;
    }
    let mut scan = Scan::new(false, 0);
    let mut at = 0;
    while at < bytes.len() {
        scan.run(bytes, &mut at, &[]);
    }
    scan.deepest > limit
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn depth_is_what_brackets_outside_strings_say(text in "([\\[{]{0,9}(\"[\\[{x]{0,90}\")?[\\]}]{0,9}){0,6}", limit in 0_u32..20) {
            let (mut depth, mut deepest, mut inside) = (0_u32, 0, false);
            for byte in text.bytes() {
                match byte {
                    b'"' => inside = !inside,
                    b'[' | b'{' if !inside => depth += 1,
                    b']' | b'}' if !inside => depth = depth.saturating_sub(1),
                    _ => {}
                }
                deepest = deepest.max(depth);
            }
            proptest::prop_assert_eq!(is_deeper(text.as_bytes(), limit), deepest > limit);
        }

        #[test]
        fn the_first_mark_is_found_wherever_it_is(bytes in "([a-z\u{80}-\u{8ff}]{0,70}[\"\\\\\n#!]?){0,4}") {
            let bytes = bytes.as_bytes();
            let first = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'));
            proptest::prop_assert_eq!(mark_in_string(bytes), first);
        }
    }
}
