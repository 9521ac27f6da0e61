//! From a platform's answers to facts: what the collectors of identity and workspace platforms put together, their scanners read
//! without a gap. The platform is a table of answers by path; that the paths are the platforms' own is for live tests to show.

use async_trait::async_trait;
use firebreak_inventory::collect::{Collected, Settings, Waiting};
use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, ScanInput, Surroundings};
use firebreak_model::{EdgeKind, Fact, Time};
use firebreak_world::{Http, HttpError, Request, Response, Secrets, SecretsError, World};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Answers by path; a page after the first is empty, and what is not in the table is not there.
struct Table(BTreeMap<&'static str, Value>);

#[async_trait]
impl Http for Table {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let rest = request.url.strip_prefix("https://platform.example").unwrap();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let later = ["first=", "page="].iter().any(|name| query.split('&').any(|part| part.starts_with(name)));
        let body = match self.0.get(path) {
            Some(Value::Array(_)) if later => json!([]),
            Some(Value::Object(_)) if later => json!({"ok": true, "logs": []}),
            Some(body) => body.clone(),
            None => return Ok(Response { status: 404, ..Response::default() }),
        };
        Ok(Response { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() })
    }
}

struct NoWait;

#[async_trait]
impl Waiting for NoWait {
    async fn wait(&self, _: Duration) {}
}

struct OneSecret;

impl Secrets for OneSecret {
    fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from("hush".to_owned()))
    }
}

async fn collected(scanner: &str, value: (&str, &str), answers: Value) -> (Collected, Found) {
    let known = SCANNERS.iter().find(|known| known.name() == scanner).unwrap();
    let table: BTreeMap<&'static str, Value> =
        answers.as_object().unwrap().iter().map(|(path, body)| (&*path.clone().leak(), body.clone())).collect();
    let world = World { http: Arc::new(Table(table)), secrets: Arc::new(OneSecret), ..World::simulated(1) };
    let settings = Settings {
        scanner: scanner.to_owned(),
        url: "https://platform.example".to_owned(),
        credential: Some("env:TOKEN".to_owned()),
        values: BTreeMap::from([(value.0.to_owned(), value.1.to_owned())]),
    };
    let collected = known.collector().unwrap().collect(&world, &NoWait, &settings).await.unwrap();
    let bytes = serde_json::to_vec(&collected.document).unwrap();
    let (path, surroundings) = (Path::new(&collected.file).to_owned(), Surroundings::default());
    assert!(known.recognises(&path, &bytes[..bytes.len().min(4096)]), "{}", collected.file);
    let root = Path::new("/nowhere");
    let input =
        ScanInput { path: &path, bytes: &bytes, known: Time(0), surroundings: &surroundings, world: &world, root };
    let found = known.scan(&input);
    (collected, found)
}

fn has(found: &Found, kind: EdgeKind, from: &str, to: &str) -> bool {
    let edges = found.facts.iter().filter_map(|fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None });
    edges.into_iter().any(|edge| edge.kind == kind && edge.from.as_str() == from && edge.to.as_str() == to)
}

fn whole(collected: &Collected, found: &Found) {
    assert_eq!(collected.incomplete, []);
    assert_eq!(found.problems, []);
    assert!(found.complete);
}

#[tokio::test]
async fn okta_is_collected_and_read() {
    let answers = json!({
        "/api/v1/org": {"id": "o", "companyName": "Meridian"},
        "/api/v1/users": [{"id": "u1", "status": "ACTIVE", "profile": {"login": "ada@x.example"}}],
        "/api/v1/users/u1/grants": [{"id": "g", "clientId": "c1", "scopeId": "okta.users.read", "status": "ACTIVE"}],
        "/api/v1/groups": [{"id": "g1", "type": "OKTA_GROUP", "profile": {"name": "All"}}],
        "/api/v1/groups/g1/users": [{"id": "u1"}],
        "/api/v1/groups/g1/roles": [{"id": "r1", "type": "HELP_DESK_ADMIN", "status": "ACTIVE"}],
        "/api/v1/groups/g1/roles/r1/targets/groups": [{"id": "g1"}],
        "/api/v1/groups/rules": [],
        "/api/v1/iam/assignees/users": {"value": [{"id": "u1", "orn": "x"}]},
        "/api/v1/users/u1/roles": [{"id": "r2", "type": "SUPER_ADMIN", "status": "ACTIVE"}],
        "/api/v1/iam/roles": {"roles": []},
        "/api/v1/iam/resource-sets": {"resource-sets": []},
        "/api/v1/apps": [{"id": "a1", "name": "slack", "label": "Slack", "status": "ACTIVE", "signOnMode": "SAML_2_0"}],
        "/api/v1/apps/a1/users": [{"id": "u1", "scope": "USER", "externalId": "U1"}],
        "/api/v1/apps/a1/groups": [],
        "/api/v1/api-tokens": [{"id": "t1", "name": "ci", "userId": "u1"}],
        "/api/v1/idps": [],
        "/api/v1/zones": [],
    });
    let (collected, found) = collected("okta", ("org", "meridian"), answers).await;
    whole(&collected, &found);
    assert_eq!((collected.file.as_str(), found.scope.as_str()), ("okta/meridian.json", "okta/meridian"));
    assert!(has(&found, EdgeKind::Authenticates, "credential:okta/t1", "identity:okta/u1"));
    assert!(has(&found, EdgeKind::MemberOf, "identity:okta/u1", "group:okta/role/meridian/SUPER_ADMIN"));
    assert!(has(&found, EdgeKind::MemberOf, "group:okta/g1", "group:okta/role/meridian/HELP_DESK_ADMIN/r1"));
    assert!(has(&found, EdgeKind::MayAssume, "identity:okta/u1", "identity:slack/U1"));
}

