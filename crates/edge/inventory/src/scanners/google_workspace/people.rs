//! Users and groups.

use super::{Customer, User, drive_key, group_address, group_key, mailbox};
use crate::cut::of_responder;
use crate::json::{flag, id, list, text, text_at, texts};
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

impl Customer<'_, '_> {
    pub(super) fn users(&mut self, document: &Value) {
        for (place, user) in self.facts.items(document, "users", "") {
            let Some(name) = self.facts.id(user, "id", &place) else { continue };
            let key = NodeKey::identity("google", &name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let from = self.facts.time(user, "creationTime").unwrap_or(Time::MIN);
            let ended = flag(user, "suspended") || flag(user, "archived");
            let to = if ended { self.facts.known } else { Time::MAX };
            let life = Interval::new(from.min(to), to);
            let address = text(user, "primaryEmail").unwrap_or_default().to_lowercase();
            // By the address, which is also how we know ourselves.
            let named = [("user", if address.is_empty() { name.as_str() } else { address.as_str() })];
            let cut =
                of_responder("google_user/suspend", &key, &named, (25, 60), Reversibility::ReversibleReissuesAccess);
            let label = if address.is_empty() { &name } else { &address };
            // Addresses of the customer are of domains that it has proved, and only administrators give them.
            let mut node = self.facts.node(&key, &place).label(label).valid(life).cut(cut).email(&address, true);
            for alias in texts(user.get("aliases")).into_iter().chain(texts(user.get("nonEditableAliases"))) {
                node = node.email(alias, true);
            }
            if !address.is_empty() {
                self.facts.also_named(&NodeKey::identity("google", &address), &key, &place);
                self.own_data(&key, &address, life, &place);
            }
            let unit = text(user, "orgUnitPath").unwrap_or("/").to_owned();
            let second_step = flag(user, "isEnrolledIn2Sv");
            self.users.insert(name.clone(), User { key, address, life, unit, second_step });
            self.tokens(user, &name, &place);
            self.app_passwords(user, &name, &place);
        }
        self.reach_users();
    }

    fn own_data(&mut self, key: &NodeKey, address: &str, life: Interval, place: &str) {
        let (mails, drives) = (self.hub("mailboxes"), self.hub("drives"));
        let of_mail = (mailbox(address), mails, ["read mail", "send mail"]);
        let of_drive = (drive_key(address), drives, ["read files", "write files"]);
        for (resource, hub, actions) in [of_mail, of_drive] {
            self.facts.edge(EdgeKind::MayAct, key, &resource, place).acts(&actions).valid(life);
            self.facts.edge(EdgeKind::MayAct, &hub, &resource, place);
        }
    }

    /// The hubs of those whom an administrator may become: users without a role, and administrators.
    fn reach_users(&mut self) {
        let (users, admins) = (self.hub("users"), self.hub("admins"));
        for (id, user) in &self.users {
            let hub = if self.admins.contains(id) { &admins } else { &users };
            self.facts.edge(EdgeKind::MayAssume, hub, &user.key, "users").valid(user.life);
        }
    }

    pub(super) fn groups(&mut self, document: &Value) {
        let managed = self.hub("groups");
        for (place, group) in self.facts.items(document, "groups", "") {
            let Some(key) = group_key(group) else {
                self.facts.report.add(format!("{place} has no `id`"), "export it again");
                continue;
            };
            if !self.facts.first(&key, &place) {
                continue;
            }
            let address = group_address(group).unwrap_or_default();
            let name = text(group, "name").filter(|name| !name.starts_with("groups/"));
            let label = text(group, "displayName").or(name).unwrap_or(address);
            self.facts.node(&key, &place).label(label);
            self.facts.edge(EdgeKind::MayAct, &managed, &key, &place).acts(&["add members"]);
            for field in ["members", "memberships"] {
                for (place, member) in self.facts.items(group, field, &place) {
                    self.member(member, &key, &place);
                }
            }
        }
    }

    fn member(&mut self, member: &Value, group: &NodeKey, place: &str) {
        if text(member, "status").is_some_and(|status| status == "SUSPENDED") {
            return;
        }
        let (from, life) = if text(member, "type") == Some("CUSTOMER") {
            (self.everyone(), Interval::ALWAYS)
        } else {
            let Some(found) = self.member_key(member, place) else {
                return self.facts.report.add(format!("{place} has no `id` and no address"), "export it again");
            };
            found
        };
        let edge = self.facts.edge(EdgeKind::MemberOf, &from, group, place).valid(life);
        edge.removable("remove_google_group_member");
        let role = text(member, "role").map(str::to_owned);
        let roles = list(member, "roles").iter().filter_map(|role| text(role, "name").map(str::to_owned));
        if role.into_iter().chain(roles).any(|role| matches!(role.as_str(), "OWNER" | "MANAGER")) {
            let edge = self.facts.edge(EdgeKind::MayAct, &from, group, place).acts(&["add members"]).valid(life);
            edge.removable("remove_google_group_member");
        }
    }

    /// By id where that is a user or a group of ours, else by address.
    fn member_key(&mut self, member: &Value, place: &str) -> Option<(NodeKey, Interval)> {
        let name = id(member, "id").unwrap_or_default();
        if let Some(user) = self.users.get(&name) {
            return Some((user.key.clone(), user.life));
        }
        let address = text(member, "email").or_else(|| text_at(member, &["preferredMemberKey", "id"]));
        match address {
            Some(address) => Some(self.whoever(address, place)),
            None if name.is_empty() => None,
            None if text(member, "type") == Some("GROUP") => Some((NodeKey::group("google", &name), Interval::ALWAYS)),
            None => Some((NodeKey::identity("google", &name), Interval::ALWAYS)),
        }
    }
}
