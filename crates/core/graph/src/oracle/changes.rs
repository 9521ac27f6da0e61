//! Changes that stream in against the graph built from all of them at once, and against facts folded by hand.

use super::model::{Model, Random, time};
use crate::{Edge, Graph, GraphBuilder, NodeId, reach};
use firebreak_model::{Change, EdgeFact, Fact, Interval, NodeFact, NodeKey, Text, Time};
use proptest::prelude::*;

/// Statements of an estate, some of them again, some ended, learnt in any order; and the model that they are about.
fn stream(seed: u64) -> (Model, Vec<Change>) {
    let model = Model::random(seed);
    let mut random = Random(seed ^ 0x5eed);
    let facts = model.facts();
    let mut changes = Vec::new();
    for _ in 0..facts.len() + random.below(2 * facts.len() as u64) as usize {
        let which = random.below(facts.len() as u64) as usize;
        let fact = vary(&mut random, facts[which].clone());
        changes.push(if random.one_in(3) {
            let at = if random.one_in(4) { Time::MIN } else { time(random.below(14) as u32) };
            Change::End { fact, at, known: Time(random.below(6) as i64) }
        } else {
            Change::State { fact }
        });
    }
    (model, changes)
}

fn vary(random: &mut Random, fact: Fact) -> Fact {
    let known = Time(random.below(6) as i64);
    let evidence = Text::new(format!("inventory {}", random.below(3)));
    let dearer = |random: &mut Random, cuts: &mut Vec<firebreak_model::CutOption>| {
        cuts.iter_mut().for_each(|cut| {
            cut.cost += random.below(3) as u32;
            cut.delay_seconds = random.below(3) as u32;
        });
    };
    match fact {
        Fact::Node(mut node) => {
            dearer(random, &mut node.cuts);
            if random.one_in(3) {
                node.label = Text::new(format!("label {}", random.below(4)));
            }
            if random.one_in(3) {
                node.cuts.clear();
            }
            Fact::Node(NodeFact { known, evidence, crown_jewel: random.one_in(5), ..node })
        }
        Fact::Edge(mut edge) => {
            dearer(random, &mut edge.cuts);
            let last_used = random.one_in(3).then(|| Time(random.below(9) as i64));
            if random.one_in(6) {
                edge.valid.to = edge.valid.to.min(time(20));
            }
            Fact::Edge(EdgeFact { known, evidence, last_used, ..edge })
        }
    }
}

fn fact_of(change: &Change) -> &Fact {
    match change {
        Change::State { fact } | Change::End { fact, .. } => fact,
    }
}

fn subject(change: &Change) -> (NodeKey, Option<NodeKey>) {
    match fact_of(change) {
        Fact::Node(node) => (node.key.clone(), None),
        Fact::Edge(edge) => (edge.from.clone(), Some(edge.to.clone())),
    }
}

fn from_scratch(changes: &[Change]) -> Graph {
    let mut builder = GraphBuilder::new();
    changes.iter().for_each(|change| builder.change(change));
    builder.finish().0
}

/// An edge in words that do not depend on numbers.
fn spelled(graph: &Graph, edge: &Edge<'_>) -> String {
    let key = |id: NodeId| graph.key(id).expect("a node");
    let mut premises: Vec<NodeKey> = edge.premises.iter().map(|id| key(*id)).collect();
    premises.sort();
    let mut cuts = edge.cuts.clone();
    cuts.sort_by(|a, b| a.action.cmp(&b.action));
    let bare = Edge {
        id: crate::EdgeId(0),
        from: NodeId(0),
        to: NodeId(0),
        premises: Vec::new(),
        cuts: Vec::new(),
        ..edge.clone()
    };
    format!("{} {} {premises:?} {cuts:?} {bare:?}", key(edge.from), key(edge.to))
}

/// All that can be asked, in words: nodes, edges from both ends, options.
fn everything(graph: &Graph) -> Vec<String> {
    let mut all: Vec<String> = graph.options().map(|option| format!("{option:?}")).collect();
    for id in graph.node_ids() {
        let mut cuts = graph.node_cuts(id);
        cuts.sort_by(|a, b| a.action.cmp(&b.action));
        all.push(format!("{:?} {cuts:?}", graph.node(id)));
        assert_eq!(graph.id(&graph.key(id).expect("a node")), Some(id));
        all.extend(graph.edges_from(id).map(|edge| spelled(graph, &edge)));
        all.extend(graph.edges_into(id).map(|edge| format!("into {}", spelled(graph, &edge))));
    }
    all.sort();
    all
}

