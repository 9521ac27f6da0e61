//! Under which conditions a step does something: on the rule, on an item, on a field's name.

use super::Progress;
use crate::rules::LogSource;
use crate::rules::attributes::Attributes;
use crate::rules::condition::Formula;
use crate::rules::draft::Draft;
use crate::rules::section::Item;
use crate::rules::yaml::scalar_text;
use regex::Regex;
use std::collections::BTreeSet;
use yaml_serde::Value;

/// Conditions and how they are joined. Without any, they hold.
#[derive(Debug)]
pub(super) struct Conditions<C> {
    pub(super) named: Vec<(String, C)>,
    pub(super) joined: Joined,
    pub(super) negated: bool,
}

/// How conditions are joined.
#[derive(Debug)]
pub(super) enum Joined {
    All,
    Any,
    As(Formula),
}

impl<C> Default for Conditions<C> {
    fn default() -> Conditions<C> {
        Conditions { named: Vec::new(), joined: Joined::All, negated: false }
    }
}

impl<C> Conditions<C> {
    /// Whether they hold, each as `holds` says.
    pub(super) fn hold(&self, holds: impl Fn(&C) -> bool) -> bool {
        if self.named.is_empty() {
            return true;
        }
        let joined = match &self.joined {
            Joined::All => self.named.iter().all(|(_, condition)| holds(condition)),
            Joined::Any => self.named.iter().any(|(_, condition)| holds(condition)),
            Joined::As(formula) => self.formula(formula, &holds),
        };
        joined != self.negated
    }

    fn formula(&self, formula: &Formula, holds: &dyn Fn(&C) -> bool) -> bool {
        match formula {
            Formula::Name(name) => self.named.iter().any(|(own, condition)| own == name && holds(condition)),
            Formula::All(parts) => parts.iter().all(|part| self.formula(part, holds)),
            Formula::AtLeast(least, parts) => parts.iter().filter(|part| self.formula(part, holds)).count() >= *least,
            Formula::Not(part) => !self.formula(part, holds),
        }
    }
}

/// How two values compare.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Order {
    Equal,
    Unequal,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Order {
    fn holds(self, own: &str, other: &str) -> bool {
        let numbers = crate::text::number(own).zip(crate::text::number(other));
        let order = match numbers {
            Some((own, other)) => own.partial_cmp(&other),
            None => Some(own.cmp(other)),
        };
        order.is_some_and(|order| match self {
            Order::Equal => order.is_eq(),
            Order::Unequal => order.is_ne(),
            Order::Less => order.is_lt(),
            Order::AtMost => order.is_le(),
            Order::Greater => order.is_gt(),
            Order::AtLeast => order.is_ge(),
        })
    }
}

