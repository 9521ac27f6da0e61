//! Real records of others, read in place: joins, conflicts and what their structured fields get wrong.

use firebreak_advisory::{Answer, Built, Index, Trust, build, read};
use std::path::Path;

/// An index of the files, or nothing where the corpus is not there.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn index(files: &[&str]) -> Option<Built> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    if !root.is_dir() {
        eprintln!("skipped: corpus absent");
        return None;
    }
    let mut records = Vec::new();
    for file in files {
        let reading = read(file, &std::fs::read(root.join(file)).expect(file));
        assert_eq!(reading.problems, [], "{file}");
        records.extend(reading.records);
    }
    Some(build(records).expect("small"))
}

const MAL: &str = "osv-records/MAL-2026-2144.litellm.json";
const GHSA: &str = "osv-records/GHSA-5mg7-485q-xm76.litellm.json";
const CVE: &str = "osv-records/CVE-2026-33634.trivy.excerpt.json";
const TRIVY: &str = "incident/GHSA-69fq-xp46-6x23.affected.json";

fn ids(index: &Index<'_>, ecosystem: &str, name: &str, version: &str) -> Vec<String> {
    let found = index.look_up(ecosystem, name, Some(version)).expect("whole");
    found
        .matches
        .iter()
        .filter(|one| one.answer == Answer::Affected)
        .map(|one| index.id(one.record).unwrap().to_string())
        .collect()
}

#[test]
fn litellm_records_without_a_common_alias_are_one_advisory() {
    let Some(built) = index(&[MAL, GHSA]) else { return };
    let index = Index::open(&built.bytes).expect("just built");
    for version in ["1.82.7", "1.82.8"] {
        assert_eq!(ids(&index, "PyPI", "LiteLLM", version), ["GHSA-5mg7-485q-xm76", "MAL-2026-2144"]);
    }
    for version in ["1.82.6", "1.82.9", "1.83.0"] {
        assert!(index.look_up("PyPI", "litellm", Some(version)).expect("whole").matches.is_empty(), "{version}");
    }
    let place = index.by_id("GHSA-5mg7-485q-xm76").expect("whole").expect("there");
    let advisory = index.advisory(place).expect("whole");
    let members: Vec<&str> = advisory.records.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(members, ["MAL-2026-2144", "GHSA-5mg7-485q-xm76"]);
    assert!(advisory.reasons[0].contains("1.82.7, 1.82.8"), "{:?}", advisory.reasons);
    // Both agree; one of the origins behind the first names fewer versions, and that is said.
    assert_eq!(advisory.conflicts, ["`MAL-2026-2144`: `ossf-package-analysis` does not name 1.82.7, other origins do"]);
    let indicators: Vec<&str> = advisory.records[0].indicators.iter().map(|one| one.value.as_str()).collect();
    assert_eq!(indicators, ["litellm.cloud", "https://models.litellm.cloud/"]);
}

#[test]
fn telnyx_and_axios_are_malware_of_their_own() {
    let Some(built) = index(&[MAL, "osv-records/MAL-2026-2254.telnyx.json", "osv-records/MAL-2026-2307.axios.json"])
    else {
        return;
    };
    let index = Index::open(&built.bytes).expect("just built");
    assert_eq!(index.joined(), 0);
    assert_eq!(ids(&index, "PyPI", "telnyx", "4.87.1"), ["MAL-2026-2254"]);
    assert_eq!(ids(&index, "npm", "axios", "1.14.1"), ["MAL-2026-2307"]);
    assert_eq!(ids(&index, "npm", "axios", "1.14.0"), [""; 0]);
    assert_eq!(ids(&index, "PyPI", "axios", "1.14.1"), [""; 0]);
    let found = index.look_up("npm", "axios", Some("0.30.4")).expect("whole");
    assert!(found.matches[0].malicious);
}

#[test]
fn the_wrong_version_in_the_trivy_statement_is_named_and_hides_nothing() {
    let Some(built) = index(&[CVE, TRIVY]) else { return };
    let index = Index::open(&built.bytes).expect("just built");
    for version in ["v0.69.4", "0.69.4"] {
        assert_eq!(ids(&index, "Go", "github.com/aquasecurity/trivy", version), ["GHSA-69fq-xp46-6x23"]);
    }
    assert_eq!(ids(&index, "GitHub Actions", "aquasecurity/trivy-action", "0.24.0"), ["GHSA-69fq-xp46-6x23"]);
    assert_eq!(ids(&index, "GitHub Actions", "aquasecurity/trivy-action", "0.35.0"), [""; 0]);
    let found = index.look_up("CVE", "aquasecurity/trivy", Some("0.6.94")).expect("whole");
    assert_eq!(found.matches[0].trust, Trust::Statement, "what a number's requester wrote has less trust");
    let advisory = index.advisory(found.matches[0].record).expect("whole");
    assert_eq!(advisory.records[0].id, "GHSA-69fq-xp46-6x23");
    assert_eq!(
        advisory.conflicts,
        [
            "Go `github.com/aquasecurity/trivy` 0.69.4 is affected by `GHSA-69fq-xp46-6x23` and not by `CVE-2026-33634`",
            "`aquasecurity/trivy` 0.6.94 is affected by `CVE-2026-33634` and not by `GHSA-69fq-xp46-6x23`",
        ]
    );
}

#[test]
fn what_arrives_later_gives_the_same_bytes() {
    let all = [MAL, GHSA, CVE, TRIVY];
    let (Some(whole), Some(base)) = (index(&all), index(&all[1..3])) else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data");
    let late = [MAL, TRIVY].iter().flat_map(|file| read(file, &std::fs::read(root.join(file)).expect(file)).records);
    let merged = firebreak_advisory::merge(&Index::open(&base.bytes).expect("just built"), late.collect());
    assert_eq!(merged.expect("small").bytes, whole.bytes);
}
