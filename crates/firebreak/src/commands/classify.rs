//! `firebreak classify`: what a store holds, as numbers and as an inventory.

mod places;
mod shown;
mod target;

use super::End;
use crate::cli::ClassifyArgs;
use crate::config::Config;
use crate::output::Output;
use crate::redaction;
use anyhow::{Context, Result, anyhow};
use firebreak_classify::{Classes, read_classes};
use firebreak_stores::{Means, Options, Scan, ScanError, State, statement};
use firebreak_world::World;
use std::fs;
use std::path::Path;
use target::Target;

/// Runs the command.
pub(super) fn run(args: &ClassifyArgs, config: &Config, output: Output) -> Result<End> {
    let target = Target::of(args)?;
    if args.places { places::tell(&target, args, output) } else { count_records(&target, args, config, output) }
}

/// What the owner calls a class of data, and the text that says so.
fn classes(args: &ClassifyArgs) -> Result<(String, Classes)> {
    let Some(path) = &args.classes else { return Ok((String::new(), Classes::all())) };
    let text = fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
    let custom = read_classes(&text).map_err(|error| anyhow!("`{}`: {error}", path.display()))?;
    Ok((text, Classes::all().with(custom)))
}

fn options(args: &ClassifyArgs) -> Options {
    let mib = |number: Option<u64>| number.map(|number| number << 20);
    Options { budget: mib(args.budget).unwrap_or(u64::MAX), rate: mib(args.rate), ..Options::default() }
}

fn unscanned(error: ScanError, state: &Path) -> anyhow::Error {
    match error {
        ScanError::Unlisted(why) => anyhow!(why),
        ScanError::Lost(why) => anyhow!("{why}\nhint: run it again, and it goes on where it was"),
        ScanError::Unsaved(error) => anyhow!("`{}` cannot be written: {error}", state.display()),
    }
}

fn count_records(target: &Target, args: &ClassifyArgs, config: &Config, output: Output) -> Result<End> {
    let world = target.world()?;
    let directory = config.data_directory();
    let scans = directory.join("scans");
    world.disk.make_directory(&scans).with_context(|| format!("making `{}`", scans.display()))?;
    let fingerprinter = redaction::of_installation(&world, config.fingerprint_key.as_deref(), &directory)?;
    let (own, classes) = classes(args)?;
    let mut store = target.open(args, &world)?;
    // One state a store. Another version, or other classes of the owner, read everything again.
    let path = scans.join(format!("{}.json", fingerprinter.fingerprint(target.state_name(args).as_bytes())));
    let reader = format!("{} {}", env!("CARGO_PKG_VERSION"), fingerprinter.fingerprint(own.as_bytes()));
    let mut state = remembered(&world, &path, &reader)?;
    let options = options(args);
    let means =
        Means { options: &options, classes: &classes, fingerprinter: &fingerprinter, wait: &std::thread::sleep };
    let mut save = |state: &State| world.disk.write(&path, &state.bytes());
    let scan = store.scan(&means, &mut state, &mut save).map_err(|error| unscanned(error, &path))?;
    if let Some(file) = &args.output {
        write(&world, file, &scan)?;
    }
    shown::show(&scan, output);
    Ok(End::Done)
}

fn remembered(world: &World, path: &Path, reader: &str) -> Result<State> {
    match world.disk.read(path) {
        Ok(kept) => State::read(&kept, reader)
            .map_err(|why| anyhow!("`{}`: {why}\nhint: remove it, and everything is read again", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(State::new(reader)),
        Err(error) => Err(error).with_context(|| format!("reading `{}`", path.display())),
    }
}

fn write(world: &World, file: &Path, scan: &Scan) -> Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        world.disk.make_directory(folder).with_context(|| format!("making `{}`", folder.display()))?;
    }
    let document = serde_json::to_vec_pretty(&statement(scan, world.clock.now()))?;
    world.disk.write(file, &document).with_context(|| format!("writing `{}`", file.display()))
}
