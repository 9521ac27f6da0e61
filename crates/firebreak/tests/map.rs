//! What an installation remembers of its estate: inventories that change between runs, and questions of two times.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use firebreak_model::Time;
use firebreak_world::{Clock, SystemClock};
use program::firebreak;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const KEY: &str = "credential:aws/AKIAIOSFODNN7EXAMPLE";
const USER: &str = "identity:aws/arn:aws:iam::111122223333:user/ci";
const VAULT: &str = "resource:aws/arn:aws:s3:::vault";

fn now() -> Time {
    // A second on either side, so that no two moments of a test are one.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let now = SystemClock.now();
    std::thread::sleep(std::time::Duration::from_millis(20));
    now
}

/// Writes the owner's statement, with the key or without it.
fn state(root: &Path, with_key: bool, complete: bool) {
    let holdings = json!([{"class": "interview_video", "residency": "eu", "records": 10}]);
    let credentials = if with_key { json!([{"credential": KEY, "authenticates": USER}]) } else { json!([]) };
    let statement = json!({
        "format": "firebreak.estate/1", "taken": now().to_string(), "complete": complete, "credentials": credentials,
        "stores": [{"resource": VAULT, "label": "vault", "crown_jewel": true, "holdings": holdings}],
        "grants": [{"from": USER, "to": VAULT, "kind": "may_act", "actions": ["s3:GetObject"]}],
    });
    fs::write(root.join("inventory/estate.json"), statement.to_string()).unwrap();
}

fn installation(root: &Path) {
    fs::create_dir_all(root.join("inventory")).unwrap();
    fs::create_dir_all(root.join("logs")).unwrap();
    let config = "data = \"data\"\n[[source]]\nname = \"kubernetes_audit\"\npaths = [\"logs\"]\n\
        [inventory]\npaths = [\"inventory\"]\n";
    fs::write(root.join("firebreak.toml"), config).unwrap();
}

fn run(root: &Path) {
    let ran = firebreak(root, &["--config", "firebreak.toml", "run", "--once"]);
    assert_eq!(ran.code, 0, "{}", ran.error);
}

/// The last object that a command prints.
fn last(root: &Path, arguments: &[&str]) -> Value {
    let said = firebreak(root, &[arguments, &["--json"]].concat());
    assert_eq!(said.code, 0, "{arguments:?}: {}", said.error);
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

/// Whether the key leads to the vault.
fn leads(root: &Path, more: &[&str]) -> bool {
    let reached = last(root, &[&["reach", "--data", "data", "--from", KEY], more].concat());
    !reached["losses"]["crown_jewels"].as_array().unwrap().is_empty()
}

#[test]
fn a_rotated_key_is_known_from_then_on_and_was_not_known_before() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    installation(root);
    state(root, true, true);
    run(root);
    let theft = now().to_string();
    state(root, false, true);
    let rotated = now().to_string();
    let before = now().to_string();
    run(root);
    let after = now().to_string();
    assert!(leads(root, &["--as-of", &theft]), "stolen before it was rotated, it worked");
    assert!(!leads(root, &["--as-of", &rotated]), "and not from then on");
    assert!(leads(root, &["--as-of", &rotated, "--as-known-at", &before]), "which nobody knew yet");
    assert!(!leads(root, &["--as-of", &rotated, "--as-known-at", &after]));
    let since = ["--config", "firebreak.toml", "map", "changes", "--since", &before];
    let changes = last(root, &since);
    assert_eq!(
        (changes["stated"].as_u64(), changes["ended"].as_u64()),
        (Some(0), Some(2)),
        "the key and what it opens"
    );
    assert_eq!(changes["learnt_at"].as_array().unwrap().len(), 1, "{changes}");
    run(root);
    let again = last(root, &["--config", "firebreak.toml", "map", "changes", "--since", &after]);
    assert!(again["learnt_at"].as_array().unwrap().is_empty(), "the same files again are nothing new: {again}");
}

#[test]
fn what_is_missing_from_a_partial_inventory_has_not_ended() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    installation(root);
    state(root, true, true);
    run(root);
    state(root, false, false);
    run(root);
    let now = now().to_string();
    assert!(leads(root, &["--as-of", &now]));
    fs::remove_file(root.join("inventory/estate.json")).unwrap();
    run(root);
    assert!(leads(root, &["--as-of", &now]), "a file that is gone says nothing");
}

#[test]
fn wrong_questions_say_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let said = firebreak(root.path(), &["reach", "--from", KEY, "--data", "nowhere"]);
    assert!(said.code == 1 && said.error.contains("nothing is remembered in `nowhere`\nhint: "), "{}", said.error);
    let both = ["reach", "--inventory", ".", "--as-known-at", "2026-03-24T00:00:00Z", "--from", KEY];
    assert_eq!(firebreak(root.path(), &both).code, 2, "files do not say when they were known");
}
