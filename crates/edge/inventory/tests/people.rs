//! The scanners of identity and workspace platforms: samples of real answers are read where they are at hand, sizes of an
//! enterprise are read in time and memory that grow with the document, and hostile shapes end.

use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, ScanInput, Surroundings};
use firebreak_model::{EdgeFact, EdgeKind, Fact, NodeFact, Time};
use firebreak_world::World;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn scan(path: &str, document: &Value) -> Found {
    let (path, bytes) = (Path::new(path), serde_json::to_vec(document).unwrap());
    let scanner = SCANNERS.iter().find(|scanner| scanner.recognises(path, &bytes[..bytes.len().min(4096)])).unwrap();
    let (world, surroundings) = (World::offline(), Surroundings::default());
    let root = Path::new("/nowhere");
    scanner.scan(&ScanInput { path, bytes: &bytes, known: Time(0), surroundings: &surroundings, world: &world, root })
}

/// A sample of answers, each under its name.
fn sample(name: &str) -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data/cartography/tests-data-json");
    let path: PathBuf = root.join(name);
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}

/// An answer that the sample keeps as a text.
fn written(sample: &Value, name: &str) -> Value {
    serde_json::from_str(sample[name].as_str().unwrap()).unwrap()
}

#[allow(clippy::print_stdout)]
fn skipped() {
    println!("skipped: corpus absent");
}

fn edges(found: &Found) -> impl Iterator<Item = &EdgeFact> {
    found.facts.iter().filter_map(|fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None })
}

fn nodes(found: &Found) -> impl Iterator<Item = &NodeFact> {
    found.facts.iter().filter_map(|fact| if let Fact::Node(node) = fact { Some(node) } else { None })
}

fn has(found: &Found, kind: EdgeKind, from: &str, to: &str) -> bool {
    edges(found).any(|edge| edge.kind == kind && edge.from.as_str() == from && edge.to.as_str() == to)
}

#[test]
fn answers_of_okta_are_read() {
    let all = ["okta/adminroles.json", "okta/application.json", "okta/groups.json", "okta/trustedorigin.json"];
    let Some(samples) = all.into_iter().map(sample).collect::<Option<Vec<_>>>() else { return skipped() };
    let [roles, apps, groups, origins] = &samples[..] else { panic!("four samples") };
    let mut users = written(groups, "LIST_GROUP_MEMBER_RESPONSE");
    users.as_array_mut().unwrap().extend(groups["GROUP_MEMBERS_SAMPLE_DATA"].as_array().unwrap().iter().cloned());
    let mut app = written(apps, "APPLICATION_WITH_REDITECT_URIS");
    app["users"] = written(apps, "LIST_APPLICATION_USER_ASSIGNED_RESPONSE");
    app["groups"] = written(apps, "LIST_APPLICATION_GROUP_ASSIGNED_RESPONSE");
    let group_roles = written(roles, "LIST_ASSIGNED_GROUP_ROLE_RESPONSE");
    let members = groups["GROUP_MEMBERS_SAMPLE_DATA"].clone();
    let document = json!({
        "users": users,
        "groups": [{"id": "00g1", "type": "OKTA_GROUP", "profile": {"name": "Drivers"}, "users": members, "roles": group_roles}],
        "apps": [app],
        "role_assignments": written(roles, "LIST_ASSIGNED_USER_ROLE_RESPONSE"),
        "trusted_origins": written(origins, "LIST_TRUSTED_ORIGIN_RESPONSE"),
    });
    let found = scan("okta/example.json", &document);
    assert_eq!(found.problems, []);
    assert!(found.complete);
    let verified = nodes(&found).flat_map(|node| &node.identifiers).filter(|identifier| identifier.verified);
    assert!(verified.into_iter().any(|identifier| identifier.value == "jmay@example.com"));
    assert!(has(
        &found,
        EdgeKind::MemberOf,
        "identity:okta/00ur32Vg0fvpyHZeQ0g3",
        "group:okta/role/example/HELP_DESK_ADMIN"
    ));
    assert!(has(&found, EdgeKind::MayAct, "identity:okta/00ui2sVIFZNCNKFFNBPM", "resource:okta/app/someid"));
    assert!(has(&found, EdgeKind::MayAct, "group:okta/00gbkkGFFWZDLCNTAGQR", "resource:okta/app/someid"));
    assert!(has(&found, EdgeKind::MemberOf, "identity:okta/OKTA_USER_ID_2", "group:okta/00g1"));
}

