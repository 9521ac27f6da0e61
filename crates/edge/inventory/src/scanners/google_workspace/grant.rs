//! What applications may do: for a user who consented, for every user of the domain, with an app password, and the service
//! accounts behind them.

use super::role::Power;
use super::scope::{Reached, of_scope};
use super::{Customer, drive_key, mailbox};
use crate::cut::{of_request, of_responder};
use crate::json::{flag, id, text, texts};
use crate::report::shown;
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

/// An application, whatever customers use it.
fn app_key(client: &str) -> NodeKey {
    NodeKey::identity("app", &format!("google/{client}"))
}

impl Customer<'_, '_> {
    /// What a user has let applications do.
    pub(super) fn tokens(&mut self, user: &Value, name: &str, place: &str) {
        for (place, token) in self.facts.items(user, "tokens", place) {
            let Some(client) = self.facts.id(token, "clientId", &place) else { continue };
            let Some((owner, address, life)) = self.owner(name) else { return };
            let (app, label) = (self.app(&client, text(token, "displayText").unwrap_or(&client), &place), owner.name());
            let consent = NodeKey::identity("app", &format!("google/{client}/user/{name}"));
            let named = [("user", name), ("client", client.as_str())];
            let cut = of_responder("google_token/delete", &consent, &named, (10, 60), Reversibility::Irreversible);
            let title = format!(
                "{} for {}",
                text(token, "displayText").unwrap_or(&client),
                text(user, "primaryEmail").unwrap_or(label)
            );
            self.facts.node(&consent, &place).label(&title).valid(life).cut(cut);
            self.facts.edge(EdgeKind::MayAssume, &app, &consent, &place).valid(life);
            let scopes = texts(token.get("scopes"));
            self.facts.edge(EdgeKind::Consents, &owner, &consent, &place).valid(life).acts(&scopes);
            for scope in scopes {
                self.scope_of_user(&consent, (&owner, &address), scope, &place);
            }
        }
    }

    fn owner(&self, name: &str) -> Option<(NodeKey, String, Interval)> {
        self.users.get(name).map(|user| (user.key.clone(), user.address.clone(), user.life))
    }

    fn app(&mut self, client: &str, label: &str, place: &str) -> NodeKey {
        let key = app_key(client);
        if self.facts.is_new(&key) {
            let cut = of_request(&key, "block_google_app", (60, 300), Reversibility::Reversible);
            let other = NodeKey::identity("app", client);
            self.facts.node(&key, place).label(label).also(&other).cut(cut);
            self.facts.also_named(&other, &key, place);
        }
        key
    }

    fn scope_of_user(&mut self, consent: &NodeKey, (owner, address): (&NodeKey, &str), scope: &str, place: &str) {
        let own = match of_scope(scope) {
            Reached::SignOn => return,
            Reached::Mail => mailbox(address),
            Reached::Files => drive_key(address),
            Reached::Admin(Power::Read) => self.resource(),
            Reached::Admin(_) | Reached::Cloud | Reached::Unknown => {
                let may = format!("the scope {} is enough for what the user may do", shown(scope));
                self.facts.edge(EdgeKind::MayAssume, consent, owner, place).may(&may);
                return;
            }
        };
        self.facts.edge(EdgeKind::MayAct, consent, &own, place).acts(&[scope]);
    }

    /// A password for one program: it opens mail, calendar and contacts, and asks for no second step.
    pub(super) fn app_passwords(&mut self, user: &Value, name: &str, place: &str) {
        for (place, password) in self.facts.items(user, "asps", place) {
            let Some(code) = self.facts.id(password, "codeId", &place) else { continue };
            let Some((_, address, life)) = self.owner(name) else { return };
            let made = epoch(password, "creationTime").unwrap_or(Time::MIN);
            let Some(valid) = Interval::new(made, Time::MAX).intersection(&life) else { continue };
            let key = NodeKey::credential("google", &format!("asp/{name}/{code}"));
            let holder = NodeKey::identity("app", &format!("google/app-password/user/{name}"));
            let label = format!("app password {}", text(password, "name").unwrap_or(&code));
            let cut = of_request(&key, "delete_google_app_password", (10, 60), Reversibility::Irreversible);
            self.facts.node(&key, &place).label(&label).valid(valid).cut(cut);
            let used = epoch(password, "lastTimeUsed");
            self.facts.edge(EdgeKind::Authenticates, &key, &holder, &place).valid(valid).used(used);
            let mail = mailbox(&address);
            self.facts.edge(EdgeKind::MayAct, &holder, &mail, &place).acts(&["read mail", "send mail"]).valid(life);
        }
    }

