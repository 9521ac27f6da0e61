//! The program: flags to options, the modes, what is written. Its exit code is the wrapped command's, where there is one.

use crate::args::SnapshotArgs;
use crate::limits::Limits;
use crate::record::Snapshot;
use crate::shown::shown_path;
use crate::take::{Doors, Options, Subject, stamp, take};
use crate::wrap::{Ended, wrap};
use firebreak_classify::hide;
use firebreak_model::{Fingerprinter, NodeKey, NodeKind};
use firebreak_world::{RealTree, Tree, World};
use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use zeroize::Zeroizing;

/// The variable with the key of the fingerprints.
const KEY_VARIABLE: &str = "FIREBREAK_FINGERPRINT_KEY";

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nothing to look at.
    #[error(transparent)]
    Image(#[from] crate::image::ImageError),
    /// A flag has no meaning.
    #[error("{0}")]
    Usage(String),
    /// The snapshot could not be written.
    #[error("`{0}` cannot be written: {1}")]
    Unwritten(String, io::Error),
    /// The command could not be started.
    #[error("`{0}` could not be started: {1}")]
    Unstarted(String, io::Error),
}

/// Runs the program with the process's variables; prints errors. Returns the exit code.
pub fn run(args: SnapshotArgs, variables: impl Iterator<Item = (OsString, OsString)>) -> u8 {
    let variables = variables.map(|(name, value)| (name.into_vec(), Zeroizing::new(value.into_vec()))).collect();
    let fallback = if args.command.is_empty() { 1 } else { 127 };
    match attempt(args, variables) {
        Ok(code) => code,
        Err(failure) => {
            complain(&failure.to_string());
            fallback
        }
    }
}

/// No message goes out with a secret in it, wherever it came from.
fn complain(message: &str) {
    let line = format!("error: {message}\n");
    // Nobody is left to tell where standard error is closed.
    let _ = io::stderr().write_all(&hide(line.as_bytes()));
}

fn attempt(mut args: SnapshotArgs, variables: Vec<(Vec<u8>, Zeroizing<Vec<u8>>)>) -> Result<u8, Failure> {
    let world = World::offline();
    let (fingerprinter, own) = fingerprinter(&world, args.key_file.as_deref(), &variables)?;
    let command = std::mem::take(&mut args.command);
    let (watch, every, output) = (args.watch, args.every, args.output.take());
    let options = options(args, variables, own)?;
    let doors = Doors { tree: &RealTree, clock: &*world.clock, fingerprinter: &fingerprinter };
    if !command.is_empty() {
        let output = output.unwrap_or_else(|| PathBuf::from("firebreak-snapshot.json"));
        return wrapped(&world, doors, &options, &command, &output);
    }
    let output = output.unwrap_or_else(|| PathBuf::from("-"));
    if !watch {
        let snapshot = take(doors, &options)?;
        write(&world, &output, &snapshot)?;
        return Ok(0);
    }
    let pause = Duration::try_from_secs_f64(every.max(0.1)).unwrap_or(Duration::from_secs(10));
    let mut last = None;
    loop {
        let now = stamp(doors, &options);
        if last != Some(now) {
            write(&world, &output, &take(doors, &options)?)?;
            last = Some(now);
        }
        std::thread::sleep(pause);
    }
}

/// Whether the key is of this run alone comes second.
fn fingerprinter(
    world: &World,
    file: Option<&Path>,
    variables: &[(Vec<u8>, Zeroizing<Vec<u8>>)],
) -> Result<(Fingerprinter, bool), Failure> {
    let told = variables.iter().find(|(name, _)| name == KEY_VARIABLE.as_bytes()).map(|(_, value)| value.clone());
    let (text, from) = match (file, told) {
        (Some(file), _) => {
            let bytes = world.disk.read(file);
            let shown = shown_path(file);
            (bytes.map_err(|error| Failure::Usage(format!("`{shown}` cannot be read: {error}")))?.into(), shown)
        }
        (None, Some(value)) => (value, KEY_VARIABLE.to_owned()),
        (None, None) => {
            let mut key = [0; 32];
            world.random.fill(&mut key);
            return Ok((Fingerprinter::new(key), true));
        }
    };
    let key = parsed(text.trim_ascii()).ok_or_else(|| {
        Failure::Usage(format!(
            "the fingerprint key in `{from}` is not 64 hexadecimal digits\nhint: `openssl rand -hex 32` makes one"
        ))
    })?;
    Ok((Fingerprinter::new(key), false))
}

