//! Detectors and incident profiles: what the program carries, and what the operator adds.

use crate::config::{Config, ContainConfig, DetectConfig, Policy};
use crate::embedded;
use firebreak_contain::gate::Gate;
use firebreak_contain::gate::shipped::{CHANGE, SCHEMA};
use firebreak_detect::{LoadOptions, NetworkTable, RuleFile, Rules, Settings};
use firebreak_exposure::Profile;
use firebreak_model::{Position, Problem, Text};
use firebreak_world::Disk;
use std::path::{Path, PathBuf};

/// Every rule: the program's own detectors and the files below `directories`.
pub fn rules(disk: &dyn Disk, directories: &[PathBuf]) -> (Rules, Vec<Problem>) {
    load(disk, true, directories, &DetectConfig::default())
}

/// Every rule as the configuration has it, with those below `more`.
pub fn configured_rules(disk: &dyn Disk, detect: &DetectConfig, more: &[PathBuf]) -> (Rules, Vec<Problem>) {
    load(disk, true, &[detect.rules.as_slice(), more].concat(), detect)
}

/// What the correlator is told, with the operator's table of networks.
pub fn settings(disk: &dyn Disk, config: &DetectConfig) -> (Settings, Vec<Problem>) {
    let mut settings = config.settings();
    let Some(path) = &config.networks else {
        tracing::info!("impossible travel is not judged: no table of networks in `detect.networks`");
        return (settings, Vec::new());
    };
    let input = path.display().to_string();
    let problem = |reason: String| Problem {
        source: Text::new_static("networks"),
        position: Position { input: input.clone(), ..Position::default() },
        reason,
        hint: "name a readable CSV file in `detect.networks`; without it nobody's travel is judged".to_owned(),
    };
    match disk.read(path).map(String::from_utf8) {
        Ok(Ok(text)) => {
            let (table, problems) = NetworkTable::parse(&text, &input);
            settings.networks = std::sync::Arc::new(table);
            (settings, problems)
        }
        Ok(Err(_)) => (settings, vec![problem("the table of networks is not UTF-8".to_owned())]),
        Err(error) => (settings, vec![problem(format!("the table of networks cannot be read: {error}"))]),
    }
}

/// The gate that the configuration wants: the owner's policies, or else the set that it names.
///
/// # Errors
/// All that is wrong with the policies. There is no gate then.
pub fn gate(disk: &dyn Disk, contain: &ContainConfig) -> Result<Gate, Vec<Problem>> {
    if contain.policies.is_empty() { contain.policy.gate() } else { own_gate(disk, &contain.policies) }
}

/// The gate of changes on a quiet day: the owner's own policies, else the one that is shipped; nothing passes in watch mode.
///
/// # Errors
/// As [`gate`].
pub fn change_gate(disk: &dyn Disk, config: &Config) -> Result<Gate, Vec<Problem>> {
    match (&config.change.policies[..], config.contain.policy) {
        ([], Policy::Watch) if config.contain.policies.is_empty() => Policy::Watch.gate(),
        ([], _) => Gate::new(SCHEMA, &[("change", CHANGE)]),
        (files, _) => own_gate(disk, files),
    }
}

