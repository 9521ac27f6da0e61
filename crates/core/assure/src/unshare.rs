//! Ending a share, and what that touches: who can get at what no longer, and who of them was seen to use it.

use crate::doing::Doings;
use firebreak_graph::{Graph, NodeId, Standing};
use firebreak_model::{Action, CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, NodeKey, NodeKind, Party, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Someone who loses access.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Loses {
    /// Who; `identity:…/*` is anyone.
    pub who: NodeKey,
    /// What kind of party.
    pub party: Party,
    /// To what.
    pub things: Vec<NodeKey>,
    /// How often they were seen to use these things in the window; null where no log was read.
    pub events: Option<u64>,
    /// When last.
    pub last: Option<Time>,
}

/// What ends shares, and what that touches.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Unshare {
    /// What is to be done.
    pub cuts: Vec<CutOption>,
    /// Who loses what, those who used it most first.
    pub loses: Vec<Loses>,
    /// Who can get at it afterwards all the same.
    pub keep: u64,
    /// Shares that nothing known and allowed ends.
    pub open: BTreeSet<NodeKey>,
}

/// What ends the shares of `resource` with anyone, by links and in public, at `at`; or where `from` is given, what this one holder was given
/// of it.
pub fn unshare(
    graph: &Graph,
    facts: &[Fact],
    (resource, from): (&NodeKey, Option<&NodeKey>),
    doings: Option<&Doings>,
    at: Time,
) -> Unshare {
    let mut found = Unshare::default();
    let nodes: BTreeMap<&NodeKey, &[CutOption]> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Node(node) if node.valid.contains(at) => Some((&node.key, &node.cuts[..])),
            _ => None,
        })
        .collect();
    let is_share = |edge: &EdgeFact| match from {
        Some(from) => edge.from == *from,
        // A link is a thing of its own, through which whoever has it gets at the thing.
        None => edge.from.kind() == NodeKind::Resource || edge.from.name() == "*",
    };
    let mut taken = BTreeSet::new();
    for edge in shares(facts, resource, at).filter(|edge| is_share(edge)) {
        let link = nodes.get(&edge.from).filter(|_| edge.from.kind() == NodeKind::Resource);
        match best(edge.cuts.iter().chain(link.into_iter().copied().flatten())) {
            Some(option) if taken.insert(option.action.clone()) => found.cuts.push(option.clone()),
            Some(_) => {}
            None => {
                found.open.insert(edge.from.clone());
            }
        }
    }
    if let Some(option) =
        nodes.get(resource).and_then(|cuts| best(cuts.iter())).filter(|_| is_link(facts, resource, at))
    {
        found.cuts.push(option.clone());
        // Whoever has the link has it no more.
        found.open.clear();
    }
    let actions: BTreeSet<&Action> = found.cuts.iter().map(|option| &option.action).collect();
    let (loses, keep) = losses(graph, facts, (&actions, resource), doings, at);
    (found.loses, found.keep) = (loses, keep);
    found
}

fn shares<'f>(facts: &'f [Fact], resource: &'f NodeKey, at: Time) -> impl Iterator<Item = &'f EdgeFact> {
    facts.iter().filter_map(move |fact| match fact {
        Fact::Edge(edge) if edge.kind == EdgeKind::MayAct && edge.to == *resource && edge.valid.contains(at) => {
            Some(edge)
        }
        _ => None,
    })
}

/// Whether `resource` is a link to another thing.
fn is_link(facts: &[Fact], resource: &NodeKey, at: Time) -> bool {
    facts.iter().any(|fact| {
        matches!(fact, Fact::Edge(edge) if edge.kind == EdgeKind::MayAct && edge.from == *resource && edge.valid.contains(at))
    })
}

fn best<'c>(cuts: impl Iterator<Item = &'c CutOption>) -> Option<&'c CutOption> {
    let allowed = cuts.filter(|option| option.policy != CutPolicy::Never);
    allowed.min_by_key(|option| (option.reversibility, option.cost, &option.action))
}

