//! Conditions: operators, set qualifiers, and what they say of a key that is absent or not known.

mod value;

use super::answer::Answer;
use super::arn;
use super::context::{Lookup, View};
use super::evaluate::WORK_MAX;
use super::glob::Work;
use super::read::shown;
use super::template::{Reading, Template};
use firebreak_model::{Text, Time};
use serde_json::Value;
use value::{Comparison, Network, Number};

/// `ForAllValues:`, `ForAnyValue:`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Qualifier {
    One,
    All,
    Any,
}

/// What one value of the request is compared with.
#[derive(Clone, PartialEq, Debug)]
enum Test {
    /// Sorted text.
    Exact(Box<[Text]>),
    /// Patterns; `fold` where case does not matter.
    Text {
        templates: Box<[Template]>,
        fold: bool,
    },
    Arn(Box<[Template]>),
    Number(Comparison, Box<[Number]>),
    Date(Comparison, Box<[Time]>),
    Bool(Box<[bool]>),
    Address(Box<[Network]>),
    Null(Box<[bool]>),
}

/// One operator on one key.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition {
    /// The operator, as it was written.
    pub operator: Text,
    /// The key, as it was written.
    pub key: Text,
    lower: Text,
    test: Test,
    negated: bool,
    if_exists: bool,
    qualifier: Qualifier,
    /// Values that could not be read: one of them may match.
    unread: bool,
    sample: Text,
}

/// What an operator's name says.
struct Operator<'a> {
    base: &'a str,
    qualifier: Qualifier,
    if_exists: bool,
}

impl<'a> Operator<'a> {
    fn split(written: &'a str) -> Operator<'a> {
        let (qualifier, rest) = match written.split_once(':') {
            Some((head, rest)) if head.eq_ignore_ascii_case("ForAllValues") => (Qualifier::All, rest),
            Some((head, rest)) if head.eq_ignore_ascii_case("ForAnyValue") => (Qualifier::Any, rest),
            _ => (Qualifier::One, written),
        };
        let length = rest.len();
        let (base, suffix) = rest.split_at_checked(length.saturating_sub("IfExists".len())).unwrap_or((rest, ""));
        let if_exists = suffix.eq_ignore_ascii_case("IfExists");
        Operator { base: if if_exists { base } else { rest }, qualifier, if_exists }
    }
}

impl Condition {
    /// Reads one operator on one key. An error says in words what cannot be read at all.
    pub(crate) fn read(
        operator: &str,
        key: &str,
        values: &Value,
        variables: bool,
        item_bytes: usize,
    ) -> Result<Condition, String> {
        let split = Operator::split(operator);
        let (texts, mut unread) = texts(values, item_bytes);
        let lower = split.base.to_ascii_lowercase();
        let mut lost = false;
        let (test, negated) = test(&lower, &texts, variables, &mut lost)
            .ok_or_else(|| format!("the condition operator `{}` is not known", shown(operator)))?;
        unread |= lost;
        let mut sample: Vec<String> = texts.iter().take(3).map(|text| shown(text)).collect();
        if texts.len() > 3 {
            sample.push(format!("{} more", texts.len() - 3));
        }
        Ok(Condition {
            operator: Text::new(shown(operator)),
            key: Text::new(shown(key)),
            lower: Text::new(key.to_lowercase()),
            test,
            negated,
            if_exists: split.if_exists,
            qualifier: split.qualifier,
            unread,
            sample: Text::new(sample.join(" or ")),
        })
    }

    /// What of it could not be read, in words.
    pub(crate) fn unread(&self) -> Option<&'static str> {
        self.unread.then_some("has a value that cannot be read")
    }

