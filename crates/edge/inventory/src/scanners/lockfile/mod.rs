//! Lockfiles and requirement lists: what an install in an environment gives, or that nothing fixes it.
//!
//! A lock says what is installed where it was followed. That it was followed is what its folder says: a lock lies in
//! `lockfiles/<environment>/` because that environment installs from it. The formats are `firebreak_package`'s.

use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use firebreak_model::{EnvironmentEvidence, NodeKey, NodeKind, Observation, ObservationKind, Problem, Text};
use firebreak_package::CoolDown;
use firebreak_package::formats::listing::{Listed, Listing, Required, Settings};
use firebreak_package::formats::{Format, Input, Kind, recognise};
use std::path::Path;

const NAME: &str = "lockfile";

/// Reads lockfiles.
pub struct Lockfile;

/// The scanner.
pub static SCANNER: Lockfile = Lockfile;

impl Scanner for Lockfile {
    fn name(&self) -> &'static str {
        NAME
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        form(path, head).is_some()
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(NAME, input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        match environment(input) {
            Some(environment) => {
                let locked = observe(input.path, input.bytes);
                found.scope = environment.to_string();
                found.complete = locked.problems.is_empty();
                found.problems = locked.problems;
                let (observations, gaps) = (locked.observations, locked.gaps);
                found.evidence.push(EnvironmentEvidence { environment, runs: Vec::new(), observations, gaps });
            }
            None if input.parts().contains(&"lockfiles") => {
                let reason = "it is not known which environment installs from this lock";
                let hint = "name its folder as the environment's key with `__` for `/`, or as its snapshot's file";
                report.add(reason, hint);
            }
            // A lock beside a snapshot is read with the snapshot that names it.
            None => {}
        }
        found.problems.extend(report.finish());
        found
    }
}

/// The environment that the folder below `lockfiles/` names: by its key, or by the file of its snapshot.
pub(crate) fn environment(input: &ScanInput<'_>) -> Option<NodeKey> {
    let parts = input.parts();
    let at = parts.iter().position(|part| *part == "lockfiles")?;
    // The folder, not the file itself.
    let folder = parts.get(at + 1).filter(|_| parts.len() > at + 2)?;
    let written = folder.replace("__", "/");
    let named = [written.clone(), format!("environment:{written}")].iter().find_map(|key| NodeKey::parse(key));
    if let Some(key) = named.filter(|key| key.kind() == NodeKind::Environment && key.rest().contains('/')) {
        return Some(key);
    }
    let mut snapshot = parts.iter().take(at).collect::<std::path::PathBuf>();
    snapshot.push("environments");
    snapshot.push(format!("{folder}.json"));
    let document: serde_json::Value = serde_json::from_slice(&input.sibling(&snapshot)?).ok()?;
    NodeKey::parse(document.get("environment")?.as_str()?)
}

/// What one lock says.
#[derive(Debug, Default)]
pub(crate) struct Locked {
    /// Locked, unpinned and complete.
    pub(crate) observations: Vec<Observation>,
    /// What it leaves open.
    pub(crate) gaps: Vec<String>,
    /// What could not be read.
    pub(crate) problems: Vec<Problem>,
}

/// Whether a lock or a bill of materials lies at `path`. A manifest is none: where a lock stands beside it, the lock decides.
fn form(path: &Path, head: &[u8]) -> Option<&'static Format> {
    let parts = parts(path);
    // Outside of `lockfiles/` other scanners read documents of any content, so a name must tell.
    let head = if parts.contains(&"lockfiles") { head } else { &[] };
    let inside = !head.is_empty();
    let wanted = |format: &&'static Format| match format.kind {
        Kind::Lock => true,
        // What a tool is told about ages counts beside a lock too: an install may pass the lock by.
        Kind::Bill | Kind::Settings => inside,
        Kind::Manifest => inside && format.name == "pyproject",
        Kind::Installed => false,
    };
    recognise(&parts.join("/"), head).filter(wanted)
}

