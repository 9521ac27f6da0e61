//! The loss statement: per class and residency what is within reach, and place by place what was seen leaving.
//!
//! The two are kept apart. Reach comes from the map; taking comes from events, which count objects, rows or messages
//! where the map counts records about people. No exact number of stolen records is made of the two.

use firebreak_graph::{Amount, Losses};
use firebreak_model::{Catalogue, DataClass, Event, Holding, NodeKey, Outcome, Residency, Time};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Counts what compromised subjects were seen to take, event by event, in whatever order these come.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    compromised: BTreeMap<NodeKey, Time>,
    places: BTreeMap<NodeKey, Taken>,
    nowhere: Taken,
}

#[derive(Clone, PartialEq, Debug, Default)]
struct Taken {
    events: u64,
    unsized_events: u64,
    bytes: u64,
    records: u64,
    first: Option<Time>,
    last: Option<Time>,
}

impl Taken {
    fn add(&mut self, event: &Event) {
        self.events += 1;
        self.unsized_events += u64::from(event.keys.bytes.is_none());
        self.bytes = self.bytes.saturating_add(event.keys.bytes.unwrap_or_default());
        self.records = self.records.saturating_add(event.keys.records.unwrap_or_default());
        self.first = Some(self.first.map_or(event.time, |first| first.min(event.time)));
        self.last = Some(self.last.map_or(event.time, |last| last.max(event.time)));
    }
}

impl Tally {
    /// A tally for these credentials and identities, each since when it is compromised.
    pub fn new(compromised: impl IntoIterator<Item = (NodeKey, Time)>) -> Tally {
        let mut since: BTreeMap<NodeKey, Time> = BTreeMap::new();
        for (key, at) in compromised {
            since.entry(key).and_modify(|known| *known = (*known).min(at)).or_insert(at);
        }
        Tally { compromised: since, ..Tally::default() }
    }

    /// Whether `event` is a compromised subject's success in reading data.
    pub fn concerns(&self, event: &Event) -> bool {
        let keys = &event.keys;
        let is_taking = keys.outcome == Outcome::Success && (keys.bytes.is_some() || keys.records.is_some());
        let mut subjects = [&keys.credential, &keys.actor].into_iter().flatten();
        is_taking && subjects.any(|key| self.compromised.get(key).is_some_and(|since| *since <= event.time))
    }

    /// Counts `event` if it [concerns](Tally::concerns) the loss. An event is to be given once.
    pub fn add(&mut self, event: &Event) {
        if self.concerns(event) {
            match &event.keys.target {
                Some(target) => self.places.entry(target.clone()).or_default().add(event),
                None => self.nowhere.add(event),
            }
        }
    }

    /// Bytes seen leaving, over all places.
    pub fn bytes(&self) -> u64 {
        self.places.values().fold(self.nowhere.bytes, |sum, taken| sum.saturating_add(taken.bytes))
    }
}

/// One class about residents of one place.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// What kind of data.
    pub class: DataClass,
    /// Whose residence.
    pub residency: Residency,
    /// Within reach for certain.
    pub certain: Amount,
    /// Within reach only if an undecided condition is met, beyond what is certain.
    pub possible: Amount,
    /// Records that lie where something was seen leaving: at most these were seen taken, and not all of them need be.
    pub in_places_taken_from: u64,
}

/// One place from which something was seen leaving.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// Which.
    pub resource: NodeKey,
    /// Bytes that left, of the events that say.
    pub bytes: u64,
    /// Objects, rows or messages that were read, as the platform counts; read twice counts twice.
    pub records: u64,
    /// By how many events.
    pub events: u64,
    /// The first of them.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// What the place holds.
    pub holdings: Vec<Holding>,
}

/// What was lost, as far as it can be known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Statement {
    /// By class, then residency.
    pub lines: Vec<Line>,
    /// By bytes, the most first.
    pub places: Vec<Place>,
    /// Bytes seen leaving, over all places.
    pub bytes_seen: u64,
    /// What is not known, in words.
    pub gaps: Vec<String>,
}

/// States what `losses` says is within reach and what `tally` saw leaving. `gaps` are those already known: of the scope, of
/// silent sources.
pub fn statement(losses: &Losses, tally: &Tally, catalogue: &Catalogue, gaps: &[String]) -> Statement {
    let mut gaps: BTreeSet<String> = gaps.iter().cloned().collect();
    let mut lines: BTreeMap<(DataClass, Residency), Line> = BTreeMap::new();
    for loss in &losses.by_class {
        let line = line(&mut lines, &loss.class, &loss.residency);
        (line.certain, line.possible) = (loss.certain, loss.possible);
    }
    let mut places = Vec::new();
    for (resource, taken) in &tally.places {
        let holdings = catalogue.holdings(resource).to_vec();
        if holdings.is_empty() {
            let amount = format!("{} bytes and {} records", taken.bytes, taken.records);
            gaps.insert(format!("{amount} left `{resource}`, and no inventory says what it holds"));
        }
        if taken.unsized_events > 0 {
            let count = taken.unsized_events;
            gaps.insert(format!("{count} events at `{resource}` do not say how many bytes left"));
        }
        for holding in &holdings {
            let line = line(&mut lines, &holding.class, &holding.residency);
            if line.certain.records == 0 && line.possible.records == 0 {
                let class = &holding.class;
                gaps.insert(format!(
                    "`{resource}` was taken from although the map leads to no {class} there: it is incomplete"
                ));
            }
            line.in_places_taken_from = line.in_places_taken_from.saturating_add(holding.records);
        }
        let Taken { events, bytes, records, first, last, .. } = *taken;
        places.push(Place { resource: resource.clone(), bytes, records, events, first, last, holdings });
    }
    if tally.nowhere.events > 0 {
        let Taken { events, bytes, .. } = tally.nowhere;
        gaps.insert(format!("{events} events with {bytes} bytes do not say from where they took"));
    }
    if tally.bytes() > 0 {
        gaps.insert("what owners of stolen credentials did themselves after the theft is counted as taken".to_string());
    }
    places.sort_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.resource.cmp(&b.resource)));
    Statement {
        lines: lines.into_values().collect(),
        places,
        bytes_seen: tally.bytes(),
        gaps: gaps.into_iter().collect(),
    }
}

