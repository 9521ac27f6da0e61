//! The `detection` section: searches, each a map, a list of maps or a list of keywords, and the condition over them.

use super::condition::{self, Formula, Refusal};
use super::modifier;
use super::predicate::Condition;
use super::yaml::kind;
use std::collections::{BTreeMap, BTreeSet};
use yaml_serde::{Mapping, Value};

/// What reading a `detection` section gave.
pub(crate) struct Detection {
    /// The compiled condition, where there is one.
    pub(crate) condition: Option<Condition>,
    /// What is wrong, each with the key of the section (or of a search in it) on which it was found.
    pub(crate) refusals: Vec<(String, Refusal)>,
}

/// Searches and conditions that expand to more predicates than this are refused.
const PREDICATES_MAX: usize = 200_000;

fn refusal(reason: impl Into<String>, hint: impl Into<String>) -> Refusal {
    Refusal { reason: reason.into(), hint: hint.into() }
}

/// Compiles the section.
pub(crate) fn compile(section: &Mapping) -> Detection {
    let mut refusals = Vec::new();
    let mut searches = BTreeMap::new();
    let mut names = Vec::new();
    for (key, value) in section {
        let Some(name) = key.as_str() else {
            refusals.push((String::new(), refusal("a search has a name that is not text", "put the name in quotes")));
            continue;
        };
        match name {
            "condition" => {}
            "timeframe" => refusals.push((
                name.to_owned(),
                refusal(
                    "`timeframe` belongs to the aggregations of Sigma 1",
                    "write a correlation rule with `timespan`",
                ),
            )),
            _ => {
                names.push(name.to_owned());
                match search(value) {
                    Ok(condition) => {
                        searches.insert(name.to_owned(), condition);
                    }
                    Err((at, refused)) => refusals.push((at.unwrap_or_else(|| name.to_owned()), refused)),
                }
            }
        }
    }
    let formulas = formulas(section.get("condition"), &names, &mut refusals);
    let mut used = BTreeSet::new();
    formulas.iter().for_each(|formula| condition::names_in(formula, &mut used));
    if !formulas.is_empty() {
        for name in names.iter().filter(|name| !used.contains(*name)) {
            let hint = "name it in `condition`, or remove it";
            refusals.push((name.clone(), refusal(format!("the condition never uses the search `{name}`"), hint)));
        }
    }
    let mut budget = PREDICATES_MAX;
    let parts: Option<Vec<Condition>> =
        formulas.iter().map(|formula| substitute(formula, &searches, &mut budget)).collect();
    if budget == 0 {
        let hint = "split the rule";
        refusals.push(("condition".to_owned(), refusal("the condition expands to too many tests", hint)));
    }
    // A rule with a time frame means several events: asked of one it would never, or always, match.
    let one_event = !section.contains_key("timeframe");
    let condition = parts.filter(|parts| one_event && !parts.is_empty()).map(Condition::any);
    Detection { condition, refusals }
}

/// The formulas under `condition`: one, or a list of which any suffices.
fn formulas(value: Option<&Value>, names: &[String], refusals: &mut Vec<(String, Refusal)>) -> Vec<Formula> {
    let texts: Vec<&str> = match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Sequence(list)) if list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).collect()
        }
        Some(other) => {
            let reason = format!("`condition` is {}, not a text", kind(other));
            refusals.push(("condition".to_owned(), refusal(reason, "write for instance `condition: selection`")));
            return Vec::new();
        }
        None => {
            let hint = "write for instance `condition: selection`";
            refusals.push(("detection".to_owned(), refusal("`detection` has no `condition`", hint)));
            return Vec::new();
        }
    };
    let parsed: Result<Vec<Formula>, Refusal> = texts.into_iter().map(|text| condition::parse(text, names)).collect();
    parsed.unwrap_or_else(|refused| {
        refusals.push(("condition".to_owned(), refused));
        Vec::new()
    })
}

/// The formula with each name replaced by its search; `None` where a search could not be read or it grows too large.
fn substitute(formula: &Formula, searches: &BTreeMap<String, Condition>, budget: &mut usize) -> Option<Condition> {
    let mut all = |parts: &[Formula]| {
        parts.iter().map(|part| substitute(part, searches, budget)).collect::<Option<Vec<Condition>>>()
    };
    match formula {
        Formula::Name(name) => {
            let search = searches.get(name)?;
            *budget = budget.saturating_sub(size(search));
            (*budget > 0).then(|| search.clone())
        }
        Formula::All(parts) => all(parts).map(Condition::all),
        Formula::AtLeast(least, parts) => all(parts).map(|parts| Condition::AtLeast(*least, parts)),
        Formula::Not(part) => substitute(part, searches, budget).map(|part| Condition::Not(Box::new(part))),
    }
}

fn size(condition: &Condition) -> usize {
    match condition {
        Condition::Holds(_) => 1,
        Condition::All(parts) | Condition::AtLeast(_, parts) => parts.iter().map(size).sum(),
        Condition::Not(part) => size(part),
    }
}

type SearchError = (Option<String>, Refusal);

/// One search.
fn search(value: &Value) -> Result<Condition, SearchError> {
    match value {
        Value::Mapping(items) => map(items),
        Value::Sequence(list) if list.is_empty() => {
            Err((None, refusal("the search is an empty list", "give at least one map or keyword")))
        }
        Value::Sequence(list) => {
            let parts = list.iter().map(|entry| match entry {
                Value::Mapping(items) => map(items),
                other => modifier::keyword(other).map_err(|refused| (None, refused)),
            });
            parts.collect::<Result<Vec<Condition>, SearchError>>().map(Condition::any)
        }
        Value::String(_) | Value::Number(_) => modifier::keyword(value).map_err(|refused| (None, refused)),
        other => {
            let reason = format!("the search is {}, not a map or a list", kind(other));
            Err((None, refusal(reason, "write `field: value` lines below it")))
        }
    }
}

/// All of the items of a map.
fn map(items: &Mapping) -> Result<Condition, SearchError> {
    if items.is_empty() {
        return Err((None, refusal("the search is an empty map", "write `field: value` lines below it")));
    }
    let parts = items.iter().map(|(key, value)| match key {
        Value::String(key) => modifier::item(key, value).map_err(|refused| (Some(key.clone()), refused)),
        Value::Number(key) => modifier::item(&key.to_string(), value).map_err(|refused| (None, refused)),
        other => Err((None, refusal(format!("a field name is {}", kind(other)), "put the name in quotes"))),
    });
    parts.collect::<Result<Vec<Condition>, SearchError>>().map(Condition::all)
}
