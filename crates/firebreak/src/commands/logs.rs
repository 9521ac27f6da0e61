//! Logs of all sources below one directory, read once for a question.

use crate::feed::Feed;
use crate::output::{Output, count, counted};
use crate::redaction::{for_this_run, redaction};
use anyhow::{Result, bail};
use firebreak_intake::{Options, SOURCES};
use firebreak_model::Event;
use firebreak_world::World;
use std::path::Path;

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
    let folder = |name: &str| directory.join(name);
    let here = SOURCES.iter().copied().filter(|source| world.disk.is_directory(&folder(source.name())));
    let inputs: Vec<_> = here.map(|source| (source, vec![folder(source.name()).display().to_string()])).collect();
    if inputs.is_empty() {
        let names = SOURCES.iter().map(|source| source.name()).collect::<Vec<_>>().join(", ");
        bail!("`{}` has no folder named after a source\nhint: the sources are {names}", directory.display());
    }
    let redact = redaction(for_this_run(world));
    let mut feed = Feed::new(world, &inputs, Options::default(), &redact);
    let mut unread = 0u64;
    loop {
        let batch = feed.next_batch(10_000);
        unread += batch.luggage.quarantined.len() as u64;
        batch.events.iter().for_each(&mut each);
        output.progress(format!("reading logs: {} records", count(feed.read)));
        if batch.luggage.last {
            break;
        }
    }
    output.progress_done();
    if unread > 0 {
        gaps.push(format!("{} of the logs could not be read", counted(unread, "record")));
    }
    Ok(())
}
