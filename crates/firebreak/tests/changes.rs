//! Changes on a quiet day by the command line: an app is taken out of use through the gate, reviews are answered, a share's end is previewed.
//! Nothing is called.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use program::{Said, firebreak};
use serde_json::Value;
use std::fs;
use std::path::Path;

const APP: &str = "identity:github/meridian-secret-scan[bot]";

fn objects(said: &Said) -> Vec<Value> {
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An installation over the packaged company that asks before it does anything, and then only rehearses.
struct Installation(tempfile::TempDir);

impl Installation {
    fn new() -> Installation {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
        fs::create_dir_all(root.path().join("logs")).unwrap();
        let at = root.path().display();
        let text = format!(
            "data = \"{at}/data\"\n[[source]]\nname = \"github_audit\"\npaths = [\"{at}/logs\"]\n\
             [inventory]\npaths = [\"{at}/sand/inventory\"]\n[contain]\npolicy = \"ask\"\n"
        );
        fs::write(root.path().join("firebreak.toml"), text).unwrap();
        let installation = Installation(root);
        installation.runs();
        installation
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn says(&self, arguments: &[&str]) -> Said {
        firebreak(self.root(), &[&["--config", "firebreak.toml", "--json"][..], arguments].concat())
    }

    /// Takes up what was asked for.
    fn runs(&self) {
        let said = self.says(&["run", "--once"]);
        assert_eq!(said.code, 0, "{}", said.error);
    }

    fn change(&self) -> Value {
        let of = |one: &Value| one["kind"] == "change_made";
        objects(&self.says(&["access", "changes"])).into_iter().find(of).unwrap()
    }
}

#[test]
fn an_app_goes_out_of_use_when_enough_people_say_so_and_never_by_itself() {
    let installation = Installation::new();
    let asked =
        installation.says(&["apps", "quarantine", APP, "--inventory", "sand/inventory", "--by", "ada@example.com"]);
    assert_eq!(asked.code, 0, "{}", asked.error);
    let wish = objects(&asked).pop().unwrap();
    assert_eq!((wish["kind"].as_str(), wish["purpose"].as_str()), (Some("change_asked"), Some("quarantine")));
    let steps = wish["actions"].as_array().unwrap();
    let permanent =
        steps.iter().any(|step| matches!(step["reversibility"].as_str(), Some("irreversible" | "recreate_only")));
    assert!(!steps.is_empty(), "{wish}");
    installation.runs();
    assert_eq!(installation.change()["stage"], "waiting");
    let plan = installation.change()["plan"].as_str().unwrap().to_owned();
    let people = ["ada@example.com", "grace@example.com"];
    for (number, person) in people.iter().take(if permanent { 2 } else { 1 }).enumerate() {
        assert_eq!(installation.change()["stage"], "waiting", "{number} approvals");
        assert_eq!(installation.says(&["approve", &plan, "--by", person]).code, 0);
        installation.runs();
    }
    assert_eq!(
        installation.change()["stage"],
        "rehearsed",
        "in dry_run nothing is called, and nothing is said to stand"
    );
    let release = installation.says(&["apps", "release", APP, "--by", "ada@example.com", "--because", "mended"]);
    assert!(release.code == 1 && release.error.contains("nothing that was done"), "{}", release.error);
    assert_eq!(objects(&installation.says(&["verify"])).pop().unwrap()["verified"], true);
}

#[test]
fn what_no_call_can_do_is_said_and_not_asked_for() {
    let installation = Installation::new();
    let refused = |arguments: &[&str], why: &str| {
        let said =
            installation.says(&[arguments, &["--inventory", "sand/inventory", "--by", "ada@example.com"]].concat());
        assert!(
            said.code == 1 && said.error.contains(why) && said.error.contains("hint: "),
            "{arguments:?}: {}",
            said.error
        );
    };
    refused(&["apps", "leash", APP], "no call is known that lets it do less");
    refused(&["apps", "quarantine", "identity:github/nobody[bot]"], "is known");
    refused(&["data", "unshare", "resource:aws/arn:aws:s3:::nowhere"], "unknown, not nothing");
    installation.runs();
    assert!(!installation.says(&["access", "changes"]).out.contains("change_made"), "nothing was asked for");
}

#[test]
fn an_answer_is_kept_with_who_and_why_and_what_is_kept_is_not_due() {
    let installation = Installation::new();
    let review = || {
        let arguments = ["access", "review", "--inventory", "sand/inventory", "--logs", "sand/logs"];
        let said = installation.says(&arguments);
        assert_eq!(said.code, 3, "{}", said.error);
        objects(&said)
    };
    let before = review();
    let summary = before.last().unwrap();
    assert!(summary["due"].as_u64() > Some(0) && summary["owner_unknown"].as_u64() > Some(0), "{summary}");
    let item = before[0]["item"].as_str().unwrap().to_owned();
    let by = ["--by", "ada@example.com", "--because", "year end"];
    let keep = ["access", "answer", &item, "--keep-until", "2046-01-01T00:00:00Z"];
    assert_eq!(installation.says(&[&keep[..], &by].concat()).code, 0);
    installation.runs();
    let after = review();
    assert_eq!(after.last().unwrap()["due"].as_u64(), summary["due"].as_u64().map(|due| due - 1));
    assert!(after.iter().all(|one| one["item"] != item.as_str()));
    let bundle = installation.says(&["verify", "--export", "bundle.ndjson"]);
    assert_eq!(bundle.code, 0, "{}", bundle.error);
    let ledger = fs::read_to_string(installation.root().join("bundle.ndjson")).unwrap();
    assert!(ledger.contains("review_answered") && ledger.contains("year end"), "it is in the ledger");
    for (item, more, why) in [("nothing", "--remove", "is no item"), (&item, "--keep-until", "is over")] {
        let until = if more == "--keep-until" { &["--keep-until", "2020-01-01T00:00:00Z"][..] } else { &["--remove"] };
        let said = installation.says(&[&["access", "answer", item][..], until, &by].concat());
        assert!(said.code == 1 && said.error.contains(why), "{}", said.error);
    }
}

#[test]
fn the_end_of_a_share_is_shown_before_it_is_asked_for() {
    let installation = Installation::new();
    let bucket = "resource:aws/arn:aws:s3:::meridian-careers-assets";
    let preview = ["data", "unshare", bucket, "--inventory", "sand/inventory", "--logs", "sand/logs"];
    let said = installation.says(&preview);
    assert_eq!(said.code, 0, "{}", said.error);
    let all = objects(&said);
    let summary = all.last().unwrap();
    assert_eq!(
        (summary["kind"].as_str(), summary["actions"][0]["name"].as_str()),
        (Some("data_unshare"), Some("aws_public_access/block"))
    );
    assert!(all.iter().any(|one| one["kind"] == "loses" && one["who"] == "identity:aws/*"), "{}", said.out);
    installation.runs();
    assert!(!installation.says(&["access", "changes"]).out.contains("change_made"), "a preview asks for nothing");
    let asked = installation.says(&[&preview[..], &["--by", "ada@example.com"]].concat());
    assert_eq!(asked.code, 0, "{}", asked.error);
    installation.runs();
    let change = installation.change();
    assert_eq!(
        (change["stage"].as_str(), change["purpose"].as_str()),
        (Some("waiting"), Some("unshare")),
        "a person decides"
    );
}
