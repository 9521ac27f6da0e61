//! What a job of any CI asks for, as its configuration says it: observations, and what could not be told.

use crate::report::shown;
use crate::scanners::kubernetes::pod::image_parts;
use crate::shell;
use firebreak_model::{Observation, ObservationKind, Text};
use std::collections::BTreeSet;

/// What one job asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Asked {
    /// Each thing once.
    pub(crate) seen: Vec<Observation>,
    /// What cannot be told from the files.
    pub(crate) gaps: BTreeSet<String>,
}

impl Asked {
    /// Adds one thing, read at `evidence`.
    pub(crate) fn see(&mut self, what: ObservationKind, evidence: &str) {
        let observation = Observation { time: None, what, evidence: Text::new(evidence) };
        if !self.seen.contains(&observation) {
            self.seen.push(observation);
        }
    }

    /// Something cannot be told: unknown is never clear.
    pub(crate) fn gap(&mut self, gap: impl Into<String>) {
        self.gaps.insert(gap.into());
    }

    /// All that another job asks for too.
    pub(crate) fn extend(&mut self, other: &Asked) {
        for observation in &other.seen {
            if !self.seen.contains(observation) {
                self.seen.push(observation.clone());
            }
        }
        self.gaps.extend(other.gaps.iter().cloned());
    }

    /// An image that the job runs in or beside. One whose name is made while it runs is a gap.
    pub(crate) fn image(&mut self, image: &str, evidence: &str) {
        if image.contains(['$', '<', '{']) {
            return self.gap(format!("which image `{}` is, is known only when it runs", shown(image)));
        }
        let (name, tag, digest) = image_parts(image);
        let (name, tag, digest) = (Text::new(name), tag.map(Text::new), digest.map(Text::new));
        self.see(ObservationKind::Image { name, tag, digest }, evidence);
    }

    /// The install commands of a script.
    pub(crate) fn script(&mut self, script: &str, evidence: &str) {
        shell::installs(script).into_iter().for_each(|what| self.see(what, evidence));
    }

    /// Something that may give another thing tomorrow.
    pub(crate) fn unpinned(&mut self, ecosystem: &'static str, name: &str, reference: &str, evidence: &str) {
        let (ecosystem, name, reference) = (Text::new(ecosystem), Text::new(name), Text::new(shown(reference)));
        self.see(ObservationKind::Unpinned { ecosystem, name, reference }, evidence);
    }

    /// Something that a version fixes, without a digest.
    pub(crate) fn locked(&mut self, ecosystem: &'static str, name: &str, version: &str, evidence: &str) {
        let (ecosystem, name, version) = (Text::new(ecosystem), Text::new(name), Text::new(version));
        self.see(ObservationKind::Locked { ecosystem, name, version, sha256: Vec::new() }, evidence);
    }

    /// Code of another repository at a reference: by commit, or by a name that may move.
    pub(crate) fn repository(
        &mut self,
        ecosystem: &'static str,
        name: &str,
        (written, reference): (&str, &str),
        evidence: &str,
    ) {
        let commit = is_commit(reference);
        if !commit {
            self.unpinned(ecosystem, name, written, evidence);
        }
        let sha = commit.then(|| Text::new(reference.to_ascii_lowercase()));
        self.see(
            ObservationKind::Commit { repository: Text::new(name), reference: Text::new(shown(reference)), sha },
            evidence,
        );
    }

    /// The references that are left open, as a person reads them.
    pub(crate) fn open(&self) -> impl Iterator<Item = (String, &str)> {
        self.seen.iter().filter_map(|observation| match &observation.what {
            ObservationKind::Unpinned { ecosystem, name, reference } if name != "*" => {
                Some((format!("{ecosystem} {name}: {reference}"), observation.evidence.as_str()))
            }
            _ => None,
        })
    }
}

/// Whether a reference is a whole commit: 40 hexadecimal digits, or 64 where the repository counts in SHA-256.
pub(crate) fn is_commit(reference: &str) -> bool {
    matches!(reference.len(), 40 | 64) && reference.bytes().all(|byte| byte.is_ascii_hexdigit())
}
