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
use crate::json::parse;
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::statements::Statements;
use firebreak_model::{EdgeFact, EdgeKind, EnvironmentEvidence, Fact};
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
                    runs::tell(runs::ran(&document, &project, &mut report), &project, input, &mut found);
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
        Some(document) => join(&document, (name, &config.shared), &asked, input, found),
        None => report.add(
            format!("no jobs of `{name}` are known to have run, so what this asks for is joined to none"),
            "put the list of jobs at `jobs.json` beside it",
        ),
    }
}

/// What is asked for, as evidence of each job that ran.
fn join(
    document: &Value,
    (project, shared): (&str, &Asked),
    asked: &BTreeMap<&str, Asked>,
    input: &ScanInput<'_>,
    found: &mut Found,
) {
    let mut silent = Report::new(NAME, input.path);
    for ran in runs::ran(document, project, &mut silent) {
        let own = asked.get(ran.name.as_str()).map(|own| (ran.name.as_str(), own));
        let own = own.or_else(|| asked.get(runs::plain(&ran.name)).map(|own| (runs::plain(&ran.name), own)));
        let all = || {
            // A job that no file names may have asked for anything that some file asks for.
            let mut all = shared.clone();
            asked.values().for_each(|own| all.extend(own));
            all.gap(format!("the job `{}` stands in no file that is read", crate::report::shown(&ran.name)));
            all
        };
        if let Some((name, _)) = own {
            let (from, to) = (ran.environment.clone(), keys::job(project, name));
            let evidence = format!("{} job {}", input.path.display(), crate::report::shown(name));
            found.facts.push(Fact::Edge(EdgeFact::new(EdgeKind::RunsAs, from, to, ran.when, input.known, &evidence)));
        }
        let asked = own.map_or_else(all, |(_, own)| own.clone());
        let gaps = asked.gaps.into_iter().collect();
        let (environment, observations) = (ran.environment, asked.seen);
        found.evidence.push(EnvironmentEvidence { environment, runs: Vec::new(), observations, gaps });
    }
}
