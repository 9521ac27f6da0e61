//! GitHub workflow files: which actions, packages and images a repository's jobs ask for, and how loosely; what each job
//! may read and become, and which an outsider can start.
//!
//! A file says what jobs would fetch, not what a run fetched: a tag may point anywhere, and an action may call further
//! ones that no workflow names. So a reference by tag or branch is `Unpinned`, a reference by commit is a `Commit`, and
//! nothing here makes evidence complete. The statements are joined to the runs of the same workflow.

mod outsiders;
pub(crate) mod rights;

use crate::asked::Asked;
use crate::json::{list, text};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner, Setting, parts};
use crate::scanners::github_organization::keys;
use crate::scanners::github_runs::{Job, jobs, repository};
use crate::statements::Statements;
use firebreak_model::{EdgeFact, EdgeKind, EnvironmentEvidence, Fact};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The largest workflow file that is read, in bytes; GitHub's own limit is 512 KiB.
const MAX_BYTES: usize = 1 << 20;

/// Reads workflow files.
pub struct GithubWorkflow;

/// The scanner.
pub static SCANNER: GithubWorkflow = GithubWorkflow;

impl Scanner for GithubWorkflow {
    fn name(&self) -> &'static str {
        "github_workflow"
    }

    fn recognises(&self, path: &Path, _head: &[u8]) -> bool {
        let yaml = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
        let parts = parts(path);
        let direct = parts.len() >= 4 && parts[parts.len() - 4] == "workflows";
        yaml && direct
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), complete: true, ..Found::default() };
        if let (Some(repository), Some(workflow)) = (repository(input.path), yaml(input.bytes, &mut report)) {
            let stated = references(&workflow, input, &mut report);
            (found.facts, found.settings) = jobs_of(&workflow, &repository, &stated, input, &mut report);
            found.evidence = join(&stated, &repository, input, &mut report, &mut found.facts);
        }
        found.problems = report.finish();
        found
    }
}

/// What the file's jobs may read and become.
fn jobs_of(
    value: &Value,
    repository: &str,
    stated: &Stated,
    input: &ScanInput<'_>,
    report: &mut Report,
) -> (Vec<Fact>, Vec<Setting>) {
    let file = input.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let text = String::from_utf8_lossy(input.bytes);
    let beside = input.path.parent().unwrap_or(Path::new(""));
    let called = |file: &str| -> Vec<String> {
        let bytes = input.sibling(&beside.join(file)).unwrap_or_default();
        let value = yaml(&bytes, &mut Report::new("github_workflow", input.path)).unwrap_or_default();
        value.get("jobs").and_then(Value::as_object).into_iter().flatten().map(|(id, _)| id.clone()).collect()
    };
    let mut statements = Statements::new(input.known, report);
    let workflow = rights::Workflow { full: repository, file, text: &text, value, place: "", default_branch: None };
    workflow.state(&mut statements, &called);
    for (id, (_, asked)) in stated {
        let key = keys::job(repository, file, id);
        asked.open().for_each(|(reference, _)| {
            statements.setting(&key, "not_pinned", &reference, &format!("job {}", shown(id)))
        });
    }
    statements.finish()
}

/// Reads YAML, of which a workflow's keys are texts.
pub(crate) fn yaml(bytes: &[u8], report: &mut Report) -> Option<Value> {
    if bytes.len() > MAX_BYTES {
        report.add(format!("{} bytes are more than a workflow may have", bytes.len()), "is this a workflow file?");
        return None;
    }
    match yaml_serde::from_slice(bytes) {
        Ok(value) => Some(value),
        Err(error) => {
            let line = error.location().map_or(1, |location| location.line());
            let reason = format!("not valid YAML: {error}");
            report.at_line(line, reason.lines().next().unwrap_or_default(), "check the file");
            None
        }
    }
}

/// What each job asks for, by the job's id, with the name under which runs show it.
type Stated = BTreeMap<String, (String, Asked)>;

