//! Least privilege on the packaged incident: what goes, that no past call is refused, and what is not claimed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that prints a score")]

mod program;

use program::firebreak;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

const AT: &str = "2026-04-02T06:00:00Z";

/// What `access` says: identities by ARN, and the summary.
fn access(directory: &Path, more: &[&str]) -> (BTreeMap<String, Value>, Value) {
    let arguments = ["access", "--json", "--inventory", "sand/inventory", "--as-of", AT];
    let said = firebreak(directory, &[&arguments[..], more].concat());
    assert_eq!(said.code, 0, "{}", said.error);
    let objects = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut identities, mut summary) = (BTreeMap::new(), Value::Null);
    for object in objects {
        if object["kind"] == "access" {
            summary = object;
        } else if object["kind"] == "access_identity" {
            let key = object["identity"].as_str().unwrap().trim_start_matches("identity:aws/").to_owned();
            identities.insert(key, object);
        }
    }
    (identities, summary)
}

fn sand() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    root
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// A wildcard matcher of the test's own.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether documents allow an action on a resource, read naively: the scenario's policies have no conditions and no denials.
fn allows(documents: &[Value], action: &str, resource: Option<&str>) -> bool {
    let statements = documents.iter().flat_map(|document| document["Statement"].as_array().into_iter().flatten());
    let mut hits = statements.filter(|statement| {
        let actions = strings(&statement["Action"]);
        let resources = strings(&statement["Resource"]);
        actions.iter().any(|pattern| matches(pattern, action))
            && resource.is_none_or(|arn| resources.iter().any(|pattern| matches(pattern, arn)))
    });
    hits.next().is_some()
}

