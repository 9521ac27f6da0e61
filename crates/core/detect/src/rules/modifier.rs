//! Detection items: `field|modifier|modifier: values`, compiled to a condition.
//!
//! Modifiers: contains, startswith, endswith, all, re (i, m, s), cidr, exists, cased, fieldref, neq, lt, lte, gt, gte,
//! windash, wide (utf16le), utf16be, utf16, base64, base64offset. `expand` and the parts of times are refused.

use super::condition::Refusal;
use super::encode;
use super::pattern::{self, Piece};
use super::predicate::{Comparison, Condition, Predicate, Real, Relation, Test};
use super::yaml::{kind, scalar_text};
use crate::field::{DOTS_MAX, Field, KeyField};
use crate::text::folded;
use firebreak_model::Text;
use yaml_serde::Value;

type Outcome<T> = Result<T, Refusal>;

fn refuse<T>(reason: impl Into<String>, hint: impl Into<String>) -> Outcome<T> {
    Err(Refusal { reason: reason.into(), hint: hint.into() })
}

/// Largest program that one regular expression may compile to.
pub(crate) const EXPRESSION_BYTES_MAX: usize = 1 << 20;

const KNOWN: &str = "contains, startswith, endswith, all, re, i, m, s, cidr, exists, cased, fieldref, neq, lt, lte, gt, gte, \
                     windash, wide, utf16le, utf16be, utf16, base64, base64offset";

/// How the text of a value is rewritten before it is compared.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Encoding {
    Utf16Le,
    Utf16Be,
    Utf16,
    Base64,
    Base64Offset,
}

/// What decides how a value is compared.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
enum Method {
    #[default]
    Plain,
    Expression,
    Network,
    Exists,
    OtherField,
    Number(Comparison),
}

/// All modifiers of one item.
#[derive(Default)]
struct Modifiers {
    method: Method,
    relation: Option<Relation>,
    encodings: Vec<Encoding>,
    flags: String,
    windash: bool,
    all: bool,
    cased: bool,
    unequal: bool,
}

impl Modifiers {
    fn read(words: &[&str]) -> Outcome<Modifiers> {
        let mut read = Modifiers::default();
        for word in words {
            read.add(word)?;
        }
        let plain = read.method == Method::Plain;
        if read.relation.is_some() && !plain && read.method != Method::OtherField {
            return refuse(
                format!("`|{}` joins a comparison of text with one that is not", words.join("|")),
                "use one of contains, startswith, endswith or one of re, cidr, exists, lt, lte, gt, gte",
            );
        }
        if (read.windash || !read.encodings.is_empty()) && !plain {
            return refuse(
                format!("`|{}` rewrites a value that is not compared as text", words.join("|")),
                "use windash, wide, utf16 and base64 with plain values only",
            );
        }
        if read.encodings.contains(&Encoding::Base64Offset) && read.relation.is_none() {
            return refuse("`base64offset` without `contains` can never match", "write `|base64offset|contains`");
        }
        Ok(read)
    }

    fn add(&mut self, word: &str) -> Outcome<()> {
        match word {
            "contains" => self.relate(Relation::Contains)?,
            "startswith" => self.relate(Relation::StartsWith)?,
            "endswith" => self.relate(Relation::EndsWith)?,
            "all" => self.all = true,
            "cased" => self.cased = true,
            "neq" => self.unequal = true,
            "windash" => self.windash = true,
            "re" => self.decide(Method::Expression)?,
            "i" | "m" | "s" if self.method == Method::Expression => self.flags.push_str(word),
            "i" | "m" | "s" => return refuse(format!("`|{word}` is a flag of `re`"), "write it after `|re`"),
            "cidr" => self.decide(Method::Network)?,
            "exists" => self.decide(Method::Exists)?,
            "fieldref" => self.decide(Method::OtherField)?,
            "lt" => self.decide(Method::Number(Comparison::Less))?,
            "lte" => self.decide(Method::Number(Comparison::AtMost))?,
            "gt" => self.decide(Method::Number(Comparison::Greater))?,
            "gte" => self.decide(Method::Number(Comparison::AtLeast))?,
            "wide" | "utf16le" => self.encodings.push(Encoding::Utf16Le),
            "utf16be" => self.encodings.push(Encoding::Utf16Be),
            "utf16" => self.encodings.push(Encoding::Utf16),
            "base64" => self.encodings.push(Encoding::Base64),
            "base64offset" => self.encodings.push(Encoding::Base64Offset),
            "expand" | "minute" | "hour" | "day" | "week" | "month" | "year" => {
                return refuse(format!("the modifier `{word}` is not supported"), format!("supported are: {KNOWN}"));
            }
            _ => return refuse(format!("`{word}` is not a modifier"), format!("supported are: {KNOWN}")),
        }
        Ok(())
    }

