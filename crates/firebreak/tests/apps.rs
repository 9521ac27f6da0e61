//! Apps and AI on the packaged incident, held against its raw records.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use program::firebreak;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const AT: &str = "2026-04-02T06:00:00Z";

fn apps(directory: &Path, more: &[&str]) -> (BTreeMap<String, Value>, Value) {
    let arguments = ["apps", "--json", "--inventory", "sand/inventory", "--as-of", AT];
    let said = firebreak(directory, &[&arguments[..], more].concat());
    assert_eq!(said.code, 0, "{}", said.error);
    let mut objects: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = objects.pop().unwrap();
    (objects.into_iter().map(|app| (app["key"].as_str().unwrap().to_owned(), app)).collect(), summary)
}

/// Who called the gateway in the 30 days, and how often, as its own records say.
fn gateway(directory: &Path) -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    for file in fs::read_dir(directory.join("sand/logs/litellm")).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            let within = record["startTime"].as_str().unwrap() <= "2026-04-02 06:00:00";
            if within {
                *calls.entry(format!("identity:litellm/{}", record["user"].as_str().unwrap())).or_default() += 1;
            }
        }
    }
    calls
}

#[test]
fn every_agent_of_the_gateway_is_found_whether_an_inventory_names_it_or_not() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let (found, summary) = apps(root.path(), &["--logs", "sand/logs"]);
    let calls = gateway(root.path());
    assert!(calls.len() >= 5, "{calls:?}");
    for (key, number) in &calls {
        let app = found.get(key).unwrap_or_else(|| panic!("{key} is not found"));
        assert_eq!((app["sort"].as_str(), app["events"].as_u64()), (Some("agent"), Some(*number)), "{key}");
        assert_eq!(app["shadow"], key != "identity:litellm/eval-nightly", "{key}: only one is in the inventory");
    }
    let agents: BTreeSet<&String> =
        found.iter().filter(|(_, app)| app["sort"] == "agent").map(|(key, _)| key).collect();
    assert!(agents.iter().all(|key| calls.contains_key(*key) || found[*key]["shadow"] == false), "{agents:?}");
    let scan = &found["identity:github/meridian-secret-scan[bot]"];
    assert_eq!(scan["reach"]["source_code"], 143, "every repository");
    assert!(
        !found.keys().any(|key| key.starts_with("identity:person/") || key.contains(":role/")),
        "people and roles are no apps"
    );
    assert!(
        summary["acting"]["person"].as_u64() > Some(0) && summary["acting"]["agent"].as_u64() > Some(0),
        "{summary}"
    );

    let (silent, summary) = apps(root.path(), &[]);
    assert!(silent.values().all(|app| app["shadow"] == false), "without logs nothing is found that only logs show");
    assert!(summary["gaps"][0].as_str().unwrap().starts_with("no logs were given"), "{summary}");
}

#[test]
fn a_vendor_is_a_scope_for_the_other_questions_and_drift_is_told() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let (_, summary) = apps(root.path(), &["--vendor", "meridian-secret-scan"]);
    let from: Vec<&str> = summary["from"].as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect();
    assert!(from.len() >= 2, "the app and its key: {from:?}");
    let mut reach = vec!["reach", "--json", "--inventory", "sand/inventory", "--as-of", AT];
    from.iter().for_each(|key| reach.extend(["--from", key]));
    let said = firebreak(root.path(), &reach);
    assert!(said.code == 0 && said.out.contains("source_code"), "{} {}", said.out, said.error);
    let unknown = ["apps", "--inventory", "sand/inventory", "--vendor", "nobody"];
    let unknown = firebreak(root.path(), &unknown);
    assert!(unknown.code == 1 && unknown.error.contains("unknown, not nothing"), "{}", unknown.error);

    // An earlier inventory in which the gateway's key may use no model yet.
    let from = root.path().join("sand/inventory/estate.json");
    let mut estate: Value = serde_json::from_slice(&fs::read(from).unwrap()).unwrap();
    estate["grants"].as_array_mut().unwrap().retain(|grant| grant["from"] != "identity:litellm/eval-nightly");
    fs::create_dir_all(root.path().join("earlier")).unwrap();
    fs::write(root.path().join("earlier/estate.json"), estate.to_string()).unwrap();
    let (_, summary) = apps(root.path(), &["--since", "earlier"]);
    let drift = summary["drift"].as_array().unwrap();
    let scope = drift.iter().find(|one| one["change"] == "scope" && one["key"] == "identity:litellm/eval-nightly");
    assert_eq!(scope.unwrap()["scope"], "completion");
    let (_, same) = apps(root.path(), &["--since", "sand/inventory"]);
    assert_eq!(same["drift"].as_array().map(Vec::len), Some(0), "an inventory is not other than itself");
}
