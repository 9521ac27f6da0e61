//! Standing questions on small maps with known answers, and against the definitions on random ones.

use super::*;
use crate::cut::Place;
use crate::reach::{Source, reach};
use firebreak_model::{
    Action, CutOption, CutPolicy, DataClass, EdgeFact, EdgeKind, Fact, Holding, Interval, NodeFact, NodeKey, NodeKind,
    Persistence, Reversibility, Text,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const AT: Time = Time(100);

fn key(text: &str) -> NodeKey {
    NodeKey::parse(text).unwrap()
}

fn node(text: &str) -> NodeFact {
    NodeFact::new(key(text), Interval::ALWAYS, Time(0), "test")
}

fn jewel(text: &str) -> Fact {
    Fact::Node(NodeFact { crown_jewel: true, ..node(text) })
}

fn option(name: &str, target: &str, policy: CutPolicy) -> CutOption {
    let action = Action { name: Text::new(name), target: key(target), parameters: BTreeMap::new() };
    CutOption { action, cost: 1, delay_seconds: 1, reversibility: Reversibility::Reversible, policy }
}

fn edge(kind: EdgeKind, from: &str, to: &str) -> EdgeFact {
    EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, Time(0), "test")
}

fn holds(resource: &str, records: u64) -> Fact {
    let class = DataClass::new("ssn");
    let holding = Some(Holding { class, residency: Text::new("US-CA"), records, bytes: None });
    Fact::Edge(EdgeFact { holding, ..edge(EdgeKind::Holds, resource, "data_class:ssn") })
}

/// Two hosts with a key each for the deployer; the deployer and a group of two people may act on the jewel.
fn estate() -> Vec<Fact> {
    use EdgeKind::{Authenticates, InstalledIn, MayAct, MemberOf, ReadableIn};
    let mut facts: Vec<Fact> = [
        edge(InstalledIn, "package:npm/a@1", "environment:host/1"),
        edge(InstalledIn, "package:npm/a@1", "environment:host/2"),
        edge(InstalledIn, "package:npm/b@1", "environment:host/2"),
        edge(ReadableIn, "environment:host/1", "credential:aws/one"),
        edge(ReadableIn, "environment:host/2", "credential:aws/two"),
        edge(ReadableIn, "environment:host/2", "credential:aws/one"),
        edge(Authenticates, "credential:aws/one", "identity:aws/deployer"),
        edge(Authenticates, "credential:aws/two", "identity:aws/deployer"),
        edge(MayAct, "identity:aws/deployer", "resource:s3/jewel"),
        edge(MemberOf, "identity:person/ann", "group:okta/inner"),
        edge(MemberOf, "group:okta/inner", "group:okta/outer"),
        edge(MayAct, "group:okta/outer", "resource:s3/jewel"),
        edge(MayAct, "identity:person/ann", "resource:s3/other"),
        edge(EdgeKind::MayAssume, "identity:person/bob", "identity:aws/deployer"),
    ]
    .into_iter()
    .map(Fact::Edge)
    .collect();
    facts.push(jewel("resource:s3/jewel"));
    facts.push(holds("resource:s3/jewel", 700));
    facts.push(holds("resource:s3/other", 50));
    facts
}

fn graph(facts: &[Fact]) -> Graph {
    let (graph, problems) = Graph::build(facts);
    assert_eq!(problems, Vec::new());
    graph
}

fn counts(exposure: &Exposure) -> Vec<(NodeKind, u64, u64, u64)> {
    exposure.exposed.iter().map(|exposed| (exposed.kind, exposed.alone, exposed.helped, exposed.all)).collect()
}

#[test]
fn who_reaches_is_who_is_counted() {
    let graph = graph(&estate());
    let standing = Standing::new(&graph, AT);
    let jewel = graph.id(&key("resource:s3/jewel")).unwrap();
    let other = graph.id(&key("resource:s3/other")).unwrap();
    let mut found = BTreeSet::new();
    standing.reaching(&[other, jewel], |reaching| {
        found.insert((reaching.target, graph.key(reaching.identity).unwrap().to_string(), reaching.alone));
    });
    let of = |target: usize, name: &str| (target, format!("identity:{name}"), true);
    assert_eq!(
        found,
        BTreeSet::from([of(0, "person/ann"), of(1, "person/ann"), of(1, "person/bob"), of(1, "aws/deployer")])
    );
}

