//! What an incident reaches, as a graph: nodes in the order of arrival, a page at a time, and the edges between those that were
//! shown.

use super::incidents::named;
use crate::api::Api;
use crate::api::call::{Answer, Call, tagged};
use crate::api::field::MANY_MAX;
use crate::api::page::{cursor, seen};
use crate::api::problem::Problem;
use firebreak_contain::plan::Compromised;
use firebreak_graph::{Graph, NodeId, Reach, Source, reach};
use firebreak_model::{EdgeKind, Holding, NodeKey, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Nodes on a page where nobody says how many, and at most.
const USUAL: usize = 2_000;
const MOST: usize = MANY_MAX as usize;

#[derive(Serialize)]
struct Node {
    key: NodeKey,
    r#type: &'static str,
    label: String,
    arrival: Time,
    certain: bool,
    source: bool,
    crown_jewel: bool,
    holdings: Vec<Holding>,
}

#[derive(Serialize)]
struct Edge {
    from: NodeKey,
    to: NodeKey,
    kind: EdgeKind,
    certain: bool,
}

#[derive(Serialize)]
struct Part {
    at: Option<Time>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    /// Sources that the map does not hold: what they reach is unknown.
    unknown: Vec<NodeKey>,
    next: Option<String>,
    total: usize,
}

/// `GET /incidents/{id}/graph`.
pub(in crate::api) async fn graph(api: &Api, call: &Call) -> Answer {
    let incident = named(api, call).await?;
    let (at, limit) = (call.time("as_of")?, call.number("limit", USUAL, MOST)?);
    let map = api.map().await?;
    // Another map or another scope is another order: then its pages do not fit together.
    let version = format!("{} {}", map.snapshot, incident.updated);
    let from = match seen(call)? {
        None => 0,
        Some(text) => {
            let place = text.split_once(' ').filter(|(_, of)| *of == version).and_then(|(place, _)| place.parse().ok());
            place.ok_or_else(|| {
                Problem::conflict("the graph has changed since this `cursor`".to_owned(), "leave it out to begin anew")
            })?
        }
    };
    let made = tokio::task::spawn_blocking(move || part(&map.graph, &incident.sources, at, from..from + limit));
    let mut made = made.await.map_err(|error| Problem::broken(&error.into()))?;
    if from + limit < made.total {
        made.next = Some(cursor(&format!("{} {version}", from + limit)));
    }
    Ok(crate::api::call::Reply::Object(200, tagged("graph", &made)))
}

fn part(graph: &Graph, compromised: &[Compromised], at: Option<Time>, range: std::ops::Range<usize>) -> Part {
    let (mut sources, mut unknown) = (Vec::new(), Vec::new());
    for one in compromised {
        match graph.id(&one.key) {
            Some(node) => sources.push(Source { node, at: one.since, until: one.until }),
            None => unknown.push(one.key.clone()),
        }
    }
    let reached = reach(graph, &sources, at.unwrap_or(Time::MAX));
    let order = reached.nodes();
    let rank: BTreeMap<NodeId, usize> = order.iter().enumerate().map(|(rank, (node, _))| (*node, rank)).collect();
    let first: BTreeSet<NodeId> = sources.iter().map(|source| source.node).collect();
    let (from, to) = (range.start.min(order.len()), range.end.min(order.len()));
    let here = &order[from..to];
    let nodes = here.iter().filter_map(|(id, arrival)| node(graph, &reached, &first, *id, *arrival)).collect();
    let mut edges = Vec::new();
    for (id, _) in here {
        let own = rank.get(id).copied().unwrap_or_default();
        // An edge is shown with the later of its ends, once.
        let earlier = |other: NodeId| rank.get(&other).is_some_and(|rank| *rank < own);
        let known = |other: NodeId| rank.get(&other).is_some_and(|rank| *rank <= own);
        edges.extend(graph.edges_from(*id).filter(|edge| known(edge.to)).filter_map(|edge| shown(graph, &edge)));
        edges.extend(graph.edges_into(*id).filter(|edge| earlier(edge.from)).filter_map(|edge| shown(graph, &edge)));
    }
    Part { at, nodes, edges, unknown, next: None, total: order.len() }
}

fn node(graph: &Graph, reached: &Reach, first: &BTreeSet<NodeId>, id: NodeId, arrival: Time) -> Option<Node> {
    let key = graph.key(id)?;
    Some(Node {
        r#type: key.kind().word(),
        label: graph.label(id).to_owned(),
        arrival,
        certain: reached.certain_arrival(id).is_some(),
        source: first.contains(&id),
        crown_jewel: graph.is_crown_jewel(id),
        holdings: graph.holdings(id),
        key,
    })
}

fn shown(graph: &Graph, edge: &firebreak_graph::Edge<'_>) -> Option<Edge> {
    let (from, to) = (graph.key(edge.from)?, graph.key(edge.to)?);
    Some(Edge { from, to, kind: edge.kind, certain: edge.may.is_empty() })
}
