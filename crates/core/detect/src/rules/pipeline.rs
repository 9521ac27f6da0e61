//! Processing pipelines as pySigma writes them: rules about other people's field names become rules about ours.
//!
//! A pipeline is a list of steps; each says under which conditions, on the rule, on an item and on a field's name, it does
//! what. Pipelines are joined in order of their priority into one list that every rule goes through once. Steps that shape
//! queries mean nothing here and are refused, as is every step that is not known: a rule that is half mapped is never met.

mod condition;
mod read;
mod step;

#[cfg(test)]
mod tests;

use super::correlation::Unresolved;
use super::draft::Draft;
use super::modifier;
use super::section::Fault;
use super::{LogSource, RuleFile, problem};
use crate::field::Field;
use condition::{About, Conditions, FieldCondition, ItemCondition, RuleCondition};
use firebreak_model::{Problem, Text};
use std::collections::{BTreeMap, BTreeSet};
use step::Action;

/// Steps in order, and the variables of all pipelines.
#[derive(Debug)]
pub(super) struct Pipelines {
    steps: Vec<Step>,
    vars: BTreeMap<String, Vec<String>>,
    several: Several,
}

/// What becomes of a field of a correlation that is mapped to several: it can only have one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Several {
    /// It keeps its name where that is one of them, else it takes the first: several spellings of one field.
    First,
    /// The correlation is refused.
    Refused,
}

/// One step.
#[derive(Debug)]
struct Step {
    /// Its name, by which conditions of later steps know it; empty where it has none.
    id: String,
    action: Action,
    on_rule: Conditions<RuleCondition>,
    on_item: Conditions<ItemCondition>,
    on_field: Conditions<FieldCondition>,
}

/// What a rule carries from step to step.
#[derive(Debug, Default)]
pub(super) struct Progress {
    applied: BTreeSet<String>,
    state: BTreeMap<String, String>,
}

/// A rule's log source before each step, for the correlations that refer to it.
struct Journey {
    names: Vec<Text>,
    sources: Vec<LogSource>,
}

impl Pipelines {
    /// Reads pipeline files: what can be used, and what is wrong.
    pub(super) fn read(files: &[RuleFile], several: Several) -> (Pipelines, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut read = Vec::new();
        for file in files {
            let mut faults = Vec::new();
            read.extend(read::pipelines(file, &mut faults));
            let source = Text::new(&file.path);
            problems.extend(faults.into_iter().map(|fault| problem(&source, &file.path, fault)));
        }
        read.sort_by_key(|pipeline| pipeline.priority);
        let mut all = Pipelines { steps: Vec::new(), vars: BTreeMap::new(), several };
        for pipeline in read {
            all.steps.extend(pipeline.steps);
            all.vars.extend(pipeline.vars);
        }
        (all, problems)
    }

    /// Sends every rule through the steps.
    pub(super) fn apply(&self, drafts: &mut [Draft], correlations: &mut Vec<Unresolved>) -> Vec<Problem> {
        if self.steps.is_empty() {
            return Vec::new();
        }
        let referred: BTreeSet<String> = correlations.iter().flat_map(|rule| rule.names.iter().cloned()).collect();
        let mut journeys = Vec::new();
        for draft in drafts {
            let names: Vec<Text> =
                [&draft.attributes.id, &draft.attributes.name].into_iter().flatten().cloned().collect();
            let mut journey = Journey { names, sources: Vec::new() };
            let kept = journey.names.iter().any(|name| referred.contains(name.as_str()));
            self.one(draft, kept.then_some(&mut journey));
            if kept {
                journeys.push(journey);
            }
        }
        let mut problems = Vec::new();
        let referring: BTreeMap<Text, Vec<String>> = correlations
            .iter()
            .flat_map(|rule| {
                let attributes = &rule.correlation.attributes;
                let names = [&attributes.id, &attributes.name].into_iter().flatten().cloned();
                names.map(|name| (name, rule.names.clone())).collect::<Vec<_>>()
            })
            .collect();
        correlations.retain_mut(|rule| {
            let below = reached(&rule.names, &referring);
            let sources: Vec<&Journey> = journeys
                .iter()
                .filter(|journey| journey.names.iter().any(|name| below.contains(name.as_str())))
                .collect();
            let attributes = rule.correlation.attributes.clone();
            match self.correlation(rule, &sources) {
                Ok(()) => true,
                Err(refusal) => {
                    let fault = Fault { line: attributes.line, refusal };
                    problems.push(problem(&attributes.title, &attributes.path, fault));
                    false
                }
            }
        });
        problems
    }

    fn one(&self, draft: &mut Draft, mut journey: Option<&mut Journey>) {
        let mut progress = Progress::default();
        for step in &self.steps {
            if let Some(journey) = &mut journey {
                journey.sources.push(draft.logsource.clone());
            }
            if step.on_rule.hold(|condition| condition.of_rule(&About::Rule(draft), &progress)) {
                let before = draft.faults.len();
                step.run(draft, &mut progress, &self.vars);
                if !step.id.is_empty() {
                    progress.applied.insert(step.id.clone());
                }
                if draft.faults.len() > before {
                    return;
                }
            }
        }
    }

    /// Maps the fields of a correlation as those of the rules that it refers to.
    fn correlation(&self, rule: &mut Unresolved, below: &[&Journey]) -> Result<(), super::Refusal> {
        let mut progress = Progress::default();
        for (place, step) in self.steps.iter().enumerate() {
            let sources: Vec<&LogSource> = below.iter().filter_map(|journey| journey.sources.get(place)).collect();
            let about = About::Correlation { attributes: &rule.correlation.attributes, sources: &sources };
            if !step.on_rule.hold(|condition| condition.of_rule(&about, &progress)) {
                continue;
            }
            step.run_on_correlation(&mut progress)?;
            if !step.id.is_empty() {
                progress.applied.insert(step.id.clone());
            }
            let mapped = |field: &mut Field| -> Result<(), super::Refusal> {
                let Field::Body(name) = &*field else { return Ok(()) };
                let name = name.to_string();
                if step.on_field.hold(|condition| condition.of_name(&name, &progress, &BTreeSet::new()))
                    && let Some(names) = step.action.renamed(&name)
                {
                    *field = modifier::field(self.one_of(&name, &names)?)?;
                }
                Ok(())
            };
            for group in &mut rule.correlation.group_by {
                mapped(&mut group.field)?;
            }
            for (_, _, field) in &mut rule.aliases {
                mapped(field)?;
            }
            rule.correlation.kind.fields_mut().iter_mut().try_for_each(mapped)?;
        }
        Ok(())
    }
}

impl Pipelines {
    /// The one name that the field `name` of a correlation takes.
    fn one_of<'n>(&self, name: &str, names: &'n [String]) -> Result<&'n str, super::Refusal> {
        match (names, self.several) {
            ([one], _) => Ok(one),
            ([first, ..], Several::First) => Ok(names.iter().find(|own| *own == name).unwrap_or(first)),
            _ => Err(super::Refusal {
                reason: format!("a pipeline maps the field `{name}` of the correlation to several"),
                hint: "write an alias for each rule, or map it to one field".to_owned(),
            }),
        }
    }
}

/// Every name that these names lead to.
fn reached(names: &[String], referring: &BTreeMap<Text, Vec<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<String> = names.to_vec();
    while let Some(name) = open.pop() {
        if let Some(further) = referring.get(name.as_str()).filter(|_| !reached.contains(&name)) {
            open.extend(further.iter().cloned());
        }
        reached.insert(name);
    }
    reached
}
