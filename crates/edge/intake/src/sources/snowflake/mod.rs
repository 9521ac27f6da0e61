//! Snowflake's `ACCOUNT_USAGE` views exported row by row: logins, queries, grants, sessions, transfers, accesses, stages.
//! Which view a row is of is told by its columns, which are given their upper-case names. The account stands in the path:
//! `snowflake/<account>/…`.

mod ocsf;
mod view;

use crate::json;
use crate::mapping::{no_time, person, set_address};
use crate::reshape::{renamed, unfold};
use crate::source::{Framing, Mapped, RawRecord, Refusal, Source};
use crate::statement::{Form, without_secrets};
use firebreak_model::{Event, Json, Keys, LogSource, NodeKey, Outcome, Text, Time};
use std::borrow::Cow;
use view::View;

/// Snowflake account usage.
pub static SOURCE: Snowflake = Snowflake;

/// Snowflake account usage.
#[derive(Debug)]
pub struct Snowflake;

impl Source for Snowflake {
    fn name(&self) -> &'static str {
        "snowflake"
    }

    fn framing(&self) -> Framing {
        Framing::Json { envelopes: &["data", "rows"] }
    }

    fn fields(&self) -> &'static [&'static str] {
        view::COLUMNS
    }

    fn redact<'r>(&self, record: &'r [u8]) -> Cow<'r, [u8]> {
        without_secrets(record, Form::Json)
    }

    fn map(&self, record: &RawRecord<'_>) -> Result<Mapped, Refusal> {
        let row = row(record.json)?;
        let view = View::of(&row).ok_or_else(|| {
            let hint = "export rows of QUERY_HISTORY, LOGIN_HISTORY, SESSIONS, GRANTS_TO_USERS, GRANTS_TO_ROLES, \
                        DATA_TRANSFER_HISTORY, ACCESS_HISTORY, STAGES or USERS with their column names";
            Refusal::new("not a row of a Snowflake view that is read: no known set of columns", hint)
        })?;
        let account = json::text(&row, &["ACCOUNT_NAME"])
            .or_else(|| record.below("snowflake").and_then(|rest| rest.split_once('/')).map(|(account, _)| account));
        Ok(Mapped {
            native_id: native_id(record, &row, view),
            time: time(record, &row, view)?,
            log_source: LogSource { product: "snowflake", service: view.service },
            keys: keys(&row, view, account.unwrap_or("unnamed")),
            body: Some(row),
        })
    }

    fn ocsf(&self, event: &Event) -> serde_json::Value {
        ocsf::record(event)
    }
}

/// The row's own id under its view's name: a query and the accesses of that query have the same.
fn native_id(record: &RawRecord<'_>, row: &Json, view: &View) -> Text {
    const ID_LENGTH_MIN: usize = 12;
    let id = view.id.iter().find_map(|column| json::id(row, &[column]));
    match id.filter(|id| id.len() >= ID_LENGTH_MIN) {
        Some(id) => Text::from(format!("{}/{id}", view.service)),
        None => Text::from(format!("{}/{}", view.service, record.digest())),
    }
}

/// The row with column names in upper case and JSON columns unfolded. Names that a pipeline added (`p_…`) stay.
fn row(record: &Json) -> Result<Json, Refusal> {
    const NESTED: [&str; 6] = [
        "DIRECT_OBJECTS_ACCESSED",
        "BASE_OBJECTS_ACCESSED",
        "OBJECTS_MODIFIED",
        "OBJECT_MODIFIED_BY_DDL",
        "POLICIES_REFERENCED",
        "CLIENT_ENVIRONMENT",
    ];
    let upper = |name: &str| if name.starts_with("p_") { name.to_owned() } else { name.to_uppercase() };
    let mut row = renamed(record, &upper);
    for column in NESTED {
        unfold(&mut row, column)?;
    }
    Ok(row)
}

/// The first of the view's columns that holds a time; Snowflake puts a space before the zone.
fn time(record: &RawRecord<'_>, row: &Json, view: &View) -> Result<Time, Refusal> {
    let mut unreadable = None;
    for column in view.times {
        match json::clock(row, &[column]) {
            json::Clock::At(time) => return Ok(time),
            json::Clock::Unreadable(text) => match zoned(text) {
                Some(time) => return Ok(time),
                None => unreadable = unreadable.or(Some(text)),
            },
            json::Clock::Absent => {}
        }
    }
    record.time(&[]).map_err(|_| no_time(unreadable))
}

