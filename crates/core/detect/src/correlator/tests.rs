//! The correlator seen from outside: same events in any order, restarts, duplicates, late and keyless events, and each kind
//! of correlation.

use crate::rules::{RuleFile, Rules};
use crate::trace::{Trace, sorted};
use crate::{Correlator, Matcher, Settings};
use firebreak_model::{Catalogue, Finding, Signal};
use std::sync::Arc;

const RULES: &str = "
title: Read
name: read
logsource: {product: aws}
detection: {s: {firebreak.operation: 's3:GetObject'}, condition: s}
---
title: Probe
name: probe
logsource: {product: aws}
detection: {s: {firebreak.operation: 'sts:GetCallerIdentity'}, condition: s}
---
title: Secrets listed
name: listed
logsource: {product: aws}
detection: {s: {firebreak.operation: 'secretsmanager:ListSecrets'}, condition: s}
firebreak: {signal: tripwire, armed_by: novelty, armed_seconds: 7200}
---
title: Bait taken
name: bait
logsource: {product: aws}
detection: {s: {firebreak.operation: 'bait:Take'}, condition: s}
level: critical
firebreak: {signal: tripwire}
---
title: Many reads
name: many_reads
correlation:
  {type: event_count, generate: true, rules: [read], group-by: [firebreak.credential], timespan: 10m, condition: {gte: 5}}
---
title: Many targets
name: many_targets
correlation:
  {type: value_count, rules: [read], group-by: [firebreak.actor], timespan: 10m, condition: {gte: 4, field: firebreak.target}}
---
title: Probe then reads
name: probe_then_reads
correlation: {type: temporal_ordered, rules: [probe, many_targets], group-by: [firebreak.actor], timespan: 1h}
---
title: Probe and bait
correlation: {type: temporal, rules: [probe, bait], group-by: [firebreak.actor], timespan: 1h, generate: true}
---
title: Few reads
correlation: {type: event_count, rules: [probe], group-by: [firebreak.actor], timespan: 1h, condition: {lte: 1}}
";

fn rules() -> Arc<Rules> {
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: RULES.to_owned() }]);
    assert_eq!(problems, []);
    Arc::new(rules)
}

fn settings() -> Settings {
    Settings { learning_seconds: 3 * 86_400, ..Settings::default() }
}

fn run(trace: &Trace, settings: Settings) -> (Vec<Finding>, Correlator) {
    let (rules, catalogue) = (rules(), Arc::new(Catalogue::default()));
    let matcher = Matcher::new(rules.clone());
    let mut correlator = Correlator::new(rules, catalogue, settings);
    let mut findings = Vec::new();
    for observed in trace.observed(&matcher) {
        findings.extend(correlator.observe(observed));
    }
    findings.extend(correlator.close());
    (findings, correlator)
}

fn titles(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.title.as_str()).collect()
}

/// Six days of several actors in two sources, then a theft.
fn busy() -> Trace {
    let mut trace = Trace::default();
    for hour in 0..150 {
        for actor in 0..6 {
            let at = hour * 3_600 + actor * 97;
            let event =
                trace.event(at).by(&format!("user{actor}"), &format!("AKIA{actor}")).from(&format!("198.51.{actor}.7"));
            event.source(["aws_cloudtrail", "aws_other"][(actor % 2) as usize]);
            event.does("s3:GetObject").on(&format!("bucket{}", hour % 3)).takes(10_000_000, 3);
            if hour % 40 == actor {
                trace
                    .event(at + 5)
                    .by(&format!("user{actor}"), &format!("AKIA{actor}"))
                    .from(&format!("198.51.{actor}.7"))
                    .does("sts:GetCallerIdentity");
            }
        }
    }
    let theft = 140 * 3_600;
    trace.event(theft).by("user2", "AKIA2").from("203.0.113.9").does("sts:GetCallerIdentity");
    trace.event(theft + 90).by("user2", "AKIA2").from("203.0.113.9").does("secretsmanager:ListSecrets");
    trace.event(theft + 95).by("user4", "AKIA4").from("198.51.4.7").does("secretsmanager:ListSecrets");
    trace.event(theft + 99).by("user3", "AKIA3").from("198.51.3.7").does("bait:Take");
    for at in 0..90 {
        trace
            .event(theft + 120 + at * 20)
            .by("user2", "AKIA2")
            .from("203.0.113.9")
            .does("s3:GetObject")
            .on(&format!("bucket{}", at % 7))
            .takes(200_000_000, 100);
    }
    trace.in_order()
}

