//! What a rule asks for, read from its YAML and made into records: nothing here knows how the loader reads a rule.

use super::platforms::{Form, put};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use yaml_serde::{Mapping, Value};

/// One item of a search: a field, its modifiers, and the values of which it wants one, or all.
#[derive(Clone)]
pub(crate) struct Item {
    field: String,
    modifiers: Vec<String>,
    values: Vec<Option<String>>,
}

/// Items that must hold together.
type Items = Vec<Item>;

/// What a rule asks for.
pub(crate) struct Wanted {
    /// For each part of the condition, what it may be met by.
    parts: Vec<Vec<Items>>,
    /// What it must not be.
    filters: Vec<Items>,
}

/// Records of one form for one rule.
pub(crate) struct Records {
    /// That must fire, one for each value and alternative.
    pub(crate) fire: Vec<Json>,
    /// That must not: one value is another, or a filter is met.
    pub(crate) quiet: Vec<Json>,
}

impl Wanted {
    /// Reads the `detection` of a rule whose condition joins searches by `and`.
    pub(crate) fn read(detection: &Mapping) -> Wanted {
        let condition = detection.get("condition").and_then(Value::as_str).expect("a condition");
        let mut wanted = Wanted { parts: Vec::new(), filters: Vec::new() };
        for part in condition.split(" and ") {
            let (negated, part) = part.strip_prefix("not ").map_or((false, part), |part| (true, part));
            let words: Vec<&str> = part.split_whitespace().collect();
            let named = |pattern: &str| -> Vec<Vec<Items>> {
                let fits = |name: &str| match pattern.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => name == pattern || pattern == "them",
                };
                let searches = detection.iter().filter_map(|(name, search)| Some((name.as_str()?, search)));
                searches
                    .filter(|(name, _)| *name != "condition" && fits(name))
                    .map(|(_, search)| alternatives(search))
                    .collect()
            };
            let searches = named(words.last().expect("a word"));
            match (negated, words.as_slice()) {
                (true, _) => wanted.filters.extend(searches.into_iter().flatten()),
                (false, ["1" | "any", "of", _]) => wanted.parts.push(searches.into_iter().flatten().collect()),
                (false, ["all", "of", _] | [_]) => wanted.parts.extend(searches),
                _ => panic!("a condition of another kind: {condition}"),
            }
        }
        wanted
    }

    /// Records of `form`; nothing where it does not have a field, or has one field for two things that are asked.
    pub(crate) fn records(&self, form: &Form) -> Option<Records> {
        let mut records = Records { fire: Vec::new(), quiet: Vec::new() };
        let first: Vec<&Items> = self.parts.iter().filter_map(|part| part.first()).collect();
        let together = |chosen: &[&Items]| -> Items { chosen.iter().flat_map(|items| items.iter().cloned()).collect() };
        for (place, part) in self.parts.iter().enumerate() {
            for alternative in part {
                let mut chosen = first.clone();
                chosen[place] = alternative;
                let items = together(&chosen);
                for variant in variants(&items) {
                    records.fire.push(record(form, &variant, None)?);
                }
                for changed in 0..items.len() {
                    records.quiet.extend(record(form, &items, Some(changed)));
                }
            }
        }
        let own = together(&first);
        for filter in &self.filters {
            if !filter.iter().any(|item| item.modifiers.iter().any(|word| word == "fieldref")) {
                records.quiet.extend(record(form, &[own.as_slice(), filter.as_slice()].concat(), None));
            }
        }
        Some(records)
    }
}

/// The items with each of their values in turn.
fn variants(items: &Items) -> Vec<Items> {
    let mut variants = vec![items.clone()];
    for (place, item) in items.iter().enumerate().filter(|(_, item)| !item.has("all")) {
        for value in item.values.iter().skip(1) {
            let mut variant = items.clone();
            variant[place].values = vec![value.clone()];
            variants.push(variant);
        }
    }
    variants
}

fn alternatives(search: &Value) -> Vec<Items> {
    match search {
        Value::Mapping(map) => {
            vec![map.iter().map(|(key, value)| Item::read(key.as_str().expect("a name"), value)).collect()]
        }
        Value::Sequence(list) => list.iter().flat_map(alternatives).collect(),
        word => vec![vec![Item::read("keyword|contains", word)]],
    }
}

impl Item {
    fn read(key: &str, value: &Value) -> Item {
        let mut words = key.split('|').map(str::to_owned);
        let field = words.next().unwrap_or_default();
        let values = match value {
            Value::Sequence(values) => values.iter().map(text).collect(),
            one => vec![text(one)],
        };
        Item { field, modifiers: words.collect(), values }
    }

    fn has(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|own| own == modifier)
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        other => panic!("a value of another kind: {other:?}"),
    }
}

/// What a place must hold, gathered from all items about it.
#[derive(Default)]
struct Gathered {
    start: String,
    inside: Vec<String>,
    end: String,
    whole: Option<Json>,
}

impl Gathered {
    /// `None` where two items want different things.
    fn add(&mut self, item: &Item, value: &str, platform: Option<&str>) -> Option<()> {
        if let Some(text) = platform
            && (!item.has("startswith") && !item.has("endswith"))
        {
            return self.is(serde_json::from_str(text).unwrap_or_else(|_| Json::from(text)));
        }
        let value = platform.unwrap_or(value);
        match () {
            () if item.has("startswith") => self.start = value.to_owned(),
            () if item.has("endswith") => self.end = value.to_owned(),
            () if item.has("contains") => self.inside.push(value.replace('*', "x")),
            () => return self.is(Json::from(value.replace('*', "1"))),
        }
        Some(())
    }

    fn is(&mut self, value: Json) -> Option<()> {
        let same = self.whole.get_or_insert_with(|| value.clone()) == &value;
        same.then_some(())
    }

    fn value(&self) -> Option<Json> {
        let parts =
            [std::slice::from_ref(&self.start), self.inside.as_slice(), std::slice::from_ref(&self.end)].concat();
        match &self.whole {
            Some(whole) => parts.concat().is_empty().then(|| whole.clone()),
            None => {
                Some(Json::from(parts.join(if self.start.is_empty() && self.end.is_empty() { " " } else { "" }).trim()))
            }
        }
    }
}

/// A record of `form` in which `items` hold, but for the one at `changed`, where there is something else.
fn record(form: &Form, items: &[Item], changed: Option<usize>) -> Option<Json> {
    let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
    let (mut others, mut absent) = (Vec::new(), false);
    for (place, item) in items.iter().enumerate() {
        let values = if item.has("all") { item.values.as_slice() } else { item.values.get(..1)? };
        let joined: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
        if form.never(&item.field, &joined.join(" ")) {
            return None;
        }
        for value in values {
            let Some(value) = value else { continue };
            let kept = form.keeps(&item.field, value)?;
            for at in kept.places {
                match (changed == Some(place), &kept.other) {
                    (true, Some(other)) => others.push((at, other.clone())),
                    (true, None) => absent = true,
                    (false, _) => gathered.entry(at).or_default().add(item, value, kept.text.as_deref())?,
                }
            }
        }
    }
    if changed.is_some() && others.is_empty() && !absent {
        return None;
    }
    let mut record = form.record.clone();
    others.into_iter().for_each(|(place, other)| put(&mut record, &place, Json::from(other)));
    for (place, gathered) in &gathered {
        put(&mut record, place, gathered.value()?);
    }
    Some(record)
}
