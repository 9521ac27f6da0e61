//! Reading a tar archive as a stream: ustar, the GNU and the pax extensions. Bounded whatever it says of itself.

use std::collections::HashMap;
use std::io::{self, Read};
use zeroize::Zeroizing;

/// A header and the unit of padding, in bytes.
const BLOCK: usize = 512;

/// The longest name and the longest set of extended fields that are read, in bytes.
const MAX_EXTENDED: u64 = 1 << 20;

/// What an entry of an archive is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TarKind {
    /// A regular file.
    File,
    /// Another name of a file before it.
    HardLink,
    /// A symbolic link.
    Link,
    /// A directory.
    Directory,
    /// A device, a pipe, or what nobody knows.
    Other,
}

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TarEntry {
    /// Its path as written.
    pub path: Vec<u8>,
    /// Where a link leads, as written.
    pub target: Vec<u8>,
    /// What it is.
    pub kind: TarKind,
    /// Bytes of content.
    pub size: u64,
    /// Seconds since 1970.
    pub modified: i64,
    /// Where its content begins in the archive.
    pub offset: u64,
}

/// An archive that is read from front to back.
pub struct Tar<R> {
    reader: R,
    position: u64,
    /// Content and padding of the entry before that were not read yet.
    pending: u64,
    content: u64,
}

#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
    size: Option<u64>,
    modified: Option<i64>,
}

fn fault(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<R: Read> Tar<R> {
    /// Reads the archive from `reader`.
    pub fn new(reader: R) -> Tar<R> {
        Tar { reader, position: 0, pending: 0, content: 0 }
    }

    /// Bytes of the archive that were read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The next entry; none at the end.
    ///
    /// # Errors
    /// If the archive breaks off or is none.
    pub fn next_entry(&mut self) -> io::Result<Option<TarEntry>> {
        let mut extended = Extended::default();
        // Extensions of extensions have no end.
        for _ in 0..16 {
            self.skip(self.pending)?;
            let mut header = [0_u8; BLOCK];
            if !self.fill(&mut header)? || header.iter().all(|byte| *byte == 0) {
                return Ok(None);
            }
            if !checksum_holds(&header) {
                return Err(fault("a header's checksum is wrong"));
            }
            let size = number(&header[124..136]).ok_or_else(|| fault("an entry's size is no number"))?;
            self.begin(size)?;
            match header[156] {
                b'x' => self.pax(size, &mut extended)?,
                b'g' => {}
                b'L' => extended.path = Some(trimmed(&self.extension(size)?).to_vec()),
                b'K' => extended.target = Some(trimmed(&self.extension(size)?).to_vec()),
                kind => {
                    // The size of an extended header overrules the one that did not fit.
                    let size = extended.size.unwrap_or(size);
                    self.begin(size)?;
                    return Ok(Some(TarEntry {
                        path: extended.path.take().unwrap_or_else(|| name(&header)),
                        target: extended.target.take().unwrap_or_else(|| trimmed(&header[157..257]).to_vec()),
                        kind: kind_of(kind),
                        size,
                        modified: extended
                            .modified
                            .or_else(|| number(&header[136..148]).map(u64::cast_signed))
                            .unwrap_or(0),
                        offset: self.position,
                    }));
                }
            }
        }
        Err(fault("too many extended headers in a row"))
    }

    /// At most `limit` bytes of the entry's content.
    pub fn head(&mut self, limit: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        let wanted = self.content.min(limit);
        let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(wanted.min(1 << 20)).unwrap_or(0)));
        let read = (&mut self.reader).take(wanted).read_to_end(&mut bytes)? as u64;
        self.position += read;
        self.pending -= read;
        self.content -= read;
        if read < wanted { Err(fault("the archive breaks off")) } else { Ok(bytes) }
    }

    fn begin(&mut self, size: u64) -> io::Result<()> {
        self.content = size;
        self.pending =
            size.checked_next_multiple_of(BLOCK as u64).ok_or_else(|| fault("an entry's size is too large"))?;
        Ok(())
    }

    fn extension(&mut self, size: u64) -> io::Result<Zeroizing<Vec<u8>>> {
        if size > MAX_EXTENDED {
            return Err(fault("an extended header is too long"));
        }
        self.head(size)
    }

    fn pax(&mut self, size: u64, extended: &mut Extended) -> io::Result<()> {
        let bytes = self.extension(size)?;
        let fields = pax_fields(&bytes);
        let text = |key: &str| fields.get(key.as_bytes()).and_then(|value| std::str::from_utf8(value).ok());
        if let Some(path) = fields.get(b"path".as_slice()) {
            extended.path = Some(path.to_vec());
        }
        if let Some(target) = fields.get(b"linkpath".as_slice()) {
            extended.target = Some(target.to_vec());
        }
        extended.size = text("size").and_then(|size| size.parse().ok()).or(extended.size);
        let seconds = text("mtime").and_then(|time| time.split('.').next()?.parse().ok());
        extended.modified = seconds.or(extended.modified);
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink())?;
        self.position += skipped;
        self.pending = 0;
        if skipped < bytes { Err(fault("the archive breaks off")) } else { Ok(()) }
    }

    /// A whole block; false at the end of the archive.
    fn fill(&mut self, block: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.reader.read(rest) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(fault("the archive breaks off")),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.position += BLOCK as u64;
        Ok(true)
    }
}

