//! Other scanners: installed from PyPI into a folder of the build, run over a folder of files.

use super::File;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Name, package and version, and what is said beside its figures.
pub(crate) const PEERS: [(&str, &str, &str); 3] = [
    ("kingfisher", "kingfisher-bin==2.14.0", "all its rules, one job, validation off"),
    ("detect-secrets", "detect-secrets==1.5.0", "its default plugins and filters, one core, verification off"),
    (
        "presidio",
        "presidio-analyzer==2.2.366",
        "its recognisers by pattern with context words, line by line; no model of named entities",
    ),
];

/// What a peer found, and how long it took.
pub(crate) struct Run {
    /// File name, line and the peer's own class.
    pub(crate) found: BTreeSet<(String, usize, String)>,
    /// Processor time without the time to start.
    pub(crate) seconds: f64,
}

/// A folder of the build for `name`, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Writes `files` into `folder`.
pub(crate) fn write(folder: &Path, files: &[File]) {
    for file in files {
        std::fs::write(folder.join(&file.name), &file.text).unwrap();
    }
}

fn python(name: &str, package: &str) -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("venv-{name}"));
    let python = home.join("bin/python");
    let mark = home.join(package);
    if mark.exists() {
        return Ok(python);
    }
    let run = |command: &mut Command| match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("it failed").to_owned()),
        Err(error) => Err(error.to_string()),
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&home))
        .map_err(|why| format!("no Python environment: {why}"))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]))
        .map_err(|why| format!("`{package}` cannot be installed: {why}"))?;
    std::fs::write(mark, "").map_err(|error| error.to_string())?;
    Ok(python)
}

/// Runs the peer `name` over `folder`; why not, where it cannot be had.
pub(crate) fn run(name: &str, folder: &Path) -> Result<Run, String> {
    let (_, package, _) = PEERS.iter().find(|(known, ..)| *known == name).ok_or("no such peer")?;
    let python = python(name, package)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/peers.py");
    let output = Command::new(python).arg(script).arg(name).arg(folder).output().map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value: Value = serde_json::from_str(text.trim()).map_err(|_| {
        format!("it said nothing: {}", String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default())
    })?;
    let one = |one: &Value| Some((one[0].as_str()?.to_owned(), one[1].as_u64()? as usize, one[2].as_str()?.to_owned()));
    let found = value["found"].as_array().into_iter().flatten().filter_map(one).collect();
    Ok(Run { found, seconds: value["seconds"].as_f64().ok_or("it told no time")? })
}
