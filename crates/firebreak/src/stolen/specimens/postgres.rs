//! A PostgreSQL server with Firebreak's role, and another that reads data and that Firebreak is to be able to shut out.

use super::actions;
use crate::stolen::specimen::{Specimen, Target};
use crate::stolen::{Held, Verdict};
use firebreak_model::NodeKey;
use serde_json::{Value, json};

/// What Firebreak's role comes to on a server of version 17, where CREATEROLE alone no longer is every role: it has
/// ADMIN OPTION on the role `app`, as the manifest says.
pub(super) fn specimen(rights: &[Held<'_>]) -> Specimen {
    let has = |wanted: &str| actions(rights).any(|action| action == wanted);
    let creates = has("CREATEROLE");
    let role = |name: &str, superuser: bool, creates: bool, login: bool| {
        json!({
            "name": name, "superuser": superuser, "inherit": true, "create_role": creates, "login": login,
            "replication": false, "bypass_row_security": false, "valid_until": null,
        })
    };
    let mut roles = vec![
        role("postgres", true, true, true),
        role("app", false, false, true),
        role("firebreak", has("SUPERUSER"), creates, true),
    ];
    let member = |role: &str, admin: bool| json!({"role": role, "member": "firebreak", "admin": admin, "inherit": !admin, "set": !admin});
    let mut members: Vec<Value> = Vec::new();
    for named in actions(rights).filter(|action| action.starts_with("pg_")) {
        roles.push(role(named, false, false, false));
        members.push(member(named, false));
    }
    if creates {
        members.push(member("app", true));
    }
    let document = json!({
        "format": "firebreak.postgres/1", "host": "db", "database": "app", "version": 170_002,
        "taken": "2026-03-24T10:00:00Z", "roles": roles, "members": members,
        "databases": [{"name": "app", "owner": "postgres", "open": true, "grants": [["", "CONNECT"]]}],
        "schemas": [{"name": "public", "owner": "postgres", "grants": [["", "USAGE"]]}],
        "relations": [{
            "schema": "public", "name": "customers", "kind": "r", "owner": "postgres", "rows": 1000, "bytes": 1000,
            "row_security": false, "grants": [["app", "SELECT"]],
        }],
        "definer_functions": [], "default_grants": [], "user_mappings": [],
    });
    let hub = |name: &str| NodeKey::group("postgres", &format!("db/{name}"));
    let raises = |key, says| Target { key, verdict: Verdict::RaisesRights, says };
    let reads = |what: &str| Target {
        key: NodeKey::resource("postgres", what),
        verdict: Verdict::ReadsData,
        says: "reads tables",
    };
    Specimen {
        files: vec![("postgres/db/app.json", document)],
        from: NodeKey::identity("postgres", "db/firebreak"),
        foothold: Vec::new(),
        targets: vec![
            raises(hub("superusers"), "becomes a superuser"),
            raises(hub("role/app"), "gives itself every role that it may shut out, and has their data"),
            raises(NodeKey::environment("host", "db"), "runs programs on the server's host"),
            reads("db/app/public.customers"),
            reads("db/app"),
        ],
        whole: true,
    }
}
