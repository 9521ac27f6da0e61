//! The fleet as its user asks it: what `run` learnt from snapshots that changed between runs, who cannot be told, who answers for
//! each environment, and the signed report.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use program::firebreak;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const WHEEL: &str = "d2a0d5f564628773b6af7b9c11f6b86531a875bd2d186d7081ab62748a800ebb";
const COMMIT: &str = "e0198fd2b6e1679e36d32933941182d9afa82f6f";
const IMAGE: &str = "sha256:5f1d2c3b4a59687766554433221100ffeeddccbbaa99887766554433221100ab";
const SECRET: &str = "sk-ant-api03-this-value-must-never-be-printed";

/// A snapshot of a host that has run since the first of March.
fn snapshot(root: &Path, host: &str, taken: &str, complete: bool, versions: &[&str]) {
    let package = |version: &&str| match *version {
        "1.82.8" => json!({"ecosystem": "PyPI", "name": "LiteLLM", "version": "1.82.8", "sha256": WHEEL,
            "installed": "2026-03-24T10:58:41Z"}),
        version => json!({"ecosystem": "PyPI", "name": "litellm", "version": version}),
    };
    // Only where nothing has changed since does a listing speak of the time before it.
    let changed = if host == "good" { "2026-03-10T00:00:00Z" } else { taken };
    let snapshot = json!({
        "places": [{"ecosystem": "PyPI", "path": "/opt/tools/lib/python3.12/site-packages", "changed": changed}],
        "format": "firebreak.snapshot/1", "environment": format!("environment:host/{host}"), "taken": taken,
        "runs": [{"from": "2026-03-01T00:00:00Z", "to": null}], "complete": complete,
        "packages": versions.iter().map(package).collect::<Vec<_>>(),
        "images": [{"name": "ghcr.io/berriai/litellm", "tag": "main", "digest": IMAGE}],
        "credentials": [{"credential": "credential:aws/AKIAIOSFODNN7EXAMPLE", "where": "env AWS_ACCESS_KEY_ID"}],
        "owners": [format!("{host}-team@example.org")],
    });
    fs::write(root.join(format!("inventory/environments/{host}.json")), snapshot.to_string()).unwrap();
}

