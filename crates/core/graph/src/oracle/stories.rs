//! The rules by example: each says what must follow, and what must not.

use super::model::time;
use crate::{Bound, CutOutcome, CutRequest, Graph, Losses, Reach, Source, check, cut, reach, residual_if_fails};
use firebreak_model::{
    Action, CutOption, CutPolicy, DataClass, EdgeFact, EdgeKind, Fact, Holding, Interval, NodeFact, NodeKey,
    Persistence, Reversibility, Text, Time,
};
use std::collections::{BTreeMap, BTreeSet};

fn key(text: &str) -> NodeKey {
    NodeKey::parse(text).expect("a key")
}

fn during(from: u32, to: u32) -> Interval {
    Interval::new(time(from), time(to))
}

fn action(name: &str) -> Action {
    Action { name: Text::new(name), target: key("credential:t/target"), parameters: BTreeMap::new() }
}

fn option(name: &str, cost: u32) -> CutOption {
    let reversibility = Reversibility::Reversible;
    CutOption { action: action(name), cost, delay_seconds: 60, reversibility, policy: CutPolicy::Allowed }
}

fn node(name: &str) -> NodeFact {
    NodeFact::new(key(name), Interval::ALWAYS, time(0), "inventory")
}

fn edge(kind: EdgeKind, from: &str, to: &str) -> EdgeFact {
    EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, time(0), &format!("{from} to {to}"))
}

fn holds(resource: &str, class: &str, residency: &str, records: u64) -> EdgeFact {
    let class = DataClass::new(class);
    let to = NodeKey::data_class(&class);
    let holding = Holding { class, residency: Text::new(residency), records, bytes: Some(records * 10) };
    EdgeFact { holding: Some(holding), to, ..edge(EdgeKind::Holds, resource, "data_class:x") }
}

fn graph(nodes: Vec<NodeFact>, edges: Vec<EdgeFact>) -> Graph {
    let facts: Vec<Fact> = nodes.into_iter().map(Fact::Node).chain(edges.into_iter().map(Fact::Edge)).collect();
    let (graph, problems) = Graph::build(&facts);
    assert_eq!(problems, []);
    graph
}

fn from(graph: &Graph, source: &str, at: u32) -> Vec<Source> {
    vec![Source::new(graph.id(&key(source)).expect("a node"), time(at))]
}

fn reached(graph: &Graph, source: &str, at: u32) -> Reach {
    reach(graph, &from(graph, source, at), Time::MAX)
}

fn arrival(graph: &Graph, reach: &Reach, node: &str) -> Option<i64> {
    reach.arrival(graph.id(&key(node)).expect("a node")).map(Time::seconds)
}

fn targets(graph: &Graph, names: &[&str]) -> Vec<crate::NodeId> {
    names.iter().filter_map(|name| graph.id(&key(name))).collect()
}

fn names(outcome: &CutOutcome) -> Vec<&str> {
    outcome.cut.actions.iter().map(|chosen| chosen.action.name.as_str()).collect()
}

fn records(losses: &Losses, class: &str) -> (u64, u64) {
    let of_class = losses.by_class.iter().filter(|loss| loss.class.word() == class);
    of_class.fold((0, 0), |(sure, maybe), loss| (sure + loss.certain.records, maybe + loss.possible.records))
}

