//! A LiteLLM gateway: virtual keys, users, teams, models with the provider credentials behind them, and MCP servers.
//!
//! What no key may do by its own list it may by its team's; a list that is empty means everything that the gateway has.

mod collect;
mod rights;

use crate::collect::Collect;
use crate::cut::{cut, of_request};
use crate::json::{flag, id, list, text, text_at};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::statements::{Form, Statements, read_document, tenant};
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, NodeKey, Reversibility};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Reads documents of a LiteLLM gateway.
pub struct LiteLlm;

/// The scanner.
pub static SCANNER: LiteLlm = LiteLlm;

const FORM: Form = Form {
    scanner: "litellm",
    needed: &["keys", "users", "teams", "models"],
    lists: &["mcp_servers", "credentials"],
    others: &[],
};

impl Scanner for LiteLlm {
    fn name(&self) -> &'static str {
        "litellm"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        path.extension().is_some_and(|extension| extension == "json") && parts(path).contains(&"litellm")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("litellm/{name}"), |document, facts| {
            let mut gateway = Gateway::new(name, facts);
            gateway.itself();
            gateway.credentials(document);
            gateway.models(document);
            gateway.mcp_servers(document);
            gateway.teams(document);
            gateway.users(document);
            gateway.keys(document);
        })
    }
}

/// The gateway while it is read.
struct Gateway<'a, 'r> {
    name: &'a str,
    facts: &'a mut Statements<'r>,
    /// Every model by its public name.
    models: BTreeSet<String>,
    /// Access group -> models.
    groups: BTreeMap<String, BTreeSet<String>>,
    /// MCP server's id -> its name.
    servers: BTreeMap<String, String>,
    /// MCP access group -> servers' names.
    server_groups: BTreeMap<String, BTreeSet<String>>,
}

impl<'a, 'r> Gateway<'a, 'r> {
    fn new(name: &'a str, facts: &'a mut Statements<'r>) -> Gateway<'a, 'r> {
        let (models, groups) = (BTreeSet::new(), BTreeMap::new());
        Gateway { name, facts, models, groups, servers: BTreeMap::new(), server_groups: BTreeMap::new() }
    }

    fn resource(&self) -> NodeKey {
        NodeKey::resource("litellm", &format!("gateway/{}", self.name))
    }

    fn hub(&self, what: &str) -> NodeKey {
        NodeKey::group("litellm", &format!("{}/{what}", self.name))
    }

    /// Administrators read and change everything: who can point a model at another address is sent its provider's key.
    fn itself(&mut self) {
        let (gateway, admins) = (self.resource(), self.hub("role/proxy_admin"));
        self.facts.node(&gateway, "gateway");
        self.facts.edge(EdgeKind::MayAct, &admins, &gateway, "gateway").acts(&["keys", "models", "settings"]);
        let everything = self.hub("models");
        self.facts.edge(EdgeKind::MemberOf, &admins, &everything, "gateway");
        let server = NodeKey::environment("litellm", self.name);
        self.facts.edge(EdgeKind::MayAct, &server, &gateway, "gateway").acts(&["settings"]);
    }

    /// A credential of a provider, which the gateway keeps and its administrators can be sent.
    fn provider(&mut self, name: &str, place: &str) {
        let key = NodeKey::credential("litellm_provider", &format!("{}/{name}", self.name));
        if self.facts.is_new(&key) {
            let cut = of_request(&key, "rotate_provider_key", (60, 900), Reversibility::RecreateOnly);
            self.facts.node(&key, place).label(&format!("provider key {name}")).cut(cut);
            let gateway = self.resource();
            self.facts.edge(EdgeKind::Stores, &gateway, &key, place);
        }
    }

