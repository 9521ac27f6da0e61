//! `firebreak profile`: an incident profile begun, checked, and compared by what it changes and for whom.

use super::exposed::chosen;
use super::exposed::gather::{Gathered, Wanted, gather};
use super::{End, show_problems};
use crate::authoring::profile as draft;
use crate::cli::{ProfileArgs, ProfileCheckArgs, ProfileCommand, ProfileDiffArgs, ProfileNewArgs};
use crate::config::Config;
use crate::content;
use crate::output::{Output, count, counted, short};
use anyhow::{Context, Result, anyhow, bail};
use firebreak_exposure::{Profile, difference};
use firebreak_model::{Position, Problem, Text, Verdict};
use firebreak_world::World;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Runs the command.
pub(super) fn run(args: &ProfileArgs, config: &Config, output: Output) -> Result<End> {
    match &args.command {
        ProfileCommand::New(args) => new(args, output),
        ProfileCommand::Check(args) => check(args, output),
        ProfileCommand::Diff(args) => diff(args, config, output),
    }
}

#[derive(Serialize)]
struct New<'a> {
    profile: &'a str,
    files: Vec<String>,
}

fn new(args: &ProfileNewArgs, output: Output) -> Result<End> {
    let record = match &args.from {
        Some(path) => Some(record(path)?),
        None => None,
    };
    let now = World::offline().clock.now();
    let files = draft::write(&args.directory, &args.name, record.as_ref(), now)?;
    let files: Vec<String> = files.iter().map(|path| path.display().to_string()).collect();
    files.iter().for_each(|file| output.text(format!("wrote {file}")));
    output.text("next: fill in what is a comment, and say in the page what is not agreed");
    output.text(format!("next: firebreak profile check {}", args.directory.join(&args.name).display()));
    output.object("profile_new", &New { profile: &args.name, files });
    Ok(End::Done)
}

/// The one record in the file at `path`.
fn record(path: &Path) -> Result<firebreak_advisory::Record> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let mut reading = firebreak_advisory::read(&path.display().to_string(), &bytes);
    show_problems(&reading.problems);
    match (reading.records.pop(), reading.records.is_empty()) {
        (Some(record), true) => {
            if record.withdrawn.is_some() {
                eprintln!("warning: `{}` was withdrawn and says nothing any more", record.id);
            }
            Ok(record)
        }
        (None, _) => {
            bail!("`{}` holds no advisory\nhint: name a record in OSV's or the CVE list's JSON", path.display())
        }
        (Some(_), false) => bail!("`{}` holds several advisories\nhint: name a file with one", path.display()),
    }
}

#[derive(Default, Serialize)]
struct Checked {
    profiles: usize,
    problems: usize,
}

fn check(args: &ProfileCheckArgs, output: Output) -> Result<End> {
    let (mut checked, mut problems) = (Checked::default(), Vec::new());
    for folder in folders(&args.folders)? {
        checked.profiles += 1;
        problems.extend(faults(&folder)?);
    }
    for problem in &problems {
        output.object("problem", problem);
        output.text(format!("{problem}\n"));
    }
    checked.problems = problems.len();
    output.text(format!(
        "{}, {}",
        counted(checked.profiles as u64, "profile"),
        counted(checked.problems as u64, "problem")
    ));
    output.object("profile_check", &checked);
    Ok(if problems.is_empty() { End::Done } else { End::NeedsPerson })
}

/// The profiles' folders that `paths` mean: each itself, or those in it.
fn folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in paths {
        if path.join("profile.toml").is_file() {
            found.push(path.clone());
            continue;
        }
        let inner = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut inner: Vec<PathBuf> = inner.filter(|folder| folder.join("profile.toml").is_file()).collect();
        if inner.is_empty() {
            bail!(
                "`{}` is no profile and holds none: there is no `profile.toml`\nhint: name a profile's folder, or the \
                 folder of them",
                path.display()
            );
        }
        inner.sort();
        found.extend(inner);
    }
    Ok(found)
}

