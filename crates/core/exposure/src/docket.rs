//! Many environments under all profiles at once: what can decide nothing is skipped before anything is judged.
//!
//! Most packages of most environments have a name that no profile has. One look at each tells them apart, and only what is
//! left is judged under each profile, by [`judge()`]: the verdicts are the same, to the letter.

use crate::judge::judge;
use crate::profile::{Profile, bare_digest};
use firebreak_model::{EnvironmentEvidence, Judgement, ObservationKind, Text};
use firebreak_package::Ecosystem;
use rustc_hash::FxHashSet;

/// Profiles with what they name.
#[derive(Debug)]
pub struct Docket<'p> {
    profiles: Vec<&'p Profile>,
    ecosystems: Vec<Ecosystem>,
    /// Names as their ecosystems spell them.
    names: FxHashSet<Text>,
    /// Names as they are compared where sources dispute.
    disputed: FxHashSet<Text>,
    digests: FxHashSet<Text>,
}

impl<'p> Docket<'p> {
    /// Gathers what `profiles` name.
    pub fn new(profiles: impl IntoIterator<Item = &'p Profile>) -> Docket<'p> {
        let profiles: Vec<&Profile> = profiles.into_iter().collect();
        let artefacts = || profiles.iter().flat_map(|profile| &profile.artefacts);
        let mut ecosystems: Vec<Ecosystem> = artefacts().map(|artefact| artefact.ecosystem.clone()).collect();
        ecosystems.sort();
        ecosystems.dedup();
        Docket {
            ecosystems,
            names: artefacts().flat_map(|artefact| artefact.names.iter().cloned()).collect(),
            disputed: profiles.iter().flat_map(|profile| &profile.disputed).map(|one| one.name.clone()).collect(),
            digests: artefacts().flat_map(|artefact| artefact.sha256.iter().cloned()).collect(),
            profiles,
        }
    }

    /// The judgement of `evidence` under each profile, in their order.
    pub fn judge(&self, evidence: &EnvironmentEvidence) -> Vec<Judgement> {
        let asks = evidence.observations.iter().any(|observation| asks(&observation.what));
        let kept = || evidence.observations.iter().filter(|observation| self.matters(&observation.what, asks));
        if kept().count() == evidence.observations.len() {
            return self.judge_kept(evidence);
        }
        self.judge_kept(&EnvironmentEvidence {
            environment: evidence.environment.clone(),
            runs: evidence.runs.clone(),
            observations: kept().cloned().collect(),
            gaps: evidence.gaps.clone(),
        })
    }

    /// The same of evidence in which only what matters was kept.
    pub(crate) fn judge_kept(&self, evidence: &EnvironmentEvidence) -> Vec<Judgement> {
        self.profiles.iter().map(|profile| judge(profile, evidence)).collect()
    }

    /// Whether an observation can decide anything. `asks` is whether anything in the same evidence is left open: then each
    /// installed package may be the record of what came.
    pub(crate) fn matters(&self, what: &ObservationKind, asks: bool) -> bool {
        let digest = |digest: &Text| !self.digests.is_empty() && self.digests.contains(bare_digest(digest).as_ref());
        match what {
            ObservationKind::Installed { .. } if asks => true,
            ObservationKind::Installed { ecosystem, name, sha256, .. } => {
                self.names(ecosystem, name) || self.disputed.contains(name) || sha256.as_ref().is_some_and(digest)
            }
            ObservationKind::Locked { ecosystem, name, sha256, .. } => {
                self.names(ecosystem, name) || sha256.iter().any(digest)
            }
            _ => true,
        }
    }

    fn names(&self, ecosystem: &str, name: &str) -> bool {
        let ecosystem = Ecosystem::of(ecosystem);
        self.ecosystems.contains(&ecosystem) && self.names.contains(ecosystem.canonical(name).as_ref())
    }
}

/// Whether something is asked for here without fixing what comes.
pub(crate) fn asks(what: &ObservationKind) -> bool {
    matches!(what, ObservationKind::Unpinned { .. })
}
