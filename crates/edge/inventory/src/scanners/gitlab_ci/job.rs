//! One job of a configuration: what it asks for, what it may read, where it runs and who can start it.

use super::config::{Config, as_list};
use super::{Project, keys};
use crate::asked::Asked;
use crate::json::{flag, text, texts};
use crate::report::shown;
use crate::statements::Statements;
use firebreak_model::EdgeKind;
use serde_json::Value;
use std::collections::BTreeSet;

/// What the job asks for.
pub(super) fn asks(config: &Config, job: &Value, evidence: &str) -> Asked {
    let mut asked = config.shared.clone();
    let services = job.get("services").map(as_list).unwrap_or_default();
    for image in job.get("image").into_iter().chain(services) {
        if let Some(name) = image.as_str().or_else(|| text(image, "name")) {
            asked.image(&config.resolved(name, job), evidence);
        }
    }
    for script in scripts(config, job) {
        asked.script(&script, evidence);
    }
    if let Some(include) = job.get("trigger").and_then(|trigger| trigger.get("include")) {
        for child in as_list(include) {
            let what = text(child, "artifact").or_else(|| text(child, "local")).or_else(|| child.as_str());
            asked.gap(format!("what the pipeline started from `{}` does is not read", shown(what.unwrap_or_default())));
        }
    }
    asked
}

fn scripts(config: &Config, job: &Value) -> Vec<String> {
    let keys = ["before_script", "script", "after_script"];
    let mut lines: Vec<String> = keys.iter().flat_map(|key| config.lines(job.get(*key), 0)).collect();
    let hook = job.get("hooks").and_then(|hooks| hooks.get("pre_get_sources_script"));
    lines.extend(config.lines(hook, 0));
    lines
}

/// States what the job may read and become.
pub(super) fn state(
    config: &Config,
    project: &Project<'_>,
    (name, job): (&str, &Value),
    asked: &Asked,
    facts: &mut Statements<'_>,
) {
    let key = keys::job(project.name, name);
    let place = format!("job {}", shown(name));
    facts.node(&key, &place).label(&format!("{} {name}", project.name));
    facts.edge(EdgeKind::RunsAs, &key, &keys::jobs(project.name), &place);
    secrets(config, project, (name, job), facts);
    machine(project, (name, job), facts);
    outsiders(config, project, (name, job), facts);
    let tokens = job.get("id_tokens").and_then(Value::as_object);
    for (token, says) in tokens.into_iter().flatten() {
        let audience = texts(says.get("aud")).join(", ");
        facts.setting(&key, "id_token", &format!("{token} for {}", shown(&audience)), &place);
    }
    for (reference, _) in asked.open() {
        facts.setting(&key, "not_pinned", &reference, &place);
    }
}

/// The secrets that the job can read, by name: the project's variables, those whose names the script uses, and what it fetches.
fn secrets(config: &Config, project: &Project<'_>, (name, job): (&str, &Value), facts: &mut Statements<'_>) {
    let (key, place) = (keys::job(project.name, name), format!("job {}", shown(name)));
    if project.variables.is_some() {
        facts.edge(EdgeKind::RunsAs, &key, &keys::variables(project.name), &place);
    }
    let defined = config.defined(job);
    let known: BTreeSet<&str> = project.variables.iter().flatten().filter_map(|one| text(one, "key")).collect();
    for used in crate::shell::secret_variables(&scripts(config, job)) {
        if !used.starts_with("CI_") && !defined.contains(&used) && !known.contains(used.as_str()) {
            let place = format!("{place}: ${used}");
            let edge = facts.edge(EdgeKind::ReadableIn, &key, &keys::variable(project.name, &used), &place);
            edge.may("the project, a group or the instance keeps a variable of this name");
        }
    }
    for (name, secret) in job.get("secrets").and_then(Value::as_object).into_iter().flatten() {
        let of = secret
            .as_object()
            .into_iter()
            .flatten()
            .find(|(kind, _)| kind.as_str() != "file" && kind.as_str() != "token");
        let path = of.map(|(kind, from)| {
            let path = from.as_str().or_else(|| text(from, "path")).or_else(|| text(from, "name"));
            format!("{kind}:{}", path.unwrap_or(name))
        });
        let path = path.unwrap_or_else(|| name.clone());
        let place = format!("{place}: secrets {}", shown(name));
        facts.edge(EdgeKind::ReadableIn, &key, &keys::vaulted(project.name, &path), &place);
    }
}

