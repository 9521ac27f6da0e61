//! Effective permissions against other people's accounts with known ways up, and against another tool's findings.

#![allow(clippy::print_stdout, reason = "scores are printed, and a skipped test says so")]

#[path = "permissions/labs.rs"]
mod labs;
#[path = "permissions/policies.rs"]
mod policies;

use labs::Row;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

const HEAD: &str = "\
# Score of the permissions

Written by `BLESS=1 cargo xtask score permissions`; a test fails when a row is judged otherwise. The accounts are other people's and are
not part of this project, so without them the score is skipped.

Accounts with a known way up (pathfinding-labs, rows whose labels are consistent). The start is the principal whose credentials are taken as
stolen; it *reaches* what the row leads to: the administrators of the account, or a bucket. *Cleared* are the account's principals that are
on no path and that do not hold by their own policies what the path leads to: they must not reach it. *Found*: `yes` for one that reaches;
*undecided*: `may`, for either; *missed*: `no` for one that reaches; *claimed wrongly*: `yes` for one that is cleared.

";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The numbers over all rows.
struct Counts {
    found: usize,
    missed: usize,
    claimed_wrongly: usize,
    undecided: usize,
}

fn counts(rows: &[Row]) -> Counts {
    let count =
        |expected: &str, found: &str| rows.iter().filter(|row| row.expected == expected && row.found == found).count();
    Counts {
        found: count("reaches", "yes"),
        missed: count("reaches", "no"),
        claimed_wrongly: count("cleared", "yes"),
        undecided: rows.iter().filter(|row| row.found == "may").count(),
    }
}

fn json(rows: &[Row], policies: &[policies::Compared]) -> Value {
    let counts = counts(rows);
    json!({
        "found": counts.found,
        "missed": counts.missed,
        "claimed_wrongly": counts.claimed_wrongly,
        "undecided": counts.undecided,
        "rows": rows.iter().map(Row::json).collect::<Vec<_>>(),
        "policies": policies.iter().map(policies::Compared::json).collect::<Vec<_>>(),
    })
}

fn page(rows: &[Row], policies: &[policies::Compared]) -> String {
    let mut page = HEAD.to_owned();
    let counts = counts(rows);
    let _ = writeln!(page, "| found | missed | claimed wrongly | undecided |\n|---|---|---|---|");
    let _ = writeln!(
        page,
        "| {} | {} | {} | {} |\n",
        counts.found, counts.missed, counts.claimed_wrongly, counts.undecided
    );
    let _ = writeln!(page, "| scenario | principal | expected | answer |\n|---|---|---|---|");
    for row in rows {
        let _ = writeln!(page, "| {} | {} | {} | {} |", row.scenario, row.principal, row.expected, row.found);
    }
    policies::page(policies, &mut page);
    page
}

#[test]
fn score() {
    let data = root().join("../shared/data");
    if !data.join("pathfinding-labs").is_dir() || !data.join("cloudsplaining").is_dir() {
        println!("skipped: corpus absent");
        return;
    }
    let rows = labs::measure(&data.join("pathfinding-labs"));
    let policies = policies::measure(&data.join("cloudsplaining/iam-results-example.json"));
    println!("{}", json(&rows, &policies));
    let new = page(&rows, &policies);
    let path = root().join("docs/permissions-score.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &new).expect("a writable page");
    }
    let old = fs::read_to_string(&path).unwrap_or_default();
    let other: Vec<&str> = new.lines().filter(|line| !old.lines().any(|have| have == *line)).collect();
    assert!(other.is_empty(), "judged otherwise than `docs/permissions-score.md` says:\n{}", other.join("\n"));
    let counts = counts(&rows);
    assert_eq!((counts.missed, counts.claimed_wrongly), (0, 0));
}

#[test]
fn every_known_path_has_a_row() {
    let Ok(text) = fs::read_to_string(root().join("../shared/data/pathfinding-cloud/paths.json")) else {
        println!("skipped: corpus absent");
        return;
    };
    let paths: Value = serde_json::from_str(&text).expect("JSON");
    let known: Vec<&str> = firebreak_permission::aws::escalation::table::ids().collect();
    let ids = paths.as_array().into_iter().flatten().filter_map(|path| path["id"].as_str());
    let missing: Vec<&str> = ids.filter(|id| !known.contains(id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// An account in which somebody wrote down which principals other tools miss (`fn…`) and which they accuse (`fp…`).
#[test]
fn look_alikes_are_told_apart() {
    let path = root().join("../shared/data/cloudsplaining/example.json");
    if !path.exists() {
        println!("skipped: corpus absent");
        return;
    }
    let facts = labs::facts(&path);
    let account = firebreak::account::Account::new(&facts);
    let mut seen = 0;
    for arn in account.identities() {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        let key = firebreak_model::NodeKey::identity("aws", arn);
        let admin = || account.reach(&key).expect("an identity of the account").admin;
        match name.get(..2) {
            Some("fn") => assert_eq!(admin(), "yes", "{arn}"),
            Some("fp") => assert_eq!(admin(), "no", "{arn}"),
            _ => continue,
        }
        seen += 1;
    }
    assert_eq!(seen, 18);
}
