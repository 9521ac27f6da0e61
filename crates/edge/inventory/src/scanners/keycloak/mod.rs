//! A Keycloak realm: users, nested groups, realm and client roles, clients with their secrets and service accounts, consents,
//! identity providers, and what the realm's management roles let one become.
//!
//! It reads no authentication flows and no fine-grained permissions; what a realm's own role means is for the applications to say.

mod client;
mod collect;
mod people;
mod role;

use crate::collect::Collect;
use crate::json::{id, list, text, text_at};
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::{Form, Statements, in_folder, read_document, tenant};
use firebreak_model::{EdgeKind, Interval, NodeKey};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Reads documents of a Keycloak realm.
pub struct Keycloak;

/// The scanner.
pub static SCANNER: Keycloak = Keycloak;

const FORM: Form = Form {
    scanner: "keycloak",
    needed: &["users", "groups", "clients", "roles"],
    lists: &["identityProviders", "organizations"],
    others: &["realm"],
};

impl Scanner for Keycloak {
    fn name(&self) -> &'static str {
        "keycloak"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        in_folder(path, "keycloak")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("keycloak/{name}"), |document, statements| {
            let mut realm =
                Realm::new(document.get("realm").and_then(|realm| text(realm, "realm")).unwrap_or(name), statements);
            realm.learn(document);
            realm.state(document);
        })
    }
}

/// The realm while it is read.
struct Realm<'a, 'r> {
    name: &'a str,
    facts: &'a mut Statements<'r>,
    lives: BTreeMap<String, Interval>,
    /// Client ids by a client's own id.
    clients: HashMap<String, String>,
    /// Issuers of identity providers by alias, and what kind each is.
    providers: HashMap<String, (String, String)>,
}

impl<'a, 'r> Realm<'a, 'r> {
    fn new(name: &'a str, facts: &'a mut Statements<'r>) -> Realm<'a, 'r> {
        Realm { name, facts, lives: BTreeMap::new(), clients: HashMap::new(), providers: HashMap::new() }
    }

    fn learn(&mut self, document: &Value) {
        for client in list(document, "clients") {
            if let (Some(own), Some(name)) = (id(client, "id"), id(client, "clientId")) {
                self.clients.insert(own, name);
            }
        }
        for provider in list(document, "identityProviders") {
            let Some(alias) = text(provider, "alias") else { continue };
            let issuer = text_at(provider, &["config", "issuer"]).unwrap_or_default().to_owned();
            let kind = text(provider, "providerId").unwrap_or_default().to_owned();
            self.providers.insert(alias.to_owned(), (issuer, kind));
        }
    }

    fn state(&mut self, document: &Value) {
        let (realm, value) = (self.resource(""), document.get("realm"));
        let label = value.and_then(|realm| text(realm, "displayName")).unwrap_or_default();
        self.facts.node(&realm, "realm").label(label);
        self.roles(document);
        self.clients(document);
        self.users(document);
        self.groups(document);
        self.identity_providers(document);
        self.organizations(document, "");
        if let Some(realm) = value {
            self.organizations(realm, "realm");
        }
        self.reach_users();
        self.is_shown(document);
    }

    /// Keycloak leaves out of its lists what the credential may not view, and says nothing: what every realm has must be there.
    fn is_shown(&mut self, document: &Value) {
        let list_of = |key: &str| document.get(key).and_then(Value::as_array);
        let own = [format!("{}-realm", self.name), "realm-management".to_owned()];
        let manages = |client: &Value| text(client, "clientId").is_some_and(|id| own.iter().any(|own| own == id));
        if list_of("clients").is_some_and(|clients| !clients.iter().any(manages)) {
            let reason = "`clients` lacks the client that manages the realm, which every realm has";
            self.facts.report.add(reason, "give the credential `view-clients` and collect again");
        }
        if list_of("users").is_some_and(Vec::is_empty) {
            let reason = "`users` is empty: there are none, or the credential may not view them";
            self.facts.report.add(reason, "give the credential `view-users` and collect again");
        }
    }

    fn user(&self, id: &str) -> NodeKey {
        NodeKey::identity("keycloak", &format!("{}/{id}", self.name))
    }

    fn group(&self, id: &str) -> NodeKey {
        NodeKey::group("keycloak", &format!("{}/{id}", self.name))
    }

    fn client(&self, client_id: &str) -> NodeKey {
        NodeKey::identity("app", &format!("keycloak/{}/{client_id}", self.name))
    }

    fn resource(&self, rest: &str) -> NodeKey {
        let slash = if rest.is_empty() { "" } else { "/" };
        NodeKey::resource("keycloak", &format!("{}{slash}{rest}", self.name))
    }

    fn hub(&self, what: &str) -> NodeKey {
        hub_of(self.name, what)
    }

    /// The hub of all users, opened onto each.
    fn reach_users(&mut self) {
        let users = self.hub("users");
        for (id, life) in &self.lives {
            let user = NodeKey::identity("keycloak", &format!("{}/{id}", self.name));
            self.facts.edge(EdgeKind::MayAssume, &users, &user, "users").valid(*life);
        }
    }
}

/// A hub of a realm: `group:keycloak/<what>/<realm>`. The master realm's roles lead to those of others.
fn hub_of(realm: &str, what: &str) -> NodeKey {
    NodeKey::group("keycloak", &format!("{what}/{realm}"))
}
