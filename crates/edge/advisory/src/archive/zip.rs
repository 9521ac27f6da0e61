//! Zip archives, those with more than 65,535 files included: the table at the end, then each document in the order in
//! which they lie.

use super::{Bounded, Each, Member, broken};
use crate::gather::Limits;
use firebreak_world::Disk;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// How far from the end the end record may be: its own 22 bytes and the longest comment.
const TAIL: u64 = 22 + 65_535;

struct Entry {
    name: String,
    method: u16,
    encrypted: bool,
    packed: u64,
    offset: u64,
}

/// Gives each file of the archive whose name is `wanted` to `each`.
///
/// # Errors
/// If the archive cannot be read or gives more than `limits`, and what `each` gives.
pub fn zip(
    disk: &dyn Disk,
    path: &Path,
    limits: Limits,
    wanted: &dyn Fn(&str) -> bool,
    each: &mut Each<'_>,
) -> io::Result<()> {
    let size = disk.meta(path)?.size;
    let table = table(disk, path, size)?;
    let mut entries = entries(disk, path, &table, limits, wanted)?;
    entries.sort_by_key(|entry| entry.offset);
    // What all members together may give: entries may lie over one another.
    let mut left = limits.archive;
    let mut from = Walking::open(disk, path)?;
    for entry in entries {
        let Entry { name, method, encrypted, packed, offset } = entry;
        if encrypted {
            each(Member::Problem(name, "is encrypted".to_owned()))?;
            continue;
        }
        from.go(offset)?;
        let mut header = [0_u8; 30];
        from.read_exact(&mut header)?;
        if header[..4] != *b"PK\x03\x04" {
            each(Member::Problem(name, "is not where the table says".to_owned()))?;
            continue;
        }
        from.go(offset + 30 + u64::from(u16_at(&header, 26)) + u64::from(u16_at(&header, 28)))?;
        let body = (&mut from).take(packed);
        let spent = match method {
            0 => give(name, body, left, each)?,
            8 => give(name, flate2::read::DeflateDecoder::new(body), left, each)?,
            other => {
                each(Member::Problem(name, format!("is packed by method {other}, which is not read")))?;
                0
            }
        };
        left = left.saturating_sub(spent);
    }
    Ok(())
}

/// Hands one member on, and says how many bytes it gave.
fn give(name: String, from: impl Read, left: u64, each: &mut Each<'_>) -> io::Result<u64> {
    let mut from = Bounded::new(from, left);
    let shown = name.clone();
    match each(Member::File(name, &mut from)) {
        Ok(()) => {}
        // One member that cannot be unpacked is not the end of the others, unless the archive gave too much.
        Err(error) if from.left() > 0 && error.kind() != io::ErrorKind::Other => {
            each(Member::Problem(shown, format!("cannot be unpacked: {error}")))?;
        }
        Err(error) => return Err(error),
    }
    Ok(left - from.left())
}

/// Where the table of members is.
struct Table {
    entries: u64,
    size: u64,
    offset: u64,
}

fn table(disk: &dyn Disk, path: &Path, size: u64) -> io::Result<Table> {
    let start = size.saturating_sub(TAIL + 20);
    let mut tail = Vec::new();
    disk.open(path, start)?.take(TAIL + 20).read_to_end(&mut tail)?;
    let end = tail
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .ok_or_else(|| broken("a zip archive without an end"))?;
    let record = tail.get(end..end + 22).ok_or_else(|| broken("a zip archive without a whole end"))?;
    let table = Table {
        entries: u64::from(u16_at(record, 10)),
        size: u64::from(u32_at(record, 12)),
        offset: u64::from(u32_at(record, 16)),
    };
    let large = table.entries == 0xffff || table.size == 0xffff_ffff || table.offset == 0xffff_ffff;
    let locator = end.checked_sub(20).and_then(|at| tail.get(at..end)).filter(|bytes| bytes.starts_with(b"PK\x06\x07"));
    match (large, locator) {
        (true, Some(locator)) => {
            let mut record = [0_u8; 56];
            disk.open(path, u64_at(locator, 8))?.read_exact(&mut record)?;
            if record[..4] != *b"PK\x06\x06" {
                return Err(broken("a zip archive without a whole end"));
            }
            Ok(Table { entries: u64_at(&record, 32), size: u64_at(&record, 40), offset: u64_at(&record, 48) })
        }
        _ => Ok(table),
    }
}

