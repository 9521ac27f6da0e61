//! Walking a directory of inventories.

use crate::key::account_of;
use crate::merge::{merge, resources};
use crate::report::Report;
use crate::scanner::{Found, KnownResource, Owned, ScanInput, Scanner, Surroundings, parts};
use crate::scanners::SCANNERS;
use firebreak_model::{NodeKey, Text, Time};
use firebreak_world::{FileMeta, World};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

/// The largest file that is read, in bytes. A larger one is a problem, and its scope is incomplete.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// How much of a file a scanner sees to recognise it, in bytes.
const HEAD_BYTES: u64 = 4096;

/// Every file below `directory` that a scanner recognises, read and merged: one fact a node and an edge, usual cuts
/// added, the owner's cut policies applied. `known` is when we learnt all this.
///
/// Files that nobody recognises are left alone unless they look like an inventory (JSON).
pub fn scan_directory(world: &World, directory: &Path, known: Time) -> Found {
    let mut surroundings = Surroundings::default();
    let found = scan_with(world, directory, known, &mut surroundings);
    merge(found, directory.display().to_string(), &surroundings.aws_accounts)
}

/// The same, file by file and unmerged, each with its own scope and completeness: what a store needs to retire facts.
pub fn scan_each(world: &World, directory: &Path, known: Time) -> Vec<Found> {
    scan_with(world, directory, known, &mut Surroundings::default())
}

/// One AWS account by itself: the file with its authorisation details, or the directory in which that file and those
/// beside it are. An error says what is wrong and what to do.
pub fn scan_aws_account(world: &World, path: &Path, known: Time) -> Result<Found, String> {
    let scanner = &crate::scanners::aws_authorization_details::SCANNER;
    let file = account_file(world, path)?;
    let root = file.parent().unwrap_or(Path::new(""));
    let relative = file.strip_prefix(root).unwrap_or(&file);
    let meta = world.disk.meta(&file).map_err(|error| cannot_read(&file, &error))?;
    if meta.size > MAX_FILE_BYTES {
        return Err(format!(
            "`{}` has {} bytes, more than the {MAX_FILE_BYTES} that are read",
            file.display(),
            meta.size
        ));
    }
    let bytes = world.disk.read(&file).map_err(|error| cannot_read(&file, &error))?;
    let bytes = firebreak_classify::hide(&bytes);
    let surroundings = Surroundings::default();
    let input = ScanInput { path: relative, bytes: &bytes, known, surroundings: &surroundings, world, root };
    let found = scanner.scan(&input);
    if found.facts.is_empty() {
        let why = found.problems.first().map(|problem| problem.reason.clone()).unwrap_or_default();
        return Err(format!(
            "`{}` does not describe an AWS account: {why}\nhint: write it with `aws iam get-account-authorization-details`",
            file.display()
        ));
    }
    Ok(found)
}

/// The file with the authorisation details: `path` itself, or the one in it.
fn account_file(world: &World, path: &Path) -> Result<std::path::PathBuf, String> {
    let Ok(files) = world.disk.list(path) else { return Ok(path.to_owned()) };
    if files.iter().any(|file| file.path == path) {
        return Ok(path.to_owned());
    }
    let details =
        files.iter().find(|file| file.path.file_name().is_some_and(|name| name == "authorization-details.json"));
    let hint = "hint: name the file, or call it `authorization-details.json`";
    details
        .map(|file| file.path.clone())
        .ok_or_else(|| format!("no `authorization-details.json` in `{}`\n{hint}", path.display()))
}

fn cannot_read(path: &Path, error: &std::io::Error) -> String {
    format!("cannot read `{}`: {error}\nhint: check the path and its permissions", path.display())
}