/// An environment with two keys, one of which was rotated at 10; the other mints sessions that live for 5.
fn estate() -> Graph {
    let mut rotated = node("credential:t/old");
    rotated.valid = during(0, 10);
    let mut live = node("credential:t/key");
    live.valid = during(0, 30);
    live.cuts = vec![option("key/deactivate", 20)];
    let mut session = node("credential:t/session");
    session.cuts = vec![option("session/deny", 40)];
    let mut mint = edge(EdgeKind::Derives, "credential:t/key", "credential:t/session");
    mint.persistence = Persistence::Mint { ttl_seconds: 5 };
    let mut bucket = node("resource:t/bucket");
    bucket.crown_jewel = true;
    graph(
        vec![rotated, live, session, bucket],
        vec![
            edge(EdgeKind::ReadableIn, "environment:t/job", "credential:t/old"),
            edge(EdgeKind::ReadableIn, "environment:t/job", "credential:t/key"),
            edge(EdgeKind::Authenticates, "credential:t/old", "identity:t/gone"),
            edge(EdgeKind::MayAct, "identity:t/gone", "resource:t/attic"),
            mint,
            edge(EdgeKind::Authenticates, "credential:t/session", "identity:t/role"),
            edge(EdgeKind::MayAct, "identity:t/role", "resource:t/bucket"),
            holds("resource:t/bucket", "ssn", "US-CA", 100),
        ],
    )
}

#[test]
fn a_key_rotated_before_the_theft_leads_nowhere() {
    let graph = estate();
    let late = reached(&graph, "environment:t/job", 12);
    assert_eq!(arrival(&graph, &late, "credential:t/old"), None);
    assert_eq!(arrival(&graph, &late, "resource:t/attic"), None);
    assert_eq!(arrival(&graph, &late, "resource:t/bucket"), Some(12));
    let early = reached(&graph, "environment:t/job", 9);
    assert_eq!(arrival(&graph, &early, "resource:t/attic"), Some(9));
    let attic = graph.id(&key("resource:t/attic")).expect("a node");
    assert_eq!(early.periods(attic), [during(9, 10)], "and not after its rotation");
}

#[test]
fn a_session_outlives_its_key() {
    let graph = estate();
    let reach = reached(&graph, "environment:t/job", 12);
    let bucket = graph.id(&key("resource:t/bucket")).expect("a node");
    assert_eq!(reach.periods(bucket), [during(12, 35)]);
    assert!(!graph.node(bucket).expect("a node").evidence.is_empty());
}

#[test]
fn what_was_taken_stays_taken_and_what_is_used_does_not() {
    let mut read = edge(EdgeKind::ReadableIn, "environment:t/job", "credential:t/k");
    read.valid = during(5, 6);
    let mut login = edge(EdgeKind::MayAssume, "credential:t/k", "identity:t/i");
    login.valid = during(8, 9);
    let later = edge(EdgeKind::MayAct, "identity:t/i", "resource:t/r");
    let graph = graph(vec![], vec![read, login, EdgeFact { valid: during(9, 20), ..later }]);
    let reach = reached(&graph, "environment:t/job", 1);
    assert_eq!(arrival(&graph, &reach, "credential:t/k"), Some(5));
    assert_eq!(arrival(&graph, &reach, "identity:t/i"), Some(8));
    assert_eq!(arrival(&graph, &reach, "resource:t/r"), None, "the login ended when the grant began");
    assert_eq!(arrival(&graph, &reached(&graph, "environment:t/job", 6), "credential:t/k"), None);
}

#[test]
fn several_needs_must_be_held_at_one_instant() {
    let mut device = node("credential:t/device");
    device.valid = during(0, 7);
    let mut gate = edge(EdgeKind::Authenticates, "credential:t/token", "identity:t/i");
    gate.premises = vec![key("credential:t/device")];
    let token = |from| EdgeFact {
        valid: during(from, 20),
        ..edge(EdgeKind::ReadableIn, "environment:t/job", "credential:t/token")
    };
    let read = || edge(EdgeKind::ReadableIn, "environment:t/job", "credential:t/device");
    let both = graph(vec![device.clone()], vec![gate.clone(), token(4), read()]);
    let reach = reached(&both, "environment:t/job", 1);
    assert_eq!(arrival(&both, &reach, "identity:t/i"), Some(4));
    let proof = reach.proof(&both, both.id(&key("identity:t/i")).expect("a node"));
    assert_eq!(proof.len(), 3, "the way to each need and the step itself");
    assert_eq!(proof[2].premises, [key("credential:t/device")]);
    let too_late = graph(vec![device], vec![gate, token(8), read()]);
    assert_eq!(arrival(&too_late, &reached(&too_late, "environment:t/job", 1), "identity:t/i"), None);
}

