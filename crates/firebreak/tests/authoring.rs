//! `firebreak detector …` and `firebreak check` as someone who writes a detector for the first time meets them.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test")]

mod program;

use program::firebreak;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// The JSON objects that a command prints.
fn objects(directory: &Path, code: i32, arguments: &[&str]) -> Vec<Value> {
    let said = firebreak(directory, &[arguments, &["--json"]].concat());
    assert_eq!(said.code, code, "{arguments:?}: {}{}", said.out, said.error);
    said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An Okta record: `who` does `what` on this day at this hour.
fn okta(number: u32, day: u32, hour: u32, who: &str, what: &str) -> String {
    json!({
        "uuid": format!("00000000-0000-4000-8000-{number:012}"),
        "published": format!("2026-03-{day:02}T{hour:02}:00:00.000Z"),
        "eventType": what,
        "actor": {"id": "00u1", "type": "User", "alternateId": who},
        "client": {"ipAddress": "203.0.113.9"},
        "outcome": {"result": "SUCCESS"},
        "target": [{"id": "00T1", "type": "Token", "displayName": "ci"}],
    })
    .to_string()
}

const TOKEN: &str = "system.api_token.create";

/// A detector that sees tokens being made, in `detectors/okta_token_made`.
fn detector(root: &Path) {
    let made = objects(root, 0, &["detector", "new", "okta_token_made", "--product", "okta", "--service", "okta"]);
    assert_eq!(made[0]["files"].as_array().unwrap().len(), 4, "{made:?}");
    let folder = root.join("detectors/okta_token_made");
    let rule = fs::read_to_string(folder.join("rule.yml")).unwrap();
    let field = rule.lines().find(|line| line.contains("replace-me")).unwrap();
    let rule = rule.replace(field, &format!("    eventType: {TOKEN}"));
    fs::write(folder.join("rule.yml"), rule).unwrap();
    fs::write(folder.join("cases/fire-example/okta_system.json"), okta(1, 2, 10, "eve@example.com", TOKEN)).unwrap();
    let quiet = okta(2, 2, 11, "ada@example.com", "user.session.start");
    fs::write(folder.join("cases/quiet-example/okta_system.json"), quiet).unwrap();
}

#[test]
fn a_detector_is_begun_filled_in_and_tested() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    objects(root, 0, &["detector", "new", "okta_empty", "--product", "okta"]);
    let empty = firebreak(root, &["detector", "test"]);
    assert_eq!(empty.code, 3);
    assert!(empty.out.contains("FAILED okta_empty/fire-example") && empty.out.contains("no record"), "{}", empty.out);
    fs::remove_dir_all(root.join("detectors/okta_empty")).unwrap();

    detector(root);
    let said = firebreak(root, &["detector", "test"]);
    assert_eq!((said.code, said.out.as_str()), (0, "1 detector, 2 cases: all as they should be\n"), "{}", said.error);
    let again = firebreak(root, &["detector", "new", "okta_token_made", "--product", "okta"]);
    assert!(again.code == 1 && again.error.contains("is there already"), "{}", again.error);
}

#[test]
fn a_case_that_fails_says_why() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    detector(root);
    let cases = root.join("detectors/okta_token_made/cases");
    fs::write(cases.join("fire-example/okta_system.json"), okta(1, 2, 10, "eve@example.com", "group.create")).unwrap();
    fs::write(cases.join("quiet-example/okta_system.json"), okta(2, 2, 11, "ada@example.com", TOKEN)).unwrap();
    let printed = objects(root, 3, &["detector", "test", "detectors/okta_token_made"]);
    let case = |name: &str| printed.iter().find(|one| one["case"] == name).unwrap();
    let why = case("fire-example")["why"][0].as_str().unwrap();
    assert!(why.contains(&format!("eventType is `{TOKEN}`")) && why.contains("`group.create`"), "{why}");
    assert!(case("quiet-example")["why"][0].as_str().unwrap().starts_with("it fired: "));
    assert_eq!(printed.last().unwrap()["failed"], 2);

    fs::write(cases.join("fire-example/okta_system.json"), "not a record").unwrap();
    fs::write(cases.join("quiet-example/okta.json"), okta(3, 2, 11, "ada@example.com", "group.create")).unwrap();
    let printed = objects(root, 3, &["detector", "test"]);
    let text = printed.iter().map(Value::to_string).collect::<String>();
    assert!(text.contains("not JSON") && text.contains("no source `okta`"), "{text}");
}

