//! What the sources of CI logs share: where a line begins with a time, and what an event of one line holds. What a line says is
//! not read here: that is exposure's, the same for every CI.

use crate::source::RawRecord;
use firebreak_model::{Json, Keys, NodeKey, Outcome, Text};
use sonic_rs::Object;

/// Whether a line begins like `2026-03-24T10:58:41.1234567Z `.
pub(crate) fn begins_with_time(line: &[u8]) -> bool {
    const FORM: &[u8] = b"0000-00-00T00:00:00";
    let fits = |(byte, form): (&u8, &u8)| if *form == b'0' { byte.is_ascii_digit() } else { byte == form };
    line.len() > FORM.len()
        && line.iter().zip(FORM).all(fits)
        && matches!(line.get(FORM.len()), Some(b'.' | b'Z' | b'+' | b'-'))
}

/// The parts of a log's path below the source's folder, the last one without its ending: which job the log is of.
pub(crate) fn place<'a>(record: &'a RawRecord<'_>, folder: &str) -> Option<Vec<&'a str>> {
    let mut parts: Vec<&str> = record.below(folder)?.split('/').collect();
    let file = parts.pop()?;
    parts.push([".log", ".json"].iter().find_map(|end| file.split_once(end)).map_or(file, |(name, _)| name));
    Some(parts)
}

/// What every stage needs to know of a line in the log of the job `job`.
pub(crate) fn keys(job: Option<&str>, failed: bool) -> Keys {
    Keys {
        operation: Text::new_static("ci:line"),
        outcome: if failed { Outcome::Failure } else { Outcome::Unknown },
        environment: job.map(|job| NodeKey::environment("ci", job)),
        ..Keys::default()
    }
}

/// The body of a line's event: the line itself, and `fields` of its job.
pub(crate) fn body(line: &str, fields: &[(&'static str, &str)], number: Option<u64>) -> Json {
    let mut body = Object::new();
    body.insert("line", line);
    for (name, value) in fields {
        body.insert(*name, *value);
    }
    if let Some(number) = number {
        body.insert("number", number);
    }
    body.into()
}
