//! The score: verdicts against the truth, and what the intruder would still have got with the cuts in place.
//!
//! The second is computed, not guessed: the map is cut at the moments at which the steps deny, and an event of the
//! attack counts as lost unless its credential was then out of the intruder's hands. What the map does not know counts
//! as lost.

use super::rehearsal::{Decided, Rehearsal};
use super::truth::Truth;
use crate::commands::exposed::gravest;
use crate::estate::Estate;
use firebreak_contain::derived::facts;
use firebreak_exposure::Counts;
use firebreak_graph::{Graph, Reach, Source, reach};
use firebreak_model::{Action, CutOption, EdgeKind, Event, Fact, Judgement, NodeKey, NodeKind, Time, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Verdicts against the truth.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct VerdictScore {
    /// How many have which verdict.
    #[serde(flatten)]
    pub counts: Counts,
    /// How many differ from the truth.
    pub wrong: u64,
    /// How many were called clear and are not.
    pub unsafe_clear: u64,
}

/// The plan for the widest scope, as it was made, and how many were carried out in all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PlanScore {
    /// What it costs.
    pub cost: u64,
    /// How many steps it has.
    pub steps: usize,
    /// Whether it was certified: re-checked, and proven to be the cheapest.
    pub certified: bool,
    /// No cut costs less.
    pub lower_bound: u64,
    /// Plans and parts of plans that were carried out.
    pub plans: usize,
    /// Steps of these.
    pub steps_taken: usize,
    /// Whether every whole plan that was made was certified.
    pub all_certified: bool,
}

/// Everything that the demo shows, as one object.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Verdicts against the truth.
    pub verdicts: VerdictScore,
    /// Credentials that were readable where the bad release ran.
    pub credentials_lost: usize,
    /// Of the credentials that the truth calls lost, how many were not found.
    pub credentials_missed: usize,
    /// Records that these lead to, by class.
    pub records_reachable: BTreeMap<String, u64>,
    /// The plans.
    pub plan: PlanScore,
    /// From the first malicious event to the first cut that was decided on the way of the attack.
    pub seconds_to_first_cut: f64,
    /// The same, to the moment at which that cut denies as the platform documents it.
    pub seconds_to_first_denial: f64,
    /// Bytes that left before the cuts denied.
    pub bytes_lost: u64,
    /// Bytes that leave without them.
    pub bytes_without: u64,
    /// Records that left before the cuts denied, by class of the store.
    pub records_lost: u64,
    /// Events of the attack, and how many of them the cuts would have refused.
    pub attack_events: u64,
    /// Of these, refused.
    pub attack_events_refused: u64,
    /// Harmless subjects that were cut.
    pub benign_contained: usize,
    /// Whether the exported ledger verifies.
    pub ledger_verified: bool,
    /// Records in it.
    pub ledger_entries: u64,
    /// Events read.
    pub events: u64,
    /// Records put aside.
    pub quarantined: u64,
    /// What was found.
    pub findings: usize,
    /// Nothing was called.
    pub dry_run: bool,
}

/// Verdicts against the truth.
pub fn verdicts(judgements: &[Judgement], truth: &Truth) -> (VerdictScore, Vec<String>) {
    let (mut score, mut wrong) = (VerdictScore::default(), Vec::new());
    let ours = gravest(judgements);
    for (environment, expected) in truth.verdicts() {
        // An environment that we never heard of is unknown, and that is a verdict too.
        let judged = ours.get(environment);
        let verdict = judged.map_or(Verdict::Unknown, |judgement| judgement.verdict);
        score.counts.add(verdict);
        if verdict != expected {
            score.wrong += 1;
            let why = judged.map_or_else(String::new, |judgement| {
                format!("{} | {}", judgement.decided_by.join("; "), judgement.gaps.join("; "))
            });
            wrong.push(format!("{environment}: {verdict:?}, in truth {expected:?} ({why})"));
        }
        if verdict == Verdict::Clear && expected != Verdict::Clear {
            score.unsafe_clear += 1;
        }
    }
    (score, wrong)
}

/// The compromised environments as sources, from the moment of their exposure.
pub fn sources(graph: &Graph, judgements: &[Judgement]) -> Vec<Source> {
    let exposed = judgements.iter().filter(|judgement| judgement.verdict == Verdict::Exposed);
    let sources = exposed.filter_map(|judgement| {
        let at = judgement.interval.map(|interval| interval.from).or(judgement.at)?;
        Some(Source::new(graph.id(&judgement.environment)?, at))
    });
    sources.collect()
}

