//! The data map: for each class of data where it lies, how much, whose, who can reach it and who did.
//!
//! Reach comes from the map at one instant; touch comes from events. What no inventory names is not on it.

mod drift;

pub use drift::{DataChange, data_drift};

use firebreak_graph::{Graph, NodeId, Standing};
use firebreak_model::{DataClass, Event, Fact, Holding, NodeKey, Outcome, Party, Residency, Text, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many identities of one party reach something.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Reachers {
    /// Which party.
    pub party: Party,
    /// By steps that need nothing else.
    pub alone: u64,
    /// If whatever else a step needs is there: at least `alone`.
    pub helped: u64,
}

/// Who was seen to read at a place.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Touched {
    /// Identities by party; 0 of a party is left out.
    pub by: BTreeMap<Party, u64>,
    /// When last.
    pub last: Option<Time>,
}

/// One place that holds a class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DataPlace {
    /// Which resource.
    pub resource: NodeKey,
    /// What people call it.
    pub label: Text,
    /// Records of the class there.
    pub records: u64,
    /// Bytes, of the holdings that say.
    pub bytes: u64,
    /// Whether the owner says that it must not be lost.
    pub crown_jewel: bool,
    /// Who can reach it.
    pub reach: Vec<Reachers>,
    /// Who was seen to; `None` where no event says who reads at such places: then nobody can tell.
    pub touched: Option<Touched>,
}

/// One class.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ClassMap {
    /// Which.
    pub class: DataClass,
    /// Records in all places: what lies in two counts twice.
    pub records: u64,
    /// Of them by whose residence.
    pub residents: BTreeMap<Residency, u64>,
    /// Identities that reach at least one of its places.
    pub reach: Vec<Reachers>,
    /// Where it lies, the most records first.
    pub places: Vec<DataPlace>,
}

/// Who read where, from events in any order.
#[derive(Clone, PartialEq, Debug)]
pub struct Touches {
    since: Time,
    places: BTreeMap<NodeKey, (BTreeSet<NodeKey>, Time)>,
    /// Where reads are logged at all.
    logged: BTreeSet<Text>,
}

impl Touches {
    /// Counts from `since` on.
    pub fn since(since: Time) -> Touches {
        Touches { since, places: BTreeMap::new(), logged: BTreeSet::new() }
    }

    /// Notes who succeeded in reading, where the event says both.
    pub fn add(&mut self, event: &Event) {
        let keys = &event.keys;
        let reads = keys.outcome == Outcome::Success && (keys.bytes.is_some() || keys.records.is_some());
        let (Some(target), Some(actor)) = (&keys.target, &keys.actor) else { return };
        if reads && event.time >= self.since {
            let (who, last) = self.places.entry(target.clone()).or_insert_with(|| (BTreeSet::new(), event.time));
            who.insert(actor.clone());
            *last = event.time.max(*last);
            self.logged.insert(service(target));
        }
    }

    fn at(&self, resource: &NodeKey) -> Option<Touched> {
        if !self.logged.contains(&service(resource)) {
            return None;
        }
        let Some((who, last)) = self.places.get(resource) else { return Some(Touched::default()) };
        let mut by = BTreeMap::new();
        // Who is no identity by its key is known by its act alone.
        who.iter().for_each(|key| *by.entry(Party::of(key).unwrap_or(Party::Unknown)).or_default() += 1);
        Some(Touched { by, last: Some(*last) })
    }
}

/// What logs reads at a resource or does not: its system, and within AWS the service, since each logs reads only if it is told to.
fn service(resource: &NodeKey) -> Text {
    let mut arn = resource.name().split(':');
    match (arn.next(), arn.nth(1)) {
        (Some("arn"), Some(service)) => Text::from(format!("{}/{service}", resource.system())),
        _ => Text::new(resource.system()),
    }
}

