//! The correlator: the whole path from bytes to findings, counts of many distinct values, order of arrival, memory.

use crate::clock::{ROUND, ROUNDS, Results, cpu, median};
use crate::matching::{rounded, rule_set};
use crate::records::{Records, events, random};
use firebreak_detect::{Correlator, Matcher, Observed, RuleFile, RuleIndex, Rules, Scratch, Settings};
use firebreak_intake::{MissingTime, Options, Reader, keep};
use firebreak_model::{Catalogue, Event, EventUid, Finding, Keys, LogSource, Text, Time};
use firebreak_peers::engines::parse_only;
use firebreak_world::World;
use serde_json::{Map, Value};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Ten correlations over rules that ordinary traffic meets all the time: the expensive case.
const CORRELATIONS: &str = include_str!("correlations.yml");
/// Events held at once on the whole path: so few that they stay in the processor's cache.
const HELD: usize = 250;
/// Orders of arrival that are tried.
const ORDERS: u64 = 20;

fn load(texts: Vec<String>) -> Arc<Rules> {
    let file = |(at, text)| RuleFile { path: format!("bench-{at}/rule.yml"), text };
    let (rules, problems) = Rules::load(&texts.into_iter().enumerate().map(file).collect::<Vec<_>>());
    assert!(problems.is_empty(), "{problems:?}");
    Arc::new(rules)
}

fn correlator(rules: &Arc<Rules>) -> Correlator {
    Correlator::new(Arc::clone(rules), Arc::new(Catalogue::default()), Settings::default())
}

/// The CloudTrail records as the platform delivers them, in the order of time.
fn files(records: &Records) -> (Vec<Vec<u8>>, usize) {
    let lines = records.cloudtrail.records.join("\n");
    let mut events = events(&records.world, "aws_cloudtrail", lines.as_bytes());
    events.retain(|event| event.body.to_string().contains("\"eventTime\""));
    events.sort_by_key(|event| event.time);
    // Rows of the labelled set share made-up ids; a platform never gives two records one id.
    let mut ids = std::collections::HashSet::new();
    events.retain(|event| ids.insert(event.uid));
    let file = |events: &[Event]| {
        let records: Vec<&str> = events.iter().map(|event| std::str::from_utf8(&event.raw).expect("json")).collect();
        format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
    };
    (events.chunks(2_000).map(file).collect(), events.len())
}

/// Bytes to findings: framing, mapping, matching, ten correlations and the built-in behaviours.
pub(crate) fn full_path(records: &Records, figures: &mut Map<String, Value>) {
    let mut texts = rule_set(&records.cloudtrail, 57, 0);
    texts.push(CORRELATIONS.to_owned());
    let rules = load(texts);
    let matcher = Matcher::new(Arc::clone(&rules));
    let (files, count) = files(records);
    let files: Vec<Arc<[u8]>> = files.into_iter().map(Arc::from).collect();
    let mut scratch = Scratch::default();
    let mut found = 0;
    let mut pass = |stage: Stage| {
        let mut correlator = correlator(&rules);
        let mut findings = Vec::new();
        for event in files.iter().flat_map(|file| streamed(&records.world, file)) {
            if stage == Stage::Intake {
                continue;
            }
            let matches = matcher.matches(&event, &mut scratch);
            if stage == Stage::Correlate {
                correlator.take(&event, matches, &mut findings);
            }
        }
        found = found.max(findings.len() + correlator.close().len());
    };
    let mut rates = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let parse = parse_rate(&records.cloudtrail.records);
        rates[0].push(parse);
        for (stage, rates) in [Stage::Intake, Stage::Match, Stage::Correlate].into_iter().zip(&mut rates[1..]) {
            rates.push(rate(count, || pass(stage)));
        }
    }
    let [parse, intake, matched, all] = rates;
    let all_name = "and 10 correlations, behaviours";
    let results = Results::of(vec![
        ("parse only (sonic-rs)", parse),
        ("intake: framing, parse, mapping", intake),
        ("and match, 57 rules", matched),
        (all_name, all),
    ]);
    results.print(
        &format!("From bytes to findings: {count} events, {found} findings"),
        "events/s",
        "parse only (sonic-rs)",
    );
    figures.insert("intake_per_second".to_owned(), rounded(results.rate("intake: framing, parse, mapping")));
    figures.insert("full_path_events_per_second".to_owned(), rounded(results.rate(all_name)));
    figures.insert("full_path_ratio_to_parse".to_owned(), rounded(results.ratio(all_name, "parse only (sonic-rs)")));
    figures.insert("full_path_findings".to_owned(), found.into());
}

