//! SQLite: every table as rows under the names of its columns, read from the pages themselves.

mod record;

use super::Format;
use crate::Fault;
use crate::bytes::{Bytes, stretch};
use crate::door::{At, Door};
use record::{Value, value_text, values, varint};
use std::io::Read;

/// SQLite.
pub(crate) static FORMAT: Format = Format { name: "sqlite", knows: |head| head.bytes.starts_with(MAGIC), read };

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The longest row, in bytes.
const MAX_ROW: usize = 16 << 20;

fn read(door: &mut Door<'_>, at: &At, input: &mut dyn Read) {
    door.hold(at, input, |door, whole| {
        match Database::open(whole) {
            Some(database) => database.read(door, at),
            None => door.problem(at, Fault::Broken, "its header is none of a database"),
        }
        super::also(door, at, whole, "sqlite");
    });
}

struct Database<'w> {
    whole: &'w [u8],
    page: usize,
    usable: usize,
    /// 1 for UTF-8, 2 and 3 for UTF-16 with the low or the high byte first.
    encoding: u32,
}

/// One table of the schema.
struct Table {
    name: String,
    root: usize,
    columns: Vec<String>,
    /// The column that is the row's own number.
    number: Option<usize>,
}

/// What stood in a tree of pages.
#[derive(Default)]
struct Walk {
    broken: u64,
    /// Bytes of rows on one page: rows that lie over each other would make more of it than it holds.
    local: usize,
    long: u64,
}

