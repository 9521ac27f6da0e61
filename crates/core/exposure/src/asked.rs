//! What an open reference asks for: the range that it gives for an artefact, and whether an install could have taken a bad
//! version of it.
//!
//! It is not a resolver. A range that cannot be read, or a bad thing that no version names, excludes nothing.

use crate::line;
use crate::profile::Artefact;
use firebreak_model::{ObservationKind, Text, Time};
use firebreak_package::formats::listing::{ALONE, CONSTRAINT, OVERRIDE};
use firebreak_package::requirement::{Admission, Language, Requirement};
use firebreak_package::resolve::{Settings, would_admit};
use firebreak_package::{CoolDown, Ecosystem};

/// Tools that make pull requests: what they wait for says nothing of what an install takes.
const ONLY_PROPOSE: [&str; 2] = ["renovate", "dependabot"];

/// Whether the range that `reference` gives for the artefact admits none of its bad versions. `name` is the package that the
/// reference is about; `*` and other names leave commands that name the artefact among others.
pub(crate) fn excludes(artefact: &Artefact, name: &str, reference: &str) -> bool {
    let asked = ranges(artefact, name, reference);
    asked.iter().any(|requirement| none_admitted(artefact, requirement))
}

/// Whether `reference` is a range for the artefact itself that would have taken a bad version of it, as far as one can tell.
pub(crate) fn takes(artefact: &Artefact, name: &str, reference: &str) -> bool {
    let direct = is_named(artefact, name) && line::tool_of(reference).is_none();
    let asked = if direct { ranges(artefact, name, reference) } else { Vec::new() };
    !asked.is_empty() && !artefact.versions.is_empty() && !asked.iter().any(|one| none_admitted(artefact, one))
}

/// Whether what a file asks for is a bad version of the artefact and no other. An override or a limit asks for nothing by itself.
pub(crate) fn pins(artefact: &Artefact, name: &str, reference: &str) -> bool {
    !outweighs(reference) && leaves_only_bad(artefact, name, reference)
}

/// Whether a range that a file gives admits a bad version of the artefact and no other.
pub(crate) fn leaves_only_bad(artefact: &Artefact, name: &str, reference: &str) -> bool {
    if !is_named(artefact, name) || line::tool_of(reference).is_some() {
        return false;
    }
    let pinned = |requirement: &Requirement| {
        let own = requirement.renamed().is_none_or(|real| is_named(artefact, real));
        own && artefact.versions.iter().filter_map(|range| range.exact()).any(|version| requirement.pins(version))
    };
    ranges(artefact, name, reference).iter().any(pinned)
}

/// The environment of its own for which a file asks for this: a build's, a group's.
pub(crate) fn alone(reference: &str) -> Option<&str> {
    reference.split_once(ALONE).map(|(_, place)| place)
}

/// Whether a reference is always in force in its environment: under no marker, in no extra.
pub(crate) fn is_always(reference: &str) -> bool {
    let asked = reference.strip_suffix(CONSTRAINT).unwrap_or(reference);
    !asked.split(ALONE).next().unwrap_or(asked).contains(';')
}

/// Whether a reference only outweighs others for its name.
pub(crate) fn is_override(reference: &str) -> bool {
    reference.ends_with(OVERRIDE)
}

/// Whether a reference only limits what others ask of its name.
pub(crate) fn is_constraint(reference: &str) -> bool {
    reference.ends_with(CONSTRAINT)
}

/// Whether a reference asks for nothing by itself, and says what comes where others do.
pub(crate) fn outweighs(reference: &str) -> bool {
    is_override(reference) || is_constraint(reference)
}

fn is_named(artefact: &Artefact, name: &str) -> bool {
    let canonical = artefact.ecosystem.canonical(name);
    artefact.names.iter().any(|own| *own == canonical.as_ref())
}

fn none_admitted(artefact: &Artefact, requirement: &Requirement) -> bool {
    // Under another name it asks for another package.
    if requirement.renamed().is_some_and(|real| !is_named(artefact, real)) {
        return true;
    }
    let refused = |version: &str| {
        would_admit(requirement, version, artefact.first(), Time::MAX, &Settings::default()) == Admission::No
    };
    let exact: Option<Vec<&str>> = artefact.versions.iter().map(|range| range.exact()).collect();
    exact.is_some_and(|versions| !versions.is_empty() && versions.iter().all(|version| refused(version)))
}

