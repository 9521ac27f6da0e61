//! Numbers and texts in bytes that nobody vouches for: every read is checked, none panics.

/// Where a segment is written to, piece by piece.
pub trait Sink {
    /// Takes the next bytes.
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Writes `value` in seven-bit groups, the lowest first.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a number written by [`put_varint`] and moves `bytes` behind it.
pub(crate) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// The same, where the number has at most 32 bits.
pub(crate) fn varint32(bytes: &mut &[u8]) -> Option<u32> {
    varint(bytes).and_then(|value| u32::try_from(value).ok())
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|chunk| u32::from_le_bytes(*chunk))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Rows of `N` numbers of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<'a, const N: usize>(&'a [u8]);

impl<'a, const N: usize> Table<'a, N> {
    /// `None` unless `bytes` are whole rows.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Table<'a, N>> {
        bytes.len().is_multiple_of(4 * N).then_some(Table(bytes))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len() / (4 * N)
    }

    pub(crate) fn row(&self, at: usize) -> Option<[u32; N]> {
        let bytes = self.0.get(at.checked_mul(4 * N)?..)?;
        let mut row = [0; N];
        for (number, chunk) in row.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *number = u32::from_le_bytes(*chunk);
        }
        (bytes.len() >= 4 * N).then_some(row)
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = [u32; N]> + 'a {
        let table = *self;
        (0..self.len()).filter_map(move |at| table.row(at))
    }
}

/// Offsets of 64 bits, one more than there are things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directory<'a>(&'a [u8]);

impl<'a> Directory<'a> {
    /// `None` unless there is one offset more than `count`.
    pub(crate) fn new(bytes: &'a [u8], count: usize) -> Option<Directory<'a>> {
        (bytes.len() == count.checked_add(1)?.checked_mul(8)?).then_some(Directory(bytes))
    }

    /// The part of `data` that belongs to number `at`.
    pub(crate) fn part(&self, data: &'a [u8], at: usize) -> Option<&'a [u8]> {
        let from = usize::try_from(u64_at(self.0, at.checked_mul(8)?)?).ok()?;
        let to = usize::try_from(u64_at(self.0, at.checked_add(1)?.checked_mul(8)?)?).ok()?;
        data.get(from..to)
    }
}

/// Sorted texts: how many, where each ends, and the texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strings<'a> {
    ends: &'a [u8],
    text: &'a [u8],
}

impl<'a> Strings<'a> {
    /// `None` where the bytes cannot hold what they announce.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Strings<'a>> {
        let count = usize::try_from(u32_at(bytes, 0)?).ok()?;
        let (ends, text) = bytes.get(4..)?.split_at_checked(count.checked_mul(4)?)?;
        Some(Strings { ends, text })
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len() / 4
    }

    fn bytes(&self, at: usize) -> Option<&'a [u8]> {
        let from = if at == 0 { 0 } else { u32_at(self.ends, (at - 1) * 4)? };
        let to = u32_at(self.ends, at.checked_mul(4)?)?;
        self.text.get(usize::try_from(from).ok()?..usize::try_from(to).ok()?)
    }

    pub(crate) fn get(&self, at: u32) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(usize::try_from(at).ok()?)?).ok()
    }

    /// The number of the first text that is not below `wanted`.
    pub(crate) fn lower_bound(&self, wanted: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.bytes(middle) {
                Some(text) if text < wanted => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// The numbers of the texts that begin with `prefix`.
    pub(crate) fn with_prefix(&self, prefix: &str) -> impl Iterator<Item = (u32, &'a str)> + use<'a> {
        let (strings, prefix) = (*self, prefix.as_bytes().to_vec());
        (self.lower_bound(&prefix)..self.len())
            .map_while(move |at| strings.bytes(at).filter(|text| text.starts_with(&prefix)).map(|text| (at, text)))
            .filter_map(|(at, text)| Some((u32::try_from(at).ok()?, std::str::from_utf8(text).ok()?)))
    }

    /// All texts in order; `None` in place of one that is damaged.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&'a str>> + use<'a> {
        let strings = *self;
        (0..self.len()).map(move |at| strings.bytes(at).and_then(|text| std::str::from_utf8(text).ok()))
    }
}