#[tokio::test]
async fn entra_is_collected_and_read() {
    let none = json!({"value": []});
    let user = json!({"value": [{"@odata.type": "#microsoft.graph.user", "id": "u1"}]});
    let answers = json!({
        "/v1.0/organization": {"value": [{"id": "t", "verifiedDomains": [{"name": "x.example"}]}]},
        "/v1.0/users": {"value": [{"id": "u1", "userPrincipalName": "ada@x.example", "mail": "ada@x.example"}]},
        "/v1.0/groups": {"value": [{"id": "g1", "displayName": "All", "groupTypes": []}]},
        "/v1.0/groups/g1/members": user,
        "/v1.0/groups/g1/owners": none,
        "/v1.0/roleManagement/directory/roleDefinitions": none,
        "/v1.0/roleManagement/directory/roleAssignments": none,
        "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances": none,
        "/v1.0/applications": {"value": [{"id": "b1", "appId": "a1", "displayName": "Sync"}]},
        "/v1.0/applications/b1/owners": user,
        "/v1.0/applications/b1/federatedIdentityCredentials": none,
        "/v1.0/servicePrincipals": {"value": [{"id": "s1", "appId": "a1", "displayName": "Sync"}]},
        "/v1.0/servicePrincipals/s1/owners": none,
        "/v1.0/servicePrincipals/s1/appRoleAssignments": none,
        "/v1.0/servicePrincipals/s1/appRoleAssignedTo": none,
        "/v1.0/oauth2PermissionGrants": none,
        "/v1.0/directory/administrativeUnits": none,
        "/v1.0/sites/getAllSites": {"value": [{"id": "x,y"}]},
        "/v1.0/sites/x%2Cy/drives": {"value": [{"id": "d1", "webUrl": "https://x.example/Docs"}]},
        "/v1.0/drives/d1/root/delta": {"value": [{"id": "i1", "name": "a", "shared": {"scope": "anonymous"}}, {"id": "i2"}]},
        "/v1.0/drives/d1/items/i1/permissions": {"value": [{"id": "p1", "roles": ["read"], "link": {"scope": "anonymous"}}]},
    });
    let (collected, found) = collected("entra", ("tenant", "meridian"), answers).await;
    whole(&collected, &found);
    assert!(has(&found, EdgeKind::MemberOf, "identity:entra/u1", "group:entra/g1"));
    assert!(has(&found, EdgeKind::MayAssume, "identity:entra/u1", "identity:app/entra/a1"));
    assert!(has(&found, EdgeKind::MayAct, "resource:m365/link/p1", "resource:m365/https://x.example/docs"));
}

#[tokio::test]
async fn google_workspace_is_collected_and_read() {
    let answers = json!({
        "/admin/directory/v1/customers/my_customer": {"id": "C", "customerDomain": "x.example"},
        "/admin/directory/v1/users": {"users": [{"id": "1", "primaryEmail": "ada@x.example", "isAdmin": true}]},
        // Where there is nothing, Google leaves the list out.
        "/admin/directory/v1/users/1/tokens": {"kind": "admin#directory#tokenList"},
        "/admin/directory/v1/users/1/asps": {"kind": "admin#directory#aspList"},
        "/admin/directory/v1/groups": {"groups": [{"id": "g", "email": "all@x.example"}]},
        "/admin/directory/v1/groups/g/members": {"members": [{"id": "1", "email": "ada@x.example", "type": "USER", "role": "MEMBER"}]},
        "/admin/directory/v1/customer/my_customer/roles": {"items": []},
        "/admin/directory/v1/customer/my_customer/roleassignments": {"items": []},
        "/admin/directory/v1/customer/my_customer/orgunits": {"kind": "admin#directory#orgUnits"},
        "/drive/v3/drives": {"drives": [{"id": "d", "name": "HR"}]},
        "/drive/v3/files/d/permissions": {"permissions": [{"id": "p", "type": "user", "role": "reader", "emailAddress": "ada@x.example"}]},
        "/drive/v3/files": {"files": []},
    });
    let (collected, found) = collected("google_workspace", ("customer", "meridian"), answers).await;
    whole(&collected, &found);
    assert!(has(&found, EdgeKind::MemberOf, "identity:google/1", "group:google/g"));
    assert!(has(&found, EdgeKind::MayAct, "identity:google/1", "resource:google/drive/d"));
}