#[test]
fn arrival_order_does_not_matter_within_lateness() {
    let trace = busy();
    let (mut expected, correlator) = run(&trace, settings());
    assert_eq!(correlator.counters().late, 0);
    sorted(&mut expected);
    for what in ["Many reads", "Probe then reads", "Secrets listed", "Bait taken", "First use from a network"] {
        assert!(titles(&expected).contains(&what), "{what}");
    }
    assert!(!titles(&expected).contains(&"Many targets"), "the correlation that uses it speaks for it");
    for seed in 0..20 {
        let (mut found, correlator) = run(&trace.jittered(seed, 299), settings());
        sorted(&mut found);
        assert_eq!(correlator.counters().late, 0, "seed {seed}");
        assert_eq!(found, expected, "seed {seed}");
    }
}

#[test]
fn duplicates_change_nothing() {
    let trace = busy();
    let (mut expected, _) = run(&trace, settings());
    let (mut found, correlator) = run(&trace.doubled(), settings());
    sorted(&mut expected);
    sorted(&mut found);
    assert_eq!(found, expected);
    assert_eq!(correlator.counters().duplicates, trace.len() as u64);
}

#[test]
fn a_restart_from_a_snapshot_changes_nothing() {
    let trace = busy().jittered(3, 299);
    let (expected, _) = run(&trace, settings());
    let (rules, catalogue) = (rules(), Arc::new(Catalogue::default()));
    let matcher = Matcher::new(rules.clone());
    let mut correlator = Correlator::new(rules.clone(), catalogue.clone(), settings());
    let mut found = Vec::new();
    for (number, observed) in trace.observed(&matcher).into_iter().enumerate() {
        if number % 101 == 100 {
            let bytes = correlator.snapshot();
            correlator = Correlator::restore(&bytes, rules.clone(), catalogue.clone(), settings()).expect("our own");
        }
        found.extend(correlator.observe(observed));
    }
    found.extend(correlator.close());
    assert_eq!(found, expected);
}

#[test]
fn a_snapshot_survives_other_rules_and_refuses_other_bytes() {
    let (rules, catalogue) = (rules(), Arc::new(Catalogue::default()));
    let matcher = Matcher::new(rules.clone());
    let mut correlator = Correlator::new(rules.clone(), catalogue.clone(), settings());
    for observed in busy().observed(&matcher) {
        correlator.observe(observed);
    }
    let bytes = correlator.snapshot();
    let fewer = RULES.split_once("---").expect("several").1.replace("rules: [read]", "rules: [probe]");
    let (fewer, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: fewer }]);
    assert_eq!(problems, []);
    let mut correlator = Correlator::restore(&bytes, Arc::new(fewer), catalogue.clone(), settings()).expect("our own");
    correlator.close();
    for wrong in [&b""[..], b"{}", b"\xff\xfe", &bytes[..bytes.len() / 2]] {
        assert!(Correlator::restore(wrong, rules.clone(), catalogue.clone(), settings()).is_err());
    }
}

#[test]
fn a_missing_key_does_not_correlate() {
    let mut trace = Trace::default();
    for at in 0..20 {
        trace.event(at).does("s3:GetObject").on("bucket");
    }
    let (findings, correlator) = run(&trace, settings());
    assert_eq!(titles(&findings), ["Read"]);
    assert!(correlator.counters().missing_keys >= 20);
    assert_eq!(correlator.counters().suppressed, 19);
}

