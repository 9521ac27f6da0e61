//! The history as a naive model that keeps every snapshot whole and walks through all of them for every question.

use super::{Snapshot, difference, streams};
use crate::{Graph, History, Source, reach};
use firebreak_model::{Change, EdgeFact, EdgeKind, Fact, Interval, NodeFact, NodeKey, Text, Time};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// (scope, taken, arrival, complete, known, stated, statements)
type Kept = (Text, Time, usize, bool, Time, Time, BTreeMap<String, Fact>);

/// Every statement of every snapshot.
#[derive(Clone, Default)]
struct Naive {
    snapshots: Vec<Kept>,
}

/// What a fact of these tests says of whom.
fn name(fact: &Fact) -> String {
    match fact {
        Fact::Node(node) => format!("{}", node.key),
        Fact::Edge(edge) => format!("{} {:?} {} {:?}", edge.from, edge.kind, edge.to, edge.valid.from),
    }
}

/// A fact without when we learnt it.
fn bare(fact: &Fact) -> Fact {
    let mut fact = fact.clone();
    match &mut fact {
        Fact::Node(node) => node.known = Time(0),
        Fact::Edge(edge) => edge.known = Time(0),
    }
    fact
}

struct Span {
    fact: Fact,
    known: Time,
    after: Option<Time>,
    end: Option<Time>,
}

impl Naive {
    fn take(&mut self, snapshot: &Snapshot) {
        let statements: BTreeMap<String, Fact> = snapshot.facts.iter().map(|fact| (name(fact), bare(fact))).collect();
        let twin = self.snapshots.iter().rev().find(|one| one.0 == snapshot.scope && one.5 == snapshot.taken);
        if twin.is_some_and(|one| one.3 == snapshot.complete && one.6 == statements) {
            return;
        }
        let taken = if twin.is_some() { snapshot.known } else { snapshot.taken };
        let arrival = self.snapshots.len();
        let Snapshot { scope, complete, known, taken: stated, .. } = snapshot;
        self.snapshots.push((scope.clone(), taken, arrival, *complete, *known, *stated, statements));
    }

    fn spans(&self, scope: &Text, statement: &str, at: Time) -> Vec<Span> {
        let mut known: Vec<_> = self.snapshots.iter().filter(|one| one.0 == *scope && one.4 <= at).collect();
        known.sort_by_key(|one| (one.1, one.2));
        let (mut spans, mut open, mut absent): (Vec<Span>, bool, Option<Time>) = (Vec::new(), false, None);
        for one in known {
            match one.6.get(statement) {
                Some(fact) if open => spans.last_mut().expect("open").fact = fact.clone(),
                Some(fact) => {
                    spans.push(Span { fact: fact.clone(), known: one.4, after: absent, end: None });
                    open = true;
                }
                None if one.3 => {
                    if open {
                        spans.last_mut().expect("open").end = Some(one.1);
                    }
                    (open, absent) = (false, Some(one.1));
                }
                None => {}
            }
        }
        spans
    }

    fn facts(&self, at: Time) -> Vec<Fact> {
        let scopes: BTreeSet<&Text> = self.snapshots.iter().map(|one| &one.0).collect();
        let statements: BTreeSet<&String> = self.snapshots.iter().flat_map(|one| one.6.keys()).collect();
        let (mut edges, mut meant, mut nodes) = (Vec::new(), BTreeMap::new(), Vec::new());
        for statement in statements {
            let spans: Vec<Span> = scopes.iter().flat_map(|scope| self.spans(scope, statement, at)).collect();
            if matches!(spans.first().map(|span| &span.fact), Some(Fact::Node(_))) {
                nodes.push(spans);
                continue;
            }
            for span in spans {
                let Fact::Edge(mut edge) = span.fact else { panic!("an edge") };
                let began = span.after.map_or(Time::MIN, |after| Time(after.0 + 1));
                edge.valid =
                    Interval::new(edge.valid.from.max(began), edge.valid.to.min(span.end.unwrap_or(Time::MAX)));
                edge.known = span.known;
                if edge.valid.from < edge.valid.to {
                    for key in [&edge.from, &edge.to] {
                        let until = meant.entry(key.clone()).or_insert(Time::MIN);
                        *until = edge.valid.to.max(*until);
                    }
                    edges.push(Fact::Edge(edge));
                }
            }
        }
        edges.extend(nodes.into_iter().flat_map(|spans| living(spans, &meant)));
        edges
    }
}