/// The credentials that are readable in the sources and still worked when they were read.
pub fn readable(graph: &Graph, sources: &[Source], reached: &Reach) -> BTreeSet<NodeKey> {
    let mut found = BTreeSet::new();
    for source in sources {
        for edge in graph.edges_from(source.node) {
            let key = graph.key(edge.to).filter(|_| reached.arrival(edge.to).is_some());
            found.extend(key.filter(|key| edge.kind == EdgeKind::ReadableIn && key.kind() == NodeKind::Credential));
        }
    }
    found
}

/// The map with the cuts in place: what an action disables ends when it denies.
pub fn cut_map(estate: &Estate, run: &Rehearsal<'_>) -> Graph {
    let mut ends: BTreeMap<&Action, Time> = BTreeMap::new();
    for Decided { at, plan, .. } in &run.decided {
        for step in plan.steps() {
            let denies = at.plus_seconds(i64::from(step.delay_seconds));
            let end = ends.entry(&step.action).or_insert(denies);
            *end = denies.min(*end);
        }
    }
    let end_of = |cuts: &[CutOption]| cuts.iter().filter_map(|cut| ends.get(&cut.action)).min().copied();
    let mut all = estate.facts.clone();
    all.extend(run.derived.iter().flat_map(facts));
    for fact in &mut all {
        let (valid, cuts) = match fact {
            Fact::Node(node) => (&mut node.valid, &node.cuts),
            Fact::Edge(edge) => (&mut edge.valid, &edge.cuts),
        };
        if let Some(end) = end_of(cuts) {
            valid.to = valid.to.min(end);
        }
    }
    Graph::build(&all).0
}

/// Whether the intruder could still have done `event`.
pub fn is_possible(graph: &Graph, reach: &Reach, event: &Event) -> bool {
    let key = event.keys.credential.as_ref().filter(|key| graph.id(key).is_some()).or(event.keys.actor.as_ref());
    match key.and_then(|key| graph.id(key)) {
        Some(node) => reach.periods(node).iter().any(|period| period.contains(event.time)),
        None => true,
    }
}

/// Bytes, records and events of the attack that got through, and events that did not.
pub fn losses(estate: &Estate, run: &Rehearsal<'_>, judgements: &[Judgement]) -> (u64, u64, u64) {
    let graph = cut_map(estate, run);
    let reached = reach(&graph, &sources(&graph, judgements), Time::MAX);
    let (mut bytes, mut records, mut refused) = (0, 0, 0);
    for event in &run.attack {
        if is_possible(&graph, &reached, event) {
            bytes += event.keys.bytes.unwrap_or_default();
            records += event.keys.records.unwrap_or_default();
        } else {
            refused += 1;
        }
    }
    (bytes, records, refused)
}

/// The first cut that is on the way of the attack: when it was decided, and when it denies.
pub fn first_cut(run: &Rehearsal<'_>, since: Time) -> Option<(Time, Time)> {
    let after = run.decided.iter().filter(|decided| decided.at >= since);
    let first = after.min_by_key(|decided| decided.at)?;
    let delay = first.plan.steps().iter().map(|step| step.delay_seconds).min().unwrap_or_default();
    Some((first.at, first.at.plus_seconds(i64::from(delay))))
}

/// Harmless subjects that a plan cut.
pub fn benign_contained(run: &Rehearsal<'_>, truth: &Truth) -> Vec<String> {
    let steps = run.decided.iter().flat_map(|decided| decided.plan.steps());
    let touched: BTreeSet<&NodeKey> = steps.map(|step| &step.action.target).collect();
    let hit = truth.benign.iter().filter(|benign| benign.subjects.iter().any(|subject| touched.contains(subject)));
    hit.map(|benign| benign.name.clone()).collect()
}

/// The plan for the widest scope, and how many were carried out.
pub fn plans(run: &Rehearsal<'_>) -> PlanScore {
    let widest = run.made.iter().max_by_key(|plan| (plan.steps().len(), plan.body().cost));
    let Some(body) = widest.map(|plan| plan.body()) else { return PlanScore::default() };
    PlanScore {
        cost: body.cost,
        steps: body.steps.len(),
        certified: body.certified,
        lower_bound: body.lower_bound,
        plans: run.decided.len(),
        steps_taken: run.decided.iter().map(|decided| decided.plan.steps().len()).sum(),
        all_certified: run.made.iter().filter(|plan| plan.body().part_of.is_none()).all(|plan| plan.body().certified),
    }
}
