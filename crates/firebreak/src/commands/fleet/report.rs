//! `firebreak fleet report`: the verdict of one incident profile on every environment, with evidence and owners, as one
//! document; signed, where asked for, by the ledger's key.

use super::{Known, known, owners::Owners};
use crate::cli::FleetReportArgs;
use crate::commands::exposed::chosen;
use crate::commands::{End, show_problems};
use crate::config::Config;
use crate::content;
use crate::ledgering::public_key_file;
use crate::output::{Output, count};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_exposure::{Counts, Docket};
use firebreak_model::{Judgement, Text, Time, Verdict};
use firebreak_world::World;
use serde::Serialize;
use std::path::Path;

/// The document's format.
pub(crate) const FORMAT: &str = "firebreak.fleet-report/1";

#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    made: Time,
    profile: &'a str,
    revision: u32,
    title: &'a str,
    verdicts: Counts,
    environments: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    judgement: &'a Judgement,
    owners: &'a [Text],
}

#[derive(Serialize)]
struct Summary {
    file: Option<String>,
    note: Option<String>,
    key: Option<String>,
    verdicts: Counts,
}

/// Runs the command.
pub(super) fn run(args: &FleetReportArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let (profiles, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
    show_problems(&problems);
    let profile = chosen(profiles, Some(&args.profile))?.pop().context("a profile was chosen")?;
    let Known { evidence, directories, .. } = known(&world, &args.from, config, output)?;
    if evidence.is_empty() {
        bail!(
            "nothing is known of any environment: a report of it would say nothing\nhint: name --inventory or --logs"
        );
    }
    let owners = Owners::read(&world, &directories);
    show_problems(owners.problems());
    let docket = Docket::new([&profile]);
    let mut judgements: Vec<Judgement> = evidence.iter().flat_map(|one| docket.judge(one)).collect();
    // The gravest first.
    judgements.sort_by(|a, b| b.verdict.cmp(&a.verdict).then_with(|| a.environment.cmp(&b.environment)));
    let verdicts: Counts = judgements.iter().map(|judgement| judgement.verdict).collect();
    let entry = |judgement: &'_ Judgement| owners.of(judgement.environment.as_str());
    let environments = judgements.iter().map(|judgement| Entry { judgement, owners: entry(judgement) }).collect();
    let report = Report {
        format: FORMAT,
        made: world.clock.now(),
        profile: &profile.id,
        revision: profile.revision,
        title: &profile.title,
        verdicts,
        environments,
    };
    let mut document = serde_json::to_vec_pretty(&report)?;
    document.push(b'\n');
    let path = args.output.clone().unwrap_or_else(|| format!("{}-report.json", profile.id).into());
    write(&world, &path, &document)?;
    let Counts { exposed, suspect, clear, unknown } = verdicts;
    let numbers = [count(exposed), count(suspect), count(unknown), count(clear)];
    let [e, s, u, c] = &numbers;
    output.text(format!("{e} exposed, {s} suspect, {u} unknown, {c} clear: `{}`", path.display()));
    let mut summary = Summary { file: Some(path.display().to_string()), note: None, key: None, verdicts };
    if args.sign {
        let (note, key) = sign(&world, args, config, &path, &document)?;
        output.text(format!("next: firebreak verify {} --key {key}", path.display()));
        (summary.note, summary.key) = (Some(note), Some(key));
    }
    output.object("fleet_report", &summary);
    let open = judgements.iter().any(|judgement| judgement.verdict != Verdict::Clear);
    Ok(if open { End::NeedsPerson } else { End::Done })
}

/// Writes the note beside the report, and the public key beside both.
fn sign(
    world: &World,
    args: &FleetReportArgs,
    config: &Config,
    path: &Path,
    document: &[u8],
) -> Result<(String, String)> {
    let data = args.from.data.clone().unwrap_or_else(|| config.data_directory());
    world.disk.make_directory(&data).with_context(|| format!("making `{}`", data.display()))?;
    let key = crate::ledgering::signing_key(world, &data)?;
    let (note, public) = (note_of(path), path.with_extension("pub"));
    write(world, &note, firebreak_ledger::statement::sign(FORMAT, document, &key).as_bytes())?;
    write(world, &public, &world.disk.read(&public_key_file(&data))?)?;
    Ok((note.display().to_string(), public.display().to_string()))
}

/// Where the note of a report lies.
pub(crate) fn note_of(path: &Path) -> std::path::PathBuf {
    let mut note = path.as_os_str().to_owned();
    note.push(".note");
    note.into()
}

fn write(world: &World, path: &Path, bytes: &[u8]) -> Result<()> {
    world.disk.write(path, bytes).map_err(|error| anyhow!("`{}` cannot be written: {error}", path.display()))
}
