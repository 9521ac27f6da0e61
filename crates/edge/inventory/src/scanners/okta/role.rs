//! Who holds which admin role on what, and the hubs through which that is said.

use super::power::{Granted, Power, Targets, of_role};
use super::{Org, app_hub, app_key, id_in_address};
use crate::json::{id, list, text, text_at};
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;

/// Why an administrator who is not a super administrator may not become another administrator.
const LESSER: &str = "Okta lets this role reset somebody who holds an admin role";

impl Org<'_, '_> {
    /// Users and groups that hold a role: they are not reset by just any administrator.
    pub(super) fn learn_admins(&mut self, document: &Value) {
        let holds = |item: &Value| list(item, "roles").iter().any(is_active);
        for key in ["users", "admins"] {
            let users = list(document, key).iter().filter(|user| holds(user));
            self.admins.extend(users.filter_map(|user| id(user, "id")));
        }
        let groups = list(document, "groups").iter().filter(|group| holds(group));
        self.admin_groups.extend(groups.filter_map(|group| id(group, "id")));
        for role in list(document, "role_assignments").iter().filter(|role| is_active(role)) {
            let address = text_at(role, &["_links", "assignee", "href"]).unwrap_or_default();
            self.admins.extend(id_in_address(address, "users").map(str::to_owned));
            self.admin_groups.extend(id_in_address(address, "groups").map(str::to_owned));
        }
        for group in &self.admin_groups {
            self.admins.extend(self.members.get(group).into_iter().flatten().cloned());
        }
    }

    pub(super) fn roles(&mut self, document: &Value) {
        for (key, of_users) in [("users", true), ("admins", true), ("groups", false)] {
            for (at, holder) in list(document, key).iter().enumerate() {
                let Some(name) = id(holder, "id") else { continue };
                let holder_key = if of_users { self.user(&name) } else { self.group(&name) };
                for (place, role) in self.facts.items(holder, "roles", &format!("{key}[{at}]")) {
                    self.role(&holder_key, role, &place, "");
                }
            }
        }
        for (place, role) in self.facts.items(document, "role_assignments", "") {
            let address = text_at(role, &["_links", "assignee", "href"]).unwrap_or_default();
            let user = id_in_address(address, "users").map(|id| self.user(id));
            match user.or_else(|| id_in_address(address, "groups").map(|id| self.group(id))) {
                Some(holder) => self.role(&holder, role, &place, ""),
                None => self.facts.report.add(format!("{place} names no assignee"), "export it with its `_links`"),
            }
        }
    }

    /// `holder` holds a role, under the condition `may` if it is not empty.
    pub(super) fn role(&mut self, holder: &NodeKey, role: &Value, place: &str, may: &str) {
        if !is_active(role) {
            return;
        }
        let Some(kind) = self.facts.id(role, "type", place) else { return };
        let (name, powers, targets) = if kind == "CUSTOM" {
            let Some(custom) = id(role, "role").or_else(|| id(role, "label")) else {
                return self.facts.report.add(format!("{place} names no role"), "export it again");
            };
            let set = id(role, "resource-set").unwrap_or_default();
            (format!("{custom}/{set}"), self.custom.role(&custom), self.custom.set(&set))
        } else {
            let targets = targets(role);
            let all = targets.all_users && targets.all_apps;
            let part = if all { String::new() } else { format!("/{}", id(role, "id").unwrap_or_default()) };
            (format!("{kind}{part}"), of_role(&kind), targets)
        };
        let hub = NodeKey::group("okta", &format!("role/{}/{name}", self.name));
        let life = self.facts.life(role, "created", "");
        self.facts.edge(EdgeKind::MemberOf, holder, &hub, place).valid(life).may(may).removable("remove_okta_role");
        if self.facts.is_new(&hub) {
            self.facts.node(&hub, place).label(text(role, "label").unwrap_or(&kind));
            for granted in powers {
                self.empower(&hub, &granted, &targets, place);
            }
        }
    }

