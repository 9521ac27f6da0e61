//! An Okta organisation: users, groups and the rules that fill them, applications and where they lead, admin roles and
//! what they let one become, API tokens, consents, service applications and the identity providers it trusts.
//!
//! It does not evaluate sign-on policies or rule expressions: what hangs on them is `may`.

mod app;
mod collect;
mod destination;
mod people;
mod power;
mod role;
mod token;

use crate::address::origin_of;
use crate::collect::Collect;
use crate::json::{text, text_at};
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::{Form, Statements, in_folder, read_document, tenant};
use firebreak_model::{Interval, NodeKey};
use power::Custom;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Reads documents of an Okta organisation.
pub struct Okta;

/// The scanner.
pub static SCANNER: Okta = Okta;

const FORM: Form = Form {
    scanner: "okta",
    needed: &["users", "groups", "apps"],
    lists: &[
        "group_rules",
        "admins",
        "role_assignments",
        "custom_roles",
        "resource_sets",
        "api_tokens",
        "idps",
        "zones",
        "trusted_origins",
    ],
    others: &["org"],
};

impl Scanner for Okta {
    fn name(&self) -> &'static str {
        "okta"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        in_folder(path, "okta")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("okta/{name}"), |document, statements| {
            let mut org = Org::new(name, statements);
            org.learn(document);
            org.state(document);
        })
    }
}

/// The organisation while it is read.
struct Org<'a, 'r> {
    name: &'a str,
    /// The host of the organisation's address, where the document tells it.
    host: String,
    facts: &'a mut Statements<'r>,
    /// When each listed user exists and may sign in.
    lives: HashMap<String, Interval>,
    /// Why a reset here may not suffice to become the user: its password is kept elsewhere.
    elsewhere: HashMap<String, String>,
    /// Users who hold an admin role, themselves or by a group.
    admins: HashSet<String>,
    /// Groups that confer an admin role.
    admin_groups: HashSet<String>,
    members: HashMap<String, Vec<String>>,
    zones: HashMap<String, String>,
    custom: Custom,
}

impl<'a, 'r> Org<'a, 'r> {
    fn new(name: &'a str, facts: &'a mut Statements<'r>) -> Org<'a, 'r> {
        let (lives, elsewhere, members, zones) = (HashMap::new(), HashMap::new(), HashMap::new(), HashMap::new());
        let (admins, admin_groups, custom) = (HashSet::new(), HashSet::new(), Custom::default());
        let host = String::new();
        Org { name, host, facts, lives, elsewhere, admins, admin_groups, members, zones, custom }
    }

    /// What must be known before anything is stated: who is an admin, who is in which group.
    fn learn(&mut self, document: &Value) {
        let first = crate::json::list(document, "users").first();
        let links = [document.get("org"), first].into_iter().flatten();
        let addresses = links.flat_map(|item| {
            let link = |name| text_at(item, &["_links", name, "href"]);
            link("organization").or(link("self"))
        });
        self.host = addresses.filter_map(own_host).next().unwrap_or_default().to_owned();
        for zone in crate::json::list(document, "zones") {
            if let (Some(id), Some(name)) = (text(zone, "id"), text(zone, "name")) {
                self.zones.insert(id.to_owned(), name.to_owned());
            }
        }
        for (at, group) in crate::json::list(document, "groups").iter().enumerate() {
            let Some(id) = text(group, "id") else { continue };
            let members = self.facts.items(group, "users", &format!("groups[{at}]"));
            let members: Vec<String> = members.iter().filter_map(|(_, user)| crate::json::id(user, "id")).collect();
            self.members.insert(id.to_owned(), members);
        }
        self.custom = Custom::read(document, self.facts);
        self.learn_admins(document);
    }

    fn state(&mut self, document: &Value) {
        let org = self.resource("");
        self.facts.node(&org, "org").label(document.get("org").and_then(|org| text(org, "companyName")).unwrap_or(""));
        self.users(document);
        self.groups(document);
        self.rules(document);
        self.apps(document);
        self.roles(document);
        self.api_tokens(document);
        self.identity_providers(document);
        self.check_origins(document);
    }

    fn user(&self, id: &str) -> NodeKey {
        NodeKey::identity("okta", id)
    }

    fn group(&self, id: &str) -> NodeKey {
        NodeKey::group("okta", id)
    }

    /// A hub of the organisation: `group:okta/<what>/<org>`.
    fn hub(&self, what: &str) -> NodeKey {
        NodeKey::group("okta", &format!("{what}/{}", self.name))
    }

    /// A resource of the organisation; itself where `rest` is empty.
    fn resource(&self, rest: &str) -> NodeKey {
        let slash = if rest.is_empty() { "" } else { "/" };
        NodeKey::resource("okta", &format!("{}{slash}{rest}", self.name))
    }

    /// When a user exists; always, where the document does not list it.
    fn life(&self, id: &str) -> Interval {
        self.lives.get(id).copied().unwrap_or(Interval::ALWAYS)
    }
}

/// Application `id`.
fn app_key(id: &str) -> NodeKey {
    NodeKey::resource("okta", &format!("app/{id}"))
}

/// The hub whose members may administer, or assign, the application.
fn app_hub(what: &str, id: &str) -> NodeKey {
    NodeKey::group("okta", &format!("{what}/{id}"))
}

/// The id at the end of the address of a thing in Okta's API.
fn id_in_address<'v>(address: &'v str, what: &str) -> Option<&'v str> {
    let (_, rest) = address.split_once(&format!("/api/v1/{what}/"))?;
    rest.split(['/', '?']).next().filter(|id| !id.is_empty())
}

/// The host of an address of the organisation itself; links may hold `{placeholders}`.
fn own_host(address: &str) -> Option<&str> {
    origin_of(address)?.strip_prefix("https://").filter(|host| !host.contains(['{', '}']))
}