fn references(workflow: &Value, input: &ScanInput<'_>, report: &mut Report) -> Stated {
    let mut stated = Stated::new();
    for (id, job) in workflow.get("jobs").and_then(Value::as_object).into_iter().flatten() {
        let mut asked = Asked::default();
        let evidence = format!("{} job {}", input.path.display(), shown(id));
        let mut reading = Reading { input, evidence: &evidence, asked: &mut asked, resolved: BTreeSet::new(), report };
        reading.job(job);
        stated.insert(id.clone(), (text(job, "name").unwrap_or(id).to_owned(), asked));
    }
    if stated.is_empty() {
        report.add("it has no jobs", "is this a workflow file?");
    }
    stated
}

/// How many files one job may lead to.
const MAX_FOLLOWED: usize = 100;

struct Reading<'a> {
    input: &'a ScanInput<'a>,
    evidence: &'a str,
    asked: &'a mut Asked,
    /// Files that were read for this job.
    resolved: BTreeSet<PathBuf>,
    report: &'a mut Report,
}

impl Reading<'_> {
    fn job(&mut self, job: &Value) {
        let here = self.input.path.parent().unwrap_or(Path::new("")).to_owned();
        // A reusable workflow is called like an action.
        if let Some(uses) = text(job, "uses") {
            self.uses(uses, &here);
        }
        let container = job.get("container");
        let services = job.get("services").and_then(Value::as_object).into_iter().flatten().map(|(_, service)| service);
        for container in container.into_iter().chain(services) {
            let image = container.as_str().or_else(|| text(container, "image"));
            image.into_iter().for_each(|image| self.image(image));
        }
        self.steps(list(job, "steps"), &here);
    }

    /// The steps of a job or of an action; `root` is where the repository of their file lies.
    fn steps(&mut self, steps: &[Value], root: &Path) {
        for step in steps {
            if let Some(uses) = text(step, "uses") {
                self.uses(uses, root);
            }
            if let Some(script) = text(step, "run") {
                self.asked.script(script, self.evidence);
            }
        }
    }

    fn image(&mut self, image: &str) {
        self.asked.image(image.strip_prefix("docker://").unwrap_or(image), self.evidence);
    }

    fn uses(&mut self, uses: &str, root: &Path) {
        if uses.starts_with("docker://") {
            return self.image(uses);
        }
        if let Some(local) = uses.strip_prefix("./") {
            return self.local(local, root);
        }
        let Some((action, reference)) = uses.split_once('@') else {
            let reason = format!("`{}` names no version of the action", shown(uses));
            return self.report.add(reason, "write owner/repository@commit");
        };
        if uses.contains("${{") {
            return self.asked.gap(format!("which action `{}` is, is known only when it runs", shown(uses)));
        }
        // `owner/repository/path`: the repository is what is fetched.
        let mut parts = action.splitn(3, '/');
        let repository = parts.by_ref().take(2).collect::<Vec<_>>().join("/");
        self.asked.repository("GitHub Actions", &repository, (uses, reference), self.evidence);
        // What it calls in turn is known where its files are given at this very reference.
        let given = Path::new("actions").join(&repository).join(reference);
        self.action(&given.join(parts.next().unwrap_or_default()), root);
    }

    /// What lies in the repository itself: an action's folder, or a reusable workflow's file, which stands beside this one.
    fn local(&mut self, local: &str, root: &Path) {
        let gone = |reading: &mut Self| {
            reading.asked.gap(format!("`./{}` is not in the tree or cannot be read", shown(local)))
        };
        if let Some(file) = local.strip_prefix(".github/workflows/") {
            let path = root.join(file);
            if self.is_known(&path) {
                return;
            }
            let bytes = self.input.sibling(&path);
            let Some(workflow) = bytes.and_then(|bytes| yaml(&bytes, self.report)) else { return gone(self) };
            for (_, job) in workflow.get("jobs").and_then(Value::as_object).into_iter().flatten() {
                self.job(job);
            }
            return;
        }
        if !self.action(&root.join(local), root) {
            gone(self);
        }
    }

    /// Whether a file was read for this job before, or may not be read because it is one too many.
    fn is_known(&mut self, path: &Path) -> bool {
        if self.resolved.len() >= MAX_FOLLOWED {
            self.asked.gap(format!("the job leads to more than {MAX_FOLLOWED} actions and workflows"));
            return true;
        }
        !self.resolved.insert(path.to_owned())
    }

    /// An action whose file lies in `folder`; whether there is one.
    fn action(&mut self, folder: &Path, root: &Path) -> bool {
        // Once is enough, and the only way out of actions that call each other.
        if self.is_known(folder) {
            return true;
        }
        let bytes = ["action.yml", "action.yaml"].iter().find_map(|name| self.input.sibling(&folder.join(name)));
        let Some(action) = bytes.and_then(|bytes| yaml(&bytes, self.report)) else { return false };
        let runs = action.get("runs").cloned().unwrap_or(Value::Null);
        match text(&runs, "image") {
            Some(image) if image.starts_with("docker://") => self.image(image),
            Some(file) => self.dockerfile(&folder.join(file)),
            None => {}
        }
        self.steps(list(&runs, "steps"), root);
        true
    }

    /// The images that a file builds on, and what it installs.
    fn dockerfile(&mut self, path: &Path) {
        let Some(bytes) = self.input.sibling(path) else {
            return self.asked.gap(format!("`{}` is not in the tree", shown(&path.display().to_string())));
        };
        let text = String::from_utf8_lossy(&bytes).replace("\\\n", " ");
        let mut stages = BTreeSet::new();
        for line in text.lines().map(str::trim) {
            let mut words = line.split_whitespace();
            match words.next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "FROM" => {
                    let mut words = words.filter(|word| !word.starts_with("--"));
                    let image = words.next().unwrap_or_default();
                    if !stages.contains(image) && image != "scratch" {
                        self.image(image);
                    }
                    stages.extend(words.nth(1).map(str::to_owned));
                }
                "RUN" => self.asked.script(line.get(3..).unwrap_or_default(), self.evidence),
                _ => {}
            }
        }
    }
}

