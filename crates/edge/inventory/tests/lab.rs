//! Collecting from real servers. `FIREBREAK_LAB` names the directory that `lab/prepare` filled; without it these tests say
//! that they were skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

#[path = "../../act/tests/lab/keycloak.rs"]
mod keycloak;
#[path = "../../act/tests/lab/postgres.rs"]
mod postgres;
#[path = "../../act/tests/lab/server.rs"]
mod server;

use firebreak_inventory::collect::{Collected, Patience, Settings, keep};
use firebreak_inventory::scanners::SCANNERS;
use firebreak_inventory::{Found, scan_directory};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Time};
use firebreak_world::{RustlsHttp, Secrets, SecretsError, SqlxPostgres, World};
use keycloak::Keycloak;
use postgres::Cluster;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

struct Password;

impl Secrets for Password {
    fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from("let-me-in".to_owned()))
    }
}

/// Who may do what with what: the edges from a key to a key.
fn edges<'f>(facts: &'f [Fact], from: &str, to: &str) -> Vec<&'f EdgeFact> {
    let edge = |fact: &'f Fact| if let Fact::Edge(edge) = fact { Some(edge) } else { None };
    facts.iter().filter_map(edge).filter(|edge| edge.from.as_str() == from && edge.to.as_str() == to).collect()
}

#[tokio::test]
async fn a_live_postgresql_says_who_may_read_what() {
    if server::prepared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    for statement in [
        "CREATE ROLE auditor LOGIN PASSWORD 'let-me-in'",
        "CREATE ROLE readers NOLOGIN",
        "CREATE ROLE app LOGIN PASSWORD 'x' VALID UNTIL '2030-01-01T00:00:00Z'",
        "CREATE ROLE loner LOGIN NOINHERIT PASSWORD 'x'",
        "GRANT readers TO app, loner",
        "CREATE SCHEMA hr",
        "CREATE TABLE hr.contractors (ssn text)",
        "GRANT SELECT ON hr.contractors TO readers",
        "GRANT USAGE ON SCHEMA hr TO app",
        "CREATE TABLE public.notes (body text)",
        "GRANT SELECT (body) ON public.notes TO app",
        "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC",
        "GRANT CONNECT ON DATABASE postgres TO app, auditor",
        "ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO PUBLIC",
    ] {
        cluster.psql(statement);
    }
    let world = World { postgres: Arc::new(SqlxPostgres), secrets: Arc::new(Password), ..World::simulated(1) };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == "postgres").unwrap();
    let settings = Settings {
        scanner: "postgres".to_owned(),
        url: cluster.url("auditor", "").replace(":@", "@"),
        credential: Some("env:PASSWORD".to_owned()),
        values: BTreeMap::from([("host".to_owned(), "db-1".to_owned())]),
    };
    let collected = scanner.collector().unwrap().collect(&world, &Patience, &settings).await.unwrap();
    assert!(!collected.document.to_string().contains("let-me-in"));
    let inventory = Path::new("/inventory");
    keep(&world, inventory, &collected).unwrap();
    let found = scan_directory(&world, inventory, Time(0));
    assert!(found.complete && found.problems.len() == 1, "{:?}", found.problems);
    assert!(found.problems[0].reason.contains("every table that `app` makes"), "{:?}", found.problems);

    let table = "resource:postgres/db-1/postgres/hr.contractors";
    let role = |name: &str| format!("group:postgres/db-1/role/{name}");
    let (app, loner, readers) = (&role("app"), &role("loner"), &role("readers"));
    assert_eq!(edges(&found.facts, "identity:postgres/db-1/app", app).len(), 1);
    for member in [app, loner] {
        assert_eq!(edges(&found.facts, member, readers)[0].kind, EdgeKind::MayAssume, "{member}");
    }
    let granted = edges(&found.facts, readers, table);
    let premises: Vec<&str> = granted[0].premises.iter().map(|key| key.as_str()).collect();
    assert_eq!(premises, ["group:postgres/db-1/connect/postgres", "group:postgres/db-1/use/postgres/hr"]);
    assert_eq!(edges(&found.facts, app, premises[0]).len() + edges(&found.facts, app, premises[1]).len(), 2);
    assert!(premises.iter().all(|hub| edges(&found.facts, loner, hub).is_empty()), "it may not connect");
    let columns = edges(&found.facts, app, "resource:postgres/db-1/postgres/public.notes");
    assert_eq!(columns[0].may, ["the columns that may be read are those that matter"]);
    let everything = edges(&found.facts, "group:postgres/db-1/superusers", "resource:postgres/db-1/postgres");
    assert!(everything[0].may.is_empty());
    assert_eq!(edges(&found.facts, &role("admin"), "group:postgres/db-1/superusers").len(), 1);
    assert!(edges(&found.facts, app, "group:postgres/db-1/superusers").is_empty());
    // CREATEROLE on version 15 gives itself every role that is no superuser.
    let administrators = "group:postgres/db-1/role-administrators";
    assert_eq!(edges(&found.facts, &role("firebreak"), administrators).len(), 1);
    assert_eq!(edges(&found.facts, administrators, readers).len(), 1);
    assert!(edges(&found.facts, administrators, &role("admin")).is_empty());
}

