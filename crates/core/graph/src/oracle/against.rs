//! The search against the oracle, over thousands of small estates.

use super::model::{Model, Random, mask_of, time};
use crate::{CutRequest, Graph, Hop, check, cut, reach, residual};
use firebreak_model::{Action, Fact, Time};
use proptest::prelude::*;

/// Beyond this slot the oracle's last slot blurs what the search keeps apart.
const COMPARED: u64 = (1 << 40) - 1;

fn build(model: &Model) -> Graph {
    let (graph, problems) = Graph::build(&model.facts());
    assert!(problems.is_empty(), "{problems:?}");
    graph
}

fn reach_equals_the_oracle(model: &Model) {
    let graph = build(model);
    let found = reach(&graph, &model.sources(&graph), Time::MAX);
    let possible = model.evaluate(&model.starts(), 0, false);
    let certain = model.evaluate(&model.starts(), 0, true);
    for node in 0..model.lives.len() {
        let id = model.id(&graph, node);
        assert_eq!(mask_of(&found.periods(id)) & COMPARED, possible[node] & COMPARED, "node {node} of {model:?}");
        let first = (possible[node] != 0).then(|| time(possible[node].trailing_zeros()));
        assert_eq!(found.arrival(id), first, "node {node} of {model:?}");
        let first = (certain[node] != 0).then(|| time(certain[node].trailing_zeros()));
        assert_eq!(found.certain_arrival(id), first, "node {node} of {model:?}");
    }
    for node in 0..model.lives.len() {
        witness_is_a_way(model, &graph, &found, node, &possible);
    }
}

fn witness_is_a_way(model: &Model, graph: &Graph, found: &crate::Reach, node: usize, held: &[u64]) {
    let id = model.id(graph, node);
    let number =
        |key: &firebreak_model::NodeKey| (0..model.lives.len()).find(|n| Model::key(*n) == *key).expect("a node");
    let at = |at: Time| at.seconds() as u32;
    let is_source = |node: usize| model.sources.iter().any(|(source, _)| *source == node);
    let check_hop = |hop: &Hop| {
        let edge = graph.edge(hop.edge).expect("an edge");
        assert!(edge.valid.contains(hop.at));
        for need in hop.premises.iter().chain([&hop.from, &hop.to]) {
            assert_eq!(held[number(need)] >> at(hop.at) & 1, 1, "{need} at {} in {model:?}", hop.at);
        }
    };
    let witness = found.witness(graph, id);
    match (found.arrival(id), witness.last()) {
        (None, last) => assert!(last.is_none()),
        (Some(_), None) => assert!(is_source(node)),
        (Some(arrival), Some(last)) => {
            assert_eq!((last.at, &last.to), (arrival, &Model::key(node)));
            assert!(is_source(number(&witness[0].from)));
            assert!(witness.windows(2).all(|pair| pair[0].to == pair[1].from && pair[0].at <= pair[1].at));
        }
    }
    witness.iter().for_each(check_hop);
    let mut known: Vec<usize> = model.sources.iter().map(|(source, _)| *source).collect();
    for hop in found.proof(graph, id) {
        check_hop(&hop);
        assert!(hop.premises.iter().chain([&hop.from]).all(|need| known.contains(&number(need))), "{model:?}");
        known.push(number(&hop.to));
    }
}

/// The whole outcome, checked from every side. Gives whether anything had to be cut.
fn cut_equals_the_oracle(model: &Model) -> bool {
    let graph = build(model);
    let sources = model.sources(&graph);
    let request = CutRequest::new(&sources, time(model.now), model.targets(&graph));
    let outcome = cut(&graph, &request);
    let (stay, best) = model.brute_force();
    let mut uncuttable: Vec<_> = stay.iter().map(|node| Model::key(*node)).collect();
    uncuttable.sort();
    uncuttable.dedup();
    let named: Vec<_> = outcome.uncuttable.iter().map(|uncuttable| uncuttable.target.clone()).collect();
    assert_eq!(named, uncuttable, "{model:?} {outcome:?}");
    assert_eq!(outcome.cut.cost, best, "{:?}\n{model:?}", outcome.cut);
    assert!(outcome.cut.proven, "{:?}\n{model:?}", outcome.cut);
    assert_eq!(check::outcome(&graph, &request, &outcome), Ok(()), "{model:?}");
    let actions: Vec<Action> = outcome.cut.actions.iter().map(|chosen| chosen.action.clone()).collect();
    let rest = residual(&graph, &request, &actions);
    for target in &request.targets {
        let uncut = uncuttable.contains(&graph.key(*target).expect("a node"));
        assert_eq!(rest.arrival(*target).is_some(), uncut, "{model:?}");
    }
    for chosen in &outcome.cut.actions {
        let others: Vec<Action> = actions.iter().filter(|action| **action != chosen.action).cloned().collect();
        let severed = stay.is_empty().then(|| check::severs(&graph, &request, &others));
        assert!(severed.is_none_or(|severed| severed.is_err()), "a cheapest cut needs each of its steps: {model:?}");
        assert!(!chosen.exposes.is_empty() && !chosen.severs.is_empty(), "{model:?}");
    }
    !actions.is_empty()
}

