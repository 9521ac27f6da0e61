//! Roles: which hold others, and what those of the realm's management let one do.

use super::{Realm, hub_of};
use crate::json::{id, list, text};
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;

/// What a role of the management lets one do, in words of the hubs that it leads to.
enum Power {
    /// Everything in the realm.
    Administer,
    /// Set passwords, make members, give roles.
    Users,
    /// Sign on as anybody.
    Impersonate,
    /// Read and change the credentials of clients.
    Clients,
    /// Perhaps read the credentials of clients.
    ViewClients,
    /// Change whom the realm believes.
    Providers,
    /// Change the realm, its keys among it: forge any token.
    Keys,
    /// Read.
    Read,
    /// Nothing that leads to an account or to data.
    Nothing,
}

/// What the role `name` of a management client lets one do; `None` for one that is not known here.
fn of_management(name: &str) -> Option<Power> {
    Some(match name {
        "realm-admin" => Power::Administer,
        "manage-users" => Power::Users,
        "impersonation" => Power::Impersonate,
        "manage-clients" | "manage-authorization" => Power::Clients,
        "view-clients" => Power::ViewClients,
        "manage-identity-providers" => Power::Providers,
        "manage-realm" => Power::Keys,
        "create-client" | "manage-events" => Power::Nothing,
        other if other.starts_with("view-") || other.starts_with("query-") => Power::Read,
        _ => return None,
    })
}

/// The realm that a client's roles manage: its own by `realm-management`, another by the master realm's `<realm>-realm`.
fn managed<'v>(realm: &'v str, client: &'v str) -> Option<&'v str> {
    match client {
        "realm-management" => Some(realm),
        other if realm == "master" => other.strip_suffix("-realm"),
        _ => None,
    }
}

impl Realm<'_, '_> {
    /// A role by its name: of a client, or of the realm.
    pub(super) fn role_key(&self, client: Option<&str>, name: &str) -> NodeKey {
        let (client, slash) = (client.unwrap_or_default(), if client.is_some() { "/" } else { "" });
        NodeKey::group("keycloak", &format!("role/{}/{client}{slash}{name}", self.name))
    }

    /// A role as an answer writes it: with its container, where it is a client's.
    fn written_role(&self, role: &Value) -> Option<NodeKey> {
        let name = text(role, "name")?;
        let of_client = role.get("clientRole").and_then(Value::as_bool).unwrap_or(false);
        let container = id(role, "containerId").filter(|_| of_client);
        let client = container.map(|own| self.clients.get(&own).cloned().unwrap_or(own));
        Some(self.role_key(client.as_deref(), name))
    }

    pub(super) fn roles(&mut self, document: &Value) {
        for (place, role) in self.facts.items(document, "roles", "") {
            // Some exports list the roles of clients among those of the realm.
            let container = id(role, "containerId").and_then(|own| self.clients.get(&own).cloned());
            let of_client = crate::json::flag(role, "clientRole");
            self.role(role, container.as_deref().filter(|_| of_client), &place);
        }
        for (at, client) in list(document, "clients").iter().enumerate() {
            let Some(client_id) = id(client, "clientId") else { continue };
            for (place, role) in self.facts.items(client, "roles", &format!("clients[{at}]")) {
                self.role(role, Some(&client_id), &place);
            }
        }
    }

    fn role(&mut self, role: &Value, client: Option<&str>, place: &str) {
        let Some(name) = self.facts.id(role, "name", place) else { return };
        let key = self.role_key(client, &name);
        if !self.facts.first(&key, place) {
            return;
        }
        self.facts.node(&key, place).label(&name);
        for (place, held) in self.facts.items(role, "composites", place) {
            match self.written_role(held) {
                Some(held) => {
                    let edge = self.facts.edge(EdgeKind::MemberOf, &key, &held, &place);
                    edge.removable("remove_keycloak_composite_role");
                }
                None => self.facts.report.add(format!("{place} has no `name`"), "export it again"),
            }
        }
        let managed = client.and_then(|client| managed(self.name, client)).map(str::to_owned);
        match (managed, client) {
            (Some(realm), _) => self.management(&key, &realm, &name, place),
            (None, Some(client)) => {
                let resource = self.resource(&format!("client/{client}"));
                self.facts.edge(EdgeKind::MayAct, &key, &resource, place).acts(&[&name]);
                self.assignable(&key, role, place);
            }
            // The master realm's administrators have every role of every realm, this one's by name.
            (None, None) if self.name == "master" && name == "admin" => {
                self.empower(&key, "master", &Power::Administer, place, "");
            }
            (None, None) => self.assignable(&key, role, place),
        }
    }

