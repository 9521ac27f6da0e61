//! One JSON object: `nodes` and `edges`, a line each.

use super::{Part, bound};
use serde::Serialize;
use std::fmt::{Result, Write};

#[derive(Serialize)]
struct Node<'a> {
    id: &'a str,
    kind: &'static str,
    label: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    crown_jewel: bool,
    evidence: &'a str,
}

#[derive(Serialize)]
struct Edge<'a> {
    kind: &'static str,
    source: String,
    target: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    premises: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    actions: &'a [firebreak_model::Text],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    may: &'a [firebreak_model::Text],
    #[serde(skip_serializing_if = "Option::is_none")]
    records: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    known: Option<String>,
    evidence: &'a str,
    cuts: Vec<firebreak_model::Text>,
}

pub(super) fn write(part: &Part<'_>, out: &mut dyn Write) -> Result {
    out.write_str("{\"nodes\":[")?;
    let mut between = "\n";
    for (_, node) in part.nodes() {
        let (from, to) = (bound(node.valid.from), bound(node.valid.to));
        let (id, kind, label) = (node.key.as_str(), node.key.kind().word(), node.label.as_str());
        row(
            out,
            between,
            &Node { id, kind, label, from, to, crown_jewel: node.crown_jewel, evidence: &node.evidence },
        )?;
        between = ",\n";
    }
    out.write_str("\n],\"edges\":[")?;
    between = "\n";
    for edge in part.edges() {
        let written = Edge {
            kind: edge.kind.word(),
            source: part.text_of(edge.from),
            target: part.text_of(edge.to),
            premises: part.premises(&edge),
            from: bound(edge.valid.from),
            to: bound(edge.valid.to),
            actions: edge.actions,
            may: edge.may,
            records: edge.holding.as_ref().map(|held| held.records),
            last_used: edge.last_used.and_then(bound),
            known: bound(edge.known),
            evidence: edge.evidence,
            cuts: edge.cuts.iter().map(|option| option.action.name.clone()).collect(),
        };
        row(out, between, &written)?;
        between = ",\n";
    }
    out.write_str("\n]}\n")
}

fn row(out: &mut dyn Write, between: &str, row: &impl Serialize) -> Result {
    let text = serde_json::to_string(row).map_err(|_| std::fmt::Error)?;
    out.write_str(between)?;
    out.write_str(&text)
}
