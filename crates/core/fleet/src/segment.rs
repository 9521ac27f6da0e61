//! A segment: statements as sorted columns in bytes that never change, read where they lie.
//!
//! ```text
//! magic | sections … | table of the sections (start, length each) | learnt from, learnt to | count of rows | magic
//! ```
//!
//! All numbers are little-endian. Dictionaries are sorted texts, so that the number of a text orders as the text does. A
//! **document** is one piece of evidence about one environment: environment, how its places are spelled, when it saw what it
//! saw, how sure it is. A **row** says that a thing was there: document, from, to, and the number in its place. Rows lie by
//! thing, in blocks of 128 that each begin with what lets a reader skip them; beside them each environment lists its things.
//!
//! The bytes may be anyone's: whatever they say, reading them ends in an answer or in [`Damaged`].

use crate::block::{Column, ROWS, unpack};
use crate::bytes::{Directory, Strings, Table, u64_at, varint32};
use crate::when::{ALWAYS, NEVER};
use firebreak_model::{Interval, Time};

/// How a segment begins and ends: the name of its format.
pub(crate) const MAGIC: [u8; 8] = *b"FBFLEET1";

/// What a segment consists of, in the order of its table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Section {
    Scopes,
    Environments,
    Places,
    Things,
    Documents,
    Runs,
    Complete,
    Rows,
    RowsOf,
    Had,
    HadBy,
}

/// All sections.
pub(crate) const SECTIONS: usize = 11;

/// Bytes behind the last section: the table, three numbers and the magic.
pub(crate) const TRAILER_BYTES: usize = SECTIONS * 16 + 24 + 8;

/// What is wrong with a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damaged(pub &'static str);

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the segment is damaged: {}\nhint: remove it and read the inventories again", self.0)
    }
}

impl std::error::Error for Damaged {}

/// A row: a thing was where `document` says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Row {
    pub document: u32,
    pub from: u32,
    /// [`NEVER`] where it was still there when it was last seen.
    pub to: u32,
    /// One more than the number in the place; 0 where it has none.
    pub place: u32,
}

/// A document's columns.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Document {
    pub environment: u32,
    /// When it saw what it saw; [`ALWAYS`] where each row says that itself, by its beginning.
    pub taken: u32,
    pub place: u32,
    /// 1 where it only holds if a lock was followed.
    pub locked: u32,
}

impl Document {
    pub(crate) fn of(row: [u32; 4]) -> Document {
        let [environment, taken, place, locked] = row;
        Document { environment, taken, place, locked }
    }

    pub(crate) fn row(&self) -> [u32; 4] {
        [self.environment, self.taken, self.place, self.locked]
    }

    /// When `row` of this document was last seen to be so.
    pub(crate) fn seen(&self, row: &Row) -> u32 {
        match (row.to, self.taken) {
            (NEVER, ALWAYS) => row.from,
            (NEVER, taken) => taken.max(row.from),
            (to, _) => to,
        }
    }
}

/// A segment's bytes, looked at. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    pub(crate) scopes: Strings<'a>,
    pub(crate) environments: Strings<'a>,
    pub(crate) places: Strings<'a>,
    pub(crate) things: Strings<'a>,
    pub(crate) documents: Table<'a, 4>,
    /// Environment, from, to.
    pub(crate) runs: Table<'a, 3>,
    /// Environment, scope and whether it lists, from, to.
    pub(crate) complete: Table<'a, 4>,
    rows: &'a [u8],
    rows_of: Directory<'a>,
    had: &'a [u8],
    had_by: Directory<'a>,
    learnt: Interval,
    count: u64,
}