impl<'w> Database<'w> {
    fn open(whole: &'w [u8]) -> Option<Database<'w>> {
        let mut header = Bytes::from(whole, 16);
        let page = match header.be16()? {
            1 => 65_536,
            size => usize::from(size),
        };
        let reserved = usize::from(*whole.get(20)?);
        let usable = page.checked_sub(reserved).filter(|usable| *usable >= 480 && page.is_power_of_two())?;
        Some(Database { whole, page, usable, encoding: Bytes::from(whole, 56).be32()? })
    }

    /// The page `number`, from 1, and where its own header begins.
    fn at(&self, number: usize) -> Option<(&'w [u8], usize)> {
        let start = number.checked_sub(1)?.checked_mul(self.page)?;
        let page = self.whole.get(start..start.checked_add(self.page)?)?;
        Some((page, if number == 1 { 100 } else { 0 }))
    }

    fn read(&self, door: &mut Door<'_>, at: &At) {
        let mut tables = Vec::new();
        let mut schema = String::new();
        let walk = self.rows(1, &mut |_, payload| {
            let row: Vec<String> = values(payload).map(|value| self.text(value)).collect();
            let field = |at: usize| row.get(at).map(String::as_str).unwrap_or_default();
            schema.push_str(field(4));
            schema.push('\n');
            if field(0) == "table"
                && let Ok(root) = field(3).parse()
            {
                let (columns, number) = record::columns(field(4));
                tables.push(Table { name: field(1).to_owned(), root, columns, number });
            }
            true
        });
        self.report(door, &at.inner("schema"), &walk);
        door.text(&at.inner("schema"), "sqlite", schema.as_bytes());
        for table in tables.iter().filter(|table| table.root > 0) {
            self.table(door, &at.inner(&table.name), table);
            if door.spent() {
                return door.problem(at, Fault::Bound, "the rest of the tables was not read");
            }
        }
    }

    fn table(&self, door: &mut Door<'_>, at: &At, table: &Table) {
        door.begin(at, "sqlite", true);
        let mut line = table.columns.join("\t").into_bytes();
        line.push(b'\n');
        door.feed(at, &line);
        let walk = self.rows(table.root, &mut |row, payload| {
            let mut line = Vec::with_capacity(payload.len());
            for (place, value) in values(payload).enumerate() {
                if place > 0 {
                    line.push(b'\t');
                }
                match value {
                    Value::Null if table.number == Some(place) => line.extend_from_slice(row.to_string().as_bytes()),
                    value => {
                        let text = value_text(value, self.encoding);
                        line.extend(text.iter().map(|byte| if b"\t\n\r".contains(byte) { b' ' } else { *byte }));
                    }
                }
            }
            line.push(b'\n');
            door.feed(at, &line)
        });
        door.end();
        self.report(door, at, &walk);
    }

    fn report(&self, door: &mut Door<'_>, at: &At, walk: &Walk) {
        if walk.broken > 0 {
            door.problem(at, Fault::Broken, format!("{} pages or rows of it cannot be read", walk.broken));
        }
        if walk.long > 0 {
            door.problem(
                at,
                Fault::Bound,
                format!("{} rows are longer than {MAX_ROW} bytes: only their beginning was read", walk.long),
            );
        }
    }

    fn text(&self, value: Value<'_>) -> String {
        String::from_utf8_lossy(&value_text(value, self.encoding)).into_owned()
    }

    /// Every row of the tree under `root`, while `each` wants more. Every page is read once at most, whatever leads to it.
    fn rows(&self, root: usize, each: &mut dyn FnMut(i64, &[u8]) -> bool) -> Walk {
        let mut walk = Walk::default();
        let mut seen = vec![false; self.whole.len() / self.page + 2];
        let mut waiting = vec![root];
        while let Some(number) = waiting.pop() {
            match seen.get_mut(number) {
                Some(seen) if !*seen => *seen = true,
                _ => {
                    walk.broken += 1;
                    continue;
                }
            }
            match self.node(number, &mut seen, &mut waiting, &mut walk, each) {
                Some(true) => {}
                Some(false) => return walk,
                None => walk.broken += 1,
            }
        }
        walk
    }

    /// One page: its rows go to `each`, its children to `waiting`.
    fn node(
        &self,
        number: usize,
        seen: &mut [bool],
        waiting: &mut Vec<usize>,
        walk: &mut Walk,
        each: &mut dyn FnMut(i64, &[u8]) -> bool,
    ) -> Option<bool> {
        let (page, start) = self.at(number)?;
        let kind = *page.get(start)?;
        let cells = usize::from(Bytes::from(page, start + 3).be16()?);
        let inner = match kind {
            2 | 5 => true,
            10 | 13 => false,
            _ => return None,
        };
        let mut pointers = Bytes::from(page, start + if inner { 12 } else { 8 });
        let mut children = Vec::new();
        walk.local = 0;
        for _ in 0..cells {
            let place = usize::from(pointers.be16()?);
            let mut cell = Bytes::from(page, place);
            if inner {
                children.push(cell.be32()? as usize);
            }
            if kind != 5 && !self.cell(kind, cell, seen, walk, each) {
                return Some(false);
            }
        }
        if inner {
            children.push(Bytes::from(page, start + 8).be32()? as usize);
        }
        waiting.extend(children.into_iter().rev());
        Some(true)
    }

    fn cell(
        &self,
        kind: u8,
        mut cell: Bytes<'_>,
        seen: &mut [bool],
        walk: &mut Walk,
        each: &mut dyn FnMut(i64, &[u8]) -> bool,
    ) -> bool {
        let read = (|| {
            let length = usize::try_from(varint(&mut cell)?).ok()?;
            let row = if kind == 13 { varint(&mut cell)? } else { 0 };
            Some((row, self.payload(kind, length, &cell, seen, walk)?))
        })();
        match read {
            Some((row, payload)) => each(row, &payload),
            None => {
                walk.broken += 1;
                true
            }
        }
    }

    /// The content of a row, which may go on over other pages.
    fn payload(
        &self,
        kind: u8,
        length: usize,
        cell: &Bytes<'_>,
        seen: &mut [bool],
        walk: &mut Walk,
    ) -> Option<Vec<u8>> {
        walk.local += length.min(self.usable);
        if walk.local > self.page + self.usable {
            return None;
        }
        let most = if kind == 13 { self.usable - 35 } else { (self.usable - 12) * 64 / 255 - 23 };
        if length <= most {
            return Some(stretch(cell.rest(), 0, length).to_vec());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fits = least + (length - least) % (self.usable - 4);
        let local = if fits <= most { fits } else { least };
        let mut payload = stretch(cell.rest(), 0, local).to_vec();
        let mut next = Bytes::from(cell.rest(), local).be32()? as usize;
        if length > MAX_ROW {
            walk.long += 1;
        }
        let wanted = length.min(MAX_ROW);
        while next != 0 && payload.len() < wanted {
            match seen.get_mut(next) {
                Some(seen) if !*seen => *seen = true,
                _ => {
                    walk.broken += 1;
                    break;
                }
            }
            let Some((page, _)) = self.at(next) else { break };
            payload.extend_from_slice(stretch(page, 4, (self.usable - 4).min(wanted - payload.len())));
            next = Bytes::new(page).be32()? as usize;
        }
        Some(payload)
    }
}
