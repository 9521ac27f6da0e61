//! One value of an item: the tests that it spells.

use super::encode::{self, Windash};
use super::expression;
use super::modifier::{self, Encoding, Method, Modifiers, Outcome, refuse};
use super::pattern::{self, Piece};
use super::predicate::{Condition, Predicate, Real, Relation, Test};
use super::yaml::{kind, scalar_text};
use crate::field::Field;
use crate::stamp::DatePart;
use crate::text::folded;
use yaml_serde::Value;

/// The condition for one value of an item.
pub(super) fn condition(field: &Field, modifiers: &Modifiers, key: &str, value: &Value) -> Outcome<Condition> {
    let holds = |test| Condition::Holds(Predicate { field: field.clone(), test });
    if modifiers.method == Method::Exists {
        return match value {
            Value::Bool(true) => Ok(holds(Test::Present)),
            Value::Bool(false) => Ok(Condition::Not(Box::new(holds(Test::Present)))),
            other => refuse(format!("`{key}` takes true or false, not {}", kind(other)), "write `true` or `false`"),
        };
    }
    if matches!(value, Value::Null) {
        let plain = modifiers.method == Method::Plain
            && modifiers.relation.is_none()
            && modifiers.part.is_none()
            && modifiers.encodings.is_empty();
        if !plain || *field == Field::Anywhere {
            return refuse(format!("`{key}` compares with nothing"), "write null only as the value of a plain field");
        }
        return Ok(Condition::Not(Box::new(holds(Test::Present))));
    }
    let Some(text) = scalar_text(value) else {
        return refuse(format!("`{key}` has {} as a value", kind(value)), "give texts, numbers, truth values or null");
    };
    match modifiers.method {
        Method::Expression => expression::translate(&text, &modifiers.flags).map(|text| holds(Test::Expression(text))),
        Method::Network => network(&text).map(|network| holds(Test::Network(network))),
        Method::Plain | Method::Number(_) if modifiers.part.is_some() => date(modifiers, key, &text).map(holds),
        Method::Number(comparison) => match crate::text::number(&text) {
            Some(number) => Ok(holds(Test::Number(comparison, Real::new(number)))),
            None => refuse(format!("`{key}` compares with `{text}`, which is not a number"), "write a number"),
        },
        Method::OtherField => {
            let relation = modifiers.relation.unwrap_or(Relation::Equals);
            Ok(holds(Test::SameAs { relation, other: modifier::field(&text)?, cased: modifiers.cased }))
        }
        Method::Plain | Method::Exists => {
            let tests = plain(field, modifiers, key, &text)?;
            Ok(Condition::any(tests.into_iter().map(holds).collect()))
        }
    }
}

/// The tests for one plain value: several where a modifier spells it in several ways.
fn plain(field: &Field, modifiers: &Modifiers, key: &str, text: &str) -> Outcome<Vec<Test>> {
    let relation = match (modifiers.relation, field) {
        (Some(relation), _) => relation,
        (None, Field::Anywhere) => Relation::Contains,
        (None, _) => Relation::Equals,
    };
    let spellings = match (modifiers.windash, encode::windash(text)) {
        (false, _) => vec![text.to_owned()],
        (true, Windash::Spelled(spellings)) => spellings,
        (true, Windash::Marked(marked)) if modifiers.encodings.is_empty() => {
            return any_dash(&marked, relation, modifiers.cased).map(|test| vec![test]);
        }
        (true, Windash::Marked(_)) => {
            let reason = format!("`{key}` encodes a value with more than two options in all their spellings");
            return refuse(reason, "write a value for each option and join them with `all`");
        }
    };
    let mut tests = Vec::new();
    for spelling in &spellings {
        let pieces = pattern::pieces(spelling);
        if modifiers.encodings.is_empty() {
            let test = shaped(pieces, relation, modifiers.cased);
            if let Test::Shape { pieces, .. } = &test {
                // What is too large to compile is said here: the matcher could only leave it out.
                expression::compiled(spelling, pattern::expression(pieces))?;
            }
            tests.push(test);
            continue;
        }
        let literal = match pieces.as_slice() {
            [Piece::Literal(literal)] => literal,
            _ => return refuse(format!("`{key}` encodes a value with wildcards"), "escape them with a backslash"),
        };
        let encodings = encoded(literal, &modifiers.encodings)?;
        if encodings.is_empty() {
            return refuse(
                format!("`{key}` has a value that is too short to be found in base64"),
                "write a longer one",
            );
        }
        // What is encoded is another text in another case: only base64 letters as they stand are the value.
        tests.extend(encodings.into_iter().map(|text| {
            let cased = modifiers
                .encodings
                .iter()
                .any(|encoding| matches!(encoding, Encoding::Base64 | Encoding::Base64Offset));
            let text = if cased || modifiers.cased { text } else { folded(&text) };
            Test::Text { relation, text, cased: cased || modifiers.cased }
        }));
    }
    Ok(tests)
}

