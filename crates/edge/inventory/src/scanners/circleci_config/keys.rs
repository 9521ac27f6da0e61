//! The keys of CircleCI's things. A project is its version control, organisation and name: `gh/meridian/evals`.

use firebreak_model::NodeKey;

fn hub(project: &str, rest: &str) -> NodeKey {
    NodeKey::group("circleci", &format!("{project}/{rest}"))
}

/// Every job of the project.
pub(super) fn jobs(project: &str) -> NodeKey {
    hub(project, "ci")
}

/// The job of the configuration, whichever its run.
pub(super) fn job(project: &str, name: &str) -> NodeKey {
    NodeKey::environment("ci", &format!("circleci.com/{project}/config.yml/{name}"))
}

/// The environment variables that every job of the project is given.
pub(super) fn variables(project: &str) -> NodeKey {
    hub(project, "variables")
}

/// One of them, whatever it holds.
pub(super) fn variable(project: &str, name: &str) -> NodeKey {
    NodeKey::credential("circleci_variable", &format!("{project}/{name}"))
}

/// A context of the organisation (`gh/meridian`): all the secrets in it.
pub(super) fn context(organization: &str, name: &str) -> NodeKey {
    hub(organization, &format!("context/{name}"))
}

/// The project's jobs on machines of the owner's own.
pub(super) fn self_hosted(project: &str) -> NodeKey {
    hub(project, "self-hosted")
}

/// Whoever may open a pull request from a fork.
pub(super) fn requests(project: &str) -> NodeKey {
    hub(project, "requests")
}