#[tokio::test]
async fn a_wrong_password_collects_nothing_and_is_not_repeated() {
    if server::prepared().is_none() {
        return;
    }
    let cluster = Cluster::start();
    let world = World { postgres: Arc::new(SqlxPostgres), secrets: Arc::new(Password), ..World::simulated(1) };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == "postgres").unwrap();
    let settings = Settings {
        scanner: "postgres".to_owned(),
        url: cluster.url("admin", "").replace(":@", "@"),
        credential: Some("env:PASSWORD".to_owned()),
        values: BTreeMap::from([("host".to_owned(), "db-1".to_owned())]),
    };
    let refused = scanner.collector().unwrap().collect(&world, &Patience, &settings).await.unwrap_err().to_string();
    assert!(refused.contains("nothing was collected") && !refused.contains("let-me-in"), "{refused}");
}

struct Token(String);

impl Secrets for Token {
    fn secret(&self, _: &str) -> Result<SecretString, SecretsError> {
        Ok(SecretString::from(self.0.clone()))
    }
}

/// What the collector of Keycloak gets with this token, and what its scanner makes of it.
async fn realm_seen_with(server: &Keycloak, token: String) -> (Collected, Found) {
    let http = Arc::new(RustlsHttp::new().unwrap());
    let world = World { http, secrets: Arc::new(Token(token)), ..World::simulated(1) };
    let scanner = SCANNERS.iter().find(|scanner| scanner.name() == "keycloak").unwrap();
    let settings = Settings {
        scanner: "keycloak".to_owned(),
        url: server.url.clone(),
        credential: Some("env:TOKEN".to_owned()),
        values: BTreeMap::from([("realm".to_owned(), "meridian".to_owned())]),
    };
    let collected = scanner.collector().unwrap().collect(&world, &Patience, &settings).await.unwrap();
    let inventory = Path::new("/inventory");
    keep(&world, inventory, &collected).unwrap();
    let found = scan_directory(&world, inventory, Time(0));
    (collected, found)
}

fn realm() -> Value {
    let service = |name: &str, secret: &str| json!({"clientId": name, "enabled": true, "publicClient": false, "serviceAccountsEnabled": true, "secret": secret});
    let account = |client: &str, roles: &[&str]| json!({"username": format!("service-account-{client}"), "enabled": true, "serviceAccountClientId": client, "clientRoles": {"realm-management": roles}});
    let corporate = json!({"issuer": "https://idp.example", "clientId": "x", "clientSecret": "hush-of-provider", "authorizationUrl": "https://idp.example/a", "tokenUrl": "https://idp.example/t"});
    let viewer = ["view-realm", "view-users", "view-clients", "view-identity-providers"];
    json!({
        "realm": "meridian",
        "enabled": true,
        "roles": {"realm": [{"name": "auditor"}, {"name": "chief", "composite": true, "composites": {"realm": ["auditor"]}}]},
        "groups": [{"name": "staff", "realmRoles": ["auditor"], "subGroups": [{"name": "payroll"}]}],
        "identityProviders": [{"alias": "corporate", "providerId": "oidc", "enabled": true, "config": corporate}],
        "clients": [
            {"clientId": "notes", "enabled": true, "publicClient": true, "consentRequired": true},
            service("ci", "hush-of-ci"),
            service("viewer", "v"),
            service("narrow", "n"),
        ],
        "users": [
            {"username": "ada", "email": "ada@meridian.example", "emailVerified": true, "enabled": true, "groups": ["/staff/payroll"],
             "federatedIdentities": [{"identityProvider": "corporate", "userId": "u-1", "userName": "ada"}],
             "clientConsents": [{"clientId": "notes", "grantedClientScopes": ["profile", "offline_access"]}]},
            {"username": "bob", "enabled": true, "realmRoles": ["chief"]},
            account("ci", &["manage-users"]),
            account("viewer", &viewer),
            account("narrow", &["view-realm", "view-users"]),
        ],
    })
}

