//! Administrators' roles: what their privileges let one become, and who holds them on what part of the customer.

use super::Customer;
use crate::json::{flag, id, list, text};
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};

/// Why an administrator who is not a super administrator may not become another one.
const LESSER: &str = "Google lets this role reset somebody who holds an administrator's role";

/// What a privilege lets one do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Power {
    /// Everything.
    Administer,
    /// Set passwords.
    Passwords,
    /// Lift the second step and see what is signed on: with a password, the account.
    Security,
    /// Make members of groups.
    Groups,
    /// Open shared drives and files of all.
    Files,
    /// Search and export everybody's data.
    Discovery,
    /// Read.
    Read,
    /// Nothing that leads to an account or to data.
    Nothing,
}

/// What a privilege lets one do; `None` for one that is not known here.
fn of_privilege(name: &str) -> Option<Power> {
    Some(match name {
        "USERS_ALL" | "USERS_UPDATE" | "USERS_RESET_PASSWORD" | "USERS_UPDATE_PASSWORD" => Power::Passwords,
        "USER_SECURITY_ALL" | "SECURITY_ALL" | "USERS_SECURITY_ALL" | "MANAGE_USER_SECURITY" => Power::Security,
        "GROUPS_ALL" | "GROUPS_UPDATE" | "GROUPS_MANAGE" => Power::Groups,
        "DRIVE_ADMIN" | "MANAGE_SHARED_DRIVES" | "DRIVE_MANAGE_SHARED_DRIVES" => Power::Files,
        "ACCESS_ALL_MATTERS" | "MANAGE_SEARCHES" | "MANAGE_EXPORTS" | "DATA_EXPORT" => Power::Discovery,
        "ROLE_MANAGEMENT_ALL" | "MANAGE_ROLES" | "DOMAIN_WIDE_DELEGATION" => Power::Administer,
        "USERS_CREATE"
        | "USERS_SUSPEND"
        | "USERS_DELETE"
        | "USERS_MOVE"
        | "USERS_RENAME"
        | "USERS_ALIAS"
        | "USERS_ADD_NICKNAME"
        | "USERS_FORCE_PASSWORD_CHANGE"
        | "GROUPS_CREATE"
        | "GROUPS_DELETE"
        | "ORGANIZATION_UNITS_CREATE"
        | "ORGANIZATION_UNITS_UPDATE"
        | "ORGANIZATION_UNITS_DELETE"
        | "ORGANIZATION_UNITS_ALL"
        | "ADMIN_DASHBOARD"
        | "SCHEMA_MANAGEMENT"
        | "REPORTS_ACCESS"
        | "BILLING" => Power::Nothing,
        other if other.ends_with("_RETRIEVE") || other.ends_with("_READ") || other.starts_with("VIEW_") => Power::Read,
        _ => return None,
    })
}

impl Customer<'_, '_> {
    pub(super) fn roles(&mut self, document: &Value) {
        let super_hub = self.role_hub("super", "");
        let known = document.get("roleAssignments").is_some();
        for (at, user) in list(document, "users").iter().enumerate() {
            let (Some(name), place) = (id(user, "id"), format!("users[{at}]")) else { continue };
            let (key, life) = (NodeKey::identity("google", &name), self.users.get(&name).map(|user| user.life));
            let Some(life) = life else { continue };
            if flag(user, "isAdmin") {
                let edge = self.facts.edge(EdgeKind::MemberOf, &key, &super_hub, &place).valid(life);
                edge.removable("remove_google_role");
                self.open_super(&super_hub, &place);
            } else if flag(user, "isDelegatedAdmin") && !known {
                let may = "a role that the document does not hold makes the user an administrator of everything";
                self.facts.edge(EdgeKind::MemberOf, &key, &super_hub, &place).valid(life).may(may);
                self.open_super(&super_hub, &place);
            }
        }
        let roles: HashMap<String, &Value> =
            list(document, "roles").iter().filter_map(|role| Some((id(role, "roleId")?, role))).collect();
        for (place, assignment) in self.facts.items(document, "roleAssignments", "") {
            self.assignment(assignment, &roles, &place);
        }
    }

    fn role_hub(&self, role: &str, unit: &str) -> NodeKey {
        let slash = if unit.is_empty() { "" } else { "/" };
        NodeKey::group("google", &format!("role/{}/{role}{slash}{unit}", self.name))
    }

    fn open_super(&mut self, hub: &NodeKey, place: &str) {
        if self.facts.is_new(hub) {
            self.facts.node(hub, place).label("super administrators");
            self.empower(hub, Power::Administer, "", place, "");
        }
    }

    fn assignment(&mut self, assignment: &Value, roles: &HashMap<String, &Value>, place: &str) {
        let (holder, role) =
            (self.facts.id(assignment, "assignedTo", place), self.facts.id(assignment, "roleId", place));
        let (Some(holder), Some(role)) = (holder, role) else { return };
        let group = text(assignment, "assigneeType").is_some_and(|kind| kind.eq_ignore_ascii_case("group"));
        let holder_key = if group { NodeKey::group("google", &holder) } else { NodeKey::identity("google", &holder) };
        let unit = id(assignment, "orgUnitId").filter(|_| text(assignment, "scopeType") == Some("ORG_UNIT"));
        let unit = unit.unwrap_or_default().trim_start_matches("id:").to_owned();
        let definition = roles.get(&role).copied();
        let condition = text(assignment, "condition").map(|condition| format!("`{}` is true", shown(condition)));
        let hub = self.role_hub(&role, &unit);
        let life = self.users.get(&holder).map_or(firebreak_model::Interval::ALWAYS, |user| user.life);
        let edge = self.facts.edge(EdgeKind::MemberOf, &holder_key, &hub, place).valid(life);
        edge.may(condition.as_deref().unwrap_or_default()).removable("remove_google_role");
        if self.facts.is_new(&hub) {
            self.open_role(&hub, &role, definition, &unit, place);
        }
    }

