//! The rules by story: what was known when, and what follows from it.

use super::Snapshot;
use crate::{Graph, History, Source, reach};
use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};

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
