//! What one command changed: a snapshot before it, one after it, and the difference.

use crate::image::ImageError;
use crate::record::{Credential, Hook, Install, Package, Snapshot};
use crate::take::{Doors, Options, take};
use std::collections::HashSet;

/// How a command ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// Takes a snapshot, lets `run` run the command, takes another one, and adds what is new. The command runs whatever becomes of
/// the first snapshot.
///
/// # Errors
/// If the command could not be started, or there is nothing to look at afterwards.
pub fn wrap(
    doors: Doors<'_>,
    options: &Options,
    command: &[String],
    run: &mut dyn FnMut() -> std::io::Result<Ended>,
) -> std::io::Result<(Result<Snapshot, ImageError>, Ended)> {
    let before = take(doors, options);
    let from = doors.clock.now();
    let ended = run()?;
    let to = doors.clock.now();
    let after = take(doors, options).map(|mut after| {
        let unknown = before.is_err().then_some("what was there before the command is not known");
        let before = before.ok();
        let install = difference(before.as_ref(), &after);
        let command = crate::credentials::quiet(command);
        after.install = Some(Install { command, from, to, exit_code: ended.code, ..install });
        after.blind_spots.extend(unknown.map(str::to_owned));
        after
    });
    Ok((after, ended))
}

fn difference(before: Option<&Snapshot>, after: &Snapshot) -> Install {
    let name = |one: &Package| (one.ecosystem, one.name.clone(), one.version.clone(), one.path.clone());
    let hook = |one: &Hook| (one.path.clone(), one.sha256.clone(), one.runs.clone(), one.size);
    let secret = |one: &Credential| (one.credential.clone(), one.place.clone());
    let (old, new) = (before.map_or(&[][..], |one| &one.packages), &after.packages);
    Install {
        command: Vec::new(),
        from: after.taken,
        to: after.taken,
        exit_code: None,
        added: lacking(new, old, name),
        removed: lacking(old, new, name),
        hooks: lacking(&after.hooks, before.map_or(&[][..], |one| &one.hooks), hook),
        credentials: lacking(&after.credentials, before.map_or(&[][..], |one| &one.credentials), secret),
    }
}

/// What is in `these` and not in `those`.
fn lacking<T: Clone, K: std::hash::Hash + Eq>(these: &[T], those: &[T], key: impl Fn(&T) -> K) -> Vec<T> {
    let known: HashSet<K> = those.iter().map(&key).collect();
    these.iter().filter(|one| !known.contains(&key(one))).cloned().collect()
}
