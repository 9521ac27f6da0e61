//! One PostgreSQL database and the roles of its server: membership, ownership, grants and what they come to.
//!
//! Rights over a table need three things: the right itself, use of its schema, and a connection to its database. The last two
//! are hubs, and an edge names them as premises unless whoever has the right has them too.

mod collect;
mod document;
mod roles;
mod tables;

use crate::collect::Collect;
use crate::json::{has_format, parse, text, time};
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner};
use document::Grants;
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Time};
use roles::Roles;
use std::path::Path;

/// The format's name.
const FORMAT: &str = "firebreak.postgres/1";

/// Reads what a server says of one of its databases.
pub struct Postgres;

/// The scanner.
pub static SCANNER: Postgres = Postgres;

impl Scanner for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        path.extension().is_some_and(|extension| extension == "json")
            && String::from_utf8_lossy(head).contains("firebreak.postgres/")
    }

    fn collector(&self) -> Option<&'static dyn Collect> {
        Some(&collect::Server)
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found::default();
        if let Some(document) = parse(input.bytes, &mut report)
            && has_format(&document, FORMAT, &mut report)
        {
            // By hand the host is said by the folder: `postgres/<host>/<database>.json`.
            let parts = input.parts();
            let folder = parts.len().checked_sub(2).and_then(|index| parts.get(index)).copied();
            let host = text(&document, "host").or(folder).unwrap_or("unnamed").to_owned();
            let database = text(&document, "database").unwrap_or("unnamed").to_owned();
            let known = time(&document, "taken", &mut report).unwrap_or(input.known);
            found.scope = format!("postgres/{host}/{database}");
            found.complete = document::is_whole(&document, &mut report);
            let roles = Roles::read(&document, &mut report);
            let mut server = Server { host, database, known, roles, found: &mut found, report: &mut report };
            server.state_roles();
            server.state_database(&document);
        }
        found.problems = report.finish();
        found
    }
}

/// One server, seen from one database.
struct Server<'a> {
    host: String,
    database: String,
    known: Time,
    roles: Roles,
    found: &'a mut Found,
    report: &'a mut Report,
}

impl Server<'_> {
    /// Whoever logs in as the role.
    fn login(&self, name: &str) -> NodeKey {
        NodeKey::identity("postgres", &format!("{}/{name}", self.host))
    }

    /// The role with its rights, however somebody came to be in it.
    fn role(&self, name: &str) -> NodeKey {
        self.hub(&format!("role/{name}"))
    }

    /// A hub: `public`, `superusers`, `connect/<database>`, `use/<database>/<schema>`.
    fn hub(&self, name: &str) -> NodeKey {
        NodeKey::group("postgres", &format!("{}/{name}", self.host))
    }

    /// Whoever a grant names; an empty name is everybody.
    fn grantee(&self, name: &str) -> NodeKey {
        if name.is_empty() { self.hub("public") } else { self.role(name) }
    }

    fn resource(&self, below: &str) -> NodeKey {
        NodeKey::resource("postgres", &format!("{}/{}{below}", self.host, self.database))
    }

    fn evidence(&self, place: &str) -> String {
        format!("{}: {place}", self.report.input())
    }

    fn node(&mut self, key: NodeKey, valid: Interval, place: &str) {
        let node = NodeFact::new(key, valid, self.known, &self.evidence(place));
        self.found.facts.push(Fact::Node(node));
    }

    fn edge(&self, kind: EdgeKind, from: NodeKey, to: NodeKey, place: &str) -> EdgeFact {
        EdgeFact::new(kind, from, to, Interval::ALWAYS, self.known, &self.evidence(place))
    }

    fn state(&mut self, edge: EdgeFact) {
        self.found.facts.push(Fact::Edge(edge));
    }

    /// An edge for each grantee of `privilege`.
    fn admit(&mut self, grants: &Grants<'_>, privilege: &str, hub: &NodeKey, place: &str) {
        for (grantee, _) in grants.iter().filter(|(_, have)| *have == privilege) {
            let edge = self.edge(EdgeKind::MemberOf, self.grantee(grantee), hub.clone(), place);
            self.state(edge);
        }
    }
}