    /// The key in lower case, and those of its variables.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Text> {
        let templates: &[Template] = match &self.test {
            Test::Text { templates, .. } | Test::Arn(templates) => templates,
            _ => &[],
        };
        std::iter::once(&self.lower).chain(templates.iter().flat_map(Template::keys))
    }

    /// The values of which the key must have one, as they are written. `None` where it says anything else.
    pub(crate) fn admits(&self) -> Option<Vec<String>> {
        if self.negated || self.unread {
            return None;
        }
        match &self.test {
            Test::Exact(texts) => Some(texts.iter().map(ToString::to_string).collect()),
            Test::Text { templates, .. } | Test::Arn(templates) => {
                Some(templates.iter().map(Template::shown).collect())
            }
            _ => None,
        }
    }

    /// Whether it lets in nobody but a few whom it names without wildcards, or whoever comes from certain networks.
    pub(crate) fn is_narrow(&self) -> bool {
        if self.negated || self.unread || self.if_exists || self.qualifier == Qualifier::All {
            return false;
        }
        match &self.test {
            Test::Address(_) => !self.sample.contains("/0"),
            _ => self.admits().is_some_and(|all| all.iter().all(|value| !value.contains(['*', '?', '$']))),
        }
    }

    /// The key, in lower case.
    pub(crate) fn key_in_lower_case(&self) -> &str {
        &self.lower
    }

    /// Whether it holds for this request.
    pub(crate) fn holds(&self, view: &View<'_>, work: &mut Work) -> Answer {
        let values = match view.lookup(&self.lower) {
            Lookup::Unknown => return Answer::May,
            Lookup::Absent => return self.absent(),
            Lookup::Known(values) => values,
        };
        if let Test::Null(wanted) = &self.test {
            return self.null(wanted, values.is_empty());
        }
        if values.is_empty() {
            return self.absent();
        }
        let mut each = values.iter().map(|value| self.one(value, view, work));
        match self.qualifier {
            Qualifier::All => each.fold(Answer::Yes, Answer::and),
            Qualifier::Any => each.fold(Answer::No, Answer::or),
            // Several values without a qualifier: what is certain only where all agree.
            Qualifier::One => {
                let first = each.next().unwrap_or_default();
                each.fold(first, Answer::agreed)
            }
        }
    }

    /// For a request without the key, or with no value under it.
    fn absent(&self) -> Answer {
        if let Test::Null(wanted) = &self.test {
            return self.null(wanted, true);
        }
        let holds = match self.qualifier {
            _ if self.if_exists => true,
            Qualifier::All => true,
            Qualifier::Any => false,
            Qualifier::One => self.negated,
        };
        Answer::from(holds)
    }

    fn null(&self, wanted: &[bool], is_null: bool) -> Answer {
        let found = Answer::from(wanted.contains(&is_null));
        if self.unread { found.or(Answer::May) } else { found }
    }

    fn one(&self, value: &Text, view: &View<'_>, work: &mut Work) -> Answer {
        let mut matched = self.matches(value, view, work);
        if self.unread {
            matched = matched.or(Answer::May);
        }
        if self.negated { matched.negated() } else { matched }
    }

    /// Whether one value of the request is among those of the policy.
    fn matches(&self, value: &Text, view: &View<'_>, work: &mut Work) -> Answer {
        let mut any = |templates: &[Template], each: &mut dyn FnMut(&Template, &mut Work) -> Answer| {
            let mut found = Answer::No;
            for template in templates {
                work.0 += 1;
                found = found.or(each(template, work));
                // Beyond the bound the whole statement is undecided anyway.
                if found == Answer::Yes || work.0 > WORK_MAX {
                    break;
                }
            }
            found
        };
        match &self.test {
            Test::Exact(texts) => Answer::from(texts.binary_search(value).is_ok()),
            Test::Text { templates, fold: false } => any(templates, &mut |t, work| t.matches(value, view, work)),
            Test::Text { templates, fold: true } => {
                let folded = value.to_lowercase();
                any(templates, &mut |template, work| template.matches(&folded, view, work))
            }
            Test::Arn(templates) => any(templates, &mut |template, work| {
                template.resolved(view).map_or(Answer::No, |glob| arn::like(&glob, value, work))
            }),
            Test::Number(comparison, numbers) => {
                let value = Number::read(value);
                Answer::from(value.is_some_and(|value| numbers.iter().any(|own| comparison.holds(&value, own))))
            }
            Test::Date(comparison, dates) => {
                let value = value::date(value);
                Answer::from(value.is_some_and(|value| dates.iter().any(|own| comparison.holds(&value, own))))
            }
            Test::Bool(wanted) => Answer::from(value::flag(value).is_some_and(|value| wanted.contains(&value))),
            Test::Address(networks) => {
                let address = value.parse().ok();
                Answer::from(address.is_some_and(|address| networks.iter().any(|own| own.contains(address))))
            }
            Test::Null(_) => Answer::No,
        }
    }
}

