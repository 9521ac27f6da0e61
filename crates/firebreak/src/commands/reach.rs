//! `firebreak reach`: what a compromised thing reaches, by which path and how soon.

mod account;

use super::{End, compromise};
use crate::cli::ReachArgs;
use crate::config::Config;
use crate::output::{Output, bytes, count, short, time};
use anyhow::Result;
use firebreak_graph::{Hop, Losses, reach};
use firebreak_model::{NodeKey, Time};
use serde::Serialize;

#[derive(Serialize)]
struct Reached<'a> {
    sources: &'a [NodeKey],
    nodes: usize,
    losses: &'a Losses,
}

/// Runs the command.
pub(super) fn run(args: &ReachArgs, config: &Config, output: Output) -> Result<End> {
    if let Some(path) = &args.aws_account {
        return account::run(path, &args.from.from, output);
    }
    let from = compromise(&args.from, config)?;
    let reached = reach(&from.graph, &from.sources, from.until);
    let losses = reached.losses(&from.graph);
    let nodes = reached.nodes().len();
    output.text(format!("{} things are within reach", count(nodes as u64)));
    show(&losses, output);
    output.object("reach", &Reached { sources: &from.keys, nodes, losses: &losses });
    Ok(End::Done)
}

/// Shows what would be lost: per class, then the way to each crown jewel.
pub(crate) fn show(losses: &Losses, output: Output) {
    output.text("");
    output.text(format!("{:<24} {:<10} {:>14} {:>12}", "data", "residents", "records", "bytes"));
    for loss in &losses.by_class {
        let (class, residency) = (short(loss.class.word(), 24), short(&loss.residency, 10));
        let (sure, unsure) = (&loss.certain, &loss.possible);
        let (records, size) = (count(sure.records + unsure.records), bytes(sure.bytes + unsure.bytes));
        let unsure = if unsure.records > 0 { "  not all certain" } else { "" };
        output.text(format!("{class:<24} {residency:<10} {records:>14} {size:>12}{unsure}"));
    }
    for jewel in &losses.crown_jewels {
        let sure = if jewel.certain { "" } else { ", if undecided conditions allow it" };
        output.text("");
        output.text(format!("{} from {}{sure}", jewel.label, moment(jewel.arrival)));
        jewel.path.iter().for_each(|hop| output.text(step(hop)));
    }
}

fn moment(at: Time) -> String {
    if at == Time::MIN { "the beginning".to_owned() } else { time(at) }
}

fn step(hop: &Hop) -> String {
    let kind = serde_json::to_value(hop.kind).ok();
    let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or_default().replace('_', " ");
    let with = match hop.premises.as_slice() {
        [] => String::new(),
        premises => format!(" with {}", premises.iter().map(NodeKey::as_str).collect::<Vec<_>>().join(", ")),
    };
    format!("  {:<40} {kind:<14} {}{with}", short(hop.from.as_str(), 40), short(hop.to.as_str(), 40))
}
