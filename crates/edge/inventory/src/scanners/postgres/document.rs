//! The document's parts, each checked for its form.

use crate::json::list;
use crate::report::Report;
use serde_json::Value;

/// Grantee and privilege; an empty grantee is everybody.
pub(super) type Grants<'v> = Vec<(&'v str, &'v str)>;

/// The grants of one object.
pub(super) fn grants<'v>(object: &'v Value, report: &mut Report) -> Grants<'v> {
    let rows = list(object, "grants");
    let read = |row: &'v Value| match row.as_array().map(Vec::as_slice) {
        Some([Value::String(grantee), Value::String(privilege)]) => Some((grantee.as_str(), privilege.as_str())),
        _ => None,
    };
    let grants: Grants<'v> = rows.iter().filter_map(read).collect();
    if grants.len() < rows.len() {
        let reason = format!("{} grants are not pairs of grantee and privilege", rows.len() - grants.len());
        report.add(reason, "export the file again");
    }
    grants
}

/// Whether every part is there. What is missing is unknown, not empty.
pub(super) fn is_whole(document: &Value, report: &mut Report) -> bool {
    const PARTS: [&str; 5] = ["roles", "members", "databases", "schemas", "relations"];
    let missing: Vec<&str> =
        PARTS.into_iter().filter(|part| !document.get(part).is_some_and(Value::is_array)).collect();
    if !missing.is_empty() {
        report.add(format!("it holds no {}", missing.join(", no ")), "export the file again with export.sql");
    }
    missing.is_empty() & crate::collect::is_whole(document, report)
}
