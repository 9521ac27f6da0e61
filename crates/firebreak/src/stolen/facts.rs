//! What platforms' documentation says of single rights: beyond denial, as data, with the address.
//!
//! A right that is not here and that no scanner reads is unknown. Where a right can be narrowed by a condition, the row for
//! the narrowed one stands before the other.

use super::{Basis, Finding, Held, Verdict};

/// What one right lets its holder do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fact {
    /// The platform.
    pub platform: &'static str,
    /// The right, as manifests write it.
    pub right: &'static str,
    /// A part of the resource that it is about; empty where it does not matter.
    pub on: &'static str,
    /// The key of the condition that narrows it; empty where it does not matter.
    pub narrowed: &'static str,
    /// What it lets its holder do.
    pub verdict: Verdict,
    /// How, in words; empty for denial.
    pub reason: &'static str,
    /// Where the platform says so; empty where there is no platform.
    pub source: &'static str,
}

impl Fact {
    /// As a finding.
    pub fn finding(&self) -> Finding {
        let by = if self.source.is_empty() { Basis::Responder } else { Basis::Documentation };
        Finding { verdict: self.verdict, by, reason: self.reason.to_owned(), source: self.source }
    }

    fn is_about(&self, platform: &str, held: &Held<'_>) -> bool {
        self.platform == platform
            && self.right == held.right.action
            && held.right.resource.contains(self.on)
            && (self.narrowed.is_empty() || held.conditions.iter().any(|one| one.key == self.narrowed))
    }
}