/// `2024-10-10 12:56:35.822 -0700`, and seconds since 1970 as text.
fn zoned(text: &str) -> Option<Time> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds > 0.0 && seconds < 1e11).then_some(Time((seconds * 1e6) as i64));
    }
    let (clock, zone) = text.rsplit_once(' ')?;
    if zone == "Z" {
        return Time::parse(&format!("{clock}Z"));
    }
    let (hours, minutes) = zone.split_at_checked(3)?;
    Time::parse(&format!("{clock}{hours}:{}", minutes.trim_start_matches(':')))
}

fn keys(row: &Json, view: &View, account: &str) -> Keys {
    let text = |column: &str| json::text(row, &[column]);
    let outcome = outcome(row);
    let name = view.actor.iter().find_map(|column| text(column));
    let bytes = view.bytes.iter().filter_map(|column| json::count(row, &[column])).max();
    let rows = view.rows.iter().find_map(|column| json::count(row, &[column]));
    let mut keys = Keys {
        actor: name.map(|name| user(account, name)),
        session: view.session.iter().find_map(|column| json::id(row, &[column])).map(|id| Text::new(&id)),
        user_agent: view.agent.iter().find_map(|column| text(column)).map(Text::new),
        operation: operation(row, view),
        target: target(row, view, account),
        outcome,
        bytes: bytes.filter(|bytes| *bytes > 0),
        records: rows.filter(|_| outcome != Outcome::Denied),
        ..Keys::default()
    };
    set_address(&mut keys, text("CLIENT_IP"));
    keys
}

/// A person where the login name is an e-mail address.
fn user(account: &str, name: &str) -> NodeKey {
    person(Some(name)).unwrap_or_else(|| NodeKey::identity("snowflake", &format!("{account}/{name}")))
}

fn operation(row: &Json, view: &View) -> Text {
    let word = view.word.and_then(|column| json::text(row, &[column]));
    word.map_or_else(|| Text::new_static(view.service), |word| Text::from(format!("{}.{word}", view.service)))
}

/// What the row is about: a user who got a role, an object on which a privilege was granted, the database of a query.
fn target(row: &Json, view: &View, account: &str) -> Option<NodeKey> {
    let text = |column: &str| json::text(row, &[column]);
    if view.service == "grants_to_users" {
        return text("GRANTEE_NAME").map(|name| user(account, name));
    }
    if view.service == "users" {
        return text("NAME").map(|name| user(account, name));
    }
    let object = json::list(row, &["DIRECT_OBJECTS_ACCESSED"]).first();
    let object = object.and_then(|object| json::text(object, &["objectName"])).map(str::to_owned);
    let named: Vec<&str> = view.object.iter().filter_map(|column| text(column)).collect();
    let named = object.or_else(|| (!named.is_empty()).then(|| named.join(".")));
    Some(NodeKey::resource("snowflake", &named.map_or_else(|| account.to_owned(), |name| format!("{account}/{name}"))))
}

fn outcome(row: &Json) -> Outcome {
    let text = |column: &str| json::text(row, &[column]);
    let good = |word: &str| ["SUCCESS", "YES", "TRUE", "Y"].iter().any(|good| word.eq_ignore_ascii_case(good));
    if let Some(word) = text("IS_SUCCESS") {
        return if good(word) { Outcome::Success } else { Outcome::Denied };
    }
    let status = text("EXECUTION_STATUS");
    if status.is_some_and(good) {
        return Outcome::Success;
    }
    // 3001 is want of privilege, 2003 an object that does not exist or may not be seen.
    match json::id(row, &["ERROR_CODE"]).as_deref().map(|code| code.trim_start_matches('0')) {
        Some("3001" | "3003" | "2003") => Outcome::Denied,
        Some(_) => Outcome::Failure,
        None if status.is_some_and(|status| status.to_lowercase().starts_with("fail")) => Outcome::Failure,
        None if status.is_none() => Outcome::Success,
        None => Outcome::Unknown,
    }
}
