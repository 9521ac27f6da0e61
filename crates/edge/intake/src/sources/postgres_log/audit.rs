//! The statement that an entry is about, and pgaudit's records: `AUDIT: SESSION,1,1,READ,SELECT,TABLE,public.pay,"SELECT …",<none>`.

use super::csv;
use crate::json;
use crate::reshape::put;
use firebreak_model::Json;
use sonic_rs::Object;

const FIELDS: [&str; 10] = [
    "type",
    "statement_id",
    "substatement_id",
    "class",
    "command",
    "object_type",
    "object_name",
    "statement",
    "parameter",
    "rows",
];
const FIELDS_MIN: usize = 8;

/// Adds `audit` where the message is pgaudit's, and `sql` where a statement is told. Whether it is pgaudit's.
pub(super) fn unfold(entry: &mut Json) -> bool {
    let message = json::text(entry, &["message"]).unwrap_or_default().to_owned();
    let severity = json::text(entry, &["error_severity"]).unwrap_or_default();
    let written = message.strip_prefix("AUDIT: ").or_else(|| (severity == "AUDIT").then_some(message.as_str()));
    if let Some(audit) = written.and_then(|text| fields(text.trim_start())) {
        if let Some(statement) = json::text(&audit, &["statement"]).map(str::to_owned) {
            put(entry, "sql", statement.as_str());
        }
        put(entry, "audit", audit);
        return true;
    }
    let continued = severity == "STATEMENT" || severity == "QUERY";
    let statement = json::text(entry, &["statement"]).map(str::to_owned);
    let told = statement.or_else(|| statement_in(&message).map(str::to_owned)).or_else(|| continued.then_some(message));
    if let Some(statement) = told {
        put(entry, "sql", statement.as_str());
    }
    false
}

/// `statement: …`, `duration: 1.2 ms  statement: …`, `execute <unnamed>: …`.
fn statement_in(message: &str) -> Option<&str> {
    let rest = match message.strip_prefix("duration: ") {
        Some(rest) => rest.split_once("  ").map_or("", |(_, rest)| rest),
        None => message,
    };
    rest.strip_prefix("statement: ").or_else(|| {
        let named = ["execute ", "parse ", "bind "].iter().find_map(|word| rest.strip_prefix(word))?;
        named.split_once(": ").map(|(_, statement)| statement)
    })
}

fn fields(text: &str) -> Option<Json> {
    let values = csv::values(text).ok().filter(|values| (FIELDS_MIN..=FIELDS.len()).contains(&values.len()))?;
    let told = matches!(values.first().map(String::as_str), Some("SESSION" | "OBJECT"));
    let mut audit = Object::new();
    for (field, value) in FIELDS.iter().zip(&values).filter(|(_, value)| !value.is_empty()) {
        audit.insert(*field, value.as_str());
    }
    told.then(|| audit.into())
}
