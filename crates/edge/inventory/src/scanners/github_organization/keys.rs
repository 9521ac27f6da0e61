//! The keys of GitHub's things. What belongs to the organisation and is no repository begins with `@`, which no
//! repository's name may hold.

use crate::key::ci_hub;
use firebreak_model::NodeKey;

/// The repository `full` (`org/repository`): its code and what hangs on it.
pub(crate) fn repository(full: &str) -> NodeKey {
    NodeKey::resource("github", full)
}

/// A user, bot or app, by its login.
pub(crate) fn account(login: &str) -> NodeKey {
    NodeKey::identity("github", login)
}

/// Anyone with an account.
pub(crate) fn anyone() -> NodeKey {
    NodeKey::identity("github", "*")
}

fn hub(parts: &[&str]) -> NodeKey {
    NodeKey::group("github", &parts.join("/"))
}

/// All who have this role in the repository.
pub(crate) fn role(full: &str, role: &str) -> NodeKey {
    hub(&[full, "role", role])
}

/// All who have this role in every repository of the organisation.
pub(crate) fn everywhere(organization: &str, role: &str) -> NodeKey {
    hub(&[organization, "@all", role])
}

/// Ordinary members of the organisation.
pub(crate) fn members(organization: &str) -> NodeKey {
    hub(&[organization, "members"])
}

/// Owners of the organisation.
pub(crate) fn owners(organization: &str) -> NodeKey {
    hub(&[organization, "owners"])
}

/// A team.
pub(crate) fn team(organization: &str, slug: &str) -> NodeKey {
    hub(&[organization, "@team", slug])
}

/// Those who may add members to a team.
pub(crate) fn maintainers(organization: &str, slug: &str) -> NodeKey {
    hub(&[organization, "@team", slug, "maintainers"])
}

/// A role in the organisation.
pub(crate) fn organization_role(organization: &str, name: &str) -> NodeKey {
    hub(&[organization, "@role", name])
}

/// Whoever may push to some branch of the repository.
pub(crate) fn push(full: &str) -> NodeKey {
    hub(&[full, "push"])
}

/// The jobs of a repository whose token names them so: `ref:refs/heads/main`, `environment:prod`, `pull_request`. The
/// literal `ref:refs/heads/*` is a branch that was not there before.
pub(crate) fn subject(full: &str, rest: &str) -> NodeKey {
    NodeKey::environment("ci", &format!("{full}/{rest}"))
}

/// The jobs of this branch, and so whoever may change it.
pub(crate) fn branch(full: &str, name: &str) -> NodeKey {
    subject(full, &format!("ref:refs/heads/{name}"))
}

/// The jobs that use this deployment environment.
pub(crate) fn environment(full: &str, name: &str) -> NodeKey {
    subject(full, &format!("environment:{name}"))
}

/// Whoever may open a pull request or an issue, or comment.
pub(crate) fn requests(full: &str) -> NodeKey {
    hub(&[full, "requests"])
}

/// The repository's jobs that run on machines of the organisation's own.
pub(crate) fn self_hosted(full: &str) -> NodeKey {
    hub(&[full, "self-hosted"])
}

/// Jobs that a group for all repositories may take, and those that only one for private and internal ones may: without the
/// secrets that hang on the jobs.
pub(crate) fn machines(organization: &str, visibility: &str) -> NodeKey {
    hub(&[organization, "@machines", visibility])
}

/// The machines of a runner group.
pub(crate) fn runner_group(organization: &str, id: &str) -> NodeKey {
    hub(&[organization, "@runners", id])
}

/// Every job of the organisation: what a machine that runs any of them comes to.
pub(crate) fn every_job(organization: &str) -> NodeKey {
    hub(&[organization, "@jobs"])
}

/// All secrets that some job of a repository (`org/repository`), or of every repository of an organisation, can be given. A job
/// gets those that its workflow names; whoever may push names what he likes.
pub(crate) fn secrets(scope: &str) -> NodeKey {
    hub(&[scope, "secrets"])
}

/// All secrets that jobs of private and internal repositories alone can be given.
pub(crate) fn private_secrets(organization: &str) -> NodeKey {
    hub(&[organization, "@private_secrets"])
}

/// A machine that runs jobs; `scope` is the organisation or the repository that it is registered in.
pub(crate) fn runner(scope: &str, name: &str) -> NodeKey {
    NodeKey::environment("runner", &format!("{scope}/{name}"))
}

/// The job of a workflow file, whichever its run.
pub(crate) fn job(full: &str, file: &str, job: &str) -> NodeKey {
    NodeKey::environment("ci", &format!("{full}/{file}/{job}"))
}

/// An Actions secret: where it is kept, whatever it holds. `scope` is the organisation, the repository, or the
/// repository and the deployment environment.
pub(crate) fn secret(scope: &str, name: &str) -> NodeKey {
    NodeKey::credential("github_secret", &format!("{scope}/{name}"))
}

/// All jobs of a repository (`org/repository`) or of an organisation.
pub(crate) fn jobs(scope: &str) -> NodeKey {
    ci_hub(scope)
}
