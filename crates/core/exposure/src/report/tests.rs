//! Tests of the reports: each form of the same verdicts, and that unknown never reads as passed.

use super::*;
use firebreak_model::{NodeKey, Position};
use roxmltree::Document;
use sonic_rs::{JsonContainerTrait, JsonValueTrait, Value};

/// Whatever an input may hold that a form could take for its own.
const HOSTILE: &str = "a<b>&\"'|`*_[x](http://y) @ada #1 <!-- --> ]]> \u{1}\n\u{202e}é";

fn answer(verdict: Verdict, name: &str, places: &[&str]) -> Answer {
    let judgement = Judgement {
        environment: NodeKey::environment("file", name),
        profile: Text::new("litellm-2026-03"),
        revision: 2,
        verdict,
        interval: None,
        decided_by: vec![format!("because of {HOSTILE}")],
        gaps: if verdict == Verdict::Unknown { vec!["a log is gone".to_owned()] } else { Vec::new() },
        at: None,
    };
    Answer {
        judgement,
        title: "litellm on PyPI".to_owned(),
        places: places.iter().map(|place| Place::of(place)).collect(),
        advisories: Vec::new(),
        owners: vec![Text::new("@ada")],
    }
}

fn answers() -> Vec<Answer> {
    vec![
        answer(Verdict::Exposed, "a b/uv.lock", &["a b/uv.lock:742", "a b/uv.lock:743"]),
        answer(Verdict::Suspect, "pyproject.toml", &["pyproject.toml:30"]),
        answer(Verdict::Unknown, HOSTILE, &[]),
        answer(Verdict::Clear, "requirements.txt", &["requirements.txt"]),
    ]
}

fn problem() -> Problem {
    let position = Position { input: "b/bad.lock".to_owned(), line: Some(3), ..Position::default() };
    Problem { source: Text::new("lockfile"), position, reason: HOSTILE.to_owned(), hint: "mend it".to_owned() }
}

fn with(fail_on: Verdict, write: impl Fn(&Report<'_>) -> String) -> String {
    write(&Report { version: "1.2.3", answers: &answers(), problems: &[problem()], fail_on })
}

#[test]
fn a_place_is_a_file_and_its_line() {
    let place = |text: &str| (Place::of(text).file, Place::of(text).line);
    assert_eq!(place("a/uv.lock:742"), ("a/uv.lock".to_owned(), Some(742)));
    assert_eq!(place("ci_log o/r/1/job#12"), ("ci_log o/r/1/job".to_owned(), Some(12)));
    assert_eq!(place("c:/x"), ("c:/x".to_owned(), None));
    assert_eq!(place("at 10:0"), ("at 10:0".to_owned(), None));
}

#[test]
fn sarif_has_what_the_standard_asks_for_and_hides_nothing_that_is_not_clear() {
    let log: Value = sonic_rs::from_str(&with(Verdict::Exposed, |report| report.sarif())).unwrap();
    assert_eq!(log["version"].as_str(), Some("2.1.0"));
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), 1);
    let results = run["results"].as_array().unwrap();
    let found: Vec<(&str, &str, &str)> = results
        .iter()
        .map(|one| {
            let text = |value: &'static str| one[value].as_str().unwrap();
            (one["properties"]["verdict"].as_str().unwrap(), text("kind"), text("level"))
        })
        .collect();
    // By the standard a level other than `none` belongs to a `fail` only, and `none` is what viewers hide.
    let expected = [("exposed", "fail", "error"), ("suspect", "fail", "warning"), ("unknown", "fail", "warning")];
    assert_eq!(found, expected);
    for one in results.iter() {
        assert_eq!(one["ruleIndex"].as_u64(), Some(0));
        assert!(one["message"]["text"].as_str().unwrap().contains(HOSTILE), "nothing is lost");
        let uri = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>\"|`{}^\\".contains(&byte)), "{uri}");
    }
    let first = &results[0]["locations"][0]["physicalLocation"];
    assert_eq!(first["artifactLocation"]["uri"].as_str(), Some("a%20b/uv.lock"));
    assert_eq!(first["region"]["startLine"].as_u64(), Some(742));
    let told = &run["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(told["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64(), Some(3));
}

