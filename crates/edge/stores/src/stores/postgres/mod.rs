//! A PostgreSQL database: every table, in stretches of its pages, each column read under its name.
//!
//! Only pages are asked for, by their numbers: no key is needed, each reading has an end, and no operator or function of the
//! database's own runs. Values come as the server prints them, never through a cast that somebody made.

mod address;
mod catalogue;
mod session;

pub use address::{Address, AddressError};

use crate::counts::{Holds, Known};
use crate::key::{Key, Mark};
use crate::scan::{Gap, OpenStore};
use crate::store::{Listing, Part, Piece, Reader, Store, Unread};
use crate::table;
use catalogue::{Catalogue, Table};
use firebreak_model::NodeKey;
use firebreak_world::{Postgres, PostgresError, TextColumn, World};
use session::Session;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};

/// Characters of one value that are read.
const VALUE_CHARACTERS: usize = 16 << 10;
/// Bytes of a stretch, with what its rows keep elsewhere: somewhat more than its pages, which have maps beside them.
const STRETCH_BYTES: u64 = 640 << 10;
/// Pages of a stretch at most.
const STRETCH_PAGES: u64 = 64;
/// Stretches that are asked for in one go.
const TOGETHER: usize = 16;
/// Stretches that wait to be classified.
const AHEAD: usize = 2;
/// Threads that classify.
const WORKERS_MAX: usize = 8;

/// The database at `address`, called `host` on the map; its tables are `resource:postgres/<host>/<database>/<schema>.<table>`, as the inventory
/// calls them.
///
/// # Errors
/// If no runtime can be made for the connection.
pub fn postgres(world: &World, address: Address, host: &str) -> std::io::Result<OpenStore<'static>> {
    let session = Session::new(Arc::clone(&world.postgres) as Arc<dyn Postgres>, address)?;
    Ok(OpenStore::new(Database { session, host: host.to_owned(), tables: BTreeMap::new() }))
}

struct Database {
    session: Session,
    host: String,
    /// By the key of their part.
    tables: BTreeMap<String, Table>,
}

/// A stretch of a table: its first page, and how many.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Stretch {
    part: String,
    first: u64,
    pages: u64,
}

impl Store for Database {
    type Place = Stretch;

    fn list(&mut self, most: usize, reader: &Reader<'_>) -> Result<Listing<Stretch>, String> {
        let catalogue = catalogue::read(&mut self.session).map_err(|error| refused(&error))?;
        let Catalogue { database, tables, mut gaps } = catalogue;
        let (mut parts, mut left) = (Vec::new(), most);
        for table in tables {
            let name = format!("{}/{database}/{}.{}", self.host, table.schema, table.name);
            let resource = NodeKey::resource("postgres", &name).to_string();
            let key = reader.fingerprinter.fingerprint(resource.as_bytes());
            let size = match catalogue::size(&mut self.session, &table) {
                Ok(size) => size,
                Err(error) => match unread(&error) {
                    Unread::Gap(gap) => {
                        gaps.push(gap);
                        continue;
                    }
                    Unread::Lost(why) => return Err(why),
                },
            };
            let mut part = Part::new(resource, key.clone());
            part.mark = Some(format!("{} {} {}", table.shape, table.counters, size.pages));
            part.columns = table.columns.iter().map(|column| (column.number, column.name.clone())).collect();
            part.gaps.clone_from(&table.gaps);
            part.pieces = stretches(&key, &size, left, reader);
            if part.pieces.len() as u64 * size.stretch() < size.pages {
                part.gaps.push(Gap::new("there are more stretches than are listed"));
            }
            left -= part.pieces.len();
            self.tables.insert(key, table);
            parts.push(part.in_order());
        }
        Ok(Listing { parts, gaps })
    }

    fn together(&self) -> usize {
        TOGETHER
    }

    fn marks(&mut self, pieces: &[&Piece<Stretch>], reader: &Reader<'_>) -> Vec<Result<Mark, Unread>> {
        let mark = |piece: &&Piece<Stretch>| match self.mark(&piece.place) {
            Ok(mark) => Ok(Mark::of(reader.fingerprinter, &mark)),
            Err(error) => Err(unread(&error)),
        };
        pieces.iter().map(mark).collect()
    }

    fn read(
        &mut self,
        _: &Part<Stretch>,
        pieces: &[&Piece<Stretch>],
        reader: &Reader<'_>,
    ) -> Vec<Result<Known, Unread>> {
        let Database { session, tables, .. } = self;
        let tables = &*tables;
        let read: Mutex<BTreeMap<usize, Result<Known, Unread>>> = Mutex::default();
        let note = |at: usize, answer| read.lock().map(|mut read| read.insert(at, answer)).is_ok();
        // The server sends one stretch while others are classified.
        std::thread::scope(|scope| {
            let (send, received) = sync_channel::<(usize, &Table, Vec<TextColumn>)>(AHEAD);
            let received = Arc::new(Mutex::new(received));
            for _ in 0..workers() {
                let (received, note) = (Arc::clone(&received), &note);
                scope.spawn(move || {
                    while let Some((at, table, data)) = next(&received) {
                        note(at, Ok(counted(table, &data, reader)));
                    }
                });
            }
            drop(received);
            for (at, piece) in pieces.iter().enumerate() {
                let Some(table) = tables.get(&piece.place.part) else { continue };
                match fetched(session, table, &piece.place) {
                    Ok(data) => {
                        if send.send((at, table, data)).is_err() {
                            break;
                        }
                    }
                    Err(error) => {
                        let unread = unread(&error);
                        let lost = matches!(unread, Unread::Lost(_));
                        note(at, Err(unread));
                        if lost {
                            break;
                        }
                    }
                }
            }
        });
        let mut read = read.into_inner().unwrap_or_default();
        let missing = || Err(Unread::Lost("the connection was lost".to_owned()));
        (0..pieces.len()).map(|at| read.remove(&at).unwrap_or_else(missing)).collect()
    }
}

