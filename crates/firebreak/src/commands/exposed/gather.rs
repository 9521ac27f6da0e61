//! What verdicts are made of: inventories, logs and files that list packages, from wherever they were named.

use super::archives;
use crate::commands::logs;
use crate::estate::{Estate, Packages};
use crate::output::Output;
use crate::progress::{Progress, Unit};
use crate::redaction::{for_this_run, redaction};
use anyhow::{Result, bail};
use firebreak_exposure::{EvidenceBook, Profile, judge_file, judge_recipe, observe, observe_text, places};
use firebreak_fleet::owners::{CodeOwners, PLACES};
use firebreak_intake::{Inputs, Options, Reader, SOURCES, Source};
use firebreak_inventory::{ListedFile, listings};
use firebreak_model::{EnvironmentEvidence, Judgement, NodeKey, Position, Problem, Text};
use firebreak_world::{FileMeta, Walk, World};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The largest text log that is read, in bytes.
const TEXT_LOG_MAX: u64 = 256 << 20;

/// Where to look.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted<'a> {
    /// Folders and files of any kind.
    pub(crate) paths: &'a [PathBuf],
    /// A directory with one folder per source.
    pub(crate) logs: Option<&'a Path>,
    /// Directories of inventories.
    pub(crate) inventory: &'a [PathBuf],
}

/// The evidence, and what could not be read.
#[derive(Default)]
pub(crate) struct Gathered {
    book: EvidenceBook,
    files: BTreeMap<NodeKey, ListedFile>,
    owners: Vec<(String, CodeOwners)>,
    pub(crate) problems: Vec<Problem>,
}

/// Reads everything that is `wanted`.
///
/// # Errors
/// If nothing was named, a path is not there, or nothing in them says what was installed.
pub(crate) fn gather(world: &World, wanted: Wanted<'_>, output: Output) -> Result<Gathered> {
    if wanted.paths.is_empty() && wanted.logs.is_none() && wanted.inventory.is_empty() {
        bail!("nothing to look at\nhint: name folders of lockfiles, logs and snapshots, or --logs and --inventory");
    }
    if let Some(missing) = wanted.paths.iter().find(|path| !path.exists()) {
        bail!("there is no `{}`\nhint: name a folder or a file", missing.display());
    }
    let mut gathered = Gathered::default();
    let estate = Estate::read(world, wanted.inventory, world.clock.now(), &Packages::default());
    gathered.problems.extend(estate.problems);
    estate.evidence.iter().for_each(|evidence| gathered.book.add_evidence(evidence));
    if let Some(logs) = wanted.logs {
        gathered.named_logs(world, logs, output)?;
    }
    for path in wanted.paths {
        gathered.path(world, path, output);
    }
    if !wanted.paths.is_empty() && gathered.files.is_empty() && gathered.book.environments().next().is_none() {
        bail!(
            "nothing there says what was installed or run: that is unknown, not clear\nhint: docs/exposed.md lists the \
             lockfiles, manifests, bills of materials, logs and snapshots that are read"
        );
    }
    Ok(gathered)
}

impl Gathered {
    /// The verdict on every place under every profile, ordered by place and then as `profiles` are.
    pub(crate) fn judge(&self, profiles: &[Profile]) -> Vec<Judgement> {
        let mut judgements = self.book.judge_all(profiles);
        for file in self.files.values() {
            let judged = profiles.iter().filter_map(|profile| match file.recipe {
                true => judge_recipe(profile, &file.evidence),
                false => Some(judge_file(profile, &file.evidence, file.brings.as_deref())),
            });
            judgements.extend(judged);
        }
        judgements.sort_by(|a, b| a.environment.cmp(&b.environment));
        judgements
    }

    /// The recipes that were read: workflows, actions, pipelines, Dockerfiles and Compose files.
    pub(crate) fn recipes(&self) -> impl Iterator<Item = &NodeKey> {
        self.files.values().filter(|file| file.recipe).map(|file| &file.evidence.environment)
    }

    /// All that is known of each environment; files that lie alone are none.
    pub(crate) fn environments(&self) -> Vec<EnvironmentEvidence> {
        self.book.environments().filter_map(|environment| self.book.evidence(environment)).collect()
    }

    /// All that is known of one place.
    pub(crate) fn evidence(&self, environment: &NodeKey) -> Option<EnvironmentEvidence> {
        match self.files.get(environment) {
            Some(file) => Some(file.evidence.clone()),
            None => self.book.evidence(environment),
        }
    }

