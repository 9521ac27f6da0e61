//! Parquet: rows under the names of their columns, read from the pages of all columns side by side, so that a value stands
//! beside the others of its row as in any table.

mod cell;
mod column;
mod footer;
mod packed;
mod runs;
mod thrift;
mod values;

use super::{Format, Head};
use crate::Fault;
use crate::door::{At, CHUNK, Door};
use column::Column;
use footer::{Chunk, Footer, Leaf};
use std::collections::BTreeMap;
use std::io::Read;

/// Parquet.
pub(crate) static FORMAT: Format = Format { name: "parquet", knows, read };

fn knows(head: &Head<'_>) -> bool {
    head.bytes.starts_with(b"PAR1") || head.bytes.starts_with(b"PARE")
}

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        match end(whole) {
            Some((end, b"PAR1")) => table(door, at, whole, end),
            Some(_) => door.problem(at, Fault::Encrypted, "it is encrypted"),
            None => door.problem(at, Fault::Broken, "its end, which says what it holds, is missing or cut"),
        }
        super::also(door, at, whole, "parquet");
    });
}

/// The end of the file that says what it holds, and the mark behind it.
fn end(whole: &[u8]) -> Option<(&[u8], &[u8])> {
    let (rest, mark) = whole.split_last_chunk::<4>()?;
    let (rest, length) = rest.split_last_chunk::<4>()?;
    let start = rest.len().checked_sub(u32::from_le_bytes(*length) as usize)?;
    let known = mark == b"PAR1" || mark == b"PARE";
    known.then_some((rest.get(start..)?, mark.as_slice()))
}

fn table(door: &mut Door<'_>, at: &At, whole: &[u8], end: &[u8]) {
    let Some(mut footer) = Footer::read(end) else {
        return door.problem(at, Fault::Broken, "its end, which says what it holds, cannot be read");
    };
    if footer.more {
        door.problem(at, Fault::Bound, "it has more columns than are read");
    }
    if footer.encrypted {
        door.problem(at, Fault::Encrypted, "columns of it are encrypted");
    }
    let notes: Vec<u8> = footer
        .notes
        .iter()
        .flat_map(|(key, value)| [*key, b": ".as_slice(), *value, b"\n".as_slice()].concat())
        .collect();
    door.text(&at.inner("metadata"), "parquet", &notes);
    let leaves = std::mem::take(&mut footer.leaves);
    door.begin(at, "parquet", true);
    let names: Vec<&str> = leaves.iter().map(|leaf| leaf.name.as_str()).collect();
    door.feed(at, format!("{}\n", names.join("\t").replace('\n', " ")).as_bytes());
    let mut faults = Faults::default();
    let (mut more, mut broken) = (true, false);
    while more && !broken && footer.groups() > 0 {
        match footer.next_group(leaves.len()) {
            Some(chunks) => more = group(door, at, whole, (&leaves, &chunks), &mut faults),
            None => broken = true,
        }
    }
    door.end();
    if broken {
        door.problem(at, Fault::Broken, "a group of its rows cannot be read");
    }
    faults.tell(door, at);
}

/// What was not read of which columns.
#[derive(Default)]
struct Faults(BTreeMap<(Fault, String), (String, u64)>);

impl Faults {
    fn add(&mut self, leaf: &Leaf, fault: Fault, what: String) {
        // What documents can vary without an end is told once for all columns.
        self.0.entry((fault, what)).or_insert_with(|| (leaf.name.clone(), 0)).1 += 1;
    }

    fn tell(self, door: &mut Door<'_>, at: &At) {
        for ((fault, what), (name, count)) in self.0 {
            let more =
                if count > 1 { format!(" (so are {} more stretches of columns)", count - 1) } else { String::new() };
            door.problem(&at.inner(&name), fault, format!("{what}{more}"));
        }
    }
}

/// The columns of one group, each at its beginning.
fn columns<'w>(whole: &'w [u8], leaves: &'w [Leaf], chunks: &[Chunk], faults: &mut Faults) -> Vec<Column<'w>> {
    let opened = leaves.iter().zip(chunks).map(|(leaf, chunk)| {
        let mut chunk = *chunk;
        let why = match (chunk.encrypted, chunk.elsewhere) {
            (true, _) => Some((Fault::Encrypted, "it is encrypted")),
            (_, true) => Some((Fault::Unknown, "it stands in another file")),
            _ => None,
        };
        if let Some((fault, what)) = why {
            faults.add(leaf, fault, what.to_owned());
            (chunk.length, chunk.values) = (0, 0);
        }
        Column::new(whole, leaf, &chunk)
    });
    opened.collect()
}

/// The rows of one group; false where no more are wanted.
fn group(
    door: &mut Door<'_>,
    at: &At,
    whole: &[u8],
    (leaves, chunks): (&[Leaf], &[Chunk]),
    faults: &mut Faults,
) -> bool {
    let mut columns = columns(whole, leaves, chunks, faults);
    let (room, mut held) = (door.room(), 0_usize);
    let mut line = Vec::new();
    loop {
        line.clear();
        for (place, column) in columns.iter_mut().enumerate() {
            if place > 0 {
                line.push(b'\t');
            }
            if line.len() > CHUNK {
                if !door.feed(at, &line) {
                    return false;
                }
                line.clear();
            }
            if !column.is_over() {
                let before = column.held();
                if let Err((fault, what)) = column.write(door, at, room.saturating_sub(held), &mut line) {
                    faults.add(column.leaf, fault, what);
                }
                held = (held + column.held()).saturating_sub(before);
            }
        }
        line.push(b'\n');
        let over = columns.iter().all(Column::is_over);
        // A group without rows has no line.
        let blank = over && line.iter().all(u8::is_ascii_whitespace);
        if !blank && !door.feed(at, &line) {
            return false;
        }
        if over {
            return !door.spent();
        }
    }
}