impl std::fmt::Display for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} `{}` is {}", self.operator, self.key, self.sample)
    }
}

/// The values as text, and whether one of them could not be read.
fn texts(values: &Value, item_bytes: usize) -> (Vec<String>, bool) {
    let items = match values {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let all: Vec<String> = items.iter().filter_map(text).filter(|text| text.len() <= item_bytes).collect();
    let unread = all.len() < items.len();
    (all, unread)
}

/// The test that an operator's name (in lower case, without qualifier) stands for, and whether it is negated. `lost` is
/// set where a value could not be read.
fn test(operator: &str, texts: &[String], variables: bool, lost: &mut bool) -> Option<(Test, bool)> {
    let templates = |wildcards, fold| -> Box<[Template]> {
        texts.iter().map(|text| Template::read(text, Reading { wildcards, variables, fold })).collect()
    };
    let like = |fold| Test::Text { templates: templates(true, fold), fold };
    let exact = |variables: bool| {
        if variables && texts.iter().any(|text| text.contains("${")) {
            return Test::Text { templates: templates(false, false), fold: false };
        }
        let mut sorted: Vec<Text> = texts.iter().map(Text::new).collect();
        sorted.sort_unstable();
        sorted.dedup();
        Test::Exact(sorted.into())
    };
    let folded = || Test::Text { templates: templates(false, true), fold: true };
    Some(match operator {
        "stringequals" => (exact(variables), false),
        "stringnotequals" => (exact(variables), true),
        "stringequalsignorecase" => (folded(), false),
        "stringnotequalsignorecase" => (folded(), true),
        "stringlike" => (like(false), false),
        "stringnotlike" => (like(false), true),
        "arnequals" | "arnlike" => (Test::Arn(templates(true, false)), false),
        "arnnotequals" | "arnnotlike" => (Test::Arn(templates(true, false)), true),
        "binaryequals" => (exact(false), false),
        "bool" => (Test::Bool(read(texts, lost, value::flag)), false),
        "null" => (Test::Null(read(texts, lost, value::flag)), false),
        "ipaddress" => (Test::Address(read(texts, lost, Network::read)), false),
        "notipaddress" => (Test::Address(read(texts, lost, Network::read)), true),
        other => match (other.strip_prefix("numeric"), other.strip_prefix("date")) {
            (Some(rest), _) => {
                let (comparison, negated) = Comparison::read(rest)?;
                (Test::Number(comparison, read(texts, lost, Number::read)), negated)
            }
            (_, Some(rest)) => {
                let (comparison, negated) = Comparison::read(rest)?;
                (Test::Date(comparison, read(texts, lost, value::date)), negated)
            }
            _ => return None,
        },
    })
}

fn read<T>(texts: &[String], lost: &mut bool, one: impl Fn(&str) -> Option<T>) -> Box<[T]> {
    let all: Box<[T]> = texts.iter().filter_map(|text| one(text)).collect();
    *lost |= all.len() < texts.len();
    all
}

#[cfg(test)]
mod tests;
