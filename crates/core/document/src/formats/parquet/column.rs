//! One column of a group of rows, page by page: never more than one page and the dictionary of it is held.

use super::footer::{Chunk, Leaf};
use super::packed;
use super::runs::Runs;
use super::thrift::Thrift;
use super::values::{Dictionary, Values};
use crate::Fault;
use crate::bytes::stretch;
use crate::door::{At, Door};
use crate::packing::unpacking;
use std::io::Read;

/// The largest page, unpacked, in bytes.
const MAX_PAGE: usize = 32 << 20;

/// Why the rest of a column is not read.
pub(super) type Stop = (Fault, String);

/// How far a column was read.
pub(super) struct Column<'w> {
    pub(super) leaf: &'w Leaf,
    codec: i64,
    rest: &'w [u8],
    /// Values that its pages have yet to give, as the end of the file says.
    left: u64,
    dictionary: Dictionary,
    page: Vec<u8>,
    levels: [Option<Runs>; 2],
    values: Option<Values>,
    in_page: u64,
    /// The levels of the next value: how deep its list goes on, and whether it is there.
    next: Option<[u32; 2]>,
    over: bool,
}

/// What stands before a page.
#[derive(Default)]
struct Head {
    kind: i64,
    unpacked: usize,
    packed: usize,
    values: u64,
    encoding: i64,
    /// How levels are written in older pages: the numbers of the encoding.
    levels: [i64; 2],
    /// Newer pages: bytes of levels (repetition, definition), and whether the values are packed.
    bytes: [usize; 2],
    open: bool,
}

const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const NEWER: i64 = 3;

