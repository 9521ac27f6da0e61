//! Jobs that someone without any right to push can make run his code, with the secrets of the repository.
//!
//! Three ways: a job that checks out what a pull request holds, a job that pastes a text of theirs into a script, a
//! job on a machine of one's own that a pull request may start. What the job's own conditions keep out stays `may`.

use super::rights::{Job, Workflow, self_hosted};
use crate::json::{list, text};
use crate::report::shown;
use crate::scanners::github_organization::keys;
use crate::statements::Statements;
use firebreak_model::EdgeKind;
use serde_json::Value;

/// Events that an outsider causes and whose jobs have the repository's secrets.
const WITH_SECRETS: &[&str] = &[
    "pull_request_target",
    "issue_comment",
    "issues",
    "discussion",
    "discussion_comment",
    "workflow_run",
    "fork",
    "watch",
];

/// Texts that an outsider writes, as expressions name them.
const THEIRS: &[&str] = &[
    "github.event.issue.title",
    "github.event.issue.body",
    "github.event.pull_request.title",
    "github.event.pull_request.body",
    "github.event.pull_request.head.ref",
    "github.event.pull_request.head.label",
    "github.event.pull_request.head.repo.default_branch",
    "github.event.comment.body",
    "github.event.review.body",
    "github.event.discussion.title",
    "github.event.discussion.body",
    "github.event.head_commit.message",
    "github.event.workflow_run.head_branch",
    "github.event.workflow_run.head_commit.message",
    "github.event.workflow_run.display_title",
    "github.head_ref",
];

/// Commits that an outsider makes, as a checkout names them.
const THEIR_COMMITS: &[&str] = &[
    "github.event.pull_request.head",
    "github.head_ref",
    "github.event.workflow_run.head",
    "refs/pull/",
    "pull/${{",
    "github.event.issue.number",
    "github.event.number",
];

/// Where an outsider comes in: the kind of way, and what to look for in the file.
struct Way {
    kind: &'static str,
    needle: String,
    may: Option<&'static str>,
}

/// States the ways of outsiders into the job.
pub(super) fn state(workflow: &Workflow<'_>, job: &Job<'_>, facts: &mut Statements<'_>) {
    let triggers = workflow.triggers();
    let requests = keys::requests(workflow.full);
    if let Some(trigger) = WITH_SECRETS.iter().find(|trigger| triggers.contains(**trigger)) {
        for way in ways(job.value, trigger) {
            let place = workflow.at(job, &way.needle, &format!("{trigger}: {}", way.kind));
            let edge = facts.edge(EdgeKind::RunsAs, &requests, &job.key, &place);
            edge.may(way.may.unwrap_or_default()).mays(&conditions(workflow, job, trigger));
            facts.setting(&job.key, "outsiders_run_code", &format!("{trigger}: {}", way.kind), &place);
        }
    }
    if triggers.contains("pull_request")
        && let Some(certain) = self_hosted(job.value)
    {
        let place = workflow.at(job, "runs-on", "pull_request on a machine of one's own");
        let own = if certain { "" } else { "the label is of a machine of one's own" };
        let edge = facts.edge(EdgeKind::RunsAs, &requests, &keys::self_hosted(workflow.full), &place).may(own);
        edge.may("pull requests from forks are run, the first of a newcomer once it is approved");
        facts.setting(&job.key, "outsiders_run_code", "pull_request: own machine", &place);
    }
}

/// What still stands between an outsider and the job, in words.
fn conditions(workflow: &Workflow<'_>, job: &Job<'_>, trigger: &str) -> Vec<String> {
    let mut left = Vec::new();
    if let Some(condition) = job.value.get("if") {
        let written = condition.as_str().map_or_else(|| condition.to_string(), str::to_owned);
        left.push(format!("the job's `if` lets it: {}", shown(&written)));
    }
    if job.value.get("environment").is_some() {
        left.push("the job's deployment environment lets it start".to_owned());
    }
    if job.value.get("needs").is_some() {
        left.push("the jobs that it needs succeed".to_owned());
    }
    let types: Vec<&str> = list(workflow.trigger(trigger), "types").iter().filter_map(Value::as_str).collect();
    if !types.is_empty() && types.iter().all(|kind| matches!(*kind, "labeled" | "assigned" | "milestoned")) {
        left.push(format!("someone with triage rights makes it {}", types.join(" or ")));
    }
    if trigger == "workflow_run" {
        left.push("the workflow before it runs for pull requests".to_owned());
    }
    left
}

