//! What is measured of the map alone, on both shapes.

use crate::Scale;
use crate::clock::{self, Samples, timed};
use crate::cuts::{self, Depth};
use crate::estate::Estate;
use crate::report::Report;
use crate::shape::{COMPROMISED, Shape};
use crate::subject::{self, Subject};
use anyhow::{Context, Result};
use firebreak_graph::{Approach, NodeId, closure, reach};
use firebreak_model::Time;
use serde_json::{Value, json};
use std::sync::Arc;

/// Prints the memory of a process that holds the map and nothing else.
pub(crate) fn memory_alone(scale: Scale) -> Result<()> {
    let (graph, took) = subject::graph(&Estate::new(Shape::seg(scale.size)));
    let (resident, peak) = clock::memory().context("this system does not say how much memory a process has")?;
    let (nodes, edges) = (graph.node_count(), graph.edge_count());
    println!("{}", json!({ "resident": resident, "peak": peak, "nodes": nodes, "edges": edges, "built_in": took }));
    Ok(())
}

/// Asks a process of its own how much memory the map takes.
pub(crate) fn memory(report: &mut Report, scale: Scale, arguments: &[String]) -> Result<()> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    // What the allocator would give back a moment later counts as given back.
    command.env("MIMALLOC_PURGE_DELAY", "0");
    let output = command.args(arguments).arg("--memory").stderr(std::process::Stdio::inherit()).output()?;
    let text = String::from_utf8(output.stdout)?;
    let line = text.lines().last().context("the process that measures memory said nothing")?;
    let found: Value = serde_json::from_str(line)?;
    let field = |name: &str| found[name].as_f64().unwrap_or(f64::NAN);
    report.title("Memory: a process that holds the map (shape `seg`) and nothing else");
    report.line("resident", &format!("{:.0} MiB", field("resident")));
    report.line("at most, while it is built", &format!("{:.0} MiB", field("peak")));
    report.line("in the map", &format!("{} nodes, {} edges", found["nodes"], found["edges"]));
    report.line("drawn and built in", &format!("{:.0} ms", field("built_in")));
    let target = 350.0 * f64::from(scale.size.1) / 10_000_000.0;
    report.figure(
        "rss_mib",
        field("resident"),
        target,
        "resident memory of a process that holds the map of `seg` alone",
    );
    report.more("build_peak_mib", json!(field("peak").round()));
    Ok(())
}

/// Sets of environments for cuts.
fn sets(subject: &Subject, count: usize, size: usize) -> Vec<Vec<u32>> {
    let purpose = |number: usize| (size * 10_000 + number) as u64;
    (0..count).map(|number| subject.estate.environments(size, purpose(number))).collect()
}

/// What one compromised environment reaches, again and again: time and how many nodes.
pub(crate) fn blasts(subject: &Subject, count: usize) -> (Samples, Samples) {
    let (mut took, mut reached) = (Samples::default(), Samples::default());
    for number in 0..count {
        let sources = subject.environment(number as u64);
        let sources: Vec<NodeId> = sources.iter().map(|source| source.node).collect();
        let (found, milliseconds) = timed(|| closure(&subject.graph, &sources, COMPROMISED));
        took.push(milliseconds);
        reached.push(found.len() as f64);
        if took.are_enough() {
            break;
        }
    }
    (took, reached)
}

fn arrivals(subject: &Subject, count: usize) -> (Samples, Samples) {
    let (mut took, mut reached) = (Samples::default(), Samples::default());
    for number in 0..count {
        let sources = subject.environment(number as u64);
        let (found, milliseconds) = timed(|| reach(&subject.graph, &sources, Time::MAX));
        took.push(milliseconds);
        reached.push(found.nodes().len() as f64);
        if took.are_enough() {
            break;
        }
    }
    (took, reached)
}

/// The standing label that all cuts use.
fn approach(report: &mut Report, subject: &Subject) -> Arc<Approach> {
    let (approach, took) = timed(|| Arc::new(Approach::new(&subject.graph, &subject.jewels())));
    report.line("approach to the crown jewels", &format!("{took:.0} ms, once for every change of the map"));
    approach
}

