//! An Entra tenant: users, groups, directory roles and what they let one become, applications with their owners, credentials
//! and grants, administrative units, and links to files.
//!
//! It does not evaluate conditional access nor rules of dynamic groups: what hangs on them is `may`. Azure's own roles on
//! subscriptions are not here.

mod app;
mod collect;
mod directory;
mod drive;
mod grant;
mod role;
mod scope;

use crate::collect::Collect;
use crate::json::{id, list, text};
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::{Form, Statements, in_folder, read_document, tenant};
use firebreak_model::{EdgeKind, Interval, NodeKey};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

/// Reads documents of an Entra tenant.
pub struct Entra;

/// The scanner.
pub static SCANNER: Entra = Entra;

const FORM: Form = Form {
    scanner: "entra",
    needed: &["users", "groups", "roleDefinitions", "roleAssignments", "applications", "servicePrincipals"],
    lists: &[
        "organization",
        "roleEligibilities",
        "appRoleAssignments",
        "oauth2PermissionGrants",
        "administrativeUnits",
        "drives",
        "sites",
    ],
    others: &[],
};

impl Scanner for Entra {
    fn name(&self) -> &'static str {
        "entra"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        in_folder(path, "entra")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let name = tenant(input);
        read_document(input, &FORM, format!("entra/{name}"), |document, statements| {
            let document = if is_dump(document) { Cow::Owned(camel(document)) } else { Cow::Borrowed(document) };
            let mut tenant = Tenant::new(name, statements);
            tenant.learn(&document);
            tenant.state(&document);
        })
    }
}

/// What a directory object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    User,
    Group,
    Principal,
    Other,
}

/// The tenant while it is read.
struct Tenant<'a, 'r> {
    name: &'a str,
    /// The tenant's id and its verified domains, where the document tells them.
    id: String,
    domains: HashSet<String>,
    facts: &'a mut Statements<'r>,
    kinds: HashMap<String, Kind>,
    lives: HashMap<String, Interval>,
    /// Template ids of the roles that a user holds, directly or by a group that confers one.
    held: HashMap<String, BTreeSet<String>>,
    /// Users whose way in only the strongest roles may reset, and guests, whom nobody here can.
    guarded: HashSet<String>,
    guests: HashSet<String>,
    /// Users whose only roles are ones that they may activate.
    eligible: HashSet<String>,
    /// Service principals of Microsoft's own applications.
    microsoft: HashSet<String>,
    /// Why a reset may not suffice.
    elsewhere: HashMap<String, &'static str>,
    members: HashMap<String, Vec<String>>,
    units: HashMap<String, Vec<String>>,
    /// Template by role definition, name by template.
    templates: HashMap<String, String>,
    /// Application id and label by the object id of a service principal.
    principals: HashMap<String, (String, String)>,
    /// Subjects of other issuers' tokens that an application trusts, by its id: `<issuer>|<subject>`.
    subjects: HashMap<String, Vec<String>>,
    /// Names of application roles and scopes by resource and id.
    app_roles: HashMap<(String, String), String>,
    /// Mailbox name by user.
    mailboxes: HashMap<String, String>,
}

impl<'a, 'r> Tenant<'a, 'r> {
    fn new(name: &'a str, facts: &'a mut Statements<'r>) -> Tenant<'a, 'r> {
        Tenant {
            name,
            id: String::new(),
            domains: HashSet::new(),
            facts,
            kinds: HashMap::new(),
            lives: HashMap::new(),
            held: HashMap::new(),
            guarded: HashSet::new(),
            guests: HashSet::new(),
            eligible: HashSet::new(),
            microsoft: HashSet::new(),
            elsewhere: HashMap::new(),
            members: HashMap::new(),
            units: HashMap::new(),
            templates: HashMap::new(),
            principals: HashMap::new(),
            subjects: HashMap::new(),
            app_roles: HashMap::new(),
            mailboxes: HashMap::new(),
        }
    }

