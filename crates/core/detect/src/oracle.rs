//! A naive evaluator, for tests: no trie, no tables, no index, every rule on every event.
//!
//! It flattens a record into dotted names and compares each value on its own. It shares with the matcher what a value's
//! text is and what the loader made of a rule, and nothing else.

use crate::field::{DEPTH_MAX, Field, Found};
use crate::rules::{Condition, Piece, Predicate, Relation, RuleIndex, Rules, Test};
use crate::text::{Scalar, address, folded, number};
use firebreak_model::{Event, Json};
use sonic_rs::ValueRef;

/// A value with the dotted name under which it stands: `None` is an object.
struct Leaf {
    name: String,
    /// The names of all that it stands in, its own among them.
    within: Vec<String>,
    text: Option<String>,
}

/// The rules that `event` meets.
pub(crate) fn matches(rules: &Rules, event: &Event) -> Vec<RuleIndex> {
    let mut leaves = Vec::new();
    flatten(&event.body, &[], 0, &mut leaves);
    (0..rules.detections().len() as u32)
        .map(RuleIndex)
        .filter(|index| {
            let rule = rules.detection(*index).expect("in range");
            rule.route.leads_to(event.log_source.product, event.log_source.service)
                && holds(&rule.condition, &leaves, event)
        })
        .collect()
}

/// `within` are the names of all that `value` stands in, the last its own.
fn flatten(value: &Json, within: &[String], depth: usize, leaves: &mut Vec<Leaf>) {
    if depth > DEPTH_MAX {
        return;
    }
    let name = within.last().cloned().unwrap_or_default();
    let mut leaf = |name: &str, text| leaves.push(Leaf { name: name.to_owned(), within: within.to_vec(), text });
    match value.as_ref() {
        ValueRef::Null => {}
        ValueRef::Array(elements) => {
            elements.iter().for_each(|element| flatten(element, within, depth + 1, leaves));
        }
        ValueRef::Object(members) => {
            leaf(&name, None);
            for (key, member) in members.iter() {
                let inner = if depth == 0 || name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
                flatten(member, &[within, &[inner]].concat(), depth + 1, leaves);
            }
        }
        _ => leaf(&name, Scalar::of(value).map(|scalar| scalar.text(&mut String::new()).to_owned())),
    }
}

fn holds(condition: &Condition, leaves: &[Leaf], event: &Event) -> bool {
    match condition {
        Condition::Holds(predicate) => predicate_holds(predicate, leaves, event),
        Condition::All(parts) => parts.iter().all(|part| holds(part, leaves, event)),
        Condition::AtLeast(least, parts) => parts.iter().filter(|part| holds(part, leaves, event)).count() >= *least,
        Condition::Not(part) => !holds(part, leaves, event),
    }
}

fn values(field: &Field, leaves: &[Leaf], event: &Event) -> Vec<Option<String>> {
    match field {
        Field::Body(name) => match name.strip_suffix(".*") {
            Some(name) => {
                let inside = |leaf: &&Leaf| leaf.text.is_some() && leaf.within.iter().any(|own| own == name);
                leaves.iter().filter(inside).map(|leaf| leaf.text.clone()).collect()
            }
            None => leaves.iter().filter(|leaf| leaf.name == *name).map(|leaf| leaf.text.clone()).collect(),
        },
        Field::Anywhere => leaves.iter().filter(|leaf| leaf.text.is_some()).map(|leaf| leaf.text.clone()).collect(),
        Field::Key(_) => {
            let mut found = Vec::new();
            field.values(event, &mut |value| {
                if let Found::Scalar(scalar) = value {
                    found.push(Some(scalar.text(&mut String::new()).to_owned()));
                }
            });
            found
        }
    }
}

fn predicate_holds(predicate: &Predicate, leaves: &[Leaf], event: &Event) -> bool {
    let values = values(&predicate.field, leaves, event);
    let any = |holds: &dyn Fn(&str) -> bool| values.iter().flatten().any(|text| holds(text));
    match &predicate.test {
        Test::Present => !values.is_empty(),
        Test::Text { relation, text, cased } => any(&|value| related(*relation, value, text, *cased)),
        Test::Shape { pieces, cased } => any(&|value| {
            let value = if *cased { value.to_owned() } else { folded(value) };
            shaped(&value.chars().collect::<Vec<_>>(), pieces)
        }),
        Test::Expression(text) => {
            let expression = regex::Regex::new(text).expect("compiled at load");
            any(&|value| expression.is_match(value))
        }
        Test::Number(comparison, bound) => {
            any(&|value| number(value).is_some_and(|number| comparison.holds(number, bound.get())))
        }
        test @ Test::Date { .. } => any(&|value| test.holds_of_date(value)),
        Test::Network(network) => any(&|value| address(value).is_some_and(|address| network.contains(&address))),
        Test::SameAs { relation, other, cased } => {
            let others = self::values(other, leaves, event);
            any(&|value| {
                others.iter().flatten().any(|other| {
                    let other = if *cased { other.clone() } else { folded(other) };
                    related(*relation, value, &other, *cased)
                })
            })
        }
    }
}

fn related(relation: Relation, value: &str, text: &str, cased: bool) -> bool {
    let value = if cased { value.to_owned() } else { folded(value) };
    relation.holds(&value, text)
}

/// Whether `letters` have the shape, by trying everything.
fn shaped(letters: &[char], pieces: &[Piece]) -> bool {
    match pieces.split_first() {
        None => letters.is_empty(),
        Some((Piece::Literal(text), rest)) => {
            let literal: Vec<char> = text.chars().collect();
            letters.strip_prefix(literal.as_slice()).is_some_and(|letters| shaped(letters, rest))
        }
        Some((Piece::One, rest)) => letters.split_first().is_some_and(|(_, letters)| shaped(letters, rest)),
        Some((Piece::Many, rest)) => (0..=letters.len()).any(|at| shaped(&letters[at..], rest)),
    }
}