#[test]
fn sessions_in_a_circle_are_renewed_for_as_long_as_that_is_possible() {
    let mint = |from, to| EdgeFact {
        persistence: Persistence::Mint { ttl_seconds: 1 },
        valid: during(0, 500),
        ..edge(EdgeKind::Derives, from, to)
    };
    let a_to_b = mint("credential:t/a", "credential:t/b");
    let b_to_a = mint("credential:t/b", "credential:t/a");
    let grant = |name: &str, from| EdgeFact {
        valid: during(from, 600),
        cuts: vec![option(name, 3)],
        ..edge(EdgeKind::MayAct, "credential:t/b", name)
    };
    let grants = [grant("resource:t/after_twenty", 20), grant("resource:t/after_four_hundred", 400)];
    let graph = graph(vec![], [a_to_b, b_to_a].into_iter().chain(grants).collect());
    let sources = [Source { until: time(2), ..from(&graph, "credential:t/a", 0)[0] }];
    let reach = reach(&graph, &sources, Time::MAX);
    let b = graph.id(&key("credential:t/b")).expect("a node");
    assert_eq!(reach.periods(b), [during(0, 501)]);
    // The proof takes the same steps again and again, and the check follows.
    let request = CutRequest::new(
        &sources,
        time(1),
        targets(&graph, &["resource:t/after_twenty", "resource:t/after_four_hundred"]),
    );
    let outcome = cut(&graph, &request);
    assert_eq!((outcome.cut.cost, outcome.cut.proven), (6, true));
    assert_eq!(check::outcome(&graph, &request, &outcome), Ok(()));
}

#[test]
fn records_count_once_and_undecided_ones_apart() {
    let mut maybe = edge(EdgeKind::MayAct, "identity:t/i", "resource:t/b");
    maybe.may = vec![Text::new("aws:SourceIp")];
    let mut recount = holds("resource:t/a", "ssn", "US-CA", 90);
    recount.evidence = Text::new("last year's inventory");
    let mut jewel = node("data_class:ssn");
    jewel.crown_jewel = true;
    let graph = graph(
        vec![jewel],
        vec![
            edge(EdgeKind::MayAct, "identity:t/i", "resource:t/a"),
            edge(EdgeKind::MayAct, "identity:t/i", "identity:t/j"),
            edge(EdgeKind::MayAct, "identity:t/j", "resource:t/a"),
            maybe,
            holds("resource:t/a", "ssn", "US-CA", 100),
            recount,
            holds("resource:t/b", "ssn", "US-CA", 7),
            holds("resource:t/b", "tax_form", "DE", 3),
            holds("resource:t/out_of_reach", "ssn", "US-CA", 1000),
        ],
    );
    let losses = reached(&graph, "identity:t/i", 0).losses(&graph);
    assert_eq!((records(&losses, "ssn"), records(&losses, "tax_form")), ((100, 7), (0, 3)));
    assert_eq!(losses.by_class[0].certain.bytes, 1000);
    let jewel = &losses.crown_jewels[0];
    assert!(jewel.certain && losses.crown_jewels.len() == 1);
    assert_eq!(jewel.holdings.iter().map(|holding| holding.records).sum::<u64>(), 107);
}

