//! The rules by story: what was known when, and what follows from it.

use super::{Snapshot, difference, streams};
use crate::{Graph, History, Source, reach};
use firebreak_model::{
    Action, CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Reversibility, Text, Time,
};

fn key(text: &str) -> NodeKey {
    NodeKey::parse(text).expect("a key")
}

fn edge(kind: EdgeKind, from: &str, to: &str) -> Fact {
    Fact::Edge(EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, Time(0), "inventory"))
}

fn snapshot(scope: &str, complete: bool, taken: i64, known: i64, facts: &[Fact]) -> Snapshot {
    let (taken, known) = (Time::from_seconds(taken), Time::from_seconds(known));
    Snapshot { scope: Text::new(scope), complete, taken, known, facts: facts.to_vec(), notes: String::new() }
}

const KEY: &str = "credential:aws/AKIAIOSFODNN7EXAMPLE";
const USER: &str = "identity:aws/arn:aws:iam::1:user/ci";
const STORE: &str = "resource:aws/arn:aws:s3:::interviews";

/// The account with the key, or without it once it was rotated.
fn account(with_key: bool) -> Vec<Fact> {
    let mut facts = vec![edge(EdgeKind::MayAct, USER, STORE)];
    if with_key {
        facts.push(Fact::Node(NodeFact::new(key(KEY), Interval::ALWAYS, Time(0), "inventory")));
        facts.push(edge(EdgeKind::Authenticates, KEY, USER));
    }
    facts
}

/// Whether the key, stolen at `at`, leads to the store, as far as was known at `known`.
fn leads(history: &History, known: i64, at: i64) -> bool {
    let (graph, _) = Graph::build(&history.facts(Time::from_seconds(known)));
    let (Some(from), Some(to)) = (graph.id(&key(KEY)), graph.id(&key(STORE))) else { return false };
    let found = reach(&graph, &[Source::new(from, Time::from_seconds(at))], Time::MAX);
    found.arrival(to).is_some()
}

#[test]
fn a_key_rotated_before_the_theft_leads_nowhere_and_we_knew_it_only_later() {
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(true)));
    // The theft is at 200. The account was rotated before 150, and the snapshot that says so reaches us at 300.
    assert!(leads(&history, 250, 200), "as known then, the key works");
    history.take(snapshot("aws/1", true, 150, 300, &account(false)));
    assert!(leads(&history, 250, 200), "what was known at 250 does not change");
    assert!(!leads(&history, 300, 200), "as known now, it had ended before it was stolen");
    assert!(leads(&history, 300, 140), "before that it led there");
}

#[test]
fn a_key_rotated_after_the_theft_led_there_meanwhile() {
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(true)));
    history.take(snapshot("aws/1", true, 250, 260, &account(false)));
    assert!(leads(&history, 300, 200), "stolen at 200 it worked until 250");
    assert!(!leads(&history, 300, 250), "and no longer than that");
}

#[test]
fn a_partial_snapshot_ends_nothing() {
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(true)));
    history.take(snapshot("aws/1", false, 150, 150, &account(false)));
    assert!(leads(&history, 160, 155));
}

#[test]
fn what_two_scopes_say_lives_until_both_have_ended_it() {
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(true)));
    history.take(snapshot("estate", true, 100, 100, &[edge(EdgeKind::Authenticates, KEY, USER)]));
    history.take(snapshot("aws/1", true, 150, 150, &account(false)));
    assert!(leads(&history, 160, 155), "the owner still says so");
    history.take(snapshot("estate", true, 170, 170, &[]));
    assert!(!leads(&history, 180, 175));
    assert!(leads(&history, 180, 165));
}

#[test]
fn a_relation_that_is_new_did_not_hold_before_it_was_absent() {
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(false)));
    history.take(snapshot("aws/1", true, 150, 150, &account(true)));
    let (graph, _) = Graph::build(&history.facts(Time::MAX));
    let from = graph.id(&key(KEY)).expect("known");
    let arrival = reach(&graph, &[Source::new(from, Time::from_seconds(50))], Time::MAX)
        .arrival(graph.id(&key(STORE)).expect("known"));
    assert_eq!(arrival, Some(Time(Time::from_seconds(100).0 + 1)), "some time after 100, so perhaps at once");
}

#[test]
fn a_thing_that_is_no_longer_listed_but_spoken_of_has_not_ended() {
    let named = Fact::Node(NodeFact::new(key(USER), Interval::ALWAYS, Time(0), "estate"));
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(true)));
    history.take(snapshot("estate", true, 100, 100, &[named]));
    history.take(snapshot("estate", true, 150, 150, &[]));
    assert!(leads(&history, 160, 155));
}