/// The key of what the realm calls so, from its label.
fn called<'f>(facts: &'f [Fact], label: &str) -> &'f str {
    let node = |fact: &'f Fact| if let Fact::Node(node) = fact { Some(node) } else { None };
    let found = facts.iter().filter_map(node).find(|node| node.label == label && node.key.system() == "keycloak");
    found.unwrap_or_else(|| panic!("nothing is called `{label}`")).key.as_str()
}

#[tokio::test]
async fn a_live_keycloak_says_who_may_become_whom_and_what_it_leaves_out_is_a_gap() {
    let Some(lab) = server::prepared() else { return };
    let server = Keycloak::start(&lab);
    server.make_realm(&realm()).await;
    let token = server.service("meridian", "viewer", "v").await;
    let (collected, whole) = realm_seen_with(&server, token).await;
    assert_eq!((collected.incomplete.as_slice(), whole.problems.as_slice()), (&[][..], &[][..]));
    assert!(whole.complete);
    assert!(!collected.document.to_string().contains("hush"), "secrets of clients and providers are not kept");

    let facts = &whole.facts;
    let (ada, bob) = (called(facts, "ada"), called(facts, "bob"));
    let (staff, payroll) = (called(facts, "/staff"), called(facts, "/staff/payroll"));
    let role = |name: &str| format!("group:keycloak/role/meridian/{name}");
    let (auditor, chief) = (&role("auditor"), &role("chief"));
    for (from, to) in [(ada, payroll), (payroll, staff), (staff, auditor), (bob, chief), (chief, auditor)] {
        let found = edges(facts, from, to);
        assert!(found.len() == 1 && found[0].kind == EdgeKind::MemberOf, "{from} -> {to}: {found:?}");
    }
    assert!(edges(facts, ada, chief).is_empty() && edges(facts, bob, payroll).is_empty());
    let manager = called(facts, "service-account-ci");
    assert_eq!(edges(facts, manager, &role("realm-management/manage-users")).len(), 1);
    assert!(edges(facts, called(facts, "service-account-viewer"), &role("realm-management/manage-users")).is_empty());
    let ada_id = ada.rsplit('/').next().unwrap();
    let grant = format!("identity:app/keycloak/meridian/notes/user/{ada_id}");
    assert_eq!(edges(facts, ada, &grant)[0].kind, EdgeKind::Consents);
    assert!(edges(facts, &grant, ada)[0].may[0].contains("offline_access"));
    let provider = "identity:keycloak/meridian/provider/corporate";
    assert_eq!(edges(facts, provider, ada).len(), 1);
    assert!(edges(facts, provider, bob).is_empty());

    // Who may not view clients is shown an empty list, and refused the providers.
    let token = server.service("meridian", "narrow", "n").await;
    let (collected, partial) = realm_seen_with(&server, token).await;
    assert!(!partial.complete, "it retires nothing");
    let told: Vec<&str> = partial.problems.iter().map(|problem| problem.reason.as_str()).collect();
    assert!(told.iter().any(|reason| reason.contains("lacks the client that manages the realm")), "{told:?}");
    for gap in &collected.incomplete {
        assert!(told.iter().any(|reason| reason.contains(&gap.call)), "{gap:?} of {told:?}");
    }
    assert_eq!(edges(&partial.facts, ada, payroll).len(), 1, "what it was shown counts");
}
