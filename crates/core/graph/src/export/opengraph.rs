//! OpenGraph, as BloodHound takes it: node kinds and edge kinds of our own, properties that are texts, numbers, truths or lists
//! of texts.

use super::{Part, bound, camel};
use serde_json::{Map, Value, json};
use std::fmt::{Result, Write};

/// What all our kinds begin with, so that they meet nobody else's.
const PREFIX: &str = "FB_";

pub(super) fn write(part: &Part<'_>, out: &mut dyn Write) -> Result {
    out.write_str("{\"metadata\":{\"source_kind\":\"Firebreak\"},\"graph\":{\"nodes\":[")?;
    let mut between = "\n";
    for (_, node) in part.nodes() {
        let mut properties = Map::new();
        put(&mut properties, "name", Some(node.label.to_string()));
        put(&mut properties, "system", Some(node.key.system().to_owned()));
        put(&mut properties, "evidence", Some(node.evidence.to_string()));
        put(&mut properties, "valid_from", bound(node.valid.from));
        put(&mut properties, "valid_to", bound(node.valid.to));
        properties.insert("crown_jewel".to_owned(), Value::Bool(node.crown_jewel));
        let kind = format!("{PREFIX}{}", camel(node.key.kind().word()));
        let row = json!({"id": node.key.as_str(), "kinds": [kind], "properties": properties});
        write!(out, "{between}{row}")?;
        between = ",\n";
    }
    out.write_str("\n],\"edges\":[")?;
    between = "\n";
    for edge in part.edges() {
        let mut properties = Map::new();
        // Whoever draws paths follows only what needs nothing else.
        properties.insert("traversable".to_owned(), Value::Bool(edge.premises.is_empty()));
        properties.insert("certain".to_owned(), Value::Bool(edge.may.is_empty()));
        put(&mut properties, "evidence", Some(edge.evidence.to_string()));
        put(&mut properties, "valid_from", bound(edge.valid.from));
        put(&mut properties, "valid_to", bound(edge.valid.to));
        put(&mut properties, "known", bound(edge.known));
        put(&mut properties, "last_used", edge.last_used.and_then(bound));
        list(&mut properties, "actions", edge.actions.iter().map(ToString::to_string).collect());
        list(&mut properties, "undecided", edge.may.iter().map(ToString::to_string).collect());
        list(&mut properties, "premises", part.premises(&edge));
        if let Some(held) = &edge.holding {
            properties.insert("records".to_owned(), json!(held.records));
        }
        let kind = format!("{PREFIX}{}", camel(edge.kind.word()));
        let end = |id| json!({"value": part.text_of(id), "match_by": "id"});
        let row = json!({"kind": kind, "start": end(edge.from), "end": end(edge.to), "properties": properties});
        write!(out, "{between}{row}")?;
        between = ",\n";
    }
    out.write_str("\n]}}\n")
}

fn put(properties: &mut Map<String, Value>, key: &str, text: Option<String>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        properties.insert(key.to_owned(), Value::String(text));
    }
}

fn list(properties: &mut Map<String, Value>, key: &str, texts: Vec<String>) {
    if !texts.is_empty() {
        properties.insert(key.to_owned(), json!(texts));
    }
}
