//! `firebreak collect`: the configured platforms' inventories, asked for once.

use super::End;
use crate::cli::CollectArgs;
use crate::collecting::collect;
use crate::config::{CollectConfig, Config};
use crate::output::{Output, count, counted};
use crate::progress::{self, Progress, Unit};
use anyhow::{Result, bail};
use firebreak_inventory::collect::Missing;
use firebreak_world::World;
use serde::Serialize;
use std::path::PathBuf;

#[derive(Serialize)]
struct Kept<'a> {
    scanner: &'a str,
    file: PathBuf,
    calls: u64,
    incomplete: &'a [Missing],
}

#[derive(Default, Serialize)]
struct Summary {
    platforms: u64,
    incomplete: u64,
    failed: u64,
}

/// Runs the command.
pub(super) fn run(args: &CollectArgs, config: &Config, output: Output) -> Result<End> {
    let wanted = wanted(args, config)?;
    let Some(directory) = config.inventory.paths.first() else {
        bail!("there is no directory for what is collected\nhint: name one in `inventory.paths`");
    };
    let world = World::online()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut summary = Summary { platforms: wanted.len() as u64, ..Summary::default() };
    let mut progress = Progress::of(output, "asking", Unit::Of("platforms")).out_of(summary.platforms);
    for (done, each) in (0..).zip(wanted) {
        progress.at_saying(done, &each.scanner);
        match runtime.block_on(collect(&world, each, directory)) {
            Ok((file, collected)) => {
                summary.incomplete += u64::from(!collected.incomplete.is_empty());
                let (calls, incomplete) = (collected.calls, collected.incomplete.as_slice());
                output.text(format!("{}: {} answers in `{}`", each.scanner, count(calls), file.display()));
                for missing in incomplete {
                    output.paragraph(2, &format!("missing: {}: {}", missing.call, missing.reason));
                }
                output.object("collected", &Kept { scanner: &each.scanner, file, calls, incomplete });
            }
            Err(error) => {
                summary.failed += 1;
                progress::wipe();
                eprintln!("error: {error:#}");
            }
        }
    }
    drop(progress);
    output.text(format!(
        "{} asked; {} with gaps, {} failed",
        counted(summary.platforms, "platform"),
        summary.incomplete,
        summary.failed
    ));
    output.object("collect", &summary);
    if summary.failed > 0 {
        bail!("{} not collected", counted(summary.failed, "platform"));
    }
    Ok(if summary.incomplete > 0 { End::NeedsPerson } else { End::Done })
}

fn wanted<'c>(args: &CollectArgs, config: &'c Config) -> Result<Vec<&'c CollectConfig>> {
    if config.collect.is_empty() {
        bail!("no platform is configured\nhint: write `[[collect]]` with `scanner`, `url` and `credential`");
    }
    if let Some(name) = args.scanners.iter().find(|name| !config.collect.iter().any(|each| each.scanner == **name)) {
        let known: Vec<&str> = config.collect.iter().map(|each| each.scanner.as_str()).collect();
        bail!("`{name}` is not configured\nhint: configured are {}", known.join(", "));
    }
    let named = |each: &&CollectConfig| args.scanners.is_empty() || args.scanners.contains(&each.scanner);
    Ok(config.collect.iter().filter(named).collect())
}