#[test]
fn answers_of_entra_are_read() {
    let all = ["applications", "directory_roles", "groups", "ou", "users"];
    let read = |name: &str| sample(&format!("microsoft/entra/{name}.json"));
    let Some(samples) = all.into_iter().map(read).collect::<Option<Vec<_>>>() else { return skipped() };
    let [apps, roles, groups, units, users] = &samples[..] else { panic!("five samples") };
    let mut all_groups = groups["MOCK_ENTRA_GROUPS"].clone();
    for group in all_groups.as_array_mut().unwrap() {
        let id = group["id"].as_str().unwrap().to_owned();
        group["members"] = groups["MOCK_GROUP_MEMBERS"][&id].clone();
        group["owners"] = groups["MOCK_GROUP_OWNERS"][&id].clone();
    }
    let mut all_units = units["MOCK_ENTRA_OUS"].clone();
    all_units.as_array_mut().unwrap().push(units["MOCK_NESTED_OU"].clone());
    let document = json!({
        "users": users["MOCK_ENTRA_USERS"],
        "groups": all_groups,
        "roleDefinitions": roles["MOCK_ROLE_DEFINITIONS"],
        "roleAssignments": roles["MOCK_ROLE_ASSIGNMENTS"],
        "applications": apps["MOCK_ENTRA_APPLICATIONS"],
        "servicePrincipals": apps["MOCK_SERVICE_PRINCIPALS"],
        "appRoleAssignments": apps["MOCK_APP_ROLE_ASSIGNMENTS_DICT"],
        "administrativeUnits": all_units,
    });
    let found = scan("entra/simpson.json", &document);
    assert_eq!(found.problems, []);
    let (homer, team) =
        ("identity:entra/ae4ac864-4433-4ba6-96a6-20f8cffdadcb", "group:entra/11111111-1111-1111-1111-111111111111");
    let global = "group:entra/role/simpson/62e90394-69f5-4237-9190-012177145e10";
    assert!(has(&found, EdgeKind::MemberOf, homer, team));
    assert!(has(&found, EdgeKind::MemberOf, "group:entra/22222222-2222-2222-2222-222222222222", team));
    assert!(has(&found, EdgeKind::MemberOf, homer, global));
    assert!(has(&found, EdgeKind::MayAssume, global, "group:entra/users/simpson"));
    assert!(has(&found, EdgeKind::MayAct, homer, "resource:entra/app/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"));
    // An administrator is not among those whom a lesser one may reset.
    assert!(!has(&found, EdgeKind::MayAssume, "group:entra/users/simpson", homer));
}

#[test]
fn answers_of_google_are_read() {
    let Some(customer) = sample("googleworkspace/tenant.json") else { return skipped() };
    let (new, old) = (sample("googleworkspace/api.json").unwrap(), sample("gsuite/api.json").unwrap());
    let mut users = new["MOCK_GOOGLEWORKSPACE_USERS_RESPONSE"][0]["users"].clone();
    for user in users.as_array_mut().unwrap() {
        user["tokens"] = new["MOCK_GOOGLEWORKSPACE_OAUTH_TOKENS_BY_USER"][user["id"].as_str().unwrap()].clone();
    }
    let mut groups = new["MOCK_GOOGLEWORKSPACE_GROUPS_RESPONSE"].clone();
    for group in groups.as_array_mut().unwrap() {
        let name = group["name"].as_str().unwrap().to_owned();
        group["memberships"] = new["MOCK_GOOGLEWORKSPACE_MEMBERS_BY_GROUP_EMAIL"][&name].clone();
    }
    let document = json!({"customer": customer["GOOGLEWORKSPACE_TENANT_DATA"], "users": users, "groups": groups});
    let found = scan("google_workspace/simpson.json", &document);
    assert_eq!(found.problems, []);
    assert!(has(&found, EdgeKind::MemberOf, "identity:google/user-1", "group:google/group-engineering"));
    assert!(has(&found, EdgeKind::MemberOf, "group:google/group-operations", "group:google/group-engineering"));
    assert!(has(&found, EdgeKind::MemberOf, "identity:google/user-1", "group:google/role/simpson/super"));
    let calendar = "identity:app/google/987654321.apps.googleusercontent.com/user/user-1";
    assert!(has(&found, EdgeKind::MayAct, calendar, "resource:google/mailbox/mbsimpson@simpson.corp"));
    // Who signs on with an address alone gives no data.
    let slack = "identity:app/google/123456789.apps.googleusercontent.com/user/user-1";
    assert!(has(&found, EdgeKind::Consents, "identity:google/user-1", slack));
    assert!(!edges(&found).any(|edge| edge.kind == EdgeKind::MayAct && edge.from.as_str() == slack));

    let mut groups = old["MOCK_GSUITE_GROUPS_RESPONSE"].clone();
    for group in groups.as_array_mut().unwrap() {
        let id = group["id"].as_str().unwrap().to_owned();
        group["members"] = old["MOCK_GSUITE_MEMBERS_BY_GROUP_ID"][&id].clone();
    }
    let document = json!({"users": old["MOCK_GSUITE_USERS_RESPONSE"][0]["users"], "groups": groups});
    let found = scan("google_workspace/example.json", &document);
    assert_eq!(found.problems, []);
    assert!(has(&found, EdgeKind::MemberOf, "identity:google/user-2", "group:google/group-operations"));
    assert!(has(&found, EdgeKind::MemberOf, "group:google/group-operations", "group:google/group-engineering"));
}

