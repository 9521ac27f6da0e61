//! What the correlator costs an event, and what its state weighs. Its last line is one JSON object.
//!
//! Times are CPU time of the one thread that works, so that other work on the machine distorts them less. Memory is what
//! a process of its own has in the end less what it had in the beginning, with all that the allocator wastes.

#![allow(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "state/machine.rs"]
mod machine;
#[path = "state/story.rs"]
mod story;
#[path = "state/threads.rs"]
mod threads;

use firebreak_detect::{Correlator, InTurn, Observed, RuleFile, Rules, Settings, Workers};
use firebreak_model::Catalogue;
use machine::{cpu, resident};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use story::{KINDS, Story, told};
use threads::Threads;

/// Passes of each part, of which the fastest counts: noise only adds.
const PASSES: usize = 3;
/// Identities whose keys are spread over shards, and events a batch.
const CROWD: u64 = 20_000;
const BATCH: usize = 5_000;
/// Keys whose memory is measured.
const KEYS: u64 = 100_000;

fn rules(text: &str) -> Arc<Rules> {
    if text.is_empty() {
        return Arc::default();
    }
    let (rules, problems) = Rules::load(&[RuleFile { path: "bench/rule.yml".to_owned(), text: text.to_owned() }]);
    assert_eq!(problems, [], "the rules load");
    Arc::new(rules)
}

fn correlator(rules: &Arc<Rules>) -> Correlator {
    Correlator::new(Arc::clone(rules), Arc::new(Catalogue::default()), Settings::default())
}

/// What was measured, by name.
#[derive(Default)]
struct Figures(Vec<String>);

impl Figures {
    fn say(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<44}{value:>14.1} {unit}");
        self.0.push(format!("\"{name}\":{value:.3}"));
    }
}

/// Nanoseconds an event, and findings of one pass.
fn nanos(rules: &Arc<Rules>, observed: &[Observed]) -> (f64, usize) {
    let (mut best, mut found) = (f64::MAX, 0);
    for _ in 0..PASSES {
        let mut correlator = correlator(rules);
        let input = observed.to_vec();
        let before = cpu();
        found = 0;
        for observed in input {
            found += black_box(correlator.observe(observed)).len();
        }
        let spent = cpu().saturating_sub(before);
        found += correlator.close().len();
        best = best.min(spent.as_nanos() as f64 / observed.len() as f64);
    }
    (best, found)
}

fn times(figures: &mut Figures, only: Option<&str>) {
    for (name, text, story) in [
        ("benign_ns", story::RULES, Story::Benign),
        ("benign_without_rules_ns", "", Story::Benign),
        ("attack_ns", story::RULES, Story::Attack),
        ("crowd_ns", story::RULES, Story::Crowd(CROWD)),
        ("event_count_ns", story::EVENT_COUNT, Story::Values(16_000)),
        ("value_count_16k_ns", story::VALUE_COUNT_LARGE, Story::Values(16_000)),
        ("value_count_16k_20_ns", story::VALUE_COUNT_SMALL, Story::Values(16_000)),
        ("value_count_1m_ns", story::VALUE_COUNT_LARGEST, Story::Values(1_000_000)),
        ("value_count_1m_20_ns", story::VALUE_COUNT_SMALL, Story::Values(1_000_000)),
        ("event_count_1m_ns", story::EVENT_COUNT, Story::Values(1_000_000)),
    ] {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let rules = rules(text);
        let observed: Vec<Observed> = told(&rules, story).collect();
        let (nanos, found) = nanos(&rules, &observed);
        figures.say(name, nanos, &format!("ns an event, {found} findings in {} events", observed.len()));
    }
}

