//! Recipes: files that say what a job or an image fetches when it is made to run. Workflows and actions of GitHub, pipelines of
//! GitLab CI and CircleCI, Dockerfiles and Compose files.
//!
//! A recipe tells what it asks for by itself and through files of the same tree. What the scripts and the foreign actions that
//! it starts do, it does not tell: nothing that is read here shows that something is absent.

use super::shown;
use crate::asked::Asked;
use crate::dockerfile;
use crate::json::text;
use crate::report::Report;
use crate::scanner::ScanInput;
use crate::scanners::github_workflow::references::{self, Tree};
use crate::scanners::github_workflow::yaml;
use crate::scanners::{circleci_config, gitlab_ci};
use firebreak_model::{Observation, ObservationKind, Text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What kind of recipe a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recipe {
    Workflow,
    Action,
    GitlabCi,
    Circleci,
    Dockerfile,
    Compose,
}

/// What kind of recipe lies at `path`, by its name.
pub(super) fn recognise(path: &Path) -> Option<Recipe> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let folder = path.parent().unwrap_or(Path::new(""));
    let yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    let stem = name.split('.').next().unwrap_or_default();
    match name.as_str() {
        "action.yml" | "action.yaml" => Some(Recipe::Action),
        ".gitlab-ci.yml" => Some(Recipe::GitlabCi),
        "config.yml" if folder.ends_with(".circleci") => Some(Recipe::Circleci),
        _ if yaml && folder.ends_with(".github/workflows") => Some(Recipe::Workflow),
        _ if yaml && (stem == "compose" || stem.starts_with("docker-compose")) => Some(Recipe::Compose),
        _ if matches!(stem, "dockerfile" | "containerfile") || name.ends_with(".dockerfile") => {
            Some(Recipe::Dockerfile)
        }
        _ => None,
    }
}

/// What the recipe asks for, each thing at its file and line; `None` where it cannot be read.
pub(super) fn asks(recipe: Recipe, input: &ScanInput<'_>, report: &mut Report) -> Option<Asked> {
    let name = input.path.display().to_string();
    let mut asked = match recipe {
        Recipe::Dockerfile => {
            let mut asked = Asked::default();
            dockerfile::asks(&String::from_utf8_lossy(input.bytes), &mut asked, &name);
            asked
        }
        Recipe::GitlabCi => gitlab_ci::asks(input, report)?,
        Recipe::Circleci => circleci_config::asks(&yaml(input.bytes, report)?, &name),
        Recipe::Workflow => workflow(input, report)?,
        Recipe::Action => {
            let action = yaml(input.bytes, report)?;
            // A checkout's top is where `.github` lies; an action of its own repository is one itself.
            let tree = Tree::checkout(top(input.path).unwrap_or(Path::new("")));
            references::of_action(&action, &tree, input, report)
        }
        Recipe::Compose => compose(&yaml(input.bytes, report)?, &name),
    };
    number(&mut asked.seen, input);
    Some(asked)
}

/// What all jobs of a workflow ask for.
fn workflow(input: &ScanInput<'_>, report: &mut Report) -> Option<Asked> {
    let workflow = yaml(input.bytes, report)?;
    let tree = Tree::checkout(top(input.path).unwrap_or(Path::new("")));
    let mut all = Asked::default();
    references::stated(&workflow, &tree, input, report).values().for_each(|(_, asked)| all.extend(asked));
    Some(all)
}

/// The folder in which `.github` lies, for a file below that.
fn top(path: &Path) -> Option<&Path> {
    path.ancestors().find(|above| above.file_name().is_some_and(|name| name == ".github"))?.parent()
}

/// The images of a Compose file's services. What a service builds, its Dockerfile tells.
fn compose(document: &Value, evidence: &str) -> Asked {
    let mut asked = Asked::default();
    for (_, service) in document.get("services").and_then(Value::as_object).into_iter().flatten() {
        // With `build` the image is the name of what is built.
        if let Some(image) = text(service, "image").filter(|_| service.get("build").is_none()) {
            asked.image(image, evidence);
        }
    }
    asked
}

/// Gives each thing the line of its file in which it is first written, and its file the name by which people called it.
fn number(seen: &mut [Observation], input: &ScanInput<'_>) {
    let mut texts: BTreeMap<Text, String> = BTreeMap::new();
    for one in seen {
        let text = texts.entry(one.evidence.clone()).or_insert_with_key(|file| {
            let file = Path::new(file.as_str());
            let bytes = if file == input.path { Some(input.bytes.to_vec()) } else { input.sibling(file) };
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        });
        let name = shown(&input.root.join(one.evidence.as_str()));
        let line = text.lines().position(|line| is_written(&one.what, line)).map(|at| at + 1);
        one.evidence = Text::new(line.map_or_else(|| name.clone(), |line| format!("{name}:{line}")));
    }
}

/// Whether a line writes what is asked for. Comments repeat names, and come after what they speak of or stand alone.
fn is_written(what: &ObservationKind, line: &str) -> bool {
    let line = line.trim_start();
    let has = |word: &str| !word.is_empty() && line.contains(word);
    let written = match what {
        ObservationKind::Commit { repository, reference, .. } => has(repository) && has(&format!("@{reference}")),
        ObservationKind::Image { name, tag, digest } => {
            has(name) && [tag, digest].into_iter().flatten().all(|part| has(part))
        }
        ObservationKind::Unpinned { name, reference, .. } => {
            (name == "*" || has(name)) && last(reference).is_none_or(has)
        }
        ObservationKind::Locked { name, version, .. } => has(name) && has(version),
        _ => false,
    };
    written && !line.starts_with('#')
}

/// The last word of a reference: of a command that goes over lines, what it names stands on the last.
fn last(reference: &str) -> Option<&str> {
    let word = reference.split_whitespace().last()?.trim_matches('\'');
    (!word.contains('…')).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipes_are_told_by_name_and_place() {
        let of = |path: &str| recognise(Path::new(path));
        assert_eq!(of("a/.github/workflows/ci.yml"), Some(Recipe::Workflow));
        assert_eq!(of("workflows/o/r/ci.yml"), None);
        assert_eq!(of("a/action.yaml"), Some(Recipe::Action));
        assert_eq!(of(".circleci/config.yml"), Some(Recipe::Circleci));
        assert_eq!(of("config.yml"), None);
        for name in ["Dockerfile", "Dockerfile.gpu", "api.Dockerfile", "Containerfile"] {
            assert_eq!(of(name), Some(Recipe::Dockerfile), "{name}");
        }
        assert_eq!(of("docker-compose.prod.yml"), Some(Recipe::Compose));
        assert_eq!(of("dockerfile-notes.md"), None);
    }

    #[test]
    fn a_line_writes_what_it_names_and_a_comment_does_not() {
        let commit = |reference: &str| ObservationKind::Commit {
            repository: Text::new("o/a"),
            reference: Text::new(reference),
            sha: None,
        };
        assert!(is_written(&commit("v1"), "  - uses: o/a/sub@v1 # v1.2"));
        assert!(!is_written(&commit("v1"), "  # uses: o/a@v1"));
        assert!(!is_written(&commit("v2"), "  - uses: o/a@v1"));
    }
}
