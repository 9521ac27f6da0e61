//! `firebreak fleet who`: who had a package, digest, commit, image or host, from when to when, and who cannot be told.

use super::{Known, known, owners::Owners};
use crate::cli::FleetWhoArgs;
use crate::commands::{End, show_problems};
use crate::config::Config;
use crate::fleeting;
use crate::output::{Output, count, counted, short, time};
use anyhow::{Result, anyhow, bail};
use firebreak_fleet::{Presence, Query, Sure, Wanted};
use firebreak_model::{Text, Time};
use firebreak_world::World;
use serde::Serialize;

/// So many environments that cannot be told are listed for people; JSON has all.
const UNTOLD_SHOWN: usize = 10;

#[derive(Serialize)]
struct Had<'a> {
    environment: &'a str,
    thing: String,
    from: Option<Time>,
    to: Option<Time>,
    seen: Option<Time>,
    certain: bool,
    evidence: String,
    owners: &'a [Text],
}

#[derive(Serialize)]
struct Untold<'a> {
    environment: &'a str,
    owners: &'a [Text],
}

#[derive(Serialize)]
struct Summary<'a> {
    asked: &'a str,
    from: Option<Time>,
    to: Option<Time>,
    environments: usize,
    intervals: usize,
    untold: usize,
    clear: u64,
    forgotten_before: Option<Time>,
}

/// Runs the command.
pub(super) fn run(args: &FleetWhoArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let what = Wanted::parse(&args.what).map_err(|reason| {
        anyhow!("{reason}\nhint: ask for litellm@1.82.8, sha256:…, a commit, image:name:tag or domain:example.org")
    })?;
    let Known { evidence, data, directories } = known(&world, &args.from, config, output)?;
    let owners = Owners::read(&world, &directories);
    show_problems(owners.problems());
    let views = fleeting::views(&world, data.as_deref(), &evidence, world.clock.now(), &what)?;
    let fleet = fleeting::fleet(&views)?;
    if fleet.environments().is_empty() {
        bail!(
            "nothing is known of any environment: who had it is unknown, not nobody\nhint: name --inventory or --logs"
        );
    }
    let window = window(args)?;
    let (from, to) = (window.0.unwrap_or(Time::MIN), window.1.unwrap_or(Time::MAX));
    let answer = fleet.who(&Query { what, from, to })?;
    let mut last = "";
    for had in &answer.had {
        show(had, had.environment != last, &owners, output);
        last = had.environment;
    }
    let mut environments: Vec<&str> = answer.had.iter().map(|had| had.environment).collect();
    environments.dedup();
    for (number, environment) in answer.untold.iter().enumerate() {
        if number < UNTOLD_SHOWN {
            output.text(format!("unknown  {}", short(environment, 90)));
        }
        output.object("untold", &Untold { environment, owners: owners.of(environment) });
    }
    if let Some(more) = answer.untold.len().checked_sub(UNTOLD_SHOWN).filter(|more| *more > 0) {
        output.text(format!("unknown  and {} more (all with --json)", count(more as u64)));
    }
    output.text("");
    output.text(format!(
        "{} had it, {} cannot be told, {} did not, by complete evidence",
        counted(environments.len() as u64, "environment"),
        count(answer.untold.len() as u64),
        count(answer.clear)
    ));
    if let Some(since) = answer.forgotten {
        output.text(format!("what had ended before {since} is forgotten, so nobody is clear of it"));
        output.text(format!("next: ask about what is kept: --since {since}"));
    }
    output.object(
        "fleet_who",
        &Summary {
            asked: &args.what,
            from: window.0,
            to: window.1,
            environments: environments.len(),
            intervals: answer.had.len(),
            untold: answer.untold.len(),
            clear: answer.clear,
            forgotten_before: answer.forgotten,
        },
    );
    Ok(if answer.had.is_empty() && answer.untold.is_empty() && answer.forgotten.is_none() {
        End::Done
    } else {
        End::NeedsPerson
    })
}

/// From when to when is asked.
fn window(args: &FleetWhoArgs) -> Result<(Option<Time>, Option<Time>)> {
    let window = match args.between.as_slice() {
        [from, to] => (Some(*from), Some(*to)),
        _ => (args.since, args.until),
    };
    if let (Some(from), Some(to)) = window
        && from >= to
    {
        bail!("{from} is not before {to}\nhint: name the earlier time first");
    }
    Ok(window)
}

fn show(had: &Presence<'_>, first: bool, owners: &Owners, output: Output) {
    let thing = had.what().map_or_else(|| had.thing.to_owned(), |thing| thing.to_string());
    let from = if had.from == Time::MIN { "its beginning".to_owned() } else { time(had.from) };
    let to = had.to.map_or_else(|| "now, as far as is known".to_owned(), time);
    let owned = owners.of(had.environment);
    if first {
        output.text(format!("had it   {}", short(had.environment, 90)));
        if !owned.is_empty() {
            output.paragraph(9, &format!("owners: {}", owned.join(" ")));
        }
    }
    let sure = if had.sure == Sure::Locked { ", if the lock was followed" } else { "" };
    let evidence = had.evidence();
    output.paragraph(9, &format!("{thing} from {from} to {to}{sure} ({evidence})"));
    let known = |time: Time| (time != Time::MIN).then_some(time);
    output.object(
        "had",
        &Had {
            environment: had.environment,
            thing,
            from: known(had.from),
            to: had.to,
            seen: known(had.seen),
            certain: had.sure == Sure::Seen,
            evidence,
            owners: owned,
        },
    );
}
