//! `firebreak posture`: dependencies by what an evil release of them would reach, on a day when there is none: what is weak about
//! each, and the keys and records beside the places where another release could come by itself.

use super::fleet::{Known, known};
use super::{End, remembered, show_problems};
use crate::cli::{EstateArgs, PostureArgs};
use crate::config::Config;
use crate::estate::{Estate, Packages};
use crate::output::{Output, count, counted, short};
use anyhow::{Context, Result, bail};
use firebreak_exposure::posture::{Package, PackageFacts, Ranked, Weakness, adds_a_party, rank, weaknesses};
use firebreak_graph::Standing;
use firebreak_model::{EdgeFact, EdgeKind, EnvironmentEvidence, Fact, Interval, NodeKey, NodeKind, Text, Time};
use firebreak_world::World;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A job that ran so many days ago runs again.
const RECENT_SECONDS: i64 = 30 * 86_400;

#[derive(Serialize)]
struct Entry<'a> {
    ecosystem: &'a str,
    name: &'a str,
    weaknesses: &'a [Weakness],
    /// Credentials times records; null where the map does not know it.
    reach: Option<u64>,
    credentials: u64,
    records: u64,
    environments: &'a [NodeKey],
}

#[derive(Serialize)]
struct Summary {
    at: Time,
    packages: usize,
    environments: usize,
    exact: bool,
}

/// What is weak about the packages of one environment.
type Weak = (NodeKey, BTreeMap<Package, BTreeSet<Weakness>>);

/// Runs the command.
pub(super) fn run(args: &PostureArgs, config: &Config, output: Output) -> Result<End> {
    if args.from.inventory.is_empty() && args.from.logs.is_some() {
        bail!("logs alone do not say what keys open\nhint: name --inventory too");
    }
    let world = World::offline();
    let at = args.as_of.unwrap_or_else(|| world.clock.now());
    let facts = args.facts.as_deref().map(read_facts).transpose()?.unwrap_or_default();
    let Known { evidence, data, .. } = known(&world, &args.from, config, output)?;
    let evidence: Vec<EnvironmentEvidence> = evidence.into_iter().filter_map(|one| until(one, at)).collect();
    let weak = |one: &EnvironmentEvidence| (one.environment.clone(), weaknesses(one, &facts));
    let found: Vec<Weak> = evidence.iter().map(weak).collect();
    let of = EstateArgs { inventory: args.from.inventory.clone(), data, as_known_at: None };
    let mut estate = remembered::estate(&world, &of, config, &Packages::default(), at)?;
    repeat_jobs(&mut estate, &evidence, at);
    let open = open_packages(&found);
    estate.facts.extend(found.iter().flat_map(|one| ways_in(one, &open)));
    let (graph, mut problems) = estate.graph();
    problems.splice(0..0, estate.problems.iter().cloned());
    show_problems(&problems);
    let keyrings = Standing::new(&graph, at).keyrings(usize::MAX);
    let reached: BTreeMap<&str, (u64, u64)> =
        keyrings.packages.iter().map(|one| (one.package.as_str(), (one.credentials, one.records))).collect();
    let numbers = |package: &Package| reached.get(key(package)?.as_str()).copied();
    let ranked = rank(&found, |package| {
        // Where nothing lets another release in, none comes by itself.
        if open.contains(package) {
            numbers(package).map(|(credentials, records)| credentials.saturating_mul(records))
        } else {
            Some(0)
        }
    });
    for (place, one) in ranked.iter().enumerate() {
        show(one, numbers(&one.package).unwrap_or_default(), place < args.most, output);
    }
    if ranked.len() > args.most {
        output.text(format!("and {} more (all with --json)", count((ranked.len() - args.most) as u64)));
    }
    let summary = Summary { at, packages: ranked.len(), environments: found.len(), exact: keyrings.exact };
    output.text("");
    output.text(format!(
        "{} with a weakness in {}{}",
        counted(summary.packages as u64, "package"),
        counted(summary.environments as u64, "environment"),
        if summary.exact { "" } else { "; records are estimated" }
    ));
    output.object("posture", &summary);
    Ok(End::Done)
}

