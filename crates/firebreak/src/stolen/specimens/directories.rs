//! Directories of people: a Keycloak realm, an Entra tenant and a Google Workspace, each with Firebreak's application, an
//! administrator and somebody else.

use super::actions;
use crate::stolen::specimen::{Specimen, Target};
use crate::stolen::{Held, Verdict};
use firebreak_model::NodeKey;
use serde_json::{Value, json};

fn raises(key: NodeKey, says: &'static str) -> Target {
    Target { key, verdict: Verdict::RaisesRights, says }
}

/// A realm in which the client `firebreak` acts with roles of `realm-management`.
pub(super) fn keycloak(rights: &[Held<'_>]) -> Specimen {
    let named = actions(rights).map(|action| action.strip_prefix("realm-management: ").unwrap_or(action));
    let role = |name: &str| json!({"id": name, "name": name, "clientRole": true, "containerId": "c-rm"});
    let roles: Vec<Value> = named.map(role).collect();
    let all: Vec<Value> = roles.iter().cloned().chain([role("realm-admin")]).collect();
    let held = |roles: &[Value]| json!({"clientMappings": {"realm-management": {"id": "c-rm", "client": "realm-management", "mappings": roles}}});
    let administrator =
        json!({"id": "root", "username": "root", "enabled": true, "roleMappings": held(&[role("realm-admin")])});
    let document = json!({
        "realm": {"id": "r1", "realm": "main"}, "groups": [], "roles": [], "identityProviders": [],
        "users": [administrator, {"id": "ada", "username": "ada", "enabled": true}],
        "clients": [
            {"id": "c-rm", "clientId": "realm-management", "enabled": true, "bearerOnly": true, "roles": all},
            {"id": "c-app", "clientId": "shop", "enabled": true, "publicClient": false, "serviceAccountsEnabled": true, "roles": []},
            {"id": "c-fb", "clientId": "firebreak", "enabled": true, "publicClient": false, "serviceAccountsEnabled": true,
             "roles": [], "serviceAccountUser": {"id": "sa", "username": "service-account-firebreak", "enabled": true,
             "roleMappings": held(&roles)}},
        ],
    });
    Specimen {
        files: vec![("keycloak/main.json", document)],
        from: NodeKey::identity("app", "keycloak/main/firebreak"),
        foothold: Vec::new(),
        targets: vec![
            raises(NodeKey::identity("keycloak", "main/root"), "sets the password of an administrator and is that one"),
            raises(NodeKey::identity("keycloak", "main/ada"), "sets anybody's password and is that one"),
            raises(NodeKey::identity("app", "keycloak/main/shop"), "reads the secrets of clients and acts as them"),
        ],
        whole: false,
    }
}

const GRAPH: &str = "50000000-0000-0000-0000-00000000000a";
const OURS: &str = "50000000-0000-0000-0000-000000000001";
const OTHER: &str = "50000000-0000-0000-0000-000000000002";
const TENANT: &str = "02b2b7cc-fb03-4324-bf6b-eb207b39c479";

/// A tenant in which Firebreak's service principal has permissions of Microsoft Graph.
pub(super) fn entra(rights: &[Held<'_>]) -> Specimen {
    let permissions: Vec<&str> = actions(rights).collect();
    let assigned = |at: usize| {
        json!({"id": format!("as{at}"), "appRoleId": format!("r{at}"), "principalId": OURS,
               "principalType": "ServicePrincipal", "resourceId": GRAPH})
    };
    let named = |(at, value): (usize, &&str)| json!({"id": format!("r{at}"), "value": value});
    let principal = |id: &str, app: &str, name: &str, owner: &str| {
        json!({"id": id, "appId": app, "displayName": name, "servicePrincipalType": "Application", "accountEnabled": true,
               "appOwnerOrganizationId": owner})
    };
    let mut ours = principal(OURS, "f0000000-0000-0000-0000-000000000001", "Firebreak", TENANT);
    ours["appRoleAssignments"] = (0..permissions.len()).map(assigned).collect();
    let mut graph = principal(
        GRAPH,
        "00000003-0000-0000-c000-000000000000",
        "Microsoft Graph",
        "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
    );
    graph["appRoles"] = permissions.iter().enumerate().map(named).collect();
    let other = principal(OTHER, "f0000000-0000-0000-0000-000000000002", "Sync", TENANT);
    let (user, root) = ("a0000000-0000-0000-0000-000000000001", "a0000000-0000-0000-0000-000000000002");
    let person = |id: &str, name: &str| json!({"id": id, "userPrincipalName": name, "accountEnabled": true, "userType": "Member"});
    let global = "62e90394-69f5-4237-9190-012177145e10";
    let document = json!({
        "organization": [{"id": TENANT, "displayName": "Meridian", "verifiedDomains": [{"name": "meridian.example"}]}],
        "users": [person(user, "ada@meridian.example"), person(root, "root@meridian.example")], "groups": [],
        "roleDefinitions": [{"id": global, "templateId": global, "displayName": "Global Administrator", "isEnabled": true}],
        "roleAssignments": [{"id": "ra1", "principalId": root, "roleDefinitionId": global, "directoryScopeId": "/"}],
        "roleEligibilities": [], "applications": [], "servicePrincipals": [ours, graph, other],
        "oauth2PermissionGrants": [], "administrativeUnits": [], "drives": [],
    });
    Specimen {
        files: vec![("entra/meridian.json", document)],
        from: NodeKey::identity("entra", OURS),
        foothold: Vec::new(),
        targets: vec![
            raises(NodeKey::identity("entra", root), "becomes an administrator"),
            raises(NodeKey::identity("entra", user), "becomes somebody else"),
            raises(NodeKey::identity("entra", OTHER), "adds a credential to any application and acts as it"),
        ],
        whole: false,
    }
}

/// A customer that lets Firebreak's client act for its users in the scopes of the manifest.
pub(super) fn google(rights: &[Held<'_>]) -> Specimen {
    let scopes: Vec<&str> = actions(rights).collect();
    let person = |id: &str, address: &str, admin: bool| json!({"id": id, "primaryEmail": address, "isAdmin": admin, "isDelegatedAdmin": false, "suspended": false, "orgUnitPath": "/"});
    let document = json!({
        "customer": {"id": "C01", "customerDomain": "meridian.example"},
        "users": [person("101", "ada@meridian.example", false), person("103", "root@meridian.example", true)],
        "groups": [], "roles": [], "roleAssignments": [], "orgUnits": [], "drives": [], "serviceAccounts": [],
        "domainWideDelegation": [{"clientId": "firebreak", "name": "Firebreak", "scopes": scopes}],
    });
    Specimen {
        files: vec![("google_workspace/meridian.json", document)],
        from: NodeKey::identity("app", "google/firebreak"),
        foothold: Vec::new(),
        targets: vec![
            raises(NodeKey::identity("google", "103"), "becomes an administrator"),
            raises(NodeKey::identity("google", "101"), "sets anybody's password and is that one"),
            Target {
                key: NodeKey::resource("google", "drive/ada@meridian.example"),
                verdict: Verdict::ReadsData,
                says: "reads everybody's files",
            },
        ],
        whole: false,
    }
}
