//! Documents of a file as rules: cut, parsed, and where `action` says so joined with those before.
//!
//! `action: global` is the ground for every later document of its file, `action: reset` clears that ground, and
//! `action: repeat` writes what it has over the document before it. Maps are joined key by key; anything else replaces.

use super::condition::Refusal;
use super::section::Fault;
use super::yaml::{self, Document, kind};
use super::{RuleFile, yaml::FILE_BYTES_MAX};
use yaml_serde::{Mapping, Value};

/// One rule, filter or correlation as a map, with the text that it comes from.
pub(super) struct Written<'a> {
    pub(super) map: Mapping,
    pub(super) document: Document<'a>,
    /// Its number, from 2, among the documents that have their id from a common ground; 1 for any other.
    pub(super) copy: usize,
}

/// The documents of a file, and what cannot be read.
pub(super) fn documents(file: &RuleFile) -> (Vec<Written<'_>>, Vec<Fault>) {
    let mut faults = Vec::new();
    if file.text.len() > FILE_BYTES_MAX {
        let reason = format!("the file has {} bytes, more than {FILE_BYTES_MAX}", file.text.len());
        return (Vec::new(), vec![Fault::new(1, reason, "split it: one file for each detector")]);
    }
    let all = Document::all(&file.text);
    if all.is_empty() {
        faults.push(Fault::new(1, "the file holds no rule", "write one, or remove the file"));
    }
    let mut collection = Collection::default();
    for document in all {
        match parsed(&document) {
            Ok(map) => {
                if let Err(refusal) = collection.take(map, document) {
                    faults.push(refusal);
                }
            }
            Err(fault) => faults.push(fault),
        }
    }
    if collection.rules.is_empty() && faults.is_empty() {
        faults.push(Fault::new(
            1,
            "the file holds only a common ground and no rule",
            "add the rules, or remove the file",
        ));
    }
    (collection.rules, faults)
}

fn parsed(document: &Document<'_>) -> Result<Mapping, Fault> {
    match document.parse() {
        Ok(Value::Mapping(map)) => Ok(map),
        Ok(other) => {
            let reason = format!("the document is {}, not a rule", kind(&other));
            Err(Fault::new(document.line_of("", ""), reason, "a rule is a map with title, logsource and detection"))
        }
        Err(broken) => {
            let hint = "check indentation, quotes and repeated keys near this line";
            Err(Fault::new(broken.line, format!("this is not YAML: {}", broken.reason), hint))
        }
    }
}

#[derive(Default)]
struct Collection<'a> {
    rules: Vec<Written<'a>>,
    ground: Mapping,
    /// How many rules have taken the ground's id.
    copies: usize,
}

impl<'a> Collection<'a> {
    fn take(&mut self, mut map: Mapping, document: Document<'a>) -> Result<(), Fault> {
        let Some(action) = map.remove("action") else {
            let own_id = map.contains_key("id") || map.contains_key("name");
            let inherits = !own_id && (self.ground.contains_key("id") || self.ground.contains_key("name"));
            self.copies += usize::from(inherits);
            let mut joined = self.ground.clone();
            join(&mut joined, map);
            self.rules.push(Written { map: joined, document, copy: if inherits { self.copies } else { 1 } });
            return Ok(());
        };
        match action.as_str() {
            Some("global") => {
                self.copies = 0;
                self.ground = map;
            }
            Some("reset") => {
                self.copies = 0;
                self.ground = Mapping::new();
            }
            Some("repeat") => {
                let line = document.line_of("", "action");
                let Some(before) = self.rules.last() else {
                    return Err(Fault::new(
                        line,
                        "`action: repeat` has no document before it",
                        "write the rule in full",
                    ));
                };
                let own_id = map.contains_key("id") || map.contains_key("name");
                let copy = if own_id { 1 } else { before.copy + 1 };
                let mut joined = before.map.clone();
                join(&mut joined, map);
                self.rules.push(Written { map: joined, document, copy });
            }
            _ => {
                let word = yaml::scalar_text(&action).unwrap_or_default();
                let refusal = Refusal {
                    reason: format!("`{word}` is not an action of a collection"),
                    hint: "use global, reset or repeat, or remove the line".to_owned(),
                };
                return Err(Fault { line: document.line_of("", "action"), refusal });
            }
        }
        Ok(())
    }
}

/// Writes `over` over `ground`.
fn join(ground: &mut Mapping, over: Mapping) {
    for (key, value) in over {
        match (ground.get_mut(&key), value) {
            (Some(Value::Mapping(below)), Value::Mapping(above)) => join(below, above),
            (_, value) => {
                ground.insert(key, value);
            }
        }
    }
}
