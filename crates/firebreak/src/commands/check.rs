//! `firebreak check`: configuration, rules, profiles and policies, before they are needed.

use super::End;
use crate::authoring::lint;
use crate::cli::CheckArgs;
use crate::config::Config;
use crate::content;
use crate::output::{Output, count};
use crate::{prepared, standing};
use anyhow::Result;
use firebreak_contain::gate::shipped::Mode;
use firebreak_detect::rules::Lint;
use firebreak_model::Problem;
use firebreak_world::{Disk, RealDisk};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Debug, Default, Serialize)]
struct Checked {
    /// Rules that load.
    loaded: u64,
    /// Incident profiles that load.
    profiles: u64,
    /// Policy sets that are valid.
    policies: u64,
    /// Standing policies that load.
    standing_policies: u64,
    /// Configuration files that are valid.
    configurations: u64,
    /// What is wrong.
    errors: u64,
    /// What is suspicious.
    lints: u64,
}

/// Runs the command.
pub(super) fn run(args: &CheckArgs, config: &Config, output: Output) -> Result<End> {
    let mut checked = Checked::default();
    let (mut problems, mut lints) = (Vec::new(), Vec::new());
    if args.paths.is_empty() {
        own(config, &mut checked, &mut problems, &mut lints);
    }
    for path in &args.paths {
        given(path, config, &mut checked, &mut problems, &mut lints);
    }
    for problem in &problems {
        output.object("problem", problem);
        problem.to_string().lines().for_each(|line| output.paragraph(0, line));
        output.text("");
    }
    for lint in &lints {
        output.object("lint", lint);
        output.paragraph(0, &format!("{}: {}: {} ({})", lint.rule, lint.position, lint.what, lint.name));
        output.paragraph(2, &format!("cure: {}", lint.cure));
    }
    (checked.errors, checked.lints) = (problems.len() as u64, lints.len() as u64);
    output.text(format!(
        "{} rules, {} profiles, {} policy sets, {} standing policies, {} configuration files; {} errors, {} lints",
        count(checked.loaded),
        checked.profiles,
        checked.policies,
        checked.standing_policies,
        checked.configurations,
        count(checked.errors),
        count(checked.lints)
    ));
    output.object("check", &checked);
    // A lint may be meant so; an error never is.
    let wrong = !problems.is_empty() || args.strict && !lints.is_empty();
    Ok(if wrong { End::NeedsPerson } else { End::Done })
}

/// What the program carries and what the configuration adds.
fn own(config: &Config, checked: &mut Checked, problems: &mut Vec<Problem>, lints: &mut Vec<Lint>) {
    let (rules, faults) = content::configured_rules(&RealDisk, &config.detect, &[]);
    lints.extend(lint::rules(&rules));
    checked.loaded = (rules.detections().len() + rules.correlations().len()) as u64;
    problems.extend(faults);
    let (profiles, faults) = content::profiles(&RealDisk, &config.exposure.profiles);
    checked.profiles = profiles.len() as u64;
    problems.extend(prepared::of_profiles(&profiles).1);
    problems.extend(faults);
    let (standing, faults) = standing::configured(&RealDisk, &config.contain);
    checked.standing_policies = standing.len() as u64;
    problems.extend(faults);
    problems.extend(standing::preparer(&rules, &standing).1);
    for mode in Mode::ALL {
        match mode.gate() {
            Ok(_) => checked.policies += 1,
            Err(faults) => problems.extend(faults),
        }
    }
    if !config.contain.policies.is_empty() {
        match content::gate(&RealDisk, &config.contain) {
            Ok(_) => checked.policies += 1,
            Err(faults) => problems.extend(faults),
        }
    }
}

/// A configuration file, an incident profile, or a directory of rules and profiles.
fn given(path: &Path, config: &Config, checked: &mut Checked, problems: &mut Vec<Problem>, lints: &mut Vec<Lint>) {
    let paths = [PathBuf::from(path)];
    let is_profile = |path: &Path| path.file_name().is_some_and(|name| name == "profile.toml");
    if path.extension().is_some_and(|ending| ending == "toml") && !is_profile(path) {
        match Config::read(path) {
            Ok(_) => checked.configurations += 1,
            Err(error) => problems.push(Problem {
                source: "configuration".into(),
                position: firebreak_model::Position { input: path.display().to_string(), ..Default::default() },
                reason: format!("{error:#}"),
                hint: "docs/configuration.md lists every key".to_owned(),
            }),
        }
        return;
    }
    let (rules, faults) = content::configured_rules_in(&RealDisk, &config.detect, &paths);
    lints.extend(lint::rules(&rules));
    lints.extend(lint::cases(path));
    checked.loaded += (rules.detections().len() + rules.correlations().len()) as u64;
    problems.extend(faults);
    let listed =
        if RealDisk.is_directory(path) { RealDisk.list(path) } else { RealDisk.meta(path).map(|meta| vec![meta]) };
    for file in listed.unwrap_or_default().into_iter().filter(|file| is_profile(&file.path)) {
        let (profiles, faults) = content::profiles_in(&RealDisk, &[file.path]);
        checked.profiles += profiles.len() as u64;
        problems.extend(prepared::of_profiles(&profiles).1);
        problems.extend(faults);
    }
}
