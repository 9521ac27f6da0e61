//! `firebreak classify`: what the documents under a directory hold, as numbers and as an inventory.

use super::End;
use crate::cli::ClassifyArgs;
use crate::config::Config;
use crate::output::{Output, bytes, count, counted};
use crate::redaction;
use anyhow::{Context, Result, anyhow};
use firebreak_classify::{Classes, read_classes};
use firebreak_stores::{Options, ScanError, Scanned, State, scan, statement};
use firebreak_world::{RealTree, Tree, World};
use serde::Serialize;
use std::fs;

#[derive(Serialize)]
struct Answer<'a> {
    resource: &'a str,
    #[serde(flatten)]
    scanned: &'a Scanned,
}

/// Runs the command.
pub(super) fn run(args: &ClassifyArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let directory = config.data_directory();
    let scans = directory.join("scans");
    world.disk.make_directory(&scans).with_context(|| format!("making `{}`", scans.display()))?;
    let key = redaction::of_installation(&world, config.fingerprint_key.as_deref(), &directory)?;
    let root = RealTree.resolved(&args.directory).with_context(|| format!("reading `{}`", args.directory.display()))?;
    let (own, custom) = match &args.classes {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
            let custom = read_classes(&text).map_err(|error| anyhow!("`{}`: {error}", path.display()))?;
            (text, custom)
        }
        None => (String::new(), Vec::new()),
    };
    let classes = Classes::all().with(custom);
    let resource = format!("resource:file/{}", args.name);
    // One state a store. Another version, or other classes of the owner, read everything again.
    let path = scans.join(format!("{}.json", key.fingerprint(resource.as_bytes())));
    let reader = format!("{} {}", env!("CARGO_PKG_VERSION"), key.fingerprint(own.as_bytes()));
    let mut state = match world.disk.read(&path) {
        Ok(kept) => State::read(&kept, &reader)
            .map_err(|why| anyhow!("`{}`: {why}\nhint: remove it, and everything is read again", path.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::new(&reader),
        Err(error) => return Err(error).with_context(|| format!("reading `{}`", path.display())),
    };
    let options = Options { budget: args.budget.map_or(u64::MAX, |budget| budget << 20), ..Options::default() };
    let mut save = |state: &State| world.disk.write(&path, &state.bytes());
    let scanned =
        scan(&RealTree, &root, &options, (&classes, &key), &mut state, &mut save).map_err(|error| match error {
            ScanError::Unlisted(error) => anyhow!("`{}` cannot be listed: {error}", root.display()),
            ScanError::Unsaved(error) => anyhow!("`{}` cannot be written: {error}", path.display()),
        })?;
    if let Some(file) = &args.output {
        let document = serde_json::to_vec_pretty(&statement(&resource, &scanned, world.clock.now()))?;
        world.disk.write(file, &document).with_context(|| format!("writing `{}`", file.display()))?;
    }
    show(&scanned, output);
    output.object("classify", &Answer { resource: &resource, scanned: &scanned });
    Ok(End::Done)
}

fn show(scanned: &Scanned, output: Output) {
    output.text(format!(
        "{} of {} in the sample; {} read now ({})",
        count(scanned.sampled),
        counted(scanned.documents, "file"),
        count(scanned.read),
        bytes(scanned.bytes_read)
    ));
    for held in &scanned.held {
        let estimate = &held.estimate;
        let (records, files) = (estimate.records_between, estimate.documents_between);
        output.text(format!(
            "  {:<28} {:>12} records ({} to {}) in {} to {} files",
            held.class,
            count(estimate.records),
            count(records.low),
            count(records.high),
            count(files.low),
            count(files.high)
        ));
    }
    scanned.gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {} ({})", gap.what, count(gap.count))));
}