fn line<'a>(
    lines: &'a mut BTreeMap<(DataClass, Residency), Line>,
    class: &DataClass,
    residency: &Residency,
) -> &'a mut Line {
    lines.entry((class.clone(), residency.clone())).or_insert_with(|| Line {
        class: class.clone(),
        residency: residency.clone(),
        certain: Amount::default(),
        possible: Amount::default(),
        in_places_taken_from: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_graph::ClassLoss;
    use firebreak_model::{EdgeFact, EdgeKind, Fact, Interval, Keys, NodeKind, Text};

    fn key(id: &str) -> NodeKey {
        NodeKey::credential("aws", id)
    }

    fn bucket(name: &str) -> NodeKey {
        NodeKey::resource("aws", &format!("arn:aws:s3:::{name}"))
    }

    fn event(credential: &str, target: Option<&str>, seconds: i64, bytes: Option<u64>, outcome: Outcome) -> Event {
        let keys = Keys {
            credential: Some(key(credential)),
            target: target.map(bucket),
            bytes,
            records: Some(1),
            outcome,
            ..Keys::default()
        };
        crate::seen::event(seconds, keys)
    }

    fn catalogue() -> Catalogue {
        let class = DataClass::new("interview_recording");
        let node = NodeKey::new(NodeKind::DataClass, class.word());
        let holding = Holding { class, residency: Text::new("US-CA"), records: 40_000, bytes: None };
        let edge = EdgeFact::new(EdgeKind::Holds, bucket("videos"), node, Interval::ALWAYS, Time(0), "inventory");
        Catalogue::of(&[Fact::Edge(EdgeFact { holding: Some(holding), ..edge })])
    }

    fn losses() -> Losses {
        let certain = Amount { resources: 1, records: 40_000, bytes: 0 };
        let (class, residency) = (DataClass::new("interview_recording"), Text::new("US-CA"));
        Losses {
            by_class: vec![ClassLoss { class, residency, certain, possible: Amount::default() }],
            ..Losses::default()
        }
    }

    fn tally(events: &[Event]) -> Tally {
        let mut tally = Tally::new([(key("A"), Time::from_seconds(10))]);
        events.iter().for_each(|event| tally.add(event));
        tally
    }

    #[test]
    fn only_what_a_compromised_subject_took_since_then_counts() {
        let ok = Outcome::Success;
        let tally = tally(&[
            event("A", Some("videos"), 10, Some(500), ok),
            event("A", Some("videos"), 20, Some(700), ok),
            event("A", Some("videos"), 9, Some(1), ok),
            event("B", Some("videos"), 20, Some(2), ok),
            event("A", Some("videos"), 20, Some(4), Outcome::Denied),
        ]);
        let statement = statement(&losses(), &tally, &catalogue(), &[]);
        assert_eq!(statement.bytes_seen, 1_200);
        let place = &statement.places[0];
        assert_eq!(
            (place.records, place.first, place.last),
            (2, Some(Time::from_seconds(10)), Some(Time::from_seconds(20)))
        );
        assert_eq!(statement.lines[0].in_places_taken_from, 40_000);
        assert_eq!(statement.lines[0].certain.records, 40_000);
    }

    #[test]
    fn reach_without_taking_is_no_taking() {
        let statement = statement(&losses(), &Tally::default(), &catalogue(), &[]);
        assert_eq!((statement.lines[0].in_places_taken_from, statement.bytes_seen), (0, 0));
        assert!(statement.places.is_empty() && statement.gaps.is_empty());
    }

    #[test]
    fn what_is_not_known_is_said() {
        let ok = Outcome::Success;
        let events = [
            event("A", Some("attic"), 20, Some(3), ok),
            event("A", None, 21, Some(5), ok),
            event("A", Some("videos"), 22, None, ok),
        ];
        let statement = statement(&Losses::default(), &tally(&events), &catalogue(), &["okta was silent".to_string()]);
        for says in [
            "no inventory says what it holds",
            "do not say from where",
            "do not say how many bytes",
            "it is incomplete",
            "okta was silent",
            "owners of stolen credentials",
        ] {
            assert!(statement.gaps.iter().any(|gap| gap.contains(says)), "{says}: {:?}", statement.gaps);
        }
    }

    #[test]
    fn the_order_of_events_does_not_matter() {
        let events: Vec<Event> =
            (10..30).map(|n| event("A", Some("videos"), n, Some(n as u64), Outcome::Success)).collect();
        let backward: Vec<Event> = events.iter().rev().cloned().collect();
        assert_eq!(tally(&events), tally(&backward));
    }
}
