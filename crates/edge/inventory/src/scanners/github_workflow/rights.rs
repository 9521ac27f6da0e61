//! What each job of a workflow file may read and become: its secrets, its `GITHUB_TOKEN`, its deployment environment, its
//! subject towards clouds, the machine that it runs on.
//!
//! A job is told once, whichever its run. What the file leaves to settings of the repository stays with the hub of all jobs.

use super::outsiders;
use crate::json::{list, text};
use crate::report::shown;
use crate::scanners::github_organization::{keys, rights};
use crate::statements::Statements;
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many jobs of one file are told, and how many secrets of one job; GitHub starts 256 jobs of a matrix and keeps 100
/// secrets of a repository. More are a problem.
const MAX_JOBS: usize = 500;
const MAX_SECRETS: usize = 100;

/// The lines in which each secret is named, in order.
type SecretLines<'a> = BTreeMap<&'a str, Vec<usize>>;

/// A workflow file, read.
pub(crate) struct Workflow<'a> {
    /// `owner/repository`.
    pub(crate) full: &'a str,
    /// The file's name: `ci.yml`.
    pub(crate) file: &'a str,
    /// The file as text, for line numbers.
    pub(crate) text: &'a str,
    /// The file as values.
    pub(crate) value: &'a Value,
    /// Where the file is in what is read; empty where it is what is read.
    pub(crate) place: &'a str,
    /// The repository's default branch, where that is known.
    pub(crate) default_branch: Option<&'a str>,
}

/// One of its jobs.
pub(super) struct Job<'a> {
    /// Its id in the file.
    pub(super) id: &'a str,
    /// Its values.
    pub(super) value: &'a Value,
    /// Its node.
    pub(super) key: NodeKey,
    /// The line where it begins, counted from 1, and the one before which it ends.
    lines: (usize, usize),
}