#[test]
fn an_edited_file_that_keeps_its_date_counts_from_when_it_came() {
    let grant = edge(EdgeKind::MayAct, USER, STORE);
    let mut history = History::default();
    history.take(snapshot("estate", true, 100, 110, std::slice::from_ref(&grant)));
    assert!(history.take(snapshot("estate", true, 100, 120, std::slice::from_ref(&grant))).is_none(), "nothing new");
    let logged = history.take(snapshot("estate", true, 100, 130, &[])).expect("it was edited");
    assert_eq!((logged.taken, logged.rows.len()), (Time::from_seconds(130), 1));
    let [Fact::Edge(ended)] = &history.facts(Time::MAX)[..] else { panic!("one fact") };
    assert_eq!(ended.valid.to, Time::from_seconds(130), "it held until then, not never");
    assert!(history.take(snapshot("estate", true, 100, 140, &[grant])).is_some(), "taken back");
    assert_eq!(history.facts(Time::MAX).len(), 2);
}

#[test]
fn the_log_keeps_differences_only() {
    let mut history = History::default();
    let first = history.take(snapshot("aws/1", true, 100, 100, &account(true))).expect("new");
    let second = history.take(snapshot("aws/1", true, 150, 150, &account(true))).expect("taken again");
    let third = history.take(snapshot("aws/1", true, 170, 170, &account(false))).expect("changed");
    assert_eq!([first.rows.len(), second.rows.len(), third.rows.len()], [3, 0, 2]);
    assert!(third.rows.iter().all(|row| !row.held));
    assert_eq!(history.known_since(Time::from_seconds(100)).len(), 2);
}

#[test]
fn what_ended_long_ago_is_forgotten_and_what_still_holds_is_kept_with_when_it_began() {
    let mut history = History::default();
    history.take(snapshot("aws/1", true, 100, 100, &account(false)));
    history.take(snapshot("aws/1", true, 110, 110, &account(true)));
    history.take(snapshot("aws/1", true, 120, 120, &account(true)));
    history.take(snapshot("aws/1", true, 130, 130, &account(false)));
    for taken in 131..150 {
        history.take(snapshot("aws/1", true, taken, taken, &account(false)));
    }
    let before = history.facts(Time::MAX).len();
    let forgotten = history.forget(Time::from_seconds(140));
    // The key and what it authenticates, each held and then not; of 24 snapshots the first and those since the last old one.
    assert_eq!((forgotten.forms, forgotten.left), (4, 1));
    assert_eq!(forgotten.snapshots, 12);
    assert_eq!((before, history.facts(Time::MAX).len()), (3, 1));
    assert!(!leads(&history, 150, 145));
    // The grant is known since the first snapshot; the key comes back as something new.
    let known = |history: &History| {
        history
            .facts(Time::MAX)
            .iter()
            .map(|fact| match fact {
                Fact::Edge(edge) => (edge.valid.from, edge.known),
                Fact::Node(node) => (node.valid.from, node.known),
            })
            .max()
    };
    assert_eq!(known(&history), Some((Time::MIN, Time::from_seconds(100))));
    history.take(snapshot("aws/1", true, 160, 160, &account(true)));
    assert_eq!(known(&history), Some((Time(Time::from_seconds(149).0 + 1), Time::from_seconds(160))));
}

#[test]
fn a_newer_use_and_a_longer_life_stream_and_another_price_does_not() {
    let used = |at: i64, cost: u32| {
        let action = Action { name: Text::new("t/remove"), target: key(STORE), parameters: Default::default() };
        let (reversibility, policy) = (Reversibility::Reversible, CutPolicy::Allowed);
        let cuts = vec![CutOption { action, cost, delay_seconds: 1, reversibility, policy }];
        let Fact::Edge(edge) = edge(EdgeKind::MayAct, USER, STORE) else { panic!("an edge") };
        Fact::Edge(EdgeFact { last_used: Some(Time::from_seconds(at)), cuts, ..edge })
    };
    let named = |label: &str| {
        Fact::Node(NodeFact { label: Text::new(label), ..NodeFact::new(key(STORE), Interval::ALWAYS, Time(0), "test") })
    };
    let turned = |before: Fact, after: Fact| streams(&difference(&[before], &[after], Time(9)));
    assert!(turned(used(1, 20), used(2, 20)));
    assert!(!turned(used(2, 20), used(1, 20)), "a use that was none");
    assert!(!turned(used(1, 20), used(2, 30)), "a price that is another");
    assert!(!turned(named("a"), named("b")));
    assert!(turned(edge(EdgeKind::MayAct, USER, STORE), edge(EdgeKind::MayAct, USER, KEY)));
    let (before, after) = (used(1, 20), used(2, 20));
    let (mut graph, _) = Graph::build(std::slice::from_ref(&before));
    graph.apply(&difference(&[before], &[after], Time(9)));
    let from = graph.id(&key(USER)).expect("known");
    let lives: Vec<_> = graph.edges_from(from).filter(|edge| edge.valid == Interval::ALWAYS).collect();
    assert_eq!((lives.len(), lives[0].last_used), (1, Some(Time::from_seconds(2))));
}

#[test]
fn what_was_said_twice_and_is_said_once_has_not_ended() {
    let one = edge(EdgeKind::MayAct, USER, STORE);
    let twice = [one.clone(), one.clone()];
    assert_eq!(difference(&twice, std::slice::from_ref(&one), Time(9)), []);
    assert_eq!(difference(&twice, &[], Time(9)).len(), 2, "gone altogether");
}
