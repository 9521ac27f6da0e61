//! Logs of every CI as they really look, judged with a shipped profile: what proves something, and what only looks like it.

use firebreak_exposure::{EvidenceBook, Profile, observe};
use firebreak_model::{Event, EventUid, Judgement, Keys, LogSource, NodeKey, Text, Time, Verdict};
use std::path::Path;

fn time(text: &str) -> Time {
    Time::parse(text).expect("a time")
}

fn judged(book: &EvidenceBook) -> Judgement {
    judged_under("litellm-2026-03", book)
}

fn judged_under(profile: &str, book: &EvidenceBook) -> Judgement {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../profiles").join(profile).join("profile.toml");
    let text = std::fs::read_to_string(&path).expect("a shipped profile");
    let profile = Profile::parse("profile.toml", &text).expect("a shipped profile without problems");
    book.judge_all(&[profile]).remove(0)
}

#[track_caller]
fn expect(judgement: &Judgement, verdict: Verdict) {
    assert_eq!(judgement.verdict, verdict, "{judgement:#?}");
}

/// A whole log of GitHub Actions with these lines in it.
fn github(lines: &[(&str, &str)]) -> Judgement {
    let start = ("2026-03-24T10:58:12Z", "Current runner version: '2.332.0'");
    let end = ("2026-03-24T10:59:40Z", "Cleaning up orphan processes");
    let mut book = EvidenceBook::new();
    for (number, (at, line)) in [start].iter().chain(lines).chain([&end]).enumerate() {
        let line = sonic_rs::to_string(line).expect("text");
        let body = format!(r#"{{"line":{line},"number":{}}}"#, number + 1);
        let event =
            event("ci_log", "meridian/app/8812/job", &format!("meridian/app/8812/job#{}", number + 1), at, &body);
        observe(&event).iter().for_each(|seen| book.add(seen));
    }
    judged(&book)
}

fn event(source: &'static str, environment: &str, record: &str, at: &str, body: &str) -> Event {
    Event {
        uid: EventUid::of(source, record.as_bytes()),
        source,
        native_id: Text::new(record),
        time: time(at),
        log_source: LogSource { product: "ci", service: "log" },
        keys: Keys { environment: Some(NodeKey::environment("ci", environment)), ..Keys::default() },
        body: sonic_rs::from_str(body).expect("JSON"),
        raw: body.as_bytes().into(),
    }
}

#[test]
fn an_empty_line_is_no_hole_in_a_log() {
    expect(&github(&[("2026-03-24T10:58:13Z", "")]), Verdict::Clear);
}

/// One record of GitLab or CircleCI, as its source gives it.
fn piece(source: &'static str, environment: &str, record: &str, at: &str, line: &str, mark: &str) -> EvidenceBook {
    let line = sonic_rs::to_string(line).expect("text");
    let body = format!(r#"{{"line":{line},"number":1,"mark":"{mark}"}}"#);
    let event = event(source, environment, record, at, &body);
    let mut book = EvidenceBook::new();
    observe(&event).iter().for_each(|seen| book.add(seen));
    book
}

/// A trace of GitLab without times: the markers of sections carry them.
fn trace(script: &str, end: &str) -> Judgement {
    let text = format!(
        "\u{1b}[0KRunning with gitlab-runner 17.9.1 (bbf75488)\u{1b}[0;m\nsection_start:1774349915:prepare\r\u{1b}[0KPreparing\nsection_end:1774349920:prepare\r\u{1b}[0Ksection_start:1774349921:step_script\r\u{1b}[0K\n{script}\nsection_end:1774349930:step_script\r\u{1b}[0K{end}"
    );
    let record = "gitlab.com/meridian/evals/9/job#1";
    let book = piece("gitlab_ci_log", "gitlab.com/meridian/evals/9/job", record, "2026-03-24T10:58:35Z", &text, "");
    judged(&book)
}

const SUCCEEDED: &str = "\u{1b}[32;1mJob succeeded\u{1b}[0;m";

#[test]
fn a_trace_of_gitlab_is_judged_like_any_log() {
    let install = "\u{1b}[32;1m$ pip install -U crewai\u{1b}[0;m\nSuccessfully installed crewai-1.0 litellm-1.82.8";
    let bad = trace(install, SUCCEEDED);
    expect(&bad, Verdict::Exposed);
    assert!(bad.decided_by[0].contains("job#5"), "the line is named: {bad:#?}");
    let good = "$ pip install -U crewai\nSuccessfully installed crewai-1.0 litellm-1.82.6";
    expect(&trace(good, SUCCEEDED), Verdict::Clear);
    expect(&trace("$ pip install -q -U crewai", SUCCEEDED), Verdict::Suspect);
    // What a script prints of the runner's words is no end.
    expect(&trace(good, "Job succeeded"), Verdict::Unknown);
}

#[test]
fn a_job_of_circleci_without_its_end_is_never_clear() {
    let judged = |line: &str| {
        let id = "circleci.com/gh/meridian/evals/812/build";
        let book = piece("circleci_log", id, &format!("{id}#0.3"), "2026-03-24T10:58:44Z", line, "");
        judged(&book)
    };
    expect(&judged("Collecting litellm\n  Downloading litellm-1.82.8-py3-none-any.whl (9.1 MB)\n"), Verdict::Exposed);
    expect(&judged("Successfully installed litellm-1.82.6\n"), Verdict::Unknown);
}

/// A whole log of a step whose script is `script`, and what it prints.
fn step(script: &[&str], printed: &[&str]) -> Judgement {
    let header = format!("##[group]Run {}", script[0]);
    let coloured: Vec<String> = script.iter().map(|line| format!("\u{1b}[36;1m{line}\u{1b}[0m")).collect();
    let echoed = std::iter::once(header.as_str()).chain(coloured.iter().map(String::as_str));
    let lines: Vec<(&str, &str)> = echoed
        .map(|line| ("2026-03-24T10:58:41Z", line))
        .chain(printed.iter().map(|line| ("2026-03-24T10:58:50Z", *line)))
        .collect();
    github(&lines)
}

#[test]
fn a_rehearsal_installs_nothing_and_a_download_alone_is_suspect() {
    let wheel = "Downloading litellm-1.82.8-py3-none-any.whl (13.4 MB)";
    let listed = [" + crewai==1.11.0", " + litellm==1.82.8"];
    for (script, printed, right) in [
        ("uv pip install --dry-run crewai", &listed[..], Verdict::Clear),
        ("uv sync --dry-run", &listed, Verdict::Clear),
        ("poetry install --dry-run", &["  - Installing litellm (1.82.8)"], Verdict::Clear),
        ("pip install --dry-run crewai", &[wheel, "Would install litellm-1.82.8"], Verdict::Clear),
        ("python -m pip install --dry-run crewai", &[wheel], Verdict::Clear),
        ("pip download crewai", &[wheel, "Saved ./litellm-1.82.8-py3-none-any.whl"], Verdict::Suspect),
        ("pip3 wheel -w out crewai", &[wheel], Verdict::Suspect),
        ("pip download crewai", &["Downloading litellm-1.82.6-py3-none-any.whl (13.4 MB)"], Verdict::Clear),
        // Source is built to learn what it needs, and so it runs.
        ("pip install --dry-run crewai", &["Downloading litellm-1.82.8.tar.gz (9 MB)"], Verdict::Exposed),
        ("pip download crewai", &["Downloading litellm-1.82.8.tar.gz (9 MB)"], Verdict::Exposed),
        ("uv pip install --dry-run crewai", &["   Building litellm==1.82.8"], Verdict::Exposed),
        // One more line than the rehearsal prints came from something that is not echoed.
        ("uv pip install --dry-run crewai", &[listed[1], "Installed 1 package in 8ms", listed[1]], Verdict::Exposed),
        ("pip install --dry-run crewai", &[wheel, "Successfully installed litellm-1.82.8"], Verdict::Exposed),
        ("pip install --dry-run -q crewai", &[wheel], Verdict::Exposed),
        ("uv pip install crewai", &listed, Verdict::Exposed),
        ("uv pip install --dry-run crewai && uv pip install crewai", &listed, Verdict::Exposed),
    ] {
        let judged = step(&[script], printed);
        assert_eq!(judged.verdict, right, "{script}: {judged:#?}");
    }
    // A script is echoed before it prints: whose line it is cannot be told.
    for script in [["uv pip install crewai", "uv pip install --dry-run crewai"], ["uv sync --dry-run", "uv sync"]] {
        expect(&step(&script, &listed), Verdict::Exposed);
    }
}

#[test]
fn a_command_that_asks_for_a_bad_version_alone_is_suspect_at_any_time() {
    expect(&step(&["pip install -q litellm==1.82.8"], &[]), Verdict::Suspect);
    let late = [("2026-03-27T10:58:41Z", "##[group]Run pip install -q litellm==1.82.8")];
    expect(&github(&late), Verdict::Suspect);
}

#[test]
fn a_digest_in_a_line_of_its_own_is_that_of_the_image_in_the_next() {
    let clean = "bcc376de8d77cfe086a917230e818dc9f8528e3c852f7b1aff648949b6258d1c";
    let other = "0".repeat(64);
    let pulled = |digest: &str| {
        let digest = format!("Digest: sha256:{digest}");
        let lines = [
            "Current runner version: '2.332.0'",
            "##[command]/usr/bin/docker pull aquasec/trivy:latest",
            "latest: Pulling from aquasec/trivy",
            digest.as_str(),
            "Status: Downloaded newer image for aquasec/trivy:latest",
            "Cleaning up orphan processes",
        ];
        let mut book = EvidenceBook::new();
        for (number, line) in (1..).zip(lines) {
            let body = format!(r#"{{"line":{},"number":{number}}}"#, sonic_rs::to_string(line).expect("text"));
            let at = format!("2026-03-22T18:00:0{number}Z");
            let event =
                event("ci_log", "meridian/app/8812/job", &format!("meridian/app/8812/job#{number}"), &at, &body);
            observe(&event).iter().for_each(|seen| book.add(seen));
        }
        judged_under("trivy-2026-03", &book)
    };
    expect(&pulled(clean), Verdict::Clear);
    expect(&pulled(&other), Verdict::Unknown);
    expect(&pulled("none"), Verdict::Suspect);
}

#[test]
fn what_a_command_prints_itself_proves_nothing() {
    let header = "##[group]Run echo \"Successfully installed litellm-1.82.8\"";
    let script = "\u{1b}[36;1mecho \"Successfully installed litellm-1.82.8\"\u{1b}[0m";
    let printed = "Successfully installed litellm-1.82.8";
    let echo = [("2026-03-24T10:58:41Z", header), ("2026-03-24T10:58:41Z", script), ("2026-03-24T10:58:42Z", printed)];
    expect(&github(&echo), Verdict::Clear);
    // Another line of the same kind was printed by something else.
    let twice = [echo[0], echo[1], echo[2], ("2026-03-24T10:58:50Z", printed)];
    expect(&github(&twice), Verdict::Exposed);
    // And so was one that came before.
    let before = [("2026-03-24T10:58:20Z", printed), echo[0], echo[1]];
    expect(&github(&before), Verdict::Exposed);
    let other = [echo[0], echo[1], ("2026-03-24T10:58:50Z", "Successfully installed crewai-1.0 litellm-1.82.8")];
    expect(&github(&[echo[0], echo[1], echo[2], other[2]]), Verdict::Exposed);
}
