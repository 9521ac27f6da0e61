//! What a role, an app's permissions or a token's scopes let one do in a repository.
//!
//! Every way to a right becomes a [`Role`]: a name and a set of [`Rights`]. Who has the same role shares one hub a
//! repository, so what the rights lead to is said once. It knows nothing of branches, secrets or persons.

use crate::json::{list, text};
use serde_json::Value;
use std::collections::BTreeMap;

/// A set of rights in one repository.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Rights(u32);

impl Rights {
    /// Read code, issues, releases.
    pub(crate) const PULL: Rights = Rights(1);
    /// Manage issues and pull requests, without code.
    pub(crate) const TRIAGE: Rights = Rights(1 << 1);
    /// Push commits and make branches, as far as rules let it.
    pub(crate) const PUSH: Rights = Rights(1 << 2);
    /// Push changes of workflow files.
    pub(crate) const WORKFLOWS: Rights = Rights(1 << 3);
    /// Make releases and tags.
    pub(crate) const RELEASE: Rights = Rights(1 << 4);
    /// Publish and replace packages of the repository.
    pub(crate) const PACKAGES: Rights = Rights(1 << 5);
    /// Start workflows.
    pub(crate) const DISPATCH: Rights = Rights(1 << 6);
    /// Manage the repository without its dangerous settings.
    pub(crate) const MAINTAIN: Rights = Rights(1 << 7);
    /// Everything.
    pub(crate) const ADMIN: Rights = Rights(1 << 8);
    /// Pass the merge gate: reviews and locks, unless administrators are held to them too.
    pub(crate) const BYPASS: Rights = Rights(1 << 9);
    /// Pass the push gate: restrictions of who may push.
    pub(crate) const PUSH_PROTECTED: Rights = Rights(1 << 10);
    /// Change or remove the repository's branch rules.
    pub(crate) const EDIT_PROTECTION: Rights = Rights(1 << 11);
    /// Write Actions secrets (nobody can read them back).
    pub(crate) const SECRETS: Rights = Rights(1 << 12);
    /// Change deployment environments and their protection.
    pub(crate) const ENVIRONMENTS: Rights = Rights(1 << 13);
    /// Add deploy keys, with write access too.
    pub(crate) const DEPLOY_KEYS: Rights = Rights(1 << 14);
    /// Add webhooks.
    pub(crate) const WEBHOOKS: Rights = Rights(1 << 15);
    /// Read secret scanning alerts, with the secrets.
    pub(crate) const ALERTS: Rights = Rights(1 << 16);

    /// All of `other` too.
    pub(crate) const fn and(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    /// Whether any of `other` is in it.
    pub(crate) const fn any(self, other: Rights) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether there are none.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words for it on an edge, from the least.
    pub(crate) fn actions(self) -> Vec<&'static str> {
        WORDS.iter().filter(|(right, _)| self.any(*right)).map(|(_, word)| *word).collect()
    }
}

/// The words on an edge. Workflows are part of pushing and need none of their own.
const WORDS: &[(Rights, &str)] = &[
    (Rights::PULL, "pull"),
    (Rights::TRIAGE, "triage"),
    (Rights::PUSH, "push"),
    (Rights::RELEASE, "release"),
    (Rights::PACKAGES, "publish"),
    (Rights::DISPATCH, "dispatch"),
    (Rights::MAINTAIN, "maintain"),
    (Rights::ADMIN, "admin"),
    (Rights::BYPASS, "bypass_protection"),
    (Rights::PUSH_PROTECTED, "push_protected"),
    (Rights::EDIT_PROTECTION, "edit_protection"),
    (Rights::SECRETS, "write_secrets"),
    (Rights::ENVIRONMENTS, "edit_environments"),
    (Rights::DEPLOY_KEYS, "add_deploy_keys"),
    (Rights::WEBHOOKS, "add_webhooks"),
    (Rights::ALERTS, "read_alerts"),
];

const TRIAGE: Rights = Rights::PULL.and(Rights::TRIAGE);
const WRITE: Rights = TRIAGE
    .and(Rights::PUSH)
    .and(Rights::WORKFLOWS)
    .and(Rights::RELEASE)
    .and(Rights::PACKAGES)
    .and(Rights::DISPATCH)
    .and(Rights::SECRETS);
const MAINTAIN: Rights = WRITE.and(Rights::MAINTAIN).and(Rights::PUSH_PROTECTED);
const ADMIN: Rights = Rights((1 << 17) - 1);

/// A way to rights that several may have: its name is part of the hub's key.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Role {
    /// Its name: `write`, a custom role's name, or the permissions of an app: `contents:write,workflows:write`.
    pub(crate) name: String,
    /// What it lets one do.
    pub(crate) rights: Rights,
}

impl Role {
    fn new(name: &str, rights: Rights) -> Role {
        Role { name: name.to_owned(), rights }
    }
}

/// The role of this name in any of GitHub's spellings. `None` for `none` and for names that are not GitHub's.
pub(crate) fn builtin(name: &str) -> Option<Role> {
    let (name, rights) = match name {
        "pull" | "read" | "READ" => ("read", Rights::PULL),
        "triage" | "TRIAGE" => ("triage", TRIAGE),
        "push" | "write" | "WRITE" => ("write", WRITE),
        "maintain" | "MAINTAIN" => ("maintain", MAINTAIN),
        "admin" | "ADMIN" => ("admin", ADMIN),
        _ => return None,
    };
    Some(Role::new(name, rights))
}

