//! `firebreak reach`: what a compromised thing reaches, by which path and how soon.

mod account;

use super::{End, compromise};
use crate::cli::ReachArgs;
use crate::config::Config;
use crate::output::{Output, bytes, count, short, time};
use anyhow::Result;
use firebreak_graph::{Loss, Losses, Sentence, explain, reach};
use firebreak_model::{NodeKey, Time};
use serde::Serialize;

#[derive(Serialize)]
struct Reached<'a> {
    sources: &'a [NodeKey],
    nodes: usize,
    losses: &'a Losses,
    ways: Vec<Way<'a>>,
}

/// The way to one crown jewel, in words.
#[derive(Serialize)]
struct Way<'a> {
    resource: &'a NodeKey,
    sentences: Vec<Sentence>,
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
    let jewels = losses.crown_jewels.iter();
    let way = |jewel: &'_ Loss| explain(&from.graph, &jewel.path);
    let ways: Vec<Way<'_>> = jewels.map(|jewel| Way { resource: &jewel.resource, sentences: way(jewel) }).collect();
    show(&losses, &ways, output);
    output.object("reach", &Reached { sources: &from.keys, nodes, losses: &losses, ways });
    Ok(End::Done)
}

/// Shows what would be lost: per class, then the way to each crown jewel.
fn show(losses: &Losses, ways: &[Way<'_>], output: Output) {
    output.text("");
    output.text(format!("{:<24} {:<10} {:>14} {:>12}", "data", "residents", "records", "bytes"));
    for loss in &losses.by_class {
        let (class, residency) = (short(loss.class.word(), 24), short(&loss.residency, 10));
        let (sure, unsure) = (&loss.certain, &loss.possible);
        let (records, size) = (count(sure.records + unsure.records), bytes(sure.bytes + unsure.bytes));
        let unsure = if unsure.records > 0 { "  not all certain" } else { "" };
        output.text(format!("{class:<24} {residency:<10} {records:>14} {size:>12}{unsure}"));
    }
    for (jewel, way) in losses.crown_jewels.iter().zip(ways) {
        let sure = if jewel.certain { "" } else { ", if undecided conditions allow it" };
        output.text("");
        output.text(format!("{} from {}{sure}", jewel.label, moment(jewel.arrival)));
        for sentence in &way.sentences {
            output.paragraph(2, &sentence.text);
            output.paragraph(4, &format!("says {}", sentence.evidence));
        }
    }
}

fn moment(at: Time) -> String {
    if at == Time::MIN { "the beginning".to_owned() } else { time(at) }
}