/// An installation with a CI job's log, three hosts, and who owns what.
fn installation(root: &Path) {
    for folder in ["inventory/environments", "inventory/github/acme/shop", "inventory/workflows/acme/shop/.github"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let log = root.join("logs/ci_log/acme/shop/7");
    fs::create_dir_all(&log).unwrap();
    let lines = [
        "2026-03-19T20:14:10.0000000Z Current runner version: '2.332.0'".to_owned(),
        format!(
            "2026-03-19T20:14:15.0000000Z Download action repository 'aquasecurity/trivy-action@0.24.0' (SHA:{COMMIT})"
        ),
        "2026-03-19T20:14:40.0000000Z Cleaning up orphan processes".to_owned(),
    ];
    fs::write(log.join("scan.log"), lines.join("\n") + "\n").unwrap();
    let owners = "* @acme/all\n/.github/workflows/ @acme/builds\n";
    fs::write(root.join("inventory/workflows/acme/shop/.github/CODEOWNERS"), owners).unwrap();
    let runs = json!({"workflow_runs": [{"id": 7, "name": "scan", "path": ".github/workflows/scan.yml", "head_branch": "main",
        "run_started_at": "2026-03-19T20:14:00Z", "updated_at": "2026-03-19T20:15:00Z", "status": "completed",
        "conclusion": "success", "logs_available": true,
        "jobs": [{"id": 1, "name": "scan", "started_at": "2026-03-19T20:14:05Z", "completed_at": "2026-03-19T20:14:50Z"}]}]});
    fs::write(root.join("inventory/github/acme/shop/runs.json"), runs.to_string()).unwrap();
    let statement = json!({"format": "firebreak.estate/1", "taken": "2026-03-20T00:00:00Z", "complete": false,
        "stores": [{"resource": "resource:aws/arn:aws:s3:::vault", "label": "vault", "crown_jewel": true,
            "holdings": [{"class": "interview_video", "residency": "eu", "records": 10}]}],
        "credentials": [{"credential": "credential:aws/AKIAIOSFODNN7EXAMPLE",
            "authenticates": "identity:aws/arn:aws:iam::111122223333:user/ci"}],
        "grants": [{"from": "identity:aws/arn:aws:iam::111122223333:user/ci", "to": "resource:aws/arn:aws:s3:::vault",
            "kind": "may_act", "actions": ["s3:GetObject"]}],
        "owners": [{"environment": "environment:host/*", "owners": ["hosts@example.org"]}]});
    fs::write(root.join("inventory/estate.json"), statement.to_string()).unwrap();
    fs::write(root.join("inventory/.env"), format!("ANTHROPIC_API_KEY={SECRET}\n")).unwrap();
    let config = "data = \"data\"\n[[source]]\nname = \"ci_log\"\npaths = [\"logs/ci_log\"]\n[inventory]\nkeep_days = 0\npaths = [\"inventory\"]\n";
    fs::write(root.join("firebreak.toml"), config).unwrap();
}

fn run(root: &Path) {
    let ran = firebreak(root, &["--config", "firebreak.toml", "run", "--once"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
}

/// The objects that a question gives, and how it ended.
fn ask(root: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let said = firebreak(root, &[&["--config", "firebreak.toml", "fleet", "who"], arguments, &["--json"]].concat());
    assert!(!said.out.contains(SECRET) && !said.error.contains(SECRET));
    let objects: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!objects.is_empty(), "{arguments:?}: {}", said.error);
    (said.code, objects)
}

fn environments<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a str> {
    let mut found: Vec<&str> = objects
        .iter()
        .filter(|object| object["kind"] == kind)
        .map(|object| object["environment"].as_str().unwrap())
        .collect();
    found.dedup();
    found
}

#[test]
fn run_feeds_the_fleet_and_every_way_to_ask_finds_who_had_it() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    installation(root);
    snapshot(root, "bad", "2026-03-25T00:00:00Z", true, &["1.82.8"]);
    snapshot(root, "good", "2026-03-25T00:00:00Z", true, &["1.82.6"]);
    snapshot(root, "partial", "2026-03-25T00:00:00Z", false, &["1.82.6"]);
    run(root);
    assert!(root.join("data/fleet").is_dir(), "the fleet is kept");
    // The host was cleaned, and the next complete snapshot says so.
    snapshot(root, "bad", "2026-03-27T00:00:00Z", true, &["1.82.9"]);
    run(root);

    let day = ["--between", "2026-03-24T00:00:00Z", "2026-03-25T00:00:00Z"];
    let (code, answer) = ask(root, &[&["litellm@1.82.8"], &day[..]].concat());
    assert_eq!((code, environments(&answer, "had")), (3, vec!["environment:host/bad"]), "{answer:?}");
    let had = &answer[0];
    assert_eq!(had["owners"], json!(["bad-team@example.org"]), "{had}");
    assert!(had["from"].as_str().unwrap().starts_with("2026-03-24T10:58:41"), "{had}");
    assert!(had["to"].as_str().unwrap().starts_with("2026-03-27T00:00:00"), "a later listing lacks it: {had}");
    let untold = environments(&answer, "untold");
    assert!(untold.contains(&"environment:host/partial"), "a partial listing clears nobody: {answer:?}");
    assert!(!untold.contains(&"environment:host/good"), "{answer:?}");
    let summary = answer.last().unwrap();
    assert_eq!((summary["kind"].as_str(), summary["clear"].as_u64()), (Some("fleet_who"), Some(1)), "{summary}");

    let later = ["--between", "2026-03-28T00:00:00Z", "2026-03-29T00:00:00Z"];
    let (_, answer) = ask(root, &[&["litellm@1.82.8"], &later[..]].concat());
    assert!(environments(&answer, "had").is_empty(), "{answer:?}");
    let untold = environments(&answer, "untold");
    assert!(untold.contains(&"environment:host/bad"), "nobody has looked since: {answer:?}");

    for (what, environment) in [
        (format!("sha256:{WHEEL}"), "environment:host/bad"),
        (COMMIT.to_owned(), "environment:ci/acme/shop/7/scan"),
        ("commit:e0198fd".to_owned(), "environment:ci/acme/shop/7/scan"),
        ("litellm@>=1.82.7,<1.82.9".to_owned(), "environment:host/bad"),
        ("package:pypi/LiteLLM@1.82.8".to_owned(), "environment:host/bad"),
    ] {
        let (code, answer) = ask(root, &[&what]);
        assert_eq!((code, environments(&answer, "had")), (3, vec![environment]), "{what}: {answer:?}");
    }
    let (_, answer) = ask(root, &[&format!("image:ghcr.io/berriai/litellm@{IMAGE}")]);
    assert_eq!(environments(&answer, "had").len(), 3, "{answer:?}");
    let (_, answer) = ask(root, &[COMMIT]);
    assert_eq!(answer[0]["owners"], json!(["@acme/builds"]), "the owners of the workflow: {answer:?}");
    let (code, answer) = ask(root, &["domain:models.litellm.cloud"]);
    let told = (environments(&answer, "untold").len() as u64, answer.last().unwrap()["clear"].as_u64());
    assert_eq!((code, told), (3, (4, Some(0))), "no listing clears anybody of a domain: {answer:?}");
    package_on_the_map(root);
}

/// What no profile names is not on the map, and is found by whoever asks for it.
fn package_on_the_map(root: &Path) {
    for package in ["package:pypi/litellm@1.82.6", "package:pypi/LiteLLM@1.82.6", "package:pypi/litellm@1.82.8"] {
        let said = firebreak(root, &["reach", "--data", "data", "--from", package, "--json"]);
        assert_eq!(said.code, 0, "{package}: {}", said.error);
        let reach: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        let jewels = reach["losses"]["crown_jewels"].as_array().unwrap();
        assert_eq!(jewels[0]["resource"], "resource:aws/arn:aws:s3:::vault", "{package}: {reach}");
    }
    let none = firebreak(root, &["reach", "--data", "data", "--from", "package:pypi/litellm@9.9.9"]);
    assert!(none.code == 1 && none.error.contains("unknown, not nothing"), "{}", none.error);
}

#[test]
fn a_report_says_who_is_what_and_verifies_only_as_it_was_signed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    installation(root);
    snapshot(root, "bad", "2026-03-25T00:00:00Z", true, &["1.82.8"]);
    snapshot(root, "good", "2026-03-25T00:00:00Z", true, &["1.82.6"]);
    snapshot(root, "partial", "2026-03-25T00:00:00Z", false, &[]);
    run(root);
    let report = ["--config", "firebreak.toml", "fleet", "report", "--profile", "litellm-2026-03"];
    let said = firebreak(root, &[&report[..], &["--sign", "--output", "report.json"]].concat());
    assert_eq!(said.code, 3, "{}", said.error);
    let document = fs::read_to_string(root.join("report.json")).unwrap();
    assert!(!document.contains(SECRET));
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["format"], "firebreak.fleet-report/1");
    let verdict = |host: &str| {
        let key = format!("environment:host/{host}");
        let entries = document["environments"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["environment"] == key).unwrap();
        assert!(!entry["decided_by"].as_array().unwrap().is_empty(), "{entry}");
        assert_eq!(entry["owners"], json!([format!("{host}-team@example.org")]), "{entry}");
        entry["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(["bad", "good", "partial"].map(verdict), ["exposed", "clear", "unknown"]);
    let verify = |key: &str| firebreak(root, &["verify", "report.json", "--key", key]);
    let said = verify("report.pub");
    assert!(said.code == 0 && said.out.contains("signed this firebreak.fleet-report/1"), "{}{}", said.out, said.error);
    let kept = verify("data/ledger.pub");
    assert_eq!(kept.code, 0, "the key is the ledger's: {}", kept.error);
    let changed = fs::read_to_string(root.join("report.json")).unwrap().replace("\"exposed\"", "\"clear\"");
    fs::write(root.join("report.json"), changed).unwrap();
    assert_eq!(verify("report.pub").code, 4, "a changed report does not verify");
    fs::remove_file(root.join("report.json.note")).unwrap();
    assert_ne!(verify("report.pub").code, 0, "nor one without its note");
}

#[test]
fn wrong_questions_say_what_to_do_and_nothing_known_is_not_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir(root.join("empty")).unwrap();
    for (arguments, part) in [
        (&["fleet", "who", "litellm"][..], "nothing is kept in"),
        (&["fleet", "who", "litellm", "--inventory", "empty"], "unknown, not nobody"),
        (&["fleet", "who", "sha256:12", "--inventory", "empty"], "is no SHA-256"),
        (&["fleet", "report", "--profile", "none", "--inventory", "empty"], "no incident profile `none`"),
        (&["fleet", "report", "--profile", "litellm-2026-03", "--inventory", "empty"], "would say nothing"),
    ] {
        let said = firebreak(root, arguments);
        assert!(said.code == 1 && said.error.contains(part) && said.error.contains("\nhint: "), "{}", said.error);
    }
    installation(root);
    snapshot(root, "good", "2026-03-25T00:00:00Z", true, &["1.82.6"]);
    let backwards = ["--inventory", "inventory", "--between", "2026-03-25T00:00:00Z", "2026-03-24T00:00:00Z"];
    let said = firebreak(root, &[&["fleet", "who", "litellm"], &backwards[..]].concat());
    assert!(said.code == 1 && said.error.contains("is not before"), "{}", said.error);
}
