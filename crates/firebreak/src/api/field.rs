//! What the fields of a call may hold: what the OpenAPI document says of each kind is what is checked here, before anything is asked.

use super::access::{TOKEN_DAYS_MAX, is_person, policy::ROLES};
use super::endpoints::{AREAS, Endpoint, Field};
use super::page::MOST;
use super::problem::Problem;
use firebreak_model::{NodeKey, NodeKind, Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A reason and a note are at most so long, in characters.
pub(super) const REASON_CHARACTERS_MAX: usize = 2_000;
/// See there.
pub(super) const NOTE_CHARACTERS_MAX: usize = 4_000;
/// Other plans that are shown beside the cheapest.
const OTHERS_MAX: u64 = 5;
/// Nodes of a graph that come at once.
pub(super) const MANY_MAX: u64 = 10_000;
/// Forms in which the map is written.
const FORMS: [&str; 4] = ["graphml", "json", "graphviz", "opengraph"];
/// Sets of policies that are shipped.
const POLICIES: [&str; 3] = ["watch", "ask", "act"];

/// So many keys may be named in one call.
const KEYS_MAX: usize = 100;
/// Stands between the values of a field that may come several times: no value holds it.
pub(super) const SEVERAL: char = '\n';

/// Up to here a floating-point number says every whole number exactly.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Text that says something: at least one character that is neither blank nor a separator.
const SAYS: &str = "\\S";

/// Whether `text` says something, in the sense of [`SAYS`].
pub(super) fn says(text: &str) -> bool {
    text.chars().any(|one| !one.is_whitespace() && !('\u{1c}'..='\u{1f}').contains(&one))
}

/// The schema of a kind.
pub(super) fn schema(kind: &str) -> Value {
    let kinds = || NodeKind::ALL.map(NodeKind::word);
    match kind {
        "time" => json!({"type": "string", "format": "date-time"}),
        "limit" => json!({"type": "integer", "minimum": 1, "maximum": MOST}),
        "many" => json!({"type": "integer", "minimum": 1, "maximum": MANY_MAX}),
        "rows" => json!({"type": "integer", "minimum": 1, "maximum": crate::hunting::ROWS_MAX}),
        "days" => json!({"type": "integer", "minimum": 1, "maximum": TOKEN_DAYS_MAX}),
        "few" => json!({"type": "integer", "minimum": 0, "maximum": OTHERS_MAX}),
        "step" => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        "index" => json!({"type": "integer", "minimum": 0}),
        "cursor" => json!({"type": "string", "pattern": "^([0-9a-f]{2})+$", "maxLength": 4_000}),
        "key" => json!({"type": "string", "pattern": format!("^({}):[^\\x00-\\x1f]+$", kinds().join("|"))}),
        "keys" => json!({"type": "array", "items": schema("key"), "minItems": 1, "maxItems": KEYS_MAX}),
        "type" => json!({"type": "string", "enum": kinds()}),
        "policy" => json!({"type": "string", "enum": POLICIES}),
        "form" => json!({"type": "string", "enum": FORMS}),
        "role" => json!({"type": "string", "enum": ROLES}),
        "areas" => json!({"type": "array", "items": {"type": "string", "enum": AREAS}, "maxItems": 100}),
        "names" => json!({"type": "array", "items": {"type": "string"}}),
        "person" => json!({"type": "string", "pattern": "^[^\\s\\x00-\\x1f\\x7f-\\x9f]{1,200}$"}),
        // Text, or an object.
        "any" => json!({}),
        "text" => json!({"type": "string", "minLength": 1}),
        "uid" => json!({"type": "string", "pattern": "^[0-9a-f]{32}$"}),
        "reason" => json!({"type": "string", "pattern": SAYS, "maxLength": REASON_CHARACTERS_MAX}),
        "note" => json!({"type": "string", "pattern": SAYS, "maxLength": NOTE_CHARACTERS_MAX}),
        kind => json!({"type": kind}),
    }
}

/// Whether the field may stand in an address several times.
pub(super) fn is_several(kind: &str) -> bool {
    kind.starts_with("keys")
}

/// What is wrong with the `query` of a call of `endpoint`: each value by its kind, and what must be there.
///
/// # Errors
/// Which field does not fit, and how it must be.
pub(super) fn check_query(endpoint: &Endpoint, query: &BTreeMap<String, String>) -> Result<(), Problem> {
    let fields = fields_of(endpoint);
    for (name, kind) in &fields {
        let Some(text) = query.get(*name) else { continue };
        check(name, kind, &in_an_address(kind.trim_end_matches('?'), text))?;
    }
    present(&fields, "the address", |name| query.contains_key(name))
}

/// What the text of an address says as a value of `kind`.
fn in_an_address(kind: &str, text: &str) -> Value {
    let said = match kind {
        "limit" | "many" | "few" => text.parse::<u64>().ok().map(Value::from),
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    };
    said.unwrap_or_else(|| json!(text))
}

/// JSON has one kind of number: `7.0` says the whole number 7.
pub(super) fn whole_numbers(body: &mut Value) {
    let Value::Object(fields) = body else { return };
    for value in fields.values_mut() {
        let said = value.as_f64().filter(|said| value.is_f64() && said.fract() == 0.0 && said.abs() <= EXACT_MAX);
        if let Some(said) = said {
            *value = json!(said as i64);
        }
    }
}

/// The same for the body, where the endpoint takes one.
///
/// # Errors
/// Which field does not fit, and how it must be.
pub(super) fn check_body(endpoint: &Endpoint, body: &Value) -> Result<(), Problem> {
    for (name, kind) in endpoint.body {
        match body.get(name) {
            None => {}
            Some(Value::Null) if kind.ends_with('?') => {}
            Some(value) => check(name, kind, value)?,
        }
    }
    present(endpoint.body, "the body", |name| body.get(name).is_some())
}

/// The fields that an address may have.
pub(super) fn fields_of(endpoint: &Endpoint) -> Vec<Field> {
    let mut fields = endpoint.query.to_vec();
    if endpoint.list {
        fields.extend([("limit", "limit?"), ("cursor", "cursor?")]);
    }
    fields
}

fn check(name: &str, kind: &str, value: &Value) -> Result<(), Problem> {
    let hint = "GET /api/v1/openapi.json says what each call takes";
    match fault(kind.trim_end_matches('?'), value) {
        Some(fault) => Err(Problem::bad(format!("`{name}` is {fault}"), hint)),
        None => Ok(()),
    }
}

fn present(fields: &[Field], place: &str, has: impl Fn(&str) -> bool) -> Result<(), Problem> {
    match fields.iter().find(|(name, kind)| !kind.ends_with('?') && !has(name)) {
        Some((name, _)) => {
            Err(Problem::bad(format!("{place} lacks `{name}`"), "GET /api/v1/openapi.json says what each call takes"))
        }
        None => Ok(()),
    }
}

/// What is wrong with `value` as a value of `kind`; nothing where it fits.
pub(super) fn fault(kind: &str, value: &Value) -> Option<String> {
    let wrong = |what: &str| Some(what.to_owned());
    let number = |least: u64, most: u64| match value.as_u64() {
        Some(number) if (least..=most).contains(&number) => None,
        _ => wrong(&format!("no number from {least} to {most}")),
    };
    let text =
        |fits: &dyn Fn(&str) -> bool, what: &str| if value.as_str().is_some_and(fits) { None } else { wrong(what) };
    let one_of = |known: &[&str]| text(&|text| known.contains(&text), &format!("none of {}", known.join(", ")));
    let is_key = |text: &str| !text.contains(|one| one < ' ') && NodeKey::parse(text).is_some();
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let short = |most: usize| move |text: &str| says(text) && text.chars().count() <= most;
    match kind {
        "time" => text(&|text| Time::parse(text).is_some(), "no time: write it in UTC, as 2026-03-24T10:00:00Z"),
        "limit" => number(1, MOST as u64),
        "many" => number(1, MANY_MAX),
        "rows" => number(1, crate::hunting::ROWS_MAX as u64),
        "days" => number(1, u64::from(TOKEN_DAYS_MAX)),
        "few" => number(0, OTHERS_MAX),
        "step" => number(0, u64::from(u32::MAX)),
        "cursor" => text(&|text| text.len() % 2 == 0 && !text.is_empty() && hex(text), "none that was given"),
        "key" => text(&is_key, "no key: write kind:system/name, as in credential:aws/AKIA…"),
        "keys" => {
            let fits = |text: &str| text.split(SEVERAL).count() <= KEYS_MAX && text.split(SEVERAL).all(is_key);
            text(&fits, "no key: write kind:system/name, as in credential:aws/AKIA…, up to a hundred times")
        }
        "type" => one_of(&NodeKind::ALL.map(NodeKind::word)),
        "policy" => one_of(&POLICIES),
        "form" => one_of(&FORMS),
        "role" => one_of(&ROLES),
        "areas" => {
            let area = |one: &Value| one.as_str().is_some_and(|one| AREAS.contains(&one));
            let fits = value.as_array().is_some_and(|list| list.len() <= 100 && list.iter().all(area));
            if fits { None } else { wrong(&format!("no list of {}", AREAS.join(", "))) }
        }
        "names" => {
            let fits = value.as_array().is_some_and(|list| list.iter().all(Value::is_string));
            if fits { None } else { wrong("no list of names") }
        }
        "person" => text(&is_person, "no name of 1 to 200 visible characters: say an e-mail address"),
        "text" => text(&|text| !text.is_empty(), "empty"),
        "uid" => text(&|text| text.len() == 32 && hex(text), "no uid: 32 digits, as findings list them"),
        "reason" => text(&short(REASON_CHARACTERS_MAX), "empty, or longer than 2,000 characters"),
        "note" => text(&short(NOTE_CHARACTERS_MAX), "empty, or longer than 4,000 characters"),
        "string" => text(&|_| true, "no text"),
        "boolean" => {
            if value.is_boolean() {
                None
            } else {
                wrong("neither true nor false")
            }
        }
        _ => None,
    }
}
