//! Verdicts against what is true: the packaged incident, lockfiles and manifests of others, and changed copies of both, of which
//! the rule says what is right.

#![allow(clippy::print_stdout, reason = "scores are printed, and a skipped test says so")]

#[path = "exposure/files.rs"]
mod files;
#[path = "exposure/logs.rs"]
mod logs;
mod program;

use program::firebreak;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Score of exposure

Written by `BLESS=1 cargo xtask score exposure`; a test fails when a row is judged otherwise. *Scenario*: every environment of the packaged
incident, in three companies drawn from seeds, against its truth, under all profiles. *Logs*: logs of its jobs, changed (another version,
another day, a line less, a range more or less wide). *Files*: lockfiles and manifests of well-known projects as they were around the incident,
and changed copies (another version, another digest, a range, a cool-down, an override or a limit beside it, another name, cut short), under `litellm-2026-03`. What is right of a
changed copy follows from the rule: a bad version or digest is exposed at any time; a range that admits one is suspect, a record that is missing
within the window too; what is not whole is unknown; only whole evidence without a match is clear. *Unsafe*: called clear, and is not.

The files are other people's and are not part of this project, so without them the score is skipped.

";

/// One verdict beside the right one.
struct Row {
    set: &'static str,
    name: String,
    expected: String,
    found: String,
    why: String,
}

impl Row {
    fn json(&self) -> Value {
        json!({"set": self.set, "name": self.name, "expected": self.expected, "found": self.found, "why": self.why})
    }

    fn is_right(&self) -> bool {
        self.expected == self.found
    }

    fn is_unsafe(&self) -> bool {
        self.found == "clear" && !self.is_right()
    }
}

/// What the program says of each environment: verdict and why.
fn judged(directory: &Path, arguments: &[&str]) -> BTreeMap<String, (String, String)> {
    let said = firebreak(directory, &[&["exposed", "--json"][..], arguments].concat());
    assert!(matches!(said.code, 0 | 3), "{arguments:?}: {}", said.error);
    let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let judgements = lines.filter(|line| line["kind"] == "judgement").map(|line| {
        let text = |field: &str| line[field].as_str().unwrap().to_owned();
        let sentences =
            |field: &str| line[field].as_array().unwrap().iter().filter_map(Value::as_str).collect::<Vec<_>>();
        let why = [sentences("decided_by"), sentences("gaps")].concat().join("; ");
        (text("environment"), (text("verdict"), why))
    });
    judgements.collect()
}

/// The rows of `expected`: what was never heard of is unknown, and that is a verdict too.
fn rows(
    set: &'static str,
    expected: impl IntoIterator<Item = (String, String, String)>,
    found: &BTreeMap<String, (String, String)>,
) -> Vec<Row> {
    let row = |(name, environment, expected): (String, String, String)| {
        let never = || ("unknown".to_owned(), "never heard of".to_owned());
        let (found, why) = found.get(&environment).cloned().unwrap_or_else(never);
        Row { set, name, expected, found, why }
    };
    expected.into_iter().map(row).collect()
}

fn scenario(directory: &Path, seed: u64) -> Vec<Row> {
    let name = format!("sand-{seed}");
    let made = firebreak(directory, &["scenario", &name, "--seed", &seed.to_string()]);
    assert_eq!(made.code, 0, "{}", made.error);
    let truth: Value = serde_json::from_slice(&fs::read(directory.join(&name).join("truth.json")).unwrap()).unwrap();
    let found = judged(directory, &[&name]);
    let expected = truth["verdicts"].as_array().unwrap().iter().map(|one| {
        let text = |field: &str| one[field].as_str().unwrap().to_owned();
        (format!("seed {seed}: {}", text("environment")), text("environment"), text("verdict"))
    });
    rows("scenario", expected, &found)
}

fn page(rows: &[Row]) -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| set | right | wrong | unsafe |\n|---|---|---|---|\n");
    for set in ["scenario", "logs", "files"] {
        let own = || rows.iter().filter(|row| row.set == set);
        let right = own().filter(|row| row.is_right()).count();
        let bad = own().filter(|row| row.is_unsafe()).count();
        let _ = writeln!(page, "| {set} | {right} | {} | {bad} |", own().count() - right);
    }
    page.push_str("\n| row | right | verdict |\n|---|---|---|\n");
    for row in rows.iter().filter(|row| row.set != "scenario" || !row.is_right()) {
        let _ = writeln!(page, "| {}: {} | {} | {} |", row.set, row.name, row.expected, row.found);
    }
    page
}

/// `BLESS=1` writes the page anew.
#[test]
fn score() {
    let Some(corpus) = files::corpus() else {
        println!("skipped: corpus absent");
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let mut all: Vec<Row> = [24, 7, 91].into_iter().flat_map(|seed| scenario(root.path(), seed)).collect();
    all.extend(logs::rows(root.path()));
    all.extend(files::rows(root.path(), &corpus));
    for row in all.iter().filter(|row| !row.is_right()) {
        println!("{}: {}: {}, and is {}: {}", row.set, row.name, row.found, row.expected, row.why);
    }
    let right = all.iter().filter(|row| row.is_right()).count();
    let unsafe_clear = all.iter().filter(|row| row.is_unsafe()).count();
    let page = page(&all);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/exposure-score.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let rows: Vec<Value> = all.iter().map(Row::json).collect();
    println!("{}", json!({"right": right, "wrong": all.len() - right, "unsafe_clear": unsafe_clear, "rows": rows}));
    assert_eq!(unsafe_clear, 0, "something that is not clear was called clear");
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page, "BLESS=1 writes it anew");
}
