//! The export as the document that GitHub's API would have given.

use super::graph::{Graph, Node};
use crate::report::Report;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The permissions of custom repository roles, by the edge that the export makes of each.
const PERMISSIONS: &[(&str, &str)] = &[
    ("GH_BypassBranchProtection", "bypass_branch_protection"),
    ("GH_PushProtectedBranch", "push_protected_branch"),
    ("GH_EditRepoProtections", "edit_repo_protections"),
    ("GH_ManageDeployKeys", "manage_deploy_keys"),
    ("GH_ManageWebhooks", "manage_webhooks"),
    ("GH_ViewSecretScanningAlerts", "view_secret_scanning_alerts"),
    ("GH_CreateTag", "create_tag"),
];

/// GitHub's own repository roles.
const BUILTIN: &[&str] = &["read", "triage", "write", "maintain", "admin"];

/// The document, and whether it is the organisation and not only its sign-on.
pub(super) fn of(graph: &Graph<'_>, report: &mut Report) -> (Value, bool) {
    let mut document = Map::new();
    let organization = graph.of_kind("GH_Organization").next();
    let any = || ["GH_SamlIdentityProvider", "GH_ExternalIdentity"].iter().flat_map(|kind| graph.of_kind(kind)).next();
    let login = organization.and_then(|(_, node)| node.text("login").or(node.text("name")));
    let login = login.or_else(|| any().and_then(|(_, node)| node.text("environment_name"))).map(str::to_owned);
    if let Some((_, node)) = organization {
        settings(node, &mut document);
        members(graph, &mut document);
        document.insert("teams".to_owned(), teams(graph));
        document.insert("custom_repository_roles".to_owned(), custom_roles(graph));
        document.insert("organization_roles".to_owned(), organization_roles(graph));
        document.insert("repositories".to_owned(), repositories(graph));
        document.insert("installations".to_owned(), installations(graph));
        document.insert("personal_access_tokens".to_owned(), tokens(graph));
        let requests = graph.of_kind("GH_PersonalAccessTokenRequest");
        let requests = requests.map(|(id, node)| json!({"id": id, "owner_login": node.text("owner_login")}));
        document.insert("personal_access_token_requests".to_owned(), requests.collect());
        let secrets = graph.of_kind("GH_OrgSecret");
        let secrets =
            secrets.map(|(_, node)| json!({"name": node.text("name"), "visibility": node.text("visibility")}));
        document.insert("organization_secrets".to_owned(), secrets.collect());
        let variables = graph.of_kind("GH_OrgVariable").map(|(_, node)| json!({"name": node.text("name")}));
        document.insert("organization_variables".to_owned(), variables.collect());
        document.insert("secret_scanning_alerts".to_owned(), alerts(graph));
    }
    sign_on(graph, &mut document);
    match login {
        Some(login) if organization.is_some() => {
            if let Some(Value::Object(known)) = document.get_mut("organization") {
                known.insert("login".to_owned(), json!(login));
            }
        }
        Some(login) => {
            document.insert("organization".to_owned(), json!(login));
        }
        None => report.add("it names no organisation", "export with the node of the organisation"),
    }
    (Value::Object(document), organization.is_some())
}

/// Properties that are the API's own fields: the export adds identifiers and queries of its own.
fn settings(node: &Node<'_>, document: &mut Map<String, Value>) {
    const OWN: &[&str] = &["environmentid", "environment_name", "org_name", "is_verified", "name"];
    let (mut organization, mut actions, mut workflow) = (Map::new(), Map::new(), Map::new());
    for (name, value) in node.properties.as_object().into_iter().flatten() {
        if name.starts_with("query_") || OWN.contains(&name.as_str()) {
            continue;
        }
        let (into, name) = match (name.strip_prefix("actions_"), name.as_str()) {
            (Some(rest), _) => (&mut actions, rest),
            (None, "default_workflow_permissions" | "can_approve_pull_request_reviews") => {
                (&mut workflow, name.as_str())
            }
            (None, name) => (&mut organization, name),
        };
        into.insert(name.to_owned(), value.clone());
    }
    document.insert("organization".to_owned(), Value::Object(organization));
    document.insert("actions_permissions".to_owned(), Value::Object(actions));
    document.insert("workflow_permissions".to_owned(), Value::Object(workflow));
}

fn members(graph: &Graph<'_>, document: &mut Map<String, Value>) {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for (id, user) in graph.of_kind("GH_User") {
        let roles: Vec<&str> =
            graph.after("GH_HasRole", id, "GH_OrgRole").filter_map(|(_, role)| role.text("short_name")).collect();
        let person = |role: &str| json!({"login": user.text("login"), "email": user.text("email"), "role": role});
        match () {
            () if roles.contains(&"owners") => inside.push(person("admin")),
            () if roles.contains(&"members") => inside.push(person("member")),
            () => outside.push(person("outside")),
        }
    }
    document.insert("members".to_owned(), Value::Array(inside));
    document.insert("outside_collaborators".to_owned(), Value::Array(outside));
}

