//! What administrators' roles, permissions and scopes let one do.

use crate::json::{id, text, text_at};
use crate::report::shown;
use crate::statements::Statements;
use serde_json::Value;
use std::collections::HashMap;

/// One thing that an administrator may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Power {
    /// Everything, administrators included.
    Administer,
    /// Set or reset passwords and factors: become the user.
    TakeOver,
    /// Write users' attributes.
    Profiles,
    /// Make members of groups.
    Members,
    /// Change applications: their credentials, where they lead, who has them.
    Apps,
    /// Give applications to users and groups.
    Assign,
    /// Change whom the organisation believes who somebody is.
    Providers,
    /// Read.
    Read,
}

/// A power, and the condition under which it is one; an empty condition is none.
pub(super) type Granted = (Power, String);

fn certain(powers: &[Power]) -> Vec<Granted> {
    powers.iter().map(|power| (*power, String::new())).collect()
}

fn if_so(power: Power, condition: &str) -> Vec<Granted> {
    vec![(power, condition.to_owned())]
}

fn unknown(what: &str, name: &str) -> Vec<Granted> {
    vec![(Power::Administer, format!("{what} `{}`, which is not known here, allows it", shown(name)))]
}

/// What a standard role lets one do.
pub(super) fn of_role(kind: &str) -> Vec<Granted> {
    use Power::{Administer, Apps, Assign, Members, Profiles, Read, TakeOver};
    match kind {
        "SUPER_ADMIN" => certain(&[Administer]),
        "ORG_ADMIN" => {
            let mut powers = certain(&[TakeOver, Profiles, Members, Read]);
            powers.extend(if_so(Assign, "organisation administrators may assign the application"));
            powers
        }
        "USER_ADMIN" => certain(&[TakeOver, Profiles, Members]),
        "HELP_DESK_ADMIN" => certain(&[TakeOver]),
        "GROUP_MEMBERSHIP_ADMIN" => certain(&[Members]),
        "APP_ADMIN" => certain(&[Apps, Assign]),
        "API_ACCESS_MANAGEMENT_ADMIN" => if_so(Apps, "the application is one of OpenID Connect"),
        "READ_ONLY_ADMIN" | "REPORT_ADMIN" | "MOBILE_ADMIN" => certain(&[Read]),
        other => unknown("the role", other),
    }
}

/// What a permission of a custom role lets one do.
fn of_permission(label: &str) -> Vec<Granted> {
    use Power::{Apps, Assign, Members, Profiles, Providers, Read, TakeOver};
    match label {
        "okta.users.manage" => certain(&[TakeOver, Profiles]),
        "okta.users.credentials.manage"
        | "okta.users.credentials.resetPassword"
        | "okta.users.credentials.expirePassword"
        | "okta.users.credentials.manageTemporaryAccessCode" => certain(&[TakeOver]),
        "okta.users.credentials.resetFactors" => if_so(TakeOver, "the user's password is known too"),
        "okta.users.userprofile.manage" => certain(&[Profiles]),
        "okta.groups.manage" | "okta.groups.members.manage" | "okta.users.groupMembership.manage" => {
            certain(&[Members])
        }
        "okta.apps.manage" => certain(&[Apps, Assign]),
        "okta.apps.clientCredentials.manage" => certain(&[Apps]),
        "okta.apps.assignment.manage" | "okta.users.appAssignment.manage" | "okta.groups.appAssignment.manage" => {
            certain(&[Assign])
        }
        "okta.identityProviders.manage" => certain(&[Providers]),
        // Locking out, unlocking, creating: nothing of this leads to an account that exists.
        other if other.starts_with("okta.users.lifecycle.") || other == "okta.users.create" => certain(&[Read]),
        other if other.ends_with(".read") || other.ends_with(".view") => certain(&[Read]),
        other => unknown("the permission", other),
    }
}

/// What a scope of Okta's own API lets an application do, as far as its role lets it.
pub(super) fn of_scope(scope: &str) -> Vec<Granted> {
    use Power::{Administer, Apps, Assign, Members, Profiles, Providers, Read, TakeOver};
    match scope {
        "okta.users.manage" => certain(&[TakeOver, Profiles]),
        "okta.factors.manage" | "okta.authenticators.manage" => if_so(TakeOver, "the user's password is known too"),
        "okta.groups.manage" => certain(&[Members]),
        "okta.apps.manage" => certain(&[Apps, Assign]),
        "okta.clients.manage" | "okta.appGrants.manage" => certain(&[Apps]),
        "okta.idps.manage" => certain(&[Providers]),
        "okta.roles.manage" => certain(&[Administer]),
        // What serves signing on alone reaches no data.
        "openid" | "profile" | "email" | "address" | "phone" | "groups" | "offline_access" | "device_sso" => Vec::new(),
        other if other.ends_with(".read") || other.ends_with(".read.self") => certain(&[Read]),
        other => unknown("the scope", other),
    }
}

