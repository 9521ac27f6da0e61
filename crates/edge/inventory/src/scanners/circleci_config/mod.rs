//! CircleCI: what the jobs of a project ask for and how loosely, what each may read, where it runs and who can start it; and
//! which jobs ran.
//!
//! A configuration says what jobs would fetch, not what one fetched. What an orb does is not read and told as a gap: nothing here
//! makes evidence complete.

mod config;
mod keys;
mod state;

use crate::asked::Asked;
use crate::jobs::{self, Configured, Ran};
use crate::json::{list, parse, text, time};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::scanners::github_workflow::yaml;
use crate::statements::Statements;
use config::Config;
use firebreak_model::{Interval, NodeKey, Time};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const NAME: &str = "circleci_config";

/// Reads CircleCI configurations and lists of jobs.
pub struct CircleciConfig;

/// The scanner.
pub static SCANNER: CircleciConfig = CircleciConfig;

/// A project, with what its settings say where they lie beside the configuration.
struct Project<'a> {
    /// Version control, organisation and name.
    name: &'a str,
    /// `settings.json`, as the API gives it.
    settings: Option<Value>,
    /// The names of its environment variables, from `envvar.json`.
    variables: Option<Vec<String>>,
}

impl Scanner for CircleciConfig {
    fn name(&self) -> &'static str {
        NAME
    }

    fn recognises(&self, path: &Path, _head: &[u8]) -> bool {
        place(path).is_some()
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(NAME, input.path);
        let mut found = Found { scope: input.path.display().to_string(), complete: true, ..Found::default() };
        if let Some((folder, project)) = place(input.path) {
            match input.parts().last() {
                Some(&"config.yml") => configuration(input, (&folder, &project), &mut report, &mut found),
                Some(&"jobs.json") => {
                    let document = parse(input.bytes, &mut report).unwrap_or_default();
                    found.scope = format!("circleci/{project}/jobs");
                    // The list is a page of a longer one, and says nothing of what it leaves out.
                    found.complete = false;
                    let ran = ran(&document, &project, &mut report);
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

/// The folder of the project's files, and its name: `…/circleci/<vcs>/<organisation>/<project>/<file>`, where the configuration
/// lies in `.circleci/`.
fn place(path: &Path) -> Option<(PathBuf, String)> {
    let parts = parts(path);
    let at = parts.iter().position(|part| *part == "circleci")?;
    let (vcs, organization, project, file) = match parts.get(at + 1..)? {
        [vcs, organization, project, ".circleci", "config.yml"] => (vcs, organization, project, "config.yml"),
        [vcs, organization, project, file] => (vcs, organization, project, *file),
        _ => return None,
    };
    let known = ["config.yml", "jobs.json", "settings.json", "envvar.json"].contains(&file);
    let folder: PathBuf = parts.get(..at + 4)?.iter().collect();
    known.then(|| (folder, format!("{vcs}/{organization}/{project}")))
}

/// What all jobs of a configuration ask for, read at `evidence`.
pub(crate) fn asks(configuration: &Value, evidence: &str) -> Asked {
    let config = Config::new(configuration, evidence);
    let mut all = config.shared.clone();
    config.called().iter().for_each(|job| all.extend(&config.asks(job, evidence)));
    all
}

fn configuration(input: &ScanInput<'_>, (folder, name): (&Path, &str), report: &mut Report, found: &mut Found) {
    let beside = |file: &str| {
        let bytes = input.sibling(&folder.join(file))?;
        serde_json::from_slice::<Value>(&bytes).ok()
    };
    let names = |value: Value| -> Vec<String> {
        list(&value, "items").iter().filter_map(|item| text(item, "name")).map(str::to_owned).collect()
    };
    let project = Project { name, settings: beside("settings.json"), variables: beside("envvar.json").map(names) };
    let Some(value) = yaml(input.bytes, report) else { return };
    let config = Config::new(&value, &format!("{} orbs", input.path.display()));
    let called = config.called();
    if called.is_empty() {
        report.add("it has no jobs", "is this a CircleCI configuration?");
    }
    let mut asked: BTreeMap<&str, Asked> = BTreeMap::new();
    for job in &called {
        let evidence = format!("{} job {}", input.path.display(), shown(job.name));
        asked.entry(job.name).or_default().extend(&config.asks(job, &evidence));
    }
    let mut statements = Statements::new(input.known, report);
    state::variables(&project, &mut statements);
    for job in &called {
        state::state(&config, &project, job, &asked, &mut statements);
    }
    (found.facts, found.settings) = statements.finish();
    match beside("jobs.json") {
        Some(document) => {
            let ran = ran(&document, name, &mut Report::new(NAME, input.path));
            let configured = Configured { shared: &config.shared, asked: &asked, key: &|job| keys::job(name, job) };
            jobs::join(ran, &configured, |ran| in_file(&asked, ran), input, found);
        }
        None => report.add(
            format!("no jobs of `{name}` are known to have run, so what this asks for is joined to none"),
            "put the list of jobs at `jobs.json` in the project's folder",
        ),
    }
}

/// The jobs of `GET /api/v1.1/project/:vcs/:org/:project`, or of an object with such a list in `jobs`.
fn ran(document: &Value, project: &str, report: &mut Report) -> Vec<Ran> {
    let items = document.as_array().map_or_else(|| list(document, "jobs"), Vec::as_slice);
    let mut found = Vec::new();
    for item in items {
        let name = item.get("workflows").and_then(|workflows| text(workflows, "job_name"));
        let name = name.or_else(|| text(item, "job_name")).unwrap_or("build");
        let Some(number) = item.get("build_num").and_then(Value::as_u64) else {
            report.add("a job has no `build_num`", "export the jobs again");
            continue;
        };
        // What never started ran nothing.
        let Some(from) = time(item, "start_time", report) else { continue };
        let to = time(item, "stop_time", report).unwrap_or(Time::MAX);
        let environment = NodeKey::environment("ci", &format!("circleci.com/{project}/{number}/{name}"));
        found.push(Ran {
            environment,
            name: name.to_owned(),
            when: Interval::new(from, to),
            gaps: Vec::new(),
            id: number,
        });
    }
    found
}

/// The name in the file of a job that ran: a matrix job carries its values behind it, `test-3.12`.
fn in_file(asked: &BTreeMap<&str, Asked>, ran: &str) -> Option<String> {
    let near = || asked.keys().filter(|name| ran.strip_prefix(**name).is_some_and(|rest| rest.starts_with('-')));
    let own = asked.get_key_value(ran).map(|(name, _)| name);
    own.or_else(|| near().max_by_key(|name| name.len())).map(|name| (*name).to_owned())
}
