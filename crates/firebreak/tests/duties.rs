//! The loss of the packaged incident: whose records lie within reach, who may have to be told and by when.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod program;

use program::firebreak;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

const DISCOVERED: &str = "2026-03-25T08:00:00Z";

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// What the statement says is within reach: records by class and residency.
fn within_reach(owed: &Value) -> BTreeMap<(String, String), u64> {
    let lines = owed["statement"]["lines"].as_array().unwrap().iter();
    lines
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            let records = |name: &str| line[name]["records"].as_u64().unwrap();
            ((text("class"), text("residency")), records("certain") + records("possible"))
        })
        .collect()
}

#[test]
fn the_contractors_loss_gives_the_right_states_counts_and_dates() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let truth = json(&root.path().join("sand/truth.json"));
    let lost = texts(&truth["credentials_lost"]);
    let mut arguments = vec!["duties", "--json", "--inventory", "sand/inventory", "--discovered", DISCOVERED];
    arguments.extend(["--now", "2026-04-30T08:00:00Z", "--since", "2026-03-24T10:39:00Z", "--drafts", "drafts"]);
    lost.iter().for_each(|key| arguments.extend(["--from", key.as_str()]));
    let said = firebreak(root.path(), &arguments);
    assert_eq!(said.code, 0, "{}", said.error);
    let owed: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();

    // Counts: what the truth says is reachable, and the inventory's own spread over the states.
    let reach = within_reach(&owed);
    let ssn: u64 = reach.iter().filter(|((class, _), _)| class == "ssn").map(|(_, records)| records).sum();
    assert_eq!(Some(ssn), truth["records_reachable"]["ssn"].as_u64());
    let duties = owed["duties"].as_array().unwrap();
    let told = |jurisdiction: &str, notice: &str| {
        duties.iter().find(|duty| duty["jurisdiction"] == jurisdiction && duty["notice"] == notice)
    };
    let of_class = |duty: &Value, class: &str| {
        let about = duty["about"].as_array().unwrap().iter();
        about.filter(|one| one[0] == class).map(|one| one[1].as_u64().unwrap()).sum::<u64>()
    };
    let texas = told("US-TX", "people").unwrap();
    assert_eq!(of_class(texas, "ssn"), reach[&("ssn".to_owned(), "US-TX".to_owned())]);

    // States: each with residents among the records, and no other.
    let homes: BTreeSet<&str> = reach
        .iter()
        .filter(|((class, home), records)| class != "source_code" && home.starts_with("US-") && **records > 0)
        .map(|((_, home), _)| home.as_str())
        .collect();
    let states: BTreeSet<&str> = duties
        .iter()
        .map(|duty| duty["jurisdiction"].as_str().unwrap())
        .filter(|home| home.len() == 5 && home.starts_with("US-"))
        .collect();
    assert_eq!(states, homes);
    assert_eq!(states.len(), 51, "fifty states and the capital");

    // Dates: so many days from discovery as the table says, and none where its words count from something else.
    let by = |jurisdiction: &str| told(jurisdiction, "people").unwrap()["deadline"]["at"].clone();
    assert_eq!(by("US-AL"), "2026-05-09T08:00:00Z", "45 days");
    assert_eq!(by("US-AK"), Value::Null, "without unreasonable delay");
    let hours = told("EU-GDPR", "authority").map(|duty| duty["deadline"]["at"].clone());
    if let Some(hours) = hours {
        assert_eq!(hours, "2026-03-28T08:00:00Z", "72 hours");
    }
    assert!(duties.iter().all(|duty| duty["standing"] == "for counsel to confirm"));

    // What is not known is said, and drafts lie there for counsel.
    let gaps = [texts(&owed["gaps"]), texts(&owed["statement"]["gaps"])].concat();
    assert!(gaps.iter().any(|gap| gap.contains("no logs were given")), "{gaps:?}");
    let drafts = texts(&owed["drafts"]);
    assert_eq!(drafts.len(), duties.len());
    let text = fs::read_to_string(root.path().join("drafts/US-TX-people.md")).unwrap();
    assert!(text.contains("for counsel to confirm") && text.contains("| ssn |"), "{text}");
}

#[test]
fn logs_say_what_was_seen_leaving_and_a_record_that_is_there_twice_counts_once() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let truth = json(&root.path().join("sand/truth.json"));
    let lost = texts(&truth["credentials_lost"]);
    let seen = |logs: &str| {
        let mut arguments = vec!["duties", "--json", "--inventory", "sand/inventory", "--logs", logs];
        arguments.extend(["--since", "2026-03-24T10:39:00Z", "--discovered", DISCOVERED]);
        lost.iter().for_each(|key| arguments.extend(["--from", key.as_str()]));
        let said = firebreak(root.path(), &arguments);
        assert_eq!(said.code, 0, "{}", said.error);
        let owed: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
        owed["statement"]["bytes_seen"].as_u64().unwrap()
    };
    let once = seen("sand/logs");
    // At least what the intruder takes if nobody cuts; what owners did meanwhile counts too.
    assert!(once >= truth["bytes_without"].as_u64().unwrap(), "{once}");
    let folder = root.path().join("sand/logs/aws_cloudtrail");
    let first = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_file());
    if let Some(file) = first {
        fs::copy(&file, folder.join(format!("again-{}", file.file_name().unwrap().to_str().unwrap()))).unwrap();
        assert_eq!(seen("sand/logs"), once);
    }
}