/// The statements as evidence of each run of this workflow that the tree knows.
fn join(
    stated: &Stated,
    repository: &str,
    input: &ScanInput<'_>,
    report: &mut Report,
    facts: &mut Vec<Fact>,
) -> Vec<EnvironmentEvidence> {
    let runs = input.sibling(&Path::new("github").join(repository).join("runs.json"));
    let Some(document) = runs.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
        report.add(
            format!("no runs of `{}` are known, so what this workflow asks for is joined to none", shown(repository)),
            format!("put the list of runs at github/{}/runs.json", shown(repository)),
        );
        return Vec::new();
    };
    let file = input.path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let mut silent = Report::new("github_workflow", input.path);
    let mut found = Vec::new();
    for run in list(&document, "workflow_runs") {
        // `.github/workflows/ci.yml@refs/heads/main`
        let path = text(run, "path").unwrap_or_default().split('@').next().unwrap_or_default();
        if path.rsplit('/').next() != Some(file) {
            continue;
        }
        for job in jobs(run, repository, &mut silent) {
            let (id, asked) = of_job(stated, &job);
            if let Some(id) = id {
                let evidence = format!("{} job {}", input.path.display(), shown(id));
                let (from, to) = (job.environment.clone(), keys::job(repository, file, id));
                let edge = EdgeFact::new(EdgeKind::RunsAs, from, to, job.when, input.known, &evidence);
                facts.push(Fact::Edge(edge));
            }
            found.push(EnvironmentEvidence {
                environment: job.environment,
                runs: Vec::new(),
                observations: asked.seen,
                gaps: asked.gaps.into_iter().collect(),
            });
        }
    }
    found
}

/// What the job asks for. Matrix jobs carry their values behind their name (`test (3.12)`); a job that no longer has a
/// place in the file may have asked for anything that the file asks for.
fn of_job<'s>(stated: &'s Stated, job: &Job) -> (Option<&'s str>, Asked) {
    let plain = job.name.split(" (").next().unwrap_or(&job.name);
    // A called workflow shows as `caller / callee`.
    let plain = plain.split(" / ").next().unwrap_or(plain);
    let own = stated.iter().find(|(id, (name, _))| *id == plain || name == plain || *name == job.name);
    match own {
        Some((id, (_, asked))) => (Some(id), asked.clone()),
        None => {
            let mut all = Asked::default();
            stated.values().for_each(|(_, asked)| all.extend(asked));
            (None, all)
        }
    }
}
