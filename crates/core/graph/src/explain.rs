//! Paths as sentences: what each step is, since when it is possible, what it needs, what is undecided about it, and what says
//! so. For people who must decide, and for the record.
//!
//! It says what the graph knows and nothing else; which path is shown is the caller's choice.

use crate::graph::{Edge, Graph, NodeId};
use crate::reach::Hop;
use firebreak_model::{EdgeKind, NodeKey, NodeKind, Persistence, Text, Time};
use serde::Serialize;

/// One step in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sentence {
    /// The whole sentence, with a full stop.
    pub text: String,
    /// What says that the relation holds: an inventory and a place in it.
    pub evidence: Text,
    /// The first instant at which the step is possible on this path.
    pub at: Time,
    /// What is undecided; empty where the step is certain.
    pub undecided: Vec<Text>,
}

/// The steps of a path, a sentence each.
pub fn explain(graph: &Graph, path: &[Hop]) -> Vec<Sentence> {
    path.iter().map(|hop| sentence(graph, hop)).collect()
}

/// What a person calls a node, with its kind.
pub fn name(graph: &Graph, key: &NodeKey) -> String {
    let label = graph.id(key).map_or("", |id| graph.label(id));
    let system = match (key.kind(), key.system()) {
        (NodeKind::DataClass, _) => return key.rest().to_owned(),
        (NodeKind::Package, _) => return format!("package {}", key.name()),
        (_, "person") => return key.name().to_owned(),
        (_, system) => system,
    };
    let kind = match key.kind() {
        NodeKind::Identity => "identity",
        NodeKind::Credential => "credential",
        kind => kind.word(),
    };
    if label.is_empty() || label == key.name() || label.contains(key.name()) {
        format!("{system} {kind} {}", key.name())
    } else {
        format!("{system} {kind} {label} ({})", key.name())
    }
}

fn sentence(graph: &Graph, hop: &Hop) -> Sentence {
    let edge = graph.edge(hop.edge).filter(|edge| is_of(graph, edge, hop));
    let mut text = relation(graph, hop, edge.as_ref());
    if !hop.premises.is_empty() {
        let needed: Vec<String> = hop.premises.iter().map(|key| name(graph, key)).collect();
        text += &format!(", together with {}", needed.join(" and "));
    }
    text += edge.as_ref().map_or("", |edge| lasting(edge.persistence));
    let undecided = edge.as_ref().map_or_else(Vec::new, |edge| edge.may.to_vec());
    if !undecided.is_empty() {
        let conditions: Vec<&str> = undecided.iter().map(Text::as_str).collect();
        text += &format!(", if {}", conditions.join(", and if "));
    }
    if hop.at != Time::MIN {
        text += &format!(", from {}", hop.at);
    }
    if let Some(used) = edge.as_ref().and_then(|edge| edge.last_used) {
        text += &format!(" (last used {used})");
    }
    text.push('.');
    let text = text.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
    Sentence { text, evidence: hop.evidence.clone(), at: hop.at, undecided }
}

/// Numbers of a graph that has been compacted since name other edges.
fn is_of(graph: &Graph, edge: &Edge<'_>, hop: &Hop) -> bool {
    let key = |node: NodeId| graph.key(node);
    edge.kind == hop.kind && key(edge.from).as_ref() == Some(&hop.from) && key(edge.to).as_ref() == Some(&hop.to)
}

fn lasting(persistence: Persistence) -> &'static str {
    match persistence {
        Persistence::While => "",
        Persistence::Take => ", and keeps it until it is rotated",
        Persistence::Mint { .. } => ", which lives on when its parent is revoked",
    }
}

/// What the step is, without its conditions.
fn relation(graph: &Graph, hop: &Hop, edge: Option<&Edge<'_>>) -> String {
    let (from, to) = (name(graph, &hop.from), name(graph, &hop.to));
    let actions = edge.map_or(&[][..], |edge| edge.actions);
    match hop.kind {
        EdgeKind::InstalledIn => format!("{from} is installed in {to} and runs there"),
        EdgeKind::DependsOn => format!("{to} depends on {from}"),
        EdgeKind::ReadableIn => format!("Code that runs in {from} can read {to}"),
        EdgeKind::Authenticates => format!("Whoever holds {from} acts as {to}"),
        EdgeKind::Derives => format!("{to} is made from {from}"),
        EdgeKind::MemberOf => format!("{from} belongs to {to}"),
        EdgeKind::MayAssume => format!("{from} can become {to}{}", listed(" by ", actions)),
        EdgeKind::Consents => format!("{from} has given rights of its own to {to}{}", listed(": ", actions)),
        EdgeKind::MayAct => format!("{from} has access to {to}{}", listed(": ", actions)),
        EdgeKind::Stores => format!("{from} stores {to}"),
        EdgeKind::RunsAs if hop.to.kind() == NodeKind::Environment => format!("{from} can run code in {to}"),
        EdgeKind::RunsAs => format!("Code in {from} runs as {to}"),
        EdgeKind::Holds => match edge.and_then(|edge| edge.holding.as_ref()) {
            Some(held) => format!("{from} holds {} records of {to} (residents of {})", held.records, held.residency),
            None => format!("{from} holds {to}"),
        },
        EdgeKind::Publishes => format!("What runs in {from} can publish {to}"),
    }
}

