//! Log sources that nobody writes, and fields that a source never has.

use super::{KnownSource, Lints};
use crate::field::Field;
use crate::rules::{Condition, Detection, Predicate, Route, Test};
use std::collections::BTreeSet;

pub(super) fn lint(rule: &Detection, sources: &[KnownSource<'_>], lints: &mut Lints) {
    if sources.is_empty() || (rule.route.product.is_none() && rule.route.service.is_none()) {
        return;
    }
    let own = of_route(&rule.route, sources);
    if own.is_empty() {
        let (what, cure) = no_source(rule, sources);
        lints.push("no_source", &rule.attributes, rule.logsource.line, what, cure);
        return;
    }
    let mut names = BTreeSet::new();
    fields_of(&rule.condition, &mut names);
    for name in names.into_iter().filter(|name| never(name, &own)) {
        let written = rule.written.section.items().into_iter().find(|item| item.field == name);
        // A pipeline may offer several spellings of one field, of which records have another.
        if written.is_some_and(|item| !item.applied.is_empty()) {
            continue;
        }
        let line = written.map_or(rule.attributes.line, |item| item.line);
        let what = format!("records of {} never have the field `{name}`", spelled(&own));
        lints.push("unknown_field", &rule.attributes, line, what, cure(&name, &own));
    }
}

/// The sources whose records a rule is asked about.
pub(super) fn of_route<'a>(route: &Route, sources: &[KnownSource<'a>]) -> Vec<KnownSource<'a>> {
    sources.iter().filter(|source| route.leads_to(source.product, source.service)).copied().collect()
}

fn no_source(rule: &Detection, sources: &[KnownSource<'_>]) -> (String, String) {
    let (product, service) = (&rule.route.product, &rule.route.service);
    match (product, service) {
        (Some(product), Some(service)) if sources.iter().any(|source| *product == source.product) => {
            let known: BTreeSet<&str> =
                sources.iter().filter(|source| *product == source.product).map(|source| source.service).collect();
            let known: Vec<&str> = known.into_iter().collect();
            (
                format!("no source writes service `{service}` of product `{product}`"),
                format!("its services are: {}; or map the log source with a pipeline", known.join(", ")),
            )
        }
        (Some(product), _) => (
            format!("no source writes product `{product}`"),
            "add such a source, or map the log source with a pipeline".to_owned(),
        ),
        (None, service) => (
            format!("no source writes service `{}`", service.as_deref().unwrap_or_default()),
            "name a product, or map the log source with a pipeline".to_owned(),
        ),
    }
}

fn fields_of(condition: &Condition, names: &mut BTreeSet<String>) {
    let mut take = |field: &Field| {
        if let Field::Body(name) = field {
            names.insert(name.to_string());
        }
    };
    match condition {
        Condition::Holds(Predicate { field, test }) => {
            take(field);
            if let Test::SameAs { other, .. } = test {
                take(other);
            }
        }
        Condition::All(parts) | Condition::AtLeast(_, parts) => parts.iter().for_each(|part| fields_of(part, names)),
        Condition::Not(part) => fields_of(part, names),
    }
}

/// Whether none of `sources` has the field; not where what one of them has is unknown.
pub(super) fn never(name: &str, sources: &[KnownSource<'_>]) -> bool {
    let has = |top: &&str| name.strip_prefix(*top).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    !sources.is_empty() && sources.iter().all(|source| !source.fields.is_empty() && !source.fields.iter().any(&has))
}

pub(super) fn spelled(sources: &[KnownSource<'_>]) -> String {
    let names: BTreeSet<String> =
        sources.iter().map(|source| format!("{}/{}", source.product, source.service)).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

fn cure(name: &str, sources: &[KnownSource<'_>]) -> String {
    let top = name.split('.').next().unwrap_or(name);
    let near =
        sources.iter().flat_map(|source| source.fields).filter_map(|field| Some((distance(top, field)?, *field))).min();
    match near {
        Some((_, field)) => format!("did you mean `{field}`? names are compared with regard to case"),
        None => "look at a record, or map the field with a pipeline".to_owned(),
    }
}

/// How many letters differ, where that is few; case does not count.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (one, other): (Vec<char>, Vec<char>) =
        (one.to_lowercase().chars().collect(), other.to_lowercase().chars().collect());
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.iter().enumerate() {
        let mut before = at;
        let mut next = vec![at + 1];
        for (place, own) in other.iter().enumerate() {
            let above = row.get(place + 1).copied().unwrap_or(usize::MAX - 1);
            let left = next.last().copied().unwrap_or(usize::MAX - 1);
            next.push((before + usize::from(letter != own)).min(above + 1).min(left + 1));
            before = above;
        }
        row = next;
    }
    row.last().copied().filter(|distance| *distance <= 2 && *distance < one.len().max(3) / 2)
}