/// The last part of `org/repository/role`.
fn last(node: &Node<'_>) -> String {
    node.text("name").and_then(|name| name.rsplit('/').next()).unwrap_or_default().to_owned()
}

fn full_name(graph: &Graph<'_>, id: &str) -> Option<String> {
    graph.node(id)?.text("full_name").map(str::to_owned)
}

/// The repository and the name of each repository role that `id` was given.
fn roles_of(graph: &Graph<'_>, id: &str) -> Value {
    let roles = graph.after("GH_HasRole", id, "GH_RepoRole");
    let given = roles.filter_map(|(_, role)| {
        let full = full_name(graph, role.text("repository_id")?)?;
        Some(json!({"full_name": full, "role_name": role.text("short_name")}))
    });
    given.collect()
}

fn teams(graph: &Graph<'_>) -> Value {
    let people = |id: &str, wanted: &str| -> Vec<Value> {
        let roles = graph.before("GH_MemberOf", id, "GH_TeamRole");
        let roles = roles.filter(|(_, role)| role.text("short_name") == Some(wanted));
        let users = roles.flat_map(|(role, _)| graph.before("GH_HasRole", role, "GH_User"));
        users.filter_map(|(_, user)| user.text("login")).map(|login| json!(login)).collect()
    };
    let team = |(id, team): (&str, &Node<'_>)| {
        let parent = graph.after("GH_MemberOf", id, "GH_Team").next().and_then(|(_, parent)| parent.text("slug"));
        json!({
            "slug": team.text("slug"),
            "parent": parent,
            "members": people(id, "members"),
            "maintainers": people(id, "maintainers"),
            "repositories": roles_of(graph, id),
        })
    };
    graph.of_kind("GH_Team").map(team).collect()
}

/// Custom roles: the export has one for each repository, all alike.
fn custom_roles(graph: &Graph<'_>) -> Value {
    let mut roles: BTreeMap<&str, Value> = BTreeMap::new();
    for (id, role) in graph.of_kind("GH_RepoRole") {
        let (Some(name), Some(repository)) = (role.text("short_name"), role.text("repository_id")) else { continue };
        if BUILTIN.contains(&name) || roles.contains_key(name) {
            continue;
        }
        let base = graph.after("GH_HasBaseRole", id, "GH_RepoRole").filter_map(|(_, base)| base.text("short_name"));
        let base = base.max_by_key(|base| BUILTIN.iter().position(|known| known == base));
        let kinds = graph.kinds_to(id, repository);
        let named = PERMISSIONS.iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, name)| *name);
        let permissions: Vec<&str> = named.collect();
        roles.insert(name, json!({"name": name, "base_role": base, "permissions": permissions}));
    }
    roles.into_values().collect()
}

/// `GH_WriteOrganizationActionsSecrets` as GitHub writes it: `write_organization_actions_secrets`.
fn snake(kind: &str) -> String {
    let mut name = String::new();
    for c in kind.trim_start_matches("GH_").chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_lowercase());
    }
    name
}

fn organization_roles(graph: &Graph<'_>) -> Value {
    let organization = graph.of_kind("GH_Organization").next().map_or("", |(id, _)| id);
    let named = graph.of_kind("GH_OrgRole").filter(|(_, role)| role.text("short_name").is_none());
    let role = |(id, role): (&str, &Node<'_>)| {
        let name = last(role);
        let bases = graph.after("GH_HasBaseRole", id, "GH_OrgRole").map(|(_, base)| last(base));
        let base = std::iter::once(name.clone()).chain(bases);
        let base = base.filter_map(|name| name.strip_prefix("all_repo_").map(str::to_owned));
        let base = base.max_by_key(|base| BUILTIN.iter().position(|known| known == base));
        let permissions: Vec<String> =
            graph.kinds_to(id, organization).into_iter().filter(|kind| *kind != "GH_Contains").map(snake).collect();
        let users = graph.before("GH_HasRole", id, "GH_User").map(|(_, user)| user.text("login"));
        let teams = graph.before("GH_HasRole", id, "GH_Team").map(|(_, team)| team.text("slug"));
        json!({
            "name": name,
            "base_role": base,
            "permissions": permissions,
            "users": users.collect::<Vec<_>>(),
            "teams": teams.collect::<Vec<_>>(),
        })
    };
    named.map(role).collect()
}

