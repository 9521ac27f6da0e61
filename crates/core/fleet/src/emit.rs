//! Writing a segment, section by section, to wherever it goes: nothing of its size is held.

use crate::block::{ROWS, pack, width};
use crate::bytes::{Sink, put_varint};
use crate::segment::{Damaged, Document, MAGIC, Row, SECTIONS, Section};
use crate::when::NEVER;
use firebreak_model::Interval;

/// Bytes that are put together before they are handed on.
const CHUNK_BYTES: usize = 1 << 16;

/// Writes a segment.
pub(crate) struct Emitter<'s> {
    sink: &'s mut dyn Sink,
    at: u64,
    table: [(u64, u64); SECTIONS],
    held: Vec<u8>,
    count: u64,
}

impl<'s> Emitter<'s> {
    pub(crate) fn new(sink: &'s mut dyn Sink) -> Emitter<'s> {
        sink.put(&MAGIC);
        Emitter { sink, at: MAGIC.len() as u64, table: [(0, 0); SECTIONS], held: Vec::new(), count: 0 }
    }

    fn flush(&mut self) {
        self.sink.put(&self.held);
        self.at += self.held.len() as u64;
        self.held.clear();
    }

    fn room(&mut self) {
        if self.held.len() >= CHUNK_BYTES {
            self.flush();
        }
    }

    fn place(&self) -> u64 {
        self.at + self.held.len() as u64
    }

    fn section<T>(&mut self, section: Section, write: impl FnOnce(&mut Self) -> T) -> T {
        let from = self.place();
        let done = write(self);
        let length = self.place() - from;
        if let Some(slot) = self.table.get_mut(section as usize) {
            *slot = (from, length);
        }
        done
    }

    /// Sorted texts. At most 4 GiB of them.
    pub(crate) fn strings(&mut self, section: Section, texts: &[&str]) -> Result<(), Damaged> {
        const MANY: Damaged = Damaged("a dictionary would be larger than 4 GiB");
        self.section(section, |out| {
            let count = u32::try_from(texts.len()).map_err(|_| MANY)?;
            out.held.extend(count.to_le_bytes());
            let mut end = 0u32;
            for text in texts {
                end = u32::try_from(text.len()).ok().and_then(|length| end.checked_add(length)).ok_or(MANY)?;
                out.held.extend(end.to_le_bytes());
                out.room();
            }
            for text in texts {
                out.held.extend_from_slice(text.as_bytes());
                out.room();
            }
            Ok(())
        })
    }

    /// Rows of numbers.
    pub(crate) fn table<const N: usize>(&mut self, section: Section, rows: impl Iterator<Item = [u32; N]>) {
        self.section(section, |out| {
            for row in rows {
                row.iter().for_each(|number| out.held.extend(number.to_le_bytes()));
                out.room();
            }
        });
    }

    /// The rows of each thing, in the things' order: `next` fills the rows of the next one, and says whether there is one.
    pub(crate) fn rows(
        &mut self,
        documents: &[Document],
        mut next: impl FnMut(&mut Vec<Row>) -> Result<bool, Damaged>,
    ) -> Result<(), Damaged> {
        let (mut rows, mut starts) = (Vec::new(), vec![0u64]);
        let start = self.place();
        self.section(Section::Rows, |out| {
            while next(&mut rows)? {
                settle(&mut rows, documents);
                out.count += rows.len() as u64;
                rows.chunks(ROWS).for_each(|block| put_block(block, &mut out.held));
                starts.push(out.place() - start);
                rows.clear();
                out.room();
            }
            Ok(())
        })?;
        self.directory(Section::RowsOf, &starts);
        Ok(())
    }

    /// The things of each environment, in the environments' order, as `next` fills them: ascending.
    pub(crate) fn had(&mut self, mut next: impl FnMut(&mut Vec<u32>) -> Result<bool, Damaged>) -> Result<(), Damaged> {
        let (mut things, mut starts) = (Vec::new(), vec![0u64]);
        let start = self.place();
        self.section(Section::Had, |out| {
            while next(&mut things)? {
                put_things(&things, &mut out.held);
                starts.push(out.place() - start);
                things.clear();
                out.room();
            }
            Ok(())
        })?;
        self.directory(Section::HadBy, &starts);
        Ok(())
    }

    fn directory(&mut self, section: Section, starts: &[u64]) {
        self.section(section, |out| {
            for start in starts {
                out.held.extend(start.to_le_bytes());
                out.room();
            }
        });
    }

    /// The table and the end.
    pub(crate) fn finish(mut self, learnt: Interval) {
        for (from, length) in self.table {
            self.held.extend(from.to_le_bytes());
            self.held.extend(length.to_le_bytes());
        }
        self.held.extend(learnt.from.0.to_le_bytes());
        self.held.extend(learnt.to.0.to_le_bytes());
        self.held.extend(self.count.to_le_bytes());
        self.held.extend(MAGIC);
        self.flush();
    }
}

/// Sorts rows and drops those that others say better: the same thing in the same environment, as sure, for longer, and both
/// of the kind that was still there when it was last seen, or both ended.
pub(crate) fn settle(rows: &mut Vec<Row>, documents: &[Document]) {
    rows.sort_unstable();
    rows.dedup();
    if rows.len() < 2 {
        return;
    }
    let document = |row: &Row| documents.get(row.document as usize).copied();
    // What makes rows comparable, and then longest first among those that begin together.
    let key = |row: &Row| {
        let document = document(row)?;
        let open = row.to == NEVER;
        Some(((document.environment, document.locked, open), row.from, std::cmp::Reverse(document.seen(row))))
    };
    let alone = rows.windows(2).all(|pair| match pair {
        [a, b] => document(a).map(|one| one.environment) != document(b).map(|one| one.environment),
        _ => true,
    });
    if alone {
        return;
    }
    rows.sort_by_cached_key(|row| (key(row), *row));
    let (mut group, mut claim, mut best, mut best_before) = (None, None, 0, None);
    rows.retain(|row| {
        let Some((own, from, std::cmp::Reverse(seen))) = key(row) else { return false };
        if group != Some(own) {
            (group, claim, best, best_before) = (Some(own), None, 0, None);
        }
        if claim != Some((from, seen)) {
            best_before = claim.is_some().then_some(best);
            claim = Some((from, seen));
        }
        best = best.max(seen);
        best_before.is_none_or(|best| best < seen)
    });
    rows.sort_unstable();
}

fn put_block(rows: &[Row], out: &mut Vec<u8>) {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return };
    let from = rows.iter().map(|row| row.from).min().unwrap_or(0);
    let mut columns = [const { Vec::new() }; 4];
    let mut before = first.document;
    for row in rows {
        let length = if row.to == NEVER { 0 } else { row.to.saturating_sub(row.from).saturating_add(1) };
        for (column, value) in columns.iter_mut().zip([row.document - before, row.from - from, length, row.place]) {
            column.push(value);
        }
        before = row.document;
    }
    let widths = columns.each_ref().map(|column: &Vec<u32>| width(column));
    out.push(rows.len() as u8);
    out.extend(widths);
    for number in [first.document, last.document - first.document, from] {
        put_varint(out, u64::from(number));
    }
    columns.iter().zip(widths).for_each(|(column, width)| pack(column, width, out));
}

fn put_things(things: &[u32], out: &mut Vec<u8>) {
    let mut before = 0;
    for block in things.chunks(ROWS) {
        let deltas: Vec<u32> = block.iter().map(|thing| thing - std::mem::replace(&mut before, *thing)).collect();
        let width = width(&deltas);
        out.extend([width, block.len() as u8]);
        pack(&deltas, width, out);
    }
}
