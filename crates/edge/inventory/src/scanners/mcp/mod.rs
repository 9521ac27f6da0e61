//! Configurations of MCP clients: which servers an agent's host starts or calls, with whose tokens, from which package.
//!
//! Commands are read, never run. Of variables and headers only the names are kept.

mod launch;

use crate::address::host_of;
use crate::json::{parse, text, texts};
use crate::report::{Report, shown};
use crate::scanner::{Found, ScanInput, Scanner, parts};
use crate::statements::Statements;
use firebreak_model::{EdgeKind, EnvironmentEvidence, NodeKey, Observation, Text};
use serde_json::{Map, Value};
use std::path::Path;

/// Reads configurations of MCP clients.
pub struct Mcp;

/// The scanner.
pub static SCANNER: Mcp = Mcp;

impl Scanner for Mcp {
    fn name(&self) -> &'static str {
        "mcp"
    }

    fn recognises(&self, path: &Path, _: &[u8]) -> bool {
        path.extension().is_some_and(|extension| extension == "json") && parts(path).first() == Some(&"mcp")
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: input.path.display().to_string(), ..Found::default() };
        let Some(environment) = environment(input) else {
            report.add("the path does not say where it was found", "keep it as mcp/host/<host>/<file>.json");
            found.problems = report.finish();
            return found;
        };
        if let Some(document) = parse(input.bytes, &mut report) {
            let servers = ["mcpServers", "servers"].into_iter().find_map(|key| document.get(key)?.as_object());
            match servers {
                None => report.add("it holds no `mcpServers`", "see the scanner's page for the form"),
                Some(servers) => {
                    let mut facts = Statements::new(input.known, &mut report);
                    let mut client = Client { environment: &environment, facts: &mut facts, seen: Vec::new() };
                    client.servers(servers);
                    let observations = std::mem::take(&mut client.seen);
                    (found.facts, found.settings) = facts.finish();
                    found.complete = report.is_empty();
                    if !observations.is_empty() {
                        let (runs, gaps) = (Vec::new(), Vec::new());
                        found.evidence.push(EnvironmentEvidence { environment, runs, observations, gaps });
                    }
                }
            }
        }
        found.problems = report.finish();
        found
    }
}

/// `mcp/host/mac-17/…` is of `environment:host/mac-17`.
fn environment(input: &ScanInput<'_>) -> Option<NodeKey> {
    match input.parts().as_slice() {
        [_, system, name, _, ..] => Some(NodeKey::environment(system, name)),
        _ => None,
    }
}

/// The agent's host while its configuration is read.
struct Client<'a, 'r> {
    environment: &'a NodeKey,
    facts: &'a mut Statements<'r>,
    seen: Vec<Observation>,
}

impl Client<'_, '_> {
    fn servers(&mut self, servers: &Map<String, Value>) {
        for (name, item) in servers {
            let place = format!("mcpServers.{}", shown(name));
            if !item.is_object() {
                self.facts.report.add(format!("{place} is not an object"), "see the scanner's page for the form");
                continue;
            }
            if item.get("disabled").and_then(Value::as_bool) != Some(true) {
                self.server(name, item, &place);
            }
        }
    }

    fn server(&mut self, name: &str, item: &Value, place: &str) {
        let remote = text(item, "url").or(text(item, "serverUrl")).and_then(host_of);
        let (environment, command) = (self.environment.clone(), text(item, "command"));
        let server = match (remote, command) {
            (Some(host), _) => NodeKey::resource("mcp", host),
            // A local server is one of this host only.
            (None, Some(_)) => NodeKey::resource("mcp", &format!("{}/{name}", environment.rest())),
            (None, None) => {
                self.facts.report.add(format!("{place} has neither `command` nor `url`"), "say how it is reached");
                return;
            }
        };
        let app = NodeKey::identity("app", &format!("mcp/{}", server.name()));
        self.facts.node(&server, place).label(name);
        self.facts.edge(EdgeKind::MayAct, &environment, &server, place).acts(&["tools/call"]);
        self.facts.edge(EdgeKind::MayAssume, &server, &app, place).acts(&texts(item.get("tools")));
        if let Some(command) = command {
            self.facts
                .edge(EdgeKind::RunsAs, &app, &environment, place)
                .may("a tool of it runs commands or writes files");
            let arguments = texts(item.get("args"));
            let what = launch::package(command, &arguments);
            let evidence = Text::new(format!("{} {place}", self.facts.report.input()));
            self.seen.extend(what.map(|what| Observation { time: None, what, evidence }));
        }
        for (part, kind) in [("env", "variable"), ("headers", "header")] {
            self.credentials(item.get(part), (kind, name), &app, place);
        }
    }

    /// A variable or a header that is set to something is a credential of unknown rights, unless its name says otherwise.
    fn credentials(&mut self, set: Option<&Value>, (kind, server): (&str, &str), app: &NodeKey, place: &str) {
        let Some(set) = set.and_then(Value::as_object) else { return };
        for (name, _) in set.iter().filter(|(name, value)| launch::is_secret(name) && !value.is_null()) {
            let id = format!("{}/{server}/{name}", self.environment.rest());
            let (key, environment) = (NodeKey::credential("mcp", &id), self.environment.clone());
            self.facts.node(&key, place).label(&format!("{kind} {name} of {server}"));
            self.facts.edge(EdgeKind::ReadableIn, &environment, &key, place);
            self.facts.edge(EdgeKind::Authenticates, &key, app, place);
        }
    }
}
