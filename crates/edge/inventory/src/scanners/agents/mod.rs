//! Our own statement of AI agents (`firebreak.agents/1`): where each runs, as whom it acts, what it may call, and whose
//! words it follows. It is taken at its word.

use crate::json::{check_keys, flag, has_format, node, nodes, parse, text, texts, time};
use crate::report::Report;
use crate::scanner::{Found, ScanInput, Scanner};
use crate::statements::Statements;
use firebreak_model::{EdgeKind, NodeKey};
use serde_json::Value;
use std::path::Path;

/// The format's name.
const FORMAT: &str = "firebreak.agents/1";

/// Reads statements of agents.
pub struct Agents;

/// The scanner.
pub static SCANNER: Agents = Agents;

impl Scanner for Agents {
    fn name(&self) -> &'static str {
        "agents"
    }

    fn recognises(&self, path: &Path, head: &[u8]) -> bool {
        path.extension().is_some_and(|extension| extension == "json")
            && String::from_utf8_lossy(head).contains("\"firebreak.agents/")
    }

    fn scan(&self, input: &ScanInput<'_>) -> Found {
        let mut report = Report::new(self.name(), input.path);
        let mut found = Found { scope: format!("agents/{}", input.path.display()), ..Found::default() };
        if let Some(document) = parse(input.bytes, &mut report)
            && has_format(&document, FORMAT, &mut report)
        {
            check_keys(&document, "the statement", &["format", "taken", "complete", "agents"], &mut report);
            let known = time(&document, "taken", &mut report).unwrap_or(input.known);
            let mut facts = Statements::new(known, &mut report);
            for (place, item) in facts.items(&document, "agents", "") {
                agent(item, &place, &mut facts);
            }
            (found.facts, found.settings) = facts.finish();
            found.complete = flag(&document, "complete") && report.is_empty();
        }
        found.problems = report.finish();
        found
    }
}

const KEYS: &[&str] =
    &["agent", "label", "runs_in", "run_by", "acts_as", "credentials", "calls", "follows", "asks_person"];

fn agent(item: &Value, place: &str, facts: &mut Statements<'_>) {
    check_keys(item, place, KEYS, facts.report);
    let Some(key) = node(item, "agent", facts.report) else {
        return facts.report.add(format!("{place} has no `agent`"), "name it: identity:agent/<system>/<id>");
    };
    if !facts.first(&key, place) {
        return;
    }
    facts.node(&key, place).label(text(item, "label").unwrap_or(""));
    // Whoever runs code where the agent runs is the agent.
    for environment in nodes(item, "runs_in", facts.report) {
        facts.edge(EdgeKind::RunsAs, &environment, &key, place);
    }
    for person in nodes(item, "run_by", facts.report) {
        facts.edge(EdgeKind::MayAssume, &person, &key, place);
    }
    for credential in nodes(item, "credentials", facts.report) {
        facts.edge(EdgeKind::Authenticates, &credential, &key, place);
    }
    for identity in nodes(item, "acts_as", facts.report) {
        facts.edge(EdgeKind::MayAssume, &key, &identity, place);
    }
    // What an agent reads may tell it what to do, unless a person looks at each step.
    let asked = if flag(item, "asks_person") { "a person approves what it is told to do" } else { "" };
    for content in nodes(item, "follows", facts.report) {
        let edge = facts.edge(EdgeKind::MayAssume, &content, &key, place);
        edge.may("it does what a text that it reads tells it").may(asked);
    }
    for (place, call) in facts.items(item, "calls", place) {
        called(call, &key, &place, facts);
    }
}

fn called(item: &Value, agent: &NodeKey, place: &str, facts: &mut Statements<'_>) {
    check_keys(item, place, &["on", "actions", "asks_person"], facts.report);
    let Some(on) = node(item, "on", facts.report) else {
        return facts.report.add(format!("{place} has no `on`"), "name what it calls: resource:mcp/<server>");
    };
    let edge = facts.edge(EdgeKind::MayAct, agent, &on, place).acts(&texts(item.get("actions")));
    edge.may(if flag(item, "asks_person") { "a person approves the call" } else { "" });
}