/// One pass in batches: the time on the wall, the CPU time of this thread, and findings.
fn batches(rules: &Arc<Rules>, observed: &[Observed], shards: usize, workers: &impl Workers) -> (f64, f64, usize) {
    // What is found is the same where no key is evicted.
    let settings = Settings { shards, map_bytes_max: 1 << 30, ..Settings::default() };
    let mut correlator = Correlator::new(Arc::clone(rules), Arc::new(Catalogue::default()), settings);
    let mut found = Vec::new();
    let (wall, spent) = (Instant::now(), cpu());
    for batch in observed.chunks(BATCH) {
        let events = batch.iter().map(|one| (one.event.as_ref(), one.matches.as_slice()));
        black_box(correlator.take_all(events, workers, &mut found));
    }
    let (wall, spent) = (wall.elapsed(), cpu().saturating_sub(spent));
    found.extend(correlator.close());
    assert_eq!(correlator.counters().evicted, 0, "there is room");
    (wall.as_secs_f64(), spent.as_secs_f64(), found.len())
}

/// One thread against a thread for each shard.
fn shards(figures: &mut Figures) {
    let rules = rules(story::RULES);
    let observed: Vec<Observed> = told(&rules, Story::Crowd(CROWD)).collect();
    let (mut one, mut two, mut path) = ([f64::MAX; 2], f64::MAX, f64::MAX);
    let mut count = [0; 2];
    for _ in 0..PASSES {
        let (wall, spent, found) = batches(&rules, &observed, 1, &InTurn);
        (one, count[0]) = ([one[0].min(wall), one[1].min(spent)], found);
        let threads = Threads::default();
        let (wall, front, found) = batches(&rules, &observed, 2, &threads);
        (two, count[1]) = (two.min(wall), found);
        path = path.min(threads.busiest.replace(Duration::ZERO).as_secs_f64().max(front));
    }
    assert_eq!(count[0], count[1], "shards find the same");
    let nanos = one[1] * 1e9 / observed.len() as f64;
    figures.say("crowd_in_batches_ns", nanos, &format!("ns an event, {} findings", count[0]));
    figures.say(
        "shards_2_to_1",
        one[0] / two,
        "times as fast on the wall, with 2 shards, behaviours and the front at once",
    );
    figures.say("shards_2_to_1_of_busiest", one[1] / path, "times the CPU time of the busiest of these threads");
}

/// Measures one kind of state in this process: resident bytes, snapshot bytes and milliseconds.
fn weigh(kind: &str) {
    let Some((_, text)) = KINDS.iter().find(|(name, _)| *name == kind) else { return };
    let rules = rules(text);
    let mut correlator = correlator(&rules);
    // What the matcher and the first events need is not state.
    told(&rules, Story::Keys(10)).for_each(|observed| drop(black_box(observed)));
    let before = resident();
    for observed in told(&rules, Story::Keys(KEYS)) {
        black_box(correlator.observe(observed));
    }
    let kept = resident() - before;
    let start = cpu();
    let snapshot = correlator.snapshot();
    let spent = cpu().saturating_sub(start);
    println!("{kept} {} {}", snapshot.len(), spent.as_secs_f64() * 1e3);
}

fn weights(figures: &mut Figures) {
    for (kind, _) in KINDS {
        let Ok(program) = std::env::current_exe() else { return };
        let Ok(output) = std::process::Command::new(program).args(["weigh", kind]).output() else { return };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().map(|number| number.parse::<f64>().unwrap_or(f64::NAN));
        let mut next = || numbers.next().unwrap_or(f64::NAN);
        let mib = next() / f64::from(1 << 20);
        figures.say(&format!("mib_100k_keys_{kind}"), mib, "MiB for 100,000 keys, habits and what waits included");
        figures.say(&format!("snapshot_mib_{kind}"), next() / f64::from(1 << 20), "MiB");
        figures.say(&format!("snapshot_ms_{kind}"), next(), "ms");
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.first().map(String::as_str) {
        Some("weigh") => weigh(arguments.get(1).map_or("", String::as_str)),
        only => {
            let mut figures = Figures::default();
            times(&mut figures, only);
            if only.is_none_or(|only| only == "shards") {
                shards(&mut figures);
            }
            if only.is_none() {
                weights(&mut figures);
            }
            println!("{{{}}}", figures.0.join(","));
        }
    }
}