#[test]
fn reach_over_twenty_thousand_estates() {
    (0..20_000).for_each(|seed| reach_equals_the_oracle(&Model::random(seed)));
}

#[test]
fn cut_over_twenty_thousand_estates() {
    let cuts = (0..20_000).filter(|seed| cut_equals_the_oracle(&Model::random(*seed))).count();
    assert!(cuts > 4_000, "only {cuts} of the estates need a cut");
}

#[test]
fn the_order_of_facts_does_not_matter() {
    for seed in 0..400 {
        let model = Model::random(seed);
        let facts = model.facts();
        let mut shuffled: Vec<Fact> = facts.iter().chain(facts.iter().take(3)).cloned().collect();
        let mut random = Random(seed);
        for index in (1..shuffled.len()).rev() {
            shuffled.swap(index, random.below(index as u64 + 1) as usize);
        }
        let (a, _) = Graph::build(&facts);
        let (b, _) = Graph::build(&shuffled);
        let (mut c, _) = Graph::build(&shuffled[..shuffled.len() / 2]);
        c.state(&shuffled[shuffled.len() / 2..]);
        c.compact();
        let sources = model.sources(&a);
        let request = CutRequest::new(&sources, time(model.now), model.targets(&a));
        let expected = format!("{:?}", cut(&a, &request));
        for other in [&b, &c] {
            assert!(a.node_ids().eq(other.node_ids()) && a.edge_ids().eq(other.edge_ids()));
            assert!(a.node_ids().all(|id| a.node(id) == other.node(id)));
            assert!(a.edge_ids().all(|id| a.edge(id) == other.edge(id)));
            assert_eq!(format!("{:?}", cut(other, &request)), expected);
        }
    }
}

#[test]
fn a_forged_certificate_is_refused() {
    use crate::Bound;
    let (mut heavier, mut fewer) = (0, 0);
    for seed in 0..600 {
        let model = Model::random(seed);
        let graph = build(&model);
        let sources = model.sources(&graph);
        let request = CutRequest::new(&sources, time(model.now), model.targets(&graph));
        let outcome = cut(&graph, &request);
        if outcome.cut.actions.is_empty() || !outcome.is_complete() {
            continue;
        }
        let mut forged = outcome.clone();
        if let Bound::Packing(weights) = &mut forged.cut.certificate.bound {
            weights[0].1 += 1_000_000 * outcome.cut.cost;
            assert!(check::outcome(&graph, &request, &forged).is_err());
            heavier += 1;
        }
        let mut forged = outcome.clone();
        forged.cut.certificate.proofs[0].actions.pop();
        assert!(check::outcome(&graph, &request, &forged).is_err());
        let mut forged = outcome.clone();
        let target = graph.key(forged.cut.certificate.proofs[0].target).expect("a node");
        if !outcome.held.iter().any(|held| held.node == target) {
            forged.cut.certificate.proofs[0].steps.pop();
            assert!(check::outcome(&graph, &request, &forged).is_err());
        }
        let mut forged = outcome.clone();
        let left_out = forged.cut.actions.pop().expect("not empty");
        forged.cut.cost -= left_out.cost;
        assert!(check::outcome(&graph, &request, &forged).is_err());
        fewer += 1;
    }
    assert!(heavier > 50 && fewer > 50, "{heavier} {fewer}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_estate(seed in any::<u64>()) {
        let model = Model::random(seed);
        reach_equals_the_oracle(&model);
        cut_equals_the_oracle(&model);
    }
}

/// A cut that only time makes enough: what is held now leads on too early, and again once it is minted anew.
#[test]
fn what_only_time_severs_stays_severed() {
    assert!(cut_equals_the_oracle(&Model::random(2_863_364_654_020_613_001)));
}

/// A session that renews itself at will is needed together with something that ends.
#[test]
fn what_is_renewable_does_not_renew_what_else_is_needed() {
    let model = Model::random(10_565_860_489_829_608_480);
    reach_equals_the_oracle(&model);
    cut_equals_the_oracle(&model);
}

/// However soon the search has to end, what it has is safe, and it claims no more than it proves.
#[test]
fn a_plan_is_safe_under_any_budget() {
    let mut dearer = 0;
    for seed in 0..6_000 {
        let model = Model::random(seed);
        let graph = build(&model);
        let sources = model.sources(&graph);
        let full = CutRequest::new(&sources, time(model.now), model.targets(&graph));
        let best = cut(&graph, &full).cut.cost;
        for most in [0, 20, 60] {
            let request = CutRequest { plan_max: most, proof_max: most, ..full.clone() };
            let outcome = cut(&graph, &request);
            assert_eq!(check::outcome(&graph, &request, &outcome), Ok(()), "{most} {model:?}");
            assert!(outcome.cut.cost >= best && outcome.cut.lower_bound <= best, "{most} {model:?}");
            dearer += usize::from(outcome.cut.cost > best);
        }
    }
    assert!(dearer > 0, "no budget was too small");
}

/// What a step stops is a way into a node that is held already, until the step keeps it from being held anew.
#[test]
fn a_step_that_only_time_needs_says_what_it_severs() {
    assert!(cut_equals_the_oracle(&Model::random(12_360_367_274_602_945_047)));
}
