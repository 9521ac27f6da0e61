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
    objects.retain(|one| one["key"].is_string());
    (objects.into_iter().map(|app| (app["key"].as_str().unwrap().to_owned(), app)).collect(), summary)
}

/// The vendors of AI services that an answer names.
fn providers(directory: &Path, arguments: &[&str]) -> BTreeMap<String, Value> {
    let said = firebreak(directory, arguments);
    assert_eq!(said.code, 0, "{}", said.error);
    let objects = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let named = objects.filter(|one| one["kind"] == "ai_provider");
    named.map(|one| (one["vendor"].as_str().unwrap().to_owned(), one)).collect()
}

/// Zeek saw a laptop at two vendors, one of which the inventory of the company names.
#[test]
fn ai_services_that_only_logs_of_connections_show_are_shadow_with_who_since_when_and_how_much() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let line = |ts: u64, uid: &str, rest: &str| {
        format!(
            "{{\"ts\":{ts}.5,\"uid\":\"{uid}\",\"id.orig_h\":\"10.4.2.17\",\"id.orig_p\":4,\"id.resp_h\":\"203.0.113.9\",\"id.resp_p\":443,{rest}}}\n"
        )
    };
    let tls =
        |ts: u64, uid: &str, name: &str| line(ts, uid, &format!("\"server_name\":\"{name}\",\"established\":true"));
    let conn = |ts: u64, uid: &str, bytes: u64| line(ts, uid, &format!("\"conn_state\":\"SF\",\"orig_bytes\":{bytes}"));
    write(
        "logs/zeek/conn.log",
        &(conn(1_775_000_000, "C1", 7_000) + &conn(1_775_000_100, "C2", 50) + &conn(1_775_000_200, "C3", 9)),
    );
    write(
        "logs/zeek/ssl.log",
        &(tls(1_775_000_001, "C1", "api.openai.com")
            + &tls(1_775_000_101, "C2", "claude.ai")
            + &tls(1_775_000_201, "C3", "www.example.com")),
    );
    write(
        "inventory/estate.json",
        r#"{"format": "firebreak.estate/1", "taken": "2026-03-01T00:00:00Z", "complete": true,
            "identities": [{"identity": "identity:anthropic/user_01", "label": "the evals' user"}]}"#,
    );
    let arguments = ["apps", "--json", "--inventory", "inventory", "--logs", "logs", "--as-of", AT];
    let found = providers(root.path(), &arguments);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["anthropic", "openai"]);
    let openai = &found["openai"];
    assert_eq!((&openai["shadow"], &openai["sent"], &openai["events"]), (&true.into(), &7_000.into(), &1.into()));
    assert_eq!(openai["used_by"][0]["who"], "10.4.2.17");
    assert_eq!(openai["first"], "2026-03-31T23:33:21.5Z");
    assert_eq!(found["anthropic"]["shadow"], false, "{}", found["anthropic"]);
    assert_eq!(found["anthropic"]["named_by"][0], "identity:anthropic/user_01");

    write(
        "ours.csv",
        "vendor,service,kind,name,source_url,read\nours,Our models,host,www.example.com,wiki,2026-03-01\nx,X\n",
    );
    let with = firebreak(root.path(), &[&arguments[..], &["--services", "ours.csv"]].concat());
    assert!(with.code == 0 && with.out.contains("\"vendor\":\"ours\""), "{}", with.out);
    assert!(
        with.error.contains("ours.csv:3") && with.error.contains("2 fields where the header has 6"),
        "{}",
        with.error
    );
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
    let (_, gateway) = apps(root.path(), &["--vendor", "litellm"]);
    let known = gateway["incidents"].as_array().unwrap().iter();
    assert!(known.clone().any(|one| one["profile"] == "litellm-2026-03"), "{gateway}");
    assert_eq!(summary["incidents"].as_array().map(Vec::len), Some(0), "{summary}");
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
