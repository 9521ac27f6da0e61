//! Lockfiles and requirement lists: what an install in an environment gives, or that nothing fixes it.
//!
//! A lock says what is installed where it was followed. That it was followed is what its folder says: a lock lies in
//! `lockfiles/<environment>/` because that environment installs from it.

mod javascript;
mod other;
mod python;

use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use firebreak_model::{EnvironmentEvidence, NodeKey, NodeKind, Observation, ObservationKind, Problem, Text};
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

    fn recognises(&self, path: &Path, _head: &[u8]) -> bool {
        form(path).is_some()
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
fn environment(input: &ScanInput<'_>) -> Option<NodeKey> {
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

/// A form of lock.
type Form = fn(lock: &mut Lock, text: &str);

fn form(path: &Path) -> Option<Form> {
    let name = path.file_name()?.to_str()?;
    // `frontend_package-lock.json`, `backend.uv.lock`: people who collect locks prefix them.
    let is = |known: &str| {
        name.strip_suffix(known).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with(['_', '.', '-']))
    };
    let requirements = name.contains("requirements") && name.ends_with(".txt");
    let pylock = name == "pylock.toml" || (name.starts_with("pylock.") && name.ends_with(".toml"));
    let forms: [(bool, Form); 12] = [
        (requirements, python::requirements),
        (is("uv.lock"), python::uv),
        (is("poetry.lock") || is("pdm.lock"), python::poetry),
        (pylock, python::pylock),
        (is("Pipfile.lock"), python::pipfile),
        (is("package-lock.json") || is("npm-shrinkwrap.json"), javascript::package_lock),
        (is("yarn.lock"), javascript::yarn),
        (is("pnpm-lock.yaml"), javascript::pnpm),
        (is("Cargo.lock"), other::cargo),
        (is("go.sum"), other::go_sum),
        (is("Gemfile.lock"), other::gemfile),
        (is("gems.locked"), other::gemfile),
    ];
    forms.into_iter().find(|(matches, _)| *matches).map(|(_, form)| form)
}

/// Reads the lock at `path`.
pub(crate) fn observe(path: &Path, bytes: &[u8]) -> Locked {
    let mut lock = Lock::new(path);
    match (form(path), std::str::from_utf8(bytes)) {
        (Some(form), Ok(text)) => form(&mut lock, text.trim_start_matches('\u{feff}')),
        (Some(_), Err(error)) => {
            lock.broken(format!("not UTF-8 from byte {}", error.valid_up_to()));
        }
        (None, _) => lock.broken(format!("`{}` is no lock that is read here", shown(&path.display().to_string()))),
    }
    lock.finish()
}

/// A lock as it is read.
pub(crate) struct Lock {
    locked: Locked,
    report: Report,
    input: String,
}

impl Lock {
    fn new(path: &Path) -> Lock {
        let input = parts(path).join("/");
        Lock { locked: Locked::default(), report: Report::new(NAME, path), input }
    }

    /// This version, and no other, is what an install gives.
    pub(crate) fn pin(&mut self, ecosystem: &str, name: &str, version: &str, sha256: Vec<Text>) {
        let what = ObservationKind::Locked {
            ecosystem: Text::new(ecosystem),
            name: Text::new(name),
            version: Text::new(version),
            sha256,
        };
        self.see(None, what);
    }

    /// A name without a fixed version.
    pub(crate) fn unpinned(&mut self, line: Option<usize>, ecosystem: &str, name: &str, reference: &str) {
        let (ecosystem, name, reference) = (Text::new(ecosystem), Text::new(name), Text::new(shown(reference)));
        self.see(line, ObservationKind::Unpinned { ecosystem, name, reference });
    }

    /// A git dependency at a commit.
    pub(crate) fn commit(&mut self, url: &str, sha: &str) {
        let repository = url.split("://").last().unwrap_or(url).trim_end_matches(".git");
        let repository = repository.split_once('/').map_or(repository, |(_, path)| path);
        let (repository, reference) = (Text::new(repository), Text::new(sha));
        self.see(None, ObservationKind::Commit { repository, sha: Some(reference.clone()), reference });
    }

    /// Nothing else of this ecosystem is installed.
    pub(crate) fn complete(&mut self, ecosystem: &str) {
        self.see(None, ObservationKind::LockComplete { ecosystem: Text::new(ecosystem) });
    }

    /// Something stays open.
    pub(crate) fn gap(&mut self, gap: String) {
        self.locked.gaps.push(format!("{}: {gap}", self.input));
    }

    /// The lock cannot be read: a problem, and a gap, since what it would have said is not known.
    pub(crate) fn broken(&mut self, reason: String) {
        let reason = reason.lines().next().unwrap_or_default().to_owned();
        self.gap(format!("the lock cannot be read: {reason}"));
        self.report.add(reason, "copy the lock again from the environment that installs from it");
    }

    /// One entry is not as it should be.
    pub(crate) fn odd(&mut self, line: usize, reason: String) {
        self.gap(format!("line {line}: {reason}"));
        self.report.at_line(line, reason, "check the line");
    }

    fn see(&mut self, line: Option<usize>, what: ObservationKind) {
        let evidence = match line {
            Some(line) => format!("{}:{line}", self.input),
            None => self.input.clone(),
        };
        self.locked.observations.push(Observation { time: None, what, evidence: Text::new(evidence) });
    }

    fn finish(mut self) -> Locked {
        self.locked.problems = self.report.finish();
        self.locked
    }
}

/// The hexadecimal digits of `sha256:…`, in lower case; nothing for another algorithm.
pub(crate) fn sha256(written: &str) -> Option<Text> {
    let digits = written.strip_prefix("sha256:").or_else(|| written.strip_prefix("sha256="))?;
    let formed = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    formed.then(|| Text::new(digits.to_ascii_lowercase()))
}
