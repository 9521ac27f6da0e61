//! Actions secrets and variables, by organisation, repository and deployment environment; alerts of leaked ones.
//!
//! A secret is where it is kept: `credential:github_secret/…`. What it holds is known where the owner says so.

use super::repository::Repository;
use super::{Organization, keys};
use crate::json::{check_keys, list, node, text, time};
use firebreak_model::{EdgeKind, Interval, NodeKey, Time};
use serde_json::Value;

/// Names in a list of secrets or variables, plain or in objects.
fn names<'a>(item: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    list(item, key).iter().filter_map(|secret| secret.as_str().or_else(|| text(secret, "name")))
}

impl Organization<'_> {
    fn readable(&mut self, hub: &NodeKey, scope: &str, name: &str, place: &str, may: &[String]) {
        let secret = keys::secret(scope, name);
        let place = format!("{place} ({name})");
        self.facts.edge(EdgeKind::ReadableIn, hub, &secret, &place).mays(may);
    }

    /// A job that is known only as one of the scope's may have been given any of its secrets.
    pub(super) fn given(&mut self, scope: &str, place: &str) {
        let secrets = keys::secrets(scope);
        if self.facts.is_new(&secrets) {
            self.facts.edge(EdgeKind::RunsAs, &keys::jobs(scope), &secrets, place).may("its workflow names the secret");
        }
    }

    /// Secrets of the repository, and those that the organisation selects it for.
    pub(super) fn repository_secrets(&mut self, repository: &Repository<'_>) {
        let (full, item) = (&repository.full, repository.item);
        let secrets = keys::secrets(full);
        for name in names(item, "secrets") {
            self.readable(&secrets, full, name, &format!("{} secrets", repository.place), &[]);
        }
        for name in names(item, "organization_secrets") {
            let visibility = self.names.shared.get(name).map(String::as_str);
            if !matches!(visibility, Some("all" | "private")) {
                let login = self.login.clone();
                self.readable(&secrets, &login, name, &format!("{} organization_secrets", repository.place), &[]);
            }
        }
        let key = keys::repository(full);
        for variable in names(item, "variables") {
            self.facts.setting(&key, "variable", variable, &format!("{} variables", repository.place));
        }
    }

    pub(super) fn environment_secrets(&mut self, repository: &Repository<'_>, name: &str, item: &Value, place: &str) {
        let hub = keys::environment(&repository.full, name);
        let scope = format!("{}/{name}", repository.full);
        for secret in names(item, "secrets") {
            self.readable(&hub, &scope, secret, &format!("{place} secrets"), &[]);
        }
        for variable in names(item, "variables") {
            self.facts.setting(&hub, "variable", variable, &format!("{place} variables"));
        }
    }

    /// Secrets of the organisation. What all repositories share hangs on one hub.
    pub(super) fn shared_secrets(&mut self) {
        let login = self.login.clone();
        for (at, item) in self.items("organization_secrets") {
            let place = format!("organization_secrets[{at}]");
            let Some(name) = text(item, "name") else {
                self.facts.report.add(format!("{place} has no name"), "export the secrets again");
                continue;
            };
            match text(item, "visibility") {
                Some("all") => self.readable(&keys::secrets(&login), &login, name, &place, &[]),
                Some("private") => self.readable(&keys::private_secrets(&login), &login, name, &place, &[]),
                _ => self.selected_secret(item, name, &place),
            }
        }
        let organization = NodeKey::resource("github", &login);
        for (at, item) in self.items("organization_variables") {
            let place = format!("organization_variables[{at}]");
            if let Some(name) = text(item, "name") {
                self.facts.setting(&organization, "variable", name, &place);
            }
        }
    }

    fn selected_secret(&mut self, item: &Value, name: &str, place: &str) {
        let login = self.login.clone();
        if item.get("selected_repositories").is_some() {
            for repository in list(item, "selected_repositories") {
                if let Some(full) = self.repository_of(repository) {
                    self.readable(&keys::secrets(&full), &login, name, place, &[]);
                }
            }
        } else if !self.items("repositories").any(|(_, item)| item.get("organization_secrets").is_some()) {
            let may = ["the organisation shares it with the repository".to_owned()];
            self.readable(&keys::secrets(&login), &login, name, place, &may);
        }
    }

    /// A secret of which the owner states what it holds.
    pub(super) fn stated_secret(&mut self, at: usize, item: &Value) {
        let place = format!("actions_secrets[{at}]");
        let known = ["repository", "name", "environment", "credential", "from", "to"];
        check_keys(item, &place, &known, self.facts.report);
        let Some(name) = text(item, "name") else {
            return self.facts.report.add(format!("{place} has no name"), "add the secret's name");
        };
        let place = format!("{place} ({name})");
        let scope = text(item, "repository").map_or_else(|| self.login.clone(), |written| self.full_name(written));
        let (hub, scope) = match text(item, "environment") {
            Some(environment) => {
                let hub = keys::environment(&scope, environment);
                let uses = format!("the job uses the deployment environment `{environment}`");
                self.facts.edge(EdgeKind::RunsAs, &keys::jobs(&scope), &hub, &place).may(&uses);
                (hub, format!("{scope}/{environment}"))
            }
            None => {
                self.given(&scope, &place);
                (keys::secrets(&scope), scope)
            }
        };
        let from = time(item, "from", self.facts.report).unwrap_or(Time::MIN);
        let to = time(item, "to", self.facts.report).unwrap_or(Time::MAX);
        let valid = Interval::new(from, to);
        // A secret of unknown content is still one that was lost.
        let kept = keys::secret(&scope, name);
        let held = node(item, "credential", self.facts.report);
        let readable = held.clone().unwrap_or_else(|| kept.clone());
        self.facts.edge(EdgeKind::ReadableIn, &hub, &readable, &place).valid(valid);
        if let Some(held) = held {
            // Workflows name the secret, not what it holds.
            self.facts.edge(EdgeKind::Derives, &kept, &held, &place).valid(valid);
        }
    }

    /// Leaked secrets that the repository's history still holds.
    pub(super) fn alerts(&mut self) {
        for (at, item) in self.items("secret_scanning_alerts") {
            let place = format!("secret_scanning_alerts[{at}]");
            let full = item.get("repository").and_then(|repository| self.repository_of(repository));
            let (Some(full), Some(number)) = (full, item.get("number").and_then(Value::as_u64)) else {
                self.facts.report.add(format!("{place} has no repository or number"), "export the alerts again");
                continue;
            };
            if text(item, "state") == Some("resolved") || text(item, "validity") == Some("inactive") {
                continue;
            }
            let key = NodeKey::credential("github_alert", &format!("{full}/{number}"));
            let kind = text(item, "secret_type").unwrap_or("secret");
            self.facts.node(&key, &place).label(&format!("{kind} in {full}"));
            let validity = text(item, "validity").unwrap_or("unknown");
            self.facts.setting(&key, "validity", validity, &place);
            let may = if validity == "active" { "" } else { "the leaked secret still works" };
            self.facts.edge(EdgeKind::Stores, &keys::repository(&full), &key, &place);
            if let Some(login) = text(item, "owner_login") {
                self.facts.edge(EdgeKind::Authenticates, &key, &keys::account(login), &place).may(may);
            }
        }
    }
}
