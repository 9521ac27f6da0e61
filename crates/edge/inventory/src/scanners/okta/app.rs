//! Applications: who may use them, where they lead, and those that act by themselves.

use super::destination::{AwsFederation, account};
use super::power::{Targets, of_scope};
use super::{Org, app_hub, app_key, id_in_address};
use crate::cut::{of_request, of_responder};
use crate::json::{id, list, text, text_at, texts};
use firebreak_model::{CutOption, EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;
use std::collections::BTreeSet;

/// One application while it is read.
struct App<'v> {
    value: &'v Value,
    key: NodeKey,
    /// Its hub of those who may assign it.
    assigners: NodeKey,
    life: Interval,
    federation: Option<AwsFederation<'v>>,
    /// Whom it leads to: an administrator may send anybody there.
    reached: BTreeSet<NodeKey>,
}

impl Org<'_, '_> {
    pub(super) fn apps(&mut self, document: &Value) {
        let names: std::collections::HashMap<String, &str> = list(document, "groups")
            .iter()
            .filter_map(|group| Some((id(group, "id")?, text_at(group, &["profile", "name"])?)))
            .collect();
        for (place, value) in self.facts.items(document, "apps", "") {
            let Some(name) = self.facts.id(value, "id", &place) else { continue };
            let key = app_key(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let mut app = App {
                value,
                key,
                assigners: app_hub("assign", &name),
                life: self.app_life(value),
                federation: AwsFederation::of(value),
                reached: BTreeSet::new(),
            };
            let label = text(value, "label").or_else(|| text(value, "name")).unwrap_or(&name);
            let cut = self.deactivation(&app.key, &name);
            self.facts.node(&app.key, &place).label(label).valid(app.life).cut(cut);
            self.app_hubs(&app, &name, &place);
            self.assigned_groups(&mut app, &names, &place);
            self.assigned_users(&mut app, &place);
            self.arrivals(&app, &place);
            self.service(&app, &name, &place);
        }
    }

    fn app_life(&mut self, app: &Value) -> Interval {
        let from = self.facts.time(app, "created").unwrap_or(Time::MIN);
        match text(app, "status") {
            Some("INACTIVE" | "DELETED") => {
                let to = self.facts.time(app, "lastUpdated").unwrap_or(self.facts.known);
                Interval::new(from.min(to), to)
            }
            _ => Interval::new(from, Time::MAX),
        }
    }

    /// Whoever may administer an application may assign it, and whoever may assign it may use it.
    fn app_hubs(&mut self, app: &App<'_>, name: &str, place: &str) {
        let owners = app_hub("administer", name);
        let (all, assign) = (self.hub("administer"), self.hub("assign"));
        self.facts.edge(EdgeKind::MemberOf, &all, &owners, place);
        self.facts.edge(EdgeKind::MemberOf, &assign, &app.assigners, place);
        self.facts.edge(EdgeKind::MemberOf, &owners, &app.assigners, place);
        self.facts.edge(EdgeKind::MayAct, &app.assigners, &app.key, place).acts(&["assign"]).valid(app.life);
    }

    fn assigned_groups(&mut self, app: &mut App<'_>, names: &std::collections::HashMap<String, &str>, place: &str) {
        for (place, assignment) in self.facts.items(app.value, "groups", place) {
            let Some(name) = self.facts.id(assignment, "id", &place) else { continue };
            let group = self.group(&name);
            self.facts
                .edge(EdgeKind::MayAct, &group, &app.key, &place)
                .acts(&["sign on"])
                .valid(app.life)
                .removable("unassign_okta_app");
            let Some(federation) = &app.federation else { continue };
            let mut roles = federation.assigned(assignment);
            roles.extend(names.get(&name).and_then(|name| federation.by_name(name)));
            for role in roles {
                self.facts
                    .edge(EdgeKind::MayAssume, &group, &role, &place)
                    .valid(app.life)
                    .removable("unassign_okta_app");
                app.reached.insert(role);
            }
        }
    }

    fn assigned_users(&mut self, app: &mut App<'_>, place: &str) {
        for (place, assignment) in self.facts.items(app.value, "users", place) {
            // The assignment's own id is the user's; where an export kept the link, that names it for certain.
            let linked = text_at(assignment, &["_links", "user", "href"]).and_then(|link| id_in_address(link, "users"));
            let Some(name) = linked.map(str::to_owned).or_else(|| self.facts.id(assignment, "id", &place)) else {
                continue;
            };
            if matches!(text(assignment, "status"), Some("DEPROVISIONED" | "SUSPENDED")) {
                continue;
            }
            let (user, life) = (self.user(&name), self.life(&name));
            let Some(life) = app.life.intersection(&life) else { continue };
            // What a group gives is said of the group.
            let own = text(assignment, "scope") != Some("GROUP");
            let roles = app.federation.as_ref().map(|federation| federation.assigned(assignment)).unwrap_or_default();
            let accounts = account(app.value, assignment);
            if own {
                self.facts
                    .edge(EdgeKind::MayAct, &user, &app.key, &place)
                    .acts(&["sign on"])
                    .valid(life)
                    .removable("unassign_okta_app");
            }
            for reached in roles.into_iter().filter(|_| own).chain(accounts) {
                self.facts
                    .edge(EdgeKind::MayAssume, &user, &reached, &place)
                    .valid(life)
                    .removable("unassign_okta_app");
                app.reached.insert(reached);
            }
        }
    }

    /// Whoever may assign the application may send anybody, himself included, to where it leads.
    fn arrivals(&mut self, app: &App<'_>, place: &str) {
        for reached in &app.reached {
            let named = if reached.system() == "aws" { "" } else { "the sign-on names that account" };
            self.facts.edge(EdgeKind::MayAssume, &app.assigners, reached, place).valid(app.life).may(named);
        }
        if let Some(provider) = app.federation.as_ref().and_then(AwsFederation::provider) {
            self.facts.edge(EdgeKind::MayAssume, &app.assigners, &provider, place).valid(app.life);
            if app.reached.is_empty() {
                let may = "the assignment names a role that trusts the provider";
                self.facts.edge(EdgeKind::MayAssume, &app.key, &provider, place).valid(app.life).may(may);
            }
        }
    }

    /// How the application `name` is stopped: by its organisation's interface, where the document tells which that is.
    fn deactivation(&self, target: &NodeKey, name: &str) -> CutOption {
        if self.host.is_empty() {
            return of_request(target, "deactivate_okta_app", (60, 60), Reversibility::Reversible);
        }
        let named = [("org", self.host.as_str()), ("app", name)];
        of_responder("okta_app/deactivate", target, &named, (60, 60), Reversibility::ReversibleReissuesAccess)
    }

    /// An application that acts by itself: its credentials, its scopes and its roles.
    fn service(&mut self, app: &App<'_>, name: &str, place: &str) {
        let client = text_at(app.value, &["credentials", "oauthClient", "client_id"]);
        let settings = app.value.get("settings").and_then(|settings| settings.get("oauthClient"));
        let acts = texts(settings.and_then(|settings| settings.get("grant_types"))).contains(&"client_credentials");
        let granted = !list(app.value, "grants").is_empty() || !list(app.value, "roles").is_empty();
        let Some(client) = client.filter(|_| acts || granted) else { return };
        let identity = NodeKey::identity("app", &format!("okta/{client}"));
        let label = text(app.value, "label").unwrap_or(client);
        let cut = self.deactivation(&identity, name);
        self.facts
            .node(&identity, place)
            .label(label)
            .valid(app.life)
            .also(&NodeKey::identity("okta", client))
            .cut(cut);
        let holds_role = list(app.value, "roles").iter().any(|role| text(role, "type").is_some());
        let lesser =
            if holds_role { "Okta lets others than super administrators change an app that holds a role" } else { "" };
        let owners = app_hub("administer", name);
        self.facts.edge(EdgeKind::MayAssume, &owners, &identity, place).valid(app.life).may(lesser);
        self.client_credentials(app, &identity, client, place);
        self.service_powers(app, &identity, client, place);
    }

    fn client_credentials(&mut self, app: &App<'_>, identity: &NodeKey, client: &str, place: &str) {
        let mut any = false;
        for (key, what) in [("secrets", "secret"), ("jwks", "key")] {
            for (place, item) in self.facts.items(app.value, key, place) {
                let Some(name) = id(item, "id").or_else(|| id(item, "kid")) else {
                    self.facts.report.add(format!("{place} has no `id`"), "export it again");
                    continue;
                };
                any = true;
                if text(item, "status").is_some_and(|status| status != "ACTIVE") {
                    continue;
                }
                let life = self.facts.life(item, "created", "");
                let credential = NodeKey::credential("okta", &format!("{what}/{name}"));
                let cut = of_request(&credential, "deactivate_okta_client_secret", (30, 60), Reversibility::Reversible);
                let label = format!("{what} of {}", text(app.value, "label").unwrap_or(client));
                self.facts.node(&credential, &place).label(&label).valid(life).cut(cut);
                self.facts.edge(EdgeKind::Authenticates, &credential, identity, &place).valid(life);
            }
        }
        let method = text_at(app.value, &["credentials", "oauthClient", "token_endpoint_auth_method"]);
        if !any && method.is_some_and(|method| method != "none") {
            let credential = NodeKey::credential("okta", &format!("client/{client}"));
            self.facts.node(&credential, place).label(&format!("the credentials of {client}")).valid(app.life);
            self.facts.edge(EdgeKind::Authenticates, &credential, identity, place).valid(app.life);
        }
    }

    /// Scopes say what the application may ask for, its roles what it gets: where its roles are not in the document, what the
    /// scopes allow is undecided.
    fn service_powers(&mut self, app: &App<'_>, identity: &NodeKey, client: &str, place: &str) {
        let mut scopes = Vec::new();
        for (place, grant) in self.facts.items(app.value, "grants", place) {
            if text(grant, "status").is_none_or(|status| status == "ACTIVE") {
                scopes.extend(self.facts.id(grant, "scopeId", &place));
            }
        }
        let known = app.value.get("roles").is_some();
        if known {
            let manages = scopes.iter().any(|scope| scope.ends_with(".manage"));
            let narrow = if manages || scopes.is_empty() { "the application's scopes are enough for it" } else { "" };
            for (place, role) in self.facts.items(app.value, "roles", place) {
                if scopes.is_empty() || manages {
                    self.role(identity, role, &place, narrow);
                }
            }
        }
        let hub = NodeKey::group("okta", &format!("scopes/{client}"));
        for scope in &scopes {
            for (power, condition) in of_scope(scope) {
                if self.facts.is_new(&hub) {
                    self.facts.node(&hub, place).label(&format!("the scopes of {client}"));
                    self.facts.edge(EdgeKind::MemberOf, identity, &hub, place).valid(app.life);
                }
                let reading = power == super::power::Power::Read;
                let role = if reading { "" } else { "an admin role of the application covers it" };
                let may = if condition.is_empty() { role } else { condition.as_str() };
                self.empower(&hub, &(power, may.to_owned()), &Targets::everything(), place);
            }
        }
    }
}
