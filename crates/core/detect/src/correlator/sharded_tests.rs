//! What is found does not depend on how many shards there are, nor on whether they run at once; and a flood of keys of
//! one shard is its own.

use super::moment::Moment;
use super::properties::{Line, line, rules, settings, trace};
use super::{Correlator, InTurn, Observed, Settings, Shard, Turns, Workers};
use crate::behaviour::deed::Lexicon;
use crate::rules::{RuleFile, Rules};
use crate::trace::{Trace, sorted};
use crate::{Counters, Matcher, RuleIndex};
use firebreak_model::{Event, EventUid, Finding, Signal};
use proptest::prelude::*;
use std::sync::Arc;

/// Each shard in a thread of its own.
struct Threads;

impl Workers for Threads {
    fn work<'s>(&self, shards: Vec<Shard<'s>>, feed: &mut dyn FnMut() -> Option<Turns>) -> Vec<Shard<'s>> {
        std::thread::scope(|scope| {
            let start = |mut shard: Shard<'s>| {
                let (give, take) = std::sync::mpsc::channel::<Turns>();
                let work = move || {
                    take.iter().for_each(|turns| shard.take(&turns));
                    shard
                };
                (give, scope.spawn(work))
            };
            let (givers, threads): (Vec<_>, Vec<_>) = shards.into_iter().map(start).unzip();
            while let Some(turns) = feed() {
                givers.iter().for_each(|give| give.send(turns.clone()).expect("it listens"));
            }
            drop(givers);
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        })
    }
}

/// How events are handed over.
#[derive(Clone, Copy, Debug)]
enum Way {
    OneByOne,
    Batches(usize),
    Threads(usize),
}

fn pair(observed: &Observed) -> (&Event, &[RuleIndex]) {
    (&observed.event, &observed.matches)
}

impl Way {
    fn feed(self, correlator: &mut Correlator, events: &[Observed], out: &mut Vec<Finding>) {
        match self {
            Way::OneByOne => events.iter().for_each(|one| out.extend(correlator.observe(one.clone()))),
            Way::Batches(size) => events.chunks(size).for_each(|batch| {
                correlator.take_all(batch.iter().map(pair), &InTurn, out);
            }),
            Way::Threads(size) => events.chunks(size).for_each(|batch| {
                correlator.take_all(batch.iter().map(pair), &Threads, out);
            }),
        }
    }
}

fn sharded(shards: usize) -> Settings {
    Settings { shards, ..settings() }
}

fn found(rules: &Arc<Rules>, events: &[Observed], shards: usize, way: Way) -> (Vec<Finding>, Counters) {
    let mut correlator = Correlator::new(rules.clone(), Arc::default(), sharded(shards));
    let mut findings = Vec::new();
    way.feed(&mut correlator, events, &mut findings);
    findings.extend(correlator.close());
    sorted(&mut findings);
    (findings, correlator.counters())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn shards_find_what_one_writer_finds(lines in proptest::collection::vec(line(), 1..160), size in 1..80_usize) {
        let rules = rules();
        let matcher = Matcher::new(rules.clone());
        let trace = trace(&lines);
        let expected = found(&rules, &trace.in_order().observed(&matcher), 1, Way::OneByOne);
        for seed in 0..20 {
            let events = trace.jittered(seed, 299).observed(&matcher);
            for shards in [1, 2, 4] {
                for way in [Way::OneByOne, Way::Batches(size), Way::Threads(size.max(50))] {
                    let own = found(&rules, &events, shards, way);
                    prop_assert_eq!(&own, &expected, "seed {}, {} shards, {:?}", seed, shards, way);
                }
            }
        }
    }

    #[test]
    fn a_snapshot_goes_on_in_another_number_of_shards(
        lines in proptest::collection::vec(line(), 2..160),
        cut in 0.1..0.9_f64,
    ) {
        let rules = rules();
        let matcher = Matcher::new(rules.clone());
        let events = trace(&lines).jittered(7, 299).observed(&matcher);
        let (before, after) = events.split_at((events.len() as f64 * cut) as usize);
        let expected = found(&rules, &events, 1, Way::OneByOne);
        let mut writer = Correlator::new(rules.clone(), Arc::default(), sharded(4));
        let mut early = Vec::new();
        Way::Threads(64).feed(&mut writer, before, &mut early);
        let bytes = writer.snapshot();
        for shards in [1, 3, 4] {
            let restored = Correlator::restore(&bytes, rules.clone(), Arc::default(), sharded(shards));
            let mut restored = restored.expect("our own");
            let mut findings = early.clone();
            Way::Batches(17).feed(&mut restored, after, &mut findings);
            findings.extend(restored.close());
            sorted(&mut findings);
            prop_assert_eq!(&(findings, restored.counters()), &expected, "4 shards, then {}", shards);
        }
    }
}