fn reached(model: &Model, graph: &Graph) -> Vec<String> {
    let sources = model
        .sources
        .iter()
        .filter_map(|(node, at)| Some(crate::Source::new(graph.id(&Model::key(*node))?, time(*at))));
    let found = reach(graph, &sources.collect::<Vec<_>>(), Time::MAX);
    let ids = (0..model.lives.len()).filter_map(|node| graph.id(&Model::key(node)));
    ids.map(|id| format!("{:?} {:?} {:?}", graph.key(id), found.periods(id), found.certain_arrival(id))).collect()
}

/// The facts that remain, worked out one by one.
fn folded(changes: &[Change]) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let same = |a: &EdgeFact, b: &EdgeFact| {
        let bare = |fact: &EdgeFact| {
            let mut fact = EdgeFact { known: Time(0), evidence: Text::default(), last_used: None, ..fact.clone() };
            let from = fact.from.clone();
            fact.premises.retain(|premise| *premise != from);
            fact.premises.sort();
            fact.premises.dedup();
            fact.cuts.iter_mut().for_each(|cut| (cut.cost, cut.delay_seconds) = (0, 0));
            fact.cuts.sort_by(|a, b| a.action.cmp(&b.action));
            fact.cuts.dedup();
            fact
        };
        bare(a) == bare(b)
    };
    let left =
        |about: &dyn Fn(&Fact) -> bool, stated: Interval| match changes.iter().rfind(|change| about(fact_of(change))) {
            Some(Change::End { at, .. }) => Interval::new(stated.from, stated.to.min(*at)),
            _ => stated,
        };
    let nodes: Vec<Fact> = changes.iter().map(fact_of).filter(|fact| matches!(fact, Fact::Node(_))).cloned().collect();
    let (lives, _) = Graph::build(&nodes);
    for id in lives.node_ids() {
        let node = lives.node(id).expect("a node");
        let about = |fact: &Fact| matches!(fact, Fact::Node(fact) if fact.key == node.key);
        let life = left(&about, node.valid);
        let never = Interval::new(Time::MIN, Time(i64::MIN + 1));
        let life = if life.from < life.to { life } else { never };
        facts.push(Fact::Node(NodeFact::new(node.key.clone(), life, Time(0), "folded")));
    }
    for change in changes {
        let Fact::Edge(fact) = fact_of(change) else { continue };
        let mentioned = fact.premises.iter().chain([&fact.from, &fact.to]);
        facts.extend(mentioned.map(|key| Fact::Node(NodeFact::new(key.clone(), Interval::ALWAYS, Time(0), "folded"))));
        let valid = left(&|other| matches!(other, Fact::Edge(other) if same(other, fact)), fact.valid);
        if valid.from < valid.to {
            facts.push(Fact::Edge(EdgeFact { valid, ..fact.clone() }));
        }
    }
    facts
}

fn streaming_equals_building(seed: u64) {
    let (model, changes) = stream(seed);
    let mut random = Random(seed ^ 0xc0ffee);
    let expected = from_scratch(&changes);
    // Changes about different things may come in any order.
    let mut shuffled = changes.clone();
    for _ in 0..3 * changes.len() {
        let index = random.below(changes.len() as u64 - 1) as usize;
        if subject(&shuffled[index]) != subject(&shuffled[index + 1]) {
            shuffled.swap(index, index + 1);
        }
    }
    let built = random.below(changes.len() as u64) as usize;
    let mut graph = from_scratch(&shuffled[..built]);
    let mut rest = &shuffled[built..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at((1 + random.below(4) as usize).min(rest.len()));
        let before: Vec<NodeKey> = graph.node_ids().filter_map(|id| graph.key(id)).collect();
        graph.apply(now);
        let after: Vec<NodeKey> = graph.node_ids().filter_map(|id| graph.key(id)).take(before.len()).collect();
        assert_eq!(before, after, "changes leave numbers alone");
        if random.one_in(6) {
            graph.compact();
        }
        rest = later;
    }
    assert!(everything(&graph) == everything(&expected), "seed {seed}");
    assert_eq!(reached(&model, &graph), reached(&model, &expected), "seed {seed}");
    let (by_hand, _) = Graph::build(&folded(&changes));
    assert_eq!(reached(&model, &graph), reached(&model, &by_hand), "seed {seed}");
    graph.compact();
    assert_eq!(graph.overlay_share(), 0.0);
    assert!(graph.node_ids().eq(expected.node_ids()) && graph.edge_ids().eq(expected.edge_ids()));
    assert!(graph.node_ids().all(|id| graph.node(id) == expected.node(id)), "seed {seed}");
    assert!(graph.edge_ids().all(|id| graph.edge(id) == expected.edge(id)), "seed {seed}");
    assert!(graph.options().eq(expected.options()), "seed {seed}");
    assert!(everything(&graph) == everything(&expected), "seed {seed}");
}