/// Who reaches which thing: `resource`, and what a link leads to.
fn reached(graph: &Graph, things: &[NodeKey], at: Time) -> BTreeSet<(NodeKey, NodeKey)> {
    let known: Vec<(&NodeKey, NodeId)> = things.iter().filter_map(|key| Some((key, graph.id(key)?))).collect();
    let nodes: Vec<NodeId> = known.iter().map(|(_, node)| *node).collect();
    let mut pairs = BTreeSet::new();
    Standing::new(graph, at).reaching(&nodes, |found| {
        if let (Some(who), Some((thing, _))) = (graph.key(found.identity), known.get(found.target)) {
            pairs.insert((who, (*thing).clone()));
        }
    });
    pairs
}

fn losses(
    graph: &Graph,
    facts: &[Fact],
    (actions, resource): (&BTreeSet<&Action>, &NodeKey),
    doings: Option<&Doings>,
    at: Time,
) -> (Vec<Loses>, u64) {
    let cut = |cuts: &[CutOption]| cuts.iter().any(|option| actions.contains(&option.action));
    let gone: BTreeSet<&NodeKey> = facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Node(node) if cut(&node.cuts) => Some(&node.key),
            _ => None,
        })
        .collect();
    let stays = |fact: &&Fact| match fact {
        Fact::Node(node) => !gone.contains(&node.key),
        Fact::Edge(edge) => !cut(&edge.cuts) && !gone.contains(&edge.from) && !gone.contains(&edge.to),
    };
    let kept: Vec<Fact> = facts.iter().filter(stays).cloned().collect();
    let linked = facts.iter().filter_map(|fact| match fact {
        Fact::Edge(edge) if edge.kind == EdgeKind::MayAct && edge.from == *resource => Some(edge.to.clone()),
        _ => None,
    });
    let things: Vec<NodeKey> = std::iter::once(resource.clone()).chain(linked).collect();
    let (before, after) = (reached(graph, &things, at), reached(&Graph::build(&kept).0, &things, at));
    let mut lost: BTreeMap<NodeKey, BTreeSet<NodeKey>> = BTreeMap::new();
    for (who, thing) in before.difference(&after) {
        lost.entry(who.clone()).or_default().insert(thing.clone());
    }
    // Whoever was seen to use it and has no way of their own came by what is ended, known to the map or not.
    for thing in &things {
        for who in doings.iter().flat_map(|doings| doings.on(thing)).filter(|who| who.kind() == NodeKind::Identity) {
            if !actions.is_empty() && !after.contains(&(who.clone(), thing.clone())) {
                lost.entry(who.clone()).or_default().insert(thing.clone());
            }
        }
    }
    let keep = after.iter().map(|(who, _)| who).collect::<BTreeSet<_>>().len() as u64;
    let mut loses: Vec<Loses> = lost.into_iter().map(|(who, things)| loser(who, things, doings)).collect();
    loses.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.who.cmp(&b.who)));
    (loses, keep)
}