#[test]
fn answers_of_slack_are_read() {
    let all = ["users", "channels", "usergroups", "teams"];
    let read = |name: &str| sample(&format!("slack/{name}.json"));
    let Some(samples) = all.into_iter().map(read).collect::<Option<Vec<_>>>() else { return skipped() };
    let [users, channels, groups, teams] = &samples[..] else { panic!("four samples") };
    let mut all_channels = channels["SLACK_CHANNELS"]["channels"].clone();
    for channel in all_channels.as_array_mut().unwrap() {
        channel["members"] = channels["SLACK_CHANNELS_MEMBERSHIPS"]["members"].clone();
    }
    let members = users.as_object().unwrap().values().next().unwrap()["members"].clone();
    let document = json!({
        "team": teams["SLACK_TEAMS_DETAILS"],
        "users": members,
        "channels": all_channels,
        "usergroups": groups["SLACK_USERGROUPS"]["usergroups"],
    });
    let found = scan("slack/TTPQ4FBPT.json", &document);
    assert_eq!(found.problems, []);
    assert!(has(&found, EdgeKind::MemberOf, "identity:slack/SLACKUSER1", "group:slack/role/TTPQ4FBPT/owner"));
    assert!(has(&found, EdgeKind::MemberOf, "identity:slack/SLACKUSER2", "group:slack/members/TTPQ4FBPT"));
    assert!(has(&found, EdgeKind::MayAct, "group:slack/public/TTPQ4FBPT", "resource:slack/SLACKCHANNEL1"));
    assert!(has(&found, EdgeKind::MayAct, "group:slack/SLACKGROUP1", "resource:slack/SLACKCHANNEL1"));
    // A bot is no member, and sees no channel that it is not in.
    assert!(!edges(&found).any(|edge| edge.from.as_str() == "identity:slack/SLACKBOT1"));
}

/// The samples keep what further calls answered under names of their own.
fn renamed(mut items: Value, names: &[(&str, &str)]) -> Value {
    for item in items.as_array_mut().unwrap() {
        for (theirs, ours) in names {
            if let Some(value) = item.get(theirs).cloned() {
                item[*ours] = value;
            }
        }
    }
    items
}

