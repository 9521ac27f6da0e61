//! A detector's cases: each `fire-*` must make it fire and each `quiet-*` must not, as the pipeline would run them.

use super::{Subject, recorded};
use anyhow::Result;
use firebreak_detect::{Correlator, Observed, RuleIndex, Scratch, Settings, explain};
use firebreak_model::{Catalogue, Event, Finding, Problem};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How one case went.
#[derive(Clone, Debug, Serialize)]
pub struct CaseRun {
    /// The detector.
    pub detector: String,
    /// The folder of the case.
    pub case: String,
    /// Whether the detector did what the case's name says.
    pub passed: bool,
    /// Findings of this detector.
    pub findings: u64,
    /// Why it failed, one sentence each.
    pub why: Vec<String>,
}

/// How all cases of one detector went.
pub struct FolderRun {
    /// The detector.
    pub subject: Subject,
    /// Its cases.
    pub cases: Vec<CaseRun>,
    /// Its own detection rules that no event of any case met.
    pub unmet: Vec<RuleIndex>,
}

impl FolderRun {
    /// Runs the cases of the detector in `folder`.
    ///
    /// # Errors
    /// If it has no rule.
    pub fn of(folder: &Path) -> Result<FolderRun> {
        let subject = Subject::in_folder(folder)?;
        let mut met = BTreeSet::new();
        let cases = folders(&folder.join("cases")).iter().map(|case| run(&subject, case, &mut met)).collect();
        let unmet = subject.own().into_iter().filter(|index| !met.contains(index)).collect();
        Ok(FolderRun { subject, cases, unmet })
    }

    /// What keeps it from being trusted: problems of the rule first.
    pub fn problems(&self) -> &[Problem] {
        &self.subject.problems
    }

    /// Whether there is a case of this kind: `fire` or `quiet`.
    pub fn has(&self, kind: &str) -> bool {
        self.cases.iter().any(|run| run.case.starts_with(kind))
    }
}

/// The folders in `folder`, in order.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// Every event of a case; why not, where it cannot be read.
fn events(case: &Path) -> (Vec<Event>, Vec<String>) {
    let (mut events, mut faults) = (Vec::new(), Vec::new());
    for file in entries(case) {
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        match (recorded::source(&stem), std::fs::read(&file)) {
            (Ok(source), Ok(bytes)) => {
                let (found, quarantined) = recorded::in_bytes(&file.display().to_string(), &bytes, source);
                events.extend(found);
                faults.extend(quarantined);
            }
            (Err(error), _) => faults.push(format!("a case's file is called after its source: {error}")),
            (_, Err(error)) => faults.push(format!("`{}` cannot be read: {error}", file.display())),
        }
    }
    if events.is_empty() && faults.is_empty() {
        faults
            .push("the case holds no record; put records as the platform writes them into `<source>.json`".to_owned());
    }
    (events, faults)
}

/// What a correlator that has seen nothing finds in `observed`.
pub fn findings(subject: &Subject, observed: &[Observed]) -> Vec<Finding> {
    let mut correlator =
        Correlator::new(Arc::clone(&subject.rules), Arc::new(Catalogue::default()), Settings::default());
    let mut findings: Vec<Finding> = observed.iter().flat_map(|one| correlator.observe(one.clone())).collect();
    findings.extend(correlator.close());
    findings.retain(|finding| finding.detector == subject.name.as_str());
    findings
}

/// The events with the rules that they meet.
pub fn observed(subject: &Subject, events: Vec<Event>) -> Vec<Observed> {
    let mut scratch = Scratch::default();
    let matches = |event: &Event, scratch: &mut Scratch| subject.matcher.matches(event, scratch).to_vec();
    events
        .into_iter()
        .map(|event| Observed { matches: matches(&event, &mut scratch), event: Arc::new(event) })
        .collect()
}

fn run(subject: &Subject, case: &Path, met: &mut BTreeSet<RuleIndex>) -> CaseRun {
    let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (events, mut why) = events(case);
    let observed = observed(subject, events);
    met.extend(observed.iter().flat_map(|one| one.matches.iter().copied()));
    let found = findings(subject, &observed);
    match (name.split_once('-').map(|(kind, _)| kind), found.first()) {
        (Some("fire"), Some(_)) | (Some("quiet"), None) => {}
        (Some("fire"), None) if why.is_empty() => why.extend(silence(subject, &observed)),
        (Some("fire"), None) => {}
        (Some("quiet"), Some(finding)) => why.push(format!("it fired: {}", finding.explanation)),
        _ => why.push("a case is called `fire-…` or `quiet-…`".to_owned()),
    }
    CaseRun { detector: subject.name.clone(), case: name, passed: why.is_empty(), findings: found.len() as u64, why }
}

/// Why a case that must fire did not: the tests that fail for the event that comes nearest.
fn silence(subject: &Subject, observed: &[Observed]) -> Vec<String> {
    let own = subject.own();
    let met = observed.iter().filter(|one| one.matches.iter().any(|index| own.contains(index))).count();
    if met > 0 {
        let mut why = vec![format!("{met} of {} events meet the rule, and it did not fire", observed.len())];
        let pairs: Vec<(&Event, Vec<RuleIndex>)> =
            observed.iter().map(|one| (one.event.as_ref(), one.matches.clone())).collect();
        let last = pairs.len().saturating_sub(1);
        for place in subject.correlations() {
            let Some(seen) = explain::correlation(&subject.rules, place, &pairs, last) else { continue };
            let missing: Vec<&str> =
                seen.group.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name.as_str()).collect();
            if !missing.is_empty() {
                why.push(format!("`{}` groups by {}, which the last event lacks", seen.rule, missing.join(", ")));
            } else if let (Some(measured), Some(least)) = (seen.measured, seen.least) {
                why.push(format!("`{}` counts {measured} and wants at least {least}", seen.rule));
            }
        }
        return why;
    }
    let explanations = own
        .iter()
        .flat_map(|index| observed.iter().filter_map(|one| explain::rule(&subject.rules, *index, &one.event)));
    let nearest = explanations.min_by_key(|explanation| (explanation.not_asked.is_some(), failing(explanation).len()));
    nearest.map(|explanation| failing(&explanation)).unwrap_or_else(|| vec!["the rule asks about nothing".to_owned()])
}

/// What fails, one sentence each.
pub fn failing(explanation: &explain::Explanation) -> Vec<String> {
    if let Some(why) = &explanation.not_asked {
        return vec![why.clone()];
    }
    let mut why = Vec::new();
    for failing in explanation.condition.failing() {
        if let Some(part) = failing.parts.first() {
            why.push(format!("`{}` holds, and the condition wants it not to", named(part)));
            continue;
        }
        let search = explanation.searches.iter().find(|(name, _)| *name == failing.what);
        for mark in search.map(|(_, mark)| mark.failing()).unwrap_or_default() {
            let found =
                if mark.found.is_empty() { "nothing".to_owned() } else { format!("`{}`", mark.found.join("`, `")) };
            why.push(format!("search `{}` wants: {}; found: {found}", failing.what, mark.what));
        }
    }
    why
}

/// The searches that a part of a condition is made of, as it is written.
fn named(part: &explain::Mark) -> String {
    let parts: Vec<String> = part.parts.iter().filter(|part| part.holds).map(named).collect();
    if parts.is_empty() { part.what.clone() } else { parts.join("`, `") }
}
