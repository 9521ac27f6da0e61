//! `firebreak apps`: apps, agents, tool servers, models and keys; who let them in, what they reach and did, what is new.

mod held;
mod leash;
pub(crate) mod services;

use super::{End, logs, remembered, show_problems};
use crate::cli::{AppsArgs, AppsCommand, AppsListArgs};
use crate::config::Config;
use crate::content;
use crate::estate::{Estate, Packages};
use crate::output::{Output, count, counted, short};
use anyhow::{Result, bail};
use firebreak_assure::Doings;
use firebreak_assure::apps::{App, Change, Sort, apps, drift, of_vendor, publish, tell};
use firebreak_assure::extensions::extensions;
use firebreak_assure::services::{Outbound, providers};
use firebreak_model::{NodeKey, Party, Text, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

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
    /// Extensions of editors that snapshots list.
    editor_extensions: u64,
    /// Vendors of AI services that logs, packages or found keys show, and how many of them no inventory names.
    ai_providers: u64,
    ai_shadow: u64,
    /// Events by who acted.
    acting: Option<BTreeMap<Party, u64>>,
    /// Networks that apps came from for the first time in the last week of the window.
    new_networks: Vec<(NodeKey, Text, Time)>,
    drift: Option<BTreeSet<Change>>,
    /// What to give `--from` of `reach`, `plan` and `duties`, where a vendor was asked for.
    from: Option<BTreeSet<NodeKey>>,
    /// Incidents of the vendor that incident profiles know.
    incidents: Option<Vec<Incident>>,
    gaps: Vec<String>,
}

/// An incident of a vendor, as a profile has it.
#[derive(Serialize)]
struct Incident {
    profile: Text,
    title: String,
    known: Time,
}

/// Runs the command.
pub(super) fn run(args: &AppsArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        Some(AppsCommand::Quarantine(args)) => held::quarantine(args, config, output),
        Some(AppsCommand::Leash(args)) => leash::run(args, config, output),
        Some(AppsCommand::Release(args)) => held::release(args, config, output),
        None => list(&args.list, config, output),
    }
}

fn list(args: &AppsListArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = logs::answered_at(&world, args.as_of, args.logs.as_deref(), output)?;
    let table = services::table(&world, args.services.as_deref())?;
    let (estate, graph) = remembered::mapped(&world, &args.estate, config, &services::packages(&table), at)?;
    let mut gaps = Vec::new();
    let since = at.plus_seconds(-DAY * i64::from(args.days));
    let mut outbound = Outbound::within(&table, since, at);
    let mut doings = args.logs.as_ref().map(|_| Doings::within(since, at));
    if let (Some(folder), Some(doings)) = (&args.logs, &mut doings) {
        logs::each(&world, folder, &mut gaps, output, |event| {
            doings.add(&graph, event);
            outbound.add(&graph, event);
        })?;
        gaps.extend(outbound.gaps());
    } else {
        gaps.push("no logs were given: what they did, and what no inventory names, is not known".to_owned());
    }
    let mut ai = providers(&table, &estate.facts, at, outbound.used());
    let mut all = apps(&graph, &estate.facts, at, doings.as_ref());
    publish(&mut all, &publishers(&estate));
    let drift = args.since.as_ref().map(|directory| drift(&earlier(&world, directory, at), &all));
    let networks = new_networks(&all, at);
    tell(&mut all, &drift.clone().unwrap_or_default(), &networks);
    let from = args.vendor.as_ref().map(|vendor| of_vendor(&all, vendor));
    if let (Some(vendor), Some(from)) = (&args.vendor, &from) {
        if from.is_empty() {
            bail!(
                "no app, agent, server or key has `{vendor}` in its name: what its breach would reach is unknown, not nothing\nhint: without --vendor all are listed"
            );
        }
        all.retain(|app| from.contains(&app.key));
        ai.retain(|one| {
            vendor.to_lowercase().contains(one.vendor.as_str()) || one.vendor.contains(&vendor.to_lowercase())
        });
    }
    all.iter().for_each(|app| output.object("app", app));
    ai.iter().for_each(|one| output.object("ai_provider", one));
    let editors = if args.vendor.is_none() { extensions(&estate.evidence) } else { Vec::new() };
    editors.iter().for_each(|one| output.object("editor_extension", one));
    let summary = Summary {
        at,
        days: doings.as_ref().map(|_| args.days),
        apps: all.len() as u64,
        shadow: all.iter().filter(|app| app.shadow).count() as u64,
        by_sort: by_sort(&all),
        editor_extensions: editors.len() as u64,
        ai_providers: ai.len() as u64,
        ai_shadow: ai.iter().filter(|one| one.shadow).count() as u64,
        acting: doings.as_ref().map(acting),
        new_networks: networks,
        drift,
        incidents: args.vendor.as_deref().map(|vendor| incidents(&world, config, vendor)),
        from,
        gaps,
    };
    all.iter().take(args.most).for_each(|app| show(app, output));
    services::show(&ai, args.most, output);
    services::show_extensions(&editors, args.most, output);
    conclude(&all, &summary, args, output);
    output.object("apps", &summary);
    Ok(End::Done)
}

/// The apps of an earlier directory of inventory files.
fn earlier(world: &World, directory: &PathBuf, at: Time) -> Vec<App> {
    let then = Estate::read(world, std::slice::from_ref(directory), at, &Packages::default());
    let mut before = apps(&then.graph().0, &then.facts, at, None);
    publish(&mut before, &publishers(&then));
    before
}

/// Who published apps, as inventories say it among their settings.
fn publishers(estate: &Estate) -> BTreeMap<NodeKey, Text> {
    let named = estate.settings.iter().filter(|setting| setting.name == "publisher");
    named.map(|setting| (setting.node.clone(), setting.value.clone())).collect()
}

/// What incident profiles know of a vendor: those whose name, title or artefacts have its name in them.
fn incidents(world: &World, config: &Config, vendor: &str) -> Vec<Incident> {
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    show_problems(&problems);
    let vendor = vendor.to_lowercase();
    let named = |text: &str| text.to_lowercase().contains(&vendor);
    let of_it = profiles.into_iter().filter(|profile| {
        let artefacts = profile.artefacts.iter().flat_map(|artefact| &artefact.names);
        named(&profile.id) || named(&profile.title) || artefacts.into_iter().any(|name| named(name))
    });
    of_it.map(|profile| Incident { profile: profile.id, title: profile.title, known: profile.known }).collect()
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

fn conclude(all: &[App], summary: &Summary, args: &AppsListArgs, output: Output) {
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
    for Incident { profile, title, known } in summary.incidents.iter().flatten() {
        output.paragraph(
            0,
            &format!("known incident: {title} (since {known}); firebreak exposed tells who had it ({profile})"),
        );
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
        Change::Publisher { key, before, after } => format!("new publisher: {key} is of {after}, before of {before}"),
    }
}