impl<R: Read> Read for Tar<R> {
    /// What is left of the entry's content.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.content).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..room).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let read = self.reader.read(buffer)?;
        self.position += read as u64;
        self.pending -= read as u64;
        self.content -= read as u64;
        if read == 0 { Err(fault("the archive breaks off")) } else { Ok(read) }
    }
}

fn kind_of(flag: u8) -> TarKind {
    match flag {
        b'0' | 0 | b'7' => TarKind::File,
        b'1' => TarKind::HardLink,
        b'2' => TarKind::Link,
        b'5' => TarKind::Directory,
        _ => TarKind::Other,
    }
}

fn checksum_holds(header: &[u8; BLOCK]) -> bool {
    let sum: u64 =
        header.iter().enumerate().map(|(at, byte)| if (148..156).contains(&at) { 32 } else { u64::from(*byte) }).sum();
    number(&header[148..156]) == Some(sum)
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}

fn name(header: &[u8; BLOCK]) -> Vec<u8> {
    let name = trimmed(&header[..100]);
    let prefix = trimmed(&header[345..500]);
    match header[257..262] == *b"ustar" && header[262] == 0 && !prefix.is_empty() {
        true => [prefix, b"/", name].concat(),
        false => name.to_vec(),
    }
}

/// Octal digits, or a big-endian number where the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field.first().is_some_and(|byte| byte & 0x80 != 0) {
        let (high, low) = field.split_at_checked(field.len().checked_sub(8)?)?;
        let fits = high.iter().enumerate().all(|(at, byte)| *byte == if at == 0 { 0x80 } else { 0 });
        return fits.then(|| low.try_into().ok().map(u64::from_be_bytes))?;
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

/// `length key=value\n`, again and again.
fn pax_fields(mut bytes: &[u8]) -> HashMap<&[u8], &[u8]> {
    let mut fields = HashMap::new();
    while let Some(blank) = bytes.iter().position(|byte| *byte == b' ') {
        let length = bytes.get(..blank).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
        let record = length.and_then(|length| bytes.get(blank + 1..length.checked_sub(1)?));
        let Some((length, record)) = length.zip(record) else { break };
        if let Some(equals) = record.iter().position(|byte| *byte == b'=') {
            fields.insert(record.get(..equals).unwrap_or_default(), record.get(equals + 1..).unwrap_or_default());
        }
        bytes = bytes.get(length..).unwrap_or_default();
    }
    fields
}
