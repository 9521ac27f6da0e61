//! What takes an app out of use: for everything through which it acts, the cheapest way to cut it; and what nothing cuts.

use super::{App, sort, whole};
use firebreak_model::{Action, CutOption, CutPolicy, EdgeKind, Fact, NodeKey, Reversibility, Time};
use std::collections::{BTreeMap, BTreeSet};

/// The way out of use.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Quarantine {
    /// What is to be done, in the order of the things that it is done to.
    pub cuts: Vec<CutOption>,
    /// Of its credentials and grants those that nothing known and allowed cuts.
    pub open: BTreeSet<NodeKey>,
}

/// What takes `app` out of use at `at`. Where the platform can switch it off as a whole, that is done, and of the rest what can be taken back;
/// else everything goes through which it acts: its credentials, and what it may do for single users.
pub fn quarantine(facts: &[Fact], app: &App, at: Time) -> Quarantine {
    let own = |key: &NodeKey| *key == app.key || (sort(key).is_some() && whole(key) == app.key);
    let mut things: BTreeMap<NodeKey, Vec<&CutOption>> =
        app.credentials.iter().map(|key| (key.clone(), Vec::new())).collect();
    for fact in facts {
        match fact {
            Fact::Node(node) if node.valid.contains(at) && (own(&node.key) || app.credentials.contains(&node.key)) => {
                things.entry(node.key.clone()).or_default().extend(&node.cuts);
            }
            Fact::Edge(edge) if edge.valid.contains(at) => {
                let way_in = matches!(edge.kind, EdgeKind::Authenticates | EdgeKind::Consents) && own(&edge.to);
                let way_out = matches!(edge.kind, EdgeKind::MayAct | EdgeKind::MayAssume) && own(&edge.from);
                if way_in || way_out {
                    let thing = if way_in { &edge.to } else { &edge.from };
                    things.entry(thing.clone()).or_default().extend(&edge.cuts);
                }
            }
            _ => {}
        }
    }
    let as_a_whole =
        things.get(&app.key).and_then(|cuts| best(cuts)).is_some_and(|option| option.action.target == app.key);
    let mut found = Quarantine::default();
    let mut taken: BTreeSet<&Action> = BTreeSet::new();
    for (key, cuts) in &things {
        match best(cuts) {
            Some(option) if as_a_whole && *key != app.key && !is_revocable(option) => {}
            Some(option) if taken.insert(&option.action) => found.cuts.push(option.clone()),
            Some(_) => {}
            None if as_a_whole || *key == app.key => {}
            None => {
                found.open.insert(key.clone());
            }
        }
    }
    found
}

/// Of the ways that the owner allows one that can be taken back, and of those the cheapest.
fn best<'c>(cuts: &[&'c CutOption]) -> Option<&'c CutOption> {
    let allowed = cuts.iter().filter(|option| option.policy != CutPolicy::Never);
    allowed.min_by_key(|option| (option.reversibility, option.cost, &option.action)).copied()
}

fn is_revocable(option: &CutOption) -> bool {
    matches!(option.reversibility, Reversibility::Reversible | Reversibility::ReversibleReissuesAccess)
}
