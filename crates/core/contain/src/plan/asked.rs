//! What is asked of the search for a plan and for its alternatives: from what, towards what, what may not be done, and what
//! everything costs by real use. One place, so that both count in the same money.

use super::StepKey;
use super::make::{NoPlan, PlanRequest, own_way, sources_of};
use crate::cost::Uses;
use firebreak_graph::{Alternative, CutRequest, Graph, NodeId, Outlook, Source, alternatives};
use firebreak_model::{Action, CutOption, NodeKey, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A request in the words of the search.
pub(super) struct Asked<'a> {
    pub(super) sources: Vec<Source>,
    pub(super) targets: Vec<NodeId>,
    /// What costs are multiplied by: what is done costs 1, and all else counts in thousands then.
    pub(super) scale: u32,
    refused: Vec<Action>,
    never: BTreeSet<NodeKey>,
    done: &'a BTreeMap<StepKey, Action>,
    uses: &'a Uses,
    now: Time,
}

impl<'a> Asked<'a> {
    /// The request in the words of the search, and the outlook to search from; what is not known is added to `gaps`.
    pub(super) fn of(request: PlanRequest<'a>, gaps: &mut Vec<String>) -> Result<(Asked<'a>, Outlook), NoPlan> {
        let PlanRequest { graph, uses, now, .. } = request;
        let sources = sources_of(graph, &request.scope.sources);
        if sources.is_empty() {
            return Err(NoPlan::NothingCompromised);
        }
        let done = request.done;
        let mut outlook = Outlook::new(graph, &sources, now, Arc::default());
        let targets = targets(request, &outlook, gaps);
        outlook.turn(graph, &targets);
        let asked = Asked {
            sources,
            targets,
            // The search wants at least 1 for everything.
            scale: if done.is_empty() { 1 } else { 1_000 },
            refused: request.refused.iter().cloned().collect(),
            never: own_way(graph, request.our_own).union(request.never_cut).cloned().collect(),
            done,
            uses,
            now,
        };
        Ok((asked, outlook))
    }

    /// What an option costs: by real use, and next to nothing where it is done.
    pub(super) fn cost(&self, option: &CutOption) -> u32 {
        if self.is_done(&option.action) {
            return 1;
        }
        self.uses.cost(&option.action.target, option.cost, self.now) * self.scale
    }

    /// Whether the action is done or under way.
    pub(super) fn is_done(&self, action: &Action) -> bool {
        !self.done.is_empty() && self.done.contains_key(&StepKey::of(action))
    }

    /// Whether `action` may be done at all: it did not fail before, and its target is not ours nor one that may never be cut.
    pub(super) fn permits(&self, action: &Action) -> bool {
        !self.refused.contains(action) && !self.never.contains(&action.target)
    }

    pub(super) fn of_the_search<'s>(&'s self, costs: &'s dyn Fn(&CutOption) -> u32) -> CutRequest<'s> {
        CutRequest {
            refused: &self.refused,
            never: &self.never,
            costs,
            ..CutRequest::new(&self.sources, self.now, self.targets.clone())
        }
    }
}

/// What was asked for; else what must not be lost and is within reach. A plan for one of ten thousand incidents does not
/// name what the others are about.
fn targets(request: PlanRequest<'_>, outlook: &Outlook, gaps: &mut Vec<String>) -> Vec<NodeId> {
    let graph = request.graph;
    if let Some(targets) = request.targets {
        return targets.iter().filter_map(|key| graph.id(key)).collect();
    }
    let within_reach = outlook.reached();
    if has_jewels(graph) {
        return within_reach.filter(|id| graph.is_crown_jewel(*id)).collect();
    }
    gaps.push("no crown jewel is named: everything that is known to hold data is protected".to_string());
    within_reach.filter(|id| !graph.holdings(*id).is_empty()).collect()
}

fn has_jewels(graph: &Graph) -> bool {
    graph.node_ids().any(|id| graph.is_crown_jewel(id))
}

/// What must not be lost: the crown jewels, and where none is named everything that is known to hold data.
pub(super) fn protected(graph: &Graph) -> Vec<NodeId> {
    match has_jewels(graph) {
        true => graph.crown_jewels(),
        false => graph.node_ids().filter(|id| !graph.holdings(*id).is_empty()).collect(),
    }
}

/// At most `count` plans other than the cheapest for the same request, each without something that a cheaper one does, at
/// what [`super::plan`] counts for each step. What is done already costs nothing.
///
/// # Errors
/// [`NoPlan::NothingCompromised`].
pub fn others(request: PlanRequest<'_>, count: usize) -> Result<Vec<Alternative>, NoPlan> {
    let (asked, outlook) = Asked::of(request, &mut Vec::new())?;
    let costs = |option: &CutOption| asked.cost(option);
    let wanted = asked.of_the_search(&costs);
    // The first of them is the cheapest, which the plan is.
    let found = alternatives(request.graph, &wanted, &outlook, count.saturating_add(1)).into_iter().skip(1);
    let in_plain_money = |mut other: Alternative| {
        for chosen in &mut other.actions {
            chosen.cost = if asked.is_done(&chosen.action) { 0 } else { chosen.cost / u64::from(asked.scale) };
        }
        other.cost = other.actions.iter().map(|chosen| chosen.cost).sum();
        other
    };
    Ok(found.map(in_plain_money).collect())
}
