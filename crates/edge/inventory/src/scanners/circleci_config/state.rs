//! What a job of a CircleCI configuration may read, where it runs and who can start it.

use super::config::{Called, Config};
use super::{Project, keys};
use crate::asked::Asked;
use crate::json::{list, text, texts};
use crate::report::shown;
use crate::statements::Statements;
use firebreak_model::EdgeKind;
use serde_json::Value;
use std::collections::BTreeMap;

/// States the project's variables once: they hang on a hub that every job reaches.
pub(super) fn variables(project: &Project<'_>, facts: &mut Statements<'_>) {
    for name in project.variables.iter().flatten() {
        let place = format!("variable {}", shown(name));
        let (hub, variable) = (keys::variables(project.name), keys::variable(project.name, name));
        facts.edge(EdgeKind::ReadableIn, &hub, &variable, &place);
    }
}

/// States one job as a workflow calls it.
pub(super) fn state(
    config: &Config<'_>,
    project: &Project<'_>,
    called: &Called<'_>,
    asked: &BTreeMap<&str, Asked>,
    facts: &mut Statements<'_>,
) {
    let (key, place) = (keys::job(project.name, called.name), format!("job {}", shown(called.name)));
    if facts.is_new(&key) {
        facts.node(&key, &place).label(&format!("{} {}", project.name, called.name));
        facts.edge(EdgeKind::RunsAs, &key, &keys::jobs(project.name), &place);
        if project.variables.is_some() {
            facts.edge(EdgeKind::RunsAs, &key, &keys::variables(project.name), &place);
        }
        for (reference, _) in asked.get(called.name).into_iter().flat_map(Asked::open) {
            facts.setting(&key, "not_pinned", &reference, &place);
        }
    }
    secrets(config, project, called, facts);
    machine(config, project, called, facts);
    outsiders(project, called, facts);
}

/// Contexts that the workflow gives it, and variables whose names say that they are secrets.
fn secrets(config: &Config<'_>, project: &Project<'_>, called: &Called<'_>, facts: &mut Statements<'_>) {
    let (key, place) = (keys::job(project.name, called.name), format!("job {}", shown(called.name)));
    let organization = project.name.rsplit_once('/').map_or(project.name, |(organization, _)| organization);
    for context in texts(called.with.get("context")) {
        let place = format!("{place}: context {}", shown(context));
        facts.edge(EdgeKind::RunsAs, &key, &keys::context(organization, context), &place);
    }
    for name in crate::shell::secret_variables(&config.scripts(called)) {
        let known = project.variables.as_ref().is_some_and(|names| names.contains(&name));
        let own = config.job(called).get("environment").is_some_and(|table| table.get(&name).is_some());
        if !known && !own && !name.starts_with("CIRCLE_") {
            let place = format!("{place}: ${name}");
            let edge = facts.edge(EdgeKind::ReadableIn, &key, &keys::variable(project.name, &name), &place);
            edge.may("the project or a context keeps a variable of this name");
        }
    }
}

/// A resource class with a namespace is a machine of the owner's own.
fn machine(config: &Config<'_>, project: &Project<'_>, called: &Called<'_>, facts: &mut Statements<'_>) {
    let job = config.job(called);
    let class = text(job, "resource_class").or_else(|| text(config.executor(job), "resource_class"));
    if let Some(class) = class.filter(|class| class.contains('/')) {
        let place = format!("job {}: resource_class {}", shown(called.name), shown(class));
        facts.edge(EdgeKind::RunsAs, &keys::job(project.name, called.name), &keys::self_hosted(project.name), &place);
    }
}

/// Pull requests of forks are built where the project says so, and are given its secrets where it says that too.
fn outsiders(project: &Project<'_>, called: &Called<'_>, facts: &mut Statements<'_>) {
    let setting = |names: [&str; 2]| {
        let tables = project
            .settings
            .iter()
            .flat_map(|settings| ["advanced", "feature_flags"].into_iter().filter_map(|table| settings.get(table)));
        let mut values = tables.flat_map(|table| names.into_iter().filter_map(|name| table.get(name)));
        values.find_map(Value::as_bool)
    };
    let built = setting(["build_fork_prs", "build-fork-prs"]);
    let passed = setting(["forks_receive_secret_env_vars", "forks-receive-secret-env-vars"]);
    // A branch of a fork is called `pull/<number>`.
    let only = called
        .with
        .get("filters")
        .and_then(|filters| filters.get("branches"))
        .and_then(|branches| branches.get("only"));
    let branches = texts(only);
    let kept_out =
        !branches.is_empty() && !branches.iter().any(|branch| branch.starts_with('/') || branch.starts_with("pull/"));
    if built == Some(false) || kept_out {
        return;
    }
    let (key, place) =
        (keys::job(project.name, called.name), format!("job {}: pull requests of forks", shown(called.name)));
    // Without the secrets, an outsider's job reads nothing that is not his.
    if passed == Some(false) {
        return;
    }
    let edge = facts.edge(EdgeKind::RunsAs, &keys::requests(project.name), &key, &place);
    let edge = if built.is_none() { edge.may("the project builds pull requests of forks") } else { edge };
    if passed.is_none() {
        edge.may("the project passes its secrets to builds of forks");
    }
    if list(called.with, "requires").is_empty() && built == Some(true) && passed == Some(true) {
        facts.setting(&key, "outsiders_run_code", "pull request of a fork, with secrets", &place);
    }
}
