//! Detection items: `field|modifier|modifier: values`, compiled to a condition. Every modifier of Sigma 2.1 is read here
//! but `expand`, which is done before (see [`super::placeholder`]).

use super::condition::Refusal;
use super::predicate::{Comparison, Condition, Relation};
use super::section::Item;
use super::value;
use crate::field::{DOTS_MAX, Field, KeyField};
use crate::stamp::DatePart;
use firebreak_model::Text;
use yaml_serde::Value;

pub(super) type Outcome<T> = Result<T, Refusal>;

pub(super) fn refuse<T>(reason: impl Into<String>, hint: impl Into<String>) -> Outcome<T> {
    Err(Refusal { reason: reason.into(), hint: hint.into() })
}

const KNOWN: &str = "contains, startswith, endswith, all, re, i, m, s, cidr, exists, cased, fieldref, neq, lt, lte, gt, gte, \
                     minute, hour, day, week, month, year, windash, wide, utf16le, utf16be, utf16, base64, base64offset, \
                     expand";

/// How the text of a value is rewritten before it is compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Encoding {
    Utf16Le,
    Utf16Be,
    Utf16,
    Base64,
    Base64Offset,
}

/// What decides how a value is compared.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) enum Method {
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
pub(super) struct Modifiers {
    pub(super) method: Method,
    pub(super) relation: Option<Relation>,
    pub(super) encodings: Vec<Encoding>,
    pub(super) flags: String,
    pub(super) part: Option<DatePart>,
    pub(super) windash: bool,
    pub(super) all: bool,
    pub(super) cased: bool,
    pub(super) unequal: bool,
}

impl Modifiers {
    pub(super) fn read(words: &[&str]) -> Outcome<Modifiers> {
        let mut read = Modifiers::default();
        for word in words {
            read.add(word)?;
        }
        read.check(words)?;
        Ok(read)
    }

    /// Whether the modifiers go together.
    fn check(&self, words: &[&str]) -> Outcome<()> {
        let whole = words.join("|");
        let plain = self.method == Method::Plain;
        if self.relation.is_some() && !plain && self.method != Method::OtherField {
            return refuse(
                format!("`|{whole}` joins a comparison of text with one that is not"),
                "use one of contains, startswith, endswith or one of re, cidr, exists, lt, lte, gt, gte",
            );
        }
        if (self.windash || !self.encodings.is_empty()) && !plain {
            return refuse(
                format!("`|{whole}` rewrites a value that is not compared as text"),
                "use windash, wide, utf16 and base64 with plain values only",
            );
        }
        if self.encodings.contains(&Encoding::Base64Offset) && self.relation.is_none() {
            return refuse("`base64offset` without `contains` can never match", "write `|base64offset|contains`");
        }
        if self.encodings.iter().rev().skip(1).any(|encoding| *encoding == Encoding::Base64Offset) {
            return refuse(format!("`|{whole}` encodes again what base64offset has cut"), "put base64offset last");
        }
        if self.cased && !plain && self.method != Method::OtherField {
            return refuse(
                format!("`|{whole}` asks for the case of what is not text"),
                "remove `cased`; `re` always regards case",
            );
        }
        let number = matches!(self.method, Method::Plain | Method::Number(_));
        if self.part.is_some() && !(number && self.relation.is_none() && self.encodings.is_empty() && !self.windash) {
            return refuse(
                format!("`|{whole}` joins a part of a date, which is a number, with what is not"),
                "use minute, hour, day, week, month and year alone or with lt, lte, gt, gte, neq",
            );
        }
        if self.method == Method::Exists && (self.all || self.unequal) {
            return refuse(
                format!("`|{whole}` says nothing that `exists` alone does not"),
                "write `exists: false` for its negation",
            );
        }
        Ok(())
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
            "expand" => {}
            _ => match DatePart::of_word(word) {
                Some(part) if self.part.is_none() => self.part = Some(part),
                Some(_) => return refuse("two parts of a date on one field", "keep one of them"),
                None => return refuse(format!("`{word}` is not a modifier"), format!("they are: {KNOWN}")),
            },
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

/// The condition that one item of a search spells.
pub(crate) fn item(item: &Item) -> Outcome<Condition> {
    let field = field(&item.field)?;
    let words: Vec<&str> = item.modifiers.iter().map(String::as_str).collect();
    let modifiers = Modifiers::read(&words)?;
    let key = item.key();
    let any = |values: &Vec<Value>| {
        let conditions = values.iter().map(|value| value::condition(&field, &modifiers, &key, value));
        conditions.collect::<Outcome<Vec<Condition>>>().map(Condition::any)
    };
    let conditions = item.values.iter().map(any).collect::<Outcome<Vec<Condition>>>()?;
    let joined = if modifiers.all { Condition::all(conditions) } else { Condition::any(conditions) };
    Ok(if modifiers.unequal { Condition::Not(Box::new(joined)) } else { joined })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (words, says) in [
            ("contain", "not a modifier"),
            ("i", "flag of `re`"),
            ("contains|endswith", "two of contains"),
            ("re|cidr", "two of re"),
            ("re|contains", "joins a comparison"),
            ("exists|contains", "joins a comparison"),
            ("base64offset", "can never match"),
            ("base64offset|base64|contains", "encodes again"),
            ("re|base64", "rewrites"),
            ("gt|windash", "rewrites"),
            ("re|cased", "case of what is not text"),
            ("hour|contains", "part of a date"),
            ("hour|re", "part of a date"),
            ("hour|day", "two parts"),
            ("exists|neq", "`exists` alone"),
        ] {
            let refused =
                Modifiers::read(&words.split('|').collect::<Vec<_>>()).err().unwrap_or_else(|| panic!("{words}"));
            assert!(refused.reason.contains(says), "{words}: {}", refused.reason);
            assert!(!refused.hint.is_empty());
        }
    }

    #[test]
    fn names_of_fields() {
        assert_eq!(field("firebreak.bytes").ok(), Some(Field::Key(KeyField::Bytes)));
        for wrong in ["firebreak.byte", "a..b", "a.b.c.d.e.f.g.h.i.j"] {
            assert!(field(wrong).is_err(), "{wrong}");
        }
    }
}