#[test]
fn the_cut_follows_what_was_already_minted() {
    let graph = estate();
    let jewels = graph.crown_jewels();
    let sources = from(&graph, "environment:t/job", 12);
    // At 20 a session may exist, so the key alone is not enough; it goes too, or it would mint the next.
    let now = CutRequest::new(&sources, time(20), jewels.clone());
    let outcome = cut(&graph, &now);
    assert_eq!((names(&outcome), outcome.cut.cost), (vec!["session/deny"], 40), "the deny stops old and new sessions");
    assert!(outcome.cut.proven && outcome.is_complete());
    assert_eq!(check::outcome(&graph, &now, &outcome), Ok(()));
    assert!(check::severs(&graph, &now, &[action("key/deactivate")]).is_err());
    // Before the theft nothing is held but the environment, and the cheaper key suffices.
    let before = cut(&graph, &CutRequest::new(&sources, time(11), jewels.clone()));
    assert_eq!((names(&before), before.cut.cost), (vec!["key/deactivate"], 20));
    // After key and session have ended there is nothing to do.
    let after = cut(&graph, &CutRequest::new(&sources, time(36), jewels));
    assert_eq!((names(&after), after.cut.proven), (vec![], true));
}

#[test]
fn what_fails_says_what_it_exposes() {
    let graph = estate();
    let sources = from(&graph, "environment:t/job", 12);
    let request = CutRequest::new(&sources, time(20), graph.crown_jewels());
    let outcome = cut(&graph, &request);
    let step = &outcome.cut.actions[0];
    assert_eq!(step.exposes, [key("resource:t/bucket")]);
    assert_eq!(step.path.last().map(|hop| &hop.to), Some(&key("resource:t/bucket")));
    let losses = residual_if_fails(&graph, &request, &outcome.cut, &step.action);
    assert_eq!(records(&losses, "ssn"), (100, 0));
    let held = crate::residual(&graph, &request, std::slice::from_ref(&step.action)).losses(&graph);
    assert_eq!((held.by_class, held.crown_jewels), (vec![], vec![]));
}

/// Two ways from an identity to a jewel, and a way to another jewel that nothing cuts.
fn two_ways() -> Graph {
    let grant = |to: &str, cuts| EdgeFact { cuts, ..edge(EdgeKind::MayAct, "identity:t/i", to) };
    let mut last = edge(EdgeKind::MayAct, "identity:t/b", "resource:t/jewel");
    last.cuts = vec![option("group/detach", 9)];
    graph(
        vec![],
        vec![
            grant("identity:t/a", vec![option("group/detach", 9), option("a/cut", 5)]),
            grant("identity:t/b", vec![option("b/cut", 6)]),
            edge(EdgeKind::MayAct, "identity:t/a", "resource:t/jewel"),
            last,
            grant("resource:t/open", vec![]),
        ],
    )
}

#[test]
fn one_action_in_two_places_is_paid_once() {
    let graph = two_ways();
    let sources = from(&graph, "identity:t/i", 0);
    let request = CutRequest::new(&sources, time(1), targets(&graph, &["resource:t/jewel"]));
    let outcome = cut(&graph, &request);
    assert_eq!((names(&outcome), outcome.cut.cost, outcome.cut.proven), (vec!["group/detach"], 9, true));
    assert_eq!(outcome.cut.actions[0].severs.len(), 2);
    let refused = [action("group/detach")];
    let without = cut(&graph, &CutRequest { refused: &refused, ..request.clone() });
    assert_eq!((names(&without), without.cut.cost), (vec!["a/cut", "b/cut"], 11));
    let dearer = |option: &CutOption| if option.action.name == "group/detach" { 12 } else { option.cost };
    let weighed = cut(&graph, &CutRequest { costs: &dearer, ..request });
    assert_eq!((names(&weighed), weighed.cut.cost), (vec!["a/cut", "b/cut"], 11));
}