/// What a rule's conditions are asked of.
pub(super) enum About<'a> {
    /// A detection rule.
    Rule(&'a Draft),
    /// A correlation, with the log sources of the rules below it.
    Correlation { attributes: &'a Attributes, sources: &'a [&'a LogSource] },
}

/// On the rule.
#[derive(Debug)]
pub(super) enum RuleCondition {
    Source(LogSource),
    ContainsItem { field: String, value: Value },
    ContainsField(String),
    Applied(String),
    State { key: String, value: String, order: Order },
    IsRule,
    IsCorrelation,
    Attribute { name: String, value: String, order: Order },
    Tag(String),
}

impl RuleCondition {
    pub(super) fn of_rule(&self, about: &About<'_>, progress: &Progress) -> bool {
        match (self, about) {
            (RuleCondition::Source(source), About::Rule(draft)) => source.covers(&draft.logsource),
            (RuleCondition::Source(source), About::Correlation { sources, .. }) => {
                sources.iter().any(|own| source.covers(own))
            }
            (RuleCondition::Applied(id), _) => progress.applied.contains(id),
            (RuleCondition::State { key, value, order }, _) => {
                progress.state.get(key).is_some_and(|own| order.holds(own, value))
            }
            (RuleCondition::IsRule, about) => matches!(about, About::Rule(_)),
            (RuleCondition::IsCorrelation, about) => matches!(about, About::Correlation { .. }),
            (RuleCondition::ContainsItem { field, value }, About::Rule(draft)) => draft
                .section
                .items()
                .iter()
                .any(|item| item.field == *field && item.all_values().any(|own| same(own, value))),
            (RuleCondition::ContainsField(field), About::Rule(draft)) => {
                draft.section.items().iter().any(|item| item.field == *field)
            }
            (RuleCondition::Attribute { name, value, order }, About::Rule(draft)) => {
                draft.map.get(name.as_str()).and_then(scalar_text).is_some_and(|own| order.holds(&own, value))
            }
            (RuleCondition::Tag(tag), About::Rule(draft)) => {
                draft.tags().iter().any(|own| own.eq_ignore_ascii_case(tag))
            }
            (RuleCondition::Attribute { name, value, order }, About::Correlation { attributes, .. }) => {
                let own = match name.as_str() {
                    "title" => Some(attributes.title.as_str()),
                    "id" => attributes.id.as_deref(),
                    "name" => attributes.name.as_deref(),
                    _ => None,
                };
                own.is_some_and(|own| order.holds(own, value))
            }
            (RuleCondition::ContainsItem { .. } | RuleCondition::ContainsField(_) | RuleCondition::Tag(_), _) => false,
        }
    }
}

/// Whether two values are the same to a Sigma rule.
fn same(one: &Value, other: &Value) -> bool {
    match (scalar_text(one), scalar_text(other)) {
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// On an item.
#[derive(Debug)]
pub(super) enum ItemCondition {
    /// All values, or any, match; or do not.
    Matches {
        all: bool,
        pattern: Regex,
        negated: bool,
    },
    IsNull {
        all: bool,
    },
    HasWildcard {
        all: bool,
    },
    Applied(String),
    State {
        key: String,
        value: String,
        order: Order,
    },
}

impl ItemCondition {
    pub(super) fn of_item(&self, item: &Item, progress: &Progress) -> bool {
        let values = |all: bool, holds: &dyn Fn(&Value) -> bool| match all {
            true => item.all_values().all(holds),
            false => item.all_values().any(holds),
        };
        match self {
            ItemCondition::Matches { all, pattern, negated } => {
                let found = values(*all, &|value| scalar_text(value).is_some_and(|text| pattern.is_match(&text)));
                found != *negated
            }
            ItemCondition::IsNull { all } => values(*all, &|value| matches!(value, Value::Null)),
            ItemCondition::HasWildcard { all } => {
                values(*all, &|value| value.as_str().is_some_and(|text| text.contains(['*', '?'])))
            }
            ItemCondition::Applied(id) => item.applied.contains(id),
            ItemCondition::State { key, value, order } => {
                progress.state.get(key).is_some_and(|own| order.holds(own, value))
            }
        }
    }
}

/// On a field's name.
#[derive(Debug)]
pub(super) enum FieldCondition {
    Include(Names),
    Exclude(Names),
    Applied(String),
    State { key: String, value: String, order: Order },
}

/// Names, plain or as regular expressions that match at a name's beginning.
#[derive(Debug)]
pub(super) enum Names {
    Plain(Vec<String>),
    Matching(Vec<Regex>),
}

impl Names {
    fn include(&self, name: &str) -> bool {
        match self {
            Names::Plain(names) => names.iter().any(|own| own == name),
            Names::Matching(patterns) => patterns.iter().any(|pattern| pattern.is_match(name)),
        }
    }
}

impl FieldCondition {
    /// `applied` are the steps that have changed the item.
    pub(super) fn of_name(&self, name: &str, progress: &Progress, applied: &BTreeSet<String>) -> bool {
        match self {
            FieldCondition::Include(names) => names.include(name),
            FieldCondition::Exclude(names) => !names.include(name),
            FieldCondition::Applied(id) => applied.contains(id),
            FieldCondition::State { key, value, order } => {
                progress.state.get(key).is_some_and(|own| order.holds(own, value))
            }
        }
    }
}