/// The map of what `facts` say lies where, on `graph` at `at`; classes in the order of their names.
pub fn data_map(graph: &Graph, facts: &[Fact], at: Time, touches: Option<&Touches>) -> Vec<ClassMap> {
    let held = held(facts, at);
    let resources: Vec<(&NodeKey, NodeId)> = {
        let all: BTreeSet<&NodeKey> = held.keys().map(|(_, resource)| *resource).collect();
        all.into_iter().filter_map(|resource| Some((resource, graph.id(resource)?))).collect()
    };
    let jewels: BTreeSet<NodeId> = graph.crown_jewels().into_iter().collect();
    let reaching = Reach::of(&Standing::new(graph, at), graph, &resources);
    let mut classes: BTreeMap<&DataClass, ClassMap> = BTreeMap::new();
    for ((class, resource), holdings) in &held {
        let entry = classes.entry(class).or_insert_with(|| ClassMap {
            class: (*class).clone(),
            records: 0,
            residents: BTreeMap::new(),
            reach: Vec::new(),
            places: Vec::new(),
        });
        for holding in holdings {
            entry.records = entry.records.saturating_add(holding.records);
            let of = entry.residents.entry(holding.residency.clone()).or_default();
            *of = of.saturating_add(holding.records);
        }
        let sum = |of: &dyn Fn(&Holding) -> u64| holdings.iter().fold(0u64, |sum, one| sum.saturating_add(of(one)));
        let node = graph.id(resource);
        entry.places.push(DataPlace {
            resource: (*resource).clone(),
            label: node.map(|node| Text::new(graph.label(node))).unwrap_or_default(),
            records: sum(&|one| one.records),
            bytes: sum(&|one| one.bytes.unwrap_or_default()),
            crown_jewel: node.is_some_and(|node| jewels.contains(&node)),
            reach: reaching.counts(&[*resource]),
            touched: touches.and_then(|touches| touches.at(resource)),
        });
    }
    for class in classes.values_mut() {
        let places: Vec<&NodeKey> = class.places.iter().map(|place| &place.resource).collect();
        class.reach = reaching.counts(&places);
        class.places.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.resource.cmp(&b.resource)));
    }
    classes.into_values().collect()
}

type Held<'f> = BTreeMap<(&'f DataClass, &'f NodeKey), Vec<&'f Holding>>;

/// What lies where at `at`.
fn held(facts: &[Fact], at: Time) -> Held<'_> {
    let mut held: Held<'_> = BTreeMap::new();
    for fact in facts {
        let Fact::Edge(edge) = fact else { continue };
        if let Some(holding) = edge.holding.as_ref().filter(|_| edge.valid.contains(at)) {
            held.entry((&holding.class, &edge.from)).or_default().push(holding);
        }
    }
    held
}

/// The identities that reach each resource, each with its party and whether alone.
struct Reach<'k>(BTreeMap<&'k NodeKey, Vec<(NodeId, Party, bool)>>);

