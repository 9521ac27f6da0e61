//! Sigma filters: a condition of the operator's own that joins, with `and`, the condition of other rules.
//!
//! A filter names rules by id or name, or `any`, and a log source; it applies to the named rules of that log source.
//! `condition: not selection` leaves out what the selection finds. It changes single-event rules, not correlations: those
//! follow the rules they refer to.

use super::attributes::Attributes;
use super::collection::Written;
use super::condition::Formula;
use super::draft::Draft;
use super::section::{Fault, Section};
use super::{FilterUse, LogSource};
use yaml_serde::{Mapping, Value};

/// A filter.
#[derive(Debug)]
pub(super) struct Filter {
    attributes: Attributes,
    logsource: LogSource,
    /// Ids and names; `None` is every rule of the log source.
    rules: Option<Vec<String>>,
    section: Section,
}

/// Reads a document with a `filter`.
pub(super) fn read(written: &Written<'_>, section: &Mapping, attributes: Attributes) -> Result<Filter, Vec<Fault>> {
    let mut faults = Vec::new();
    let document = &written.document;
    let lines = |path: &[&str]| document.line_at(&[&["filter"], path].concat());
    let logsource = LogSource::read(written.map.get("logsource"), document.line_of("", "logsource"), &mut faults);
    let hint = "list ids or names of rules under `filter: rules:`, or write `rules: any`";
    let rules = match section.get("rules") {
        Some(Value::String(word)) if word == "any" || word == "*" => None,
        Some(Value::String(one)) => Some(vec![one.clone()]),
        Some(Value::Sequence(list)) if !list.is_empty() && list.iter().all(Value::is_string) => {
            Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => {
            faults.push(Fault::new(lines(&["rules"]), "the filter names no rules", hint));
            None
        }
    };
    let mut read = Section::read(section, &["rules"], &lines, &mut faults);
    read.read_conditions(section, &lines, &mut faults);
    if faults.is_empty() { Ok(Filter { attributes, logsource, rules, section: read }) } else { Err(faults) }
}

/// How the names begin that a filter's searches have in a rule.
const PREFIX: &str = "_filter#";

/// Whether a search of a rule came from a filter.
pub(super) fn is_of_filter(name: &str) -> bool {
    name.starts_with(PREFIX)
}

impl Filter {
    /// Joins the condition of every rule that it is for.
    pub(super) fn apply(&self, number: usize, drafts: &mut [Draft]) -> FilterUse {
        let mut found = Vec::new();
        let mut applied = 0;
        for draft in drafts {
            let names = [&draft.attributes.id, &draft.attributes.name];
            let named = names.into_iter().flatten().map(|name| name.to_string());
            let own: Vec<String> =
                named.filter(|name| self.rules.as_ref().is_none_or(|rules| rules.contains(name))).collect();
            if (own.is_empty() && self.rules.is_some()) || !self.logsource.covers(&draft.logsource) {
                continue;
            }
            found.extend(own);
            applied += 1;
            self.join(number, &mut draft.section);
        }
        let missing = self.rules.iter().flatten().filter(|name| !found.contains(name)).cloned().collect();
        let keeps = self.section.conditions.iter().any(|formula| !begins_with_not(formula));
        FilterUse { attributes: self.attributes.clone(), applied, missing, keeps }
    }

    fn join(&self, number: usize, section: &mut Section) {
        let renamed = |name: &str| format!("{PREFIX}{number}_{name}");
        section.searches.extend(self.section.searches.iter().map(|(name, search)| (renamed(name), search.clone())));
        let own: Vec<Formula> = self.section.conditions.iter().map(|formula| rename(formula, &renamed)).collect();
        for formula in &mut section.conditions {
            let before = std::mem::replace(formula, Formula::All(Vec::new()));
            *formula = Formula::All(vec![before, Formula::AtLeast(1, own.clone())]);
        }
    }
}

fn begins_with_not(formula: &Formula) -> bool {
    match formula {
        Formula::Not(_) => true,
        Formula::All(parts) => parts.iter().any(begins_with_not),
        Formula::AtLeast(_, parts) => parts.iter().all(begins_with_not),
        Formula::Name(_) => false,
    }
}

fn rename(formula: &Formula, renamed: &dyn Fn(&str) -> String) -> Formula {
    let all = |parts: &[Formula]| parts.iter().map(|part| rename(part, renamed)).collect();
    match formula {
        Formula::Name(name) => Formula::Name(renamed(name)),
        Formula::All(parts) => Formula::All(all(parts)),
        Formula::AtLeast(least, parts) => Formula::AtLeast(*least, all(parts)),
        Formula::Not(part) => Formula::Not(Box::new(rename(part, renamed))),
    }
}

impl LogSource {
    /// Whether `other` is within this log source: whatever this one names is the same there.
    pub(crate) fn covers(&self, other: &LogSource) -> bool {
        let within = |own: &Option<firebreak_model::Text>, other| own.is_none() || own == other;
        within(&self.product, &other.product)
            && within(&self.service, &other.service)
            && within(&self.category, &other.category)
    }
}