/// The gate with the policies of these files.
///
/// # Errors
/// As [`gate`], and files that cannot be read.
pub fn own_gate(disk: &dyn Disk, files: &[PathBuf]) -> Result<Gate, Vec<Problem>> {
    let (mut texts, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        let input = file.display().to_string();
        match disk.read(file).map(String::from_utf8) {
            Ok(Ok(text)) => texts.push((input, text)),
            Ok(Err(_)) => problems.push(unread(input, "it is not UTF-8".to_owned())),
            Err(error) => problems.push(unread(input, format!("it cannot be read: {error}"))),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let texts: Vec<(&str, &str)> = texts.iter().map(|(file, text)| (file.as_str(), text.as_str())).collect();
    Gate::new(SCHEMA, &texts)
}

fn unread(input: String, reason: String) -> Problem {
    Problem {
        source: Text::new_static("gate"),
        position: Position { input, ..Position::default() },
        reason,
        hint: "name a readable Cedar file; until then no plan passes".to_owned(),
    }
}

/// Only the rules below `directories`.
pub fn rules_in(disk: &dyn Disk, directories: &[PathBuf]) -> (Rules, Vec<Problem>) {
    load(disk, false, directories, &DetectConfig::default())
}

/// Only the rules below `directories`, with the pipelines and placeholders of the configuration.
pub fn configured_rules_in(disk: &dyn Disk, detect: &DetectConfig, directories: &[PathBuf]) -> (Rules, Vec<Problem>) {
    load(disk, false, directories, detect)
}

fn load(disk: &dyn Disk, own: bool, directories: &[PathBuf], detect: &DetectConfig) -> (Rules, Vec<Problem>) {
    let file = |(path, text)| RuleFile { path, text };
    let carried = embedded::DETECTORS.iter().filter(|_| own);
    let carried = carried.map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let (more, mut problems) = texts_below(disk, directories, &["yml", "yaml"]);
    let (pipelines, faults) = texts_below(disk, &detect.pipelines, &["yml", "yaml"]);
    problems.extend(faults);
    let options = LoadOptions {
        placeholders: detect.placeholders.clone(),
        pipelines: pipelines.into_iter().map(file).collect(),
        ..LoadOptions::default()
    };
    let files: Vec<RuleFile> = carried.chain(more).map(file).collect();
    let (rules, faults) = mapped(&files, options);
    problems.extend(faults);
    (rules, problems)
}

/// The rules of `files`, with the names that the sources' records have for what they ask. Every rule is loaded through here,
/// so that it means the same to a run, a check and a test.
pub fn mapped(files: &[RuleFile], options: LoadOptions) -> (Rules, Vec<Problem>) {
    let file = |(path, text): (String, &str)| RuleFile { path, text: text.to_owned() };
    let taxonomies = firebreak_intake::taxonomies().map(file).collect();
    Rules::load_with(files, &LoadOptions { taxonomies, ..options })
}

/// Every incident profile: the program's own and the files below `directories`.
pub fn profiles(disk: &dyn Disk, directories: &[PathBuf]) -> (Vec<Profile>, Vec<Problem>) {
    let own = embedded::PROFILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let (more, problems) = texts_below(disk, directories, &["toml"]);
    parsed(own.chain(more), problems)
}

/// Only the incident profiles below `paths`.
pub fn profiles_in(disk: &dyn Disk, paths: &[PathBuf]) -> (Vec<Profile>, Vec<Problem>) {
    let (files, problems) = texts_below(disk, paths, &["toml"]);
    parsed(files.into_iter(), problems)
}

fn parsed(files: impl Iterator<Item = (String, String)>, mut problems: Vec<Problem>) -> (Vec<Profile>, Vec<Problem>) {
    let mut profiles = Vec::new();
    for (path, text) in files {
        match Profile::parse(&path, &text) {
            Ok(profile) => profiles.push(profile),
            Err(faults) => problems.extend(faults),
        }
    }
    (profiles, problems)
}

/// The text files below `paths` with one of these endings. A detector's cases are not rules.
pub(crate) fn texts_below(
    disk: &dyn Disk,
    paths: &[PathBuf],
    endings: &[&str],
) -> (Vec<(String, String)>, Vec<Problem>) {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    let mut note = |path: &Path, reason: String| {
        problems.push(Problem {
            source: Text::new_static("content"),
            position: Position { input: path.display().to_string(), ..Position::default() },
            reason,
            hint: "check the path and its permissions".to_owned(),
        });
    };
    for path in paths {
        let found = if disk.is_directory(path) { disk.list(path) } else { disk.meta(path).map(|meta| vec![meta]) };
        let found = found.unwrap_or_else(|error| {
            note(path, format!("cannot be read: {error}"));
            Vec::new()
        });
        for file in found.into_iter().map(|meta| meta.path) {
            let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if !endings.contains(&ending) || file.components().any(|part| part.as_os_str() == "cases") {
                continue;
            }
            match disk.read(&file).map(String::from_utf8) {
                Ok(Ok(text)) => files.push((file.display().to_string(), text)),
                Ok(Err(_)) => note(&file, "is not UTF-8".to_owned()),
                Err(error) => note(&file, format!("cannot be read: {error}")),
            }
        }
    }
    (files, problems)
}
