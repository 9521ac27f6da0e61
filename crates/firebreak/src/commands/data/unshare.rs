//! `firebreak data unshare`: what ending a share touches, and, where somebody asks, that it ends.

use crate::cli::DataUnshareArgs;
use crate::commands::{End, known_key, logs, remembered, wish};
use crate::config::Config;
use crate::estate::Packages;
use crate::live::person;
use crate::output::{Output, count, counted};
use crate::wishes;
use anyhow::Result;
use firebreak_assure::Doings;
use firebreak_assure::unshare::{Loses, Unshare, unshare};
use firebreak_model::CutOption;
use firebreak_world::World;
use serde_json::json;

/// How many days of use the preview looks at.
const DAYS: i64 = 30;

/// Runs the command.
pub(super) fn run(args: &DataUnshareArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = logs::answered_at(&world, args.as_of, args.logs.as_deref(), output)?;
    let (estate, graph) = remembered::mapped(&world, &args.estate, config, &Packages::default(), at)?;
    let (_, resource) = known_key(&graph, &args.resource)?;
    let from = args.from.as_deref().map(|from| known_key(&graph, from).map(|(_, key)| key)).transpose()?;
    let mut gaps = Vec::new();
    let doings = match &args.logs {
        Some(folder) => {
            let mut doings = Doings::within(at.plus_seconds(-86_400 * DAYS), at);
            logs::each(&world, folder, &mut gaps, output, |event| doings.add(&graph, event))?;
            Some(doings)
        }
        None => {
            gaps.push("no logs were given, so who used it is not known".to_owned());
            None
        }
    };
    let found = unshare(&graph, &estate.facts, (&resource, from.as_ref()), doings.as_ref(), at);
    gaps.extend(wishes::unshare::gaps(&found));
    show(&found, &gaps, output);
    found.loses.iter().for_each(|one| output.object("loses", one));
    if let Some(by) = &args.by {
        let asked = (person(by), world.clock.now());
        return wish::leave(&wishes::unshare::wish(&resource, found, gaps, asked)?, config, output);
    }
    let actions: Vec<_> = found.cuts.iter().map(|cut| &cut.action).collect();
    let summary =
        json!({"resource": resource, "actions": actions, "loses": found.loses.len(), "keep": found.keep, "gaps": gaps});
    output.object("data_unshare", &summary);
    Ok(End::Done)
}

fn show(found: &Unshare, gaps: &[String], output: Output) {
    for CutOption { action, reversibility, .. } in &found.cuts {
        let back = match reversibility {
            firebreak_model::Reversibility::Irreversible => "cannot be taken back",
            firebreak_model::Reversibility::RecreateOnly => "can only be made anew",
            _ => "can be taken back",
        };
        output.paragraph(0, &format!("{} on {}: {back}", action.name, action.target));
    }
    for Loses { who, party, things, events, last } in &found.loses {
        let used = match (events, last) {
            (None, _) => "use is not known".to_owned(),
            (Some(0), _) | (_, None) => format!("not seen in {DAYS} days"),
            (Some(events), Some(last)) => format!("used it {} in {DAYS} days, last on {last}", times(*events)),
        };
        let things = counted(things.len() as u64, "thing");
        output.paragraph(2, &format!("loses {things}: {who} ({}); {used}", party.word()));
    }
    output.paragraph(
        0,
        &format!("{} who get at it keep that", counted(found.keep, "identity").replace("identitys", "identities")),
    );
    gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
}

fn times(events: u64) -> String {
    if events == 1 { "once".to_owned() } else { format!("{} times", count(events)) }
}
