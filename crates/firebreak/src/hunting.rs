//! Questions in SQL to the lake of an installation, within bounds of rows, memory and time. Nothing is written.

pub mod saved;

use crate::redaction::{of_installation, redaction};
use anyhow::{Context, Result};
use firebreak_hunt::{Answer, Bounds, COLUMNS, Events, FUNCTIONS, Looked, Refusal, Value, question};
use firebreak_lake::{Cell, DataFile, Lake, LakeError};
use firebreak_model::Time;
use firebreak_world::World;
use serde::Serialize;
use serde_json::json;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

/// Rows of an answer where nobody said how many.
pub const ROWS: usize = 1_000;
/// Rows of an answer at most.
pub const ROWS_MAX: usize = 10_000;
/// Seconds that a question of the API may take; on the command line where nobody said.
pub const SECONDS: u64 = 20;
/// Memory that one question may take, in bytes, about.
const BYTES_MAX: usize = 256 << 20;
/// Time is looked at once in so many events.
const EACH: u64 = 4_096;

/// An answer, with what it cost.
#[derive(Debug, Serialize)]
pub struct Hunted {
    /// The question as it was asked: with fingerprints in place of secrets.
    pub sql: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
    /// How long it took.
    pub seconds: f64,
}

/// The lake as it is asked.
struct Kept<'l> {
    /// Hears how many of how many events were looked at.
    tell: &'l mut dyn FnMut(u64, u64),
    lake: &'l Lake,
    files: &'l [DataFile],
    until: Instant,
    seconds: u64,
}

impl Events for Kept<'_> {
    fn look(
        &mut self,
        columns: &[&'static str],
        (from, to): (Time, Time),
        each: &mut dyn FnMut(&[Value<'_>]) -> ControlFlow<()>,
    ) -> Result<Looked, Refusal> {
        let mut looked = Looked::default();
        let meant = self.files.iter().filter(|file| file.to >= from && file.from < to);
        let all = meant.map(|file| file.rows).sum();
        for file in self.files.iter().filter(|file| file.to >= from && file.from < to) {
            self.in_time()?;
            let (mut seen, mut late, until) = (0_u64, false, self.until);
            let shown = self.lake.look(file, columns, &mut |row| {
                seen += 1;
                if seen.is_multiple_of(EACH) && Instant::now() > until {
                    late = true;
                    return ControlFlow::Break(());
                }
                // A row lives no longer than this call.
                let row: Vec<Value<'_>> = row.iter().map(value).collect();
                each(&row)
            });
            looked.events += seen;
            (self.tell)(looked.events, all);
            match shown {
                _ if late => self.in_time()?,
                Ok((_, ControlFlow::Break(()))) => break,
                Ok((_, ControlFlow::Continue(()))) => {}
                // What cannot be read is said to be missing: the rest is answered.
                Err(error) => looked.gaps.push(gap(file, &error)),
            }
        }
        Ok(looked)
    }

    fn in_time(&self) -> Result<(), Refusal> {
        if Instant::now() <= self.until {
            return Ok(());
        }
        let reason = format!("the question takes longer than {} s", self.seconds);
        let hint = "ask for a shorter window: WHERE time >= now() - INTERVAL '1 day'; fewer columns are faster too";
        Err(Refusal { reason, hint: hint.to_owned() })
    }
}

fn value<'a>(cell: &'a Cell<'_>) -> Value<'a> {
    match cell {
        Cell::Absent => Value::Absent,
        Cell::Text(text) => Value::text(text),
        Cell::Number(number) => Value::Whole(*number),
        Cell::Time(time) => Value::Time(*time),
    }
}

fn gap(file: &DataFile, error: &LakeError) -> String {
    let reason = error.to_string();
    let reason = reason.lines().next().unwrap_or_default();
    format!("{} events from {} to {} could not be read: {reason}", file.rows, file.from, file.to)
}

/// The files of a lake from what the state keeps of each, oldest first.
///
/// # Errors
/// If the list is damaged.
pub fn files(bodies: &[String]) -> Result<Vec<DataFile>> {
    let read: Result<Vec<DataFile>, _> = bodies.iter().map(|body| serde_json::from_str(body)).collect();
    let mut files = read.context("the list of the lake's files is damaged")?;
    files.sort_by(|one, other| (one.from, &one.name).cmp(&(other.from, &other.name)));
    Ok(files)
}

/// A question with fingerprints in place of secrets, as the lake has them: so a leaked secret can be looked for, and is written
/// down nowhere.
///
/// # Errors
/// If the installation's key cannot be read.
pub fn without_secrets(world: &World, key: Option<&str>, data: &Path, sql: &str) -> Result<String> {
    let redact = redaction(of_installation(world, key, data)?);
    Ok(String::from_utf8_lossy(&redact(sql.as_bytes())).into_owned())
}

/// Asks the lake below `data`; `tell` hears how many events of how many were looked at.
///
/// # Errors
/// The outer one if the lake cannot be opened; the inner one if the question is none or takes too much.
pub fn hunt(
    world: &World,
    data: &Path,
    files: &[DataFile],
    sql: &str,
    (rows, seconds): (usize, u64),
    tell: &mut dyn FnMut(u64, u64),
) -> Result<Result<Hunted, Refusal>> {
    let lake = Lake::open(world.clone(), &data.join("lake"))?;
    let begun = Instant::now();
    let mut kept = Kept { tell, lake: &lake, files, until: begun + Duration::from_secs(seconds), seconds };
    let bounds = Bounds { rows, bytes: BYTES_MAX };
    let asked = question(sql, world.clock.now());
    let answered = asked.and_then(|question| question.answer(&mut kept, bounds));
    Ok(answered.map(|answer| Hunted { sql: sql.to_owned(), answer, seconds: begun.elapsed().as_secs_f64() }))
}

/// What can be asked: the columns, the functions, questions to begin with.
pub fn schema(own: &[crate::config::SavedQuestion]) -> serde_json::Value {
    let columns =
        COLUMNS.map(|column| json!({"name": column.name, "holds": column.kind.word(), "meaning": column.meaning}));
    let aggregates = saved::AGGREGATES.iter().map(|(form, meaning)| json!({"form": form, "meaning": meaning}));
    let functions = FUNCTIONS.iter().map(|one| json!({"form": one.form, "meaning": one.meaning}));
    let functions: Vec<serde_json::Value> = aggregates.chain(functions).collect();
    let shipped =
        saved::SAVED.iter().map(|one| json!({"name": one.name, "about": one.about, "sql": one.sql, "own": false}));
    let own = own.iter().map(|one| json!({"name": one.name, "about": one.about, "sql": one.sql, "own": true}));
    let saved: Vec<serde_json::Value> = own.chain(shipped).collect();
    json!({"table": "events", "columns": columns, "functions": functions, "saved": saved, "rows_max": ROWS_MAX, "seconds": SECONDS})
}