    fn credentials(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "credentials", "") {
            if let Some(name) = self.facts.id(item, "credential_name", &place) {
                self.provider(&name, &place);
            }
        }
    }

    fn models(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "models", "") {
            let Some(name) = self.facts.id(item, "model_name", &place) else { continue };
            let key = NodeKey::resource("litellm", &name);
            // Several deployments of one model are one model to whoever asks.
            if self.facts.is_new(&key) {
                self.facts.node(&key, &place);
                let everything = self.hub("models");
                self.facts.edge(EdgeKind::MayAct, &everything, &key, &place).acts(&["chat"]);
            }
            let named = text_at(item, &["litellm_params", "litellm_credential_name"]).map(str::to_owned);
            let own = || text_at(item, &["model_info", "id"]).map(|id| format!("model/{id}"));
            let asked = text_at(item, &["litellm_params", "model"]).unwrap_or(&name);
            self.provider(&named.or_else(own).unwrap_or_else(|| format!("model/{asked}")), &place);
            for group in item.get("model_info").map_or(&[][..], |info| list(info, "access_groups")) {
                if let Some(group) = group.as_str() {
                    self.groups.entry(group.to_owned()).or_default().insert(name.clone());
                }
            }
            self.models.insert(name);
        }
    }

    /// A server acts with a credential of its own: whoever may call its tools does what that may do.
    fn mcp_servers(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "mcp_servers", "") {
            let Some(server) = self.facts.id(item, "server_id", &place) else { continue };
            let name = ["alias", "server_name"].into_iter().find_map(|key| text(item, key)).unwrap_or(&server);
            let key = NodeKey::resource("mcp", name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let parameters = [("gateway", self.name), ("mcp_server", &server)];
            let cut = cut("litellm_mcp_server/reject", &key, &parameters, (40, 61), Reversibility::Reversible);
            self.facts.node(&key, &place).label(text(item, "description").unwrap_or("")).cut(cut);
            let app = NodeKey::identity("app", &format!("mcp/{name}"));
            let tools: Vec<&str> = crate::json::texts(item.get("allowed_tools"));
            self.facts.edge(EdgeKind::MayAssume, &key, &app, &place).acts(&tools);
            if text(item, "auth_type").is_some_and(|kind| kind != "none") {
                self.provider(&format!("mcp/{name}"), &place);
                let token = NodeKey::credential("litellm_provider", &format!("{}/mcp/{name}", self.name));
                self.facts.edge(EdgeKind::Authenticates, &token, &app, &place);
            }
            if flag(item, "allow_all_keys") {
                let (everybody, key) = (self.hub("keys"), key.clone());
                self.facts.edge(EdgeKind::MayAct, &everybody, &key, &place).acts(&["tools/call"]);
            }
            for group in crate::json::texts(item.get("mcp_access_groups")) {
                self.server_groups.entry(group.to_owned()).or_default().insert(name.to_owned());
            }
            self.servers.insert(server.clone(), name.to_owned());
        }
    }

    fn teams(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "teams", "") {
            let Some(team) = self.facts.id(item, "team_id", &place) else { continue };
            let key = NodeKey::group("litellm", &format!("team/{team}"));
            if !self.facts.first(&key, &place) {
                continue;
            }
            let parameters = [("gateway", self.name), ("team", &team)];
            let cut = cut("litellm_team/block", &key, &parameters, (60, 62), Reversibility::ReversibleReissuesAccess);
            self.facts.node(&key, &place).label(text(item, "team_alias").unwrap_or("")).cut(cut);
            if flag(item, "blocked") {
                continue;
            }
            self.may_use(&key, item, &place);
            for (place, member) in self.facts.items(item, "members_with_roles", &place) {
                let Some(user) = id(member, "user_id") else { continue };
                let user = self.user(&user);
                self.facts.edge(EdgeKind::MemberOf, &user, &key, &place).removable("remove_litellm_team_member");
            }
        }
    }

    fn user(&self, id: &str) -> NodeKey {
        NodeKey::identity("litellm", id)
    }

    fn users(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "users", "") {
            let Some(name) = self.facts.id(item, "user_id", &place) else { continue };
            let key = self.user(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let label = text(item, "user_alias").unwrap_or("").to_owned();
            // Whoever adds a user types the address.
            self.facts.node(&key, &place).label(&label).email(text(item, "user_email").unwrap_or(""), false);
            if let Some(role @ ("proxy_admin" | "proxy_admin_viewer" | "org_admin")) = text(item, "user_role") {
                let (hub, admins) = (self.hub(&format!("role/{role}")), self.hub("role/proxy_admin"));
                let edge = self.facts.edge(EdgeKind::MemberOf, &key, &hub, &place);
                edge.removable("demote_litellm_user");
                if role == "org_admin" && self.facts.is_new(&hub) {
                    let may = "the organisation that it administers is the one that matters";
                    self.facts.edge(EdgeKind::MayAssume, &hub, &admins, &place).may(may);
                }
            }
        }
    }

    fn keys(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "keys", "") {
            let Some(hash) = self.facts.id(item, "token", &place) else { continue };
            if hash.starts_with("sk-") {
                let reason = format!("{place} holds a key itself, which is not read");
                self.facts.report.add(reason, "export hashes: `return_full_object=true` gives them as `token`");
                continue;
            }
            let key = NodeKey::credential("litellm", &hash);
            if self.facts.first(&key, &place) {
                self.key(&key, &hash, item, &place);
            }
        }
    }

    fn key(&mut self, key: &NodeKey, hash: &str, item: &Value, place: &str) {
        let mut life = self.facts.life(item, "created_at", "expires");
        if flag(item, "blocked") {
            life.to = life.to.min(self.facts.known);
        }
        let alias = text(item, "key_alias").or(text(item, "key_name")).unwrap_or("");
        let parameters = [("gateway", self.name), ("key", hash)];
        let cut = cut("litellm_key/block", key, &parameters, (20, 61), Reversibility::ReversibleReissuesAccess);
        let node = self.facts.node(key, place).label(alias).valid(life).cut(cut);
        node.known_as(Identifier::verified(IdentifierScheme::TokenHash, hash));
        if life.from >= life.to {
            return;
        }
        // Logs name who acted by the key's alias, else by its user.
        let named = text(item, "key_alias").or(text(item, "user_id")).unwrap_or(hash);
        let actor = NodeKey::identity("litellm", named);
        self.facts.edge(EdgeKind::Authenticates, key, &actor, place).valid(life);
        let everybody = self.hub("keys");
        self.facts.edge(EdgeKind::MemberOf, &actor, &everybody, place);
        if let Some(user) = text(item, "user_id").map(|user| self.user(user)).filter(|user| *user != actor) {
            let may = "the key may use the routes of its user's role";
            self.facts.edge(EdgeKind::MayAssume, &actor, &user, place).may(may);
        }
        if let Some(team) = text(item, "team_id") {
            let team = NodeKey::group("litellm", &format!("team/{team}"));
            if list(item, "models").is_empty() {
                self.facts.edge(EdgeKind::MemberOf, &actor, &team, place);
                return self.may_call(&actor, item, place);
            }
        }
        self.may_use(&actor, item, place);
    }
}