    fn open_role(&mut self, hub: &NodeKey, role: &str, definition: Option<&Value>, unit: &str, place: &str) {
        let label = definition.and_then(|role| text(role, "roleName")).unwrap_or(role);
        self.facts.node(hub, place).label(label);
        let Some(definition) = definition else {
            let may = format!("the role {}, which is not in the document, allows it", shown(role));
            return self.empower(hub, Power::Administer, unit, place, &may);
        };
        if flag(definition, "isSuperAdminRole") {
            return self.empower(hub, Power::Administer, "", place, "");
        }
        let mut powers = BTreeSet::new();
        for (_, privilege) in self.facts.items(definition, "rolePrivileges", place) {
            let name = text(privilege, "privilegeName").unwrap_or_default();
            match of_privilege(name) {
                Some(power) => {
                    powers.insert(power);
                }
                None => {
                    let may = format!("the privilege `{}`, which is not known here, allows it", shown(name));
                    self.empower(hub, Power::Administer, unit, place, &may);
                }
            }
        }
        // A password and no second step is the account; a password alone may not be.
        if powers.contains(&Power::Passwords) && powers.contains(&Power::Security) {
            powers.retain(|power| !matches!(power, Power::Passwords | Power::Security));
            self.take_over(hub, unit, place, "");
        }
        for power in powers {
            self.empower(hub, power, unit, place, "");
        }
    }

    /// Whoever is in `hub` has a power over the customer or, where `unit` is not empty, over that unit's users.
    pub(super) fn empower(&mut self, hub: &NodeKey, power: Power, unit: &str, place: &str, may: &str) {
        let customer = self.resource();
        match power {
            Power::Administer => {
                self.facts.edge(EdgeKind::MayAct, hub, &customer, place).acts(&["administer"]).may(may);
                for what in ["users", "admins"] {
                    let users = self.hub(what);
                    self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may);
                }
                for what in ["groups", "mailboxes", "drives"] {
                    let reached = self.hub(what);
                    self.facts.edge(EdgeKind::MemberOf, hub, &reached, place).may(may);
                }
            }
            Power::Passwords => self.passwords(hub, unit, place, may),
            // Who may lift the second step still needs the password.
            Power::Security => self.take_over(hub, unit, place, "the user's password is known too"),
            Power::Groups | Power::Files => {
                let reached = self.hub(if power == Power::Groups { "groups" } else { "drives" });
                self.facts.edge(EdgeKind::MemberOf, hub, &reached, place).may(may);
            }
            Power::Discovery => {
                for what in ["mailboxes", "drives"] {
                    let reached = self.hub(what);
                    self.facts.edge(EdgeKind::MayAct, hub, &reached, place).acts(&["search and export"]).may(may);
                }
            }
            Power::Read => {
                self.facts.edge(EdgeKind::MayAct, hub, &customer, place).acts(&["read"]).may(may);
            }
            Power::Nothing => {}
        }
    }

    fn take_over(&mut self, hub: &NodeKey, unit: &str, place: &str, may: &str) {
        if unit.is_empty() {
            let (users, admins) = (self.hub("users"), self.hub("admins"));
            self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may);
            self.facts.edge(EdgeKind::MayAssume, hub, &admins, place).may(may).may(LESSER);
        } else {
            let users = self.unit_hub("unit", unit, place, |_| String::new());
            self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may);
        }
    }

    /// A password alone: whoever has a second step keeps it.
    fn passwords(&mut self, hub: &NodeKey, unit: &str, place: &str, may: &str) {
        let second = |step: bool| if step { "the second step is passed too".to_owned() } else { String::new() };
        let users = self.unit_hub("passwords", unit, place, second);
        self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may);
    }

    /// The hub of a unit's users (of all, where it is empty), opened once onto each: `why` says what stands in the way of a
    /// user with or without a second step.
    fn unit_hub(&mut self, what: &str, unit: &str, place: &str, why: impl Fn(bool) -> String) -> NodeKey {
        let name = if unit.is_empty() { self.name } else { unit };
        let hub = NodeKey::group("google", &format!("{what}/{name}"));
        if !self.facts.is_new(&hub) {
            return hub;
        }
        let path = if unit.is_empty() { Some("/") } else { self.units.get(unit).map(String::as_str) };
        let unknown = format!("the user is in the unit {}, which is not in the document", shown(unit));
        for (id, user) in &self.users {
            let inside = path.is_none_or(|path| is_below(&user.unit, path));
            if inside {
                let edge = self.facts.edge(EdgeKind::MayAssume, &hub, &user.key, place).valid(user.life);
                let edge = edge.may(&why(user.second_step)).may(if path.is_none() { &unknown } else { "" });
                edge.may(if self.admins.contains(id) { LESSER } else { "" });
            }
        }
        hub
    }
}

fn is_below(unit: &str, path: &str) -> bool {
    path == "/" || unit.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_holds_what_is_below_it_and_nothing_that_only_begins_alike() {
        assert!(is_below("/Sales/Berlin", "/Sales") && is_below("/Sales", "/Sales") && is_below("/x", "/"));
        assert!(!is_below("/Salesforce", "/Sales") && !is_below("/", "/Sales"));
    }
}
