//! Named values that belong together: a section of an INI file, an object of a JSON document, the variables.

use super::names::squeezed;
use firebreak_model::Time;
use serde_json::Value;
use zeroize::{Zeroize, Zeroizing};

/// The deepest JSON object that is looked at.
const MAX_DEPTH: usize = 24;

/// Values of one file that are looked at.
const MAX_PAIRS: usize = 50_000;

/// Named values that belong together. The values are wiped when it is dropped.
pub(super) struct Section {
    /// The name of the profile or object.
    pub(super) label: String,
    /// Names and values.
    pub(super) pairs: Vec<(String, Zeroizing<String>)>,
}

impl Section {
    pub(super) fn new(label: &str) -> Section {
        Section { label: label.to_owned(), pairs: Vec::new() }
    }

    /// The value whose name ends in `name`, of which only letters and digits count.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| squeezed(key).ends_with(name));
        found.map(|(_, value)| value.trim().trim_matches(['"', '\''])).filter(|value| !value.is_empty())
    }

    /// When what stands here stops being valid, by its own word.
    pub(super) fn expires(&self) -> Option<Time> {
        let names = ["expiresat", "expiration", "expiry", "expireson"];
        let value = names.iter().find_map(|name| self.get(name))?;
        Time::parse(value).or_else(|| match value.parse::<i64>().ok()? {
            seconds @ 1_000_000_000..=99_999_999_999 => Some(Time::from_seconds(seconds)),
            millis @ 1_000_000_000_000..=99_999_999_999_999 => Some(Time::from_millis(millis)),
            _ => None,
        })
    }

    /// Where the value called `name` stands.
    pub(super) fn detail(&self, name: &str) -> String {
        match self.label.is_empty() {
            true => name.to_owned(),
            false => format!("{} {name}", self.label),
        }
    }
}

/// Lines such as `key = value`, `key: value`, `export KEY=value`, in sections where `[name]` begins one.
pub(super) fn of_lines(text: &str) -> Vec<Section> {
    let mut sections = vec![Section::new("")];
    let mut count = 0;
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if line.starts_with('[') && line.ends_with(']') {
            sections.push(Section::new(line));
            continue;
        }
        if let Some((name, value)) = pair(line)
            && let Some(section) = sections.last_mut()
            && count < MAX_PAIRS
        {
            count += 1;
            section.pairs.push((name, Zeroizing::new(value.to_owned())));
        }
    }
    sections
}

/// The name and the value of a line: parted by the first `=`, or by a colon with a blank after it.
fn pair(line: &str) -> Option<(String, &str)> {
    let line =
        ["export ", "set -x ", "setenv ", "- "].iter().fold(line, |line, word| line.strip_prefix(word).unwrap_or(line));
    let equals = line.find('=');
    let colon = line.find(": ").filter(|at| equals.is_none_or(|equals| *at < equals));
    let (name, value) = match (colon, equals) {
        (Some(at), _) => (line.get(..at)?, line.get(at + 1..)?),
        (None, Some(at)) => (line.get(..at)?, line.get(at + 1..)?),
        // Yarn parts names and values by a blank.
        (None, None) => line.split_once(' ')?,
    };
    let name = name.trim().trim_matches(['"', '\'']);
    let fits = !name.is_empty() && name.len() <= 200 && !name.contains(char::is_whitespace);
    fits.then(|| (name.to_owned(), comment_free(value.trim())))
}

/// The value without the remark behind it, which a blank and `#` begin; in quotes it is part of the value.
fn comment_free(value: &str) -> &str {
    match value.starts_with(['"', '\'']) {
        true => {
            let quote = value.get(..1).unwrap_or_default();
            match value.get(1..).and_then(|rest| rest.find(quote)) {
                Some(end) => value.get(1..=end).unwrap_or(value),
                None => value,
            }
        }
        false => value.split(" #").next().unwrap_or(value).trim_end(),
    }
}

/// Each object of a JSON document. None where it is no JSON.
pub(super) fn of_json(bytes: &[u8]) -> Option<Vec<Section>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut document: Value = serde_json::from_slice(bytes).ok()?;
    let (mut sections, mut count) = (Vec::new(), 0);
    collect(&document, "", "", 0, &mut count, &mut sections);
    wipe(&mut document);
    Some(sections)
}

fn collect(value: &Value, label: &str, name: &str, depth: usize, count: &mut usize, sections: &mut Vec<Section>) {
    if depth > MAX_DEPTH || *count > MAX_PAIRS {
        return;
    }
    match value {
        Value::Object(fields) => {
            let mut section = Section::new(label);
            for (key, value) in fields {
                *count += 1;
                match value {
                    Value::String(text) => section.pairs.push((key.clone(), Zeroizing::new(text.clone()))),
                    Value::Number(number) => section.pairs.push((key.clone(), Zeroizing::new(number.to_string()))),
                    _ => {
                        let below = if label.is_empty() { key.clone() } else { format!("{label}.{key}") };
                        collect(value, &below, key, depth + 1, count, sections);
                    }
                }
            }
            sections.push(section);
        }
        Value::Array(items) => {
            let mut section = Section::new(label);
            for item in items {
                *count += 1;
                match item {
                    Value::String(text) => section.pairs.push((name.to_owned(), Zeroizing::new(text.clone()))),
                    _ => collect(item, label, name, depth + 1, count, sections),
                }
            }
            sections.push(section);
        }
        _ => {}
    }
}

/// Wipes every text of a document.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(fields) => fields.values_mut().for_each(wipe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let sections = of_lines(text);
        sections.iter().flat_map(|s| &s.pairs).map(|(name, value)| (name.clone(), value.to_string())).collect()
    }

    #[test]
    fn lines_are_read_as_their_files_write_them() {
        for (line, name, value) in [
            ("export TOKEN=\"a b\" # why", "TOKEN", "a b"),
            ("//registry.npmjs.org/:_authToken=abc=", "//registry.npmjs.org/:_authToken", "abc="),
            ("    oauth_token: gho_x", "oauth_token", "gho_x"),
            ("\"//r/:_authToken\" xyz", "//r/:_authToken", "xyz"),
            ("password = p#w", "password", "p#w"),
            ("  - token: x:y=z", "token", "x:y=z"),
        ] {
            assert_eq!(pairs(line), [(name.to_owned(), value.to_owned())], "{line}");
        }
    }
}
