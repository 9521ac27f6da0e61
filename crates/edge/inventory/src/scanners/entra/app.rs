//! Applications and service principals: owners, credentials, what signs on as them, and who may use them.

use super::{Tenant, app_identity};
use crate::cut::{of_request, of_responder};
use crate::json::{id, list, text, text_at, texts};
use crate::key::ci_hub;
use crate::report::shown;
use firebreak_model::{EdgeKind, Identifier, IdentifierScheme, Interval, NodeKey, Reversibility, Time};
use serde_json::Value;

/// The tenant in which Microsoft keeps its own applications: nobody else adds credentials to them.
const MICROSOFT: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

impl Tenant<'_, '_> {
    pub(super) fn learn_principals(&mut self, document: &Value) {
        for principal in list(document, "servicePrincipals") {
            let Some(name) = id(principal, "id") else { continue };
            let app = id(principal, "appId").unwrap_or_default();
            let label = text(principal, "displayName").unwrap_or(&name).to_owned();
            for (key, field) in [("appRoles", "value"), ("oauth2PermissionScopes", "value")] {
                for role in list(principal, key) {
                    if let (Some(role_id), Some(value)) = (id(role, "id"), text(role, field)) {
                        self.app_roles.insert((name.clone(), role_id), value.to_owned());
                    }
                }
            }
            if text(principal, "appOwnerOrganizationId") == Some(MICROSOFT) {
                self.microsoft.insert(name.clone());
            }
            self.principals.insert(name, (app, label));
        }
        // An application's object is another than its service principal's: roles and owners name either.
        for application in list(document, "applications") {
            if let (Some(name), Some(app)) = (id(application, "id"), id(application, "appId")) {
                let label = text(application, "displayName").unwrap_or(&app).to_owned();
                let trusted = list(application, "federatedIdentityCredentials").iter();
                let trusted =
                    trusted.filter_map(|one| Some(format!("{}|{}", host(text(one, "issuer")?), text(one, "subject")?)));
                self.subjects.insert(app.clone(), trusted.collect());
                self.principals.entry(name).or_insert((app, label));
            }
        }
    }

    pub(super) fn applications(&mut self, document: &Value) {
        for (place, application) in self.facts.items(document, "applications", "") {
            let Some(app) = self.facts.id(application, "appId", &place) else { continue };
            let key = app_identity(&app);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let label = text(application, "displayName").unwrap_or(&app);
            let from = self.facts.time(application, "createdDateTime").unwrap_or(Time::MIN);
            let azure = NodeKey::identity("azure", &app.to_lowercase());
            let valid = Interval::new(from, Time::MAX);
            self.facts.node(&key, &place).label(label).valid(valid).also(&azure);
            let apps = self.hub("apps");
            self.facts.edge(EdgeKind::MayAssume, &apps, &key, &place);
            self.owners(application, &key, &place);
            self.credentials(application, &key, &place);
            self.federated(application, &key, &place);
        }
    }

