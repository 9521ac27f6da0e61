//! Sums, averages, percentiles and conditions over rules, seen from outside: what fires, in any order of arrival, and
//! across a restart.

use crate::rules::{RuleFile, Rules};
use crate::trace::{Trace, sorted};
use crate::{Correlator, Matcher, Settings};
use firebreak_model::{Catalogue, Finding};
use std::sync::Arc;

const RULES: &str = "
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
title: Second factor
name: factor
logsource: {product: aws}
detection: {s: {firebreak.operation: factor}, condition: s}
---
title: Sum
correlation:
  {type: value_sum, rules: [read], group-by: [firebreak.actor], timespan: 10m, condition: {gt: 1000, field: firebreak.bytes}}
firebreak: {suppress_seconds: 60}
---
title: Average
correlation:
  {type: value_avg, rules: [read], group-by: [firebreak.actor], timespan: 10m, condition: {gte: 400.5, field: firebreak.bytes}}
---
title: Percentile
correlation:
  type: value_percentile
  rules: [read]
  group-by: [firebreak.actor]
  timespan: 10m
  condition: {gte: 300, percentile: 75, field: firebreak.bytes}
---
title: Little
correlation:
  {type: value_sum, rules: [read], group-by: [firebreak.actor], timespan: 10m, condition: {lte: 100, field: firebreak.bytes}}
---
title: Combinations
correlation:
  type: value_count
  rules: [read, login]
  group-by: [firebreak.actor]
  timespan: 10m
  condition: {gte: 3, field: [firebreak.operation, firebreak.bytes]}
---
title: Login without factor
correlation:
  type: temporal
  rules: [login, factor]
  group-by: [firebreak.actor]
  timespan: 5m
  condition: login and not factor
---
title: Read after any login
correlation:
  type: temporal_ordered
  rules: [login, factor, read]
  group-by: [firebreak.actor]
  timespan: 5m
  condition: (login or factor) and read
---
title: Two of three
correlation:
  {type: temporal, rules: [login, factor, read], group-by: [firebreak.actor], timespan: 5m, condition: {gte: 2}}
";

fn correlator() -> (Matcher, Correlator) {
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: RULES.to_owned() }]);
    assert_eq!(problems, []);
    let rules = Arc::new(rules);
    (Matcher::new(rules.clone()), Correlator::new(rules, Arc::new(Catalogue::default()), Settings::default()))
}

fn findings(trace: &Trace) -> Vec<Finding> {
    let (matcher, mut correlator) = correlator();
    let mut findings: Vec<Finding> =
        trace.observed(&matcher).into_iter().flat_map(|observed| correlator.observe(observed)).collect();
    findings.extend(correlator.close());
    findings.retain(|finding| finding.detector == "r");
    sorted(&mut findings);
    findings
}

/// Titles and seconds of what a story fires.
fn fires(story: &[(i64, &str, u64)]) -> Vec<(String, i64)> {
    let mut trace = Trace::default();
    for (at, operation, bytes) in story {
        trace.event(*at).by("ann", "AKIA1").does(operation).takes(*bytes, 0);
    }
    let mut fired: Vec<(String, i64)> =
        findings(&trace).into_iter().map(|finding| (finding.title.to_string(), finding.at.0 / 1_000_000)).collect();
    fired.sort();
    fired
}

fn fired_at(story: &[(i64, &str, u64)], title: &str) -> Vec<i64> {
    fires(story).into_iter().filter(|(own, _)| own == title).map(|(_, at)| at).collect()
}

#[test]
fn a_sum_slides() {
    assert_eq!(fired_at(&[(0, "read", 600), (10, "read", 400), (20, "read", 1)], "Sum"), [20]);
    // At 600 the first has just left.
    assert_eq!(fired_at(&[(0, "read", 600), (599, "read", 400), (600, "read", 1)], "Sum"), [0; 0]);
    assert_eq!(fired_at(&[(0, "login", 5_000)], "Sum"), [0; 0]);
}

