//! API tokens, consents, and the identity providers that the organisation believes.

use super::Org;
use super::power::{Power, of_scope};
use crate::cut::of_request;
use crate::json::{id, text, text_at, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::collections::BTreeMap;

impl Org<'_, '_> {
    pub(super) fn api_tokens(&mut self, document: &Value) {
        for (place, token) in self.facts.items(document, "api_tokens", "") {
            let Some(name) = self.facts.id(token, "id", &place) else { continue };
            let key = NodeKey::credential("okta", &name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let life = self.facts.life(token, "created", "expiresAt");
            let label = format!("API token {}", text(token, "name").unwrap_or(&name));
            let cut = of_request(&key, "revoke_okta_api_token", (30, 60), Reversibility::Irreversible);
            self.facts.node(&key, &place).label(&label).valid(life).cut(cut);
            let Some(owner) = self.facts.id(token, "userId", &place) else { continue };
            let (user, used, network) = (self.user(&owner), last_used(token, life), self.network(token));
            let Some(valid) = life.intersection(&self.life(&owner)) else { continue };
            self.facts.edge(EdgeKind::Authenticates, &key, &user, &place).valid(valid).used(used).may(&network);
        }
    }

    /// From where a token is taken: nothing here decides where an intruder stands.
    fn network(&self, token: &Value) -> String {
        let Some(network) = token.get("network").filter(|network| text(network, "connection") == Some("ZONE")) else {
            return String::new();
        };
        let zone = |id: &str| shown(self.zones.get(id).map_or(id, String::as_str));
        let list = |key: &str| texts(network.get(key)).into_iter().map(zone).collect::<Vec<_>>().join(", ");
        match (list("include"), list("exclude")) {
            (include, _) if !include.is_empty() => format!("the call comes from the network zone {include}"),
            (_, exclude) if !exclude.is_empty() => format!("the call does not come from the network zone {exclude}"),
            _ => "the call comes from an allowed network zone".to_owned(),
        }
    }

    /// What a user has let applications do in its name.
    pub(super) fn grants(&mut self, user: &Value, name: &str, place: &str) {
        let mut clients: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (place, grant) in self.facts.items(user, "grants", place) {
            if text(grant, "status").is_some_and(|status| status != "ACTIVE") {
                continue;
            }
            if let Some(client) = self.facts.id(grant, "clientId", &place) {
                clients.entry(client).or_default().extend(id(grant, "scopeId"));
            }
        }
        for (client, scopes) in clients {
            self.consent(name, &client, &scopes, place);
        }
    }

    fn consent(&mut self, name: &str, client: &str, scopes: &[String], place: &str) {
        let (user, life) = (self.user(name), self.life(name));
        let app = NodeKey::identity("app", &format!("okta/{client}"));
        let consent = NodeKey::identity("app", &format!("okta/{client}/user/{name}"));
        let cut = of_request(&consent, "revoke_okta_grant", (10, 60), Reversibility::RecreateOnly);
        self.facts.node(&consent, place).label(&format!("{client} for {name}")).valid(life).cut(cut);
        self.facts.edge(EdgeKind::MayAssume, &app, &consent, place).valid(life);
        self.facts.edge(EdgeKind::Consents, &user, &consent, place).valid(life).acts(scopes);
        let org = self.resource("");
        for scope in scopes {
            for (power, condition) in of_scope(scope) {
                if power == Power::Read {
                    self.facts.edge(EdgeKind::MayAct, &consent, &org, place).valid(life).acts(&[scope]);
                } else {
                    let may = format!("the scope {} is enough for what the user may do", shown(scope));
                    let edge = self.facts.edge(EdgeKind::MayAssume, &consent, &user, place).valid(life);
                    edge.may(&may).may(&condition);
                }
            }
        }
    }

    /// Whoever speaks for a provider that is believed may say to be any of its users.
    pub(super) fn identity_providers(&mut self, document: &Value) {
        for (place, provider) in self.facts.items(document, "idps", "") {
            let Some(name) = self.facts.id(provider, "id", &place) else { continue };
            if text(provider, "status").is_some_and(|status| status != "ACTIVE") {
                continue;
            }
            let key = NodeKey::identity("okta", &format!("provider/{name}"));
            let cut = of_request(&key, "deactivate_okta_identity_provider", (60, 60), Reversibility::Reversible);
            let life = Interval::new(self.facts.time(provider, "created").unwrap_or(Time::MIN), Time::MAX);
            self.facts.node(&key, &place).label(text(provider, "name").unwrap_or(&name)).valid(life).cut(cut);
            let link = provider.get("policy").and_then(|policy| policy.get("accountLink"));
            if link.and_then(|link| text(link, "action")) == Some("DISABLED") {
                continue;
            }
            let filter = text_at(provider, &["policy", "subject", "filter"]);
            let groups = link.and_then(|link| link.get("filter")).is_some_and(|filter| !filter.is_null());
            for users in ["users", "admins"] {
                let users = self.hub(users);
                let mut edge = self.facts.edge(EdgeKind::MayAssume, &key, &users, &place).valid(life);
                edge = edge.may("the account is linked with the provider, or links itself");
                if groups {
                    edge = edge.may("the user is in a group whose accounts are linked");
                }
                if let Some(filter) = filter {
                    edge = edge.may(&format!("the subject fits `{}`", shown(filter)));
                }
                edge.removable("unlink_okta_identity_provider");
            }
        }
    }
}

/// A token expires its window after it was last used: that tells when.
fn last_used(token: &Value, life: Interval) -> Option<Time> {
    let window = text(token, "tokenWindow")?.strip_prefix('P')?;
    let days: i64 = window.strip_suffix('D')?.parse().ok().filter(|days| (1..=3_650).contains(days))?;
    (life.to != Time::MAX).then(|| life.to.plus_seconds(-days * 86_400))
}
