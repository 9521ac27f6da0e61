//! Where things are in the file, and how names find their place. `docs/advisories.md` has the picture.
//!
//! All numbers of fixed width are little endian; others are LEB128.

/// The first eight bytes.
pub(super) const MAGIC: [u8; 8] = *b"FBADVIDX";
/// The format that is written and read.
pub(super) const VERSION: u32 = 2;
/// How many sections there are.
pub(super) const SECTIONS: usize = 9;
/// Magic, version, reserve, digest, seed, and from and length of each section.
pub(super) const HEADER: usize = 8 + 4 + 4 + 32 + 8 + SECTIONS * 16;
/// Bytes of one entry: a tag and a place.
pub(super) const ENTRY: usize = 8;

/// The sections, in their order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Section {
    /// Texts that are used more than once, each with its length before it.
    Symbols,
    /// Where each begins.
    SymbolPlaces,
    /// The records, in order of ids.
    Records,
    /// Where each begins.
    RecordPlaces,
    /// The advisories of more than one record.
    Groups,
    /// Where each begins.
    GroupPlaces,
    /// Where the entries of each bucket begin, and where the last one ends.
    Buckets,
    /// Tag and place of each name, by bucket.
    Entries,
    /// The names, each with what records say of it.
    Names,
}

/// A number for an ecosystem's family and a name. Not for secrets: whoever chooses names may make some of them meet,
/// which costs a comparison each and nothing else.
pub(super) fn hash(seed: u64, family: &str, name: &str) -> u64 {
    let mut state = seed ^ (name.len() as u64) << 32 ^ family.len() as u64;
    for part in [family.as_bytes(), name.as_bytes()] {
        let mut words = part.chunks_exact(8);
        for word in &mut words {
            let word = word.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            state = mixed(state ^ word);
        }
        let rest = words.remainder().iter().rev().fold(1_u64, |word, byte| word << 8 | u64::from(*byte));
        state = mixed(state ^ rest);
    }
    mixed(state)
}

/// Both halves of a product, folded.
fn mixed(word: u64) -> u64 {
    let product = u128::from(word ^ 0x9e37_79b9_7f4a_7c15) * u128::from(0xd6e8_feb8_6659_fd93_u64);
    (product as u64) ^ (product >> 64) as u64
}

/// The bucket of a hash among `count`, and its tag there.
pub(super) fn bucket(hash: u64, count: usize) -> (usize, u32) {
    let bucket = (u128::from(hash) * count as u128) >> 64;
    (bucket as usize, hash as u32)
}
