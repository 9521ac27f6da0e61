//! The register: one file in which the owner declares which people's records are kept where, why and how long.

use super::Terms;
use firebreak_model::{DataClass, NodeKey, Position, Problem, Text, Time};
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;

/// The only form that there is.
pub const FORMAT: &str = "firebreak.register/1";

/// One declaration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Which class.
    pub class: DataClass,
    /// Keys of resources; a `*` at the end stands for any rest.
    pub at: Vec<Text>,
    /// On which terms.
    pub terms: Terms,
    /// When all of it was deleted, where that is declared.
    pub deleted: Option<Time>,
}

impl Record {
    /// Whether it declares this class at this place.
    pub fn covers(&self, class: &DataClass, resource: &NodeKey) -> bool {
        let meets = |pattern: &Text| match pattern.strip_suffix('*') {
            Some(begin) => resource.as_str().starts_with(begin),
            None => resource.as_str() == pattern.as_str(),
        };
        self.class == *class && self.at.iter().any(meets)
    }

    /// The places that it names whole.
    pub fn exact(&self) -> impl Iterator<Item = NodeKey> + '_ {
        self.at.iter().filter(|pattern| !pattern.ends_with('*')).filter_map(|key| NodeKey::parse(key))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    #[serde(default)]
    record: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    class: Text,
    at: Vec<Text>,
    purpose: String,
    basis: String,
    owner: String,
    #[serde(default)]
    processors: Vec<String>,
    retention_days: u32,
    oldest: Option<String>,
    deleted: Option<String>,
}

/// Reads a register. A declaration that cannot be understood is a problem with its line, and is left out: its places then count as
/// undeclared.
pub fn register(text: &str, path: &str) -> (Vec<Record>, Vec<Problem>) {
    let file: File = match toml::from_str(text) {
        Ok(file) => file,
        Err(error) => {
            let at = error.span().unwrap_or_default();
            return (
                Vec::new(),
                vec![problem(text, path, at, error.message().to_owned(), "docs/custody.md has the form")],
            );
        }
    };
    let mut problems = Vec::new();
    if file.format != FORMAT {
        let reason = format!("its format is `{}`", file.format);
        return (Vec::new(), vec![problem(text, path, 0..0, reason, "write `format = \"firebreak.register/1\"`")]);
    }
    let mut records = Vec::new();
    for entry in file.record {
        let span = entry.span();
        match record(entry.into_inner()) {
            Ok(record) => records.push(record),
            Err((reason, hint)) => problems.push(problem(text, path, span, reason, hint)),
        }
    }
    (records, problems)
}

fn record(entry: Entry) -> Result<Record, (String, &'static str)> {
    let named = |key: &&Text| key.strip_suffix('*').is_none() && NodeKey::parse(key).is_none();
    if let Some(odd) = entry.at.iter().find(named) {
        return Err((format!("`{odd}` is no key"), "write a resource's key, as in resource:aws/arn:aws:s3:::bucket"));
    }
    if let Some(odd) = entry.at.iter().find(|key| !key.starts_with("resource:")) {
        return Err((format!("`{odd}` is no resource"), "records lie in resources: resource:<system>/<name>"));
    }
    if entry.at.is_empty() {
        return Err(("it names no place".to_owned(), "give at least one key in `at`"));
    }
    let date = |name: &str, text: Option<String>| match text {
        None => Ok(None),
        Some(text) => match Time::parse(&text).or_else(|| Time::parse(&format!("{text}T00:00:00Z"))) {
            Some(time) => Ok(Some(time)),
            None => Err((format!("`{name}` is `{text}`, which is no date"), "write a date such as \"2021-01-04\"")),
        },
    };
    Ok(Record {
        class: DataClass::new(&entry.class),
        at: entry.at,
        terms: Terms {
            purpose: entry.purpose,
            basis: entry.basis,
            owner: entry.owner,
            processors: entry.processors,
            retention_days: entry.retention_days,
            oldest: date("oldest", entry.oldest)?,
        },
        deleted: date("deleted", entry.deleted)?,
    })
}

fn problem(text: &str, path: &str, at: Range<usize>, reason: String, hint: &str) -> Problem {
    let before = text.get(..at.start).unwrap_or_default();
    let line = before.matches('\n').count() as u64 + 1;
    let position = Position { input: path.to_owned(), line: Some(line), ..Position::default() };
    Problem { source: Text::new_static("register"), position, reason, hint: hint.to_owned() }
}
