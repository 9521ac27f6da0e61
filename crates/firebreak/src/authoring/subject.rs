//! The detector that a command is about: a folder, a file, or the name of one that the program carries; and its rules.

use crate::config::keys::nearest;
use crate::{content, embedded};
use anyhow::{Context, Result, bail};
use firebreak_detect::{LoadOptions, Matcher, RuleFile, RuleIndex, Rules};
use firebreak_model::{Event, Problem};
use firebreak_world::{Disk, RealDisk};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rules of one detector, loaded.
pub struct Subject {
    /// The detector's name: its folder's.
    pub name: String,
    /// Its own rules, and those that they refer to.
    pub rules: Arc<Rules>,
    /// Matches its rules.
    pub matcher: Matcher,
    /// What is wrong with its own rules.
    pub problems: Vec<Problem>,
}

impl Subject {
    /// The detector that `text` names: a folder with a `rule.yml`, a rule file, or one that the program carries.
    ///
    /// # Errors
    /// If there is no such thing, or it cannot be read.
    pub fn named(text: &str) -> Result<Subject> {
        let path = Path::new(text);
        if RealDisk.is_directory(path) {
            return Subject::in_folder(path);
        }
        if path.is_file() {
            let own = read(path)?;
            return Ok(Subject::of(own, &[]));
        }
        let carried = |(path, _): &&(&str, &str)| Path::new(path).parent().is_some_and(|folder| folder.ends_with(text));
        let Some((path, rule)) = embedded::DETECTORS.iter().find(carried) else {
            let names =
                embedded::DETECTORS.iter().filter_map(|(path, _)| Path::new(path).parent()?.file_name()?.to_str());
            bail!(
                "no detector `{text}`\nhint: name a folder, a rule file, or a detector such as `{}`",
                nearest(text, names)
            );
        };
        Ok(Subject::of(RuleFile { path: (*path).to_owned(), text: (*rule).to_owned() }, &[]))
    }

    /// The detector in `folder`. Rules that it refers to are looked for in the folders beside it.
    ///
    /// # Errors
    /// If it has no `rule.yml`, or that cannot be read.
    pub fn in_folder(folder: &Path) -> Result<Subject> {
        // The detector is called after its folder: `.` has no name of its own.
        let folder = match folder.file_name() {
            Some(_) => folder.to_owned(),
            None => folder.canonicalize().with_context(|| format!("opening `{}`", folder.display()))?,
        };
        let path = folder.join("rule.yml");
        if !path.is_file() {
            bail!(
                "`{}` has no `rule.yml`\nhint: `firebreak detector new` begins one; name the detector's folder",
                folder.display()
            );
        }
        let own = read(&path)?;
        let alone = Subject::of(own.clone(), &[]);
        if alone.problems.is_empty() {
            return Ok(alone);
        }
        let beside = folder.parent().map(beside).unwrap_or_default();
        Ok(Subject::of(
            own,
            &beside.into_iter().filter(|file| file.path != path.display().to_string()).collect::<Vec<_>>(),
        ))
    }

    fn of(own: RuleFile, beside: &[RuleFile]) -> Subject {
        let mut files = vec![own.clone()];
        files.extend_from_slice(beside);
        let (rules, mut problems) = content::mapped(&files, LoadOptions::default());
        problems.retain(|problem| problem.position.input == own.path);
        let name = Path::new(&own.path).parent().and_then(Path::file_name).unwrap_or_default();
        let name = rules
            .detections()
            .iter()
            .map(|rule| &rule.attributes)
            .chain(rules.correlations().iter().map(|rule| &rule.attributes))
            .find(|attributes| attributes.path == own.path)
            .map_or_else(|| name.to_string_lossy().into_owned(), |attributes| attributes.detector.to_string());
        let rules = Arc::new(rules);
        Subject { name, matcher: Matcher::new(Arc::clone(&rules)), rules, problems }
    }

    /// Its own detection rules.
    pub fn own(&self) -> Vec<RuleIndex> {
        let own = |(at, rule): (u32, &firebreak_detect::rules::Detection)| {
            (rule.attributes.detector == self.name.as_str()).then_some(RuleIndex(at))
        };
        (0..).zip(self.rules.detections()).filter_map(own).collect()
    }

    /// Its own correlations.
    pub fn correlations(&self) -> Vec<usize> {
        let own = |(at, rule): (usize, &firebreak_detect::rules::Correlation)| {
            (rule.attributes.detector == self.name.as_str()).then_some(at)
        };
        self.rules.correlations().iter().enumerate().filter_map(own).collect()
    }

    /// Whether any of its rules is asked about `event`.
    pub fn asks(&self, event: &Event) -> bool {
        let (product, service) = (event.log_source.product, event.log_source.service);
        self.rules.detections().iter().any(|rule| rule.route.leads_to(product, service))
    }
}

fn read(path: &Path) -> Result<RuleFile> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading `{}`", path.display()))?;
    Ok(RuleFile { path: path.display().to_string(), text })
}

/// The rules in the folders of `parent`.
fn beside(parent: &Path) -> Vec<RuleFile> {
    let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.path().join("rule.yml")).filter(|path| path.is_file()).collect();
    paths.sort();
    paths.iter().filter_map(|path| read(path).ok()).collect()
}