#[test]
fn what_is_wrong_with_a_request_is_said_with_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    detector(root);
    fs::write(root.join("broken.yml"), "title: [").unwrap();
    fs::write(root.join("okta_system.ndjson"), okta(1, 2, 10, "eve@example.com", TOKEN)).unwrap();
    fs::write(root.join("notes.txt"), "{}").unwrap();
    fs::create_dir_all(root.join("empty")).unwrap();
    let own = "detectors/okta_token_made";
    for (arguments, says) in [
        (&["detector", "new", "Okta!", "--product", "okta"][..], "is no name"),
        (&["detector", "new", "x", "--product", "oktaa"], "did you mean `okta`?"),
        (&["detector", "new", "x", "--product", "aws", "--service", "cloudtrial"], "did you mean `cloudtrail`?"),
        (&["detector", "test", "nowhere"], "no `rule.yml`"),
        (&["detector", "backtest", "nothing_such", "--logs", "."], "no detector `nothing_such`"),
        (&["detector", "backtest", "broken.yml", "--logs", "."], "not YAML"),
        (&["detector", "backtest", own, "--logs", "empty"], "is named after a source"),
        (&["detector", "backtest", own, "--logs", "empty", "--source", "okta_system"], "no record was found"),
        (&["detector", "backtest", own, "--lake", "empty"], "holds no installation"),
        (&["detector", "explain", own, "--event", "notes.txt"], "add --source"),
        (&["detector", "explain", own, "--event", "okta_system.ndjson:9"], "no line 9"),
        (&["detector", "explain", own, "--event", "missing.ndjson"], "missing.ndjson"),
        (&["detector", "explain", own, "--event-uid", "12", "--lake", "empty"], "32 hexadecimal digits"),
    ] {
        let said = firebreak(root, arguments);
        assert!(said.code == 1 && said.error.contains(says), "{arguments:?}: {}{}", said.out, said.error);
    }
    assert_eq!(firebreak(root, &["detector", "backtest", own]).code, 2);
}

/// Ten days: `ci@example.com` makes a token each day, Eve one on the fifth; others only sign in.
fn logs(root: &Path) {
    let mut lines = Vec::new();
    for day in 1..=10 {
        lines.push(okta(day * 100, day, 6, "ci@example.com", TOKEN));
        lines.extend((1..20).map(|person| {
            okta(day * 100 + person, day, 9, &format!("person-{person}@example.com"), "user.session.start")
        }));
    }
    lines.push(okta(5_000, 5, 23, "eve@example.com", TOKEN));
    lines.push("{\"broken\":".to_owned());
    fs::create_dir_all(root.join("logs/okta_system")).unwrap();
    fs::write(root.join("logs/okta_system/march.ndjson"), lines.join("\n")).unwrap();
}

