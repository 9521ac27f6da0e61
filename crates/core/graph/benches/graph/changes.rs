//! Changes that stream in: how fast, how soon they are seen, what they cost the queries after them, and how long it takes to
//! lay the map flat again.

use crate::clock::{Samples, timed};
use crate::estate::{Estate, Tie};
use crate::questions::blasts;
use crate::random::Random;
use crate::report::Report;
use crate::shape::NOW;
use crate::subject::Subject;
use anyhow::{Result, bail};
use firebreak_graph::Graph;
use firebreak_model::{Change, EdgeFact, EdgeKind, Fact};
use serde_json::json;
use std::time::Instant;

/// Changes of the estate: five of ten are new relations, three are ends, two say again what was known.
fn changes(estate: &Estate, count: u32) -> Vec<Change> {
    let every = (estate.shape.edges / count.max(1)).max(1);
    let key = |node: u32| estate.key(node);
    let mut random = Random::of(estate.shape.seed, 0xc4a9);
    let mut changes = Vec::new();
    estate.ties(|tie| {
        if !tie.number.is_multiple_of(every) || changes.len() >= count as usize {
            return;
        }
        // What has not begun cannot end: it is said again.
        let kind = if tie.valid.from > NOW { 9 } else { random.below(10) };
        let moved = Tie { number: tie.number + estate.shape.edges, to: estate.beside(tie.to), ..*tie };
        let mut fact = estate.edge(if kind < 5 { &moved } else { tie }, &key);
        if !(5..8).contains(&kind) {
            fact.known = NOW;
            changes.push(Change::State { fact: Fact::Edge(fact) });
        } else {
            changes.push(Change::End { fact: Fact::Edge(fact), at: NOW, known: NOW.plus_seconds(60) });
        }
    });
    // In an order that does not follow the layers.
    changes.sort_by_cached_key(|_| random.next());
    changes
}

/// Whether a query sees what the change says.
fn is_seen(graph: &Graph, change: &Change) -> bool {
    let (fact, end) = match change {
        Change::State { fact } => (fact, None),
        Change::End { fact, at, .. } => (fact, Some(*at)),
    };
    let Fact::Edge(EdgeFact { kind, from, to, valid, .. }) = fact else { return false };
    let Some((from, to)) = graph.id(from).zip(graph.id(to)) else { return false };
    let ends = end.map_or(valid.to, |at| at.min(valid.to));
    graph.edges_from(from).any(|edge| edge.to == to && edge.kind == *kind && edge.valid.to == ends)
}

/// Streams changes into the map of `subject`.
pub(crate) fn measure(report: &mut Report, subject: &mut Subject, count: u32) -> Result<()> {
    let changes = changes(&subject.estate, count);
    let (single, rest) = changes.split_at(changes.len().min(1_000));
    let quiet = |change: &&Change| !matches!(change, Change::State { fact: Fact::Edge(edge) } if edge.kind == EdgeKind::InstalledIn);
    let mut seen = Samples::default();
    for change in single {
        let started = Instant::now();
        subject.graph.apply(std::slice::from_ref(change));
        let is_seen = is_seen(&subject.graph, change);
        // Packages are installed in up to 10,000 environments: going over those is no part of a change.
        if quiet(&change) {
            seen.push(started.elapsed().as_secs_f64() * 1_000_000.0);
        }
        if !is_seen {
            bail!("a change is not seen after it was applied: {change:?}");
        }
    }
    let before = blasts(subject, 10).0;
    let started = Instant::now();
    rest.chunks(100).for_each(|some| drop(subject.graph.apply(some)));
    let took = started.elapsed().as_secs_f64();
    let share = subject.graph.overlay_share() * 100.0;
    let after = blasts(subject, 10).0;
    let ((), rebuilt) = timed(|| subject.graph.compact());
    subject.number_nodes();
    if let Some(change) = changes.iter().find(|change| !is_seen(&subject.graph, change)) {
        bail!("a change is not seen after the map was laid flat: {change:?}");
    }
    let compact = blasts(subject, 10).0;
    let rate = rest.len() as f64 / took;
    report.line("changes", &format!("{} one by one, {} in hundreds, {rate:.0} a second", single.len(), rest.len()));
    report.line("one change seen after", &format!("p50 {:.1} us  p99 {:.1} us", seen.at(0.5), seen.at(0.99)));
    report.line("changed share of the map", &format!("{share:.2}%"));
    report.line("laid flat again in", &format!("{rebuilt:.0} ms"));
    let medians = (before.at(0.5), after.at(0.5), compact.at(0.5));
    let words =
        format!("p50 {:.1} ms with 1,000 changes, {:.1} with all, {:.1} laid flat", medians.0, medians.1, medians.2);
    report.line("blast radius", &words);
    report.figure(
        "change_visible_us",
        seen.at(0.99),
        1_000.0,
        "`seg`: a change is applied and seen by a look-up, 99th percentile",
    );
    report.figure("rebuild_ms", rebuilt, 1_000.0, "`seg`: all changes become part of the flat map");
    report.more("changes_per_second", json!(rate.round()));
    report.more("blast_with_changes_p50_ms", json!((medians.1 * 10.0).round() / 10.0));
    Ok(())
}