fn junit_cases(fail_on: Verdict) -> Vec<(String, Option<String>)> {
    let xml = with(fail_on, |report| report.junit());
    let document = Document::parse(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let suite = document.root_element().children().find(|node| node.has_tag_name("testsuite")).unwrap();
    let count = |name: &str| suite.children().filter(|case| case.children().any(|it| it.has_tag_name(name))).count();
    assert_eq!(suite.attribute("failures"), Some(count("failure").to_string().as_str()));
    assert_eq!(suite.attribute("skipped"), Some(count("skipped").to_string().as_str()));
    let cases = suite.children().filter(|node| node.has_tag_name("testcase"));
    let cases = cases.map(|case| {
        let said = case.children().find(|node| node.is_element());
        if let Some(said) = said {
            let message = said.attribute("message").unwrap().replace('\u{fffd}', "\u{1}");
            assert!(message.contains(HOSTILE), "{message}");
        }
        let name = case.attribute("name").unwrap().to_owned();
        (name, said.map(|node| node.tag_name().name().to_owned()))
    });
    cases.collect()
}

/// What Jenkins' `junit-10.xsd` says of the elements that are written: attributes, those that must be there first, and children.
const ELEMENTS: [(&str, &[&str], usize, &[&str]); 5] = [
    ("testsuites", &["name", "time", "tests", "failures", "errors"], 0, &["testsuite"]),
    (
        "testsuite",
        &["name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package", "file"],
        4,
        &["testsuite", "properties", "testcase", "system-out", "system-err"],
    ),
    ("testcase", &["name", "time", "classname", "group"], 1, &["skipped", "error", "failure", "system-out"]),
    ("failure", &["type", "message"], 0, &[]),
    ("skipped", &["type", "message"], 0, &[]),
];

/// What the schema does not allow in `xml`.
fn against_schema(xml: &str) -> Vec<String> {
    let document = Document::parse(xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    let mut wrong = Vec::new();
    for node in document.descendants().filter(|node| node.is_element()) {
        let name = node.tag_name().name();
        let Some((_, attributes, needed, children)) = ELEMENTS.iter().find(|(own, ..)| *own == name) else {
            wrong.push(format!("no element {name}"));
            continue;
        };
        let other = node.attributes().filter(|one| !attributes.contains(&one.name()));
        wrong.extend(other.map(|one| format!("{name} has {}", one.name())));
        let missing = attributes.iter().take(*needed).filter(|one| node.attribute(**one).is_none());
        wrong.extend(missing.map(|one| format!("{name} lacks {one}")));
        let inner = node.children().filter(|child| child.is_element() && !children.contains(&child.tag_name().name()));
        wrong.extend(inner.map(|child| format!("{name} holds {}", child.tag_name().name())));
        let mixed = ["failure", "skipped"].contains(&name);
        let text = node.children().any(|child| child.is_text() && !child.text().unwrap_or_default().trim().is_empty());
        wrong.extend((text && !mixed).then(|| format!("{name} holds text")));
    }
    if !document.root_element().has_tag_name("testsuites") {
        wrong.push("another root".to_owned());
    }
    wrong
}

#[test]
fn junit_is_what_its_schema_allows() {
    for fail_on in [Verdict::Exposed, Verdict::Suspect, Verdict::Unknown] {
        let xml = with(fail_on, |report| report.junit());
        assert_eq!(against_schema(&xml), Vec::<String>::new(), "{xml}");
        assert!(xml.contains("a b/uv.lock:742\na b/uv.lock:743\n</failure>"), "{xml}");
    }
    let none = Report { version: "1", answers: &[], problems: &[], fail_on: Verdict::Unknown }.junit();
    assert_eq!(against_schema(&none), Vec::<String>::new(), "{none}");
    // The check can fail.
    assert_eq!(against_schema("<testsuites><testsuite name='' tests='' failures='' line=''/>x</testsuites>").len(), 3);
}

#[test]
fn in_junit_only_what_is_clear_passes() {
    let words =
        |fail_on| junit_cases(fail_on).into_iter().map(|(_, word)| word.unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(words(Verdict::Exposed), ["failure", "skipped", "skipped", ""]);
    assert_eq!(words(Verdict::Suspect), ["failure", "failure", "skipped", ""]);
    assert_eq!(words(Verdict::Unknown), ["failure", "failure", "failure", ""]);
    // Clear cannot fail, and asking for it changes nothing else.
    assert_eq!(words(Verdict::Clear), ["failure", "failure", "failure", ""]);
    assert_eq!(junit_cases(Verdict::Unknown)[3].0, "environment:file/requirements.txt");
}

#[test]
fn markdown_takes_no_markup_from_inputs() {
    let text = with(Verdict::Unknown, |report| report.markdown());
    assert!(text.starts_with("<!-- firebreak-exposed -->\n### Firebreak: a bad release is here"), "{text}");
    assert!(text.contains("| 1 | 1 | 1 | 1 |"), "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.contains("<code>")).collect();
    assert_eq!(rows.len(), 3, "{text}");
    for row in rows {
        assert_eq!(row.matches('|').count(), 5, "{row}");
        let own = row.replace("<code>", "").replace("</code>", "").replace("**exposed**", "exposed");
        assert!(!own.contains(['<', '>', '@', '*', '`', '[', '_', '"', '\'']), "{row}");
        assert!(!own.contains("http:"), "{row}");
    }
    assert!(text.contains("Unknown is not clear"), "{text}");
}

#[test]
fn a_comment_fits_and_says_what_it_leaves_out() {
    let many: Vec<Answer> = (0..900).map(|at| answer(Verdict::Unknown, &format!("host/{at}"), &[])).collect();
    let text = Report { version: "1", answers: &many, problems: &[], fail_on: Verdict::Unknown }.markdown();
    assert!(text.chars().count() < 65_536, "{}", text.chars().count());
    assert!(text.contains(" more are not shown"), "it says so");
}

#[test]
fn nothing_judged_is_not_clear() {
    let text = Report { version: "1", answers: &[], problems: &[], fail_on: Verdict::Unknown }.markdown();
    assert!(text.contains("nothing was judged") && !text.contains("Firebreak: clear"), "{text}");
}

#[test]
fn json_is_one_object_with_every_answer() {
    let document: Value = sonic_rs::from_str(&with(Verdict::Suspect, |report| report.json())).unwrap();
    assert_eq!(document["format"].as_str(), Some("firebreak.verdicts/1"));
    assert_eq!(document["failed"].as_u64(), Some(2));
    assert_eq!(document["answers"].as_array().unwrap().len(), 4);
    assert_eq!(document["answers"][0]["verdict"].as_str(), Some("exposed"));
    assert_eq!(document["answers"][0]["places"][0]["line"].as_u64(), Some(742));
}
