//! The key of the environment that a snapshot is of: told, or read off its variables and its host's name.

use firebreak_model::NodeKey;

/// The variables that make up the key of a CI job's run: repository, run, job.
const CI: &[(&str, &[&str])] = &[
    ("GITHUB_ACTIONS", &["GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_JOB"]),
    ("GITLAB_CI", &["CI_PROJECT_PATH", "CI_PIPELINE_ID", "CI_JOB_NAME"]),
    ("CIRCLECI", &["CIRCLE_PROJECT_USERNAME", "CIRCLE_PROJECT_REPONAME", "CIRCLE_WORKFLOW_ID", "CIRCLE_JOB"]),
    (
        "BUILDKITE",
        &["BUILDKITE_ORGANIZATION_SLUG", "BUILDKITE_PIPELINE_SLUG", "BUILDKITE_BUILD_ID", "BUILDKITE_STEP_KEY"],
    ),
    ("TF_BUILD", &["BUILD_REPOSITORY_NAME", "BUILD_BUILDID", "SYSTEM_JOBNAME"]),
    ("JENKINS_URL", &["JOB_NAME", "BUILD_ID", "STAGE_NAME"]),
];

/// `environment:ci/<owner>/<repo>/<run>/<job>` where the variables tell of such a run.
pub(crate) fn of_job(variable: impl Fn(&str) -> Option<String>) -> Option<NodeKey> {
    CI.iter().find_map(|(mark, names)| {
        variable(mark)?;
        let parts: Option<Vec<String>> =
            names.iter().map(|name| variable(name).filter(|value| !value.is_empty())).collect();
        Some(NodeKey::environment("ci", &parts?.join("/")))
    })
}

/// `environment:host/<name>`. None where there is no name.
pub(crate) fn of_host(name: &[u8]) -> Option<NodeKey> {
    let name = crate::shown::shown(name.trim_ascii());
    (!name.is_empty() && !name.contains(char::is_whitespace)).then(|| NodeKey::environment("host", &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_by_its_platforms_variables() {
        let told = |pairs: &'static [(&str, &str)]| {
            of_job(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
        };
        let key = told(&[
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "meridian/evals"),
            ("GITHUB_RUN_ID", "17"),
            ("GITHUB_JOB", "eval-nightly"),
        ]);
        assert_eq!(key.unwrap().as_str(), "environment:ci/meridian/evals/17/eval-nightly");
        assert_eq!(told(&[("GITHUB_ACTIONS", "true")]), None);
        assert_eq!(of_host(b"mac-17\n").unwrap().as_str(), "environment:host/mac-17");
        assert_eq!(of_host(b""), None);
    }
}
