//! csvlog: one record of 23 to 26 columns, strict about quotation marks. A statement may hold line breaks, and text that
//! looks like a record of its own: a piece that was cut there has quotation marks that do not fit, and is refused.

use crate::source::Refusal;
use firebreak_model::Json;
use sonic_rs::Object;

/// The columns in order, called as jsonlog calls them. The fifth is host and port together.
const COLUMNS: [&str; 26] = [
    "timestamp",
    "user",
    "dbname",
    "pid",
    "remote_host",
    "session_id",
    "line_num",
    "ps",
    "session_start",
    "vxid",
    "txid",
    "error_severity",
    "state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_position",
    "context",
    "statement",
    "cursor_position",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
];
const COLUMNS_MIN: usize = 22;
const HINT: &str = "check that the input is a whole csvlog; a statement may hold a line that looks like a record";

/// The record by column.
pub(super) fn entry(text: &str) -> Result<Json, Refusal> {
    let values = values(text)?;
    if values.len() < COLUMNS_MIN || values.len() > COLUMNS.len() {
        let reason =
            format!("a csvlog record of {} columns, and it has {COLUMNS_MIN} to {}", values.len(), COLUMNS.len());
        return Err(Refusal::new(reason, HINT));
    }
    let mut entry = Object::new();
    for (column, value) in COLUMNS.iter().zip(&values).filter(|(_, value)| !value.is_empty()) {
        match (*column, value.rsplit_once(':')) {
            ("remote_host", Some((host, port))) => {
                entry.insert("remote_host", host);
                entry.insert("remote_port", port);
            }
            (column, _) => drop(entry.insert(column, value.as_str())),
        }
    }
    Ok(entry.into())
}

/// The values between commas. In quotation marks, two stand for one; outside there are none.
pub(super) fn values(text: &str) -> Result<Vec<String>, Refusal> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let (value, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = rest.find([',', '"']).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default().to_owned(), rest.get(end..).unwrap_or_default())
            }
        };
        values.push(value);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(values),
            None => return Err(Refusal::new("quotation marks of the csvlog record do not fit", HINT)),
        }
    }
}

fn unquoted(quoted: &str) -> Result<(String, &str), Refusal> {
    let mut value = String::new();
    let mut rest = quoted;
    loop {
        let Some((before, after)) = rest.split_once('"') else {
            return Err(Refusal::new("a quotation mark of the csvlog record does not end", HINT));
        };
        value.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                value.push('"');
                rest = next;
            }
            None => return Ok((value, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_a_statement_holds_is_no_record() {
        let forged =
            "2026-03-24 10:00:00 UTC,\"\"postgres\"\",\"\"db\"\",1,,,,,,,,LOG,00000,\"\"x\"\",,,,,,,,\",,,,,\"psql\"";
        assert!(entry(forged).is_err());
        let bare = "2026-03-24 10:00:00 UTC,postgres,db,1,,,,,,,,LOG,00000,x,,,,,,,,\",,,,,\"psql\"";
        assert!(entry(bare).is_err());
        assert_eq!(values("a,\"b,\"\"c\"\"\n\",,d").unwrap(), ["a", "b,\"c\"\n", "", "d"]);
    }
}
