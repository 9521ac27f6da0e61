//! Correlation rules: several events of one key in one time span.
//!
//! Types: event_count, value_count, value_sum, value_avg, value_percentile (value_median is its 50th), temporal and
//! temporal_ordered, both with or without a condition over the rules. References are resolved once every file is read, so
//! that a rule may stand after the correlation that uses it.

use super::RuleIndex;
use super::attributes::{Attributes, Refusals, SECONDS_MAX};
use super::awaited::{self, Awaited};
use super::condition::Refusal;
use super::measure::{self, Bounds, Percentile, Range};
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
    /// So many distinct values of a field; of several fields, distinct combinations of their first values.
    ValueCount(Bounds, Vec<Field>),
    /// The sum of the numbers in a field.
    ValueSum(Range, Field),
    /// The average of the numbers in a field.
    ValueAverage(Range, Field),
    /// A percentile of the numbers in a field.
    ValuePercentile(Range, Percentile, Field),
    /// Each of the rules, in any order.
    Temporal,
    /// Each of the rules, in their order.
    TemporalOrdered,
    /// What a condition over the rules awaits.
    TemporalWhere(Awaited),
}

impl Kind {
    /// The fields whose values are counted or measured.
    pub(crate) fn fields(&self) -> &[Field] {
        match self {
            Kind::ValueCount(_, fields) => fields,
            Kind::ValueSum(_, field) | Kind::ValueAverage(_, field) | Kind::ValuePercentile(_, _, field) => {
                std::slice::from_ref(field)
            }
            Kind::EventCount(_) | Kind::Temporal | Kind::TemporalOrdered | Kind::TemporalWhere(_) => &[],
        }
    }

    /// The same, to be replaced.
    pub(super) fn fields_mut(&mut self) -> &mut [Field] {
        match self {
            Kind::ValueCount(_, fields) => fields,
            Kind::ValueSum(_, field) | Kind::ValueAverage(_, field) | Kind::ValuePercentile(_, _, field) => {
                std::slice::from_mut(field)
            }
            Kind::EventCount(_) | Kind::Temporal | Kind::TemporalOrdered | Kind::TemporalWhere(_) => &mut [],
        }
    }

    /// The most that a count may be; the largest number where there is no upper bound.
    pub(crate) fn most(&self) -> u64 {
        match self {
            Kind::EventCount(bounds) | Kind::ValueCount(bounds, _) => bounds.most.unwrap_or(u64::MAX),
            _ => u64::MAX,
        }
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
/// Fields of which one correlation counts the combinations.
const FIELDS_MAX: usize = 8;

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
    let kind = read_kind(section, &names, refusals)?;
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

/// `90s`, `15m`, `2h`, `7d`, `1w` in microseconds.
pub(super) fn timespan_of(value: &Value) -> Option<i64> {
    let text = scalar_text(value)?;
    let (digits, unit) = text.split_at_checked(text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        _ => return None,
    };
    let seconds = digits.trim().parse::<i64>().ok()?.checked_mul(seconds)?;
    (1..=SECONDS_MAX).contains(&seconds).then_some(seconds * MICROS_PER_SECOND)
}

fn timespan(value: Option<&Value>, refusals: &mut Refusals) -> i64 {
    value.and_then(timespan_of).unwrap_or_else(|| {
        let hint = "write for instance 90s, 15m, 2h or 7d; 90d at most";
        push(refusals, "timespan", "`timespan` is not a time span", hint);
        MICROS_PER_SECOND
    })
}

const TYPES: &str = "the types are: event_count, value_count, value_sum, value_avg, value_median, value_percentile, temporal, \
                     temporal_ordered";

fn read_kind(section: &Mapping, names: &[String], refusals: &mut Refusals) -> Option<Kind> {
    let word = section.get("type").and_then(Value::as_str).unwrap_or_default();
    match word {
        "event_count" => measure::bounds(section, refusals).map(Kind::EventCount),
        "value_count" => {
            Some(Kind::ValueCount(measure::bounds(section, refusals)?, distinct(section, word, refusals)?))
        }
        "value_sum" => Some(Kind::ValueSum(measure::range(section, refusals)?, counted(section, word, refusals)?)),
        "value_avg" => Some(Kind::ValueAverage(measure::range(section, refusals)?, counted(section, word, refusals)?)),
        "value_percentile" | "value_median" => {
            let percentile = match word {
                "value_median" => Percentile::new(50.0)?,
                _ => measure::percentile(section, refusals)?,
            };
            let range = measure::range(section, refusals)?;
            Some(Kind::ValuePercentile(range, percentile, counted(section, word, refusals)?))
        }
        "temporal" | "temporal_ordered" | "temporal_extended" | "temporal_ordered_extended" => {
            temporal(section, word.starts_with("temporal_ordered"), names, refusals)
        }
        other => {
            push(refusals, "type", format!("`{other}` is not a type of correlation"), TYPES);
            None
        }
    }
}

/// The field or fields under `condition` of which different values are counted.
fn distinct(section: &Mapping, word: &str, refusals: &mut Refusals) -> Option<Vec<Field>> {
    let Some(Value::Sequence(names)) = section.get("condition").and_then(|condition| condition.get("field")) else {
        return counted(section, word, refusals).map(|field| vec![field]);
    };
    if names.is_empty() || names.len() > FIELDS_MAX {
        let reason = format!("{word} counts {} fields", names.len());
        push(refusals, "field", reason, "name one field, or a few whose combinations are counted");
        return None;
    }
    let named = names.iter().map(|name| match name {
        Value::String(name) => read_field(name, "field", refusals),
        other => {
            let reason = format!("a field of `{word}` is {}, not a name", kind(other));
            push(refusals, "field", reason, "write the names as text");
            None
        }
    });
    // All of them are read, so that every fault is said.
    named.collect::<Vec<_>>().into_iter().collect()
}

/// The field under `condition`.
fn counted(section: &Mapping, word: &str, refusals: &mut Refusals) -> Option<Field> {
    match section.get("condition").and_then(|condition| condition.get("field")) {
        Some(Value::String(name)) => read_field(name, "field", refusals),
        Some(other) => {
            let reason = format!("the field of `{word}` is {}, not a name", kind(other));
            push(refusals, "field", reason, "name one field");
            None
        }
        None => {
            push(refusals, "condition", format!("{word} has no field to count"), "add `field: name` to `condition`");
            None
        }
    }
}

fn temporal(section: &Mapping, ordered: bool, names: &[String], refusals: &mut Refusals) -> Option<Kind> {
    let awaited = match section.get("condition") {
        None | Some(Value::Null) => {
            return Some(if ordered { Kind::TemporalOrdered } else { Kind::Temporal });
        }
        // Wrong lengths of the list are said where it is read.
        Some(_) if names.is_empty() || names.len() > REFERENCES_MAX => return None,
        Some(Value::String(text)) => awaited::read(text, names, ordered),
        Some(_) => awaited::number_of_rules(measure::bounds(section, refusals)?, names.len(), ordered),
    };
    match awaited {
        Ok(awaited) => Some(Kind::TemporalWhere(awaited)),
        Err(refused) => {
            refusals.push(("condition".to_owned(), refused));
            None
        }
    }
}
