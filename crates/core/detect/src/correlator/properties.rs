//! What holds for any set of events and every kind of correlation: the same findings in any order of arrival within the
//! lateness, with every record twice, and across restarts at any moment; and bounds that hold under a flood.

use crate::rules::{RuleFile, Rules};
use crate::trace::{Trace, sorted};
use crate::{Correlator, Matcher, Observed, Settings};
use firebreak_model::{Catalogue, Finding};
use proptest::prelude::*;
use std::sync::Arc;

const DETECTIONS: &str = "
title: Read
name: read
logsource: {product: aws}
detection: {s: {firebreak.operation: read}, condition: s}
---
title: Login
name: login
logsource: {product: aws}
detection: {s: {firebreak.operation: login}, condition: s}
---
title: Bait
name: bait
logsource: {product: aws}
detection: {s: {firebreak.operation: bait}, condition: s}
firebreak: {signal: tripwire, armed_by: novelty, armed_seconds: 600}
";

/// One of each kind, with chains, an alias and a correlation without a key.
const KINDS: &str = "
type: event_count, rules: [read], group-by: [firebreak.actor], timespan: 2m, condition: {gte: 3}
type: event_count, rules: [read, login], timespan: 1m, condition: {gte: 6}
type: event_count, rules: [login], group-by: [firebreak.actor], timespan: 3m, condition: {lte: 1}
type: value_count, rules: [read], group-by: [firebreak.actor], timespan: 4m, condition: {gte: 3, field: firebreak.target}
type: value_count, rules: [read], group-by: [firebreak.actor], timespan: 4m, condition: {eq: 2, field: firebreak.target}
type: value_sum, rules: [read], group-by: [firebreak.actor], timespan: 5m, condition: {gte: 500, field: firebreak.bytes}
type: value_avg, rules: [read], group-by: [firebreak.target], timespan: 5m, condition: {gte: 200, field: firebreak.bytes}
type: value_percentile, rules: [read], timespan: 5m, condition: {gte: 150, percentile: 50, field: firebreak.bytes}
type: temporal, rules: [login, bait], group-by: [firebreak.credential], timespan: 5m
type: temporal_ordered, rules: [login, read, bait], group-by: [firebreak.actor], timespan: 10m
type: temporal, rules: [login, bait], group-by: [firebreak.actor], timespan: 5m, condition: login and not bait
type: temporal_ordered, rules: [bait, 'Kind 0'], group-by: [who], aliases: {who: {bait: firebreak.actor, 'Kind 0': firebreak.actor}}, timespan: 10m
type: temporal, rules: [login, 'Kind 3'], group-by: [firebreak.actor], timespan: 10m
";

pub(super) fn rules() -> Arc<Rules> {
    let kinds = KINDS.trim().lines().enumerate();
    let correlations = kinds.map(|(number, kind)| {
        format!("---\ntitle: Kind {number}\nname: Kind {number}\ncorrelation: {{generate: true, {kind}}}\nfirebreak: {{suppress_seconds: 90}}\n")
    });
    let text = format!("{DETECTIONS}{}", correlations.collect::<String>());
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text }]);
    assert_eq!(problems, []);
    Arc::new(rules)
}

/// Novelties are possible from the first minute on.
pub(super) fn settings() -> Settings {
    Settings { learning_seconds: 60, peers_min: 1, floor_records: 20, ..Settings::default() }
}

fn fresh(rules: &Arc<Rules>) -> Correlator {
    Correlator::new(rules.clone(), Arc::new(Catalogue::default()), settings())
}

/// The findings in an order of their own; with `restarts`, the correlator is written and read again after every so many
/// events.
fn found(rules: &Arc<Rules>, events: Vec<Observed>, restarts: Option<usize>) -> Vec<Finding> {
    let mut correlator = fresh(rules);
    let mut findings = Vec::new();
    for (number, observed) in events.into_iter().enumerate() {
        findings.extend(correlator.observe(observed));
        if restarts.is_some_and(|every| number % every == every - 1) {
            let bytes = correlator.snapshot();
            correlator = Correlator::restore(&bytes, rules.clone(), Arc::default(), settings()).expect("our own");
        }
    }
    findings.extend(correlator.close());
    assert_eq!(correlator.counters().late, 0);
    sorted(&mut findings);
    findings
}

/// Seconds, actor (none is nobody), target, operation, bytes, network.
pub(super) type Line = (i64, Option<u8>, u8, u8, u16, u8);

pub(super) fn line() -> impl Strategy<Value = Line> {
    (0..1_200_i64, proptest::option::weighted(0.9, 0..3_u8), 0..4_u8, 0..4_u8, 0..400_u16, 0..3_u8)
}

pub(super) fn trace(lines: &[Line]) -> Trace {
    let mut trace = Trace::default();
    for (at, actor, target, operation, bytes, network) in lines {
        let event = trace.event(*at).does(["read", "read", "login", "bait"][usize::from(*operation)]);
        if let Some(actor) = actor {
            event.by(&format!("user{actor}"), &format!("AKIA{}", actor % 2)).from(&format!("203.0.{network}.7"));
        }
        event.on(&format!("bucket{target}")).takes(u64::from(*bytes), u64::from(*bytes % 9));
    }
    trace
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn findings_are_a_function_of_the_set_of_events(lines in proptest::collection::vec(line(), 1..160), every in 1..40_usize) {
        let rules = rules();
        let matcher = Matcher::new(rules.clone());
        let trace = trace(&lines);
        let expected = found(&rules, trace.in_order().observed(&matcher), None);
        for seed in 0..20 {
            let events = trace.jittered(seed, 299).observed(&matcher);
            prop_assert_eq!(&found(&rules, events, None), &expected, "seed {}", seed);
        }
        let events = trace.jittered(99, 299).observed(&matcher);
        prop_assert_eq!(&found(&rules, events, Some(every)), &expected, "written and read every {} events", every);
        prop_assert_eq!(&found(&rules, trace.doubled().observed(&matcher), None), &expected, "every record twice");
    }
}

