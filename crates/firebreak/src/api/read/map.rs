//! The map: identities, nodes with what is beside them, standing questions, and where data is.

use crate::api::call::{Answer, Call, Reply, object};
use crate::api::page::page;
use crate::api::problem::Problem;
use crate::api::{Api, Map};
use crate::commands::plan::actions;
use firebreak_assure::data_map;
use firebreak_graph::{Edge, Graph, NodeId, Standing, standing};
use firebreak_model::{NodeKey, NodeKind, Party, Text, Time};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many edges of one node are shown in each direction.
const EDGES_MAX: usize = 500;
/// So many answers of each standing question.
const ANSWERS_MAX: usize = 20;

/// Whether what a person typed is in one of these.
fn met(wanted: Option<&str>, texts: [&str; 2]) -> bool {
    wanted.is_none_or(|wanted| {
        let wanted = wanted.to_lowercase();
        texts.iter().any(|text| text.to_lowercase().contains(&wanted))
    })
}

/// `GET /identities`.
pub(in crate::api) async fn identities(api: &Api, call: &Call) -> Answer {
    let map = api.map().await?;
    let (graph, now) = (&map.graph, call.now);
    let mut jewels: BTreeMap<NodeKey, Vec<Value>> = BTreeMap::new();
    for neighbour in Standing::new(graph, now).neighbours() {
        let reached = json!({"jewel": neighbour.jewel, "group": neighbour.group, "certain": neighbour.certain});
        jewels.entry(neighbour.identity).or_default().push(reached);
    }
    let mut items: Vec<(String, Value)> = Vec::new();
    for id in graph.node_ids() {
        let Some(key) = graph.key(id) else { continue };
        let Some(party) = Party::of(&key) else { continue };
        let label = graph.label(id);
        if call.filter("party").is_some_and(|wanted| wanted != party.word())
            || !met(call.filter("q"), [key.as_str(), label])
        {
            continue;
        }
        let near = jewels.remove(&key).unwrap_or_default();
        let item = json!({
            "kind": "identity", "key": key, "party": party, "label": label, "jewels": near,
            "grants": graph.edges_from(id).count(), "last_used": last_used(graph, id),
        });
        items.push((key.to_string(), item));
    }
    // Those who stand next to what must not be lost come first.
    items.sort_by_key(|(key, item)| (std::cmp::Reverse(item["jewels"].as_array().map_or(0, Vec::len)), key.clone()));
    page("identities", items, call)
}

fn last_used(graph: &Graph, id: NodeId) -> Option<Time> {
    graph.edges_from(id).chain(graph.edges_into(id)).filter_map(|edge| edge.last_used).max()
}

/// `GET /map/nodes`.
pub(in crate::api) async fn nodes(api: &Api, call: &Call) -> Answer {
    let map = api.map().await?;
    let kind = match call.filter("type") {
        None => None,
        Some(word) => {
            let known = NodeKind::ALL.into_iter().find(|kind| kind.word() == word);
            let hint = NodeKind::ALL.map(NodeKind::word).join(", ");
            Some(known.ok_or_else(|| Problem::bad("`type` is no kind of node", &format!("there are {hint}")))?)
        }
    };
    let graph = &map.graph;
    let named = graph.node_ids().filter_map(|id| Some((id, graph.key(id)?)));
    let wanted = named.filter(|(id, key)| {
        kind.is_none_or(|kind| key.kind() == kind) && met(call.filter("q"), [key.as_str(), graph.label(*id)])
    });
    let mut items: Vec<(String, Value)> = wanted.map(|(id, key)| (key.to_string(), brief(graph, id, &key))).collect();
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    page("nodes", items, call)
}

fn brief(graph: &Graph, id: NodeId, key: &NodeKey) -> Value {
    json!({
        "kind": "node", "key": key, "type": key.kind().word(), "label": graph.label(id),
        "crown_jewel": graph.is_crown_jewel(id),
    })
}

