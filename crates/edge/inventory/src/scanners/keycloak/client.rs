//! Clients: their secrets, the accounts they act as, and addresses to which they send what users are given.

use super::Realm;
use crate::cut::cut;
use crate::json::{flag, text, text_at, texts};
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

impl Realm<'_, '_> {
    pub(super) fn clients(&mut self, document: &Value) {
        for (place, client) in self.facts.items(document, "clients", "") {
            let Some(name) = self.facts.id(client, "clientId", &place) else { continue };
            let key = self.client(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let enabled = client.get("enabled").and_then(Value::as_bool).unwrap_or(true);
            let life = Interval::new(Time::MIN, if enabled { Time::MAX } else { self.facts.known });
            let label = text(client, "name").filter(|name| !name.starts_with("${")).unwrap_or(&name);
            let parameters = [("realm", self.name), ("client", &name)];
            let risky = Reversibility::ReversibleReissuesAccess;
            let cut = cut("keycloak_client/disable", &key, &parameters, (60, 300), risky);
            let by_id = crate::json::id(client, "id").unwrap_or_default();
            let (named, own) = (self.user(&name), self.user(&by_id));
            self.facts.node(&key, &place).label(label).valid(life).also(&named).cut(cut);
            // Records name a client by either of its ids.
            for other in [named, own].iter().filter(|other| !other.name().ends_with('/')) {
                self.facts.also_named(other, &key, &place);
            }
            let resource = self.resource(&format!("client/{name}"));
            self.facts.node(&resource, &place).label(label).valid(life);
            let all = self.hub("clients");
            self.facts.edge(EdgeKind::MayAssume, &all, &key, &place).valid(life);
            self.secret(client, &key, &name, life, &place);
            self.service_account(client, &key, life, &place);
            self.redirects(client, &key, &name, life, &place);
        }
    }

    /// A client that is not public has a secret or a key; its value is never looked at.
    fn secret(&mut self, client: &Value, key: &NodeKey, name: &str, life: Interval, place: &str) {
        let public = flag(client, "publicClient") || flag(client, "bearerOnly");
        // Nothing is done with the secret of a client that may do nothing with it.
        let used =
            ["standardFlowEnabled", "implicitFlowEnabled", "directAccessGrantsEnabled", "serviceAccountsEnabled"];
        if public || !used.iter().any(|flow| flag(client, flow)) {
            return;
        }
        let made = text_at(client, &["attributes", "client.secret.creation.time"]).and_then(|made| made.parse().ok());
        let valid = Interval::new(made.map_or(life.from, Time::from_seconds).min(life.to), life.to);
        let credential = NodeKey::credential("keycloak", &format!("{}/{name}", self.name));
        let kind = text(client, "clientAuthenticatorType").unwrap_or("client-secret");
        let parameters = [("realm", self.name), ("client", name)];
        let permanent = Reversibility::Irreversible;
        let cut = cut("keycloak_client_secret/rotate", &credential, &parameters, (40, 300), permanent);
        self.facts.node(&credential, place).label(&format!("{kind} of {name}")).valid(valid).cut(cut);
        self.facts.edge(EdgeKind::Authenticates, &credential, key, place).valid(valid);
    }

    /// The account as which a client acts by itself, with roles of its own.
    fn service_account(&mut self, client: &Value, key: &NodeKey, life: Interval, place: &str) {
        let account = ["serviceAccountUser", "service_account_user"].into_iter().find_map(|field| client.get(field));
        let Some(account) = account.filter(|account| account.is_object()) else { return };
        if let Some(id) = self.one_user(account, &format!("{place}.serviceAccountUser")) {
            let user = self.user(&id);
            self.facts.edge(EdgeKind::MayAssume, key, &user, place).valid(life);
        }
    }

    /// An address that may be anywhere takes what a user is given to whoever waits there.
    fn redirects(&mut self, client: &Value, key: &NodeKey, name: &str, life: Interval, place: &str) {
        let flows = flag(client, "standardFlowEnabled") || flag(client, "implicitFlowEnabled");
        let anywhere = |address: &&str| matches!(*address, "*" | "http://*" | "https://*" | "http*");
        let open = texts(client.get("redirectUris")).into_iter().find(anywhere);
        let Some(open) = open.filter(|_| flows) else { return };
        let anybody = NodeKey::identity("app", &format!("keycloak/{}/{name}/user/*", self.name));
        let (anyone, users) = (NodeKey::identity("keycloak", "*"), self.hub("users"));
        self.facts.node(&anybody, place).label(&format!("{name} for anybody")).valid(life);
        let led = format!("a user is led to an address that `{open}` allows");
        self.facts.edge(EdgeKind::MayAssume, &anyone, &anybody, place).valid(life).may(&led);
        self.facts.edge(EdgeKind::MayAssume, key, &anybody, place).valid(life).may("users sign on to it");
        let enough = "the client's scopes are enough for what the user may do";
        self.facts.edge(EdgeKind::MayAssume, &anybody, &users, place).valid(life).may(enough);
    }
}