fn describe(report: &mut Report, subject: &Subject) {
    let shape = &subject.estate.shape;
    let (nodes, edges) = (subject.graph.node_count(), subject.graph.edge_count());
    report.title(&format!("Shape `{}`: {} units, {nodes} nodes, {edges} edges", shape.name, shape.units));
    report.line("drawn and built in", &format!("{:.0} ms", subject.built_in));
}

/// Everything on the estate in which nearly everything reaches nearly everything.
pub(crate) fn worst_case(report: &mut Report, scale: Scale) -> Result<()> {
    let mut subject = Subject::new(Estate::new(Shape::seg(scale.size)));
    describe(report, &subject);
    let (took, reached) = blasts(&subject, scale.blasts / 10);
    report.line("blast radius, one environment", &took.words());
    report.line("  nodes", &format!("{:.0} in the median", reached.at(0.5)));
    report.figure("blast_p99_ms", took.at(0.99), 100.0, "`seg`: all that one environment reaches, gates included");
    let (took, reached) = arrivals(&subject, scale.arrivals);
    report.line("earliest arrival, one environment", &took.words());
    report.line("  nodes", &format!("{:.0} in the median", reached.at(0.5)));
    report.figure("earliest_p99_ms", took.at(0.99), 250.0, "`seg`: when each node is reached first");
    let approach = approach(report, &subject);
    for ((size, count), (key, share, target)) in [1, 50, 500, 5_000].into_iter().zip(scale.cuts).zip([
        ("cut_1_p99_ms", 0.99, 10.0),
        ("cut_50_p95_ms", 0.95, 50.0),
        ("cut_500_ms", 0.5, 3_000.0),
        ("cut_5000_ms", 0.5, 5_000.0),
    ]) {
        let found = cuts::measure(&subject, &approach, &sets(&subject, count, size), Depth::Plan)?;
        report.line(&format!("cut, {size} environments"), &found.words());
        report.line("  outlook before it", &found.outlook.words());
        report.line("  checked in", &found.checked_in.words());
        report.figure(
            key,
            found.took.at(share),
            target,
            &format!("`seg`: cut of {size} environments from 100 crown jewels"),
        );
        if size == 50 {
            let found = cuts::measure(&subject, &approach, &sets(&subject, count.min(5), size), Depth::Proof)?;
            report.line("  with its proof", &found.words());
            report.figure(
                "gap_50",
                found.gaps.most(),
                5.0,
                "`seg`: percent above the proven bound, worst plan of 50 environments",
            );
        }
    }
    let found = cuts::measure(&subject, &approach, &sets(&subject, 1, 5_000), Depth::Safe)?;
    report.line("safe plan, 5000 environments", &found.words());
    report.figure(
        "safe_plan_ms",
        found.took.at(0.5),
        150.0,
        "`seg`: a plan for 5000 environments that holds, no work beyond it",
    );
    crate::standing::measure(report, &subject);
    crate::changes::measure(report, &mut subject, scale.changes)
}

/// Everything on the estate of an organisation that is segmented.
pub(crate) fn segmented(report: &mut Report, scale: Scale) -> Result<()> {
    let subject = Subject::new(Estate::new(Shape::tight(scale.size)));
    describe(report, &subject);
    let (took, reached) = blasts(&subject, scale.blasts);
    report.line("blast radius, one environment", &took.words());
    report.line("  nodes", &format!("{:.0} in the median, {:.0} in one of 20", reached.at(0.5), reached.at(0.95)));
    report.figure("blast_p50_ms", took.at(0.5), 1.0, "`tight`: all that one environment reaches, gates included");
    let (took, _) = arrivals(&subject, scale.arrivals);
    report.line("earliest arrival, one environment", &took.words());
    segmented_cuts(report, &subject, scale)?;
    crate::standing::measure(report, &subject);
    drop(subject);
    let subject = Subject::new(Estate::new(Shape::tight(scale.size).taken()));
    describe(report, &subject);
    segmented_cuts(report, &subject, scale)
}

fn segmented_cuts(report: &mut Report, subject: &Subject, scale: Scale) -> Result<()> {
    let approach = approach(report, subject);
    for (size, count) in [1, 50].into_iter().zip(scale.cuts) {
        let found = cuts::measure(subject, &approach, &sets(subject, count, size), Depth::Proof)?;
        report.line(&format!("cut, {size} environments"), &found.words());
    }
    Ok(())
}
