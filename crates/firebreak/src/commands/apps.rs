//! `firebreak apps`: apps, agents, tool servers, models and keys; who let them in, what they reach and did, what is new.

use super::{End, logs, remembered};
use crate::cli::AppsArgs;
use crate::config::Config;
use crate::estate::{Estate, Packages};
use crate::output::{Output, count, counted, short};
use anyhow::{Result, bail};
use firebreak_assure::Doings;
use firebreak_assure::apps::{App, Change, Sort, apps, drift, of_vendor};
use firebreak_model::{NodeKey, Party, Text, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400;

/// How long before the end of the window a network counts as new, where the app was seen before.
const NEW_DAYS: i64 = 7;

#[derive(Serialize)]
struct Summary {
    at: Time,
    days: Option<u32>,
    apps: u64,
    shadow: u64,
    by_sort: BTreeMap<Sort, u64>,
    /// Events by who acted.
    acting: Option<BTreeMap<Party, u64>>,
    /// Networks that apps came from for the first time in the last week of the window.
    new_networks: Vec<(NodeKey, Text, Time)>,
    drift: Option<BTreeSet<Change>>,
    /// What to give `--from` of `reach`, `plan` and `duties`, where a vendor was asked for.
    from: Option<BTreeSet<NodeKey>>,
    gaps: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &AppsArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = logs::answered_at(&world, args.as_of, args.logs.as_deref(), output)?;
    let (estate, graph) = remembered::mapped(&world, &args.estate, config, &Packages::default(), at)?;
    let mut gaps = Vec::new();
    let doings = match &args.logs {
        Some(folder) => {
            let mut doings = Doings::within(at.plus_seconds(-DAY * i64::from(args.days)), at);
            logs::each(&world, folder, &mut gaps, output, |event| doings.add(&graph, event))?;
            Some(doings)
        }
        None => {
            gaps.push("no logs were given: what they did, and what no inventory names, is not known".to_owned());
            None
        }
    };
    let mut all = apps(&graph, &estate.facts, at, doings.as_ref());
    let drift = args.since.as_ref().map(|directory| {
        let then = Estate::read(&world, std::slice::from_ref(directory), at, &Packages::default());
        drift(&apps(&then.graph().0, &then.facts, at, None), &all)
    });
    let from = args.vendor.as_ref().map(|vendor| of_vendor(&all, vendor));
    if let (Some(vendor), Some(from)) = (&args.vendor, &from) {
        if from.is_empty() {
            bail!(
                "no app, agent, server or key has `{vendor}` in its name: what its breach would reach is unknown, not nothing\nhint: without --vendor all are listed"
            );
        }
        all.retain(|app| from.contains(&app.key));
    }
    all.iter().for_each(|app| output.object("app", app));
    let summary = Summary {
        at,
        days: doings.as_ref().map(|_| args.days),
        apps: all.len() as u64,
        shadow: all.iter().filter(|app| app.shadow).count() as u64,
        by_sort: by_sort(&all),
        acting: doings.as_ref().map(acting),
        new_networks: new_networks(&all, at),
        drift,
        from,
        gaps,
    };
    all.iter().take(args.most).for_each(|app| show(app, output));
    conclude(&all, &summary, args, output);
    output.object("apps", &summary);
    Ok(End::Done)
}

fn by_sort(apps: &[App]) -> BTreeMap<Sort, u64> {
    let mut counts = BTreeMap::new();
    apps.iter().for_each(|app| *counts.entry(app.sort).or_default() += 1);
    counts
}

/// Events by the party that acted; whose key does not tell is `unknown`.
fn acting(doings: &Doings) -> BTreeMap<Party, u64> {
    let mut by = BTreeMap::new();
    for (key, done) in &doings.actors {
        *by.entry(Party::of(key).unwrap_or(Party::Unknown)).or_default() += done.events;
    }
    by
}

fn new_networks(apps: &[App], at: Time) -> Vec<(NodeKey, Text, Time)> {
    let recent = at.plus_seconds(-DAY * NEW_DAYS);
    let established = apps.iter().filter(|app| app.first.is_some_and(|first| first < recent));
    let new = established.flat_map(|app| app.networks.iter().map(move |(network, first)| (app, network, *first)));
    let new = new.filter(|(_, _, first)| *first >= recent);
    new.map(|(app, network, first)| (app.key.clone(), network.clone(), first)).collect()
}

fn word(sort: Sort) -> &'static str {
    match sort {
        Sort::App => "app",
        Sort::Agent => "agent",
        Sort::ToolServer => "tool server",
        Sort::Model => "model",
        Sort::ApiKey => "key",
    }
}

fn show(app: &App, output: Output) {
    let label = if app.label.is_empty() { String::new() } else { format!("  {}", short(&app.label, 30)) };
    output.text(format!("{:<12} {}{label}", word(app.sort), short(app.key.as_str(), 54)));
    output.paragraph(4, &app.risk);
}

fn conclude(all: &[App], summary: &Summary, args: &AppsArgs, output: Output) {
    if all.len() > args.most {
        output.text(format!("and {} more; --most shows them, --json has all", count((all.len() - args.most) as u64)));
    }
    output.text("");
    let sorts = summary.by_sort.iter().map(|(sort, number)| counted(*number, word(*sort)));
    output.paragraph(
        0,
        &format!("{}; {} known from logs alone", sorts.collect::<Vec<_>>().join(", "), count(summary.shadow)),
    );
    for (key, network, first) in &summary.new_networks {
        output.paragraph(0, &format!("new network: {key} from {network} since {first}"));
    }
    for change in summary.drift.iter().flatten() {
        output.paragraph(0, &changed(change));
    }
    if let Some(from) = &summary.from {
        let flags: Vec<String> = from.iter().map(|key| format!("--from {key}")).collect();
        output.paragraph(0, &format!("if it is breached, ask reach, plan and duties with {}", flags.join(" ")));
    }
    summary.gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
}

fn changed(change: &Change) -> String {
    match change {
        Change::New { key } => format!("new: {key}"),
        Change::Gone { key } => format!("gone: {key}"),
        Change::Scope { key, scope } => format!("new scope: {key} has {scope}"),
        Change::On { key, thing } => format!("new access: {key} is let at {thing}"),
        Change::Consent { key, by } => format!("new consent: {by} let in {key}"),
        Change::Reach { key, class } => format!("new reach: {key} gets to {class}"),
        Change::Credential { key, credential } => format!("new credential: {key} has {credential}"),
    }
}
