//! Compound files: streams in sectors, which tables chain. Each sector is read once, whatever leads to it.

use crate::bytes::{Bytes, stretch};

/// Signs of the tables: no sector follows.
const LAST: u32 = 0xffff_fffa;
/// Bytes of an entry of the directory.
const ENTRY: usize = 128;
/// Entries that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// One stream, by its name and the entry that it is.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) name: String,
    start: u32,
    length: usize,
}

/// A compound file.
pub(super) struct File<'w> {
    whole: &'w [u8],
    sector: usize,
    /// Where the tables of sectors stand.
    tables: Vec<u32>,
    small: Vec<u32>,
    small_limit: usize,
    /// The content of the small streams, one behind the other.
    container: Vec<u8>,
    seen: Vec<bool>,
    seen_small: Vec<bool>,
    /// Chains that break off or run in a circle.
    pub(super) broken: u64,
}

impl<'w> File<'w> {
    /// The file and its streams.
    pub(super) fn open(whole: &'w [u8]) -> Option<(File<'w>, Vec<Stream>)> {
        let mut head = Bytes::from(whole, 30);
        let shift = u32::from(head.le16()?);
        let sector = if matches!(shift, 9 | 12) { 1_usize << shift } else { return None };
        let number = |at: usize| Bytes::from(whole, at).le32();
        let count = whole.len() / sector + 1;
        let mut file = File {
            whole,
            sector,
            tables: Vec::new(),
            small: Vec::new(),
            small_limit: number(56)? as usize,
            container: Vec::new(),
            seen: vec![false; count],
            seen_small: Vec::new(),
            broken: 0,
        };
        file.find_tables(number(68)?);
        let directory = file.chain(number(48)?, usize::MAX);
        let small = file.chain(number(60)?, usize::MAX);
        file.small = small.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect();
        let mut streams = Vec::new();
        for entry in directory.chunks_exact(ENTRY).take(MAX_ENTRIES) {
            let Some((kind, stream)) = self::stream(entry, shift == 9) else { continue };
            match kind {
                2 => streams.push(stream),
                5 => file.container = file.chain(stream.start, stream.length),
                _ => {}
            }
        }
        file.seen_small = vec![false; file.container.len() / 64 + 1];
        Some((file, streams))
    }

    fn at(&self, number: u32) -> Option<&'w [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(self.sector)?;
        // The last sector may be cut.
        (start < self.whole.len()).then(|| stretch(self.whole, start, self.sector))
    }

    /// The tables of sectors: the first 109 stand in the head, the others in a chain of their own.
    fn find_tables(&mut self, mut next: u32) {
        let listed = |bytes: &[u8]| -> Vec<u32> {
            bytes.as_chunks::<4>().0.iter().map(|four| u32::from_le_bytes(*four)).collect()
        };
        self.tables = listed(stretch(self.whole, 76, 436));
        while next < LAST
            && let Some(sector) = self.once(next)
        {
            let mut numbers = listed(sector);
            next = numbers.pop().unwrap_or(u32::MAX);
            self.tables.extend(numbers);
        }
        self.tables.retain(|number| *number < LAST);
    }

    /// The sector `number`, the first time that it is asked for.
    fn once(&mut self, number: u32) -> Option<&'w [u8]> {
        match self.seen.get_mut(number as usize) {
            Some(seen) if !*seen => *seen = true,
            _ => {
                self.broken += 1;
                return None;
            }
        }
        let sector = self.at(number);
        self.broken += u64::from(sector.is_none());
        sector
    }

    fn after(&self, number: u32) -> u32 {
        let each = self.sector / 4;
        let table = self.tables.get(number as usize / each).and_then(|table| self.at(*table));
        let place = number as usize % each * 4;
        table.and_then(|table| Bytes::from(table, place).le32()).unwrap_or(u32::MAX)
    }

    /// What the chain from `start` on holds, at most `length` bytes of it.
    fn chain(&mut self, start: u32, length: usize) -> Vec<u8> {
        let (mut bytes, mut next) = (Vec::new(), start);
        while next < LAST && bytes.len() < length {
            let Some(sector) = self.once(next) else { break };
            bytes.extend_from_slice(sector);
            next = self.after(next);
        }
        bytes.truncate(length);
        bytes
    }

    /// What a stream holds.
    pub(super) fn read(&mut self, stream: &Stream) -> Vec<u8> {
        if stream.length >= self.small_limit {
            return self.chain(stream.start, stream.length);
        }
        let (mut bytes, mut next) = (Vec::new(), stream.start);
        while next < LAST && bytes.len() < stream.length {
            match self.seen_small.get_mut(next as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => {
                    self.broken += 1;
                    break;
                }
            }
            bytes.extend_from_slice(stretch(&self.container, (next as usize).saturating_mul(64), 64));
            next = self.small.get(next as usize).copied().unwrap_or(u32::MAX);
        }
        bytes.truncate(stream.length);
        bytes
    }
}

/// An entry of the directory: what kind it is of, and where its content stands.
fn stream(entry: &[u8], narrow: bool) -> Option<(u8, Stream)> {
    let length = usize::from(Bytes::from(entry, 64).le16()?).checked_sub(2).filter(|length| *length <= 62)?;
    let name = crate::bytes::utf16(stretch(entry, 0, length), false);
    let size = Bytes::from(entry, 120).le64()?;
    // Files of small sectors keep the upper half unset.
    let size = if narrow { size & u64::from(u32::MAX) } else { size };
    let start = Bytes::from(entry, 116).le32()?;
    Some((*entry.get(66)?, Stream { name, start, length: usize::try_from(size).ok()? }))
}
