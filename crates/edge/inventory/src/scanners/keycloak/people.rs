//! Users, groups, organisations, and the providers that vouch for users.

use super::Realm;
use crate::cut::{cut, of_request};
use crate::json::{flag, id, text, texts};
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

/// Groups below groups deeper than this are not looked at: nobody nests them so, and an answer may.
const DEPTH_MAX: usize = 32;

impl Realm<'_, '_> {
    pub(super) fn users(&mut self, document: &Value) {
        for (place, user) in self.facts.items(document, "users", "") {
            self.one_user(user, &place);
        }
    }

    /// States a user, and gives its id.
    pub(super) fn one_user(&mut self, user: &Value, place: &str) -> Option<String> {
        let name = self.facts.id(user, "id", place)?;
        let key = self.user(&name);
        if !self.facts.first(&key, place) {
            return None;
        }
        let made = id(user, "createdTimestamp").and_then(|millis| millis.parse::<i64>().ok()?.checked_mul(1_000));
        let enabled = user.get("enabled").and_then(Value::as_bool).unwrap_or(true);
        let to = if enabled { Time::MAX } else { self.facts.known };
        let life = Interval::new(made.map_or(Time::MIN, Time).min(to), to);
        self.lives.insert(name.clone(), life);
        let mut names = Vec::new();
        for (_, link) in self.facts.items(user, "federatedIdentities", place) {
            let provider = text(link, "identityProvider").unwrap_or_default();
            if let (Some(whose), Some((issuer, _))) = (text(link, "userId"), self.providers.get(provider)) {
                names.extend((!issuer.is_empty()).then(|| format!("{issuer}|{whose}")));
            }
        }
        let parameters = [("realm", self.name), ("user", &name)];
        let risky = Reversibility::ReversibleReissuesAccess;
        let cut = cut("keycloak_user/disable", &key, &parameters, (25, 300), risky);
        let label = text(user, "username").unwrap_or(&name);
        let mut node = self.facts.node(&key, place).label(label).valid(life).cut(cut);
        if let Some(address) = text(user, "email") {
            node = node.email(address, flag(user, "emailVerified"));
        }
        for sign_on in names {
            node = node.known_as(Identifier::verified(IdentifierScheme::SignOn, &sign_on));
        }
        self.held_roles(&key, user, place);
        self.linked(user, &key, life, place);
        self.consents(user, &name, life, place);
        Some(name)
    }

    /// Whoever is signed on at a provider that a user is linked with is that user here.
    fn linked(&mut self, user: &Value, key: &NodeKey, life: Interval, place: &str) {
        for (place, link) in self.facts.items(user, "federatedIdentities", place) {
            let Some(alias) = self.facts.id(link, "identityProvider", &place) else { continue };
            let provider = self.provider(&alias);
            let edge = self.facts.edge(EdgeKind::MayAssume, &provider, key, &place).valid(life);
            edge.removable("unlink_keycloak_identity_provider");
            let kind = self.providers.get(&alias).map(|(_, kind)| kind.as_str()).unwrap_or_default();
            let account = match kind {
                "google" => text(link, "userId").map(|id| NodeKey::identity("google", id)),
                "github" => text(link, "userName").map(|login| NodeKey::identity("github", login)),
                "microsoft" => text(link, "userId").map(|id| NodeKey::identity("entra", &id.to_lowercase())),
                _ => None,
            };
            if let Some(account) = account {
                let edge = self.facts.edge(EdgeKind::MayAssume, &account, key, &place).valid(life);
                edge.removable("unlink_keycloak_identity_provider");
            }
        }
    }

    /// What a user has let clients do.
    fn consents(&mut self, user: &Value, name: &str, life: Interval, place: &str) {
        for (place, consent) in self.facts.items(user, "consents", place) {
            let Some(client) = self.facts.id(consent, "clientId", &place) else { continue };
            let (app, user) = (self.client(&client), self.user(name));
            let key = NodeKey::identity("app", &format!("keycloak/{}/{client}/user/{name}", self.name));
            let parameters = [("realm", self.name), ("client", &client), ("user", name)];
            let cut = cut("keycloak_consent/revoke", &key, &parameters, (10, 300), Reversibility::Irreversible);
            self.facts.node(&key, &place).label(&format!("{client} for {name}")).valid(life).cut(cut);
            let scopes = texts(consent.get("grantedClientScopes"));
            self.facts.edge(EdgeKind::MayAssume, &app, &key, &place).valid(life);
            self.facts.edge(EdgeKind::Consents, &user, &key, &place).valid(life).acts(&scopes);
            let data =
                scopes.iter().filter(|scope| !matches!(**scope, "profile" | "email" | "openid" | "basic" | "acr"));
            let data: Vec<&str> = data.copied().collect();
            if !data.is_empty() {
                let may = format!("the scopes {} are enough for what the user may do", data.join(", "));
                self.facts.edge(EdgeKind::MayAssume, &key, &user, &place).valid(life).may(&crate::report::shown(&may));
            }
        }
    }

