//! What a step does.

use super::{Progress, Step};
use crate::rules::LogSource;
use crate::rules::Refusal;
use crate::rules::condition::Formula;
use crate::rules::draft::Draft;
use crate::rules::placeholder;
use crate::rules::section::{Fault, Item, Search, Section};
use crate::rules::yaml::scalar_text;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use yaml_serde::Value;

/// Names of placeholders that a step is for.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) include: Option<Vec<String>>,
    pub(super) exclude: Vec<String>,
}

impl Chosen {
    fn has(&self, name: &str) -> bool {
        let named = |names: &Vec<String>| names.iter().any(|own| own == name);
        self.include.as_ref().is_none_or(named) && !named(&self.exclude)
    }
}

/// The kinds of steps.
#[derive(Debug)]
pub(super) enum Action {
    MapFields(BTreeMap<String, Vec<String>>),
    MapPrefixes(Vec<(String, Vec<String>)>),
    Prefix(String),
    Suffix(String),
    DropItem,
    AddCondition {
        name: String,
        searches: Vec<(String, Value)>,
        negated: bool,
        template: bool,
    },
    ChangeSource(LogSource),
    Replace {
        pattern: Regex,
        by: String,
    },
    MapValues(BTreeMap<String, Vec<Value>>),
    SetValue(Value),
    FillPlaceholders(Chosen),
    WildPlaceholders(Chosen),
    SetState(String, String),
    FailRule(String),
    FailItem(String),
    /// Changes only what no detection depends on.
    Nothing,
}

impl Action {
    /// The names that take the place of this one, where the step renames fields.
    pub(super) fn renamed(&self, name: &str) -> Option<Vec<String>> {
        match self {
            Action::MapFields(names) => names.get(name).cloned(),
            Action::MapPrefixes(prefixes) => prefixes.iter().find_map(|(prefix, others)| {
                let rest = name.strip_prefix(prefix.as_str())?;
                Some(others.iter().map(|other| format!("{other}{rest}")).collect())
            }),
            Action::Prefix(prefix) => Some(vec![format!("{prefix}{name}")]),
            Action::Suffix(suffix) => Some(vec![format!("{name}{suffix}")]),
            _ => None,
        }
    }
}

impl Step {
    /// Changes a rule.
    pub(super) fn run(&self, draft: &mut Draft, progress: &mut Progress, vars: &BTreeMap<String, Vec<String>>) {
        match &self.action {
            Action::ChangeSource(source) => {
                draft.logsource = LogSource { line: draft.logsource.line, ..source.clone() };
            }
            Action::SetState(key, value) => {
                progress.state.insert(key.clone(), value.clone());
            }
            Action::FailRule(message) => draft.faults.push(failed(draft.attributes.line, message)),
            Action::AddCondition { name, searches, negated, template } => {
                add_condition(draft, name, searches, *negated, *template);
            }
            Action::Nothing => {}
            _ => self.run_on_items(draft, progress, vars),
        }
    }

    /// Notes what matters of this step to a correlation.
    pub(super) fn run_on_correlation(&self, progress: &mut Progress) -> Result<(), Refusal> {
        match &self.action {
            Action::SetState(key, value) => {
                progress.state.insert(key.clone(), value.clone());
                Ok(())
            }
            Action::FailRule(message) => Err(failed(0, message).refusal),
            _ => Ok(()),
        }
    }

    fn run_on_items(&self, draft: &mut Draft, progress: &Progress, vars: &BTreeMap<String, Vec<String>>) {
        let mut faults = Vec::new();
        let searches = std::mem::take(&mut draft.section.searches);
        for (name, search) in searches {
            match search.rewrite(&mut |item| self.item(item, progress, vars, &mut faults)) {
                Some(search) => draft.section.searches.push((name, search)),
                None => forget(&mut draft.section, &name),
            }
        }
        if draft.section.conditions.is_empty() && draft.faults.is_empty() && faults.is_empty() {
            let reason = "a pipeline drops everything that the rule asks";
            faults.push(Fault::new(draft.section.line, reason, "narrow the conditions of its drop_detection_item"));
        }
        draft.faults.extend(faults);
    }

    /// What becomes of an item.
    fn item(
        &self,
        mut item: Item,
        progress: &Progress,
        vars: &BTreeMap<String, Vec<String>>,
        faults: &mut Vec<Fault>,
    ) -> Option<Search> {
        let applied: BTreeSet<String> = item.applied.iter().cloned().collect();
        let for_name = |name: &str| self.on_field.hold(|condition| condition.of_name(name, progress, &applied));
        let chosen = self.on_item.hold(|condition| condition.of_item(&item, progress));
        // A reference to a field is a field too.
        if chosen && item.has("fieldref") {
            for alternatives in &mut item.values {
                *alternatives =
                    alternatives.iter().flat_map(|value| self.renamed_reference(value, &for_name)).collect();
            }
        }
        if !chosen || !for_name(&item.field) {
            return Some(Search::Item(item));
        }
        let changed = |mut item: Item| {
            if !self.id.is_empty() {
                item.applied.push(self.id.clone());
            }
            Search::Item(item)
        };
        let mut look_up = |chosen: &Chosen, value: &dyn Fn(&str) -> Option<Vec<String>>, item: &mut Item| {
            let expanded = placeholder::expand(item, &|name| value(name).filter(|_| chosen.has(name)));
            faults.extend(expanded.err().map(|refusal| Fault { line: item.line, refusal }));
        };
        match &self.action {
            Action::DropItem => return None,
            Action::FailItem(message) => faults.push(failed(item.line, message)),
            Action::FillPlaceholders(chosen) if item.has("expand") => {
                look_up(chosen, &|name| vars.get(name).cloned(), &mut item);
            }
            Action::WildPlaceholders(chosen) if item.has("expand") => {
                look_up(chosen, &|_| Some(vec!["*".to_owned()]), &mut item);
            }
            Action::Replace { pattern, by } => each_text(&mut item, &|text| {
                Some(vec![Value::String(pattern.replace_all(text, by.as_str()).into_owned())])
            }),
            Action::MapValues(values) => each_text(&mut item, &|text| values.get(text).cloned()),
            Action::SetValue(value) => item.values = vec![vec![value.clone()]],
            action => {
                let names = if item.field.is_empty() { None } else { action.renamed(&item.field) };
                let Some(names) = names else { return Some(Search::Item(item)) };
                let renamed = |field: String, item: Item| changed(Item { field, ..item });
                return Some(spread(&names, item, &renamed));
            }
        }
        Some(changed(item))
    }

