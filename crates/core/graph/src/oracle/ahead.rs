//! Closure, distances and classes against their definitions, applied until nothing changes, and against reach.

use super::model::{Model, time};
use crate::{Classes, Distances, EdgeId, Graph, NodeId, closure, reach};
use firebreak_model::{DataClass, EdgeFact, EdgeKind, Fact, Interval, NodeKey, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What follows, worked out edge by edge.
fn followers(graph: &Graph, sources: &[NodeId], at: Time) -> BTreeSet<NodeId> {
    let exists = |id: &NodeId| graph.node(*id).is_some_and(|node| node.valid.to > at);
    let mut inside: BTreeSet<NodeId> = sources.iter().copied().filter(exists).collect();
    loop {
        let before = inside.len();
        for edge in graph.edge_ids().filter_map(|id| graph.edge(id)).filter(|edge| edge.valid.to > at) {
            if inside.contains(&edge.from) && edge.premises.iter().all(|node| inside.contains(node)) && exists(&edge.to)
            {
                inside.insert(edge.to);
            }
        }
        if inside.len() == before {
            return inside;
        }
    }
}

fn closure_equals_its_definition(model: &Model) {
    let (graph, _) = Graph::build(&model.facts());
    let sources: Vec<NodeId> = model.sources.iter().map(|(node, _)| model.id(&graph, *node)).collect();
    let at = time(model.now);
    let found = closure(&graph, &sources, at);
    let expected = followers(&graph, &sources, at);
    assert_eq!(found.nodes().collect::<BTreeSet<_>>(), expected, "{model:?}");
    assert_eq!((found.len(), found.is_empty()), (expected.len(), expected.is_empty()));
    let held: Vec<crate::Source> = sources.iter().map(|node| crate::Source::new(*node, at)).collect();
    let in_time = reach(&graph, &held, Time::MAX);
    for id in graph.node_ids() {
        assert_eq!(found.contains(id), expected.contains(&id));
        assert!(in_time.arrival(id).is_none() || found.contains(id), "{model:?}");
        let way = found.witness(&graph, id);
        assert!(way.windows(2).all(|pair| pair[0].to == pair[1].from), "{model:?}");
        assert_eq!(way.is_empty(), !found.contains(id) || sources.contains(&id), "{model:?}");
        let mut known: Vec<NodeKey> = sources.iter().filter_map(|id| graph.key(*id)).collect();
        for hop in found.proof(&graph, id) {
            assert!(hop.premises.iter().chain([&hop.from]).all(|need| known.contains(need)), "{model:?}");
            known.push(hop.to);
        }
        assert!(!found.contains(id) || known.contains(&graph.key(id).expect("a node")), "{model:?}");
    }
}

#[test]
fn closure_over_ten_thousand_estates() {
    (0..10_000).for_each(|seed| closure_equals_its_definition(&Model::random(seed)));
}

/// Distances by relaxing every step as often as there are nodes.
fn distances(graph: &Graph, targets: &[NodeId]) -> BTreeMap<NodeId, u8> {
    let mut steps: BTreeMap<NodeId, u8> = targets.iter().map(|target| (*target, 0)).collect();
    for _ in graph.node_ids() {
        for edge in graph.edge_ids().filter_map(|id| graph.edge(id)) {
            let Some(to) = steps.get(&edge.to).copied() else { continue };
            for need in edge.premises.iter().chain([&edge.from]) {
                let known = steps.entry(*need).or_insert(u8::MAX);
                *known = (*known).min(to + 1);
            }
        }
    }
    steps
}

#[test]
fn labels_over_two_thousand_estates() {
    for seed in 0..2_000 {
        let model = Model::random(seed);
        let mut facts = model.facts();
        // A class in every third node; and more classes than have a number of their own.
        let classes = if seed % 50 == 0 { 70 } else { 3 };
        let class = |number: usize| NodeKey::data_class(&DataClass::new(&format!("c{number:02}")));
        for number in 0..classes {
            let holder = Model::key(number % model.lives.len() / 3 * 3);
            let holds = EdgeFact::new(EdgeKind::Derives, holder, class(number), Interval::ALWAYS, Time(0), "test");
            facts.push(Fact::Edge(holds));
        }
        let (graph, _) = Graph::build(&facts);
        let targets = model.targets(&graph);
        let found = Distances::to(&graph, &targets);
        let expected = distances(&graph, &targets);
        assert!(graph.node_ids().all(|id| found.steps_from(id) == expected.get(&id).copied()), "{model:?}");
        let labels = Classes::of(&graph);
        assert!(labels.is_of(&graph) && found.is_of(&graph));
        let leads = |number: usize| distances(&graph, &[graph.id(&class(number)).expect("a node")]);
        let leads: Vec<BTreeMap<NodeId, u8>> = (0..classes).map(leads).collect();
        for id in graph.node_ids() {
            let (named, others) = labels.classes(id);
            let expected: Vec<NodeId> = (0..classes.min(63))
                .filter(|n| leads[*n].contains_key(&id))
                .filter_map(|n| graph.id(&class(n)))
                .collect();
            assert_eq!(named, expected, "{model:?}");
            assert_eq!(others, (63..classes).any(|n| leads[n].contains_key(&id)), "{model:?}");
        }
    }
}

#[test]
fn long_chains_and_wide_gates_need_no_deep_stack() {
    let key = |name: String| NodeKey::credential("test", &name);
    let edge = |from: String, to: String| {
        EdgeFact::new(EdgeKind::Derives, key(from), key(to), Interval::ALWAYS, Time(0), "test")
    };
    let mut facts: Vec<Fact> = (0..50_000).map(|n| Fact::Edge(edge(n.to_string(), (n + 1).to_string()))).collect();
    let premises = (1..40_000).map(|n| key(n.to_string())).collect();
    facts.push(Fact::Edge(EdgeFact { premises, ..edge("0".into(), "gate".into()) }));
    facts.push(Fact::Edge(EdgeFact { premises: vec![key("elsewhere".into())], ..edge("0".into(), "shut".into()) }));
    let (graph, _) = Graph::build(&facts);
    let id = |name: &str| graph.id(&key(name.into())).expect("a node");
    let found = closure(&graph, &[id("0")], Time(0));
    assert_eq!(found.len(), 50_001 + 1);
    assert!(found.contains(id("gate")) && !found.contains(id("shut")) && !found.contains(id("elsewhere")));
    assert_eq!(found.witness(&graph, id("50000")).len(), 50_000);
    let far = Distances::to(&graph, &[id("50000")]);
    assert_eq!(
        (far.steps_from(id("49990")), far.steps_from(id("0")), far.leads(id("gate"))),
        (Some(10), Some(254), false)
    );
    assert_eq!(Classes::of(&graph).label(id("0")), 0);
    assert!(!found.contains(NodeId(u32::MAX)) && graph.edge(EdgeId(u32::MAX)).is_none());
}