/// The events of a CloudTrail file, read as they are asked for.
fn streamed(world: &World, file: &Arc<[u8]>) -> impl Iterator<Item = Event> {
    let source = firebreak_intake::source("aws_cloudtrail").expect("a source");
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    let mut reader = Reader::of_bytes(world, "bench", Arc::clone(file), source, options, &keep);
    std::iter::from_fn(move || Some(reader.next_batch(HELD)).filter(|batch| !batch.is_empty()))
        .flat_map(|batch| batch.events)
}

/// How far the path goes.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Intake,
    Match,
    Correlate,
}

fn parse_rate(records: &[String]) -> f64 {
    rate(records.len(), || {
        std::hint::black_box(records.iter().map(|record| parse_only(record.as_bytes())).sum::<usize>());
    })
}

/// Events a second of CPU time.
fn rate(events: usize, mut work: impl FnMut()) -> f64 {
    let (mut spent, mut times) = (Duration::ZERO, 0);
    while spent < ROUND {
        spent += cpu(&mut work).1;
        times += 1;
    }
    (events * times) as f64 / spent.as_secs_f64()
}

/// Read by one identity: the rule, and a correlation over it.
fn counting(correlation: &str) -> Arc<Rules> {
    load(vec![format!(
        "title: Read\nname: read\nlogsource: {{product: aws, service: cloudtrail}}\ndetection: {{s: {{eventName: GetObject}}, \
         condition: s}}\n---\ntitle: Many\ncorrelation: {{rules: [read], group-by: [actor], timespan: 2h, {correlation}}}\n"
    )])
}

fn read_event(number: usize, distinct: usize, micros_apart: i64) -> Observed {
    let body = format!(r#"{{"eventName":"GetObject","actor":"worker","key":"documents/{:08}"}}"#, number % distinct);
    let event = Event {
        uid: EventUid::of("aws_cloudtrail", &number.to_be_bytes()),
        source: "aws_cloudtrail",
        native_id: Text::new(format!("{number}")),
        time: Time(1_774_000_000_000_000 + number as i64 * micros_apart),
        log_source: LogSource { product: "aws", service: "cloudtrail" },
        keys: Keys { operation: Text::new("s3:GetObject"), ..Keys::default() },
        body: sonic_rs::from_str(&body).expect("json"),
        raw: Arc::from(body.as_bytes()),
    };
    Observed { event: Arc::new(event), matches: vec![RuleIndex(0)] }
}

/// CPU seconds for so many events in an hour that all meet one rule, in a correlator with these rules.
fn counted(rules: &Arc<Rules>, total: usize, distinct: usize) -> Duration {
    let micros_apart = 3_600_000_000 / total as i64;
    let mut correlator = correlator(rules);
    let mut spent = Duration::ZERO;
    for start in (0..total).step_by(4_000) {
        let chunk: Vec<Observed> =
            (start..total.min(start + 4_000)).map(|number| read_event(number, distinct, micros_apart)).collect();
        spent += cpu(|| chunk.into_iter().for_each(|observed| drop(correlator.observe(observed)))).1;
    }
    spent + cpu(|| correlator.close()).1
}

/// `value_count` against `event_count`, over the same events of one key within one window.
pub(crate) fn distinct_values(figures: &mut Map<String, Value>) {
    let events = counting("type: event_count, condition: {gte: 1000000}");
    let values = counting("type: value_count, condition: {gte: 1000000, field: key}");
    println!("\nDistinct values of one key in one window, against counting the same events");
    for (name, distinct, total, rounds) in [("16k", 16_000, 64_000, ROUNDS), ("1m", 1_000_000, 1_000_000, 1)] {
        let mut rates = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            rates.0.push(total as f64 / counted(&events, total, distinct).as_secs_f64());
            rates.1.push(total as f64 / counted(&values, total, distinct).as_secs_f64());
        }
        let ratio = median(rates.0.iter().zip(&rates.1).map(|(events, values)| values / events).collect());
        let rate = median(rates.1);
        println!("  {distinct:>9} values{:>34.0} events/s   {ratio:>6.3} of event_count", rate);
        figures.insert(format!("value_count_{name}_to_event_count"), rounded(ratio));
        figures.insert(format!("value_count_{name}_per_second"), rounded(rate));
    }
}

