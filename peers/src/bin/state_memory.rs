//! What 100,000 live keys take in the correlator's memory, counted by the allocator of this program, which does nothing
//! else. Prints one JSON object; the benchmark runs it.
//!
//! `keys`: keys of a counted rule that met it twice within the hour, so that their windows are open. The events name no
//! identity, so behaviours learn nothing. `identities`: the same keys as identities, each with a credential of
//! its own, at home in a network with 255 others, with a client; behaviours know all of them.

#![allow(clippy::print_stdout, clippy::expect_used, clippy::panic, reason = "a benchmark prints what it measured")]

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

fn event(round: usize, key: usize, identified: bool) -> Event {
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
        keys: Keys { outcome: Outcome::Success, ..if identified { identity(&arn, key) } else { Keys::default() } },
        body: sonic_rs::from_str(&body).expect("json"),
        raw: Arc::from(body.as_bytes()),
    }
}

fn identity(arn: &str, key: usize) -> Keys {
    Keys {
        actor: Some(NodeKey::identity("aws", arn)),
        credential: Some(NodeKey::credential("aws", &format!("AKIA{key:016}"))),
        address: format!("11.{}.{}.{}", key >> 16, (key >> 8) & 255, key & 255).parse().ok(),
        user_agent: Some(Text::new("aws-cli/2.15.30 Python/3.11.8 Linux/6.1 exe/x86_64")),
        operation: Text::new("s3:GetObject"),
        target: Some(NodeKey::resource("aws", "arn:aws:s3:::documents")),
        bytes: Some(10_000),
        records: Some(1),
        ..Keys::default()
    }
}

fn main() {
    let identified = match std::env::args().nth(1).as_deref() {
        Some("keys") => false,
        Some("identities") => true,
        _ => panic!("say `keys` or `identities`"),
    };
    let (rules, problems) = Rules::load(&[RuleFile { path: "state/rule.yml".to_owned(), text: RULES.to_owned() }]);
    assert!(problems.is_empty(), "{problems:?}");
    let rules = Arc::new(rules);
    let matcher = Matcher::new(Arc::clone(&rules));
    let mut scratch = Scratch::default();
    let before = HEAP.allocated();
    let mut correlator = Correlator::new(rules, Arc::new(Catalogue::default()), Settings::default());
    let mut last = Time::default();
    for (round, key) in (0..ROUNDS).flat_map(|round| (0..KEYS).map(move |key| (round, key))) {
        let event = event(round, key, identified);
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
