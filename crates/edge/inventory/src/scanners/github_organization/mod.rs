//! A GitHub organisation: members, teams, repositories, tokens, apps, and what its CI jobs may read and become.
//!
//! Repositories' `permissions` are those of whoever exported the file, and are not read.

use crate::json::{check_keys, list, node, parse, text, time};
use crate::key::{aws_identity, ci_hub};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};
use serde_json::Value;
use std::path::Path;

/// Reads organisation inventories.
pub struct GithubOrganization;

/// The scanner.
pub static SCANNER: GithubOrganization = GithubOrganization;

impl Scanner for GithubOrganization {
    fn name(&self) -> &'static str {
        "github_organization"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        let head = String::from_utf8_lossy(head);
        path.file_name().is_some_and(|name| name == "organization.json")
            || (head.contains("\"organization\"") && head.contains("\"repositories\"") && head.contains("\"members\""))
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        if let Some(document) = parse(input.bytes, &mut report) {
            let organization = document.get("organization");
            let login = organization.and_then(|organization| text(organization, "login").or(organization.as_str()));
            match login {
                Some(login) => {
                    found.scope = format!("github/{login}");
                    found.complete = true;
                    let mut reading = Organization {
                        login: login.to_owned(),
                        known: input.known,
                        facts: Vec::new(),
                        report: &mut report,
                    };
                    reading.read(&document);
                    found.facts = reading.facts;
                }
                None => report.add("it names no organization", "add the answer of GET /orgs/{org} as `organization`"),
            }
        }
        found.problems = report.finish();
        found
    }
}

struct Organization<'a> {
    login: String,
    known: Time,
    facts: Vec<Fact>,
    report: &'a mut Report,
}

/// What a permission's name in any of GitHub's spellings lets one do, from the least.
fn actions(permission: &str) -> &'static [&'static str] {
    match permission {
        "pull" | "read" | "triage" => &["pull"],
        "push" | "write" | "maintain" => &["pull", "push"],
        "admin" => &["pull", "push", "admin"],
        _ => &[],
    }
}

