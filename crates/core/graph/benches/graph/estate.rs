//! A layered estate with power-law degrees, drawn from a seed, as a stream of facts: nothing of it is kept.
//!
//! Nine layers: packages, environments, credentials, sessions, identities, permission hubs, resources, zones, data
//! classes. A session is made by one step that needs several things at once: these are the AND gates. Units cut all layers
//! but packages and classes into parts; most steps stay inside one. Degrees follow Pareto's law out of a node, and a few
//! favourites of each unit take most steps into it.

use crate::random::Random;
use crate::shape::Shape;
use firebreak_model::{
    Action, CutOption, CutPolicy, DataClass, EdgeFact, EdgeKind, Fact, Holding, Interval, NodeFact, NodeKey, NodeKind,
    Persistence, Reversibility, Text, Time,
};
use std::collections::BTreeMap;
use std::ops::Range;

const DAY: i64 = 86_400;
const DAYS: u32 = 90;

/// No node.
pub(crate) const NONE: u32 = u32::MAX;

/// A layer of the estate; nodes are numbered layer by layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Layer {
    Package,
    Environment,
    Credential,
    Session,
    Identity,
    Hub,
    Resource,
    Zone,
    Class,
}

use Layer::{Class, Credential, Environment, Hub, Identity, Package, Resource, Session, Zone};

const LAYERS: [Layer; 9] = [Package, Environment, Credential, Session, Identity, Hub, Resource, Zone, Class];

/// Nodes of each layer where there are a million.
const SHARES: [u64; 9] = [80_000, 260_000, 230_000, 100_000, 130_000, 60_000, 138_000, 2_000, 0];
const CLASSES: u32 = 64;
const JEWELS: u32 = 100;

/// How an action is priced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Price {
    pub(crate) cost: u32,
    /// Policy forbids it.
    pub(crate) never: bool,
}

impl Price {
    fn draw(random: &mut Random, factor: u32) -> Price {
        let cost = random.cost().saturating_mul(factor).min(1_000_000);
        Price { cost, never: random.chance(0.03) }
    }

    /// The cost, or `None` where policy forbids it.
    pub(crate) fn permitted(self) -> Option<u32> {
        (!self.never).then_some(self.cost)
    }
}

/// One relation, in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tie {
    /// Its number, in the order of drawing.
    pub(crate) number: u32,
    pub(crate) kind: EdgeKind,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) premises: [u32; 2],
    pub(crate) valid: Interval,
    /// How it can be cut by itself, if it can.
    pub(crate) price: Option<Price>,
}

/// How the steps of one kind are drawn: from, to, how many out of each on average, tail, at most.
struct Relation {
    kind: EdgeKind,
    from: Layer,
    to: Layer,
    mean: f64,
    tail: f64,
    most: u32,
}

const fn relation(kind: EdgeKind, from: Layer, to: Layer, mean: f64, tail: f64, most: u32) -> Relation {
    Relation { kind, from, to, mean, tail, most }
}

/// An estate of one shape.
#[derive(Clone, Debug)]
pub(crate) struct Estate {
    pub(crate) shape: Shape,
    first: [u32; 10],
    is_serving: Vec<bool>,
}

impl Estate {
    pub(crate) fn new(shape: Shape) -> Estate {
        let mut first = [0; 10];
        for (layer, share) in SHARES.iter().enumerate() {
            let count =
                if LAYERS[layer] == Class { CLASSES } else { (share * u64::from(shape.nodes) / 1_000_000) as u32 };
            first[layer + 1] = first[layer] + count.max(1);
        }
        let mut random = Random::of(shape.seed, 1);
        let is_serving = (0..shape.units).map(|_| random.chance(shape.serving)).collect();
        Estate { shape, first, is_serving }
    }

    pub(crate) fn node_count(&self) -> u32 {
        self.first[9]
    }

    /// The numbers of a layer's nodes.
    pub(crate) fn layer(&self, layer: Layer) -> Range<u32> {
        self.first[layer as usize]..self.first[layer as usize + 1]
    }

    fn layer_of(&self, node: u32) -> Layer {
        LAYERS[self.first.partition_point(|first| *first <= node) - 1]
    }

    /// Another node of the same layer, beside this one.
    pub(crate) fn beside(&self, node: u32) -> u32 {
        let all = self.layer(self.layer_of(node));
        if node + 1 < all.end { node + 1 } else { all.start }
    }

    /// The part of a layer that belongs to a unit: never empty.
    fn part(&self, layer: Layer, unit: u32) -> Range<u32> {
        let all = self.layer(layer);
        let at = |unit: u32| (u64::from(all.end - all.start) * u64::from(unit) / u64::from(self.shape.units)) as u32;
        let start = all.start + at(unit).min(all.end - all.start - 1);
        start..(all.start + at(unit + 1)).max(start + 1)
    }

