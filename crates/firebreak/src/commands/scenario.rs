//! `firebreak scenario`: writes the packaged incident to a directory.

use super::{End, spec};
use crate::cli::ScenarioArgs;
use crate::output::{Output, bytes, count};
use crate::progress::{Progress, Unit};
use anyhow::{Context, Result, bail};
use firebreak_scenario::{Spec, generate};
use serde::Serialize;
use std::fs;
use std::path::Path;

#[derive(Serialize)]
struct Written {
    directory: String,
    files: u64,
    bytes: u64,
}

/// Writes the scenario's files below `directory`; returns how many files and bytes.
pub(crate) fn write(spec: &Spec, directory: &Path, output: Output) -> Result<(u64, u64)> {
    let (mut files, mut size, mut failure) = (0_u64, 0_u64, None);
    let mut progress = Progress::of(output, "writing the scenario", Unit::Bytes);
    generate(spec, &mut |file| {
        let path = directory.join(file.path.strip_prefix("borrowed-sand/").unwrap_or(&file.path));
        let parent = path.parent().unwrap_or(directory);
        let done = fs::create_dir_all(parent).and_then(|()| fs::write(&path, &file.bytes));
        files += 1;
        size += file.bytes.len() as u64;
        progress.at(size);
        match done {
            Ok(()) => true,
            Err(error) => {
                failure = Some((path, error));
                false
            }
        }
    });
    drop(progress);
    match failure {
        Some((path, error)) => Err(error).with_context(|| format!("writing `{}`", path.display())),
        None => Ok((files, size)),
    }
}

/// Runs the command.
pub(super) fn run(args: &ScenarioArgs, output: Output) -> Result<End> {
    if fs::read_dir(&args.directory).is_ok_and(|mut entries| entries.next().is_some()) {
        let directory = args.directory.display();
        bail!("`{directory}` is not empty\nhint: name a new directory, or remove that one");
    }
    let (files, size) = write(&spec(&args.spec), &args.directory, output)?;
    let directory = args.directory.display().to_string();
    output.text(format!("{} files, {} in {directory}", count(files), bytes(size)));
    output.text(format!("next: firebreak exposed --logs {directory}/logs --inventory {directory}/inventory"));
    output.object("scenario", &Written { directory, files, bytes: size });
    Ok(End::Done)
}
