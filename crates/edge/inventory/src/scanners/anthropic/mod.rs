//! An Anthropic organisation: people, workspaces and their members, and API keys.

mod collect;

use crate::collect::Collect;
use crate::cut::{of_request, of_responder};
use crate::json::{text, text_at};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::statements::{Form, Statements, read_document, tenant};
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::path::Path;

/// Reads documents of an Anthropic organisation.
pub struct Anthropic;

/// The scanner.
pub static SCANNER: Anthropic = Anthropic;

const FORM: Form =
    Form { scanner: "anthropic", needed: &["users", "workspaces", "api_keys"], lists: &[], others: &["organization"] };

impl Scanner for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        path.extension().is_some_and(|extension| extension == "json") && parts(path).contains(&"anthropic")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("anthropic/{name}"), |document, facts| {
            let mut org = Org { name, facts };
            org.users(document);
            org.workspace("default", "default workspace", Interval::ALWAYS, "organisation");
            org.workspaces(document);
            org.keys(document);
        })
    }
}

struct Org<'a, 'r> {
    name: &'a str,
    facts: &'a mut Statements<'r>,
}

fn user(id: &str) -> NodeKey {
    NodeKey::identity("anthropic", id)
}

impl Org<'_, '_> {
    fn role(&self, role: &str) -> NodeKey {
        NodeKey::group("anthropic", &format!("role/{}/{role}", self.name))
    }

    /// The default workspace has no id of its own.
    fn place_of(&self, workspace: &str) -> NodeKey {
        let own = if workspace == "default" { format!("{}/default", self.name) } else { workspace.to_owned() };
        NodeKey::resource("anthropic", &own)
    }

    fn hub(&self, workspace: &str, what: &str) -> NodeKey {
        let own = if workspace == "default" { format!("{}/default", self.name) } else { workspace.to_owned() };
        NodeKey::group("anthropic", &format!("workspace/{own}/{what}"))
    }

    fn users(&mut self, document: &Value) {
        let (org, admins) = (NodeKey::resource("anthropic", self.name), self.role("admin"));
        self.facts.node(&org, "organisation");
        self.facts.edge(EdgeKind::MayAct, &admins, &org, "organisation").acts(&["*"]);
        for (place, item) in self.facts.items(document, "users", "") {
            let Some(id) = self.facts.id(item, "id", &place) else { continue };
            let key = user(&id);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let life = self.facts.life(item, "added_at", "");
            let cut = of_request(&key, "remove_anthropic_user", (40, 60), Reversibility::RecreateOnly);
            let node = self.facts.node(&key, &place).label(text(item, "name").unwrap_or("")).valid(life).cut(cut);
            node.email(text(item, "email").unwrap_or(""), true);
            let Some(role) = text(item, "role") else { continue };
            let hub = self.role(role);
            self.facts.edge(EdgeKind::MemberOf, &key, &hub, &place).removable("change_anthropic_role");
            if role == "developer" {
                // Developers have the default workspace without being its members.
                let workspace = self.hub("default", "members");
                self.facts.edge(EdgeKind::MemberOf, &key, &workspace, &place);
            }
        }
    }

    fn workspaces(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "workspaces", "") {
            let Some(id) = self.facts.id(item, "id", &place) else { continue };
            let life = self.facts.life(item, "created_at", "archived_at");
            if !self.facts.first(&NodeKey::resource("anthropic", &id), &place) {
                continue;
            }
            self.workspace(&id, text(item, "name").unwrap_or(&id), life, &place);
            for (place, member) in self.facts.items(item, "members", &place) {
                let Some(name) = self.facts.id(member, "user_id", &place) else { continue };
                let admin = text(member, "workspace_role") == Some("workspace_admin");
                let hub = self.hub(&id, if admin { "admins" } else { "members" });
                let edge = self.facts.edge(EdgeKind::MemberOf, &user(&name), &hub, &place);
                edge.removable("remove_anthropic_workspace_member");
            }
        }
    }

    fn workspace(&mut self, id: &str, label: &str, life: Interval, place: &str) {
        let key = self.place_of(id);
        self.facts.node(&key, place).label(label).valid(life);
        let (admins, members, all) = (self.hub(id, "admins"), self.hub(id, "members"), self.role("admin"));
        self.facts.edge(EdgeKind::MemberOf, &all, &admins, place);
        self.facts.edge(EdgeKind::MemberOf, &admins, &members, place);
        self.facts.edge(EdgeKind::MayAct, &admins, &key, place).acts(&["keys", "members", "limits"]);
        self.facts.edge(EdgeKind::MayAct, &members, &key, place).acts(&["messages", "files", "batches"]);
    }

    fn keys(&mut self, document: &Value) {
        for (place, item) in self.facts.items(document, "api_keys", "") {
            let Some(id) = self.facts.id(item, "id", &place) else { continue };
            let key = NodeKey::credential("anthropic", &id);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let mut life = self.facts.life(item, "created_at", "expires_at");
            if text(item, "status").is_some_and(|status| status != "active") {
                // Since when it is refused nobody says: certainly now.
                life = Interval::new(life.from, life.to.min(self.facts.known));
            }
            let label = format!("key {}", text(item, "name").unwrap_or(&id));
            let named = [("key", id.as_str())];
            let cut = of_responder(
                "anthropic_key/deactivate",
                &key,
                &named,
                (20, 60),
                Reversibility::ReversibleReissuesAccess,
            );
            self.facts.node(&key, &place).label(&label).valid(life).cut(cut);
            let workspace = text(item, "workspace_id").unwrap_or("default").to_owned();
            let maker = text_at(item, &["created_by", "id"]).unwrap_or(&id);
            let actor = user(&format!("{maker}/workspace/{workspace}"));
            let members = self.hub(&workspace, "members");
            let valid = if life.from < life.to { life } else { Interval::new(Time::MIN, self.facts.known) };
            self.facts.edge(EdgeKind::Authenticates, &key, &actor, &place).valid(valid);
            self.facts.edge(EdgeKind::MemberOf, &actor, &members, &place);
        }
    }
}
