//! The `detection` section as its author wrote it: searches of items, and conditions over them. Filters and pipelines
//! change it in this form; only then is it compiled.

use super::condition::{self, Formula, Refusal};
use super::yaml::{kind, scalar_text};
use std::collections::BTreeSet;
use yaml_serde::{Mapping, Value};

/// What is wrong, and on which line of the file.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) line: u64,
    pub(crate) refusal: Refusal,
}

impl Fault {
    pub(crate) fn new(line: u64, reason: impl Into<String>, hint: impl Into<String>) -> Fault {
        Fault { line, refusal: Refusal { reason: reason.into(), hint: hint.into() } }
    }
}

/// Where in the file the key at the end of a path of keys is written.
pub(crate) type Lines<'a> = dyn Fn(&[&str]) -> u64 + 'a;

/// Searches, and what must hold of them.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Section {
    /// Named searches, in the order in which they are written.
    pub(crate) searches: Vec<(String, Search)>,
    /// Any of these.
    pub(crate) conditions: Vec<Formula>,
    /// On which line the condition is written.
    pub(crate) line: u64,
}

/// One search, or a part of one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Search {
    /// One field and its values.
    Item(Item),
    /// All of these.
    All(Vec<Search>),
    /// Any of these.
    Any(Vec<Search>),
}

/// `field|modifiers: values`. An empty field name means any value of the record.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Item {
    pub(crate) field: String,
    pub(crate) modifiers: Vec<String>,
    /// The values; each may stand for several, of which any will do.
    pub(crate) values: Vec<Vec<Value>>,
    /// On which line.
    pub(crate) line: u64,
    /// Steps of pipelines that have changed it.
    pub(crate) applied: Vec<String>,
}

impl Item {
    pub(crate) fn new(key: &str, values: Vec<Value>, line: u64) -> Item {
        let mut words = key.split('|').map(str::to_owned);
        let field = words.next().unwrap_or_default();
        let values = values.into_iter().map(|value| vec![value]).collect();
        Item { field, modifiers: words.collect(), values, line, applied: Vec::new() }
    }

    /// As its author wrote its key.
    pub(crate) fn key(&self) -> String {
        let words = self.modifiers.iter().map(|word| format!("|{word}"));
        format!("{}{}", self.field, words.collect::<String>())
    }

    pub(crate) fn has(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|own| own == modifier)
    }

    /// Every value.
    pub(crate) fn all_values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter().flatten()
    }
}

impl Search {
    /// Gives every item to `visit`.
    pub(crate) fn each<'s>(&'s self, visit: &mut dyn FnMut(&'s Item)) {
        match self {
            Search::Item(item) => visit(item),
            Search::All(parts) | Search::Any(parts) => parts.iter().for_each(|part| part.each(visit)),
        }
    }

    /// Gives every item to `change`, which may put something else in its place: nothing at all drops it.
    pub(crate) fn rewrite(self, change: &mut dyn FnMut(Item) -> Option<Search>) -> Option<Search> {
        let mut all =
            |parts: Vec<Search>| -> Vec<Search> { parts.into_iter().filter_map(|part| part.rewrite(change)).collect() };
        match self {
            Search::Item(item) => change(item),
            Search::All(parts) => Some(Search::All(all(parts))).filter(|search| !search.is_empty()),
            Search::Any(parts) => Some(Search::Any(all(parts))).filter(|search| !search.is_empty()),
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Search::All(parts) | Search::Any(parts) if parts.is_empty())
    }
}

impl Section {
    /// Every item of every search.
    pub(crate) fn items(&self) -> Vec<&Item> {
        let mut items = Vec::new();
        self.searches.iter().for_each(|(_, search)| search.each(&mut |item| items.push(item)));
        items
    }

    /// The names that the conditions use.
    pub(crate) fn used(&self) -> BTreeSet<String> {
        let mut used = BTreeSet::new();
        self.conditions.iter().for_each(|formula| condition::names_in(formula, &mut used));
        used
    }

    /// One section for each condition, without the searches that only the other conditions use.
    pub(crate) fn by_condition(&self) -> Vec<Section> {
        let used_anywhere = self.used();
        let each = self.conditions.iter().map(|formula| {
            let mut section = Section { conditions: vec![formula.clone()], ..self.clone() };
            let used = section.used();
            section.searches.retain(|(name, _)| used.contains(name) || !used_anywhere.contains(name));
            section
        });
        each.collect()
    }

