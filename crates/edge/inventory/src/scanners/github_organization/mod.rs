//! A GitHub organisation: who may do what in which repository, by which token or app, and what its jobs may read and
//! become.
//!
//! Repositories' own `permissions` are those of whoever exported the file, and are not read. What a role leads to is said
//! once a repository, on hubs ([`keys`]); nothing is multiplied by members, tokens or secrets.

mod actions;
mod collect;
mod environment;
mod grants;
pub(crate) mod keys;
mod people;
mod protection;
mod repository;
pub(crate) mod rights;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;
mod tokens;
mod workflows;

use crate::collect::Collect;
use crate::json::{check_keys, list, parse, text, time};
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::Statements;
use grants::Grants;
use protection::Rule;
use rights::Roles;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads organisation inventories.
pub struct GithubOrganization;

/// The scanner.
pub static SCANNER: GithubOrganization = GithubOrganization;

/// Every key of the document.
const KEYS: &[&str] = &[
    "organization",
    "repositories",
    "members",
    "teams",
    "credential_authorizations",
    "installations",
    "actions_secrets",
    "workflow_trust",
    "outside_collaborators",
    "taken",
    "incomplete",
    "actions_permissions",
    "workflow_permissions",
    "custom_repository_roles",
    "organization_roles",
    "organization_secrets",
    "organization_variables",
    "rulesets",
    "runners",
    "runner_groups",
    "hooks",
    "personal_access_tokens",
    "personal_access_token_requests",
    "oauth_apps",
    "external_identities",
    "identity_provider",
    "secret_scanning_alerts",
    "packages",
];

impl Scanner for GithubOrganization {
    fn name(&self) -> &'static str {
        "github_organization"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        let head = String::from_utf8_lossy(head);
        path.file_name().is_some_and(|name| name == "organization.json")
            || (head.contains("\"organization\"") && head.contains("\"repositories\"") && head.contains("\"members\""))
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::COLLECTOR)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        if let Some(document) = parse(input.bytes, &mut report) {
            check_keys(&document, "the inventory", KEYS, &mut report);
            read(&document, input, &mut report, &mut found);
        }
        found.problems = report.finish();
        found
    }
}

/// Reads a document of this scanner's form, however it came about.
pub(crate) fn read(document: &Value, input: &ScanInput<'_>, report: &mut Report, found: &mut Found) {
    let organization = document.get("organization");
    let login = organization.and_then(|organization| text(organization, "login").or(organization.as_str()));
    let Some(login) = login else {
        return report.add("it names no organization", "add the answer of GET /orgs/{org} as `organization`");
    };
    found.scope = format!("github/{login}");
    for gap in list(document, "incomplete") {
        let call = text(gap, "call").unwrap_or("a call");
        let reason = format!("`{call}` was not answered: {}", text(gap, "reason").unwrap_or("no reason is given"));
        report.add(reason, "what it would show is not in the map, and nothing is retired; ask again");
    }
    let known = time(document, "taken", report).unwrap_or(input.known);
    let mut reading = Organization {
        login: login.to_owned(),
        names: Index::read(document),
        rules: Vec::new(),
        grants: Grants::default(),
        document,
        facts: Statements::new(known, report),
    };
    reading.read();
    (found.facts, found.settings) = reading.facts.finish();
    // What could not be read is not gone.
    found.complete = report.is_empty();
}

/// What ids in the document stand for.
#[derive(Debug, Default)]
struct Index {
    roles: Roles,
    teams: BTreeMap<u64, String>,
    apps: BTreeMap<u64, String>,
    users: BTreeMap<u64, String>,
    /// Of the organisation's secrets: name and visibility.
    shared: BTreeMap<String, String>,
}

impl Index {
    fn read(document: &Value) -> Index {
        let by_id = |key: &str, id: &str, name: &str| -> BTreeMap<u64, String> {
            let items = list(document, key).iter();
            items.filter_map(|item| Some((item.get(id)?.as_u64()?, text(item, name)?.to_owned()))).collect()
        };
        let mut users = by_id("members", "id", "login");
        users.extend(by_id("outside_collaborators", "id", "login"));
        let shared = list(document, "organization_secrets").iter();
        let shared = shared.filter_map(|secret| Some((text(secret, "name")?, text(secret, "visibility")?)));
        Index {
            shared: shared.map(|(name, visibility)| (name.to_owned(), visibility.to_owned())).collect(),
            roles: Roles::read(list(document, "custom_repository_roles")),
            teams: by_id("teams", "id", "slug"),
            apps: by_id("installations", "app_id", "app_slug"),
            users,
        }
    }

    fn names<'a>(&'a self, organization: &'a str) -> protection::Names<'a> {
        let Index { roles, teams, apps, users, .. } = self;
        protection::Names { organization, roles, teams, apps, users }
    }
}

/// One organisation, while it is read.
struct Organization<'a> {
    login: String,
    names: Index,
    /// The organisation's own rulesets.
    rules: Vec<Rule>,
    grants: Grants,
    document: &'a Value,
    facts: Statements<'a>,
}

impl<'a> Organization<'a> {
    fn read(&mut self) {
        let document = self.document;
        self.rules = self.rules_of(list(document, "rulesets"));
        self.organization();
        self.accounts();
        self.teams();
        self.organization_roles();
        self.external_identities();
        for (at, item) in self.items("repositories") {
            self.collaborators(at, item);
        }
        for (at, item) in self.items("installations") {
            self.installation(at, item);
        }
        self.deploy_keys();
        self.tokens();
        self.repositories();
        self.shared_secrets();
        for (at, item) in self.items("actions_secrets") {
            self.stated_secret(at, item);
        }
        for (at, item) in self.items("workflow_trust") {
            self.trust(at, item);
        }
        self.runners();
        self.alerts();
    }

    /// The items of one of the document's lists, numbered.
    fn items(&self, key: &str) -> impl Iterator<Item = (usize, &'a Value)> + use<'a> {
        list(self.document, key).iter().enumerate()
    }

    /// Rulesets, each as its own answer or below `detail` in an item of the list of rulesets.
    fn rules_of(&self, items: &[Value]) -> Vec<Rule> {
        let names = self.names.names(&self.login);
        let whole = |item: &'_ Value| Rule::ruleset(item.get("detail").unwrap_or(item), &names);
        items.iter().filter_map(whole).collect()
    }

    /// `org/repo`, however the repository was written.
    fn full_name(&self, written: &str) -> String {
        if written.contains('/') { written.to_owned() } else { format!("{}/{written}", self.login) }
    }

    /// The repository that an item names.
    fn repository_of(&self, item: &Value) -> Option<String> {
        let name = item.as_str().or_else(|| text(item, "full_name")).or_else(|| text(item, "name"))?;
        Some(self.full_name(name))
    }
}
