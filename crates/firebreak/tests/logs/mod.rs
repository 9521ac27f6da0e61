//! Logs run through intake, matcher and correlator as the pipeline runs them, with the detectors on disk.

use firebreak_detect::{Correlator, LoadOptions, Matcher, Observed, RuleFile, Rules, Scratch, Settings};
use firebreak_intake::{Batch, MissingTime, Options, keep};
use firebreak_model::{Catalogue, Event, Finding};
use firebreak_world::World;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The entries of a folder, in order.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

/// The last part of a path, without its ending.
pub(crate) fn stem(path: &Path) -> String {
    path.file_stem().expect("a name").to_string_lossy().into_owned()
}

/// Every detector's folder.
pub(crate) fn detectors() -> Vec<PathBuf> {
    entries(&root().join("detectors")).into_iter().filter(|path| path.is_dir()).collect()
}

/// All detectors' rules, every one of which must load.
pub(crate) fn rules() -> Arc<Rules> {
    let file = |folder: PathBuf| {
        let path = folder.join("rule.yml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        RuleFile { path: path.display().to_string(), text }
    };
    let files: Vec<RuleFile> = detectors().into_iter().map(file).collect();
    let (rules, problems) = firebreak::content::mapped(&files, LoadOptions::default());
    assert!(problems.is_empty(), "{problems:#?}");
    Arc::new(rules)
}

/// The records in `bytes`, read as a replay reads them.
pub(crate) fn read(name: &str, bytes: &[u8], source: &str) -> Batch {
    let source = firebreak_intake::source(source).unwrap_or_else(|| panic!("{name}: no source `{source}`"));
    let options = Options { missing_time: MissingTime::Received, ..Options::default() };
    firebreak_intake::read_bytes(&World::offline(), name, bytes, source, options, &keep)
}

/// The matcher and the state of one run.
pub(crate) struct Run {
    rules: Arc<Rules>,
    matcher: Matcher,
    scratch: Scratch,
}

impl Run {
    /// For these rules.
    pub(crate) fn new(rules: Arc<Rules>) -> Run {
        Run { matcher: Matcher::new(Arc::clone(&rules)), rules, scratch: Scratch::default() }
    }

    /// What a correlator that has seen nothing finds in `events`.
    pub(crate) fn findings(&mut self, events: Vec<Event>) -> Vec<Finding> {
        let catalogue = Arc::new(Catalogue::default());
        let mut correlator = Correlator::new(Arc::clone(&self.rules), catalogue, Settings::default());
        let mut findings = Vec::new();
        for event in events {
            let matches = self.matcher.matches(&event, &mut self.scratch).to_vec();
            findings.extend(correlator.observe(Observed { event: Arc::new(event), matches }));
        }
        findings.extend(correlator.close());
        findings
    }
}