#[test]
fn what_cannot_be_cut_is_named_and_the_rest_is_cut() {
    let graph = two_ways();
    let sources = from(&graph, "identity:t/i", 0);
    let both = targets(&graph, &["resource:t/jewel", "resource:t/open"]);
    let request = CutRequest::new(&sources, time(1), both);
    let outcome = cut(&graph, &request);
    assert_eq!(names(&outcome), ["group/detach"]);
    assert!(!outcome.is_complete() && outcome.cut.proven);
    let open = &outcome.uncuttable[0];
    assert_eq!((&open.target, open.path.len()), (&key("resource:t/open"), 1));
    assert!(open.missing.starts_with("no action is known that cuts the way from `identity:t/i`"), "{}", open.missing);
    let never = BTreeSet::from([key("credential:t/target")]);
    let nothing = cut(&graph, &CutRequest { never: &never, ..request });
    let missing: Vec<&str> = nothing.uncuttable.iter().map(|uncuttable| uncuttable.missing.as_str()).collect();
    assert!(
        missing[0].contains("`group/detach` on `credential:t/target` touches what must never be cut"),
        "{missing:?}"
    );
    assert_eq!((nothing.cut.actions.len(), missing.len()), (0, 2));
}

#[test]
fn a_gate_is_cut_at_its_cheapest_need_and_a_gap_is_branched_away() {
    // Any two of five nodes give the jewel: four of five must go, though the linear program says two and a half.
    let name = |n: usize| format!("credential:t/n{n}");
    let nodes = (0..5).map(|n| {
        let mut node = node(&name(n));
        node.cuts = vec![option(&format!("n{n}/cut"), 10)];
        node
    });
    let mut edges = Vec::new();
    for a in 0..5 {
        edges.push(edge(EdgeKind::ReadableIn, "environment:t/job", &name(a)));
        for b in 0..a {
            let pair = edge(EdgeKind::Authenticates, &name(a), "resource:t/jewel");
            edges.push(EdgeFact { premises: vec![key(&name(b))], ..pair });
        }
    }
    let graph = graph(nodes.collect(), edges);
    let sources = from(&graph, "environment:t/job", 0);
    let request = CutRequest::new(&sources, time(1), targets(&graph, &["resource:t/jewel"]));
    let outcome = cut(&graph, &request);
    assert_eq!((outcome.cut.cost, outcome.cut.lower_bound, outcome.cut.proven), (40, 40, true));
    assert!(matches!(outcome.cut.certificate.bound, Bound::Branch { .. }));
    assert_eq!(check::outcome(&graph, &request, &outcome), Ok(()));
    // Without budget the plan is still safe, and does not claim what it cannot prove.
    let hasty = cut(&graph, &CutRequest { plan_max: 0, proof_max: 0, ..request.clone() });
    assert!(!hasty.cut.proven && hasty.cut.cost >= 40 && hasty.cut.lower_bound < 40);
    assert_eq!(check::outcome(&graph, &request, &hasty), Ok(()));
}

#[test]
fn several_facts_about_one_thing_come_to_one() {
    let known = |from, to, known| {
        Fact::Node(NodeFact { known: time(known), valid: during(from, to), ..node("credential:t/k") })
    };
    let named = NodeFact { label: Text::new("the key"), crown_jewel: true, ..node("credential:t/k") };
    let (graph, problems) = Graph::build(&[known(3, 9, 1), known(5, 7, 2), Fact::Node(named), known(6, 6, 3)]);
    let k = graph.node(graph.id(&key("credential:t/k")).expect("a node")).expect("a node");
    assert_eq!((k.valid, k.label.as_str(), k.crown_jewel), (during(3, 7), "the key", true));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].reason.contains("before it begins"), "{}", problems[0].reason);
    let bare = |evidence: &str| {
        Fact::Edge(EdgeFact { evidence: Text::new(evidence), ..edge(EdgeKind::MayAct, "identity:t/i", "resource:t/r") })
    };
    let mut detachable = edge(EdgeKind::MayAct, "identity:t/i", "resource:t/r");
    detachable.cuts = vec![option("policy/detach", 1)];
    let (graph, _) = Graph::build(&[bare("monday"), bare("tuesday"), Fact::Edge(detachable)]);
    assert_eq!(graph.edge_count(), 2, "a grant that can be detached does not make another one detachable");
    assert!(!graph.node(graph.id(&key("identity:t/i")).expect("a node")).expect("a node").stated);
}