#[test]
fn exposure_counts_who_reaches_a_jewel_alone_and_with_help() {
    let mut facts = estate();
    // A session needs the token and a device: neither reaches the jewel alone.
    let mut gated = edge(EdgeKind::Derives, "credential:aws/token", "credential:aws/session");
    gated.premises = vec![key("environment:host/device")];
    facts.push(Fact::Edge(gated));
    facts.push(Fact::Edge(edge(EdgeKind::Authenticates, "credential:aws/session", "identity:aws/deployer")));
    let graph = graph(&facts);
    let exposures = Standing::new(&graph, AT).exposures();
    assert_eq!(exposures.len(), 1);
    assert_eq!(exposures[0].jewel, key("resource:s3/jewel"));
    let expected = vec![
        (NodeKind::Package, 2, 2, 2),
        (NodeKind::Environment, 2, 3, 3),
        (NodeKind::Credential, 3, 4, 4),
        (NodeKind::Identity, 3, 3, 3),
    ];
    assert_eq!(counts(&exposures[0]), expected);
    assert_eq!(exposures[0].exposed[1].share(), 1.0);
}

#[test]
fn what_does_not_exist_or_is_not_possible_at_the_instant_does_not_count() {
    let mut facts = estate();
    for fact in &mut facts {
        match fact {
            Fact::Edge(edge) if edge.to == key("credential:aws/two") => edge.valid = Interval::new(Time(0), AT),
            Fact::Edge(edge) if edge.from == key("group:okta/inner") => {
                edge.valid = Interval::new(Time(101), Time::MAX)
            }
            _ => {}
        }
    }
    let rotated = NodeFact { valid: Interval::new(Time(0), Time(50)), ..node("credential:aws/one") };
    facts.push(Fact::Node(rotated));
    let graph = graph(&facts);
    let standing = Standing::new(&graph, AT);
    let expected = vec![
        (NodeKind::Package, 0, 0, 2),
        (NodeKind::Environment, 0, 0, 2),
        (NodeKind::Credential, 1, 1, 1),
        (NodeKind::Identity, 2, 2, 3),
    ];
    assert_eq!(counts(&standing.exposures()[0]), expected);
    assert_eq!(standing.neighbours().len(), 1, "ann's group has no way to the jewel now");
    assert_eq!(standing.coverage(&BTreeSet::new()).reaching, 1);
}

#[test]
fn neighbours_are_one_step_away_through_groups_and_not_through_identities() {
    let mut facts = estate();
    let mut doubtful = edge(EdgeKind::MayAct, "identity:person/eve", "resource:s3/jewel");
    doubtful.may = vec![Text::new("aws:SourceIp")];
    facts.push(Fact::Edge(doubtful));
    let graph = graph(&facts);
    let neighbours = Standing::new(&graph, AT).neighbours();
    let found: Vec<(&str, Option<&str>, bool)> = neighbours
        .iter()
        .map(|neighbour| (neighbour.identity.name(), neighbour.group.as_ref().map(NodeKey::name), neighbour.certain))
        .collect();
    assert_eq!(found, [("deployer", None, true), ("ann", Some("outer"), true), ("eve", None, false)]);
}

#[test]
fn coverage_tells_automatic_drilled_and_forbidden_ways_apart() {
    let mut facts = estate();
    let mut with = |name: &str, cuts: Vec<CutOption>| {
        facts.push(Fact::Node(NodeFact { cuts, ..node(name) }));
        let to = key("identity:aws/deployer");
        facts.push(Fact::Edge(EdgeFact { to, ..edge(EdgeKind::Authenticates, name, "identity:aws/x") }));
    };
    with("credential:aws/one", vec![option("aws_access_key/deactivate", "credential:aws/one", CutPolicy::Allowed)]);
    with("credential:aws/two", vec![option("webhook/request", "credential:aws/two", CutPolicy::Allowed)]);
    with("credential:aws/three", vec![option("webhook/request", "credential:aws/three", CutPolicy::NeedsPerson)]);
    with("credential:aws/four", vec![option("webhook/request", "credential:aws/four", CutPolicy::Never)]);
    with("credential:aws/five", vec![]);
    facts.push(Fact::Node(node("credential:aws/leads-nowhere")));
    let graph = graph(&facts);
    let drilled = BTreeSet::from([Text::new("aws_access_key/deactivate")]);
    let coverage = Standing::new(&graph, AT).coverage(&drilled);
    let uncovered = ["credential:aws/five", "credential:aws/four", "credential:aws/three"].map(key).to_vec();
    assert_eq!(coverage, Coverage { reaching: 5, automatic: 2, drilled: 1, person: 1, none: 2, uncovered });
    assert_eq!((coverage.share(), coverage.drilled_share()), (0.4, 0.2));
    let nothing = super::Coverage::default();
    assert_eq!((nothing.share(), nothing.drilled_share()), (1.0, 1.0));
}

