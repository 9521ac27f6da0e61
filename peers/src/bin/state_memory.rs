//! What 100,000 live keys take in the correlator's memory, counted by the allocator of this program, which does nothing
//! else. Prints one JSON object; the benchmark runs it.
//!
//! A live key is an identity with its own credential and network that met a counted rule twice within the hour: its window
//! is open, and the built-in behaviours know it.

#![allow(clippy::print_stdout, clippy::expect_used, reason = "a benchmark prints what it measured")]

use cap::Cap;
use firebreak_detect::{Correlator, Matcher, Observed, RuleFile, Rules, Scratch, Settings};
use firebreak_model::{Catalogue, Event, EventUid, Keys, LogSource, NodeKey, Outcome, Text, Time};
use std::alloc::System;
use std::sync::Arc;

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

const KEYS: usize = 100_000;
/// Events of one key: far enough apart that the second finds the first in its window.
const ROUNDS: usize = 2;
const START: i64 = 1_774_000_000;

const RULES: &str = "
title: Object read
name: read
logsource: {product: aws, service: cloudtrail}
detection: {selection: {eventName: GetObject}, condition: selection}
level: informational
---
title: Many objects read
correlation:
  {type: event_count, rules: [read], group-by: [userIdentity.arn], timespan: 1h, condition: {gte: 1000}}
";

fn event(round: usize, key: usize) -> Event {
    let arn = format!("arn:aws:iam::111122223333:user/worker-{key:06}");
    let number = (round * KEYS + key) as u64;
    // 100,000 events in 1,000 seconds: all windows of an hour stay open.
    let time = Time(START * 1_000_000 + number as i64 * 10_000);
    let body = format!(r#"{{"eventName":"GetObject","userIdentity":{{"arn":"{arn}"}}}}"#);
    let native_id = Text::new(format!("{number:032x}"));
    Event {
        uid: EventUid::of("aws_cloudtrail", native_id.as_bytes()),
        source: "aws_cloudtrail",
        native_id,
        time,
        log_source: LogSource { product: "aws", service: "cloudtrail" },
        keys: Keys {
            actor: Some(NodeKey::identity("aws", &arn)),
            credential: Some(NodeKey::credential("aws", &format!("AKIA{key:016}"))),
            address: format!("10.{}.{}.{}", key >> 16, (key >> 8) & 255, key & 255).parse().ok(),
            operation: Text::new("s3:GetObject"),
            target: Some(NodeKey::resource("aws", "arn:aws:s3:::documents")),
            outcome: Outcome::Success,
            bytes: Some(10_000),
            records: Some(1),
            ..Keys::default()
        },
        body: sonic_rs::from_str(&body).expect("json"),
        raw: Arc::from(body.as_bytes()),
    }
}

fn main() {
    let (rules, problems) = Rules::load(&[RuleFile { path: "state/rule.yml".to_owned(), text: RULES.to_owned() }]);
    assert!(problems.is_empty(), "{problems:?}");
    let rules = Arc::new(rules);
    let matcher = Matcher::new(Arc::clone(&rules));
    let mut scratch = Scratch::default();
    let before = HEAP.allocated();
    let mut correlator = Correlator::new(rules, Arc::new(Catalogue::default()), Settings::default());
    let mut last = Time::default();
    for (round, key) in (0..ROUNDS).flat_map(|round| (0..KEYS).map(move |key| (round, key))) {
        let event = event(round, key);
        last = event.time;
        let matches = matcher.matches(&event, &mut scratch).to_vec();
        correlator.observe(Observed { event: Arc::new(event), matches });
    }
    let waiting = HEAP.allocated() - before;
    // Nothing waits for its turn any more; the windows are still open.
    correlator.advance(last.plus_seconds(1_000));
    let held = HEAP.allocated() - before;
    let counters = correlator.counters();
    assert_eq!(counters.observed, (KEYS * ROUNDS) as u64);
    println!(
        "{}",
        serde_json::json!({
            "keys": KEYS,
            "state_mib": held as f64 / f64::from(1 << 20),
            "with_waiting_mib": waiting as f64 / f64::from(1 << 20),
            "evicted": counters.evicted,
            "late": counters.late,
        })
    );
}
