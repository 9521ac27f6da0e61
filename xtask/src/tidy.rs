//! The house rules that a program can check.

use crate::{age, codegen, layers, places};
use anyhow::{Result, bail};
use std::fs;
use std::path::Path;

const LINES_MAX: usize = 800;

/// Folders of things of one kind: each thing needs these files, and cases if the last field says so.
const KINDS: [(&str, &[&str], bool); 5] = [
    ("crates/edge/intake/src/sources", &["mod.rs", "page.md"], true),
    ("crates/edge/inventory/src/scanners", &["mod.rs", "page.md"], true),
    ("crates/edge/act/src/responders", &["mod.rs", "page.md", "manifest.toml"], true),
    ("detectors", &["rule.yml", "page.md"], true),
    ("profiles", &["profile.toml", "page.md"], false),
];

fn things(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (kind, needed, with_cases) in KINDS {
        for name in places::folders(&root.join(kind))? {
            let folder = root.join(kind).join(&name);
            let missing = needed.iter().filter(|file| !folder.join(file).is_file());
            faults.extend(missing.map(|file| format!("{kind}/{name} has no `{file}`")));
            if with_cases && places::folders(&folder.join("cases"))?.is_empty() {
                faults.push(format!("{kind}/{name} has no cases"));
            }
        }
    }
    for name in places::folders(&root.join("detectors"))? {
        let cases = places::folders(&root.join("detectors").join(&name).join("cases"))?;
        if !cases.iter().any(|case| case.starts_with("quiet")) {
            faults.push(format!("detectors/{name} has no case that must not fire (a folder `cases/quiet-…`)"));
        }
    }
    Ok(faults)
}

fn rust_files(root: &Path) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for folder in ["crates", "xtask", "peers"] {
        for path in places::files(&root.join(folder), ".rs")? {
            let (name, text) = (places::relative(root, &path), fs::read_to_string(&path)?);
            if !text.starts_with("//!") {
                faults.push(format!("{name} has no head: begin it with `//!` and say what it is and what it is not"));
            }
            let lines = text.lines().count();
            if lines > LINES_MAX {
                faults.push(format!("{name} has {lines} lines, more than {LINES_MAX}: two things live in one room"));
            }
        }
    }
    for name in places::folders(&root.join("crates/core"))? {
        let text = fs::read_to_string(root.join("crates/core").join(&name).join("src/lib.rs"))?;
        for lint in ["clippy::unwrap_used", "clippy::expect_used", "clippy::panic", "clippy::indexing_slicing"] {
            if !text.contains(lint) {
                faults.push(format!("crates/core/{name} does not deny `{lint}`"));
            }
        }
    }
    Ok(faults)
}

fn npm_locks(root: &Path) -> Result<Vec<String>> {
    let locks = places::files(root, "package-lock.json")?.into_iter();
    let ours = locks.filter(|path| !path.components().any(|part| part.as_os_str() == "cases"));
    let faulty = ours.filter(|path| fs::read_to_string(path).is_ok_and(|text| text.contains("\"resolved\"")));
    Ok(faulty.map(|path| format!("{} names registry addresses", places::relative(root, &path))).collect())
}

/// Checks everything and lists every fault.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut faults = layers::faults(root)?;
    let stale = codegen::stale(root)?.into_iter();
    faults.extend(stale.map(|file| format!("{file} is stale: run `cargo xtask codegen`")));
    faults.extend(things(root)?);
    faults.extend(rust_files(root)?);
    faults.extend(npm_locks(root)?);
    let (young, notes) = age::faults(root)?;
    faults.extend(young);
    for note in notes {
        println!("note: {note}");
    }
    if faults.is_empty() {
        println!("tidy: all house rules hold");
        return Ok(());
    }
    bail!("{} house rules broken\n  {}", faults.len(), faults.join("\n  "))
}
