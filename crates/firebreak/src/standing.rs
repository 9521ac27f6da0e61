//! Standing policies: those that the program carries, those that the owner adds, and what the owner wants of each.

use crate::config::{ContainConfig, StandingConfig, keys::nearest};
use crate::content::texts_below;
use crate::embedded;
use crate::pipeline::preparing::Preparer;
use firebreak_act::RESPONDERS;
use firebreak_contain::StandingPolicy;
use firebreak_contain::prepared::{KnownAction, KnownActions};
use firebreak_contain::standing_policy::{Mode, PolicyFile, Standing};
use firebreak_detect::Rules;
use firebreak_model::{Position, Problem, Text};
use firebreak_world::Disk;
use std::path::{Path, PathBuf};

/// What responders can do, and to what.
pub fn known_actions() -> KnownActions {
    let specs = RESPONDERS.iter().map(|responder| responder.spec());
    let known = |spec: &firebreak_act::ActionSpec| {
        let action = KnownAction {
            reversibility: spec.reversibility,
            delay_seconds: spec.delay_seconds(),
            targets: spec.targets.iter().map(|target| Text::new_static(target)).collect(),
        };
        (Text::new(spec.action_name()), action)
    };
    specs.map(known).collect()
}

/// Every standing policy: the program's own and those below `directories`, in the order of their names.
pub fn all(disk: &dyn Disk, directories: &[PathBuf]) -> (Vec<StandingPolicy>, Vec<Problem>) {
    let own = embedded::STANDING_POLICIES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let (more, mut problems) = texts_below(disk, directories, &["toml"]);
    let known = known_actions();
    let mut policies: Vec<StandingPolicy> = Vec::new();
    for (path, text) in own.chain(more) {
        match parsed(&path, &text, &known) {
            Ok(policy) if policies.iter().any(|one| one.id == policy.id) => {
                let reason = format!("there is a standing policy `{}` already", policy.id);
                problems.push(problem(&path, reason, "give it another `id`"));
            }
            Ok(policy) => policies.push(policy),
            Err(faults) => problems.extend(faults),
        }
    }
    policies.sort_by(|a, b| a.id.cmp(&b.id));
    (policies, problems)
}

/// The policy that `text`, read from `path`, holds.
///
/// # Errors
/// All that is wrong with it.
pub fn parsed(path: &str, text: &str, known: &KnownActions) -> Result<StandingPolicy, Vec<Problem>> {
    let hint = "docs/standing-policies.md shows the form; until then the policy does nothing";
    let file: PolicyFile = toml::from_str(text).map_err(|error| vec![problem(path, error.to_string(), hint)])?;
    let folder = Path::new(path).parent().and_then(Path::file_name).and_then(|name| name.to_str());
    let named = folder == Some(file.id.as_str());
    let policy = StandingPolicy::load(file, known);
    let policy =
        policy.map_err(|faults| faults.into_iter().map(|fault| problem(path, fault, hint)).collect::<Vec<_>>())?;
    match named {
        true => Ok(policy),
        false => Err(vec![problem(path, format!("its id `{}` is not its folder's name", policy.id), "rename one")]),
    }
}

/// Every standing policy with what the owner wants of it: nothing, where the configuration does not name it.
pub fn configured(disk: &dyn Disk, contain: &ContainConfig) -> (Vec<Standing>, Vec<Problem>) {
    let (policies, mut problems) = all(disk, &contain.standing_policies);
    for named in &contain.standing {
        if !policies.iter().any(|policy| policy.id == named.name.as_str()) {
            let nearest = nearest(&named.name, policies.iter().map(|policy| policy.id.as_str()));
            let reason = format!("`contain.standing` names `{}`, and there is no such standing policy", named.name);
            problems.push(problem("configuration", reason, &format!("did you mean `{nearest}`?")));
        }
    }
    let wanted = |policy: StandingPolicy| {
        // Named twice, the last word counts.
        let named = contain.standing.iter().rfind(|named| policy.id == named.name.as_str());
        match named.cloned() {
            Some(StandingConfig { mode, irreversible, except, .. }) => Standing { policy, mode, irreversible, except },
            None => Standing::of(policy, Mode::Off),
        }
    };
    (policies.into_iter().map(wanted).collect(), problems)
}

/// What fills in the steps of these policies from events. A rule that a policy names and nobody has is a problem: nothing
/// would ever come of it.
pub fn preparer(rules: &Rules, standing: &[Standing]) -> (Preparer, Vec<Problem>) {
    let (preparer, unknown) = Preparer::new(rules, standing);
    let fault = |(policy, rule): (Text, Text)| {
        let reason = format!("it waits for the rule `{rule}`, and there is none");
        problem(&format!("standing policy `{policy}`"), reason, "name a rule, or a detector's folder")
    };
    (preparer, unknown.into_iter().map(fault).collect())
}

fn problem(input: &str, reason: String, hint: &str) -> Problem {
    Problem {
        source: Text::new_static("standing_policy"),
        position: Position { input: input.to_owned(), ..Position::default() },
        reason,
        hint: hint.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use firebreak_world::RealDisk;

    #[test]
    fn every_carried_policy_loads_and_all_are_off_until_the_owner_says_otherwise() {
        let (standing, problems) = configured(&RealDisk, &ContainConfig::default());
        assert_eq!(problems, []);
        assert!(standing.len() >= 5 && standing.iter().all(|one| one.mode == Mode::Off));
    }

    #[test]
    fn a_name_that_nobody_has_is_a_problem_with_the_nearest_one() {
        let text = "[[contain.standing]]\nname = \"public_keys\"\nmode = \"on\"\n";
        let config = Config::parse(text).expect("a configuration");
        let (_, problems) = configured(&RealDisk, &config.contain);
        assert!(problems[0].reason.contains("`public_keys`") && problems[0].hint.contains("`public_key`"));
        assert!(Config::parse("[[contain.standing]]\nname = \"public_key\"\nmode = \"always\"\n").is_err());
    }

    #[test]
    fn every_rule_that_a_carried_policy_waits_for_exists() {
        let (rules, problems) = crate::content::rules(&RealDisk, &[]);
        assert_eq!(problems, []);
        let (policies, _) = all(&RealDisk, &[]);
        let on = |policy| Standing::of(policy, Mode::On);
        let standing: Vec<Standing> = policies.into_iter().map(on).collect();
        assert_eq!(preparer(&rules, &standing).1, []);
        let known = |name: &Text| {
            rules.detections().iter().any(|rule| rule.attributes.detector == *name)
                || rules.correlations().iter().any(|rule| rule.attributes.detector == *name)
        };
        let behaviours = ["exfiltration_budget", "mass_share", "mass_clone", "mass_download"];
        for name in standing.iter().flat_map(|one| &one.policy.when.findings) {
            assert!(known(name) || behaviours.contains(&name.as_str()), "nothing finds `{name}`");
        }
    }

    #[test]
    fn a_policy_under_another_folders_name_is_refused() {
        let (path, text) = embedded::STANDING_POLICIES[0];
        let faults = parsed("policies/standing/other/policy.toml", text, &known_actions()).expect_err("misnamed");
        assert!(faults[0].reason.contains("is not its folder's name"), "{path}: {faults:?}");
        assert!(parsed("x/policy.toml", "format = 1", &known_actions()).is_err());
    }
}
