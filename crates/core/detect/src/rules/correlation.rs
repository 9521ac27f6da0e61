//! Correlation rules: several events of one key in one time span.
//!
//! event_count, value_count, temporal and temporal_ordered are read here; value_sum, value_avg and value_percentile are
//! refused. References are resolved once every file is read, so that a rule may stand after the correlation that uses it.

use super::RuleIndex;
use super::attributes::{Attributes, Refusals, SECONDS_MAX};
use super::condition::Refusal;
use super::modifier;
use super::yaml::{kind, scalar_text};
use crate::field::Field;
use firebreak_model::time::MICROS_PER_SECOND;
use yaml_serde::{Mapping, Value};

/// What is counted or awaited.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// So many events.
    EventCount(Bounds),
    /// So many distinct values of a field.
    ValueCount(Bounds, Field),
    /// Each of the rules, in any order.
    Temporal,
    /// Each of the rules, in their order.
    TemporalOrdered,
}

/// A range of counts, both ends inside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// At least so many.
    pub least: u64,
    /// At most so many; `None` is no upper bound.
    pub most: Option<u64>,
}

impl Bounds {
    /// Whether `count` is inside.
    pub fn contain(self, count: u64) -> bool {
        self.least <= count && self.most.is_none_or(|most| count <= most)
    }
}

/// What a correlation refers to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reference {
    /// A detection rule.
    Detection(RuleIndex),
    /// A correlation that comes earlier in evaluation order.
    Correlation(usize),
}

/// One field to group by, for each reference where an alias says so.
#[derive(Clone, PartialEq, Debug)]
pub struct GroupField {
    /// The field.
    pub field: Field,
    /// Where this reference (by position) completes the event, look here instead.
    pub aliases: Vec<(usize, Field)>,
}

impl GroupField {
    /// Where to look in an event that matched the reference at `position`.
    pub(crate) fn for_reference(&self, position: usize) -> &Field {
        self.aliases.iter().find(|(at, _)| *at == position).map_or(&self.field, |(_, field)| field)
    }
}

/// One correlation rule.
#[derive(Clone, PartialEq, Debug)]
pub struct Correlation {
    /// Title, level and the like.
    pub attributes: Attributes,
    /// What is counted or awaited.
    pub kind: Kind,
    /// Which rules.
    pub references: Vec<Reference>,
    /// The key; empty means one key for all.
    pub group_by: Vec<GroupField>,
    /// The time span in microseconds.
    pub timespan_micros: i64,
    /// Whether it raises findings of its own: not where another correlation uses it without `generate`.
    pub emits: bool,
    /// Whether the rules that it refers to raise findings of their own as well.
    pub generates: bool,
    /// A digest of its text: state kept under another text is not its state.
    pub digest: u64,
}

/// A correlation whose references are still names.
pub(crate) struct Unresolved {
    pub(crate) correlation: Correlation,
    pub(crate) names: Vec<String>,
    pub(crate) aliases: Vec<(usize, String, Field)>,
}

fn push(refusals: &mut Refusals, key: &str, reason: impl Into<String>, hint: impl Into<String>) {
    refusals.push((key.to_owned(), Refusal { reason: reason.into(), hint: hint.into() }));
}

/// Longest list of references: their state is a word of bits.
const REFERENCES_MAX: usize = 64;
/// Largest count that a condition may ask for.
const COUNT_MAX: u64 = 1_000_000;

/// Reads the section; `None` where it cannot work at all.
pub(crate) fn compile(
    section: &Mapping,
    document: &Mapping,
    attributes: Attributes,
    digest: u64,
    refusals: &mut Refusals,
) -> Option<Unresolved> {
    let before = refusals.len();
    known_keys(section, refusals);
    let names = texts(section, "rules", refusals);
    if names.is_empty() || names.len() > REFERENCES_MAX {
        push(refusals, "rules", format!("the correlation names {} rules", names.len()), "name 1 to 64 under `rules`");
    }
    let group_names = texts(section, "group-by", refusals);
    let mut aliases = Vec::new();
    let mut group_by = Vec::new();
    for (position, name) in group_names.iter().enumerate() {
        let alias = section.get("aliases").and_then(|all| all.get(name.as_str())).and_then(Value::as_mapping);
        for (rule, field) in alias.into_iter().flatten() {
            let (Some(rule), Some(field)) = (rule.as_str(), field.as_str()) else {
                push(refusals, "aliases", format!("the alias `{name}` is not a map of texts"), "write `rule: field`");
                continue;
            };
            aliases.extend(read_field(field, "aliases", refusals).map(|field| (position, rule.to_owned(), field)));
        }
        let field = read_field(name, "group-by", refusals)?;
        group_by.push(GroupField { field, aliases: Vec::new() });
    }
    let timespan_micros = timespan(section.get("timespan"), refusals);
    let kind = read_kind(section, refusals)?;
    let generate = [section.get("generate"), document.get("generate")].into_iter().flatten().any(|value| {
        value.as_bool().unwrap_or_else(|| {
            push(refusals, "generate", "`generate` is not true or false", "write `generate: true`");
            false
        })
    });
    let correlation = Correlation {
        attributes,
        kind,
        references: Vec::new(),
        group_by,
        timespan_micros,
        emits: true,
        generates: generate,
        digest,
    };
    (refusals.len() == before).then_some(Unresolved { correlation, names, aliases })
}