fn read_facts(path: &std::path::Path) -> Result<Vec<PackageFacts>> {
    let shown = path.display();
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{shown}`"))?;
    serde_json::from_slice(&bytes).with_context(|| {
        format!("`{shown}` is no list of facts about packages\nhint: docs/standing.md shows one; what is not known is left out")
    })
}

/// What was known of an environment at `at`; `None` where it had not run yet.
fn until(mut evidence: EnvironmentEvidence, at: Time) -> Option<EnvironmentEvidence> {
    let ran = evidence.runs.is_empty() || evidence.runs.iter().any(|run| run.from <= at);
    evidence.observations.retain(|observation| observation.time.is_none_or(|time| time <= at));
    ran.then_some(evidence)
}

/// Jobs are over in minutes and come again: what any of a job's runs could read, its next one can, and the times of the runs would
/// hide that. So what is known of any run counts for the last one before `at`, if that was lately.
fn repeat_jobs(estate: &mut Estate, evidence: &[EnvironmentEvidence], at: Time) {
    let since = at.plus_seconds(-RECENT_SECONDS);
    let mut last: BTreeMap<(&str, &str), (Time, &NodeKey)> = BTreeMap::new();
    for one in evidence {
        let begun = one.runs.iter().map(|run| run.from).filter(|from| *from <= at && *from >= since).max();
        if let Some((job, from)) = job(&one.environment).zip(begun) {
            let known = last.entry(job).or_insert((from, &one.environment));
            *known = (*known).max((from, &one.environment));
        }
    }
    let lately = |key: &NodeKey| job(key).and_then(|job| last.get(&job)).map(|(_, run)| (*run).clone());
    let mut again = Vec::new();
    for fact in &mut estate.facts {
        match fact {
            Fact::Node(node) if lately(&node.key).is_some() => node.valid = Interval::ALWAYS,
            Fact::Edge(edge) => {
                if let Some(from) = lately(&edge.from) {
                    again.push(Fact::Edge(EdgeFact { from, valid: Interval::ALWAYS, ..edge.clone() }));
                }
            }
            Fact::Node(_) => {}
        }
    }
    estate.facts.extend(again);
}

/// The repository and the name of the job that an environment is a run of.
fn job(environment: &NodeKey) -> Option<(&str, &str)> {
    if environment.kind() != NodeKind::Environment || environment.system() != "ci" {
        return None;
    }
    let (run, name) = environment.name().rsplit_once('/')?;
    Some((run.rsplit_once('/')?.0, name))
}

/// Packages of others of which another release could come by itself somewhere.
fn open_packages(found: &[Weak]) -> BTreeSet<Package> {
    let all = found.iter().flat_map(|(_, packages)| packages);
    let open = all.filter(|(package, weak)| adds_a_party(package) && lets_in(weak));
    open.map(|(package, _)| package.clone()).collect()
}

fn lets_in(weak: &BTreeSet<Weakness>) -> bool {
    weak.iter().any(Weakness::lets_in)
}

/// Where another release of each of the `open` packages could come by itself, as relations of the map: from the package,
/// whatever its version.
fn ways_in((environment, packages): &Weak, open: &BTreeSet<Package>) -> Vec<Fact> {
    let open = packages.iter().filter(|(package, weak)| open.contains(*package) && lets_in(weak));
    let way = |(package, _): (&Package, &BTreeSet<Weakness>)| {
        let (from, to) = (key(package)?, environment.clone());
        let place = Text::new_static("asked for without fixing what comes");
        Some(Fact::Edge(EdgeFact::new(EdgeKind::InstalledIn, from, to, Interval::ALWAYS, Time(0), &place)))
    };
    open.filter_map(way).collect()
}

fn key((ecosystem, name): &Package) -> Option<NodeKey> {
    NodeKey::of_text(NodeKind::Package, Text::new(format!("package:{}/{name}", ecosystem.to_ascii_lowercase())))
}

fn show(one: &Ranked, (credentials, records): (u64, u64), shown: bool, output: Output) {
    let (ecosystem, name) = (&one.package.0, &one.package.1);
    if shown {
        let places = counted(one.environments.len() as u64, "environment");
        output.text(format!("{:<30} {}", short(&format!("{ecosystem} {name}"), 50), places));
        output.paragraph(
            2,
            &match one.reach {
                Some(0) if !adds_a_party(&one.package) => {
                    "its maker runs these jobs and keeps their secrets anyway".to_owned()
                }
                Some(0) => {
                    "an evil release would find no key that leads to records, as far as the map tells".to_owned()
                }
                Some(_) => format!(
                    "an evil release would find {}, which open {} records",
                    counted(credentials, "credential"),
                    count(records)
                ),
                None => "what an evil release would reach is unknown: the map does not tell".to_owned(),
            },
        );
        one.weaknesses.iter().for_each(|weakness| output.paragraph(4, &sentence(weakness)));
    }
    output.object(
        "weak",
        &Entry {
            ecosystem,
            name,
            weaknesses: &one.weaknesses,
            reach: one.reach,
            credentials,
            records,
            environments: &one.environments,
        },
    );
}

fn sentence(weakness: &Weakness) -> String {
    match weakness {
        Weakness::Unpinned { reference } => format!("unpinned: {}", short(reference, 80)),
        Weakness::Resolved => "comes with something unpinned, and no lock names it".to_owned(),
        Weakness::NoDigest => "a lock names its version and no digest".to_owned(),
        Weakness::NoCoolDown => "no cool-down holds new releases back".to_owned(),
        Weakness::SinglePublisher => "one account alone may publish it".to_owned(),
        Weakness::InstallScript => "installing it runs a script".to_owned(),
        Weakness::NoProvenance => "no release says what built it".to_owned(),
        Weakness::ProvenanceLost { version } => {
            format!("{version} no longer says what built it, as releases before did")
        }
        Weakness::Untagged { version } => format!("{version} has no tag in its repository"),
    }
}
