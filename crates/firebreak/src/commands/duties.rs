//! `firebreak duties`: who may have to be told of a loss, by when and under which rule. Nothing is sent.

use super::{End, compromise, logs, show_problems};
use crate::cli::DutiesArgs;
use crate::config::Config;
use crate::embedded;
use crate::output::{Output, bytes, count, counted, short, span, time};
use anyhow::{Context, Result, bail};
use firebreak_assure::duty::CONFIRM;
use firebreak_assure::{Duty, Notice, Rule, Statement, Tally, drafts, duties, rules, statement};
use firebreak_graph::reach;
use firebreak_model::{EventUid, Holding, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Owed<'a> {
    discovered: Time,
    now: Time,
    statement: &'a Statement,
    duties: &'a [Duty],
    gaps: &'a [String],
    drafts: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run(args: &DutiesArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let table = table(&world, args.rules.as_deref())?;
    let from = compromise(&args.from, config)?;
    let discovered = args.discovered.unwrap_or(from.now);
    let reached = reach(&from.graph, &from.sources, from.until);
    let losses = reached.losses(&from.graph);
    let mut known = Vec::new();
    let tally = match &args.logs {
        Some(folder) => {
            let nodes = reached.nodes().into_iter();
            let keys = nodes.filter_map(|(node, at)| Some((from.graph.key(node)?.clone(), at)));
            // A record that is there twice counts once.
            let (mut tally, mut counted) = (Tally::new(keys), HashSet::<EventUid>::new());
            logs::each(&world, folder, &mut known, output, |event| {
                if event.time < from.until && tally.concerns(event) && counted.insert(event.uid) {
                    tally.add(event);
                }
            })?;
            tally
        }
        None => {
            known.push("no logs were given, so what was seen leaving is not known".to_owned());
            Tally::default()
        }
    };
    let statement = statement(&losses, &tally, &from.catalogue, &known);
    let lost: Vec<Holding> = statement.lines.iter().map(within_reach).collect();
    let (duties, gaps) = duties(&lost, discovered, &table);
    let written = match &args.drafts {
        Some(directory) => write_drafts(&world, directory, &duties, &statement, discovered)?,
        None => Vec::new(),
    };
    show(&statement, &duties, &gaps, from.now, output);
    if !written.is_empty() {
        output.text(format!("wrote {} for counsel to finish", counted(written.len() as u64, "draft")));
    }
    let (statement, duties, gaps) = (&statement, &duties[..], &gaps[..]);
    output.object("duties", &Owed { discovered, now: from.now, statement, duties, gaps, drafts: written });
    Ok(End::Done)
}

/// All that is within reach counts, certain or not: what was taken is not known to be less.
fn within_reach(line: &firebreak_assure::Line) -> Holding {
    let records = line.certain.records.saturating_add(line.possible.records).max(line.in_places_taken_from);
    Holding { class: line.class.clone(), residency: line.residency.clone(), records, bytes: None }
}

/// The rules of `path`, or the program's own.
fn table(world: &World, path: Option<&Path>) -> Result<Vec<Rule>> {
    let (mut all, mut problems) = (Vec::new(), Vec::new());
    let mut read = |name: &str, text: &str| {
        let (rules, wrong) = rules(text, name);
        all.extend(rules);
        problems.extend(wrong);
    };
    match path {
        Some(path) => {
            let text = world.disk.read(path).with_context(|| format!("`{}` cannot be read", path.display()))?;
            read(&path.display().to_string(), &String::from_utf8_lossy(&text));
        }
        None => embedded::DUTIES.iter().for_each(|(name, text)| read(name, text)),
    }
    show_problems(&problems);
    if all.is_empty() {
        bail!(
            "there is no rule to ask\nhint: a table has a header line and one rule a line, as duties/notification-laws.csv"
        );
    }
    Ok(all)
}

fn write_drafts(
    world: &World,
    directory: &Path,
    duties: &[Duty],
    statement: &Statement,
    discovered: Time,
) -> Result<Vec<PathBuf>> {
    let made = world.disk.make_directory(directory);
    made.with_context(|| format!("`{}` cannot be made", directory.display()))?;
    let all = drafts(duties, statement, discovered);
    let files = all.iter().map(|draft| {
        let path = directory.join(&draft.file);
        world
            .disk
            .write(&path, draft.text.as_bytes())
            .with_context(|| format!("`{}` cannot be written", path.display()))?;
        Ok(path)
    });
    files.collect()
}

fn show(statement: &Statement, duties: &[Duty], gaps: &[String], now: Time, output: Output) {
    let people: u64 = statement.lines.iter().map(|line| within_reach(line).records).sum();
    output.text(format!("{} within reach; {} seen leaving", counted(people, "record"), bytes(statement.bytes_seen)));
    output.text("");
    output.text(format!("{:<20} {:<17} {:<10} {:>12}  {}", "by", "rule", "tell", "records", "table is"));
    for duty in duties {
        let by = duty.deadline.at.map_or_else(|| "see rule".to_owned(), time);
        let tell = if duty.notice == Notice::People { "people" } else { "authority" };
        let records: u64 = duty.about.iter().map(|(_, records, _)| records).sum();
        let (rule, sure) = (short(&duty.jurisdiction, 17), short(&duty.confidence, 8));
        output.text(format!("{by:<20} {rule:<17} {tell:<10} {:>12}  {sure}", count(records)));
        output.paragraph(4, &format!("{}: {}{}", duty.statute, words(duty), clock(duty, now)));
    }
    output.text("");
    statement.gaps.iter().chain(gaps).for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
    output.paragraph(0, &format!("every line is {CONFIRM}; records are not people; nothing is sent"));
}

fn words(duty: &Duty) -> &str {
    if duty.deadline.words.is_empty() { "the table names no time" } else { &duty.deadline.words }
}

/// How much of the time is left.
fn clock(duty: &Duty, now: Time) -> String {
    let Some(at) = duty.deadline.at else { return String::new() };
    let left = (at.seconds() - now.seconds()) as f64;
    if left >= 0.0 { format!("; {} left", span(left)) } else { format!("; over since {}", span(-left)) }
}