    /// Clients that may act for any user of the domain.
    pub(super) fn delegations(&mut self, document: &Value) {
        for (place, delegation) in self.facts.items(document, "domainWideDelegation", "") {
            let Some(client) = self.facts.id(delegation, "clientId", &place) else { continue };
            let label = text(delegation, "name").unwrap_or(&client).to_owned();
            let app = self.app(&client, &label, &place);
            let anyone = NodeKey::identity("app", &format!("google/{client}/user/*"));
            let cut = of_request(&anyone, "remove_google_domain_wide_delegation", (50, 300), Reversibility::Reversible);
            self.facts.node(&anyone, &place).label(&format!("{label} for anybody")).cut(cut);
            self.facts.edge(EdgeKind::MayAssume, &app, &anyone, &place);
            for scope in texts(delegation.get("scopes")) {
                self.scope_of_domain(&anyone, scope, &place);
            }
        }
    }

    /// For any user, a super administrator among them, a scope reaches everybody's.
    fn scope_of_domain(&mut self, anyone: &NodeKey, scope: &str, place: &str) {
        match of_scope(scope) {
            Reached::SignOn => {}
            Reached::Mail | Reached::Files => {
                let what = if of_scope(scope) == Reached::Mail { "mailboxes" } else { "drives" };
                let hub = self.hub(what);
                self.facts.edge(EdgeKind::MayAct, anyone, &hub, place).acts(&[scope]);
            }
            Reached::Admin(power) => {
                self.empower(anyone, power, "", place, "");
                if power == Power::Passwords {
                    let admins = self.hub("admins");
                    let may = "the second step is passed too";
                    self.facts.edge(EdgeKind::MayAssume, anyone, &admins, place).may(may);
                }
            }
            Reached::Cloud | Reached::Unknown => {
                let may = format!("the scope {} is enough for what the user may do", shown(scope));
                for what in ["users", "admins"] {
                    let hub = self.hub(what);
                    self.facts.edge(EdgeKind::MayAssume, anyone, &hub, place).may(&may);
                }
            }
        }
    }

    /// Service accounts are clients too: their id is what a delegation names.
    pub(super) fn service_accounts(&mut self, document: &Value) {
        for (place, account) in self.facts.items(document, "serviceAccounts", "") {
            let Some(address) = self.facts.id(account, "email", &place) else { continue };
            let key = NodeKey::identity("gcp", &address);
            let to = if flag(account, "disabled") { self.facts.known } else { Time::MAX };
            let life = Interval::new(Time::MIN, to);
            let named = [("email", address.as_str())];
            let cut = of_responder(
                "gcp_service_account/disable",
                &key,
                &named,
                (50, 420),
                Reversibility::ReversibleReissuesAccess,
            );
            let label = text(account, "displayName").unwrap_or(&address);
            self.facts.node(&key, &place).label(label).valid(life).cut(cut);
            if let Some(client) = id(account, "oauth2ClientId").or_else(|| id(account, "uniqueId")) {
                let app = self.app(&client, label, &place);
                self.facts.edge(EdgeKind::MayAssume, &key, &app, &place).valid(life);
            }
            for (place, item) in self.facts.items(account, "keys", &place) {
                let name = id(item, "name").and_then(|name| name.rsplit('/').next().map(str::to_owned));
                // Keys that Google keeps itself never leave it.
                let Some(name) = name.filter(|_| text(item, "keyType") != Some("SYSTEM_MANAGED")) else { continue };
                let mut valid = self.facts.life(item, "validAfterTime", "validBeforeTime");
                if flag(item, "disabled") {
                    valid = Interval::new(valid.from, self.facts.known.max(valid.from));
                }
                let credential = NodeKey::credential("gcp", &name);
                let known = firebreak_model::Identifier::verified(firebreak_model::IdentifierScheme::KeyId, &name);
                let named = [("email", address.as_str()), ("key", name.as_str())];
                let cut = of_responder(
                    "gcp_service_account_key/disable",
                    &credential,
                    &named,
                    (40, 3_600),
                    Reversibility::ReversibleReissuesAccess,
                );
                let label = format!("key of {address}");
                self.facts.node(&credential, &place).label(&label).valid(valid).known_as(known).cut(cut);
                self.facts.edge(EdgeKind::Authenticates, &credential, &key, &place).valid(valid);
            }
        }
    }
}

/// A time in milliseconds since the epoch, as a text or a number; zero is none.
fn epoch(item: &Value, key: &str) -> Option<Time> {
    let millis: i64 = id(item, key)?.parse().ok().filter(|millis| *millis > 0)?;
    Some(Time(millis.checked_mul(1_000)?))
}