fn living(spans: Vec<Span>, meant: &BTreeMap<NodeKey, Time>) -> Vec<Fact> {
    let node = |span: &Span, end: Option<Time>| {
        let Fact::Node(node) = &span.fact else { panic!("a node") };
        let until = end.map(|end| end.max(meant.get(&node.key).copied().unwrap_or(Time::MIN)));
        let valid = Interval::new(node.valid.from, node.valid.to.min(until.unwrap_or(Time::MAX)));
        Fact::Node(NodeFact { valid, known: span.known, ..node.clone() })
    };
    let stated = |span: &Span| {
        let Fact::Node(node) = &span.fact else { panic!("a node") };
        node.valid.to
    };
    let latest = spans.iter().filter_map(|span| Some(span.end?.min(stated(span)))).max();
    let open = spans.iter().filter(|span| span.end.is_none() && latest.is_none_or(|latest| stated(span) > latest));
    let open: Vec<Fact> = open.map(|span| node(span, None)).collect();
    if !open.is_empty() {
        return open;
    }
    let last = spans.iter().rfind(|span| span.end.is_some_and(|end| Some(end.min(stated(span))) == latest));
    let last = last.expect("a span");
    let ended = node(last, last.end);
    if matches!(&ended, Fact::Node(node) if node.valid.from < node.valid.to) { vec![ended] } else { Vec::new() }
}

fn listed(facts: &[Fact]) -> Vec<String> {
    let mut listed: Vec<String> = facts.iter().map(|fact| format!("{fact:?}")).collect();
    listed.sort();
    listed
}

fn key(number: u8) -> NodeKey {
    NodeKey::resource("t", &number.to_string())
}

fn fact() -> impl Strategy<Value = Fact> {
    let interval = prop_oneof![
        3 => Just(Interval::ALWAYS),
        1 => (0..30i64).prop_map(|from| Interval::since(Time(from))),
        1 => (0..30i64, 1..30i64).prop_map(|(from, length)| Interval::new(Time(from), Time(from + length))),
    ];
    let edge = (0..3u8, 0..3u8, interval.clone()).prop_map(|(from, to, valid)| {
        Fact::Edge(EdgeFact::new(EdgeKind::MayAct, key(from), key(to), valid, Time(0), "test"))
    });
    let node = (0..4u8, interval, 0..2u8).prop_map(|(number, valid, label)| {
        let fact = NodeFact::new(key(number), valid, Time(0), "test");
        Fact::Node(NodeFact { label: Text::new(format!("label {label}")), ..fact })
    });
    prop_oneof![edge, node]
}

/// One fact a statement, as a scanner that merges its file gives them.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec(fact(), 0..6).prop_map(|facts| {
        let mut once = BTreeMap::new();
        facts.into_iter().for_each(|fact| _ = once.insert(name(&fact), fact));
        once.into_values().collect()
    })
}

/// Snapshots as they arrive, each a little later than the one before, of times in any order.
fn arrivals() -> impl Strategy<Value = Vec<Snapshot>> {
    let one = (0..2u8, prop::bool::weighted(0.7), 0..20i64, facts(), 0..3i64);
    prop::collection::vec(one, 0..9).prop_map(|list| {
        let mut known = 20;
        let snapshot = |(scope, complete, taken, facts, later): (u8, bool, i64, Vec<Fact>, i64)| {
            known += later;
            let scope = Text::new(format!("scope {scope}"));
            Snapshot { scope, complete, taken: Time(taken), known: Time(known), facts, notes: String::new() }
        };
        list.into_iter().map(snapshot).collect()
    })
}