/// States the project's variables once: they hang on a hub that every job reaches.
pub(super) fn variables(project: &Project<'_>, facts: &mut Statements<'_>) {
    for variable in project.variables.iter().flatten() {
        let Some(name) = text(variable, "key") else { continue };
        let hidden = ["masked", "hidden", "protected"].iter().any(|key| flag(variable, key));
        let named = crate::shell::is_secret(name);
        if !(hidden || named || text(variable, "variable_type") == Some("file")) {
            continue;
        }
        let place = format!("variable {}", shown(name));
        let mut conditions = Vec::new();
        if flag(variable, "protected") {
            conditions.push("the job runs for a protected branch or tag".to_owned());
        }
        if let Some(scope) = text(variable, "environment_scope").filter(|scope| *scope != "*") {
            conditions.push(format!("the job's environment is `{}`", shown(scope)));
        }
        let hub = keys::variables(project.name);
        facts.edge(EdgeKind::ReadableIn, &hub, &keys::variable(project.name, name), &place).mays(&conditions);
    }
}

/// Where it runs: a tag of GitLab's own machines, or of one's own. An instance of one's own has no others.
fn machine(project: &Project<'_>, (name, job): (&str, &Value), facts: &mut Statements<'_>) {
    let tags = texts(job.get("tags"));
    let hosted = |tag: &&str| tag.starts_with("saas-") || tag.starts_with("gitlab-org");
    let theirs = project.name.starts_with("gitlab.com/");
    if (theirs && (tags.is_empty() || tags.iter().all(hosted))) || job.get("trigger").is_some() {
        return;
    }
    let place = format!("job {}: tags {}", shown(name), shown(&tags.join(", ")));
    let may =
        if theirs { "the tag is of a machine of one's own" } else { "the instance's runner is a machine of one's own" };
    let edge = facts.edge(EdgeKind::RunsAs, &keys::job(project.name, name), &keys::self_hosted(project.name), &place);
    edge.may(may);
}

/// A job that runs for merge requests runs what they hold. GitLab runs those of forks in the fork, until a member starts
/// their pipeline in the project itself: then it has the project's variables that are not protected.
fn outsiders(config: &Config, project: &Project<'_>, (name, job): (&str, &Value), facts: &mut Statements<'_>) {
    let own = |value: Option<&Value>| value.map(Value::to_string).unwrap_or_default();
    let says = |text: &str| text.contains("merge_request") || text.contains("CI_MERGE_REQUEST");
    let rules = format!("{}{}", own(job.get("rules")), own(job.get("only")));
    let whole = own(config.workflow().get("rules"));
    let started = says(&rules) || (rules.is_empty() && says(&whole));
    let forbidden = project.settings.as_ref().is_some_and(|settings| {
        settings.get("ci_allow_fork_pipelines_to_run_in_parent_project").and_then(Value::as_bool) == Some(false)
    });
    if !started || forbidden {
        return;
    }
    let (key, place) = (keys::job(project.name, name), format!("job {}: merge requests", shown(name)));
    let edge = facts.edge(EdgeKind::RunsAs, &keys::requests(project.name), &key, &place);
    let edge = edge.may("a member starts the pipeline of a fork's merge request in the project itself");
    if project.settings.is_none() {
        edge.may("the project lets pipelines of forks run in itself");
    }
    facts.setting(&key, "outsiders_run_code", "merge_request_event: pipeline of a fork", &place);
}