/// The right that a permission of a custom role adds to its base role.
pub(crate) fn custom_permission(name: &str) -> Rights {
    match name {
        "bypass_branch_protection" => Rights::BYPASS,
        "push_protected_branch" => Rights::PUSH_PROTECTED,
        "edit_repo_protections" => Rights::EDIT_PROTECTION,
        "manage_deploy_keys" => Rights::DEPLOY_KEYS,
        "manage_webhooks" => Rights::WEBHOOKS,
        "view_secret_scanning_alerts" => Rights::ALERTS,
        "create_tag" => Rights::RELEASE,
        "write_repository_actions_environments" => Rights::ENVIRONMENTS,
        "write_repository_actions_secrets" => Rights::SECRETS,
        _ => Rights::default(),
    }
}

/// The organisation's custom repository roles, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roles {
    custom: BTreeMap<String, Role>,
    by_id: BTreeMap<u64, String>,
}

impl Roles {
    /// Reads the answer of `GET /orgs/{org}/custom-repository-roles`.
    pub(crate) fn read(items: &[Value]) -> Roles {
        let mut roles = Roles::default();
        for item in items {
            let Some(name) = text(item, "name") else { continue };
            let base = text(item, "base_role").and_then(builtin).map_or(Rights::default(), |role| role.rights);
            let added = list(item, "permissions").iter().filter_map(Value::as_str).map(custom_permission);
            let rights = added.fold(base, Rights::and);
            roles.custom.insert(name.to_owned(), Role::new(&format!("custom/{name}"), rights));
            if let Some(id) = item.get("id").and_then(Value::as_u64) {
                roles.by_id.insert(id, name.to_owned());
            }
        }
        roles
    }

    /// The role of this name, GitHub's own or the organisation's.
    pub(crate) fn named(&self, name: &str) -> Option<Role> {
        builtin(name).or_else(|| self.custom.get(name).cloned())
    }

    /// The role with this id in a ruleset: GitHub's own are 2, 4 and 5.
    pub(crate) fn with_id(&self, id: u64) -> Option<Role> {
        match id {
            2 => builtin("maintain"),
            4 => builtin("write"),
            5 => builtin("admin"),
            id => self.named(self.by_id.get(&id)?),
        }
    }
}

/// What each permission of an app, of a fine-grained token or of `GITHUB_TOKEN` gives: `read`, then `write` beside it.
const PERMISSIONS: &[(&str, Rights, Rights)] = &[
    ("actions", Rights(0), Rights::DISPATCH),
    ("administration", Rights(0), Rights::ADMIN.and(Rights::EDIT_PROTECTION).and(Rights::DEPLOY_KEYS)),
    ("contents", Rights::PULL, Rights::PUSH.and(Rights::RELEASE)),
    ("environments", Rights(0), Rights::ENVIRONMENTS),
    ("packages", Rights(0), Rights::PACKAGES),
    ("repository_hooks", Rights(0), Rights::WEBHOOKS),
    ("secret_scanning_alerts", Rights::ALERTS, Rights(0)),
    ("secrets", Rights(0), Rights::SECRETS),
    ("workflows", Rights(0), Rights::WORKFLOWS),
];

/// The role that these permissions come to: `{"contents": "write", "metadata": "read"}`. `None` where they give nothing
/// in the code of a repository.
pub(crate) fn of_permissions(permissions: &Value) -> Option<Role> {
    let mut rights = Rights::default();
    let mut name = Vec::new();
    for (permission, read, write) in PERMISSIONS {
        let gives = match text(permissions, permission) {
            Some("write" | "admin") => read.and(*write),
            Some("read") => *read,
            _ => continue,
        };
        if !gives.is_empty() {
            rights = rights.and(gives);
            name.push(format!("{permission}:{}", text(permissions, permission).unwrap_or_default()));
        }
    }
    // A push of workflow files needs both.
    (!rights.is_empty()).then(|| Role::new(&name.join(","), rights))
}

/// Whether a classic token's scopes carry all that its owner may do in private repositories; else which right is left.
pub(crate) enum Scope {
    /// `repo`, or unknown: everything that the owner may.
    Whole,
    /// Public repositories only.
    PublicOnly,
    /// Nothing in repositories.
    Narrow,
}

/// What `scopes` of a classic token leave of its owner's rights in repositories. No scopes at all means that the platform
/// did not tell (SSH keys, fine-grained tokens).
pub(crate) fn of_scopes(scopes: &[&str]) -> Scope {
    if scopes.is_empty() || scopes.iter().any(|scope| matches!(*scope, "repo" | "admin:org")) {
        Scope::Whole
    } else if scopes.contains(&"public_repo") {
        Scope::PublicOnly
    } else {
        Scope::Narrow
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_custom_role_is_its_base_and_what_it_adds() {
        let roles = Roles::read(&[
            json!({"id": 9, "name": "Releaser", "base_role": "read", "permissions": ["create_tag", "add_label"]}),
        ]);
        let role = roles.named("Releaser").unwrap();
        assert_eq!((role.name.as_str(), role.rights.actions()), ("custom/Releaser", vec!["pull", "release"]));
        assert_eq!(roles.with_id(9), Some(role));
        assert_eq!(roles.with_id(5).unwrap().name, "admin");
        assert_eq!(roles.named("none"), None);
    }

    #[test]
    fn an_app_pushes_workflows_only_with_both_permissions() {
        let role = of_permissions(&json!({"contents": "write", "metadata": "read", "issues": "write"})).unwrap();
        assert!(role.rights.any(Rights::PUSH) && !role.rights.any(Rights::WORKFLOWS));
        assert_eq!(role.name, "contents:write");
        assert_eq!(of_permissions(&json!({"metadata": "read", "contents": "none"})), None);
    }
}