    fn relate(&mut self, relation: Relation) -> Outcome<()> {
        match self.relation.replace(relation) {
            None => Ok(()),
            Some(_) => refuse("two of contains, startswith, endswith on one field", "keep one of them"),
        }
    }

    fn decide(&mut self, method: Method) -> Outcome<()> {
        match std::mem::replace(&mut self.method, method) {
            Method::Plain => Ok(()),
            _ => refuse("two of re, cidr, exists, fieldref, lt, lte, gt, gte on one field", "keep one of them"),
        }
    }
}

/// The condition that one `key: value` of a search spells. An empty field name means keywords.
pub(crate) fn item(key: &str, value: &Value) -> Outcome<Condition> {
    let mut words = key.split('|');
    let field = field(words.next().unwrap_or_default())?;
    let modifiers = Modifiers::read(&words.collect::<Vec<_>>())?;
    let values: &[Value] = match value {
        Value::Sequence(values) => values,
        one => std::slice::from_ref(one),
    };
    if values.is_empty() {
        return refuse(format!("`{key}` has an empty list of values"), "give at least one value, or remove the line");
    }
    let conditions = values.iter().map(|value| one(&field, &modifiers, key, value)).collect::<Outcome<Vec<_>>>()?;
    let joined = if modifiers.all { Condition::all(conditions) } else { Condition::any(conditions) };
    Ok(if modifiers.unequal { Condition::Not(Box::new(joined)) } else { joined })
}

/// A keyword without a map: found in any value of the record.
pub(crate) fn keyword(value: &Value) -> Outcome<Condition> {
    one(&Field::Anywhere, &Modifiers::default(), "keywords", value)
}

/// The field that `name` means.
pub(crate) fn field(name: &str) -> Outcome<Field> {
    if name.is_empty() {
        return Ok(Field::Anywhere);
    }
    if let Some(word) = name.strip_prefix("firebreak.") {
        return match KeyField::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, key)) => Ok(Field::Key(*key)),
            None => refuse(
                format!("`{name}` is not one of Firebreak's keys"),
                format!("they are: {}", KeyField::WORDS.map(|(word, _)| format!("firebreak.{word}")).join(", ")),
            ),
        };
    }
    if name.split('.').any(str::is_empty) {
        return refuse(format!("the field name `{name}` has an empty part"), "remove the needless dot");
    }
    if name.matches('.').count() > DOTS_MAX {
        return refuse(format!("the field name `{name}` has more than {DOTS_MAX} dots"), "name a shorter path");
    }
    Ok(Field::Body(Text::new(name)))
}

/// The condition for one value of an item.
fn one(field: &Field, modifiers: &Modifiers, key: &str, value: &Value) -> Outcome<Condition> {
    let holds = |test| Condition::Holds(Predicate { field: field.clone(), test });
    if modifiers.method == Method::Exists {
        return match value {
            Value::Bool(true) => Ok(holds(Test::Present)),
            Value::Bool(false) => Ok(Condition::Not(Box::new(holds(Test::Present)))),
            other => refuse(format!("`{key}` takes true or false, not {}", kind(other)), "write `true` or `false`"),
        };
    }
    if matches!(value, Value::Null) {
        if modifiers.method != Method::Plain || modifiers.relation.is_some() || *field == Field::Anywhere {
            return refuse(format!("`{key}` compares with nothing"), "write null only as the value of a plain field");
        }
        return Ok(Condition::Not(Box::new(holds(Test::Present))));
    }
    let Some(text) = scalar_text(value) else {
        return refuse(format!("`{key}` has {} as a value", kind(value)), "give texts, numbers, truth values or null");
    };
    match modifiers.method {
        Method::Expression => expression(&text, &modifiers.flags).map(|text| holds(Test::Expression(text))),
        Method::Network => network(&text).map(|network| holds(Test::Network(network))),
        Method::Number(comparison) => match crate::text::number(&text) {
            Some(number) => Ok(holds(Test::Number(comparison, Real::new(number)))),
            None => refuse(format!("`{key}` compares with `{text}`, which is not a number"), "write a number"),
        },
        Method::OtherField => {
            let relation = modifiers.relation.unwrap_or(Relation::Equals);
            Ok(holds(Test::SameAs { relation, other: self::field(&text)?, cased: modifiers.cased }))
        }
        Method::Plain | Method::Exists => {
            let tests = plain(field, modifiers, key, &text)?;
            Ok(Condition::any(tests.into_iter().map(holds).collect()))
        }
    }
}