    fn renamed_reference(&self, value: &Value, for_name: &dyn Fn(&str) -> bool) -> Vec<Value> {
        let names = value.as_str().filter(|name| for_name(name)).and_then(|name| self.action.renamed(name));
        match names {
            Some(names) => names.into_iter().map(Value::String).collect(),
            None => vec![value.clone()],
        }
    }
}

/// The item asked of several fields, whose values together are those of the one that it names: any of them may hold, all
/// of them must be absent. `renamed` gives the item another field.
fn spread(names: &[String], item: Item, renamed: &dyn Fn(String, Item) -> Search) -> Search {
    if let [one] = names {
        return renamed(one.clone(), item);
    }
    let (unequal, every) = (item.has("neq"), item.has("all"));
    let joined = |all: bool, mut parts: Vec<Search>| match parts.len() {
        1 => parts.pop().unwrap_or(Search::All(Vec::new())),
        _ if all => Search::All(parts),
        _ => Search::Any(parts),
    };
    let of_fields = |values: Vec<Vec<Value>>, absent: bool| {
        let each = names.iter().map(|name| renamed(name.clone(), Item { values: values.clone(), ..item.clone() }));
        joined(absent != unequal, each.collect())
    };
    let lacks = |value: &Value| value.is_null() || (item.has("exists") && *value == Value::Bool(false));
    let of_values = |values: Vec<Vec<Value>>| {
        let flat = values.into_iter().flatten();
        let (absent, present): (Vec<Value>, Vec<Value>) = flat.partition(lacks);
        let parts = [(present, false), (absent, true)].into_iter().filter(|(values, _)| !values.is_empty());
        joined(unequal, parts.map(|(values, absent)| of_fields(vec![values], absent)).collect())
    };
    match every {
        false => of_values(item.values.clone()),
        true => joined(!unequal, item.values.iter().map(|value| of_values(vec![value.clone()])).collect()),
    }
}

fn failed(line: u64, message: &str) -> Fault {
    Fault::new(line, format!("a pipeline refuses the rule: {message}"), "change the rule or the pipeline")
}

/// Puts what `with` gives for the text of a value in its place.
fn each_text(item: &mut Item, with: &dyn Fn(&str) -> Option<Vec<Value>>) {
    for alternatives in &mut item.values {
        let replaced = |value: &Value| match scalar_text(value).and_then(|text| with(&text)) {
            Some(values) => values,
            None => vec![value.clone()],
        };
        *alternatives = alternatives.iter().flat_map(replaced).collect();
    }
}

/// Takes the search `name` out of the conditions: what is joined with it stands alone.
fn forget(section: &mut Section, name: &str) {
    let conditions = std::mem::take(&mut section.conditions);
    section.conditions = conditions.into_iter().filter_map(|formula| without(formula, name)).collect();
}

fn without(formula: Formula, name: &str) -> Option<Formula> {
    let rest =
        |parts: Vec<Formula>| -> Vec<Formula> { parts.into_iter().filter_map(|part| without(part, name)).collect() };
    match formula {
        Formula::Name(own) => (own != name).then_some(Formula::Name(own)),
        Formula::Not(part) => without(*part, name).map(|part| Formula::Not(Box::new(part))),
        Formula::All(parts) => Some(rest(parts)).filter(|parts| !parts.is_empty()).map(Formula::All),
        Formula::AtLeast(least, parts) => {
            let parts = rest(parts);
            (!parts.is_empty()).then(|| Formula::AtLeast(least.min(parts.len()), parts))
        }
    }
}

fn add_condition(draft: &mut Draft, name: &str, searches: &[(String, Value)], negated: bool, template: bool) {
    let line = draft.section.line;
    let source = draft.logsource.clone();
    let filled = |value: &Value| match value {
        Value::String(text) if template => {
            let word = |word: &Option<firebreak_model::Text>| word.as_deref().unwrap_or_default().to_owned();
            let text =
                text.replace("${category}", &word(&source.category)).replace("$category", &word(&source.category));
            let text = text.replace("${product}", &word(&source.product)).replace("$product", &word(&source.product));
            let text = text.replace("${service}", &word(&source.service)).replace("$service", &word(&source.service));
            Value::String(text)
        }
        other => other.clone(),
    };
    let items = searches.iter().map(|(key, value)| {
        let values = match value {
            Value::Sequence(values) => values.iter().map(filled).collect(),
            one => vec![filled(one)],
        };
        Search::Item(Item::new(key, values, line))
    });
    let mut own = name.to_owned();
    while draft.section.searches.iter().any(|(name, _)| *name == own) {
        own.push('_');
    }
    draft.section.searches.push((own.clone(), Search::All(items.collect())));
    let added = Formula::Name(own);
    let added = if negated { Formula::Not(Box::new(added)) } else { added };
    for formula in &mut draft.section.conditions {
        let before = std::mem::replace(formula, Formula::All(Vec::new()));
        *formula = Formula::All(vec![added.clone(), before]);
    }
}