#[test]
fn a_backtest_says_how_often_on_what_and_how_noisy() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    detector(root);
    logs(root);
    let own = "detectors/okta_token_made";
    let report = objects(root, 0, &["detector", "backtest", own, "--logs", "logs"]).pop().unwrap();
    assert_eq!((report["events"].as_u64(), report["quarantined"].as_u64()), (Some(201), Some(1)), "{report}");
    assert_eq!((report["met"].as_u64(), report["findings"].as_u64()), (Some(11), Some(11)));
    assert_eq!(report["subjects"][0], json!({"name": "identity:person/ci@example.com", "findings": 10}));
    assert_eq!(report["operations"], json!([{"name": TOKEN, "findings": 11}]));
    assert_eq!(report["per_day"]["2026-03-05"], 2);
    let hints = report["hints"].to_string();
    assert!(hints.contains("10 of 11 findings are about") && hints.contains("sees a habit"), "{hints}");
    assert!(report["seconds_per_million"].as_f64() > Some(0.0));

    let days = ["--from", "2026-03-05T00:00:00Z", "--to", "2026-03-06T00:00:00Z"];
    let one =
        [&["detector", "backtest", own, "--logs", "logs/okta_system", "--source", "okta_system"], &days[..]].concat();
    let report = objects(root, 0, &one).pop().unwrap();
    assert_eq!((report["events"].as_u64(), report["findings"].as_u64()), (Some(21), Some(2)), "{report}");
    let never = objects(root, 0, &["detector", "backtest", "aws_root_used", "--logs", "logs"]).pop().unwrap();
    assert!(never["asked"] == 0 && never["hints"].to_string().contains("never asked"), "{never}");
}

#[test]
fn what_an_installation_has_kept_can_be_tried_and_explained() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    detector(root);
    logs(root);
    let config = "data = \"kept\"\n[[source]]\nname = \"okta_system\"\npaths = [\"logs/okta_system\"]\n";
    fs::write(root.join("firebreak.toml"), config).unwrap();
    let run = firebreak(root, &["--config", "firebreak.toml", "run", "--once"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.error);
    let own = "detectors/okta_token_made";
    let of_lake = objects(root, 0, &["detector", "backtest", own, "--lake", "kept"]).pop().unwrap();
    let of_logs = objects(root, 0, &["detector", "backtest", own, "--logs", "logs"]).pop().unwrap();
    for field in ["events", "asked", "met", "findings", "per_day", "subjects", "targets", "operations", "from", "to"] {
        assert_eq!(of_lake[field], of_logs[field], "{field}");
    }
    let march = "logs/okta_system/march.ndjson";
    let explained = objects(root, 0, &["detector", "explain", own, "--event", march]).pop().unwrap();
    let uid = explained["event"].as_str().unwrap();
    let kept = objects(root, 0, &["detector", "explain", own, "--event-uid", uid, "--lake", "kept"]).pop().unwrap();
    assert_eq!((&kept["event"], &kept["meets"]), (&explained["event"], &json!(true)));
    let unknown = ["detector", "explain", own, "--event-uid", &"0".repeat(32), "--lake", "kept"];
    assert!(firebreak(root, &unknown).error.contains("does not hold the event"));
}

#[test]
fn an_explanation_names_the_test_that_fails_and_shows_no_secret() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    detector(root);
    let secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    let lines = [okta(1, 2, 10, "eve@example.com", TOKEN), okta(2, 2, 11, "ada@example.com", secret)];
    fs::write(root.join("okta_system.ndjson"), lines.join("\n")).unwrap();
    let own = "detectors/okta_token_made";
    let said = firebreak(root, &["detector", "explain", own, "--event", "okta_system.ndjson:2"]);
    assert_eq!(said.code, 0, "{}", said.error);
    assert!(said.out.contains("does not meet Okta token made"), "{}", said.out);
    assert!(said.out.contains(&format!("false eventType is `{TOKEN}`")), "{}", said.out);
    assert!(!said.out.contains(secret), "{}", said.out);
    let met = objects(root, 0, &["detector", "explain", own, "--event", "okta_system.ndjson:1"]).pop().unwrap();
    assert_eq!((&met["meets"], &met["rules"][0]["condition"]["holds"]), (&json!(true), &json!(true)));

    let rule = fs::read_to_string(root.join(own).join("rule.yml")).unwrap();
    let filtered = "  filter:\n    actor.alternateId: eve@example.com\n  condition: selection and not filter\n";
    fs::write(root.join("rule.yml"), rule.replace("  condition: selection\n", filtered)).unwrap();
    let said = firebreak(root, &["detector", "explain", "rule.yml", "--event", "okta_system.ndjson:1"]);
    assert!(said.out.contains("`filter` holds, and the condition wants it not to"), "{}{}", said.out, said.error);
    let said = firebreak(root, &["detector", "explain", "rule.yml", "--event", "okta_system.ndjson:2"]);
    assert!(!said.out.contains("search `filter` wants"), "a filter that does not hold is no reason: {}", said.out);

    let clones: Vec<String> = (0..3)
        .map(|at| {
            json!({"_document_id": format!("d{at}"), "@timestamp": 1_774_000_000_000_i64 + at * 1_000, "action": "git.clone",
                   "actor": "eve", "repo": format!("acme/{at}")})
            .to_string()
        })
        .collect();
    fs::write(root.join("github_audit.ndjson"), clones.join("\n")).unwrap();
    let counted = ["detector", "explain", "github_mass_clone", "--event", "github_audit.ndjson:3"];
    let explained = objects(root, 0, &counted).pop().unwrap();
    let correlation = &explained["correlations"][0];
    assert_eq!(
        (&correlation["measured"], &correlation["group"]),
        (&json!(3), &json!([["actor", "eve"]])),
        "{explained}"
    );
    assert!(correlation["least"].as_u64() > Some(3) && explained["findings"] == 0, "{explained}");
}

