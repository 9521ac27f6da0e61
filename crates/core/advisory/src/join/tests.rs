//! What is joined, what is not, and what is said of it. Real records are read from the corpus; their shapes are also here.

use super::*;
use crate::{Answer, Index, Reading, build, newest, read};

fn records(documents: &[&str]) -> Vec<Record> {
    let readings: Vec<Reading> = documents.iter().map(|document| read("x.json", document.as_bytes())).collect();
    for reading in &readings {
        assert_eq!(reading.problems, [], "every document is as it should be");
    }
    newest(readings.into_iter().flat_map(|reading| reading.records).collect(), &mut Vec::new())
}

/// The groups, with ids in place of places.
fn joined(documents: &[&str]) -> Vec<(Vec<String>, Vec<String>, Vec<String>)> {
    let records = records(documents);
    let ids = |group: &Group| group.members.iter().map(|place| records[*place].id.to_string()).collect();
    join(&records).iter().map(|group| (ids(group), group.reasons.clone(), group.conflicts.clone())).collect()
}

const MAL: &str = r#"{"id":"MAL-1","aliases":["PYSEC-1"],"affected":[{"package":{"ecosystem":"PyPI","name":"Lite_LLM"},"versions":["1.7","1.8"]}]}"#;
const GHSA: &str = r#"{"id":"GHSA-1","aliases":[],"database_specific":{"cwe_ids":["CWE-506"]},"affected":[{"package":{"ecosystem":"PyPI","name":"lite-llm"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.7"},{"last_affected":"1.8"}]}]}]}"#;

#[test]
fn aliases_join_through_records_that_nobody_has() {
    let a = r#"{"id":"A-1","aliases":["CVE-1"]}"#;
    let b = r#"{"id":"B-1","aliases":["CVE-1","C-1"]}"#;
    let c = r#"{"id":"C-1","related":["D-1"],"upstream":["D-1"]}"#;
    let d = r#"{"id":"D-1"}"#;
    let groups = joined(&[a, b, c, d]);
    assert_eq!(groups.len(), 1, "what is related or upstream is not the same: {groups:?}");
    assert_eq!(groups[0].0, ["A-1", "B-1", "C-1"]);
    assert_eq!(groups[0].1, ["`A-1` and `B-1` both name `CVE-1` as an alias", "`B-1` names `C-1` as an alias"]);
}

#[test]
fn malware_joins_by_package_and_versions_where_aliases_are_missing() {
    let groups = joined(&[MAL, GHSA]);
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].0, ["MAL-1", "GHSA-1"]);
    assert_eq!(groups[0].1, ["`GHSA-1` and `MAL-1` both speak of PyPI `lite-llm` 1.7, 1.8"]);
    assert_eq!(groups[0].2, [""; 0], "they agree");
}

