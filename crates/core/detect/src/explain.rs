//! Why a rule is met by an event, or is not: each search with what it wants and what the event has, and the condition
//! with what is true of it. For people who write rules; the matcher does not use it.
//!
//! Values are shown as the event has them: the caller redacts records before they become events. The verdict is computed
//! from the parts shown, not asked of the matcher; a test holds the two together.

use crate::field::{Field, Found};
use crate::rules::condition::Formula;
use crate::rules::{
    Comparison, Condition, Correlation, Kind, Piece, Predicate, Reference, Relation, RuleIndex, Rules, Test,
    expression, search_condition,
};
use crate::text::{address, folded, number};
use firebreak_model::{Event, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Values of a field that are shown at most, and letters of each.
const VALUES_SHOWN: usize = 3;
const LETTERS_SHOWN: usize = 120;
/// Alternatives of one field that are spelled out.
const WANTS_SHOWN: usize = 4;

/// Something that must hold, whether it does, and why.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Mark {
    /// What must hold, in words: ``eventName is `StopLogging` ``.
    pub what: String,
    /// Whether it does.
    pub holds: bool,
    /// What the field has in the event: some of the values. Empty where the field is missing, and for anything but a test
    /// of a field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<String>,
    /// What it is made of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Mark>,
}

/// One detection rule and one event.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Explanation {
    /// The rule's title.
    pub rule: Text,
    /// Its file.
    pub path: Text,
    /// The line on which it begins.
    pub line: u64,
    /// Whether the event meets it.
    pub meets: bool,
    /// Why the rule is not asked about this event at all; `None` where it is.
    pub not_asked: Option<String>,
    /// Its searches, by name, in the order in which they are written.
    pub searches: Vec<(String, Mark)>,
    /// Its condition over them.
    pub condition: Mark,
}

/// What detection rule `index` says of `event`; `None` where there is no such rule.
pub fn rule(rules: &Rules, index: RuleIndex, event: &Event) -> Option<Explanation> {
    let detection = rules.detection(index)?;
    let section = &detection.written.section;
    let searches: Vec<(String, Mark)> = section
        .searches
        .iter()
        .filter_map(|(name, search)| Some((name.clone(), condition(&search_condition(search)?, event))))
        .collect();
    let marks: BTreeMap<&str, bool> = searches.iter().map(|(name, mark)| (name.as_str(), mark.holds)).collect();
    let formulas: Vec<Mark> = section.conditions.iter().map(|formula| over_searches(formula, &marks)).collect();
    let condition = joined("any of", formulas, 1);
    let (product, service) = (event.log_source.product, event.log_source.service);
    let not_asked = (!detection.route.leads_to(product, service)).then(|| {
        let or_any = |word: &Option<Text>| word.as_deref().unwrap_or("any").to_owned();
        format!(
            "the rule is for product `{}`, service `{}`; the event is of product `{product}`, service `{service}`",
            or_any(&detection.route.product),
            or_any(&detection.route.service)
        )
    });
    let attributes = &detection.attributes;
    Some(Explanation {
        rule: attributes.title.clone(),
        path: attributes.path.clone(),
        line: attributes.line,
        meets: not_asked.is_none() && condition.holds,
        not_asked,
        searches,
        condition,
    })
}

impl Mark {
    /// What keeps it from holding: the tests that fail, deepest first. Nothing where it holds.
    pub fn failing(&self) -> Vec<&Mark> {
        match (self.holds, self.parts.as_slice()) {
            (true, _) => Vec::new(),
            (false, []) => vec![self],
            (false, parts) => {
                let failing: Vec<&Mark> = parts.iter().flat_map(Mark::failing).collect();
                // `not` fails because its part holds.
                if failing.is_empty() { vec![self] } else { failing }
            }
        }
    }
}

/// Parts of which at least so many must hold.
fn joined(what: &str, mut parts: Vec<Mark>, least: usize) -> Mark {
    if parts.len() == 1 && least == 1 {
        return parts.remove(0);
    }
    let holds = parts.iter().filter(|part| part.holds).count() >= least;
    Mark { what: what.to_owned(), holds, found: Vec::new(), parts }
}

