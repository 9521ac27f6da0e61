//! GitLab CI: what the jobs of a project ask for and how loosely, what each may read, where it runs and who can start it; and
//! which jobs ran.
//!
//! A configuration says what jobs would fetch, not what one fetched. What it includes from elsewhere is named and told as a gap:
//! nothing here makes evidence complete.

mod config;
mod job;
mod keys;
mod runs;

use crate::asked::Asked;
use crate::jobs::{self, Configured};
use crate::json::parse;
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::statements::Statements;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NAME: &str = "gitlab_ci";

/// Reads GitLab CI configurations and lists of jobs.
pub struct GitlabCi;

/// The scanner.
pub static SCANNER: GitlabCi = GitlabCi;

/// A project, with what its settings say where they lie beside the configuration.
struct Project<'a> {
    /// Host and path.
    name: &'a str,
    /// `project.json`, as `GET /projects/:id` gives it.
    settings: Option<Value>,
    /// `variables.json`, as `GET /projects/:id/variables` gives it. Values are never looked at.
    variables: Option<Vec<Value>>,
}

impl Scanner for GitlabCi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn recognises(&self, path: &Path, _head: &[u8]) -> bool {
        let known = ["project.json", "variables.json", "jobs.json", ".gitlab-ci.yml"];
        place(path).is_some()
            && path.file_name().and_then(|name| name.to_str()).is_some_and(|name| known.contains(&name))
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(NAME, input.path);
        let mut found = Found { scope: input.path.display().to_string(), complete: true, ..Found::default() };
        if let Some((folder, project)) = place(input.path) {
            match input.parts().last() {
                Some(&".gitlab-ci.yml") => configuration(input, (&folder, &project), &mut report, &mut found),
                Some(&"jobs.json") => {
                    let document = parse(input.bytes, &mut report).unwrap_or_default();
                    found.scope = format!("gitlab/{project}/jobs");
                    // The list is a page of a longer one, and says nothing of what it leaves out.
                    found.complete = false;
                    let ran = runs::ran(&document, &project, &mut report);
                    jobs::tell(ran, &project, &keys::jobs(&project), input, &mut found);
                }
                // What the configuration is read with.
                _ => {
                    parse(input.bytes, &mut report);
                }
            }
        }
        found.problems = report.finish();
        found
    }
}

/// The folder of the project's files, and its host and path: `…/gitlab/<host>/<group…>/<project>/<file>`.
fn place(path: &Path) -> Option<(PathBuf, String)> {
    let parts = parts(path);
    let at = parts.iter().position(|part| *part == "gitlab")?;
    let own = parts.get(at + 1..parts.len().checked_sub(1)?)?;
    (own.len() >= 3).then(|| (path.parent().unwrap_or(Path::new("")).to_owned(), own.join("/")))
}

/// What all jobs of a configuration in a checkout ask for; `None` where it cannot be read.
pub(crate) fn asks(input: &ScanInput<'_>, report: &mut Report) -> Option<Asked> {
    let folder = input.path.parent().unwrap_or(Path::new(""));
    let mut config = config::read(input, folder, "", report)?;
    let evidence = input.path.display().to_string();
    let mut all = config.shared.clone();
    for job in config.names() {
        all.extend(&job::asks(&config, &config.job(&job), &evidence));
    }
    config.take_gaps().into_iter().for_each(|gap| all.gap(gap));
    Some(all)
}

fn configuration(input: &ScanInput<'_>, (folder, name): (&Path, &str), report: &mut Report, found: &mut Found) {
    let beside = |file: &str| {
        let bytes = input.sibling(&folder.join(file))?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let variables = beside("variables.json").and_then(|value| value.as_array().cloned());
    let project = Project { name, settings: beside("project.json"), variables };
    let host = name.split('/').next().unwrap_or_default();
    let Some(mut config) = config::read(input, folder, host, report) else { return };
    let names = config.names();
    if names.is_empty() {
        report.add("it has no jobs", "is this a GitLab CI configuration?");
    }
    let mut asked = BTreeMap::new();
    let mut statements = Statements::new(input.known, report);
    job::variables(&project, &mut statements);
    for job in &names {
        let value = config.job(job);
        let evidence = format!("{} job {}", input.path.display(), crate::report::shown(job));
        let mut own = job::asks(&config, &value, &evidence);
        config.take_gaps().into_iter().for_each(|gap| own.gap(gap));
        job::state(&config, &project, (job, &value), &own, &mut statements);
        asked.insert(job.as_str(), own);
    }
    (found.facts, found.settings) = statements.finish();
    match beside("jobs.json") {
        Some(document) => {
            let ran = runs::ran(&document, name, &mut Report::new(NAME, input.path));
            let configured = Configured { shared: &config.shared, asked: &asked, key: &|job| keys::job(name, job) };
            let in_file = |ran: &str| {
                [ran, runs::plain(ran)].into_iter().find(|name| asked.contains_key(name)).map(str::to_owned)
            };
            jobs::join(ran, &configured, in_file, input, found);
        }
        None => report.add(
            format!("no jobs of `{name}` are known to have run, so what this asks for is joined to none"),
            "put the list of jobs at `jobs.json` beside it",
        ),
    }
}
