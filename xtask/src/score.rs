//! Scores: each is a test that measures, compares with the committed page and prints one JSON object.

use crate::{bench, browser};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};

/// Scores: name, package, test target, test.
const NAMES: [(&str, &str, &str, &str); 6] = [
    ("detect", "firebreak", "real_logs", "score"),
    ("permissions", "firebreak", "permissions", "score"),
    ("exposure", "firebreak", "exposure", "score"),
    ("classify", "firebreak-classify", "score", "score"),
    ("access", "firebreak", "access", "score"),
    ("console", "firebreak", "api", "score"),
];

/// The score that has a part in a browser; its object is joined to that of the test of the same name, where there is one.
const IN_BROWSER: &str = "console";

/// The objects of a score's parts.
fn objects(own: &[&str], in_browser: Option<&str>) -> Result<Vec<serde_json::Value>> {
    let theirs = in_browser.into_iter().flat_map(str::lines).filter(|line| line.starts_with('{'));
    own.iter().copied().chain(theirs).map(|object| Ok(serde_json::from_str(object)?)).collect()
}

/// Runs the score `name`; with `json`, prints only its object. Fails, after printing, where it is worse than committed.
pub(crate) fn run(root: &Path, name: &str, json: bool) -> Result<()> {
    let found = NAMES.iter().find(|(known, ..)| *known == name);
    let in_browser = if name == IN_BROWSER { Some(browser::run(root, "score")?) } else { None };
    let Some((_, package, target, test)) = found else {
        let Some(text) = in_browser else {
            let names: Vec<&str> = NAMES.iter().map(|(known, ..)| *known).chain([IN_BROWSER]).collect();
            bail!("no score `{name}`\nhint: there are {}", names.join(", "));
        };
        print!("{text}");
        return Ok(());
    };
    let output = Command::new(env!("CARGO"))
        .args(["test", "--quiet", "--package", package, "--test", target, "--", "--nocapture", "--exact", test])
        // Other scanners are installed and asked only here, not in every run of the tests.
        .env("FIREBREAK_PEERS", "1")
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo")?;
    let text = String::from_utf8(output.stdout)?;
    let object = text.lines().rfind(|line| line.starts_with('{'));
    if !json {
        print!("{}", own_lines(&text));
    }
    match object {
        Some(object) => println!("{}", bench::together(objects(&[object], in_browser.as_deref())?)?),
        None if output.status.success() => println!("skipped: corpus absent"),
        None => bail!("nothing was scored\n{text}"),
    }
    if !output.status.success() {
        bail!("worse than the committed score\nhint: read the pages `docs/*score.md`; `BLESS=1` commits the new one");
    }
    Ok(())
}

/// What the test itself says, without the test runner's words and without the object.
fn own_lines(text: &str) -> String {
    let runner = |line: &str| line.starts_with("running ") || line.starts_with("test ") || line == ".";
    let own = text.lines().filter(|line| !line.is_empty() && !line.starts_with('{') && !runner(line));
    own.map(|line| format!("{line}\n")).collect()
}
