//! GitHub Actions runs: when which job ran, and which logs are gone.
//!
//! It says nothing of what ran: that is in the logs, which arrive as events. A log that should be there is no gap here;
//! a log that GitHub no longer has is one.

use crate::cut::of_request;
use crate::json::{list, parse, text, time};
use crate::key::ci_hub;
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner, parts};
use firebreak_model::{
    EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeFact, NodeKey, Reversibility, Text, Time,
};
use serde_json::Value;
use std::path::Path;

/// Reads lists of runs.
pub struct GithubRuns;

/// The scanner.
pub static SCANNER: GithubRuns = GithubRuns;

impl Scanner for GithubRuns {
    fn name(&self) -> &'static str {
        "github_runs"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        let json = path.extension().is_some_and(|extension| extension == "json");
        json && String::from_utf8_lossy(head).contains("\"workflow_runs\"")
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        match (repository(input.path), parse(input.bytes, &mut report)) {
            (Some(repository), Some(document)) => {
                found.scope = format!("github/{repository}/runs");
                for run in list(&document, "workflow_runs") {
                    for job in jobs(run, &repository, &mut report) {
                        job.tell(run, &repository, input, &mut found);
                    }
                }
                // A page of a longer list does not say what it leaves out; `total_count` does.
                let total = document.get("total_count").and_then(Value::as_u64);
                let have = list(&document, "workflow_runs").len() as u64;
                found.complete = total.is_none_or(|total| total <= have);
                if !found.complete {
                    report.add(format!("{have} of {} runs are in the file", total.unwrap_or(have)), "fetch every page");
                }
            }
            (None, _) => {
                report.add("its path does not name a repository", "put it at github/<owner>/<repository>/runs.json")
            }
            (_, None) => {}
        }
        found.problems = report.finish();
        found
    }
}

/// `owner/repository`: the two folders above the file.
pub(super) fn repository(path: &Path) -> Option<String> {
    let parts = parts(path);
    let [.., owner, repository, _] = parts.as_slice() else { return None };
    Some(format!("{owner}/{repository}"))
}

/// One job of one run.
#[derive(Clone, Debug)]
pub(super) struct Job {
    /// Its environment.
    pub(super) environment: NodeKey,
    /// Its name in the run.
    pub(super) name: String,
    /// When it ran.
    pub(super) when: Interval,
}

/// The jobs of `run`. A run without a list of jobs has one job, whose name is not known: `*`.
pub(super) fn jobs(run: &Value, repository: &str, report: &mut Report) -> Vec<Job> {
    let Some(id) = run.get("id").and_then(Value::as_u64) else {
        report.add("a run has no id", "export the runs again");
        return Vec::new();
    };
    let begun = time(run, "run_started_at", report).or_else(|| time(run, "created_at", report));
    let over = text(run, "status").is_none_or(|status| status == "completed");
    let ended = time(run, "updated_at", report).filter(|_| over);
    let job = |name: &str, from: Option<Time>, to: Option<Time>| Job {
        environment: NodeKey::environment("ci", &format!("{repository}/{id}/{name}")),
        name: name.to_owned(),
        when: Interval::new(from.or(begun).unwrap_or(Time::MIN), to.or(ended).unwrap_or(Time::MAX)),
    };
    let listed = list(run, "jobs");
    if listed.is_empty() {
        return vec![job("*", None, None)];
    }
    // A job that was skipped ran nothing.
    let ran = |item: &&Value| text(item, "conclusion") != Some("skipped");
    let mut found = Vec::new();
    for item in listed.iter().filter(ran) {
        let (from, to) = (time(item, "started_at", report), time(item, "completed_at", report));
        match text(item, "name") {
            Some(name) => found.push(job(name, from, to)),
            None => report.add(format!("a job of run {id} has no name"), "export the runs again"),
        }
    }
    found
}

impl Job {
    fn tell(self, run: &Value, repository: &str, input: &ScanInput<'_>, found: &mut Found) {
        let id = run.get("id").and_then(Value::as_u64).unwrap_or_default();
        let evidence = format!("{} run {id}", input.path.display());
        let mut node = NodeFact::new(self.environment.clone(), self.when, input.known, &evidence);
        node.label = Text::new(format!("{repository} {} ({id})", self.name));
        // While it runs it may do what its own token may, whatever becomes of the keys that it could read.
        let again = Reversibility::RecreateOnly;
        node.cuts.push(of_request(&self.environment, "cancel_github_run", (15, 60), again));
        found.facts.push(Fact::Node(node));
        // What any job of the repository may become hangs on the hub of its jobs; what this one reads, its workflow says.
        let hub = ci_hub(repository);
        let (from, known) = (self.environment.clone(), input.known);
        found.facts.push(Fact::Edge(EdgeFact::new(EdgeKind::RunsAs, from, hub, self.when, known, &evidence)));
        let mut gaps = Vec::new();
        if run.get("logs_available").and_then(Value::as_bool) == Some(false) {
            gaps.push(format!("the log of run {id} is gone"));
        }
        if self.name == "*" {
            gaps.push(format!("the jobs of run {id} are not listed"));
        }
        let (environment, runs) = (self.environment, vec![self.when]);
        found.evidence.push(EnvironmentEvidence { environment, runs, observations: Vec::new(), gaps });
    }
}
