//! Events that were recorded: in log files, in directories with one folder a source, in the lake of an installation.

use crate::config::keys::nearest;
use crate::redaction::{for_this_run, redaction};
use crate::store::Store;
use anyhow::{Context, Result, bail};
use firebreak_intake::{Inputs, MissingTime, Options, Reader, SOURCES, Source, read_bytes};
use firebreak_lake::{DataFile, Lake, Row};
use firebreak_model::{Event, EventUid, Time};
use firebreak_world::World;
use std::path::Path;

/// Records read at a time.
const BATCH: usize = 10_000;
/// Samples often lack a time; nothing is kept here, so a wrong place in time misleads nobody later.
const OPTIONS: MissingTime = MissingTime::Received;

/// The source with this name.
///
/// # Errors
/// If there is none.
pub fn source(name: &str) -> Result<&'static dyn Source> {
    let names = || SOURCES.iter().map(|source| source.name());
    firebreak_intake::source(name)
        .with_context(|| format!("no source `{name}`\nhint: did you mean `{}`?", nearest(name, names())))
}

/// The source that a path names: by its file name, or by a folder on the way to it.
pub fn source_of(path: &Path) -> Option<&'static dyn Source> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let folders = path.components().rev().filter_map(|part| part.as_os_str().to_str());
    stem.into_iter().chain(folders).find_map(firebreak_intake::source)
}

/// The records in `bytes`, and how many could not be read, the first of them with its reason.
pub fn in_bytes(name: &str, bytes: &[u8], source: &dyn Source) -> (Vec<Event>, Vec<String>) {
    let world = World::offline();
    let redact = redaction(for_this_run(&world));
    let options = Options { missing_time: OPTIONS, ..Options::default() };
    let batch = read_bytes(&world, name, bytes, source, options, &redact);
    (batch.events, batch.quarantined.iter().map(|record| record.problem.to_string()).collect())
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Read {
    /// Events.
    pub events: u64,
    /// Records that are no events.
    pub quarantined: u64,
}

/// Reads the log files below `patterns` in the order of time and gives every event to `visit`. Without `source`, each is a
/// directory with one folder a source.
///
/// # Errors
/// If no source is named and no folder is named after one.
pub fn in_logs(patterns: &[String], source: Option<&'static dyn Source>, visit: &mut dyn FnMut(Event)) -> Result<Read> {
    let lanes: Vec<(&'static dyn Source, Vec<String>)> = match source {
        Some(source) => vec![(source, patterns.to_vec())],
        None => SOURCES
            .iter()
            .filter_map(|source| {
                let folders = patterns.iter().map(|pattern| Path::new(pattern).join(source.name()));
                let folders: Vec<String> =
                    folders.filter(|folder| folder.is_dir()).map(|folder| folder.display().to_string()).collect();
                (!folders.is_empty()).then_some((*source, folders))
            })
            .collect(),
    };
    if lanes.is_empty() {
        let names = SOURCES.iter().map(|source| source.name()).collect::<Vec<_>>().join(", ");
        bail!("no folder in {} is named after a source\nhint: add --source, one of {names}", patterns.join(", "));
    }
    let world = World::offline();
    let redact = redaction(for_this_run(&world));
    let options = Options { missing_time: OPTIONS, ..Options::default() };
    let mut read = Read::default();
    for (source, patterns) in lanes {
        let mut reader = Reader::new(&world, Inputs::open(&world, &patterns, source), source, options, &redact);
        loop {
            let batch = reader.next_batch(BATCH);
            if batch.is_empty() {
                break;
            }
            read.events += batch.events.len() as u64;
            read.quarantined += batch.quarantined.len() as u64;
            batch.events.into_iter().for_each(&mut *visit);
        }
    }
    Ok(read)
}

/// Reads the lake of the installation in `data` and gives every event from `from` to before `to` to `visit`.
///
/// # Errors
/// If there is no installation, or its state or lake cannot be read.
pub fn in_lake(data: &Path, from: Time, to: Time, visit: &mut dyn FnMut(Event)) -> Result<Read> {
    let world = World::offline();
    let files = lake_files(data)?;
    let lake = Lake::open(world, &data.join("lake"))?;
    let mut read = Read::default();
    for file in files.iter().filter(|file| file.to >= from && file.from < to) {
        for row in lake.read(file)?.into_iter().filter(|row| (from..to).contains(&row.time)) {
            match event(row) {
                Some(event) => {
                    read.events += 1;
                    visit(event);
                }
                None => read.quarantined += 1,
            }
        }
    }
    Ok(read)
}

/// The files of the lake, oldest first.
fn lake_files(data: &Path) -> Result<Vec<DataFile>> {
    if !data.join("state.sqlite").is_file() {
        bail!(
            "`{}` holds no installation\nhint: name the directory that `data` of the configuration names",
            data.display()
        );
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let bodies = runtime.block_on(async {
        let store = Store::open(data).await?;
        let bodies = store.lake_files().await;
        store.close().await;
        bodies
    })?;
    let mut files = bodies.iter().map(|body| serde_json::from_str(body)).collect::<Result<Vec<DataFile>, _>>()?;
    files.sort_by(|a, b| (a.from, &a.name).cmp(&(b.from, &b.name)));
    Ok(files)
}

/// The event that a row was. A record of several events is read again, and the one is picked.
fn event(row: Row) -> Option<Event> {
    let source = firebreak_intake::source(&row.source)?;
    // What is in the lake was redacted when it came.
    let (events, _) = in_bytes("lake", &row.raw, source);
    let mut found = events.into_iter().find(|event| event.uid == row.uid)?;
    found.time = row.time;
    Some(found)
}

/// The event with this uid in the lake of the installation in `data`.
///
/// # Errors
/// If the uid is not one, or the lake does not hold it.
pub fn one_of_lake(data: &Path, uid: &str) -> Result<Event> {
    let uid = u128::from_str_radix(uid, 16).map(EventUid).ok().filter(|_| uid.len() == 32);
    let uid = uid.context("an event's uid has 32 hexadecimal digits\nhint: findings list the uids of their events")?;
    let lake = Lake::open(World::offline(), &data.join("lake"))?;
    for file in lake_files(data)?.iter().rev() {
        if let Some(row) = lake.read(file)?.into_iter().find(|row| row.uid == uid) {
            return event(row).context("the event cannot be read again: its source or its form has changed");
        }
    }
    bail!("the lake does not hold the event {uid}\nhint: check --lake; only what was kept can be explained")
}
