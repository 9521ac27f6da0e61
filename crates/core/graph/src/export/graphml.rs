//! GraphML 1.0.

use super::{Part, bound};
use std::fmt::{Result, Write};

/// Attributes: name, of what, type.
const KEYS: [(&str, &str, &str); 12] = [
    ("kind", "all", "string"),
    ("label", "node", "string"),
    ("crown_jewel", "node", "boolean"),
    ("from", "all", "string"),
    ("to", "all", "string"),
    ("evidence", "all", "string"),
    ("actions", "edge", "string"),
    ("may", "edge", "string"),
    ("premises", "edge", "string"),
    ("records", "edge", "long"),
    ("last_used", "edge", "string"),
    ("known", "edge", "string"),
];

pub(super) fn write(part: &Part<'_>, out: &mut dyn Write) -> Result {
    out.write_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    out.write_str("<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n")?;
    for (name, of, kind) in KEYS {
        writeln!(out, "<key id=\"{name}\" for=\"{of}\" attr.name=\"{name}\" attr.type=\"{kind}\"/>")?;
    }
    out.write_str("<graph id=\"firebreak\" edgedefault=\"directed\">\n")?;
    for (id, node) in part.nodes() {
        write!(out, "<node id=\"{}\">", escaped(&part.text_of(id)))?;
        data(out, "kind", node.key.kind().word())?;
        data(out, "label", &node.label)?;
        if node.crown_jewel {
            data(out, "crown_jewel", "true")?;
        }
        interval(out, node.valid)?;
        data(out, "evidence", &node.evidence)?;
        out.write_str("</node>\n")?;
    }
    for edge in part.edges() {
        let (from, to) = (part.text_of(edge.from), part.text_of(edge.to));
        write!(out, "<edge source=\"{}\" target=\"{}\">", escaped(&from), escaped(&to))?;
        data(out, "kind", edge.kind.word())?;
        interval(out, edge.valid)?;
        data(out, "actions", &edge.actions.join(" "))?;
        data(out, "may", &edge.may.join("; "))?;
        data(out, "premises", &part.premises(&edge).join(" "))?;
        data(out, "records", &edge.holding.as_ref().map_or_else(String::new, |held| held.records.to_string()))?;
        data(out, "last_used", &edge.last_used.and_then(bound).unwrap_or_default())?;
        data(out, "known", &bound(edge.known).unwrap_or_default())?;
        data(out, "evidence", edge.evidence)?;
        out.write_str("</edge>\n")?;
    }
    out.write_str("</graph>\n</graphml>\n")
}

fn interval(out: &mut dyn Write, valid: firebreak_model::Interval) -> Result {
    data(out, "from", &bound(valid.from).unwrap_or_default())?;
    data(out, "to", &bound(valid.to).unwrap_or_default())
}

fn data(out: &mut dyn Write, key: &str, text: &str) -> Result {
    if text.is_empty() { Ok(()) } else { write!(out, "<data key=\"{key}\">{}</data>", escaped(text)) }
}

/// Text as XML takes it. What XML cannot hold at all becomes the replacement character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", c as u32)),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(c),
        }
    }
    escaped
}