    /// Where what decides a verdict was read.
    pub(crate) fn places(&self, profile: &Profile, environment: &NodeKey) -> Vec<Text> {
        match self.files.get(environment) {
            Some(file) => {
                let within = file.brings.as_ref().map(|brings| profile.within(brings));
                let found = places(within.as_ref().unwrap_or(profile), &file.evidence);
                if found.is_empty() { vec![Text::new(environment.name())] } else { found }
            }
            None => self.book.evidence(environment).map(|evidence| places(profile, &evidence)).unwrap_or_default(),
        }
    }

    /// Who owns the file that a place is, by the `CODEOWNERS` of the folder that was named.
    pub(crate) fn owners(&self, environment: &NodeKey) -> Vec<Text> {
        let path = environment.name();
        let below = |root: &str| match root.is_empty() {
            true => Some(path),
            false => path.strip_prefix(root)?.strip_prefix('/'),
        };
        let found = self.owners.iter().find_map(|(root, owners)| Some(owners.of(below(root)?).to_vec()));
        found.filter(|_| environment.system() == "file").unwrap_or_default()
    }

    fn path(&mut self, world: &World, path: &Path, output: Output) {
        let walked = match world.disk.is_directory(path) {
            true => world.disk.walk(path),
            false => world.disk.meta(path).map(|file| Walk { files: vec![file], ..Walk::default() }),
        };
        let Walk { files, unread } = match walked {
            Ok(walked) => walked,
            Err(error) => return self.unread("file", &relative(path), format!("cannot be read: {error}")),
        };
        for (folder, error) in unread {
            self.unread("file", &relative(&folder), format!("cannot be listed: {error}"));
        }
        if world.disk.is_directory(path) {
            self.inventory(world, path);
            self.code_owners(world, path);
        }
        let roots = self.source_folders(world, path, &files, output);
        let mut progress = Progress::of(output, "reading", Unit::Of("files")).out_of(files.len() as u64);
        for (done, file) in (1..).zip(&files) {
            progress.at(done);
            if !roots.iter().any(|root| file.path.starts_with(root)) {
                self.text_log(world, file, "log");
            }
        }
        drop(progress);
        for file in &files {
            let below_source = folder_of_source(path, &file.path).is_some();
            if archives::is_archive(file, below_source) {
                self.archive(world, path, file, below_source, output);
            }
        }
        let found = listings(world, path, &files);
        self.problems.extend(found.problems);
        let own =
            |file: &ListedFile| !roots.iter().any(|root| Path::new(file.evidence.environment.name()).starts_with(root));
        let files = found.files.into_iter().filter(own);
        self.files.extend(files.map(|file| (file.evidence.environment.clone(), file)));
    }

    /// Logs in an archive: as if they lay in its folder where that is a source's, else each a place of its own.
    fn archive(&mut self, world: &World, root: &Path, file: &FileMeta, below_source: bool, output: Output) {
        let folder = archives::folder(&file.path, below_source);
        let within = match archives::opened(world, &file.path, &folder) {
            Ok(within) => within,
            Err(error) => return self.unread("log", &relative(&file.path), format!("cannot be read: {error}")),
        };
        let files = within.disk.list(&folder).unwrap_or_default();
        let read = self.book.environments().count();
        if below_source {
            self.source_folders(&within, root, &files, output);
        } else {
            // Of the lines that GitHub's archive has twice, those of whole jobs.
            let whole = |file: &&FileMeta| file.path.parent() == Some(folder.as_path());
            let jobs: Vec<&FileMeta> = files.iter().filter(whole).collect();
            let all = if jobs.is_empty() { files.iter().collect() } else { jobs };
            all.into_iter().for_each(|file| self.text_log(&within, file, "txt"));
        }
        if files.is_empty() && self.book.environments().count() == read {
            self.unread("log", &relative(&file.path), "no log is in it".to_owned());
        }
    }

    /// A file or folder that could not be read: a place of which nothing is known.
    fn unread(&mut self, system: &'static str, path: &str, reason: String) {
        self.book.add_evidence(&EnvironmentEvidence {
            environment: NodeKey::environment(system, path),
            runs: Vec::new(),
            observations: Vec::new(),
            gaps: vec![format!("{path}: {reason}")],
        });
        self.problems.push(Problem {
            source: Text::new_static(system),
            position: Position { input: path.to_owned(), ..Position::default() },
            reason,
            hint: "check the file and its permissions; what it would have said is unknown".to_owned(),
        });
    }

