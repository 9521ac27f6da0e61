//! SARIF as platforms read it, held against its official JSON schema. Without the lab it is skipped.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

mod program;

use program::firebreak;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the schema says against `document`; nothing where it is right.
fn against(lab: &Path, document: &Path) -> String {
    let tools = lab.join("sarif");
    let check = Command::new(tools.join("python/bin/python"))
        .args([tools.join("check.py"), tools.join("schema.json"), document.to_path_buf()])
        .output()
        .unwrap();
    assert!(matches!(check.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&check.stderr));
    assert!(check.stderr.is_empty(), "{}", String::from_utf8_lossy(&check.stderr));
    String::from_utf8(check.stdout).unwrap()
}

#[test]
fn sarif_is_of_the_official_schema() {
    let Some(lab) = std::env::var_os("FIREBREAK_LAB").map(PathBuf::from) else {
        println!("skipped: run ./test, which prepares the lab");
        return;
    };
    let root = tempfile::tempdir().unwrap();
    let lock = "version = 1\n[[package]]\nname = \"litellm\"\nversion = \"1.82.8\"\n";
    for (path, text) in [
        ("in/bad/uv.lock", lock),
        ("in/a b \"c\" %20 é#?/uv.lock", lock),
        ("in/open/pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"litellm>=1.80\", \"crewai\"]\n"),
        ("in/untold/pyproject.toml", "[project]\nname = \"a\"\ndependencies = [\"crewai\"]\n"),
        ("in/broken/uv.lock", "[[package]\nname = "),
        ("in/pip.log", "$ pip install -U crewai\nSuccessfully installed crewai-1.11.0 litellm-1.82.8\n"),
        ("in/good/uv.lock", "version = 1\n[[package]]\nname = \"litellm\"\nversion = \"1.82.6\"\n"),
    ] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let document = root.path().join("firebreak.sarif");
    for (paths, results) in [("in", 6), ("in/good", 0)] {
        let said = firebreak(root.path(), &["exposed", paths, "--profile", "litellm-2026-03", "--format", "sarif"]);
        assert_eq!(said.code, if results > 0 { 3 } else { 0 }, "{}", said.error);
        let read: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(read["runs"][0]["results"].as_array().unwrap().len(), results, "{}", said.out);
        fs::write(&document, &said.out).unwrap();
        assert_eq!(against(&lab, &document), "", "{}", said.out);
    }
    // The check can fail.
    let said = firebreak(root.path(), &["exposed", "in/bad", "--profile", "litellm-2026-03", "--format", "sarif"]);
    fs::write(&document, said.out.replace("\"error\"", "\"grave\"")).unwrap();
    assert!(against(&lab, &document).contains("grave"));
}