    fn unit_of(&self, layer: Layer, node: u32) -> u32 {
        let all = self.layer(layer);
        let unit = u64::from(node - all.start) * u64::from(self.shape.units) / u64::from(all.end - all.start);
        (unit as u32).min(self.shape.units - 1)
    }

    /// The resources that must not be lost.
    pub(crate) fn jewels(&self) -> Vec<u32> {
        let all = self.layer(Resource);
        let apart = ((all.end - all.start) / JEWELS).max(1);
        all.step_by(apart as usize).take(JEWELS as usize).collect()
    }

    /// Environments drawn at random, each once.
    pub(crate) fn environments(&self, count: usize, purpose: u64) -> Vec<u32> {
        let all = self.layer(Environment);
        let mut random = Random::of(self.shape.seed, 0x5000 + purpose);
        let mut drawn = std::collections::BTreeSet::new();
        while drawn.len() < count.min((all.end - all.start) as usize) {
            drawn.insert(all.start + random.below(all.end - all.start));
        }
        let mut drawn: Vec<u32> = drawn.into_iter().collect();
        // In an order that does not follow the units.
        drawn.sort_by_key(|node| Random::of(u64::from(*node), purpose).next());
        drawn
    }

    /// How a node can be cut as a whole, if it can.
    pub(crate) fn price(&self, node: u32) -> Option<Price> {
        let mut random = Random::of(self.shape.seed ^ 0x9e1c, u64::from(node));
        match self.layer_of(node) {
            Credential | Session | Identity => Some(Price::draw(&mut random, 1)),
            // An environment can be isolated, at ten times the price of a key.
            Environment => Some(Price::draw(&mut random, 10)),
            _ => None,
        }
    }

    pub(crate) fn key(&self, node: u32) -> NodeKey {
        let layer = self.layer_of(node);
        let number = node - self.layer(layer).start;
        let account = || self.unit_of(layer, node);
        match layer {
            Package => NodeKey::new(NodeKind::Package, &format!("npm/package-{number}@1.4.2")),
            Environment => NodeKey::new(NodeKind::Environment, &format!("host/vm-{number:06}")),
            Credential => NodeKey::new(NodeKind::Credential, &format!("aws/AKIA{number:016X}")),
            Session => NodeKey::new(NodeKind::Credential, &format!("aws/ASIA{number:016X}")),
            Identity => {
                NodeKey::new(NodeKind::Identity, &format!("aws/arn:aws:iam::{:012}:role/r-{number}", account()))
            }
            Hub => NodeKey::new(NodeKind::Group, &format!("aws/arn:aws:iam::{:012}:group/g-{number}", account())),
            Resource => NodeKey::new(NodeKind::Resource, &format!("aws/arn:aws:s3:::bucket-{number}")),
            Zone => NodeKey::new(NodeKind::Resource, &format!("network/zone-{number}")),
            Class => NodeKey::new(NodeKind::DataClass, &format!("class_{number}")),
        }
    }

    /// What is known of a node.
    pub(crate) fn node(&self, node: u32) -> NodeFact {
        let layer = self.layer_of(node);
        let mut random = Random::of(self.shape.seed ^ 0x11fe, u64::from(node));
        let mut fact = NodeFact::new(self.key(node), Interval::ALWAYS, Time(0), "inventory/nodes.json");
        if layer == Credential && self.shape.times && random.chance(0.25) {
            let end = i64::from(1 + random.below(DAYS)) * DAY + i64::from(random.below(DAY as u32));
            fact.valid = Interval::new(Time(0), Time::from_seconds(end));
        }
        if let Some(price) = self.price(node) {
            let name = match layer {
                Credential => "aws_access_key/deactivate",
                Session => "aws_role_sessions/deny",
                _ => "webhook/request",
            };
            fact.cuts = vec![option(
                Action { name: Text::new(name), target: fact.key.clone(), parameters: BTreeMap::new() },
                price,
            )];
        }
        fact
    }