#[test]
fn answers_of_keycloak_are_read() {
    let all = ["users", "groups", "clients", "roles", "identityproviders", "organizations", "realms"];
    let read = |name: &str| sample(&format!("keycloak/{name}.json"));
    let Some(samples) = all.into_iter().map(read).collect::<Option<Vec<_>>>() else { return skipped() };
    let [users, groups, clients, roles, providers, organizations, realms] = &samples[..] else {
        panic!("seven samples")
    };
    let mut all_roles = roles["KEYCLOAK_ROLES"].clone();
    let by_id = |id: &Value| roles["KEYCLOAK_ROLES"].as_array().unwrap().iter().find(|role| role["id"] == *id).cloned();
    for role in all_roles.as_array_mut().unwrap() {
        let held = role["_composite_roles"].as_array().cloned().unwrap_or_default();
        role["composites"] = held.iter().filter_map(by_id).collect();
    }
    let document = json!({
        "realm": realms["KEYCLOAK_REALMS"][0],
        "users": users["KEYCLOAK_USERS"],
        "groups": renamed(groups["KEYCLOAK_GROUPS"].clone(), &[("_members", "members")]),
        "clients": clients["KEYCLOAK_CLIENTS"],
        "roles": all_roles,
        "identityProviders": providers["KEYCLOAK_IDPS"],
        "organizations": renamed(organizations["KEYCLOAK_ORGANIZATIONS"].clone(), &[("_members", "members")]),
    });
    let found = scan("keycloak/simpson-corp.json", &document);
    assert_eq!(found.problems, []);
    let (homer, family) =
        ("identity:keycloak/simpson-corp/b34866c4-7c54-439d-82ab-f8c21bd2d81a", "0c371c4c-59e4-4520-8033-5aba5be98694");
    let family = format!("group:keycloak/simpson-corp/{family}");
    assert!(has(&found, EdgeKind::MemberOf, homer, &family));
    assert!(has(
        &found,
        EdgeKind::MemberOf,
        &family,
        "group:keycloak/simpson-corp/3279912a-4f73-43ee-afbf-3ed1d53a33ca"
    ));
    assert!(has(
        &found,
        EdgeKind::MemberOf,
        &family,
        "group:keycloak/role/simpson-corp/springfield-powerplant/powerplant-employee"
    ));
    let (admin, users) =
        ("group:keycloak/role/simpson-corp/realm-management/realm-admin", "group:keycloak/users/simpson-corp");
    assert!(has(&found, EdgeKind::MayAssume, admin, users));
    assert!(has(&found, EdgeKind::MemberOf, admin, "group:keycloak/role/simpson-corp/realm-management/manage-users"));
    let (app, account) = (
        "identity:app/keycloak/simpson-corp/burns-backdoor",
        "identity:keycloak/simpson-corp/1859462c-4b8d-4e8f-9084-a5494a4f0437",
    );
    assert!(has(&found, EdgeKind::Authenticates, "credential:keycloak/simpson-corp/burns-backdoor", app));
    assert!(has(&found, EdgeKind::MayAssume, app, account));
    // The secret itself is in the sample and nowhere in what was found.
    assert!(!format!("{found:?}").contains("TINzO14xdnAiVwExDpQrVna7KosuFilZ"));
}

/// Users of an enterprise.
const MANY: usize = 100_000;

#[test]
fn a_hundred_thousand_users_of_okta_take_facts_in_proportion() {
    let user = |at: usize| json!({"id": format!("00u{at}"), "status": "ACTIVE", "profile": {"login": format!("u{at}@x.example")}});
    let member = |at: usize| json!({"id": format!("00u{at}")});
    let role = json!({"id": "r", "type": "HELP_DESK_ADMIN", "group_targets": [{"id": "all"}]});
    let admins: Vec<Value> = (0..200).map(|at| json!({"id": format!("00u{at}"), "roles": [role]})).collect();
    let document = json!({
        "users": (0..MANY).map(user).collect::<Vec<_>>(),
        "groups": [{"id": "all", "users": (0..MANY).map(member).collect::<Vec<_>>()}],
        "apps": [{"id": "a", "groups": [{"id": "all"}]}],
        "admins": admins,
    });
    let found = scan("okta/large.json", &document);
    assert!(found.complete);
    assert!(nodes(&found).count() >= MANY && edges(&found).count() >= 2 * MANY);
    assert!(found.facts.len() < 4 * MANY + 1_000, "{}", found.facts.len());
}

#[test]
fn a_hundred_thousand_users_of_entra_take_facts_in_proportion() {
    let user = |at: usize| json!({"id": format!("u{at}"), "userPrincipalName": format!("u{at}@x.example"), "mail": format!("u{at}@x.example")});
    let member = |at: usize| json!({"@odata.type": "#microsoft.graph.user", "id": format!("u{at}")});
    let helpers: Vec<Value> = (0..200)
        .map(|at| json!({"principalId": format!("u{at}"), "roleDefinitionId": "729827e3-9c14-49f7-bb1b-9608f156bbb8"}))
        .collect();
    let link = json!({"id": "p", "roles": ["read"], "link": {"scope": "organization"}});
    let document = json!({
        "users": (0..MANY).map(user).collect::<Vec<_>>(),
        "groups": [{"id": "all", "members": (0..MANY).map(member).collect::<Vec<_>>()}],
        "roleDefinitions": [],
        "roleAssignments": helpers,
        "applications": [],
        "servicePrincipals": [],
        "drives": [{"id": "d", "items": (0..100).map(|_| json!({"permissions": [link]})).collect::<Vec<_>>()}],
    });
    let found = scan("entra/large.json", &document);
    assert!(found.complete);
    assert!(nodes(&found).count() >= MANY && edges(&found).count() >= 2 * MANY);
    assert!(found.facts.len() < 10 * MANY, "{}", found.facts.len());
}