#[test]
fn each_kind_is_found_in_some_trace() {
    let rules = rules();
    let matcher = Matcher::new(rules.clone());
    let mut titles = std::collections::BTreeSet::new();
    for seed in 0..20_u64 {
        let mixed = |number: u64| (seed * 1_000 + number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let lines: Vec<Line> = (0..120)
            .map(|number| {
                let bits = mixed(number);
                let (actor, target) = (Some((bits % 3) as u8), (bits / 3 % 4) as u8);
                (
                    (bits / 12 % 1_200) as i64,
                    actor,
                    target,
                    (bits / 7 % 4) as u8,
                    (bits % 400) as u16,
                    (bits / 5 % 3) as u8,
                )
            })
            .collect();
        let events = trace(&lines).in_order().observed(&matcher);
        titles.extend(found(&rules, events, None).into_iter().map(|finding| finding.title.to_string()));
    }
    for number in 0..KINDS.trim().lines().count() {
        assert!(titles.contains(&format!("Kind {number}")), "kind {number} proves nothing here: {titles:?}");
    }
}

/// A correlator with one correlation over reads, and little room.
fn narrow(correlation: &str, map_bytes_max: usize) -> (Matcher, Correlator) {
    let text = format!(
        "{DETECTIONS}---\ntitle: Flooded\ncorrelation: {{rules: [read], timespan: 1d, {correlation}}}\n\
         firebreak: {{suppress_seconds: 86400}}\n"
    );
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text }]);
    assert_eq!(problems, []);
    let rules = Arc::new(rules);
    let settings = Settings { map_bytes_max, ..Settings::default() };
    (Matcher::new(rules.clone()), Correlator::new(rules, Arc::default(), settings))
}

#[test]
fn a_flood_of_keys_stays_within_bounds_and_does_not_hide_a_theft() {
    let (matcher, mut correlator) =
        narrow("type: event_count, group-by: [firebreak.target], condition: {gte: 30}", 2 << 20);
    let mut findings = Vec::new();
    for second in 0..60_000 {
        let mut trace = Trace::default();
        trace.event(second).does("read").on(&format!("flood {second}"));
        if second % 1_500 == 0 {
            trace.event(second).source("aws_cloudtrail").does("read").on("theft");
        }
        for (number, mut observed) in trace.observed(&matcher).into_iter().enumerate() {
            let event = Arc::make_mut(&mut observed.event);
            event.uid = firebreak_model::EventUid::of("flood", format!("{second} {number}").as_bytes());
            findings.extend(correlator.observe(observed));
        }
        assert!(correlator.correlations[0].bytes() <= 2 << 20, "{second}");
    }
    findings.extend(correlator.close());
    assert!(correlator.counters().evicted > 10_000, "{:?}", correlator.counters());
    let flooded: Vec<&Finding> = findings.iter().filter(|finding| finding.title == "Flooded").collect();
    assert_eq!(flooded.len(), 1, "the theft, and nothing else");
    assert_eq!(flooded[0].event_count, 30);
}

#[test]
fn a_flood_of_values_stays_within_bounds_and_is_estimated() {
    let field = "type: value_count, group-by: [firebreak.actor], condition: {gte: 100000, field: firebreak.target}";
    let (matcher, mut correlator) = narrow(field, 8 << 20);
    let mut findings = Vec::new();
    let count = 120_000;
    for number in 0..count {
        let mut trace = Trace::default();
        trace.event(number / 4).by("thief", "AKIA").does("read").on(&format!("thing {number}"));
        let mut observed = trace.observed(&matcher).remove(0);
        let event = Arc::make_mut(&mut observed.event);
        event.uid = firebreak_model::EventUid::of("flood", &number.to_be_bytes());
        findings.extend(correlator.observe(observed));
        assert!(correlator.correlations[0].bytes() <= 8 << 20, "{number}");
    }
    findings.extend(correlator.close());
    let flooded: Vec<&Finding> = findings.iter().filter(|finding| finding.title == "Flooded").collect();
    assert_eq!(flooded.len(), 1);
    assert!(flooded[0].explanation.starts_with("about 100000 distinct values"), "{}", flooded[0].explanation);
    // Five standard errors of an estimate with 4,096 registers.
    let at = flooded[0].at.seconds() * 4;
    assert!((92_000..=108_000).contains(&at), "found after {at} values");
    assert_eq!(correlator.counters().evicted, 0);
}

#[test]
fn a_snapshot_of_another_format_says_so() {
    let rules = rules();
    let bytes = fresh(&rules).snapshot();
    let name = b"firebreak.correlator/";
    let place = bytes.windows(name.len()).position(|part| part == name).expect("the format's name") + name.len();
    let mut other = bytes.clone();
    other[place] = b'~';
    let refused = Correlator::restore(&other, rules.clone(), Arc::default(), settings()).expect_err("another format");
    assert!(refused.reason.contains("firebreak.correlator/~"), "{}", refused.reason);
    let longer = [bytes.as_slice(), b"x"].concat();
    assert!(Correlator::restore(&longer, rules, Arc::default(), settings()).is_err());
}