/// `GET /map/node`.
pub(in crate::api) async fn node(api: &Api, call: &Call) -> Answer {
    let map = api.map().await?;
    let graph = &map.graph;
    let text = call.filter("key").unwrap_or_default();
    let key = NodeKey::parse(text)
        .ok_or_else(|| Problem::bad("`key` is no key", "write kind:system/name, as in credential:aws/AKIA…"))?;
    let unknown = || Problem::not_found("node of this key on the map: what it reaches is unknown, not nothing");
    let id = graph.id(&key).ok_or_else(unknown)?;
    let known = graph.node(id).ok_or_else(unknown)?;
    let out: Vec<Value> = graph.edges_from(id).take(EDGES_MAX).map(|edge| beside(graph, &edge, edge.to)).collect();
    let into: Vec<Value> = graph.edges_into(id).take(EDGES_MAX).map(|edge| beside(graph, &edge, edge.from)).collect();
    let more = graph.edges_from(id).nth(EDGES_MAX).is_some() || graph.edges_into(id).nth(EDGES_MAX).is_some();
    let mut shown = brief(graph, id, &known.key);
    shown["evidence"] = json!(known.evidence);
    shown["valid"] = json!(known.valid);
    shown["holdings"] = json!(graph.holdings(id));
    shown["cuts"] = json!(graph.node_cuts(id));
    shown["out"] = out.into();
    shown["into"] = into.into();
    shown["more"] = more.into();
    Ok(Reply::Object(200, shown))
}

fn beside(graph: &Graph, edge: &Edge<'_>, other: NodeId) -> Value {
    json!({
        "edge": edge.kind, "node": graph.key(other), "label": graph.label(other), "certain": edge.may.is_empty(),
        "from": edge.valid.from, "to": edge.valid.to, "evidence": edge.evidence, "last_used": edge.last_used,
        "actions": edge.actions, "may": edge.may, "cuts": edge.cuts,
    })
}

#[derive(Serialize)]
struct Questions {
    at: Time,
    exposures: Vec<standing::Exposure>,
    neighbours: Vec<standing::Neighbour>,
    keyrings: standing::Keyrings,
    choke_points: standing::ChokePoints,
    coverage: standing::Coverage,
}

/// Steps that tests exercise; requests to people are not.
pub(super) fn drilled() -> BTreeSet<Text> {
    actions().into_iter().filter(|name| !name.starts_with("webhook/")).collect()
}

/// `GET /questions`.
pub(in crate::api) async fn questions(api: &Api, call: &Call) -> Answer {
    let (map, at) = (api.map().await?, call.now);
    let made = aside(map, move |map| {
        let standing = Standing::new(&map.graph, at);
        Questions {
            at,
            exposures: standing.exposures(),
            neighbours: standing.neighbours(),
            keyrings: standing.keyrings(ANSWERS_MAX),
            choke_points: standing.choke_points(&[], ANSWERS_MAX),
            coverage: standing.coverage(&drilled()),
        }
    });
    object("questions", &made.await?)
}

/// `GET /data`.
pub(in crate::api) async fn data(api: &Api, call: &Call) -> Answer {
    let (map, at) = (api.map().await?, call.now);
    let classes = aside(map, move |map| data_map(&map.graph, &map.estate.facts, at, None)).await?;
    let mut gaps = vec!["who touched what is not known here: `firebreak data --logs` reads it from logs"];
    if classes.is_empty() {
        gaps.push("no inventory says what lies where");
    }
    let none: Option<u32> = None;
    Ok(Reply::Object(200, json!({"at": at, "days": none, "classes": classes, "gaps": gaps, "kind": "data"})))
}

/// Looks at the map beside the calls of others.
pub(in crate::api) async fn aside<T: Send + 'static>(
    map: Arc<Map>,
    look: impl FnOnce(&Map) -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(move || look(&map)).await.map_err(|error| Problem::broken(&error.into()))
}