fn faults(folder: &Path) -> Result<Vec<Problem>> {
    let problem = |file: &str, reason: String, hint: &str| Problem {
        source: Text::new_static("profile"),
        position: Position { input: folder.join(file).display().to_string(), ..Position::default() },
        reason,
        hint: hint.to_owned(),
    };
    let mut faults = Vec::new();
    match read(&folder.join("profile.toml"))? {
        Ok(profile) => {
            let name = folder.canonicalize().ok().and_then(|path| Some(path.file_name()?.to_str()?.to_owned()));
            if name.as_deref().is_some_and(|name| *name != *profile.id) {
                let reason = format!("the id `{}` is not the folder's name", profile.id);
                faults.push(problem("profile.toml", reason, "call both alike: verdicts are told by the id"));
            }
        }
        Err(problems) => faults.extend(problems),
    }
    let page = std::fs::read_to_string(folder.join("page.md")).unwrap_or_default();
    if page.trim().is_empty() {
        let hint = "write what happened, and what sources do not agree about";
        faults.push(problem("page.md", "there is no page".to_owned(), hint));
    }
    Ok(faults)
}

fn read(path: &Path) -> Result<Result<Profile, Vec<Problem>>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(Profile::parse(&path.display().to_string(), &text))
}

/// The profile in a folder or file, whole or not at all.
fn given(path: &Path) -> Result<Profile> {
    let file = if path.is_dir() { path.join("profile.toml") } else { path.to_path_buf() };
    read(&file)?.map_err(|problems| {
        show_problems(&problems);
        anyhow!("`{}` is no profile that can be judged by\nhint: `firebreak profile check` says why", path.display())
    })
}

#[derive(Serialize)]
struct Changed<'a> {
    environment: &'a str,
    profile: &'a str,
    before: Option<&'static str>,
    after: Option<&'static str>,
    decided_by: &'a [String],
    owners: Vec<Text>,
}

#[derive(Serialize)]
struct Difference {
    profile: Text,
    before: u32,
    after: u32,
    places: usize,
    changed: usize,
    graver: usize,
    milder: usize,
}

fn diff(args: &ProfileDiffArgs, config: &Config, output: Output) -> Result<End> {
    let world = World::offline();
    let (before, mut after) = match &args.after {
        Some(after) => (given(&args.before)?, given(after)?),
        // One profile alone is what shall take the place of the installed one.
        None => {
            let after = given(&args.before)?;
            let (installed, problems) = content::profiles(world.disk.as_ref(), &config.exposure.profiles);
            show_problems(&problems);
            let before = chosen(installed, Some(&after.id))?.remove(0);
            (before, after)
        }
    };
    // Two copies of one incident may have been given two names.
    after.id = before.id.clone();
    let wanted = Wanted { paths: &args.paths, logs: args.logs.as_deref(), inventory: &args.inventory };
    let gathered = gather(&world, wanted, output)?;
    show_problems(&gathered.problems);
    Ok(compare(&gathered, &before, &after, output))
}

fn compare(gathered: &Gathered, before: &Profile, after: &Profile, output: Output) -> End {
    let old = gathered.judge(std::slice::from_ref(before));
    let new = gathered.judge(std::slice::from_ref(after));
    let changes = difference(&old, &new);
    let verdict = |state: Option<(Verdict, u32)>| state.map(|(verdict, _)| verdict);
    for change in &changes {
        let (was, is) = (verdict(change.before).map(Verdict::word), verdict(change.after).map(Verdict::word));
        let owners = gathered.owners(&change.environment);
        output.text(format!(
            "{} -> {}  {}",
            was.unwrap_or("not judged"),
            is.unwrap_or("not judged"),
            short(change.environment.as_str(), 70)
        ));
        output.paragraph(4, &change.decided_by.join("; "));
        if !owners.is_empty() {
            output.paragraph(4, &format!("owners: {}", owners.join(", ")));
        }
        let shown = Changed {
            environment: change.environment.as_str(),
            profile: &change.profile,
            before: was,
            after: is,
            decided_by: &change.decided_by,
            owners,
        };
        output.object("verdict_change", &shown);
    }
    let graver = changes.iter().filter(|change| verdict(change.after) > verdict(change.before)).count();
    let told = Difference {
        profile: before.id.clone(),
        before: before.revision,
        after: after.revision,
        places: new.len(),
        changed: changes.len(),
        graver,
        milder: changes.len() - graver,
    };
    output.text(format!(
        "{} of {} changed: {} graver, {} milder",
        count(told.changed as u64),
        counted(told.places as u64, "verdict"),
        count(told.graver as u64),
        count(told.milder as u64)
    ));
    if !changes.is_empty() && told.after <= told.before {
        output.text("next: count the profile's revision up, so that the change is told");
    }
    output.object("profile_diff", &told);
    if changes.is_empty() { End::Done } else { End::NeedsPerson }
}
