//! What is in the database, and who may do what with it.

use super::Server;
use super::document::{Grants, grants};
use crate::json::{flag, list, text};
use firebreak_model::{EdgeFact, EdgeKind, Interval, NodeKey, Text};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Who may use what, to tell whether a grant stands by itself.
struct Admitted<'v> {
    /// Grantees of a connection to the database.
    connect: BTreeSet<&'v str>,
    /// Schema -> grantees of its use.
    schemas: BTreeMap<&'v str, BTreeSet<&'v str>>,
}

impl Server<'_> {
    pub(super) fn state_database(&mut self, document: &Value) {
        let databases = list(document, "databases");
        let Some(own) = databases.iter().find(|item| text(item, "name") == Some(self.database.as_str())) else {
            self.report.add("it does not list its own database", "export the file again");
            return;
        };
        let place = format!("database {}", self.database);
        self.node(self.resource(""), Interval::ALWAYS, &place);
        let given = grants(own, self.report);
        let hub = self.hub(&format!("connect/{}", self.database));
        self.admit(&given, "CONNECT", &hub, &place);
        let mut admitted = Admitted { connect: having(&given, "CONNECT"), schemas: BTreeMap::new() };
        for schema in list(document, "schemas") {
            let Some(name) = text(schema, "name") else { continue };
            let (given, place) = (grants(schema, self.report), format!("schema {name}"));
            let hub = self.schema_hub(name);
            self.admit(&given, "USAGE", &hub, &place);
            admitted.schemas.insert(name, having(&given, "USAGE"));
        }
        for relation in list(document, "relations") {
            self.relation(relation, &admitted);
        }
        for function in list(document, "definer_functions") {
            self.definer_function(function);
        }
        self.default_grants(document);
        for mapping in list(document, "user_mappings") {
            self.user_mapping(mapping);
        }
    }

    fn schema_hub(&self, schema: &str) -> NodeKey {
        self.hub(&format!("use/{}/{schema}", self.database))
    }

    fn relation(&mut self, relation: &Value, admitted: &Admitted<'_>) {
        let (Some(schema), Some(name)) = (text(relation, "schema"), text(relation, "name")) else {
            self.report.add("a relation has no schema or no name", "export the file again");
            return;
        };
        let place = format!("{schema}.{name}");
        let key = self.resource(&format!("/{place}"));
        self.node(key.clone(), Interval::ALWAYS, &place);
        let mut within = self.edge(EdgeKind::MayAct, key.clone(), self.resource(""), &place);
        within.may = vec![Text::new("what the database holds is in this table")];
        self.state(within);
        let mut by_grantee: BTreeMap<&str, Vec<Text>> = BTreeMap::new();
        for (grantee, privilege) in grants(relation, self.report) {
            by_grantee.entry(grantee).or_default().push(Text::new(privilege));
        }
        let guarded = flag(relation, "row_security");
        for (grantee, privileges) in by_grantee {
            let may = undecided(&privileges, guarded);
            let mut edge = self.edge(EdgeKind::MayAct, self.grantee(grantee), key.clone(), &place);
            (edge.actions, edge.may) = (privileges, may);
            edge.premises = self.needed(grantee, schema, admitted);
            self.state(edge);
        }
        if let Some(owner) = text(relation, "owner") {
            self.ownership(owner, &key, schema, admitted, &place);
        }
    }

    /// An owner may give itself whatever it took from itself.
    fn ownership(&mut self, owner: &str, key: &NodeKey, schema: &str, admitted: &Admitted<'_>, place: &str) {
        let mut edge: EdgeFact =
            self.edge(EdgeKind::MayAct, self.role(owner), key.clone(), &format!("{place}, as its owner"));
        edge.actions = vec![Text::new("owner")];
        edge.premises = self.needed(owner, schema, admitted);
        self.state(edge);
    }

    /// The hubs that a right over a table needs beside its grantee, without those that the grantee is in anyhow.
    fn needed(&self, grantee: &str, schema: &str, admitted: &Admitted<'_>) -> Vec<NodeKey> {
        let superuser = self.roles.by_name.get(grantee).is_some_and(|role| role.superuser);
        let mut needed = Vec::new();
        if !superuser && !self.roles.has_one_of(grantee, &admitted.connect) {
            needed.push(self.hub(&format!("connect/{}", self.database)));
        }
        let users = admitted.schemas.get(schema);
        if !superuser && !users.is_some_and(|users| self.roles.has_one_of(grantee, users)) {
            needed.push(self.schema_hub(schema));
        }
        needed
    }

    /// Whoever may call a function that runs with its owner's rights may do what it does with them.
    fn definer_function(&mut self, function: &Value) {
        let (Some(schema), Some(name)) = (text(function, "schema"), text(function, "name")) else { return };
        let Some(owner) = text(function, "owner") else { return };
        let place = format!("function {schema}.{name}");
        let callers: BTreeSet<&str> = having(&grants(function, self.report), "EXECUTE");
        for caller in callers.into_iter().filter(|caller| *caller != owner) {
            let mut edge = self.edge(EdgeKind::MayAssume, self.grantee(caller), self.role(owner), &place);
            edge.may = vec![Text::new(format!("what `{schema}.{name}` does with the rights of `{owner}`"))];
            edge.premises = vec![self.schema_hub(schema)];
            self.state(edge);
        }
    }

    /// What will be readable once it is made: told, since a map of today does not show it.
    fn default_grants(&mut self, document: &Value) {
        for row in list(document, "default_grants") {
            let tables = text(row, "kind") == Some("r");
            let everybody = grants(row, self.report).iter().any(|(grantee, _)| grantee.is_empty());
            if tables && everybody {
                let of = text(row, "of").unwrap_or("somebody");
                let place = text(row, "schema").map_or("any schema".to_owned(), |schema| format!("schema {schema}"));
                let reason = format!("every table that `{of}` makes in {place} is open to every role");
                self.report.add(reason, "ALTER DEFAULT PRIVILEGES … REVOKE … FROM PUBLIC");
            }
        }
    }

    /// The server keeps the password with which a role is let into another server.
    fn user_mapping(&mut self, mapping: &Value) {
        let (Some(server), role) = (text(mapping, "server"), text(mapping, "role").unwrap_or("public")) else { return };
        let place = format!("user mapping of {role} for {server}");
        let name = format!("{}/{}/{server}/{role}", self.host, self.database);
        let credential = NodeKey::credential("postgres_mapping", &name);
        let from = if role == "public" { self.hub("public") } else { self.role(role) };
        let through = self.resource(&format!("/server/{server}"));
        let mut edge = self.edge(EdgeKind::MayAct, from, through.clone(), &place);
        edge.may = vec![Text::new(format!("`{role}` may use the server `{server}`"))];
        self.state(edge);
        let stores = self.edge(EdgeKind::Stores, through, credential, &place);
        self.state(stores);
    }
}

fn having<'v>(grants: &Grants<'v>, privilege: &str) -> BTreeSet<&'v str> {
    grants.iter().filter(|(_, have)| *have == privilege).map(|(grantee, _)| *grantee).collect()
}

/// Why a grant may let nobody read, or only some rows or columns.
fn undecided(privileges: &[Text], guarded: bool) -> Vec<Text> {
    let reads = |privilege: &Text| privilege == "SELECT";
    let writes =
        |privilege: &Text| matches!(privilege.as_str(), "INSERT" | "UPDATE" | "DELETE" | "TRUNCATE" | "TRIGGER");
    let mut may = Vec::new();
    if guarded {
        may.push(Text::new("row security lets rows through"));
    }
    if !privileges.iter().any(reads) {
        let columns = privileges.iter().any(|privilege| privilege == "SELECT of columns");
        let writer = privileges.iter().any(writes);
        may.push(Text::new(match (columns, writer) {
            (true, _) => "the columns that may be read are those that matter",
            (false, true) => "writing leads to reading, by a trigger or a query's answer",
            (false, false) => "a right that does not read leads to the data",
        }));
    }
    may
}
