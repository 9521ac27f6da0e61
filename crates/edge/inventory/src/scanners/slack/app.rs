//! Applications: their bots, their scopes, and the users whose tokens they hold.

use super::Workspace;
use super::scope::{Reached, of_scope};
use crate::cut::{of_request, of_responder};
use crate::json::{flag, id, text, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One application, as several answers tell of it.
#[derive(Default)]
struct App {
    label: String,
    place: String,
    bot_scopes: BTreeSet<String>,
    user_scopes: BTreeSet<String>,
    /// Who installed it, and when: its user tokens are theirs.
    installed: BTreeMap<String, Option<Time>>,
    publisher: Option<String>,
    removed: Option<Time>,
}

impl Workspace<'_, '_> {
    pub(super) fn apps(&mut self, document: &Value) {
        let mut apps: BTreeMap<String, App> = BTreeMap::new();
        for (place, item) in self.facts.items(document, "apps", "") {
            let about = item.get("app").unwrap_or(item);
            let Some(name) = self.facts.id(about, "id", &place) else { continue };
            let app = apps.entry(name.clone()).or_default();
            app.label = text(about, "name").unwrap_or(&name).to_owned();
            app.place = place.clone();
            app.publisher = publisher(about);
            for scope in crate::json::list(item, "scopes") {
                let Some(scope_name) = scope.as_str().or_else(|| text(scope, "name")) else { continue };
                let of_user = text(scope, "token_type") == Some("user");
                let into = if of_user { &mut app.user_scopes } else { &mut app.bot_scopes };
                into.insert(scope_name.to_owned());
            }
            app.installed.extend(texts(item.get("installed_by")).into_iter().map(|user| (user.to_owned(), None)));
        }
        self.learn_installs(document, &mut apps);
        for (name, bot) in self.bots.clone() {
            let app = apps.entry(name).or_default();
            app.place = if app.place.is_empty() { format!("users ({bot})") } else { std::mem::take(&mut app.place) };
        }
        for (name, app) in apps {
            self.app(&name, &app);
        }
    }

    /// The log of installations, newest first: who added what, with which scopes, and what was removed since.
    fn learn_installs(&mut self, document: &Value, apps: &mut BTreeMap<String, App>) {
        for (place, entry) in self.facts.items(document, "integrationLogs", "") {
            let Some(name) = id(entry, "app_id").or_else(|| id(entry, "service_id")).filter(|id| id != "0") else {
                continue;
            };
            let known = apps.contains_key(&name);
            let app = apps.entry(name.clone()).or_default();
            if !known {
                app.label = text(entry, "service_type").or_else(|| text(entry, "app_type")).unwrap_or(&name).to_owned();
                app.place = place;
            }
            let at = id(entry, "date").and_then(|seconds| seconds.parse().ok()).map(Time::from_seconds);
            match text(entry, "change_type") {
                Some("removed" | "disabled") if app.installed.is_empty() && app.removed.is_none() => {
                    app.removed = at.or(Some(self.facts.known));
                }
                Some("added" | "expanded" | "enabled" | "updated") if app.removed.is_none() => {
                    if let Some(user) = id(entry, "user_id") {
                        app.installed.entry(user).or_insert(at);
                    }
                    let scopes = text(entry, "scope").unwrap_or_default();
                    app.bot_scopes
                        .extend(scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(str::to_owned));
                }
                _ => {}
            }
        }
    }

    fn app(&mut self, name: &str, app: &App) {
        let key = NodeKey::identity("app", &format!("slack/{name}"));
        let life = firebreak_model::Interval::new(Time::MIN, app.removed.unwrap_or(Time::MAX));
        let cut = of_responder(
            "slack_app/restrict",
            &key,
            &[("app", name)],
            (40, 300),
            Reversibility::ReversibleReissuesAccess,
        );
        let label = if app.label.is_empty() { name } else { &app.label };
        self.facts.node(&key, &app.place).label(label).valid(life).cut(cut);
        if let Some(publisher) = &app.publisher {
            self.facts.setting(&key, "publisher", publisher, &app.place);
        }
        if let Some(bot) = self.bots.get(name).cloned() {
            let (user, valid) = (self.user(&bot), self.life(&bot));
            self.facts.edge(EdgeKind::MayAssume, &key, &user, &app.place).valid(valid);
        }
        if app.removed.is_some() {
            return;
        }
        self.token(&key, &format!("app/{name}/bot"), &format!("bot token of {label}"), None, &app.place);
        for scope in &app.bot_scopes {
            self.bot_scope(&key, scope, &app.bot_scopes, &app.place);
        }
        if app.user_scopes.is_empty() {
            return;
        }
        for (user, at) in &app.installed {
            let acting = NodeKey::identity("app", &format!("slack/{name}/user/{user}"));
            let (owner, valid) = (self.user(user), self.life(user));
            let cut = of_request(&acting, "revoke_slack_token", (15, 60), Reversibility::RecreateOnly);
            self.facts.node(&acting, &app.place).label(&format!("{label} for {user}")).valid(valid).cut(cut);
            self.facts.edge(EdgeKind::MayAssume, &key, &acting, &app.place).valid(valid);
            let scopes: Vec<&String> = app.user_scopes.iter().collect();
            self.facts.edge(EdgeKind::Consents, &owner, &acting, &app.place).valid(valid).acts(&scopes);
            self.token(
                &acting,
                &format!("app/{name}/user/{user}"),
                &format!("token of {label} for {user}"),
                *at,
                &app.place,
            );
            for scope in &app.user_scopes {
                self.user_scope(&acting, &owner, scope, &app.place);
            }
        }
    }

    /// Slack lists no tokens: that there is one follows from the installation.
    fn token(&mut self, holder: &NodeKey, name: &str, label: &str, from: Option<Time>, place: &str) {
        let key = NodeKey::credential("slack", name);
        let valid = firebreak_model::Interval::new(from.unwrap_or(Time::MIN), Time::MAX);
        let cut = of_request(&key, "revoke_slack_token", (25, 60), Reversibility::RecreateOnly);
        self.facts.node(&key, place).label(label).valid(valid).cut(cut);
        self.facts.edge(EdgeKind::Authenticates, &key, holder, place).valid(valid);
    }

    /// A bot sees the conversations that it is in, and those are said of its user.
    fn bot_scope(&mut self, key: &NodeKey, scope: &str, all: &BTreeSet<String>, place: &str) {
        let (team, public) = (self.resource(), self.hub("public"));
        match of_scope(scope) {
            Reached::Join => {
                let reads = all.iter().any(|scope| of_scope(scope) == Reached::Conversations);
                if reads {
                    self.facts.edge(EdgeKind::MayAct, key, &public, place).acts(&[scope]);
                }
            }
            Reached::Messages => {
                let (messages, may) = (self.messages(), "somebody writes to the application");
                self.facts.edge(EdgeKind::MayAct, key, &messages, place).acts(&[scope]).may(may);
            }
            Reached::Admin => self.administers(key, scope, place),
            Reached::Read => {
                self.facts.edge(EdgeKind::MayAct, key, &team, place).acts(&[scope]);
            }
            Reached::Conversations | Reached::Nothing => {}
            Reached::Unknown => {
                let may = format!("the scope {}, which is not known here, reaches it", shown(scope));
                self.facts.edge(EdgeKind::MayAct, key, &team, place).acts(&[scope]).may(&may);
            }
        }
    }

    /// A token of a user sees what the user sees.
    fn user_scope(&mut self, acting: &NodeKey, owner: &NodeKey, scope: &str, place: &str) {
        let team = self.resource();
        match of_scope(scope) {
            Reached::Nothing => {}
            Reached::Read => {
                self.facts.edge(EdgeKind::MayAct, acting, &team, place).acts(&[scope]);
            }
            Reached::Admin => self.administers(acting, scope, place),
            Reached::Conversations | Reached::Join | Reached::Messages | Reached::Unknown => {
                let may = format!("the scope {} is enough for what the user sees", shown(scope));
                self.facts.edge(EdgeKind::MayAssume, acting, owner, place).may(&may);
            }
        }
    }

    fn administers(&mut self, who: &NodeKey, scope: &str, place: &str) {
        let (admin, may) = (self.role("admin"), format!("the scope {} is enough for it", shown(scope)));
        self.facts.edge(EdgeKind::MemberOf, who, &admin, place).may(&may);
    }
}

/// Who published an application: the workspace itself, else whose home page it names. Slack names nobody.
fn publisher(about: &Value) -> Option<String> {
    if flag(about, "is_internal") {
        return Some("this workspace".to_owned());
    }
    let page = text(about, "app_homepage_url")?;
    let host = page.split_once("://").map_or(page, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or(page);
    let listed = if flag(about, "is_app_directory_approved") { "" } else { ", not in Slack's directory" };
    (!host.is_empty()).then(|| format!("{}{listed}", shown(&host.to_lowercase())))
}
