//! What makes two facts the same statement: what they say of whom, not how it is labelled, priced or cut.

use firebreak_model::{CutOption, EdgeFact, EdgeKind, Fact, NodeFact, NodeKey, Persistence, Text, Time};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A statement. Several facts of one snapshot that say the same have places of their own, so that none is lost: they differ
/// in how they can be cut, and cutting one of two grants leaves the other.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Statement {
    /// A thing exists.
    Node(NodeKey, u32),
    /// Two things are related.
    Edge(Box<Relation>, u32),
}

/// What an edge says of whom.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Relation {
    from: NodeKey,
    to: NodeKey,
    kind: EdgeKind,
    begins: Time,
    persistence: (u8, u32),
    premises: Vec<NodeKey>,
    actions: Vec<Text>,
    may: Vec<Text>,
    holding: Option<(Text, Text)>,
}

impl Statement {
    pub(super) fn of(fact: &Fact, place: u32) -> Statement {
        match fact {
            Fact::Node(node) => Statement::Node(node.key.clone(), place),
            Fact::Edge(edge) => Statement::Edge(Box::new(Relation::of(edge)), place),
        }
    }

    pub(super) fn place(&self) -> u32 {
        match self {
            Statement::Node(_, place) | Statement::Edge(_, place) => *place,
        }
    }

    pub(super) fn at(self, place: u32) -> Statement {
        match self {
            Statement::Node(key, _) => Statement::Node(key, place),
            Statement::Edge(relation, _) => Statement::Edge(relation, place),
        }
    }
}

impl Relation {
    fn of(edge: &EdgeFact) -> Relation {
        let persistence = match edge.persistence {
            Persistence::While => (0, 0),
            Persistence::Take => (1, 0),
            Persistence::Mint { ttl_seconds } => (2, ttl_seconds),
        };
        let holding = edge.holding.as_ref();
        Relation {
            from: edge.from.clone(),
            to: edge.to.clone(),
            kind: edge.kind,
            begins: edge.valid.from,
            persistence,
            premises: sorted(&edge.premises),
            actions: sorted(&edge.actions),
            may: sorted(&edge.may),
            holding: holding.map(|holding| (Text::new(holding.class.word()), holding.residency.clone())),
        }
    }
}

fn sorted<T: Clone + Ord>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items
}

/// The statements that `facts` make. What is said twice in the same words is said once.
pub(super) fn held(facts: Vec<Fact>) -> BTreeMap<Statement, Arc<Fact>> {
    let mut all: Vec<(Statement, Fact)> = facts.into_iter().map(|fact| (Statement::of(&fact, 0), fact)).collect();
    all.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| order(one, other)));
    let mut held: BTreeMap<Statement, Arc<Fact>> = BTreeMap::new();
    let mut last: Option<(Statement, u32, Arc<Fact>)> = None;
    for (statement, fact) in all {
        let fact = Arc::new(fact);
        let place = match &last {
            Some((before, _, known)) if *before == statement && same(known, &fact) => continue,
            Some((before, place, _)) if *before == statement => place + 1,
            _ => 0,
        };
        held.insert(statement.clone().at(place), Arc::clone(&fact));
        last = Some((statement, place, fact));
    }
    held
}

/// Whether two facts that make the same statement say it in the same words, whenever and from wherever we know it.
pub(super) fn same(a: &Fact, b: &Fact) -> bool {
    order(a, b) == Ordering::Equal
}

/// The order of what facts say beside their statement, without when it was learnt and what says so.
fn order(a: &Fact, b: &Fact) -> Ordering {
    match (a, b) {
        (Fact::Node(a), Fact::Node(b)) => node_order(a, b),
        (Fact::Edge(a), Fact::Edge(b)) => edge_order(a, b),
        (Fact::Node(_), Fact::Edge(_)) => Ordering::Less,
        (Fact::Edge(_), Fact::Node(_)) => Ordering::Greater,
    }
}

fn node_order(a: &NodeFact, b: &NodeFact) -> Ordering {
    (a.valid.from, a.valid.to, &a.label, a.crown_jewel)
        .cmp(&(b.valid.from, b.valid.to, &b.label, b.crown_jewel))
        .then_with(|| a.identifiers.cmp(&b.identifiers))
        .then_with(|| cuts_order(&a.cuts, &b.cuts))
}

fn edge_order(a: &EdgeFact, b: &EdgeFact) -> Ordering {
    let amount = |edge: &EdgeFact| edge.holding.as_ref().map(|holding| (holding.records, holding.bytes));
    (a.valid.to, a.last_used, amount(a))
        .cmp(&(b.valid.to, b.last_used, amount(b)))
        .then_with(|| cuts_order(&a.cuts, &b.cuts))
}

fn cuts_order(a: &[CutOption], b: &[CutOption]) -> Ordering {
    let words = |cut: &CutOption| (cut.cost, cut.delay_seconds, cut.reversibility, cut.policy);
    let one = |a: &CutOption, b: &CutOption| a.action.cmp(&b.action).then_with(|| words(a).cmp(&words(b)));
    let pairs = a.iter().zip(b).map(|(a, b)| one(a, b));
    pairs.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
}
