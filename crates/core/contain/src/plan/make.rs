//! From scope to plan: the cheapest cut under the owner's policy, priced by use, put in order, and checked by the second
//! closure before anyone sees it.
//!
//! It decides nothing about permission: that is the gate's.

use super::asked::{Asked, protected};
use super::by_policy;
use super::newcomers;
use super::order::{order_after, phase, undo_note};
use super::{Break, Compromised, IncidentId, Plan, PlanBody, PreparedBy, Residual, Step, StepKey, UncuttablePath};
use crate::cost::Uses;
use crate::prepared::{Prepared, PreparedCut};
use crate::scope::Scope;
use firebreak_graph::{
    ChosenAction, ClassLoss, Cut, CutOutcome, CutRequest, Graph, Losses, NodeId, Outlook, Source, check, cut_from,
    residual_from, residual_if_fails_from,
};
use firebreak_model::{Action, CutOption, CutPolicy, EdgeKind, Holding, NodeKey, Reversibility, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What to plan for.
#[derive(Clone, Copy, Debug)]
pub struct PlanRequest<'a> {
    /// For which incident.
    pub incident: &'a IncidentId,
    /// The estate.
    pub graph: &'a Graph,
    /// What is compromised.
    pub scope: &'a Scope,
    /// The present moment.
    pub now: Time,
    /// What must not be reached; the crown jewels within reach where nothing is said.
    pub targets: Option<&'a [NodeKey]>,
    /// How things were used.
    pub uses: &'a Uses,
    /// Actions that must not be used: they failed, or a person took them back.
    pub refused: &'a BTreeSet<Action>,
    /// Firebreak's own credentials and identities.
    pub our_own: &'a BTreeSet<NodeKey>,
    /// What may never be cut.
    pub never_cut: &'a BTreeSet<NodeKey>,
    /// Steps that are done or under way: built on, not repeated.
    pub done: &'a BTreeMap<StepKey, Action>,
    /// What profiles of the incident prepare, to be done beside the cut.
    pub prepared: &'a Prepared,
}

/// Why there is no plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NoPlan {
    /// Nothing that the estate knows is compromised.
    NothingCompromised,
    /// No target is within reach.
    NothingReachable,
    /// What is done already severs everything that can be severed.
    NothingMore,
    /// Targets are within reach, and no permitted action breaks any path.
    NothingPermitted(Vec<UncuttablePath>),
    /// The second closure does not agree with the search: there is no plan that could be trusted.
    Unsound(String),
}

impl std::fmt::Display for NoPlan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NoPlan::NothingCompromised => f.write_str("nothing that any inventory knows is compromised"),
            NoPlan::NothingReachable => f.write_str("nothing that must not be lost is within reach"),
            NoPlan::NothingMore => f.write_str("what is done or under way severs everything that can be severed"),
            NoPlan::NothingPermitted(paths) => {
                let missing = paths.first().map_or("", |path| path.missing.as_str());
                write!(f, "no permitted action helps: {missing}")
            }
            NoPlan::Unsound(why) => write!(f, "no plan that could be trusted: {why}"),
        }
    }
}

/// The plan for `request`.
///
/// # Errors
/// [`NoPlan`] says why there is none.
pub fn plan(request: PlanRequest<'_>) -> Result<Plan, NoPlan> {
    let PlanRequest { graph, now, done, .. } = request;
    let mut gaps: Vec<String> = [&request.scope.gaps[..], &request.prepared.left_out].concat();
    let (asked, outlook) = Asked::of(request, &mut gaps)?;
    let costs = |option: &CutOption| asked.cost(option);
    let wanted = asked.of_the_search(&costs);
    let outcome = cut_from(graph, &wanted, &outlook);
    let uncuttable: Vec<UncuttablePath> = outcome.uncuttable.iter().map(path_of).collect();
    let chosen = &outcome.cut.actions;
    let beside = beside(request, &asked, chosen);
    if chosen.is_empty() && beside.is_empty() {
        return Err(if uncuttable.is_empty() {
            NoPlan::NothingReachable
        } else {
            NoPlan::NothingPermitted(uncuttable)
        });
    }
    let (standing, new): (Vec<&ChosenAction>, Vec<&ChosenAction>) =
        chosen.iter().partition(|one| asked.is_done(&one.action));
    if new.is_empty() && beside.is_empty() {
        return Err(NoPlan::NothingMore);
    }
    let checked = check(graph, &wanted, &outcome)?;
    let mut steps: Vec<Step> = new.iter().map(|one| step_of(one, asked.scale)).collect();
    let sweeps = newcomers::sweeps(graph, &steps, request.scope, &mut gaps);
    steps.extend(beside.iter().map(|one| by_policy::step_of(&one.cut, request.uses, now)));
    let steps = order_after(steps, sweeps, done);
    let residual = residuals(graph, &outlook, &outcome.cut, &steps, &mut gaps);
    // The bound counts no actions but those of its proofs; of these, what is done costs 1.
    let proofs = outcome.cut.certificate.proofs.iter();
    let counted: BTreeSet<&Action> = proofs.flat_map(|proof| &proof.actions).collect();
    let free = counted.into_iter().filter(|action| asked.is_done(action)).count() as u64;
    let body = PlanBody {
        incident: request.incident.clone(),
        made_at: now,
        sources: request.scope.sources.clone(),
        targets: asked.targets.iter().filter_map(|id| graph.key(*id)).collect(),
        relies_on: standing.iter().map(|one| StepKey::of(&one.action)).collect(),
        cost: steps.iter().map(|step| u64::from(step.cost)).sum(),
        lower_bound: match asked.scale {
            1 => outcome.cut.lower_bound,
            scale => outcome.cut.lower_bound.saturating_sub(free).div_ceil(u64::from(scale)),
        },
        severs: true,
        certified: checked && outcome.cut.proven && uncuttable.is_empty() && beside.is_empty(),
        part_of: None,
        standing_policy: None,
        prepared: prepared_by(&beside, &steps),
        irreversible: permanent(&steps),
        residual,
        breaks: breaks(&steps, request.uses, now),
        uncuttable,
        gaps,
        steps,
    };
    Plan::new(body).map_err(NoPlan::Unsound)
}