    /// What scanners recognise: snapshots, runs, workflows, clusters. A folder holds much that is no inventory.
    fn inventory(&mut self, world: &World, path: &Path) {
        let inner = path.join("inventory");
        let root = if world.disk.is_directory(&inner) { inner } else { path.to_path_buf() };
        let estate = Estate::read(world, &[root], world.clock.now(), &Packages::default());
        let other = |problem: &Problem| problem.reason == "no scanner recognises this file";
        self.problems.extend(estate.problems.into_iter().filter(|problem| !other(problem)));
        estate.evidence.iter().for_each(|evidence| self.book.add_evidence(evidence));
    }

    fn code_owners(&mut self, world: &World, path: &Path) {
        let texts = PLACES.iter().map(|name| path.join(name));
        let found = texts.filter_map(|file| Some((world.disk.read(&file).ok()?, file))).next();
        let Some((text, file)) = found else { return };
        let (owners, problems) = CodeOwners::parse(&file.display().to_string(), &String::from_utf8_lossy(&text));
        self.problems.extend(problems);
        let root = path.display().to_string();
        let root = root.strip_prefix("./").unwrap_or(&root).trim_end_matches('/');
        self.owners.push((if root == "." { String::new() } else { root.to_owned() }, owners));
    }

    /// Reads what lies in folders named after a source that tells of installs; gives those folders.
    fn source_folders(&mut self, world: &World, path: &Path, files: &[FileMeta], output: Output) -> BTreeSet<PathBuf> {
        let mut roots: BTreeMap<PathBuf, &'static dyn Source> = BTreeMap::new();
        // Archives are opened by themselves.
        for file in files.iter().filter(|file| !archives::is_archive(file, true)) {
            roots.extend(folder_of_source(path, &file.path));
        }
        for (root, source) in &roots {
            self.source(world, *source, root, output);
        }
        roots.into_keys().collect()
    }

    /// Reads the folders of `logs` that are named after a source.
    fn named_logs(&mut self, world: &World, logs: &Path, output: Output) -> Result<()> {
        for (source, folder) in logs::folders(world, logs)?.into_iter().filter(|(source, _)| tells(*source)) {
            self.source(world, source, &folder, output);
        }
        Ok(())
    }

    fn source(&mut self, world: &World, source: &'static dyn Source, folder: &Path, output: Output) {
        let redact = redaction(for_this_run(world));
        let inputs = Inputs::open(world, &[folder.display().to_string()], source);
        let mut reader = Reader::new(world, inputs, source, Options::default(), &redact);
        let (mut read, mut progress) = (0, Progress::of(output, source.name(), Unit::Of("records")));
        loop {
            let batch = reader.next_batch(10_000);
            if batch.is_empty() {
                return;
            }
            batch.events.iter().flat_map(observe).for_each(|seen| self.book.add(&seen));
            self.problems.extend(batch.quarantined.iter().map(|record| record.problem.clone()));
            read += batch.read;
            progress.at(read);
        }
    }

    /// A log that lies alone: a job's or an installer's output that someone saved.
    fn text_log(&mut self, world: &World, file: &FileMeta, ends: &str) {
        let ending = file.path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !ending.eq_ignore_ascii_case(ends) || file.path.components().any(|part| part.as_os_str() == ".git") {
            return;
        }
        let path = &relative(&file.path);
        if file.size > TEXT_LOG_MAX {
            return self.unread("log", path, format!("{} bytes are more than are read of one log", file.size));
        }
        match world.disk.read(&file.path) {
            Ok(bytes) => {
                let bytes = firebreak_classify::hide(&bytes);
                let environment = NodeKey::environment("log", path);
                let text = String::from_utf8_lossy(&bytes);
                observe_text(&environment, path, &text).iter().for_each(|seen| self.book.add(seen));
            }
            Err(error) => self.unread("log", path, format!("cannot be read: {error}")),
        }
    }
}

/// The outermost folder below `root` and above `file` that is named after a source, with that source.
fn folder_of_source(root: &Path, file: &Path) -> Option<(PathBuf, &'static dyn Source)> {
    let folders: Vec<&Path> = file.strip_prefix(root).unwrap_or(file).ancestors().skip(1).collect();
    folders.iter().rev().find_map(|folder| {
        let name = folder.file_name()?;
        let source = telling().find(|source| *source.name() == *name)?;
        Some((root.join(folder), source))
    })
}

/// A path as people write it: without `./` before it.
fn relative(path: &Path) -> String {
    let shown = path.display().to_string();
    shown.strip_prefix("./").map(str::to_owned).unwrap_or(shown)
}

/// The sources whose events say what was installed or run.
fn telling() -> impl Iterator<Item = &'static dyn Source> {
    SOURCES.iter().copied().filter(|source| tells(*source))
}

/// Whether events of the source say what was installed or run.
fn tells(source: &dyn Source) -> bool {
    firebreak_exposure::observe::SOURCES.contains(&source.name())
}