/// Reads the lock at `path`.
pub(crate) fn observe(path: &Path, bytes: &[u8]) -> Locked {
    let input = parts(path).join("/");
    let Some(format) = form(path, bytes.get(..4096).unwrap_or(bytes)) else {
        let reason = format!("`{}` is no lock that is read here", shown(&input));
        let mut report = Report::new(NAME, path);
        report.add(reason.clone(), "name one of the locks that the page of this scanner lists");
        return Locked { gaps: vec![format!("{input}: {reason}")], problems: report.finish(), ..Locked::default() };
    };
    let mut listing = format.read(&Input { path: &path.display().to_string(), bytes });
    // What a manifest asks for, the lock beside it decides; its settings count.
    if format.kind == Kind::Manifest {
        if listing.problems.is_empty() {
            listing.gaps.clear();
        }
        listing.packages.clear();
        listing.requirements.clear();
        listing.commits.clear();
        listing.complete.clear();
    }
    // What outweighs a list of requirements counts beside it; a lock of the tool's own has heeded it.
    if matches!(format.kind, Kind::Manifest | Kind::Settings) {
        let held = std::mem::take(&mut listing.settings.overrides);
        listing.requirements.extend(held.into_iter().filter_map(Required::outweighing));
    }
    listed(format.kind, &input, listing)
}

/// What the listing of a file of this kind shows. `input` is the file's name in evidence.
pub(crate) fn listed(kind: Kind, input: &str, listing: Listing) -> Locked {
    let mut locked = Locked {
        observations: Vec::with_capacity(listing.packages.len()),
        gaps: listing.gaps.iter().map(|gap| format!("{input}: {gap}")).collect(),
        problems: listing.problems,
    };
    for problem in &mut locked.problems {
        problem.source = Text::new(NAME);
    }
    let ages = ages(&listing.settings, input, &mut locked.gaps);
    locked.observations.extend(ages);
    let mut see = |line: Option<u32>, what: ObservationKind| {
        let evidence = line.map_or_else(|| input.to_owned(), |line| format!("{input}:{line}"));
        locked.observations.push(Observation { time: None, what, evidence: Text::new(evidence) });
    };
    for commit in &listing.commits {
        let (repository, reference) = (repository(&commit.url), commit.commit.clone());
        see(commit.line, ObservationKind::Commit { repository, sha: Some(reference.clone()), reference });
    }
    for package in listing.packages {
        let line = package.line;
        see(line, observation(kind, package));
    }
    for required in listing.requirements.into_iter().filter(|required| !required.constraint) {
        let (ecosystem, name) = (Text::new(required.ecosystem.word()), required.name);
        see(required.line, ObservationKind::Unpinned { ecosystem, name, reference: required.written });
    }
    for ecosystem in listing.complete {
        let ecosystem = Text::new(ecosystem.word());
        see(None, ObservationKind::LockComplete { ecosystem, since: None, places: None });
    }
    locked
}

/// What tools are told to hide by age or date. A setting that its tool would not read leaves open what it hides.
fn ages(settings: &Settings, input: &str, gaps: &mut Vec<String>) -> Vec<Observation> {
    let Some(ecosystem) = &settings.ecosystem else { return Vec::new() };
    let except: Vec<Text> = settings.exempt.iter().map(|(name, _)| name.clone()).collect();
    let mut seen = Vec::new();
    for age in &settings.ages {
        if let Err(reason) = CoolDown::parse(age.tool, &age.setting) {
            gaps.push(format!("{input}: {reason}: which releases it hides is not known"));
            continue;
        }
        let what = ObservationKind::ReleaseAge {
            ecosystem: Text::new(ecosystem.word()),
            tool: Text::new(age.tool),
            setting: age.setting.clone(),
            except: except.clone(),
        };
        seen.push(Observation { time: None, what, evidence: Text::new(input) });
    }
    seen
}

/// A lock says what an install gives, a bill and an installed tree what was found.
fn observation(kind: Kind, package: Listed) -> ObservationKind {
    let ecosystem = Text::new(package.ecosystem.word());
    let mut sha256: Vec<Text> = package.sha256().cloned().collect();
    let (name, version) = (package.name, package.version);
    match kind {
        Kind::Bill | Kind::Installed => ObservationKind::Installed { ecosystem, name, version, sha256: sha256.pop() },
        _ => ObservationKind::Locked { ecosystem, name, version, sha256 },
    }
}

/// Owner and repository of an address: `https://host/owner/repository.git`, `git@host:owner/repository`.
fn repository(url: &str) -> Text {
    let path = url.split("://").last().unwrap_or(url).trim_end_matches(".git");
    Text::new(path.split_once(['/', ':']).map_or(path, |(_, path)| path))
}