    /// Whoever is in `hub` has a power over the targets.
    pub(super) fn empower(&mut self, hub: &NodeKey, (power, may): &Granted, targets: &Targets, place: &str) {
        match power {
            Power::Administer => self.administer(hub, place, may),
            Power::TakeOver => self.take_over(hub, targets, place, may),
            Power::Profiles => {
                let narrow = if targets.all_users { "" } else { "the rule's users are among the role's" };
                let writers = self.hub("profiles");
                self.facts.edge(EdgeKind::MemberOf, hub, &writers, place).may(may).may(narrow);
            }
            Power::Members => {
                if targets.all_groups {
                    let groups = self.hub("groups");
                    self.facts.edge(EdgeKind::MemberOf, hub, &groups, place).may(may);
                }
                for group in targets.groups.iter().filter(|group| !self.admin_groups.contains(*group)) {
                    let group = NodeKey::group("okta", group);
                    self.facts.edge(EdgeKind::MayAct, hub, &group, place).acts(&["add members"]).may(may);
                }
            }
            Power::Apps => self.over_apps(hub, "administer", targets, place, may),
            Power::Assign => self.over_apps(hub, "assign", targets, place, may),
            Power::Providers => {
                let linked = "a new identity provider is linked with accounts that exist";
                for users in ["users", "admins"] {
                    let users = self.hub(users);
                    self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may).may(linked);
                }
            }
            Power::Read => {
                let org = self.resource("");
                self.facts.edge(EdgeKind::MayAct, hub, &org, place).acts(&["read"]).may(may);
            }
        }
        for what in &targets.unknown {
            let (org, why) = (self.resource(""), format!("the role covers it: it is held on {what}"));
            self.facts.edge(EdgeKind::MayAct, hub, &org, place).acts(&["administer"]).may(may).may(&why);
        }
    }

    fn administer(&mut self, hub: &NodeKey, place: &str, may: &str) {
        let org = self.resource("");
        self.facts.edge(EdgeKind::MayAct, hub, &org, place).acts(&["administer"]).may(may);
        for users in ["users", "admins"] {
            let users = self.hub(users);
            self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may);
        }
        for reached in ["groups", "profiles", "administer", "assign"] {
            let reached = self.hub(reached);
            self.facts.edge(EdgeKind::MemberOf, hub, &reached, place).may(may);
        }
    }

    fn take_over(&mut self, hub: &NodeKey, targets: &Targets, place: &str, may: &str) {
        if targets.all_users {
            let (users, admins) = (self.hub("users"), self.hub("admins"));
            self.facts.edge(EdgeKind::MayAssume, hub, &users, place).may(may);
            self.facts.edge(EdgeKind::MayAssume, hub, &admins, place).may(may).may(LESSER);
        }
        for user in &targets.users {
            let lesser = if self.admins.contains(user) { LESSER } else { "" };
            let (user, life) = (user.clone(), self.life(user));
            self.become_user(hub, &user, life, place, if may.is_empty() { lesser } else { may });
        }
        let groups: std::collections::BTreeSet<&String> = targets.members_of.iter().chain(&targets.groups).collect();
        for group in groups {
            let covered = targets.members_of.contains(group);
            let why = if covered { "" } else { "the role covers the group's members too" };
            let members = NodeKey::group("okta", &format!("members/{group}"));
            self.facts.edge(EdgeKind::MayAssume, hub, &members, place).may(may).may(why);
            self.open_members(&members, group, place);
        }
    }

    /// The hub of those whom an administrator of a group may become, opened once onto each member.
    fn open_members(&mut self, hub: &NodeKey, group: &str, place: &str) {
        if !self.facts.is_new(hub) {
            return;
        }
        for user in self.members.get(group).cloned().unwrap_or_default() {
            let lesser = if self.admins.contains(&user) { LESSER } else { "" };
            let life = self.life(&user);
            self.become_user(hub, &user, life, place, lesser);
        }
    }

    fn over_apps(&mut self, hub: &NodeKey, what: &str, targets: &Targets, place: &str, may: &str) {
        if targets.all_apps {
            let apps = self.hub(what);
            self.facts.edge(EdgeKind::MemberOf, hub, &apps, place).may(may);
        }
        for app in &targets.apps {
            self.facts.edge(EdgeKind::MemberOf, hub, &app_hub(what, app), place).may(may);
            self.facts.edge(EdgeKind::MayAct, hub, &app_key(app), place).acts(&[what]).may(may);
        }
    }
}

fn is_active(role: &Value) -> bool {
    text(role, "status").is_none_or(|status| status == "ACTIVE")
}

/// On what a standard role is held: on everything, unless groups or applications are named.
fn targets(role: &Value) -> Targets {
    let ids = |key: &str| list(role, key).iter().filter_map(|target| id(target, "id")).collect::<Vec<_>>();
    let (groups, apps) = (ids("group_targets"), ids("app_targets"));
    if groups.is_empty() && apps.is_empty() {
        return Targets::everything();
    }
    Targets { members_of: groups.clone(), groups, apps, ..Targets::default() }
}