#[test]
fn keyrings_rank_packages_by_what_is_readable_beside_them() {
    let graph = graph(&estate());
    let keyrings = Standing::new(&graph, AT).keyrings(10);
    let found: Vec<(&str, u64, u64, u64)> = keyrings
        .packages
        .iter()
        .map(|keyring| (keyring.package.name(), keyring.environments, keyring.credentials, keyring.records))
        .collect();
    // Each credential is counted once though two hosts have it, and so is the jewel.
    assert_eq!(found, [("a@1", 2, 2, 700), ("b@1", 1, 2, 700)]);
    assert!(keyrings.exact && keyrings.error == 0.0);
    assert_eq!(Standing::new(&graph, AT).keyrings(1).packages.len(), 1);
}

#[test]
fn a_choke_point_is_what_every_way_passes() {
    let mut facts = estate();
    facts.push(Fact::Node(NodeFact {
        cuts: vec![option("webhook/request", "identity:aws/deployer", CutPolicy::Allowed)],
        ..node("identity:aws/deployer")
    }));
    let graph = graph(&facts);
    let standing = Standing::new(&graph, AT);
    let points = standing.choke_points(&[], 3);
    // Sources: two packages, two hosts, two credentials, bob and the deployer; ann by her groups.
    assert_eq!((points.sources, points.looked_at, points.pairs, points.exact), (9, 9, 9, true));
    let (first, rest) = points.points.split_first().unwrap();
    assert_eq!((&first.place, first.pairs), (&Place::Node(key("identity:aws/deployer")), 7));
    assert_eq!(first.actions.len(), 1);
    assert_eq!(rest[0].pairs, 1);
    let host = graph.id(&key("environment:host/2")).unwrap();
    let given = standing.choke_points(&[host], 3);
    assert_eq!((given.sources, given.pairs, given.points.len(), given.points[0].pairs), (1, 1, 1, 1));
}

#[test]
fn a_relation_that_can_be_cut_by_itself_is_a_choke_point() {
    let mut grant = edge(EdgeKind::MayAct, "identity:aws/a", "resource:s3/jewel");
    grant.cuts = vec![option("grant/remove", "identity:aws/a", CutPolicy::NeedsPerson)];
    let graph = graph(&[Fact::Edge(grant), jewel("resource:s3/jewel")]);
    let points = Standing::new(&graph, AT).choke_points(&[], 5);
    assert_eq!(points.points.len(), 1);
    assert!(matches!(&points.points[0].place, Place::Edge { from, .. } if *from == key("identity:aws/a")));
    assert_eq!((points.points[0].pairs, points.points[0].actions.len()), (1, 1));
}

#[test]
fn a_map_without_jewels_has_no_answers() {
    let graph = graph(&[Fact::Edge(edge(EdgeKind::Authenticates, "credential:aws/one", "identity:aws/a"))]);
    let standing = Standing::new(&graph, AT);
    assert!(standing.exposures().is_empty() && standing.neighbours().is_empty());
    assert_eq!(standing.coverage(&BTreeSet::new()), Coverage::default());
    assert!(standing.choke_points(&[], 5).points.is_empty());
    let (nothing, _) = Graph::build(&[]);
    assert!(Standing::new(&nothing, AT).keyrings(5).packages.is_empty());
    assert_eq!(Standing::new(&nothing, AT).choke_points(&[], 5).sources, 0);
}

const NODES: [&str; 9] = [
    "package:npm/p@1",
    "environment:host/e",
    "environment:host/f",
    "credential:aws/c",
    "credential:aws/d",
    "identity:aws/i",
    "identity:aws/j",
    "group:aws/g",
    "resource:s3/r",
];

