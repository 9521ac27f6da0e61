//! What incident profiles prepare, checked against what responders can do.

use crate::standing::known_actions;
use firebreak_contain::prepared::{NAME, PreparedStep, ProfileStep, Template};
use firebreak_exposure::Profile;
use firebreak_model::{Position, Problem, Text};
use std::collections::{BTreeMap, BTreeSet};

/// The prepared steps of each profile, and what is wrong with those that are left out.
pub fn of_profiles(profiles: &[Profile]) -> (BTreeMap<Text, Vec<ProfileStep>>, Vec<Problem>) {
    let (known, places) = (known_actions(), BTreeSet::from([Text::new_static(NAME)]));
    let (mut prepared, mut problems) = (BTreeMap::new(), Vec::new());
    for profile in profiles.iter().filter(|profile| !profile.prepared.is_empty()) {
        let mut steps = Vec::new();
        for (step, number) in profile.prepared.iter().zip(1..) {
            let because = step.because.clone();
            match written(step).and_then(|step| step.checked(&known, &places)) {
                Ok(cut) => steps.push(ProfileStep { cut, because }),
                Err(faults) => problems.extend(faults.into_iter().map(|fault| problem(&profile.id, number, fault))),
            }
        }
        prepared.insert(profile.id.clone(), steps);
    }
    (prepared, problems)
}

/// Whether a profile may prepare the step.
///
/// # Errors
/// All that is wrong with it, in words.
pub fn is_right(step: &firebreak_exposure::profile::PreparedStep) -> Result<(), Vec<String>> {
    let places = BTreeSet::from([Text::new_static(NAME)]);
    written(step)?.checked(&known_actions(), &places).map(|_| ())
}

/// The step in the words of whoever plans.
fn written(step: &firebreak_exposure::profile::PreparedStep) -> Result<PreparedStep, Vec<String>> {
    let template = |text: &str| Template::parse(text).map_err(|why| vec![why]);
    let target = template(&step.target)?;
    let place = format!("{{{NAME}}}");
    if target.fields().next().is_some() && (target.fields().count() > 1 || !step.target.ends_with(&place)) {
        return Err(vec![format!("`{}`: only `{place}` at the end can be filled in", step.target)]);
    }
    if step.because.trim().is_empty() {
        return Err(vec!["it does not say why: `because` is empty".to_owned()]);
    }
    let parameters = step.parameters.iter().map(|(name, value)| Ok((name.clone(), template(value)?)));
    let usual = 20;
    Ok(PreparedStep {
        action: step.action.clone(),
        target,
        parameters: parameters.collect::<Result<_, Vec<String>>>()?,
        cost: step.cost.unwrap_or(usual),
        needs_person: step.needs_person,
        permanent: step.permanent,
    })
}

fn problem(profile: &Text, number: u32, reason: String) -> Problem {
    Problem {
        source: Text::new_static("profile"),
        position: Position { input: format!("profile `{profile}`, prepared step {number}"), ..Position::default() },
        reason,
        hint: "correct the step; until then it is left out. docs/playbooks.md shows one".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(step: &str) -> (usize, Vec<String>) {
        let shipped = include_str!("../../../profiles/litellm-2026-03/profile.toml");
        let text = format!("{shipped}\n[[prepared]]\n{step}");
        let profile = Profile::parse("profiles/x/profile.toml", &text).expect("a profile");
        let (steps, problems) = of_profiles(&[profile]);
        let steps = steps.values().map(Vec::len).sum();
        (steps, problems.into_iter().map(|problem| problem.to_string()).collect())
    }

    const TOKEN: &str =
        "action = \"manual_step/take\"\ntarget = \"credential:pypi/{name}\"\nbecause = \"it is read\"\n";

    #[test]
    fn a_step_is_checked_when_it_is_read() {
        let right = format!("{TOKEN}permanent = true\nparameters = {{ procedure = \"pypi_token\" }}\n");
        assert_eq!(loaded(&right), (1, Vec::new()));
        let faults = |step: &str| loaded(step).1.join("; ");
        assert!(faults(TOKEN).contains("cannot be taken back, and the step does not say"), "{}", faults(TOKEN));
        assert!(faults(&right.replace("manual_step/take", "manual_step/fly")).contains("no responder does"));
        assert!(faults(&right.replace("credential:pypi", "package:pypi")).contains("acts on what begins with"));
        assert!(faults(&right.replace("{name}", "{name}/x")).contains("at the end"));
        assert!(faults(&right.replace("it is read", " ")).contains("does not say why"));
        assert!(faults(&right).is_empty() && faults(&right.replace("{name}", "p1")).is_empty());
    }
}