/// The tests for one plain value: several where a modifier spells it in several ways.
fn plain(field: &Field, modifiers: &Modifiers, key: &str, text: &str) -> Outcome<Vec<Test>> {
    let spellings = if modifiers.windash { encode::windash(text) } else { vec![text.to_owned()] };
    let relation = match (modifiers.relation, field) {
        (Some(relation), _) => relation,
        (None, Field::Anywhere) => Relation::Contains,
        (None, _) => Relation::Equals,
    };
    let mut tests = Vec::new();
    for spelling in &spellings {
        let pieces = pattern::pieces(spelling);
        if modifiers.encodings.is_empty() {
            let test = shaped(pieces, relation, modifiers.cased);
            if let Test::Shape { pieces, .. } = &test {
                // What is too large to compile is said here: the matcher could only leave it out.
                expression(&pattern::expression(pieces), "")?;
            }
            tests.push(test);
            continue;
        }
        let literal = match pieces.as_slice() {
            [Piece::Literal(literal)] => literal,
            _ => return refuse(format!("`{key}` encodes a value with wildcards"), "escape them with a backslash"),
        };
        // What is encoded is another text in another case: only base64 letters as they stand are the value.
        tests.extend(encoded(literal, &modifiers.encodings)?.into_iter().map(|text| {
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
    if matches!(relation, Relation::Contains | Relation::EndsWith) && pieces.first() != Some(&Piece::Many) {
        pieces.insert(0, Piece::Many);
    }
    if matches!(relation, Relation::Contains | Relation::StartsWith) && pieces.last() != Some(&Piece::Many) {
        pieces.push(Piece::Many);
    }
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

fn expression(text: &str, flags: &str) -> Outcome<String> {
    let whole = if flags.is_empty() { text.to_owned() } else { format!("(?{flags}){text}") };
    match regex::RegexBuilder::new(&whole).size_limit(EXPRESSION_BYTES_MAX).build() {
        Ok(_) => Ok(whole),
        Err(regex::Error::CompiledTooBig(_)) => {
            refuse(format!("the regular expression `{text}` is too large"), "make its repetitions smaller")
        }
        Err(_) => refuse(
            format!("the regular expression `{text}` cannot be compiled"),
            "use the syntax of Rust's regex crate: no look-around, no back-references",
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

    fn compiled(key: &str, value: &str) -> Outcome<Condition> {
        item(key, &yaml_serde::from_str::<Value>(value).expect("yaml"))
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
    fn keys_of_firebreak_are_not_in_the_body() {
        let Ok(Condition::Holds(predicate)) = compiled("firebreak.bytes|gt", "100") else { panic!("one predicate") };
        assert_eq!(predicate.field, Field::Key(KeyField::Bytes));
        assert!(compiled("firebreak.byte", "1").is_err());
    }

    #[test]
    fn what_cannot_work_is_refused() {
        for (key, value) in [
            ("a|contain", "x"),
            ("a|expand", "x"),
            ("a|re", "'(?=x)'"),
            ("a|re", "'(a{1000}){1000}'"),
            ("a|cidr", "10.0.0.0/40"),
            ("a|gt", "many"),
            ("a|exists", "perhaps"),
            ("a|i", "x"),
            ("a|contains|endswith", "x"),
            ("a|re|contains", "x"),
            ("a|base64offset", "x"),
            ("a|base64", "'x*'"),
            ("a", "[]"),
            ("a", "[[x]]"),
            ("a|contains", "null"),
            ("a..b", "x"),
            ("a.b.c.d.e.f.g.h.i.j", "x"),
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
