//! Walking a document whose fields may be absent or of another type: what is not as it should be is noted with its path.

use firebreak_model::{Text, Time};
use serde_json::Value;

/// The longest text that is kept of a version, a name or an id, in bytes. Real ones are far shorter.
const TEXT_MAX: usize = 1024;
/// The longest list that is read.
const LIST_MAX: usize = 200_000;

/// What was met on the way: path and reason.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) faults: Vec<(String, String)>,
}

impl Walk {
    pub(super) fn fault(&mut self, path: &str, reason: impl Into<String>) {
        self.faults.push((path.to_owned(), reason.into()));
    }

    /// The text at `key`; absent, null and empty are all none.
    pub(super) fn text(&mut self, value: &Value, key: &str, path: &str) -> Option<Text> {
        match value.get(key)? {
            Value::Null => None,
            found => self.item(found, &joined(path, key)),
        }
    }

    /// A text that must be one.
    pub(super) fn item(&mut self, value: &Value, path: &str) -> Option<Text> {
        match value {
            Value::String(text) if text.is_empty() => None,
            Value::String(text) if text.len() > TEXT_MAX => {
                self.fault(path, format!("a text of {} bytes, more than the {TEXT_MAX} that are read", text.len()));
                None
            }
            Value::String(text) => Some(Text::new(text)),
            other => {
                self.fault(path, format!("{}, not a text", kind(other)));
                None
            }
        }
    }

    /// The list at `key`, with the path of each item; none where it is absent.
    pub(super) fn list<'v>(&mut self, value: &'v Value, key: &str, path: &str) -> Vec<(String, &'v Value)> {
        let path = joined(path, key);
        match value.get(key) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                if items.len() > LIST_MAX {
                    self.fault(&path, format!("{} items, more than the {LIST_MAX} that are read", items.len()));
                }
                items.iter().take(LIST_MAX).enumerate().map(|(at, item)| (format!("{path}[{at}]"), item)).collect()
            }
            Some(other) => {
                self.fault(&path, format!("{}, not a list", kind(other)));
                Vec::new()
            }
        }
    }

    /// The texts of the list at `key`.
    pub(super) fn texts(&mut self, value: &Value, key: &str, path: &str) -> Vec<Text> {
        // Lists of thousands of versions are usual: a path is made only for what is wrong.
        match value.get(key) {
            Some(Value::Array(items)) if items.len() <= LIST_MAX => {
                let mut texts = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    match item {
                        Value::String(text) if !text.is_empty() && text.len() <= TEXT_MAX => {
                            texts.push(Text::new(text))
                        }
                        other => texts.extend(self.item(other, &format!("{}[{at}]", joined(path, key)))),
                    }
                }
                texts
            }
            _ => self.list(value, key, path).into_iter().filter_map(|(path, item)| self.item(item, &path)).collect(),
        }
    }

    /// The time at `key`.
    pub(super) fn time(&mut self, value: &Value, key: &str, path: &str) -> Option<Time> {
        let text = self.text(value, key, path)?;
        let time = Time::parse(&text);
        if time.is_none() {
            self.fault(&joined(path, key), format!("`{text}` is not a time"));
        }
        time
    }

    /// The object at `key`.
    pub(super) fn object<'v>(&mut self, value: &'v Value, key: &str, path: &str) -> Option<&'v Value> {
        match value.get(key)? {
            Value::Null => None,
            found @ Value::Object(_) => Some(found),
            other => {
                self.fault(&joined(path, key), format!("{}, not an object", kind(other)));
                None
            }
        }
    }
}

pub(super) fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