/// At most four of a list, so that a sentence stays one.
fn listed(before: &str, actions: &[Text]) -> String {
    const SHOWN: usize = 4;
    let shown: Vec<&str> = actions.iter().take(SHOWN).map(Text::as_str).collect();
    let more = match actions.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if shown.is_empty() { String::new() } else { format!("{before}{}{more}", shown.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reach::{Source, reach};
    use firebreak_model::{EdgeFact, Fact, Interval, NodeFact};

    fn key(text: &str) -> NodeKey {
        NodeKey::parse(text).unwrap()
    }

    fn edge(kind: EdgeKind, from: &str, to: &str) -> EdgeFact {
        EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, Time(0), "inventory.json row 1")
    }

    #[test]
    fn a_path_reads_as_sentences_with_their_evidence() {
        let role = "identity:aws/arn:aws:iam::1:role/evals";
        let mut labelled = NodeFact::new(key("resource:aws/bucket"), Interval::ALWAYS, Time(0), "estate.json");
        labelled.label = Text::new("interviews");
        let act = EdgeFact {
            actions: ["s3:GetObject", "a", "b", "c", "d"].map(Text::new).to_vec(),
            may: vec![Text::new("the call comes from the office")],
            premises: vec![key("group:net/office")],
            last_used: Some(Time::from_seconds(86_400)),
            ..edge(EdgeKind::MayAct, role, "resource:aws/bucket")
        };
        let facts = [
            Fact::Node(labelled),
            Fact::Edge(edge(EdgeKind::ReadableIn, "environment:ci/job", "credential:aws/AKIA1")),
            Fact::Edge(edge(EdgeKind::Authenticates, "credential:aws/AKIA1", role)),
            Fact::Edge(act),
        ];
        let (graph, _) = Graph::build(&facts);
        let source = |text: &str| Source::new(graph.id(&key(text)).unwrap(), Time::from_seconds(10));
        let reached = reach(&graph, &[source("environment:ci/job"), source("group:net/office")], Time::MAX);
        let path = reached.witness(&graph, graph.id(&key("resource:aws/bucket")).unwrap());
        let said = explain(&graph, &path);
        let texts: Vec<&str> = said.iter().map(|sentence| sentence.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "Code that runs in ci environment job can read aws credential AKIA1, and keeps it until it is rotated, \
                 from 1970-01-01T00:00:10Z.",
                "Whoever holds aws credential AKIA1 acts as aws identity arn:aws:iam::1:role/evals, \
                 from 1970-01-01T00:00:10Z.",
                "aws identity arn:aws:iam::1:role/evals has access to aws resource interviews (bucket): s3:GetObject, a, b, c and 1 more, \
                 together with net group office, if the call comes from the office, from 1970-01-01T00:00:10Z \
                 (last used 1970-01-02T00:00:00Z).",
            ]
        );
        assert!(said.iter().all(|sentence| sentence.evidence == "inventory.json row 1"));
        assert_eq!(said[2].undecided, ["the call comes from the office"]);
    }

    #[test]
    fn names_from_inventories_move_no_cursor() {
        let facts = [Fact::Edge(edge(EdgeKind::MemberOf, "identity:x/a\u{1b}[2J", "group:x/b\nc"))];
        let (graph, _) = Graph::build(&facts);
        let source = Source::new(graph.id(&key("identity:x/a\u{1b}[2J")).unwrap(), Time::MIN);
        let path = reach(&graph, &[source], Time::MAX).witness(&graph, graph.id(&key("group:x/b\nc")).unwrap());
        assert_eq!(explain(&graph, &path)[0].text, "x identity a?[2J belongs to x group b?c.");
    }
}
