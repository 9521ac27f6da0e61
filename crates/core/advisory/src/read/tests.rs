//! What is read of documents that are not as they should be.

use super::*;
use crate::record::{Bound, RangeKind, Trust};

fn reasons(document: &str) -> (Vec<Record>, Vec<String>) {
    let reading = read("feed/x.json", document.as_bytes());
    assert!(reading.problems.iter().all(|problem| problem.position.input == "feed/x.json"));
    (reading.records, reading.problems.into_iter().map(|problem| problem.reason).collect())
}

#[test]
fn a_field_of_another_type_costs_that_field_and_names_its_path() {
    let (records, reasons) = reasons(
        r#"{"id":"X-1","aliases":"CVE-1","modified":"soon","affected":[1,{"package":{"ecosystem":"PyPI"}},
        {"package":{"ecosystem":"PyPI","name":"a"},"versions":["1",2],"ranges":[{"type":"ODD","events":[{"fixed":"3"},{}]}]}]}"#,
    );
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].affected.len(), 1);
    assert_eq!(
        reasons,
        [
            "`modified`: `soon` is not a time",
            "`aliases`: a text, not a list",
            "`affected[0]`: not an object",
            "`affected[1].package`: neither `ecosystem` and `name` nor a `purl` that can be read",
            "`affected[2].ranges[0].type`: `ODD` is no type of range; taken as `ECOSYSTEM`",
            "`affected[2].ranges[0].events[1]`: no event that is known",
            "`affected[2].ranges[0]`: nothing is `introduced`; taken as from the beginning",
            "`affected[2].versions[1]`: a number, not a text",
        ]
    );
    let range = &records[0].affected[0].ranges[0];
    assert_eq!((range.events[0].bound, range.events[0].version.as_str()), (Bound::Introduced, "0"));
}

#[test]
fn documents_that_are_no_records_are_problems_and_no_panic() {
    for document in ["", "[", "1", "null", "{}", r#"{"id":7}"#, r#"{"cveMetadata":{}}"#, r#"{"cveMetadata":1}"#] {
        let (records, reasons) = reasons(document);
        assert!(records.is_empty() && !reasons.is_empty(), "{document}: {reasons:?}");
    }
    let deep = format!(r#"{{"id":"X-1","affected":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let (records, reasons) = reasons(&deep);
    assert!(records.is_empty() && reasons[0].contains("recursion"), "{reasons:?}");
    let many = format!(r#"{{"id":"X-1","affected":[{}1]}}"#, "1,".repeat(5_000));
    let (records, reasons) = self::reasons(&many);
    assert_eq!((records.len(), reasons.len()), (1, PROBLEMS_SHOWN + 1));
    assert_eq!(reasons[PROBLEMS_SHOWN], "4981 more things are not as they should be");
}

#[test]
fn lines_lists_and_answers_are_all_read() {
    let lines = "{\"id\":\"A-1\"}\n\n{\"id\":\"A-2\"\n{\"id\":\"A-3\"}\n";
    let reading = read("x.ndjson", lines.as_bytes());
    assert_eq!(reading.records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["A-1", "A-3"]);
    assert_eq!(reading.problems[0].position.line, Some(3));
    assert_eq!(read("x", br#"[{"id":"A-1"},{"id":"A-2"}]"#).records.len(), 2);
    assert_eq!(read("x", br#"{"vulns":[{"id":"A-1"}]}"#).records.len(), 1);
}

#[test]
fn versions_that_a_range_holds_are_not_kept_twice() {
    let (records, _) = reasons(
        r#"{"id":"P-1","affected":[{"package":{"ecosystem":"PyPI","name":"A.b"},"versions":["1.0","1.1","3.0","odd"],
        "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2"}]},
                  {"type":"GIT","repo":"https://github.com/O/R.git","events":[{"introduced":"0"},{"fixed":"abc"}]}]}]}"#,
    );
    let [git, package] = records[0].affected.as_slice() else { panic!("{records:?}") };
    assert_eq!((package.name.as_str(), package.versions.as_slice()), ("a-b", &["3.0".into(), "odd".into()][..]));
    assert_eq!(
        (git.ecosystem.as_str(), git.name.as_str(), git.ranges[0].kind),
        ("GIT", "github.com/o/r", RangeKind::Git)
    );
}

#[test]
fn cve_versions_say_what_they_say() {
    let document = |product: &str| {
        format!(r#"{{"cveMetadata":{{"cveId":"CVE-1"}},"containers":{{"cna":{{"affected":[{{{product}}}]}}}}}}"#)
    };
    let ask = |product: &str, versions: &[&str]| -> Vec<crate::Answer> {
        let (records, reasons) = reasons(&document(product));
        assert_eq!(reasons, [""; 0], "{product}");
        let affected = records[0].affected.last().expect("one");
        assert_eq!(affected.trust, Trust::Statement);
        versions.iter().map(|version| crate::affects(affected, version)).collect()
    };
    use crate::Answer::{Affected as Yes, Unaffected as No, Undecided as Maybe};
    let of = r#""collectionURL":"https://pypi.org","packageName":"x","versions":"#;
    for (versions, expected) in [
        (r#"[{"version":"1.0","status":"affected","lessThan":"2.0","versionType":"semver"}]"#, [No, Yes, Yes, No]),
        (r#"[{"version":"0","status":"affected","lessThanOrEqual":"1.5"}]"#, [Yes, Yes, Yes, No]),
        (r#"[{"version":"*","status":"affected","lessThan":"*"}]"#, [Yes, Yes, Yes, Yes]),
        (r#"[{"version":"1.5","status":"affected"},{"version":"1.0","status":"unaffected"}]"#, [No, No, Yes, No]),
        (r#"[{"version":"< 1.5","status":"affected"}]"#, [Yes, Yes, No, No]),
        (r#"[{"version":">= 1.0, <= 1.5","status":"affected"}]"#, [No, Yes, Yes, No]),
        (r#"[{"version":"n/a","status":"affected"}]"#, [Maybe, Maybe, Maybe, Maybe]),
        (
            r#"[{"version":"0","status":"affected","lessThan":"2.0","changes":[{"at":"1.0","status":"unaffected"}]}]"#,
            [Yes, No, No, No],
        ),
        (
            r#"[{"version":"1.0","status":"unaffected","lessThan":"2.0"}],"defaultStatus":"affected""#,
            [Yes, No, No, Yes],
        ),
    ] {
        assert_eq!(ask(&format!("{of}{versions}"), &["0.9", "1.0", "1.5", "2.0"]), expected, "{versions}");
    }
    let rejected = r#"{"cveMetadata":{"cveId":"CVE-1","state":"REJECTED","dateUpdated":"2026-01-01T00:00:00Z"}}"#;
    assert!(!reasons(rejected).0[0].speaks());
}