impl<'a> Workflow<'a> {
    /// Its jobs, with the line of each.
    pub(super) fn jobs(&self) -> Vec<Job<'a>> {
        let jobs = self.value.get("jobs").and_then(Value::as_object).into_iter().flatten();
        let start = self.line_where(1, |line| line.starts_with("jobs")).unwrap_or(1);
        let job = |(id, value): (&'a String, &'a Value)| {
            let line = self.line_where(start, |line| {
                let name = line.trim_start().trim_start_matches(['"', '\'']);
                name.strip_prefix(id.as_str()).is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
            });
            Job { id, value, key: keys::job(self.full, self.file, id), lines: (line.unwrap_or(start), usize::MAX) }
        };
        let mut jobs: Vec<Job<'_>> = jobs.map(job).collect();
        let starts: Vec<usize> = jobs.iter().map(|job| job.lines.0).collect();
        for job in &mut jobs {
            let later = starts.iter().filter(|start| **start > job.lines.0);
            job.lines.1 = later.min().copied().unwrap_or(usize::MAX);
        }
        jobs
    }

    /// The names of the events that start it.
    pub(super) fn triggers(&self) -> BTreeSet<&'a str> {
        // Some writers of YAML read `on` as a truth value.
        let on = self.value.get("on").or_else(|| self.value.get("true"));
        match on {
            Some(Value::String(name)) => BTreeSet::from([name.as_str()]),
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(Value::Object(names)) => names.keys().map(String::as_str).collect(),
            _ => BTreeSet::new(),
        }
    }

    /// What is said of one event.
    pub(super) fn trigger(&self, name: &str) -> &'a Value {
        let on = self.value.get("on").or_else(|| self.value.get("true"));
        on.and_then(|on| on.get(name)).unwrap_or(&Value::Null)
    }

    fn line_where(&self, from: usize, fits: impl Fn(&str) -> bool) -> Option<usize> {
        let mut lines = self.text.lines().enumerate().skip(from.saturating_sub(1));
        lines.find(|(_, line)| fits(line)).map(|(at, _)| at + 1)
    }

    /// Where in the file, for evidence.
    pub(super) fn at(&self, job: &Job<'_>, needle: &str, what: &str) -> String {
        // What is not in the job's own lines is said for the whole workflow.
        let (start, end) = job.lines;
        let holds = |line: &str| !needle.is_empty() && line.contains(needle);
        let own = self.line_where(start, holds).filter(|line| *line < end);
        let line = own.or_else(|| self.line_where(1, holds)).unwrap_or(start);
        self.place_of(line, what)
    }

    fn place_of(&self, line: usize, what: &str) -> String {
        let space = if self.place.is_empty() { "" } else { " " };
        format!("{}{space}line {line}: {what}", self.place)
    }

    fn secret_lines(&self) -> SecretLines<'a> {
        let mut found = SecretLines::new();
        for (at, line) in self.text.lines().enumerate() {
            for rest in line.split("secrets.").skip(1) {
                let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
                found.entry(rest.get(..end).unwrap_or_default()).or_default().push(at + 1);
            }
        }
        found
    }

    /// States every job. `called` gives the ids of the jobs in a workflow file of the same repository.
    pub(crate) fn state(&self, facts: &mut Statements<'_>, called: &dyn Fn(&str) -> Vec<String>) {
        let jobs = self.jobs();
        if jobs.len() > MAX_JOBS {
            let reason = format!("{} of {} jobs are read", MAX_JOBS, jobs.len());
            facts.report.add(reason, "split the workflow");
        }
        let lines = self.secret_lines();
        let mut shared = BTreeSet::new();
        let environment = self.value.get("env").map(Value::to_string).unwrap_or_default();
        let all = named(&environment, &mut shared);
        for job in jobs.into_iter().take(MAX_JOBS) {
            let place = self.at(&job, "", &format!("job {}", job.id));
            facts.node(&job.key, &place).label(&format!("{} {} {}", self.full, self.file, job.id));
            self.secrets(&job, (&shared, all), &lines, facts);
            self.token(&job, facts);
            self.environment(&job, facts);
            self.machine(&job, facts);
            self.calls(&job, facts, called);
            outsiders::state(self, &job, facts);
        }
    }

    /// The secrets that the job is given: only those that it names, or all where it asks for all.
    fn secrets(
        &self,
        job: &Job<'_>,
        (shared, all): (&BTreeSet<&str>, bool),
        lines: &SecretLines<'_>,
        facts: &mut Statements<'_>,
    ) {
        let written = job.value.to_string();
        let mut names: BTreeSet<&str> = shared.clone();
        let inherited = text(job.value, "secrets") == Some("inherit") && !is_local(job.value);
        let all = named(&written, &mut names) || inherited || all;
        if names.len() > MAX_SECRETS {
            let reason =
                format!("{MAX_SECRETS} of the {} secrets that job {} names are read", names.len(), shown(job.id));
            facts.report.add(reason, "is this a workflow file?");
        }
        if all {
            let place = self.at(job, "secrets", "all secrets of the repository");
            facts.edge(EdgeKind::RunsAs, &job.key, &keys::secrets(self.full), &place);
        }
        let environment = environment_name(job.value);
        for name in names.iter().filter(|name| **name != "GITHUB_TOKEN").take(MAX_SECRETS) {
            let (start, end) = job.lines;
            let known = lines.get(name).map(Vec::as_slice).unwrap_or_default();
            let own = known.iter().find(|line| (start..end).contains(line)).or(known.first());
            let place = self.place_of(own.copied().unwrap_or(start), &format!("secrets.{name}"));
            let kept = environment.map_or("", |_| "the repository keeps it");
            facts.edge(EdgeKind::ReadableIn, &job.key, &keys::secret(self.full, name), &place).may(kept);
            if let Some(environment) = environment {
                let secret = keys::secret(&format!("{}/{environment}", self.full), name);
                facts.edge(EdgeKind::ReadableIn, &job.key, &secret, &place).may("the environment keeps it");
            }
        }
    }

    /// What `GITHUB_TOKEN` may do, where the file says it: the job's permissions before the workflow's.
    fn token(&self, job: &Job<'_>, facts: &mut Statements<'_>) {
        let Some(permissions) = job.value.get("permissions").or_else(|| self.value.get("permissions")) else { return };
        let whole = |level: &str| {
            let names = ["contents", "packages", "actions", "deployments", "id-token", "pull-requests", "issues"];
            Value::Object(names.iter().map(|name| ((*name).to_owned(), level.into())).collect())
        };
        let permissions = match permissions.as_str() {
            Some("write-all") => whole("write"),
            Some("read-all") => whole("read"),
            _ => permissions.clone(),
        };
        if let Some(role) = rights::of_permissions(&permissions) {
            let place = self.at(job, "permissions", &format!("GITHUB_TOKEN {}", role.name));
            let hub = keys::role(self.full, &format!("GITHUB_TOKEN:{}", role.name));
            facts.edge(EdgeKind::RunsAs, &job.key, &hub, &place);
            let resource = keys::repository(self.full);
            facts.edge(EdgeKind::MayAct, &hub, &resource, &place).acts(&role.rights.actions());
        }
        if text(&permissions, "id-token") == Some("write") {
            self.subjects(job, facts);
        }
    }

    /// As whom the job's token names it to clouds: its environment first, else what started it.
    fn subjects(&self, job: &Job<'_>, facts: &mut Statements<'_>) {
        let place = self.at(job, "id-token", "id-token: write");
        if environment_name(job.value).is_some() {
            return;
        }
        let triggers = self.triggers();
        let branches: Vec<&str> = list(self.trigger("push"), "branches").iter().filter_map(Value::as_str).collect();
        let mut subjects: Vec<(NodeKey, &str)> = Vec::new();
        for branch in branches.iter().filter(|name| !name.contains(['*', '?', '!', '['])) {
            subjects.push((keys::branch(self.full, branch), ""));
        }
        if triggers.contains("pull_request") {
            subjects.push((keys::subject(self.full, "pull_request"), ""));
        }
        let other = triggers.iter().any(|name| !matches!(*name, "push" | "pull_request"));
        if other || (triggers.contains("push") && branches.is_empty()) {
            let may = if self.default_branch.is_some() { "" } else { "the default branch is `main`" };
            subjects.push((keys::branch(self.full, self.default_branch.unwrap_or("main")), may));
        }
        for (subject, may) in subjects {
            facts.edge(EdgeKind::RunsAs, &job.key, &subject, &place).may(may);
        }
    }

    fn environment(&self, job: &Job<'_>, facts: &mut Statements<'_>) {
        if let Some(name) = environment_name(job.value) {
            let place = self.at(job, "environment", &format!("environment {name}"));
            facts.edge(EdgeKind::RunsAs, &job.key, &keys::environment(self.full, name), &place);
        }
    }

    fn machine(&self, job: &Job<'_>, facts: &mut Statements<'_>) {
        if let Some(certain) = self_hosted(job.value) {
            let place = self.at(job, "runs-on", "runs-on a machine of one's own");
            let may = if certain { "" } else { "the label is of a machine of one's own" };
            facts.edge(EdgeKind::RunsAs, &job.key, &keys::self_hosted(self.full), &place).may(may);
        }
    }

    /// The jobs of a reusable workflow of the same repository.
    fn calls(&self, job: &Job<'_>, facts: &mut Statements<'_>, called: &dyn Fn(&str) -> Vec<String>) {
        let Some(path) = text(job.value, "uses").filter(|_| is_local(job.value)) else { return };
        let file = path.rsplit('/').next().unwrap_or(path);
        let place = self.at(job, "uses", &format!("calls {file}"));
        for id in called(file) {
            facts.edge(EdgeKind::RunsAs, &job.key, &keys::job(self.full, file, &id), &place);
        }
    }
}

