//! Lints: rules that load and yet are likely not to do what their author wants. A pure function of the rules and of what
//! is known about the sources; nothing is changed.
//!
//! A lint says one thing about one rule and how to cure it. What merely could be written more shortly is no lint.

mod correlations;
mod dead;
mod fields;
mod items;

#[cfg(test)]
mod tests;

use super::attributes::Attributes;
use super::{Detection, Rules};
use firebreak_model::{Position, Text};
use serde::Serialize;

/// One thing about one rule.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lint {
    /// The name of the lint, the same in every version.
    pub name: &'static str,
    /// The rule's title.
    pub rule: Text,
    /// File and line.
    pub position: Position,
    /// What is likely wrong: lower case, no full stop, the author's words in backticks.
    pub what: String,
    /// What to do about it.
    pub cure: String,
}

impl std::fmt::Display for Lint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}: {} ({})\nhint: {}", self.rule, self.position, self.what, self.name, self.cure)
    }
}

/// What is known about a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KnownSource<'a> {
    /// Sigma `product` of its records.
    pub product: &'a str,
    /// Sigma `service` of its records.
    pub service: &'a str,
    /// Every name that a record of it may have at its top; empty where that is not known.
    pub fields: &'a [&'a str],
}

/// Where lints are put.
struct Lints(Vec<Lint>);

impl Lints {
    fn push(&mut self, name: &'static str, of: &Attributes, line: u64, what: String, cure: impl Into<String>) {
        let position = Position { input: of.path.to_string(), line: Some(line), ..Position::default() };
        let lint = Lint { name, rule: of.title.clone(), position, what, cure: cure.into() };
        if !self.0.contains(&lint) {
            self.0.push(lint);
        }
    }
}

/// The lints of `rules`, in the order of files and lines.
pub(super) fn lint(rules: &Rules, sources: &[KnownSource<'_>]) -> Vec<Lint> {
    let mut lints = Lints(Vec::new());
    for rule in rules.detections() {
        attributes(&rule.attributes, Some(rule), &mut lints);
        items::lint(rule, &mut lints);
        dead::lint(rule, &mut lints);
        fields::lint(rule, sources, &mut lints);
    }
    // A correlation that only another one uses says nothing by itself.
    for rule in rules.correlations().iter().filter(|rule| rule.emits) {
        attributes(&rule.attributes, None, &mut lints);
    }
    correlations::lint(rules, sources, &mut lints);
    same_logic(rules, &mut lints);
    filters(rules, &mut lints);
    let mut lints = lints.0;
    lints.sort_by(|a, b| {
        (&a.position.input, a.position.line, a.name).cmp(&(&b.position.input, b.position.line, b.name))
    });
    lints
}

/// What every rule that raises findings should say.
fn attributes(attributes: &Attributes, detection: Option<&Detection>, lints: &mut Lints) {
    if detection.is_some_and(|rule| !rule.emits) {
        return;
    }
    if !attributes.says_level {
        let what = "the rule says no level, and counts as medium".to_owned();
        lints.push("no_level", attributes, attributes.line, what, "write `level:` low, medium, high or critical");
    }
    let tags = detection.map(|rule| &rule.written.tags);
    let tactic = tags.is_some_and(|tags| tags.iter().any(|tag| tag.to_lowercase().starts_with("attack.")));
    if attributes.techniques.is_empty() && !tactic {
        let what =
            "the rule names no ATT&CK technique, so that its findings cannot be put together by stage".to_owned();
        lints.push("no_technique", attributes, attributes.line, what, "add for instance `- attack.t1528` to `tags`");
    }
}

/// Rules that ask the same of the same records.
fn same_logic(rules: &Rules, lints: &mut Lints) {
    let mut seen: std::collections::HashMap<String, &Detection> = std::collections::HashMap::new();
    for rule in rules.detections().iter().filter(|rule| rule.emits) {
        match seen.entry(format!("{:?}{:?}", rule.route, rule.condition)) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(rule);
            }
            std::collections::hash_map::Entry::Occupied(first) => {
                let first = &first.get().attributes;
                let what = format!("the rule asks the same as `{}` in `{}`", first.title, first.path);
                let cure = "keep one of them: each event raises two findings";
                lints.push("same_logic", &rule.attributes, rule.attributes.line, what, cure);
            }
        }
    }
}

fn filters(rules: &Rules, lints: &mut Lints) {
    for filter in &rules.filters {
        let of = &filter.attributes;
        for name in &filter.missing {
            let what = format!("the filter names `{name}`, which is no loaded rule of its log source");
            lints.push("filter_without_rule", of, of.line, what, "correct the id or the filter's `logsource`");
        }
        if filter.applied == 0 && filter.missing.is_empty() {
            let what = "the filter applies to no rule".to_owned();
            lints.push("filter_without_rule", of, of.line, what, "correct its `logsource`, or remove it");
        }
        if filter.keeps {
            let what = "the filter's condition has no `not`: the rules only find what it describes".to_owned();
            lints.push("filter_keeps", of, of.line, what, "write `condition: not selection` to leave it out");
        }
    }
}