fn over_searches(formula: &Formula, marks: &BTreeMap<&str, bool>) -> Mark {
    let all = |parts: &[Formula]| parts.iter().map(|part| over_searches(part, marks)).collect::<Vec<Mark>>();
    match formula {
        Formula::Name(name) => Mark {
            what: name.clone(),
            holds: marks.get(name.as_str()).copied().unwrap_or(false),
            found: Vec::new(),
            parts: Vec::new(),
        },
        Formula::All(parts) => joined("all of", all(parts), parts.len()),
        Formula::AtLeast(1, parts) => joined("any of", all(parts), 1),
        Formula::AtLeast(least, parts) => joined(&format!("at least {least} of"), all(parts), *least),
        Formula::Not(part) => negated(over_searches(part, marks)),
    }
}

fn negated(part: Mark) -> Mark {
    Mark { what: "not".to_owned(), holds: !part.holds, found: Vec::new(), parts: vec![part] }
}

fn condition(wanted: &Condition, event: &Event) -> Mark {
    let all = |parts: &[Condition]| parts.iter().map(|part| condition(part, event)).collect::<Vec<Mark>>();
    match wanted {
        Condition::Holds(predicate) => one_field(&predicate.field, &[&predicate.test], "", 1, event),
        Condition::All(parts) => {
            same_field(parts, " and ", parts.len(), event).unwrap_or_else(|| joined("all of", all(parts), parts.len()))
        }
        Condition::AtLeast(1, parts) => {
            same_field(parts, " or ", 1, event).unwrap_or_else(|| joined("any of", all(parts), 1))
        }
        Condition::AtLeast(least, parts) => joined(&format!("at least {least} of"), all(parts), *least),
        Condition::Not(part) => match part.as_ref() {
            Condition::Holds(Predicate { field, test: Test::Present }) => {
                let mark = one_field(field, &[&Test::Present], "", 1, event);
                Mark { what: format!("{} is null", field.spelled()), holds: !mark.holds, ..mark }
            }
            other => negated(condition(other, event)),
        },
    }
}

/// Tests of one field as one mark; `None` where there are several fields, or anything but tests.
fn same_field(parts: &[Condition], word: &str, least: usize, event: &Event) -> Option<Mark> {
    let mut tests = Vec::new();
    let mut field = None;
    for part in parts {
        let Condition::Holds(predicate) = part else { return None };
        if *field.get_or_insert(&predicate.field) != &predicate.field {
            return None;
        }
        tests.push(&predicate.test);
    }
    Some(one_field(field?, &tests, word, least, event))
}

