//! References between rules: names become places, and correlations come after those that they refer to.

use super::correlation::{Reference, Unresolved};
use super::{Detection, Loading, RuleIndex, Rules};
use firebreak_model::{Position, Problem, Text};
use rustc_hash::FxHashMap;

/// The loaded rules, and every problem.
pub(super) fn resolve(loading: Loading) -> (Rules, Vec<Problem>) {
    let Loading { detections, correlations, uses, mut problems, .. } = loading;
    let detections = unique_detections(detections, &mut problems);
    let mut names: FxHashMap<Text, Reference> = FxHashMap::default();
    for (index, detection) in detections.iter().enumerate() {
        let attributes = &detection.attributes;
        for name in [&attributes.id, &attributes.name].into_iter().flatten() {
            names.insert(name.clone(), Reference::Detection(RuleIndex(index as u32)));
        }
    }
    let mut rules = Rules { detections, correlations: Vec::new(), filters: uses };
    let mut waiting = correlations;
    // Each round takes the correlations whose references are all known; what is left after a round without any refers
    // to nothing or to itself.
    loop {
        let (ready, blocked): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|unresolved| unresolved.names.iter().all(|name| names.contains_key(name.as_str())));
        if ready.is_empty() {
            problems.extend(blocked.iter().map(|unresolved| dangling(unresolved, &names)));
            break;
        }
        for unresolved in ready {
            place(unresolved, &mut rules, &mut names, &mut problems);
        }
        waiting = blocked;
    }
    quiet_referenced(&mut rules);
    (rules, problems)
}

/// Detections whose id or name nobody had before.
fn unique_detections(detections: Vec<Detection>, problems: &mut Vec<Problem>) -> Vec<Detection> {
    let mut seen: FxHashMap<Text, Text> = FxHashMap::default();
    let mut unique = Vec::with_capacity(detections.len());
    for detection in detections {
        let attributes = &detection.attributes;
        let own: Vec<&Text> = [&attributes.id, &attributes.name].into_iter().flatten().collect();
        match own.iter().find_map(|name| seen.get(*name).map(|first| ((*name).clone(), first.clone()))) {
            Some((name, first)) => {
                problems.push(repeated(&attributes.title, &attributes.path, attributes.line, &name, &first))
            }
            None => {
                let path = attributes.path.clone();
                for name in own {
                    seen.insert(name.clone(), path.clone());
                }
                unique.push(detection);
            }
        }
    }
    unique
}

fn repeated(title: &Text, path: &Text, line: u64, name: &str, first: &str) -> Problem {
    Problem {
        source: title.clone(),
        position: Position { input: path.to_string(), line: Some(line), ..Position::default() },
        reason: format!("the id or name `{name}` is already that of a rule in `{first}`"),
        hint: "give each rule its own id; this one is not used".to_owned(),
    }
}

/// The problem of a correlation whose reference leads nowhere.
fn dangling(unresolved: &Unresolved, names: &FxHashMap<Text, Reference>) -> Problem {
    let attributes = &unresolved.correlation.attributes;
    let missing = unresolved.names.iter().find(|name| !names.contains_key(name.as_str()));
    Problem {
        source: attributes.title.clone(),
        position: Position { input: attributes.path.to_string(), line: Some(attributes.line), ..Position::default() },
        reason: format!(
            "the correlation refers to `{}`, which is not the id or name of a loaded rule",
            missing.map_or("itself", String::as_str)
        ),
        hint: "load that rule too and correct its problems; correlations may not refer to each other in a ring"
            .to_owned(),
    }
}

/// Adds a correlation whose references are all known.
fn place(
    unresolved: Unresolved,
    rules: &mut Rules,
    names: &mut FxHashMap<Text, Reference>,
    problems: &mut Vec<Problem>,
) {
    let Unresolved { mut correlation, names: referred, aliases } = unresolved;
    correlation.references = referred.iter().filter_map(|name| names.get(name.as_str()).copied()).collect();
    let attributes = correlation.attributes.clone();
    for (group, rule, field) in aliases {
        match (referred.iter().position(|name| *name == rule), correlation.group_by.get_mut(group)) {
            (Some(position), Some(group)) => group.aliases.push((position, field)),
            _ => problems.push(Problem {
                source: attributes.title.clone(),
                position: Position {
                    input: attributes.path.to_string(),
                    line: Some(attributes.line),
                    ..Position::default()
                },
                reason: format!("an alias is for `{rule}`, which the correlation does not refer to"),
                hint: "list it under `rules`, or remove the alias".to_owned(),
            }),
        }
    }
    let own = [&attributes.id, &attributes.name].into_iter().flatten();
    if let Some(name) = own.clone().find(|name| names.contains_key(*name)) {
        problems.push(repeated(&attributes.title, &attributes.path, attributes.line, name, "another file"));
        return;
    }
    for name in own {
        names.insert(name.clone(), Reference::Correlation(rules.correlations.len()));
    }
    rules.correlations.push(correlation);
}

/// A rule that correlations use raises findings of its own only where one of them says `generate: true`.
fn quiet_referenced(rules: &mut Rules) {
    let uses: Vec<(Reference, bool)> = rules
        .correlations
        .iter()
        .flat_map(|correlation| correlation.references.iter().map(|reference| (*reference, correlation.generates)))
        .collect();
    let quiet = |this: Reference| {
        let mut users = uses.iter().filter(|(reference, _)| *reference == this).peekable();
        users.peek().is_some() && !users.any(|(_, generates)| *generates)
    };
    for (index, detection) in rules.detections.iter_mut().enumerate() {
        detection.emits = !quiet(Reference::Detection(RuleIndex(index as u32)));
    }
    for (index, correlation) in rules.correlations.iter_mut().enumerate() {
        correlation.emits = !quiet(Reference::Correlation(index));
    }
}
