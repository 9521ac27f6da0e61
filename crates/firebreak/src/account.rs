//! What one identity of an AWS account reaches, from the facts of that account alone: whom it may become, whether it
//! becomes an administrator, which resources it gets to, each with the way there.
//!
//! It is not the map of the estate (`firebreak_graph` knows times, losses and cuts): no time passes here, and what is
//! undecided is counted, since a way with fewer open questions is the better answer.

use firebreak_model::{EdgeFact, EdgeKind, Fact, NodeKey, NodeKind, Text};
use rustc_hash::FxHashMap;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// How far something is: steps that are not certain, then steps.
type Distance = (u32, u32);

/// One step of a way.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Step {
    /// In words.
    pub says: String,
    /// From where.
    pub from: NodeKey,
    /// To where.
    pub to: NodeKey,
    /// What relation it is.
    pub kind: EdgeKind,
    /// Further things that must be reached first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<NodeKey>,
    /// What says so: the file, the way up and the statements that allow it.
    pub evidence: Text,
    /// What stays undecided about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<Text>,
}

/// Something within reach.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Reached {
    /// Its name at AWS.
    pub arn: String,
    /// `yes`, or `may` where something on the way is undecided.
    pub answer: &'static str,
    /// What may be done there, for a resource.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Text>,
    /// The way there.
    pub path: Vec<Step>,
    /// What is undecided on the way.
    pub undecided: Vec<Text>,
}

/// An account of which the identity becomes an administrator, certainly or perhaps.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Administered {
    /// The account's number.
    pub account: String,
    /// `yes` or `may`.
    pub answer: &'static str,
    /// The way there.
    pub path: Vec<Step>,
    /// What is undecided on the way.
    pub undecided: Vec<Text>,
}

/// All that one identity reaches.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AccountReach {
    /// The identity.
    pub from: String,
    /// Whether it is, or becomes, an administrator of its account: `yes`, `may` or `no`.
    pub admin: &'static str,
    /// Every account of which it becomes an administrator.
    pub administers: Vec<Administered>,
    /// Identities that it may become.
    pub principals: Vec<Reached>,
    /// Resources that it gets to.
    pub resources: Vec<Reached>,
    /// What the answer does not know.
    pub gaps: Vec<String>,
}

/// The facts, ready to be walked.
pub struct Account<'a> {
    keys: Vec<&'a NodeKey>,
    index: FxHashMap<&'a NodeKey, u32>,
    edges: Vec<&'a EdgeFact>,
    /// For each node the edges that need it, as their beginning or as a premise.
    needed_by: Vec<Vec<u32>>,
}

/// How each node was reached: its distance, the edge that reached it and when it was settled.
struct Walk {
    settled: Vec<Option<(Distance, u32)>>,
    by: Vec<Option<u32>>,
}

