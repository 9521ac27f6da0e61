//! Reading JSON that others wrote: absent, null and of another type are all "not there"; our own formats are strict.

use crate::nearest::nearest;
use crate::report::{Report, shown};
use firebreak_model::{NodeKey, Time};
use serde_json::Value;

/// Parses a document. The parser refuses nesting deeper than 128, so a hostile file cannot exhaust the stack.
pub(crate) fn parse(bytes: &[u8], report: &mut Report) -> Option<Value> {
    // Windows tools begin UTF-8 files with a byte order mark.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            let reason = format!("not valid JSON: {error}").replace('\n', " ");
            report.at_line(error.line(), reason, "export the file again");
            None
        }
    }
}

/// The text at `key`, unless it is empty.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// The id at `key`: platforms write texts and numbers.
pub(crate) fn id(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The text at the end of `path`, unless it is empty.
pub(crate) fn text_at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    let end = path.iter().try_fold(value, |value, key| value.get(key))?;
    end.as_str().filter(|text| !text.is_empty())
}

/// The items of the list at `key`; none where there is no list.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// One text or a list of texts: AWS writes both.
pub(crate) fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether `key` is `true`.
pub(crate) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

/// The time at `key`. A text that is not a time is a problem and then absent.
pub(crate) fn time(value: &Value, key: &str, report: &mut Report) -> Option<Time> {
    let written = text(value, key)?;
    // The last day of the calendar is how platforms write that there is no end.
    let never = written.starts_with("9999-12-3").then_some(Time::MAX);
    let time = never.or_else(|| Time::parse(written));
    if time.is_none() {
        let reason = format!("`{}` in `{key}` is not a time", shown(written));
        report.add(reason, "write it as 2026-03-24T10:58:41Z");
    }
    time
}

/// The time at `key` in seconds since 1970, as some platforms write it. Anything else, and zero, is not there.
pub(crate) fn epoch(value: &Value, key: &str) -> Option<Time> {
    let seconds = value.get(key)?.as_i64().filter(|seconds| (1..=253_402_300_799).contains(seconds))?;
    Some(Time::from_seconds(seconds))
}

/// The node key at `key`. A text that is not one is a problem and then absent.
pub(crate) fn node(value: &Value, key: &str, report: &mut Report) -> Option<NodeKey> {
    node_of(text(value, key)?, key, report)
}

/// The node keys in the list at `key`.
pub(crate) fn nodes(value: &Value, key: &str, report: &mut Report) -> Vec<NodeKey> {
    texts(value.get(key)).into_iter().filter_map(|written| node_of(written, key, report)).collect()
}

fn node_of(written: &str, key: &str, report: &mut Report) -> Option<NodeKey> {
    let parsed = NodeKey::parse(written);
    if parsed.is_none() {
        let reason = format!("`{}` in `{key}` is not a key", shown(written));
        report.add(reason, "write kind, system and name: `credential:aws/AKIA…`, `resource:github/org/repository`");
    }
    parsed
}

/// Tells of every key of `value` that is not in `allowed`: a misspelt key in a format of our own would be silently lost.
pub(crate) fn check_keys(value: &Value, place: &str, allowed: &[&str], report: &mut Report) {
    let Some(map) = value.as_object() else {
        report.add(format!("{place} is not an object"), "see the scanner's page for the form");
        return;
    };
    for key in map.keys().filter(|key| !allowed.contains(&key.as_str())) {
        let hint = match nearest(key, allowed) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known keys are {}", allowed.join(", ")),
        };
        report.add(format!("unknown key `{}` in {place}", shown(key)), hint);
    }
}

/// Whether the document's `format` is `want`; anything else is a problem.
pub(crate) fn has_format(value: &Value, want: &str, report: &mut Report) -> bool {
    let have = text(value, "format").unwrap_or_default();
    if have != want {
        report.add(
            format!("`{}` is not a format that is read here", shown(have)),
            format!("write \"format\": \"{want}\""),
        );
    }
    have == want
}
