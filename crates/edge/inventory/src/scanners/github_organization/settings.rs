//! Settings that lead nowhere by themselves, and yet are what someone asks of an organisation.

use super::repository::Repository;
use super::{Organization, keys};
use crate::json::{list, text};
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;

/// What of the organisation's own answer is not a setting.
const NO_SETTINGS: &[&str] = &[
    "login",
    "id",
    "node_id",
    "url",
    "name",
    "description",
    "company",
    "blog",
    "location",
    "email",
    "type",
    "followers",
    "following",
    "public_repos",
    "public_gists",
    "collaborators",
    "private_gists",
    "disk_usage",
    "html_url",
    "avatar_url",
    "created_at",
    "updated_at",
    "billing_email",
    "total_private_repos",
    "owned_private_repos",
];

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Bool(flag) => Some(flag.to_string()),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Organization<'_> {
    /// The organisation: its node, and every switch of its own answer.
    pub(super) fn organization(&mut self) {
        let key = NodeKey::resource("github", &self.login);
        let login = self.login.clone();
        self.facts.node(&key, "organization").label(&login);
        let items = [("organization", ""), ("actions_permissions", "actions."), ("workflow_permissions", "actions.")];
        for (place, prefix) in items {
            let answer = self.document.get(place).and_then(Value::as_object);
            for (name, value) in answer.into_iter().flatten() {
                let is_setting = !NO_SETTINGS.contains(&name.as_str()) && !name.ends_with("_url");
                if let Some(value) = shown(value).filter(|_| is_setting) {
                    self.facts.setting(&key, &format!("{prefix}{name}"), &value, place);
                }
            }
        }
        self.webhooks(&key, list(self.document, "hooks"), "hooks");
        for (at, item) in self.items("packages") {
            let place = format!("packages[{at}]");
            let (Some(name), Some(kind)) = (text(item, "name"), text(item, "package_type")) else {
                self.facts.report.add(format!("{place} has no name or package_type"), "export the packages again");
                continue;
            };
            let package = NodeKey::resource("github", &format!("{login}/packages/{kind}/{name}"));
            self.facts.node(&package, &place).label(name);
            let Some(full) = item.get("repository").and_then(|repository| self.repository_of(repository)) else {
                continue;
            };
            // Whoever may push to the repository publishes its package.
            let edge = self.facts.edge(EdgeKind::MayAct, &keys::push(&full), &package, &place).acts(&["publish"]);
            edge.may("the package takes its rights from the repository");
        }
    }

    /// Webhooks: where the platform tells of events.
    fn webhooks(&mut self, key: &NodeKey, hooks: &[Value], place: &str) {
        for (at, hook) in hooks.iter().enumerate() {
            let place = format!("{place}[{at}]");
            let config = hook.get("config").unwrap_or(&Value::Null);
            let url = text(config, "url").unwrap_or("unknown");
            // Of the address only the host: paths and queries carry secrets.
            let host = url.split("//").nth(1).unwrap_or(url).split(['/', '?']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or(host);
            self.facts.setting(key, "webhook", host, &place);
            let insecure = config.get("insecure_ssl").is_some_and(|flag| flag == 1 || flag == "1");
            if insecure {
                self.facts.setting(key, "webhook_without_tls_check", host, &place);
            }
        }
    }

    /// Switches of a repository.
    pub(super) fn repository_settings(&mut self, repository: &Repository<'_>) {
        const NAMES: &[&str] =
            &["visibility", "private", "archived", "allow_forking", "default_branch", "web_commit_signoff_required"];
        let (key, item, place) = (keys::repository(&repository.full), repository.item, &repository.place);
        for name in NAMES {
            if let Some(value) = item.get(name).and_then(shown) {
                self.facts.setting(&key, name, &value, place);
            }
        }
        let analysis = item.get("security_and_analysis").and_then(Value::as_object);
        for (name, feature) in analysis.into_iter().flatten() {
            if let Some(status) = text(feature, "status") {
                self.facts.setting(&key, name, status, place);
            }
        }
        for (at, workflow) in list(item, "workflows").iter().enumerate() {
            if let Some(path) = text(workflow, "path") {
                self.facts.setting(&key, "workflow", path, &format!("{place} workflows[{at}]"));
            }
        }
        self.webhooks(&key, list(item, "hooks"), &format!("{place} hooks"));
        self.default_token(repository);
    }

    /// Switches of a branch: whether rules are there at all, and what each classic rule asks.
    pub(super) fn branch_settings(&mut self, repository: &Repository<'_>, name: &str, hub: &NodeKey) {
        let (item, place) = (repository.item, &repository.place);
        let listed = list(item, "branches").iter().find(|branch| text(branch, "name") == Some(name));
        let ruled = repository.rules_of(name).next().is_some();
        let stated = listed.and_then(|branch| branch.get("protected")).and_then(Value::as_bool);
        self.facts.setting(hub, "protected", if ruled || stated == Some(true) { "true" } else { "false" }, place);
        if repository.default == Some(name) {
            self.facts.setting(hub, "default", "true", place);
        }
        let own = listed.and_then(|branch| branch.get("protection")).filter(|protection| protection.is_object());
        let by_pattern = list(item, "branch_protections")
            .iter()
            .filter(|rule| text(rule, "pattern").is_some_and(|pattern| super::protection::matches(pattern, name)));
        let rules: Vec<&Value> = own.into_iter().chain(by_pattern).collect();
        for rule in rules {
            self.rule_settings(rule, hub, place);
        }
    }

    fn rule_settings(&mut self, rule: &Value, hub: &NodeKey, place: &str) {
        let on = |item: &Value, key: &str| {
            item.get(key).is_some_and(|value| *value == true || value.get("enabled") == Some(&Value::Bool(true)))
        };
        let reviews = rule.get("required_pull_request_reviews").unwrap_or(&Value::Null);
        let named = |item: Option<&Value>| -> Vec<String> {
            let of = |key: &str, field: &'static str| -> Vec<String> {
                let all = item.map(|item| list(item, key)).unwrap_or_default().iter();
                all.filter_map(|one| one.as_str().or_else(|| text(one, field)).map(str::to_owned)).collect()
            };
            [of("users", "login"), of("teams", "slug"), of("apps", "slug")].concat()
        };
        for actor in named(reviews.get("bypass_pull_request_allowances")) {
            self.facts.setting(hub, "bypasses_reviews", &actor, place);
        }
        for actor in named(rule.get("restrictions")) {
            self.facts.setting(hub, "may_push", &actor, place);
        }
        let switches = [
            ("enforce_admins", on(rule, "enforce_admins")),
            ("allow_deletions", on(rule, "allow_deletions")),
            ("allow_force_pushes", on(rule, "allow_force_pushes")),
            ("lock_branch", on(rule, "lock_branch")),
            ("required_pull_request_reviews", reviews.is_object()),
            ("required_status_checks", rule.get("required_status_checks").is_some_and(Value::is_object)),
            ("require_code_owner_reviews", on(reviews, "require_code_owner_reviews")),
            ("require_last_push_approval", on(reviews, "require_last_push_approval")),
            ("dismiss_stale_reviews", on(reviews, "dismiss_stale_reviews")),
            ("push_restrictions", rule.get("restrictions").is_some_and(Value::is_object)),
        ];
        for (name, value) in switches {
            self.facts.setting(hub, name, if value { "true" } else { "false" }, place);
        }
    }
}
