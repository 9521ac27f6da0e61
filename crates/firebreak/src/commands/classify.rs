//! `firebreak classify`: what the documents under a directory hold, as numbers and as an inventory.

use super::End;
use crate::cli::ClassifyArgs;
use crate::config::Config;
use crate::output::{Output, bytes, count, counted};
use crate::redaction;
use anyhow::{Context, Result, anyhow};
use firebreak_classify::{Classes, read_classes};
use firebreak_stores::{Gap, Options, Place, ScanError, Scanned, State, places, scan, statement};
use firebreak_world::{RealTree, Tree, World};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Serialize)]
struct Answer<'a> {
    resource: &'a str,
    #[serde(flatten)]
    scanned: &'a Scanned,
}

/// A finding of one file.
#[derive(Serialize)]
struct InFile<'a> {
    file: &'a Path,
    #[serde(flatten)]
    place: &'a Place,
}

#[derive(Serialize)]
struct Places<'a> {
    places: u64,
    files: u64,
    gaps: &'a [Gap],
}

/// Runs the command.
pub(super) fn run(args: &ClassifyArgs, config: &Config, output: Output) -> Result<End> {
    if args.places { tell_places(args, output) } else { count_records(args, config, output) }
}

/// What the owner calls a class of data, and the text that says so.
fn classes(args: &ClassifyArgs) -> Result<(String, Classes)> {
    let Some(path) = &args.classes else { return Ok((String::new(), Classes::all())) };
    let text = fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
    let custom = read_classes(&text).map_err(|error| anyhow!("`{}`: {error}", path.display()))?;
    Ok((text, Classes::all().with(custom)))
}

fn root(args: &ClassifyArgs) -> Result<PathBuf> {
    RealTree.resolved(&args.directory).with_context(|| format!("reading `{}`", args.directory.display()))
}

fn tell_places(args: &ClassifyArgs, output: Output) -> Result<End> {
    let (root, (_, classes)) = (root(args)?, classes(args)?);
    let key = redaction::for_this_run(&World::offline());
    let (mut found, mut files) = (0, BTreeSet::new());
    let mut each = |path: &Path, place: &Place| {
        let file = path.strip_prefix(&root).unwrap_or(path);
        found += 1;
        files.insert(file.to_path_buf());
        output.text(line(file, place));
        output.object("place", &InFile { file, place });
    };
    let options = Options::default();
    let gaps = places(&RealTree, &root, (options.files, &options.limits), (&classes, &key), &mut each)
        .map_err(|error| unscanned(error, &root, &root))?;
    output.text(format!("{} in {}", counted(found, "finding"), counted(files.len() as u64, "file")));
    show_gaps(&gaps, output);
    output.object("places", &Places { places: found, files: files.len() as u64, gaps: &gaps });
    Ok(End::Done)
}

/// `notes.txt:120-131 ssn (us), high: nine digits in groups; `ssn` before it`.
fn line(file: &Path, place: &Place) -> String {
    let inside = if place.inside.is_empty() { String::new() } else { format!(" > {}", place.inside) };
    let bytes = place.bytes.as_ref().map_or_else(String::new, |bytes| format!(":{}-{}", bytes.start, bytes.end));
    let provider = place.provider.as_ref().map_or_else(String::new, |provider| format!(" ({provider})"));
    let confidence = format!("{:?}", place.confidence).to_ascii_lowercase();
    format!("{}{inside}{bytes} {}{provider}, {confidence}: {}", file.display(), place.class, place.why)
}

fn unscanned(error: ScanError, root: &Path, state: &Path) -> anyhow::Error {
    match error {
        ScanError::Unlisted(error) => anyhow!("`{}` cannot be listed: {error}", root.display()),
        ScanError::Unsaved(error) => anyhow!("`{}` cannot be written: {error}", state.display()),
    }
}

fn count_records(args: &ClassifyArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let directory = config.data_directory();
    let scans = directory.join("scans");
    world.disk.make_directory(&scans).with_context(|| format!("making `{}`", scans.display()))?;
    let key = redaction::of_installation(&world, config.fingerprint_key.as_deref(), &directory)?;
    let (root, (own, classes)) = (root(args)?, classes(args)?);
    let named = || root.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = args.name.clone().or_else(named).context("the directory has no name\nhint: give one with --name")?;
    let resource = format!("resource:file/{name}");
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
    let scanned = scan(&RealTree, &root, &options, (&classes, &key), &mut state, &mut save)
        .map_err(|error| unscanned(error, &root, &path))?;
    if let Some(file) = &args.output {
        if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            world.disk.make_directory(folder).with_context(|| format!("making `{}`", folder.display()))?;
        }
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
    show_gaps(&scanned.gaps, output);
}

fn show_gaps(gaps: &[Gap], output: Output) {
    gaps.iter().for_each(|gap| output.paragraph(0, &format!("not known: {} ({})", gap.what, count(gap.count))));
}
