//! An OpenAI organisation: people, projects, service accounts, and the keys of both.
//!
//! A project's key acts in its project only, whoever owns it; an administration key acts as an owner of the organisation.

mod collect;

use crate::collect::Collect;
use crate::cut::{of_request, of_responder};
use crate::json::{epoch, text, text_at};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::statements::{Form, Statements, read_document, tenant};
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::path::Path;

/// Reads documents of an OpenAI organisation.
pub struct OpenAi;

/// The scanner.
pub static SCANNER: OpenAi = OpenAi;

const FORM: Form =
    Form { scanner: "openai", needed: &["users", "projects", "admin_api_keys"], lists: &[], others: &[] };

impl Scanner for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        path.extension().is_some_and(|extension| extension == "json") && parts(path).contains(&"openai")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("openai/{name}"), |document, facts| {
            let mut org = Org { name, facts };
            org.users(document);
            org.projects(document);
            org.admin_keys(document);
        })
    }
}

struct Org<'a, 'r> {
    name: &'a str,
    facts: &'a mut Statements<'r>,
}

fn user(id: &str) -> NodeKey {
    NodeKey::identity("openai", id)
}

/// Who is in a project: `owners` or `members`.
fn project_hub(project: &str, what: &str) -> NodeKey {
    NodeKey::group("openai", &format!("project/{project}/{what}"))
}

impl Org<'_, '_> {
    fn owners(&self) -> NodeKey {
        NodeKey::group("openai", &format!("role/{}/owner", self.name))
    }

    fn users(&mut self, document: &Value) {
        let (org, owners) = (NodeKey::resource("openai", self.name), self.owners());
        self.facts.node(&org, "organisation");
        self.facts.edge(EdgeKind::MayAct, &owners, &org, "organisation").acts(&["*"]);
        for (place, item) in self.facts.items(document, "users", "") {
            let Some(id) = self.facts.id(item, "id", &place) else { continue };
            let key = user(&id);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let life = Interval::new(epoch(item, "added_at").unwrap_or(Time::MIN), Time::MAX);
            let cut = of_request(&key, "remove_openai_user", (40, 60), Reversibility::RecreateOnly);
            let node = self.facts.node(&key, &place).label(text(item, "name").unwrap_or("")).valid(life).cut(cut);
            node.email(text(item, "email").unwrap_or(""), true);
            match text(item, "role") {
                Some("owner") => {
                    self.facts.edge(EdgeKind::MemberOf, &key, &owners, &place).removable("demote_openai_owner");
                }
                Some("reader") | None => {}
                Some(role) => {
                    let edge = self.facts.edge(EdgeKind::MayAct, &key, &org, &place).acts(&[role]);
                    edge.may("the role lets it see the organisation's data");
                }
            }
        }
    }

    fn projects(&mut self, document: &Value) {
        let owners = self.owners();
        for (place, project) in self.facts.items(document, "projects", "") {
            let Some(id) = self.facts.id(project, "id", &place) else { continue };
            let key = NodeKey::resource("openai", &id);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let from = epoch(project, "created_at").unwrap_or(Time::MIN);
            let until = epoch(project, "archived_at").unwrap_or(Time::MAX);
            let label = text(project, "name").unwrap_or(&id).to_owned();
            let cut = of_request(&key, "archive_openai_project", (80, 60), Reversibility::Irreversible);
            self.facts.node(&key, &place).label(&label).valid(Interval::new(from, until)).cut(cut);
            let (owning, being) = (project_hub(&id, "owners"), project_hub(&id, "members"));
            self.facts.edge(EdgeKind::MemberOf, &owners, &owning, &place);
            self.facts.edge(EdgeKind::MemberOf, &owning, &being, &place);
            self.facts.edge(EdgeKind::MayAct, &owning, &key, &place).acts(&["keys", "members", "settings"]);
            self.facts.edge(EdgeKind::MayAct, &being, &key, &place).acts(&["models", "files", "responses"]);
            self.members(project, &id, &place);
            self.service_accounts(project, &id, &place);
            self.keys(project, &id, &place);
        }
    }

    fn members(&mut self, project: &Value, id: &str, place: &str) {
        for (place, member) in self.facts.items(project, "users", place) {
            let Some(name) = self.facts.id(member, "id", &place) else { continue };
            let hub = project_hub(id, if text(member, "role") == Some("owner") { "owners" } else { "members" });
            let edge = self.facts.edge(EdgeKind::MemberOf, &user(&name), &hub, &place);
            edge.removable("remove_openai_project_user");
        }
    }

    fn service_accounts(&mut self, project: &Value, id: &str, place: &str) {
        for (place, account) in self.facts.items(project, "service_accounts", place) {
            let Some(name) = self.facts.id(account, "id", &place) else { continue };
            let key = user(&name);
            let cut = of_request(&key, "delete_openai_service_account", (40, 60), Reversibility::Irreversible);
            let label = text(account, "name").unwrap_or("").to_owned();
            self.facts.node(&key, &place).label(&label).cut(cut);
            let hub = project_hub(id, if text(account, "role") == Some("owner") { "owners" } else { "members" });
            self.facts.edge(EdgeKind::MemberOf, &key, &hub, &place);
        }
    }

    fn keys(&mut self, project: &Value, id: &str, place: &str) {
        for (place, key) in self.facts.items(project, "api_keys", place) {
            let account = text_at(key, &["owner", "service_account", "id"]);
            let person = text_at(key, &["owner", "user", "id"]);
            let actor = match (account, person) {
                (Some(account), _) => user(account),
                // What a person's key does in the project is less than what the person does.
                (None, Some(person)) => {
                    let inside = user(&format!("{person}/project/{id}"));
                    self.facts.edge(EdgeKind::MemberOf, &inside, &project_hub(id, "members"), &place);
                    inside
                }
                (None, None) => {
                    self.facts.report.add(format!("{place} has no owner"), "export it again");
                    continue;
                }
            };
            self.key(key, &actor, Some(id), &place);
        }
    }

    fn key(&mut self, item: &Value, actor: &NodeKey, project: Option<&str>, place: &str) {
        let Some(id) = self.facts.id(item, "id", place) else { return };
        let key = NodeKey::credential("openai", &id);
        if !self.facts.first(&key, place) {
            return;
        }
        let life = Interval::new(
            epoch(item, "created_at").unwrap_or(Time::MIN),
            epoch(item, "expires_at").unwrap_or(Time::MAX),
        );
        let label = format!("key {}", text(item, "name").unwrap_or(&id));
        let cut = match project {
            Some(project) => {
                let named = [("project", project), ("key", id.as_str())];
                of_responder("openai_key/delete", &key, &named, (25, 60), Reversibility::Irreversible)
            }
            // Keys of the administration are deleted elsewhere.
            None => of_request(&key, "delete_openai_key", (25, 60), Reversibility::Irreversible),
        };
        self.facts.node(&key, place).label(&label).valid(life).cut(cut);
        let used = epoch(item, "last_used_at");
        self.facts.edge(EdgeKind::Authenticates, &key, actor, place).valid(life).used(used);
    }

    fn admin_keys(&mut self, document: &Value) {
        let owners = self.owners();
        for (place, key) in self.facts.items(document, "admin_api_keys", "") {
            let Some(id) = self.facts.id(key, "id", &place) else { continue };
            // An administration key is an owner, whatever its maker has become since.
            let actor = user(&format!("admin-key/{id}"));
            self.facts.node(&actor, &place).label(text(key, "name").unwrap_or(""));
            self.facts.edge(EdgeKind::MemberOf, &actor, &owners, &place);
            self.key(key, &actor, None, &place);
        }
    }
}