    pub(super) fn service_principals(&mut self, document: &Value) {
        for (place, principal) in self.facts.items(document, "servicePrincipals", "") {
            let Some(name) = self.facts.id(principal, "id", &place) else { continue };
            let key = self.identity(&name);
            if !self.facts.first(&key, &place) {
                continue;
            }
            let enabled = principal.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true);
            let life = Interval::new(Time::MIN, if enabled { Time::MAX } else { self.facts.known });
            self.lives.insert(name.clone(), life);
            let label = text(principal, "displayName").unwrap_or(&name);
            let named = [("tenant", self.id.as_str()), ("service_principal", name.as_str())];
            let cut = match self.id.as_str() {
                "" => of_request(&key, "disable_service_principal", (60, 900), Reversibility::Reversible),
                _ => of_responder(
                    "entra_service_principal/disable",
                    &key,
                    &named,
                    (60, 900),
                    Reversibility::ReversibleReissuesAccess,
                ),
            };
            let azure = NodeKey::identity("azure", &name.to_lowercase());
            let trusted = id(principal, "appId").and_then(|app| self.subjects.get(&app)).cloned().unwrap_or_default();
            let mut node = self.facts.node(&key, &place).label(label).valid(life).also(&azure).cut(cut);
            for subject in trusted {
                node = node.known_as(Identifier::verified(IdentifierScheme::OidcSubject, &subject));
            }
            self.facts.also_named(&azure, &key, &place);
            let resource = NodeKey::resource("entra", &format!("app/{}", name.to_lowercase()));
            self.facts.node(&resource, &place).label(label).valid(life);
            if let Some(app) = id(principal, "appId") {
                // Whoever acts as the application acts as its principal in each tenant that has it.
                let app = app_identity(&app);
                if self.facts.is_new(&app) {
                    self.facts.node(&app, &place).label(label);
                }
                if let Some(publisher) = publisher(principal) {
                    self.facts.setting(&app, "publisher", &publisher, &place);
                }
                self.facts.edge(EdgeKind::MayAssume, &app, &key, &place).valid(life);
            }
            self.principal_managers(principal, &key, &place);
            self.credentials(principal, &key, &place);
            self.runs(principal, &key, &place);
            for field in ["appRoleAssignments", "appRoleAssignedTo"] {
                for (place, assignment) in self.facts.items(principal, field, &place) {
                    self.app_role_assignment(assignment, &place);
                }
            }
        }
    }

    /// Who may add a credential to the principal itself. Nobody can to Azure's own identities, nor to Microsoft's.
    fn principal_managers(&mut self, principal: &Value, key: &NodeKey, place: &str) {
        let managed = text(principal, "servicePrincipalType") == Some("ManagedIdentity");
        let microsoft = text(principal, "appOwnerOrganizationId") == Some(MICROSOFT);
        if !managed && !microsoft {
            let foreign =
                text(principal, "appOwnerOrganizationId").is_some_and(|owner| !self.id.is_empty() && owner != self.id);
            let may = if foreign { "the application is not locked by its owner in another tenant" } else { "" };
            let apps = self.hub("apps");
            self.facts.edge(EdgeKind::MayAssume, &apps, key, place).may(may);
            self.owners(principal, key, place);
        }
    }

    fn owners(&mut self, item: &Value, key: &NodeKey, place: &str) {
        for (place, owner) in self.facts.items(item, "owners", place) {
            let Some(owner_id) = self.facts.id(owner, "id", &place) else { continue };
            self.kinds.entry(owner_id.clone()).or_insert_with(|| super::kind_of(owner));
            let Some(from) = self.object(&owner_id) else { continue };
            let life = self.life(&owner_id);
            let edge = self.facts.edge(EdgeKind::MayAssume, &from, key, &place).valid(life);
            edge.removable("remove_entra_owner");
        }
    }

    fn credentials(&mut self, item: &Value, key: &NodeKey, place: &str) {
        for (field, what) in [("passwordCredentials", "secret"), ("keyCredentials", "certificate")] {
            for (place, credential) in self.facts.items(item, field, place) {
                let Some(name) = self.facts.id(credential, "keyId", &place) else { continue };
                let life = self.facts.life(credential, "startDateTime", "endDateTime");
                let node = NodeKey::credential("entra", &name.to_lowercase());
                let label = format!("{what} {}", text(credential, "displayName").unwrap_or(&name));
                let cut = of_request(&node, "remove_entra_application_secret", (40, 900), Reversibility::Irreversible);
                let azure = NodeKey::credential("azure", &name);
                self.facts.node(&node, &place).label(&label).valid(life).also(&azure).cut(cut);
                self.facts.edge(EdgeKind::Authenticates, &node, key, &place).valid(life);
            }
        }
    }

    /// Workloads of other issuers that sign on as the application.
    fn federated(&mut self, application: &Value, key: &NodeKey, place: &str) {
        for (place, credential) in self.facts.items(application, "federatedIdentityCredentials", place) {
            let Some(issuer) = self.facts.id(credential, "issuer", &place) else { continue };
            let host = host(&issuer);
            let Some(subject) = text(credential, "subject") else {
                let expression =
                    text_at(credential, &["claimsMatchingExpression", "value"]).unwrap_or("its expression");
                let (anyone, may) = (format!("{host}/*"), format!("the token fits `{}`", shown(expression)));
                let workload = NodeKey::identity("oidc", &anyone);
                let edge = self.facts.edge(EdgeKind::MayAssume, &workload, key, &place).may(&may);
                edge.removable("remove_entra_federated_credential");
                continue;
            };
            let workload = NodeKey::identity("oidc", &format!("{host}/{subject}"));
            self.facts.node(&workload, &place).label(subject);
            let edge = self.facts.edge(EdgeKind::MayAssume, &workload, key, &place);
            edge.removable("remove_entra_federated_credential");
            let repository = subject.strip_prefix("repo:").and_then(|rest| rest.split_once(':'));
            if let Some((repository, narrower)) = repository.filter(|_| host == "token.actions.githubusercontent.com") {
                let may =
                    if narrower == "*" { String::new() } else { format!("the job's subject is `{}`", shown(subject)) };
                let edge = self.facts.edge(EdgeKind::MayAssume, &ci_hub(repository), key, &place).may(&may);
                edge.removable("remove_entra_federated_credential");
            }
        }
    }

    /// A managed identity is that of the thing in Azure which its alternative names tell.
    fn runs(&mut self, principal: &Value, key: &NodeKey, place: &str) {
        if text(principal, "servicePrincipalType") != Some("ManagedIdentity") {
            return;
        }
        let names = texts(principal.get("alternativeNames"));
        for name in names.into_iter().filter(|name| name.starts_with("/subscriptions/")) {
            let name = name.to_lowercase();
            // An identity with a resource of its own is used by whatever it is given to, which Azure alone knows.
            if name.contains("/userassignedidentities/") {
                let resource = NodeKey::resource("azure", &name);
                let may = "code runs on something that the identity is given to";
                self.facts.edge(EdgeKind::MayAssume, &resource, key, place).may(may);
            } else {
                let environment = NodeKey::environment("azure", &name);
                self.facts.edge(EdgeKind::RunsAs, &environment, key, place);
            }
        }
    }
}

/// An issuer without what all issuers have.
fn host(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer).trim_end_matches('/')
}

/// Who published an application: whom Microsoft has verified, else the organisation that says it is its own.
fn publisher(principal: &Value) -> Option<String> {
    let verified = principal.get("verifiedPublisher").and_then(|one| text(one, "displayName"));
    let owner = text(principal, "appOwnerOrganizationId");
    match (verified, owner) {
        (Some(name), _) => Some(format!("{}, verified", shown(name))),
        (None, Some(MICROSOFT)) => Some("Microsoft".to_owned()),
        (None, owner) => owner.map(|owner| format!("the organisation {}, not verified", shown(owner))),
    }
}
