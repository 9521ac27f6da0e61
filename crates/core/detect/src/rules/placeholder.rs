//! Placeholders: `%name%` in the values of an item with the modifier `expand`.
//!
//! Pipelines may fill them first; what they leave is filled from the configuration. A value of a placeholder is a Sigma
//! value: `*` and `?` in it are wildcards. A placeholder without a value is an error, for a rule that is silently never
//! met is worse than one that is missing.

use super::condition::Refusal;
use super::section::Fault;
use super::section::{Item, Search, Section};
use std::collections::BTreeMap;
use yaml_serde::Value;

/// Values by the name of a placeholder.
pub type Placeholders = BTreeMap<String, Vec<String>>;

/// A value of a rule may grow to so many.
const VALUES_MAX: usize = 10_000;

/// Fills every placeholder of the section.
pub(super) fn fill(section: &mut Section, placeholders: &Placeholders, faults: &mut Vec<Fault>) {
    for (_, search) in &mut section.searches {
        each(search, &mut |item| {
            if item.has("expand") {
                let look_up = |name: &str| placeholders.get(name).cloned();
                if let Err(refusal) = expand(item, &look_up) {
                    faults.push(Fault { line: item.line, refusal });
                } else if let Some(name) = item.all_values().filter_map(Value::as_str).find_map(first_name) {
                    let refusal = Refusal {
                        reason: format!("the placeholder `%{name}%` has no value"),
                        hint: format!(
                            "define `{name}` under `detect.placeholders`, or in a pipeline with value_placeholders"
                        ),
                    };
                    faults.push(Fault { line: item.line, refusal });
                }
            }
        });
    }
}

fn each(search: &mut Search, visit: &mut dyn FnMut(&mut Item)) {
    match search {
        Search::Item(item) => visit(item),
        Search::All(parts) | Search::Any(parts) => parts.iter_mut().for_each(|part| each(part, visit)),
    }
}

/// Replaces each placeholder for which `look_up` has values by each of them.
pub(super) fn expand(item: &mut Item, look_up: &dyn Fn(&str) -> Option<Vec<String>>) -> Result<(), Refusal> {
    for alternatives in &mut item.values {
        let mut filled = Vec::new();
        for value in alternatives.iter() {
            match value {
                Value::String(text) => expand_text(text, look_up, &mut filled),
                other => filled.push(other.clone()),
            }
            if filled.len() > VALUES_MAX {
                return Err(Refusal {
                    reason: format!("the placeholders of one value stand for more than {VALUES_MAX} values"),
                    hint: "give them fewer values, or split the value".to_owned(),
                });
            }
        }
        *alternatives = filled;
    }
    Ok(())
}

fn expand_text(text: &str, look_up: &dyn Fn(&str) -> Option<Vec<String>>, filled: &mut Vec<Value>) {
    let mut heads = vec![String::new()];
    let mut rest = text;
    while let Some((before, name, after)) = next(rest) {
        let values = look_up(name).unwrap_or_else(|| vec![format!("%{name}%")]);
        let with = |head: &String| values.iter().map(move |value| format!("{head}{before}{value}")).collect::<Vec<_>>();
        heads = heads.iter().flat_map(with).take(VALUES_MAX + 1).collect();
        rest = after;
    }
    filled.extend(heads.into_iter().map(|head| Value::String(format!("{head}{rest}"))));
}

/// The name of the first placeholder in `text`.
pub(super) fn first_name(text: &str) -> Option<&str> {
    next(text).map(|(_, name, _)| name)
}

/// What stands before the first placeholder, its name, and what stands after it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('%')?;
        let inner = text.get(open + 1..)?;
        let name_end = inner.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(inner.len());
        let escaped = text.get(..open).is_some_and(|before| before.ends_with('\\'));
        if name_end > 0 && !escaped && inner.get(name_end..)?.starts_with('%') {
            return Some((text.get(..open)?, inner.get(..name_end)?, inner.get(name_end + 1..)?));
        }
        from = open + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Vec<String> {
        let look_up = |name: &str| match name {
            "two" => Some(vec!["a".to_owned(), "b*".to_owned()]),
            "none" => Some(Vec::new()),
            _ => None,
        };
        let mut item = Item::new("x|expand", vec![Value::String(text.to_owned())], 1);
        expand(&mut item, &look_up).expect("few values");
        item.all_values().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    #[test]
    fn placeholders_are_filled() {
        assert_eq!(filled("-%two%-"), ["-a-", "-b*-"]);
        assert_eq!(filled("%two%%two%"), ["aa", "ab*", "b*a", "b*b*"]);
        assert_eq!(filled("%other% 100% %two %"), ["%other% 100% %two %"]);
        assert_eq!(filled(r"\%two%"), [r"\%two%"]);
        assert_eq!(filled("%none%"), [""; 0]);
        let many = "%two%".repeat(14);
        let mut item = Item::new("x|expand", vec![Value::String(many)], 1);
        assert!(expand(&mut item, &|_| Some(vec!["a".to_owned(), "b".to_owned()])).is_err());
    }
}
