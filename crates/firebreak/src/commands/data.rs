//! `firebreak data`: where each class of data lies, how much, whose, who can reach it and who did.

mod unshare;

use super::{End, logs, remembered, show_problems};
use crate::cli::{DataArgs, DataCommand, DataMapArgs};
use crate::config::Config;
use crate::estate::{Estate, Packages};
use crate::live::drift::{is_alarming, noun, said};
use crate::output::{Output, bytes, count, counted, short};
use anyhow::{Result, bail};
use firebreak_assure::{ClassMap, DataChange, DataPlace, Reachers, Touches, data_drift, data_map};
use firebreak_model::Time;
use firebreak_world::World;
use serde::Serialize;

const DAY: i64 = 86_400;

#[derive(Serialize)]
struct Answer<'a> {
    at: Time,
    days: Option<u32>,
    classes: &'a [ClassMap],
    /// What is new since an earlier inventory.
    drift: Option<&'a [DataChange]>,
    gaps: &'a [String],
}

/// Runs the command.
pub(super) fn run(args: &DataArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        Some(DataCommand::Unshare(args)) => unshare::run(args, config, output),
        None => map(&args.map, config, output),
    }
}

fn map(args: &DataMapArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let at = logs::answered_at(&world, args.as_of, args.logs.as_deref(), output)?;
    let (estate, graph) = remembered::mapped(&world, &args.estate, config, &Packages::default(), at)?;
    let mut gaps = Vec::new();
    let touches = match &args.logs {
        Some(folder) => {
            let mut touches = Touches::since(at.plus_seconds(-DAY * i64::from(args.days)));
            logs::each(&world, folder, &mut gaps, output, |event| {
                if event.time <= at {
                    touches.add(event);
                }
            })?;
            Some(touches)
        }
        None => {
            gaps.push("no logs were given, so who touched what is not known".to_owned());
            None
        }
    };
    let mut classes = data_map(&graph, &estate.facts, at, touches.as_ref());
    if classes.is_empty() {
        bail!("no inventory says what lies where\nhint: an estate statement names stores with their holdings ");
    }
    if let Some(wanted) = &args.class {
        let known = classes.iter().map(|class| class.class.word()).collect::<Vec<_>>().join(", ");
        classes.retain(|class| class.class.word() == wanted);
        if classes.is_empty() {
            bail!("no inventory names data of the class `{wanted}`\nhint: there are {known}");
        }
    }
    let drift = args.since.as_ref().map(|directory| {
        let then = Estate::read(&world, std::slice::from_ref(directory), at, &Packages::default());
        show_problems(&then.problems);
        let mut before = data_map(&then.graph().0, &then.facts, at, None);
        before.retain(|class| args.class.as_ref().is_none_or(|wanted| class.class.word() == wanted));
        data_drift(&before, &classes)
    });
    classes.iter().for_each(|class| show(class, args, output));
    drift.iter().flatten().for_each(|change| output.paragraph(0, &said(change)));
    gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {gap}")));
    let days = touches.map(|_| args.days);
    output.object("data", &Answer { at, days, classes: &classes, drift: drift.as_deref(), gaps: &gaps });
    Ok(if drift.iter().flatten().any(is_alarming) { End::NeedsPerson } else { End::Done })
}

fn show(class: &ClassMap, args: &DataMapArgs, output: Output) {
    let homes = class.residents.iter().filter(|(home, records)| *home != "unknown" && **records > 0).count();
    let homes = if homes == 0 { String::new() } else { format!(", residents of {homes} jurisdictions") };
    let (records, places) = (counted(class.records, "record"), counted(class.places.len() as u64, "place"));
    output.text(format!("{}: {records} in {places}{homes}", class.class));
    output.paragraph(2, &format!("within reach of {}", reachers(&class.reach)));
    for place in class.places.iter().take(args.most) {
        let jewel = if place.crown_jewel { "  crown jewel" } else { "" };
        let size = if place.bytes > 0 { format!("{:>10}", bytes(place.bytes)) } else { " ".repeat(10) };
        output.text(format!("  {:<52} {:>14} {size}{jewel}", short(place.resource.as_str(), 52), count(place.records)));
        output.paragraph(4, &format!("reach: {}{}", reachers(&place.reach), touched(place, args.logs.is_some())));
    }
    if class.places.len() > args.most {
        output.text(format!("  and {} more", class.places.len() - args.most));
    }
    output.text("");
}

/// `12 persons, 3 to 5 services`: alone, and with what else they would need.
fn reachers(reach: &[Reachers]) -> String {
    let shown = reach.iter().map(|of| {
        let number = match (of.alone, of.helped) {
            (alone, helped) if alone == helped => count(alone),
            (alone, helped) => format!("{} to {}", count(alone), count(helped)),
        };
        format!("{number} {}", noun(of.party, of.helped))
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { "nobody that an inventory names".to_owned() } else { shown.join(", ") }
}

fn touched(place: &DataPlace, with_logs: bool) -> String {
    let Some(touched) = &place.touched else {
        return if with_logs { "; the logs do not tell who reads there".to_owned() } else { String::new() };
    };
    let by: Vec<String> =
        touched.by.iter().map(|(party, number)| format!("{} {}", count(*number), noun(*party, *number))).collect();
    if by.is_empty() { "; read by nobody in the logs".to_owned() } else { format!("; read by {}", by.join(", ")) }
}