fn known_keys(section: &Mapping, refusals: &mut Refusals) {
    const KNOWN: [&str; 7] = ["type", "rules", "aliases", "group-by", "timespan", "condition", "generate"];
    for key in section.keys() {
        let word = scalar_text(key).unwrap_or_default();
        if !KNOWN.contains(&word.as_str()) {
            push(
                refusals,
                &word,
                format!("`{word}` is not part of a correlation"),
                format!("the parts are: {}", KNOWN.join(", ")),
            );
        }
    }
}

fn read_field(name: &str, key: &str, refusals: &mut Refusals) -> Option<Field> {
    match modifier::field(name) {
        Ok(Field::Anywhere) => {
            push(refusals, key, "a field has no name", "write the field's name");
            None
        }
        Ok(field) => Some(field),
        Err(refused) => {
            refusals.push((key.to_owned(), refused));
            None
        }
    }
}

fn texts(section: &Mapping, key: &str, refusals: &mut Refusals) -> Vec<String> {
    let list = match section.get(key) {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Sequence(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
    };
    let mut texts = Vec::new();
    for value in list {
        match value.as_str() {
            Some(text) => texts.push(text.to_owned()),
            None => push(refusals, key, format!("`{key}` holds {}", kind(value)), "list texts there"),
        }
    }
    texts
}

/// `90s`, `15m`, `2h`, `7d`, `1w`.
fn timespan(value: Option<&Value>, refusals: &mut Refusals) -> i64 {
    let read = value.and_then(scalar_text).and_then(|text| {
        let (digits, unit) = text.split_at_checked(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len())?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return None,
        };
        digits.trim().parse::<i64>().ok()?.checked_mul(seconds).filter(|seconds| (1..=SECONDS_MAX).contains(seconds))
    });
    match read {
        Some(seconds) => seconds * MICROS_PER_SECOND,
        None => {
            push(
                refusals,
                "timespan",
                "`timespan` is not a time span",
                "write for instance 90s, 15m, 2h or 7d; 90d at most",
            );
            MICROS_PER_SECOND
        }
    }
}

fn read_kind(section: &Mapping, refusals: &mut Refusals) -> Option<Kind> {
    let word = section.get("type").and_then(Value::as_str).unwrap_or_default();
    match word {
        "event_count" => bounds(section, refusals).map(|(bounds, _)| Kind::EventCount(bounds)),
        "value_count" => {
            let (bounds, field) = bounds(section, refusals)?;
            match field {
                Some(field) => Some(Kind::ValueCount(bounds, read_field(&field, "field", refusals)?)),
                None => {
                    push(
                        refusals,
                        "condition",
                        "value_count has no field to count",
                        "add `field: name` to `condition`",
                    );
                    None
                }
            }
        }
        "temporal" | "temporal_ordered" => {
            if section.contains_key("condition") {
                let hint = "remove it: all of `rules` are awaited";
                push(refusals, "condition", format!("a condition on `{word}` is not supported"), hint);
            }
            Some(if word == "temporal" { Kind::Temporal } else { Kind::TemporalOrdered })
        }
        "value_sum" | "value_avg" | "value_percentile" | "value_median" => {
            let hint = "supported are: event_count, value_count, temporal, temporal_ordered";
            push(refusals, "type", format!("correlations of type `{word}` are not supported"), hint);
            None
        }
        other => {
            let hint = "supported are: event_count, value_count, temporal, temporal_ordered";
            push(refusals, "type", format!("`{other}` is not a type of correlation"), hint);
            None
        }
    }
}

/// The counts that `condition` allows, and its field.
fn bounds(section: &Mapping, refusals: &mut Refusals) -> Option<(Bounds, Option<String>)> {
    let Some(Value::Mapping(condition)) = section.get("condition") else {
        push(refusals, "condition", "the correlation has no condition on a count", "write `condition: {gte: 10}`");
        return None;
    };
    let mut bounds = Bounds { least: 0, most: None };
    let (mut field, mut bounded) = (None, false);
    for (key, value) in condition {
        let word = key.as_str().unwrap_or_default();
        if word == "field" {
            field = value.as_str().map(str::to_owned);
            continue;
        }
        let Some(count) = value.as_u64().filter(|count| *count <= COUNT_MAX) else {
            let hint = format!("write a whole number from 0 to {COUNT_MAX}");
            push(refusals, "condition", format!("`{word}` is not compared with a count"), hint);
            return None;
        };
        let most = |most: u64| Some(bounds.most.map_or(most, |known| known.min(most)));
        match word {
            "gte" => bounds.least = bounds.least.max(count),
            "gt" => bounds.least = bounds.least.max(count + 1),
            "lte" => bounds.most = most(count),
            "lt" if count > 0 => bounds.most = most(count - 1),
            "eq" => bounds = Bounds { least: bounds.least.max(count), most: most(count) },
            _ => {
                let hint = "use gt, gte, lt, lte or eq";
                push(refusals, "condition", format!("`{word}: {count}` is not a condition on a count"), hint);
                return None;
            }
        }
        bounded = true;
    }
    let possible = bounded && bounds.most.map_or(bounds.least > 0, |most| most >= bounds.least.max(1));
    if !possible {
        let hint = "a key has at least one event: write for instance `gte: 10`";
        push(refusals, "condition", "the condition on the count holds always or never", hint);
        return None;
    }
    Some((bounds, field))
}