fn scan_with(world: &World, root: &Path, known: Time, surroundings: &mut Surroundings) -> Vec<Found> {
    const HINT: &str = "check the path and its permissions";
    let walked = match world.disk.walk(root) {
        Ok(walked) => walked,
        Err(error) => return vec![failed("inventory", root, format!("cannot be listed: {error}"), HINT)],
    };
    let unlisted = walked.unread.iter();
    let mut found: Vec<Found> = unlisted
        .map(|(path, error)| {
            let relative = path.strip_prefix(root).unwrap_or(path);
            failed("inventory", relative, format!("cannot be listed: {error}"), HINT)
        })
        .collect();
    let files = walked.files;
    let mut later = Vec::new();
    for file in &files {
        let relative = file.path.strip_prefix(root).unwrap_or(&file.path);
        match recognise(world, file, relative) {
            Ok(Some(scanner)) if scanner.needs_resources() => later.push((file, relative, scanner)),
            Ok(Some(scanner)) => found.push(read(world, root, (file, relative, scanner), known, surroundings)),
            Ok(None) => found.extend(unrecognised(relative)),
            Err(error) => {
                let reason = format!("cannot be read: {error}");
                found.push(failed("inventory", relative, reason, "check its permissions"));
            }
        }
    }
    surroundings.aws_accounts = accounts(later.iter().map(|(_, relative, _)| *relative));
    let named = owned(world, root, &later, known);
    // The owner's own word on who owns a thing stands before that of an export.
    let mut owners: BTreeMap<_, _> = named.iter().map(|owned| (owned.key.clone(), owned.account.clone())).collect();
    owners.extend(found.iter().flat_map(|part| part.owners.iter().cloned()));
    let mut keys: BTreeSet<NodeKey> = resources(&found).into_iter().filter(|key| key.system() == "aws").collect();
    keys.extend(named.iter().filter(|owned| owned.guarded).map(|owned| owned.key.clone()));
    surroundings.aws_guarded = named.into_iter().filter(|owned| owned.guarded).map(|owned| owned.key).collect();
    let resource = |key: NodeKey| {
        let account = account_of(key.name()).map(Text::new).or_else(|| owners.get(&key).cloned());
        KnownResource { key, account }
    };
    surroundings.resources = keys.into_iter().map(resource).collect();
    found.extend(later.into_iter().map(|file| read(world, root, file, known, surroundings)));
    found
}

/// The resources that files name of which all must be known before any is read.
fn owned(world: &World, root: &Path, later: &[(&FileMeta, &Path, &'static dyn Scanner)], known: Time) -> Vec<Owned> {
    let surroundings = Surroundings::default();
    let mut owned = Vec::new();
    for (file, relative, scanner) in later {
        if !scanner.names_resources(relative) || file.size > MAX_FILE_BYTES {
            continue;
        }
        if let Ok(bytes) = world.disk.read(&file.path) {
            let input = ScanInput { path: relative, bytes: &bytes, known, surroundings: &surroundings, world, root };
            owned.extend(scanner.resources(&input));
        }
    }
    owned
}

/// The scanner for a file, by its path and its first bytes.
fn recognise(world: &World, file: &FileMeta, relative: &Path) -> std::io::Result<Option<&'static dyn Scanner>> {
    let mut head = Vec::new();
    world.disk.open(&file.path, 0)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(SCANNERS.iter().copied().find(|scanner| scanner.recognises(relative, &head)))
}

fn failed(scanner: &'static str, path: &Path, reason: String, hint: &str) -> Found {
    let mut report = Report::new(scanner, path);
    report.add(reason, hint);
    Found { problems: report.finish(), scope: path.display().to_string(), ..Found::default() }
}

fn read(
    world: &World,
    root: &Path,
    (file, relative, scanner): (&FileMeta, &Path, &'static dyn Scanner),
    known: Time,
    surroundings: &Surroundings,
) -> Found {
    if file.size > MAX_FILE_BYTES {
        let reason = format!("{} bytes are more than the {MAX_FILE_BYTES} that are read", file.size);
        return failed(scanner.name(), relative, reason, "split the export");
    }
    match world.disk.read(&file.path) {
        Ok(bytes) => {
            // People leave secrets in scripts and settings: from here on they are gone.
            let bytes = firebreak_classify::hide(&bytes);
            let input = ScanInput { path: relative, bytes: &bytes, known, surroundings, world, root };
            scanner.scan(&input)
        }
        Err(error) => failed(scanner.name(), relative, format!("cannot be read: {error}"), "check its permissions"),
    }
}

/// A file that nobody reads is a problem where it looks like an inventory.
fn unrecognised(relative: &Path) -> Option<Found> {
    let json = relative.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    json.then(|| {
        let names: Vec<&str> = SCANNERS.iter().map(|scanner| scanner.name()).collect();
        let reason = "no scanner recognises this file".to_owned();
        failed("inventory", relative, reason, &format!("see the pages of the scanners: {}", names.join(", ")))
    })
}

/// The accounts in the paths `aws/<account>/…`, ordered.
fn accounts<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<Text> {
    let number = |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut accounts: Vec<Text> =
        paths.filter_map(|path| parts(path).into_iter().find(number).map(Text::new)).collect();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}
