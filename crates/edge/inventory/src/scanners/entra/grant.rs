//! What applications have been given: roles of other applications, of their own or for users who consented.

use super::role::{Power, Reach};
use super::scope::{Reached, narrowing, of_permission};
use super::{Kind, Tenant, app_identity};
use crate::cut::{of_request, of_responder};
use crate::json::{id, text};
use crate::report::shown;
use firebreak_model::{EdgeKind, NodeKey, Reversibility};
use serde_json::Value;

impl Tenant<'_, '_> {
    pub(super) fn app_role_assignments(&mut self, document: &Value) {
        for (place, assignment) in self.facts.items(document, "appRoleAssignments", "") {
            self.app_role_assignment(assignment, &place);
        }
    }

    /// A user, a group or an application has a role of an application.
    pub(super) fn app_role_assignment(&mut self, assignment: &Value, place: &str) {
        let principal = self.facts.id(assignment, "principalId", place);
        let (Some(principal), Some(resource)) = (principal, id(assignment, "resourceId")) else { return };
        // The same assignment is listed at the one who has it and at the application.
        let name = format!("{principal}/{resource}/{}", id(assignment, "appRoleId").unwrap_or_default());
        if !self.facts.is_new(&NodeKey::group("entra", &format!("assignment/{name}"))) {
            return;
        }
        let kind = match text(assignment, "principalType") {
            Some("User") => Kind::User,
            Some("Group") => Kind::Group,
            Some("ServicePrincipal") => Kind::Principal,
            _ => Kind::Other,
        };
        self.kinds.entry(principal.clone()).or_insert(kind);
        let Some(holder) = self.object(&principal) else { return };
        let role = id(assignment, "appRoleId").and_then(|role| self.app_roles.get(&(resource.clone(), role)).cloned());
        let app = NodeKey::resource("entra", &format!("app/{}", resource.to_lowercase()));
        if let Some(arn) = role.as_deref().and_then(aws_role) {
            let life = self.life(&principal);
            let edge = self.facts.edge(EdgeKind::MayAssume, &holder, &NodeKey::identity("aws", arn), place).valid(life);
            edge.removable("remove_entra_app_role");
        }
        let own = role.as_ref().filter(|_| self.kinds.get(&principal) == Some(&Kind::Principal));
        if let Some(role) = own {
            return self.application_permission(&holder, &principal, role, &app, place);
        }
        let actions = [role.as_deref().unwrap_or("sign on")];
        let life = self.life(&principal);
        let edge = self.facts.edge(EdgeKind::MayAct, &holder, &app, place).acts(&actions).valid(life);
        edge.removable("remove_entra_app_role");
    }

    /// A permission that an application has of its own.
    fn application_permission(&mut self, holder: &NodeKey, id: &str, role: &str, app: &NodeKey, place: &str) {
        let life = self.life(id);
        let resource = app.name().strip_prefix("app/").unwrap_or_default();
        let microsoft = self.microsoft.iter().any(|own| own.eq_ignore_ascii_case(resource));
        match of_permission(role) {
            Reached::Power(power) => {
                let hub = NodeKey::group("entra", &format!("permission/{}/{role}", self.name));
                let edge = self.facts.edge(EdgeKind::MemberOf, holder, &hub, place).valid(life);
                edge.removable("remove_entra_app_role");
                if self.facts.is_new(&hub) {
                    self.facts.node(&hub, place).label(role);
                    self.empower(&hub, power, "", &Reach::Tenant, place, "");
                }
            }
            Reached::Data(what) => {
                let hub = self.data_hub(what);
                let edge = self.facts.edge(EdgeKind::MayAct, holder, &hub, place).acts(&[role]).valid(life);
                edge.may(narrowing(role)).removable("remove_entra_app_role");
            }
            Reached::SignOn => {}
            Reached::Unknown => {
                let edge = self.facts.edge(EdgeKind::MayAct, holder, app, place).acts(&[role]).valid(life);
                edge.removable("remove_entra_app_role");
                if microsoft {
                    let may = format!("the permission {}, which is not known here, reaches it", shown(role));
                    let tenant = self.resource("");
                    let edge = self.facts.edge(EdgeKind::MayAct, holder, &tenant, place).acts(&[role]).may(&may);
                    edge.removable("remove_entra_app_role");
                }
            }
        }
    }

