//! Credentials: tokens that sign-on authorised, fine-grained tokens, apps, OAuth apps and deploy keys.
//!
//! A fine-grained token is an identity of its own: it may do what its permissions say and what its owner may, both.

use super::grants::Grant;
use super::rights::{Rights, Role, Scope, builtin, of_permissions, of_scopes};
use super::{Organization, keys};
use crate::cut;
use crate::json::{flag, list, text, texts, time};
use crate::statements::Node;
use base64::Engine;
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An app's permissions in the organisation that lead to owning it.
const TO_OWNER: &[(&str, &str)] = &[
    ("members", "GitHub lets an app with `members: write` make an owner"),
    ("organization_custom_org_roles", "the app changes a role that it can make someone hold"),
];

/// What a deploy key that may write is let do in git: as much as an administrator.
const DEPLOY_WRITE: Rights =
    Rights::PULL.and(Rights::PUSH).and(Rights::WORKFLOWS).and(Rights::RELEASE).and(Rights::BYPASS);

impl Organization<'_> {
    /// All tokens, once every grant to people is known.
    pub(super) fn tokens(&mut self) {
        for (at, item) in self.items("credential_authorizations") {
            self.authorization(at, item);
        }
        for (at, item) in self.items("personal_access_tokens") {
            self.fine_grained(at, item);
        }
        for (at, item) in self.items("personal_access_token_requests") {
            let place = format!("personal_access_token_requests[{at}]");
            let owner = item.get("owner").and_then(|owner| text(owner, "login"));
            if let Some(login) = owner.or_else(|| text(item, "owner_login")) {
                let id = item.get("id").map(Value::to_string).unwrap_or_default();
                self.facts.setting(&keys::account(login), "personal_access_token_request", &id, &place);
            }
        }
        for (at, item) in self.items("oauth_apps") {
            self.oauth_app(at, item);
        }
    }

    /// A credential that its owner authorised for single sign-on: a classic token, an SSH key, an OAuth app's token.
    fn authorization(&mut self, at: usize, item: &Value) {
        let place = format!("credential_authorizations[{at}]");
        let id = item.get("credential_id").and_then(Value::as_u64);
        let fingerprint = text(item, "fingerprint");
        let public = text(item, "hashed_token").or(fingerprint).map(str::to_owned);
        let public = public.or(id.map(|id| format!("id-{id}")));
        let (Some(public), Some(login)) = (public, text(item, "login")) else {
            return self.facts.report.add(format!("{place} has no login or no id"), "export the authorizations again");
        };
        let from = time(item, "credential_authorized_at", self.facts.report).unwrap_or(Time::MIN);
        let to = time(item, "authorized_credential_expires_at", self.facts.report).unwrap_or(Time::MAX);
        let used = time(item, "credential_accessed_at", self.facts.report);
        let valid = Interval::new(from, to);
        let kind = text(item, "credential_type").unwrap_or("credential");
        let last_eight = text(item, "token_last_eight").map_or(String::new(), |last| format!(" …{last}"));
        let key = NodeKey::credential("github", &public);
        let hash = text(item, "hashed_token").map(|hash| Identifier::verified(IdentifierScheme::TokenHash, hash));
        let print = fingerprint.map(|print| Identifier::verified(IdentifierScheme::KeyId, print));
        let node = self.facts.node(&key, &place).label(&format!("{kind} of {login}{last_eight}")).valid(valid);
        hash.into_iter().chain(print).fold(node, Node::known_as);
        let scopes = texts(item.get("scopes"));
        let shown = scopes.join(", ");
        let may = match of_scopes(&scopes) {
            Scope::Whole => String::new(),
            Scope::PublicOnly => format!("scopes {shown} are enough for it: public repositories only"),
            Scope::Narrow => format!("scopes {shown} are enough for it"),
        };
        let edge = self.facts.edge(EdgeKind::Authenticates, &key, &keys::account(login), &place);
        edge.valid(valid).used(used).may(&may);
    }

    fn fine_grained(&mut self, at: usize, item: &Value) {
        let place = format!("personal_access_tokens[{at}]");
        let owner = item.get("owner").and_then(|owner| text(owner, "login")).or_else(|| text(item, "owner_login"));
        let id = item.get("token_id").or_else(|| item.get("id")).map(|id| id.to_string().replace('"', ""));
        let (Some(login), Some(id)) = (owner, id) else {
            return self.facts.report.add(format!("{place} has no owner or id"), "export the tokens again");
        };
        let public = text(item, "hashed_token").map_or(format!("pat-{id}"), str::to_owned);
        let (key, acts) = (NodeKey::credential("github", &public), keys::account(&format!("{login}/token/{id}")));
        let expired = flag(item, "token_expired");
        let from = time(item, "access_granted_at", self.facts.report).unwrap_or(Time::MIN);
        let to = time(item, "token_expires_at", self.facts.report);
        // Expired without saying when: it is no way any more.
        let to = to.unwrap_or(if expired { from } else { Time::MAX });
        let valid = Interval::new(from, to.max(from));
        let name = text(item, "token_name").unwrap_or("fine-grained token");
        self.facts.node(&key, &place).label(&format!("{name} of {login}")).valid(valid);
        self.facts.node(&acts, &place).label(&format!("{login} by {name}"));
        let used = time(item, "token_last_used_at", self.facts.report);
        self.facts.edge(EdgeKind::Authenticates, &key, &acts, &place).valid(valid).used(used);
        self.facts.setting(&key, "owner", login, &place);
        self.facts.setting(&key, "expired", if expired { "true" } else { "false" }, &place);
        let selection = text(item, "repository_selection").unwrap_or("all");
        self.facts.setting(&key, "repository_selection", selection, &place);
        let permissions = item.get("permissions").cloned().unwrap_or(Value::Null);
        if let Some(role) = permissions.get("repository").and_then(of_permissions) {
            self.token_grants(login, &acts, &role, item, valid, &place);
        }
        self.organization_actions(&acts, permissions.get("organization"), Some(login), valid, &place);
    }

    /// In which repositories a token acts: those that it names, as far as its owner may.
    fn token_grants(&mut self, login: &str, acts: &NodeKey, role: &Role, item: &Value, valid: Interval, place: &str) {
        let owner = keys::account(login);
        let selection = text(item, "repository_selection").unwrap_or("all");
        if selection == "none" {
            return;
        }
        let selected: Option<Vec<String>> = (selection != "all")
            .then(|| list(item, "repositories").iter().filter_map(|item| self.repository_of(item)).collect());
        let owns = self.grants.rights(&owner, &self.login, "").any(Rights::ADMIN);
        match selected {
            None if owns => self.grant(role, &Grant { to: acts, repository: None, may: &[], valid, place }),
            None => {
                let may = [format!("{login} may do as much without the token")];
                self.grant(role, &Grant { to: acts, repository: None, may: &may, valid, place });
            }
            Some(selected) => {
                for full in selected {
                    let rights = self.grants.rights(&owner, &self.login, &full);
                    let covered = rights.any(Rights::PUSH) || !role.rights.any(Rights::PUSH);
                    let may = if rights.any(Rights::ADMIN) || (covered && !role.rights.any(Rights::ADMIN)) {
                        Vec::new()
                    } else {
                        vec![format!("{login} may do as much without the token")]
                    };
                    self.grant(role, &Grant { to: acts, repository: Some(&full), may: &may, valid, place });
                }
            }
        }
    }

    /// What permissions of the organisation give: actions on it, and ways to own it.
    fn organization_actions(
        &mut self,
        from: &NodeKey,
        permissions: Option<&Value>,
        owner: Option<&str>,
        valid: Interval,
        place: &str,
    ) {
        let granted = permissions.and_then(Value::as_object).into_iter().flatten();
        let granted: Vec<(&String, &str)> = granted.filter_map(|(name, level)| Some((name, level.as_str()?))).collect();
        if granted.is_empty() {
            return;
        }
        let actions: Vec<String> = granted.iter().map(|(name, level)| format!("{name}:{level}")).collect();
        let organization = NodeKey::resource("github", &self.login);
        let may = owner.map_or(String::new(), |login| format!("{login} may do as much without the token"));
        self.facts.edge(EdgeKind::MayAct, from, &organization, place).acts(&actions).valid(valid).may(&may);
        let written = |wanted: &str| granted.iter().any(|(name, level)| *name == wanted && *level != "read");
        for (_, why) in TO_OWNER.iter().filter(|(permission, _)| written(permission)) {
            let owners = keys::owners(&self.login);
            self.facts.edge(EdgeKind::MemberOf, from, &owners, place).valid(valid).may(why);
        }
    }

    /// An installed app: whoever has its private key is it, until the installation is suspended.
    pub(super) fn installation(&mut self, at: usize, item: &Value) {
        let place = format!("installations[{at}]");
        let Some(slug) = text(item, "app_slug") else {
            return self.facts.report.add(format!("{place} has no app_slug"), "export the installations again");
        };
        let app = keys::account(&format!("{slug}[bot]"));
        self.facts.node(&app, &place).label(slug);
        let selection = text(item, "repository_selection").unwrap_or("all");
        self.facts.setting(&app, "repository_selection", selection, &place);
        let from = time(item, "created_at", self.facts.report).unwrap_or(Time::MIN);
        let to = time(item, "suspended_at", self.facts.report).unwrap_or(Time::MAX);
        let valid = Interval::new(from, to.max(from));
        if let Some(client) = text(item, "client_id") {
            let key = NodeKey::credential("github", &format!("app/{client}"));
            let cut = cut::of_request(&key, "suspend_github_app", (25, 60), Reversibility::Reversible);
            self.facts.node(&key, &place).label(&format!("private key of the app {slug}")).cut(cut);
            self.facts.edge(EdgeKind::Authenticates, &key, &app, &place).valid(valid);
        }
        let permissions = item.get("permissions").cloned().unwrap_or(Value::Null);
        let of_organization = permissions.as_object().map(|all| {
            let of = |name: &String| name.starts_with("organization_") || name == "members";
            Value::Object(
                all.iter().filter(|(name, _)| of(name)).map(|(name, level)| (name.clone(), level.clone())).collect(),
            )
        });
        self.organization_actions(&app, of_organization.as_ref(), None, valid, &place);
        let Some(role) = of_permissions(&permissions) else { return };
        if selection != "selected" {
            return self.grant(&role, &Grant { to: &app, repository: None, may: &[], valid, place: &place });
        }
        if item.get("repositories").is_none() {
            // Only the app itself is told which.
            let may = ["the repository is one that the app was given".to_owned()];
            return self.grant(&role, &Grant { to: &app, repository: None, may: &may, valid, place: &place });
        }
        for repository in list(item, "repositories") {
            if let Some(full) = self.repository_of(repository) {
                self.grant(&role, &Grant { to: &app, repository: Some(&full), may: &[], valid, place: &place });
            }
        }
    }

    /// An OAuth app that members let act for them: what it may is theirs, narrowed by its scopes.
    fn oauth_app(&mut self, at: usize, item: &Value) {
        let place = format!("oauth_apps[{at}]");
        let Some(name) = text(item, "client_id").or_else(|| text(item, "name")) else {
            return self.facts.report.add(format!("{place} has no client_id and no name"), "add one");
        };
        let app = NodeKey::identity("app", &format!("github/{name}"));
        self.facts.node(&app, &place).label(text(item, "name").unwrap_or(name));
        let scopes = texts(item.get("scopes"));
        let may = match of_scopes(&scopes) {
            Scope::Whole => Vec::new(),
            _ => vec![format!("scopes {} are enough for it", scopes.join(", "))],
        };
        for login in list(item, "users").iter().filter_map(|user| user.as_str().or_else(|| text(user, "login"))) {
            let account = keys::account(login);
            self.facts.edge(EdgeKind::Consents, &account, &app, &place);
            self.facts.edge(EdgeKind::MayAssume, &app, &account, &place).mays(&may);
        }
    }

    /// Deploy keys of every repository, unless the organisation has switched them off.
    pub(super) fn deploy_keys(&mut self) {
        let organization = self.document.get("organization");
        let switch = organization.and_then(|item| item.get("deploy_keys_enabled_for_repositories"));
        if switch == Some(&Value::Bool(false)) {
            return;
        }
        for (at, item) in self.items("repositories") {
            let Some(full) = self.repository_of(item) else { continue };
            for (number, key) in list(item, "keys").iter().enumerate() {
                self.deploy_key(&full, key, &format!("repositories[{at}] keys[{number}]"));
            }
        }
    }

    fn deploy_key(&mut self, full: &str, item: &Value, place: &str) {
        let Some(id) = item.get("id").map(|id| id.to_string().replace('"', "")) else {
            return self.facts.report.add(format!("{place} has no id"), "export the keys again");
        };
        let name = format!("deploy_key/{id}");
        let (key, acts) = (NodeKey::credential("github", &name), keys::account(&name));
        let label = format!("deploy key {} of {full}", text(item, "title").unwrap_or(&id));
        let from = time(item, "created_at", self.facts.report).unwrap_or(Time::MIN);
        let valid = Interval::new(from, Time::MAX);
        let used = time(item, "last_used", self.facts.report);
        let print = text(item, "key").and_then(fingerprint);
        let owner = full.split('/').next().unwrap_or_default();
        let named = [("org", owner), ("repository", full), ("key_id", id.as_str())];
        let cut = cut::of_responder("github_deploy_key/delete", &key, &named, (20, 60), Reversibility::RecreateOnly);
        let node = self.facts.node(&key, place).label(&label).valid(valid).cut(cut);
        node.known_as(Identifier::verified(IdentifierScheme::KeyId, &print.unwrap_or_default()));
        self.facts.edge(EdgeKind::Authenticates, &key, &acts, place).valid(valid).used(used);
        let read_only = item.get("read_only").and_then(Value::as_bool).unwrap_or(true);
        let write = Role { name: "deploy_key:write".to_owned(), rights: DEPLOY_WRITE };
        if let Some(role) = if read_only { builtin("read") } else { Some(write) } {
            self.grant(&role, &Grant { to: &acts, repository: Some(full), may: &[], valid, place });
        }
    }
}

/// The fingerprint of a public key as OpenSSH shows it: `SHA256:…`.
fn fingerprint(key: &str) -> Option<String> {
    let body = key.split_whitespace().nth(1)?;
    let bytes = base64::engine::general_purpose::STANDARD.decode(body).ok()?;
    let hash = base64::engine::general_purpose::STANDARD_NO_PAD.encode(Sha256::digest(bytes));
    Some(format!("SHA256:{hash}"))
}
