//! PostgreSQL's server log as csvlog, jsonlog and stderr lines, with pgaudit's records in it. The host stands in the path:
//! `postgres_log/<host>/…`. Statements are data and may hold secrets: password literals are replaced before anything is
//! kept.

mod audit;
mod clock;
mod csv;
mod line;
mod login;
mod ocsf;

use crate::json;
use crate::mapping::{no_time, set_address};
use crate::parse;
use crate::source::{Framing, LINE_START_BYTES, Making, Mapped, RawRecord, Refusal, Source};
use crate::statement::{Form, without_secrets};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text};
use std::borrow::Cow;

/// PostgreSQL server log.
pub static SOURCE: PostgresLog = PostgresLog;

/// PostgreSQL server log.
#[derive(Debug)]
pub struct PostgresLog;

impl Source for PostgresLog {
    fn name(&self) -> &'static str {
        "postgres_log"
    }

    fn framing(&self) -> Framing {
        Framing::Lines { starts }
    }

    fn fields(&self) -> &'static [&'static str] {
        &[
            "timestamp",
            "user",
            "dbname",
            "pid",
            "remote_host",
            "remote_port",
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
            "func_name",
            "file_name",
            "file_line_num",
            "application_name",
            "backend_type",
            "leader_pid",
            "query_id",
            "sql",
            "audit",
        ]
    }

    fn redact<'r>(&self, record: &'r [u8]) -> Cow<'r, [u8]> {
        without_secrets(record, form(record))
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let mut entry = match form(record.text.as_bytes()) {
            Form::Json => parse::object(record.text)?,
            Form::Csv => csv::entry(record.text)?,
            Form::Plain => line::entry(record.text)?,
        };
        let audited = audit::unfold(&mut entry);
        let stamp = json::text(&entry, &["timestamp"]);
        let time = stamp.and_then(clock::parse).or(record.received).ok_or_else(|| no_time(stamp))?;
        let host =
            record.below("postgres_log").and_then(|rest| rest.split_once('/')).map_or("unnamed", |(host, _)| host);
        Ok(Mapped {
            native_id: Text::from(format!("{host}/{}", record.digest())),
            time,
            log_source: LogSource { product: "postgresql", service: if audited { "pgaudit" } else { "log" } },
            keys: keys(&entry, host),
            body: Some(entry),
        })
    }

    /// The log knows logins, and never which password let them in: who has the password has the login.
    fn makings(&self, event: &Event) -> Vec<Making> {
        let Keys { actor: Some(with), target: Some(what), minted: Some(_), .. } = event.keys.clone() else {
            return Vec::new();
        };
        let made = Making { with, what, until: None, acts_as: None };
        Some(made).filter(|made| made.with != made.what).into_iter().collect()
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// A line starts a record where it begins with a time, or as jsonlog does: statements in a csvlog hold lines of JSON too. In
/// the plain log the server puts a tab before what goes on.
fn starts(line: &[u8]) -> bool {
    line.starts_with(b"{\"timestamp\":") || clock::begins(line)
}

/// How the record is written. A comma right behind the time and its zone is csvlog's.
fn form(record: &[u8]) -> Form {
    if record.starts_with(b"{") {
        return Form::Json;
    }
    let head = record.get(..LINE_START_BYTES.min(record.len())).unwrap_or_default();
    let comma = memchr::memchr2(b',', b'[', head);
    let csv = comma.is_some_and(|at| {
        head.get(at) == Some(&b',') && head.get(at + 1).is_some_and(|next| matches!(next, b'"' | b','))
    });
    if csv { Form::Csv } else { Form::Plain }
}

fn keys(entry: &Json, host: &str) -> Keys {
    let text = |name: &str| json::text(entry, &[name]);
    let message = text("message").unwrap_or_default();
    let outcome = outcome(entry, message);
    let rows = json::count(entry, &["audit", "rows"]);
    // The server logs a statement before it runs it; one that it refuses is told of again, as an error.
    let given = text("sql").filter(|_| outcome == Outcome::Success).and_then(login::given);
    let given = given.map(|role| format!("{host}/{role}"));
    let database = || text("dbname").map(|name| NodeKey::resource("postgres", &format!("{host}/{name}")));
    let mut keys = Keys {
        actor: text("user").map(|role| NodeKey::identity("postgres", &format!("{host}/{role}"))),
        session: json::owned(text("session_id")),
        user_agent: json::owned(text("application_name").filter(|name| *name != "[unknown]")),
        operation: operation(entry, message),
        target: given.as_ref().map(|role| NodeKey::identity("postgres", role)).or_else(database),
        outcome,
        records: rows.filter(|_| outcome == Outcome::Success),
        minted: given.map(|role| NodeKey::credential("postgres", &role)),
        ..Keys::default()
    };
    set_address(&mut keys, text("remote_host").filter(|host| *host != "[local]"));
    keys
}

/// `audit.READ.SELECT`, what became of a connection, the command, else the severity.
fn operation(entry: &Json, message: &str) -> Text {
    const CONNECTIONS: [(&str, &str); 8] = [
        ("connection received", "connection.received"),
        ("connection authenticated", "connection.authenticated"),
        ("connection authorized", "connection.authorized"),
        ("disconnection", "connection.ended"),
        ("password authentication failed", "authentication.failed"),
        ("no pg_hba.conf entry", "authentication.failed"),
        ("pg_hba.conf rejects connection", "authentication.failed"),
        ("parameter \"", "parameter.changed"),
    ];
    if let Some(class) = json::text(entry, &["audit", "class"]) {
        let command = json::text(entry, &["audit", "command"]).unwrap_or_default();
        return Text::from(format!("audit.{class}.{command}"));
    }
    if let Some((_, operation)) = CONNECTIONS.iter().find(|(words, _)| message.starts_with(words)) {
        return Text::new_static(operation);
    }
    if message.contains(" authentication failed for user") {
        return Text::new_static("authentication.failed");
    }
    let verb = json::text(entry, &["sql"]).and_then(|sql| sql.split_whitespace().next());
    let verb = verb.filter(|verb| verb.bytes().all(|byte| byte.is_ascii_alphabetic()) && verb.len() <= 16);
    let word = verb.map(str::to_uppercase).or_else(|| json::text(entry, &["error_severity"]).map(str::to_lowercase));
    word.map_or(Text::new_static("log"), Text::from)
}

/// By SQLSTATE where there is one: class 28 and 42501 are want of authority.
fn outcome(entry: &Json, message: &str) -> Outcome {
    let severity = json::text(entry, &["error_severity"]).unwrap_or_default();
    let bad = matches!(severity, "ERROR" | "FATAL" | "PANIC");
    let code = json::text(entry, &["state_code"]).unwrap_or_default();
    let denied = code.starts_with("28") || code == "42501" || message.contains("permission denied");
    match (bad, denied || (message.contains("authentication failed") || message.contains("pg_hba.conf"))) {
        (true, true) => Outcome::Denied,
        (true, false) => Outcome::Failure,
        // What goes on with another entry does not say how that ended.
        (false, _) if matches!(severity, "STATEMENT" | "DETAIL" | "HINT" | "CONTEXT" | "QUERY") => Outcome::Unknown,
        (false, _) => Outcome::Success,
    }
}
