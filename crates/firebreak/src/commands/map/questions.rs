//! `firebreak map questions`: what the map says on a quiet day: who reaches each crown jewel, who stands one step from it, what a
//! bad release would find, which places most ways share, and how many keys an automated step could revoke.

use super::{End, remembered};
use crate::cli::MapQuestionsArgs;
use crate::config::Config;
use crate::drilling;
use crate::estate::Packages;
use crate::output::{Output, count, short};
use anyhow::{Result, bail};
use firebreak_graph::standing::{ChokePoints, Coverage, Exposure, Keyrings, Neighbour};
use firebreak_graph::{Place, Standing};
use firebreak_world::World;
use serde::Serialize;

#[derive(Serialize)]
struct Answers {
    at: firebreak_model::Time,
    exposures: Vec<Exposure>,
    neighbours: Vec<Neighbour>,
    keyrings: Keyrings,
    choke_points: ChokePoints,
    coverage: Coverage,
}

/// Runs the command.
pub(super) fn run(args: &MapQuestionsArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = args.as_of.unwrap_or_else(|| world.clock.now());
    let (_, graph) = remembered::mapped(&world, &args.estate, config, &Packages::all(), at)?;
    if graph.crown_jewels().is_empty() {
        bail!(
            "the inventory names no crown jewel\nhint: say `\"crown_jewel\": true` of a store in the estate statement"
        );
    }
    let standing = Standing::new(&graph, at);
    let data = args.estate.data.clone().unwrap_or_else(|| config.data_directory());
    let drilled = drilling::proven(&drilling::remembered(&data)?, config.drill.valid_days, at);
    let answers = Answers {
        at,
        exposures: standing.exposures(),
        neighbours: standing.neighbours(),
        keyrings: standing.keyrings(args.most),
        choke_points: standing.choke_points(&[], args.most),
        coverage: standing.coverage(&drilled),
    };
    show(&answers, args.most, output);
    output.object("questions", &answers);
    Ok(End::Done)
}

fn show(answers: &Answers, most: usize, output: Output) {
    exposures(&answers.exposures, most, output);
    output.text("");
    output.text(format!("identities one step from a crown jewel: {}", count(answers.neighbours.len() as u64)));
    for neighbour in answers.neighbours.iter().take(most) {
        let by = neighbour.group.as_ref().map_or(String::new(), |group| format!(" by {}", short(group.as_str(), 40)));
        let sure = if neighbour.certain { "" } else { ", if undecided conditions allow it" };
        let who = short(neighbour.identity.as_str(), 48);
        output.paragraph(2, &format!("{who} to {}{by}{sure}", short(neighbour.jewel.as_str(), 40)));
    }
    more(answers.neighbours.len(), most, output);
    output.text("");
    let estimated = if answers.keyrings.exact { "" } else { " (records are estimated)" };
    output.text(format!("packages beside the most keys and records{estimated}"));
    output.text(format!("  {:<46} {:>12} {:>12} {:>14}", "", "environments", "credentials", "records"));
    for keyring in &answers.keyrings.packages {
        let (environments, credentials) = (count(keyring.environments), count(keyring.credentials));
        let package = short(keyring.package.as_str(), 46);
        output.text(format!("  {package:<46} {environments:>12} {credentials:>12} {:>14}", count(keyring.records)));
    }
    output.text("");
    let sampled = if answers.choke_points.exact { "" } else { " (a count from below)" };
    output.text(format!("places that most ways to crown jewels share{sampled}"));
    for point in &answers.choke_points.points {
        let pairs = format!("{} of {}", count(point.pairs), count(answers.choke_points.pairs));
        output.text(format!("  {:<66} {pairs:>20}", short(&place(&point.place), 66)));
    }
    output.text("");
    coverage(&answers.coverage, output);
}

/// A line for each crown jewel, those that most identities reach first.
fn exposures(exposures: &[Exposure], most: usize, output: Output) {
    output.text("who reaches each crown jewel; two numbers where some need something else beside, which may be there");
    output.text(format!(
        "  {:<46} {:>10} {:>12} {:>12} {:>12}",
        "", "packages", "environments", "credentials", "identities"
    ));
    let identities = |exposure: &&Exposure| exposure.exposed.iter().map(|exposed| exposed.helped).next_back();
    let mut sorted: Vec<&Exposure> = exposures.iter().collect();
    sorted.sort_by_key(|exposure| std::cmp::Reverse(identities(exposure)));
    for exposure in sorted.iter().take(most) {
        let cells = exposure.exposed.iter().map(|exposed| match (exposed.alone, exposed.helped) {
            (alone, helped) if alone == helped => count(alone),
            (alone, helped) => format!("{}-{}", count(alone), count(helped)),
        });
        let cells: Vec<String> = cells.zip([10, 12, 12, 12]).map(|(cell, width)| format!("{cell:>width$}")).collect();
        output.text(format!("  {:<46} {}", short(exposure.jewel.as_str(), 46), cells.join(" ")));
    }
    more(exposures.len(), most, output);
}

fn more(all: usize, shown: usize, output: Output) {
    if all > shown {
        output.text(format!("  and {} more", count((all - shown) as u64)));
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Node(key) => key.to_string(),
        Place::Edge { from, to, .. } => format!("{from} -> {to}"),
    }
}

fn coverage(coverage: &Coverage, output: Output) {
    let percent = |share: f64| format!("{:.0}%", share * 100.0);
    output.text(format!(
        "of {} live credentials that lead to a crown jewel, an automated step could revoke {} ({} drilled)",
        count(coverage.reaching),
        percent(coverage.share()),
        percent(coverage.drilled_share())
    ));
    output.text(format!("  {} need a person, {} nobody could revoke", count(coverage.person), count(coverage.none)));
}
