//! Logs of all sources below one directory, read once for a question.

use crate::feed::Feed;
use crate::output::{Output, counted, time};
use crate::progress::{Progress, Unit};
use crate::redaction::{for_this_run, redaction};
use anyhow::{Result, bail};
use firebreak_intake::{Options, SOURCES, Source};
use firebreak_model::{Event, Time};
use firebreak_world::World;
use std::path::{Path, PathBuf};

/// Seconds after which logs count as ended, and not as what a platform has yet to deliver.
const STALE: i64 = 86_400;

/// The folders of `directory` that are named after a source, each with it.
///
/// # Errors
/// If there is none.
pub(super) fn folders(world: &World, directory: &Path) -> Result<Vec<(&'static dyn Source, PathBuf)>> {
    let all = SOURCES.iter().copied().map(|source| (source, directory.join(source.name())));
    let here: Vec<_> = all.filter(|(_, folder)| world.disk.is_directory(folder)).collect();
    if here.is_empty() {
        let names = SOURCES.iter().map(|source| source.name()).collect::<Vec<_>>().join(", ");
        bail!("`{}` has no folder named after a source\nhint: the sources are {names}", directory.display());
    }
    Ok(here)
}

/// The time that an answer is of: what was asked for; otherwise now, or the end of the logs where they end earlier, which is then
/// said. Held against a later time, logs that ended say of everything that nobody touched it.
///
/// # Errors
/// As [`each`].
pub(super) fn answered_at(
    world: &World,
    asked: Option<Time>,
    directory: Option<&Path>,
    output: Output,
) -> Result<Time> {
    let now = world.clock.now();
    let (None, Some(directory)) = (asked, directory) else { return Ok(asked.unwrap_or(now)) };
    let mut last: Option<Time> = None;
    each(world, directory, &mut Vec::new(), output, |event| last = last.max(Some(event.time)))?;
    match last.filter(|last| last.plus_seconds(STALE) < now) {
        Some(end) => {
            output.text(format!("as of {}, when the logs end; --as-of asks for another time", time(end)));
            Ok(end)
        }
        None => Ok(now),
    }
}

/// Gives `each` every event of the folders below `directory` that are named after a source, in the order of time. What could
/// not be read is added to `gaps`.
///
/// # Errors
/// If there is no such folder.
pub(super) fn each(
    world: &World,
    directory: &Path,
    gaps: &mut Vec<String>,
    output: Output,
    mut each: impl FnMut(&Event),
) -> Result<()> {
    let here = folders(world, directory)?.into_iter();
    let inputs: Vec<_> = here.map(|(source, folder)| (source, vec![folder.display().to_string()])).collect();
    let redact = redaction(for_this_run(world));
    let mut feed = Feed::new(world, &inputs, Options::default(), &redact);
    let (mut unread, mut progress) = (0u64, Progress::of(output, "reading logs", Unit::Of("records")));
    loop {
        let batch = feed.next_batch(10_000);
        unread += batch.luggage.quarantined.len() as u64;
        batch.events.iter().for_each(&mut each);
        progress.at(feed.read);
        if batch.luggage.last {
            break;
        }
    }
    if unread > 0 {
        gaps.push(format!("{} of the logs could not be read", counted(unread, "record")));
    }
    Ok(())
}