/// What is prepared, may be done, and is not done by the cut or before, each once.
fn beside<'a>(request: PlanRequest<'a>, asked: &Asked<'_>, chosen: &[ChosenAction]) -> Vec<&'a PreparedCut> {
    let mut seen: BTreeSet<StepKey> = chosen.iter().map(|one| StepKey::of(&one.action)).collect();
    let open = |one: &&PreparedCut| {
        let action = &one.cut.action;
        asked.permits(action) && !asked.is_done(action) && one.cut.policy != CutPolicy::Never
    };
    request.prepared.cuts.iter().filter(open).filter(|one| seen.insert(StepKey::of(&one.cut.action))).collect()
}

/// Which steps are there because a profile prepares them.
fn prepared_by(beside: &[&PreparedCut], steps: &[Step]) -> Vec<PreparedBy> {
    let of_step = |step: &Step| {
        let one = beside.iter().find(|one| one.cut.action == step.action)?;
        Some(PreparedBy { step: step.number, profile: one.profile.clone(), because: one.because.clone() })
    };
    steps.iter().filter_map(of_step).collect()
}

/// The sources of a reach or a cut: every compromised thing that the graph knows.
pub fn sources_of(graph: &Graph, compromised: &[Compromised]) -> Vec<Source> {
    let known = |one: &Compromised| Some(Source { node: graph.id(&one.key)?, at: one.since, until: one.until });
    compromised.iter().filter_map(known).collect()
}

/// What is within reach of one class and residency, certain or not.
pub fn reachable(loss: &ClassLoss) -> Holding {
    let bytes = loss.certain.bytes.saturating_add(loss.possible.bytes);
    Holding {
        class: loss.class.clone(),
        residency: loss.residency.clone(),
        records: loss.certain.records.saturating_add(loss.possible.records),
        bytes: (bytes > 0).then_some(bytes),
    }
}

/// Our own credentials and identities, and whom and what they act as: cutting any of these would disarm us.
///
/// Roles that we may take on are not among them, since a responder may take on every role that it must cut; the owner names
/// those that it lives by.
pub fn own_way(graph: &Graph, our_own: &BTreeSet<NodeKey>) -> BTreeSet<NodeKey> {
    let mut way = BTreeSet::new();
    let mut open: Vec<NodeKey> = our_own.iter().cloned().collect();
    while let Some(key) = open.pop() {
        if !way.insert(key.clone()) {
            continue;
        }
        let Some(id) = graph.id(&key) else { continue };
        let carries = [EdgeKind::Authenticates, EdgeKind::Derives, EdgeKind::MemberOf];
        let next = graph.edges_from(id).filter(|edge| carries.contains(&edge.kind));
        open.extend(next.filter_map(|edge| graph.key(edge.to)));
    }
    way
}

/// Whether the steps of `plan`, with those of `done` that it relies on, keep every target that it severs, and all that must
/// not be lost, out of reach from `now` on in this graph. The estate may have changed since the plan was made.
pub fn severs(graph: &Graph, plan: &Plan, done: &BTreeMap<StepKey, Action>, now: Time) -> bool {
    let body = plan.body();
    let sources = sources_of(graph, &body.sources);
    let open: BTreeSet<&NodeKey> = body.uncuttable.iter().filter_map(|one| one.path.last()).collect();
    let open: BTreeSet<NodeId> = open.into_iter().filter_map(|key| graph.id(key)).collect();
    let named = body.targets.iter().filter_map(|key| graph.id(key));
    let targets: BTreeSet<NodeId> = named.chain(protected(graph)).filter(|id| !open.contains(id)).collect();
    let targets = targets.into_iter().collect();
    let relied: Vec<&Action> = body.relies_on.iter().filter_map(|key| done.get(key)).collect();
    let whole = relied.len() == body.relies_on.len();
    let actions: Vec<Action> = body.steps.iter().map(|step| &step.action).chain(relied).cloned().collect();
    whole && check::severs(graph, &CutRequest::new(&sources, now, targets), &actions).is_ok()
}