    /// What is known of a relation, between nodes with these keys.
    pub(crate) fn edge(&self, tie: &Tie, key: &dyn Fn(u32) -> NodeKey) -> EdgeFact {
        let unit = tie.from / 512;
        let known = Time::from_seconds(tie.valid.from.seconds().clamp(0, 45 * DAY) / DAY * DAY);
        let evidence = format!("inventory/{}.json", unit);
        let mut fact = EdgeFact::new(tie.kind, key(tie.from), key(tie.to), tie.valid, known, &evidence);
        fact.premises = tie.premises.iter().filter(|node| **node != NONE).map(|node| key(*node)).collect();
        if !self.shape.taken {
            fact.persistence = Persistence::While;
        }
        if tie.kind == EdgeKind::MayAct {
            let first = tie.number % 64;
            fact.actions = (0..1 + first % 3).map(|more| Text::new(format!("s3:Action{}", first + more))).collect();
        }
        if tie.kind == EdgeKind::Holds {
            let records = 1_000 * (1 + u64::from(tie.from % 97));
            let class = DataClass::new(fact.to.rest());
            fact.holding = Some(Holding { class, residency: Text::new("US-CA"), records, bytes: None });
        }
        if let Some(price) = tie.price {
            let what = if tie.kind == EdgeKind::Publishes { "release" } else { "grant" };
            let grant = (Text::new(what), Text::new(tie.number.to_string()));
            let (name, target) = (Text::new("webhook/request"), fact.from.clone());
            fact.cuts = vec![option(Action { name, target, parameters: BTreeMap::from([grant]) }, price)];
        }
        fact
    }

    /// Every fact: nodes, then edges.
    pub(crate) fn facts(&self, mut each: impl FnMut(Fact)) {
        let keys: Vec<NodeKey> = (0..self.node_count()).map(|node| self.key(node)).collect();
        let mut jewels = self.jewels().into_iter().peekable();
        for node in 0..self.node_count() {
            let mut fact = self.node(node);
            fact.crown_jewel = jewels.next_if_eq(&node).is_some();
            each(Fact::Node(fact));
        }
        let key = |node: u32| keys[node as usize].clone();
        self.ties(|tie| each(Fact::Edge(self.edge(tie, &key))));
    }

    /// Every relation: as many as the shape says, the last of them installations of packages.
    pub(crate) fn ties(&self, mut each: impl FnMut(&Tie)) {
        let mut drawing = Drawing {
            estate: self,
            random: Random::of(0, 0),
            seen: vec![NONE; self.node_count() as usize],
            turn: 0,
            made: 0,
            each: &mut each,
        };
        let shape = &self.shape;
        for (purpose, relation) in (0x100..).zip([
            relation(EdgeKind::DependsOn, Package, Package, 4.0, 2.0, 200),
            relation(EdgeKind::ReadableIn, Environment, Credential, 8.0, 1.8, 400),
            relation(EdgeKind::MayAct, Environment, Zone, 1.0, 100.0, 1),
            relation(EdgeKind::RunsAs, Environment, Identity, 1.0, 3.0, 3),
            relation(EdgeKind::Authenticates, Credential, Identity, 1.2, 3.0, 5),
            relation(EdgeKind::Derives, Credential, Session, 0.0, 2.0, 0),
            relation(EdgeKind::Authenticates, Session, Identity, 2.0, 2.0, 20),
            relation(EdgeKind::MemberOf, Identity, Hub, 6.0, 1.8, 300),
            relation(EdgeKind::MayAssume, Identity, Identity, 2.0, 1.5, 500),
            relation(EdgeKind::MayAssume, Hub, Identity, 2.0, 1.3, 1_000),
            relation(EdgeKind::MayAct, Hub, Resource, 25.0, 1.4, 5_000),
            relation(EdgeKind::MayAct, Identity, Resource, 4.0, 1.6, 2_000),
            relation(EdgeKind::Stores, Resource, Credential, shape.stores, 1.6, 400),
            relation(EdgeKind::RunsAs, Identity, Environment, shape.runs, 1.6, 400),
            relation(EdgeKind::Publishes, Environment, Package, shape.publishes, 2.0, 20),
            relation(EdgeKind::Holds, Resource, Class, 1.1, 3.0, 4),
        ]) {
            drawing.random = Random::of(shape.seed, purpose);
            if relation.to == Session { drawing.sessions() } else { drawing.relate(&relation) }
        }
        drawing.random = Random::of(shape.seed, 0x200);
        drawing.install();
    }
}

fn option(action: Action, price: Price) -> CutOption {
    let policy = if price.never { CutPolicy::Never } else { CutPolicy::Allowed };
    CutOption { action, cost: price.cost, delay_seconds: 60, reversibility: Reversibility::Reversible, policy }
}

struct Drawing<'e, F> {
    estate: &'e Estate,
    random: Random,
    /// Node -> the turn in which it was last drawn as a target: no target is drawn twice for one origin.
    seen: Vec<u32>,
    turn: u32,
    made: u32,
    each: &'e mut F,
}