/// The test for a value in which each mark is any dash.
fn any_dash(marked: &str, relation: Relation, cased: bool) -> Outcome<Test> {
    let pieces = bounded(pattern::pieces(marked), relation);
    let flags = if cased { "" } else { "(?i)" };
    let whole = pattern::expression(&pieces).replace(encode::DASH_MARK, encode::ANY_DASH);
    expression::compiled(marked, format!("{flags}{whole}")).map(Test::Expression)
}

fn encoded(text: &str, encodings: &[Encoding]) -> Outcome<Vec<String>> {
    let mut bytes = text.as_bytes().to_vec();
    for encoding in encodings {
        bytes = match encoding {
            Encoding::Utf16Le => encode::utf16le(&bytes),
            Encoding::Utf16Be => encode::utf16be(&bytes),
            Encoding::Utf16 => encode::utf16(&bytes),
            Encoding::Base64 => encode::base64(&bytes).into_bytes(),
            Encoding::Base64Offset => return Ok(encode::base64_offsets(&bytes)),
        };
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(vec![text]),
        Err(_) => refuse("an encoded value is not text", "follow wide or utf16 with base64 or base64offset"),
    }
}

/// The simplest test for a value of this shape under this relation.
fn shaped(mut pieces: Vec<Piece>, relation: Relation, cased: bool) -> Test {
    if !cased {
        for piece in &mut pieces {
            if let Piece::Literal(text) = piece {
                *text = folded(text);
            }
        }
    }
    let pieces = bounded(pieces, relation);
    let text = |relation, text: &String| Test::Text { relation, text: text.clone(), cased };
    match pieces.as_slice() {
        [] => Test::Text { relation: Relation::Equals, text: String::new(), cased },
        [Piece::Many] => Test::Present,
        [Piece::Literal(whole)] => text(Relation::Equals, whole),
        [Piece::Many, Piece::Literal(part), Piece::Many] => text(Relation::Contains, part),
        [Piece::Literal(head), Piece::Many] => text(Relation::StartsWith, head),
        [Piece::Many, Piece::Literal(tail)] => text(Relation::EndsWith, tail),
        _ => Test::Shape { pieces, cased },
    }
}

/// The shape of a whole value of which `pieces` are a part as the relation says.
fn bounded(mut pieces: Vec<Piece>, relation: Relation) -> Vec<Piece> {
    if matches!(relation, Relation::Contains | Relation::EndsWith) && pieces.first() != Some(&Piece::Many) {
        pieces.insert(0, Piece::Many);
    }
    if matches!(relation, Relation::Contains | Relation::StartsWith) && pieces.last() != Some(&Piece::Many) {
        pieces.push(Piece::Many);
    }
    pieces
}