#[test]
fn a_record_that_does_not_say_malware_joins_by_equal_closed_versions_only() {
    let plain = GHSA.replace("CWE-506", "CWE-20");
    assert_eq!(joined(&[MAL, &plain]).len(), 1);
    let wider = plain.replace("1.7", "1.2");
    assert_eq!(joined(&[MAL, &wider]).len(), 0, "another range is another thing");
    let open = plain.replace(r#"{"introduced":"1.7"},"#, r#"{"introduced":"0"},"#);
    assert_eq!(joined(&[MAL, &open]).len(), 0);
}

#[test]
fn two_mistakes_with_one_range_stay_two() {
    let one = GHSA.replace("CWE-506", "CWE-20");
    let two = one.replace("GHSA-1", "GHSA-2");
    assert_eq!(joined(&[&one, &two]).len(), 0);
}

#[test]
fn other_versions_and_other_ecosystems_are_other_malware() {
    let later = GHSA.replace("1.7", "2.7").replace("1.8", "2.8");
    assert_eq!(joined(&[MAL, &later]).len(), 0);
    assert_eq!(joined(&[MAL, &GHSA.replace("PyPI", "npm")]).len(), 0);
}

#[test]
fn what_malware_records_disagree_about_is_said_and_not_settled() {
    let fewer = GHSA.replace(r#"{"introduced":"1.7"}"#, r#"{"introduced":"1.8"}"#);
    let groups = joined(&[MAL, &fewer]);
    assert_eq!(groups[0].2, ["PyPI `lite-llm` 1.7 is affected by `MAL-1` and not by `GHSA-1`"]);
    let built = build(records(&[MAL, &fewer])).unwrap();
    let index = Index::open(&built.bytes).unwrap();
    let found = index.look_up("PyPI", "lite.llm", Some("1.7")).unwrap();
    let told = found.matches.iter().map(|one| (index.id(one.record).unwrap(), one.answer)).collect::<Vec<_>>();
    assert_eq!(told, [("MAL-1".into(), Answer::Affected)]);
    assert_eq!(index.advisory(found.matches[0].record).unwrap().conflicts, groups[0].2);
}

#[test]
fn a_withdrawn_record_stops_speaking_and_its_partners_go_on() {
    let withdrawn = MAL.replace(r#""aliases""#, r#""withdrawn":"2026-04-01T00:00:00Z","aliases""#);
    // Its aliases would have joined the two others, and its versions the third.
    let withdrawn = withdrawn.replace(r#"["PYSEC-1"]"#, r#"["PYSEC-1","OTHER-1"]"#);
    let pysec = GHSA.replace("GHSA-1", "PYSEC-1").replace("CWE-506", "CWE-20");
    let other = r#"{"id":"OTHER-1"}"#;
    let groups = joined(&[&withdrawn, &pysec, other]);
    assert_eq!(groups.len(), 1);
    assert_eq!(groups[0].0, ["OTHER-1", "MAL-1"], "who speaks gives the name, and a withdrawn record joins no two");
    let built = build(records(&[&withdrawn, &pysec, other])).unwrap();
    let found = Index::open(&built.bytes).unwrap().look_up("PyPI", "lite-llm", Some("1.8")).unwrap().matches.len();
    assert_eq!(found, 1);
    let alone = build(records(&[&withdrawn])).unwrap();
    let index = Index::open(&alone.bytes).unwrap();
    let found = index.look_up("PyPI", "lite-llm", Some("1.8")).unwrap();
    assert!(found.matches.is_empty());
    assert_eq!(found.withdrawn, ["MAL-1"]);
}

#[test]
fn a_cve_statement_joins_by_its_source_and_its_errors_are_named() {
    let cve = r#"{"cveMetadata":{"cveId":"CVE-1","state":"PUBLISHED"},"containers":{"cna":{
        "descriptions":[{"lang":"en","value":"A malicious Trivy v0.69.4 release was published. setup-trivy 0.2.0 too."}],
        "affected":[{"vendor":"aquasecurity","product":"trivy","versions":[{"version":"= 0.6.94","status":"affected"}]}],
        "source":{"advisory":"GHSA-2"}}}}"#;
    let ghsa = r#"{"id":"GHSA-2","affected":[{"package":{"ecosystem":"Go","name":"github.com/aquasecurity/trivy"},"versions":["0.69.4"]}]}"#;
    let groups = joined(&[cve, ghsa]);
    assert_eq!(groups[0].0, ["GHSA-2", "CVE-1"]);
    assert_eq!(
        groups[0].2,
        [
            "Go `github.com/aquasecurity/trivy` 0.69.4 is affected by `GHSA-2` and not by `CVE-1`",
            "`CVE-1`: its field says trivy 0.6.94, its text says trivy 0.69.4",
            "`aquasecurity/trivy` 0.6.94 is affected by `CVE-1` and not by `GHSA-2`",
        ]
    );
    let built = build(records(&[cve])).unwrap();
    let index = Index::open(&built.bytes).unwrap();
    let answers = |version| {
        let found = index.look_up("CVE", "aquasecurity/trivy", Some(version)).unwrap();
        found.matches.iter().map(|one| (one.answer, one.trust)).collect::<Vec<_>>()
    };
    assert_eq!(answers("0.69.4"), [(Answer::Affected, crate::Trust::Prose)]);
    assert_eq!(answers("0.6.94"), [(Answer::Affected, crate::Trust::Statement)]);
    assert_eq!(answers("0.69.3"), []);
}

#[test]
fn the_order_of_records_decides_nothing() {
    let fewer = GHSA.replace(r#"{"introduced":"1.7"}"#, r#"{"introduced":"1.8"}"#);
    let pysec = r#"{"id":"PYSEC-1","modified":"2026-03-25T00:00:00Z"}"#;
    let newer = r#"{"id":"PYSEC-1","modified":"2026-03-26T00:00:00Z","aliases":["GHSA-1"]}"#;
    let mut documents = vec![MAL, &fewer, pysec, newer];
    let bytes = |documents: &[&str]| {
        let all = documents.iter().flat_map(|document| read("x", document.as_bytes()).records).collect();
        build(all).unwrap().bytes
    };
    let first = bytes(&documents);
    for _ in 0..4 {
        documents.rotate_left(1);
        assert_eq!(bytes(&documents), first);
    }
    documents.swap(0, 2);
    assert_eq!(bytes(&documents), first);
}
