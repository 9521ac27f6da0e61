//! The DOT language of Graphviz: what `dot -Tsvg` draws.

use super::{Part, colour};
use std::fmt::{Result, Write};

pub(super) fn write(part: &Part<'_>, out: &mut dyn Write) -> Result {
    out.write_str("digraph firebreak {\n")?;
    out.write_str("  rankdir=LR;\n  node [shape=box, style=\"filled,rounded\", fontname=\"sans-serif\"];\n")?;
    for (id, node) in part.nodes() {
        let border = if node.crown_jewel { ", penwidth=3" } else { "" };
        let label = format!("{}\n{}", node.key.kind().word(), node.label);
        let (id, label) = (quoted(&part.text_of(id)), quoted(&label));
        writeln!(out, "  {id} [label={label}, fillcolor=\"{}\"{border}];", colour(node.key.kind()))?;
    }
    for edge in part.edges() {
        let style = if edge.may.is_empty() { "" } else { ", style=dashed" };
        let mut label = edge.kind.word().replace('_', " ");
        for premise in part.premises(&edge) {
            label += &format!("\nwith {premise}");
        }
        let (from, to) = (quoted(&part.text_of(edge.from)), quoted(&part.text_of(edge.to)));
        writeln!(out, "  {from} -> {to} [label={}{style}];", quoted(&label))?;
    }
    out.write_str("}\n")
}

/// A quoted name. A backslash means something in labels, so it is written twice; a line break is one.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            c if c.is_control() => quoted.push('\u{fffd}'),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