/// The findings of 20 orders of arrival, each event late by less than what is allowed.
pub(crate) fn orders(records: &Records, figures: &mut Map<String, Value>) {
    let mut texts = rule_set(&records.cloudtrail, 57, 0);
    texts.push(CORRELATIONS.to_owned());
    let rules = load(texts);
    let matcher = Matcher::new(Arc::clone(&rules));
    let mut scratch = Scratch::default();
    let (files, _) = files(records);
    let observed: Vec<Observed> = files
        .iter()
        .flat_map(|file| events(&records.world, "aws_cloudtrail", file))
        .map(|event| Observed { matches: matcher.matches(&event, &mut scratch).to_vec(), event: Arc::new(event) })
        .collect();
    let (in_order, late) = fired(&rules, observed.iter());
    let mut different = 0;
    println!("\nin order of time: {} findings, {late} events late", in_order.len());
    for seed in 1..=ORDERS {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let delay = Settings::default().lateness_seconds as u64 * 1_000_000;
        let mut arrivals: Vec<(i64, &Observed)> =
            observed.iter().map(|one| (one.event.time.0 + (random(&mut state) % delay) as i64, one)).collect();
        arrivals.sort_by_key(|(arrives, one)| (*arrives, one.event.uid));
        let (shuffled, late) = fired(&rules, arrivals.into_iter().map(|(_, one)| one));
        if shuffled != in_order {
            different += 1;
            let missing = in_order.iter().filter(|finding| !shuffled.contains(finding)).count();
            let more: Vec<_> = shuffled.iter().filter(|finding| !in_order.contains(finding)).collect();
            println!("  order {seed} differs: {missing} findings missing, {} others, {late} events late", more.len());
        }
    }
    println!(
        "\n{ORDERS} orders of arrival of {} events: {} findings, {different} orders differ",
        observed.len(),
        in_order.len()
    );
    figures.insert("orders_identical".to_owned(), (different == 0 && !in_order.is_empty()).into());
    figures.insert("orders_findings".to_owned(), in_order.len().into());
}

/// All findings of one order of arrival, sorted, and how many events came too late.
fn fired<'a>(rules: &Arc<Rules>, arrivals: impl Iterator<Item = &'a Observed>) -> (Vec<String>, u64) {
    let mut correlator = correlator(rules);
    let mut findings: Vec<Finding> = arrivals.flat_map(|one| correlator.observe(one.clone())).collect();
    findings.extend(correlator.close());
    let mut texts: Vec<String> =
        findings.iter().map(|finding| serde_json::to_string(finding).expect("plain data")).collect();
    texts.sort();
    (texts, correlator.counters().late)
}

/// What 100,000 live keys take, and 100,000 identities, each counted in a program of its own.
pub(crate) fn memory(figures: &mut Map<String, Value>) {
    println!();
    for (kind, what) in [("keys", "keys with an open window"), ("identities", "such keys that behaviours know as well")]
    {
        let output =
            Command::new(env!("CARGO_BIN_EXE_state_memory")).arg(kind).output().expect("the program that counts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let counted: Value = serde_json::from_slice(&output.stdout).expect("one object");
        let mib = counted["state_mib"].as_f64().unwrap_or(f64::NAN);
        println!("100,000 {what}: {mib:.1} MiB, {} evicted", counted["evicted"]);
        figures.insert(format!("state_mib_100k_{kind}"), rounded(mib));
        figures.insert(format!("state_evicted_100k_{kind}"), counted["evicted"].clone());
    }
}
