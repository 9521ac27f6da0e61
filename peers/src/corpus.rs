//! Real records and public rules, read in place where they are at hand. Nothing here is copied into the project.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder of a corpus, if it is there.
pub fn folder(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    folder.is_dir().then_some(folder)
}

/// Every file below `folder` with this ending, in order.
pub fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The CloudTrail records of a corpus, each as its JSON text: files that hold `{"Records": […]}` or an array.
pub fn cloudtrail(name: &str) -> Vec<String> {
    let Some(folder) = folder(name) else { return Vec::new() };
    let mut records = Vec::new();
    for path in files(&folder, "json") {
        let text = std::fs::read(&path).expect("a readable corpus");
        let mut file: Value =
            serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let list = if file.is_array() { file.take() } else { file["Records"].take() };
        records.extend(list.as_array().into_iter().flatten().map(Value::to_string));
    }
    records
}

/// The rows of the labelled set that are of this log type, each as its JSON text.
pub fn labelled(log_type: &str) -> Vec<String> {
    let Some(folder) = folder("panther-analysis") else { return Vec::new() };
    let text = std::fs::read_to_string(folder.join("rule-tests.dev.jsonl")).unwrap_or_default();
    let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_type =
        |row: &Value| row["log_types"].as_array().is_some_and(|types| types.iter().any(|one| one == log_type));
    rows.filter(of_type).filter(|row| row["event"].is_object()).map(|row| row["event"].to_string()).collect()
}

/// The public rules, each file's path and text.
pub fn public_rules() -> Option<Vec<(String, String)>> {
    let folder = folder("sigma/rules")?;
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable corpus");
        (path.strip_prefix(&folder).unwrap_or(&path).display().to_string(), text)
    };
    Some(files(&folder, "yml").into_iter().map(read).collect())
}