#[test]
fn a_hundred_thousand_users_of_google_take_facts_in_proportion() {
    let user =
        |at: usize| json!({"id": format!("{at}"), "primaryEmail": format!("u{at}@x.example"), "orgUnitPath": "/a"});
    let member = |at: usize| json!({"id": format!("{at}"), "email": format!("u{at}@x.example"), "type": "USER"});
    let helpers: Vec<Value> = (0..200).map(|at| json!({"assignedTo": format!("{at}"), "roleId": "r"})).collect();
    let file = |at: usize| json!({"id": format!("f{at}"), "driveId": "d", "permissions": [{"type": "domain", "role": "reader"}]});
    let document = json!({
        "users": (0..MANY).map(user).collect::<Vec<_>>(),
        "groups": [{"id": "all", "email": "all@x.example", "members": (0..MANY).map(member).collect::<Vec<_>>()}],
        "roles": [{"roleId": "r", "rolePrivileges": [{"privilegeName": "USERS_RESET_PASSWORD"}]}],
        "roleAssignments": helpers,
        "files": (0..100).map(file).collect::<Vec<_>>(),
    });
    let found = scan("google_workspace/large.json", &document);
    assert!(found.complete);
    assert!(nodes(&found).count() >= MANY && edges(&found).count() >= 2 * MANY);
    assert!(found.facts.len() < 11 * MANY, "{}", found.facts.len());
}

#[test]
fn a_hundred_thousand_users_of_slack_take_facts_in_proportion() {
    let user = |at: usize| json!({"id": format!("U{at}"), "profile": {"email": format!("u{at}@x.example")}, "is_email_confirmed": true});
    let everybody: Vec<String> = (0..MANY).map(|at| format!("U{at}")).collect();
    let channel = |at: usize| json!({"id": format!("C{at}"), "is_private": false, "members": []});
    let mut channels: Vec<Value> = (0..1_000).map(channel).collect();
    channels.push(json!({"id": "C", "is_private": false, "members": everybody}));
    channels.push(json!({"id": "P", "is_private": true, "members": everybody}));
    let document = json!({"users": (0..MANY).map(user).collect::<Vec<_>>(), "channels": channels});
    let found = scan("slack/T.json", &document);
    assert!(found.complete);
    assert!(nodes(&found).count() >= MANY && edges(&found).count() >= 2 * MANY);
    assert!(found.facts.len() < 6 * MANY, "{}", found.facts.len());
}

#[test]
fn a_hundred_thousand_users_of_keycloak_take_facts_in_proportion() {
    let roles = json!({"realmMappings": [{"name": "default"}]});
    let user = |at: usize| json!({"id": format!("u{at}"), "email": format!("u{at}@x.example"), "roleMappings": roles});
    let member = |at: usize| json!({"id": format!("u{at}")});
    // Each group in the one before it, deeper than anything is read.
    let mut nested = json!({"id": "deepest"});
    for at in 0..50 {
        nested = json!({"id": format!("n{at}"), "subGroups": [nested]});
    }
    let document = json!({
        "users": (0..MANY).map(user).collect::<Vec<_>>(),
        "groups": [{"id": "all", "members": (0..MANY).map(member).collect::<Vec<_>>()}, nested],
        "clients": [{"id": "c", "clientId": "realm-management"}],
        "roles": [{"name": "default"}],
    });
    let found = scan("keycloak/large.json", &document);
    // A depth that nobody uses is told of, and ends.
    assert_eq!((found.complete, found.problems.len()), (false, 1));
    assert!(nodes(&found).count() >= MANY && edges(&found).count() >= 2 * MANY);
    assert!(found.facts.len() < 5 * MANY, "{}", found.facts.len());
}
