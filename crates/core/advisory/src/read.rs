//! Bytes into records: one JSON document, or lines of them, in any of the forms.
//!
//! It opens nothing: archives and folders are for whoever has a disk. A field that is not as it should be costs that
//! field and is a problem; only a record without an id is lost.

mod cve;
mod osv;
mod prose;
mod walk;

pub(crate) use osv::shown;

use crate::record::Record;
use firebreak_model::{Position, Problem, Text};
use serde_json::Value;
use walk::Walk;

/// How many problems one document may have before the rest is only counted.
const PROBLEMS_SHOWN: usize = 20;

/// What was read.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// The records, in the order in which they stand.
    pub records: Vec<Record>,
    /// What could not be read.
    pub problems: Vec<Problem>,
}

/// Reads `bytes`, which the operator knows as `input`: a record, a list of records, an answer with `vulns`, or lines with
/// one record each.
pub fn read(input: &str, bytes: &[u8]) -> Reading {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reading = Reading::default();
    match serde_json::from_slice::<Value>(bytes) {
        Ok(value) => document(input, None, &value, &mut reading),
        Err(error) if is_lines(bytes) && error.line() > 1 => lines(input, bytes, &mut reading),
        Err(error) => reading.problems.push(not_json(input, error.line() as u64, &error)),
    }
    reading
}

/// Reads one line of many, the one with this number from 1: for files that are too large to be held at once.
pub fn read_line(input: &str, number: u64, line: &[u8]) -> Reading {
    let mut reading = Reading::default();
    one_line(input, number, line, &mut reading);
    reading
}

fn one_line(input: &str, number: u64, line: &[u8], reading: &mut Reading) {
    if line.trim_ascii().is_empty() {
        return;
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(value) => document(input, Some(number), &value, reading),
        Err(error) => reading.problems.push(not_json(input, number, &error)),
    }
}

/// Whether the first line is a document by itself.
fn is_lines(bytes: &[u8]) -> bool {
    let first = bytes.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| line.trim_ascii().starts_with(b"{") && line.trim_ascii().ends_with(b"}"))
}

fn lines(input: &str, bytes: &[u8], reading: &mut Reading) {
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1_u64..) {
        one_line(input, number, line, reading);
    }
}

fn not_json(input: &str, line: u64, error: &serde_json::Error) -> Problem {
    Problem {
        source: Text::new_static("advisory"),
        position: Position { input: input.to_owned(), line: Some(line), ..Position::default() },
        reason: format!("not valid JSON: {error}").replace('\n', " "),
        hint: "fetch the file again".to_owned(),
    }
}

fn document(input: &str, line: Option<u64>, value: &Value, reading: &mut Reading) {
    let list = value.as_array().or_else(|| value.get("vulns").and_then(Value::as_array));
    let Some(list) = list else { return one(input, line, None, value, reading) };
    for (value, number) in list.iter().zip(0_u64..) {
        one(input, line, Some(number), value, reading);
    }
}

fn one(input: &str, line: Option<u64>, record: Option<u64>, value: &Value, reading: &mut Reading) {
    let mut walk = Walk::default();
    let found =
        if value.get("cveMetadata").is_some() { cve::record(value, &mut walk) } else { osv::record(value, &mut walk) };
    let position = Position { input: input.to_owned(), offset: None, record, line };
    let more = walk.faults.len().saturating_sub(PROBLEMS_SHOWN);
    for (path, reason) in walk.faults.into_iter().take(PROBLEMS_SHOWN) {
        reading.problems.push(Problem {
            source: Text::new_static("advisory"),
            position: position.clone(),
            reason: if path.is_empty() { reason } else { format!("`{path}`: {reason}") },
            hint: "what it says there is left out; see the schema of the record".to_owned(),
        });
    }
    if more > 0 {
        reading.problems.push(Problem {
            source: Text::new_static("advisory"),
            position,
            reason: format!("{more} more things are not as they should be"),
            hint: "see the schema of the record".to_owned(),
        });
    }
    if let Some(mut record) = found {
        record.settle();
        reading.records.push(record);
    }
}

#[cfg(test)]
mod tests;
