//! Which tables there are, what their columns are called, and how large they are.

use super::session::Session;
use super::{STRETCH_BYTES, STRETCH_PAGES, VALUE_CHARACTERS, quoted};
use crate::scan::Gap;
use crate::table::Column;
use firebreak_world::{PostgresError, TextRow};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The oldest version whose pages can be asked for by their numbers.
const VERSION_MIN: u64 = 140_000;

/// What a database has.
pub(super) struct Catalogue {
    pub(super) database: String,
    pub(super) tables: Vec<Table>,
    pub(super) gaps: Vec<Gap>,
}

/// One table that may be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Table {
    pub(super) oid: u64,
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// How each column is asked for.
    pub(super) fields: Vec<String>,
    /// What changes with its columns.
    pub(super) shape: String,
    /// What changes with its rows.
    pub(super) counters: String,
    pub(super) gaps: Vec<Gap>,
}

/// How large a table is.
pub(super) struct Size {
    pub(super) pages: u64,
    page_bytes: u64,
    /// With what its rows keep elsewhere.
    bytes: u64,
}

impl Size {
    /// Bytes of a page, with its share of what is kept elsewhere.
    pub(super) fn page_with_values(&self) -> u64 {
        (self.bytes / self.pages.max(1)).max(self.page_bytes)
    }

    /// Pages of a stretch: a power of two, so that it seldom changes.
    pub(super) fn stretch(&self) -> u64 {
        let fit = (STRETCH_BYTES / self.page_with_values()).clamp(1, STRETCH_PAGES);
        1 << fit.ilog2()
    }
}

/// Reads the catalogue.
pub(super) fn read(session: &mut Session) -> Result<Catalogue, PostgresError> {
    let own = session.rows("SELECT current_database(), current_setting('server_version_num')")?;
    let mut own = own.into_iter().flatten().flatten();
    let database = own.next().unwrap_or_default();
    let version: u64 = own.next().and_then(|text| text.parse().ok()).unwrap_or_default();
    if version < VERSION_MIN {
        let why = format!("its version is {version}, and tables are read from version 14 on");
        return Err(PostgresError::NotConnected(why));
    }
    let mut columns: BTreeMap<u64, Vec<TextRow>> = BTreeMap::new();
    for row in session.rows(include_str!("columns.sql"))? {
        columns.entry(number(&row, 0)).or_default().push(row);
    }
    let mut catalogue = Catalogue { database, tables: Vec::new(), gaps: Vec::new() };
    for row in session.rows(include_str!("tables.sql"))? {
        let columns = columns.remove(&number(&row, 0)).unwrap_or_default();
        match (text(&row, 3), text(&row, 4)) {
            ("f", _) => catalogue.gaps.push(Gap::new("a foreign table lies on another server: it is not read")),
            (_, "true") => catalogue.tables.push(table(&row, &columns)),
            _ => catalogue.gaps.push(Gap::new("our role may not read a table")),
        }
    }
    let objects = session.rows("SELECT count(*) FROM pg_catalog.pg_largeobject_metadata")?;
    let count = objects.first().map_or(0, |row| number(row, 0));
    if count > 0 {
        catalogue.gaps.push(Gap { what: "a large object is not read".to_owned(), count });
    }
    Ok(catalogue)
}

fn text(row: &TextRow, at: usize) -> &str {
    row.get(at).and_then(Option::as_deref).unwrap_or_default()
}

fn number(row: &TextRow, at: usize) -> u64 {
    text(row, at).parse().unwrap_or_default()
}

fn table(row: &TextRow, all: &[TextRow]) -> Table {
    let (mut columns, mut fields, mut gaps, mut shape) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for column in all {
        let (kind, name) = (text(column, 3), text(column, 2));
        // Writing to a string cannot fail.
        let _ = writeln!(shape, "{} {kind} {name}", text(column, 1));
        match kind {
            "bool" => {}
            "bytea" => gaps.push(Gap::new("a column of bytes is not read")),
            _ => {
                fields.push(field(name, text(column, 4)));
                columns.push(Column { number: u32::try_from(number(column, 1)).unwrap_or(0), name: name.to_owned() });
            }
        }
    }
    Table {
        oid: number(row, 0),
        schema: text(row, 1).to_owned(),
        name: text(row, 2).to_owned(),
        columns,
        fields,
        shape: digest(&shape),
        counters: text(row, 5).to_owned(),
        gaps,
    }
}

/// How the column `name` is asked for: as its type prints it, and no more of it than is read.
fn field(name: &str, length: &str) -> String {
    let (name, most) = (quoted(name), VALUE_CHARACTERS + 1);
    match length {
        "short" => name,
        "text" => format!("left({name}, {most})"),
        // `concat` prints what a type prints of itself, whatever the type is, and through no cast.
        _ => format!("left(concat({name}), {most})"),
    }
}

/// A short name of a text, for comparing alone (FNV-1a).
fn digest(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:x}")
}

/// How large `table` is now.
pub(super) fn size(session: &mut Session, table: &Table) -> Result<Size, PostgresError> {
    let statement = format!(
        "SELECT pg_relation_size({oid}::oid), pg_table_size({oid}::oid), current_setting('block_size')",
        oid = table.oid
    );
    let rows = session.rows(&statement)?;
    let row = rows.first().cloned().unwrap_or_default();
    let page_bytes = number(&row, 2).max(1);
    Ok(Size { pages: number(&row, 0) / page_bytes, page_bytes, bytes: number(&row, 1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_shorter_where_values_are_kept_elsewhere() {
        let size = |pages, bytes| Size { pages, page_bytes: 8_192, bytes };
        assert_eq!(size(1_000, 8_192_000).stretch(), 64);
        assert_eq!(size(1_000, 8_200_000).stretch(), 64);
        assert_eq!(size(1_000, 8_192_000 * 5).stretch(), 16);
        assert_eq!(size(10, u64::MAX / 2).stretch(), 1);
        assert_eq!(size(0, 8_192).stretch(), 64);
    }
}
