//! `firebreak exposed`: which environments ran a bad release, and which cannot be told.

use super::{End, show_problems};
use crate::cli::ExposedArgs;
use crate::config::Config;
use crate::content;
use crate::estate::{Estate, Packages};
use crate::output::{Output, count, short};
use crate::redaction::{for_this_run, redaction};
use anyhow::{Result, bail};
use firebreak_exposure::{EvidenceBook, Profile, observe};
use firebreak_intake::{Inputs, Options, Reader, SOURCES};
use firebreak_model::{Judgement, Verdict};
use firebreak_world::World;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// How many environments have which verdict, counting the worst over all profiles.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Tally {
    /// Ran the bad thing.
    pub exposed: u64,
    /// May have, unpinned and inside a window.
    pub suspect: u64,
    /// Did not, by complete evidence.
    pub clear: u64,
    /// Cannot be told.
    pub unknown: u64,
}

impl Tally {
    /// Counts one environment.
    pub fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Exposed => self.exposed += 1,
            Verdict::Suspect => self.suspect += 1,
            Verdict::Clear => self.clear += 1,
            Verdict::Unknown => self.unknown += 1,
        }
    }
}

/// The gravest judgement on each environment: exposed before suspect before unknown before clear.
pub(crate) fn gravest(judgements: &[Judgement]) -> BTreeMap<&str, &Judgement> {
    let mut worst: BTreeMap<&str, &Judgement> = BTreeMap::new();
    for judgement in judgements {
        let entry = worst.entry(judgement.environment.as_str()).or_insert(judgement);
        if judgement.verdict > entry.verdict {
            *entry = judgement;
        }
    }
    worst
}

#[derive(Serialize)]
struct Summary {
    verdicts: Tally,
    profiles: Vec<String>,
}

/// Runs the command.
pub(super) fn run(args: &ExposedArgs, config: &Config, output: Output) -> Result<End> {
    if args.logs.is_none() && args.inventory.is_empty() {
        bail!("nothing to look at\nhint: name --logs, --inventory or both");
    }
    let world = World::offline();
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    show_problems(&problems);
    let profiles = chosen(profiles, args.profile.as_deref())?;
    let mut book = EvidenceBook::new();
    let estate = Estate::read(&world, &args.inventory, world.clock.now(), &Packages::default());
    show_problems(&estate.problems);
    estate.evidence.iter().for_each(|evidence| book.add_evidence(evidence));
    if let Some(logs) = &args.logs {
        read_logs(&world, logs, &mut book, output)?;
    }
    let judgements = book.judge_all(&profiles);
    report(&judgements, &profiles, args.all, output)
}

pub(super) fn chosen(profiles: Vec<Profile>, id: Option<&str>) -> Result<Vec<Profile>> {
    let Some(id) = id else { return Ok(profiles) };
    let known = profiles.iter().map(|profile| profile.id.to_string()).collect::<Vec<_>>().join(", ");
    let found: Vec<Profile> = profiles.into_iter().filter(|profile| profile.id == id).collect();
    if found.is_empty() {
        bail!("no incident profile `{id}`\nhint: there are {known}");
    }
    Ok(found)
}

/// Reads the folders of `logs` that are named after a source.
pub(super) fn read_logs(world: &World, logs: &Path, book: &mut EvidenceBook, output: Output) -> Result<()> {
    let mut any = false;
    let redact = redaction(for_this_run(world));
    for source in SOURCES.iter().filter(|source| logs.join(source.name()).is_dir()) {
        any = true;
        let pattern = logs.join(source.name()).display().to_string();
        let inputs = Inputs::open(world, &[pattern], *source);
        let mut reader = Reader::new(world, inputs, *source, Options::default(), &redact);
        loop {
            let batch = reader.next_batch(10_000);
            if batch.is_empty() {
                break;
            }
            batch.events.iter().flat_map(observe).for_each(|seen| book.add(&seen));
            show_problems(&batch.quarantined.iter().map(|record| record.problem.clone()).collect::<Vec<_>>());
            output.progress(format!("reading {}", source.name()));
        }
    }
    output.progress_done();
    if !any {
        let names = SOURCES.iter().map(|source| source.name()).collect::<Vec<_>>().join(", ");
        bail!("`{}` has no folder named after a source\nhint: the sources are {names}", logs.display());
    }
    Ok(())
}

fn report(judgements: &[Judgement], profiles: &[Profile], all: bool, output: Output) -> Result<End> {
    let mut tally = Tally::default();
    let worst = gravest(judgements);
    for (environment, judgement) in &worst {
        tally.add(judgement.verdict);
        if judgement.verdict == Verdict::Clear && !all {
            continue;
        }
        output.object("judgement", judgement);
        output.text(format!("{:<8} {}", word(judgement.verdict), short(environment, 90)));
        output.paragraph(9, &format!("{}: {}", judgement.profile, judgement.decided_by.join("; ")));
        judgement.gaps.iter().for_each(|gap| output.paragraph(9, &format!("missing: {gap}")));
    }
    let Tally { exposed, suspect, clear, unknown } = tally;
    output.text("");
    output.text(format!(
        "{} exposed, {} suspect, {} unknown, {} clear",
        count(exposed),
        count(suspect),
        count(unknown),
        count(clear)
    ));
    if exposed + suspect > 0 {
        output.text("next: firebreak reach --inventory <dir> --from <environment>");
    }
    let profiles = profiles.iter().map(|profile| format!("{} r{}", profile.id, profile.revision)).collect();
    output.object("exposed", &Summary { verdicts: tally, profiles });
    Ok(if exposed + suspect + unknown > 0 { End::NeedsPerson } else { End::Done })
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Exposed => "exposed",
        Verdict::Suspect => "suspect",
        Verdict::Clear => "clear",
        Verdict::Unknown => "unknown",
    }
}
