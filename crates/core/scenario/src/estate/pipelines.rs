//! Every pipeline run of the month: which repository, which workflow, when, and what it did. The logs are written from it,
//! and the verdicts follow from it.

use crate::clock::{At, DAY, days};
use crate::random::Random;

/// The organisation.
pub(crate) const OWNER: &str = "meridian";

/// What a job does. Each variant is one shape of log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pipeline {
    /// `pip install -U crewai`, then the evaluations; litellm arrives as a dependency.
    EvalNightly,
    /// A container image is built; pip runs inside the build.
    BuildWorker,
    /// `pip install -r requirements.txt`, every version recorded.
    Python,
    /// `uv sync --locked` against a lockfile with litellm 1.82.6.
    Locked,
    /// `uv pip install --quiet` that skips releases younger than three days.
    CoolDown,
    /// `pip install --quiet --upgrade 'litellm[proxy]'`: no version is recorded.
    Quiet,
    /// `pip install` of litellm from the company's own package mirror.
    Mirror,
    /// `pip install -U 'litellm[proxy]'`, versions recorded.
    Batch,
    /// `npm ci` and a build.
    Node,
    /// Build, push, update the service.
    Deploy,
    /// `terraform plan`.
    Terraform,
    /// `aquasecurity/trivy-action@0.24.0`.
    TrivyTag,
    /// `aquasecurity/trivy-action` pinned to a commit of 2024, which calls `setup-trivy` by tag.
    TrivyOldPin,
    /// `aquasecurity/trivy-action` pinned to a commit of June 2025, which pins `setup-trivy`.
    TrivyNewPin,
    /// `aquasecurity/trivy-action@0.35.0`.
    TrivySafe,
    /// `aquasecurity/setup-trivy@v0.2.6`.
    SetupTrivy,
    /// `apt-get install trivy`.
    AptTrivy,
    /// `aquasecurity/trivy-action@0.28.0`; only ever seen without its log.
    TrivyLost,
}

/// Whether the log of a run can still be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Log {
    Kept,
    /// It was never collected and is gone.
    Gone,
    /// The intruder deleted the run.
    Deleted,
}

/// A verdict as the model's word for it.
pub(crate) type Verdict = &'static str;

/// One run of one job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) repository: &'static str,
    /// The workflow file's name without `.yml`.
    pub(crate) workflow: &'static str,
    pub(crate) name: &'static str,
    pub(crate) pipeline: Pipeline,
    pub(crate) started: At,
    pub(crate) run: u64,
    pub(crate) number: u64,
    pub(crate) log: Log,
    pub(crate) verdict: Verdict,
    pub(crate) why: &'static str,
}

impl Job {
    /// `environment:ci/meridian/evals/23…/eval-nightly`.
    pub(crate) fn environment(&self) -> String {
        format!("environment:ci/{OWNER}/{}/{}/{}", self.repository, self.run, self.name)
    }

    /// `meridian/evals`.
    pub(crate) fn full_name(&self) -> String {
        format!("{OWNER}/{}", self.repository)
    }
}

/// The instant at which `pip install -U crewai` begins in the job from which the keys were stolen.
pub(crate) const T: At = At::civil(2026, 3, 24, 10, 58, 41);
/// The instant at which the poisoned `trivy-action` is downloaded.
pub(crate) const TRIVY: At = At::civil(2026, 3, 19, 20, 14, 15);
/// Seconds from the start of a job to its first step, and to the download of its actions.
pub(crate) const SECONDS_TO_FIRST_STEP: i64 = 21;
pub(crate) const SECONDS_TO_DOWNLOADS: i64 = 6;

