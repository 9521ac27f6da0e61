//! Users, groups and administrative units.

use super::{Kind, Tenant};
use crate::cut::{of_request, of_responder};
use crate::json::{flag, id, text, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

impl Tenant<'_, '_> {
    pub(super) fn users(&mut self, document: &Value) {
        for (place, user) in self.facts.items(document, "users", "") {
            let Some(name) = self.facts.id(user, "id", &place) else { continue };
            let key = self.identity(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let life = self.user_life(user);
            self.lives.insert(name.clone(), life);
            let principal = text(user, "userPrincipalName").unwrap_or_default().to_lowercase();
            let guest = principal.contains("#ext#") || text(user, "userType") == Some("Guest");
            if guest {
                self.guests.insert(name.clone());
            }
            if flag(user, "onPremisesSyncEnabled") {
                self.elsewhere.insert(name.clone(), "passwords are written back to the directory on premises");
            }
            let mail = text(user, "mail").unwrap_or_default().to_lowercase();
            let ours = mail.rsplit('@').next().is_some_and(|domain| self.domains.contains(domain));
            let redeemed = guest && text(user, "externalUserState") == Some("Accepted");
            let sign_on = format!("https://sts.windows.net/{}/|{principal}", self.id);
            let issuer_known = !self.id.is_empty() && !principal.is_empty();
            let label = text(user, "userPrincipalName").or_else(|| text(user, "displayName")).unwrap_or(&name);
            let named = [("tenant", self.id.as_str()), ("user", name.as_str())];
            let cut = match self.id.as_str() {
                "" => of_request(&key, "disable_entra_user", (25, 900), Reversibility::ReversibleReissuesAccess),
                _ => {
                    of_responder("entra_user/disable", &key, &named, (25, 900), Reversibility::ReversibleReissuesAccess)
                }
            };
            let azure = NodeKey::identity("azure", &name.to_lowercase());
            let mut node = self.facts.node(&key, &place).label(label).valid(life).cut(cut).also(&azure);
            // A principal name is of a domain that the tenant has proved; an address may be anything.
            if !guest && !principal.is_empty() {
                node = node.email(&principal, true).also(&NodeKey::identity("entra", &principal));
            }
            node = node.email(&mail, ours || redeemed);
            if issuer_known && !guest {
                node.known_as(Identifier::verified(IdentifierScheme::SignOn, &sign_on));
            }
            if !guest && !principal.is_empty() {
                self.facts.also_named(&NodeKey::identity("entra", &principal), &key, &place);
            }
            self.own_data(&name, &principal, &mail, guest, life, &place);
        }
        self.reach_users();
    }

    fn user_life(&mut self, user: &Value) -> Interval {
        let from = self.facts.time(user, "createdDateTime").unwrap_or(Time::MIN);
        let enabled = user.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true);
        let to = if enabled { Time::MAX } else { self.facts.known };
        Interval::new(from.min(to), to)
    }

    /// A member's mailbox and drive are its own, and hang on the hubs of all of them.
    fn own_data(&mut self, name: &str, principal: &str, mail: &str, guest: bool, life: Interval, place: &str) {
        if guest || principal.is_empty() || mail.is_empty() {
            return;
        }
        self.mailboxes.insert(name.to_owned(), principal.to_owned());
        let user = self.identity(name);
        for (what, hub, actions) in [
            ("mailbox", "mailboxes", ["read mail", "send mail"]),
            ("onedrive", "drives", ["read files", "write files"]),
        ] {
            let (resource, hub) = (NodeKey::resource("m365", &format!("{what}/{principal}")), self.data_hub(hub));
            self.facts.edge(EdgeKind::MayAct, &user, &resource, place).acts(&actions).valid(life);
            self.facts.edge(EdgeKind::MayAct, &hub, &resource, place);
        }
    }

    /// The hubs of those whom an administrator may become: users without a role, and the others.
    fn reach_users(&mut self) {
        let (users, admins) = (self.hub("users"), self.hub("admins"));
        let mut ids: Vec<String> = self.lives.keys().filter(|id| !self.guests.contains(*id)).cloned().collect();
        ids.sort_unstable();
        for id in ids {
            let guarded = self.guarded.contains(&id) || self.held.contains_key(&id);
            let hub = if guarded { admins.clone() } else { users.clone() };
            let open = !guarded && self.eligible.contains(&id);
            self.become_user(&hub, &id, "users", if open { "a role that is not activated guards nobody" } else { "" });
        }
    }

    pub(super) fn become_user(&mut self, hub: &NodeKey, id: &str, place: &str, may: &str) {
        if self.guests.contains(id) {
            return;
        }
        let (user, life) = (self.identity(id), self.life(id));
        let why = self.elsewhere.get(id).copied().unwrap_or_default();
        self.facts.edge(EdgeKind::MayAssume, hub, &user, place).valid(life).may(may).may(why);
    }

    pub(super) fn groups(&mut self, document: &Value) {
        for (place, group) in self.facts.items(document, "groups", "") {
            let Some(name) = self.facts.id(group, "id", &place) else { continue };
            let key = self.group(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let azure = NodeKey::group("azure", &name.to_lowercase());
            self.facts.node(&key, &place).label(text(group, "displayName").unwrap_or(&name)).also(&azure);
            for member in self.members.get(&name).cloned().unwrap_or_default() {
                let Some(from) = self.object(&member) else { continue };
                let life = self.life(&member);
                let edge = self.facts.edge(EdgeKind::MemberOf, &from, &key, &place).valid(life);
                edge.removable("remove_entra_group_member");
            }
            self.group_managers(group, &key, &place);
        }
    }

    /// Who may make members: owners, and administrators of groups. Members of dynamic groups are made by their attributes.
    fn group_managers(&mut self, group: &Value, key: &NodeKey, place: &str) {
        let rule = text(group, "membershipRule").unwrap_or_default();
        let dynamic = texts(group.get("groupTypes")).contains(&"DynamicMembership");
        if dynamic {
            let may = format!("the attributes written make `{}` true", shown(rule));
            let writers = self.hub("profiles");
            self.facts.edge(EdgeKind::MayAct, &writers, key, place).acts(&["write profiles"]).may(&may);
        }
        for (place, owner) in self.facts.items(group, "owners", place) {
            let Some(owner_id) = self.facts.id(owner, "id", &place) else { continue };
            self.kinds.entry(owner_id.clone()).or_insert_with(|| super::kind_of(owner));
            let Some(from) = self.object(&owner_id).filter(|_| !dynamic) else { continue };
            let life = self.life(&owner_id);
            let edge = self.facts.edge(EdgeKind::MayAct, &from, key, &place).acts(&["add members"]).valid(life);
            edge.removable("remove_entra_owner");
        }
        if !dynamic && !flag(group, "onPremisesSyncEnabled") {
            let roles = flag(group, "isAssignableToRole");
            let managers = self.hub(if roles { "role-groups" } else { "groups" });
            self.facts.edge(EdgeKind::MayAct, &managers, key, place).acts(&["add members"]);
        }
    }

    /// A unit's hubs: whoever administers it may become its users and make members of its groups.
    pub(super) fn units(&mut self, document: &Value) {
        for (place, unit) in self.facts.items(document, "administrativeUnits", "") {
            let Some(name) = self.facts.id(unit, "id", &place) else { continue };
            if unit.get("deletedDateTime").is_some_and(|deleted| !deleted.is_null()) {
                continue;
            }
            let (users, groups) = (unit_hub("users", &name), unit_hub("groups", &name));
            let label = text(unit, "displayName").unwrap_or(&name);
            self.facts.node(&users, &place).label(&format!("users of {label}"));
            for member in self.units.get(&name).cloned().unwrap_or_default() {
                match self.kinds.get(&member) {
                    Some(Kind::User) => {
                        let roles = self.held.contains_key(&member);
                        let may =
                            if roles { "the administrator's role may reset those of the user's role" } else { "" };
                        self.become_user(&users, &member, &place, may);
                    }
                    Some(Kind::Group) => {
                        let group = self.group(&member);
                        self.facts.edge(EdgeKind::MayAct, &groups, &group, &place).acts(&["add members"]);
                    }
                    _ => {}
                }
            }
            if text(unit, "membershipType") == Some("Dynamic") && unit.get("members").is_none() {
                let rule = text(unit, "membershipRule").unwrap_or("the unit's rule");
                let (all, may) = (self.hub("users"), format!("`{}` is true of the user", shown(rule)));
                self.facts.edge(EdgeKind::MayAssume, &users, &all, &place).may(&may);
            }
        }
    }

    /// Users in units that only their own administrators manage.
    pub(super) fn learn_guarded(&mut self, document: &Value) {
        for unit in crate::json::list(document, "administrativeUnits") {
            if flag(unit, "isMemberManagementRestricted") {
                let members = id(unit, "id").and_then(|id| self.units.get(&id));
                self.guarded.extend(members.into_iter().flatten().cloned());
            }
        }
    }
}

/// The hub of a unit's users or groups.
pub(super) fn unit_hub(what: &str, unit: &str) -> NodeKey {
    NodeKey::group("entra", &format!("unit/{}/{what}", unit.to_lowercase()))
}