fn loser(who: NodeKey, things: BTreeSet<NodeKey>, doings: Option<&Doings>) -> Loses {
    let done: Vec<_> = things.iter().filter_map(|thing| doings?.of(&who, thing)).collect();
    Loses {
        party: Party::of(&who).unwrap_or(Party::Unknown),
        events: doings.map(|_| done.iter().map(|done| done.events).sum()),
        last: done.iter().filter_map(|done| done.last).max(),
        things: things.into_iter().collect(),
        who,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::{self, key};
    use firebreak_model::{Interval, Keys, NodeFact, Outcome, Reversibility, Text};

    fn option(name: &str, target: &str) -> CutOption {
        let action = Action { name: Text::new(name), target: key(target), parameters: BTreeMap::new() };
        let (cost, delay_seconds) = (10, 60);
        CutOption { action, cost, delay_seconds, reversibility: Reversibility::Reversible, policy: CutPolicy::Allowed }
    }

    fn edge(from: &str, to: &str, cuts: Vec<CutOption>) -> Fact {
        let edge = EdgeFact::new(EdgeKind::MayAct, key(from), key(to), Interval::ALWAYS, Time(0), "test");
        Fact::Edge(EdgeFact { cuts, ..edge })
    }

    const BUCKET: &str = "resource:aws/arn:aws:s3:::b";
    const ANYONE: &str = "identity:aws/*";
    const OWNER: &str = "identity:aws/arn:aws:iam::1:user/owner";
    const STRANGER: &str = "identity:aws/arn:aws:iam::9:user/partner";
    const DRIVE: &str = "resource:google/drive/d";
    const LINK: &str = "resource:google/link/f/anyone";

    fn facts() -> Vec<Fact> {
        let node = |text: &str, cuts| {
            Fact::Node(NodeFact { cuts, ..NodeFact::new(key(text), Interval::ALWAYS, Time(0), "test") })
        };
        vec![
            node(OWNER, Vec::new()),
            node(ANYONE, Vec::new()),
            edge(ANYONE, BUCKET, vec![option("aws_public_access/block", BUCKET)]),
            edge(OWNER, BUCKET, Vec::new()),
            node(LINK, vec![option("google_drive_permission/delete", LINK)]),
            edge("identity:google/*", LINK, Vec::new()),
            edge(LINK, DRIVE, Vec::new()),
            edge("identity:google/ann@a.example", DRIVE, Vec::new()),
        ]
    }

    fn found(resource: &str, from: Option<&str>, events: &[firebreak_model::Event]) -> Unshare {
        let facts = facts();
        let (graph, problems) = Graph::build(&facts);
        assert!(problems.is_empty(), "{problems:?}");
        let mut doings = Doings::within(Time::from_seconds(0), Time::from_seconds(100));
        events.iter().for_each(|event| doings.add(&graph, event));
        let from = from.map(key);
        unshare(&graph, &facts, (&key(resource), from.as_ref()), Some(&doings), Time::from_seconds(50))
    }

    fn read(seconds: i64, actor: &str) -> firebreak_model::Event {
        let keys =
            Keys { actor: Some(key(actor)), target: Some(key(BUCKET)), outcome: Outcome::Success, ..Keys::default() };
        seen::event(seconds, keys)
    }

    #[test]
    fn who_came_through_the_share_loses_it_and_who_has_a_way_of_their_own_does_not() {
        let found = found(BUCKET, None, &[read(5, OWNER), read(6, STRANGER), read(7, STRANGER), read(8, ANYONE)]);
        assert_eq!(
            found.cuts.iter().map(|cut| cut.action.name.as_str()).collect::<Vec<_>>(),
            ["aws_public_access/block"]
        );
        let said: Vec<_> = found.loses.iter().map(|one| (one.who.as_str(), one.party, one.events)).collect();
        assert_eq!(said, [(STRANGER, Party::Unknown, Some(2)), (ANYONE, Party::Anyone, Some(1))]);
        assert_eq!((found.keep, found.loses[0].last), (1, Some(Time::from_seconds(7))));
    }

    #[test]
    fn a_link_ends_with_all_that_it_leads_to_and_what_nothing_ends_is_named() {
        for resource in [DRIVE, LINK] {
            let found = found(resource, None, &[]);
            assert_eq!(found.cuts.len(), 1, "{resource}");
            assert!(
                found.loses.iter().any(|one| one.who == key("identity:google/*") && one.things.contains(&key(DRIVE))),
                "{resource}: {:?}",
                found.loses
            );
            assert!(!found.loses.iter().any(|one| one.who.name().starts_with("ann")), "{resource}");
        }
        let own = found(BUCKET, Some(OWNER), &[]);
        assert!(own.cuts.is_empty() && own.loses.is_empty() && own.open == BTreeSet::from([key(OWNER)]));
    }
}