#[test]
fn the_data_map_says_where_a_class_lies_who_reaches_it_and_who_did() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let ask = |more: &[&str]| {
        let arguments = ["data", "--json", "--inventory", "sand/inventory", "--as-of", "2026-03-24T10:00:00Z"];
        let said = firebreak(root.path(), &[&arguments, more].concat());
        assert_eq!(said.code, 0, "{}", said.error);
        serde_json::from_str::<Value>(said.out.lines().last().unwrap()).unwrap()
    };
    let estate = fs::read_to_string(root.path().join("sand/inventory/estate.json")).unwrap();
    let estate: Value = serde_json::from_str(&estate).unwrap();
    let stores = estate["stores"].as_array().unwrap().iter();
    let holdings = stores.flat_map(|store| store["holdings"].as_array().unwrap());
    let stated: u64 = holdings.filter(|one| one["class"] == "ssn").map(|one| one["records"].as_u64().unwrap()).sum();

    let answer = ask(&["--class", "ssn", "--logs", "sand/logs"]);
    let ssn = &answer["classes"][0];
    assert_eq!(ssn["records"].as_u64(), Some(stated));
    assert!(ssn["residents"]["US-CA"].as_u64() > ssn["residents"]["US-WY"].as_u64(), "{ssn}");
    assert!(!ssn["reach"].as_array().unwrap().is_empty());
    let touched = |place: &Value| !place["touched"]["last"].is_null();
    let all = ask(&["--logs", "sand/logs"]);
    let places = all["classes"].as_array().unwrap().iter().flat_map(|class| class["places"].as_array().unwrap());
    assert!(places.clone().any(touched) && !places.clone().all(touched));

    // What no log tells of, and logs that ended long ago, are not taken for nobody's reading.
    assert!(answer["classes"][0]["places"][0]["touched"].is_null(), "no log of the database is there");
    let arguments = ["data", "--json", "--inventory", "sand/inventory", "--logs", "sand/logs"];
    let today = firebreak(root.path(), &arguments);
    let today: Value = serde_json::from_str(today.out.lines().last().unwrap()).unwrap();
    assert!(today["at"].as_str().unwrap().starts_with("2026-0"), "{}", today["at"]);
    let places = today["classes"].as_array().unwrap().iter().flat_map(|class| class["places"].as_array().unwrap());
    assert!(places.clone().any(touched));

    // Without logs nobody is said to have touched nothing.
    let blind = ask(&["--class", "ssn"]);
    assert!(blind["classes"][0]["places"][0]["touched"].is_null() && blind["days"].is_null());
    assert!(texts(&blind["gaps"])[0].contains("no logs were given"));
}

#[test]
fn custody_shows_copies_that_nobody_declared() {
    let root = tempfile::tempdir().unwrap();
    assert_eq!(firebreak(root.path(), &["scenario", "sand"]).code, 0);
    let ask = |register: &str| {
        fs::write(root.path().join("register.toml"), register).unwrap();
        let arguments = ["custody", "--json", "--inventory", "sand/inventory", "--register", "register.toml"];
        let said = firebreak(root.path(), &[&arguments[..], &["--as-of", "2026-03-24T10:00:00Z"]].concat());
        assert_eq!(said.code, 3, "{}", said.error);
        serde_json::from_str::<Value>(said.out.lines().last().unwrap()).unwrap()
    };
    let nothing = ask("format = \"firebreak.register/1\"\n");
    let kept = nothing["kept"].as_array().unwrap();
    assert!(!kept.is_empty() && nothing["undeclared"].as_u64() == Some(kept.len() as u64));
    let ssn: Vec<&str> =
        kept.iter().filter(|one| one["class"] == "ssn").map(|one| one["resource"].as_str().unwrap()).collect();
    let declared = ask(&format!(
        "format = \"firebreak.register/1\"\n[[record]]\nclass = \"ssn\"\nat = {ssn:?}\npurpose = \"payroll\"\nbasis = \"contract\"\n\
         owner = \"payroll@meridian.example\"\nretention_days = 30\noldest = \"2026-01-01\"\n"
    ));
    assert_eq!(declared["overdue"].as_u64(), Some(ssn.len() as u64), "{declared}");
    assert_eq!(declared["undeclared"].as_u64(), Some((kept.len() - ssn.len()) as u64));
}