    /// Whoever manages users gives them every role that manages nothing.
    fn assignable(&mut self, key: &NodeKey, role: &Value, place: &str) {
        let roles = self.hub("roles");
        let holds_others = crate::json::flag(role, "composite") || !list(role, "composites").is_empty();
        let may = if holds_others { "the role holds no role of the management that its giver lacks" } else { "" };
        self.facts.edge(EdgeKind::MayAct, &roles, key, place).acts(&["give the role"]).may(may);
    }

    fn management(&mut self, key: &NodeKey, realm: &str, name: &str, place: &str) {
        match of_management(name) {
            Some(power) => self.empower(key, realm, &power, place, ""),
            None => {
                let may = format!("the role `{}`, which is not known here, allows it", shown(name));
                self.empower(key, realm, &Power::Administer, place, &may);
            }
        }
    }

    fn empower(&mut self, key: &NodeKey, realm: &str, power: &Power, place: &str, may: &str) {
        let resource = NodeKey::resource("keycloak", realm);
        let (users, clients) = (hub_of(realm, "users"), hub_of(realm, "clients"));
        let mut assume = |to: &NodeKey, why: &str| {
            self.facts.edge(EdgeKind::MayAssume, key, to, place).may(may).may(why);
        };
        match power {
            Power::Administer => {
                assume(&users, "");
                assume(&clients, "");
                self.facts.edge(EdgeKind::MayAct, key, &resource, place).acts(&["administer"]).may(may);
            }
            Power::Users | Power::Impersonate | Power::Keys => assume(&users, ""),
            Power::Clients => assume(&clients, ""),
            Power::ViewClients => {
                assume(&clients, "whoever may view a client is shown its secret");
                self.facts.edge(EdgeKind::MayAct, key, &resource, place).acts(&["read"]).may(may);
            }
            Power::Providers => assume(&users, "accounts that exist are linked with a new identity provider"),
            Power::Read => {
                self.facts.edge(EdgeKind::MayAct, key, &resource, place).acts(&["read"]).may(may);
            }
            Power::Nothing => {}
        }
        if matches!(power, Power::Administer | Power::Users) {
            for what in ["groups", "roles"] {
                self.facts.edge(EdgeKind::MemberOf, key, &hub_of(realm, what), place).may(may);
            }
        }
    }

    /// The roles that a user or a group holds: `{realmMappings, clientMappings}`, or lists of names.
    pub(super) fn held_roles(&mut self, holder: &NodeKey, item: &Value, place: &str) {
        let mappings = item.get("roleMappings").unwrap_or(&Value::Null);
        for (place, role) in self.facts.items(mappings, "realmMappings", &format!("{place}.roleMappings")) {
            if let Some(name) = self.facts.id(role, "name", &place) {
                self.holds(holder, None, &name, &place);
            }
        }
        for (client, mapped) in mappings.get("clientMappings").and_then(Value::as_object).into_iter().flatten() {
            for (place, role) in
                self.facts.items(mapped, "mappings", &format!("{place}.clientMappings.{}", shown(client)))
            {
                if let Some(name) = self.facts.id(role, "name", &place) {
                    self.holds(holder, Some(client), &name, &place);
                }
            }
        }
        for name in crate::json::texts(item.get("realmRoles")) {
            self.holds(holder, None, name, place);
        }
        for (client, names) in item.get("clientRoles").and_then(Value::as_object).into_iter().flatten() {
            for name in crate::json::texts(Some(names)) {
                self.holds(holder, Some(client), name, place);
            }
        }
    }

    fn holds(&mut self, holder: &NodeKey, client: Option<&str>, name: &str, place: &str) {
        let role = self.role_key(client, name);
        let edge = self.facts.edge(EdgeKind::MemberOf, holder, &role, place);
        edge.removable("remove_keycloak_role");
    }
}