    /// What applications may do for users: for one who consented, or for all for whom an administrator did.
    pub(super) fn delegated_grants(&mut self, document: &Value) {
        for (place, grant) in self.facts.items(document, "oauth2PermissionGrants", "") {
            let Some(client) = self.facts.id(grant, "clientId", &place) else { continue };
            let Some((app, label)) = self.principals.get(&client).cloned() else {
                self.facts.report.add(
                    format!("{place} is of the service principal `{}`, which is not listed", shown(&client)),
                    "export the service principals again",
                );
                continue;
            };
            let user = id(grant, "principalId").filter(|_| text(grant, "consentType") != Some("AllPrincipals"));
            let whom = user.as_deref().map_or("*".to_owned(), str::to_lowercase);
            let key = NodeKey::identity("app", &format!("entra/{}/user/{whom}", app.to_lowercase()));
            let life = self.life(&client);
            let cut = match (self.id.as_str(), id(grant, "id")) {
                (tenant, Some(grant)) if !tenant.is_empty() => {
                    let named = [("tenant", tenant), ("grant", grant.as_str())];
                    of_responder("entra_grant/delete", &key, &named, (15, 300), Reversibility::RecreateOnly)
                }
                _ => of_request(&key, "delete_entra_grant", (15, 300), Reversibility::RecreateOnly),
            };
            let whose = if user.is_some() { &whom } else { "everybody" };
            self.facts.node(&key, &place).label(&format!("{label} for {whose}")).valid(life).cut(cut);
            let may = if user.is_some() { "" } else { "users sign on to the application" };
            self.facts.edge(EdgeKind::MayAssume, &app_identity(&app), &key, &place).valid(life).may(may);
            if let Some(user) = &user {
                let (from, valid) = (self.identity(user), self.life(user));
                self.facts.edge(EdgeKind::Consents, &from, &key, &place).valid(valid);
            }
            let scopes: Vec<String> =
                text(grant, "scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
            for scope in scopes {
                self.delegated_scope(&key, user.as_deref(), &scope, &place);
            }
        }
    }

    /// For a user, a permission reaches what the user may reach.
    fn delegated_scope(&mut self, key: &NodeKey, user: Option<&str>, scope: &str, place: &str) {
        let everybody = self.hub("users");
        match (of_permission(scope), user) {
            (Reached::SignOn, _) => {}
            (Reached::Data(what), Some(user)) => {
                let Some(name) = self.mailboxes.get(user).cloned() else { return };
                let own = match what {
                    "mailboxes" => format!("mailbox/{name}"),
                    "drives" => format!("onedrive/{name}"),
                    _ => format!("messages/{name}"),
                };
                let own = NodeKey::resource("m365", &own);
                self.facts.edge(EdgeKind::MayAct, key, &own, place).acts(&[scope]);
                // Scopes on everything reach beyond the user's own, as far as the user does.
                if scope.ends_with(".All") || scope.ends_with(".Shared") {
                    let (hub, may) = (self.data_hub(what), "the user is let in there");
                    self.facts.edge(EdgeKind::MayAct, key, &hub, place).acts(&[scope]).may(may);
                }
            }
            (Reached::Data(what), None) => {
                let hub = self.data_hub(what);
                self.facts.edge(EdgeKind::MayAct, key, &hub, place).acts(&[scope]);
            }
            (Reached::Power(Power::Read), _) => {
                let tenant = self.resource("");
                self.facts.edge(EdgeKind::MayAct, key, &tenant, place).acts(&[scope]);
            }
            (Reached::Power(_) | Reached::Unknown, user) => {
                let to = user.map_or(everybody, |user| self.identity(user));
                let may = format!("the scope {} is enough for what the user may do", shown(scope));
                self.facts.edge(EdgeKind::MayAssume, key, &to, place).may(&may);
            }
        }
    }
}

/// The role of AWS in the value of an application's role: `<role>,<provider>`, in any order.
fn aws_role(value: &str) -> Option<&str> {
    value.split(',').map(str::trim).find(|part| part.starts_with("arn:aws") && part.contains(":role/"))
}