/// The ranges for the artefact that can be read from `reference`.
fn ranges(artefact: &Artefact, name: &str, reference: &str) -> Vec<Requirement> {
    let reference =
        [ALONE, OVERRIDE, CONSTRAINT].iter().fold(reference, |rest, mark| rest.split(mark).next().unwrap_or(rest));
    // A marker says when a requirement is in force, and nothing of what it admits.
    let reference = match artefact.ecosystem {
        Ecosystem::PyPI if line::tool_of(reference).is_none() => {
            reference.split(';').next().unwrap_or(reference).trim_end()
        }
        _ => reference,
    };
    match artefact.ecosystem {
        Ecosystem::PyPI if line::tool_of(reference).is_some() => {
            let words = line::asked(reference, &artefact.ecosystem, artefact.name());
            words.iter().filter_map(|word| Requirement::parse(Language::Pep440, word).ok()).collect()
        }
        // A text about something else (`version not recorded`) gives no range.
        Ecosystem::PyPI if is_named(artefact, name) && is_about(artefact, reference) => {
            let pep_440 = Requirement::parse(Language::Pep440, reference);
            let rest = || after_name(artefact, reference);
            pep_440.or_else(|_| Requirement::parse(Language::Poetry, rest())).into_iter().collect()
        }
        Ecosystem::PyPI => Vec::new(),
        // Versions of these are not what their references mean: tags move, and commands name packages without ranges.
        Ecosystem::GitHubActions | Ecosystem::Docker | Ecosystem::Debian | Ecosystem::Rpm | Ecosystem::Apk => {
            Vec::new()
        }
        _ if is_named(artefact, name) && line::tool_of(reference).is_none() => {
            Requirement::of(&artefact.ecosystem, after_name(artefact, reference)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a text begins with the artefact's name, or with no name at all.
fn is_about(artefact: &Artefact, reference: &str) -> bool {
    let named = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let end = reference.find(|letter| !named(letter)).unwrap_or(reference.len());
    let first = reference.get(..end).unwrap_or_default();
    !first.starts_with(|letter: char| letter.is_ascii_alphabetic()) || is_named(artefact, first)
}

/// What follows the artefact's name, where the reference begins with it: `axios@^1.14`, `litellm ^1.80`.
fn after_name<'a>(artefact: &Artefact, reference: &'a str) -> &'a str {
    let ends =
        reference.char_indices().skip(1).filter(|(_, letter)| matches!(letter, '@' | ' ' | '[')).map(|(at, _)| at);
    for end in ends.chain([reference.len()]) {
        if let Some((name, rest)) = reference.split_at_checked(end)
            && is_named(artefact, name)
        {
            let rest = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')).map_or(rest, |(_, rest)| rest);
            return rest.trim_start_matches(['@', ' ']);
        }
    }
    reference
}

/// Whether what is seen is a cool-down that hides the artefact from an install at `until` by `tool`.
pub(crate) fn hidden(artefact: &Artefact, what: &ObservationKind, tool: Option<&str>, until: Time) -> bool {
    governs(artefact, what, tool).is_some_and(|cool_down| is_hidden(artefact, &cool_down, until))
}

/// Whether what is seen is what `tool` (any, where it is not known) is told of ages in the artefact's ecosystem.
pub(crate) fn is_age(artefact: &Artefact, what: &ObservationKind, tool: Option<&str>) -> bool {
    match what {
        ObservationKind::ReleaseAge { ecosystem, tool: own, .. } => {
            let own = own.to_ascii_lowercase();
            let reads = tool.is_none_or(|tool| tool == own) && !ONLY_PROPOSE.contains(&own.as_str());
            reads && Ecosystem::of(ecosystem) == artefact.ecosystem
        }
        _ => false,
    }
}

/// The cool-down that is seen, if it holds for the artefact and for installs by `tool` (by any, where the tool is not
/// known). One that the tool of a command does not read is no cool-down for that command.
pub(crate) fn governs(artefact: &Artefact, what: &ObservationKind, tool: Option<&str>) -> Option<CoolDown> {
    match what {
        ObservationKind::CoolDown { ecosystem, days } if Ecosystem::of(ecosystem) == artefact.ecosystem => {
            Some(CoolDown::days(*days))
        }
        ObservationKind::ReleaseAge { tool: own, setting, except, .. } => {
            let excepted = except.iter().any(|pattern| is_excepted(artefact, pattern));
            let holds = is_age(artefact, what, tool) && !excepted;
            holds.then(|| CoolDown::parse(own, setting).ok()).flatten()
        }
        _ => None,
    }
}

/// Whether the cool-down hides the artefact from an install at `until`, wherever between its sources it appeared.
pub(crate) fn is_hidden(artefact: &Artefact, cool_down: &CoolDown, until: Time) -> bool {
    cool_down.admits(artefact.first(), until) == Admission::No
}

/// Whether a name or pattern of exceptions may mean the artefact: `*` stands for any letters.
fn is_excepted(artefact: &Artefact, pattern: &Text) -> bool {
    let canonical = artefact.ecosystem.canonical(pattern);
    let pattern = if pattern.contains('*') { pattern.as_str() } else { canonical.as_ref() };
    let mut parts = pattern.split('*');
    let (first, last) = (parts.next().unwrap_or_default(), pattern.rsplit('*').next().unwrap_or_default());
    // An exception may name versions too: `litellm@1.82.6`.
    artefact.names.iter().any(|name| match pattern.contains('*') {
        true => name.starts_with(first) && name.ends_with(last),
        false => {
            pattern == name.as_str() || pattern.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('@'))
        }
    })
}