/// The second opinion. True if all that the search says is true, its bound too; an error if the cut does not sever.
fn check(graph: &Graph, wanted: &CutRequest<'_>, outcome: &CutOutcome) -> Result<bool, NoPlan> {
    if check::outcome(graph, wanted, outcome).is_ok() {
        return Ok(true);
    }
    let severed = wanted.targets.iter().copied().filter(|id| !is_uncuttable(graph, outcome, *id)).collect();
    let actions: Vec<Action> = outcome.cut.actions.iter().map(|one| one.action.clone()).collect();
    match check::severs(graph, &wanted.for_targets(severed), &actions) {
        Ok(()) => Ok(false),
        Err(way) => {
            let steps: Vec<String> = way.iter().map(|hop| format!("`{}` -> `{}`", hop.from, hop.to)).collect();
            Err(NoPlan::Unsound(format!("a way remains: {}", steps.join(", "))))
        }
    }
}

fn is_uncuttable(graph: &Graph, outcome: &CutOutcome, id: NodeId) -> bool {
    graph.key(id).is_some_and(|key| outcome.uncuttable.iter().any(|one| one.target == key))
}

fn path_of(uncuttable: &firebreak_graph::Uncuttable) -> UncuttablePath {
    let mut path: Vec<NodeKey> = uncuttable.path.first().map(|hop| hop.from.clone()).into_iter().collect();
    path.extend(uncuttable.path.iter().map(|hop| hop.to.clone()));
    if path.is_empty() {
        path.push(uncuttable.target.clone());
    }
    UncuttablePath { path, missing: uncuttable.missing.clone() }
}

fn step_of(chosen: &ChosenAction, scale: u32) -> Step {
    Step {
        number: 0,
        key: StepKey::of(&chosen.action),
        cost: u32::try_from(chosen.cost / u64::from(scale)).unwrap_or(u32::MAX),
        delay_seconds: chosen.delay_seconds,
        reversibility: chosen.reversibility,
        phase: phase(&chosen.action),
        after: Vec::new(),
        undo_note: undo_note(&chosen.action, chosen.reversibility),
        needs_person: chosen.policy == CutPolicy::NeedsPerson,
        action: chosen.action.clone(),
    }
}

/// The numbers of the steps that cannot be taken back.
pub(crate) fn permanent(steps: &[Step]) -> Vec<u32> {
    let permanent =
        |step: &&Step| matches!(step.reversibility, Reversibility::Irreversible | Reversibility::RecreateOnly);
    steps.iter().filter(permanent).map(|step| step.number).collect()
}

/// Above this many things within reach times steps, records behind a failing step are not counted: that would take seconds.
const RESIDUAL_WORK_MAX: usize = 5_000_000;

fn residuals(graph: &Graph, outlook: &Outlook, cut: &Cut, steps: &[Step], gaps: &mut Vec<String>) -> Vec<Residual> {
    let counted = outlook.held_count().saturating_mul(cut.actions.len()) <= RESIDUAL_WORK_MAX;
    if !counted {
        gaps.push("the records behind each step are not counted: too much is within reach".to_string());
    }
    let actions: Vec<Action> = cut.actions.iter().map(|one| one.action.clone()).collect();
    let stays = if counted { residual_from(graph, outlook, &actions).losses(graph) } else { Losses::default() };
    let of_step = |step: &Step| {
        let chosen = cut.actions.iter().find(|one| one.action == step.action)?;
        let losses = match counted {
            true => residual_if_fails_from(graph, outlook, cut, &step.action),
            false => Losses::default(),
        };
        Some(Residual { step: step.number, targets: chosen.exposes.clone(), reachable: beyond(&losses, &stays) })
    };
    steps.iter().filter_map(of_step).collect()
}

/// What is in `losses` beyond what is in `stays`.
fn beyond(losses: &Losses, stays: &Losses) -> Vec<Holding> {
    let more = losses.by_class.iter().map(reachable).map(|holding| {
        let same = |loss: &&ClassLoss| loss.class == holding.class && loss.residency == holding.residency;
        match stays.by_class.iter().find(same).map(reachable) {
            None => holding,
            Some(stays) => Holding {
                records: holding.records.saturating_sub(stays.records),
                bytes: holding.bytes.map(|bytes| bytes.saturating_sub(stays.bytes.unwrap_or_default())),
                ..holding
            },
        }
    });
    more.filter(|holding| holding.records > 0).collect()
}

/// Who used what the steps cut.
pub(super) fn breaks(steps: &[Step], uses: &Uses, now: Time) -> Vec<Break> {
    let paid = steps.iter().filter(|step| step.cost > 0);
    let of_step = |step: &Step| {
        let used = uses.of(&step.action.target, now);
        (used.count > 0).then(|| Break {
            step: step.number,
            key: step.action.target.clone(),
            count: used.count,
            identities: used.identities,
            last: used.last,
        })
    };
    paid.filter_map(of_step).collect()
}

#[cfg(test)]
pub(crate) mod tests;