fn is_local(job: &Value) -> bool {
    text(job, "uses").is_some_and(|uses| uses.starts_with("./"))
}

/// The name of the job's deployment environment, where it is written out.
fn environment_name(job: &Value) -> Option<&str> {
    let environment = job.get("environment")?;
    environment.as_str().or_else(|| text(environment, "name")).filter(|name| !name.contains("${{"))
}

/// Whether the job runs on a machine of the organisation's own: `Some(false)` where a label may be one's.
pub(super) fn self_hosted(job: &Value) -> Option<bool> {
    let runs_on = job.get("runs-on")?;
    let labels = if runs_on.is_object() { runs_on.get("labels") } else { Some(runs_on) };
    let labels = crate::json::texts(labels);
    let hosted = |label: &&str| ["ubuntu-", "windows-", "macos-"].iter().any(|start| label.starts_with(start));
    if labels.contains(&"self-hosted") || text(runs_on, "group").is_some() {
        return Some(true);
    }
    let own = labels.iter().any(|label| !hosted(label) && !label.contains("${{"));
    own.then_some(false)
}

/// The names after `secrets.` in expressions; whether all secrets are asked for at once.
fn named<'s>(source: &'s str, names: &mut BTreeSet<&'s str>) -> bool {
    let mut all = false;
    for expression in source.split("${{").skip(1) {
        let expression = expression.split("}}").next().unwrap_or_default();
        let mut rest = expression;
        while let Some(at) = rest.find("secrets") {
            let before = rest.get(..at).and_then(|before| before.chars().last());
            rest = rest.get(at + "secrets".len()..).unwrap_or_default();
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '-')) {
                continue;
            }
            // The values were written as JSON: quotes in them are escaped.
            let quoted = rest.strip_prefix("['").or_else(|| rest.strip_prefix("[\\\""));
            match rest.strip_prefix('.').or(quoted) {
                Some(name) => {
                    let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(name.len());
                    let name = name.get(..end).unwrap_or_default();
                    if name.is_empty() {
                        all = true;
                    } else {
                        names.insert(name);
                    }
                }
                // `toJSON(secrets)`, `secrets[matrix.name]`.
                None => all |= rest.trim_start().is_empty() || rest.trim_start().starts_with([')', '[', ',']),
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_given_the_secrets_that_it_names_and_all_only_where_it_asks_for_all() {
        let read = |source: &'static str| {
            let mut names = BTreeSet::new();
            let all = named(source, &mut names);
            (names.into_iter().collect::<Vec<_>>(), all)
        };
        assert_eq!(read("a ${{ secrets.NPM_TOKEN }} b ${{secrets['X_Y']}}"), (vec!["NPM_TOKEN", "X_Y"], false));
        assert_eq!(read("${{ toJSON(secrets) }}"), (vec![], true));
        assert_eq!(read("${{ secrets[matrix.name] }}"), (vec![], true));
        assert_eq!(read("${{ inputs.secrets }} secrets.NOT_AN_EXPRESSION ${{ my_secrets.X }}"), (vec![], false));
    }
}