fn one_field(field: &Field, tests: &[&Test], word: &str, least: usize, event: &Event) -> Mark {
    let values = values(field, event);
    let holds = tests.iter().filter(|test| passes(test, &values, event)).count() >= least;
    let mut wants: Vec<String> = tests.iter().take(WANTS_SHOWN).map(|test| wanted(test)).collect();
    if tests.len() > WANTS_SHOWN {
        wants.push(format!("{} more", tests.len() - WANTS_SHOWN));
    }
    // Of a keyword every value of the record would be shown.
    let shown = if *field == Field::Anywhere { 0 } else { VALUES_SHOWN };
    let found = values.iter().take(shown).map(|value| match value {
        Some(text) => shortened(text),
        None => "an object".to_owned(),
    });
    Mark { what: format!("{} {}", field.spelled(), wants.join(word)), holds, found: found.collect(), parts: Vec::new() }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LETTERS_SHOWN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The field's values; `None` is an object, which is there but has no text.
fn values(field: &Field, event: &Event) -> Vec<Option<String>> {
    let mut found = Vec::new();
    field.values(event, &mut |value| {
        found.push(match value {
            Found::Scalar(scalar) => Some(scalar.text(&mut String::new()).to_owned()),
            Found::Object => None,
        });
    });
    found
}

fn passes(test: &Test, values: &[Option<String>], event: &Event) -> bool {
    let any = |holds: &dyn Fn(&str) -> bool| values.iter().flatten().any(|text| holds(text));
    let as_asked = |text: &str, cased: bool| if cased { text.to_owned() } else { folded(text) };
    match test {
        Test::Present => !values.is_empty(),
        Test::Text { relation, text, cased } => any(&|value| relation.holds(&as_asked(value, *cased), text)),
        Test::Shape { pieces, cased } => {
            matches(&expression(pieces), &|regex| any(&|value| regex.is_match(&as_asked(value, *cased))))
        }
        Test::Expression(text) => matches(text, &|regex| any(&|value| regex.is_match(value))),
        Test::Number(comparison, bound) => {
            any(&|value| number(value).is_some_and(|number| comparison.holds(number, bound.get())))
        }
        Test::Date { .. } => any(&|value| test.holds_of_date(value)),
        Test::Network(network) => any(&|value| address(value).is_some_and(|address| network.contains(&address))),
        Test::SameAs { relation, other, cased } => {
            let others = self::values(other, event);
            let related = |value: &str, other: &str| relation.holds(&as_asked(value, *cased), &as_asked(other, *cased));
            any(&|value| others.iter().flatten().any(|other| related(value, other)))
        }
    }
}

fn matches(text: &str, holds: &dyn Fn(&regex::Regex) -> bool) -> bool {
    regex::Regex::new(text).is_ok_and(|regex| holds(&regex))
}

/// A test in words.
fn wanted(test: &Test) -> String {
    let related = |relation: &Relation| match relation {
        Relation::Equals => "is",
        Relation::Contains => "contains",
        Relation::StartsWith => "starts with",
        Relation::EndsWith => "ends with",
    };
    let case = |cased: &bool| if *cased { " (case matters)" } else { "" };
    let compared = |comparison: &Comparison| match comparison {
        Comparison::Less => "less than",
        Comparison::AtMost => "at most",
        Comparison::Greater => "greater than",
        Comparison::AtLeast => "at least",
    };
    match test {
        Test::Present => "is there".to_owned(),
        Test::Text { relation, text, cased } => format!("{} `{}`{}", related(relation), shortened(text), case(cased)),
        Test::Shape { pieces, cased } => format!("is like `{}`{}", shortened(&shape(pieces)), case(cased)),
        Test::Expression(text) => format!("matches the expression `{}`", shortened(text)),
        Test::Number(comparison, bound) => format!("is {} {}", compared(comparison), bound.get()),
        Test::Date { part, comparison, number } => {
            let how = comparison.as_ref().map_or("", compared);
            let part = format!("{part:?}").to_lowercase();
            format!("has as its {part} {how}{}{}", if how.is_empty() { "" } else { " " }, number.get())
        }
        Test::Network(network) => format!("is in {network}"),
        Test::SameAs { relation, other, cased } => {
            format!("{} what `{}` has{}", related(relation), other.spelled(), case(cased))
        }
    }
}

fn shape(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => text.clone(),
        Piece::One => "?".to_owned(),
        Piece::Many => "*".to_owned(),
    };
    pieces.iter().map(piece).collect()
}

/// One correlation, and one event among others.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct CorrelationExplanation {
    /// The correlation's title.
    pub rule: Text,
    /// What it counts or awaits: `value_count of requestParameters.key`.
    pub kind: String,
    /// Its time span in seconds.
    pub timespan_seconds: i64,
    /// The rules that it refers to, and how many events of the same key meet each in the span that ends with the event.
    pub references: Vec<(Text, u64)>,
    /// The fields that it groups by, with what the event has there; `None` keeps the event out of every group.
    pub group: Vec<(String, Option<Text>)>,
    /// Whether the event itself meets one of the rules.
    pub counts: bool,
    /// What is counted in the span, for event_count and value_count.
    pub measured: Option<u64>,
    /// The least that fires, for event_count and value_count.
    pub least: Option<u64>,
}

