//! Policies of others are read without a problem, where the collections of them are there.

#![allow(clippy::print_stdout)]

use firebreak_permission::aws::{Limits, Policy};
use serde_json::Value;
use std::path::{Path, PathBuf};

fn corpus(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data").join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: corpus absent");
    None
}

/// Every policy document inside a value: what has statements.
fn documents<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("Statement") => found.push(value),
        Value::Object(fields) => fields.values().for_each(|value| documents(value, found)),
        Value::Array(items) => items.iter().for_each(|value| documents(value, found)),
        _ => {}
    }
}

/// Reads every document of a file twice, as a value and as text; how many there were.
fn read_all(name: &str, json: &[u8]) -> usize {
    let value: Value = serde_json::from_slice(json).expect("JSON");
    let mut found = Vec::new();
    documents(&value, &mut found);
    for document in &found {
        let (policy, problems) = Policy::read(name, document, Limits::default());
        assert!(problems.is_empty() && policy.unread.is_none(), "{name}: {problems:?}");
        let (from_text, problems) = Policy::parse(name, &document.to_string(), Limits::default());
        assert!(problems.is_empty() && from_text == policy, "{name}: {problems:?}");
    }
    found.len()
}

#[test]
fn accounts_of_others_are_read() {
    let mut count = 0;
    for folder in corpus("pathfinding-labs").into_iter().flat_map(|path| std::fs::read_dir(path).expect("folder")) {
        let file = folder.expect("entry").path().join("authorization-details.json");
        let Ok(json) = std::fs::read(&file) else { continue };
        count += read_all(&file.display().to_string(), &json);
    }
    if let Some(path) = corpus("cloudsplaining") {
        let json = std::fs::read(path.join("example-authz-details.json")).expect("file");
        count += read_all("cloudsplaining", &json);
        assert_eq!(count, 225);
    }
}

#[test]
fn managed_policies_are_read() {
    let Some(path) = corpus("iam-dataset") else { return };
    let unpacked = std::process::Command::new("xz").arg("-dc").arg(path.join("aws-managed-policies.json.xz")).output();
    match unpacked {
        Ok(output) if output.status.success() => {
            assert_eq!(read_all("aws-managed-policies", &output.stdout), 1641);
        }
        _ => println!("skipped: `xz` is not there to unpack the corpus"),
    }
}
