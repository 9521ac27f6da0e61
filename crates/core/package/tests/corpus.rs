//! Lockfiles, manifests and bills of materials of others: each is read by the format that recognises it, and counted a second
//! way, by a plain search in its text.
#![allow(clippy::print_stdout)]

use firebreak_package::formats::{FORMATS, Input, Kind, Listing, recognise};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

fn corpus() -> Option<Vec<PathBuf>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let found: Vec<PathBuf> =
        ["osv-scanner-fixtures", "ai-repo-lockfiles"].iter().flat_map(|name| files(&data.join(name))).collect();
    if found.is_empty() {
        println!("skipped: corpus absent");
        return None;
    }
    Some(found)
}

fn read(path: &Path) -> Option<(&'static str, Kind, Listing, Vec<u8>)> {
    let bytes = fs::read(path).unwrap();
    let name = path.to_str().unwrap();
    let format = recognise(name, &bytes[..bytes.len().min(4096)])?;
    Some((format.name, format.kind, format.read(&Input { path: name, bytes: &bytes }), bytes))
}

/// How many packages a plain search finds; `None` where no such search is known.
fn counted(format: &str, path: &Path, text: &str) -> Option<usize> {
    let lines = || text.lines();
    Some(match format {
        // Each package has a name at the beginning of a line; the project and its members have no registry.
        "uv_lock" => {
            let own = |source: &&str| {
                source.starts_with("source = {")
                    && ["editable", "virtual", "directory"].iter().any(|kind| source.contains(kind))
            };
            lines().filter(|line| line.starts_with("name = ")).count() - lines().filter(own).count()
        }
        "poetry_lock" => lines().filter(|line| *line == "[[package]]").count(),
        "cargo_lock" => lines().filter(|line| line.starts_with("source = ")).count(),
        "go_sum" => lines().filter(|line| !line.trim().is_empty() && !line.contains("/go.mod ")).count(),
        "package_lock" if text.contains("\"packages\"") => {
            let document: serde_json::Value = serde_json::from_str(text).ok()?;
            let packages = document["packages"].as_object()?;
            packages.iter().filter(|(path, one)| path.contains("node_modules/") && one["link"] != true).count()
        }
        "composer" => {
            let document: serde_json::Value = serde_json::from_str(text).ok()?;
            let count = |key: &str| document[key].as_array().map_or(0, Vec::len);
            count("packages") + count("packages-dev")
        }
        "gemfile_lock" => {
            lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ") && line.ends_with(')')).count()
        }
        "yarn_lock" => lines().filter(|line| line.trim_start().starts_with("version ")).count(),
        // What has no ecosystem is counted in a gap.
        "cyclonedx"
            if path.extension().is_some_and(|ending| ending == "xml") && !path.ends_with("bad-purls.cdx.xml") =>
        {
            lines().filter(|line| line.contains("<purl>") && !line.contains("pkg:generic/")).count()
        }
        _ => return None,
    })
}

#[test]
fn every_recognised_file_is_read_whole() {
    let Some(corpus) = corpus() else { return };
    let (mut told, mut unread) = (BTreeMap::<&str, (usize, usize, usize)>::new(), Vec::new());
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for path in &corpus {
        let Some((format, _, listing, bytes)) = read(path) else {
            unread.push(path.display().to_string());
            continue;
        };
        let sums = told.entry(format).or_default();
        (sums.0, sums.1) = (sums.0 + 1, sums.1 + listing.packages.len());
        sums.2 += listing.requirements.len();
        let text = String::from_utf8_lossy(&bytes);
        if let Some(expected) = counted(format, path, &text).filter(|_| listing.problems.is_empty()) {
            compared += 1;
            if expected != listing.packages.len() {
                wrong.push(format!("{}: {} packages, {expected} by a search", path.display(), listing.packages.len()));
            }
        }
        for problem in &listing.problems {
            assert!(!problem.reason.is_empty() && !problem.hint.is_empty(), "{problem}");
            println!("{problem}");
        }
    }
    for (format, (files, packages, requirements)) in &told {
        println!("{format}: {files} files, {packages} packages, {requirements} requirements");
    }
    println!("{compared} files were counted a second way; read by no format:");
    unread.iter().for_each(|path| println!("  {path}"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > 30, "only {compared} files could be counted");
    // A licence is all that no format reads.
    assert!(unread.iter().all(|path| path.ends_with("LICENSE")), "{unread:?}");
}

/// A file that is cut anywhere is never read as more than it was, and never without panic or word.
#[test]
fn cut_and_changed_files_are_read_without_panic() {
    let Some(corpus) = corpus() else { return };
    for path in &corpus {
        let bytes = fs::read(path).unwrap();
        let bytes = &bytes[..bytes.len().min(4000)];
        for format in FORMATS {
            for end in (0..bytes.len()).step_by(397) {
                format.read(&Input { path: "x", bytes: &bytes[..end] });
            }
        }
    }
}
