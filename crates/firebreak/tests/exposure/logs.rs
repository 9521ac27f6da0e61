//! Logs of the packaged incident's jobs, each changed in one way.

use crate::{Row, judged};
use std::fs;
use std::path::Path;

const OWNER: &str = "sand-24/logs/ci_log/meridian";

/// One changed log: the job it is made of, what is done to it, and what is right of it then.
struct Case {
    name: &'static str,
    job: &'static str,
    change: fn(&str) -> String,
    right: &'static str,
}

/// Moves every time of a log by whole days within one month's width: the days that the logs have are rewritten.
fn dated(text: &str, from: &str, to: &str) -> String {
    text.replace(from, to)
}

fn without(text: &str, words: &[&str]) -> String {
    let kept = text.lines().filter(|line| !words.iter().any(|word| line.contains(word)));
    kept.map(|line| format!("{line}\n")).collect()
}

fn cut(text: &str) -> String {
    without(text, &["Post job cleanup", "git version", "/usr/bin/git", "Cleaning up orphan processes"])
}

/// What pip prints of versions.
const RECORDED: [&str; 4] = ["Downloading", "Successfully installed", "Installing collected", "Collecting"];

const CASES: &[Case] = &[
    Case { name: "as it was", job: "evals/eval-nightly", change: str::to_owned, right: "exposed" },
    Case {
        name: "a good version came",
        job: "evals/eval-nightly",
        change: |text| text.replace("1.82.8", "1.82.6"),
        right: "clear",
    },
    Case {
        name: "the other bad version came",
        job: "evals/eval-nightly",
        change: |text| text.replace("1.82.8", "1.82.7"),
        right: "exposed",
    },
    Case {
        name: "a bad version a month later, from a cache",
        job: "evals/eval-nightly",
        change: |text| dated(text, "2026-03-24T", "2026-04-24T"),
        right: "exposed",
    },
    Case {
        name: "what came is not recorded",
        job: "evals/eval-nightly",
        change: |text| without(text, &RECORDED),
        right: "suspect",
    },
    Case {
        name: "what came is not recorded, a month later",
        job: "evals/eval-nightly",
        change: |text| dated(&without(text, &RECORDED), "2026-03-24T", "2026-04-24T"),
        right: "unknown",
    },
    Case {
        name: "what came is not recorded, before there was a bad version",
        job: "evals/eval-nightly",
        change: |text| dated(&without(text, &RECORDED), "2026-03-24T", "2026-02-24T"),
        right: "clear",
    },
    Case {
        name: "a good version came, and the log is cut short",
        job: "evals/eval-nightly",
        change: |text| cut(&text.replace("1.82.8", "1.82.6")),
        right: "unknown",
    },
    Case {
        name: "a bad version came, and the log is cut short",
        job: "evals/eval-nightly",
        change: cut,
        right: "exposed",
    },
    Case { name: "as it was", job: "candidate-search/nightly", change: str::to_owned, right: "suspect" },
    Case {
        name: "one good version was asked for",
        job: "candidate-search/nightly",
        change: |text| text.replace("'litellm[proxy]'", "'litellm[proxy]==1.82.6'"),
        right: "clear",
    },
    Case {
        name: "one bad version was asked for",
        job: "candidate-search/nightly",
        change: |text| text.replace("'litellm[proxy]'", "'litellm[proxy]==1.82.8'"),
        right: "suspect",
    },
    Case {
        name: "the range ends before the bad versions",
        job: "candidate-search/nightly",
        change: |text| text.replace("'litellm[proxy]'", "'litellm[proxy]<1.82.7'"),
        right: "clear",
    },
    Case {
        name: "the range holds one of the bad versions",
        job: "candidate-search/nightly",
        change: |text| text.replace("'litellm[proxy]'", "'litellm[proxy]<1.82.8'"),
        right: "suspect",
    },
    Case { name: "the log is cut short", job: "candidate-search/nightly", change: cut, right: "unknown" },
    Case { name: "as it was", job: "container-images/image-scan", change: str::to_owned, right: "exposed" },
    Case {
        name: "the moved commit long after",
        job: "container-images/image-scan",
        change: |text| dated(text, "2026-03-19T", "2026-05-19T"),
        right: "exposed",
    },
    Case {
        name: "the release that was never moved",
        job: "container-images/image-scan",
        change: |text| {
            let safe = "57a97c7e7821a5776cebc9bb87c984fa69cba8f1";
            text.replace("e0198fd2b6e1679e36d32933941182d9afa82f6f", safe).replace("@0.24.0", "@0.35.0")
        },
        right: "clear",
    },
    Case {
        name: "a commit that nobody lists, within the window",
        job: "container-images/image-scan",
        change: |text| {
            text.replace("e0198fd2b6e1679e36d32933941182d9afa82f6f", "1111111111111111111111111111111111111111")
        },
        right: "unknown",
    },
    Case {
        name: "the commit is not recorded, within the window",
        job: "container-images/image-scan",
        change: |text| without(text, &["Download action repository 'aquasecurity/trivy-action"]),
        right: "suspect",
    },
];

/// The log of the job `repository/job` that the truth speaks of, which is its only one on that day of the incident.
fn log(root: &Path, job: &str) -> String {
    let (repository, job) = job.split_once('/').unwrap();
    let known = match repository {
        "evals" => "2026-03-24T10:58",
        "candidate-search" => "2026-03-24T12:05",
        _ => "2026-03-19T20:14",
    };
    let runs = fs::read_dir(root.join(OWNER).join(repository)).unwrap().map(|run| run.unwrap().path());
    let mut logs = runs.map(|run| run.join(format!("{job}.log"))).filter_map(|path| fs::read_to_string(path).ok());
    logs.find(|log| log.trim_start_matches('\u{feff}').starts_with(known)).expect("the job's log")
}

pub(crate) fn rows(root: &Path) -> Vec<Row> {
    let mut expected = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let run = 1000 + number;
        let folder = root.join(format!("changed/ci_log/meridian/logs/{run}"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("job.log"), (case.change)(&log(root, case.job))).unwrap();
        let environment = format!("environment:ci/meridian/logs/{run}/job");
        expected.push((format!("{}: {}", case.job, case.name), environment, case.right.to_owned()));
    }
    crate::rows("logs", expected, &judged(root, &["changed"]))
}
