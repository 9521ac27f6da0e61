//! This machine's own packages, beside what its package managers list. A manager that is not there is skipped.

use crate::support::{of_root, options, with};
use firebreak_package::Ecosystem;
use firebreak_snapshot::{Options, Snapshot, Subject, take};
use firebreak_world::RealTree;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

type Listed = BTreeSet<(String, String)>;

/// What a manager prints; none, with a message, where there is none.
fn asked(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).ok(),
        _ => {
            println!("skipped: `{program} {}` does not answer here", arguments.join(" "));
            None
        }
    }
}

fn listed(snapshot: &Snapshot, ecosystem: &str) -> Listed {
    let of = snapshot.packages.iter().filter(|one| one.ecosystem == ecosystem);
    of.filter_map(|one| Some((one.name.clone(), one.version.clone()?))).collect()
}

#[test]
fn debian_packages_are_those_that_dpkg_lists() {
    let Some(text) = asked("dpkg-query", &["-W", "-f", "${db:Status-Status} ${Package} ${Version}\n"]) else { return };
    let rows = text.lines().filter_map(|line| line.strip_prefix("installed ")?.split_once(' '));
    let wanted: Listed = rows.map(|(name, version)| (name.to_owned(), version.to_owned())).collect();
    // Only dpkg's own files, so that the rest of the machine costs nothing.
    let root = tempfile::tempdir().unwrap();
    let copy = root.path().join("var/lib/dpkg");
    std::fs::create_dir_all(&copy).unwrap();
    std::fs::copy("/var/lib/dpkg/status", copy.join("status")).unwrap();
    assert_eq!(listed(&of_root(root.path()), "Debian"), wanted);
}

#[test]
fn python_packages_are_those_that_pip_lists() {
    let Some(paths) = asked("python3", &["-c", "import site,json; print(json.dumps(site.getsitepackages()))"]) else {
        return;
    };
    let paths: Vec<String> = serde_json::from_str(&paths).unwrap();
    let Some(path) = paths.into_iter().find(|path| Path::new(path).is_dir()) else { return };
    let arguments = ["-m", "pip", "list", "--format", "json", "--disable-pip-version-check", "--path", &path];
    let Some(text) = asked("python3", &arguments) else { return };
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    let name = |row: &serde_json::Value| Ecosystem::PyPI.canonical(&text(row, "name")).into_owned();
    let wanted: Listed = rows.iter().map(|row| (name(row), text(row, "version"))).collect();
    let below = std::fs::canonicalize(&path).unwrap();
    // What a package carries within itself is not what pip lists.
    let snapshot = with(&RealTree, |doors| take(doors, &Options { ..options(Subject::Root(below)) })).unwrap();
    let top = |one: &&firebreak_snapshot::Package| one.ecosystem == "PyPI" && one.path.matches('/').count() <= 2;
    let found: Listed =
        snapshot.packages.iter().filter(top).map(|one| (one.name.clone(), one.version.clone().unwrap())).collect();
    assert_eq!(found, wanted);
}

#[test]
fn node_packages_are_those_that_npm_lists() {
    let Some(root) = asked("npm", &["root", "-g"]) else { return };
    let Some(text) = asked("npm", &["ls", "-g", "--json", "--depth", "0"]) else { return };
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rows = document["dependencies"].as_object().unwrap().iter();
    let wanted: Listed = rows.map(|(name, row)| (name.clone(), row["version"].as_str().unwrap().to_owned())).collect();
    let above = Path::new(root.trim()).parent().unwrap();
    let snapshot = of_root(&std::fs::canonicalize(above).unwrap());
    let found = listed(&snapshot, "npm");
    assert!(wanted.is_subset(&found), "{:?}", wanted.difference(&found).collect::<Vec<_>>());
    let top =
        snapshot.packages.iter().filter(|one| one.ecosystem == "npm" && one.path.matches("node_modules").count() == 1);
    let top: Listed = top.map(|one| (one.name.clone(), one.version.clone().unwrap())).collect();
    assert_eq!(top, wanted);
}