fn ways(job: &Value, trigger: &str) -> Vec<Way> {
    let mut found = Vec::new();
    for step in list(job, "steps") {
        let with = step.get("with").unwrap_or(&Value::Null);
        let uses = text(step, "uses").unwrap_or_default();
        if uses.starts_with("actions/checkout@") {
            let mut from = ["ref", "repository"].iter().filter_map(|key| text(with, key));
            let theirs = from.find(|from| THEIR_COMMITS.iter().any(|commit| from.contains(commit)));
            if let Some(theirs) = theirs {
                // Files that are only checked out run where something builds or installs from them.
                let may = (!runs_after(job)).then_some("a later step runs what was checked out");
                found.push(Way { kind: "checkout of the head", needle: theirs.to_owned(), may });
            }
        }
        if trigger == "workflow_run" && uses.contains("download-artifact") {
            let may = Some("what the artifact holds is run");
            found.push(Way { kind: "artifact of the run before", needle: uses.to_owned(), may });
        }
        let scripts = [text(step, "run"), text(with, "script").filter(|_| uses.starts_with("actions/github-script@"))];
        for script in scripts.into_iter().flatten() {
            if let Some(theirs) = pasted(script) {
                found.push(Way { kind: "text of theirs in a script", needle: theirs.to_owned(), may: None });
            }
            let fetches =
                script.contains("gh pr checkout") || (script.contains("git ") && script.contains("refs/pull/"));
            if fetches {
                let may = (!runs_after(job)).then_some("a later step runs what was checked out");
                found.push(Way { kind: "checkout of the head", needle: "gh pr checkout".to_owned(), may });
            }
        }
    }
    found.dedup_by(|a, b| a.kind == b.kind);
    found
}

/// Whether the job has a step that runs something or an action of the repository itself.
fn runs_after(job: &Value) -> bool {
    let runs =
        |step: &Value| step.get("run").is_some() || text(step, "uses").is_some_and(|uses| uses.starts_with("./"));
    list(job, "steps").iter().any(runs)
}

/// A text of an outsider that the script's own text holds, so that it is run and not only read.
fn pasted(script: &str) -> Option<&'static str> {
    let expressions = script.split("${{").skip(1).filter_map(|rest| rest.split("}}").next());
    let mut found = expressions.filter_map(|expression| {
        let expression = expression.trim();
        THEIRS.iter().find(|theirs| expression.contains(**theirs)).copied()
    });
    found.next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn kinds(job: &Value, trigger: &str) -> Vec<&'static str> {
        ways(job, trigger).iter().map(|way| way.kind).collect()
    }

    #[test]
    fn code_of_theirs_is_told_from_code_of_ours() {
        let head = json!({"steps": [{"uses": "actions/checkout@v4", "with": {"ref": "${{ github.event.pull_request.head.sha }}"}}, {"run": "make"}]});
        assert_eq!(kinds(&head, "pull_request_target"), ["checkout of the head"]);
        let base = json!({"steps": [{"uses": "actions/checkout@v4"}, {"run": "make"}]});
        assert_eq!(kinds(&base, "pull_request_target"), Vec::<&str>::new());
        let pasted = json!({"steps": [{"run": "echo ${{ github.event.issue.title }}"}]});
        assert_eq!(kinds(&pasted, "issues"), ["text of theirs in a script"]);
        let read = json!({"steps": [{"run": "echo $TITLE", "env": {"TITLE": "${{ github.event.issue.title }}"}}]});
        assert_eq!(kinds(&read, "issues"), Vec::<&str>::new());
    }
}