/// The next stretch to be classified, in turn.
fn next<T>(received: &Mutex<Receiver<T>>) -> Option<T> {
    received.lock().ok()?.recv().ok()
}

/// How many stretches are classified at the same time.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX)
}

/// The pages of a table by stretches; the last one is as long as the others, so that its name stays when the table grows.
fn stretches(part: &str, size: &catalogue::Size, most: usize, reader: &Reader<'_>) -> Vec<Piece<Stretch>> {
    let pages = size.stretch();
    let stretch = |first: u64| {
        let key = Key::of(reader.fingerprinter, format!("{part} {pages} {first}").as_bytes());
        let place = Stretch { part: part.to_owned(), first, pages };
        Piece { key, size: pages.min(size.pages - first) * size.page_with_values(), mark: None, past: false, place }
    };
    (0..size.pages).step_by(usize::try_from(pages).unwrap_or(usize::MAX)).take(most).map(stretch).collect()
}

impl Database {
    /// What changes with the rows of a stretch: how many there are, and who wrote which version where. It is reckoned by the server.
    fn mark(&mut self, stretch: &Stretch) -> Result<String, PostgresError> {
        let Some(table) = self.tables.get(&stretch.part) else { return Ok(String::new()) };
        let statement = format!(
            "SELECT concat(count(*), ' ', bit_xor(hash_record_extended(ROW(ctid, xmin), 0))) {}",
            table.pages(stretch)
        );
        let rows = self.session.rows(&statement)?;
        let mark = rows.into_iter().next().and_then(|row| row.into_iter().next().flatten()).unwrap_or_default();
        Ok(format!("{} {mark}", table.shape))
    }
}

/// The columns of a stretch, as the server sends them.
fn fetched(session: &mut Session, table: &Table, stretch: &Stretch) -> Result<Vec<TextColumn>, PostgresError> {
    match table.fields.is_empty() {
        true => Ok(Vec::new()),
        false => session.columns(&format!("SELECT {} {}", table.fields.join(", "), table.pages(stretch))),
    }
}

fn counted(table: &Table, data: &[TextColumn], reader: &Reader<'_>) -> Known {
    let rows = data.first().map_or(0, TextColumn::rows);
    let is_cut = |value: &[u8]| value.len() > VALUE_CHARACTERS && characters(value) > VALUE_CHARACTERS;
    let cut: usize =
        data.iter().map(|column| (0..column.rows()).filter(|row| is_cut(column.value(*row))).count()).sum();
    let found = table::rows(&table.columns, data, reader);
    let problems = (cut > 0).then(|| ("cut".to_owned(), cut as u64)).into_iter().collect();
    let bytes = data.iter().map(|column| column.bytes().len() - column.rows()).sum::<usize>() as u64;
    let holds = Holds { rows: rows as u64, records: found.records, columns: found.columns, problems };
    Known::holding(bytes, holds)
}

/// Characters of UTF-8; of other encodings about as many.
fn characters(value: &[u8]) -> usize {
    value.iter().filter(|byte| **byte & 0xc0 != 0x80).count()
}

impl Table {
    /// `FROM` where the rows of a stretch are. A parent does not stand for its children.
    fn pages(&self, stretch: &Stretch) -> String {
        let (first, end) = (stretch.first, stretch.first + stretch.pages);
        let (schema, name) = (quoted(&self.schema), quoted(&self.name));
        format!("FROM ONLY {schema}.{name} WHERE ctid >= '({first},0)'::tid AND ctid < '({end},0)'::tid")
    }
}

/// A name as SQL writes one: whatever is in it stays a name.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Why a stretch was not read. What a server says may hold values: its code alone is told.
fn unread(error: &PostgresError) -> Unread {
    match error {
        PostgresError::Refused { code, .. } => Unread::Gap(Gap::new(match code.as_str() {
            "42501" => "our role may not read a table, or row security hides rows of it from us",
            "42P01" | "42703" => "a table was changed while it was read",
            "55P03" => "a table was locked: it was not read",
            "57014" => "a stretch took longer than a statement may: it was not read",
            _ => return Unread::Gap(Gap { what: format!("a stretch was refused with {code}"), count: 1 }),
        })),
        error => Unread::Lost(refused(error)),
    }
}

fn refused(error: &PostgresError) -> String {
    match error {
        PostgresError::NotConnected(why) => format!("could not connect: {why}"),
        // Whoever may not log in is told by the server in words that hold no value.
        PostgresError::Refused { code, message } if code.starts_with("28") || code.starts_with("3D") => {
            format!("refused with {code}: {message}")
        }
        PostgresError::Refused { code, .. } => format!("refused with {code}"),
        PostgresError::Ambiguous(_) => "the connection was lost".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_stays_a_name() {
        assert_eq!(quoted(r#"a"; DROP TABLE b; --"#), r#""a""; DROP TABLE b; --""#);
    }

    #[test]
    fn what_the_server_says_of_values_is_not_told() {
        let error = PostgresError::Refused { code: "22P02".to_owned(), message: "invalid: \"219-09-9123\"".to_owned() };
        assert!(!refused(&error).contains("219") && !format!("{:?}", unread(&error)).contains("219"));
    }
}
