//! Doings: who was seen to do what to what, as far as logs name both, kept by what the map calls them.

use firebreak_graph::Graph;
use firebreak_model::{Event, NodeKey, Outcome, Text, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// What was seen of something.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Done {
    /// Events that were not refused.
    pub events: u64,
    /// The first of them in the window.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
    /// What was done, in the platforms' words.
    pub operations: BTreeMap<Text, u64>,
    /// From which networks (24 bits, or 48), each with the first time.
    pub networks: BTreeMap<Text, Time>,
}

/// At most so many different operations, and networks, of one thing are told apart.
const KINDS_MAX: usize = 200;

/// At most so many pairs of who and what are told apart; beyond it what was seen is still counted for each of both.
const PAIRS_MAX: usize = 2_000_000;

impl Done {
    fn add(&mut self, event: &Event) {
        self.events += 1;
        self.first = Some(self.first.map_or(event.time, |first| first.min(event.time)));
        self.last = self.last.max(Some(event.time));
        let operation = &event.keys.operation;
        if self.operations.len() < KINDS_MAX || self.operations.contains_key(operation) {
            *self.operations.entry(operation.clone()).or_default() += 1;
        }
        let Some(network) = event.keys.address.map(network) else { return };
        if self.networks.len() < KINDS_MAX || self.networks.contains_key(&network) {
            let first = self.networks.entry(network).or_insert(event.time);
            *first = event.time.min(*first);
        }
    }
}

/// The network of an address, as far as networks are usually given out.
pub(crate) fn network(address: IpAddr) -> Text {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Text::new(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Text::new(format!("{a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

/// What the logs of a window tell.
#[derive(Clone, Debug)]
pub struct Doings {
    since: Time,
    until: Time,
    /// By who.
    pub actors: BTreeMap<NodeKey, Done>,
    /// By what it was done to.
    pub targets: BTreeMap<NodeKey, Done>,
    /// By credential.
    pub credentials: BTreeMap<NodeKey, Done>,
    pairs: BTreeMap<(NodeKey, NodeKey), Done>,
    /// Not all pairs were told apart.
    pub bounded: bool,
}

impl Doings {
    /// Of the time from `since` to `until`, both included.
    pub fn within(since: Time, until: Time) -> Doings {
        let (actors, targets, credentials) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Doings { since, until, actors, targets, credentials, pairs: BTreeMap::new(), bounded: false }
    }

    /// Notes an event. What was refused is no use.
    pub fn add(&mut self, graph: &Graph, event: &Event) {
        if event.time < self.since || event.time > self.until || event.keys.outcome == Outcome::Denied {
            return;
        }
        let keys = &event.keys;
        let [actor, target, credential] =
            [&keys.actor, &keys.target, &keys.credential].map(|key| key.as_ref().map(|key| on_map(graph, key)));
        if let Some(key) = &credential {
            self.credentials.entry(key.clone()).or_default().add(event);
        }
        if let Some(key) = &actor {
            self.actors.entry(key.clone()).or_default().add(event);
        }
        if let Some(key) = &target {
            self.targets.entry(key.clone()).or_default().add(event);
        }
        let (Some(actor), Some(target)) = (actor, target) else { return };
        let pair = (actor, target);
        if self.pairs.len() >= PAIRS_MAX && !self.pairs.contains_key(&pair) {
            self.bounded = true;
            return;
        }
        self.pairs.entry(pair).or_default().add(event);
    }

    /// What `actor` did to `target`.
    pub fn of(&self, actor: &NodeKey, target: &NodeKey) -> Option<&Done> {
        self.pairs.get(&(actor.clone(), target.clone()))
    }

    /// What `actor` did to anything, by what.
    pub fn by(&self, actor: &NodeKey) -> BTreeMap<&NodeKey, &Done> {
        let own = self.pairs.iter().filter(|((who, _), _)| who == actor);
        own.map(|((_, target), done)| (target, done)).collect()
    }

    /// Who did anything to `target`.
    pub fn on<'a>(&'a self, target: &'a NodeKey) -> impl Iterator<Item = &'a NodeKey> {
        self.pairs.keys().filter(move |(_, on)| on == target).map(|(who, _)| who)
    }

    /// The systems of which anything was seen with a credential.
    pub fn systems_with_credentials(&self) -> BTreeSet<&str> {
        self.credentials.keys().map(NodeKey::system).collect()
    }
}

/// What the map calls it; its own name where the map does not know it.
fn on_map(graph: &Graph, key: &NodeKey) -> NodeKey {
    graph.id(key).and_then(|id| graph.key(id)).unwrap_or_else(|| key.clone())
}