impl<'k> Reach<'k> {
    fn of(standing: &Standing<'_>, graph: &Graph, resources: &[(&'k NodeKey, NodeId)]) -> Reach<'k> {
        let targets: Vec<NodeId> = resources.iter().map(|(_, node)| *node).collect();
        let mut all: BTreeMap<&NodeKey, Vec<(NodeId, Party, bool)>> = BTreeMap::new();
        let mut parties: BTreeMap<NodeId, Party> = BTreeMap::new();
        standing.reaching(&targets, |found| {
            let party = *parties
                .entry(found.identity)
                .or_insert_with(|| graph.key(found.identity).and_then(|key| Party::of(&key)).unwrap_or(Party::Unknown));
            if let Some((resource, _)) = resources.get(found.target) {
                all.entry(resource).or_default().push((found.identity, party, found.alone));
            }
        });
        Reach(all)
    }

    /// How many of each party reach at least one of `resources`.
    fn counts(&self, resources: &[&NodeKey]) -> Vec<Reachers> {
        let mut who: BTreeMap<NodeId, (Party, bool)> = BTreeMap::new();
        for (identity, party, alone) in resources.iter().filter_map(|resource| self.0.get(resource)).flatten() {
            who.entry(*identity).or_insert((*party, false)).1 |= alone;
        }
        let count = |party: Party| {
            let of = || who.values().filter(|(own, _)| *own == party);
            let (alone, helped) = (of().filter(|(_, alone)| *alone).count(), of().count());
            Reachers { party, alone: alone as u64, helped: helped as u64 }
        };
        Party::ALL.into_iter().map(count).filter(|reachers| reachers.helped > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::key;
    use firebreak_model::{EdgeFact, EdgeKind, Interval, Keys, NodeFact};

    fn edge(kind: EdgeKind, from: &str, to: &str) -> EdgeFact {
        EdgeFact::new(kind, key(from), key(to), Interval::ALWAYS, Time(0), "test")
    }

    fn holds(resource: &str, class: &str, records: u64) -> Fact {
        let class_key = format!("data_class:{class}");
        let holding =
            Holding { class: DataClass::new(class), residency: Text::new("US-CA"), records, bytes: Some(records * 10) };
        Fact::Edge(EdgeFact { holding: Some(holding), ..edge(EdgeKind::Holds, resource, &class_key) })
    }

    fn facts() -> Vec<Fact> {
        use EdgeKind::{MayAct, MayAssume};
        let mut facts: Vec<Fact> = [
            edge(MayAct, "identity:person/ann@a.example", "resource:aws/a"),
            edge(MayAssume, "identity:litellm/agent", "identity:person/ann@a.example"),
            edge(MayAct, "identity:person/bob@a.example", "resource:aws/b"),
        ]
        .into_iter()
        .map(Fact::Edge)
        .collect();
        facts.extend([
            holds("resource:aws/a", "ssn", 10),
            holds("resource:aws/b", "ssn", 30),
            holds("resource:aws/b", "contact", 1),
        ]);
        let jewel = NodeFact::new(key("resource:aws/a"), Interval::ALWAYS, Time(0), "test");
        facts.push(Fact::Node(NodeFact { crown_jewel: true, ..jewel }));
        facts
    }

    fn event(actor: &str, target: &str, seconds: i64, outcome: Outcome) -> Event {
        let keys =
            Keys { actor: Some(key(actor)), target: Some(key(target)), records: Some(1), outcome, ..Keys::default() };
        crate::seen::event(seconds, keys)
    }

    #[test]
    fn a_class_is_where_it_lies_and_who_reaches_several_places_counts_once() {
        let facts = facts();
        let (graph, problems) = Graph::build(&facts);
        assert!(problems.is_empty(), "{problems:?}");
        let map = data_map(&graph, &facts, Time(5), None);
        let classes: Vec<&str> = map.iter().map(|class| class.class.word()).collect();
        assert_eq!(classes, ["contact", "ssn"]);
        let ssn = &map[1];
        assert_eq!((ssn.records, ssn.places[0].records, ssn.places[1].crown_jewel), (40, 30, true));
        let counts = |reach: &[Reachers]| reach.iter().map(|of| (of.party, of.alone)).collect::<Vec<_>>();
        assert_eq!(counts(&ssn.reach), [(Party::Person, 2), (Party::Agent, 1)]);
        assert_eq!(counts(&ssn.places[0].reach), [(Party::Person, 1)]);
        assert_eq!(ssn.places[0].touched, None);
    }

    #[test]
    fn only_reads_that_succeeded_and_are_recent_count_as_touch() {
        let facts = facts();
        let (graph, _) = Graph::build(&facts);
        let mut touches = Touches::since(Time::from_seconds(10));
        let ok = Outcome::Success;
        for (actor, seconds, outcome) in [
            ("identity:litellm/agent", 20, ok),
            ("identity:litellm/agent", 15, ok),
            ("identity:person/ann@a.example", 9, ok),
            ("identity:person/bob@a.example", 20, Outcome::Denied),
        ] {
            touches.add(&event(actor, "resource:aws/a", seconds, outcome));
        }
        let map = data_map(&graph, &facts, Time(5), Some(&touches));
        let place = map[1].places.iter().find(|place| place.crown_jewel).unwrap();
        let touched = place.touched.clone().unwrap();
        assert_eq!(touched.by, BTreeMap::from([(Party::Agent, 1)]));
        assert_eq!(touched.last, Some(Time::from_seconds(20)));
        assert_eq!(map[0].places[0].touched, Some(Touched::default()));
    }

    #[test]
    fn where_no_record_tells_of_reads_nobody_is_said_to_have_read_nothing() {
        let mut touches = Touches::since(Time::MIN);
        touches.add(&event("identity:person/ann@a.example", "resource:aws/arn:aws:s3:::a", 20, Outcome::Success));
        assert_eq!(touches.at(&key("resource:aws/arn:aws:s3:::b")), Some(Touched::default()));
        assert_eq!(touches.at(&key("resource:aws/arn:aws:dynamodb:eu-west-1:1:table/t")), None);
        assert_eq!(touches.at(&key("resource:postgres/db/contractors")), None);
    }

    #[test]
    fn drift_tells_copies_reach_and_shares_that_are_new() {
        let map = |facts: &[Fact]| data_map(&Graph::build(facts).0, facts, Time(5), None);
        let before = facts();
        let more = [
            holds("resource:aws/c", "ssn", 7),
            Fact::Edge(edge(EdgeKind::MayAct, "identity:person/cy@a.example", "resource:aws/a")),
            Fact::Edge(edge(EdgeKind::MayAct, "identity:aws/*", "resource:aws/b")),
        ];
        let after: Vec<Fact> = before.iter().cloned().chain(more).collect();
        let (class, a, b) = (|| DataClass::new("ssn"), || key("resource:aws/a"), || key("resource:aws/b"));
        let reach = DataChange::Reach { class: class(), resource: a(), party: Party::Person, before: 1, after: 2 };
        let copy = DataChange::Copy { class: class(), resource: key("resource:aws/c"), records: 7 };
        let shares = [DataClass::new("contact"), class()].map(|class| DataChange::Share { class, resource: b() });
        let told = data_drift(&map(&before), &map(&after));
        assert_eq!(told, [&[copy.clone(), reach][..], &shares].concat());
        assert!(data_drift(&map(&before), &map(&before)).is_empty());
        let back = data_drift(&map(&after), &map(&before));
        assert_eq!(
            back,
            [DataChange::Gone { class: class(), resource: key("resource:aws/c") }],
            "less reach is no alert"
        );
    }
}