fn slack(apps: Value) -> Value {
    json!({
        "/api/team.info": {"ok": true, "team": {"id": "T1", "name": "Meridian"}},
        "/api/users.list": {"ok": true, "members": [{"id": "U1", "team_id": "T1"}], "response_metadata": {"next_cursor": ""}},
        "/api/conversations.list": {"ok": true, "channels": [{"id": "C1", "is_private": true}]},
        "/api/conversations.members": {"ok": true, "members": ["U1"]},
        "/api/usergroups.list": {"ok": true, "usergroups": []},
        "/api/admin.apps.approved.list": apps,
        "/api/team.integrationLogs": {"ok": true, "logs": [{"app_id": "A1", "user_id": "U1", "date": "1700000000", "change_type": "added", "scope": "chat:write"}]},
    })
}

#[tokio::test]
async fn slack_is_collected_and_read_and_its_refusals_are_gaps() {
    let (whole_one, found) = collected("slack", ("team", "T1"), slack(json!({"ok": true, "approved_apps": []}))).await;
    whole(&whole_one, &found);
    assert!(has(&found, EdgeKind::MayAct, "identity:slack/U1", "resource:slack/C1"));
    assert!(has(&found, EdgeKind::Authenticates, "credential:slack/app/A1/bot", "identity:app/slack/A1"));
    let refused = slack(json!({"ok": false, "error": "not_an_admin"}));
    let (partial, found) = collected("slack", ("team", "T1"), refused).await;
    assert_eq!((partial.incomplete.len(), found.problems.len(), found.complete), (1, 1, false));
}

#[tokio::test]
async fn keycloak_is_collected_and_read_and_its_secrets_are_not_kept() {
    let manage =
        json!({"id": "m", "name": "manage-users", "clientRole": true, "composite": false, "containerId": "c1"});
    let answers = json!({
        "/admin/realms/meridian": {"id": "r", "realm": "meridian"},
        "/admin/realms/meridian/users": [{"id": "u1", "username": "ada", "enabled": true}],
        "/admin/realms/meridian/users/u1/role-mappings": {"realmMappings": [{"id": "d", "name": "default"}]},
        "/admin/realms/meridian/users/u1/consents": [],
        "/admin/realms/meridian/users/u1/federated-identity": [],
        "/admin/realms/meridian/groups": [{"id": "g1", "name": "a", "path": "/a", "subGroups": []}],
        "/admin/realms/meridian/groups/g1/members": [],
        "/admin/realms/meridian/groups/g1/children": [{"id": "g2", "name": "b", "path": "/a/b", "parentId": "g1"}],
        "/admin/realms/meridian/groups/g2/members": [{"id": "u1"}],
        "/admin/realms/meridian/groups/g2/children": [],
        "/admin/realms/meridian/clients": [
            {"id": "c1", "clientId": "realm-management", "enabled": true, "bearerOnly": true},
            {"id": "c2", "clientId": "ci", "enabled": true, "serviceAccountsEnabled": true, "secret": "hush-hush"}],
        "/admin/realms/meridian/clients/c1/roles": [manage],
        "/admin/realms/meridian/clients/c2/roles": [],
        "/admin/realms/meridian/clients/c2/service-account-user": {"id": "s1", "username": "service-account-ci", "enabled": true},
        "/admin/realms/meridian/users/s1/role-mappings": {"clientMappings": {"realm-management": {"mappings": [manage]}}},
        "/admin/realms/meridian/roles": [{"id": "d", "name": "default", "composite": true}],
        "/admin/realms/meridian/roles-by-id/d/composites": [manage],
        "/admin/realms/meridian/identity-provider/instances": [],
    });
    let (collected, found) = collected("keycloak", ("realm", "meridian"), answers).await;
    whole(&collected, &found);
    assert!(!collected.document.to_string().contains("hush"));
    let role = "group:keycloak/role/meridian/realm-management/manage-users";
    assert!(has(&found, EdgeKind::MemberOf, "identity:keycloak/meridian/s1", role));
    assert!(has(&found, EdgeKind::MemberOf, "group:keycloak/role/meridian/default", role));
    assert!(has(&found, EdgeKind::MemberOf, "group:keycloak/meridian/g2", "group:keycloak/meridian/g1"));
    assert!(has(&found, EdgeKind::MemberOf, "identity:keycloak/meridian/u1", "group:keycloak/meridian/g2"));
}
