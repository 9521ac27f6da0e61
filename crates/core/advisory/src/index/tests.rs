//! What an index answers, that merging is building, and that bytes that lie give errors.

use super::*;
use crate::record::{Affected, Bound, Event, Form, Indicator, Range, RangeKind, Trust};
use crate::{Answer, affects, read};
use firebreak_model::{Text, Time};
use proptest::prelude::*;

fn text(pattern: &str) -> impl Strategy<Value = Text> + use<> {
    proptest::string::string_regex(pattern).unwrap().prop_map(Text::from)
}

fn version() -> impl Strategy<Value = Text> {
    prop_oneof![text("[0-3](\\.[0-3]){0,2}((a|rc|-)[0-2])?"), Just(Text::new("0")), text("\\PC{1,6}")]
}

fn affected() -> impl Strategy<Value = Affected> {
    let bound = prop_oneof![Just(Bound::Introduced), Just(Bound::Fixed), Just(Bound::LastAffected), Just(Bound::Limit)];
    let event = (bound, version()).prop_map(|(bound, version)| Event { bound, version });
    let kind = prop_oneof![Just(RangeKind::Ecosystem), Just(RangeKind::Semver), Just(RangeKind::Git)];
    let range = (kind, prop::collection::vec(event, 0..5)).prop_map(|(kind, events)| Range { kind, events });
    let ecosystem = prop_oneof![Just("PyPI"), Just("npm"), Just("Debian:12"), Just("Debian:11"), Just("GIT")];
    let trust = prop_oneof![Just(Trust::Record), Just(Trust::Statement), Just(Trust::Prose)];
    let (ranges, versions) = (prop::collection::vec(range, 0..3), prop::collection::vec(version(), 0..4));
    (ecosystem, text("[A-C_.-]{1,3}"), trust, ranges, versions).prop_map(
        |(ecosystem, name, trust, ranges, versions)| Affected {
            ecosystem: Text::new(ecosystem),
            name,
            trust,
            ranges,
            versions,
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    let time = || {
        prop::option::of(prop_oneof![any::<i64>().prop_map(Time), (0_i64..9_999_999_999).prop_map(Time::from_seconds)])
    };
    let ids = || prop::collection::vec(text("(MAL|CVE)-[0-9]"), 0..3);
    let indicator = (text("[a-z]{1,3}"), text("[a-z.]{1,5}")).prop_map(|(kind, value)| Indicator { kind, value });
    let form = prop_oneof![Just(Form::Osv), Just(Form::Cve)];
    let one = (
        text("(MAL|CVE|GHSA)-[0-9]"),
        form,
        any::<bool>(),
        time(),
        time(),
        prop::option::weighted(0.2, any::<i64>().prop_map(Time)),
    );
    let two = (ids(), ids(), ids(), text("\\PC{0,12}"), prop::collection::vec(affected(), 0..4));
    let three = (prop::collection::vec(indicator, 0..3), prop::collection::vec(text("[a-z ]{1,9}"), 0..2));
    (one, two, three).prop_map(|(one, two, three)| {
        let mut record = Record {
            id: one.0,
            form: one.1,
            malicious: one.2,
            modified: one.3,
            published: one.4,
            withdrawn: one.5,
            aliases: two.0,
            related: two.1,
            upstream: two.2,
            summary: two.3,
            affected: two.4,
            indicators: three.0,
            severity: three.1.clone(),
            conflicts: three.1,
        };
        record.settle();
        record
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_index_gives_back_what_it_was_made_of(records in prop::collection::vec(record(), 0..12)) {
        let kept = crate::newest(records.clone(), &mut Vec::new());
        let built = build(records).unwrap();
        let index = Index::open(&built.bytes).unwrap();
        let read: Vec<Record> = (0..index.records()).map(|place| index.record(place).unwrap()).collect();
        prop_assert_eq!(read, kept);
    }

    #[test]
    fn merging_is_building_at_once(mut records in prop::collection::vec(record(), 0..12), at in 0_usize..12) {
        let whole = build(records.clone()).unwrap();
        let later = records.split_off(at.min(records.len()));
        let base = build(records).unwrap();
        let merged = merge(&Index::open(&base.bytes).unwrap(), later).unwrap();
        prop_assert_eq!(merged.bytes, whole.bytes);
    }

    #[test]
    fn a_look_up_finds_what_a_search_of_all_records_finds(
        records in prop::collection::vec(record(), 1..12), name in text("[A-C_.-]{1,3}"), asked in version(),
    ) {
        let built = build(records.clone()).unwrap();
        let index = Index::open(&built.bytes).unwrap();
        for ecosystem in ["PyPI", "npm", "Debian:12", "GIT"] {
            let canonical = firebreak_package::Ecosystem::of(ecosystem).canonical(&name).into_owned();
            let mut expected = Vec::new();
            for record in crate::newest(records.clone(), &mut Vec::new()).iter().filter(|record| record.speaks()) {
                for affected in record.affected.iter().filter(|one| one.ecosystem == ecosystem && one.name == canonical) {
                    let answer = affects(affected, &asked);
                    if answer != Answer::Unaffected {
                        expected.push((record.id.clone(), answer));
                    }
                }
            }
            let found = index.look_up(ecosystem, &name, Some(&asked)).unwrap();
            let mut found: Vec<(Text, Answer)> =
                found.matches.iter().map(|one| (index.id(one.record).unwrap(), one.answer)).collect();
            found.sort();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn changed_bytes_are_no_index(records in prop::collection::vec(record(), 1..6), at in any::<prop::sample::Index>()) {
        let mut bytes = build(records).unwrap().bytes;
        let at = at.index(bytes.len());
        bytes[at] ^= 1;
        // The reserve is the one place that says nothing.
        prop_assert!(Index::open(&bytes).is_err() || (12..16).contains(&at));
        bytes.truncate(at);
        prop_assert!(Index::open(&bytes).is_err());
    }

    #[test]
    fn bytes_that_lie_give_errors(
        records in prop::collection::vec(record(), 1..6), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = build(records).unwrap().bytes;
        for (at, byte) in changes {
            let at = at.index(bytes.len() - 48) + 48;
            bytes[at] = byte;
        }
        let digest = Sha256::digest(&bytes[48..]);
        bytes[16..48].copy_from_slice(&digest);
        ask_everything(&bytes);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,64}", json in r#"\{("id":"[A-Z]-1",)?"(affected|aliases|cveMetadata)":(\[[\[{]{0,3}|1|null|\{\}|"")\}?"#) {
        read("x", text.as_bytes());
        read("x", json.as_bytes());
    }
}

/// Asks all that can be asked; the answers do not matter.
fn ask_everything(bytes: &[u8]) {
    let Ok(index) = Index::open(bytes) else { return };
    for place in 0..index.records().min(64) {
        let _ = index.record(place);
        let _ = index.advisory(place);
    }
    for ecosystem in ["PyPI", "npm", "Debian:12", "GIT"] {
        for name in ["a", "b", "c", "-"] {
            let _ = index.look_up(ecosystem, name, Some("1.0"));
            let _ = index.look_up(ecosystem, name, None);
        }
    }
    let _ = index.by_id("MAL-1");
    let _ = merge(&index, Vec::new());
}

#[test]
fn other_bytes_are_named_for_what_they_are() {
    assert_eq!(Index::open(b"PK\x03\x04").unwrap_err(), IndexError::NotAnIndex);
    let mut bytes = build(Vec::new()).unwrap().bytes;
    assert_eq!(Index::open(&bytes).unwrap().records(), 0);
    assert!(Index::open(&bytes).unwrap().look_up("PyPI", "x", None).unwrap().matches.is_empty());
    bytes[8] = 9;
    assert_eq!(Index::open(&bytes).unwrap_err(), IndexError::OtherVersion(9));
}

#[test]
fn one_release_of_a_distribution_is_not_another() {
    let document = r#"[{"id":"D-1","affected":[
        {"package":{"ecosystem":"Debian:12","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"7.88.1"}]}]},
        {"package":{"ecosystem":"Debian:11","name":"curl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"7.74.0"}]}]}]},
        {"id":"U-1","affected":[{"package":{"ecosystem":"Ubuntu:22.04","name":"curl"},"versions":["7.80.0"]}]}]"#;
    let built = build(read("x", document.as_bytes()).records).unwrap();
    let index = Index::open(&built.bytes).unwrap();
    let found = |ecosystem: &str| {
        let found = index.look_up(ecosystem, "curl", Some("7.80.0")).unwrap();
        found.matches.iter().map(|one| one.ecosystem.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("Debian:12"), ["Debian:12"]);
    assert!(found("Debian:11").is_empty());
    assert_eq!(found("Debian"), ["Debian:12"], "without a release, each of its own");
    assert_eq!(found("Ubuntu:22.04"), ["Ubuntu:22.04"]);
    assert_eq!(found("deb").len(), 2);
}

#[test]
fn a_match_says_why() {
    let document = r#"[{"id":"MAL-1","affected":[{"package":{"ecosystem":"PyPI","name":"x"},"versions":["1.0"]}]},
        {"id":"G-1","affected":[{"package":{"ecosystem":"PyPI","name":"x"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.0"}]}]}]},
        {"id":"G-2","affected":[{"package":{"ecosystem":"PyPI","name":"x"}}]}]"#;
    let built = build(read("x", document.as_bytes()).records).unwrap();
    let index = Index::open(&built.bytes).unwrap();
    let why = |version| {
        let found = index.look_up("PyPI", "X", Some(version)).unwrap();
        found
            .matches
            .iter()
            .map(|one| format!("{}: {}", index.id(one.record).unwrap(), index.why(one, Some(version))))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        why("v1.0.0"),
        [
            "MAL-1: the record lists 1.0, which is v1.0.0",
            "G-1: v1.0.0 is in the range: introduced 0, fixed 2.0",
            "G-2: the record names no versions: any may be meant",
        ]
    );
    assert_eq!(why("2.0"), ["G-2: the record names no versions: any may be meant"]);
    assert_eq!(why("main")[0], "G-1: main cannot be placed in the range: introduced 0, fixed 2.0");
    assert_eq!(index.look_up("PyPI", "x", None).unwrap().matches.len(), 3);
    assert!(index.look_up("npm", "x", Some("1.0")).unwrap().matches.is_empty());
    assert_eq!(index.by_id("G-2").unwrap(), Some(1));
    assert_eq!(index.by_id("G-3").unwrap(), None);
}
