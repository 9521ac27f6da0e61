//! Benchmarks: each is a bench target of the program and prints one JSON object as its last line.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

const NAMES: [&str; 1] = ["spine"];

/// Runs the benchmark `name`; with `json`, prints only its object.
pub(crate) fn run(root: &Path, name: &str, json: bool) -> Result<()> {
    if !NAMES.contains(&name) {
        bail!("no benchmark `{name}`\nhint: there are {}", NAMES.join(", "));
    }
    let output = Command::new(env!("CARGO"))
        .args(["bench", "--quiet", "--package", "firebreak", "--bench", name])
        .current_dir(root)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("starting cargo")?;
    let text = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        bail!("the benchmark stopped with {}\n{text}", output.status);
    }
    let object = text.lines().rfind(|line| line.starts_with('{')).context("the benchmark printed no object")?;
    let value: serde_json::Value = serde_json::from_str(object)?;
    if json {
        println!("{value}")
    } else {
        print!("{text}")
    }
    Ok(())
}