fn entries(
    disk: &dyn Disk,
    path: &Path,
    table: &Table,
    limits: Limits,
    wanted: &dyn Fn(&str) -> bool,
) -> io::Result<Vec<Entry>> {
    if table.entries > limits.members {
        return Err(broken("more files than are read"));
    }
    let mut from = BufReader::new(disk.open(path, table.offset)?.take(table.size));
    let mut entries = Vec::new();
    for _ in 0..table.entries {
        let mut header = [0_u8; 46];
        from.read_exact(&mut header)?;
        if header[..4] != *b"PK\x01\x02" {
            return Err(broken("a table of members that is not whole"));
        }
        let lengths = [28, 30, 32].map(|at| usize::from(u16_at(&header, at)));
        let mut rest = vec![0; lengths.iter().sum()];
        from.read_exact(&mut rest)?;
        let (name, extra) = (&rest[..lengths[0]], &rest[lengths[0]..lengths[0] + lengths[1]]);
        let name = String::from_utf8_lossy(name).into_owned();
        if name.ends_with('/') || !wanted(&name) {
            continue;
        }
        let (packed, offset) = sizes(&header, extra);
        let encrypted = u16_at(&header, 8) & 1 != 0;
        entries.push(Entry { name, method: u16_at(&header, 10), encrypted, packed, offset });
    }
    Ok(entries)
}

/// Packed size and offset; what does not fit 32 bits stands in an extra field, in the order of the fields that do not.
fn sizes(header: &[u8], extra: &[u8]) -> (u64, u64) {
    let (mut packed, unpacked, mut offset) =
        (u64::from(u32_at(header, 20)), u64::from(u32_at(header, 24)), u64::from(u32_at(header, 42)));
    let mut rest = extra;
    while let (Some(head), true) = (rest.get(..4), rest.len() >= 4) {
        let (id, length) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        let body = rest.get(4..4 + length).unwrap_or_default();
        if id == 1 {
            let mut words = body.chunks_exact(8).map(|word| u64_at(word, 0));
            if unpacked == 0xffff_ffff {
                words.next();
            }
            if packed == 0xffff_ffff {
                packed = words.next().unwrap_or(packed);
            }
            if offset == 0xffff_ffff {
                offset = words.next().unwrap_or(offset);
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    (packed, offset)
}

/// A file that is read from its beginning to its end, with steps over what nobody asks for.
struct Walking<'d> {
    disk: &'d dyn Disk,
    path: &'d Path,
    from: BufReader<Box<dyn Read + Send>>,
    at: u64,
}

impl<'d> Walking<'d> {
    fn open(disk: &'d dyn Disk, path: &'d Path) -> io::Result<Walking<'d>> {
        Ok(Walking { disk, path, from: reader(disk, path, 0)?, at: 0 })
    }

    /// Goes to `offset`: forward by reading where that is near, anywhere else by opening anew.
    fn go(&mut self, offset: u64) -> io::Result<()> {
        const NEAR: u64 = 1 << 16;
        match offset.checked_sub(self.at) {
            Some(0) => {}
            Some(ahead) if ahead <= NEAR => {
                io::copy(&mut (&mut *self).take(ahead), &mut io::sink())?;
            }
            _ => {
                self.from = reader(self.disk, self.path, offset)?;
                self.at = offset;
            }
        }
        Ok(())
    }
}

fn reader(disk: &dyn Disk, path: &Path, offset: u64) -> io::Result<BufReader<Box<dyn Read + Send>>> {
    Ok(BufReader::with_capacity(1 << 18, disk.open(path, offset)?))
}

impl Read for Walking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.from.read(buffer)?;
        self.at += read as u64;
        Ok(read)
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|word| word.try_into().ok()).map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_le_bytes)
}
