//! What a scan says, for people and as JSON.

use crate::output::{Output, bytes, count, counted};
use firebreak_stores::{Estimate, Gap, Interval, Scan, Scanned};
use serde::Serialize;

/// What is said of the whole, where a store has more than one resource.
#[derive(Serialize)]
struct Whole<'a> {
    resources: u64,
    holding: u64,
    gaps: &'a [Gap],
}

pub(super) fn show(scan: &Scan, output: Output) {
    let holding = scan.resources.iter().filter(|resource| !resource.held.is_empty()).count();
    let single = scan.resources.len() == 1;
    for resource in &scan.resources {
        if single || !resource.held.is_empty() || !resource.gaps.is_empty() {
            show_resource(resource, single, output);
        }
        output.object("classify", resource);
    }
    if !single {
        let all = counted(scan.resources.len() as u64, "table");
        output.text(format!("{} of {all} hold something that was looked for", count(holding as u64)));
    }
    show_gaps(&scan.gaps, output);
    if !single || !scan.gaps.is_empty() {
        let resources = scan.resources.len() as u64;
        output.object("classified", &Whole { resources, holding: holding as u64, gaps: &scan.gaps });
    }
}

fn show_resource(resource: &Scanned, single: bool, output: Output) {
    let (what, rows) = match &resource.rows {
        Some(rows) => ("stretch", format!(", {} rows", about(rows))),
        None => ("file", String::new()),
    };
    if !single || resource.rows.is_some() {
        output.text(plain(&resource.resource));
    }
    output.text(format!(
        "{} of {} in the sample; {} read now ({}){rows}",
        count(resource.sampled),
        plural(resource.documents, what),
        count(resource.read),
        bytes(resource.bytes_read)
    ));
    for held in &resource.held {
        let documents = held.estimate.documents_between;
        let past = match held.documents_past {
            0 => String::new(),
            past => format!(", {} only in history", count(past)),
        };
        output.text(format!(
            "  {:<28} {:>12} records ({}) in {} {}{past}",
            held.class,
            count(held.estimate.records),
            between(held.estimate.records_between),
            between(documents),
            if what == "file" { "files" } else { "stretches" },
        ));
        for of in held.residents.iter().filter(|of| of.residency != "unknown" || held.residents.len() > 1) {
            output.text(format!(
                "    {:<26} {:>12} about residents of {}",
                "",
                count(of.estimate.records),
                of.residency
            ));
        }
    }
    for column in &resource.columns {
        output.text(format!("  {}: {} {}", plain(&column.column), column.class, about(&column.estimate)));
    }
    show_gaps(&resource.gaps, output);
}

fn plural(number: u64, what: &str) -> String {
    match (what, number) {
        ("stretch", number) if number != 1 => format!("{} stretches", count(number)),
        _ => counted(number, what),
    }
}

fn between(interval: Interval) -> String {
    match interval.high {
        u64::MAX => format!("at least {}", count(interval.low)),
        high => format!("{} to {}", count(interval.low), count(high)),
    }
}

fn about(estimate: &Estimate) -> String {
    let interval = estimate.records_between;
    match interval.low == interval.high {
        true => count(estimate.records),
        false => format!("about {} ({})", count(estimate.records), between(interval)),
    }
}

/// A name as a line shows it: whoever made a table may have called it anything.
pub(super) fn plain(name: &str) -> String {
    name.chars().map(|char| if char.is_control() { '?' } else { char }).collect()
}

pub(super) fn show_gaps(gaps: &[Gap], output: Output) {
    gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {} ({})", gap.what, count(gap.count))));
}
