//! Users, groups, and the rules by which attributes make members.

use super::Org;
use crate::cut::{of_request, of_responder};
use crate::json::{list, text, text_at, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

/// States in which a user exists and has, or may soon have, a way in.
const ALIVE: [&str; 6] = ["ACTIVE", "STAGED", "PROVISIONED", "PASSWORD_EXPIRED", "LOCKED_OUT", "RECOVERY"];
/// States in which nobody can act as the user.
const ENDED: [&str; 2] = ["DEPROVISIONED", "SUSPENDED"];

impl Org<'_, '_> {
    pub(super) fn users(&mut self, document: &Value) {
        for (place, user) in self.facts.items(document, "users", "") {
            let Some(id) = self.facts.id(user, "id", &place) else { continue };
            let key = self.user(&id);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let life = self.user_life(user, &place);
            self.lives.insert(id.clone(), life);
            self.provider(user, &id);
            let login = text_at(user, &["profile", "login"]).or_else(|| text_at(user, &["profile", "email"]));
            let sign_on = format!("{}|{id}", self.host);
            let mut node = self.facts.node(&key, &place).label(login.unwrap_or(&id)).valid(life);
            for (address, verified) in addresses(user) {
                node = node.email(address, verified);
            }
            if !self.host.is_empty() {
                node = node.known_as(Identifier::verified(IdentifierScheme::SignOn, &sign_on));
            }
            let named = [("org", self.host.as_str()), ("user", id.as_str())];
            node.cut(match self.host.as_str() {
                "" => of_request(&key, "suspend_okta_user", (25, 60), Reversibility::ReversibleReissuesAccess),
                _ => of_responder("okta_user/suspend", &key, &named, (25, 60), Reversibility::ReversibleReissuesAccess),
            });
            self.grants(user, &id, &place);
        }
        self.reach_users();
    }

    fn user_life(&mut self, user: &Value, place: &str) -> Interval {
        let from = self.facts.time(user, "created").unwrap_or(Time::MIN);
        let status = text(user, "status").unwrap_or("ACTIVE");
        if ENDED.contains(&status) {
            let to = self.facts.time(user, "statusChanged").unwrap_or(self.facts.known);
            return Interval::new(from.min(to), to);
        }
        if !ALIVE.contains(&status) {
            let reason = format!("`{}` of {place} is not a status", shown(status));
            self.facts.report.add(reason, "the user is taken to be active");
        }
        Interval::new(from, Time::MAX)
    }

    /// A password that another directory keeps is not reset here for certain.
    fn provider(&mut self, user: &Value, id: &str) {
        if let Some(kind) = text_at(user, &["credentials", "provider", "type"]).filter(|kind| *kind != "OKTA") {
            let why = format!("a reset here is enough though {} signs the user on", shown(kind));
            self.elsewhere.insert(id.to_owned(), why);
        }
    }

    /// The hubs of those whom an administrator may become, opened onto each user.
    fn reach_users(&mut self) {
        let (users, admins) = (self.hub("users"), self.hub("admins"));
        let lives: Vec<(String, Interval)> = self.lives.iter().map(|(id, life)| (id.clone(), *life)).collect();
        for (id, life) in lives {
            let hub = if self.admins.contains(&id) { &admins } else { &users };
            self.become_user(hub, &id, life, "users", "");
        }
    }

    /// Whoever is in `hub` may become the user, where a reset here suffices.
    pub(super) fn become_user(&mut self, hub: &NodeKey, id: &str, life: Interval, place: &str, may: &str) {
        let why = self.elsewhere.get(id).cloned().unwrap_or_default();
        let user = self.user(id);
        self.facts.edge(EdgeKind::MayAssume, hub, &user, place).valid(life).may(&why).may(may);
    }

    pub(super) fn groups(&mut self, document: &Value) {
        let every = self.hub("groups");
        for (place, group) in self.facts.items(document, "groups", "") {
            let Some(id) = self.facts.id(group, "id", &place) else { continue };
            let key = self.group(&id);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let name = text_at(group, &["profile", "name"]).unwrap_or(&id);
            self.facts.node(&key, &place).label(name);
            // Members of other directories' groups, and of the group of everybody, are not chosen here. Those who make
            // members of groups that confer a role are super administrators.
            let here = text(group, "type").is_none_or(|kind| kind == "OKTA_GROUP");
            if here && !self.admin_groups.contains(&id) {
                self.facts.edge(EdgeKind::MayAct, &every, &key, &place).acts(&["add members"]);
            }
            for user in self.members.get(&id).cloned().unwrap_or_default() {
                let (member, life) = (self.user(&user), self.life(&user));
                self.facts
                    .edge(EdgeKind::MemberOf, &member, &key, &place)
                    .valid(life)
                    .removable("remove_okta_group_member");
            }
        }
    }

    /// A rule makes members of those whose attributes fit: whoever may write attributes may become one.
    pub(super) fn rules(&mut self, document: &Value) {
        let writers = self.hub("profiles");
        for (place, rule) in self.facts.items(document, "group_rules", "") {
            let Some(id) = self.facts.id(rule, "id", &place) else { continue };
            if text(rule, "status").is_some_and(|status| status != "ACTIVE") {
                continue;
            }
            let expression = text_at(rule, &["conditions", "expression", "value"]).unwrap_or("the rule's condition");
            let key = NodeKey::group("okta", &format!("rule/{id}"));
            self.facts.node(&key, &place).label(text(rule, "name").unwrap_or(&id));
            let may = format!("the attributes written make `{}` true", shown(expression));
            self.facts.edge(EdgeKind::MayAct, &writers, &key, &place).acts(&["write profiles"]).may(&may);
            let groups = rule.get("actions").and_then(|actions| actions.get("assignUserToGroups"));
            for group in texts(groups.and_then(|groups| groups.get("groupIds"))) {
                let group = self.group(group);
                self.facts.edge(EdgeKind::MemberOf, &key, &group, &place);
            }
        }
    }

    /// Origins from which scripts may call the API lead nowhere by themselves: only their form is checked.
    pub(super) fn check_origins(&mut self, document: &Value) {
        for (place, origin) in self.facts.items(document, "trusted_origins", "") {
            self.facts.id(origin, "origin", &place);
        }
    }
}

/// The addresses of a user, and whether Okta has verified each.
fn addresses(user: &Value) -> Vec<(&str, bool)> {
    let verified = user.get("credentials").map(|credentials| list(credentials, "emails")).unwrap_or_default();
    let verified =
        verified.iter().filter_map(|email| Some((text(email, "value")?, text(email, "status")? == "VERIFIED")));
    let stated = ["email", "login"].into_iter().filter_map(|key| Some((text_at(user, &["profile", key])?, false)));
    // Verified ones first: what is known to be verified is not stated again.
    verified.clone().filter(|email| email.1).chain(verified.filter(|email| !email.1)).chain(stated).collect()
}
