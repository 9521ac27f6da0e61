//! `firebreak map joins`: what was joined and why, what was not, and what the owner may say to that.

use super::{End, remembered};
use crate::cli::MapJoinsArgs;
use crate::commands::show_problems;
use crate::config::Config;
use crate::estate::Packages;
use crate::output::{Output, counted};
use anyhow::Result;
use firebreak_graph::{Join, JoinKind};
use firebreak_model::NodeKey;
use firebreak_world::World;
use serde::Serialize;

#[derive(Serialize)]
struct Summary {
    made: usize,
    proposed: usize,
    refused: usize,
}

/// Runs the command.
pub(super) fn run(args: &MapJoinsArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let estate = remembered::estate(&world, &args.estate, config, &Packages::default(), world.clock.now())?;
    show_problems(&estate.problems);
    let of = |wanted: fn(&Join) -> bool| estate.joins.iter().filter(move |join| wanted(join));
    let (made, refused) = (of(Join::is_made), of(|join| join.refused_by.is_some()));
    let proposed = of(|join| !join.is_made() && join.refused_by.is_none());
    let mut summary = Summary { made: 0, proposed: 0, refused: 0 };
    for (word, joins, count) in [
        ("joined", made.collect::<Vec<_>>(), &mut summary.made),
        ("proposed, not joined", proposed.collect(), &mut summary.proposed),
        ("refused, not joined", refused.collect(), &mut summary.refused),
    ] {
        *count = joins.len();
        joins.into_iter().for_each(|join| show(word, join, output));
    }
    output.text(format!(
        "{} joined, {} proposed, {} refused",
        counted(summary.made as u64, "thing"),
        summary.proposed,
        summary.refused
    ));
    if summary.proposed > 0 {
        output.paragraph(0, "hint: `joins` in the estate statement confirms or refuses a pair of keys");
    }
    output.object("joins", &summary);
    Ok(End::Done)
}

/// A join as it is printed: an object's `kind` says what the object is.
#[derive(Serialize)]
struct Shown<'a> {
    join_kind: JoinKind,
    keys: &'a [NodeKey],
    reasons: &'a [String],
    verified: bool,
    doubts: &'a [String],
    refused_by: Option<&'a str>,
}

fn show(word: &str, join: &Join, output: Output) {
    let Join { kind, keys, reasons, verified, doubts, refused_by } = join;
    let (join_kind, verified, refused_by) = (*kind, *verified, refused_by.as_deref());
    output.object("join", &Shown { join_kind, keys, reasons, verified, doubts, refused_by });
    let what = match join.kind {
        JoinKind::SameCredential => "one credential",
        JoinKind::SameThing => "one thing",
        JoinKind::SamePerson => "a person and an account",
        JoinKind::TrustedWorkload => "a workload and what trusts it",
        JoinKind::FoundIn => "an environment and what was found there",
    };
    output.text(format!("{word}: {what}"));
    join.keys.iter().for_each(|key| output.paragraph(2, key.as_str()));
    join.reasons.iter().for_each(|reason| output.paragraph(4, reason));
    join.doubts.iter().for_each(|doubt| output.paragraph(4, &format!("but {doubt}")));
    if let Some(by) = &join.refused_by {
        output.paragraph(4, &format!("but {by} refuses it"));
    }
}