/// The names of the lints over `detectors`, and how many errors there are.
fn checked(root: &Path, code: i32, more: &[&str]) -> (Vec<String>, u64) {
    let printed = objects(root, code, &[&["check", "detectors"], more].concat());
    let lints = printed.iter().filter(|one| one["kind"] == "lint");
    for lint in lints.clone() {
        let said = |field: &str| lint[field].as_str().is_some_and(|text| !text.is_empty());
        assert!(said("what") && said("cure") && said("rule") && lint["position"]["line"].is_u64(), "{lint}");
    }
    let last = printed.last().unwrap();
    assert_eq!(last["lints"].as_u64(), Some(lints.clone().count() as u64));
    (lints.map(|lint| lint["name"].as_str().unwrap().to_owned()).collect(), last["errors"].as_u64().unwrap())
}

#[test]
fn a_check_tells_errors_from_lints_and_names_both() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    detector(root);
    assert_eq!(checked(root, 0, &[]), (vec![], 0), "a detector that was filled in is in order");
    let folder = root.join("detectors/okta_token_made");
    let rule = fs::read_to_string(folder.join("rule.yml")).unwrap();

    fs::write(folder.join("rule.yml"), rule.replace("eventType: ", "eventTyp: ")).unwrap();
    let (lints, errors) = checked(root, 0, &[]);
    assert!(errors == 0 && lints.iter().any(|name| name == "fire_case_silent"), "{lints:?}");
    assert!(lints.iter().any(|name| name == "rule_not_exercised"), "{lints:?}");
    assert!(lints.len() >= 3, "a field that Okta never has is a lint: {lints:?}");
    assert_eq!(checked(root, 3, &["--strict"]), (lints, 0));

    fs::write(folder.join("rule.yml"), &rule).unwrap();
    fs::remove_dir_all(folder.join("cases/quiet-example")).unwrap();
    assert_eq!(checked(root, 0, &[]), (vec!["no_quiet_case".to_owned()], 0));
    fs::remove_dir_all(folder.join("cases")).unwrap();
    assert_eq!(checked(root, 0, &[]).0, ["no_fire_case", "no_quiet_case"]);

    fs::write(folder.join("rule.yml"), rule.replace("condition: selection", "condition: selektion")).unwrap();
    assert_eq!(checked(root, 3, &[]), (vec![], 1), "an error is no lint, and its cases say nothing");
}

#[test]
fn public_rules_load() {
    let public = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/sigma/rules");
    if !public.is_dir() {
        println!("skipped: corpus absent");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let last = objects(root.path(), 0, &["check", public.to_str().unwrap()]).pop().unwrap();
    assert!(last["loaded"].as_u64() >= Some(348) && last["errors"] == 0, "{last}");
}