fn parsed(text: &[u8]) -> Option<[u8; 32]> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() == 64 && text.is_ascii())?;
    let mut key = [0; 32];
    for (place, slot) in key.iter_mut().enumerate() {
        *slot = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(key)
}

fn options(args: SnapshotArgs, variables: Vec<(Vec<u8>, Zeroizing<Vec<u8>>)>, own: bool) -> Result<Options, Failure> {
    let environment = match args.environment {
        None => None,
        Some(text) => {
            Some(NodeKey::parse(&text).filter(|key| key.kind() == NodeKind::Environment).ok_or_else(|| {
                Failure::Usage(format!(
                    "`{text}` is not the key of an environment\nhint: write `environment:host/<name>`"
                ))
            })?)
        }
    };
    let subject = match (args.root, args.image) {
        (Some(root), _) => {
            let real = RealTree.resolved(&root);
            Subject::Root(
                real.map_err(|error| Failure::Usage(format!("`{}` cannot be read: {error}", shown_path(&root))))?,
            )
        }
        (None, Some(image)) => Subject::Image(RealTree.resolved(&image).unwrap_or(image)),
        (None, None) => Subject::Here,
    };
    let mut blind = Vec::new();
    if own {
        blind.push("no fingerprint key was given: fingerprints here join with no other snapshot's");
    }
    Ok(Options {
        subject,
        environment,
        cluster: args.cluster,
        hashed: args.hashed,
        network_mounts: args.network_mounts,
        limits: Limits { seconds: args.max_seconds, ..Limits::default() },
        variables,
        blind,
    })
}

fn wrapped(
    world: &World,
    doors: Doors<'_>,
    options: &Options,
    command: &[OsString],
    output: &Path,
) -> Result<u8, Failure> {
    let Some((name, rest)) = command.split_first() else { return Ok(0) };
    let words: Vec<String> = command.iter().map(shown_path).collect();
    let mut start = || {
        let status = std::process::Command::new(name).args(rest).status()?;
        Ok(Ended { code: status.code(), signal: status.signal() })
    };
    let started = wrap(doors, options, &words, &mut start);
    let (snapshot, ended) = started.map_err(|error| Failure::Unstarted(shown_path(name), error))?;
    // The command's own outcome is what a build waits for, whatever becomes of the snapshot.
    if let Err(failure) = snapshot.map_err(Failure::from).and_then(|snapshot| write(world, output, &snapshot)) {
        complain(&failure.to_string());
    }
    let code = ended.code.or_else(|| ended.signal.map(|signal| 128 + signal)).unwrap_or(1);
    Ok(u8::try_from(code & 0xff).unwrap_or(1))
}

/// The bytes of a snapshot. What looks like a secret after all is hidden.
pub fn bytes(snapshot: &Snapshot) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(snapshot).unwrap_or_default();
    bytes.push(b'\n');
    hide(&bytes).into_owned()
}

fn write(world: &World, output: &Path, snapshot: &Snapshot) -> Result<(), Failure> {
    let bytes = bytes(snapshot);
    let done = match output == Path::new("-") {
        true => io::stdout().lock().write_all(&bytes).and_then(|()| io::stdout().flush()),
        false => world.disk.write(output, &bytes),
    };
    done.map_err(|error| Failure::Unwritten(shown_path(output), error))
}