/// The test for a part of a date.
fn date(modifiers: &Modifiers, key: &str, text: &str) -> Outcome<Test> {
    let part = modifiers.part.unwrap_or(DatePart::Hour);
    let range = match part {
        DatePart::Minute => 0..=59,
        DatePart::Hour => 0..=23,
        DatePart::Day => 1..=31,
        DatePart::Week => 1..=53,
        DatePart::Month => 1..=12,
        DatePart::Year => 1..=9_999,
    };
    let comparison = match modifiers.method {
        Method::Number(comparison) => Some(comparison),
        _ => None,
    };
    match text.trim().parse::<i64>().ok().filter(|number| range.contains(number)) {
        Some(number) => Ok(Test::Date { part, comparison, number: Real::new(number as f64) }),
        None => refuse(
            format!("`{key}` compares with `{text}`, which this part of a date never is"),
            format!("write a whole number from {} to {}", range.start(), range.end()),
        ),
    }
}

fn network(text: &str) -> Outcome<ipnet::IpNet> {
    let whole = text.parse::<ipnet::IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
    match whole {
        Ok(network) => Ok(network.trunc()),
        Err(_) => refuse(format!("`{text}` is not a network"), "write it as 10.0.0.0/8 or 2001:db8::/32"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::section::Item;

    fn compiled(key: &str, value: &str) -> Outcome<Condition> {
        let values = match yaml_serde::from_str::<Value>(value).expect("yaml") {
            Value::Sequence(values) => values,
            one => vec![one],
        };
        modifier::item(&Item::new(key, values, 1))
    }

    fn test_of(key: &str, value: &str) -> Test {
        match compiled(key, value).unwrap_or_else(|refusal| panic!("{key}: {}", refusal.reason)) {
            Condition::Holds(predicate) => predicate.test,
            other => panic!("{key}: {other:?}"),
        }
    }

    fn text(relation: Relation, text: &str, cased: bool) -> Test {
        Test::Text { relation, text: text.to_owned(), cased }
    }

    #[test]
    fn plain_values_take_the_simplest_test() {
        assert_eq!(test_of("a", "GetObject"), text(Relation::Equals, "getobject", false));
        assert_eq!(test_of("a|cased", "GetObject"), text(Relation::Equals, "GetObject", true));
        assert_eq!(test_of("a", "'*x*'"), text(Relation::Contains, "x", false));
        assert_eq!(test_of("a|startswith", "'x*'"), text(Relation::StartsWith, "x", false));
        assert_eq!(test_of("a|contains", "'*'"), Test::Present);
        assert_eq!(test_of("a", "50126"), text(Relation::Equals, "50126", false));
        assert_eq!(test_of("a", "true"), text(Relation::Equals, "true", false));
        assert!(matches!(test_of("a|endswith", "'x?y'"), Test::Shape { .. }));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (key, value) in [
            ("a|re", "'(?=x)'"),
            ("a|re", "'(a{1000}){1000}'"),
            ("a|cidr", "10.0.0.0/40"),
            ("a|gt", "many"),
            ("a|exists", "perhaps"),
            ("a|base64", "'x*'"),
            ("a", "[[x]]"),
            ("a|contains", "null"),
            ("a|hour", "noon"),
            ("a|hour", "24"),
            ("a|hour", "null"),
            ("a|minute|gt", "3.5"),
            ("a|base64offset|contains", "''"),
            ("a|windash|base64", "'-a -b -c'"),
        ] {
            assert!(compiled(key, value).is_err(), "{key}: {value}");
        }
    }

    #[test]
    fn lists_and_negations() {
        assert!(matches!(compiled("a|contains|all", "[x, y]"), Ok(Condition::All(parts)) if parts.len() == 2));
        assert!(matches!(compiled("a", "[x, y]"), Ok(Condition::AtLeast(1, parts)) if parts.len() == 2));
        assert!(matches!(compiled("a|neq", "x"), Ok(Condition::Not(_))));
        assert!(matches!(compiled("a", "null"), Ok(Condition::Not(_))));
    }
}