/// What each principal of the accounts was granted.
fn granted(directory: &Path) -> BTreeMap<String, Vec<Value>> {
    let mut all = BTreeMap::new();
    for account in fs::read_dir(directory.join("sand/inventory/aws")).unwrap() {
        let file = account.unwrap().path().join("authorization-details.json");
        let export: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        let managed: BTreeMap<&str, &Value> = export["Policies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|policy| (policy["Arn"].as_str().unwrap(), &policy["PolicyVersionList"][0]["Document"]))
            .collect();
        for (list, inline) in [("UserDetailList", "UserPolicyList"), ("RoleDetailList", "RolePolicyList")] {
            for item in export[list].as_array().unwrap() {
                let own = item[inline].as_array().unwrap().iter().map(|policy| policy["PolicyDocument"].clone());
                let attached = item["AttachedManagedPolicies"].as_array().unwrap().iter();
                let attached = attached.map(|policy| managed[policy["PolicyArn"].as_str().unwrap()].clone());
                all.insert(item["Arn"].as_str().unwrap().to_owned(), own.chain(attached).collect());
            }
        }
    }
    all
}

/// Every record of the trails, as the files have it.
fn records(directory: &Path, mut each: impl FnMut(&Value)) {
    for file in files(&directory.join("sand/logs/aws_cloudtrail")) {
        let mut text = String::new();
        flate2::read::GzDecoder::new(fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        document["Records"].as_array().unwrap().iter().for_each(&mut each);
    }
}

/// A judge that shares no code with the program: names, resources and wildcards of its own.
#[test]
fn no_past_call_is_refused_and_what_nobody_used_goes() {
    let root = sand();
    let (identities, summary) = access(root.path(), &["--logs", "sand/logs", "--output", "proposals"]);
    assert_eq!(summary["denied"], 0, "{summary}");
    let granted = granted(root.path());
    let (mut asked, mut refused) = (0u64, BTreeSet::new());
    records(root.path(), |record| {
        if record.get("errorCode").is_some() {
            return;
        }
        let user = &record["userIdentity"];
        let arn = user["sessionContext"]["sessionIssuer"]["arn"].as_str().or(user["arn"].as_str()).unwrap_or_default();
        let Some(before) = granted.get(arn) else { return };
        let service = record["eventSource"].as_str().unwrap().split('.').next().unwrap();
        let name = record["eventName"].as_str().unwrap();
        let action = match (service, name) {
            ("monitoring", name) => format!("cloudwatch:{name}"),
            ("s3", "ListBuckets") => "s3:ListAllMyBuckets".to_owned(),
            (service, name) => format!("{service}:{name}"),
        };
        let request = &record["requestParameters"];
        let object = || {
            let bucket = request["bucketName"].as_str()?;
            Some(format!("arn:aws:s3:::{bucket}/{}", request["key"].as_str()?))
        };
        let resource = object().or_else(|| request["roleArn"].as_str().map(str::to_owned));
        if !allows(before, &action, resource.as_deref()) {
            return;
        }
        asked += 1;
        let after = identities[arn]["documents"].as_array().unwrap();
        if !allows(after, &action, resource.as_deref()) {
            refused.insert((arn.to_owned(), action));
        }
    });
    assert!(asked > 50_000, "{asked}");
    assert_eq!(refused, BTreeSet::new());

    let of = |name: &str| identities.iter().find(|(arn, _)| arn.ends_with(name)).unwrap().1;
    let text = |name: &str| of(name)["documents"].to_string();
    assert!(of("role/break-glass-admin")["idle"] == true && text("role/break-glass-admin") == "[]");
    assert!(text("user/ci/eval-nightly").contains("sts:AssumeRole"), "the nightly run goes on");
    assert!(!text("user/ci/eval-nightly").contains("iam:Get*"));
    assert!(!text("role/app/payroll").contains("sts:AssumeRole"), "it never became the exporter of payroll");
    let gone = of("role/app/payroll")["gone"]["targets"].to_string();
    assert!(gone.contains("payroll-forms"), "{gone}");
    assert!(summary["after"]["administrators"].as_u64() < summary["before"]["administrators"].as_u64());
    let file = of("user/ci/eval-nightly")["files"][0].as_str().unwrap();
    let written: Value = serde_json::from_slice(&fs::read(root.path().join(file)).unwrap()).unwrap();
    assert_eq!(written, of("user/ci/eval-nightly")["documents"][0]);
}

/// Proposals made before the intruder came, looked at since: what she did and what else is new would have been refused.
#[test]
fn a_proposal_in_the_shadow_counts_what_it_would_have_refused() {
    let root = sand();
    let made = ["--logs", "sand/logs", "--output", "proposals", "--as-of", "2026-03-23T00:00:00Z"];
    let base = ["access", "--json", "--inventory", "sand/inventory"];
    assert_eq!(firebreak(root.path(), &[&base[..], &made[..]].concat()).code, 0);
    let shadow = ["--logs", "sand/logs", "--shadow", "proposals", "--as-of", AT];
    let said = firebreak(root.path(), &[&base[..], &shadow[..]].concat());
    assert_eq!(said.code, 3, "refusals need a person: {}", said.error);
    let objects = || said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of =
        |name: &str| objects().find(|one| one["identity"].as_str().is_some_and(|key| key.ends_with(name))).unwrap();
    let thief = of("user/ci/eval-nightly");
    let refused = thief["proof"]["denied"].as_array().unwrap();
    assert!(refused.iter().any(|one| one["action"].as_str().unwrap().starts_with("iam:List")), "{thief}");
    assert!(refused.iter().all(|one| one["action"] != "sts:AssumeRole"), "the nightly run would have gone on: {thief}");
    assert_eq!(of("role/data/transcoder")["proof"]["denied_calls"], 0, "a service that does what it did is not hurt");
    let kept: Value = serde_json::from_slice(&fs::read(root.path().join("proposals/proposals.json")).unwrap()).unwrap();
    let before = kept["identities"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["arn"].as_str().unwrap().ends_with("eval-nightly"));
    assert!(before.unwrap()["before"].to_string().contains("iam:List*"), "what to put back is kept");
    let wrong = firebreak(root.path(), &[&base[..], &["--logs", "sand/logs", "--shadow", "sand"][..]].concat());
    assert!(wrong.code == 1 && wrong.error.contains("hint"), "{}", wrong.error);
}

/// Without an account's trail nothing is known of its use; with one that shows no reads, nothing is known of reads.
#[test]
fn what_the_logs_do_not_tell_is_not_called_unused() {
    let root = sand();
    let trail = root.path().join("part/aws_cloudtrail");
    fs::create_dir_all(&trail).unwrap();
    let mut kept = Vec::new();
    records(root.path(), |record| {
        let data = record["eventSource"] == "s3.amazonaws.com" && record["eventName"] != "ListBuckets";
        if record["recipientAccountId"] == "444455556666" && !data && kept.len() < 3_000 {
            kept.push(record.clone());
        }
    });
    assert!(kept.len() > 100, "{}", kept.len());
    fs::write(trail.join("part.json"), json!({"Records": kept}).to_string()).unwrap();
    let (identities, _) = access(root.path(), &["--logs", "part"]);
    for (arn, said) in &identities {
        if !arn.contains(":444455556666:") {
            assert!(said["skipped"].as_str().unwrap().starts_with("no records of account"), "{arn}");
            assert_eq!(said["granted"], said["left"], "{arn}");
        }
    }
    let batch = identities.iter().find(|(arn, _)| arn.ends_with("user/data/labelling-batch")).unwrap().1;
    assert!(batch["documents"].to_string().contains("s3:GetObject"), "{batch}");
    assert!(batch["kept"].to_string().contains("does not show that it records it"), "{batch}");
    let refused = ["access", "--inventory", "sand/inventory", "--logs", "part", "--identity", "arn:aws:iam::1:user/x"];
    let refused = firebreak(root.path(), &refused);
    assert!(refused.code == 1 && refused.error.contains("unknown, not nothing"), "{}", refused.error);
}

/// Actions that AWS's own policies name, where their corpus and a program that unpacks it are there.
fn actions_of_aws() -> Option<BTreeSet<String>> {
    fn walk(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                if key == "Action" || key == "NotAction" {
                    into.extend(
                        strings(value)
                            .into_iter()
                            .filter(|name| name.contains(':') && !name.contains(['*', '?']))
                            .map(str::to_lowercase),
                    );
                } else {
                    walk(value, into);
                }
            }),
            Value::Array(items) => items.iter().for_each(|item| walk(item, into)),
            _ => {}
        }
    }
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/iam-dataset/aws-managed-policies.json.xz");
    let unpacked = std::process::Command::new("xz").arg("-dc").arg(file).output().ok()?;
    let document: Value = serde_json::from_slice(&unpacked.stdout).ok()?;
    let mut names = BTreeSet::new();
    walk(&document, &mut names);
    Some(names)
}

