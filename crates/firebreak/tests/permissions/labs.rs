//! Accounts of other people with a known way up: is it found, and is nobody else accused?
//!
//! How a row's truth is read. The start is the principal whose credentials are taken as stolen (`attack_map`), else the
//! first principal of `attack_path`. A row `to-admin` is found where the start becomes an administrator of the account; a
//! row `to-bucket` where it reaches the bucket that is the target (the account's buckets, where the truth gives it a name
//! that no policy and no list of resources has). Cleared are the principals of the account that are on
//! no path and that do not hold by their own policies what the path leads to: none of them may be said to reach it.

use firebreak::account::{Account, AccountReach};
use firebreak_inventory::scan_aws_account;
use firebreak_model::{Fact, NodeKey, Time};
use firebreak_world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// One judgement.
pub(crate) struct Row {
    pub(crate) scenario: String,
    /// `reaches` or `cleared`.
    pub(crate) expected: &'static str,
    pub(crate) principal: String,
    /// `yes`, `may` or `no`.
    pub(crate) found: &'static str,
    pub(crate) why: String,
}

impl Row {
    pub(crate) fn json(&self) -> Value {
        json!({
            "scenario": self.scenario,
            "principal": self.principal,
            "expected": self.expected,
            "found": self.found,
            "why": self.why,
        })
    }
}

/// Every row of the corpus whose labels are consistent.
pub(crate) fn measure(corpus: &Path) -> Vec<Row> {
    let index: Value = document(&corpus.join("index.json"));
    let consistent = index.as_array().into_iter().flatten().filter(|row| row["labels_consistent"] == true);
    consistent.flat_map(|row| scenario(corpus, row["scenario"].as_str().unwrap_or_default())).collect()
}

fn document(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).expect("a file of the corpus")).expect("JSON")
}

/// What a row's truth says of its account.
struct Truth {
    start: String,
    /// The ARN of the bucket up to what is made up at random; none where it is the administrators.
    bucket: Option<String>,
    on_path: BTreeSet<String>,
}

fn truth(truth: &Value, account: &str) -> Truth {
    let filled = |text: &str| text.replace("{account_id}", account);
    let nodes = || truth["attack_map"]["nodes"].as_array().into_iter().flatten();
    let arn = |node: &Value| filled(node["arn"].as_str().unwrap_or_default());
    let listed = truth["attack_path"]["principals"].as_array().into_iter().flatten();
    let listed: Vec<String> = listed.filter_map(Value::as_str).map(filled).collect();
    let stolen = nodes().find(|node| node["type"] == "principal" && node.get("access").is_some()).map(arn);
    let first = || nodes().find(|node| node["type"] == "principal").map(arn);
    let target = nodes().find(|node| node["isTarget"] == true && node["subType"] == "s3-bucket").map(arn);
    let bucket = target.map(|bucket| bucket.split('{').next().unwrap_or_default().trim_end_matches("/*").to_owned());
    let start = stolen.or_else(|| listed.first().cloned()).or_else(first).unwrap_or_default();
    Truth { start, bucket, on_path: listed.into_iter().chain(nodes().map(arn)).collect() }
}

fn scenario(corpus: &Path, name: &str) -> Vec<Row> {
    let folder = corpus.join(name.replace('/', "__"));
    let export = document(&folder.join("authorization-details.json"));
    let facts = facts(&folder);
    let account = Account::new(&facts);
    let principals: Vec<&Value> = ["UserDetailList", "RoleDetailList"]
        .iter()
        .flat_map(|key| export[*key].as_array().into_iter().flatten())
        .collect();
    let number = principals.first().and_then(|item| item["Arn"].as_str()).and_then(|arn| arn.split(':').nth(4));
    let truth = truth(&document(&folder.join("ground-truth.json")), number.unwrap_or_default());
    let mut truth = truth;
    let listed = document(&folder.join("resources.json"));
    let buckets = listed.as_array().into_iter().flatten().filter(|item| item["type"] == "aws_s3_bucket");
    let buckets: Vec<String> =
        buckets.filter_map(|item| item["bucket"].as_str()).map(|name| format!("arn:aws:s3:::{name}")).collect();
    let named = |truth: &str| buckets.iter().any(|bucket| bucket.starts_with(truth));
    if truth.bucket.as_deref().is_some_and(|bucket| !named(bucket)) {
        truth.bucket = buckets.first().cloned().or(truth.bucket);
    }
    let mut rows = vec![row(name, &account, &truth, &truth.start, "reaches")];
    for item in principals {
        let arn = item["Arn"].as_str().unwrap_or_default();
        if !truth.on_path.contains(arn) && arn != truth.start && !administers(item) {
            rows.push(row(name, &account, &truth, arn, "cleared"));
        }
    }
    rows
}

/// The facts of an account's files.
pub(crate) fn facts(path: &Path) -> Vec<Fact> {
    let now = Time::parse("2026-01-01T00:00:00Z").expect("a time");
    scan_aws_account(&World::offline(), path, now).expect("an account").facts
}

/// Whether a principal's own policies make it an administrator, as they are written.
fn administers(item: &Value) -> bool {
    let attached = item["AttachedManagedPolicies"].as_array().into_iter().flatten();
    attached.into_iter().any(|policy| policy["PolicyName"] == "AdministratorAccess")
}

fn row(scenario: &str, account: &Account<'_>, truth: &Truth, arn: &str, expected: &'static str) -> Row {
    let reach = account.reach(&NodeKey::identity("aws", arn));
    let (found, why) = match &reach {
        Some(reach) => answer(reach, truth),
        None => ("no", "the account does not hold it".to_owned()),
    };
    let principal = arn.split(':').nth(5).unwrap_or(arn).to_owned();
    Row { scenario: scenario.to_owned(), expected, principal, found, why }
}

/// Whether the target is reached, and by which way.
fn answer(reach: &AccountReach, truth: &Truth) -> (&'static str, String) {
    let (answer, path, undecided) = match &truth.bucket {
        None => match reach.administers.first() {
            Some(account) => (account.answer, &account.path, &account.undecided),
            None => return ("no", "no way to the administrators".to_owned()),
        },
        Some(bucket) => match reach.resources.iter().find(|resource| resource.arn.starts_with(bucket)) {
            Some(resource) => (resource.answer, &resource.path, &resource.undecided),
            None => return ("no", format!("no way to `{bucket}`")),
        },
    };
    let steps: Vec<&str> = path.iter().map(|step| step.says.as_str()).collect();
    let doubts: Vec<&str> = undecided.iter().map(|doubt| doubt.as_str()).collect();
    let undecided = if doubts.is_empty() { String::new() } else { format!(" if {}", doubts.join(" and ")) };
    (answer, format!("{}{undecided}", steps.join("; ")))
}