fn repositories(graph: &Graph<'_>) -> Value {
    let names = |edge: &str, id: &str, kind: &str| -> Vec<Value> {
        graph.after(edge, id, kind).map(|(_, node)| json!({"name": node.text("name")})).collect()
    };
    let repository = |(id, node): (&str, &Node<'_>)| {
        let mut item = Map::new();
        for name in ["name", "full_name", "visibility", "private", "default_branch", "archived", "allow_forking"] {
            item.insert(name.to_owned(), node.properties.get(name).cloned().unwrap_or(Value::Null));
        }
        let branches = graph.after("GH_HasBranch", id, "GH_Branch");
        let branch = |(_, branch): (&str, &Node<'_>)| json!({"name": branch.text("short_name"), "protected": branch.properties.get("protected")});
        // The export lists every branch: a default that is not among them is that of an empty repository.
        let default = node.text("default_branch");
        let exists =
            |name| graph.after("GH_HasBranch", id, "GH_Branch").any(|(_, one)| one.text("short_name") == Some(name));
        if !default.is_some_and(exists) {
            item.remove("default_branch");
        }
        let rules = graph.after("GH_Contains", id, "GH_BranchProtectionRule");
        let workflows = graph.after("GH_HasWorkflow", id, "GH_Workflow").map(|(_, workflow)| {
            json!({
                "path": workflow.text("path"),
                "name": workflow.text("short_name"),
                "state": workflow.text("state"),
                "content": workflow.text("contents"),
                "branch": workflow.text("branch"),
            })
        });
        let fields = [
            ("branches", branches.map(branch).collect()),
            ("branch_protections", rules.map(|(id, rule)| protection(graph, id, rule)).collect()),
            ("collaborators", collaborators(graph, id)),
            ("environments", environments(graph, id)),
            ("secrets", Value::Array(names("GH_HasSecret", id, "GH_RepoSecret"))),
            ("organization_secrets", Value::Array(names("GH_HasSecret", id, "GH_OrgSecret"))),
            ("variables", Value::Array(names("GH_HasVariable", id, "GH_RepoVariable"))),
            ("workflows", workflows.collect()),
            ("actions", json!({"enabled": node.properties.get("actions_enabled")})),
            ("security_and_analysis", json!({"secret_scanning": {"status": node.text("secret_scanning")}})),
        ];
        item.extend(fields.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(item)
    };
    graph.of_kind("GH_Repository").map(repository).collect()
}

/// A rule as the API shows branch protection, with its pattern.
fn protection(graph: &Graph<'_>, id: &str, rule: &Node<'_>) -> Value {
    let property = |name: &str| rule.properties.get(name).cloned().unwrap_or(Value::Bool(false));
    let actors = |edge: &str| {
        let users = graph.before(edge, id, "GH_User").map(|(_, user)| json!({"login": user.text("login")}));
        let teams = graph.before(edge, id, "GH_Team").map(|(_, team)| json!({"slug": team.text("slug")}));
        let apps = graph.before(edge, id, "GH_AppInstallation").map(|(_, app)| json!({"slug": app.text("app_slug")}));
        json!({"users": users.collect::<Vec<_>>(), "teams": teams.collect::<Vec<_>>(), "apps": apps.collect::<Vec<_>>()})
    };
    let on = |name: &str| property(name) == Value::Bool(true);
    let reviews = json!({
        "required_approving_review_count": property("required_approving_review_count").as_u64(),
        "require_code_owner_reviews": property("require_code_owner_reviews"),
        "require_last_push_approval": property("require_last_push_approval"),
        "dismiss_stale_reviews": property("dismisses_stale_reviews"),
        "bypass_pull_request_allowances": actors("GH_BypassPullRequestAllowances"),
    });
    json!({
        "pattern": rule.text("pattern"),
        "enforce_admins": property("enforce_admins"),
        "lock_branch": property("lock_branch"),
        "block_creations": property("blocks_creations"),
        "allow_force_pushes": property("allows_force_pushes"),
        "allow_deletions": property("allows_deletions"),
        "required_pull_request_reviews": on("required_pull_request_reviews").then_some(reviews),
        "required_status_checks": on("requires_status_checks").then(|| json!({})),
        "restrictions": on("push_restrictions").then(|| actors("GH_RestrictionsCanPush")),
    })
}

fn collaborators(graph: &Graph<'_>, repository: &str) -> Value {
    let roles = graph.of_kind("GH_RepoRole").filter(|(_, role)| role.text("repository_id") == Some(repository));
    let given = roles.flat_map(|(id, role)| {
        let users = graph.before("GH_HasRole", id, "GH_User");
        users.map(move |(_, user)| json!({"login": user.text("login"), "role_name": role.text("short_name")}))
    });
    given.collect()
}

fn environments(graph: &Graph<'_>, repository: &str) -> Value {
    let here = graph.of_kind("GH_Environment").filter(|(_, node)| node.text("repository_id") == Some(repository));
    let environment = |(id, node): (&str, &Node<'_>)| {
        let secrets = graph.after("GH_Contains", id, "GH_EnvironmentSecret");
        let secrets: Vec<Value> = secrets.map(|(_, secret)| json!({"name": secret.text("name")})).collect();
        let branches = graph.before("GH_HasEnvironment", id, "GH_Branch");
        let branches: Vec<Value> = branches.map(|(_, branch)| json!({"name": branch.text("short_name")})).collect();
        let mut item = json!({
            "name": node.text("short_name"),
            "can_admins_bypass": node.properties.get("can_admins_bypass"),
            "secrets": secrets,
        });
        // The export leads to an environment from its repository, or from the branches that its policy admits.
        let unknown = graph.has_unknown_start("GH_HasEnvironment", id);
        if unknown || !branches.is_empty() {
            item["deployment_branch_policy"] = json!({"protected_branches": false, "custom_branch_policies": true});
            if !unknown {
                item["deployment_branch_policies"] = Value::Array(branches);
            }
        }
        item
    };
    here.map(environment).collect()
}

/// Permissions, which the export keeps as JSON in a text.
fn permissions(node: &Node<'_>) -> Value {
    let written = node.text("permissions").unwrap_or("{}");
    serde_json::from_str(written).unwrap_or(Value::Null)
}

fn reachable(graph: &Graph<'_>, id: &str) -> Value {
    let repositories = graph.after("GH_CanAccess", id, "GH_Repository");
    repositories.filter_map(|(_, repository)| repository.text("full_name")).map(|full| json!(full)).collect()
}

fn installations(graph: &Graph<'_>) -> Value {
    let installation = |(id, node): (&str, &Node<'_>)| {
        json!({
            "app_slug": node.text("app_slug"),
            "client_id": node.text("client_id"),
            "repository_selection": node.text("repository_selection"),
            "permissions": permissions(node),
            "repositories": reachable(graph, id),
            "created_at": node.text("created_at"),
            "suspended_at": node.text("suspended_at"),
        })
    };
    graph.of_kind("GH_AppInstallation").map(installation).collect()
}

fn tokens(graph: &Graph<'_>) -> Value {
    let token = |(id, node): (&str, &Node<'_>)| {
        json!({
            "token_id": node.properties.get("token_id"),
            "token_name": node.text("token_name"),
            "owner_login": node.text("owner_login"),
            "repository_selection": node.text("repository_selection"),
            "repositories": reachable(graph, id),
            "permissions": permissions(node),
            "access_granted_at": node.text("access_granted_at"),
            "token_expired": node.properties.get("token_expired"),
            "token_expires_at": node.text("token_expires_at"),
            "token_last_used_at": node.text("token_last_used_at"),
        })
    };
    graph.of_kind("GH_PersonalAccessToken").map(token).collect()
}

fn alerts(graph: &Graph<'_>) -> Value {
    let alert = |(id, node): (&str, &Node<'_>)| {
        let number = node.properties.get("name").and_then(|name| name.as_u64().or_else(|| name.as_str()?.parse().ok()));
        let repository = full_name(graph, node.text("repository_id").unwrap_or_default());
        let owner = graph.after("GH_ValidToken", id, "GH_User").next().and_then(|(_, user)| user.text("login"));
        json!({
            "number": number,
            "repository": {"full_name": repository},
            "state": node.text("state"),
            "validity": node.text("validity"),
            "secret_type": node.text("secret_type"),
            "owner_login": owner,
        })
    };
    graph.of_kind("GH_SecretScanningAlert").map(alert).collect()
}

fn sign_on(graph: &Graph<'_>, document: &mut Map<String, Value>) {
    if let Some((_, provider)) = graph.of_kind("GH_SamlIdentityProvider").next() {
        let known = json!({"issuer": provider.text("issuer"), "sso_url": provider.text("sso_url")});
        document.insert("identity_provider".to_owned(), known);
    }
    let identity = |(_, node): (&str, &Node<'_>)| {
        json!({
            "login": node.text("github_username"),
            "name_id": node.text("saml_identity_name_id"),
            "scim_username": node.text("scim_identity_username"),
        })
    };
    let identities: Vec<Value> = graph.of_kind("GH_ExternalIdentity").map(identity).collect();
    if !identities.is_empty() {
        document.insert("external_identities".to_owned(), Value::Array(identities));
    }
}