impl Organization<'_> {
    fn read(&mut self, document: &Value) {
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
        ];
        check_keys(document, "the inventory", KEYS, self.report);
        self.node(NodeKey::resource("github", &self.login), &self.login.clone(), Interval::ALWAYS, "organization");
        let repositories: Vec<&str> =
            list(document, "repositories").iter().filter_map(|item| text(item, "name")).collect();
        self.members(document, &repositories);
        for (at, item) in list(document, "repositories").iter().enumerate() {
            self.repository(at, item);
        }
        list(document, "teams").iter().enumerate().for_each(|(at, team)| self.team(at, team));
        list(document, "credential_authorizations").iter().enumerate().for_each(|(at, item)| self.credential(at, item));
        list(document, "installations")
            .iter()
            .enumerate()
            .for_each(|(at, item)| self.installation(at, item, &repositories));
        list(document, "actions_secrets").iter().enumerate().for_each(|(at, item)| self.secret(at, item));
        list(document, "workflow_trust").iter().enumerate().for_each(|(at, item)| self.trust(at, item));
    }

    fn evidence(&self, place: &str) -> String {
        format!("{} {place}", self.report.input())
    }

    fn node(&mut self, key: NodeKey, label: &str, valid: Interval, place: &str) {
        let mut node = NodeFact::new(key, valid, self.known, &self.evidence(place));
        node.label = Text::new(label);
        self.facts.push(Fact::Node(node));
    }

    fn edge(&mut self, kind: EdgeKind, from: NodeKey, to: NodeKey, place: &str) -> &mut EdgeFact {
        let edge = EdgeFact::new(kind, from, to, Interval::ALWAYS, self.known, &self.evidence(place));
        self.facts.push(Fact::Edge(edge));
        match self.facts.last_mut() {
            Some(Fact::Edge(edge)) => edge,
            _ => unreachable!("the edge was just added"),
        }
    }

    /// `org/repo`, however the repository was written.
    fn full_name(&self, written: &str) -> String {
        if written.contains('/') { written.to_owned() } else { format!("{}/{written}", self.login) }
    }

    fn hub(&self, name: &str) -> NodeKey {
        NodeKey::group("github", &format!("{}/{name}", self.login))
    }

    /// Access of a person, team or app to a repository. Whoever may push may run code in its CI, as far as branch rules
    /// and approvals let it.
    fn access(&mut self, from: &NodeKey, repository: &str, permission: &str, place: &str) {
        let actions = actions(permission);
        if actions.is_empty() {
            if permission != "none" {
                let reason = format!("`{}` in {place} is not a permission", shown(permission));
                self.report.add(reason, "use pull, triage, push, maintain or admin");
            }
            return;
        }
        let resource = NodeKey::resource("github", repository);
        let edge = self.edge(EdgeKind::MayAct, from.clone(), resource, place);
        edge.actions = actions.iter().map(Text::new).collect();
        if actions.contains(&"push") {
            let edge = self.edge(EdgeKind::RunsAs, from.clone(), ci_hub(repository), place);
            edge.may = vec![Text::new("branch rules and approvals let a pushed workflow run")];
        }
    }

    fn members(&mut self, document: &Value, repositories: &[&str]) {
        let (everyone, owners) = (self.hub("members"), self.hub("owners"));
        let organization = document.get("organization");
        let base = organization.and_then(|organization| text(organization, "default_repository_permission"));
        for (at, member) in list(document, "members").iter().enumerate() {
            let place = format!("members[{at}]");
            let Some(login) = text(member, "login") else {
                self.report.add(format!("{place} has no login"), "export the members again");
                continue;
            };
            let key = NodeKey::identity("github", login);
            self.node(key.clone(), login, Interval::ALWAYS, &place);
            let owner = matches!(text(member, "role"), Some("admin" | "owner"));
            let hub = if owner { owners.clone() } else { everyone.clone() };
            self.edge(EdgeKind::MemberOf, key, hub, &place);
        }
        for repository in repositories {
            let repository = self.full_name(repository);
            self.base(&everyone, &repository, base);
            self.access(&owners, &repository, "admin", "members with role admin");
        }
    }

    /// What every member may do. GitHub shows it to owners alone: where it is absent, it may be its default.
    fn base(&mut self, everyone: &NodeKey, repository: &str, base: Option<&str>) {
        let place = "organization.default_repository_permission";
        match base {
            Some(base) => self.access(everyone, repository, base, place),
            None => {
                let resource = NodeKey::resource("github", repository);
                let edge = self.edge(EdgeKind::MayAct, everyone.clone(), resource, place);
                edge.actions = vec![Text::new("pull")];
                edge.may = vec![Text::new("the organisation's base permission is read or more")];
            }
        }
    }

    fn repository(&mut self, at: usize, item: &Value) {
        let place = format!("repositories[{at}]");
        let Some(name) = text(item, "full_name").or_else(|| text(item, "name")) else {
            return self.report.add(format!("{place} has no name"), "export the repositories again");
        };
        let name = self.full_name(name);
        self.node(NodeKey::resource("github", &name), &name, Interval::ALWAYS, &place);
        // Secrets of the organisation may be read in the jobs of each repository that they are shared with.
        let organization = ci_hub(&self.login);
        self.edge(EdgeKind::MemberOf, ci_hub(&name), organization, &place);
        for collaborator in list(item, "collaborators") {
            let Some(login) = text(collaborator, "login") else { continue };
            let granted = text(collaborator, "role_name").or_else(|| text(collaborator, "permission"));
            let best = ["admin", "maintain", "push", "triage", "pull"].into_iter().find(|permission| {
                collaborator.get("permissions").is_some_and(|granted| crate::json::flag(granted, permission))
            });
            let identity = NodeKey::identity("github", login);
            self.access(&identity, &name, granted.or(best).unwrap_or("none"), &place);
        }
    }

    fn team(&mut self, at: usize, team: &Value) {
        let place = format!("teams[{at}]");
        let Some(slug) = text(team, "slug") else {
            return self.report.add(format!("{place} has no slug"), "export the teams again");
        };
        let key = self.hub(&format!("teams/{slug}"));
        self.node(key.clone(), slug, Interval::ALWAYS, &place);
        for member in list(team, "members") {
            if let Some(login) = member.as_str().or_else(|| text(member, "login")) {
                self.edge(EdgeKind::MemberOf, NodeKey::identity("github", login), key.clone(), &place);
            }
        }
        for repository in list(team, "repositories") {
            let name = text(repository, "full_name").or_else(|| text(repository, "name"));
            let permission = text(repository, "permission").or_else(|| text(repository, "role_name"));
            match (name, permission) {
                (Some(name), Some(permission)) => self.access(&key, &self.full_name(name), permission, &place),
                _ => self.report.add(format!("a repository of {place} has no name or permission"), "export it again"),
            }
        }
    }

    fn credential(&mut self, at: usize, item: &Value) {
        let place = format!("credential_authorizations[{at}]");
        let id = item.get("credential_id").and_then(Value::as_u64);
        let public = text(item, "hashed_token").map(str::to_owned);
        let public =
            public.or_else(|| text(item, "fingerprint").map(str::to_owned)).or(id.map(|id| format!("id-{id}")));
        let (Some(public), Some(login)) = (public, text(item, "login")) else {
            return self.report.add(format!("{place} has no login or no id"), "export the authorizations again");
        };
        let from = time(item, "credential_authorized_at", self.report).unwrap_or(Time::MIN);
        let to = time(item, "authorized_credential_expires_at", self.report).unwrap_or(Time::MAX);
        let valid = Interval::new(from, to);
        let kind = text(item, "credential_type").unwrap_or("credential");
        let last_eight = text(item, "token_last_eight").map_or(String::new(), |last| format!(" …{last}"));
        let key = NodeKey::credential("github", &public);
        self.node(key.clone(), &format!("{kind} of {login}{last_eight}"), valid, &place);
        let used = time(item, "credential_accessed_at", self.report);
        let scopes = crate::json::texts(item.get("scopes"));
        let narrow = !scopes.is_empty() && !scopes.iter().any(|scope| matches!(*scope, "repo" | "admin:org"));
        let edge = self.edge(EdgeKind::Authenticates, key, NodeKey::identity("github", login), &place);
        edge.valid = valid;
        edge.last_used = used;
        if narrow {
            edge.may = vec![Text::new(format!("scopes {} are enough for it", scopes.join(", ")))];
        }
    }

    fn installation(&mut self, at: usize, item: &Value, repositories: &[&str]) {
        let place = format!("installations[{at}]");
        let Some(slug) = text(item, "app_slug") else {
            return self.report.add(format!("{place} has no app_slug"), "export the installations again");
        };
        let app = NodeKey::identity("github", &format!("{slug}[bot]"));
        self.node(app.clone(), slug, Interval::ALWAYS, &place);
        let permissions = item.get("permissions").cloned().unwrap_or(Value::Null);
        let contents = match (text(&permissions, "administration"), text(&permissions, "contents")) {
            (Some("write"), _) => "admin",
            (_, Some(contents)) => contents,
            _ => return,
        };
        let selected: Vec<&str> = match text(item, "repository_selection") {
            Some("selected") => list(item, "repositories")
                .iter()
                .filter_map(|item| item.as_str().or_else(|| text(item, "name")))
                .collect(),
            _ => repositories.to_vec(),
        };
        for repository in selected {
            self.access(&app, &self.full_name(repository), contents, &place);
        }
    }

    fn secret(&mut self, at: usize, item: &Value) {
        let place = format!("actions_secrets[{at}]");
        check_keys(item, &place, &["repository", "name", "environment", "credential", "from", "to"], self.report);
        let Some(name) = text(item, "name") else {
            return self.report.add(format!("{place} has no name"), "add the secret's name");
        };
        let scope = text(item, "repository").map_or_else(|| self.login.clone(), |written| self.full_name(written));
        // A secret of unknown content is still one that was lost.
        let credential = node(item, "credential", self.report)
            .unwrap_or_else(|| NodeKey::credential("github_secret", &format!("{scope}/{name}")));
        let from = time(item, "from", self.report).unwrap_or(Time::MIN);
        let to = time(item, "to", self.report).unwrap_or(Time::MAX);
        let environment = text(item, "environment").map(str::to_owned);
        let place = format!("{place} ({name})");
        let edge = self.edge(EdgeKind::ReadableIn, ci_hub(&scope), credential, &place);
        edge.valid = Interval::new(from, to);
        if let Some(environment) = environment {
            edge.may = vec![Text::new(format!("the job uses the deployment environment `{environment}`"))];
        }
    }

    fn trust(&mut self, at: usize, item: &Value) {
        let place = format!("workflow_trust[{at}]");
        check_keys(item, &place, &["repository", "role_arn", "subject"], self.report);
        let (Some(repository), Some(role)) = (text(item, "repository"), text(item, "role_arn")) else {
            return self.report.add(format!("{place} has no repository or role_arn"), "add both");
        };
        let repository = self.full_name(repository);
        let any = format!("repo:{repository}:*");
        let narrower = text(item, "subject").filter(|subject| *subject != any).map(shown);
        let edge = self.edge(EdgeKind::MayAssume, ci_hub(&repository), aws_identity(role), &place);
        edge.may = narrower.map(|subject| Text::new(format!("the job's subject is `{subject}`"))).into_iter().collect();
    }
}
