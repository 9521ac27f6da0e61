//! Actions that fetch another one: by a tag, which may have been moved, or by a commit.

use super::Reading;
use crate::profile::{Artefact, Route, is_commit};
use crate::run::Run;
use firebreak_model::ObservationKind;
use firebreak_package::Ecosystem;

impl<'a> Reading<'a> {
    pub(super) fn route_doubt(
        &self,
        run: &Run,
        artefact: &Artefact,
        repository: &str,
        reference: &str,
        sha: Option<&str>,
    ) -> Option<String> {
        let route = self.route(artefact, repository)?;
        if self.fetched_directly(run, artefact) || route.is_closed(reference, sha) {
            return None;
        }
        Some(format!(
            "`{repository}@{reference}` may fetch {} by a tag, and the log does not show that it did not",
            artefact.name()
        ))
    }

    /// The route by which the action `repository` reaches `artefact`.
    pub fn route(&self, artefact: &Artefact, repository: &str) -> Option<&'a Route> {
        let name = Ecosystem::GitHubActions.canonical(repository);
        let reaches = |route: &&Route| route.through == name.as_ref() && artefact.names.contains(&route.reaches);
        self.profile.routes.iter().find(reaches)
    }

    /// Whether the run's log shows which commit of the action was fetched, by whatever route.
    pub fn fetched_directly(&self, run: &Run, artefact: &Artefact) -> bool {
        self.during(run).any(|(_, observation)| match &observation.what {
            ObservationKind::Commit { repository, sha, .. } => {
                sha.is_some() && self.names(artefact, "GitHub Actions", repository)
            }
            _ => false,
        })
    }
}

impl Route {
    /// Whether this commit or version of the outer action is known to fetch nothing by a tag.
    pub fn is_closed(&self, reference: &str, sha: Option<&str>) -> bool {
        let fixed = self.fixed_versions.iter().any(|range| range.contains(&Ecosystem::GitHubActions, reference));
        fixed || commit_of(reference, sha).is_some_and(|commit| self.by_commit.contains(commit.as_str()))
    }

    /// Whether this commit of the outer action is known to fetch the inner one by a tag.
    pub fn is_open(&self, reference: &str, sha: Option<&str>) -> bool {
        commit_of(reference, sha).is_some_and(|commit| self.by_tag.contains(commit.as_str()))
    }
}

/// The commit that was fetched: as logged, or as written where a whole commit is written.
pub(crate) fn commit_of(reference: &str, sha: Option<&str>) -> Option<String> {
    sha.or_else(|| is_commit(reference).then_some(reference)).map(str::to_ascii_lowercase)
}