/// A random small map in which every step is possible always; jewels are the last two nodes.
fn random_map() -> impl Strategy<Value = Vec<Fact>> {
    let edges =
        prop::collection::vec((0..NODES.len(), 0..NODES.len(), prop::option::weighted(0.2, 0..NODES.len())), 1..24);
    edges.prop_map(|edges| {
        let mut facts: Vec<Fact> = vec![jewel(NODES[7]), jewel(NODES[8])];
        for (from, to, premise) in edges.into_iter().filter(|(from, to, _)| from != to) {
            let mut step = edge(EdgeKind::MayAct, NODES[from], NODES[to]);
            step.persistence = Persistence::While;
            step.premises = premise.map(|premise| key(NODES[premise])).into_iter().collect();
            facts.push(Fact::Edge(step));
        }
        facts
    })
}

/// The pairs of a source and a jewel that it reaches without `cut`.
fn pairs(facts: &[Fact], cut: Option<&str>) -> BTreeSet<(NodeKey, NodeKey)> {
    let stays = |fact: &&Fact| match fact {
        Fact::Node(_) => true,
        Fact::Edge(edge) => {
            !cut.is_some_and(|cut| [&edge.from, &edge.to].into_iter().chain(&edge.premises).any(|end| *end == key(cut)))
        }
    };
    let left: Vec<Fact> = facts.iter().filter(stays).cloned().collect();
    let graph = graph(&left);
    let mut pairs = BTreeSet::new();
    for source in &NODES[..7] {
        let Some(id) = graph.id(&key(source)) else { continue };
        let reached = reach(&graph, &[Source::new(id, AT)], AT);
        let held = reached.nodes().into_iter().filter(|(node, _)| graph.is_crown_jewel(*node));
        pairs.extend(held.map(|(node, _)| (key(source), graph.key(node).unwrap().clone())));
    }
    pairs
}

proptest! {
    #[test]
    fn choke_points_take_away_what_reach_says(facts in random_map()) {
        let graph = graph(&facts);
        let points = Standing::new(&graph, AT).choke_points(&[], NODES.len());
        let all = pairs(&facts, None);
        prop_assert_eq!(points.pairs, all.len() as u64);
        for place in NODES {
            let left = pairs(&facts, Some(place));
            let own = |(source, jewel): &&(NodeKey, NodeKey)| *source != key(place) && *jewel != key(place);
            let lost = all.difference(&left).filter(own).count() as u64;
            let said = points.points.iter().find(|point| point.place == Place::Node(key(place))).map_or(0, |point| point.pairs);
            prop_assert!(said <= lost && (said == lost || !points.exact), "{}: {} of {}", place, said, lost);
        }
    }

    #[test]
    fn exposure_bounds_what_reach_says(facts in random_map()) {
        let graph = graph(&facts);
        let really = pairs(&facts, None);
        for exposure in Standing::new(&graph, AT).exposures() {
            for exposed in &exposure.exposed {
                let count = really.iter().filter(|(source, jewel)| source.kind() == exposed.kind && *jewel == exposure.jewel).count() as u64;
                prop_assert!(exposed.alone <= count && count <= exposed.helped && exposed.helped <= exposed.all);
            }
        }
    }

    #[test]
    fn estimates_of_records_are_near_the_count(sizes in prop::collection::vec(1u64..10_000, 40..80)) {
        let mut facts = Vec::new();
        for (number, records) in sizes.iter().enumerate() {
            let resource = format!("resource:s3/{number}");
            facts.push(holds(&resource, *records));
            facts.push(Fact::Edge(edge(EdgeKind::MayAct, "credential:aws/c", &resource)));
        }
        facts.push(Fact::Edge(edge(EdgeKind::ReadableIn, "environment:host/e", "credential:aws/c")));
        facts.push(Fact::Edge(edge(EdgeKind::InstalledIn, "package:npm/p@1", "environment:host/e")));
        let graph = graph(&facts);
        let standing = Standing::new(&graph, AT);
        let (counted, estimated) = standing.both_ways();
        let total: u64 = sizes.iter().sum();
        prop_assert_eq!(counted, vec![total]);
        // Five standard deviations.
        let off = (estimated[0] as f64 - total as f64).abs() / total as f64;
        prop_assert!(off < 5.0 / 62f64.sqrt(), "off by {}", off);
    }
}
