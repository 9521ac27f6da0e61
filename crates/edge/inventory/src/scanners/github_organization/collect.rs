//! GitHub's calls: `url` is `https://api.github.com` or the server's `…/api/v3`, the credential an access token of an
//! owner with `read:org`, `repo`, `admin:org` or an app's token with read permissions for what is asked.

use crate::collect::{Call, Collector, Paging};

/// A bare list, page by page.
const fn pages(key: &'static str, path: &'static str) -> Call {
    Call::list(key, path).paging(Paging::Link)
}

/// A list within an answer, page by page.
const fn within(key: &'static str, path: &'static str, items: &'static str) -> Call {
    pages(key, path).items(items)
}

/// What is asked of each deployment environment.
const OF_ENVIRONMENT: &[Call] = &[
    within(
        "deployment_branch_policies",
        "/repos/{org}/{..name}/environments/{.name}/deployment-branch-policies?per_page=100",
        "branch_policies",
    )
    .only("deployment_branch_policy.custom_branch_policies"),
    within("secrets", "/repos/{org}/{..name}/environments/{.name}/secrets?per_page=100", "secrets"),
    within("variables", "/repos/{org}/{..name}/environments/{.name}/variables?per_page=30", "variables"),
];

/// What is asked of each repository. What needs more than reading is absent where the credential may not see it.
const OF_REPOSITORY: &[Call] = &[
    pages("collaborators", "/repos/{org}/{.name}/collaborators?affiliation=direct&per_page=100"),
    pages("keys", "/repos/{org}/{.name}/keys?per_page=100"),
    pages("hooks", "/repos/{org}/{.name}/hooks?per_page=100"),
    pages("branches", "/repos/{org}/{.name}/branches?protected=true&per_page=100").each(&[Call::object(
        "protection",
        "/repos/{org}/{..name}/branches/{.name}/protection",
    )
    .may_be_absent()]),
    pages("rulesets", "/repos/{org}/{.name}/rulesets?includes_parents=false&per_page=100")
        .each(&[Call::object("detail", "/repos/{org}/{..name}/rulesets/{.id}")]),
    within("environments", "/repos/{org}/{.name}/environments?per_page=100", "environments")
        .each(OF_ENVIRONMENT)
        .may_be_absent(),
    within("secrets", "/repos/{org}/{.name}/actions/secrets?per_page=100", "secrets"),
    within("organization_secrets", "/repos/{org}/{.name}/actions/organization-secrets?per_page=100", "secrets"),
    within("variables", "/repos/{org}/{.name}/actions/variables?per_page=30", "variables"),
    within("workflows", "/repos/{org}/{.name}/actions/workflows?per_page=100", "workflows").each(&[Call::object(
        "file",
        "/repos/{org}/{..name}/contents/{.path}",
    )
    .may_be_absent()]),
    Call::object("actions", "/repos/{org}/{.name}/actions/permissions"),
    Call::object("workflow_permissions", "/repos/{org}/{.name}/actions/permissions/workflow"),
    Call::object("oidc_subject", "/repos/{org}/{.name}/actions/oidc/customization/sub").may_be_absent(),
    within("runners", "/repos/{org}/{.name}/actions/runners?per_page=100", "runners"),
];

const CALLS: &[Call] = &[
    Call::object("organization", "/orgs/{org}"),
    Call::object("actions_permissions", "/orgs/{org}/actions/permissions"),
    Call::object("workflow_permissions", "/orgs/{org}/actions/permissions/workflow"),
    pages("members", "/orgs/{org}/members?role=admin&per_page=100").with("role", "admin"),
    pages("members", "/orgs/{org}/members?role=member&per_page=100").with("role", "member"),
    pages("outside_collaborators", "/orgs/{org}/outside_collaborators?per_page=100"),
    pages("teams", "/orgs/{org}/teams?per_page=100").each(&[
        pages("members", "/orgs/{org}/teams/{.slug}/members?role=member&per_page=100"),
        pages("maintainers", "/orgs/{org}/teams/{.slug}/members?role=maintainer&per_page=100"),
        pages("repositories", "/orgs/{org}/teams/{.slug}/repos?per_page=100"),
    ]),
    Call::list("custom_repository_roles", "/orgs/{org}/custom-repository-roles").items("custom_roles").may_be_absent(),
    Call::list("organization_roles", "/orgs/{org}/organization-roles").items("roles").may_be_absent().each(&[
        pages("teams", "/orgs/{org}/organization-roles/{.id}/teams?per_page=100"),
        pages("users", "/orgs/{org}/organization-roles/{.id}/users?per_page=100"),
    ]),
    pages("rulesets", "/orgs/{org}/rulesets?per_page=100")
        .each(&[Call::object("detail", "/orgs/{org}/rulesets/{.id}")])
        .may_be_absent(),
    within("organization_secrets", "/orgs/{org}/actions/secrets?per_page=100", "secrets"),
    within("organization_variables", "/orgs/{org}/actions/variables?per_page=30", "variables"),
    within("runner_groups", "/orgs/{org}/actions/runner-groups?per_page=100", "runner_groups").each(&[
        within("repositories", "/orgs/{org}/actions/runner-groups/{.id}/repositories?per_page=100", "repositories")
            .only("visibility=selected"),
        within("runners", "/orgs/{org}/actions/runner-groups/{.id}/runners?per_page=100", "runners"),
    ]),
    pages("hooks", "/orgs/{org}/hooks?per_page=100"),
    within("installations", "/orgs/{org}/installations?per_page=100", "installations"),
    // Only organisations with single sign-on have these.
    pages("credential_authorizations", "/orgs/{org}/credential-authorizations?per_page=100").may_be_absent(),
    // GitHub answers these two to apps alone.
    pages("personal_access_tokens", "/orgs/{org}/personal-access-tokens?per_page=100").each(&[pages(
        "repositories",
        "/orgs/{org}/personal-access-tokens/{.id}/repositories?per_page=100",
    )
    .only("repository_selection=subset")]),
    pages("personal_access_token_requests", "/orgs/{org}/personal-access-token-requests?per_page=100"),
    pages("secret_scanning_alerts", "/orgs/{org}/secret-scanning/alerts?state=open&hide_secret=true&per_page=100")
        .may_be_absent(),
    pages("packages", "/orgs/{org}/packages?package_type=container&per_page=100"),
    pages("packages", "/orgs/{org}/packages?package_type=npm&per_page=100"),
    pages("repositories", "/orgs/{org}/repos?type=all&per_page=100").each(OF_REPOSITORY),
];

/// How the document is made from GitHub's API.
pub(super) static COLLECTOR: Collector = Collector {
    headers: &[("x-github-api-version", "2022-11-28")],
    ..Collector::new("github/{org}/organization.json", &["org"], CALLS)
};