    /// Reads the searches of a section; `except` are keys that are not searches.
    pub(crate) fn read(section: &Mapping, except: &[&str], lines: &Lines<'_>, faults: &mut Vec<Fault>) -> Section {
        let mut read = Section { line: lines(&["condition"]), ..Section::default() };
        for (key, value) in section {
            let Some(name) = key.as_str() else {
                faults.push(Fault::new(lines(&[]), "a search has a name that is not text", "put the name in quotes"));
                continue;
            };
            if !except.contains(&name) && name != "condition" {
                let at = |path: &[&str]| lines(&[&[name], path].concat());
                match search(value, &at) {
                    Ok(search) => read.searches.push((name.to_owned(), search)),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        read
    }

    /// Reads the formulas under `condition`: one, or a list of which any suffices.
    pub(crate) fn read_conditions(&mut self, section: &Mapping, lines: &Lines<'_>, faults: &mut Vec<Fault>) {
        let hint = "write for instance `condition: selection`";
        let texts: Vec<&str> = match section.get("condition") {
            Some(Value::String(text)) => vec![text],
            Some(Value::Sequence(list)) if !list.is_empty() && list.iter().all(Value::is_string) => {
                list.iter().filter_map(Value::as_str).collect()
            }
            Some(other) => {
                let reason = format!("`condition` is {}, not a text", kind(other));
                return faults.push(Fault::new(self.line, reason, hint));
            }
            None => return faults.push(Fault::new(lines(&[]), "`detection` has no `condition`", hint)),
        };
        self.parse_conditions(&texts, section, faults);
    }

    /// Reads these formulas; names of searches that could not be read count as known, for that is said already.
    pub(crate) fn parse_conditions(&mut self, texts: &[&str], section: &Mapping, faults: &mut Vec<Fault>) {
        let known = |key: &&str| !matches!(*key, "condition" | "timeframe" | "rules");
        let names: Vec<String> = section.keys().filter_map(Value::as_str).filter(known).map(str::to_owned).collect();
        for text in texts {
            match condition::parse(text, &names) {
                Ok(formula) => self.conditions.push(formula),
                Err(refusal) => faults.push(Fault { line: self.line, refusal }),
            }
        }
    }
}

fn search(value: &Value, lines: &Lines<'_>) -> Result<Search, Fault> {
    match value {
        Value::Mapping(items) => map(items, lines),
        Value::Sequence(list) if list.is_empty() => {
            Err(Fault::new(lines(&[]), "the search is an empty list", "give at least one map or keyword"))
        }
        Value::Sequence(list) => {
            let parts = list.iter().map(|entry| match entry {
                Value::Mapping(items) => map(items, lines),
                other => keyword(other, lines),
            });
            parts.collect::<Result<Vec<Search>, Fault>>().map(Search::Any)
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) => keyword(value, lines),
        other => {
            let reason = format!("the search is {}, not a map or a list", kind(other));
            Err(Fault::new(lines(&[]), reason, "write `field: value` lines below it"))
        }
    }
}

fn keyword(value: &Value, lines: &Lines<'_>) -> Result<Search, Fault> {
    if scalar_text(value).is_none() {
        let reason = format!("a keyword is {}", kind(value));
        return Err(Fault::new(lines(&[]), reason, "give texts or numbers, or maps of fields"));
    }
    Ok(Search::Item(Item::new("", vec![value.clone()], lines(&[]))))
}

/// All of the items of a map.
fn map(items: &Mapping, lines: &Lines<'_>) -> Result<Search, Fault> {
    if items.is_empty() {
        return Err(Fault::new(lines(&[]), "the search is an empty map", "write `field: value` lines below it"));
    }
    let parts = items.iter().map(|(key, value)| {
        let Some(key) = scalar_text(key) else {
            return Err(Fault::new(lines(&[]), format!("a field name is {}", kind(key)), "put the name in quotes"));
        };
        let values = match value {
            Value::Sequence(values) => values.clone(),
            one => vec![one.clone()],
        };
        let line = lines(&[&key]);
        if values.is_empty() {
            let reason = format!("`{key}` has an empty list of values");
            return Err(Fault::new(line, reason, "give at least one value, or remove the line"));
        }
        Ok(Search::Item(Item::new(&key, values, line)))
    });
    parts.collect::<Result<Vec<Search>, Fault>>().map(Search::All)
}