    pub(super) fn groups(&mut self, document: &Value) {
        for (place, group) in self.facts.items(document, "groups", "") {
            self.one_group(group, None, &place, 0);
        }
    }

    /// A group has the roles of those around it.
    fn one_group(&mut self, group: &Value, around: Option<&NodeKey>, place: &str, depth: usize) {
        let Some(name) = self.facts.id(group, "id", place) else { return };
        let key = self.group(&name);
        if depth >= DEPTH_MAX {
            return self.facts.report.add(format!("{place} is {depth} groups deep"), "groups below it are not read");
        }
        if !self.facts.first(&key, place) {
            return;
        }
        self.facts.node(&key, place).label(text(group, "path").or_else(|| text(group, "name")).unwrap_or(&name));
        let around = around.cloned().or_else(|| id(group, "parentId").map(|parent| self.group(&parent)));
        if let Some(around) = around {
            self.facts.edge(EdgeKind::MemberOf, &key, &around, place);
        }
        let managed = self.hub("groups");
        self.facts.edge(EdgeKind::MayAct, &managed, &key, place).acts(&["add members"]);
        self.held_roles(&key, group, place);
        for (place, member) in self.facts.items(group, "members", place) {
            let Some(member) = self.facts.id(member, "id", &place) else { continue };
            let (user, life) = (self.user(&member), self.life(&member));
            let edge = self.facts.edge(EdgeKind::MemberOf, &user, &key, &place).valid(life);
            edge.removable("remove_keycloak_group_member");
        }
        for field in ["subGroups", "children"] {
            for (place, inner) in self.facts.items(group, field, place) {
                self.one_group(inner, Some(&key), &place, depth + 1);
            }
        }
    }

    pub(super) fn life(&self, id: &str) -> Interval {
        self.lives.get(id).copied().unwrap_or(Interval::ALWAYS)
    }

    fn provider(&self, alias: &str) -> NodeKey {
        NodeKey::identity("keycloak", &format!("{}/provider/{alias}", self.name))
    }

    /// Whoever speaks for a provider may say to be any user that is linked with it, and perhaps others.
    pub(super) fn identity_providers(&mut self, document: &Value) {
        for (place, provider) in self.facts.items(document, "identityProviders", "") {
            let Some(alias) = self.facts.id(provider, "alias", &place) else { continue };
            let key = self.provider(&alias);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let enabled = provider.get("enabled").and_then(Value::as_bool).unwrap_or(true);
            let life = Interval::new(Time::MIN, if enabled { Time::MAX } else { self.facts.known });
            let cut = of_request(&key, "disable_keycloak_identity_provider", (60, 60), Reversibility::Reversible);
            let label = text(provider, "displayName").unwrap_or(&alias);
            self.facts.node(&key, &place).label(label).valid(life).cut(cut);
            let (users, trusted) = (self.hub("users"), flag(provider, "trustEmail"));
            let may = if trusted {
                "an account with the address that it states is linked with it"
            } else {
                "the account is linked with it, or its owner confirms the link"
            };
            self.facts.edge(EdgeKind::MayAssume, &key, &users, &place).valid(life).may(may);
        }
    }

    pub(super) fn organizations(&mut self, document: &Value, place: &str) {
        for (place, organization) in self.facts.items(document, "organizations", place) {
            let Some(name) = self.facts.id(organization, "id", &place) else { continue };
            let key = NodeKey::group("keycloak", &format!("{}/organization/{name}", self.name));
            self.facts.node(&key, &place).label(text(organization, "name").unwrap_or(&name));
            for (place, member) in self.facts.items(organization, "members", &place) {
                let Some(member) = self.facts.id(member, "id", &place) else { continue };
                let (user, life) = (self.user(&member), self.life(&member));
                let edge = self.facts.edge(EdgeKind::MemberOf, &user, &key, &place).valid(life);
                edge.removable("remove_keycloak_organization_member");
            }
        }
    }
}