#[test]
fn the_findings_of_a_batch_come_in_one_order() {
    let rules = rules();
    let matcher = Matcher::new(rules.clone());
    let lines: Vec<Line> = (0..150_u16)
        .map(|number| {
            (i64::from(number) * 7, Some((number % 3) as u8), 1, (number % 4) as u8, number, (number % 2) as u8)
        })
        .collect();
    let events = trace(&lines).jittered(3, 299).observed(&matcher);
    let batch = |shards, way: Way| {
        let mut correlator = Correlator::new(rules.clone(), Arc::default(), sharded(shards));
        let mut findings = Vec::new();
        way.feed(&mut correlator, &events, &mut findings);
        findings
    };
    let expected = batch(1, Way::Batches(events.len()));
    assert!(expected.len() > 10);
    assert_eq!(batch(4, Way::Threads(events.len())), expected);
}

/// Three reads of a target are a finding; one read is one too where `tripwire`.
fn three_reads(tripwire: bool) -> Arc<Rules> {
    let signal = if tripwire { "firebreak: {signal: tripwire}\n" } else { "" };
    let text = format!(
        "title: Read\nname: read\nlogsource: {{product: aws}}\n\
         detection: {{s: {{firebreak.operation: read}}, condition: s}}\n{signal}---\ntitle: Three reads\n\
         correlation: {{type: event_count, rules: [read], generate: {tripwire}, group-by: [firebreak.target], timespan: 1d, \
         condition: {{gte: 3}}}}\nfirebreak: {{suppress_seconds: 86400}}\n"
    );
    let (rules, problems) = Rules::load(&[RuleFile { path: "r/rule.yml".to_owned(), text }]);
    assert_eq!(problems, []);
    Arc::new(rules)
}

#[test]
fn a_tripwire_is_raised_on_arrival_however_events_are_handed_over() {
    let rules = three_reads(true);
    let matcher = Matcher::new(rules.clone());
    let mut trace = Trace::default();
    for number in 0..300_i64 {
        trace
            .event(number * 9)
            .by(&format!("user{}", number % 7), "AKIA")
            .does("read")
            .on(&format!("b{}", number % 40));
    }
    let events = trace.jittered(5, 299).observed(&matcher);
    let run = |shards, way: Way| {
        let settings = Settings { eager: true, ..sharded(shards) };
        let mut correlator = Correlator::new(rules.clone(), Arc::default(), settings);
        let mut findings = Vec::new();
        way.feed(&mut correlator, &events, &mut findings);
        let early = findings.iter().filter(|finding| finding.signal == Signal::Tripwire).count();
        findings.extend(correlator.close());
        sorted(&mut findings);
        (findings, early, correlator.counters())
    };
    let expected = run(1, Way::OneByOne);
    assert!(expected.1 > 0 && expected.0.len() > expected.1, "{expected:?}");
    for way in [Way::OneByOne, Way::Batches(90), Way::Threads(120)] {
        assert_eq!(run(3, way), expected, "{way:?}");
    }
}

#[test]
fn a_flood_of_one_shard_is_not_the_others() {
    let rules = three_reads(false);
    let matcher = Matcher::new(rules.clone());
    let settings = Settings { shards: 4, map_bytes_max: 1 << 20, ..Settings::default() };
    let fresh = || Correlator::new(rules.clone(), Arc::default(), settings.clone());
    let router = fresh();
    let shard = |observed: &Observed| {
        let (mut lexicon, mut missing) = (Lexicon::default(), 0);
        let Observed { event, matches } = observed;
        let moment = Moment::of(event, matches, &router.feeds, &rules, &mut lexicon, &mut missing);
        moment.hits.first().map(|hit| router.routes.shard(hit.correlation, &hit.key)).expect("every event is a read")
    };
    let read = |second: i64, target: &str| {
        let mut trace = Trace::default();
        trace.event(second).does("read").on(target);
        let mut observed = trace.observed(&matcher).remove(0);
        Arc::make_mut(&mut observed.event).uid = EventUid::of("read", format!("{second} {target}").as_bytes());
        observed
    };
    // Eighty honest targets, each read three times with hours between; and twenty thousand others, read twice, of one shard.
    let honest = (0..240).map(|number: i64| (read(number * 100, &format!("honest {}", number % 80)), false));
    let flood = (0..40_000).map(|number: i64| (read(number % 20_000, &format!("flood {}", number / 2)), true));
    let mut events: Vec<(Observed, bool)> = honest.chain(flood.filter(|(read, _)| shard(read) == 0)).collect();
    events.sort_by_key(|(read, _)| read.event.time);
    let run = |with_flood: bool| {
        let mut correlator = fresh();
        let batch = events.iter().filter(|(_, flood)| with_flood || !flood).map(|(read, _)| pair(read));
        let mut findings = Vec::new();
        correlator.take_all(batch, &Threads, &mut findings);
        findings.extend(correlator.close());
        let elsewhere: Vec<bool> = vec![false, true, true, true];
        let of_others = |finding: &Finding| {
            let read = events.iter().find(|(read, _)| finding.events.contains(&read.event.uid)).expect("one of ours");
            elsewhere[shard(&read.0)]
        };
        findings.retain(of_others);
        sorted(&mut findings);
        (findings, correlator.counters().evicted)
    };
    let (quiet, flooded) = (run(false), run(true));
    assert!(quiet.1 == 0 && flooded.1 > 1_000, "{} evicted", flooded.1);
    assert!(quiet.0.len() >= 40, "{} findings", quiet.0.len());
    assert_eq!(quiet.0, flooded.0);
}