impl<F: FnMut(&Tie)> Drawing<'_, F> {
    fn relate(&mut self, relation: &Relation) {
        for from in self.estate.layer(relation.from) {
            let unit = self.estate.unit_of(relation.from, from);
            // In a segmented estate, what serves everybody alone publishes packages: they lead into every unit.
            if relation.kind == EdgeKind::Publishes && !self.estate.is_serving[unit as usize] {
                continue;
            }
            let part = self.estate.part(relation.to, unit);
            let is_shared = matches!(relation.to, Package | Class);
            let most = if is_shared { relation.most } else { relation.most.min((part.end - part.start).div_ceil(2)) };
            let degree = self.random.pareto(relation.mean, relation.tail, most);
            self.turn += 1;
            for _ in 0..degree {
                let to = if is_shared { self.anywhere(relation.to) } else { self.mostly_inside(relation.to, unit) };
                self.tie(relation.kind, from, to, [NONE; 2]);
            }
        }
    }

    /// Each session is made from one credential and one or two things more.
    fn sessions(&mut self) {
        for session in self.estate.layer(Session) {
            let unit = self.estate.unit_of(Session, session);
            let from = self.inside(Credential, unit);
            let zone = self.inside(Zone, unit);
            let other = self.inside(Credential, unit);
            let identity = self.inside(Identity, unit);
            let premises = match self.random.below(10) {
                _ if !self.estate.shape.gates => [NONE; 2],
                0..6 => [zone, NONE],
                6..9 => [other, NONE],
                _ => [identity, zone],
            };
            self.turn += 1;
            self.tie(EdgeKind::Derives, from, session, premises);
        }
    }

    /// Packages in environments of any unit, until there are as many relations as there shall be.
    fn install(&mut self) {
        let packages = self.estate.layer(Package);
        while self.made < self.estate.shape.edges {
            let mean = f64::from(self.estate.shape.edges - self.made) / f64::from(packages.end - packages.start);
            for package in packages.clone() {
                self.turn += 1;
                let degree = self.random.pareto(mean.max(1.0), 1.5, 10_000);
                for _ in 0..degree.min(self.estate.shape.edges - self.made) {
                    let all = self.estate.layer(Environment);
                    let to = all.start + self.random.below(all.end - all.start);
                    self.tie(EdgeKind::InstalledIn, package, to, [NONE; 2]);
                }
            }
        }
    }

    fn mostly_inside(&mut self, layer: Layer, unit: u32) -> u32 {
        let shape = &self.estate.shape;
        let serving = self.estate.is_serving[unit as usize];
        let cross = if serving { shape.cross_serving } else { shape.cross_other };
        let unit = if self.random.chance(cross) { self.random.below(shape.units) } else { unit };
        self.inside(layer, unit)
    }

    fn inside(&mut self, layer: Layer, unit: u32) -> u32 {
        let part = self.estate.part(layer, unit);
        self.favourite(part, 1.6)
    }

    fn anywhere(&mut self, layer: Layer) -> u32 {
        let skew = if layer == Class { 1.35 } else { 1.6 };
        self.favourite(self.estate.layer(layer), skew)
    }

    fn favourite(&mut self, among: Range<u32>, skew: f64) -> u32 {
        let count = among.end - among.start;
        among.start + ((f64::from(count) * self.random.share().powf(skew)) as u32).min(count - 1)
    }

    fn tie(&mut self, kind: EdgeKind, from: u32, to: u32, premises: [u32; 2]) {
        if from == to || self.seen[to as usize] == self.turn || self.made >= self.estate.shape.edges {
            return;
        }
        self.seen[to as usize] = self.turn;
        let valid = if self.estate.shape.times { self.interval() } else { Interval::ALWAYS };
        let is_grant = matches!(kind, EdgeKind::MemberOf | EdgeKind::MayAct | EdgeKind::MayAssume);
        // A release can be put into quarantine at the registry; of grants, one in ten can be taken back by itself.
        let is_priced = kind == EdgeKind::Publishes || (is_grant && self.random.chance(0.1));
        let price = is_priced.then(|| Price::draw(&mut self.random, 1));
        (self.each)(&Tie { number: self.made, kind, from, to, premises, valid, price });
        self.made += 1;
    }

    /// Most relations were always there; some began, and of those half have ended or will.
    fn interval(&mut self) -> Interval {
        let kind = self.random.share();
        if kind < 0.7 {
            return Interval::ALWAYS;
        }
        let start = i64::from(self.random.below(DAYS * DAY as u32));
        let length = i64::from(DAY as u32 + self.random.below(40 * DAY as u32));
        let to = if kind < 0.85 { Time::MAX } else { Time::from_seconds(start + length) };
        Interval::new(Time::from_seconds(start), to)
    }
}