#[test]
fn score() {
    let root = sand();
    let mut more = vec!["--logs", "sand/logs"];
    if let Some(names) = actions_of_aws() {
        let lines: Vec<String> = names.into_iter().collect();
        fs::write(root.path().join("actions.txt"), lines.join("\n")).unwrap();
        more.extend(["--actions", "actions.txt"]);
    } else {
        println!("skipped: corpus absent; actions are those that policies name and records show");
    }
    let (identities, summary) = access(root.path(), &more);
    let mut noisiest: Vec<&Value> = identities.values().filter(|one| one["skipped"].is_null()).collect();
    noisiest.sort_by_key(|one| std::cmp::Reverse(one["calls"].as_u64()));
    noisiest.truncate(50);
    let sum = |of: &dyn Fn(&Value) -> u64| noisiest.iter().map(|one| of(one)).sum::<u64>();
    let number = |name: &'static str| move |one: &Value| one[name].as_u64().unwrap();
    let share = |granted: u64, left: u64| (1.0 - left as f64 / granted.max(1) as f64) * 100.0;
    let (granted, left) = (sum(&number("granted")), sum(&number("left")));
    let plain = |one: &&&Value| !one["gone"]["targets"].to_string().contains("/administrators") && one["idle"] == false;
    let (own, kept) = noisiest
        .iter()
        .filter(plain)
        .fold((0, 0), |(own, kept), one| (own + number("granted")(one), kept + number("left")(one)));
    let denied = sum(&|one| one["proof"]["denied_calls"].as_u64().unwrap());
    let score = json!({
        "identities": noisiest.len(),
        "known_actions": summary["known_actions"],
        "granted": granted,
        "left": left,
        "removed_percent": (share(granted, left) * 10.0).round() / 10.0,
        "removed_percent_without_administrators": (share(own, kept) * 10.0).round() / 10.0,
        "past_calls": summary["calls"],
        "past_calls_allowed": summary["allowed"],
        "past_calls_denied": denied,
        "past_calls_unexplained": summary["unexplained"],
        "ways_before": summary["before"],
        "ways_after": summary["after"],
    });
    println!("{score}");
    assert_eq!(denied, 0);
    if more.len() > 2 {
        assert!(share(granted, left) >= 80.0, "{score}");
    }
}