struct Line(&'static str, &'static str, &'static str, Pipeline);

const EVAL: Line = Line("evals", "eval-nightly", "eval-nightly", Pipeline::EvalNightly);
const WORKER: Line = Line("evals", "build-worker", "build-worker", Pipeline::BuildWorker);
const SCAN: Line = Line("container-images", "image-scan", "image-scan", Pipeline::TrivyTag);
const MIRROR: Line = Line("annotator", "tests", "tests", Pipeline::Mirror);
const BATCH: Line = Line("resume-parser", "batch", "batch", Pipeline::Batch);

const fn march(day: i64, hour: i64, minute: i64, second: i64) -> At {
    At::civil(2026, 3, day, hour, minute, second)
}

fn job(line: &Line, started: At) -> Job {
    Job {
        repository: line.0,
        workflow: line.1,
        name: line.2,
        pipeline: line.3,
        started,
        run: 0,
        number: 0,
        log: Log::Kept,
        verdict: "clear",
        why: "its log is whole and names no poisoned version, commit or file",
    }
}

/// The runs that the story is about.
fn told() -> Vec<Job> {
    let told = |line: Line, started, verdict, why| Job { verdict, why, ..job(&line, started) };
    vec![
        told(
            EVAL,
            T.plus(-SECONDS_TO_FIRST_STEP - 12),
            "exposed",
            "pip installed litellm 1.82.8 as a dependency of crewai",
        ),
        told(SCAN, TRIVY.plus(-SECONDS_TO_DOWNLOADS), "exposed", "trivy-action@0.24.0 was fetched at a moved commit"),
        told(WORKER, march(24, 11, 4, 20), "exposed", "the image build installed litellm 1.82.8"),
        told(MIRROR, march(26, 9, 30, 0), "exposed", "the company's package mirror still served litellm 1.82.8"),
        told(
            Line("edge-proxy", "scan", "scan", Pipeline::TrivyOldPin),
            march(19, 19, 10, 0),
            "exposed",
            "the pinned commit of trivy-action calls setup-trivy by tag, which had been moved",
        ),
        told(
            Line("toolbox", "tools", "tools", Pipeline::SetupTrivy),
            march(19, 20, 0, 0),
            "exposed",
            "setup-trivy@v0.2.6 was fetched at a moved commit, though advisories call 0.2.6 fixed",
        ),
        told(
            Line("base-images", "build", "build", Pipeline::AptTrivy),
            march(19, 19, 29, 30),
            "exposed",
            "apt-get installed the Debian package trivy 0.69.4",
        ),
        told(
            Line("candidate-search", "nightly", "nightly", Pipeline::Quiet),
            march(24, 12, 5, 0),
            "suspect",
            "in the litellm window, asked for litellm without a version, and the whole log does not say what came",
        ),
        told(
            Line("scoring", "tests", "scoring-tests", Pipeline::Locked),
            march(24, 11, 20, 0),
            "clear",
            "its lockfile pins litellm 1.82.6",
        ),
        told(
            Line("matching", "evaluate", "matching-evaluate", Pipeline::CoolDown),
            march(24, 11, 40, 0),
            "clear",
            "its installs skip releases younger than three days",
        ),
        told(
            Line("ledger-service", "scan", "scan", Pipeline::TrivySafe),
            march(20, 1, 0, 0),
            "clear",
            "trivy-action@0.35.0 was an immutable release",
        ),
        told(
            Line("document-intake", "scan", "scan", Pipeline::TrivyNewPin),
            march(19, 20, 30, 0),
            "clear",
            "the pinned commit of trivy-action pins setup-trivy too",
        ),
    ]
}

/// The runs of the story whose logs cannot be read any more.
fn lost() -> Vec<Job> {
    let gone = |line: Line, started, log, why| Job { log, verdict: "unknown", why, ..job(&line, started) };
    let deleted = "in the litellm window, asked for litellm without a version, and the run was deleted with its log";
    vec![
        gone(BATCH, march(24, 11, 15, 0), Log::Deleted, deleted),
        gone(BATCH, march(24, 12, 45, 0), Log::Deleted, deleted),
        gone(BATCH, march(24, 14, 20, 0), Log::Deleted, deleted),
        gone(
            Line("identity-check", "image-check", "image-check", Pipeline::TrivyLost),
            march(19, 23, 10, 0),
            Log::Gone,
            "in the trivy-action window, called it by a tag, and the log was never kept",
        ),
    ]
}

/// Runs that happen day after day: which line, how many on a working day, from which hour, whether at weekends too.
const ROUTINE: [(Line, u32, i64, bool); 12] = [
    (EVAL, 1, 10, true),
    (SCAN, 1, 20, true),
    (MIRROR, 1, 9, true),
    (BATCH, 1, 6, true),
    (Line("talent-api", "ci", "test", Pipeline::Python), 4, 8, false),
    (Line("talent-web", "ci", "build", Pipeline::Node), 3, 8, false),
    (Line("scoring", "tests", "scoring-tests", Pipeline::Locked), 1, 14, false),
    (Line("matching", "tests", "matching-tests", Pipeline::Python), 1, 15, false),
    (Line("labelling", "ci", "test", Pipeline::Python), 1, 16, false),
    (Line("infrastructure", "plan", "plan", Pipeline::Terraform), 1, 13, false),
    (Line("talent-api", "deploy", "deploy", Pipeline::Deploy), 1, 17, false),
    (WORKER, 1, 12, false),
];

fn routine(seed: u64) -> Vec<Job> {
    let mut jobs = Vec::new();
    for (day, number) in days().zip(0u64..) {
        for (line, count, from, weekends) in &ROUTINE {
            let weekly = line.3 == Pipeline::BuildWorker;
            if (day.weekday() >= 5 && !weekends) || (weekly && day.weekday() != 0) {
                continue;
            }
            let mut random = Random::of(seed, line.1, number * 64 + line.0.len() as u64);
            for turn in 0..i64::from(*count) {
                let started = day.plus((from + 2 * turn) * 3_600 + random.between(0, 3_000));
                jobs.push(job(line, started));
            }
        }
    }
    // The days on which the story tells the run itself have no second one.
    let told = [(Pipeline::EvalNightly, T), (Pipeline::TrivyTag, TRIVY), (Pipeline::Mirror, march(26, 9, 30, 0))];
    jobs.retain(|job| {
        !told
            .iter()
            .any(|(pipeline, at)| job.pipeline == *pipeline && job.started.seconds() / DAY == at.seconds() / DAY)
    });
    jobs
}

/// Every run, by the time at which it started, with its id and number.
pub(crate) fn jobs(seed: u64) -> Vec<Job> {
    let mut jobs = told();
    jobs.extend(lost());
    jobs.extend(routine(seed));
    jobs.sort_by_key(|job| (job.started, job.repository));
    let mut numbers = std::collections::BTreeMap::new();
    let mut run = 23_100_000_000;
    for job in &mut jobs {
        run += 1_000 + Random::of(seed, "run", run).below(900_000);
        job.run = run;
        let number = numbers.entry((job.repository, job.workflow)).or_insert(400u64);
        *number += 1;
        job.number = *number;
    }
    jobs
}

/// The newest clean release of litellm on the day of `at`, as a package index serves it.
pub(crate) fn litellm_on(at: At) -> &'static str {
    const RELEASES: [(i64, &str); 6] =
        [(22, "1.82.6"), (20, "1.82.5"), (18, "1.82.4"), (15, "1.82.3"), (11, "1.82.2"), (8, "1.82.1")];
    RELEASES.iter().find(|(day, _)| at >= march(*day, 0, 0, 0)).map_or("1.82.0", |(_, version)| version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_of_the_story_has_its_run() {
        let jobs = jobs(1);
        let count = |verdict| jobs.iter().filter(|job| job.verdict == verdict).count();
        assert_eq!((count("exposed"), count("suspect"), count("unknown")), (7, 1, 4));
        assert!(count("clear") > 300, "{}", count("clear"));
        let runs: std::collections::BTreeSet<_> = jobs.iter().map(Job::environment).collect();
        assert_eq!(runs.len(), jobs.len());
    }
}