#[test]
fn streaming_equals_building_over_four_thousand_estates() {
    (0..4_000).for_each(streaming_equals_building);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_stream(seed in any::<u64>()) {
        streaming_equals_building(seed);
    }
}

fn edge(from: &str, to: &str) -> EdgeFact {
    let key = |name: &str| NodeKey::credential("test", name);
    EdgeFact::new(firebreak_model::EdgeKind::Derives, key(from), key(to), Interval::ALWAYS, Time(1), "test")
}

fn reaches(graph: &Graph, from: &str, to: &str) -> bool {
    let id = |name: &str| graph.id(&NodeKey::credential("test", name)).expect("a node");
    reach(graph, &[crate::Source::new(id(from), Time(0))], Time::MAX).arrival(id(to)).is_some()
}

#[test]
fn a_change_is_seen_at_once_and_the_last_word_counts() {
    let (mut graph, _) = Graph::build(&[Fact::Edge(edge("a", "b"))]);
    let a = graph.id(&NodeKey::credential("test", "a"));
    let hop = Fact::Edge(edge("b", "aa"));
    assert!(graph.apply(&[Change::State { fact: hop.clone() }]).is_empty());
    assert!(reaches(&graph, "a", "aa"));
    assert_eq!(a, graph.id(&NodeKey::credential("test", "a")));
    graph.apply(&[Change::End { fact: hop.clone(), at: Time::MIN, known: Time(9) }]);
    assert!(!reaches(&graph, "a", "aa"));
    graph.compact();
    assert!(!reaches(&graph, "a", "aa"));
    graph.apply(&[Change::State { fact: hop.clone() }]);
    assert!(reaches(&graph, "a", "aa"));
    // What is priced anew, as a difference of two snapshots says it: the old was never so, the new is stated.
    let mut dearer = edge("b", "aa");
    dearer.known = Time(2);
    graph
        .apply(&[Change::End { fact: hop, at: Time::MIN, known: Time(9) }, Change::State { fact: Fact::Edge(dearer) }]);
    assert!(reaches(&graph, "a", "aa"));
    assert_eq!(graph.edge_count(), 2);
}

#[test]
fn hostile_shapes_are_taken() {
    let long = "x".repeat(100_000);
    let mut facts = vec![Fact::Edge(edge("a", "a")), Fact::Edge(edge("a", &long))];
    facts.extend((0..20_000).map(|n| Fact::Edge(edge("hub", &n.to_string()))));
    facts.extend((0..20_000).map(|n| Fact::Edge(edge(&n.to_string(), "sink"))));
    facts.extend((0..2_000).map(|_| Fact::Edge(edge("a", "b"))));
    facts.extend(
        (0..2_000).map(|n| Fact::Edge(EdgeFact { valid: Interval::new(Time(n), Time(n + 1)), ..edge("a", "c") })),
    );
    let empty = EdgeFact { valid: Interval::new(Time(3), Time(3)), ..edge("a", "never") };
    facts.push(Fact::Edge(empty));
    facts.push(Fact::Edge(EdgeFact {
        premises: (0..500).map(|n| NodeKey::credential("test", &n.to_string())).collect(),
        ..edge("hub", "gate")
    }));
    let strange: NodeKey = serde_json::from_str("\"no kind at all\"").expect("any text is a key");
    facts.push(Fact::Edge(EdgeFact { to: strange.clone(), ..edge("a", "b") }));
    let (all, problems) = Graph::build(&facts);
    assert_eq!(problems.len(), 1);
    let mut streamed = Graph::default();
    for chunk in facts.chunks(1_000) {
        streamed.state(chunk);
    }
    for graph in [&all, &streamed] {
        assert_eq!(graph.edge_count(), 1 + 1 + 20_000 + 20_000 + 1 + 2_000 + 1 + 1);
        assert!(reaches(graph, "hub", "gate") && reaches(graph, "hub", "sink") && reaches(graph, "a", &long));
        assert!(graph.id(&strange).is_some_and(|id| graph.key(id).as_ref() == Some(&strange)));
        assert_eq!(graph.id(&NodeKey::credential("test", "never")), None);
    }
    streamed.compact();
    assert!(all.edge_ids().all(|id| all.edge(id) == streamed.edge(id)));
}
