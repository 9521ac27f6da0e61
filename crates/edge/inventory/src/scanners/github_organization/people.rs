//! Members, owners, teams, collaborators, roles in the organisation, and by which names other systems know a member.

use super::grants::Grant;
use super::rights::builtin;
use super::{Organization, keys};
use crate::json::{list, text, texts};
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey};
use serde_json::Value;

/// How many parents of a team are followed when its tree is checked.
const MAX_PARENTS: usize = 64;

/// Permissions of a role in the organisation that lead to being an owner, with what GitHub leaves undecided.
const TO_OWNER: &[(&str, &str)] = &[(
    "write_organization_custom_org_role",
    "whoever may change the organisation's roles can put more into one that he holds",
)];

/// Permissions of a role in the organisation that lead to running code in its jobs.
const TO_JOBS: &[(&str, &str)] = &[
    ("write_organization_runners_and_runner_groups", "a job asks for the labels of a machine that was added"),
    ("write_organization_actions_settings", "a job asks for the labels of a machine that was added"),
];

/// Every login that an item lists below `key`: plain or in an object.
fn logins<'a>(item: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    list(item, key).iter().filter_map(|member| member.as_str().or_else(|| text(member, "login")))
}

impl Organization<'_> {
    /// Members and owners. What every member may do is told to owners alone: where it is absent it may be the default.
    pub(super) fn accounts(&mut self) {
        let (everyone, owners) = (keys::members(&self.login), keys::owners(&self.login));
        for list in ["members", "outside_collaborators"] {
            for (at, member) in self.items(list) {
                self.account(list, at, member);
            }
        }
        let place = "members with role admin";
        self.grant_named(&owners, None, "admin", place);
        let organization = NodeKey::resource("github", &self.login);
        self.facts.edge(EdgeKind::MayAct, &owners, &organization, place).acts(&["admin"]);
        let base = self.document.get("organization").and_then(|item| text(item, "default_repository_permission"));
        let place = "organization.default_repository_permission";
        match base {
            Some(base) => self.grant_named(&everyone, None, base, place),
            None => {
                let may = ["the organisation's base permission is read or more".to_owned()];
                if let Some(role) = builtin("read") {
                    let (to, valid) = (&everyone, Interval::ALWAYS);
                    self.grant(&role, &Grant { to, repository: None, may: &may, valid, place });
                }
            }
        }
    }

    fn account(&mut self, list: &str, at: usize, member: &Value) {
        let place = format!("{list}[{at}]");
        let Some(login) = text(member, "login") else {
            return self.facts.report.add(format!("{place} has no login"), "export the members again");
        };
        let key = keys::account(login);
        // Addresses in domains that the organisation has proven to own; GitHub has checked that they are the member's.
        let verified = texts(member.get("verified_domain_emails")).into_iter();
        let node = verified.fold(self.facts.node(&key, &place).label(login), |node, mail| node.email(mail, true));
        node.email(text(member, "email").unwrap_or_default(), false);
        if member.get("two_factor_enabled").and_then(Value::as_bool) == Some(false) {
            self.facts.setting(&key, "two_factor_enabled", "false", &place);
        }
        if list == "outside_collaborators" {
            return self.facts.setting(&key, "outside_collaborator", "true", &place);
        }
        let owner = matches!(text(member, "role"), Some("admin" | "owner"));
        let hub = if owner { keys::owners(&self.login) } else { keys::members(&self.login) };
        self.member(&key, &hub, &place);
    }

    /// Teams: whoever is in a team is in its parents too; maintainers may let others in.
    pub(super) fn teams(&mut self) {
        let parents: std::collections::BTreeMap<&str, &str> =
            self.items("teams").filter_map(|(_, team)| Some((text(team, "slug")?, parent(team)?))).collect();
        for (at, team) in self.items("teams") {
            let place = format!("teams[{at}]");
            let Some(slug) = text(team, "slug") else {
                self.facts.report.add(format!("{place} has no slug"), "export the teams again");
                continue;
            };
            let above = std::iter::successors(parents.get(slug), |slug| parents.get(**slug)).take(MAX_PARENTS);
            if above.clone().any(|above| *above == slug) || above.count() == MAX_PARENTS {
                self.facts.report.add(format!("{place} is among its own parents"), "export the teams again");
            }
            self.team(slug, team, &place);
        }
    }

    fn team(&mut self, slug: &str, team: &Value, place: &str) {
        let key = keys::team(&self.login, slug);
        self.facts.node(&key, place).label(slug);
        if let Some(parent) = parent(team) {
            let parent = keys::team(&self.login, parent);
            self.member(&key, &parent, place);
        }
        for login in logins(team, "members") {
            self.member(&keys::account(login), &key, place);
        }
        let with_role = list(team, "members").iter().filter(|member| text(member, "role") == Some("maintainer"));
        let maintainers: Vec<&str> =
            logins(team, "maintainers").chain(with_role.filter_map(|member| text(member, "login"))).collect();
        if !maintainers.is_empty() {
            let hub = keys::maintainers(&self.login, slug);
            for login in maintainers {
                self.member(&keys::account(login), &hub, place);
            }
            self.member(&hub, &key, place);
            self.facts.edge(EdgeKind::MayAct, &hub, &key, place).acts(&["add_member"]);
        }
        for repository in list(team, "repositories") {
            let permission =
                text(repository, "role_name").or_else(|| text(repository, "permission")).or(best(repository));
            match (self.repository_of(repository), permission) {
                (Some(full), Some(permission)) => self.grant_named(&key, Some(&full), permission, place),
                _ => self
                    .facts
                    .report
                    .add(format!("a repository of {place} has no name or permission"), "export it again"),
            }
        }
    }

    /// People whom a repository names.
    pub(super) fn collaborators(&mut self, at: usize, item: &Value) {
        let place = format!("repositories[{at}]");
        let Some(full) = self.repository_of(item) else { return };
        for collaborator in list(item, "collaborators") {
            let Some(login) = text(collaborator, "login") else {
                self.facts.report.add(format!("a collaborator of {place} has no login"), "export them again");
                continue;
            };
            let granted = text(collaborator, "role_name").or_else(|| text(collaborator, "permission"));
            let permission = granted.or(best(collaborator)).unwrap_or("none");
            self.grant_named(&keys::account(login), Some(&full), permission, &place);
        }
    }

    /// Roles in the organisation: a role in all its repositories, and permissions of their own.
    pub(super) fn organization_roles(&mut self) {
        for (at, item) in self.items("organization_roles") {
            let place = format!("organization_roles[{at}]");
            let Some(name) = text(item, "name") else {
                self.facts.report.add(format!("{place} has no name"), "export the roles again");
                continue;
            };
            let hub = keys::organization_role(&self.login, name);
            self.facts.node(&hub, &place).label(name);
            for login in logins(item, "users") {
                self.member(&keys::account(login), &hub, &place);
            }
            let teams = list(item, "teams").iter().filter_map(|team| team.as_str().or_else(|| text(team, "slug")));
            for slug in teams {
                self.member(&keys::team(&self.login, slug), &hub, &place);
            }
            if let Some(base) = text(item, "base_role") {
                self.grant_named(&hub, None, base, &place);
            }
            self.organization_permissions(&hub, item, &place);
        }
    }

    fn organization_permissions(&mut self, hub: &NodeKey, item: &Value, place: &str) {
        let permissions = texts(item.get("permissions"));
        if permissions.is_empty() {
            return;
        }
        let organization = NodeKey::resource("github", &self.login);
        self.facts.edge(EdgeKind::MayAct, hub, &organization, place).acts(&permissions);
        let (owners, jobs) = (keys::owners(&self.login), keys::every_job(&self.login));
        for (leads, to, kind) in [(TO_OWNER, &owners, EdgeKind::MemberOf), (TO_JOBS, &jobs, EdgeKind::RunsAs)] {
            if let Some((_, why)) = leads.iter().find(|(permission, _)| permissions.contains(permission)) {
                self.facts.edge(kind, hub, to, place).may(why);
            }
        }
    }

    /// The names under which the organisation's identity provider knows its members.
    pub(super) fn external_identities(&mut self) {
        let provider = self.document.get("identity_provider");
        let issuer = provider.and_then(|provider| text(provider, "issuer")).unwrap_or_default();
        if let Some(provider) = provider {
            let organization = NodeKey::resource("github", &self.login);
            let url = text(provider, "sso_url").unwrap_or(issuer);
            self.facts.setting(&organization, "identity_provider", url, "identity_provider");
        }
        for (at, item) in self.items("external_identities") {
            let place = format!("external_identities[{at}]");
            let name = text(item, "name_id").or_else(|| text(item, "saml_name_id"));
            let provisioned = text(item, "scim_username");
            let organization = NodeKey::resource("github", &self.login);
            let shown = name.or(provisioned).unwrap_or_default();
            if provisioned.is_none() {
                self.facts.setting(&organization, "external_identity_without_scim", shown, &place);
            }
            let Some(login) = text(item, "login") else {
                self.facts.setting(&organization, "external_identity_without_account", shown, &place);
                continue;
            };
            let key = keys::account(login);
            self.facts.setting(&key, "external_identity", shown, &place);
            let mut node = self.facts.node(&key, &place).label(login);
            for name in [name, provisioned].into_iter().flatten() {
                if !issuer.is_empty() {
                    let value = format!("{issuer}|{name}");
                    node = node.known_as(Identifier::verified(IdentifierScheme::SignOn, &value));
                }
                // The organisation's own identity provider vouches for the address.
                node = node.email(name, true);
            }
        }
    }
}

/// The slug of a team's parent.
fn parent(team: &Value) -> Option<&str> {
    let parent = team.get("parent")?;
    parent.as_str().or_else(|| text(parent, "slug"))
}

/// The greatest of the switches in `permissions`.
fn best(item: &Value) -> Option<&'static str> {
    let granted = item.get("permissions")?;
    ["admin", "maintain", "push", "triage", "pull"]
        .into_iter()
        .find(|permission| crate::json::flag(granted, permission))
}
