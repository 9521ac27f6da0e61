//! Statements into documents that IAM takes: like ones joined, actions by service, none larger than a managed policy may be.
//!
//! Wildcards come in only where the documents would not fit otherwise, and never wider than what was granted before.

use crate::aws::glob::{Glob, Work};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The size of a managed policy, in characters without spaces (IAM's quotas, November 2026).
pub const MANAGED_BYTES: usize = 6_144;

/// How many managed policies a principal may have by default.
pub const POLICIES_MAX: usize = 10;

/// A statement that stays, without its actions where they are chosen.
#[derive(Clone, Debug)]
pub(super) struct Part {
    version: Option<Value>,
    /// Everything but `Sid` and the chosen actions.
    rest: Map<String, Value>,
    /// The chosen actions. `None`: the statement is as it was.
    actions: Option<BTreeSet<String>>,
    /// What was granted before: wildcards may not go beyond.
    before: Vec<Glob>,
}

impl Part {
    /// A statement as it was.
    pub(super) fn whole(version: Option<Value>, statement: &Map<String, Value>) -> Part {
        Part { version, rest: without(statement, &["Sid"]), actions: None, before: Vec::new() }
    }

    /// A statement with these actions in place of its own.
    pub(super) fn of(
        version: Option<Value>,
        statement: &Map<String, Value>,
        actions: BTreeSet<String>,
        before: &[&str],
    ) -> Part {
        let before = before.iter().map(|text| Glob::new(&text.to_ascii_lowercase())).collect();
        let rest = without(statement, &["Sid", "Action", "NotAction"]);
        Part { version, rest, actions: Some(actions), before }
    }

    /// Whether both say the same but for their actions.
    pub(super) fn joins(&self, other: &Part) -> bool {
        self.version == other.version && self.rest == other.rest && self.actions.is_some() == other.actions.is_some()
    }

    pub(super) fn join(&mut self, other: Part) {
        if let (Some(own), Some(more)) = (&mut self.actions, other.actions) {
            own.extend(more);
            self.before.extend(other.before);
        }
    }

    fn statement(&self) -> Value {
        let mut statement = self.rest.clone();
        if let Some(actions) = &self.actions {
            statement.insert("Action".to_owned(), actions.iter().cloned().collect());
        }
        Value::Object(statement)
    }

    fn size(&self) -> usize {
        size(&self.statement()) + 1
    }

    /// Two parts with half of the actions each, where there are several.
    fn halves(&self) -> Option<(Part, Part)> {
        let actions = self.actions.as_ref().filter(|actions| actions.len() > 1)?;
        let middle = actions.iter().nth(actions.len() / 2)?;
        let mut ahead = actions.clone();
        let behind = ahead.split_off(middle);
        let with = |actions| Part { actions: Some(actions), ..self.clone() };
        Some((with(ahead), with(behind)))
    }

    /// Puts one wildcard in place of the actions of a service that begin with one word, or of the whole service; tells whether it did.
    fn collapse(&mut self, whole_service: bool) -> bool {
        let Some(actions) = &mut self.actions else { return false };
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for action in actions.iter() {
            if let Some((service, name)) = action.split_once(':') {
                let word = if whole_service { "" } else { first_word(name) };
                groups.entry(format!("{service}:{word}*")).or_default().push(action.clone());
            }
        }
        let mut work = Work::default();
        let before = &self.before;
        let mut granted = |pattern: &str| {
            let pattern = Glob::new(&pattern.to_ascii_lowercase());
            before.iter().any(|own| own.covers(&pattern, &mut work))
        };
        let chosen = groups.into_iter().filter(|(pattern, group)| group.len() > 1 && granted(pattern));
        let chosen = chosen.max_by_key(|(_, group)| group.iter().map(String::len).sum::<usize>());
        let Some((pattern, group)) = chosen else { return false };
        group.iter().for_each(|action| {
            actions.remove(action);
        });
        actions.insert(pattern);
        true
    }
}

/// The documents of `parts`, and whether IAM takes them.
pub(super) fn fit(mut parts: Vec<Part>) -> (Vec<Value>, bool) {
    // Denials first: they are what a reader must not miss.
    parts.sort_by_key(|part| part.rest.get("Effect").and_then(Value::as_str) != Some("Deny"));
    loop {
        let (documents, within) = packed(parts.clone());
        if within && documents.len() <= POLICIES_MAX {
            return (documents, true);
        }
        if !parts.iter_mut().any(|part| part.collapse(false)) && !parts.iter_mut().any(|part| part.collapse(true)) {
            return (documents, false);
        }
    }
}

/// Parts put into as few documents as hold them in this order, and whether each is small enough.
fn packed(parts: Vec<Part>) -> (Vec<Value>, bool) {
    let mut open: Vec<Part> = parts.into_iter().rev().collect();
    let mut documents: Vec<(Option<Value>, Vec<Value>, usize)> = Vec::new();
    let mut within = true;
    while let Some(part) = open.pop() {
        let needs = part.size();
        let room = MANAGED_BYTES - 60;
        match documents.iter_mut().find(|(version, _, used)| *version == part.version && used + needs <= room) {
            Some((_, statements, used)) => {
                statements.push(part.statement());
                *used += needs;
            }
            None if needs <= room => documents.push((part.version.clone(), vec![part.statement()], needs)),
            None => match part.halves() {
                Some((first, second)) => open.extend([second, first]),
                None => {
                    within = false;
                    documents.push((part.version.clone(), vec![part.statement()], needs));
                }
            },
        }
    }
    let document = |(version, statements, _): (Option<Value>, Vec<Value>, usize)| match version {
        Some(version) => json!({"Version": version, "Statement": statements}),
        None => json!({"Statement": statements}),
    };
    (documents.into_iter().map(document).collect(), within)
}

/// Characters that IAM counts.
fn size(value: &Value) -> usize {
    value.to_string().chars().filter(|c| !c.is_whitespace()).count()
}

fn without(statement: &Map<String, Value>, keys: &[&str]) -> Map<String, Value> {
    statement.iter().filter(|(key, _)| !keys.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// The verb that an action begins with: `Describe` of `DescribeInstances`.
fn first_word(name: &str) -> &str {
    let end = name.char_indices().skip(1).find(|(_, c)| !c.is_lowercase()).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(actions: impl Iterator<Item = String>, before: &str) -> Part {
        let statement = json!({"Sid": "A", "Effect": "Allow", "Action": before, "Resource": "*"});
        Part::of(None, statement.as_object().unwrap(), actions.collect(), &[before])
    }

    #[test]
    fn what_is_too_large_is_split_and_only_then_collapsed_within_the_grant() {
        let names =
            |verb: &'static str, count: usize| (0..count).map(move |at| format!("ec2:{verb}Thing{at:04}WithALongName"));
        let (documents, fits) = fit(vec![part(names("Describe", 300), "ec2:*")]);
        assert!(fits && documents.len() > 1 && documents.len() <= POLICIES_MAX, "{}", documents.len());
        assert!(documents.iter().all(|document| size(document) <= MANAGED_BYTES));
        let text = Value::Array(documents).to_string();
        assert!(!text.contains("Describe*") && !text.contains("\"Sid\""));
        let (documents, fits) = fit(vec![part(names("Describe", 3_000).chain(names("Get", 5)), "ec2:Describe*")]);
        let text = Value::Array(documents).to_string();
        assert!(
            fits && text.contains("ec2:Describe*") && !text.contains("ec2:Get*") && !text.contains("ec2:*"),
            "{text}"
        );
    }
}