impl<'a> Segment<'a> {
    /// Looks at `bytes`. Reads the ends alone: this takes the same time however large the segment is.
    ///
    /// # Errors
    /// If they are no segment, or their parts cannot be where they are said to be.
    pub fn open(bytes: &'a [u8]) -> Result<Segment<'a>, Damaged> {
        let at = bytes.len().checked_sub(TRAILER_BYTES).ok_or(Damaged("it is too short"))?;
        let (body, trailer) = bytes.split_at_checked(at).ok_or(Damaged("it is too short"))?;
        if !body.starts_with(&MAGIC) || !trailer.ends_with(&MAGIC) {
            return Err(Damaged("it is none, or of another version"));
        }
        let number = |at: usize| u64_at(trailer, at * 8).ok_or(Damaged("its end is cut off"));
        let section = |section: Section| {
            let at = section as usize * 2;
            let range = || {
                let from = usize::try_from(number(at).ok()?).ok()?;
                body.get(from..from.checked_add(usize::try_from(number(at + 1).ok()?).ok()?)?)
            };
            range().ok_or(Damaged("a part lies outside of it"))
        };
        let strings = |name| Strings::new(section(name)?).ok_or(Damaged("a dictionary is too short"));
        let (environments, things) = (strings(Section::Environments)?, strings(Section::Things)?);
        let directory =
            |name, count| Directory::new(section(name)?, count).ok_or(Damaged("a directory has other bounds"));
        let whole = Damaged("a table does not end with a row");
        let time = |at| Ok(Time(number(at)?.cast_signed()));
        Ok(Segment {
            scopes: strings(Section::Scopes)?,
            environments,
            places: strings(Section::Places)?,
            things,
            documents: Table::new(section(Section::Documents)?).ok_or(whole)?,
            runs: Table::new(section(Section::Runs)?).ok_or(whole)?,
            complete: Table::new(section(Section::Complete)?).ok_or(whole)?,
            rows: section(Section::Rows)?,
            rows_of: directory(Section::RowsOf, things.len())?,
            had: section(Section::Had)?,
            had_by: directory(Section::HadBy, environments.len())?,
            learnt: Interval { from: time(SECTIONS * 2)?, to: time(SECTIONS * 2 + 1)? },
            count: number(SECTIONS * 2 + 2)?,
        })
    }

    /// From when to when what it says was learnt, both included.
    pub fn learnt(&self) -> Interval {
        self.learnt
    }

    /// How many rows it says that it has.
    pub fn rows(&self) -> u64 {
        self.count
    }

    /// How many environments it speaks of.
    pub fn environments(&self) -> usize {
        self.environments.len()
    }

    /// How many different things it speaks of.
    pub fn things(&self) -> usize {
        self.things.len()
    }

    pub(crate) fn document(&self, at: u32) -> Result<Document, Damaged> {
        let row = usize::try_from(at).ok().and_then(|at| self.documents.row(at));
        row.map(Document::of).ok_or(Damaged("a row names a document that is not there"))
    }

    /// Reads the rows of a thing, in order, from the blocks that may have rows of `documents`. Whatever lies before and after
    /// those is skipped unread.
    pub(crate) fn rows_of(
        &self,
        thing: u32,
        documents: std::ops::Range<u32>,
        mut each: impl FnMut(Row) -> Result<(), Damaged>,
    ) -> Result<(), Damaged> {
        const SHORT: Damaged = Damaged("the rows of a thing end too soon");
        let place = usize::try_from(thing).map_err(|_| SHORT)?;
        let mut bytes = self.rows_of.part(self.rows, place).ok_or(SHORT)?;
        let mut columns: [Column; 4] = [[0; ROWS]; 4];
        while !bytes.is_empty() {
            let head = BlockHead::read(&mut bytes).ok_or(SHORT)?;
            let (mut block, rest) = bytes.split_at_checked(head.bytes).ok_or(SHORT)?;
            bytes = rest;
            if head.first >= documents.end {
                return Ok(());
            }
            if head.last < documents.start {
                continue;
            }
            for (column, width) in columns.iter_mut().zip(head.widths) {
                unpack(&mut block, head.count, width, column).ok_or(SHORT)?;
            }
            let [deltas, begins, lengths, places] = &columns;
            let mut document = head.first;
            let values = deltas.iter().zip(begins).zip(lengths).zip(places);
            for (((delta, begin), length), number) in values.take(head.count) {
                document = document.wrapping_add(*delta);
                let from = head.from.wrapping_add(*begin);
                let to = match length {
                    0 => NEVER,
                    length => from.saturating_add(length - 1),
                };
                each(Row { document, from, to, place: *number })?;
            }
        }
        Ok(())
    }

    /// The things that an environment had at any time, ascending.
    pub(crate) fn had_by(&self, environment: u32) -> Result<Vec<u32>, Damaged> {
        const SHORT: Damaged = Damaged("the things of an environment end too soon");
        let place = usize::try_from(environment).map_err(|_| SHORT)?;
        let mut bytes = self.had_by.part(self.had, place).ok_or(SHORT)?;
        let (mut things, mut column, mut thing) = (Vec::new(), [0; ROWS], 0u32);
        while let Some((width, rest)) = bytes.split_first() {
            let (count, rest) = rest.split_first().ok_or(SHORT)?;
            bytes = rest;
            unpack(&mut bytes, usize::from(*count), *width, &mut column).ok_or(SHORT)?;
            for delta in column.iter().take(usize::from(*count)) {
                thing = thing.wrapping_add(*delta);
                things.push(thing);
            }
        }
        Ok(things)
    }

    /// The numbers of the documents of an environment: they lie together.
    pub(crate) fn documents_of(&self, environment: u32) -> std::ops::Range<u32> {
        let bound = |wanted: u32| {
            let (mut low, mut high) = (0, self.documents.len());
            while low < high {
                let middle = low + (high - low) / 2;
                match self.documents.row(middle) {
                    Some([environment, ..]) if environment < wanted => low = middle + 1,
                    _ => high = middle,
                }
            }
            u32::try_from(low).unwrap_or(u32::MAX)
        };
        bound(environment)..environment.checked_add(1).map_or(u32::MAX, bound)
    }
}

/// What begins a block: enough to skip it.
pub(crate) struct BlockHead {
    pub count: usize,
    /// Documents of the first and last row.
    pub first: u32,
    pub last: u32,
    /// The least beginning.
    pub from: u32,
    pub widths: [u8; 4],
    /// Bytes of the columns.
    pub bytes: usize,
}

impl BlockHead {
    fn read(bytes: &mut &[u8]) -> Option<BlockHead> {
        let (count, rest) = bytes.split_first()?;
        let (widths, rest) = rest.split_first_chunk::<4>()?;
        *bytes = rest;
        let first = varint32(bytes)?;
        let last = first.checked_add(varint32(bytes)?)?;
        let from = varint32(bytes)?;
        let count = usize::from(*count);
        if count == 0 || count > ROWS {
            return None;
        }
        let bytes = widths.iter().map(|width| crate::block::packed_bytes(count, *width)).sum();
        Some(BlockHead { count, first, last, from, widths: *widths, bytes })
    }
}