    /// What must be known before anything is stated: what each id is, who is in which group, who holds which role.
    fn learn(&mut self, document: &Value) {
        if let Some(organization) = list(document, "organization").first() {
            self.id = text(organization, "id").unwrap_or_default().to_owned();
            let domains = list(organization, "verifiedDomains").iter().filter_map(|domain| text(domain, "name"));
            self.domains = domains.map(str::to_lowercase).collect();
        }
        for (key, kind) in [("users", Kind::User), ("groups", Kind::Group), ("servicePrincipals", Kind::Principal)] {
            let ids = list(document, key).iter().filter_map(|item| id(item, "id"));
            self.kinds.extend(ids.map(|id| (id, kind)));
        }
        for (key, of_units) in [("groups", false), ("administrativeUnits", true)] {
            for (at, item) in list(document, key).iter().enumerate() {
                let Some(name) = id(item, "id") else { continue };
                let mut members = Vec::new();
                for (_, member) in self.facts.items(item, "members", &format!("{key}[{at}]")) {
                    let Some(member_id) = id(member, "id") else { continue };
                    self.kinds.entry(member_id.clone()).or_insert_with(|| kind_of(member));
                    members.push(member_id);
                }
                let into = if of_units { &mut self.units } else { &mut self.members };
                into.insert(name, members);
            }
        }
        for definition in list(document, "roleDefinitions") {
            if let Some(name) = id(definition, "id") {
                let template = id(definition, "templateId").unwrap_or_else(|| name.clone());
                self.templates.insert(name, template.to_lowercase());
            }
        }
        self.learn_principals(document);
        self.learn_roles(document);
    }

    fn state(&mut self, document: &Value) {
        let (tenant, organization) = (self.resource(""), list(document, "organization").first());
        let label = organization.and_then(|organization| text(organization, "displayName"));
        self.facts.node(&tenant, "organization").label(label.unwrap_or_default());
        let (hub, messages) = (self.data_hub("messages"), NodeKey::resource("m365", &format!("teams/{}", self.name)));
        self.facts.edge(EdgeKind::MayAct, &hub, &messages, "organization");
        self.users(document);
        self.groups(document);
        self.units(document);
        self.roles(document);
        self.applications(document);
        self.service_principals(document);
        self.app_role_assignments(document);
        self.delegated_grants(document);
        self.drives(document);
    }

    /// A user or a service principal; an application's own identity is another.
    fn identity(&self, id: &str) -> NodeKey {
        NodeKey::identity("entra", &id.to_lowercase())
    }

    fn group(&self, id: &str) -> NodeKey {
        NodeKey::group("entra", &id.to_lowercase())
    }

    /// A user, a group or a service principal, by what its id is known to be.
    fn object(&self, id: &str) -> Option<NodeKey> {
        match self.kinds.get(id).copied()? {
            Kind::User | Kind::Principal => Some(self.identity(id)),
            Kind::Group => Some(self.group(id)),
            Kind::Other => None,
        }
    }

    /// A hub of the tenant: `group:entra/<what>/<tenant>`.
    fn hub(&self, what: &str) -> NodeKey {
        NodeKey::group("entra", &format!("{what}/{}", self.name))
    }

    /// A hub of the tenant's data: `group:m365/<what>/<tenant>`.
    fn data_hub(&self, what: &str) -> NodeKey {
        NodeKey::group("m365", &format!("{what}/{}", self.name))
    }

    fn resource(&self, rest: &str) -> NodeKey {
        let slash = if rest.is_empty() { "" } else { "/" };
        NodeKey::resource("entra", &format!("{}{slash}{rest}", self.name))
    }

    fn life(&self, id: &str) -> Interval {
        self.lives.get(id).copied().unwrap_or(Interval::ALWAYS)
    }
}

/// The identity of an application, whatever tenants it is in.
fn app_identity(app_id: &str) -> NodeKey {
    NodeKey::identity("app", &format!("entra/{}", app_id.to_lowercase()))
}

/// What a directory object says that it is.
fn kind_of(object: &Value) -> Kind {
    let kind = text(object, "@odata.type").or_else(|| text(object, "odataType")).unwrap_or_default();
    match kind.rsplit('.').next().unwrap_or_default() {
        "user" => Kind::User,
        "group" => Kind::Group,
        "servicePrincipal" => Kind::Principal,
        _ => Kind::Other,
    }
}

/// Whether this is what the SDK for Python holds, whose fields are the API's in snake case.
fn is_dump(document: &Value) -> bool {
    let lists = document.as_object().into_iter().flat_map(|document| document.values());
    let firsts = lists.filter_map(|list| list.as_array()?.first());
    firsts
        .into_iter()
        .any(|item| ["odata_type", "display_name", "principal_id"].iter().any(|key| item.get(key).is_some()))
}

/// The same with fields named as the API names them.
fn camel(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.iter().map(camel).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(key, value)| (camel_name(key), camel(value))).collect())
        }
        other => other.clone(),
    }
}

fn camel_name(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        camel.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        camel.push_str(letters.as_str());
    }
    camel
}