impl<'w> Column<'w> {
    pub(super) fn new(whole: &'w [u8], leaf: &'w Leaf, chunk: &Chunk) -> Column<'w> {
        Column {
            leaf,
            codec: chunk.codec,
            rest: stretch(whole, chunk.start, chunk.length),
            left: chunk.values,
            dictionary: Dictionary::default(),
            page: Vec::new(),
            levels: [None, None],
            values: None,
            in_page: 0,
            next: None,
            over: false,
        }
    }

    /// How many bytes it holds.
    pub(super) fn held(&self) -> usize {
        self.page.len() + self.dictionary.size()
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// Writes its value of the next row; values of a list with a comma between them. Says why where the column ends early.
    pub(super) fn write(&mut self, door: &mut Door<'_>, at: &At, room: usize, out: &mut Vec<u8>) -> Result<(), Stop> {
        let mut first = true;
        while !self.over {
            let [repeated, defined] = match self.next.take() {
                Some(levels) => levels,
                None => match self.levels(door, at, room) {
                    Ok(Some(levels)) => levels,
                    Ok(None) => break,
                    Err(stop) => return Err(self.stopped(stop)),
                },
            };
            if !first && repeated == 0 {
                self.next = Some([repeated, defined]);
                break;
            }
            if !first {
                out.push(b',');
            }
            // A list without an end is no longer than what may be held.
            if out.len() > MAX_PAGE {
                return Err(self.stopped((Fault::Bound, format!("a list in it is longer than {MAX_PAGE} bytes"))));
            }
            first = false;
            if defined == self.leaf.defined {
                let values = self.values.as_mut();
                let written = values.and_then(|values| values.write(self.leaf, &self.page, &self.dictionary, out));
                if written.is_none() {
                    return Err(self.stopped((Fault::Broken, "a value of it cannot be read".to_owned())));
                }
            }
        }
        // Whether another row follows is known only where its levels are.
        if !self.over && self.next.is_none() {
            match self.levels(door, at, room) {
                Ok(next) => self.next = next,
                Err(stop) => return Err(self.stopped(stop)),
            }
        }
        Ok(())
    }

    fn stopped(&mut self, stop: Stop) -> Stop {
        self.close();
        stop
    }

    /// Lets go of what it holds.
    fn close(&mut self) {
        self.over = true;
        self.page = Vec::new();
        self.dictionary = Dictionary::default();
    }

    /// The levels of the next value; nothing at the end.
    fn levels(&mut self, door: &mut Door<'_>, at: &At, room: usize) -> Result<Option<[u32; 2]>, Stop> {
        while self.in_page == 0 {
            if self.left == 0 {
                self.close();
                return Ok(None);
            }
            if self.rest.is_empty() {
                return Err((Fault::Broken, "it has fewer values than the end of the file says".to_owned()));
            }
            self.turn(door, at, room)?;
        }
        self.in_page -= 1;
        let broken = || (Fault::Broken, "its levels break off".to_owned());
        let mut levels = [0, self.leaf.defined];
        if self.leaf.repeated == 0 {
            levels = [0, 0];
        }
        let present = [self.leaf.repeated > 0, self.leaf.defined > 0];
        for ((level, runs), present) in levels.iter_mut().zip(&mut self.levels).zip(present) {
            if present {
                *level = runs.as_mut().and_then(|runs| runs.next(&self.page)).ok_or_else(broken)?;
            }
        }
        Ok(Some(levels))
    }

    /// Turns to the next page.
    fn turn(&mut self, door: &mut Door<'_>, at: &At, room: usize) -> Result<(), Stop> {
        let broken = |what: &str| (Fault::Broken, what.to_owned());
        let mut thrift = Thrift::new(self.rest);
        let head = head(&mut thrift).ok_or_else(|| broken("what stands before a page cannot be read"))?;
        let (packed, rest) =
            thrift.rest().split_at_checked(head.packed).ok_or_else(|| broken("a page of it breaks off"))?;
        self.rest = rest;
        if head.unpacked > MAX_PAGE || head.unpacked > room {
            let what = format!("a page of it is larger than the {} bytes that may be held", MAX_PAGE.min(room));
            return Err((Fault::Bound, what));
        }
        match head.kind {
            DICTIONARY => {
                let page = self.unpacked(door, at, packed, head.unpacked)?;
                self.dictionary = Dictionary::read(self.leaf, page, usize::try_from(head.values).unwrap_or(0));
                Ok(())
            }
            DATA => {
                self.page = self.unpacked(door, at, packed, head.unpacked)?;
                self.older(&head).ok_or_else(|| broken("a page of it is written in a way that is not read"))
            }
            NEWER => {
                let levels = head.bytes.iter().try_fold(0_usize, |sum, bytes| sum.checked_add(*bytes));
                let parts = levels.and_then(|levels| Some((packed.split_at_checked(levels)?, levels)));
                let ((before, values), length) = parts.ok_or_else(|| broken("the levels of a page break off"))?;
                let values = match head.open {
                    true => values.to_vec(),
                    false => self.unpacked(door, at, values, head.unpacked.saturating_sub(length))?,
                };
                self.page = [before, &values].concat();
                self.newer(&head).ok_or_else(|| broken("a page of it is written in a way that is not read"))
            }
            // Indexes and what later versions may add.
            _ => Ok(()),
        }
    }

    /// A page whose levels have their length before them.
    fn older(&mut self, head: &Head) -> Option<()> {
        let mut at = 0;
        for (place, (most, encoding)) in
            [self.leaf.repeated, self.leaf.defined].into_iter().zip(head.levels).enumerate()
        {
            if most == 0 {
                continue;
            }
            // 3: runs. What the first versions wrote instead is not read.
            let length = u32::from_le_bytes(self.page.get(at..at + 4)?.try_into().ok()?) as usize;
            let end = at.checked_add(4)?.checked_add(length).filter(|end| encoding == 3 && *end <= self.page.len())?;
            *self.levels.get_mut(place)? = Some(Runs::new(at + 4, end, u32::BITS - most.leading_zeros())?);
            at = end;
        }
        self.begin(head, at)
    }

    /// A page whose head says how long its levels are.
    fn newer(&mut self, head: &Head) -> Option<()> {
        let mut at = 0;
        let most = [self.leaf.repeated, self.leaf.defined];
        for ((slot, most), length) in self.levels.iter_mut().zip(most).zip(head.bytes) {
            *slot = Some(Runs::new(at, at + length, u32::BITS - most.leading_zeros())?);
            at += length;
        }
        self.begin(head, at)
    }

    fn begin(&mut self, head: &Head, at: usize) -> Option<()> {
        self.in_page = head.values.min(self.left);
        self.left -= self.in_page;
        // A page of nothing may have no values at all, not even their first byte.
        self.values = Values::new(self.leaf, head.encoding, &self.page, at);
        (self.values.is_some() || at == self.page.len()).then_some(())
    }

    /// A page unpacked; what comes out counts against the bound of the whole document.
    fn unpacked(&self, door: &mut Door<'_>, at: &At, packed: &[u8], size: usize) -> Result<Vec<u8>, Stop> {
        let broken = || (Fault::Broken, "a page of it does not unpack".to_owned());
        let block = match self.codec {
            0 => return Ok(stretch(packed, 0, size).to_vec()),
            1 => Some(packed::snappy(packed, size).ok_or_else(broken)?),
            7 => Some(packed::lz4(packed, size).ok_or_else(broken)?),
            2 | 6 => None,
            codec => {
                let name = ["LZO", "Brotli", "LZ4 in Hadoop's frames"].get(usize::try_from(codec - 3).unwrap_or(9));
                let name = name.copied().unwrap_or("a codec that is unknown");
                return Err((Fault::Unknown, format!("it is packed with {name}, which is not read")));
            }
        };
        let mut reader: Box<dyn Read + '_> = match &block {
            Some(block) => Box::new(block.as_slice()),
            None => unpacking(Box::new(packed)).map_err(|_| broken())?,
        };
        let mut page = Vec::new();
        door.within(at, &mut reader, |_, reader| {
            // An error is kept by the meter.
            let _ = reader.take(size as u64).read_to_end(&mut page);
        });
        if page.len() == size { Ok(page) } else { Err(broken()) }
    }
}

fn head(thrift: &mut Thrift<'_>) -> Option<Head> {
    let mut head = Head { open: false, ..Head::default() };
    thrift.fields(&mut |at, number, kind| {
        match number {
            1 => head.kind = at.int()?,
            2 => head.unpacked = at.size()?,
            3 => head.packed = at.size()?,
            5 => at.fields(&mut |at, number, kind| {
                match number {
                    1 => head.values = u64::try_from(at.int()?).ok()?,
                    2 => head.encoding = at.int()?,
                    3 => head.levels[1] = at.int()?,
                    4 => head.levels[0] = at.int()?,
                    _ => at.skip(kind)?,
                }
                Some(())
            })?,
            7 => at.fields(&mut |at, number, kind| {
                match number {
                    1 => head.values = u64::try_from(at.int()?).ok()?,
                    _ => at.skip(kind)?,
                }
                Some(())
            })?,
            8 => at.fields(&mut |at, number, kind| {
                match number {
                    1 => head.values = u64::try_from(at.int()?).ok()?,
                    4 => head.encoding = at.int()?,
                    5 => head.bytes[1] = at.size()?,
                    6 => head.bytes[0] = at.size()?,
                    // A truth is the type of its field.
                    7 => head.open = kind == 2,
                    _ => at.skip(kind)?,
                }
                Some(())
            })?,
            _ => at.skip(kind)?,
        }
        Some(())
    })?;
    Some(head)
}
