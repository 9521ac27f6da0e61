//! A Google Workspace customer: users, groups, administrators' roles, what applications were given by users or for the whole
//! domain, drives and files with their links, and the service accounts that are named.
//!
//! It does not read settings of services, context-aware access or sharing rules; what hangs on them is `may`. Google Cloud's own
//! grants are not here.

mod collect;
mod drive;
mod grant;
mod people;
mod role;
mod scope;

use crate::collect::Collect;
use crate::json::{flag, id, list, text, text_at};
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::{Form, Statements, in_folder, read_document, tenant};
use firebreak_model::{EdgeKind, Interval, NodeKey};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

/// Reads documents of a Google Workspace customer.
pub struct GoogleWorkspace;

/// The scanner.
pub static SCANNER: GoogleWorkspace = GoogleWorkspace;

const FORM: Form = Form {
    scanner: "google_workspace",
    needed: &["users", "groups"],
    lists: &["roles", "roleAssignments", "orgUnits", "domainWideDelegation", "drives", "files", "serviceAccounts"],
    others: &["customer"],
};

impl Scanner for GoogleWorkspace {
    fn name(&self) -> &'static str {
        "google_workspace"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        in_folder(path, "google_workspace")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("google_workspace/{name}"), |document, statements| {
            let mut customer = Customer::new(name, statements);
            customer.learn(document);
            customer.state(document);
        })
    }
}

/// One user, as far as others need it.
struct User {
    key: NodeKey,
    /// The primary address.
    address: String,
    life: Interval,
    unit: String,
    second_step: bool,
}

/// The customer while it is read.
struct Customer<'a, 'r> {
    name: &'a str,
    facts: &'a mut Statements<'r>,
    /// By id, in a fixed order: hubs are filled from it.
    users: BTreeMap<String, User>,
    /// Ids of users, and keys of groups, by address.
    by_address: HashMap<String, String>,
    groups_by_address: HashMap<String, NodeKey>,
    /// Users with a role of an administrator, super administrators included.
    admins: HashSet<String>,
    /// Paths of organisational units by id.
    units: HashMap<String, String>,
}

impl<'a, 'r> Customer<'a, 'r> {
    fn new(name: &'a str, facts: &'a mut Statements<'r>) -> Customer<'a, 'r> {
        let (users, by_address, groups_by_address) = (BTreeMap::new(), HashMap::new(), HashMap::new());
        let (admins, units) = (HashSet::new(), HashMap::new());
        Customer { name, facts, users, by_address, groups_by_address, admins, units }
    }

    /// Who is who by address, and who is an administrator.
    fn learn(&mut self, document: &Value) {
        for user in list(document, "users") {
            let (Some(name), Some(address)) = (id(user, "id"), text(user, "primaryEmail")) else { continue };
            if flag(user, "isAdmin") || flag(user, "isDelegatedAdmin") {
                self.admins.insert(name.clone());
            }
            self.by_address.insert(address.to_lowercase(), name);
        }
        for group in list(document, "groups") {
            if let (Some(key), Some(address)) = (group_key(group), group_address(group)) {
                self.groups_by_address.insert(address.to_lowercase(), key);
            }
        }
        let holders: HashSet<String> =
            list(document, "roleAssignments").iter().filter_map(|assignment| id(assignment, "assignedTo")).collect();
        // Whoever is in a group that holds a role is an administrator.
        for group in
            list(document, "groups").iter().filter(|group| id(group, "id").is_some_and(|id| holders.contains(&id)))
        {
            self.admins.extend(list(group, "members").iter().filter_map(|member| id(member, "id")));
        }
        self.admins.extend(holders);
        for unit in list(document, "orgUnits") {
            if let (Some(name), Some(path)) = (id(unit, "orgUnitId"), text(unit, "orgUnitPath")) {
                self.units.insert(name.trim_start_matches("id:").to_owned(), path.to_owned());
            }
        }
    }

    fn state(&mut self, document: &Value) {
        let customer = self.resource();
        let label = document.get("customer").and_then(|customer| text(customer, "customerDomain"));
        self.facts.node(&customer, "customer").label(label.unwrap_or_default());
        self.users(document);
        self.groups(document);
        self.roles(document);
        self.delegations(document);
        self.drives(document);
        self.service_accounts(document);
    }

    /// A hub of the customer: `group:google/<what>/<customer>`.
    fn hub(&self, what: &str) -> NodeKey {
        NodeKey::group("google", &format!("{what}/{}", self.name))
    }

    fn resource(&self) -> NodeKey {
        NodeKey::resource("google", &format!("customer/{}", self.name))
    }

    /// Whoever has the address: a user or a group of ours, or an account that is known by it alone.
    fn whoever(&mut self, address: &str, place: &str) -> (NodeKey, Interval) {
        let address = address.trim().to_lowercase();
        let user = self.by_address.get(&address).and_then(|id| self.users.get(id));
        if let Some(user) = user {
            return (user.key.clone(), user.life);
        }
        if let Some(group) = self.groups_by_address.get(&address) {
            return (group.clone(), Interval::ALWAYS);
        }
        let key = NodeKey::identity("google", &address);
        if self.facts.is_new(&key) {
            self.facts.node(&key, place).email(&address, false);
        }
        (key, Interval::ALWAYS)
    }

    /// The hub of all users, filled when something is first given to everybody.
    fn everyone(&mut self) -> NodeKey {
        let everyone = self.hub("everyone");
        if self.facts.is_new(&everyone) {
            for user in self.users.values() {
                self.facts.edge(EdgeKind::MemberOf, &user.key, &everyone, "users").valid(user.life);
            }
        }
        everyone
    }
}

/// A group of the Directory API has an id; one of Cloud Identity a name with the id at its end.
fn group_key(group: &Value) -> Option<NodeKey> {
    let name = id(group, "id").or_else(|| id(group, "name")?.strip_prefix("groups/").map(str::to_owned))?;
    Some(NodeKey::group("google", &name))
}

fn group_address(group: &Value) -> Option<&str> {
    text(group, "email").or_else(|| text_at(group, &["groupKey", "id"]))
}

/// A person's mailbox, calendar and contacts.
fn mailbox(address: &str) -> NodeKey {
    NodeKey::resource("google", &format!("mailbox/{address}"))
}

/// A person's own drive, by address, or a shared one, by id.
fn drive_key(name: &str) -> NodeKey {
    NodeKey::resource("google", &format!("drive/{name}"))
}