#[test]
fn late_events_are_matched_alone() {
    let mut trace = Trace::default();
    for at in 0..3 {
        trace.event(100_000 + at).by("a", "A").does("x");
    }
    for at in 0..9 {
        trace.event(at).by("b", "B").does("s3:GetObject").on(&format!("bucket{at}"));
    }
    trace.event(10).by("b", "B").does("bait:Take");
    trace.event(11).by("b", "B").does("secretsmanager:ListSecrets");
    let (findings, correlator) = run(&trace, settings());
    let found: Vec<_> = findings.iter().map(|finding| (finding.title.as_str(), finding.signal)).collect();
    assert_eq!(found, [("Read", Signal::Watch), ("Bait taken", Signal::Tripwire), ("Secrets listed", Signal::Watch)]);
    assert_eq!(correlator.counters().late, 11);
}

#[test]
fn eager_findings_have_the_same_ids_and_do_not_wait() {
    let trace = busy();
    let ids = |findings: &[Finding]| {
        let mut ids: Vec<_> = findings.iter().map(|finding| finding.id.clone()).collect();
        ids.sort();
        ids
    };
    let (expected, _) = run(&trace, settings());
    let eager = Settings { eager: true, ..settings() };
    for seed in 0..5 {
        let (found, _) = run(&trace.jittered(seed, 299), eager.clone());
        assert_eq!(ids(&found), ids(&expected), "seed {seed}");
    }
    let rules = rules();
    let matcher = Matcher::new(rules.clone());
    let mut trace = Trace::default();
    trace.event(0).by("a", "A").does("bait:Take");
    let mut correlator = Correlator::new(rules, Arc::default(), eager);
    let at_once: Vec<Finding> =
        trace.observed(&matcher).into_iter().flat_map(|event| correlator.observe(event)).collect();
    assert_eq!(titles(&at_once), ["Bait taken"]);
    assert_eq!(correlator.close().len(), 0);
}

#[test]
fn a_tripwire_counts_only_near_a_novelty() {
    let signals = |before: Option<i64>, after: Option<i64>| {
        let mut trace = Trace::default();
        for day in 0..6 {
            trace.event(day * 86_400).by("a", "A").from("198.51.100.1").does("x");
        }
        let hit = 6 * 86_400;
        for at in [before.map(|before| hit - before), after.map(|after| hit + after)].into_iter().flatten() {
            trace.event(at).by("a", "A").from("203.0.113.1").does("x");
        }
        trace.event(hit).by("a", "A").does("secretsmanager:ListSecrets");
        trace.event(hit + 20_000).by("a", "A").from("198.51.100.1").does("x");
        let findings = run(&trace.in_order(), settings()).0;
        findings
            .into_iter()
            .filter(|found| found.title == "Secrets listed")
            .map(|found| found.signal)
            .collect::<Vec<_>>()
    };
    assert_eq!(signals(None, None), [Signal::Watch]);
    assert_eq!(signals(Some(7_000), None), [Signal::Tripwire]);
    assert_eq!(signals(Some(8_000), None), [Signal::Watch]);
    assert_eq!(signals(None, Some(200)), [Signal::Tripwire]);
    assert_eq!(signals(None, Some(400)), [Signal::Watch]);
}

#[test]
fn a_condition_with_an_upper_bound_is_judged_when_the_span_is_over() {
    let few = |times: &[i64]| {
        let mut trace = Trace::default();
        for at in times {
            trace.event(*at).by("a", "A").does("sts:GetCallerIdentity");
        }
        let findings = run(&trace, settings()).0;
        findings
            .iter()
            .filter(|finding| finding.title == "Few reads")
            .map(|finding| finding.at.seconds())
            .collect::<Vec<_>>()
    };
    assert_eq!(few(&[0]), [3_600]);
    assert_eq!(few(&[0, 10]), [] as [i64; 0]);
    assert_eq!(few(&[0, 10, 4_000]), [7_600]);
}
