//! What an app may use of an AI gateway, and what of that it used: what it loses if it is held to less.

use super::{Sort, sort};
use crate::doing::Doings;
use firebreak_model::{EdgeKind, Fact, NodeKey, Text, Time};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A model or a server of tools that an app may use.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Usable {
    /// Which.
    pub key: NodeKey,
    /// What it is: a model or a server of tools.
    pub sort: Sort,
    /// What people call it.
    pub label: Text,
    /// What its gateway calls it, which is what a leash names.
    pub name: Text,
    /// How often it was used in the window; null where nothing is known of use.
    pub events: Option<u64>,
    /// When last.
    pub last: Option<Time>,
}

/// The models and servers of tools that `app` may use at `at`, by itself or through its groups, those used most first.
pub fn usable(facts: &[Fact], app: &NodeKey, at: Time, doings: Option<&Doings>) -> Vec<Usable> {
    let may = reached(facts, app, at);
    let mut all: BTreeMap<&NodeKey, Usable> = BTreeMap::new();
    for key in may {
        let Some(sort @ (Sort::Model | Sort::ToolServer)) = sort(key) else { continue };
        let done = doings.map(|doings| doings.of(app, key));
        all.insert(
            key,
            Usable {
                key: key.clone(),
                sort,
                label: Text::default(),
                name: Text::new(key.name()),
                events: done.map(|done| done.map_or(0, |done| done.events)),
                last: done.flatten().and_then(|done| done.last),
            },
        );
    }
    for fact in facts {
        let Fact::Node(node) = fact else { continue };
        let Some(one) = all.get_mut(&node.key).filter(|_| node.valid.contains(at)) else { continue };
        one.label = node.label.clone();
        // The gateway knows a server by its id, which is how it is switched off.
        let named = node.cuts.iter().find_map(|cut| cut.action.parameters.get("mcp_server"));
        if let Some(name) = named {
            one.name = name.clone();
        }
    }
    let mut all: Vec<Usable> = all.into_values().collect();
    all.sort_by(|a, b| (a.sort, b.events, &a.key).cmp(&(b.sort, a.events, &b.key)));
    all
}

/// Things, each with those that it leads to.
type Edges<'f> = BTreeMap<&'f NodeKey, Vec<&'f NodeKey>>;

/// On what `app` and the groups that it is in may act.
fn reached<'f>(facts: &'f [Fact], app: &'f NodeKey, at: Time) -> BTreeSet<&'f NodeKey> {
    let (mut groups, mut on) = (Edges::new(), Edges::new());
    for fact in facts {
        let Fact::Edge(edge) = fact else { continue };
        let of = match edge.kind {
            EdgeKind::MemberOf => &mut groups,
            EdgeKind::MayAct => &mut on,
            _ => continue,
        };
        if edge.valid.contains(at) {
            of.entry(&edge.from).or_default().push(&edge.to);
        }
    }
    let (mut seen, mut open, mut found) = (BTreeSet::from([app]), vec![app], BTreeSet::new());
    while let Some(holder) = open.pop() {
        found.extend(on.get(holder).into_iter().flatten().copied());
        open.extend(groups.get(holder).into_iter().flatten().copied().filter(|group| seen.insert(group)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seen::{self, edge, key};
    use firebreak_graph::Graph;
    use firebreak_model::{Action, CutOption, CutPolicy, Interval, Keys, NodeFact, Outcome, Reversibility};

    const APP: &str = "identity:litellm/nightly";
    const TEAM: &str = "group:litellm/team/evals";
    const MINI: &str = "resource:litellm/mini";
    const LARGE: &str = "resource:litellm/large";
    const FILES: &str = "resource:mcp/files";

    fn facts() -> Vec<Fact> {
        let parameters = BTreeMap::from([(Text::new_static("mcp_server"), Text::new_static("srv-1"))]);
        let action = Action { name: Text::new_static("litellm_mcp_server/reject"), target: key(FILES), parameters };
        let cut = CutOption {
            action,
            cost: 40,
            delay_seconds: 61,
            reversibility: Reversibility::Reversible,
            policy: CutPolicy::Allowed,
        };
        let server = NodeFact { cuts: vec![cut], ..NodeFact::new(key(FILES), Interval::ALWAYS, Time(0), "test") };
        vec![
            Fact::Node(server),
            edge(EdgeKind::MayAct, APP, MINI, &["chat"]),
            edge(EdgeKind::MemberOf, APP, TEAM, &[]),
            // A group of groups that leads back ends all the same.
            edge(EdgeKind::MemberOf, TEAM, APP, &[]),
            edge(EdgeKind::MayAct, TEAM, LARGE, &["chat"]),
            edge(EdgeKind::MayAct, TEAM, FILES, &["tools/call"]),
            edge(EdgeKind::MayAct, TEAM, "resource:litellm/gateway/prod", &["keys"]),
            edge(EdgeKind::MayAct, "identity:litellm/other", "resource:litellm/others", &["chat"]),
        ]
    }

    #[test]
    fn what_it_may_use_is_named_as_the_gateway_names_it_with_its_use() {
        let facts = facts();
        let (graph, _) = Graph::build(&facts);
        let mut doings = Doings::within(Time::from_seconds(0), Time::from_seconds(100));
        let keys =
            Keys { actor: Some(key(APP)), target: Some(key(LARGE)), outcome: Outcome::Success, ..Keys::default() };
        doings.add(&graph, &seen::event(5, keys));
        let found = usable(&facts, &key(APP), Time::from_seconds(50), Some(&doings));
        let said: Vec<_> = found.iter().map(|one| (one.sort, one.name.as_str(), one.events)).collect();
        assert_eq!(
            said,
            [(Sort::ToolServer, "srv-1", Some(0)), (Sort::Model, "large", Some(1)), (Sort::Model, "mini", Some(0))]
        );
        assert_eq!(found[1].last, Some(Time::from_seconds(5)));
        let unknown = usable(&facts, &key(APP), Time::from_seconds(50), None);
        assert!(unknown.iter().all(|one| one.events.is_none() && one.last.is_none()), "not known is not unused");
    }
}
