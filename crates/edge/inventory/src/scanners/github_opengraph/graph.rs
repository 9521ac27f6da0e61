//! The export as nodes by id and edges by kind.

use crate::json::{list, text};
use crate::report::{Report, shown};
use serde_json::Value;
use std::collections::BTreeMap;

/// One node: its first kind and its properties.
pub(super) struct Node<'a> {
    /// `GH_Repository`.
    pub(super) kind: &'a str,
    /// What the export says of it.
    pub(super) properties: &'a Value,
}

impl<'a> Node<'a> {
    /// The text of a property, unless it is empty.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        text(self.properties, name)
    }
}

/// The export.
pub(super) struct Graph<'a> {
    nodes: BTreeMap<&'a str, Node<'a>>,
    by_kind: BTreeMap<&'a str, Vec<&'a str>>,
    /// Edges of a kind: by start, and by end.
    out: BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a str>>>,
    into: BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a str>>>,
    others: bool,
}

impl<'a> Graph<'a> {
    /// Reads nodes and edges; what has no id or no kind is a problem.
    pub(super) fn read(export: &'a Value, report: &mut Report) -> Graph<'a> {
        let (out, into) = (BTreeMap::new(), BTreeMap::new());
        let mut graph = Graph { nodes: BTreeMap::new(), by_kind: BTreeMap::new(), out, into, others: false };
        let content = export.get("graph").unwrap_or(export);
        for (at, node) in list(content, "nodes").iter().enumerate() {
            let kind = list(node, "kinds").first().and_then(Value::as_str);
            let (Some(id), Some(kind)) = (text(node, "id"), kind) else {
                report.add(format!("nodes[{at}] has no id or no kind"), "export the graph again");
                continue;
            };
            if !kind.starts_with("GH_") {
                graph.others = true;
                continue;
            }
            let properties = node.get("properties").unwrap_or(&Value::Null);
            if graph.nodes.insert(id, Node { kind, properties }).is_none() {
                graph.by_kind.entry(kind).or_default().push(id);
            } else {
                report
                    .add(format!("nodes[{at}] repeats `{}`", shown(id)), "the last one counts; export the graph again");
            }
        }
        for (at, edge) in list(content, "edges").iter().enumerate() {
            let end = |key: &str| edge.get(key).and_then(|end| text(end, "value"));
            let (Some(kind), Some(start), Some(end)) = (text(edge, "kind"), end("start"), end("end")) else {
                report.add(format!("edges[{at}] has no kind, start or end"), "export the graph again");
                continue;
            };
            graph.out.entry(kind).or_default().entry(start).or_default().push(end);
            graph.into.entry(kind).or_default().entry(end).or_default().push(start);
        }
        graph
    }

    /// Whether there is nothing of GitHub in it.
    pub(super) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether there is something in it that is not GitHub's.
    pub(super) fn has_others(&self) -> bool {
        self.others
    }

    /// The node with this id.
    pub(super) fn node(&self, id: &str) -> Option<&Node<'a>> {
        self.nodes.get(id)
    }

    /// Every node of a kind, with its id.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        let ids = self.by_kind.get(kind).into_iter().flatten();
        ids.filter_map(|id| Some((*id, self.nodes.get(id)?)))
    }

    /// Where edges of this kind lead from `id`, that are nodes of `to`.
    pub(super) fn after(&self, kind: &str, id: &str, to: &str) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        self.ends(&self.out, kind, id, to)
    }

    /// From where edges of this kind lead to `id`, that are nodes of `from`.
    pub(super) fn before(&self, kind: &str, id: &str, from: &str) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        self.ends(&self.into, kind, id, from)
    }

    fn ends(
        &self,
        edges: &BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a str>>>,
        kind: &str,
        id: &str,
        wanted: &str,
    ) -> impl Iterator<Item = (&'a str, &Node<'a>)> {
        let ids = edges.get(kind).and_then(|edges| edges.get(id)).into_iter().flatten();
        let ids: Vec<&'a str> = ids.copied().collect();
        let found = ids.into_iter().filter_map(|id| Some((id, self.nodes.get(id)?)));
        found.filter(move |(_, node)| node.kind == wanted).collect::<Vec<_>>().into_iter()
    }

    /// The kinds of edges from `id` to `end`.
    pub(super) fn kinds_to(&self, id: &str, end: &str) -> Vec<&'a str> {
        let leads = |edges: &BTreeMap<&'a str, Vec<&'a str>>| edges.get(id).is_some_and(|ends| ends.contains(&end));
        self.out.iter().filter(|(_, edges)| leads(edges)).map(|(kind, _)| *kind).collect()
    }

    /// Whether an edge of this kind leads to `id` from a node that the export lacks.
    pub(super) fn has_unknown_start(&self, kind: &str, id: &str) -> bool {
        let starts = self.into.get(kind).and_then(|edges| edges.get(id)).into_iter().flatten();
        starts.into_iter().any(|start| !self.nodes.contains_key(start))
    }
}
