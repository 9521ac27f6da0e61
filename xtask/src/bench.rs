//! Benchmarks: each is a bench target, of the program or of the peers beside it, and prints one JSON object as its last
//! line.

use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Command;

/// Each benchmark, and what tells cargo where it is.
const BENCHES: [(&str, &[&str]); 3] = [
    ("spine", &["--package", "firebreak"]),
    ("month", &["--package", "firebreak-detect"]),
    // Other engines want a newer compiler than they need.
    ("detect", &["--manifest-path", "peers/Cargo.toml", "--ignore-rust-version", "--features", "bench"]),
];

/// Runs the benchmark `name`; with `json`, prints only its object.
pub(crate) fn run(root: &Path, name: &str, json: bool) -> Result<()> {
    let Some((_, place)) = BENCHES.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        bail!("no benchmark `{name}`\nhint: there are {}", names.join(", "));
    };
    let output = Command::new(env!("CARGO"))
        .args(["bench", "--quiet"])
        .args(*place)
        .args(["--bench", name])
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
