//! What is shared with anyone, in public or by a link: of what, through what, and whether anything known ends it.

use firebreak_model::{CutOption, CutPolicy, EdgeFact, EdgeKind, Fact, NodeKey, NodeKind, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that is shared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shared {
    /// What.
    pub resource: NodeKey,
    /// With whom: `identity:…/*` is anyone; who may follow a link, where it goes by one.
    pub with: BTreeSet<NodeKey>,
    /// The links that it goes by.
    pub links: BTreeSet<NodeKey>,
    /// Since when the oldest of the shares is known to stand; null where no inventory says.
    pub since: Option<Time>,
    /// Whether anything that is known and allowed ends one of them.
    pub can_end: bool,
}

/// Everything that is shared at `at`, by its key. A link is told with what it leads to.
pub fn shared(facts: &[Fact], at: Time) -> Vec<Shared> {
    let mut nodes: BTreeMap<&NodeKey, &[CutOption]> = BTreeMap::new();
    let mut edges: Vec<&EdgeFact> = Vec::new();
    for fact in facts {
        match fact {
            Fact::Node(node) if node.valid.contains(at) => drop(nodes.insert(&node.key, &node.cuts[..])),
            Fact::Edge(edge) if is_grant(edge) && edge.valid.contains(at) => edges.push(edge),
            _ => {}
        }
    }
    let is_link = |edge: &EdgeFact| edge.from.kind() == NodeKind::Resource;
    let links: BTreeSet<&NodeKey> = edges.iter().filter(|edge| is_link(edge)).map(|edge| &edge.from).collect();
    let mut followed: BTreeMap<&NodeKey, BTreeSet<&NodeKey>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| links.contains(&edge.to) && !is_link(edge)) {
        followed.entry(&edge.to).or_default().insert(&edge.from);
    }
    let mut all: BTreeMap<&NodeKey, Shared> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| !links.contains(&edge.to) && (is_link(edge) || edge.from.name() == "*")) {
        let one = all.entry(&edge.to).or_insert_with(|| Shared::of(&edge.to));
        let own: &[CutOption] = if is_link(edge) { nodes.get(&edge.from).copied().unwrap_or_default() } else { &[] };
        one.can_end |= edge.cuts.iter().chain(own).any(|cut| cut.policy != CutPolicy::Never);
        let since = Some(edge.valid.from).filter(|from| *from > Time::MIN);
        one.since = one.since.into_iter().chain(since).min();
        if is_link(edge) {
            one.links.insert(edge.from.clone());
            one.with.extend(followed.get(&edge.from).into_iter().flatten().copied().cloned());
        } else {
            one.with.insert(edge.from.clone());
        }
    }
    all.into_values().collect()
}

impl Shared {
    fn of(resource: &NodeKey) -> Shared {
        let (with, links) = (BTreeSet::new(), BTreeSet::new());
        Shared { resource: resource.clone(), with, links, since: None, can_end: false }
    }
}

/// Whether `edge` lets somebody, or whoever has a link, at a thing.
fn is_grant(edge: &EdgeFact) -> bool {
    edge.kind == EdgeKind::MayAct && edge.to.kind() == NodeKind::Resource
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::key;
    use firebreak_model::{Action, Interval, NodeFact, Reversibility, Text};

    const BUCKET: &str = "resource:aws/arn:aws:s3:::b";
    const DRIVE: &str = "resource:google/drive/d";
    const LINK: &str = "resource:google/link/f/anyone";

    fn option(name: &str, policy: CutPolicy) -> CutOption {
        let action = Action { name: Text::new(name), target: key(LINK), parameters: BTreeMap::new() };
        CutOption { action, cost: 1, delay_seconds: 1, reversibility: Reversibility::Reversible, policy }
    }

    fn edge(from: &str, to: &str, valid: Interval, cuts: Vec<CutOption>) -> Fact {
        let edge = EdgeFact::new(EdgeKind::MayAct, key(from), key(to), valid, Time(0), "test");
        Fact::Edge(EdgeFact { cuts, ..edge })
    }

    #[test]
    fn a_link_is_told_with_what_it_leads_to_and_what_was_given_to_one_person_is_no_share() {
        let at = |seconds| Interval::since(Time::from_seconds(seconds));
        let link = NodeFact::new(key(LINK), Interval::ALWAYS, Time(0), "test");
        let link = NodeFact { cuts: vec![option("google_drive_permission/delete", CutPolicy::Allowed)], ..link };
        let facts = vec![
            Fact::Node(link),
            edge("identity:aws/*", BUCKET, at(10), vec![option("aws_public_access/block", CutPolicy::Never)]),
            edge("identity:aws/arn:aws:iam::1:user/owner", BUCKET, Interval::ALWAYS, Vec::new()),
            edge("identity:google/*", LINK, Interval::ALWAYS, Vec::new()),
            edge(LINK, DRIVE, at(20), Vec::new()),
            edge("identity:google/*", "resource:google/drive/later", at(99), Vec::new()),
        ];
        let found = shared(&facts, Time::from_seconds(50));
        let said: Vec<_> = found.iter().map(|one| (one.resource.as_str(), one.links.len(), one.can_end)).collect();
        assert_eq!(said, [(BUCKET, 0, false), (DRIVE, 1, true)], "what the owner never lets end cannot be ended");
        assert_eq!(found[1].with, BTreeSet::from([key("identity:google/*")]), "whoever has the link");
        assert_eq!(found[1].since, Some(Time::from_seconds(20)));
    }
}
