//! Collecting from real servers. `FIREBREAK_LAB` names the directory that `lab/prepare` filled; without it these tests say
//! that they were skipped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, dead_code, reason = "a test")]

#[path = "../../act/tests/lab/postgres.rs"]
mod postgres;
#[path = "../../act/tests/lab/server.rs"]
mod server;

use firebreak_inventory::collect::{Patience, Settings, keep};
use firebreak_inventory::scan_directory;
use firebreak_inventory::scanners::SCANNERS;
use firebreak_model::{EdgeFact, EdgeKind, Fact, Time};
use firebreak_world::{Secrets, SecretsError, SqlxPostgres, World};
use postgres::Cluster;
use secrecy::SecretString;
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