#[test]
fn averages_and_percentiles_are_exact() {
    assert_eq!(fired_at(&[(0, "read", 400), (1, "read", 400), (2, "read", 401)], "Average"), [0; 0]);
    assert_eq!(fired_at(&[(0, "read", 400), (1, "read", 401)], "Average"), [1]);
    // Of four the third is the 75th percentile, of five the fourth.
    let story = [(0, "read", 1), (1, "read", 2), (2, "read", 3), (3, "read", 900), (4, "read", 901)];
    assert_eq!(fired_at(&story, "Percentile"), [4]);
    let story = [(0, "read", 1), (1, "read", 900), (2, "read", 300), (3, "read", 299)];
    assert_eq!(fired_at(&story, "Percentile"), [1]);
}

#[test]
fn combinations_of_several_fields_are_counted() {
    let story = [(0, "read", 1), (1, "read", 1), (2, "login", 1), (3, "login", 1), (4, "read", 2)];
    assert_eq!(fired_at(&story, "Combinations"), [4]);
    // Two operations and two sizes, and still two combinations.
    let story = [(0, "read", 1), (1, "login", 2), (2, "read", 1), (3, "login", 2)];
    assert_eq!(fired_at(&story, "Combinations"), [0; 0]);
}

#[test]
fn an_upper_bound_is_judged_when_the_span_is_over() {
    assert_eq!(fired_at(&[(0, "read", 60), (300, "read", 40)], "Little"), [600]);
    assert_eq!(fired_at(&[(0, "read", 60), (300, "read", 41)], "Little"), [0; 0]);
}

#[test]
fn absence_is_judged_when_the_span_is_over() {
    assert_eq!(fired_at(&[(0, "login", 0)], "Login without factor"), [300]);
    assert_eq!(fired_at(&[(0, "login", 0), (299, "factor", 0)], "Login without factor"), [0; 0]);
    assert_eq!(fired_at(&[(0, "login", 0), (300, "factor", 0)], "Login without factor"), [300]);
    assert_eq!(fired_at(&[(0, "factor", 0)], "Login without factor"), [0; 0]);
}

#[test]
fn conditions_over_rules_fire_at_once() {
    assert_eq!(fired_at(&[(0, "factor", 0), (9, "read", 0)], "Read after any login"), [9]);
    assert_eq!(fired_at(&[(0, "read", 0), (9, "factor", 0)], "Read after any login"), [0; 0]);
    assert_eq!(fired_at(&[(0, "read", 0), (9, "factor", 0)], "Two of three"), [9]);
    assert_eq!(fired_at(&[(0, "read", 0), (9, "read", 0)], "Two of three"), [0; 0]);
}

/// A day of several actors.
fn day() -> Trace {
    let mut trace = Trace::default();
    let mut state = 5_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for _ in 0..3_000 {
        let at = random(86_400) as i64;
        let operation = ["read", "read", "read", "login", "factor"][random(5) as usize];
        let actor = format!("user{}", random(7));
        trace.event(at).by(&actor, "AKIA1").does(operation).takes(random(900), 0);
    }
    trace.in_order()
}

#[test]
fn any_order_of_arrival_fires_the_same() {
    let expected = findings(&day());
    for title in
        ["Sum", "Average", "Percentile", "Little", "Login without factor", "Read after any login", "Two of three"]
    {
        assert!(expected.iter().any(|finding| finding.title == title), "{title} never fires");
    }
    for seed in 1..=20 {
        assert_eq!(findings(&day().jittered(seed, 280)), expected, "seed {seed}");
    }
}

#[test]
fn a_restart_changes_nothing() {
    let expected = findings(&day());
    let (matcher, mut correlator) = correlator();
    let mut found = Vec::new();
    for (number, observed) in day().observed(&matcher).into_iter().enumerate() {
        found.extend(correlator.observe(observed));
        if number % 251 == 0 {
            let bytes = correlator.snapshot();
            let (rules, _) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text: RULES.to_owned() }]);
            correlator = Correlator::restore(&bytes, Arc::new(rules), Arc::default(), Settings::default())
                .unwrap_or_else(|problem| panic!("{problem}"));
        }
    }
    found.extend(correlator.close());
    found.retain(|finding| finding.detector == "r");
    sorted(&mut found);
    assert_eq!(found, expected);
}
