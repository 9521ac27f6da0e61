//! GitHub workflow files: which actions, packages and images a repository's jobs ask for, and how loosely; what each job
//! may read and become, and which an outsider can start.
//!
//! A file says what jobs would fetch, not what a run fetched: a tag may point anywhere, and an action may call further
//! ones that no workflow names. So a reference by tag or branch is `Unpinned`, a reference by commit is a `Commit`, and
//! nothing here makes evidence complete. The statements are joined to the runs of the same workflow.

mod outsiders;
pub(crate) mod references;
pub(crate) mod rights;

use crate::asked::Asked;
use crate::json::{list, text};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner, Setting, parts};
use crate::scanners::github_organization::keys;
use crate::scanners::github_runs::{Job, jobs, repository};
use crate::statements::Statements;
use firebreak_model::{EdgeFact, EdgeKind, EnvironmentEvidence, Fact};
use references::{Stated, Tree, stated};
use serde_json::Value;
use std::path::Path;

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
            let stated = stated(&workflow, &Tree::given(input.path), input, &mut report);
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
