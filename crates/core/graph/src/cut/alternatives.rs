//! Other plans than the cheapest: by ruling out, one after the other, what a known plan does.

use super::outcome::ChosenAction;
use super::outlook::Outlook;
use super::request::CutRequest;
use crate::graph::Graph;
use firebreak_model::{Action, NodeKey};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Of each plan, so many of its dearest steps are ruled out in turn. Plans that share every dear step of a longer one are
/// not looked for.
const VARIED_MAX: usize = 12;

/// So many plans are cut at most for each that is asked for.
const CUTS_MAX: usize = 24;

/// One plan of several.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Alternative {
    /// What to do, in the order of actions.
    pub actions: Vec<ChosenAction>,
    /// The sum of costs, each action once.
    pub cost: u64,
    /// Whether no cheaper plan does without what is in `without`.
    pub proven: bool,
    /// What was ruled out to find it; empty for the cheapest.
    pub without: Vec<Action>,
}

/// At most `count` plans that sever the same targets, in the order of cost, the cheapest first.
///
/// Plans are distinct if neither does all that the other does: none is another with something needless added. For plans of up
/// to 12 steps that are all proven, these are the cheapest distinct plans there are.
pub fn alternatives(graph: &Graph, request: &CutRequest<'_>, outlook: &Outlook, count: usize) -> Vec<Alternative> {
    let mut search = Search { graph, request, outlook, found: BinaryHeap::new(), seen: BTreeSet::new(), open: None };
    let mut given: Vec<Alternative> = Vec::new();
    let mut sets: Vec<BTreeSet<Action>> = Vec::new();
    let mut cuts_left = count.saturating_mul(CUTS_MAX);
    search.ask(Vec::new());
    while given.len() < count {
        let Some(Reverse((_, actions, plan))) = search.found.pop() else { break };
        let is_more = sets.iter().any(|known| known.is_subset(&actions) || actions.is_subset(known));
        for action in search.to_vary(&plan.0) {
            if cuts_left == 0 {
                break;
            }
            cuts_left -= 1;
            search.ask(plan.0.without.iter().cloned().chain([action]).collect());
        }
        if !is_more {
            sets.push(actions);
            given.push(plan.0);
        }
    }
    given
}

/// A plan that waits; its cost and actions, which stand before it, are its order.
struct Waiting(Alternative);

impl PartialEq for Waiting {
    fn eq(&self, _: &Waiting) -> bool {
        true
    }
}
impl Eq for Waiting {}
impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Waiting {
    fn cmp(&self, _: &Waiting) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

struct Search<'s> {
    graph: &'s Graph,
    request: &'s CutRequest<'s>,
    outlook: &'s Outlook,
    found: BinaryHeap<Reverse<(u64, BTreeSet<Action>, Waiting)>>,
    /// What was ruled out together already.
    seen: BTreeSet<Vec<Action>>,
    /// The targets that no plan severs.
    open: Option<Vec<NodeKey>>,
}

impl Search<'_> {
    /// The dearest steps of a plan.
    fn to_vary(&self, plan: &Alternative) -> Vec<Action> {
        let mut steps: Vec<&ChosenAction> = plan.actions.iter().collect();
        steps.sort_by_key(|step| Reverse(step.cost));
        steps.into_iter().take(VARIED_MAX).map(|step| step.action.clone()).collect()
    }

    /// Cuts without these actions; a plan that leaves more targets open is none.
    fn ask(&mut self, mut without: Vec<Action>) {
        without.sort();
        without.dedup();
        if !self.seen.insert(without.clone()) {
            return;
        }
        let refused: Vec<Action> = self.request.refused.iter().chain(&without).cloned().collect();
        let request = CutRequest { refused: &refused, ..self.request.clone() };
        let outcome = super::cut_from(self.graph, &request, self.outlook);
        let open: Vec<NodeKey> = outcome.uncuttable.into_iter().map(|one| one.target).collect();
        if *self.open.get_or_insert_with(|| open.clone()) != open || outcome.cut.actions.is_empty() {
            return;
        }
        let actions: BTreeSet<Action> = outcome.cut.actions.iter().map(|step| step.action.clone()).collect();
        let super::Cut { actions: steps, cost, proven, .. } = outcome.cut;
        let plan = Alternative { actions: steps, cost, proven, without };
        self.found.push(Reverse((cost, actions, Waiting(plan))));
    }
}
