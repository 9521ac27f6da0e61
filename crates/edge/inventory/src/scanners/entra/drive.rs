//! Drives and sites: who may open what, and links that anyone or everyone in the organisation may use.

use super::{Kind, Tenant};
use crate::cut::of_request;
use crate::json::{id, text, text_at, texts};
use firebreak_model::{EdgeKind, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

impl Tenant<'_, '_> {
    pub(super) fn drives(&mut self, document: &Value) {
        for (place, drive) in self.facts.items(document, "drives", "") {
            self.drive(drive, &place);
        }
        for (place, site) in self.facts.items(document, "sites", "") {
            for (place, drive) in self.facts.items(site, "drives", &place) {
                self.drive(drive, &place);
            }
        }
    }

    fn drive(&mut self, drive: &Value, place: &str) {
        let Some(name) = self.facts.id(drive, "id", place) else { return };
        let owner = text_at(drive, &["owner", "user", "id"]).and_then(|owner| self.mailboxes.get(owner).cloned());
        let resource = match owner {
            Some(owner) => NodeKey::resource("m365", &format!("onedrive/{owner}")),
            None => NodeKey::resource("m365", &text(drive, "webUrl").unwrap_or(&name).to_lowercase()),
        };
        let label = text(drive, "name").unwrap_or(&name);
        self.facts.node(&resource, place).label(label);
        let hub = self.data_hub("drives");
        self.facts.edge(EdgeKind::MayAct, &hub, &resource, place);
        for (place, item) in self.facts.items(drive, "items", place) {
            let what = text(item, "name").unwrap_or("a file").to_owned();
            for (place, permission) in self.facts.items(item, "permissions", &place) {
                self.permission(permission, &resource, &what, &place);
            }
        }
    }

    fn permission(&mut self, permission: &Value, resource: &NodeKey, what: &str, place: &str) {
        let roles = texts(permission.get("roles"));
        let write = roles.iter().any(|role| matches!(*role, "write" | "owner"));
        let actions: &[&str] = if write { &["read files", "write files"] } else { &["read files"] };
        let to = self.facts.time(permission, "expirationDateTime").unwrap_or(Time::MAX);
        let valid = Interval::new(Time::MIN, to);
        let may = format!("it is `{}`, one of the files there", crate::report::shown(what));
        if let Some(link) = permission.get("link") {
            let from = match text(link, "scope") {
                Some("anonymous") => NodeKey::identity("m365", "*"),
                Some("organization") => self.everyone(),
                _ => return self.named(permission, resource, actions, &may, place),
            };
            let link_name = id(permission, "id").unwrap_or_default();
            let cut = of_request(resource, "delete_m365_sharing_link", (10, 60), Reversibility::RecreateOnly);
            let key = NodeKey::resource("m365", &format!("link/{link_name}"));
            self.facts.node(&key, place).label(&format!("link to {what}")).valid(valid).cut(cut);
            let password = permission.get("hasPassword").and_then(Value::as_bool) == Some(true);
            let secret = if password { "the link's password is known" } else { "" };
            self.facts.edge(EdgeKind::MayAct, &from, &key, place).valid(valid).may("the link is known").may(secret);
            self.facts.edge(EdgeKind::MayAct, &key, resource, place).valid(valid).acts(actions).may(&may);
            return;
        }
        self.named(permission, resource, actions, &may, place);
    }

    /// The hub of all members of the tenant, filled when something is first given to it.
    fn everyone(&mut self) -> NodeKey {
        let everyone = self.hub("everyone");
        if self.facts.is_new(&everyone) {
            let mut ids: Vec<String> = self.mailboxes.keys().cloned().collect();
            ids.sort_unstable();
            for id in ids {
                let (user, life) = (self.identity(&id), self.life(&id));
                self.facts.edge(EdgeKind::MemberOf, &user, &everyone, "users").valid(life);
            }
        }
        everyone
    }

    /// Those whom a permission names.
    fn named(&mut self, permission: &Value, resource: &NodeKey, actions: &[&str], may: &str, place: &str) {
        let one = permission.get("grantedToV2").or_else(|| permission.get("grantedTo"));
        let many = ["grantedToIdentitiesV2", "grantedToIdentities"].into_iter();
        let many = many.flat_map(|key| crate::json::list(permission, key));
        for granted in one.into_iter().chain(many) {
            for (field, kind) in [("user", Kind::User), ("group", Kind::Group), ("application", Kind::Principal)] {
                let Some(name) = granted.get(field).and_then(|who| id(who, "id")) else { continue };
                let known = *self.kinds.entry(name.clone()).or_insert(kind);
                let Some(from) = self.object(&name).filter(|_| known != Kind::Other) else { continue };
                let edge = self.facts.edge(EdgeKind::MayAct, &from, resource, place).acts(actions).may(may);
                edge.removable("delete_m365_permission");
            }
        }
    }
}