impl<'a> Account<'a> {
    /// Takes the facts of an account, or of several.
    pub fn new(facts: &'a [Fact]) -> Account<'a> {
        let mut account =
            Account { keys: Vec::new(), index: FxHashMap::default(), edges: Vec::new(), needed_by: Vec::new() };
        for fact in facts {
            match fact {
                Fact::Node(node) => {
                    account.node(&node.key);
                }
                Fact::Edge(edge) => account.edge(edge),
            }
        }
        account
    }

    fn node(&mut self, key: &'a NodeKey) -> usize {
        let next = self.keys.len() as u32;
        let id = *self.index.entry(key).or_insert(next);
        if id == next {
            self.keys.push(key);
            self.needed_by.push(Vec::new());
        }
        id as usize
    }

    fn edge(&mut self, edge: &'a EdgeFact) {
        let id = self.edges.len() as u32;
        self.edges.push(edge);
        self.node(&edge.to);
        for need in needs(edge) {
            let node = self.node(need);
            self.needed_by[node].push(id);
        }
    }

    /// Every identity of AWS in the facts, by its ARN.
    pub fn identities(&self) -> impl Iterator<Item = &'a str> + '_ {
        let all = self.keys.iter().filter(|key| key.kind() == NodeKind::Identity && key.system() == "aws");
        all.map(|key| key.name()).filter(|name| name.starts_with("arn:"))
    }

    /// What `from` reaches; nothing where the facts do not know it.
    pub fn reach(&self, from: &NodeKey) -> Option<AccountReach> {
        let start = *self.index.get(from)?;
        let walk = self.walk(start);
        let (mut principals, mut resources, mut administers) = (Vec::new(), Vec::new(), Vec::new());
        for (node, key) in self.keys.iter().enumerate() {
            let Some(((doubts, _), _)) = walk.settled[node] else { continue };
            let answer = if doubts == 0 { "yes" } else { "may" };
            let own = node == start as usize;
            match key.kind() {
                NodeKind::Identity if !own && key.system() == "aws" && key.name().starts_with("arn:") => {
                    principals.push(self.reached(&walk, node, answer));
                }
                NodeKind::Resource => resources.push(self.reached(&walk, node, answer)),
                NodeKind::Group if key.system() == "aws" => {
                    if let Some(account) = key.name().strip_suffix("/administrators") {
                        let (path, undecided) = self.way(&walk, node);
                        administers.push(Administered { account: account.to_owned(), answer, path, undecided });
                    }
                }
                _ => {}
            }
        }
        let account = from.name().split(':').nth(4).unwrap_or_default();
        let admin = administers.iter().find(|one| one.account == account).map_or("no", |one| one.answer);
        principals.sort_by(|a, b| (a.answer != "yes", &a.arn).cmp(&(b.answer != "yes", &b.arn)));
        resources.sort_by(|a, b| (a.answer != "yes", &a.arn).cmp(&(b.answer != "yes", &b.arn)));
        Some(AccountReach { from: from.name().to_owned(), admin, administers, principals, resources, gaps: Vec::new() })
    }

    /// Dijkstra's walk over steps that may need several things: a step is possible once all that it needs is settled.
    fn walk(&self, start: u32) -> Walk {
        let mut walk = Walk { settled: vec![None; self.keys.len()], by: vec![None; self.keys.len()] };
        let waiting = |edge: &&EdgeFact| needs(edge).len();
        let mut waiting: Vec<usize> = self.edges.iter().map(waiting).collect();
        let mut open = BinaryHeap::from([Reverse(((0, 0), start, None::<u32>))]);
        let mut rank = 0;
        while let Some(Reverse((distance, node, by))) = open.pop() {
            let at = node as usize;
            if walk.settled[at].is_some() {
                continue;
            }
            walk.settled[at] = Some((distance, rank));
            walk.by[at] = by;
            rank += 1;
            for edge in &self.needed_by[at] {
                let left = &mut waiting[*edge as usize];
                *left -= 1;
                if *left > 0 {
                    continue;
                }
                let fact = self.edges[*edge as usize];
                let next = (distance.0 + u32::from(!fact.may.is_empty()), distance.1 + 1);
                if let Some(to) = self.index.get(&fact.to) {
                    open.push(Reverse((next, *to, Some(*edge))));
                }
            }
        }
        walk
    }

    fn reached(&self, walk: &Walk, node: usize, answer: &'static str) -> Reached {
        let (path, undecided) = self.way(walk, node);
        let actions = walk.by[node].map(|edge| self.edges[edge as usize].actions.clone()).unwrap_or_default();
        Reached { arn: self.keys[node].name().to_owned(), answer, actions, path, undecided }
    }

    /// The steps to `node` in the order in which they become possible, and what is undecided about them.
    fn way(&self, walk: &Walk, node: usize) -> (Vec<Step>, Vec<Text>) {
        let mut found: BTreeSet<(u32, u32)> = BTreeSet::new();
        let mut open = vec![node];
        while let Some(at) = open.pop() {
            let (Some(by), Some((_, rank))) = (walk.by[at], walk.settled[at]) else { continue };
            if !found.insert((rank, by)) {
                continue;
            }
            let edge = self.edges[by as usize];
            let needs = std::iter::once(&edge.from).chain(&edge.premises);
            open.extend(needs.filter_map(|key| self.index.get(key)).map(|id| *id as usize));
        }
        let edges: Vec<&EdgeFact> = found.into_iter().map(|(_, edge)| self.edges[edge as usize]).collect();
        let mut undecided: Vec<Text> = Vec::new();
        for text in edges.iter().flat_map(|edge| &edge.may) {
            if !undecided.contains(text) {
                undecided.push(text.clone());
            }
        }
        (edges.into_iter().map(step).collect(), undecided)
    }
}

/// All that must be reached before an edge can be taken, each once.
fn needs(edge: &EdgeFact) -> BTreeSet<&NodeKey> {
    std::iter::once(&edge.from).chain(&edge.premises).collect()
}

fn step(edge: &EdgeFact) -> Step {
    let (from, to) = (name(&edge.from), name(&edge.to));
    let verb = match edge.kind {
        EdgeKind::MemberOf => "is one of",
        EdgeKind::MayAssume => "becomes",
        EdgeKind::MayAct if edge.actions.is_empty() => "gets to",
        EdgeKind::MayAct => "may act on",
        EdgeKind::RunsAs => "runs as",
        _ => "leads to",
    };
    let with = match edge.premises.as_slice() {
        [] => String::new(),
        premises => format!(" with {}", premises.iter().map(name).collect::<Vec<_>>().join(" and ")),
    };
    let perhaps = if edge.may.is_empty() { "" } else { " perhaps" };
    Step {
        says: format!("{from}{perhaps} {verb} {to}{with}"),
        from: edge.from.clone(),
        to: edge.to.clone(),
        kind: edge.kind,
        with: edge.premises.clone(),
        evidence: edge.evidence.clone(),
        undecided: edge.may.clone(),
    }
}

/// A key as it reads in a sentence: `role/deploy`, `administrators of 111122223333`.
fn name(key: &NodeKey) -> String {
    let name = key.name();
    match key.kind() {
        NodeKind::Identity => {
            name.split(':').nth(5).map_or(name, |last| if last.is_empty() { name } else { last }).to_owned()
        }
        NodeKind::Group => match name.strip_suffix("/administrators") {
            Some(account) => format!("the administrators of {account}"),
            None => name.split(':').nth(5).map_or_else(|| format!("\"{name}\""), str::to_owned),
        },
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firebreak_model::{Interval, Time};

    fn edge(from: &str, to: &str, with: &[&str], may: &[&str]) -> Fact {
        let key = |text: &str| NodeKey::parse(text).unwrap();
        let mut edge = EdgeFact::new(EdgeKind::MayAssume, key(from), key(to), Interval::ALWAYS, Time(0), "test");
        edge.premises = with.iter().map(|text| key(text)).collect();
        edge.may = may.iter().map(Text::new).collect();
        Fact::Edge(edge)
    }

    const A: &str = "identity:aws/arn:aws:iam::111122223333:user/a";
    const B: &str = "identity:aws/arn:aws:iam::111122223333:role/b";
    const C: &str = "identity:aws/arn:aws:iam::111122223333:role/c";
    const ADMIN: &str = "group:aws/111122223333/administrators";

    #[test]
    fn a_step_waits_for_all_that_it_needs() {
        let alone = [edge(A, ADMIN, &[B], &[])];
        let from = NodeKey::parse(A).unwrap();
        assert_eq!(Account::new(&alone).reach(&from).unwrap().admin, "no");
        let both = [edge(A, ADMIN, &[B], &[]), edge(A, B, &[], &[])];
        let reach = Account::new(&both).reach(&from).unwrap();
        assert_eq!((reach.admin, reach.administers[0].path.len(), reach.principals.len()), ("yes", 2, 1));
    }

    #[test]
    fn a_certain_way_is_preferred_to_a_shorter_one_and_cycles_end() {
        let facts =
            [edge(A, C, &[], &["a condition"]), edge(A, B, &[], &[]), edge(B, C, &[], &[]), edge(C, A, &[], &[])];
        let reach = Account::new(&facts).reach(&NodeKey::parse(A).unwrap()).unwrap();
        let c = reach.principals.iter().find(|one| one.arn.ends_with("/c")).unwrap();
        assert_eq!((c.answer, c.path.len()), ("yes", 2));
        let doubtful = Account::new(&facts[..1]).reach(&NodeKey::parse(A).unwrap()).unwrap();
        assert_eq!((doubtful.principals[0].answer, doubtful.principals[0].undecided.len()), ("may", 1));
    }
}
