//! Lines of the plain log: a time, whatever else `log_line_prefix` puts there, a severity, two spaces, the message. What the
//! prefix holds is told by its form: `[pid]`, `user@database`, `user=…`, `host(port)`.

use super::clock;
use crate::source::Refusal;
use firebreak_model::Json;
use sonic_rs::Object;

/// The words before the message. The last eight go on with the entry before them.
const SEVERITIES: [&str; 19] = [
    "LOG",
    "ERROR",
    "FATAL",
    "PANIC",
    "WARNING",
    "NOTICE",
    "INFO",
    "DEBUG",
    "DEBUG1",
    "DEBUG2",
    "DEBUG3",
    "DETAIL",
    "HINT",
    "STATEMENT",
    "CONTEXT",
    "QUERY",
    "LOCATION",
    "BACKTRACE",
    "AUDIT",
];

/// The line by its parts.
pub(super) fn entry(text: &str) -> Result<Json, Refusal> {
    let refusal = || {
        let hint = "begin `log_line_prefix` with `%m [%p] %q%u@%d `, or log as csvlog or jsonlog";
        Refusal::new("not a line of a PostgreSQL log: it has no time or no severity", hint)
    };
    let end = clock::length(text).ok_or_else(refusal)?;
    let (stamp, rest) = text.split_at_checked(end).ok_or_else(refusal)?;
    let (prefix, severity, message) = split(rest).ok_or_else(refusal)?;
    let mut entry = Object::new();
    entry.insert("timestamp", stamp);
    entry.insert("error_severity", severity);
    // What goes on has a tab before it.
    entry.insert("message", message.replace("\n\t", "\n").as_str());
    for (name, value) in parts(prefix) {
        entry.insert(name, value);
    }
    Ok(entry.into())
}

/// The prefix, the severity and the message.
fn split(rest: &str) -> Option<(&str, &str, &str)> {
    let first = rest.find('\n').unwrap_or(rest.len());
    let mut from = 0;
    while let Some(found) = rest.get(from..first)?.find(":  ") {
        let at = from + found;
        let before = rest.get(..at)?;
        let word = before.rsplit([' ', ':', ']', ',']).next().unwrap_or(before);
        if SEVERITIES.contains(&word) {
            return Some((before.get(..before.len() - word.len())?, word, rest.get(at + 3..)?));
        }
        from = at + 3;
    }
    None
}

/// What the prefix says.
fn parts(prefix: &str) -> Vec<(&'static str, &str)> {
    const NAMED: [(&str, &str); 9] = [
        ("user", "user"),
        ("db", "dbname"),
        ("database", "dbname"),
        ("app", "application_name"),
        ("client", "remote_host"),
        ("host", "remote_host"),
        ("remote", "remote_host"),
        ("session", "session_id"),
        ("xid", "txid"),
    ];
    let mut parts: Vec<(&'static str, &str)> = Vec::new();
    let pid = prefix.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map(|(pid, _)| pid);
    parts.extend(
        pid.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()) && !pid.is_empty()).map(|pid| ("pid", pid)),
    );
    for word in prefix.split([' ', ',']).flat_map(|word| word.split(":[")) {
        let word = word.trim_matches([':', '[', ']', ';']);
        if let Some((name, value)) = word.split_once('=') {
            let known = NAMED.iter().find(|(written, _)| *written == name && !value.is_empty());
            parts.extend(known.map(|(_, ours)| (*ours, value)));
            continue;
        }
        // `10.0.0.1(5432):user@database`, and without the address.
        let (address, who) = match word.split_once("):") {
            Some((address, who)) => (Some(address), who),
            None => (None, word),
        };
        if let Some((host, port)) = address.and_then(|address| address.split_once('(')) {
            parts.push(("remote_host", host.trim_start_matches(':')));
            parts.push(("remote_port", port));
        }
        if let Some((user, database)) =
            who.split_once('@').filter(|(user, database)| !user.is_empty() && !database.is_empty())
        {
            parts.push(("user", user));
            parts.push(("dbname", database));
        }
    }
    let mut seen = Vec::new();
    parts.retain(|(name, value)| {
        *value != "[unknown]" && !seen.contains(name) && {
            seen.push(*name);
            true
        }
    });
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn the_usual_prefixes_are_read() {
        for text in [
            "2026-03-24 10:58:41.123 UTC [77] ada@payroll LOG:  statement: SELECT 1",
            "2026-03-24 10:58:41 UTC:10.0.0.9(5123):ada@payroll:[77]:LOG:  statement: SELECT 1",
            "2026-03-24 10:58:41 UTC [77]: user=ada,db=payroll,app=psql,client=10.0.0.9 LOG:  statement: SELECT 1",
        ] {
            let entry = entry(text).unwrap();
            assert_eq!(json::text(&entry, &["user"]), Some("ada"), "{text}");
            assert_eq!(json::text(&entry, &["dbname"]), Some("payroll"), "{text}");
            assert_eq!(json::text(&entry, &["pid"]), Some("77"), "{text}");
            assert_eq!(json::text(&entry, &["message"]), Some("statement: SELECT 1"), "{text}");
        }
        assert!(entry("2026-03-24 10:58:41 UTC [77] nothing").is_err());
    }
}
