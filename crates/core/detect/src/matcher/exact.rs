//! A set of texts, each with a number: the members that a trie follows and the values that rules name. Looking a text up
//! reads it eight bytes at a time, in either case, and allocates nothing. Only rules fill it, so that no record can make
//! its texts collide.

/// Texts with their numbers.
#[derive(Debug, Default)]
pub(super) struct Exact {
    /// A bit for each length, up to 63, that a text has; the last bit for all beyond.
    lengths: u64,
    /// Where to look for a text of this hash: at least twice as many as there are texts.
    places: Vec<Place>,
    count: usize,
    /// The number, the length and the bytes of each text, so that a search finds them together.
    entries: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    hash: u32,
    /// One more than where the entry begins; `0` is none.
    entry: u32,
}

impl Exact {
    /// Adds `text`, which must not be there already.
    pub(super) fn add(&mut self, text: &str, number: u32) {
        self.lengths |= length_bit(text.len());
        let begins = self.entries.len();
        self.entries.extend(number.to_le_bytes());
        self.entries.extend((text.len() as u32).to_le_bytes());
        self.entries.extend(text.as_bytes());
        self.count += 1;
        // Half of the places stay empty, so that every search ends soon.
        if self.count * 2 > self.places.len() {
            self.places = vec![Place::default(); (self.count * 4).next_power_of_two()];
            let mut at = 0;
            while let Some((_, text)) = self.entry(at) {
                let hash = hash(text);
                let next = at + HEAD + text.len();
                put(&mut self.places, Place { hash, entry: at as u32 + 1 });
                at = next;
            }
        } else {
            put(&mut self.places, Place { hash: hash(text.as_bytes()), entry: begins as u32 + 1 });
        }
    }

    /// The entry that begins there.
    #[inline]
    fn entry(&self, at: usize) -> Option<(u32, &[u8])> {
        let (number, rest) = self.entries.get(at..)?.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        Some((u32::from_le_bytes(*number), rest.get(..u32::from_le_bytes(*length) as usize)?))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a text of so many bytes may be here.
    #[inline]
    pub(super) fn may_hold(&self, length: usize) -> bool {
        self.lengths & length_bit(length) != 0
    }

    /// The number of `text`.
    #[inline]
    pub(super) fn find(&self, text: &[u8]) -> Option<u32> {
        if self.may_hold(text.len()) { self.search(text, same) } else { None }
    }

    /// The number of the text that `text`, which is ASCII, is in lower case.
    #[inline]
    pub(super) fn find_lower(&self, text: &[u8]) -> Option<u32> {
        if self.may_hold(text.len()) { self.search(text, same_lower) } else { None }
    }

    #[inline]
    fn search(&self, text: &[u8], same: impl Fn(&[u8], &[u8]) -> bool) -> Option<u32> {
        let (hash, within) = (hash(text), self.places.len().wrapping_sub(1));
        let mut at = hash as usize & within;
        loop {
            let place = self.places.get(at)?;
            let at_entry = (place.entry as usize).checked_sub(1)?;
            if place.hash == hash
                && let Some((number, _)) = self.entry(at_entry).filter(|(_, known)| same(known, text))
            {
                return Some(number);
            }
            at = (at + 1) & within;
        }
    }
}

/// Bytes of an entry before its text.
const HEAD: usize = 8;

#[inline]
fn length_bit(length: usize) -> u64 {
    1 << length.min(63)
}

fn put(places: &mut [Place], new: Place) {
    let within = places.len().wrapping_sub(1);
    let mut at = new.hash as usize & within;
    while places.get(at).is_some_and(|taken| taken.entry != 0) {
        at = (at + 1) & within;
    }
    if let Some(free) = places.get_mut(at) {
        *free = new;
    }
}

/// The bit in which upper and lower case differ, in each byte.
const CASES: u64 = u64::from_ne_bytes([0x20; 8]);

/// The same for texts that differ only in the case of ASCII letters.
#[inline]
fn hash(text: &[u8]) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    const FEW: usize = 24;
    let mix = |hash: u64, word: u64| (hash.rotate_left(29) ^ (word | CASES)).wrapping_mul(FACTOR);
    let (words, _) = text.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
    let mut hash = (text.len() as u64) << 56 ^ (last_word(text) | CASES).rotate_left(32);
    if text.len() <= FEW {
        // The names of fields and most values: two words more at most, and one multiplication.
        hash ^= (words.next().unwrap_or(0) | CASES) ^ (words.next().unwrap_or(0) | CASES).rotate_left(19);
        return (hash.wrapping_mul(FACTOR) >> 32) as u32;
    }
    hash = words.fold(hash, mix);
    (hash >> 32) as u32
}