/// What correlation number `place` sees in the span that ends with the event at `at` of `observed`: events, each with the
/// rules that it meets. `None` where there is no such correlation or event.
pub fn correlation(
    rules: &Rules,
    place: usize,
    observed: &[(&Event, Vec<RuleIndex>)],
    at: usize,
) -> Option<CorrelationExplanation> {
    let correlation = rules.correlations().get(place)?;
    let (event, met) = observed.get(at)?;
    let position = position(correlation, met);
    let key = group(correlation, event, position.unwrap_or(0));
    let complete = key.iter().all(|(_, value)| value.is_some());
    let (mut counts, mut total, mut distinct) = (vec![0; correlation.references.len()], 0, BTreeSet::new());
    for (other, met) in observed {
        let age = event.time.0.saturating_sub(other.time.0);
        if !(0..correlation.timespan_micros).contains(&age) || !complete {
            continue;
        }
        let mut counted = false;
        for (position, reference) in correlation.references.iter().enumerate() {
            if !refers(reference, met) || group(correlation, other, position) != key {
                continue;
            }
            counts.iter_mut().skip(position).take(1).for_each(|count| *count += 1);
            counted = true;
        }
        total += u64::from(counted);
        if counted && let Kind::ValueCount(_, fields) = &correlation.kind {
            distinct.extend(distinct_values(fields, other));
        }
    }
    let (measured, least) = match &correlation.kind {
        Kind::EventCount(bounds) => (Some(total), Some(bounds.least)),
        Kind::ValueCount(bounds, _) => (Some(distinct.len() as u64), Some(bounds.least)),
        _ => (None, None),
    };
    let titles = correlation.references.iter().map(|reference| title(rules, reference));
    Some(CorrelationExplanation {
        rule: correlation.attributes.title.clone(),
        kind: kind(&correlation.kind),
        timespan_seconds: correlation.timespan_micros / 1_000_000,
        references: titles.zip(counts).collect(),
        group: key,
        counts: position.is_some(),
        measured,
        least,
    })
}

/// What an event adds to a count of different values: each value of one field, or one combination of several.
fn distinct_values(fields: &[Field], event: &Event) -> Vec<Vec<String>> {
    match fields {
        [field] => values(field, event).into_iter().flatten().map(|text| vec![text]).collect(),
        several => {
            let first = |field: &Field| field.first_text(event).map(String::from);
            several.iter().map(first).collect::<Option<_>>().into_iter().collect()
        }
    }
}

fn refers(reference: &Reference, met: &[RuleIndex]) -> bool {
    matches!(reference, Reference::Detection(index) if met.contains(index))
}

/// Which of its references an event that met these rules completes.
fn position(correlation: &Correlation, met: &[RuleIndex]) -> Option<usize> {
    correlation.references.iter().position(|reference| refers(reference, met))
}

fn group(correlation: &Correlation, event: &Event, position: usize) -> Vec<(String, Option<Text>)> {
    let part = |group: &crate::rules::GroupField| {
        let field = group.for_reference(position);
        (group.field.spelled(), field.first_text(event))
    };
    correlation.group_by.iter().map(part).collect()
}

fn title(rules: &Rules, reference: &Reference) -> Text {
    match reference {
        Reference::Detection(index) => rules.detection(*index).map(|rule| rule.attributes.title.clone()),
        Reference::Correlation(place) => rules.correlations().get(*place).map(|rule| rule.attributes.title.clone()),
    }
    .unwrap_or_default()
}

fn kind(kind: &Kind) -> String {
    let word = match kind {
        Kind::EventCount(_) => "event_count",
        Kind::ValueCount(..) => "value_count",
        Kind::ValueSum(..) => "value_sum",
        Kind::ValueAverage(..) => "value_avg",
        Kind::ValuePercentile(..) => "value_percentile",
        Kind::Temporal => "temporal",
        Kind::TemporalOrdered => "temporal_ordered",
        Kind::TemporalWhere(awaited) if awaited.ordered => "temporal_ordered with a condition",
        Kind::TemporalWhere(_) => "temporal with a condition",
    };
    let fields: Vec<String> = kind.fields().iter().map(Field::spelled).collect();
    if fields.is_empty() { word.to_owned() } else { format!("{word} of {}", fields.join(", ")) }
}

#[cfg(test)]
mod tests;