/// `facts` after `changes`, word by word.
fn applied(facts: &[Fact], changes: &[Change]) -> Vec<Fact> {
    let mut facts = facts.to_vec();
    for change in changes {
        match change {
            Change::State { fact } => facts.push(fact.clone()),
            Change::End { fact, at, .. } => {
                let place = facts.iter().position(|one| bare(one) == bare(fact)).expect("it was stated");
                let mut fact = facts.remove(place);
                let valid = match &mut fact {
                    Fact::Node(node) => &mut node.valid,
                    Fact::Edge(edge) => &mut edge.valid,
                };
                valid.to = valid.to.min(*at);
                if *at != Time::MIN {
                    facts.push(fact);
                }
            }
        }
    }
    facts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn it_knows_at_every_time_what_a_list_of_all_snapshots_knows(arrivals in arrivals()) {
        let (mut history, mut naive) = (History::default(), Naive::default());
        for snapshot in &arrivals {
            naive.take(snapshot);
            history.take(snapshot.clone());
        }
        for at in (18..48).map(Time).chain([Time::MAX]) {
            prop_assert_eq!(listed(&history.facts(at)), listed(&naive.facts(at)), "as known at {}", at.0);
        }
    }

    #[test]
    fn the_log_read_again_is_the_history_and_its_beginning_what_was_known_then(arrivals in arrivals()) {
        let (mut history, mut again) = (History::default(), History::default());
        for snapshot in arrivals {
            let known = snapshot.known;
            if let Some(logged) = history.take(snapshot) {
                let text = serde_json::to_string(&logged).expect("plain data");
                again.replay(serde_json::from_str(&text).expect("what we wrote"));
            }
            prop_assert_eq!(listed(&again.facts(Time::MAX)), listed(&history.facts(known)));
        }
        for at in (18..48).map(Time) {
            prop_assert_eq!(listed(&again.facts(at)), listed(&history.facts(at)));
        }
    }

    #[test]
    fn what_is_forgotten_is_not_needed_by_later_questions(
        early in arrivals(), late in arrivals(), horizon in 20..46i64,
    ) {
        let mut whole = History::default();
        let take = |history: &mut History, snapshots: &[Snapshot]| {
            snapshots.iter().for_each(|snapshot| _ = history.take(snapshot.clone()));
        };
        take(&mut whole, &early);
        let mut short = whole.clone();
        let forgotten = short.forget(Time(horizon));
        let later = |one: &Snapshot| Snapshot { taken: Time(one.taken.0 + 50), known: Time(one.known.0 + 50), ..one.clone() };
        let late: Vec<Snapshot> = late.iter().map(later).collect();
        let all_complete = early.iter().chain(&late).all(|one| one.complete);
        let alive_then: BTreeSet<NodeKey> = whole.facts(Time(horizon)).iter().filter_map(|fact| match fact {
            Fact::Node(node) if node.valid.to > Time(horizon) => Some(node.key.clone()),
            _ => None,
        }).collect();
        let known_then = early.iter().filter(|one| one.known <= Time(horizon)).flat_map(|one| &one.facts);
        let mut ended_then: BTreeSet<NodeKey> = known_then.filter_map(node_of).cloned().collect();
        ended_then.retain(|key| !alive_then.contains(key));
        take(&mut whole, &late);
        take(&mut short, &late);
        let mut again = History::default();
        short.log().into_iter().for_each(|logged| again.replay(logged));
        for at in (horizon..98).map(Time).chain([Time::MAX]) {
            prop_assert_eq!(listed(&again.facts(at)), listed(&short.facts(at)), "read again at {}", at.0);
            prop_assert!(short.notes(at).eq(whole.notes(at)));
            let shown = short.facts(at);
            let lives_on = |fact: &&Fact| matches!(fact, Fact::Node(node) if node.valid.to > Time(horizon));
            let since = late.iter().filter(|one| one.known <= at).flat_map(|one| &one.facts);
            let (stated_again, ended_again): (Vec<&Fact>, Vec<&Fact>) = since.partition(lives_on);
            let stated_again: BTreeSet<&NodeKey> = stated_again.into_iter().filter_map(node_of).collect();
            let ended_again = ended_again.into_iter().filter_map(node_of);
            let ended: BTreeSet<&NodeKey> = ended_then.iter().chain(ended_again).collect();
            let named: BTreeSet<&NodeKey> = shown.iter().filter(lives_on).filter_map(node_of).collect();
            let again: BTreeSet<&NodeKey> = named.intersection(&stated_again).copied().collect();
            let needed = |fact: &&Fact| match fact {
                Fact::Edge(edge) => edge.valid.to > Time(horizon),
                Fact::Node(node) => {
                    node.valid.to > Time(horizon) && (!ended.contains(&node.key) || again.contains(&node.key))
                }
            };
            let words = |facts: &[Fact]| {
                let facts = facts.iter().filter(needed);
                listed(&facts.map(|fact| if all_complete { fact.clone() } else { bare(fact) }).collect::<Vec<_>>())
            };
            prop_assert_eq!(words(&shown), words(&whole.facts(at)), "as known at {}, {:?}", at.0, forgotten);
        }
        let before = short.clone().forget(Time(horizon));
        prop_assert_eq!((before.forms, before.snapshots), (0, 0), "once is enough");
    }

    #[test]
    fn late_and_repeated_snapshots_give_what_they_give_in_order(arrivals in arrivals(), seed in 0..1000usize) {
        let mut once: BTreeMap<(Text, Time), Snapshot> = BTreeMap::new();
        arrivals.into_iter().for_each(|one| _ = once.insert((one.scope.clone(), one.taken), one));
        let in_order: Vec<Snapshot> = once.into_values().collect();
        let mut late = in_order.clone();
        (0..late.len()).for_each(|at| late.swap(at, (seed * (at + 7)) % (at + 1)));
        late.extend(late.clone());
        let known = |order: Vec<Snapshot>| {
            let mut history = History::default();
            for (known, snapshot) in (50..).zip(order) {
                history.take(Snapshot { known: Time(known), ..snapshot });
            }
            listed(&history.facts(Time::MAX).iter().map(bare).collect::<Vec<_>>())
        };
        prop_assert_eq!(known(late), known(in_order));
    }

    #[test]
    fn the_difference_makes_the_one_into_the_other(arrivals in arrivals(), from in 18..48i64, to in 18..48i64) {
        let mut history = History::default();
        arrivals.into_iter().for_each(|snapshot| _ = history.take(snapshot));
        let (before, after) = (history.facts(Time(from)), history.facts(Time(to)));
        let changes = difference(&before, &after, Time(to));
        // What is said twice is one.
        let bare = |facts: &[Fact]| BTreeSet::from_iter(listed(&facts.iter().map(bare).collect::<Vec<_>>()));
        prop_assert_eq!(bare(&applied(&before, &changes)), bare(&after));
        prop_assert!(from != to || changes.is_empty());
    }

    #[test]
    fn a_running_map_that_takes_changes_in_is_the_map_of_what_they_lead_to(
        arrivals in arrivals(), from in 18..48i64, to in 18..48i64,
    ) {
        // Of one scope: what several say is one fact before it comes to a map.
        let mut history = History::default();
        arrivals.into_iter().filter(|one| one.scope == "scope 0").for_each(|snapshot| _ = history.take(snapshot));
        let (before, after) = (history.facts(Time(from)), history.facts(Time(to)));
        let changes = difference(&before, &after, Time(to));
        prop_assume!(streams(&changes));
        let (mut running, anew) = (Graph::build(&before).0, Graph::build(&after).0);
        running.apply(&changes);
        for compact in [false, true] {
            if compact {
                running.compact();
            }
            for start in 0..4 {
                for at in 0..32 {
                    let found = |graph: &Graph| -> Vec<Option<Time>> {
                        let Some(node) = graph.id(&key(start)) else { return Vec::new() };
                        let reached = reach(graph, &[Source::new(node, Time(at))], Time::MAX);
                        (0..4).map(|other| reached.arrival(graph.id(&key(other))?)).collect()
                    };
                    // What no fact names any more is in the running map, and leads nowhere.
                    if anew.id(&key(start)).is_some() {
                        prop_assert_eq!(found(&running), found(&anew), "from {} at {}", start, at);
                    }
                }
            }
        }
    }

    #[test]
    fn where_a_complete_snapshot_was_taken_there_is_what_it_held(arrivals in arrivals()) {
        let mut history = History::default();
        for snapshot in arrivals.iter().filter(|one| one.scope == "scope 0") {
            history.take(snapshot.clone());
        }
        let facts = history.facts(Time::MAX);
        let holds = |fact: &Fact, at: Time| matches!(fact, Fact::Edge(edge) if edge.valid.contains(at));
        // Of two of one time the later is taken for one of a later time.
        let mut seen = BTreeSet::new();
        let of_scope = arrivals.iter().filter(|one| one.scope == "scope 0" && seen.insert(one.taken) && one.complete);
        for snapshot in of_scope {
            for fact in &facts {
                let stated = snapshot.facts.iter().any(|one| name(one) == name_then(fact, one));
                prop_assert!(!holds(fact, snapshot.taken) || stated, "{:?} at {}", fact, snapshot.taken.0);
            }
        }
    }
}

fn node_of(fact: &Fact) -> Option<&NodeKey> {
    match fact {
        Fact::Node(node) => Some(&node.key),
        Fact::Edge(_) => None,
    }
}

/// The name of `fact` if it began as `other` says: the history may have moved its beginning.
fn name_then(fact: &Fact, other: &Fact) -> String {
    match (fact, other) {
        (Fact::Edge(fact), Fact::Edge(other)) => {
            let valid = Interval { from: other.valid.from, ..fact.valid };
            name(&Fact::Edge(EdgeFact { valid, ..fact.clone() }))
        }
        _ => name(fact),
    }
}
