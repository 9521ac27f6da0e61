//! Both engines of maximum flow against each other, and what is built on cuts: alternatives, preferences, little budget.

use super::model::{Model, Random, time};
use crate::cut::flows;
use crate::{CutRequest, Graph, Outlook, Preference, alternatives, check, cut, cut_from};
use firebreak_model::{
    Action, CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Reversibility, Text,
};
use std::collections::BTreeMap;

fn node(number: u64) -> NodeKey {
    NodeKey::credential("test", &format!("n{number}"))
}

fn option(name: &str, target: NodeKey, cost: u32) -> CutOption {
    let action = Action { name: Text::new(name), target, parameters: BTreeMap::new() };
    CutOption { action, cost, delay_seconds: 0, reversibility: Reversibility::Reversible, policy: CutPolicy::Allowed }
}

/// Some hundred nodes without time, with circles and gates, some of them not to be cut at all.
fn estate(random: &mut Random, gates: bool) -> Graph {
    let nodes = 40 + random.below(160);
    let mut facts: Vec<Fact> = Vec::new();
    for number in 0..nodes {
        let mut fact = NodeFact::new(node(number), Interval::ALWAYS, time(0), "test");
        if random.below(10) < 7 {
            fact.cuts = vec![option("test/node", node(number), 1 + random.below(20) as u32)];
        }
        facts.push(Fact::Node(fact));
    }
    for number in 0..nodes * (1 + random.below(5)) {
        let (from, to) = (random.below(nodes), random.below(nodes));
        let kind = EdgeKind::MayAssume;
        let mut fact = EdgeFact::new(kind, node(from), node(to), Interval::ALWAYS, time(0), &format!("e{number}"));
        if random.one_in(3) {
            fact.cuts = vec![option(&format!("test/edge{number}"), node(from), 1 + random.below(9) as u32)];
        }
        if gates && random.one_in(8) {
            fact.premises = vec![node(random.below(nodes))];
        }
        facts.push(Fact::Edge(fact));
    }
    Graph::build(&facts).0
}

#[test]
fn engines_agree() {
    let mut random = Random(11);
    let mut severed = 0;
    for round in 0..400 {
        let graph = estate(&mut random, round % 2 == 1);
        let mut pick = || graph.id(&node(random.below(40))).expect("a node");
        let sources: Vec<crate::Source> = (0..1 + round % 5).map(|_| crate::Source::new(pick(), time(0))).collect();
        let targets: Vec<crate::NodeId> = (0..1 + round % 3).map(|_| pick()).collect();
        let request = CutRequest::new(&sources, time(0), targets);
        let outlook = Outlook::towards(&graph, &sources, time(0), &request.targets);
        let (near, far) = flows(&graph, &request, &outlook);
        assert_eq!(near, far, "round {round}");
        let outcome = cut_from(&graph, &request, &outlook);
        assert_eq!(check::outcome(&graph, &request, &outcome), Ok(()), "round {round}");
        let none = CutRequest { plan_max: 0, proof_max: 0, ..request.clone() };
        let safe = cut(&graph, &none);
        assert_eq!(check::outcome(&graph, &none, &safe), Ok(()), "round {round}");
        assert!(safe.cut.cost >= outcome.cut.cost);
        severed += usize::from(near > 0);
    }
    assert!(severed > 100, "only {severed} of the estates need a cut");
}

#[test]
fn alternatives_are_the_cheapest_minimal_plans() {
    let mut several = 0;
    for seed in 0..3_000 {
        let model = Model::random(seed);
        let (graph, _) = Graph::build(&model.facts());
        let sources = model.sources(&graph);
        let request = CutRequest::new(&sources, time(model.now), model.targets(&graph));
        let outlook = Outlook::towards(&graph, &sources, request.now, &request.targets);
        let found = alternatives(&graph, &request, &outlook, 4);
        let mut expected = model.minimal_plans();
        expected.truncate(4);
        let costs: Vec<u64> = found.iter().map(|plan| plan.cost).collect();
        assert_eq!(costs, expected, "{model:?}");
        several += usize::from(found.len() > 1);
    }
    assert!(several > 200, "only {several} estates have alternatives");
}

#[test]
fn a_preference_turns_the_choice_and_gives_its_reason() {
    let (a, b, c) = (node(1), node(2), node(3));
    let mut first = EdgeFact::new(EdgeKind::MayAssume, a.clone(), b.clone(), Interval::ALWAYS, time(0), "e");
    first.cuts = vec![option("test/deny", b.clone(), 10)];
    let mut second = EdgeFact::new(EdgeKind::MayAssume, b, c.clone(), Interval::ALWAYS, time(0), "f");
    second.cuts = vec![option("test/disable", c.clone(), 12)];
    let (graph, _) = Graph::build(&[Fact::Edge(first), Fact::Edge(second)]);
    let sources = [crate::Source::new(graph.id(&a).expect("a node"), time(0))];
    let targets = vec![graph.id(&c).expect("a node")];
    let plain = CutRequest::new(&sources, time(0), targets);
    assert_eq!(cut(&graph, &plain).cut.cost, 10);
    let reason = Text::new("undone in a minute");
    let name = Some(Text::new("test/disable"));
    let preferences = [Preference { name, target: None, percent: 50, reason: reason.clone() }];
    let request = CutRequest { preferences: &preferences, ..plain };
    let outcome = cut(&graph, &request);
    assert_eq!(check::outcome(&graph, &request, &outcome), Ok(()));
    let step = &outcome.cut.actions[0];
    assert_eq!((step.action.name.as_str(), step.cost, &step.reasons), ("test/disable", 6, &vec![reason]));
}
