//! The keys of GitLab's things. A project is its host and its path: `gitlab.com/meridian/evals`.

use firebreak_model::NodeKey;

fn hub(project: &str, rest: &str) -> NodeKey {
    NodeKey::group("gitlab", &format!("{project}/{rest}"))
}

/// Every job of the project.
pub(super) fn jobs(project: &str) -> NodeKey {
    hub(project, "ci")
}

/// The job of the configuration, whichever its run.
pub(super) fn job(project: &str, name: &str) -> NodeKey {
    NodeKey::environment("ci", &format!("{project}/.gitlab-ci.yml/{name}"))
}

/// The variables that every job of the project is given.
pub(super) fn variables(project: &str) -> NodeKey {
    hub(project, "variables")
}

/// One variable of the project, whatever it holds.
pub(super) fn variable(project: &str, name: &str) -> NodeKey {
    NodeKey::credential("gitlab_variable", &format!("{project}/{name}"))
}

/// What a job fetches from a vault by itself.
pub(super) fn vaulted(project: &str, path: &str) -> NodeKey {
    NodeKey::credential("gitlab_vault", &format!("{project}/{path}"))
}

/// The project's jobs on machines of the owner's own.
pub(super) fn self_hosted(project: &str) -> NodeKey {
    hub(project, "self-hosted")
}

/// Whoever may open a merge request.
pub(super) fn requests(project: &str) -> NodeKey {
    hub(project, "requests")
}
