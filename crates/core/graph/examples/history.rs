//! Measures the history at the size of a large estate: a million statements in 100 scopes, a year of daily snapshots of which
//! each changes a little, what is known then, and what forgetting leaves.
//!
//! `cargo run --release -p firebreak-graph --example history -- [days]`. Memory is read from `/proc`.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]

use firebreak_graph::{History, Snapshot};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};
use std::time::Instant;

const SCOPES: usize = 100;
const NODES: usize = 2_000;
const EDGES: usize = 8_000;
/// Relations of a scope that end on a day, while as many begin.
const CHANGED: usize = 8;
const DAY: i64 = 86_400;

fn main() {
    let days: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(30);
    let mut history = History::default();
    let before = resident_mib();
    for day in 0..=days {
        let began = Instant::now();
        let mut rows = 0;
        for scope in 0..SCOPES {
            rows += history.take(snapshot(scope, day)).map_or(0, |logged| logged.rows.len());
        }
        if day < 2 || day == days {
            told(&format!("day {day}: {rows} rows"), began, before);
        }
    }
    let now = Time::from_seconds(days as i64 * DAY);
    let began = Instant::now();
    let facts = history.facts(Time::MAX).len();
    told(&format!("everything that is known: {facts} facts"), began, before);
    let began = Instant::now();
    let log = history.log();
    told(&format!("the log: {} rows", log.iter().map(|logged| logged.rows.len()).sum::<usize>()), began, before);
    drop(log);
    let began = Instant::now();
    let forgotten = history.forget(now);
    told(&format!("{forgotten:?}"), began, before);
    let began = Instant::now();
    let facts = history.facts(Time::MAX).len();
    told(&format!("what is left: {facts} facts"), began, before);
}

fn told(what: &str, began: Instant, before: u64) {
    println!("{what}: {:.2} s, {} MiB", began.elapsed().as_secs_f64(), resident_mib().saturating_sub(before));
}

fn snapshot(scope: usize, day: usize) -> Snapshot {
    let taken = Time::from_seconds(day as i64 * DAY);
    let node = |number: usize| NodeKey::resource("aws", &format!("arn:aws:s3:::scope-{scope:03}/bucket-{number:05}"));
    let nodes =
        (0..NODES).map(|number| Fact::Node(NodeFact::new(node(number), Interval::ALWAYS, taken, "account.json")));
    // A window over relations that moves a little every day.
    let edges = (day * CHANGED..day * CHANGED + EDGES).map(|number| {
        let (from, to) = (number % NODES, (number * 31 + number / NODES) % NODES);
        let actions = vec![Text::new(format!("s3:GetObject{}", number / NODES))];
        let edge = EdgeFact::new(EdgeKind::MayAct, node(from), node(to), Interval::ALWAYS, taken, "account.json");
        Fact::Edge(EdgeFact { actions, ..edge })
    });
    let facts = nodes.chain(edges).collect();
    let scope = Text::new(format!("aws/{scope:03}"));
    Snapshot { scope, complete: true, taken, known: taken, facts, notes: String::new() }
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = status.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages * 4_096 / (1 << 20)
}