/// The last eight bytes, or all of them where there are fewer.
#[inline]
fn last_word(text: &[u8]) -> u64 {
    if let Some(last) = text.last_chunk::<8>() {
        return u64::from_le_bytes(*last);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last));
    }
    text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte))
}

/// Whether the texts are the same.
#[inline]
fn same(known: &[u8], text: &[u8]) -> bool {
    compare(known, text, |word| word)
}

/// Whether `known` is `text`, which is ASCII, in lower case.
#[inline]
fn same_lower(known: &[u8], text: &[u8]) -> bool {
    compare(known, text, lower)
}

#[inline]
fn compare(known: &[u8], text: &[u8], read: impl Fn(u64) -> u64) -> bool {
    let ((left, _), (right, _)) = (known.as_chunks::<8>(), text.as_chunks::<8>());
    known.len() == text.len()
        && last_word(known) == read(last_word(text))
        && left.iter().zip(right).all(|(left, right)| u64::from_le_bytes(*left) == read(u64::from_le_bytes(*right)))
}

/// Eight bytes of ASCII in lower case.
#[inline]
fn lower(word: u64) -> u64 {
    const EACH: u64 = u64::from_ne_bytes([1; 8]);
    // The high bit of each byte: whether it is `A` or more, and whether it is more than `Z`. No byte carries into the next.
    let from_a = word + EACH * (0x80 - b'A' as u64);
    let beyond_z = word + EACH * (0x7f - b'Z' as u64);
    word | ((from_a & !beyond_z & (EACH << 7)) >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_there_is_found_and_nothing_else(
            texts in prop::collection::btree_set("[a-c@\\[`{é]{0,20}", 0..40),
            asked in prop::collection::vec("[a-cA-C@\\[`{é]{0,20}", 0..40),
        ) {
            let mut exact = Exact::default();
            for (number, text) in (0..).zip(&texts) {
                exact.add(text, number);
            }
            for text in asked.iter().chain(&texts) {
                let place = |text: &str| texts.iter().position(|known| known == text).map(|at| at as u32);
                prop_assert_eq!(exact.find(text.as_bytes()), place(text));
                if text.is_ascii() {
                    prop_assert_eq!(exact.find_lower(text.as_bytes()), place(&text.to_ascii_lowercase()));
                }
            }
        }
    }

    #[test]
    fn every_ascii_byte_is_folded_as_the_standard_does() {
        for byte in 0..128_u8 {
            let text = [byte, b'Z', byte, b'@', byte, b'[', byte, byte];
            assert_eq!(lower(u64::from_le_bytes(text)).to_le_bytes(), text.map(|byte| byte.to_ascii_lowercase()));
        }
    }

    #[test]
    fn many_texts_are_kept_apart() {
        let name = |number: u32| format!("key{}x{number}", number % 7);
        let mut exact = Exact::default();
        assert_eq!(exact.find(b""), None);
        (0..2_000).for_each(|number| exact.add(&name(number), number));
        for number in 0..2_000 {
            assert_eq!(exact.find(name(number).as_bytes()), Some(number));
            assert_eq!(exact.find_lower(name(number).to_uppercase().as_bytes()), Some(number));
        }
        assert_eq!(exact.find(b"key0x2001"), None);
        assert_eq!(exact.find(b"KEY0x0"), None);
    }
}