/// What is known of a right.
pub fn of(platform: &str, held: &Held<'_>) -> Option<&'static Fact> {
    FACTS.iter().find(|fact| fact.is_about(platform, held))
}

const fn fact(
    platform: &'static str,
    (right, on, narrowed): (&'static str, &'static str, &'static str),
    verdict: Verdict,
    reason: &'static str,
    source: &'static str,
) -> Fact {
    Fact { platform, right, on, narrowed, verdict, reason, source }
}

use Verdict::{DenialOnly, RaisesRights, ReadsData, Undoes, Unknown};

/// Every row.
pub static FACTS: &[Fact] = &[
    fact(
        "Anthropic",
        ("an admin key", "", ""),
        RaisesRights,
        "changes the roles of members, and who is in which workspace",
        "https://docs.claude.com/en/api/administration-api",
    ),
    fact(
        "AWS",
        ("ec2:ModifyInstanceAttribute", "instance/", ""),
        RaisesRights,
        "writes the user data of a stopped instance, which may run as its role once somebody starts it",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html",
    ),
    fact(
        "AWS",
        ("iam:DeleteUserPermissionsBoundary", "", ""),
        RaisesRights,
        "sets our boundary in place of another, takes it off, and so lifts what the other held back",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    ),
    fact(
        "AWS",
        ("iam:DeleteRolePermissionsBoundary", "", ""),
        RaisesRights,
        "sets our boundary in place of another, takes it off, and so lifts what the other held back",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    ),
    fact(
        "AWS",
        ("ec2:AssociateIamInstanceProfile", "", ""),
        RaisesRights,
        "hands a role to an instance, for whoever has one",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    ),
    fact(
        "Entra",
        ("DelegatedPermissionGrant.ReadWrite.All", "", ""),
        RaisesRights,
        "gives any application any delegated permission",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    fact(
        "Entra",
        ("Application.ReadWrite.All", "", ""),
        RaisesRights,
        "adds a credential to any application and acts as it",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    fact(
        "Entra",
        ("User.RevokeSessions.All", "", ""),
        DenialOnly,
        "",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    fact(
        "Entra",
        ("User.Read.All", "", ""),
        ReadsData,
        "reads every user's profile",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    fact(
        "Entra",
        ("User.EnableDisableAccount.All", "", ""),
        Undoes,
        "enables accounts that somebody else disabled",
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
    fact(
        "Google Cloud",
        ("iam.serviceAccounts.get", "", ""),
        DenialOnly,
        "",
        "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts",
    ),
    fact(
        "Google Cloud",
        ("iam.serviceAccounts.disable", "", ""),
        DenialOnly,
        "",
        "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts",
    ),
    fact(
        "Google Cloud",
        ("iam.serviceAccounts.enable", "", ""),
        Undoes,
        "enables service accounts that somebody else disabled",
        "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts",
    ),
    fact(
        "Google Cloud",
        ("iam.serviceAccountKeys.get", "", ""),
        DenialOnly,
        "",
        "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys",
    ),
    fact(
        "Google Cloud",
        ("iam.serviceAccountKeys.disable", "", ""),
        DenialOnly,
        "",
        "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys",
    ),
    fact(
        "Google Cloud",
        ("iam.serviceAccountKeys.enable", "", ""),
        Undoes,
        "enables keys that somebody else disabled",
        "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys",
    ),
    fact(
        "GitHub",
        ("enterprise_organization_installation_repositories: write", "", ""),
        RaisesRights,
        "gives an installed App more repositories",
        "https://docs.github.com/en/enterprise-cloud@latest/rest/enterprise-admin/organization-installations",
    ),
    fact(
        "GitHub",
        ("organization_administration: write", "", ""),
        RaisesRights,
        "sets what every member may do in every repository",
        "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps",
    ),
    fact("GitHub", ("none", "", ""), DenialOnly, "", "https://docs.github.com/en/rest/credentials/revoke"),
    fact(
        "GitHub",
        ("administration: write", "", ""),
        RaisesRights,
        "adds itself or a key that writes to any repository",
        "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps",
    ),
    fact(
        "GitHub",
        ("members: write", "", ""),
        RaisesRights,
        "makes an owner of the organisation",
        "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps",
    ),
    fact(
        "GitHub",
        ("organization_personal_access_tokens: write", "", ""),
        DenialOnly,
        "",
        "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps",
    ),
    fact(
        "GitHub",
        ("actions: write", "", ""),
        RaisesRights,
        "starts workflows, which act with their secrets",
        "https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps",
    ),
    fact(
        "Google Workspace",
        ("https://www.googleapis.com/auth/drive", "", ""),
        ReadsData,
        "reads, shares and deletes the files of whomever it acts for",
        "https://developers.google.com/workspace/drive/api/guides/api-specific-auth",
    ),
    fact(
        "Google Workspace",
        ("https://www.googleapis.com/auth/admin.directory.user.security", "", ""),
        RaisesRights,
        "makes backup codes for anybody's second step: with the password, the account",
        "https://developers.google.com/workspace/admin/directory/reference/rest/v1/verificationCodes/generate",
    ),
    fact(
        "Google Workspace",
        ("https://www.googleapis.com/auth/admin.directory.user", "", ""),
        RaisesRights,
        "sets anybody's password, and makes administrators",
        "https://developers.google.com/workspace/admin/directory/reference/rest/v1/users/makeAdmin",
    ),
    fact(
        "Keycloak",
        ("realm-management: manage-clients", "", ""),
        RaisesRights,
        "reads the secrets of clients and acts as them",
        "https://www.keycloak.org/docs/latest/server_admin/#_admin_permissions",
    ),
    fact(
        "Keycloak",
        ("realm-management: manage-users", "", ""),
        RaisesRights,
        "sets anybody's password and is that one",
        "https://www.keycloak.org/docs/latest/server_admin/#_admin_permissions",
    ),
    fact(
        "Keycloak",
        ("realm-management: view-realm", "", ""),
        DenialOnly,
        "",
        "https://www.keycloak.org/docs/latest/server_admin/#_admin_permissions",
    ),
    fact(
        "Kubernetes",
        ("list, create", "networkpolicies", ""),
        Undoes,
        "policies add up: one that lets everything in opens what another isolates",
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    fact(
        "Kubernetes",
        ("delete", "networkpolicies", ""),
        Undoes,
        "takes off policies of others that isolate",
        "https://kubernetes.io/docs/concepts/services-networking/network-policies/",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /key/info, /key/block", "", ""),
        DenialOnly,
        "",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /key/unblock", "", ""),
        Undoes,
        "unblocks keys that somebody else blocked",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /key/info, /key/update", "", ""),
        RaisesRights,
        "sets everything of every key, its own among them: more routes, other models, no budget",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /v1/mcp/server/{server}, /v1/mcp/server/{server}/reject", "", ""),
        DenialOnly,
        "",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /v1/mcp/server/{server}/approve", "", ""),
        RaisesRights,
        "approves any server that waits, so that agents call its tools",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /v1/model/info, /model/block", "", ""),
        DenialOnly,
        "",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /model/unblock", "", ""),
        Undoes,
        "unblocks models that somebody else blocked",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /team/info, /team/block, /key/info", "", ""),
        DenialOnly,
        "",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact(
        "LiteLLM",
        ("allowed_routes: /team/unblock", "", ""),
        Undoes,
        "unblocks teams that somebody else blocked",
        "https://docs.litellm.ai/docs/proxy/virtual_keys",
    ),
    fact("a person", ("none", "", ""), DenialOnly, "", ""),
    fact("OAuth", ("token revocation (RFC 7009)", "", ""), DenialOnly, "", "https://www.rfc-editor.org/rfc/rfc7009"),
    fact("OAuth", ("token introspection (RFC 7662)", "", ""), DenialOnly, "", "https://www.rfc-editor.org/rfc/rfc7662"),
    fact(
        "Okta",
        ("okta.apps.manage", "", ""),
        RaisesRights,
        "assigns applications, and makes credentials for them",
        "https://developer.okta.com/docs/api/oauth2/",
    ),
    fact(
        "Okta",
        ("okta.users.manage", "", ""),
        RaisesRights,
        "sets passwords and factors, as far as the application's role lets it",
        "https://developer.okta.com/docs/api/oauth2/",
    ),
    fact("Okta", ("okta.sessions.manage", "", ""), DenialOnly, "", "https://developer.okta.com/docs/api/oauth2/"),
    fact(
        "Okta",
        ("okta.users.read", "", ""),
        ReadsData,
        "reads every user's profile",
        "https://developer.okta.com/docs/api/oauth2/",
    ),
    fact(
        "OpenAI",
        ("api.management (an admin key)", "", ""),
        RaisesRights,
        "is an owner of the organisation",
        "https://platform.openai.com/docs/api-reference/admin-api-keys",
    ),
    fact(
        "PostgreSQL",
        ("pg_read_all_stats", "", ""),
        ReadsData,
        "reads the text of other sessions' queries",
        "https://www.postgresql.org/docs/current/predefined-roles.html",
    ),
    fact(
        "SCIM",
        ("SCIM: read and modify users", "", ""),
        RaisesRights,
        "sets any attribute of a user, the password and the roles among them",
        "https://www.rfc-editor.org/rfc/rfc7643#section-4.1.1",
    ),
    fact(
        "Slack",
        ("admin.apps:read", "", ""),
        DenialOnly,
        "",
        "https://docs.slack.dev/reference/scopes/admin.apps.read",
    ),
    fact(
        "Slack",
        ("admin.apps:write", "", ""),
        RaisesRights,
        "approves any application with any scopes",
        "https://docs.slack.dev/reference/scopes/admin.apps.write",
    ),
    fact(
        "Slack",
        ("admin.users:write", "", ""),
        RaisesRights,
        "invites users, and makes administrators and owners",
        "https://docs.slack.dev/reference/scopes/admin.users.write",
    ),
    fact("Slack", ("channels:read", "", ""), DenialOnly, "", "https://docs.slack.dev/reference/scopes/channels.read"),
    fact(
        "Slack",
        ("admin.conversations:write", "", ""),
        RaisesRights,
        "puts anybody into any channel",
        "https://docs.slack.dev/reference/scopes/admin.conversations.write",
    ),
    fact(
        "Vault",
        ("update", "auth/token/lookup-accessor", ""),
        DenialOnly,
        "",
        "https://openbao.org/api-docs/auth/token/",
    ),
    fact(
        "Vault",
        ("update", "auth/token/revoke-accessor", ""),
        DenialOnly,
        "",
        "https://openbao.org/api-docs/auth/token/",
    ),
    fact(
        "Vault",
        ("read, update", "identity/entity/id/", "disabled"),
        Undoes,
        "enables entities that somebody else disabled",
        "https://openbao.org/docs/concepts/policies/",
    ),
    fact(
        "Vault",
        ("read, update", "identity/entity/id/", ""),
        RaisesRights,
        "gives any entity any policies",
        "https://openbao.org/api-docs/secret/identity/entity/",
    ),
    fact(
        "Vault",
        ("list, sudo", "sys/leases/lookup/", ""),
        DenialOnly,
        "",
        "https://openbao.org/api-docs/system/leases/",
    ),
    fact(
        "Vault",
        ("update, sudo", "sys/leases/revoke-prefix/", ""),
        DenialOnly,
        "",
        "https://openbao.org/api-docs/system/leases/",
    ),
    fact(
        "any, by a webhook",
        ("the key of the signature", "", ""),
        Unknown,
        "asks the receiver for what it does, with the receiver's rights",
        "",
    ),
];