/// On what a role is held.
#[derive(Clone, Default, Debug)]
pub(super) struct Targets {
    pub(super) all_users: bool,
    pub(super) all_groups: bool,
    pub(super) all_apps: bool,
    pub(super) users: Vec<String>,
    pub(super) groups: Vec<String>,
    /// Groups whose members it is held on.
    pub(super) members_of: Vec<String>,
    pub(super) apps: Vec<String>,
    /// What it is held on that is not understood.
    pub(super) unknown: Vec<String>,
}

/// Custom roles by id and name, and resource sets by id.
#[derive(Default)]
pub(super) struct Custom {
    roles: HashMap<String, Vec<Granted>>,
    sets: HashMap<String, Targets>,
}

impl Custom {
    pub(super) fn read(document: &Value, facts: &mut Statements<'_>) -> Custom {
        let mut custom = Custom::default();
        for (place, role) in facts.items(document, "custom_roles", "") {
            let mut powers: Vec<Granted> = Vec::new();
            for (place, permission) in facts.items(role, "permissions", &place) {
                if let Some(label) = facts.id(permission, "label", &place) {
                    powers.extend(of_permission(&label));
                }
            }
            if role.get("permissions").is_none() {
                powers = unknown("the custom role", text(role, "label").unwrap_or("without a name"));
            }
            for name in [id(role, "id"), id(role, "label")].into_iter().flatten() {
                custom.roles.insert(name, powers.clone());
            }
        }
        for (place, set) in facts.items(document, "resource_sets", "") {
            let Some(name) = facts.id(set, "id", &place) else { continue };
            let mut targets = Targets::default();
            for (_, resource) in facts.items(set, "resources", &place) {
                let link = ["resource", "self"].iter().find_map(|link| text_at(resource, &["_links", link, "href"]));
                targets.add(text(resource, "orn").or(link).unwrap_or_default());
            }
            custom.sets.insert(name, targets);
        }
        custom
    }

    pub(super) fn role(&self, name: &str) -> Vec<Granted> {
        self.roles.get(name).cloned().unwrap_or_else(|| unknown("the custom role", name))
    }

    pub(super) fn set(&self, name: &str) -> Targets {
        let unknown = || Targets { unknown: vec![format!("resource set {name}")], ..Targets::default() };
        self.sets.get(name).cloned().unwrap_or_else(unknown)
    }
}

impl Targets {
    /// Everything.
    pub(super) fn everything() -> Targets {
        Targets { all_users: true, all_groups: true, all_apps: true, ..Targets::default() }
    }

    /// Adds a resource by its address, or by its name `orn:okta:directory:<org>:groups:<id>`.
    fn add(&mut self, address: &str) {
        let rest = address.split_once("/api/v1/").map_or(address, |(_, rest)| rest);
        let parts: Vec<&str> = rest.split(['/', ':', '?']).filter(|part| !part.is_empty()).collect();
        let kinds = ["users", "groups", "apps"];
        let at = parts.iter().position(|part| kinds.contains(part));
        let (kind, of) = (at.and_then(|at| parts.get(at)), at.and_then(|at| parts.get(at + 1)));
        match (kind, of) {
            (Some(&"groups"), Some(id)) if parts.last() != Some(id) => self.members_of.push((*id).to_owned()),
            (Some(&"groups"), Some(id)) => self.groups.push((*id).to_owned()),
            (Some(&"users"), Some(id)) => self.users.push((*id).to_owned()),
            // The application is the last part: its kind stands before it.
            (Some(&"apps"), Some(id)) => self.apps.push((*parts.last().unwrap_or(id)).to_owned()),
            (Some(&"users"), None) => self.all_users = true,
            (Some(&"groups"), None) => self.all_groups = true,
            (Some(&"apps"), None) => self.all_apps = true,
            _ => self.unknown.push(shown(address)),
        }
    }
}
